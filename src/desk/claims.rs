//! What Redress is for. A claim is filed, facts are established, the rules assess it, a person (or the policy, where its text says
//! "automatically") decides, and the money, the clocks, the event and the letter are one transaction with the decision.
//!
//! `file` and `reassess` are here; `gather` collects the facts, `decide` moves the money, `tell` writes the letters. Every verb
//! locks the ticket first, so two people never act on different pictures of the same claim.

mod ask;
mod book;
mod cancel;
mod decide;
mod exceptions;
mod gather;
mod replay;
mod result;
mod settle;
pub mod tell;

pub(in crate::desk) use ask::touch;
pub use ask::{Supply, appeal, ask, establish, learn, supply, told as fact_told, withdraw};
pub use cancel::{Prospect, Prospects, cancel, prospects};
pub use decide::{Decide, Decided, OVERRIDES, Verdict, ceiling, decide, limits};
pub use exceptions::ruling;
pub use gather::{facts, facts_on};
pub use replay::{Replayed, difference, replay};
pub use result::credit_result;
pub(super) use settle::stop_payout;
pub use settle::{fail_payout, repeat_payout, return_payout, settle_payout};
pub use tell::{asked_for, money};

use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::events::{Happened, record};
use super::tickets::{self, Opening};
use super::{clocks, ledger, policies, tasks};
use crate::act::{Act, Door, Who};
use crate::db::claims::{self as rows, Claim, Evidence};
use crate::db::orders::{self, Order};
use crate::db::policies as versions;
use crate::db::sellers::{self, Seller};
use crate::db::tickets::Ticket;
use crate::db::{Conn, Tx, already, bump_counter, files};
use crate::error::{Code, Error, Result};
use crate::ids::{
    AssessmentId, ClaimId, DraftId, FileId, OrderId, PersonId, PolicyId, SellerId, fresh,
};
use crate::rules::adjudicate::adjudicate;
use crate::rules::assessment::{Assessment, Outcome, Reference};
use crate::rules::calendar::local_day;
use crate::rules::facts::{Channel, Facts};
use crate::rules::lifecycle::{claim as lifecycle, ticket as turn};
use crate::rules::policy::{Policy, Shelf};

/// What a customer asks for.
#[derive(Debug, Clone)]
pub struct New {
    pub seller: SellerId,
    pub customer: PersonId,
    /// None: the balance.
    pub order: Option<OrderId>,
    pub ground: String,
    pub reason: String,
    pub requested_e8: Option<i64>,
    pub remedy_choice: Option<String>,
    /// What is handed in, by kind; with the file where there is one.
    pub evidence: Vec<(String, Option<FileId>)>,
    pub draft: Option<DraftId>,
}

/// A claim as it now stands, with what the rules say of it.
#[derive(Debug, Clone)]
pub struct Standing {
    pub claim: Claim,
    pub ticket: Ticket,
    pub assessment: Assessment,
}

/// Files a claim: assesses it in the same transaction, tells the customer at once what is missing, pays at once where the policy
/// says "automatically" and the case is clean, and starts the clocks of everything else.
///
/// # Errors
/// `NotFound` for an order that is not the customer's, `Invalid` for a ground the policy does not know,
/// `Refused(AlreadyOpen)` while the same request is open.
pub fn file(tx: &mut Tx, act: &Act, new: &New) -> Result<Standing> {
    file_since(tx, act, new, act.at, None)
}

/// The same for what came in earlier than it could be understood: it counts from then (I3). Where a conversation has it already the
/// claim is filed on that one, and says nothing twice.
pub(in crate::desk) fn file_since(
    tx: &mut Tx,
    act: &Act,
    new: &New,
    received_at: DateTime<Utc>,
    on: Option<&Ticket>,
) -> Result<Standing> {
    let seller = sellers::find(tx, &new.seller)?;
    let order = match &new.order {
        Some(id) => Some(orders::for_customer_by_id(tx, &new.customer, id)?),
        None => None,
    };
    let shelf = policies::shelf(tx, &seller.policy)?;
    let zone = policies::zone(tx, &seller, act.at)?;
    let mut claim = unfiled(act, new, (&seller, zone), order.as_ref());
    claim.received_at = received_at.into();
    claim.received_on = local_day(received_at, zone);
    if let Some(open) = rows::open_on(tx, &claim.subject, &claim.ground)? {
        let words = format!("A request on this is open already: {}.", open.number);
        return Err(Error::refused_because(Code::AlreadyOpen, words));
    }
    let order = hold(tx, &seller.id, order.map(|order| order.id).as_ref())?;
    claim.number = format!("C-{}", bump_counter(tx, "claim")?);
    let given = given(act, &claim.id, &new.evidence);
    let facts = gather::facts_with(
        tx,
        &claim,
        &seller,
        order.as_ref(),
        &given,
        &[],
        act.at,
        None,
    )?;
    let policy = known_ground(&shelf, &facts, &new.ground, order.is_some())?;
    let assessment = adjudicate(&shelf, &facts);
    let title = order.as_ref().map_or_else(
        || seller.name.clone(),
        |order| format!("{} ({})", order.title, order.number),
    );
    let subject = format!(
        "{}: {title}",
        policy
            .ground(&new.ground)
            .map_or("Request", |ground| ground.title.as_str())
    );
    let opening = Opening {
        seller: &seller.id,
        customer: &new.customer,
        subject: &subject,
        body: &new.reason,
    };
    let ticket = match on {
        Some(ticket) => tickets::lock(tx, act, &ticket.id, None)?,
        None => tickets::begin(tx, act, &opening, received_at)?,
    };
    claim.ticket_id = ticket.id.clone();
    claim.policy_id = pinned(tx, &assessment.policy)?;
    let inserted = rows::insert_claim(tx, &claim);
    if already(&inserted) {
        return Err(Error::refused(Code::AlreadyOpen));
    }
    inserted?;
    for row in &given {
        rows::insert_evidence(tx, row)?;
    }
    if let Some(draft) = &new.draft {
        if !rows::mark_filed(tx, draft, &claim.id)? {
            return Err(Error::refused(Code::AlreadyDone));
        }
        files::set_claim(tx, draft, &ticket.id, &claim.id)?;
    }
    let handed_in: Vec<FileId> = match new.draft {
        // The draft has brought its files along.
        Some(_) => Vec::new(),
        None => given.iter().filter_map(|row| row.file_id.clone()).collect(),
    };
    let words = match new.reason.trim() {
        "" if !handed_in.is_empty() => "(files)",
        reason => reason,
    };
    // What the policy asks for by itself is nobody's message.
    let by_policy = act.who == Who::Policy;
    if !words.is_empty() && !by_policy && on.is_none() {
        let message = tickets::say(tx, act, &ticket, "customer", words)?;
        super::files::attach(tx, act, &ticket.id, &message.id, &handed_in)?;
    }
    let told = match by_policy {
        true => format!(
            "{} This was opened for you ({}).",
            claim.reason, claim.number
        ),
        false => format!("You sent this request ({}).", claim.number),
    };
    let happened = Happened::new(
        &seller.id,
        "claim_filed",
        format!("{} asked: {subject}", act.who.label()),
    )
    .on_ticket(&ticket.id)
    .on_claim(&claim.id)
    .on_order(claim.order_id.as_ref())
    .told(told);
    record(tx, act, happened)?;
    settle(
        tx, act, &seller, &shelf, claim, ticket, facts, assessment, true,
    )
}

/// Takes the seller's books and the order until the transaction ends. Whoever judges begins with it, so that what was judged is what
/// is paid: two claims on one order would otherwise both be granted the same share.
fn hold(tx: &mut Tx, seller: &SellerId, order: Option<&OrderId>) -> Result<Option<Order>> {
    ledger::lock(tx, seller)?;
    Ok(order.map(|id| orders::bump_order(tx, id)).transpose()?)
}

/// Assesses an open claim again, after a fact, a piece of evidence or an order's new state; what changed is told to whom it
/// concerns. A claim that is no longer open stays as it was decided.
pub fn reassess(tx: &mut Tx, act: &Act, id: &ClaimId) -> Result<Option<Standing>> {
    let Some(claim) = rows::bump_claim(tx, id, None)? else {
        return Err(Error::NotFound);
    };
    if !claim.is_open() {
        return Ok(None);
    }
    let ticket = tickets::lock(tx, act, &claim.ticket_id, None)?;
    let seller = sellers::find(tx, &claim.seller_id)?;
    let shelf = shelf_of(tx, &claim)?;
    hold(tx, &seller.id, claim.order_id.as_ref())?;
    let facts = gather::facts(tx, &claim, act.at, None)?;
    let assessment = adjudicate(&shelf, &facts);
    settle(
        tx, act, &seller, &shelf, claim, ticket, facts, assessment, false,
    )
    .map(Some)
}

/// Assesses the open claims on an order again, after its status or its remains changed.
pub fn follow_order(tx: &mut Tx, act: &Act, order: &OrderId) -> Result<()> {
    for claim in rows::of_order(tx, order)?
        .into_iter()
        .filter(Claim::is_open)
    {
        reassess(tx, act, &claim.id)?;
    }
    Ok(())
}

/// Stores the assessment and lets everything that hangs on it follow: state, clocks, letter, and the automatic decision.
#[allow(clippy::too_many_arguments)]
fn settle(
    tx: &mut Tx,
    act: &Act,
    seller: &Seller,
    shelf: &Shelf,
    claim: Claim,
    ticket: Ticket,
    facts: Facts,
    assessment: Assessment,
    first: bool,
) -> Result<Standing> {
    keep(tx, act, &claim, &facts, &assessment)?;
    exceptions::after_assessment(tx, act, &claim, &assessment)?;
    let before = claim_state(&claim)?;
    let mut after = step(&claim, lifecycle::Verb::Assess, assessment.outcome)?;
    if before == lifecycle::State::NeedsEvidence && awaits_answer(tx, act, &ticket)? {
        after = match after {
            lifecycle::State::OnHold => after,
            _ => before,
        };
    }
    rows::set_state(tx, &claim.id, after.word())?;
    follow(tx, act, &ticket, before, after)?;
    let policy = governing(shelf, &assessment)?;
    let calendar = policy.calendar(&facts);
    let subject = clocks::Subject {
        ticket: &ticket,
        claim: Some(&claim.id),
        policy,
        calendar: &calendar,
    };
    clocks::promise(
        tx,
        act,
        &subject,
        &assessment.deadlines,
        claim.received_at.utc(),
        None,
    )?;
    take_turns(tx, act, &claim, before, after)?;
    clocks::follow(tx, act, &ticket.id)?;
    let claim = rows::find(tx, &claim.id)?;
    tasks::follow(tx, act, policy, &claim, &facts, &assessment)?;
    if pays_at_once(&facts, &assessment) {
        let policy_act = Act {
            who: Who::Policy,
            ..act.clone()
        };
        return decide::automatically(tx, &policy_act, claim, facts, &assessment);
    }
    let ticket = crate::db::tickets::find(tx, &ticket.id)?;
    let standing = Standing {
        claim,
        ticket,
        assessment,
    };
    if first {
        tell::received(tx, act, seller, &standing)?;
    } else if before != after && after == lifecycle::State::NeedsEvidence {
        tell::missing(tx, act, seller, &standing)?;
    }
    Ok(standing)
}

/// Notes when the review begins to wait for the customer, and when it goes on: the clocks stand still between the two.
fn take_turns(
    tx: &mut Tx,
    act: &Act,
    claim: &Claim,
    before: lifecycle::State,
    after: lifecycle::State,
) -> Result<()> {
    let waited = crate::db::events::last_of(tx, &claim.ticket_id, &TURNS)?;
    let waits = matches!(waited.as_deref(), Some("claim_asked" | "evidence_awaited"));
    let (kind, words) = match (before, after) {
        (_, lifecycle::State::NeedsEvidence) if !waits => {
            ("evidence_awaited", "The review waits for the customer.")
        }
        (lifecycle::State::NeedsEvidence, after)
            if waits && after != lifecycle::State::NeedsEvidence =>
        {
            ("evidence_complete", "The review goes on.")
        }
        _ => return Ok(()),
    };
    let happened = Happened::new(&claim.seller_id, kind, words)
        .on_ticket(&claim.ticket_id)
        .on_claim(&claim.id);
    record(tx, act, happened).map(|_| ())
}

/// What says whether the review waits for the customer.
const TURNS: [&str; 4] = [
    "claim_asked",
    "claim_supplied",
    "evidence_awaited",
    "evidence_complete",
];

/// Whether a person's question is still open. It is theirs to drop, by what they find out themselves: news of the order that comes
/// in by night does not answer it.
fn awaits_answer(tx: &mut Tx, act: &Act, ticket: &Ticket) -> Result<bool> {
    if act.person().is_some() {
        return Ok(false);
    }
    let turns = ["claim_asked", "claim_supplied", "customer_wrote"];
    let last = crate::db::events::last_of(tx, &ticket.id, &turns)?;
    Ok(last.as_deref() == Some("claim_asked"))
}

/// Whether a claim is paid without a person: where the policy says so, nothing is in doubt, and what happens by itself has not ended
/// for the customer.
pub fn pays_at_once(facts: &Facts, assessment: &Assessment) -> bool {
    assessment.automatic
        // What a customer means by a mail is a proposal, and nobody has confirmed it.
        && facts.channel != Channel::Email
        && assessment.outcome == Outcome::Eligible
        && !assessment.flagged
        && facts.customer.suspended != Some(true)
}

/// The assessment's row, with the facts it rests on: enough to replay it.
fn keep(
    tx: &mut Tx,
    act: &Act,
    claim: &Claim,
    facts: &Facts,
    assessment: &Assessment,
) -> Result<rows::Assessment> {
    let row = rows::Assessment {
        id: AssessmentId::new(act.at),
        claim_id: claim.id.clone(),
        seq: 0,
        at: act.at.into(),
        policy_id: pinned(tx, &assessment.policy)?,
        policy_hash: assessment.policy.hash.clone(),
        engine: crate::rules::ENGINE.to_owned(),
        facts_json: serde_json::to_string(facts)?,
        result_json: serde_json::to_string(assessment)?,
        outcome: assessment.outcome.word().to_owned(),
        amount_e8: assessment.amount.map(|amount| amount.e8()),
    };
    let row = rows::insert_assessment(tx, row)?;
    let amount = assessment.amount.map(|amount| amount.e8());
    let shelf = policies::shelf(tx, &assessment.policy.id)?;
    let deciding = governing(&shelf, assessment)?.deciding(assessment);
    rows::set_assessed(
        tx,
        &claim.id,
        assessment.outcome.word(),
        amount,
        assessment.flagged,
        deciding.map(|finding| finding.id.as_str()),
    )?;
    Ok(row)
}

/// The ticket follows the claim: whose turn it is, or that everything waits for a dispute.
fn follow(
    tx: &mut Tx,
    act: &Act,
    ticket: &Ticket,
    before: lifecycle::State,
    after: lifecycle::State,
) -> Result<()> {
    use lifecycle::State;
    let verb = match after {
        State::NeedsEvidence => turn::Verb::Ask,
        State::OnHold => turn::Verb::Hold,
        _ if matches!(before, State::NeedsEvidence | State::OnHold) => turn::Verb::Resume,
        _ => return Ok(()),
    };
    tickets::step(tx, act, ticket, verb).map(|_| ())
}

/// The claim's row before it has a number, a ticket and a policy version.
fn unfiled(act: &Act, new: &New, (seller, zone): (&Seller, Tz), order: Option<&Order>) -> Claim {
    let currency = order
        .map_or(&seller.currency, |order| &order.currency)
        .clone();
    let subject = match order {
        Some(order) => format!("order:{}", order.id),
        None => format!("balance:{}:{}:{currency}", seller.id, new.customer),
    };
    Claim {
        id: ClaimId::new(act.at),
        number: String::new(),
        ticket_id: "".into(),
        seller_id: seller.id.clone(),
        customer_id: new.customer.clone(),
        order_id: new.order.clone(),
        subject,
        ground: new.ground.clone(),
        policy_id: "".into(),
        state: lifecycle::State::InReview.word().to_owned(),
        channel: channel(act.via).to_owned(),
        reason: crate::plain::block(&new.reason),
        currency,
        requested_e8: new.requested_e8,
        remedy_choice: new.remedy_choice.clone(),
        received_at: act.at.into(),
        received_on: local_day(act.at, zone),
        decided_at: None,
        approved_at: None,
        appealed_at: None,
        outcome: String::new(),
        computed_e8: None,
        granted_e8: None,
        flagged: false,
        clause: None,
        seq: 1,
    }
}

fn given(act: &Act, claim: &ClaimId, evidence: &[(String, Option<FileId>)]) -> Vec<Evidence> {
    let row = |(kind, file): &(String, Option<FileId>)| Evidence {
        id: fresh(act.at),
        claim_id: claim.clone(),
        kind: kind.clone(),
        file_id: file.clone(),
        who: act.who.key().to_owned(),
        received_at: act.at.into(),
    };
    evidence.iter().map(row).collect()
}

fn known_ground<'a>(
    shelf: &'a Shelf,
    facts: &Facts,
    ground: &str,
    has_order: bool,
) -> Result<&'a Policy> {
    let at = facts
        .order
        .as_ref()
        .and_then(|order| order.placed_at)
        .unwrap_or(facts.received_at);
    let policy = shelf
        .nearest(&facts.policy, at, facts.seller.time_zone)
        .ok_or(Error::NotFound)?;
    let known = policy
        .ground(ground)
        .is_some_and(|ground| !ground.needs_order() || has_order);
    if known {
        Ok(policy)
    } else {
        Err(Error::invalid("ground", "Choose what happened"))
    }
}

/// The version that an assessment names.
pub fn governing<'a>(shelf: &'a Shelf, assessment: &Assessment) -> Result<&'a Policy> {
    let named = &assessment.policy;
    shelf
        .get(&named.id, &named.version)
        .ok_or_else(|| Error::broken(format!("no {} {}", named.id, named.version)))
}

/// The versions that a claim is judged by: those that were published when it was filed. What is published later is for later
/// claims (I1).
pub fn shelf_of(conn: &mut Conn, claim: &Claim) -> Result<Arc<Shelf>> {
    let seller = sellers::find(conn, &claim.seller_id)?;
    policies::shelf_at(conn, &seller.policy, claim.received_at.utc())
}

fn pinned(conn: &mut Conn, named: &Reference) -> Result<PolicyId> {
    let version = versions::versions(conn, &named.id)?
        .into_iter()
        .find(|row| row.version == named.version);
    version
        .map(|row| row.id)
        .ok_or_else(|| Error::broken(format!("{} {} is not published", named.id, named.version)))
}

fn claim_state(claim: &Claim) -> Result<lifecycle::State> {
    lifecycle::State::from_word(&claim.state)
        .ok_or_else(|| Error::broken(format!("claim state {}", claim.state)))
}

fn step(claim: &Claim, verb: lifecycle::Verb, outcome: Outcome) -> Result<lifecycle::State> {
    lifecycle::next(claim_state(claim)?, verb, outcome).map_err(|illegal| {
        Error::refused_because(
            Code::IllegalStep,
            format!("This cannot be done: {illegal}."),
        )
    })
}

/// The word that the rules have for a door.
fn channel(via: Door) -> &'static str {
    match via {
        Door::Mail => "email",
        Door::Api => "api",
        Door::Portal | Door::Queue | Door::Worker | Door::Cli => "portal",
    }
}

/// What the rules last said of a claim, as it was stored.
pub fn assessed(conn: &mut Conn, claim: &ClaimId) -> Result<Assessment> {
    Ok(serde_json::from_str(
        &rows::latest_assessment(conn, claim)?.result_json,
    )?)
}

/// What filing this claim now would be answered, with nothing written: the same facts, the same rules.
pub fn preview(conn: &mut Conn, act: &Act, new: &New) -> Result<(Facts, Assessment)> {
    let seller = sellers::find(conn, &new.seller)?;
    let order = match &new.order {
        Some(id) => Some(orders::for_customer_by_id(conn, &new.customer, id)?),
        None => None,
    };
    let shelf = policies::shelf(conn, &seller.policy)?;
    let zone = policies::zone(conn, &seller, act.at)?;
    let claim = unfiled(act, new, (&seller, zone), order.as_ref());
    let given = given(act, &claim.id, &new.evidence);
    let facts = gather::facts_with(
        conn,
        &claim,
        &seller,
        order.as_ref(),
        &given,
        &[],
        act.at,
        None,
    )?;
    known_ground(&shelf, &facts, &new.ground, order.is_some())?;
    let assessment = adjudicate(&shelf, &facts);
    Ok((facts, assessment))
}

/// The claim that these answers would make, with nothing written: for pages that show what a claim's page will show.
pub fn sketch(act: &Act, new: &New, topic: &crate::desk::drafts::Topic) -> Claim {
    unfiled(
        act,
        new,
        (&topic.seller, topic.zone()),
        topic.order.as_ref(),
    )
}
