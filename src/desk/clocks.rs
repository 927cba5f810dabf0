//! Keeps a ticket's clocks in step with what the rules promise and what has happened. The promises come from the assessment's
//! deadlines, which `rules::deadline` counts; nothing here counts days. The ticket carries the next running one for the queue.

use chrono::{DateTime, NaiveDate, Utc};

use super::events::{Happened, record};
use crate::act::Act;
use crate::db::clocks::{self as rows, Clock};
use crate::db::sellers::Seller;
use crate::db::{Tx, tickets};
use crate::desk::policies;
use crate::error::{Error, Result};
use crate::ids::{ClaimId, ClockId, SellerId, TicketId};
use crate::rules::assessment::{ClockKind, Deadline, Firmness};
use crate::rules::calendar::{Calendar, local_day};
use crate::rules::clauses::cure::Repair;
use crate::rules::deadline::{Clock as Promised, ClockLength, ClockStart, clock_due};

/// Whose clocks, and by which calendar their days are named.
pub struct Subject<'a> {
    pub seller: &'a SellerId,
    pub ticket: &'a TicketId,
    pub claim: Option<&'a ClaimId>,
    pub calendar: &'a Calendar,
}

/// Starts the clocks that are promised and not there yet. `starts_at` is the claim's instant, or the approval's for what starts there.
pub fn promise(
    tx: &mut Tx,
    act: &Act,
    subject: &Subject,
    deadlines: &[Deadline],
    received_at: DateTime<Utc>,
    approved_at: Option<DateTime<Utc>>,
) -> Result<()> {
    let there = rows::of_ticket(tx, subject.ticket)?;
    for deadline in deadlines {
        let kind = deadline.kind.word();
        let same = there
            .iter()
            .find(|clock| clock.kind == kind && clock.clause == deadline.clause);
        if same.is_none() {
            let starts_at = match deadline.kind {
                ClockKind::Payout | ClockKind::BankCredit => approved_at.unwrap_or(act.at),
                _ => received_at,
            };
            rows::insert_clock(tx, &started(act, subject, deadline, starts_at)?)?;
        }
    }
    refresh(tx, subject.ticket)
}

/// Keeps the clock of a repair where the rules put it: it stands still while access is awaited (D6e) and goes on with what was left,
/// ends with the repair itself, and is void where nothing is to be repaired. A miss that was recorded before this was known is
/// taken back, with a line in the timeline.
pub fn repair(
    tx: &mut Tx,
    act: &Act,
    subject: &Subject,
    promised: &Deadline,
    repair: Repair,
) -> Result<()> {
    let of_it = |clock: &Clock| {
        clock.kind == promised.kind.word()
            && clock.clause == promised.clause
            && matches!(clock.state.as_str(), "running" | "paused")
    };
    let Some(mut clock) = rows::of_ticket(tx, subject.ticket)?.into_iter().find(of_it) else {
        return Ok(());
    };
    if clock.due_at.utc() != promised.due_at {
        let due_on = local_day(promised.due_at, subject.calendar.zone);
        rows::set_due(tx, &clock.id, promised.from_at, promised.due_at, due_on)?;
        clock.due_at = promised.due_at.into();
    }
    let ended_at = match repair {
        Repair::Stands { since } => since,
        Repair::Made { at } => at,
        Repair::Runs | Repair::Moot => act.at,
    };
    if clock.breached_at.is_some() && !late(&clock, ended_at) {
        take_back(tx, act, &clock)?;
        clock.breached_at = None;
    }
    match repair {
        Repair::Stands { since } => rows::set_paused(tx, &clock.id, since)?,
        Repair::Runs => rows::set_running(tx, &clock.id)?,
        Repair::Made { at } => rows::set_stopped(tx, &clock.id, verdict(&clock, at), at)?,
        Repair::Moot => rows::set_stopped(tx, &clock.id, unkept(&clock, act.at), act.at)?,
    }
    refresh(tx, subject.ticket)
}

fn take_back(tx: &mut Tx, act: &Act, clock: &Clock) -> Result<()> {
    rows::set_unbreached(tx, &clock.id)?;
    let what = spoken(&clock.kind);
    let words = format!(
        "The promise of {what} ({}) was not missed after all: what was found out since moved it.",
        clock.clause
    );
    let mut happened =
        Happened::new(&clock.seller_id, "clock_cleared", words).on_ticket(&clock.ticket_id);
    happened.claim = clock.claim_id.clone();
    record(
        tx,
        act,
        happened.with((&clock.kind, &clock.clause, clock.due_at.utc()))?,
    )?;
    Ok(())
}

/// The desk's own target, for the clause and the firmness of a clock that no policy promises.
pub const HOUSE: &str = "house";
const HOUSE_HOURS: u32 = 24;

/// Starts the clock of a question's first answer: as the seller's policy promises one, else by the house target.
/// Gives what the policy promises; the house target is nobody's promise.
pub fn expect_answer(
    tx: &mut Tx,
    act: &Act,
    seller: &Seller,
    ticket: &TicketId,
) -> Result<Option<Deadline>> {
    let shelf = policies::shelf(tx, &seller.policy)?;
    let policy = shelf.nearest(&seller.policy, act.at, seller.own_zone());
    let policy = policy.ok_or(Error::NotFound)?;
    let calendar = Calendar {
        zone: seller.own_zone().unwrap_or(policy.time_zone),
        holidays: policy.holidays.clone(),
        hours: policy.hours.clone(),
    };
    let subject = Subject {
        seller: &seller.id,
        ticket,
        claim: None,
        calendar: &calendar,
    };
    let answers = |clock: &&Promised| {
        clock.kind == ClockKind::FirstResponse && clock.starts == ClockStart::Received
    };
    let promised = policy.clocks.iter().find(answers);
    let house = Promised {
        kind: ClockKind::FirstResponse,
        clause: HOUSE.to_owned(),
        starts: ClockStart::Received,
        length: ClockLength::Hours(HOUSE_HOURS),
        firmness: Firmness::Aim,
        stops: None,
        pauses: None,
    };
    let Some(deadline) = clock_due(promised.unwrap_or(&house), act.at, &calendar) else {
        return Ok(None);
    };
    let mut clock = started(act, &subject, &deadline, act.at)?;
    if promised.is_none() {
        clock.firmness = HOUSE.to_owned();
    }
    rows::insert_clock(tx, &clock)?;
    refresh(tx, ticket)?;
    Ok(promised.map(|_| deadline))
}

fn started(
    act: &Act,
    subject: &Subject,
    deadline: &Deadline,
    starts_at: DateTime<Utc>,
) -> Result<Clock> {
    let zone = subject.calendar.zone;
    let day = |at: DateTime<Utc>| -> NaiveDate { local_day(at, zone) };
    Ok(Clock {
        id: ClockId::new(act.at),
        ticket_id: subject.ticket.clone(),
        claim_id: subject.claim.cloned(),
        seller_id: subject.seller.clone(),
        kind: deadline.kind.word().to_owned(),
        clause: deadline.clause.clone(),
        firmness: deadline.firmness.word().to_owned(),
        starts_at: starts_at.into(),
        from_at: crate::db::columns::at(deadline.from_at),
        due_at: deadline.due_at.into(),
        paused_at: None,
        stopped_at: None,
        state: "running".to_owned(),
        breached_at: None,
        calendar_json: serde_json::to_string(&(subject.calendar.zone, &subject.calendar.holidays))?,
        starts_on: day(starts_at),
        due_on: day(deadline.due_at),
    })
}

/// Stops the ticket's running clocks of these kinds: kept where `at` is in time, broken where it is late.
pub fn stop(tx: &mut Tx, ticket: &TicketId, kinds: &[&str], at: DateTime<Utc>) -> Result<()> {
    for clock in rows::of_ticket(tx, ticket)? {
        if kinds.contains(&clock.kind.as_str())
            && matches!(clock.state.as_str(), "running" | "paused")
        {
            rows::set_stopped(tx, &clock.id, verdict(&clock, at), at)?;
        }
    }
    refresh(tx, ticket)
}

/// Ends clocks that no longer promise anything to anyone: the customer withdrew, or the claim was turned down.
pub fn void(tx: &mut Tx, ticket: &TicketId, kinds: &[&str], at: DateTime<Utc>) -> Result<()> {
    for clock in rows::of_ticket(tx, ticket)? {
        if kinds.contains(&clock.kind.as_str())
            && matches!(clock.state.as_str(), "running" | "paused")
        {
            rows::set_stopped(tx, &clock.id, unkept(&clock, at), at)?;
        }
    }
    refresh(tx, ticket)
}

/// The clock that stands still while the customer has the turn. A repair's is kept by the rules ([`repair`]).
const REVIEW: &str = "decision";

/// While the customer has the turn, the review cannot go on: its clock keeps what was left.
pub fn pause(tx: &mut Tx, ticket: &TicketId, at: DateTime<Utc>) -> Result<()> {
    for clock in rows::of_ticket(tx, ticket)? {
        if clock.kind == REVIEW && clock.state == "running" && clock.due_at.utc() > at {
            rows::set_paused(tx, &clock.id, at)?;
        }
    }
    refresh(tx, ticket)
}

/// The review goes on with exactly what was left when it was paused.
pub fn resume(
    tx: &mut Tx,
    ticket: &TicketId,
    zone: chrono_tz::Tz,
    at: DateTime<Utc>,
) -> Result<()> {
    for clock in rows::of_ticket(tx, ticket)? {
        if let (true, Some(paused)) = (clock.kind == REVIEW, clock.paused_at) {
            let due = clock.due_at.utc() + (at - paused.utc());
            rows::set_due(
                tx,
                &clock.id,
                clock.from_at.map(|from| from.utc()),
                due,
                local_day(due, zone),
            )?;
            rows::set_running(tx, &clock.id)?;
        }
    }
    refresh(tx, ticket)
}

/// What a sweep found.
#[derive(Debug, Clone, Default)]
pub struct Swept {
    pub breaches: usize,
    /// Claims whose repair was not made in time: the rules may say something else of them now.
    pub cures: Vec<ClaimId>,
}

/// Records every breach whose moment has come, once.
pub fn sweep(tx: &mut Tx, act: &Act, limit: i64) -> Result<Swept> {
    let mut found = Swept::default();
    for clock in rows::overdue(tx, act.at, limit)? {
        if !rows::mark_breached(tx, &clock.id, act.at)? {
            continue;
        }
        found.breaches += 1;
        if clock.kind == "cure" {
            found.cures.extend(clock.claim_id.clone());
        }
        if firm(&clock) {
            let what = spoken(&clock.kind);
            let words = if clock.clause == HOUSE {
                format!("The house target for {what} was missed.")
            } else {
                format!("The promise of {what} ({}) was missed.", clock.clause)
            };
            let mut happened = Happened::new(&clock.seller_id, "clock_breached", words)
                .on_ticket(&clock.ticket_id);
            happened.claim = clock.claim_id.clone();
            record(
                tx,
                act,
                happened.with((&clock.kind, &clock.clause, clock.due_at.utc()))?,
            )?;
        }
    }
    Ok(found)
}

/// The kind of a clock as people say it.
pub fn spoken(kind: &str) -> &'static str {
    match kind {
        "first_response" => "a first response",
        "decision" => "a decision",
        "cure" => "a repair",
        "payout" => "the payout",
        "completion" => "completion",
        "bank_credit" => "the bank's credit",
        _ => "a reply",
    }
}

fn verdict(clock: &Clock, at: DateTime<Utc>) -> &'static str {
    if clock.breached_at.is_some() || (clock.state == "running" && late(clock, at)) {
        "breached"
    } else {
        "met"
    }
}

/// The end of a promise that was not kept, and has no need to be any more: broken where its moment has passed.
fn unkept(clock: &Clock, at: DateTime<Utc>) -> &'static str {
    match verdict(clock, at) {
        "breached" => "breached",
        _ => "void",
    }
}

/// Whole seconds, as every deadline is judged: the due instant itself is in time.
fn late(clock: &Clock, at: DateTime<Utc>) -> bool {
    at.timestamp() > clock.due_at.utc().timestamp()
}

/// Writes the next running promise on the ticket. A firm one goes before what is only typical, aimed at or estimated;
/// a bank's estimate is no promise of the seller and never leads the queue.
fn refresh(tx: &mut Tx, ticket: &TicketId) -> Result<()> {
    let running = rows::of_ticket(tx, ticket)?;
    let mut running: Vec<&Clock> = running
        .iter()
        .filter(|clock| clock.state == "running" && clock.firmness != "estimate")
        .collect();
    running.sort_by_key(|clock| (clock.due_at, !firm(clock)));
    let next = running.first().map(|clock| {
        // A house target is no promise to anybody outside.
        let is_promised = firm(clock) && clock.firmness != HOUSE;
        (clock.due_at.utc(), clock.kind.as_str(), is_promised)
    });
    tickets::set_next_due(tx, ticket, next)?;
    Ok(())
}

fn firm(clock: &Clock) -> bool {
    matches!(clock.firmness.as_str(), "firm" | HOUSE)
}
