//! A policy's own worked cases: claims with the answer that the text asks for, run before it is published.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Flaw, Policy};
use crate::rules::adjudicate::adjudicate_under;
use crate::rules::assessment::{Assessment, Met, NextAction, Outcome, Route};
use crate::rules::facts;
use crate::rules::money::Amount;

/// One worked case: a sample, what differs from it, and what must come out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub title: String,
    /// The sample that this case builds on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// A claim, or what differs from the sample: members replace, objects merge.
    #[serde(default)]
    pub claim: Value,
    pub expect: Expect,
}

/// What a case decides; what it leaves out is free.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flagged: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discretionary: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub automatic: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_action: Option<NextAction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<Route>,
    /// Clauses that must have something to say, by their full id.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cites: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<Amount>,
}

impl Policy {
    /// Runs the policy's own cases; one flaw per case that does not come out.
    pub fn check(&self) -> Vec<Flaw> {
        let judge = self.as_of_its_cases();
        let unmet = |case: &Case| {
            judge.try_case(case).map(|message| Flaw {
                at: format!("cases.{}", case.title),
                message,
            })
        };
        self.cases.iter().filter_map(unmet).collect()
    }

    fn as_of_its_cases(&self) -> Policy {
        Policy {
            valid_from: self.cases_from.unwrap_or(self.valid_from),
            ..self.clone()
        }
    }

    /// The claim of one case: its sample with what differs, under this policy.
    pub fn claim_of(&self, case: &Case) -> Result<Value, String> {
        let mut claim = match &case.from {
            None => Value::Object(serde_json::Map::new()),
            Some(name) => match self.samples.get(name) {
                Some(sample) => sample.clone(),
                None => {
                    return Err(format!(
                        "builds on the sample {name}, which is not in the document"
                    ));
                }
            },
        };
        merge(&mut claim, &case.claim);
        if let Value::Object(members) = &mut claim {
            members.insert("policy".to_owned(), Value::from(self.id.as_str()));
        }
        Ok(claim)
    }

    fn try_case(&self, case: &Case) -> Option<String> {
        let claim = match self.claim_of(case) {
            Ok(claim) => claim,
            Err(message) => return Some(message),
        };
        match facts::read(&claim.to_string()) {
            Ok(facts) if self.ground(&facts.ground).is_none() => Some(format!(
                "names the ground {}, which the policy lacks",
                facts.ground
            )),
            Ok(facts) => case.expect.unmet(&adjudicate_under(self, &facts)),
            Err(refusal) => Some(format!("cannot be read: {refusal}")),
        }
    }
}

fn merge(base: &mut Value, over: &Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                merge(base.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (base, Value::Null) if !base.is_null() => {}
        (base, over) => *base = over.clone(),
    }
}

impl Expect {
    /// The first expectation that the assessment does not meet.
    fn unmet(&self, got: &Assessment) -> Option<String> {
        fn differs<T: PartialEq + std::fmt::Debug>(
            what: &str,
            want: &Option<T>,
            got: &T,
        ) -> Option<String> {
            want.as_ref()
                .filter(|want| *want != got)
                .map(|want| format!("{what}: expected {want:?}, got {got:?}"))
        }
        let cited = |id: &&String| {
            !got.clauses
                .iter()
                .any(|c| c.id == **id && c.result != Met::NotApplicable)
        };
        let offered = |amount: &&Amount| !got.alternatives.iter().any(|a| a.amount == **amount);
        differs("outcome", &self.outcome, &got.outcome)
            .or_else(|| differs("amount", &self.amount.map(Some), &got.amount))
            .or_else(|| differs("flagged", &self.flagged, &got.flagged))
            .or_else(|| differs("discretionary", &self.discretionary, &got.discretionary))
            .or_else(|| differs("automatic", &self.automatic, &got.automatic))
            .or_else(|| differs("next_action", &self.next_action, &got.next_action))
            .or_else(|| differs("route", &self.route.map(Some), &got.route))
            .or_else(|| {
                self.cites
                    .iter()
                    .find(cited)
                    .map(|id| format!("cites: {id} has nothing to say"))
            })
            .or_else(|| {
                self.missing
                    .iter()
                    .find(|m| !got.missing.contains(m))
                    .map(|m| format!("missing: {m} is not asked for"))
            })
            .or_else(|| {
                self.alternatives
                    .iter()
                    .find(offered)
                    .map(|a| format!("alternatives: {a} is not offered"))
            })
    }
}
