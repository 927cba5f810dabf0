//! Money on its way to a payment method. `request` sets it aside at once, under both caps (I13), so that it can be neither spent
//! nor paid out twice; it waits until a person marks it as sent under the bank's reference, or it comes back.
//!
//! Clocks and letters are the claim's: `claims` stops the one and writes the other when a payout is settled.

use super::deposits::{book_time, credit_lot, note_move};
use super::events::{Happened, record};
use super::ledger::{self, flawed};
use super::orders::direct;
use crate::act::{Act, Who};
use crate::db::claims::{self, Claim};
use crate::db::deposits::{self as lots, Balance};
use crate::db::disputes::{self, Dispute};
use crate::db::payouts::{self as rows, Payout};
use crate::db::{Tx, already, bump_counter, orders};
use crate::error::{Code, Error, Result};
use crate::ids::{DecisionId, DepositId, OrderId, PayoutId, SellerId};
use crate::plain;
use crate::rules::assessment::{Destination, Payment};
use crate::rules::ledger::{
    Journal, Purse, Source, direct_refund_reserved, payout_failed, payout_reserved,
    payout_returned, payout_succeeded,
};
use crate::rules::lifecycle::payout::{State, Verb as Step, next};
use crate::rules::money::{Amount, Currency};
use crate::rules::rights::{Verb, may};

/// A payment that a decision asks for.
#[derive(Debug, Clone)]
pub struct New<'a> {
    pub claim: &'a Claim,
    pub decision: &'a DecisionId,
    /// What the customer gets, where; in the payment's own currency.
    pub payment: &'a Payment,
    /// What leaves the books for it, in the claim's currency.
    pub amount_e8: i64,
    /// Stable for the deed (I22): the same key asks once.
    pub key: &'a str,
}

/// Where the money of a payout comes from.
enum Origin {
    Deposit(DepositId),
    Order(OrderId),
}

/// Sets money aside for a payment method and queues the payout.
///
/// # Errors
/// `Refused`: `OverCeiling` above what the deposit or order can still give back, `Insufficient` where the lot was spent
/// meanwhile, `OnHold` where a dispute froze the payment, `KeyReused` for the key of another payout.
pub fn request(tx: &mut Tx, act: &Act, new: &New) -> Result<Payout> {
    ledger::lock(tx, &new.claim.seller_id)?;
    let pay_currency = match new.payment.currency {
        Some(currency) => currency.code().to_owned(),
        None => new.claim.currency.clone(),
    };
    if let Some(payout) = rows::by_key(tx, new.key)? {
        let asked = (
            &new.claim.id,
            new.amount_e8,
            new.payment.amount.e8(),
            &pay_currency,
        );
        if (
            &payout.claim_id,
            payout.amount_e8,
            payout.pay_e8,
            &payout.pay_currency,
        ) == asked
        {
            return Ok(payout);
        }
        return Err(Error::refused(Code::KeyReused));
    }
    if new.amount_e8 <= 0 || !new.payment.amount.is_positive() {
        return Err(Error::refused(Code::NothingToPay));
    }
    let (origin, method) = match (&new.payment.deposit, &new.claim.order_id) {
        (Some(deposit), _) => from_deposit(tx, act, new, deposit)?,
        (None, Some(order)) => from_order(tx, act, new, order)?,
        (None, None) => {
            return Err(Error::broken(
                "a payout from neither a deposit nor an order",
            ));
        }
    };
    let (deposit_id, order_id) = match origin {
        Origin::Deposit(id) => (Some(id), None),
        Origin::Order(id) => (None, Some(id)),
    };
    let payout = Payout {
        id: PayoutId::new(act.at),
        number: format!("P-{}", bump_counter(tx, "payout")?),
        seller_id: new.claim.seller_id.clone(),
        customer_id: new.claim.customer_id.clone(),
        claim_id: new.claim.id.clone(),
        decision_id: new.decision.clone(),
        deposit_id,
        order_id,
        method,
        destination: destination(new.payment.to)?.to_owned(),
        currency: new.claim.currency.clone(),
        amount_e8: new.amount_e8,
        pay_currency,
        pay_e8: new.payment.amount.e8(),
        state: State::Queued,
        key: new.key.to_owned(),
        reference: None,
        requested_at: act.at.into(),
        sent_at: None,
        settled_at: None,
        sent_by: None,
        seq: 0,
        batch_id: None,
        tries: None,
        tried_at: None,
        next_at: None,
        lease_until: None,
    };
    let inserted = rows::insert_payout(tx, &payout);
    if already(&inserted) {
        return Err(Error::refused(Code::KeyReused));
    }
    inserted?;
    Ok(payout)
}

fn destination(to: Destination) -> Result<&'static str> {
    match to {
        Destination::OriginalPaymentMethod => Ok("original_payment_method"),
        Destination::AlternativeMethod => Ok("alternative_method"),
        Destination::AccountBalance => Err(Error::broken("a payout to the balance")),
    }
}

/// Takes the money out of the lot of one deposit.
fn from_deposit(tx: &mut Tx, act: &Act, new: &New, reference: &str) -> Result<(Origin, String)> {
    let claim = new.claim;
    let deposit = lots::by_reference(tx, &claim.seller_id, reference)?.ok_or(Error::NotFound)?;
    if deposit.customer_id != claim.customer_id || deposit.currency != claim.currency {
        return Err(Error::NotFound);
    }
    free(&disputes::of_deposit(tx, &deposit.id)?)?;
    if !lots::bump_refunded(tx, &deposit.id, new.amount_e8)? {
        return Err(Error::refused(Code::OverCeiling));
    }
    let lot = lots::lot_of_deposit(tx, &deposit.id)?;
    if !lots::bump_lot_down(tx, &lot.id, new.amount_e8)? {
        return Err(Error::refused(if lot.frozen {
            Code::OnHold
        } else {
            Code::Insufficient
        }));
    }
    // Not before it came, though the clock was set back or another server's runs behind.
    let at = book_time(tx, &balance(claim), act.at)?.max(lot.at.utc());
    let journal = payout_reserved(new.key, deposit.id.as_str(), purse(claim), new.amount_e8)
        .map_err(flawed)?;
    let posted = ledger::post(tx, act, &claim.seller_id, &journal)?;
    note_move(tx, act, &posted.id, &lot.id, None, -new.amount_e8, at)?;
    let method = lots::method(tx, &deposit.method_id)?;
    Ok((Origin::Deposit(deposit.id), method.reference))
}

/// Takes the money from what an order was paid with past the balance.
fn from_order(tx: &mut Tx, act: &Act, new: &New, id: &OrderId) -> Result<(Origin, String)> {
    free(&disputes::of_order(tx, id)?)?;
    if !orders::bump_refunded(tx, id, new.amount_e8)? {
        return Err(Error::refused(Code::OverCeiling));
    }
    let order = orders::find(tx, id)?;
    let parts = direct(tx, &order)?;
    let part = match (&new.payment.method, parts.as_slice()) {
        (Some(method), parts) => parts.iter().find(|part| &part.method == method),
        (None, [only]) => Some(only),
        (None, _) => None,
    };
    let part =
        part.ok_or_else(|| Error::broken("a payout to a method that the order was not paid with"))?;
    if part.back_e8 + new.amount_e8 > part.paid_e8 {
        return Err(Error::refused(Code::OverCeiling));
    }
    let journal = direct_refund_reserved(new.key, id.as_str(), purse(new.claim), new.amount_e8)
        .map_err(flawed)?;
    ledger::post(tx, act, &new.claim.seller_id, &journal)?;
    Ok((Origin::Order(id.clone()), part.method.clone()))
}

/// While a bank looks into a payment, nothing of it goes back by another way (I20).
fn free(disputes: &[Dispute]) -> Result<()> {
    if disputes.iter().any(Dispute::is_open) {
        return Err(Error::refused(Code::OnHold));
    }
    Ok(())
}

fn balance(claim: &Claim) -> Balance {
    Balance {
        seller: claim.seller_id.clone(),
        customer: claim.customer_id.clone(),
        currency: claim.currency.clone(),
    }
}

fn purse(claim: &Claim) -> Purse<'_> {
    Purse {
        owner: claim.customer_id.as_str(),
        currency: &claim.currency,
    }
}

/// A person sent the money and tells the bank's reference: the payout is settled. Said again with the same reference, nothing
/// more happens.
///
/// # Errors
/// `Invalid` without a reference; `Refused(AlreadyDone)` for one that ended otherwise; `Forbidden` without the right.
pub fn mark_sent(tx: &mut Tx, act: &Act, id: &PayoutId, reference: &str) -> Result<Payout> {
    let reference = plain::line(reference, 201);
    if reference.chars().count() > 200 {
        let words = "Keep the bank's reference under 200 characters";
        return Err(Error::invalid("reference", words));
    }
    if reference.is_empty() {
        return Err(Error::invalid(
            "reference",
            "Enter the bank's reference of the transfer",
        ));
    }
    let payout = take(tx, act, id)?;
    if payout.state == State::Succeeded && payout.reference.as_deref() == Some(reference.as_str()) {
        return Ok(payout);
    }
    nobody_else_has(act, &payout)?;
    match payout.state {
        // Whoever sent it named it; that it has arrived changes no more than that.
        State::Sent if payout.reference.is_some() => {}
        State::Sent | State::Unknown => {
            step(&payout, Step::Settle)?;
            rows::mark_sent(tx, id, &reference, act.who.key(), act.at.into())?;
        }
        _ => {
            step(&payout, Step::Send)?;
            rows::mark_sent(tx, id, &reference, act.who.key(), act.at.into())?;
        }
    }
    settle(tx, act, id)
}

/// The money has arrived, or the one who sent it says so.
pub fn settle(tx: &mut Tx, act: &Act, id: &PayoutId) -> Result<Payout> {
    let payout = take(tx, act, id)?;
    if payout.state == State::Succeeded {
        return Ok(payout);
    }
    step(&payout, Step::Settle)?;
    book_arrival(tx, act, &payout)?;
    rows::mark_settled(tx, id, act.at.into())?;
    let sum = sum(&payout);
    let words = format!(
        "{} sent {sum} to {} ({}).",
        act.who.label(),
        whereto(&payout, "the customer"),
        payout.number
    );
    tell(
        tx,
        act,
        &payout,
        "payout_sent",
        words,
        format!("{sum} was sent to {}.", whereto(&payout, "you")),
    )?;
    Ok(rows::find(tx, id)?)
}

/// What the gateway is just being told of is not also sent, or given up, by a person.
fn nobody_else_has(act: &Act, payout: &Payout) -> Result<()> {
    if payout.is_with_gateway() && act.who != Who::Worker {
        let words = "The gateway has it just now. Wait for what it answers, and reload the page.";
        return Err(Error::refused_because(Code::IllegalStep, words));
    }
    Ok(())
}

fn book_arrival(tx: &mut Tx, act: &Act, payout: &Payout) -> Result<()> {
    let key = arrival_key(payout);
    let (of, purse) = (reference(payout)?, purse_of(payout));
    let journal = payout_succeeded(&key, of, purse, payout.amount_e8).map_err(flawed)?;
    ledger::post(tx, act, &payout.seller_id, &journal).map(|_| ())
}

/// The money never left: it goes back to where it was taken from. Of one that nobody knew about, whoever says so has found out.
pub fn fail(tx: &mut Tx, act: &Act, id: &PayoutId, why: &str) -> Result<Payout> {
    let payout = take(tx, act, id)?;
    if payout.state == State::Failed {
        return Ok(payout);
    }
    nobody_else_has(act, &payout)?;
    let verb = match payout.state {
        State::Unknown => Step::Refute,
        _ => Step::Fail,
    };
    step(&payout, verb)?;
    let public = format!(
        "{} could not be paid to {}.",
        sum(&payout),
        whereto(&payout, "you")
    );
    let told = ("payout_failed", public);
    come_back(tx, act, &payout, State::Failed, why, told)
}

/// The bank took the payment back that this one would have gone to: nobody sends it any more, by whatever way (I20). Whoever says so
/// keeps the chargebacks, and has been asked there. `None` where it is not in the queue any more.
pub(super) fn stop(tx: &mut Tx, act: &Act, id: &PayoutId, why: &str) -> Result<Option<Payout>> {
    let payout = rows::find(tx, id)?;
    ledger::lock(tx, &payout.seller_id)?;
    let payout = rows::bump_payout(tx, id)?;
    if payout.state != State::Queued {
        return Ok(None);
    }
    let public = format!(
        "{} was not sent to {}: the bank had taken that payment back.",
        sum(&payout),
        whereto(&payout, "you")
    );
    let told = ("payout_stopped", public);
    come_back(tx, act, &payout, State::Failed, why, told).map(Some)
}

/// The money had left and was sent back: a closed card, a wrong account. One of which nobody had heard yet that it arrived has
/// left the books all the same before it comes back to them.
pub fn return_money(tx: &mut Tx, act: &Act, id: &PayoutId, why: &str) -> Result<Payout> {
    let payout = take(tx, act, id)?;
    match payout.state {
        State::Returned => return Ok(payout),
        State::Sent | State::Unknown => {
            step(&payout, Step::Settle)?;
            book_arrival(tx, act, &payout)?;
            rows::mark_settled(tx, id, act.at.into())?;
        }
        _ => {
            step(&payout, Step::Return)?;
        }
    }
    let public = format!(
        "{} came back from {}.",
        sum(&payout),
        whereto(&payout, "you")
    );
    let told = ("payout_returned", public);
    come_back(tx, act, &payout, State::Returned, why, told)
}

fn come_back(
    tx: &mut Tx,
    act: &Act,
    payout: &Payout,
    state: State,
    why: &str,
    (kind, public): (&'static str, String),
) -> Result<Payout> {
    match (&payout.deposit_id, &payout.order_id) {
        (Some(deposit), _) => to_deposit(tx, act, payout, state, deposit)?,
        (None, Some(order)) => to_order(tx, act, payout, state, order)?,
        (None, None) => return Err(nowhere(payout)),
    }
    rows::set_state(tx, &payout.id, state)?;
    let (sum, number) = (sum(payout), &payout.number);
    let why = plain::line(why, 300);
    let words = format!(
        "{number} to {}: {sum} {}. {why}",
        whereto(payout, "the customer"),
        state.word()
    );
    tell(tx, act, payout, kind, words, public)?;
    Ok(rows::find(tx, &payout.id)?)
}

fn to_deposit(
    tx: &mut Tx,
    act: &Act,
    payout: &Payout,
    state: State,
    deposit: &DepositId,
) -> Result<()> {
    let lot = lots::lot_of_deposit(tx, deposit)?;
    let met_e8 = lot.debt_e8.min(payout.amount_e8);
    let journal = undone(payout, state, deposit.as_str(), Source::Balance, met_e8)?;
    let posted = ledger::post(tx, act, &payout.seller_id, &journal)?;
    if !lots::bump_unrefunded(tx, deposit, payout.amount_e8)? {
        let why = format!("deposit {deposit} counts less than was paid out");
        return Err(Error::broken(why));
    }
    let balance = Balance {
        seller: payout.seller_id.clone(),
        customer: payout.customer_id.clone(),
        currency: payout.currency.clone(),
    };
    let at = book_time(tx, &balance, act.at)?;
    credit_lot(tx, act, &posted.id, &lot, None, payout.amount_e8, at)
}

fn to_order(tx: &mut Tx, act: &Act, payout: &Payout, state: State, order: &OrderId) -> Result<()> {
    let journal = undone(payout, state, order.as_str(), Source::Order, 0)?;
    ledger::post(tx, act, &payout.seller_id, &journal)?;
    if !orders::bump_unrefunded(tx, order, payout.amount_e8)? {
        let why = format!("order {order} counts less than was paid out");
        return Err(Error::broken(why));
    }
    Ok(())
}

/// The key of the journal that says that a payout arrived.
pub fn arrival_key(payout: &Payout) -> String {
    format!("{} paid", payout.key)
}

/// The key of the journal that brought a payout's money back.
pub fn undone_key(payout: &Payout, state: State) -> String {
    format!("{} {}", payout.key, state.word())
}

fn undone(
    payout: &Payout,
    state: State,
    reference: &str,
    source: Source,
    met_e8: i64,
) -> Result<Journal> {
    let key = undone_key(payout, state);
    let (purse, amount_e8) = (purse_of(payout), payout.amount_e8);
    let journal = match state {
        State::Returned => payout_returned(&key, reference, purse, source, amount_e8, met_e8),
        _ => payout_failed(&key, reference, purse, source, amount_e8, met_e8),
    };
    journal.map_err(flawed)
}

fn nowhere(payout: &Payout) -> Error {
    Error::broken(format!("payout {} came from nowhere", payout.number))
}

/// Locks the books and the payout, after asking whether the doer may touch it at all.
fn take(tx: &mut Tx, act: &Act, id: &PayoutId) -> Result<Payout> {
    let payout = rows::find(tx, id)?;
    allowed(act, &payout.seller_id)?;
    ledger::lock(tx, &payout.seller_id)?;
    Ok(rows::bump_payout(tx, id)?)
}

/// Whether the doer may send the money of this seller.
///
/// # Errors
/// `NotFound` for somebody who serves other sellers, `Forbidden` without the right.
pub(super) fn allowed(act: &Act, seller: &SellerId) -> Result<()> {
    match &act.who {
        Who::Person(person) => {
            let serves = person.sellers.is_empty() || person.sellers.contains(seller);
            if !serves {
                return Err(Error::NotFound);
            }
            if !may(person.role, Verb::MarkPayoutSent) {
                return Err(Error::Forbidden);
            }
            Ok(())
        }
        Who::Operator | Who::Worker => Ok(()),
        Who::Visitor | Who::Policy => Err(Error::Forbidden),
    }
}

pub(super) fn step(payout: &Payout, verb: Step) -> Result<State> {
    next(payout.state, verb).map_err(|illegal| {
        let code = if payout.state == State::Succeeded {
            Code::AlreadyDone
        } else {
            Code::IllegalStep
        };
        Error::refused_because(code, format!("This payout: {illegal}."))
    })
}

/// What a payout's journals are about: the row that the money was taken from.
fn reference(payout: &Payout) -> Result<&str> {
    let deposit = payout.deposit_id.as_ref().map(DepositId::as_str);
    let order = payout.order_id.as_ref().map(OrderId::as_str);
    deposit.or(order).ok_or_else(|| nowhere(payout))
}

fn purse_of(payout: &Payout) -> Purse<'_> {
    Purse {
        owner: payout.customer_id.as_str(),
        currency: &payout.currency,
    }
}

/// The method, or that its money goes to `whom` another way.
pub fn whereto(payout: &Payout, whom: &str) -> String {
    if payout.goes_another_way() {
        format!("{whom} another way")
    } else {
        payout.method.clone()
    }
}

/// What the customer gets, as a person reads it.
pub fn sum(payout: &Payout) -> String {
    let amount = Amount::from_e8(payout.pay_e8);
    match Currency::parse(&payout.pay_currency) {
        Ok(currency) => currency.show(amount),
        Err(_) => format!("{} {amount}", payout.pay_currency),
    }
}

fn tell(
    tx: &mut Tx,
    act: &Act,
    payout: &Payout,
    kind: &'static str,
    words: String,
    public: String,
) -> Result<()> {
    let claim = claims::find(tx, &payout.claim_id)?;
    let happened = Happened::new(&payout.seller_id, kind, words)
        .on_ticket(&claim.ticket_id)
        .on_claim(&claim.id)
        .on_order(claim.order_id.as_ref())
        .told(public)
        .with((&payout.number, payout.reference.as_deref()))?;
    record(tx, act, happened).map(|_| ())
}
