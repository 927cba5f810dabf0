//! From a customer's record of chargebacks to the steps that the seller's text allows because of one of them. The text's own
//! condition decides (B27): without it nothing is allowed, and while it is not known nothing is either. What is suggested is the
//! mildest step that is not taken yet; which one follows, and whether any does, is a person's to say.

use super::assessment::Met;
use super::clauses::{ChargebackRule, SanctionStep, Test, chargeback};
use super::facts::Dispute;
use super::policy::Policy;

/// What may follow from one chargeback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// The clause about sanctions, where the text has one.
    pub clause: Option<String>,
    /// Whether its condition holds.
    pub condition: Met,
    /// The same in a sentence.
    pub because: String,
    /// The mildest first.
    pub steps: Vec<Allowed>,
}

/// A step that the text allows and that is not taken yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    pub step: SanctionStep,
    pub suggested: bool,
}

impl Advice {
    fn nothing(clause: Option<&str>, condition: Met, because: impl Into<String>) -> Advice {
        Advice {
            clause: clause.map(str::to_owned),
            condition,
            because: because.into(),
            steps: Vec::new(),
        }
    }

    pub fn allows(&self, step: SanctionStep) -> bool {
        self.steps.iter().any(|allowed| allowed.step == step)
    }
}

/// What the version that governs the payment (`None`: no version did) lets follow from a chargeback on it, with the customer's
/// `earlier` ones at this seller and the steps that are `taken` and still hold.
pub fn advise(
    policy: Option<&Policy>,
    dispute: &Dispute,
    earlier: &[Dispute],
    taken: &[SanctionStep],
) -> Advice {
    let Some(policy) = policy else {
        let because = "No version of the policy was in force when the payment was made.";
        return Advice::nothing(None, Met::NotApplicable, because);
    };
    let Some((clause, named)) = sanctions_of(policy) else {
        let because = "The policy names no consequence of a chargeback.";
        return Advice::nothing(None, Met::NotApplicable, because);
    };
    let verdict = chargeback::judge(ChargebackRule::Sanction, dispute);
    if verdict.result != Met::Met {
        return Advice::nothing(Some(clause), verdict.result, verdict.detail);
    }
    let before = earlier
        .iter()
        .filter(|other| chargeback::judge(ChargebackRule::Sanction, other).result == Met::Met)
        .count();
    Advice {
        clause: Some(clause.to_owned()),
        condition: Met::Met,
        because: verdict.detail.into_owned(),
        steps: open_steps(named, taken, before > 0),
    }
}

fn sanctions_of(policy: &Policy) -> Option<(&str, &[SanctionStep])> {
    policy.clauses.iter().find_map(|clause| {
        clause.tests.iter().find_map(|test| match test {
            Test::Chargeback(found) if found.about == ChargebackRule::Sanction => {
                Some((clause.id.as_str(), found.steps.as_slice()))
            }
            _ => None,
        })
    })
}

/// What is named and goes further than what is taken. A fee stands beside the others and is never suggested: the text gives no
/// figure of it. Who did it before is not met with the mildest step again, where there is another.
fn open_steps(named: &[SanctionStep], taken: &[SanctionStep], repeated: bool) -> Vec<Allowed> {
    let is_fee = |step: &SanctionStep| *step == SanctionStep::Fee;
    let furthest = taken.iter().filter(|step| !is_fee(step)).max();
    let open: Vec<SanctionStep> = SanctionStep::ALL
        .iter()
        .copied()
        .filter(|step| named.contains(step) && !taken.contains(step))
        .filter(|step| is_fee(step) || Some(step) > furthest)
        .collect();
    let ladder: Vec<SanctionStep> = open.iter().copied().filter(|step| !is_fee(step)).collect();
    let suggested = match ladder.as_slice() {
        [SanctionStep::Suspension, next, ..] if repeated => Some(*next),
        [first, ..] => Some(*first),
        [] => None,
    };
    open.into_iter()
        .map(|step| Allowed {
            step,
            suggested: Some(step) == suggested,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::facts::{DisputeReason, DisputeStatus};
    use crate::rules::policy::Shelf;
    use SanctionStep::{Block, Closure, Fee, Suspension};

    fn policy(id: &str) -> Policy {
        Shelf::built_in().versions(id).last().unwrap().clone()
    }

    fn dispute(reason: Option<DisputeReason>, contacted_first: Option<bool>) -> Dispute {
        Dispute {
            status: DisputeStatus::Open,
            deposit: None,
            amount: None,
            reason,
            contacted_first,
            answered_in_time: None,
        }
    }

    fn steps(advice: &Advice) -> Vec<(SanctionStep, bool)> {
        let steps = advice.steps.iter();
        steps.map(|one| (one.step, one.suggested)).collect()
    }

    #[test]
    fn only_a_chargeback_without_contact_that_is_no_fraud_allows_anything() {
        use DisputeReason::{Fraudulent, Other};
        let guarantee = policy("panel-guarantee");
        for (reason, contacted, condition, allowed) in [
            (Some(Other), Some(false), Met::Met, 4),
            (None, Some(false), Met::Met, 4),
            (Some(Other), Some(true), Met::NotMet, 0),
            (Some(Other), None, Met::Unknown, 0),
            (Some(Fraudulent), Some(false), Met::NotApplicable, 0),
        ] {
            let advice = advise(Some(&guarantee), &dispute(reason, contacted), &[], &[]);
            assert_eq!(advice.clause.as_deref(), Some("B27"));
            assert_eq!(
                (advice.condition, advice.steps.len()),
                (condition, allowed),
                "{reason:?} {contacted:?}: {}",
                advice.because
            );
        }
    }

    #[test]
    fn a_text_that_names_no_sanction_allows_none() {
        let silent = policy("panel-credits");
        let met = dispute(None, Some(false));
        assert_eq!(advise(Some(&silent), &met, &[], &[]).clause, None);
        assert!(advise(Some(&silent), &met, &[], &[]).steps.is_empty());
        assert!(advise(None, &met, &[], &[]).steps.is_empty());
    }

    #[test]
    fn the_mildest_step_is_suggested_first_and_no_step_twice() {
        let guarantee = policy("panel-guarantee");
        let met = dispute(None, Some(false));
        let advice = |earlier: &[Dispute], taken: &[SanctionStep]| {
            steps(&advise(Some(&guarantee), &met, earlier, taken))
        };
        assert_eq!(
            advice(&[], &[]),
            [
                (Suspension, true),
                (Closure, false),
                (Block, false),
                (Fee, false)
            ]
        );
        let again = std::slice::from_ref(&met);
        assert_eq!(
            advice(again, &[]),
            [
                (Suspension, false),
                (Closure, true),
                (Block, false),
                (Fee, false)
            ]
        );
        assert_eq!(
            advice(&[dispute(None, Some(true))], &[Suspension]),
            [(Closure, true), (Block, false), (Fee, false)]
        );
        assert_eq!(advice(&[], &[Closure, Fee]), [(Block, true)]);
        assert_eq!(advice(&[], &[Block]), [(Fee, false)]);
    }

    #[test]
    fn a_document_may_name_fewer_steps() {
        let mut milder = policy("panel-guarantee");
        for test in milder
            .clauses
            .iter_mut()
            .flat_map(|clause| &mut clause.tests)
        {
            if let Test::Chargeback(found) = test {
                found.steps = vec![Suspension];
            }
        }
        let met = dispute(None, Some(false));
        let twice = advise(Some(&milder), &met, std::slice::from_ref(&met), &[]);
        assert_eq!(steps(&twice), [(Suspension, true)]);
    }
}
