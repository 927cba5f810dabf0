//! Policies as data: a seller's text clause by clause with the tests that each clause puts to a claim, the
//! grounds a customer can name, the seller's promises, and worked cases that the policy must pass.
//! A document is TOML; what is hashed and stored is its canonical JSON. Read `clauses` for what tests there are.

mod asking;
mod cases;
mod checks;
mod differences;
mod edit;
mod figures;
mod flaws;
mod lines;
mod remarks;
mod shelf;
mod spoken;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::assessment::{Assessment, Finding, Met, Outcome, Reference};
use super::calendar::{Calendar, Holidays, Hours, start_of_day};
use super::clauses::Test;
use super::deadline::Clock;
use super::facts::{At, Facts};
use super::words::words;

pub use cases::{Case, Expect};
pub use checks::Checks;
pub use differences::{Difference, Kind, differences};
pub use edit::{Manuscript, Number, line_of};
pub use figures::Figure;
pub use lines::{Line, Mark, lines};
pub use remarks::{Grade, Remark};
pub use shelf::Shelf;

/// One version of one seller's policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    pub id: String,
    pub version: String,
    pub title: String,
    /// What the text promises, in a sentence or two.
    pub summary: String,
    pub valid_from: NaiveDate,
    /// The first day no longer in force, where the document itself says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<NaiveDate>,
    /// The cases are judged as if the text had held from this day: a new version keeps the cases of the one before, on their days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cases_from: Option<NaiveDate>,
    pub time_zone: Tz,
    #[serde(default)]
    pub holidays: Holidays,
    /// When the seller works, for the clocks that count open time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    pub grounds: Vec<Ground>,
    pub clauses: Vec<Clause>,
    #[serde(default)]
    pub clocks: Vec<Clock>,
    /// Beginnings of claims that cases build on.
    #[serde(default)]
    pub samples: BTreeMap<String, serde_json::Value>,
    #[serde(default)]
    pub cases: Vec<Case>,
    /// The day a newer version took over, known to the shelf and no part of the document.
    #[serde(skip)]
    pub superseded_on: Option<NaiveDate>,
    #[serde(skip)]
    hash: String,
}

/// A numbered clause: the seller's facts in our words, and the tests that decide whether it is met.
/// A clause without tests holds as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    pub id: String,
    pub kind: ClauseKind,
    pub heading: String,
    pub words: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tests: Vec<Test>,
    /// The readings (I1…I23) that this clause rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub interpretations: Vec<String>,
}

impl Clause {
    /// Whether it stands against a claim where it is not met. A limit that has to be shown falls away instead.
    pub fn binds_unmet(&self) -> bool {
        !self
            .tests
            .iter()
            .any(|test| matches!(test, Test::OnceStarted))
    }
}

words! { ClauseKind {
    Eligibility = "eligibility", Amount = "amount", Deadline = "deadline", Exclusion = "exclusion", Evidence = "evidence",
    Workflow = "workflow", Sla = "sla", Notification = "notification", Sanction = "sanction", Disclosure = "disclosure",
    Versioning = "versioning", Interpretation = "interpretation",
} }

/// Something that a customer can claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ground {
    pub id: String,
    pub title: String,
    /// For the customer who chooses: what has happened, in plain words.
    pub hint: String,
    pub about: About,
    /// What the claim form must ask for: `reason`, `requested`, `remedy_choice` or an evidence kind.
    #[serde(default)]
    pub asks: Vec<String>,
    pub clauses: Vec<String>,
    pub pays: Pays,
    pub to: PaysTo,
}

impl Ground {
    pub fn needs_order(&self) -> bool {
        self.about == About::Order
    }

    pub fn needs_account(&self) -> bool {
        self.about == About::Account
    }
}

words! { About { Order = "order", Account = "account" } }
words! {
    /// How much a ground pays where nothing stands against it.
    Pays {
        /// What is unspent of each deposit.
        Unspent = "unspent",
        /// The undelivered share of the charge.
        Share = "share",
        /// The whole charge.
        Charge = "charge",
        /// The share of the charge that dropped after delivery.
        Shortfall = "shortfall",
        /// The unused share of a plan's allowance.
        Quota = "quota",
        /// The text is silent: the charge as a pre-fill for a person.
        Outside = "outside",
    }
}
words! { PaysTo { AccountBalance = "account_balance", PaymentMethod = "payment_method" } }

/// Why a policy document cannot be used; `at` is where in the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Error)]
#[error("{at}: {message}")]
pub struct Flaw {
    pub at: String,
    pub message: String,
}

impl Policy {
    /// Reads a TOML document and refuses it with every flaw found; its cases are run by `check`.
    pub fn parse(document: &str) -> Result<Policy, Vec<Flaw>> {
        toml::from_str::<Policy>(document)
            .map_err(|why| why.to_string())
            .map_or_else(unreadable, Policy::sealed)
    }

    /// Reads the canonical JSON that `canonical` wrote.
    pub fn from_canonical(json: &str) -> Result<Policy, Vec<Flaw>> {
        serde_json::from_str::<Policy>(json)
            .map_err(|why| why.to_string())
            .map_or_else(unreadable, Policy::sealed)
    }

    /// The document as JSON with sorted keys: what is stored, and what the hash is taken of.
    pub fn canonical(&self) -> String {
        serde_json::to_value(self)
            .map(|value| sorted(&value))
            .unwrap_or_default()
    }

    /// What an assessment names it by.
    pub fn reference(&self) -> Reference {
        Reference {
            id: self.id.clone(),
            version: self.version.clone(),
            hash: self.hash(),
        }
    }

    /// SHA-256 of the canonical JSON, in hexadecimal.
    pub fn hash(&self) -> String {
        self.hash.clone()
    }

    fn sealed(mut self) -> Result<Policy, Vec<Flaw>> {
        let digest = Sha256::digest(self.canonical());
        self.hash = digest
            .iter()
            .fold(String::with_capacity(64), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            });
        let flaws = self.flaws();
        if flaws.is_empty() {
            Ok(self)
        } else {
            Err(flaws)
        }
    }

    /// This text as if it had stood in the place of that one: for judging what was judged by it.
    pub fn in_place_of(&self, other: &Policy) -> Policy {
        Policy {
            valid_from: other.valid_from,
            valid_to: other.valid_to,
            superseded_on: other.superseded_on,
            ..self.clone()
        }
    }

    pub fn ground(&self, id: &str) -> Option<&Ground> {
        self.grounds.iter().find(|ground| ground.id == id)
    }

    pub fn clause(&self, id: &str) -> Option<&Clause> {
        self.clauses.iter().find(|clause| clause.id == id)
    }

    /// The grounds on which a provider's own result is credited without a person. Those that a customer cannot just press for
    /// come first: they say best what happened.
    pub fn result_grounds(&self) -> Vec<&Ground> {
        let tests = self.clauses.iter().flat_map(|clause| &clause.tests);
        let automatic: Vec<_> = tests
            .filter_map(|test| match test {
                Test::Automatic(automatic) => Some(automatic),
                _ => None,
            })
            .collect();
        let on = |ids: &[String], ground: &Ground| ids.contains(&ground.id);
        let credited =
            |ground: &&Ground| automatic.iter().any(|by| on(&by.provider_result, ground));
        let pressed =
            |ground: &Ground| automatic.iter().any(|by| on(&by.pending_in_portal, ground));
        let mut grounds: Vec<&Ground> = self.grounds.iter().filter(credited).collect();
        grounds.sort_by_key(|ground| pressed(ground));
        grounds
    }

    /// What stands against the claim, in the ground's order: the clauses that are not met. A limit that the buyer was not shown
    /// is not met either, and stands against nothing (I18).
    pub fn against<'a>(&'a self, assessment: &'a Assessment) -> impl Iterator<Item = &'a Finding> {
        let stands = |finding: &&Finding| {
            finding.result == Met::NotMet
                && !finding.detail.is_empty()
                && self.clause(&finding.id).is_none_or(Clause::binds_unmet)
        };
        assessment.clauses.iter().filter(stands)
    }

    /// What the answer rests on: the first clause that stands against the claim, else the one that gives the amount, else one that
    /// lets it in.
    pub fn deciding<'a>(&'a self, assessment: &'a Assessment) -> Option<&'a Finding> {
        let met = |kind: ClauseKind| {
            let of_kind = assessment.clauses.iter().filter(move |finding| {
                finding.result == Met::Met
                    && self
                        .clause(&finding.id)
                        .is_some_and(|clause| clause.kind == kind)
            });
            of_kind.into_iter().next()
        };
        let against = match assessment.outcome {
            Outcome::Ineligible => self.against(assessment).next(),
            _ => None,
        };
        against
            .or_else(|| met(ClauseKind::Amount))
            .or_else(|| met(ClauseKind::Eligibility))
    }

    /// The clauses of a ground, in the ground's order.
    pub fn clauses_of<'a>(&'a self, ground: &'a Ground) -> impl Iterator<Item = &'a Clause> {
        ground.clauses.iter().filter_map(|id| self.clause(id))
    }

    /// The seller's zone and holidays: what the seller has configured, or else the policy's own.
    pub fn calendar(&self, facts: &Facts) -> Calendar {
        let holidays = facts
            .seller
            .holidays
            .clone()
            .map_or_else(|| self.holidays.clone(), Holidays::Dates);
        Calendar {
            zone: self.zone(facts),
            holidays,
            hours: facts.seller.hours.clone().or_else(|| self.hours.clone()),
        }
    }

    /// The seller's time zone, or the text's own.
    pub fn zone(&self, facts: &Facts) -> Tz {
        facts.seller.time_zone.unwrap_or(self.time_zone)
    }

    /// Whether this version was in force at `at`, on the seller's wall: from the first day to before the end.
    pub fn covers(&self, at: At, zone: Tz) -> bool {
        let end = [self.valid_to, self.superseded_on]
            .into_iter()
            .flatten()
            .min();
        at >= start_of_day(self.valid_from, zone)
            && end.is_none_or(|end| at < start_of_day(end, zone))
    }
}

fn unreadable(message: String) -> Result<Policy, Vec<Flaw>> {
    Err(vec![Flaw {
        at: "document".to_owned(),
        message,
    }])
}

fn sorted(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::Object(members) => {
            let members: BTreeMap<&String, &Value> = members.iter().collect();
            let members: Vec<String> = members
                .iter()
                .map(|(key, value)| format!("{}:{}", Value::from(key.as_str()), sorted(value)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(items) => format!(
            "[{}]",
            items.iter().map(sorted).collect::<Vec<_>>().join(",")
        ),
        other => other.to_string(),
    }
}
