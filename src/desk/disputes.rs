//! Chargebacks. Opening one freezes the payment and the lot it funded, so that no money moves by a second route (I20); won, the
//! freeze is lifted; lost, the lot is written down and what it no longer has stays as a debt that later credits to it meet first.
//! Opened, it also stops what is queued to be paid out of that payment. The claims on the payment are judged again each time. What to do about the customer is a person's to say (`sanctions`); what is
//! known of how it came about is in `known`.

mod known;

pub use known::{Circumstances, Contact, Findings, Known, Told, circumstances, establish, mark};

use chrono::{DateTime, Utc};

use super::deposits::{book_time, note_move};
use super::events::{Happened, record};
use super::ledger::{self, flawed};
use super::orders::{self as purchases, Direct};
use super::{claims, tickets};
use crate::act::Act;
use crate::db::claims::{self as claim_rows, Claim};
use crate::db::deposits::{self as lots, Balance};
use crate::db::disputes::{self as rows, Dispute};
use crate::db::payouts::{self, Payout};
use crate::db::{Conn, Tx, already, bump_counter, orders};
use crate::error::{Code, Error, Fields, Result};
use crate::ids::{ClaimId, DepositId, DisputeId, OrderId, PersonId, SellerId};
use crate::plain;
use crate::rules::display;
use crate::rules::facts::{DisputeReason, DisputeStatus};
use crate::rules::ledger::{Purse, dispute_lost, dispute_opened, dispute_won};
use crate::rules::lifecycle::payout::State;
use crate::rules::rights::{Verb, may};

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

/// How a dispute ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    pub won: bool,
    pub reason: Told<DisputeReason>,
}

/// # Errors
/// `Invalid` for an amount, a reference or an instant that cannot be; `Refused`: `OverCeiling` above what was captured less refunded
/// less disputed, `KeyReused` for the reference of another dispute or of another amount; `Forbidden` without the right.
pub fn open(tx: &mut Tx, act: &Act, new: &NewDispute) -> Result<Dispute> {
    let paid = paid(tx, &new.payment)?;
    must(act, &paid.seller, Verb::KeepDisputes)?;
    let reference = sound(act, new, &paid)?;
    let claims = open_claims(tx, &paid)?;
    let claims = hold(tx, act, claims)?;
    for payout in waiting(tx, &new.payment)? {
        let claim = claim_rows::find(tx, &payout.claim_id)?;
        tickets::lock(tx, act, &claim.ticket_id, None)?;
    }
    ledger::lock(tx, &paid.seller)?;
    if let Some(dispute) = rows::by_reference(tx, &paid.seller, &reference)? {
        let same = dispute.deposit_id == paid.deposit
            && dispute.order_id == paid.order
            && new
                .amount_e8
                .is_none_or(|amount| amount == dispute.amount_e8);
        let words = format!(
            "{} bears this reference already, on another payment or with another amount.",
            dispute.number
        );
        return if same {
            Ok(dispute)
        } else {
            Err(Error::refused_because(Code::KeyReused, words))
        };
    }
    // Asked again under the lock, after which nobody queues or sends anything of this payment.
    for payout in waiting(tx, &new.payment)? {
        let why = format!("The bank took this payment back ({reference}).");
        claims::stop_payout(tx, act, &payout.id, &why)?;
    }
    // Read again under the lock: another one may have been recorded meanwhile.
    let paid = self::paid(tx, &new.payment)?;
    let amount_e8 = new.amount_e8.unwrap_or(paid.left_e8);
    if paid.left_e8 == 0 && paid.from_balance {
        let words = "This order was paid from the balance. The chargeback is on the deposit that filled it: record it there.";
        return Err(Error::refused_because(Code::OverCeiling, words));
    }
    if amount_e8 > paid.left_e8 || paid.left_e8 == 0 {
        let left = display::money(paid.left_e8, &paid.currency);
        let words = format!(
            "Of this payment {left} can be disputed: the rest was refunded, is on its way back, or is disputed already."
        );
        return Err(Error::refused_because(Code::OverCeiling, words));
    }
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
        reference,
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
    judge_again(tx, act, &claims)?;
    Ok(dispute)
}

/// What cannot be, before anything is written: the bank's reference as it is kept.
fn sound(act: &Act, new: &NewDispute, paid: &PaidBy) -> Result<String> {
    let mut problems = Fields::new();
    let reference = plain::line(&new.reference, 120);
    if new.amount_e8.is_some_and(|amount| amount <= 0) {
        problems.add("amount", "Enter an amount above zero");
    }
    if reference.is_empty() {
        problems.add("reference", "Enter the bank's reference of the chargeback");
    }
    if new.opened_at > act.at {
        problems.add("opened_at", "This lies in the future");
    } else if paid.at.is_some_and(|at| new.opened_at < at) {
        problems.add("opened_at", "This lies before the payment was made");
    }
    if new.evidence_due_at.is_some_and(|due| due <= new.opened_at) {
        problems.add(
            "evidence_due_at",
            "This must lie after the chargeback was opened",
        );
    }
    problems.done()?;
    Ok(reference)
}

/// Closes a dispute as a person read the bank's decision, with the bank's reason where that is known now.
///
/// # Errors
/// `Stale` where it is not any more what the page had shown; as [`close`]; `Forbidden` without the right.
pub fn conclude(
    tx: &mut Tx,
    act: &Act,
    id: &DisputeId,
    seen: &str,
    ending: Ending,
) -> Result<Dispute> {
    let dispute = rows::find(tx, id)?;
    must(act, &dispute.seller_id, Verb::KeepDisputes)?;
    hold_claims(tx, act, &dispute)?;
    ledger::lock(tx, &dispute.seller_id)?;
    let dispute = rows::find(tx, id)?;
    if mark(tx, &dispute)? != seen {
        return Err(Error::Stale);
    }
    let reason = ending.reason.value();
    if reason != circumstances(tx, &dispute)?.reason.value {
        let new = vec![("reason", reason.map(DisputeReason::word))];
        known::keep(tx, act, &dispute, new, "As the bank decided it.")?;
    }
    let status = if ending.won {
        DisputeStatus::Won
    } else {
        DisputeStatus::Lost
    };
    close(tx, act, id, status)
}

/// Closes an open dispute as the bank decided it. Told again, nothing more happens.
///
/// # Errors
/// `Refused(AlreadyDone)` where it was closed the other way.
pub fn close(tx: &mut Tx, act: &Act, id: &DisputeId, status: DisputeStatus) -> Result<Dispute> {
    let dispute = rows::find(tx, id)?;
    must(act, &dispute.seller_id, Verb::KeepDisputes)?;
    let claims = hold_claims(tx, act, &dispute)?;
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
        let open = others.iter().any(Dispute::is_open);
        let lot = lots::lot_of_deposit(tx, deposit)?;
        lots::set_frozen(tx, &lot.id, open)?;
    }
    tell(tx, act, &dispute, "dispute_closed", status.word())?;
    judge_again(tx, act, &claims)?;
    Ok(rows::find(tx, id)?)
}

/// Whether the doer serves the seller and has the right; who is no person acts for the house.
pub(super) fn must(act: &Act, seller: &SellerId, verb: Verb) -> Result<()> {
    let Some(person) = act.person() else {
        return Ok(());
    };
    if !person.sellers.is_empty() && !person.sellers.contains(seller) {
        return Err(Error::NotFound);
    }
    if may(person.role, verb) {
        Ok(())
    } else {
        Err(Error::Forbidden)
    }
}

/// When the disputed payment was made.
pub fn paid_at(conn: &mut Conn, dispute: &Dispute) -> Result<Option<DateTime<Utc>>> {
    Ok(match (&dispute.deposit_id, &dispute.order_id) {
        (Some(deposit), _) => Some(orders::deposit(conn, deposit)?.at.utc()),
        (None, Some(order)) => orders::find(conn, order)?.placed_at.map(|at| at.utc()),
        (None, None) => None,
    })
}

/// The open claims that hang on a payment: on its order, or on the balance that it filled.
fn open_claims(conn: &mut Conn, paid: &PaidBy) -> Result<Vec<Claim>> {
    let mut claims = match &paid.order {
        Some(order) => claim_rows::of_order(conn, order)?,
        None => {
            let subject = format!(
                "balance:{}:{}:{}",
                paid.seller, paid.customer, paid.currency
            );
            claim_rows::of_subject(conn, &subject)?
        }
    };
    claims.retain(Claim::is_open);
    Ok(claims)
}

fn hold_claims(tx: &mut Tx, act: &Act, dispute: &Dispute) -> Result<Vec<ClaimId>> {
    let payment = match (&dispute.deposit_id, &dispute.order_id) {
        (Some(deposit), _) => Payment::Deposit(deposit.clone()),
        (None, Some(order)) => Payment::Order(order.clone()),
        (None, None) => return Err(Error::broken("a dispute on no payment")),
    };
    let paid = paid(tx, &payment)?;
    let claims = open_claims(tx, &paid)?;
    hold(tx, act, claims)
}

/// Takes the claims and their tickets until the transaction ends: before the seller's books, as everyone does.
fn hold(tx: &mut Tx, act: &Act, claims: Vec<Claim>) -> Result<Vec<ClaimId>> {
    for claim in &claims {
        tickets::lock(tx, act, &claim.ticket_id, None)?;
        claim_rows::bump_claim(tx, &claim.id, None)?;
    }
    Ok(claims.into_iter().map(|claim| claim.id).collect())
}

fn judge_again(tx: &mut Tx, act: &Act, claims: &[ClaimId]) -> Result<()> {
    for claim in claims {
        claims::reassess(tx, act, claim)?;
    }
    Ok(())
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
    at: Option<DateTime<Utc>>,
    /// No bank stands behind it: an order that the balance paid.
    from_balance: bool,
    left_e8: i64,
}

/// The most of a payment that a bank can still take back: what it brought in, less refunded less disputed (I13). What only waits to be
/// paid out counts as not refunded, because a chargeback stops it.
pub fn disputable_e8(conn: &mut Conn, payment: &Payment) -> Result<i64> {
    let queued = waiting(conn, payment)?;
    let queued_e8: i64 = queued.iter().map(|payout| payout.amount_e8).sum();
    Ok(paid(conn, payment)?.left_e8 + queued_e8)
}

/// What is queued to be paid out of a payment, and has not left: a chargeback stops it.
fn waiting(conn: &mut Conn, payment: &Payment) -> Result<Vec<Payout>> {
    let mut payouts = match payment {
        Payment::Deposit(id) => payouts::of_deposit(conn, id)?,
        Payment::Order(id) => payouts::of_order(conn, id)?,
    };
    payouts.retain(|payout| payout.state == State::Queued);
    Ok(payouts)
}

fn paid(conn: &mut Conn, payment: &Payment) -> Result<PaidBy> {
    Ok(match payment {
        Payment::Deposit(id) => {
            let deposit = orders::deposit(conn, id)?;
            PaidBy {
                at: Some(deposit.at.utc()),
                from_balance: false,
                left_e8: deposit.amount_e8 - deposit.refunded_e8 - deposit.disputed_e8,
                seller: deposit.seller_id,
                customer: deposit.customer_id,
                currency: deposit.currency,
                deposit: Some(deposit.id),
                order: None,
            }
        }
        Payment::Order(id) => {
            let order = orders::find(conn, id)?;
            let direct = purchases::direct(conn, &order)?;
            let direct_e8: i64 = direct.iter().map(Direct::left_e8).sum();
            PaidBy {
                at: order.placed_at.map(|at| at.utc()),
                from_balance: direct.is_empty(),
                // Every dispute on an order is about what came past the balance, as far as it has not gone back.
                left_e8: order.refundable_e8().min(direct_e8).max(0),
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
