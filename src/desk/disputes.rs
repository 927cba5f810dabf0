//! Chargebacks. Opening one freezes the payment and the lot it funded, so that no money moves by a second route (I20); won, the
//! freeze is lifted; lost, the lot is written down and what it no longer has stays as a debt that later credits to it meet first.
//! What to do about the customer is a person's to say: nothing here sanctions anybody.

use chrono::{DateTime, Utc};

use super::deposits::{book_time, note_move};
use super::events::{Happened, record};
use super::ledger::{self, flawed};
use crate::act::Act;
use crate::db::deposits::{self as lots, Balance};
use crate::db::disputes::{self as rows, Dispute};
use crate::db::{Tx, already, bump_counter, orders};
use crate::error::{Code, Error, Result};
use crate::ids::{DepositId, DisputeId, OrderId, PersonId, SellerId};
use crate::rules::facts::{DisputeReason, DisputeStatus};
use crate::rules::ledger::{Purse, dispute_lost, dispute_opened, dispute_won};

/// The payment that a bank took back: a deposit, or what an order was paid with past the balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payment {
    Deposit(DepositId),
    Order(OrderId),
}

#[derive(Debug, Clone)]
pub struct NewDispute {
    pub payment: Payment,
    /// The bank's own name of it: the same one told again opens nothing.
    pub reference: String,
    pub reason: Option<DisputeReason>,
    /// `None`: all that was neither refunded nor disputed before.
    pub amount_e8: Option<i64>,
    pub contacted_first: Option<bool>,
    pub answered_in_time: Option<bool>,
    pub opened_at: DateTime<Utc>,
    pub evidence_due_at: Option<DateTime<Utc>>,
}

/// # Errors
/// `Refused`: `OverCeiling` above what was captured less refunded less disputed, `KeyReused` for the reference of another dispute.
pub fn open(tx: &mut Tx, act: &Act, new: &NewDispute) -> Result<Dispute> {
    let paid = paid(tx, &new.payment)?;
    ledger::lock(tx, &paid.seller)?;
    if let Some(dispute) = rows::by_reference(tx, &paid.seller, &new.reference)? {
        let same = dispute.deposit_id == paid.deposit && dispute.order_id == paid.order;
        return if same {
            Ok(dispute)
        } else {
            Err(Error::refused(Code::KeyReused))
        };
    }
    let amount_e8 = new.amount_e8.unwrap_or(paid.left_e8);
    let dispute = Dispute {
        id: DisputeId::new(act.at),
        number: format!("D-{}", bump_counter(tx, "dispute")?),
        seller_id: paid.seller.clone(),
        customer_id: paid.customer,
        order_id: paid.order,
        deposit_id: paid.deposit,
        status: DisputeStatus::Open.word().to_owned(),
        reason: new.reason.map(|reason| reason.word().to_owned()),
        currency: paid.currency,
        amount_e8,
        contacted_first: new.contacted_first,
        answered_in_time: new.answered_in_time,
        reference: new.reference.clone(),
        opened_at: new.opened_at.into(),
        evidence_due_at: new.evidence_due_at.map(Into::into),
        closed_at: None,
    };
    let key = format!("dispute {}", dispute.id);
    let journal =
        dispute_opened(&key, dispute.id.as_str(), purse(&dispute), amount_e8).map_err(flawed)?;
    if !bump(tx, &dispute, amount_e8)? {
        return Err(Error::refused(Code::OverCeiling));
    }
    let inserted = rows::insert_dispute(tx, &dispute);
    if already(&inserted) {
        return Err(Error::refused(Code::KeyReused));
    }
    inserted?;
    ledger::post(tx, act, &dispute.seller_id, &journal)?;
    if let Some(deposit) = &dispute.deposit_id {
        let lot = lots::lot_of_deposit(tx, deposit)?;
        lots::set_frozen(tx, &lot.id, true)?;
    }
    tell(tx, act, &dispute, "dispute_opened", "opened")?;
    Ok(dispute)
}

/// Closes an open dispute as the bank decided it. Told again, nothing more happens.
///
/// # Errors
/// `Refused(AlreadyDone)` where it was closed the other way.
pub fn close(tx: &mut Tx, act: &Act, id: &DisputeId, status: DisputeStatus) -> Result<Dispute> {
    let dispute = rows::find(tx, id)?;
    ledger::lock(tx, &dispute.seller_id)?;
    if !rows::mark_closed(tx, id, status.word(), act.at.into())? {
        let closed = rows::find(tx, id)?;
        return if closed.status == status.word() {
            Ok(closed)
        } else {
            Err(Error::refused(Code::AlreadyDone))
        };
    }
    match status {
        DisputeStatus::Open => return Err(Error::broken("a dispute is not closed as open")),
        DisputeStatus::Won => win(tx, act, &dispute)?,
        DisputeStatus::Lost => lose(tx, act, &dispute)?,
    }
    if let Some(deposit) = &dispute.deposit_id {
        let others = rows::of_deposit(tx, deposit)?;
        let open = others
            .iter()
            .any(|other| other.status == DisputeStatus::Open.word());
        let lot = lots::lot_of_deposit(tx, deposit)?;
        lots::set_frozen(tx, &lot.id, open)?;
    }
    tell(tx, act, &dispute, "dispute_closed", status.word())?;
    Ok(rows::find(tx, id)?)
}

fn win(tx: &mut Tx, act: &Act, dispute: &Dispute) -> Result<()> {
    let key = format!("dispute {} won", dispute.id);
    let journal = dispute_won(&key, dispute.id.as_str(), purse(dispute), dispute.amount_e8)
        .map_err(flawed)?;
    ledger::post(tx, act, &dispute.seller_id, &journal)?;
    if !bump(tx, dispute, -dispute.amount_e8)? {
        return Err(Error::broken(format!(
            "dispute {} was never counted",
            dispute.number
        )));
    }
    Ok(())
}

fn lose(tx: &mut Tx, act: &Act, dispute: &Dispute) -> Result<()> {
    let amount_e8 = dispute.amount_e8;
    let key = format!("dispute {} lost", dispute.id);
    let lot = match &dispute.deposit_id {
        Some(deposit) => Some(lots::lot_of_deposit(tx, deposit)?),
        None => None,
    };
    let taken_e8 = lot
        .as_ref()
        .map_or(0, |lot| lot.remaining_e8.min(amount_e8));
    let debt_e8 = lot.as_ref().map_or(0, |_| amount_e8 - taken_e8);
    let journal = dispute_lost(
        &key,
        dispute.id.as_str(),
        purse(dispute),
        amount_e8,
        taken_e8,
        debt_e8,
    );
    let posted = ledger::post(tx, act, &dispute.seller_id, &journal.map_err(flawed)?)?;
    let Some(lot) = lot else { return Ok(()) };
    lots::bump_debt(tx, &lot.id, debt_e8)?;
    if taken_e8 == 0 {
        return Ok(());
    }
    let balance = Balance {
        seller: dispute.seller_id.clone(),
        customer: dispute.customer_id.clone(),
        currency: dispute.currency.clone(),
    };
    let at = book_time(tx, &balance, act.at)?.max(lot.at.utc());
    lots::bump_lot(tx, &lot.id, -taken_e8)?;
    note_move(tx, act, &posted.id, &lot.id, None, -taken_e8, at)
}

/// The payment at issue, as far as a dispute needs it.
struct PaidBy {
    seller: SellerId,
    customer: PersonId,
    currency: String,
    deposit: Option<DepositId>,
    order: Option<OrderId>,
    left_e8: i64,
}

fn paid(tx: &mut Tx, payment: &Payment) -> Result<PaidBy> {
    Ok(match payment {
        Payment::Deposit(id) => {
            let deposit = orders::deposit(tx, id)?;
            PaidBy {
                left_e8: deposit.amount_e8 - deposit.refunded_e8 - deposit.disputed_e8,
                seller: deposit.seller_id,
                customer: deposit.customer_id,
                currency: deposit.currency,
                deposit: Some(deposit.id),
                order: None,
            }
        }
        Payment::Order(id) => {
            let order = orders::find(tx, id)?;
            PaidBy {
                left_e8: order.refundable_e8(),
                seller: order.seller_id,
                customer: order.customer_id,
                currency: order.currency,
                deposit: None,
                order: Some(order.id),
            }
        }
    })
}

fn bump(tx: &mut Tx, dispute: &Dispute, amount_e8: i64) -> Result<bool> {
    Ok(match (&dispute.deposit_id, &dispute.order_id) {
        (Some(deposit), _) => lots::bump_disputed(tx, deposit, amount_e8)?,
        (None, Some(order)) => orders::bump_disputed(tx, order, amount_e8)?,
        (None, None) => false,
    })
}

fn purse(dispute: &Dispute) -> Purse<'_> {
    Purse {
        owner: dispute.customer_id.as_str(),
        currency: &dispute.currency,
    }
}

fn tell(tx: &mut Tx, act: &Act, dispute: &Dispute, kind: &'static str, state: &str) -> Result<()> {
    let words = format!(
        "{} recorded chargeback {} as {state}.",
        act.who.label(),
        dispute.number
    );
    let happened = Happened::new(&dispute.seller_id, kind, words)
        .on_order(dispute.order_id.as_ref())
        .with((&dispute.number, &dispute.reference))?;
    record(tx, act, happened).map(|_| ())
}
