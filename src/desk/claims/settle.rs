//! What becomes of a claim's payouts: a person sent one, or could not and tries again. With the last of them the promises about
//! paying end and the ticket closes; the customer hears of each. The money itself is moved by `payouts`.

use super::tell;
use crate::act::Act;
use crate::db::claims::{self as rows, Claim};
use crate::db::disputes;
use crate::db::ledger as books;
use crate::db::payouts::{self as payments, Payout};
use crate::db::tickets::public_messages as messages;
use crate::db::{Tx, orders, sellers};
use crate::desk::events::{Happened, record};
use crate::desk::{clocks, payouts, tickets};
use crate::error::{Code, Error, Result};
use crate::ids::PayoutId;
use crate::rules::assessment::{Destination, Payment};
use crate::rules::facts::DisputeStatus;
use crate::rules::lifecycle::payout::State;
use crate::rules::lifecycle::ticket as turn;
use crate::rules::money::{Amount, Currency};
use crate::rules::rights::{Verb, may};

/// A payout was sent under the bank's reference. Once nothing of the claim is on its way any more, its promises about paying are
/// kept or broken, and the ticket closes unless the customer waits for an answer. Said again with the same reference, nothing more happens.
///
/// # Errors
/// As `payouts::mark_sent`.
pub fn settle_payout(tx: &mut Tx, act: &Act, id: &PayoutId, reference: &str) -> Result<Payout> {
    let claim = claim_of(tx, id)?;
    let ticket = tickets::lock(tx, act, &claim.ticket_id, None)?;
    let before = payments::find(tx, id)?;
    let payout = payouts::mark_sent(tx, act, id, reference)?;
    if before.state == payout.state {
        return Ok(payout);
    }
    let seller = sellers::find(tx, &claim.seller_id)?;
    if is_settled(tx, &claim)? {
        let words = "Everything of this request is paid.";
        let happened = Happened::new(&seller.id, "claim_settled", words)
            .on_ticket(&ticket.id)
            .on_claim(&claim.id);
        record(tx, act, happened)?;
        if ticket.state != turn::State::Closed.word() && !waits_for_an_answer(tx, &claim)? {
            tickets::step(tx, act, &ticket, turn::Verb::Close)?;
            let words = "It was closed with the last payment.";
            let happened = Happened::new(&seller.id, "ticket_closed", words)
                .on_ticket(&ticket.id)
                .on_claim(&claim.id);
            record(tx, act, happened)?;
        }
        clocks::follow(tx, act, &ticket.id)?;
    }
    tell::paid_out(tx, act, &seller, &ticket, &claim, &payout)?;
    Ok(payout)
}

/// A payout could not be made: its money is back where it came from, the customer is asked for another way, and the promise of
/// paying stays broken or running until there is one.
///
/// # Errors
/// `Invalid` without a reason; as `payouts::fail`.
pub fn fail_payout(tx: &mut Tx, act: &Act, id: &PayoutId, why: &str) -> Result<Payout> {
    if why.trim().is_empty() {
        return Err(Error::invalid("why", "Say what the bank answered"));
    }
    let claim = claim_of(tx, id)?;
    let ticket = tickets::lock(tx, act, &claim.ticket_id, None)?;
    let before = payments::find(tx, id)?;
    let payout = payouts::fail(tx, act, id, why)?;
    if before.state == payout.state {
        return Ok(payout);
    }
    let seller = sellers::find(tx, &claim.seller_id)?;
    tell::payout_failed(tx, act, &seller, &ticket, &claim, &payout)?;
    Ok(payout)
}

/// A chargeback took back the payment that a payout waits to go to: it is not sent, and the promises about paying end with it, unless
/// other money of the claim is still on its way. A person looks at what is left to do once the bank has decided.
///
/// # Errors
/// None of its own: one that has left the queue is left alone.
pub fn stop_payout(tx: &mut Tx, act: &Act, id: &PayoutId, why: &str) -> Result<Option<Payout>> {
    let claim = claim_of(tx, id)?;
    let ticket = tickets::lock(tx, act, &claim.ticket_id, None)?;
    let Some(payout) = payouts::stop(tx, act, id, why)? else {
        return Ok(None);
    };
    let all = payments::of_claim(tx, &claim.id)?;
    if !all.iter().any(|payout| payout.state.is_in_transit()) {
        let words = "None of this request's money is on its way any more.";
        let happened = Happened::new(&claim.seller_id, "claim_unpaid", words)
            .on_ticket(&ticket.id)
            .on_claim(&claim.id);
        record(tx, act, happened)?;
        clocks::follow(tx, act, &ticket.id)?;
    }
    let seller = sellers::find(tx, &claim.seller_id)?;
    tell::payout_stopped(tx, act, &seller, &ticket, &claim, &payout)?;
    Ok(Some(payout))
}

/// A payout that had left came back: its money is where it was taken from, the conversation is open again so that somebody looks
/// for another way, and the customer hears of it.
///
/// # Errors
/// `Invalid` without a reason; as `payouts::return_money`.
pub fn return_payout(tx: &mut Tx, act: &Act, id: &PayoutId, why: &str) -> Result<Payout> {
    if why.trim().is_empty() {
        return Err(Error::invalid("why", "Say why the bank sent it back"));
    }
    let claim = claim_of(tx, id)?;
    let ticket = tickets::lock(tx, act, &claim.ticket_id, None)?;
    let before = payments::find(tx, id)?;
    let payout = payouts::return_money(tx, act, id, why)?;
    if before.state == payout.state {
        return Ok(payout);
    }
    let seller = sellers::find(tx, &claim.seller_id)?;
    if ticket.state == turn::State::Closed.word() {
        tickets::step(tx, act, &ticket, turn::Verb::Reopen)?;
        let words = format!(
            "{} came back; the conversation is open again.",
            payout.number
        );
        let happened = Happened::new(&seller.id, "ticket_reopened", words)
            .on_ticket(&ticket.id)
            .on_claim(&claim.id);
        record(tx, act, happened)?;
    }
    tell::payout_returned(tx, act, &seller, &ticket, &claim, &payout)?;
    Ok(payout)
}

/// A payout that failed or came back is asked for once more, from the same source to the same method. Asked for twice, it is still
/// one payout.
///
/// # Errors
/// `Forbidden` without the right, `Refused(IllegalStep)` where the money has not come back, `Refused(AlreadyOpen)` or
/// `Refused(AlreadyDone)` where the same money was asked for in another claim since, and as `payouts::request`.
pub fn repeat_payout(tx: &mut Tx, act: &Act, id: &PayoutId) -> Result<Payout> {
    let claim = claim_of(tx, id)?;
    let person = act.person().ok_or(Error::Forbidden)?;
    if !person.sellers.is_empty() && !person.sellers.contains(&claim.seller_id) {
        return Err(Error::NotFound);
    }
    if !may(person.role, Verb::MarkPayoutSent) {
        return Err(Error::Forbidden);
    }
    let ticket = tickets::lock(tx, act, &claim.ticket_id, None)?;
    let failed = payments::find(tx, id)?;
    if failed.state.counts() {
        let words = "Only a payout that failed or came back can be tried again.";
        return Err(Error::refused_because(Code::IllegalStep, words));
    }
    let payment = payment(tx, &failed)?;
    let key = again(&failed);
    let is_new = payments::by_key(tx, &key)?.is_none();
    if is_new {
        asked_for_once(tx, &claim, &failed)?;
    }
    let new = payouts::New {
        claim: &claim,
        decision: &failed.decision_id,
        payment: &payment,
        amount_e8: failed.amount_e8,
        key: &key,
    };
    let payout = payouts::request(tx, act, &new)?;
    if is_new {
        let words = format!(
            "{} queued {} again as {}.",
            act.who.label(),
            failed.number,
            payout.number
        );
        let happened = Happened::new(&claim.seller_id, "payout_repeated", words);
        record(
            tx,
            act,
            happened
                .on_ticket(&ticket.id)
                .on_claim(&claim.id)
                .told("The payment is tried again."),
        )?;
    }
    Ok(payout)
}

/// Money that came back may have been granted by another claim meanwhile, and must not be paid a second time.
fn asked_for_once(tx: &mut Tx, claim: &Claim, failed: &Payout) -> Result<()> {
    let key = payouts::undone_key(failed, failed.state);
    let back = books::by_key(tx, &key)?.ok_or_else(|| Error::broken(format!("no {key}")))?;
    let others = rows::of_subject(tx, &claim.subject)?.into_iter();
    for other in others.filter(|other| other.id != claim.id) {
        let number = &other.number;
        if other.is_open() {
            let words = format!(
                "{number} asks for the same money and is open. Decide it first; this can be queued again if it is rejected."
            );
            return Err(Error::refused_because(Code::AlreadyOpen, words));
        }
        if other
            .approved_at
            .is_some_and(|at| at.utc() >= back.at.utc())
        {
            let words = format!(
                "{number} was approved after {} came back, from the same money. What is still owed needs a request of its own.",
                failed.number
            );
            return Err(Error::refused_because(Code::AlreadyDone, words));
        }
    }
    Ok(())
}

fn payment(tx: &mut Tx, payout: &Payout) -> Result<Payment> {
    let deposit = match &payout.deposit_id {
        Some(id) => Some(orders::deposit(tx, id)?.reference),
        None => None,
    };
    let to = Destination::from_word(&payout.destination);
    Ok(Payment {
        to: to.ok_or_else(|| Error::broken(format!("a payout to {}", payout.destination)))?,
        method: Some(payout.method.clone()),
        deposit,
        amount: Amount::from_e8(payout.pay_e8),
        currency: Currency::parse(&payout.pay_currency).ok(),
    })
}

/// The key of the payout that replaces one that failed.
fn again(payout: &Payout) -> String {
    format!("{} again", payout.key)
}

fn claim_of(tx: &mut Tx, id: &PayoutId) -> Result<Claim> {
    let payout = payments::find(tx, id)?;
    Ok(rows::find(tx, &payout.claim_id)?)
}

/// The customer wrote last, after the decision: paying them is no answer to that.
fn waits_for_an_answer(tx: &mut Tx, claim: &Claim) -> Result<bool> {
    let last = messages(tx, &claim.ticket_id)?.pop();
    Ok(last.is_some_and(|last| {
        let before = claim
            .decided_at
            .is_some_and(|decided| last.at.utc() <= decided.utc());
        last.kind == "customer" && !before
    }))
}

/// Nothing of the claim is on its way, and what did not arrive was replaced, or its payment was taken back by the bank.
fn is_settled(tx: &mut Tx, claim: &Claim) -> Result<bool> {
    let all = payments::of_claim(tx, &claim.id)?;
    for payout in all.iter().filter(|payout| payout.state != State::Succeeded) {
        let replaced = all.iter().any(|other| other.key == again(payout));
        if payout.state.counts() || !(replaced || is_disputed(tx, payout)?) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_disputed(tx: &mut Tx, payout: &Payout) -> Result<bool> {
    let of_payment = match (&payout.deposit_id, &payout.order_id) {
        (Some(deposit), _) => disputes::of_deposit(tx, deposit)?,
        (None, Some(order)) => disputes::of_order(tx, order)?,
        (None, None) => Vec::new(),
    };
    let won = DisputeStatus::Won.word();
    Ok(of_payment.iter().any(|dispute| dispute.status != won))
}
