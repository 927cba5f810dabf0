//! What managers are told about the next version of a policy: that a text waits for their agreement, and what came of one's own.

use chrono::NaiveDate;

use super::letter;
use super::parts::{Prose, Signature};
use crate::rules::display;

/// To whoever may be the second person.
pub struct PolicyProposed {
    pub signature: Signature,
    /// "V-1003".
    pub draft: String,
    pub policy: String,
    pub version: String,
    pub from: NaiveDate,
    pub by: String,
    /// Why, in the proposer's own words; None where they said nothing.
    pub words: Option<Prose>,
    /// What the proposer read and takes as meant.
    pub warnings: Vec<String>,
}
letter!(
    PolicyProposed,
    "letters/policy_proposed.subject.txt",
    "letters/policy_proposed.txt",
    "letters/policy_proposed.html"
);

impl PolicyProposed {
    pub fn from(&self) -> String {
        display::days(self.from, self.from)
    }

    pub fn page(&self) -> String {
        page(&self.signature, &self.draft)
    }
}

/// To whoever proposed it.
pub struct PolicySettled {
    pub signature: Signature,
    pub draft: String,
    pub policy: String,
    pub version: String,
    pub from: NaiveDate,
    pub by: String,
    /// Why not, in the second person's words; None where they agreed.
    pub declined: Option<Prose>,
}
letter!(
    PolicySettled,
    "letters/policy_settled.subject.txt",
    "letters/policy_settled.txt",
    "letters/policy_settled.html"
);

impl PolicySettled {
    pub fn from(&self) -> String {
        display::days(self.from, self.from)
    }

    pub fn page(&self) -> String {
        page(&self.signature, &self.draft)
    }
}

fn page(signature: &Signature, draft: &str) -> String {
    format!("{}/queue/drafts/{draft}", signature.site)
}
