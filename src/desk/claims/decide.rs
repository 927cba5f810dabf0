//! The decision: approve what the rules computed, approve another amount with a reason, reject, or settle without money what has
//! been put right. The money, the clocks, the event and the letter are in the same transaction; the ceiling nobody can lift is a
//! condition of the update that moves the money, and a CHECK of the database behind it.

use chrono_tz::Tz;

use crate::act::{Act, Person, Who};
use crate::db::claims::{self as rows, Claim, Decision};
use crate::db::exceptions::Exception;
use crate::db::orders::{self, Progress};
use crate::db::sellers::{self, Seller};
use crate::db::tickets::Ticket;
use crate::db::{Conn, Tx};
use crate::desk::events::{Happened, record};
use crate::desk::{clocks, orders as purchases, panels, payouts, policies, tasks, tickets};
use crate::error::{Code, Error, Fields, Result};
use crate::ids::{ClaimId, DecisionId, ExceptionId};
use crate::rules::adjudicate::adjudicate;
use crate::rules::assessment::{Assessment, Destination, Outcome, Payment};
use crate::rules::facts::{CanceledBy, Facts, Status, Stop};
use crate::rules::granted::{self, Part};
use crate::rules::lifecycle::{claim as lifecycle, ticket as turn};
use crate::rules::money::Amount;
use crate::rules::policy::Policy;
use crate::rules::rights;

use super::{Standing, exceptions, gather, governing, keep, settle, step, tell};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Approve,
    Reject,
    /// Grant what somebody else proposed, or decline it.
    Endorse,
    Decline,
    /// Take one's own proposal back.
    Retract,
}

/// A person's decision, on the ticket as they had it before them.
#[derive(Debug, Clone)]
pub struct Decide {
    pub claim: ClaimId,
    /// The ticket's `seq` that the page showed.
    pub seen: i64,
    pub verdict: Verdict,
    /// None: the amount that the rules computed.
    pub amount_e8: Option<i64>,
    /// One of [`OVERRIDES`], where the decision is not the rules' own.
    pub reason: Option<String>,
    /// For the customer where it rejects; for the record where it overrides.
    pub words: String,
}

/// What became of it.
#[derive(Debug, Clone)]
pub enum Decided {
    Done(Box<Standing>),
    /// Nothing is granted yet: a second person decides.
    Proposed(Box<Exception>),
    /// A proposal was declined or taken back; the claim is open as before.
    Dropped,
    /// Time or facts had moved on: nothing was decided, and this is what the rules say now.
    Changed(Box<Standing>),
}

/// Why a decision may differ from what the rules computed: code and words.
pub const OVERRIDES: [(&str, &str); 5] = [
    ("goodwill", "Goodwill"),
    ("late_evidence", "Evidence came after the deadline"),
    ("our_error", "Our own error"),
    ("unclear_policy", "The policy is unclear here"),
    ("law", "The law asks for it"),
];

/// The shortest explanation of an override, in characters.
const SHORTEST: usize = 10;

pub fn decide(tx: &mut Tx, act: &Act, decide: &Decide) -> Result<Decided> {
    let person = act
        .person()
        .filter(|person| person.role.is_staff())
        .ok_or(Error::Forbidden)?
        .clone();
    let claim = rows::find(tx, &decide.claim)?;
    if claim.customer_id == person.id {
        return Err(Error::refused(Code::OwnClaim));
    }
    let ticket = tickets::lock(tx, act, &claim.ticket_id, Some(decide.seen))?;
    let claim = rows::bump_claim(tx, &claim.id, None)?.ok_or(Error::NotFound)?;
    if !claim.is_open() {
        return Err(Error::refused(Code::AlreadyDone));
    }
    if claim.appealed_at.is_some() {
        another_person(tx, &claim, &person)?;
    }
    let seller = sellers::find(tx, &claim.seller_id)?;
    let shelf = super::shelf_of(tx, &claim)?;
    let seen = super::assessed(tx, &claim.id)?;
    super::hold(tx, &seller.id, claim.order_id.as_ref())?;
    let facts = gather::facts(tx, &claim, act.at, None)?;
    let assessment = adjudicate(&shelf, &facts);
    if (seen.outcome, seen.amount, &seen.payments)
        != (assessment.outcome, assessment.amount, &assessment.payments)
    {
        let standing = settle(
            tx, act, &seller, &shelf, claim, ticket, facts, assessment, false,
        )?;
        return Ok(Decided::Changed(Box::new(standing)));
    }
    let policy = governing(&shelf, &assessment)?;
    let case = Case {
        seller: &seller,
        ticket: &ticket,
        claim: &claim,
        policy,
        facts: &facts,
        assessment: &assessment,
        endorsed: None,
    };
    match decide.verdict {
        Verdict::Reject => reject(tx, act, &case, decide).map(done),
        Verdict::Approve => approve(tx, act, &case, decide, &person),
        Verdict::Endorse => endorse(tx, act, case, &person).map(done),
        Verdict::Decline => {
            let row = exceptions::to_decide(tx, &case, &person)?;
            exceptions::decline(tx, act, &case, &row, &person, decide)?;
            Ok(Decided::Dropped)
        }
        Verdict::Retract => {
            exceptions::withdraw(tx, act, &claim, &person)?;
            Ok(Decided::Dropped)
        }
    }
}

fn done(standing: Standing) -> Decided {
    Decided::Done(Box::new(standing))
}

/// An appeal is decided by somebody other than the one who rejected the claim.
fn another_person(tx: &mut Tx, claim: &Claim, person: &Person) -> Result<()> {
    let rejected_by_them = rows::decisions(tx, &claim.id)?
        .iter()
        .any(|decision| decision.decided_by == person.id.as_str());
    if rejected_by_them {
        let words = "You decided this before, so somebody else decides the appeal. Assign it to a colleague.";
        return Err(Error::refused_because(Code::OwnClaim, words));
    }
    Ok(())
}

/// What a decision is about.
pub(super) struct Case<'a> {
    pub(super) seller: &'a Seller,
    ticket: &'a Ticket,
    pub(super) claim: &'a Claim,
    policy: &'a Policy,
    facts: &'a Facts,
    pub(super) assessment: &'a Assessment,
    /// The proposal that the decision carries out.
    endorsed: Option<ExceptionId>,
}

impl Case<'_> {
    /// The zone in which the seller's days are counted.
    fn zone(&self) -> Tz {
        self.seller.own_zone().unwrap_or(self.policy.time_zone)
    }
}

/// Decides as the policy itself, where its text says "automatically" and the case is clean.
pub(super) fn automatically(
    tx: &mut Tx,
    act: &Act,
    claim: Claim,
    facts: Facts,
    assessment: &Assessment,
) -> Result<Standing> {
    debug_assert_eq!(act.who, Who::Policy);
    let amount = assessment
        .amount
        .ok_or_else(|| Error::broken("an automatic refund without an amount"))?;
    let seller = sellers::find(tx, &claim.seller_id)?;
    let ticket = crate::db::tickets::find(tx, &claim.ticket_id)?;
    let shelf = policies::shelf(tx, &seller.policy)?;
    let policy = governing(&shelf, assessment)?;
    let case = Case {
        seller: &seller,
        ticket: &ticket,
        claim: &claim,
        policy,
        facts: &facts,
        assessment,
        endorsed: None,
    };
    let parts = plan(&case, amount)?;
    pay(tx, act, &case, &parts, amount, (None, ""))
}

/// The most that can still be refunded here, whatever anyone decides: paid less refunded less disputed (I13); for a balance,
/// what the policy pays of it, since the rest stays spendable.
pub fn ceiling(conn: &mut Conn, claim: &Claim, assessment: &Assessment) -> Result<Option<Amount>> {
    let Some(id) = &claim.order_id else {
        return Ok(assessment.amount);
    };
    let order = orders::find(conn, id)?;
    Ok(order
        .charge_e8
        .map(|charge| Amount::from_e8(charge - order.refunded_e8 - order.disputed_e8)))
}

fn approve(
    tx: &mut Tx,
    act: &Act,
    case: &Case,
    decide: &Decide,
    person: &Person,
) -> Result<Decided> {
    let assessment = case.assessment;
    if assessment.outcome == Outcome::OnHold {
        return Err(Error::refused(Code::OnHold));
    }
    tasks::ready(tx, &case.claim.id)?;
    if assessment.outcome == Outcome::Remedied && decide.amount_e8.is_none_or(|e8| e8 == 0) {
        return remedied(tx, act, case, decide).map(done);
    }
    let computed = assessment.amount;
    let amount = decide.amount_e8.map(Amount::from_e8).or(computed);
    let amount = amount.ok_or_else(|| {
        Error::invalid("amount", "Enter an amount: the rules could not compute one")
    })?;
    if !amount.is_positive() {
        return Err(Error::refused_because(
            Code::NothingToPay,
            "There is nothing to pay. Reject the request instead.",
        ));
    }
    let most = ceiling(tx, case.claim, assessment)?;
    if most.is_none_or(|most| amount > most) {
        return Err(over(case.claim, most));
    }
    let recommended = matches!(assessment.outcome, Outcome::Eligible | Outcome::NeedsReview);
    let reason = overriding(decide, Some(amount) != computed || !recommended)?;
    let parts = plan(case, amount)?;
    let standing = rights::Standing {
        own: false,
        proposed: false,
        granted_e8: amount.e8(),
        computed_e8: computed.filter(|_| recommended).map_or(0, Amount::e8),
    };
    let said = (reason.as_deref(), decide.words.as_str());
    match rights::deciding(person.role, standing, limits(case.seller, case.claim)) {
        rights::Ruling::Alone => pay(tx, act, case, &parts, amount, said).map(done),
        rights::Ruling::WithSecond => {
            let assessed = keep(tx, act, case.claim, case.facts, case.assessment)?;
            let row = exceptions::propose(tx, act, case, person, assessed.id, amount, said)?;
            Ok(Decided::Proposed(Box::new(row)))
        }
        rights::Ruling::Never(_) => Err(Error::Forbidden),
    }
}

/// Grants what somebody else proposed.
fn endorse(tx: &mut Tx, act: &Act, mut case: Case, person: &Person) -> Result<Standing> {
    if case.assessment.outcome == Outcome::OnHold {
        return Err(Error::refused(Code::OnHold));
    }
    let row = exceptions::to_decide(tx, &case, person)?;
    let amount = Amount::from_e8(row.amount_e8);
    let most = ceiling(tx, case.claim, case.assessment)?;
    if most.is_none_or(|most| amount > most) {
        return Err(over(case.claim, most));
    }
    let parts = plan(&case, amount)?;
    case.endorsed = Some(row.id.clone());
    let said = (row.override_reason.as_deref(), row.words.as_str());
    pay(tx, act, &case, &parts, amount, said)
}

/// What may be granted alone on a claim. Limits are amounts of the seller's currency and say nothing of another one.
pub fn limits(seller: &Seller, claim: &Claim) -> rights::Limits {
    if claim.currency == seller.currency {
        rights::Limits {
            agent_e8: seller.agent_limit_e8,
            lead_e8: seller.lead_limit_e8,
        }
    } else {
        rights::Limits::ABROAD
    }
}

fn over(claim: &Claim, most: Option<Amount>) -> Error {
    let most = most.map_or_else(|| "not known".to_owned(), |most| tell::money(claim, most));
    Error::refused_because(
        Code::OverCeiling,
        format!("That is more than can still be refunded here. At most: {most}."),
    )
}

/// The reason of a decision that is not the rules' own; nothing where it is.
fn overriding(decide: &Decide, differs: bool) -> Result<Option<String>> {
    if !differs {
        return Ok(None);
    }
    let mut fields = Fields::new();
    let known = decide
        .reason
        .as_deref()
        .filter(|code| OVERRIDES.iter().any(|(known, _)| known == code));
    if known.is_none() {
        fields.add(
            "reason",
            "Choose why this differs from what the policy computes",
        );
    }
    if decide.words.trim().chars().count() < SHORTEST {
        fields.add(
            "words",
            format!("Explain the difference in {SHORTEST} characters or more"),
        );
    }
    fields.done()?;
    Ok(known.map(str::to_owned))
}

/// How `amount` is paid, and what each payment takes.
fn plan(case: &Case, amount: Amount) -> Result<Vec<Part>> {
    let parts = granted::parts(case.policy, case.facts, amount);
    let sum: Amount = parts.iter().map(|part| part.takes).sum();
    if sum != amount {
        let words = "It is not known where all of this money can go. Establish how it was paid, or which method is still usable, first.";
        return Err(Error::refused_because(Code::IllegalStep, words));
    }
    Ok(parts)
}

/// Books an approval: money, decision, clocks, event, letter. With the reason and the words of an override.
fn pay(
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

/// Clocks and ticket after an approval: the decision is also a response; what goes to a balance is complete at once, what goes to
/// a payment method has a clock until it is sent.
fn after_approval(tx: &mut Tx, act: &Act, case: &Case, complete: bool) -> Result<()> {
    clocks::resume(tx, &case.ticket.id, case.zone(), act.at)?;
    clocks::stop(tx, &case.ticket.id, &["first_response", "decision"], act.at)?;
    // Money instead of a repair: the promise of one was not kept, and is owed no longer.
    clocks::void(tx, &case.ticket.id, &["cure"], act.at)?;
    if complete {
        clocks::stop(tx, &case.ticket.id, &["completion", "bank_credit"], act.at)?;
        return close(tx, act, case);
    }
    let facts = gather::facts(tx, case.claim, act.at, Some(act.at))?;
    let shelf = super::shelf_of(tx, case.claim)?;
    let calendar = case.policy.calendar(&facts);
    let subject = clocks::Subject {
        seller: &case.seller.id,
        ticket: &case.ticket.id,
        claim: Some(&case.claim.id),
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

fn reject(tx: &mut Tx, act: &Act, case: &Case, decide: &Decide) -> Result<Standing> {
    let differs = matches!(case.assessment.outcome, Outcome::Eligible);
    let reason = overriding(decide, differs)?;
    if decide.words.trim().chars().count() < SHORTEST {
        return Err(Error::invalid(
            "words",
            format!("Tell the customer why, in {SHORTEST} characters or more"),
        ));
    }
    let state = step(case.claim, lifecycle::Verb::Reject, case.assessment.outcome)?;
    write(
        tx,
        act,
        case,
        "reject",
        Amount::ZERO,
        reason.as_deref(),
        &decide.words,
    )?;
    rows::set_decided(tx, &case.claim.id, state.word(), 0, act.at, false)?;
    finish(tx, act, case)?;
    let happened = Happened::new(
        &case.seller.id,
        "claim_rejected",
        format!("{} rejected this.", act.who.label()),
    )
    .on_ticket(&case.ticket.id)
    .on_claim(&case.claim.id)
    .on_order(case.claim.order_id.as_ref())
    .told("Your request was turned down. You can appeal once.");
    record(tx, act, happened)?;
    let standing = standing(tx, case)?;
    tell::rejected(tx, act, case.seller, case.policy, &standing, &decide.words)?;
    Ok(standing)
}

/// Put right without money: refilled, fixed, sent again, or replaced as the customer chose.
fn remedied(tx: &mut Tx, act: &Act, case: &Case, decide: &Decide) -> Result<Standing> {
    let state = step(case.claim, lifecycle::Verb::Remedy, case.assessment.outcome)?;
    write(tx, act, case, "approve", Amount::ZERO, None, &decide.words)?;
    rows::set_decided(tx, &case.claim.id, state.word(), 0, act.at, false)?;
    finish(tx, act, case)?;
    let happened = Happened::new(
        &case.seller.id,
        "claim_remedied",
        format!("{} closed this as put right.", act.who.label()),
    )
    .on_ticket(&case.ticket.id)
    .on_claim(&case.claim.id)
    .on_order(case.claim.order_id.as_ref())
    .told("This was put right without a refund.");
    record(tx, act, happened)?;
    let standing = standing(tx, case)?;
    tell::remedied(tx, act, case.seller, case.policy, &standing)?;
    Ok(standing)
}

/// A decision that pays nothing: the review is over, and what was promised about paying is void.
fn finish(tx: &mut Tx, act: &Act, case: &Case) -> Result<()> {
    clocks::resume(tx, &case.ticket.id, case.zone(), act.at)?;
    clocks::stop(tx, &case.ticket.id, &["first_response", "decision"], act.at)?;
    // A repair that was made has ended its own promise.
    clocks::void(
        tx,
        &case.ticket.id,
        &["cure", "completion", "payout", "bank_credit"],
        act.at,
    )?;
    close(tx, act, case)
}

#[allow(clippy::too_many_arguments)]
fn write(
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

fn standing(tx: &mut Tx, case: &Case) -> Result<Standing> {
    Ok(Standing {
        claim: rows::find(tx, &case.claim.id)?,
        ticket: crate::db::tickets::find(tx, &case.ticket.id)?,
        assessment: case.assessment.clone(),
    })
}
