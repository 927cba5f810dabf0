//! What a decision does once it is made: the money moves, the decision joins its chain, clocks stop, the order and the ticket follow,
//! the event is recorded and the customer told. `decide` says whether; nothing here asks again.

use crate::act::Act;
use crate::db::Tx;
use crate::db::claims::{self as rows, Claim, Decision};
use crate::db::orders::{self, Progress};
use crate::db::sellers::Seller;
use crate::db::tickets::Ticket;
use crate::desk::events::{Happened, record};
use crate::desk::{clocks, orders as purchases, panels, payouts, tasks, tickets};
use crate::error::{Code, Error, Result};
use crate::ids::{DecisionId, ExceptionId};
use crate::rules::adjudicate::adjudicate;
use crate::rules::assessment::{Assessment, Destination, Payment};
use crate::rules::facts::{CanceledBy, Facts, Status, Stop};
use crate::rules::granted::{self, Part};
use crate::rules::lifecycle::{claim as lifecycle, ticket as turn};
use crate::rules::money::Amount;
use crate::rules::policy::Policy;

use super::{Standing, exceptions, gather, keep, step, tell};

/// What a decision is about.
pub(super) struct Case<'a> {
    pub(super) seller: &'a Seller,
    pub(super) ticket: &'a Ticket,
    pub(super) claim: &'a Claim,
    pub(super) policy: &'a Policy,
    pub(super) facts: &'a Facts,
    pub(super) assessment: &'a Assessment,
    /// The proposal that the decision carries out.
    pub(super) endorsed: Option<ExceptionId>,
}

/// How `amount` is paid, and what each payment takes.
pub(super) fn plan(case: &Case, amount: Amount) -> Result<Vec<Part>> {
    let parts = granted::parts(case.policy, case.facts, amount);
    let sum: Amount = parts.iter().map(|part| part.takes).sum();
    if sum != amount {
        let words = "It is not known where all of this money can go. Establish how it was paid, or which method is still usable, first.";
        return Err(Error::refused_because(Code::IllegalStep, words));
    }
    Ok(parts)
}

/// Books an approval: money, decision, clocks, event, letter. With the reason and the words of an override.
pub(super) fn pay(
    tx: &mut Tx,
    act: &Act,
    case: &Case,
    parts: &[Part],
    amount: Amount,
    (reason, words): (Option<&str>, &str),
) -> Result<Standing> {
    let decision = write(tx, act, case, "approve", amount, reason, words)?;
    let to_balance = parts
        .iter()
        .all(|part| part.payment.to == Destination::AccountBalance);
    for (number, part) in parts.iter().enumerate() {
        let key = format!(
            "{} decision {} part {number}",
            case.claim.number, decision.seq
        );
        move_money(tx, act, case, &decision, part, &key)?;
    }
    let payments: Vec<Payment> = parts.iter().map(|part| part.payment.clone()).collect();
    let state = step(
        case.claim,
        lifecycle::Verb::Approve,
        case.assessment.outcome,
    )?;
    rows::set_decided(tx, &case.claim.id, state.word(), amount.e8(), act.at, true)?;
    after_approval(tx, act, case, to_balance)?;
    end_order(tx, act, case)?;
    let sum = tell::money(case.claim, amount);
    let proposed = case
        .endorsed
        .as_ref()
        .map_or("", |_| ", as it was proposed");
    let happened = Happened::new(
        &case.seller.id,
        "claim_approved",
        format!("{} approved {sum}{}.", act.who.label(), proposed),
    )
    .on_ticket(&case.ticket.id)
    .on_claim(&case.claim.id)
    .on_order(case.claim.order_id.as_ref())
    .told(if to_balance {
        format!("{sum} was credited to your balance.")
    } else {
        format!("{sum} was approved.")
    })
    .with((decision.seq, amount, reason, &payments))?;
    record(tx, act, happened)?;
    clocks::follow(tx, act, &case.ticket.id)?;
    let standing = standing(tx, case)?;
    tell::approved(
        tx,
        act,
        case.seller,
        case.policy,
        case.facts,
        &standing,
        &payments,
        amount,
        to_balance,
        reason.map(|_| words),
    )?;
    Ok(standing)
}

/// What became of the order with its refund goes into its history: one that has not begun and was paid back in full is cancelled,
/// one that was stopped ends where it stood. Nobody delivers what was refunded.
fn end_order(tx: &mut Tx, act: &Act, case: &Case) -> Result<()> {
    let Some(id) = &case.claim.order_id else {
        return Ok(());
    };
    let order = orders::find(tx, id)?;
    let is_unfinished = matches!(
        order.status,
        Status::Pending | Status::Processing | Status::InProgress
    );
    let all_back = order.charge_e8.is_some() && order.refundable_e8() == 0;
    let (ended, source) = match case.facts.findings.stop {
        _ if order.status == Status::Pending && all_back => {
            let canceled = Progress {
                status: Status::Canceled,
                canceled_by: Some(CanceledBy::Customer),
                ..order.progress()
            };
            (canceled, "customer")
        }
        Some(Stop::Stopped) if is_unfinished => {
            let stopped = Progress {
                status: Status::Partial,
                ..order.progress()
            };
            (stopped, "desk")
        }
        _ => return Ok(()),
    };
    purchases::record_status(tx, act, id, &ended, source, act.at)?;
    if ended.status == Status::Canceled {
        panels::requests::cancel_too(tx, act, &order)?;
    }
    Ok(())
}

/// One part of a refund: back to the balance at once, or set aside for a payout.
fn move_money(
    tx: &mut Tx,
    act: &Act,
    case: &Case,
    decision: &Decision,
    part: &Part,
    key: &str,
) -> Result<()> {
    match (part.payment.to, &case.claim.order_id) {
        (Destination::AccountBalance, Some(order)) => {
            purchases::credit_order_refund(tx, act, order, part.takes.e8(), key)?;
        }
        (Destination::AccountBalance, None) => {
            return Err(Error::broken("a balance refund that stays on the balance"));
        }
        _ => {
            let wanted = payouts::New {
                claim: case.claim,
                decision: &decision.id,
                payment: &part.payment,
                amount_e8: part.takes.e8(),
                key,
            };
            payouts::request(tx, act, &wanted)?;
        }
    }
    Ok(())
}

/// Clocks and ticket after an approval: what goes to a balance is complete at once, what goes to a payment method has a clock until
/// it is sent.
fn after_approval(tx: &mut Tx, act: &Act, case: &Case, complete: bool) -> Result<()> {
    if complete {
        return close(tx, act, case);
    }
    let facts = gather::facts(tx, case.claim, act.at, Some(act.at))?;
    let shelf = super::shelf_of(tx, case.claim)?;
    let calendar = case.policy.calendar(&facts);
    let subject = clocks::Subject {
        ticket: case.ticket,
        claim: Some(&case.claim.id),
        policy: case.policy,
        calendar: &calendar,
    };
    let received_at = case.claim.received_at.utc();
    let promised = adjudicate(&shelf, &facts).deadlines;
    clocks::promise(tx, act, &subject, &promised, received_at, Some(act.at))
}

fn close(tx: &mut Tx, act: &Act, case: &Case) -> Result<()> {
    let ticket = crate::db::tickets::find(tx, &case.ticket.id)?;
    if ticket.state != turn::State::Closed.word() {
        tickets::step(tx, act, &ticket, turn::Verb::Close)?;
    }
    Ok(())
}

/// After a decision that pays nothing, which was recorded: the review is over, and what was promised about paying is void.
pub(super) fn finish(tx: &mut Tx, act: &Act, case: &Case) -> Result<()> {
    clocks::follow(tx, act, &case.ticket.id)?;
    close(tx, act, case)
}

#[allow(clippy::too_many_arguments)]
pub(super) fn write(
    tx: &mut Tx,
    act: &Act,
    case: &Case,
    verdict: &str,
    amount: Amount,
    reason: Option<&str>,
    words: &str,
) -> Result<Decision> {
    let assessed = keep(tx, act, case.claim, case.facts, case.assessment)?;
    tasks::drop_open(tx, act, case.claim)?;
    let decision = Decision {
        id: DecisionId::new(act.at),
        seller_id: case.seller.id.clone(),
        chain: 0,
        claim_id: case.claim.id.clone(),
        seq: 0,
        assessment_id: assessed.id,
        verdict: verdict.to_owned(),
        currency: case.claim.currency.clone(),
        computed_e8: case.assessment.amount.map(Amount::e8),
        amount_e8: amount.e8(),
        override_reason: reason.map(str::to_owned),
        words: crate::plain::block(words),
        decided_by: act.who.key().to_owned(),
        at: act.at.into(),
        prev_hash: String::new(),
        hash: String::new(),
    };
    let decision = rows::insert_decision(tx, decision)?;
    let carried_out = case.endorsed.as_ref();
    exceptions::after_decision(tx, act, case.claim, &decision, carried_out)?;
    Ok(decision)
}

pub(super) fn standing(tx: &mut Tx, case: &Case) -> Result<Standing> {
    Ok(Standing {
        claim: rows::find(tx, &case.claim.id)?,
        ticket: crate::db::tickets::find(tx, &case.ticket.id)?,
        assessment: case.assessment.clone(),
    })
}
