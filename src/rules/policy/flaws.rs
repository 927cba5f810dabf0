//! What makes a document unusable, beside its own cases: empty words, names that lead nowhere, clauses that nothing asks.

use std::collections::BTreeSet;

use super::{About, Flaw, Pays, Policy};
use crate::rules::assessment::ClockKind;
use crate::rules::calendar::Hours;
use crate::rules::deadline::{ClockLength, ClockStart};
use crate::rules::facts::EvidenceKind;
use crate::rules::period::Period;

#[derive(Default)]
struct Flaws(Vec<Flaw>);

impl Flaws {
    fn say(&mut self, at: impl Into<String>, message: impl Into<String>) {
        self.0.push(Flaw {
            at: at.into(),
            message: message.into(),
        });
    }
}

impl Policy {
    /// What makes this document unusable. An empty list says that it can be published, once `check` passes too.
    pub fn flaws(&self) -> Vec<Flaw> {
        let mut flaws = Flaws::default();
        of_the_head(self, &mut flaws);
        of_the_clauses(self, &mut flaws);
        of_the_grounds(self, &mut flaws);
        of_the_clocks(self, &mut flaws);
        flaws.0
    }
}

fn of_the_head(policy: &Policy, flaws: &mut Flaws) {
    let texts = [
        ("id", &policy.id),
        ("version", &policy.version),
        ("title", &policy.title),
        ("summary", &policy.summary),
    ];
    for (name, _) in texts.into_iter().filter(|(_, text)| text.trim().is_empty()) {
        flaws.say(name, "must not be empty");
    }
    if (Period {
        from: policy.valid_from,
        to: policy.valid_to,
    })
    .is_empty()
    {
        flaws.say("valid_to", "must lie after valid_from");
    }
    if policy.cases_from.is_some_and(|day| day > policy.valid_from) {
        flaws.say("cases_from", "must not lie after valid_from");
    }
}

fn of_the_clauses(policy: &Policy, flaws: &mut Flaws) {
    for id in twice(policy.clauses.iter().map(|clause| clause.id.as_str())) {
        flaws.say(format!("clauses.{id}"), "is there twice");
    }
    for clause in &policy.clauses {
        let at = format!("clauses.{}", clause.id);
        if clause.heading.trim().is_empty() || clause.words.trim().is_empty() {
            flaws.say(&at, "needs a heading and words");
        }
        if !policy
            .grounds
            .iter()
            .any(|ground| ground.clauses.contains(&clause.id))
        {
            flaws.say(&at, "is judged under no ground");
        }
        for message in clause.tests.iter().filter_map(|test| test.flaw(policy)) {
            flaws.say(&at, message);
        }
    }
}

fn of_the_grounds(policy: &Policy, flaws: &mut Flaws) {
    if policy.grounds.is_empty() {
        flaws.say("grounds", "a policy without grounds decides nothing");
    }
    for id in twice(policy.grounds.iter().map(|ground| ground.id.as_str())) {
        flaws.say(format!("grounds.{id}"), "is there twice");
    }
    for ground in &policy.grounds {
        let at = format!("grounds.{}", ground.id);
        for id in ground
            .clauses
            .iter()
            .filter(|id| policy.clause(id).is_none())
        {
            flaws.say(
                &at,
                format!("names clause {id}, which is not in the document"),
            );
        }
        for ask in ground.asks.iter().filter(|ask| !is_askable(ask)) {
            flaws.say(&at, format!("asks for {ask}, which no claim has"));
        }
        if (ground.pays == Pays::Unspent) != (ground.about == About::Account) {
            flaws.say(
                &at,
                "only a ground about the account pays what is unspent, and it pays nothing else",
            );
        }
    }
}

fn of_the_clocks(policy: &Policy, flaws: &mut Flaws) {
    for flaw in policy.hours.iter().flat_map(Hours::flaws) {
        flaws.say("hours", flaw);
    }
    for clock in &policy.clocks {
        let at = format!("clocks.{}", clock.kind);
        if policy.clause(&clock.clause).is_none() {
            let message = format!(
                "names clause {}, which is not in the document",
                clock.clause
            );
            flaws.say(&at, message);
        }
        let is_reply = clock.kind == ClockKind::NextReply;
        if is_reply != (clock.starts == ClockStart::CustomerWrote) {
            flaws.say(
                &at,
                "a next reply is what starts with customer_wrote, and nothing else does",
            );
        }
        if clock.stops.as_ref().is_some_and(Vec::is_empty) {
            flaws.say(&at, "must stop on something: leave stops out for the usual");
        }
        match clock.length {
            ClockLength::Hours(0) | ClockLength::WorkingMinutes(0) => {
                flaws.say(&at, "needs a length above nothing");
            }
            ClockLength::WorkingMinutes(_) if policy.hours.is_none() => {
                flaws.say(&at, "counts working minutes, and the document has no hours");
            }
            ClockLength::BusinessDays { first, last } if first > last || last == 0 => {
                flaws.say(&at, "needs a first day that is not after the last");
            }
            _ => {}
        }
    }
}

fn is_askable(ask: &str) -> bool {
    matches!(ask, "reason" | "requested" | "remedy_choice")
        || EvidenceKind::from_word(ask).is_some()
}

fn twice<'a>(ids: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    ids.filter(|id| !seen.insert(*id)).collect()
}
