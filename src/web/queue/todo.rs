//! Work before money on the claim's page: each open task with whose it is, its clock, what the panel says, and the form for its
//! result; and what became of those that ended.

use super::case::Case;
use super::panel::sign;
use super::{Looker, Typed};
use crate::db::requests::Request;
use crate::db::tasks::Task;
use crate::desk::panels::requests::action_of;
use crate::error::Result;
use crate::rules::lifecycle::request::{Action, State as Standing};
use crate::rules::tasks::{Kind, State, endings};
use crate::web::filters;
use crate::web::form::new_key;
use crate::web::page::{Choice, Filled};
use crate::web::parts::{Badge, Clock, Moment, Tone};
use crate::web::show::{Wall, clocks};

/// See `templates/parts/tasks.html`.
pub struct Todo {
    pub open: Vec<Card>,
    pub ended: Vec<Ended>,
}

pub struct Card {
    pub kind: &'static str,
    pub title: &'static str,
    /// "Omar Haddad has it."
    pub owner: String,
    pub is_mine: bool,
    pub clock: Option<Clock>,
    pub take_key: String,
    pub asking: Option<Asking>,
    pub form: Filled,
    pub ways: Vec<Choice>,
    /// The label of a number of units that belongs to one of the ways.
    pub count: Option<String>,
    /// For a replacement: the sign before its value, and what the claim was about.
    pub value: Option<(String, String)>,
    pub result_key: String,
}

/// What the panel can be asked, and what it said so far.
pub struct Asking {
    /// "Ask the panel to cancel it"; none while an earlier question waits.
    pub button: Option<&'static str>,
    pub said: Option<String>,
    pub key: String,
}

pub struct Ended {
    pub title: &'static str,
    pub badge: Badge,
    pub words: String,
    pub by: String,
    pub at: Option<Moment>,
}

impl Todo {
    pub fn of(case: &Case, looker: &Looker, typed: &Typed) -> Result<Todo> {
        let (open, ended): (Vec<&Task>, Vec<&Task>) = case
            .tasks
            .iter()
            .partition(|task| task.state == State::Open);
        let open = open.into_iter().filter(|_| case.claim.is_open());
        Ok(Todo {
            open: open
                .map(|task| card(case, task, looker, typed))
                .collect::<Result<_>>()?,
            ended: ended
                .into_iter()
                .map(|task| ended_line(case, task, looker.wall))
                .collect(),
        })
    }

    pub fn is_empty(&self) -> bool {
        self.open.is_empty() && self.ended.is_empty()
    }
}

fn card(case: &Case, task: &Task, looker: &Looker, typed: &Typed) -> Result<Card> {
    let ways = endings(task.kind, case.policy()?, &case.claim.ground);
    let count = ways.iter().find_map(|way| {
        let count = way.count?;
        let when = format!("only with “{}”", way.words);
        Some(match count.required {
            true => count.label.to_owned(),
            false => format!("{} ({when}, if you know)", count.label),
        })
    });
    let (typed_kind, form) = typed.task.clone().unzip();
    let form = form.filter(|_| typed_kind == Some(task.kind));
    let mut form = form.unwrap_or_default();
    if let ([only], true) = (ways, form.value("result").is_empty()) {
        form.values
            .push(("result".to_owned(), only.code.to_owned()));
    }
    Ok(Card {
        kind: task.kind.word(),
        title: task.kind.title(),
        owner: match &task.owner_id {
            Some(owner) if *owner == looker.person.id => "You have it.".to_owned(),
            Some(owner) => format!("{} has it.", case.doer(owner.as_str())),
            None => "Nobody has it yet.".to_owned(),
        },
        is_mine: task.owner_id.as_ref() == Some(&looker.person.id),
        clock: cure(case, task, looker.wall),
        take_key: new_key()?,
        asking: asking(case, task, looker.wall)?,
        form: form.under(&format!("task-{}", task.kind)),
        ways: ways
            .iter()
            .map(|way| Choice::new(way.code, way.words, ""))
            .collect(),
        count,
        value: (task.kind == Kind::Replace).then(|| worth(case)),
        result_key: new_key()?,
    })
}

/// A repair has the clock that the policy gives it.
fn cure(case: &Case, task: &Task, wall: Wall) -> Option<Clock> {
    let mut running = case.story.clocks.iter().filter(|clock| {
        clock.kind == "cure" && matches!(clock.state.as_str(), "running" | "paused" | "breached")
    });
    let clock = running.next().filter(|_| task.kind == Kind::FixDefect)?;
    Some(clocks::badge(clock, wall))
}

fn worth(case: &Case) -> (String, String) {
    let paid = case.order().and_then(|order| order.charge_e8);
    let paid = paid.map_or("What was paid is not known.".to_owned(), |paid| {
        let paid = filters::money(paid, &case.claim.currency);
        format!("{paid} was paid. The customer chose a replacement of the same or a similar value.")
    });
    (sign(&case.claim.currency), paid)
}

fn asking(case: &Case, task: &Task, wall: Wall) -> Result<Option<Asking>> {
    let Some(action) = action_of(task.kind).filter(|_| case.has_panel) else {
        return Ok(None);
    };
    let last = case
        .requests
        .iter()
        .rfind(|request| request.action == action);
    let waits = last.is_some_and(|last| last.state.is_open() && last.state != Standing::Unknown);
    let button = match (action, last.map(|last| last.state)) {
        (_, Some(Standing::Unknown)) => "Ask the panel once more",
        (Action::Cancel, _) => "Ask the panel to cancel it",
        (Action::Refill, _) => "Ask the panel to refill it",
    };
    Ok(Some(Asking {
        button: (!waits).then_some(button),
        said: last.map(|last| said(last, wall)),
        key: new_key()?,
    }))
}

/// What became of a question to the panel, in a sentence.
pub fn said(request: &Request, wall: Wall) -> String {
    let at = |at: chrono::DateTime<chrono::Utc>| filters::moment(at, wall.zone, wall.now);
    let asked = at(request.asked_at.utc());
    let answer = request.answer.clone().unwrap_or_default();
    let waits = match request.state {
        Standing::Queued => "It leaves with the next round.",
        Standing::Sending => "It is on its way.",
        Standing::Accepted => "Its status is asked for by itself.",
        Standing::Unknown => {
            "Nobody knows whether it arrived; the order's status will say. It is not asked again by itself."
        }
        Standing::Refused | Standing::Done | Standing::Failed => "",
    };
    let parts = [format!("Asked {asked}."), answer, waits.to_owned()];
    parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn ended_line(case: &Case, task: &Task, wall: Wall) -> Ended {
    let badge = match task.state {
        State::Done => Badge::new(Tone::Ok, "Done"),
        State::Failed => Badge::new(Tone::Warn, "In vain"),
        State::Dropped | State::Open => Badge::new(Tone::Neutral, "Not needed"),
    };
    let worth = task
        .value_e8
        .map(|value| filters::money(value, &case.claim.currency));
    let worth = worth.map_or(String::new(), |worth| format!(" Worth {worth}."));
    Ended {
        title: task.kind.title(),
        badge,
        words: format!("{}{worth}", task.result.as_deref().unwrap_or_default()),
        by: task
            .ended_by
            .as_deref()
            .map_or(String::new(), |by| case.doer(by)),
        at: task
            .ended_at
            .map(|at| Moment::new(at.utc(), wall.zone, wall.now)),
    }
}
