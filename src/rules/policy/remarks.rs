//! What stands between the lines of a document that reads: clauses that speak about the same ground with different numbers, grounds
//! that nothing decides or nobody can meet, numbers that are missing, and words that say another number than the test counts.
//! An error blocks publishing; a warning is for whoever proposes the text to read and accept.

use std::collections::BTreeSet;

use super::figures::measured;
use super::spoken::{Span, spans};
use super::{Clause, ClauseKind, Ground, Policy};
use crate::rules::clauses::{Test, Window};
use crate::rules::deadline::{Clock, ClockLength, Length};
use crate::rules::words::words;

words! { Grade { Error = "error", Warning = "warning" } }

/// One thing that is wrong, or worth a second look; `at` is where in the document, as a flaw has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    pub grade: Grade,
    pub at: String,
    pub message: String,
}

impl std::fmt::Display for Remark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}: {}", self.grade, self.at, self.message)
    }
}

struct Remarks(Vec<Remark>);

impl Remarks {
    /// The same said twice, as for a clause of two grounds, is said once.
    fn say(&mut self, grade: Grade, at: &str, message: String) {
        let remark = Remark {
            grade,
            at: at.to_owned(),
            message,
        };
        if !self.0.contains(&remark) {
            self.0.push(remark);
        }
    }
}

impl Policy {
    /// Overlaps, gaps, missing numbers and words that disagree with their number; the errors first.
    pub fn remarks(&self) -> Vec<Remark> {
        let mut remarks = Remarks(Vec::new());
        for ground in &self.grounds {
            overlaps(self, ground, &mut remarks);
            promises(self, ground, &mut remarks);
            gaps(self, ground, &mut remarks);
        }
        for clause in &self.clauses {
            numbers(self, clause, &mut remarks);
            names(self, clause, &mut remarks);
        }
        summary(self, &mut remarks);
        remarks.0.sort_by_key(|remark| remark.grade);
        remarks.0
    }
}

fn at(clause: &Clause) -> String {
    format!("clauses.{}", clause.id)
}

fn spoken(length: Length) -> String {
    let (number, unit) = measured(length);
    format!("{number} {unit}")
}

/// Two clauses of one ground that give different numbers for the same thing.
fn overlaps(policy: &Policy, ground: &Ground, remarks: &mut Remarks) {
    let windows: Vec<(&Clause, &Window)> = policy
        .clauses_of(ground)
        .flat_map(|clause| clause.tests.iter().map(move |test| (clause, test)))
        .filter_map(|(clause, test)| match test {
            Test::Window(window) if !window.route => Some((clause, window)),
            _ => None,
        })
        .collect();
    for (index, (clause, window)) in windows.iter().enumerate() {
        for (other, rival) in &windows[index + 1..] {
            two_windows((clause, window), (other, rival), remarks);
        }
    }
    let tests = || {
        let of = |clause: &'_ Clause| clause.tests.clone().into_iter();
        policy
            .clauses_of(ground)
            .flat_map(move |clause| of(clause).map(move |test| (clause, test)))
    };
    let mut minimum = None;
    let mut cure = None;
    for (clause, test) in tests() {
        let (seen, number) = match test {
            Test::Minimum(test) => (&mut minimum, format!("{} {}", test.amount, test.currency)),
            Test::Cure(test) => (&mut cure, format!("{} hours", test.hours)),
            _ => continue,
        };
        match seen {
            Some((earlier, before)) if *before != number => {
                let message = format!(
                    "says {number} where {earlier} says {before} for the same ground; both apply, and the stricter one decides"
                );
                remarks.say(Grade::Error, &at(clause), message);
            }
            _ => *seen = Some((clause.id.clone(), number)),
        }
    }
}

/// Two clocks of one ground that promise the same thing with different numbers.
fn promises(policy: &Policy, ground: &Ground, remarks: &mut Remarks) {
    let of = |clause: &String| ground.clauses.contains(clause);
    let clocks: Vec<&Clock> = policy.clocks.iter().filter(|it| of(&it.clause)).collect();
    for (index, clock) in clocks.iter().enumerate() {
        let same = |other: &&&Clock| other.kind == clock.kind && other.starts == clock.starts;
        let later = clocks[index + 1..].iter().filter(same);
        for other in later.filter(|other| other.length != clock.length) {
            let message = format!(
                "promises {} in one time and {} in another for the same ground; both run",
                clock.kind.word().replace('_', " "),
                other.clause
            );
            let at = format!("clauses.{}", clock.clause);
            remarks.say(Grade::Warning, &at, message);
        }
    }
}

fn two_windows(
    (one, window): (&Clause, &Window),
    (other, rival): (&Clause, &Window),
    remarks: &mut Remarks,
) {
    if window.starts != rival.starts || window.length == rival.length {
        return;
    }
    let (a, b) = (spoken(window.length), spoken(rival.length));
    match (window.general, rival.general) {
        (false, false) => {
            let settled =
                window.rival.as_ref() == Some(&other.id) || rival.rival.as_ref() == Some(&one.id);
            if !settled && one.id != other.id {
                let message = format!(
                    "gives {a} where {} gives {b} for the same ground, so the shorter one always decides; name one the rival of the other, or call one general",
                    other.id
                );
                remarks.say(Grade::Error, &at(one), message);
            }
        }
        (true, true) => {}
        (general, _) => {
            let ((own, own_window), (rule, rule_window)) = if general {
                ((other, rival), (one, window))
            } else {
                ((one, window), (other, rival))
            };
            if shorter(rule_window.length, own_window.length) {
                let message = format!(
                    "is a general rule of {} beside the {} of {}: between the two ends a person decides",
                    spoken(rule_window.length),
                    spoken(own_window.length),
                    own.id
                );
                remarks.say(Grade::Warning, &at(rule), message);
            }
        }
    }
}

/// Whether one length ends before the other whatever the calendar says.
fn shorter(one: Length, other: Length) -> bool {
    let days = |length: Length, month: u32| match length {
        Length::Days(days) => days.saturating_mul(24),
        Length::Hours(hours) => hours,
        Length::Months(months) => months.saturating_mul(month * 24),
    };
    days(one, 31) < days(other, 28)
}

/// A ground that nothing decides, or that nobody can meet.
fn gaps(policy: &Policy, ground: &Ground, remarks: &mut Remarks) {
    let place = format!("grounds.{}", ground.id);
    let tests: Vec<&Test> = policy
        .clauses_of(ground)
        .flat_map(|clause| &clause.tests)
        .collect();
    if tests.is_empty() {
        let message =
            "no clause of it tests anything, so every claim on it would be granted in full";
        remarks.say(Grade::Error, &place, message.to_owned());
    }
    let mut messages = BTreeSet::new();
    let mut needs = BTreeSet::new();
    for test in &tests {
        match test {
            Test::Sms(sms) => {
                messages.insert(sms.must);
            }
            Test::Condition(condition) => {
                needs.extend(condition.needs.iter().map(|need| (need.fact, need.is)));
            }
            _ => {}
        }
    }
    if messages.len() > 1 {
        let message = "one clause needs the message to have come and another needs it not to have, so no claim can meet it";
        remarks.say(Grade::Error, &place, message.to_owned());
    }
    for (fact, is) in &needs {
        if *is && needs.contains(&(*fact, false)) {
            let message = format!(
                "one clause needs {} and another needs the contrary, so no claim can meet it",
                fact.word().replace('_', " ")
            );
            remarks.say(Grade::Error, &place, message);
        }
    }
    let has_case = policy.cases.iter().any(|case| {
        let claim = policy.claim_of(case).unwrap_or_default();
        claim.get("ground").and_then(|it| it.as_str()) == Some(&ground.id)
    });
    if !has_case {
        let message = "no case shows what it decides".to_owned();
        remarks.say(Grade::Warning, &place, message);
    }
}

/// What the clause counts: the lengths of its tests and of its clocks.
fn counted(policy: &Policy, clause: &Clause) -> Vec<(Span, String)> {
    let of_length = |length: Length| match length {
        Length::Days(days) => Span::Hours(days.saturating_mul(24)),
        Length::Hours(hours) => Span::Hours(hours),
        Length::Months(months) => Span::Months(months),
    };
    let tests = clause.tests.iter().filter_map(|test| match test {
        Test::Window(window) => Some((of_length(window.length), spoken(window.length))),
        Test::Cure(cure) => Some((Span::Hours(cure.hours), format!("{} hours", cure.hours))),
        _ => None,
    });
    let clocks = policy
        .clocks
        .iter()
        .filter(|clock| clock.clause == clause.id);
    let clocks = clocks.flat_map(|clock| match clock.length {
        ClockLength::Hours(hours) => vec![(Span::Hours(hours), format!("{hours} hours"))],
        ClockLength::WorkingMinutes(minutes) => vec![(
            Span::WorkingMinutes(minutes),
            format!("{minutes} working minutes"),
        )],
        ClockLength::BusinessDays { first, last } => [first, last]
            .into_iter()
            .map(|days| (Span::BusinessDays(days), format!("{days} business days")))
            .collect(),
    });
    tests.chain(clocks).collect()
}

fn numbers(policy: &Policy, clause: &Clause, remarks: &mut Remarks) {
    let place = at(clause);
    let counted = counted(policy, clause);
    for (span, spoken) in &counted {
        if span.number() == 0 {
            let message = format!("counts {spoken}: a number is missing, and nothing is in time");
            remarks.say(Grade::Error, &place, message);
        }
        for (what, text) in [("heading", &clause.heading), ("words", &clause.words)] {
            let said: Vec<Span> = spans(text)
                .into_iter()
                .filter(|it| it.is_like(*span))
                .collect();
            if !said.is_empty() && !said.contains(span) {
                let message = format!(
                    "counts {spoken}, and its {what} say something else: \u{201c}{text}\u{201d}"
                );
                remarks.say(Grade::Warning, &place, message);
            }
        }
    }
    for test in &clause.tests {
        if let Test::Minimum(minimum) = test
            && !minimum.amount.is_positive()
        {
            let message = "has a minimum without a number".to_owned();
            remarks.say(Grade::Error, &place, message);
        }
    }
    let counts = !counted.is_empty()
        || clause
            .tests
            .iter()
            .any(|test| matches!(test, Test::RefillWindow(_) | Test::Period(_) | Test::Quota));
    if clause.kind == ClauseKind::Deadline && !counts {
        let message = "is a time limit without a number: nothing in it is counted".to_owned();
        remarks.say(Grade::Error, &place, message);
    }
    if clause.kind == ClauseKind::Sla && counted.is_empty() && !spans(&clause.words).is_empty() {
        let message = "promises a time that no clock counts".to_owned();
        remarks.say(Grade::Warning, &place, message);
    }
}

/// Grounds that a clause's tests name and the document lacks.
fn names(policy: &Policy, clause: &Clause, remarks: &mut Remarks) {
    let named = clause.tests.iter().flat_map(|test| match test {
        Test::Automatic(test) => [&test.pending_in_portal[..], &test.provider_result[..]].concat(),
        Test::Evidence(test) => test.waived_for.clone(),
        _ => Vec::new(),
    });
    for id in named.filter(|id| policy.ground(id).is_none()) {
        let message = format!("names the ground {id}, which is not in the document");
        remarks.say(Grade::Error, &at(clause), message);
    }
}

/// A length in the summary that no clause counts.
fn summary(policy: &Policy, remarks: &mut Remarks) {
    let counted: Vec<Span> = policy
        .clauses
        .iter()
        .flat_map(|clause| counted(policy, clause))
        .map(|(span, _)| span)
        .collect();
    for said in spans(&policy.summary) {
        if !counted.contains(&said) && counted.iter().any(|span| span.is_like(said)) {
            let message = format!(
                "names a time that no clause counts: \u{201c}{}\u{201d}",
                policy.summary
            );
            remarks.say(Grade::Warning, "summary", message);
        }
    }
}
