//! Orders, deposits and payouts: what they say went back, or is disputed, is what was booked.

use std::collections::BTreeMap;

use super::{Audit, SLICE};
use crate::db::deposits::{self, Lot};
use crate::db::disputes::{self, Dispute};
use crate::db::ledger as rows;
use crate::db::orders::{self, Deposit, Order};
use crate::db::payouts::{self, Payout};
use crate::db::{Conn, maybe};
use crate::error::Result;
use crate::rules::ledger::AccountKind;

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
                let disputed = disputes::of_order(conn, &order.id)?;
                let of = |sums: &BTreeMap<String, i64>| {
                    sums.get(order.id.as_str()).copied().unwrap_or(0)
                };
                self.order(order, of(&sold), -of(&refunded), &disputed);
            }
        }
    }

    fn order(&mut self, order: &Order, sold_e8: i64, refunded_e8: i64, disputed: &[Dispute]) {
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
        self.counted_disputes(&name, order.disputed_e8, disputed);
    }

    pub(super) fn deposits(&mut self, conn: &mut Conn) -> Result<()> {
        let mut last = None;
        loop {
            let slice = deposits::after(conn, &self.seller.id, last.as_ref(), SLICE)?;
            let Some(end) = slice.last() else {
                return Ok(());
            };
            last = Some(end.id.clone());
            for deposit in &slice {
                self.proof.deposits += 1;
                let lot = maybe(deposits::lot_of_deposit(conn, &deposit.id))?;
                let sent = payouts::of_deposit(conn, &deposit.id)?;
                let disputed = disputes::of_deposit(conn, &deposit.id)?;
                self.deposit(deposit, lot.as_ref(), &sent, &disputed);
            }
        }
    }

    fn deposit(
        &mut self,
        deposit: &Deposit,
        lot: Option<&Lot>,
        sent: &[Payout],
        disputed: &[Dispute],
    ) {
        let name = format!("deposit {}", deposit.reference);
        let began_e8 = lot.map(|lot| lot.original_e8);
        if began_e8 != Some(deposit.amount_e8) {
            let began = began_e8.map_or_else(|| "nothing".to_owned(), |e8| e8.to_string());
            let why = format!("is {} and its lot began with {began}", deposit.amount_e8);
            self.find(&name, why);
        }
        let sent_e8 = sent
            .iter()
            .filter(|payout| payout.state.counts())
            .map(|payout| payout.amount_e8)
            .sum::<i64>();
        if deposit.refunded_e8 != sent_e8 {
            let why = format!(
                "says {} went back and its payouts sum to {sent_e8}",
                deposit.refunded_e8
            );
            self.find(&name, why);
        }
        self.counted_disputes(&name, deposit.disputed_e8, disputed);
    }

    fn counted_disputes(&mut self, name: &str, says_e8: i64, disputed: &[Dispute]) {
        let standing = disputed.iter().filter(|dispute| dispute.status != "won");
        let sum_e8 = standing.map(|dispute| dispute.amount_e8).sum::<i64>();
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
            for payout in &slice {
                self.proof.payouts += 1;
                let reserved_e8 = reserved.get(&payout.key).copied().unwrap_or(0);
                if reserved_e8 != payout.amount_e8 {
                    let why = format!("is {} and {reserved_e8} was reserved", payout.amount_e8);
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
}
