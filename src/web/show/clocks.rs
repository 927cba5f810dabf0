//! Promises as badges and as the list that explains them: how each due time came about.

use chrono_tz::Tz;

use super::Wall;
use super::claim::clause;
use super::policy::working;
use crate::db::clocks::Clock as Row;
use crate::rules::clock::account::{Account, Part, account};
use crate::rules::clock::{Course, Pause, Promise, Stand};
use crate::rules::deadline::{ClockLength, ClockStart, span};
use crate::rules::policy::Policy;
use crate::web::filters;
use crate::web::parts::{Clock, ClockState, Deadline, Deadlines};

/// For whom a deadline is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    Customer,
    Staff,
}

/// How each clock came to stand where it stands.
pub type Courses = Vec<Option<(Promise, Course)>>;

/// The clocks that a page lists: everything but what became void.
pub fn deadlines(
    rows: &[Row],
    courses: &Courses,
    policy: Option<&Policy>,
    reader: Reader,
    wall: Wall,
) -> Deadlines {
    let told = rows.iter().zip(courses);
    let list = told
        .filter(|(row, _)| row.state != "void")
        .map(|(row, course)| Deadline {
            clock: badge(row, wall),
            firmness: firmness(&row.firmness).to_owned(),
            clause: policy
                .filter(|policy| policy.clause(&row.clause).is_some())
                .map(|policy| clause(policy, &row.clause)),
            why: match course {
                Some((promise, _)) => why(row, promise, wall),
                None => format!(
                    "from {}",
                    filters::moment(row.starts_at.utc(), wall.zone, wall.now)
                ),
            },
            account: match course {
                Some((promise, course)) if promise.fixed.is_none() => {
                    lines(promise, course, reader, wall)
                }
                _ => Vec::new(),
            },
        });
    Deadlines {
        list: list.collect(),
    }
}

pub fn badge(row: &Row, wall: Wall) -> Clock {
    let label = label(&row.kind);
    let due = row.due_at.utc();
    match row.state.as_str() {
        "running" => Clock::running(label, row.starts_at.utc(), due, wall.zone, wall.now),
        "paused" => Clock::standing(ClockState::Paused, label, due, wall.zone, wall.now),
        "met" => Clock::standing(ClockState::Met, label, due, wall.zone, wall.now),
        _ => Clock::standing(ClockState::Missed, label, due, wall.zone, wall.now),
    }
}

/// A promise's short name.
pub fn label(kind: &str) -> &'static str {
    match kind {
        "first_response" => "First response",
        "decision" => "Decision",
        "cure" => "Repair",
        "payout" => "Payout",
        "completion" => "Completion",
        "bank_credit" => "Bank credit",
        _ => "Next reply",
    }
}

pub fn firmness(word: &str) -> &'static str {
    match word {
        "firm" => "Firm",
        "typical" => "Typical",
        "aim" => "Aim",
        "estimate" => "Bank's estimate",
        _ => "House target",
    }
}

/// "48 h from receipt on 20 Nov 10:14, day and night".
fn why(row: &Row, promise: &Promise, wall: Wall) -> String {
    let started = filters::moment(row.starts_at.utc(), wall.zone, wall.now);
    if promise.fixed.is_some() {
        return format!("from {started}");
    }
    let from = match promise.clock.starts {
        ClockStart::Received => "receipt",
        ClockStart::Approved => "the approval",
        ClockStart::CustomerWrote => "the message",
    };
    match promise.clock.length {
        ClockLength::Hours(hours) if hours % 24 == 0 && hours > 72 => {
            format!(
                "{} days of 24 h from {from} on {started}, weekends included",
                hours / 24
            )
        }
        ClockLength::Hours(hours) => {
            format!("{hours} h from {from} on {started}, day and night")
        }
        ClockLength::WorkingMinutes(minutes) => {
            format!("{} from {from} on {started}", working(minutes))
        }
        ClockLength::BusinessDays { first, last } => {
            format!(
                "{first} to {last} business days after {from} on {started}; weekends and holidays do not count"
            )
        }
    }
}

/// The account line by line, in the zone in which the promise is counted. Hours that ran in one piece are said by [`why`] already.
fn lines(promise: &Promise, course: &Course, reader: Reader, wall: Wall) -> Vec<String> {
    let account = account(promise, course);
    if let [Part::Ran(_)] = account.parts.as_slice() {
        return Vec::new();
    }
    let zone = promise.calendar.zone;
    let line = |part: &Part| match part {
        Part::Ran(run) => format!(
            "{}: {} counted",
            between(run.from, run.until, zone, wall),
            span((run.until - run.from).num_seconds())
        ),
        Part::Day(day, nth) => format!("{}: business day {nth}", day.format("%a %-d %b")),
        Part::Holiday(day) => format!("{}: a holiday, not counted", day.format("%a %-d %b")),
        Part::Stood(stand) => stood(stand, reader, zone, wall),
    };
    let mut lines: Vec<String> = account.parts.iter().map(line).collect();
    lines.extend(ending(&account, course, zone, wall));
    lines
}

fn ending(account: &Account, course: &Course, zone: Tz, wall: Wall) -> Option<String> {
    if account.more {
        return Some("… and so on".to_owned());
    }
    let due = moment(course.due_at, zone, wall);
    let place = zone.name().replace('_', " ");
    match (course.paused_at, course.stopped_at) {
        (Some(_), _) => Some(format!(
            "What is left is kept until it goes on. Times in {place}."
        )),
        (None, None) => Some(format!("Due {due}. Times in {place}.")),
        (None, Some(at)) => Some(format!(
            "Due {due}; it ended {}. Times in {place}.",
            moment(at, zone, wall)
        )),
    }
}

fn stood(stand: &Stand, reader: Reader, zone: Tz, wall: Wall) -> String {
    let why = match (stand.why, reader) {
        (Pause::CustomersTurn, Reader::Staff) => "stood still, the customer had the turn",
        (Pause::CustomersTurn, Reader::Customer) => "not counted, we waited for your answer",
        (Pause::AccessAwaited, Reader::Staff) => "stood still, access was awaited",
        (Pause::AccessAwaited, Reader::Customer) => "not counted, we waited for access from you",
    };
    match stand.until {
        Some(until) => format!("{}: {why}", between(stand.from, until, zone, wall)),
        None => format!("since {}: {why}", moment(stand.from, zone, wall)),
    }
}

fn moment(at: chrono::DateTime<chrono::Utc>, zone: Tz, wall: Wall) -> String {
    format!(
        "{} {}",
        at.with_timezone(&zone).format("%a"),
        filters::moment(at, zone, wall.now)
    )
}

/// "Mon 2 Mar 10:00–18:00", or both days where they are two.
fn between(
    from: chrono::DateTime<chrono::Utc>,
    until: chrono::DateTime<chrono::Utc>,
    zone: Tz,
    wall: Wall,
) -> String {
    let (first, last) = (from.with_timezone(&zone), until.with_timezone(&zone));
    if first.date_naive() == last.date_naive() {
        return format!("{}–{}", moment(from, zone, wall), last.format("%H:%M"));
    }
    format!(
        "{} to {}",
        moment(from, zone, wall),
        moment(until, zone, wall)
    )
}
