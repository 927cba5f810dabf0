//! The decision: approve what the rules computed, approve another amount with a reason, reject, or settle without money what has
//! been put right. The money, the clocks, the event and the letter are in the same transaction; the ceiling nobody can lift is a
//! condition of the update that moves the money, and a CHECK of the database behind it.

use crate::act::{Act, Person, Who};
use crate::db::claims::{self as rows, Claim};
use crate::db::exceptions::Exception;
use crate::db::orders;
use crate::db::sellers::{self, Seller};
use crate::db::{Conn, Tx};
use crate::desk::events::{Happened, record};
use crate::desk::{policies, tasks, tickets};
use crate::error::{Code, Error, Fields, Result};
use crate::ids::ClaimId;
use crate::rules::adjudicate::adjudicate;
use crate::rules::assessment::{Assessment, Outcome};
use crate::rules::facts::Facts;
use crate::rules::lifecycle::claim as lifecycle;
use crate::rules::money::Amount;
use crate::rules::rights;

use super::book::{Case, finish, pay, plan, standing, write};
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
    finish(tx, act, case)?;
    let standing = standing(tx, case)?;
    tell::rejected(tx, act, case.seller, case.policy, &standing, &decide.words)?;
    Ok(standing)
}

/// Put right without money: refilled, fixed, sent again, or replaced as the customer chose.
fn remedied(tx: &mut Tx, act: &Act, case: &Case, decide: &Decide) -> Result<Standing> {
    let state = step(case.claim, lifecycle::Verb::Remedy, case.assessment.outcome)?;
    write(tx, act, case, "approve", Amount::ZERO, None, &decide.words)?;
    rows::set_decided(tx, &case.claim.id, state.word(), 0, act.at, false)?;
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
    finish(tx, act, case)?;
    let standing = standing(tx, case)?;
    tell::remedied(tx, act, case.seller, case.policy, &standing)?;
    Ok(standing)
}
