//! Orders, deposits and payouts: what they say went back, or is disputed, is what was booked.

use std::collections::BTreeMap;

use super::{Audit, SLICE};
use crate::db::ledger as rows;
use crate::db::orders::{self, Deposit, Order};
use crate::db::payouts::Payout;
use crate::db::{Conn, deposits, disputes, payouts};
use crate::desk::payouts::{arrival_key, undone_key};
use crate::error::Result;
use crate::ids::{DepositId, OrderId};
use crate::rules::ledger::AccountKind;
use crate::rules::lifecycle::payout::State;
use crate::rules::money::Currency;

impl Audit<'_> {
    pub(super) fn orders(&mut self, conn: &mut Conn) -> Result<()> {
        let mut last = None;
        loop {
            let slice = orders::after(conn, &self.seller.id, last.as_ref(), SLICE)?;
            let Some(end) = slice.last() else {
                return Ok(());
            };
            last = Some(end.id.clone());
            let ids = slice
                .iter()
                .map(|order| order.id.as_str().to_owned())
                .collect::<Vec<_>>();
            let about = |conn: &mut Conn, kind| -> Result<BTreeMap<String, i64>> {
                Ok(rows::sums_about(conn, &self.seller.id, &ids, kind)?
                    .into_iter()
                    .collect())
            };
            let sold = about(conn, AccountKind::Sales)?;
            let refunded = about(conn, AccountKind::Refunds)?;
            for order in &slice {
                self.proof.orders += 1;
                let disputed = self.disputed(order.id.as_str());
                let of = |sums: &BTreeMap<String, i64>| {
                    sums.get(order.id.as_str()).copied().unwrap_or(0)
                };
                self.order(order, of(&sold), -of(&refunded), disputed);
            }
        }
    }

    fn order(&mut self, order: &Order, sold_e8: i64, refunded_e8: i64, disputed_e8: i64) {
        let name = format!("order {}", order.number);
        if order.charge_e8.unwrap_or(0) != sold_e8 {
            let why = format!(
                "cost {} and {sold_e8} was booked",
                order.charge_e8.unwrap_or(0)
            );
            self.find(&name, why);
        }
        if order.refunded_e8 != refunded_e8 {
            let why = format!(
                "says {} went back and {refunded_e8} was booked",
                order.refunded_e8
            );
            self.find(&name, why);
        }
        self.counted_disputes(&name, order.disputed_e8, disputed_e8);
    }

    pub(super) fn deposits(&mut self, conn: &mut Conn) -> Result<()> {
        let mut last = None;
        loop {
            let slice = deposits::after(conn, &self.seller.id, last.as_ref(), SLICE)?;
            let Some(end) = slice.last() else {
                return Ok(());
            };
            last = Some(end.id.clone());
            let ids = slice
                .iter()
                .map(|deposit| deposit.id.clone())
                .collect::<Vec<_>>();
            let began = deposits::began(conn, &ids)?;
            let sent = payouts::counted(conn, &ids)?;
            let of = |sums: &[(DepositId, i64)], deposit: &Deposit| {
                let found = sums.iter().find(|(id, _)| *id == deposit.id);
                found.map(|(_, e8)| *e8)
            };
            for deposit in &slice {
                self.proof.deposits += 1;
                self.deposit(
                    deposit,
                    of(&began, deposit),
                    of(&sent, deposit).unwrap_or(0),
                );
            }
        }
    }

    fn deposit(&mut self, deposit: &Deposit, began_e8: Option<i64>, sent_e8: i64) {
        let name = format!("deposit {}", deposit.reference);
        if began_e8 != Some(deposit.amount_e8) {
            let began = began_e8.map_or_else(|| "nothing".to_owned(), |e8| e8.to_string());
            let why = format!("is {} and its lot began with {began}", deposit.amount_e8);
            self.find(&name, why);
        }
        if deposit.refunded_e8 != sent_e8 {
            let why = format!(
                "says {} went back and its payouts sum to {sent_e8}",
                deposit.refunded_e8
            );
            self.find(&name, why);
        }
        let disputed_e8 = self.disputed(deposit.id.as_str());
        self.counted_disputes(&name, deposit.disputed_e8, disputed_e8);
    }

    /// What stands disputed, by deposit or order. Chargebacks are few: all of a seller's are kept in memory.
    pub(super) fn disputes(&mut self, conn: &mut Conn) -> Result<()> {
        let mut last = None;
        loop {
            let slice = disputes::after(conn, &self.seller.id, last.as_ref(), SLICE)?;
            let Some(end) = slice.last() else {
                return Ok(());
            };
            last = Some(end.id.clone());
            for dispute in slice.iter().filter(|dispute| dispute.status != "won") {
                let deposit = dispute.deposit_id.as_ref().map(DepositId::as_str);
                let order = dispute.order_id.as_ref().map(OrderId::as_str);
                if let Some(payment) = deposit.or(order) {
                    *self.disputed.entry(payment.to_owned()).or_default() += dispute.amount_e8;
                }
            }
        }
    }

    fn disputed(&self, payment: &str) -> i64 {
        self.disputed.get(payment).copied().unwrap_or(0)
    }

    fn counted_disputes(&mut self, name: &str, says_e8: i64, sum_e8: i64) {
        if says_e8 != sum_e8 {
            self.find(
                name,
                format!("says {says_e8} is disputed and its disputes sum to {sum_e8}"),
            );
        }
    }

    /// Payouts against the journals that reserved them, and gathered by customer for [`Audit::purses`].
    pub(super) fn payouts(&mut self, conn: &mut Conn) -> Result<()> {
        let mut last = None;
        loop {
            let slice = payouts::after(conn, &self.seller.id, last.as_ref(), SLICE)?;
            let Some(end) = slice.last() else {
                return Ok(());
            };
            last = Some(end.id.clone());
            let keys = slice
                .iter()
                .map(|payout| payout.key.clone())
                .collect::<Vec<_>>();
            let reserved = rows::sums_of_keys(conn, &keys, AccountKind::PayoutInTransit)?;
            let reserved = reserved.into_iter().collect::<BTreeMap<_, _>>();
            let ended = ended(conn, &slice)?;
            for payout in &slice {
                self.proof.payouts += 1;
                self.ending(payout, &ended);
                let reserved_e8 = reserved.get(&payout.key).copied().unwrap_or(0);
                if reserved_e8 != payout.amount_e8 {
                    let why = format!("is {} and {reserved_e8} was reserved", payout.amount_e8);
                    self.find(format!("payout {}", payout.number), why);
                }
                if !pays_what_it_takes(payout) {
                    let (pays, takes) = (payout.pay_e8, payout.amount_e8);
                    let why = format!("pays {pays} {} for {takes}", payout.pay_currency);
                    self.find(format!("payout {}", payout.number), why);
                }
                if payout.state.is_in_transit() {
                    let owner = payout.customer_id.as_str();
                    let amount = i128::from(payout.amount_e8);
                    self.hold(
                        AccountKind::PayoutInTransit,
                        owner,
                        &payout.currency,
                        amount,
                    );
                }
            }
        }
    }

    /// A payout that arrived, and one whose money came back, has the journal that says so; any other has none.
    fn ending(&mut self, payout: &Payout, ended: &BTreeMap<String, i64>) {
        let has = |key: String| ended.get(&key).copied().unwrap_or(0);
        let arrived = matches!(payout.state, State::Succeeded | State::Returned);
        for (what, is_so, booked_e8) in [
            ("paid", arrived, has(arrival_key(payout))),
            (
                "failed",
                payout.state == State::Failed,
                -has(undone_key(payout, State::Failed)),
            ),
            (
                "returned",
                payout.state == State::Returned,
                -has(undone_key(payout, State::Returned)),
            ),
        ] {
            let wanted_e8 = if is_so { payout.amount_e8 } else { 0 };
            if booked_e8 != wanted_e8 {
                let state = payout.state;
                let why = format!("is {state}, and {booked_e8} of it was booked as {what}");
                self.find(format!("payout {}", payout.number), why);
            }
        }
    }
}

/// What the journals that end payouts moved, by key: to the processor where they were paid, from it or out of the way where the
/// money came back.
fn ended(conn: &mut Conn, payouts: &[Payout]) -> Result<BTreeMap<String, i64>> {
    let keys = |of: &dyn Fn(&Payout) -> String| payouts.iter().map(of).collect::<Vec<_>>();
    let mut sums = BTreeMap::new();
    for (keys, kind) in [
        (keys(&arrival_key), AccountKind::ProcessorClearing),
        (
            keys(&|payout| undone_key(payout, State::Returned)),
            AccountKind::ProcessorClearing,
        ),
        (
            keys(&|payout| undone_key(payout, State::Failed)),
            AccountKind::PayoutInTransit,
        ),
    ] {
        sums.extend(rows::sums_of_keys(conn, &keys, kind)?);
    }
    Ok(sums)
}

/// In the currency of the books a payout pays what it takes, less what is below the minor unit; in another one whole minor units.
fn pays_what_it_takes(payout: &Payout) -> bool {
    let digits = Currency::parse(&payout.pay_currency).map_or(8, Currency::digits);
    let unit_e8 = 10_i64.pow(8_u32.saturating_sub(digits));
    if payout.pay_currency == payout.currency {
        (0..unit_e8).contains(&(payout.amount_e8 - payout.pay_e8))
    } else {
        payout.pay_e8 % unit_e8 == 0
    }
}
