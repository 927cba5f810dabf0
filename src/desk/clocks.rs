//! Keeps a ticket's clocks in step with its story. What is promised comes from the assessment's deadlines and the policy's own
//! declarations; how a promise stands is folded by `rules::clock` from everything that happened, so nothing here adds or takes away
//! an hour. Each verb records its event and then lets the clocks [`follow`]. The ticket carries the next running one for the queue.

mod story;
mod warn;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Deserialize;

use super::events::{Happened, record};
use crate::act::Act;
use crate::db::claims::{self, Claim};
use crate::db::clocks::{self as rows, Clock};
use crate::db::columns::at;
use crate::db::sellers::{self, Seller};
use crate::db::tickets::Ticket;
use crate::db::{Conn, Tx, tickets};
use crate::desk::{calendars, policies};
use crate::error::{Error, Result};
use crate::ids::{ClaimId, ClockId, TicketId};
use crate::rules::assessment::{ClockKind, Deadline, Firmness};
use crate::rules::calendar::{Calendar, Holidays, local_day};
use crate::rules::clock::{Course, Moment, Promise, State, fold, replies_owed, worked};
use crate::rules::deadline::{Clock as Declared, ClockLength, ClockStart, clock_due};
use crate::rules::policy::Policy;
use crate::rules::priority::Priority;
use crate::rules::sla::is_firm;

pub use story::moments;
pub use warn::{Warned, spoken_of, still, warn};

/// Whose clocks, and what was declared for them.
pub struct Subject<'a> {
    pub ticket: &'a Ticket,
    pub claim: Option<&'a ClaimId>,
    pub policy: &'a Policy,
    pub calendar: &'a Calendar,
}

/// Starts the clocks that are promised and not there yet. `starts_at` is the claim's instant, or the approval's for what starts
/// there. How they stand follows with the event ([`follow`]).
pub fn promise(
    tx: &mut Tx,
    act: &Act,
    subject: &Subject,
    deadlines: &[Deadline],
    received_at: DateTime<Utc>,
    approved_at: Option<DateTime<Utc>>,
) -> Result<()> {
    let there = rows::of_ticket(tx, &subject.ticket.id)?;
    for deadline in deadlines {
        let is_it =
            |kind: &str, clause: &str| kind == deadline.kind.word() && clause == deadline.clause;
        if there.iter().any(|clock| is_it(&clock.kind, &clock.clause)) {
            continue;
        }
        let mut declared = subject.policy.clocks.iter();
        let declared = declared
            .find(|clock| is_it(clock.kind.word(), &clock.clause))
            .ok_or_else(|| Error::broken(format!("no clock of {}", deadline.clause)))?;
        let starts_at = match declared.starts {
            ClockStart::Approved => approved_at.unwrap_or(act.at),
            _ => received_at,
        };
        start(tx, act, subject, declared, starts_at)?;
    }
    Ok(())
}

/// The desk's own target, for the clause and the firmness of a clock that no policy promises.
pub const HOUSE: &str = "house";
const HOUSE_HOURS: u32 = 24;

pub fn house(kind: ClockKind, starts: ClockStart) -> Declared {
    Declared {
        kind,
        clause: HOUSE.to_owned(),
        starts,
        length: ClockLength::Hours(HOUSE_HOURS),
        firmness: Firmness::Aim,
        stops: None,
        pauses: None,
    }
}

/// Starts the clock of a question's first answer: as the seller's policy promises one, else by the house target.
/// Gives what the policy promises; the house target is nobody's promise.
pub fn expect_answer(
    tx: &mut Tx,
    act: &Act,
    seller: &Seller,
    ticket: &Ticket,
) -> Result<Option<Deadline>> {
    let shelf = policies::shelf(tx, &seller.policy)?;
    let policy = shelf.nearest(&seller.policy, act.at, seller.own_zone());
    let policy = policy.ok_or(Error::NotFound)?;
    let calendar = calendars::in_force(tx, seller, policy, act.at)?;
    let subject = Subject {
        ticket,
        claim: None,
        policy,
        calendar: &calendar,
    };
    let answers = |clock: &&Declared| {
        clock.kind == ClockKind::FirstResponse && clock.starts == ClockStart::Received
    };
    let promised = policy.clocks.iter().find(answers);
    let target = house(ClockKind::FirstResponse, ClockStart::Received);
    let opened_at = ticket.opened_at.utc();
    start(tx, act, &subject, promised.unwrap_or(&target), opened_at)?;
    Ok(promised.and_then(|promised| clock_due(promised, opened_at, &calendar)))
}

/// Writes the row of a clock that begins. One whose end lies beyond the calendar's range is no clock.
fn start(
    tx: &mut Tx,
    act: &Act,
    subject: &Subject,
    declared: &Declared,
    starts_at: DateTime<Utc>,
) -> Result<()> {
    let (ticket, claim, calendar) = (subject.ticket, subject.claim, subject.calendar);
    match begun(ticket, claim, calendar, declared, starts_at, act.at)? {
        Some(clock) => Ok(rows::insert_clock(tx, &clock)?),
        None => Ok(()),
    }
}

/// The row of a clock that begins, made at `at`. None where its end lies beyond the calendar's range.
pub fn begun(
    ticket: &Ticket,
    claim: Option<&ClaimId>,
    calendar: &Calendar,
    declared: &Declared,
    starts_at: DateTime<Utc>,
    at: DateTime<Utc>,
) -> Result<Option<Clock>> {
    let Some(deadline) = clock_due(declared, starts_at, calendar) else {
        return Ok(None);
    };
    let firmness = match declared.clause.as_str() {
        HOUSE => HOUSE,
        _ => declared.firmness.word(),
    };
    Ok(Some(Clock {
        id: ClockId::new(at),
        ticket_id: ticket.id.clone(),
        claim_id: claim.cloned(),
        seller_id: ticket.seller_id.clone(),
        kind: declared.kind.word().to_owned(),
        clause: declared.clause.clone(),
        firmness: firmness.to_owned(),
        starts_at: starts_at.into(),
        from_at: deadline.from_at.map(Into::into),
        due_at: deadline.due_at.into(),
        paused_at: None,
        stopped_at: None,
        state: State::Running.word().to_owned(),
        breached_at: None,
        calendar_json: serde_json::to_string(calendar)?,
        starts_on: local_day(starts_at, calendar.zone),
        due_on: local_day(deadline.due_at, calendar.zone),
        declared_json: Some(serde_json::to_string(declared)?),
        warn_at: None,
        priority: None,
        worked_s: None,
    }))
}

/// A calendar as a clock keeps it; those of the first clocks are a zone and holidays alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum Pinned {
    Whole(Calendar),
    Early(Tz, Holidays),
}

/// The promise that a row is about, by the declaration and the calendar that it began with.
pub fn promised(row: &Clock) -> Result<Promise> {
    let calendar = match serde_json::from_str(&row.calendar_json)? {
        Pinned::Whole(calendar) => calendar,
        Pinned::Early(zone, holidays) => Calendar {
            zone,
            holidays,
            hours: None,
        },
    };
    let kind = ClockKind::from_word(&row.kind)
        .ok_or_else(|| Error::broken(format!("a clock of {}", row.kind)))?;
    let (clock, fixed) = match (&row.declared_json, row.paused_at) {
        (Some(json), _) => (serde_json::from_str(json)?, None),
        (None, None) => (house(kind, ClockStart::Received), Some(row.due_at.utc())),
        // What was left when it was paused is not known any more: it is in time.
        (None, Some(_)) => (
            house(kind, ClockStart::Received),
            Some(DateTime::<Utc>::MAX_UTC),
        ),
    };
    Ok(Promise {
        clock,
        calendar,
        starts_at: row.starts_at.utc(),
        fixed,
    })
}

/// Lets the clocks of a ticket follow what has happened to it: replies that are owed begin, and every row stands where its whole
/// story puts it. Facts that come to light late are in that story at their own instants, so a miss that was recorded before it was
/// known better is taken back, with a line in the timeline.
pub fn follow(tx: &mut Tx, act: &Act, ticket: &TicketId) -> Result<()> {
    let ticket = tickets::find(tx, ticket)?;
    let claim = claims::of_ticket(tx, &ticket.id)?;
    let story = story::of(tx, &ticket.id, claim.as_ref(), act.at)?;
    let there = rows::of_ticket(tx, &ticket.id)?;
    if owe_replies(tx, act, &ticket, claim.as_ref(), &there, &story)? {
        let now = rows::of_ticket(tx, &ticket.id)?;
        return settle(tx, act, &ticket, now, &story);
    }
    settle(tx, act, &ticket, there, &story)
}

fn settle(
    tx: &mut Tx,
    act: &Act,
    ticket: &Ticket,
    rows: Vec<Clock>,
    story: &[Moment],
) -> Result<()> {
    let mut kept = Vec::new();
    for row in rows {
        kept.push(keep(tx, act, ticket, row, story)?);
    }
    refresh(tx, &ticket.id, &kept)
}

/// Begins the clock of each answer that is owed and has none. By the policy that governs the claim, or that is in force.
fn owe_replies(
    tx: &mut Tx,
    act: &Act,
    ticket: &Ticket,
    claim: Option<&Claim>,
    there: &[Clock],
    story: &[Moment],
) -> Result<bool> {
    let has = |kind: ClockKind, from: Option<DateTime<Utc>>| {
        there.iter().any(|clock| {
            clock.kind == kind.word() && from.is_none_or(|from| clock.starts_at == from.into())
        })
    };
    let owed = replies_owed(
        story,
        has(ClockKind::FirstResponse, None),
        has(ClockKind::Decision, None),
    );
    let new = owed
        .into_iter()
        .filter(|from| !has(ClockKind::NextReply, Some(*from)));
    let new: Vec<DateTime<Utc>> = new.collect();
    if new.is_empty() {
        return Ok(false);
    }
    let seller = sellers::find(tx, &ticket.seller_id)?;
    let shelf = policies::shelf(tx, &seller.policy)?;
    let governing = match claim {
        Some(claim) => policies::of_claim(tx, &shelf, claim)?,
        None => None,
    };
    let policy = governing
        .or_else(|| shelf.nearest(&seller.policy, act.at, seller.own_zone()))
        .ok_or(Error::NotFound)?;
    let calendar = calendars::in_force(tx, &seller, policy, act.at)?;
    let subject = Subject {
        ticket,
        claim: claim.map(|claim| &claim.id),
        policy,
        calendar: &calendar,
    };
    let promised = policy
        .clocks
        .iter()
        .find(|clock| clock.kind == ClockKind::NextReply);
    let target = house(ClockKind::NextReply, ClockStart::CustomerWrote);
    for from in new {
        start(tx, act, &subject, promised.unwrap_or(&target), from)?;
    }
    Ok(true)
}

/// Puts a row where its story says it stands. A row that stands there already is not written.
fn keep(tx: &mut Tx, act: &Act, ticket: &Ticket, row: Clock, story: &[Moment]) -> Result<Clock> {
    let Some(mut kept) = told(tx, &row, story)? else {
        return Ok(row);
    };
    match (row.stopped_at, kept.stopped_at) {
        (None, Some(_)) => kept.priority = Some(priority(ticket)),
        (Some(_), None) => kept.priority = None,
        _ => {}
    }
    if row.breached_at.is_some() && !is_broken(&kept, act.at) {
        take_back(tx, act, &kept)?;
        kept.breached_at = None;
    }
    if kept != row {
        rows::set_course(tx, &kept)?;
    }
    Ok(kept)
}

/// What a clock that ends keeps of its ticket.
pub fn priority(ticket: &Ticket) -> String {
    Priority::of(ticket.priority.as_deref()).word().to_owned()
}

/// The row as the whole story makes it, whatever stood in it; when a miss was recorded is the sweep's to say.
fn told(conn: &mut Conn, row: &Clock, story: &[Moment]) -> Result<Option<Clock>> {
    let promise = promised(row)?;
    let Some(course) = fold(&promise, story) else {
        return Ok(None);
    };
    if promise.fixed.is_some() {
        return Ok(ended(row, &course));
    }
    let warn_at = warn::next(conn, row, &promise, &course)?;
    Ok(Some(stood(row.clone(), &promise, &course, warn_at)))
}

/// The row where its course puts it.
pub fn stood(
    row: Clock,
    promise: &Promise,
    course: &Course,
    warn_at: Option<DateTime<Utc>>,
) -> Clock {
    Clock {
        from_at: at(course.from_at),
        due_at: course.due_at.into(),
        due_on: local_day(course.due_at, promise.calendar.zone),
        paused_at: at(course.paused_at),
        stopped_at: at(course.stopped_at),
        state: course.state.word().to_owned(),
        warn_at: at(warn_at),
        worked_s: worked(promise, course),
        ..row
    }
}

/// A clock from before declarations were kept stays as it stands until it ends, and then for good.
fn ended(row: &Clock, course: &Course) -> Option<Clock> {
    let stopped = course.stopped_at.filter(|_| row.stopped_at.is_none())?;
    Some(Clock {
        paused_at: None,
        stopped_at: Some(stopped.into()),
        state: course.state.word().to_owned(),
        ..row.clone()
    })
}

/// What the clocks of a ticket would be if they were counted anew from its story, beside what they are: nothing, where they agree.
/// A breach that nobody has recorded yet is no difference.
pub fn differences(conn: &mut Conn, ticket: &TicketId, now: DateTime<Utc>) -> Result<Vec<String>> {
    let claim = claims::of_ticket(conn, ticket)?;
    let story = story::of(conn, ticket, claim.as_ref(), now)?;
    let mut found = Vec::new();
    let there = rows::of_ticket(conn, ticket)?;
    for row in &there {
        let Some(mut anew) = told(conn, row, &story)? else {
            continue;
        };
        if row.worked_s.is_none() && row.stopped_at.is_some() {
            anew.worked_s = None;
        }
        if anew != *row {
            found.push(format!("kept {row:?}, counted {anew:?}"));
        }
        if row.breached_at.is_some() && !is_broken(row, now) {
            found.push(format!("a breach that is none: {row:?}"));
        }
    }
    let has = |kind: ClockKind| there.iter().any(|clock| clock.kind == kind.word());
    let (first, decision) = (has(ClockKind::FirstResponse), has(ClockKind::Decision));
    let owed: Vec<_> = replies_owed(&story, first, decision)
        .into_iter()
        .map(crate::db::columns::At::from)
        .collect();
    let mut kept: Vec<_> = there
        .iter()
        .filter(|clock| clock.kind == ClockKind::NextReply.word())
        .map(|clock| clock.starts_at)
        .collect();
    kept.sort_unstable();
    if owed != kept {
        found.push(format!(
            "replies owed since {owed:?}, clocks since {kept:?}"
        ));
    }
    Ok(found)
}

/// The [`differences`] of every ticket, as the last thing that happened to it left it.
pub fn verify(conn: &mut Conn) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for ticket in tickets::ids(conn)? {
        let breaches = rows::of_ticket(conn, &ticket)?.into_iter();
        let breaches = breaches.filter_map(|row| Some(row.breached_at?.utc()));
        let events = crate::db::events::latest(conn, &ticket)?;
        if let Some(last) = breaches.chain(events).max() {
            found.extend(differences(conn, &ticket, last)?);
        }
    }
    Ok(found)
}

/// How each of a ticket's clocks came to stand where it stands, for whoever asks why: the promise and its course.
pub fn courses(
    conn: &mut Conn,
    ticket: &TicketId,
    rows: &[Clock],
    now: DateTime<Utc>,
) -> Result<Vec<Option<(Promise, Course)>>> {
    let claim = claims::of_ticket(conn, ticket)?;
    let story = story::of(conn, ticket, claim.as_ref(), now)?;
    let course = |row: &Clock| {
        let promise = promised(row)?;
        let course = fold(&promise, &story);
        Ok(course.map(|course| (promise, course)))
    };
    rows.iter().map(course).collect()
}

fn is_broken(clock: &Clock, now: DateTime<Utc>) -> bool {
    match clock.state.as_str() {
        "breached" => true,
        "running" => now.timestamp() > clock.due_at.utc().timestamp(),
        _ => false,
    }
}

fn take_back(tx: &mut Tx, act: &Act, clock: &Clock) -> Result<()> {
    rows::set_unbreached(tx, &clock.id)?;
    let words = format!(
        "The promise of {} ({}) was not missed after all: what was found out since moved it.",
        spoken(&clock.kind),
        clock.clause
    );
    happened(tx, act, clock, "clock_cleared", words)
}

fn happened(
    tx: &mut Tx,
    act: &Act,
    clock: &Clock,
    kind: &'static str,
    words: String,
) -> Result<()> {
    let mut happened = Happened::new(&clock.seller_id, kind, words).on_ticket(&clock.ticket_id);
    happened.claim = clock.claim_id.clone();
    let with = (&clock.kind, &clock.clause, clock.due_at.utc());
    record(tx, act, happened.with(with)?).map(|_| ())
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
        if clock.kind == ClockKind::Cure.word() {
            found.cures.extend(clock.claim_id.clone());
        }
        if firm(&clock) {
            happened(tx, act, &clock, "clock_breached", missed(&clock))?;
        }
    }
    Ok(found)
}

/// How the timeline tells of a firm promise that was not kept.
pub fn missed(clock: &Clock) -> String {
    let what = spoken(&clock.kind);
    match clock.clause.as_str() {
        HOUSE => format!("The house target for {what} was missed."),
        clause => format!("The promise of {what} ({clause}) was missed."),
    }
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

/// Writes the next running promise on the ticket. A firm one goes before what is only typical, aimed at or estimated;
/// a bank's estimate is no promise of the seller and never leads the queue.
fn refresh(tx: &mut Tx, ticket: &TicketId, rows: &[Clock]) -> Result<()> {
    tickets::set_next_due(tx, ticket, next_due(rows))?;
    Ok(())
}

/// The next running promise, its kind, and whether it is one to somebody outside.
pub fn next_due(rows: &[Clock]) -> Option<(DateTime<Utc>, &str, bool)> {
    let mut running: Vec<&Clock> = rows
        .iter()
        .filter(|clock| clock.state == "running" && clock.firmness != "estimate")
        .collect();
    running.sort_by_key(|clock| (clock.due_at, !firm(clock)));
    running.first().map(|clock| {
        // A house target is no promise to anybody outside.
        let is_promised = firm(clock) && clock.firmness != HOUSE;
        (clock.due_at.utc(), clock.kind.as_str(), is_promised)
    })
}

fn firm(clock: &Clock) -> bool {
    is_firm(&clock.firmness)
}
