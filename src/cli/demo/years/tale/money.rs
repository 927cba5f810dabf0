//! Money in the history: what is paid in, what an order costs and how it was paid, what goes back and how. Journals come from the one
//! constructor of their movement, lots are spent and restored by the rules.

use chrono::{DateTime, Duration, Utc};

use super::Tale;
use crate::act::Who;
use crate::db::claims::Decision;
use crate::db::deposits::{Lot, LotMove};
use crate::db::orders::{BALANCE, Deposit, Order, OrderEvent, Part as PaidPart, Progress};
use crate::db::payouts::Payout;
use crate::db::sellers::Seller;
use crate::desk::ledger::flawed;
use crate::desk::payouts::arrival_key;
use crate::error::{Error, Result};
use crate::ids::{DepositId, JournalId, LotId, OrderId, PayoutId};
use crate::rules::assessment::Destination;
use crate::rules::facts::{self, Entry, MethodStatus};
use crate::rules::granted::Part;
use crate::rules::ledger::{self, Purse, Returned};
use crate::rules::lifecycle::payout::State;
use crate::rules::lots::{self, Move, Source};
use crate::rules::money::Amount;

use super::super::ink::Ink;
use super::super::shops::Customer;

/// How an order was paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paid {
    Balance,
    Direct,
}

/// What somebody bought before they wrote.
pub struct Bought {
    pub order: Order,
    /// What was told of it since.
    pub history: Vec<OrderEvent>,
    /// What each lot paid of it.
    pub spent: Vec<Move>,
    restored: Vec<Move>,
}

/// An order as the shop tells it.
pub struct Wanted {
    pub title: &'static str,
    pub target: String,
    pub quantity: Option<i64>,
    pub charge_e8: i64,
    pub paid: Paid,
    /// The service as the buyer was shown it.
    pub shown: serde_json::Value,
    pub progress: Progress,
}

/// Where money is moved: one customer's purse at one seller.
pub struct Till<'a> {
    pub seller: &'a Seller,
    pub customer: &'a mut Customer,
    pub ink: &'a mut Ink,
}

impl Till<'_> {
    fn purse(&self) -> Purse<'_> {
        Purse {
            owner: self.customer.id.as_str(),
            currency: &self.seller.currency,
        }
    }

    /// Not before what the balance did last.
    fn book_time(&mut self, at: DateTime<Utc>) -> DateTime<Utc> {
        let at = at.max(self.customer.moved_at + Duration::seconds(1));
        self.customer.moved_at = at;
        at
    }

    fn lot_move(
        &mut self,
        at: DateTime<Utc>,
        journal: &JournalId,
        lot: &LotId,
        order: Option<&OrderId>,
        amount_e8: i64,
    ) -> LotMove {
        LotMove {
            id: self.ink.dice.id(at),
            lot_id: lot.clone(),
            journal_id: journal.clone(),
            order_id: order.cloned(),
            amount_e8,
            at: at.into(),
        }
    }

    pub fn pays_in(&mut self, at: DateTime<Utc>, amount_e8: i64) -> Result<()> {
        let at = self.book_time(at);
        let deposit = Deposit {
            id: DepositId::from(self.ink.dice.id(at)),
            seller_id: self.seller.id.clone(),
            customer_id: self.customer.id.clone(),
            method_id: self.customer.method.0.clone(),
            reference: self.ink.reference("PAY-"),
            at: at.into(),
            currency: self.seller.currency.clone(),
            amount_e8,
            paid_e8: None,
            paid_currency: None,
            surcharge_e8: None,
            refunded_e8: 0,
            disputed_e8: 0,
        };
        let key = format!("deposit {}", deposit.id);
        let journal = ledger::deposit_received(&key, deposit.id.as_str(), self.purse(), amount_e8)
            .map_err(flawed)?;
        let id = JournalId::from(self.ink.dice.id(at));
        let lot = Lot {
            id: LotId::from(self.ink.dice.id(at)),
            seller_id: deposit.seller_id.clone(),
            customer_id: deposit.customer_id.clone(),
            currency: deposit.currency.clone(),
            source: Source::Deposit,
            deposit_id: Some(deposit.id.clone()),
            reference: deposit.reference.clone(),
            at: at.into(),
            expires_at: None,
            original_e8: amount_e8,
            remaining_e8: amount_e8,
            debt_e8: 0,
            frozen: false,
        };
        let opening = self.lot_move(at, &id, &lot.id, None, amount_e8);
        self.ink.journal(
            at,
            &self.seller.id,
            Who::Operator.key(),
            id,
            journal,
            vec![opening],
        );
        self.customer.entries.push(Entry::Deposit(facts::Deposit {
            id: deposit.reference.clone(),
            at,
            amount: Amount::from_e8(amount_e8),
            method: self.customer.method.1.clone(),
            method_status: Some(MethodStatus::Usable),
            paid: None,
            surcharge: None,
        }));
        self.customer.returned.push((deposit.id.clone(), 0));
        self.customer.lots.push(lot.clone());
        self.ink.sheaf.deposits.push(deposit);
        self.ink.sheaf.lots.push(lot);
        Ok(())
    }

    pub fn spendable_e8(&self) -> i64 {
        self.customer.lots.iter().map(|lot| lot.remaining_e8).sum()
    }

    /// Places an order and books how it was paid. A balance that is too low is paid up first.
    pub fn buys(&mut self, at: DateTime<Utc>, wanted: Wanted) -> Result<Bought> {
        if wanted.paid == Paid::Balance && self.spendable_e8() < wanted.charge_e8 {
            self.pays_in(at, wanted.charge_e8)?;
        }
        let at = match wanted.paid {
            Paid::Balance => self.book_time(at + Duration::minutes(4)),
            Paid::Direct => at + Duration::minutes(4),
        };
        let method = match wanted.paid {
            Paid::Balance => BALANCE.to_owned(),
            Paid::Direct => self.customer.method.1.clone(),
        };
        let parts = [PaidPart {
            method,
            amount: Amount::from_e8(wanted.charge_e8),
        }];
        let progress = wanted.progress;
        let order = Order {
            id: OrderId::from(self.ink.dice.id(at)),
            number: self.ink.order_number(),
            seller_id: self.seller.id.clone(),
            customer_id: self.customer.id.clone(),
            service_id: None,
            reference: self.ink.reference(""),
            title: wanted.title.to_owned(),
            target: wanted.target,
            placed_at: Some(at.into()),
            currency: self.seller.currency.clone(),
            charge_e8: Some(wanted.charge_e8),
            tax_included_e8: None,
            quantity: wanted.quantity,
            remains: progress.remains,
            status: progress.status,
            canceled_by: progress.canceled_by,
            paid_with_json: Some(serde_json::to_string(&parts)?),
            snapshot_json: wanted.shown.to_string(),
            items: 1,
            period_ends_on: progress.period_ends_on,
            confirmed_at: progress.confirmed_at,
            sent_at: progress.sent_at,
            sms: progress.sms,
            sms_received_at: progress.sms_received_at,
            refunded_e8: 0,
            disputed_e8: 0,
            seq: 0,
        };
        let first = OrderEvent {
            id: self.ink.dice.id(at),
            order_id: order.id.clone(),
            at: at.into(),
            status: order.status,
            remains: order.remains.clone(),
            source: "shop".to_owned(),
        };
        let spent = self.pays_for(at, &order, wanted.paid)?;
        self.ink.sheaf.orders.push(order.clone());
        self.ink.sheaf.order_events.push(first);
        Ok(Bought {
            order,
            history: Vec::new(),
            spent,
            restored: Vec::new(),
        })
    }

    fn pays_for(&mut self, at: DateTime<Utc>, order: &Order, paid: Paid) -> Result<Vec<Move>> {
        let charge_e8 = order.charge_e8.unwrap_or(0);
        let id = JournalId::from(self.ink.dice.id(at));
        let (mut moves, mut spent) = (Vec::new(), Vec::new());
        let mut how = ledger::Paid {
            direct_e8: charge_e8,
            ..ledger::Paid::default()
        };
        if paid == Paid::Balance {
            let judged: Vec<lots::Lot> = self.customer.lots.iter().map(judged).collect();
            spent = lots::spend(&judged, Amount::from_e8(charge_e8), at).map_err(Error::broken)?;
            how = ledger::Paid {
                cash_e8: charge_e8,
                ..ledger::Paid::default()
            };
            for one in &spent {
                let lot = LotId::from(one.lot.as_str());
                let row = self.lot_move(at, &id, &lot, Some(&order.id), -one.amount.e8());
                moves.push(row);
                self.move_lot(&one.lot, -one.amount.e8());
            }
            self.customer.entries.push(Entry::Order {
                id: order.reference.clone(),
                at,
                amount: Amount::from_e8(charge_e8),
            });
        }
        let key = format!("order {}", order.id);
        let journal =
            ledger::order_paid(&key, order.id.as_str(), self.purse(), how).map_err(flawed)?;
        let who = Who::Operator.key();
        self.ink
            .journal(at, &self.seller.id, who, id, journal, moves);
        Ok(spent)
    }

    fn move_lot(&mut self, id: &str, amount_e8: i64) {
        let mut lots = self.customer.lots.iter_mut();
        if let Some(lot) = lots.find(|lot| lot.id.as_str() == id) {
            lot.remaining_e8 += amount_e8;
            let left = (lot.id.clone(), lot.remaining_e8);
            self.ink.sheaf.left.push(left);
        }
    }
}

fn judged(lot: &Lot) -> lots::Lot {
    lots::Lot {
        remaining: Amount::from_e8(lot.remaining_e8),
        ..lots::Lot::new(
            lot.id.as_str(),
            lot.source,
            lot.at.utc(),
            Amount::from_e8(lot.original_e8),
        )
    }
}

impl Tale<'_> {
    pub(super) fn till(&mut self) -> Till<'_> {
        Till {
            seller: &self.shop.seller,
            customer: self.customer,
            ink: self.ink,
        }
    }

    /// Whether every part can be moved as the books know it.
    pub(super) fn can_move(&self, parts: &[Part], amount: Amount) -> bool {
        let sum: Amount = parts.iter().map(|part| part.takes).sum();
        let order = self.case.as_ref().and_then(|case| case.order.as_ref());
        let moves = |part: &Part| match (part.payment.to, &part.payment.deposit, order) {
            (Destination::AccountBalance, _, Some(order)) => !order.spent.is_empty(),
            (Destination::AccountBalance, _, None) => false,
            (_, Some(reference), _) => {
                let mut lots = self.customer.lots.iter();
                lots.any(|lot| lot.reference == *reference && lot.remaining_e8 >= part.takes.e8())
            }
            (_, None, Some(order)) => order.spent.is_empty(),
            (_, None, None) => false,
        };
        sum == amount && !parts.is_empty() && parts.iter().all(moves)
    }

    /// One part of a refund: back to the balance at once, or set aside for a payout.
    pub(super) fn move_money(
        &mut self,
        who: &Who,
        decision: &Decision,
        part: &Part,
        key: &str,
    ) -> Result<Option<Payout>> {
        match (part.payment.to, &part.payment.deposit) {
            (Destination::AccountBalance, _) => {
                self.credit(who, part.takes.e8(), key)?;
                Ok(None)
            }
            (_, Some(reference)) => {
                let reference = reference.clone();
                self.out_of_lot(who, &reference, part.takes.e8(), key)?;
                let lots = self.customer.lots.iter();
                let place = lots.clone().position(|lot| lot.reference == reference);
                let deposit = place.and_then(|place| self.customer.lots[place].deposit_id.clone());
                self.payout(decision, part, key, (deposit, None)).map(Some)
            }
            (_, None) => {
                let order = self.out_of_order(who, part.takes.e8(), key)?;
                self.payout(decision, part, key, (None, Some(order)))
                    .map(Some)
            }
        }
    }

    fn bought(&mut self) -> Result<&mut Bought> {
        let case = self.case.as_mut();
        let order = case.and_then(|case| case.order.as_mut());
        order.ok_or_else(|| Error::broken("a refund of an order that there is not"))
    }

    fn credit(&mut self, who: &Who, amount_e8: i64, key: &str) -> Result<()> {
        let at = self.at;
        let order = self.bought()?;
        let back = lots::restore(&order.spent, &order.restored, Amount::from_e8(amount_e8))
            .map_err(Error::broken)?;
        order.restored.extend(back.iter().cloned());
        order.order.refunded_e8 += amount_e8;
        let (id, reference) = (order.order.id.clone(), order.order.reference.clone());
        let mut till = self.till();
        let at = till.book_time(at);
        let posted = JournalId::from(till.ink.dice.id(at));
        let mut moves = Vec::new();
        for one in &back {
            let lot = LotId::from(one.lot.as_str());
            moves.push(till.lot_move(at, &posted, &lot, Some(&id), one.amount.e8()));
            till.move_lot(&one.lot, one.amount.e8());
        }
        let returned = Returned {
            cash_e8: amount_e8,
            ..Returned::default()
        };
        let journal =
            ledger::refund_to_balance(key, id.as_str(), till.purse(), returned).map_err(flawed)?;
        till.customer.entries.push(Entry::OrderRefund {
            order: reference,
            at,
            amount: Amount::from_e8(amount_e8),
        });
        let seller = &till.seller.id;
        till.ink
            .journal(at, seller, who.key(), posted, journal, moves);
        Ok(())
    }

    fn out_of_lot(&mut self, who: &Who, reference: &str, amount_e8: i64, key: &str) -> Result<()> {
        let at = self.at;
        let mut till = self.till();
        let at = till.book_time(at);
        let mut lots = till.customer.lots.iter();
        let place = lots.position(|lot| lot.reference == reference);
        let place = place.ok_or_else(|| Error::broken("a payout of a lot that there is not"))?;
        let lot = till.customer.lots[place].id.clone();
        let (deposit, returned_e8) = &mut till.customer.returned[place];
        *returned_e8 += amount_e8;
        let returned = (deposit.clone(), *returned_e8);
        let id = JournalId::from(till.ink.dice.id(at));
        let journal = ledger::payout_reserved(key, returned.0.as_str(), till.purse(), amount_e8)
            .map_err(flawed)?;
        till.ink.sheaf.returned.push(returned);
        let moved = till.lot_move(at, &id, &lot, None, -amount_e8);
        till.move_lot(lot.as_str(), -amount_e8);
        till.customer.entries.push(Entry::Payout {
            deposit: reference.to_owned(),
            at,
            amount: Amount::from_e8(amount_e8),
        });
        let seller = &till.seller.id;
        till.ink
            .journal(at, seller, who.key(), id, journal, vec![moved]);
        Ok(())
    }

    fn out_of_order(&mut self, who: &Who, amount_e8: i64, key: &str) -> Result<OrderId> {
        let at = self.at;
        let order = self.bought()?;
        order.order.refunded_e8 += amount_e8;
        let id = order.order.id.clone();
        let till = self.till();
        let posted = JournalId::from(till.ink.dice.id(at));
        let journal = ledger::direct_refund_reserved(key, id.as_str(), till.purse(), amount_e8)
            .map_err(flawed)?;
        let seller = &till.seller.id;
        till.ink
            .journal(at, seller, who.key(), posted, journal, Vec::new());
        Ok(id)
    }

    fn payout(
        &mut self,
        decision: &Decision,
        part: &Part,
        key: &str,
        (deposit_id, order_id): (Option<DepositId>, Option<OrderId>),
    ) -> Result<Payout> {
        let destination = match part.payment.to {
            Destination::OriginalPaymentMethod => "original_payment_method",
            Destination::AlternativeMethod => "alternative_method",
            Destination::AccountBalance => return Err(Error::broken("a payout to the balance")),
        };
        let pay_currency = match part.payment.currency {
            Some(currency) => currency.code().to_owned(),
            None => decision.currency.clone(),
        };
        Ok(Payout {
            id: PayoutId::from(self.ink.dice.id(self.at)),
            number: self.ink.payout_number(),
            seller_id: self.shop.seller.id.clone(),
            customer_id: self.customer.id.clone(),
            claim_id: decision.claim_id.clone(),
            decision_id: decision.id.clone(),
            deposit_id,
            order_id,
            method: self.customer.method.1.clone(),
            destination: destination.to_owned(),
            currency: decision.currency.clone(),
            amount_e8: part.takes.e8(),
            pay_currency,
            pay_e8: part.payment.amount.e8(),
            state: State::Queued,
            key: key.to_owned(),
            reference: None,
            requested_at: self.at.into(),
            sent_at: None,
            settled_at: None,
            sent_by: None,
            seq: 0,
            batch_id: None,
            tries: None,
            tried_at: None,
            next_at: None,
            lease_until: None,
        })
    }

    /// Books that a payout arrived.
    pub(super) fn book_arrival(&mut self, who: &Who, payout: &Payout) -> Result<()> {
        let at = self.at;
        let deposit = payout.deposit_id.as_ref().map(DepositId::as_str);
        let order = payout.order_id.as_ref().map(OrderId::as_str);
        let of = deposit.or(order).unwrap_or_default().to_owned();
        let till = self.till();
        let key = arrival_key(payout);
        let journal =
            ledger::payout_succeeded(&key, &of, till.purse(), payout.amount_e8).map_err(flawed)?;
        let id = JournalId::from(till.ink.dice.id(at));
        let seller = &till.seller.id;
        till.ink
            .journal(at, seller, who.key(), id, journal, Vec::new());
        Ok(())
    }
}
