//! Which clause stands behind a question of the claim form, and which one says most about a ground: found in the document, so
//! that a new policy brings its own.

use super::{Clause, ClauseKind, Ground, Policy};
use crate::rules::clauses::Test;
use crate::rules::facts::EvidenceKind;

impl Policy {
    /// The clause of the ground that wants what the form asks for; none where the text says nothing about it.
    pub fn clause_asking<'a>(&'a self, ground: &'a Ground, ask: &str) -> Option<&'a Clause> {
        let wants = |test: &Test| match test {
            Test::Evidence(evidence) => {
                let kind = EvidenceKind::from_word(ask);
                (ask == "reason" && evidence.reason)
                    || kind.is_some_and(|kind| {
                        evidence.all.contains(&kind) || evidence.any.contains(&kind)
                    })
            }
            Test::Cure(cure) => ask == "remedy_choice" && cure.replacement,
            Test::Unspent(_) => ask == "requested",
            _ => false,
        };
        self.clauses_of(ground)
            .find(|clause| clause.tests.iter().any(wants))
    }

    /// The clause that tells this ground from the others: of those that grant, bar or measure, the first that the fewest grounds
    /// share.
    pub fn clause_telling<'a>(&'a self, ground: &'a Ground) -> Option<&'a Clause> {
        let shared = |clause: &&Clause| {
            let grounds = self.grounds.iter();
            grounds
                .filter(|ground| ground.clauses.contains(&clause.id))
                .count()
        };
        let speaks = |clause: &&Clause| {
            matches!(
                clause.kind,
                ClauseKind::Eligibility | ClauseKind::Exclusion | ClauseKind::Amount
            )
        };
        self.clauses_of(ground).filter(speaks).min_by_key(shared)
    }
}

impl Clause {
    /// Whether it sets the customer a time to ask in: its due instant is theirs, not the seller's.
    pub fn times_the_customer(&self) -> bool {
        self.tests.iter().any(|test| match test {
            Test::Window(window) => !window.route,
            Test::Period(_) | Test::RefillWindow(_) => true,
            _ => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::policy::Shelf;

    #[test]
    fn the_clause_behind_a_question_is_found_in_the_document() {
        let shelf = Shelf::built_in();
        for (policy, ground, ask, clause) in [
            ("panel-guarantee", "partial_delivery", "reason", Some("B21")),
            (
                "virtual-numbers",
                "invalid_number",
                "screenshot",
                Some("D5"),
            ),
            (
                "virtual-numbers",
                "major_defect",
                "remedy_choice",
                Some("D6"),
            ),
            (
                "panel-guarantee",
                "balance_withdrawal",
                "requested",
                Some("B3"),
            ),
            ("panel-credits", "duplicate_charge", "invoice_payment", None),
        ] {
            let policy = &shelf.versions(policy)[0];
            let found = policy.clause_asking(policy.ground(ground).unwrap(), ask);
            assert_eq!(
                found.map(|clause| clause.id.as_str()),
                clause,
                "{ground} {ask}"
            );
        }
    }

    #[test]
    fn a_sellers_promise_is_no_time_limit_of_the_customers() {
        let shelf = Shelf::built_in();
        let times = |policy: &str, clause: &str| {
            let clause = shelf.versions(policy)[0].clause(clause);
            clause.unwrap().times_the_customer()
        };
        assert!(times("panel-credits", "A3") && times("virtual-numbers", "D4"));
        assert!(!times("panel-credits", "A19") && !times("api-plans", "C5"));
    }

    #[test]
    fn a_ground_is_told_by_the_clause_that_is_most_its_own() {
        let shelf = Shelf::built_in();
        let told = |policy: &str, ground: &str| {
            let policy = &shelf.versions(policy)[0];
            let clause = policy.clause_telling(policy.ground(ground).unwrap());
            clause.map(|clause| clause.id.clone())
        };
        assert_eq!(
            told("panel-guarantee", "partial_delivery").as_deref(),
            Some("B13a")
        );
        assert_eq!(
            told("panel-credits", "system_cancellation").as_deref(),
            Some("A10")
        );
        assert_eq!(
            told("digital-downloads", "change_of_mind").as_deref(),
            Some("E10a")
        );
    }
}
