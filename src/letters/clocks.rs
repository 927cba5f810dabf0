//! Warnings about a promise whose time runs out. They go to members of staff and to nobody else.

use super::letter;
use super::parts::{Moment, Signature};
use crate::rules::clock::Step;

/// So much of a promise's time is used up.
pub struct ClockWarning {
    pub signature: Signature,
    /// `T-1042`.
    pub ticket: String,
    /// `C-310`, where the ticket is a claim's.
    pub claim: Option<String>,
    /// The ticket's subject.
    pub about: String,
    /// What was promised: `a decision`.
    pub what: String,
    /// The clause that promised it; none for the house's own target.
    pub clause: Option<String>,
    pub step: Step,
    pub due: Moment,
    /// Whether the reader has the ticket, and whether anybody has.
    pub is_yours: bool,
    pub is_nobodys: bool,
}
letter!(
    ClockWarning,
    "letters/clock_warning.subject.txt",
    "letters/clock_warning.txt",
    "letters/clock_warning.html"
);

impl ClockWarning {
    pub fn state(&self) -> &'static str {
        match self.step {
            Step::Half => "Half the time is used",
            Step::FourFifths => "Four fifths of the time are used",
            Step::Whole => "Due now",
        }
    }

    pub fn number(&self) -> &str {
        self.claim.as_deref().unwrap_or(&self.ticket)
    }

    pub fn page(&self) -> String {
        match &self.claim {
            Some(claim) => self.signature.link(&format!("/queue/claims/{claim}")),
            None => self
                .signature
                .link(&format!("/queue/tickets/{}", self.ticket)),
        }
    }

    pub fn by(&self) -> String {
        match (&self.clause, self.step) {
            (Some(clause), Step::Whole) => format!(
                "{} was promised (clause {clause}) by {}.",
                capital(&self.what),
                self.due
            ),
            (Some(clause), _) => format!(
                "{} is promised (clause {clause}) by {}.",
                capital(&self.what),
                self.due
            ),
            (None, _) => format!("The house's own target for {} is {}.", self.what, self.due),
        }
    }

    pub fn whose(&self) -> &'static str {
        match (self.is_yours, self.is_nobodys) {
            (true, _) => "It is yours.",
            (_, true) => "Nobody has taken it yet: give it to somebody, or take it.",
            _ => "A colleague has it: see whether they need help.",
        }
    }
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), letters.as_str())
}
