//! Promises as badges and as the list that explains them: how each due time came about.

use super::Wall;
use super::claim::clause;
use super::policy::working;
use crate::db::clocks::Clock as Row;
use crate::rules::deadline::{ClockLength, ClockStart};
use crate::rules::policy::Policy;
use crate::web::filters;
use crate::web::parts::{Clock, ClockState, Deadline, Deadlines};

/// The clocks that a page lists: everything but what became void.
pub fn deadlines(rows: &[Row], policy: Option<&Policy>, wall: Wall) -> Deadlines {
    let list = rows
        .iter()
        .filter(|row| row.state != "void")
        .map(|row| Deadline {
            clock: badge(row, wall),
            firmness: firmness(&row.firmness).to_owned(),
            clause: policy.map(|policy| clause(policy, &row.clause)),
            why: why(row, policy, wall),
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

/// "48 h from receipt on 20 Nov 10:14; clock 24/7".
fn why(row: &Row, policy: Option<&Policy>, wall: Wall) -> String {
    let started = filters::moment(row.starts_at.utc(), wall.zone, wall.now);
    let declared = policy.and_then(|policy| {
        policy
            .clocks
            .iter()
            .find(|clock| clock.kind.word() == row.kind && clock.clause == row.clause)
    });
    let from = match declared.map(|clock| clock.starts) {
        Some(ClockStart::Approved) => "the approval",
        Some(ClockStart::CustomerWrote) => "the message",
        _ => "receipt",
    };
    match declared.map(|clock| clock.length) {
        Some(ClockLength::Hours(hours)) if hours % 24 == 0 && hours > 72 => {
            format!(
                "{} days of 24 h from {from} on {started}, weekends included",
                hours / 24
            )
        }
        Some(ClockLength::Hours(hours)) => {
            format!("{hours} h from {from} on {started}, day and night")
        }
        Some(ClockLength::WorkingMinutes(minutes)) => {
            format!("{} from {from} on {started}", working(minutes))
        }
        Some(ClockLength::BusinessDays { first, last }) => {
            format!(
                "{first} to {last} business days after {from} on {started}; weekends and holidays do not count"
            )
        }
        None => format!("from {started}"),
    }
}
