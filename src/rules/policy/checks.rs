//! Everything that can be said of a document before anybody is judged by it: whether it reads, whether its cases come out, and what
//! is worth a second look. One examination for the command line, the editor and the publishing.

use super::{Flaw, Grade, Policy, Remark, differences};

/// What the examination found.
#[derive(Debug, Clone, Default)]
pub struct Checks {
    /// None where the document does not read.
    pub policy: Option<Policy>,
    /// Why it does not read.
    pub flaws: Vec<Flaw>,
    /// Cases that do not come out.
    pub failing: Vec<Flaw>,
    pub remarks: Vec<Remark>,
}

impl Checks {
    pub fn of(document: &str) -> Checks {
        match Policy::parse(document) {
            Err(flaws) => Checks {
                flaws,
                ..Checks::default()
            },
            Ok(policy) => Checks {
                failing: policy.check(),
                remarks: policy.remarks(),
                flaws: Vec::new(),
                policy: Some(policy),
            },
        }
    }

    /// The same of a document that is to follow `base`: its cases must notice what it changes.
    pub fn after(document: &str, base: &Policy) -> Checks {
        let mut checks = Checks::of(document);
        let Some(policy) = &checks.policy else {
            return checks;
        };
        if policy.id != base.id {
            checks.flaws.push(Flaw {
                at: "id".to_owned(),
                message: format!(
                    "must stay {}: the versions of a policy have one name",
                    base.id
                ),
            });
        }
        let noticed = !checks.failing.is_empty() || !policy.cases_pass_under(base);
        if !noticed && decides_otherwise(base, policy) {
            checks.remarks.push(Remark {
                grade: Grade::Warning,
                at: "cases".to_owned(),
                message: format!(
                    "no case notices what changed: all of them come out the same under {}",
                    base.version
                ),
            });
        }
        checks
    }

    /// What stands against publishing it, in words.
    pub fn blocks(&self) -> Vec<String> {
        let flaws = self.flaws.iter().chain(&self.failing).map(Flaw::to_string);
        let errors = self.remarks.iter().filter(|it| it.grade == Grade::Error);
        let errors = errors.map(|remark| format!("{}: {}", remark.at, remark.message));
        flaws.chain(errors).collect()
    }

    /// What whoever proposes it reads and accepts.
    pub fn warnings(&self) -> Vec<String> {
        let warnings = self.remarks.iter().filter(|it| it.grade == Grade::Warning);
        warnings
            .map(|remark| format!("{}: {}", remark.at, remark.message))
            .collect()
    }
}

/// Whether more than words changed.
fn decides_otherwise(base: &Policy, policy: &Policy) -> bool {
    differences(base, policy).iter().any(|it| {
        let in_words = ["Heading", "Words", "Kind", "Rests on"].contains(&it.what.as_str());
        (!it.clause.is_empty() && !in_words) || it.what.starts_with("Ground ")
    })
}

impl Policy {
    fn cases_pass_under(&self, base: &Policy) -> bool {
        let mut old = base.clone();
        old.cases.clone_from(&self.cases);
        old.samples.clone_from(&self.samples);
        old.cases_from = Some(self.cases_from.unwrap_or(self.valid_from));
        old.check().is_empty()
    }
}
