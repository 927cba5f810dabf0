//! Everything that moves an open claim without deciding it: the agent asks or establishes a fact, the customer supplies what was
//! missing, withdraws, or appeals a rejection.

use serde_json::Value;

use super::{Standing, claim_state, exceptions, reassess, step, tell};
use crate::act::Act;
use crate::db::Tx;
use crate::db::claims::{self as rows, Claim, Evidence, Fact};
use crate::db::sellers;
use crate::desk::events::{Happened, record};
use crate::desk::{clocks, files, tasks, tickets};
use crate::error::{Code, Error, Result};
use crate::ids::{ClaimId, FactId, FileId, PersonId, fresh};
use crate::rules::assessment::Outcome;
use crate::rules::lifecycle::{claim as lifecycle, ticket as turn};
use crate::rules::matters;

/// Asks the customer: a message, a letter, and the customer's turn. The review's clock keeps what is left.
pub fn ask(tx: &mut Tx, act: &Act, id: &ClaimId, seen: i64, words: &str) -> Result<Claim> {
    if words.trim().is_empty() {
        return Err(Error::invalid("words", "Write what you need to know"));
    }
    let claim = open_claim(tx, act, id, Some(seen))?;
    not_own(act, &claim)?;
    let assessment = super::assessed(tx, id)?;
    let state = step(&claim, lifecycle::Verb::Ask, assessment.outcome)?;
    let ticket = crate::db::tickets::find(tx, &claim.ticket_id)?;
    rows::set_state(tx, id, state.word())?;
    tickets::step(tx, act, &ticket, turn::Verb::Ask)?;
    tickets::say(tx, act, &ticket, "staff", words)?;
    let happened = Happened::new(
        &claim.seller_id,
        "claim_asked",
        format!("{} asked the customer.", act.who.label()),
    )
    .on_ticket(&ticket.id)
    .on_claim(id)
    .told("We asked you something.");
    let event = record(tx, act, happened)?;
    clocks::follow(tx, act, &ticket.id)?;
    let seller = sellers::find(tx, &claim.seller_id)?;
    tell::asked(tx, act, &seller, &ticket, &claim, words, event.id.as_str())?;
    Ok(rows::find(tx, id)?)
}

/// Records a fact that a member of staff established: a dotted path of the claim document and its value. The rules assess the
/// claim again at once.
///
/// # Errors
/// `Invalid` on the fact's own name where the value does not read.
pub fn establish(
    tx: &mut Tx,
    act: &Act,
    id: &ClaimId,
    seen: i64,
    facts: &[(String, Value)],
    source: &str,
) -> Result<Option<Standing>> {
    keep_facts(tx, act, id, Some(seen), facts, source)
}

/// The same for what comes in by itself: what a provider answered.
pub fn learn(
    tx: &mut Tx,
    act: &Act,
    id: &ClaimId,
    facts: &[(String, Value)],
    source: &str,
) -> Result<Option<Standing>> {
    keep_facts(tx, act, id, None, facts, source)
}

/// Assesses an open claim again after work on it that is no fact of the rules.
pub(in crate::desk) fn touch(
    tx: &mut Tx,
    act: &Act,
    id: &ClaimId,
    seen: i64,
) -> Result<Option<Standing>> {
    let claim = open_claim(tx, act, id, Some(seen))?;
    not_own(act, &claim)?;
    reassess(tx, act, id)
}

fn keep_facts(
    tx: &mut Tx,
    act: &Act,
    id: &ClaimId,
    seen: Option<i64>,
    facts: &[(String, Value)],
    source: &str,
) -> Result<Option<Standing>> {
    let claim = open_claim(tx, act, id, seen)?;
    not_own(act, &claim)?;
    if facts.is_empty() {
        return Err(Error::invalid("facts", "Choose what you found out"));
    }
    super::gather::facts_on(tx, &claim, facts, act.at, None)?;
    for (name, value) in facts {
        let fact = Fact {
            id: FactId::new(act.at),
            claim_id: id.clone(),
            seq: 0,
            name: name.clone(),
            value_json: value.to_string(),
            source: source.to_owned(),
            who: act.who.key().to_owned(),
            at: act.at.into(),
        };
        rows::insert_fact(tx, fact)?;
        let words = format!("{} found out: {}", act.who.label(), told(name, value));
        let happened = Happened::new(&claim.seller_id, "fact_established", words)
            .on_ticket(&claim.ticket_id)
            .on_claim(id);
        record(tx, act, happened.with((name, value, source))?)?;
    }
    reassess(tx, act, id)
}

/// "Could the order be stopped? Yes, it stopped."
pub fn told(name: &str, value: &Value) -> String {
    match matters::Fact::at(name) {
        Some(fact) => format!(
            "{} {}.",
            fact.question,
            fact.words(value).unwrap_or_else(|| shown(value))
        ),
        None => format!("{name} is {}.", shown(value)),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.replace('_', " "),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Null => "not known".to_owned(),
        other => other.to_string(),
    }
}

/// What a customer hands in afterwards: a reason, a choice, evidence of a kind with its file. The claim keeps its instant.
#[derive(Debug, Clone, Default)]
pub struct Supply {
    pub words: String,
    pub remedy_choice: Option<String>,
    pub evidence: Vec<(String, Option<FileId>)>,
}

pub fn supply(tx: &mut Tx, act: &Act, id: &ClaimId, supply: &Supply) -> Result<Option<Standing>> {
    let claim = open_claim(tx, act, id, None)?;
    own(act, &claim)?;
    let ticket = crate::db::tickets::find(tx, &claim.ticket_id)?;
    if supply.words.trim().is_empty()
        && supply.evidence.is_empty()
        && supply.remedy_choice.is_none()
    {
        return Err(Error::invalid("words", "Write an answer or add a file"));
    }
    let words = if supply.words.trim().is_empty() {
        "(files)"
    } else {
        supply.words.as_str()
    };
    let message = tickets::say(tx, act, &ticket, "customer", words)?;
    let attached: Vec<FileId> = supply
        .evidence
        .iter()
        .filter_map(|(_, file)| file.clone())
        .collect();
    files::attach(tx, act, &ticket.id, &message.id, &attached)?;
    for (kind, file) in &supply.evidence {
        let row = Evidence {
            id: fresh(act.at),
            claim_id: id.clone(),
            kind: kind.clone(),
            file_id: file.clone(),
            who: act.who.key().to_owned(),
            received_at: act.at.into(),
        };
        rows::insert_evidence(tx, &row)?;
    }
    if let Some(choice) = &supply.remedy_choice {
        rows::set_choice(tx, id, choice)?;
    }
    if claim.reason.trim().is_empty() && !supply.words.trim().is_empty() {
        let fact = Fact {
            id: FactId::new(act.at),
            claim_id: id.clone(),
            seq: 0,
            name: "reason".to_owned(),
            value_json: Value::String(crate::plain::block(&supply.words)).to_string(),
            source: "customer".to_owned(),
            who: act.who.key().to_owned(),
            at: act.at.into(),
        };
        rows::insert_fact(tx, fact)?;
    }
    let happened = Happened::new(
        &claim.seller_id,
        "claim_supplied",
        format!("{} sent what was asked for.", act.who.label()),
    )
    .on_ticket(&ticket.id)
    .on_claim(id)
    .told("You answered.");
    record(tx, act, happened)?;
    if claim_state(&claim)? == lifecycle::State::NeedsEvidence {
        rows::set_state(tx, id, lifecycle::State::InReview.word())?;
        tickets::step(tx, act, &ticket, turn::Verb::CustomerWrites)?;
    }
    reassess(tx, act, id)
}

/// The customer takes an open claim back.
pub fn withdraw(tx: &mut Tx, act: &Act, id: &ClaimId) -> Result<Claim> {
    let claim = open_claim(tx, act, id, None)?;
    own(act, &claim)?;
    let state = step(&claim, lifecycle::Verb::Withdraw, Outcome::NeedsReview)?;
    rows::set_state(tx, id, state.word())?;
    exceptions::after_end(tx, act, &claim)?;
    tasks::drop_open(tx, act, &claim)?;
    let ticket = crate::db::tickets::find(tx, &claim.ticket_id)?;
    tickets::step(tx, act, &ticket, turn::Verb::Close)?;
    let happened = Happened::new(
        &claim.seller_id,
        "claim_withdrawn",
        format!("{} withdrew this.", act.who.label()),
    )
    .on_ticket(&ticket.id)
    .on_claim(id)
    .on_order(claim.order_id.as_ref())
    .told("You withdrew this request.");
    record(tx, act, happened)?;
    clocks::follow(tx, act, &ticket.id)?;
    let seller = sellers::find(tx, &claim.seller_id)?;
    tell::withdrawn(tx, act, &seller, &ticket, &claim)?;
    Ok(rows::find(tx, id)?)
}

/// A rejected claim is looked at once more, by somebody other than the one who rejected it, with the customer's words as they may
/// add them.
///
/// # Errors
/// `Refused(AlreadyDone)` for a second appeal, `Refused(AlreadyOpen)` while a newer request asks for the same.
pub fn appeal(tx: &mut Tx, act: &Act, id: &ClaimId, words: &str) -> Result<Option<Standing>> {
    let claim = rows::find(tx, id)?;
    own(act, &claim)?;
    let ticket = tickets::lock(tx, act, &claim.ticket_id, None)?;
    let claim = rows::bump_claim(tx, id, None)?.ok_or(Error::NotFound)?;
    if claim.appealed_at.is_some() {
        return Err(Error::refused_because(
            Code::AlreadyDone,
            "A request can be appealed once, and this one was.",
        ));
    }
    if let Some(newer) = rows::open_on(tx, &claim.subject, &claim.ground)? {
        let words = format!(
            "You asked for the same again in {}, and it is open: write there what we got wrong, or withdraw it and appeal here.",
            newer.number
        );
        return Err(Error::refused_because(Code::AlreadyOpen, words));
    }
    if words.trim().is_empty() {
        return Err(Error::invalid(
            "words",
            "Say why the decision should be looked at again",
        ));
    }
    let assessment = super::assessed(tx, id)?;
    let state = step(&claim, lifecycle::Verb::Appeal, assessment.outcome)?;
    rows::set_appealed(tx, id, state.word(), act.at)?;
    if ticket.state == turn::State::Closed.word() {
        tickets::step(tx, act, &ticket, turn::Verb::Reopen)?;
    }
    if rejected_by(tx, &claim, ticket.assignee_id.as_ref())? {
        crate::db::tickets::set_assignee(tx, &ticket.id, None)?;
        let words = "Given back to everyone: somebody else decides an appeal.";
        let given = Happened::new(&claim.seller_id, "ticket_assigned", words);
        let to: Option<&PersonId> = None;
        record(tx, act, given.on_ticket(&ticket.id).with((to,))?)?;
    }
    tickets::say(tx, act, &ticket, "customer", words)?;
    let happened = Happened::new(
        &claim.seller_id,
        "claim_appealed",
        format!("{} appealed.", act.who.label()),
    )
    .on_ticket(&ticket.id)
    .on_claim(id)
    .on_order(claim.order_id.as_ref())
    .told("You appealed. Somebody else will decide.");
    record(tx, act, happened)?;
    let seller = sellers::find(tx, &claim.seller_id)?;
    tell::appealed(tx, act, &seller, &ticket, &claim)?;
    reassess(tx, act, id)
}

/// Whether the one who has the ticket turned the claim down: somebody else takes it then.
fn rejected_by(tx: &mut Tx, claim: &Claim, who: Option<&PersonId>) -> Result<bool> {
    let Some(who) = who else {
        return Ok(false);
    };
    let decisions = rows::decisions(tx, &claim.id)?;
    Ok(decisions
        .iter()
        .any(|decision| decision.decided_by == who.as_str()))
}

/// Locks the ticket and the claim, which must be open.
fn open_claim(tx: &mut Tx, act: &Act, id: &ClaimId, seen: Option<i64>) -> Result<Claim> {
    let claim = rows::find(tx, id)?;
    tickets::lock(tx, act, &claim.ticket_id, seen)?;
    let claim = rows::bump_claim(tx, id, None)?.ok_or(Error::NotFound)?;
    if claim.is_open() {
        Ok(claim)
    } else {
        Err(Error::refused(Code::IllegalStep))
    }
}

/// Nobody works on a claim of their own.
fn not_own(act: &Act, claim: &Claim) -> Result<()> {
    match own(act, claim) {
        Ok(()) => Err(Error::refused(Code::OwnClaim)),
        Err(_) => Ok(()),
    }
}

fn own(act: &Act, claim: &Claim) -> Result<()> {
    let own = act
        .person()
        .is_some_and(|person| person.id == claim.customer_id);
    if own { Ok(()) } else { Err(Error::NotFound) }
}
