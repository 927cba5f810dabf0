//! A claim's states. What the rules say moves an open claim between waiting for the customer, for the seller and for a person;
//! only a decision or the customer ends it, and a rejection can be appealed.

use super::Illegal;
use crate::rules::assessment::Outcome;
use crate::rules::words::words;

words! { State {
    NeedsEvidence = "needs_evidence", InReview = "in_review", ActionFirst = "action_first", OnHold = "on_hold",
    Approved = "approved", Rejected = "rejected", Remedied = "remedied", Withdrawn = "withdrawn",
} }

words! { Verb {
    Assess = "assess", Ask = "ask", Approve = "approve", Reject = "reject", Remedy = "remedy", Withdraw = "withdraw",
    Appeal = "appeal",
} }

impl State {
    pub fn is_open(self) -> bool {
        matches!(
            self,
            State::NeedsEvidence | State::InReview | State::ActionFirst | State::OnHold
        )
    }
}

/// Where a claim waits after an assessment with that outcome. A clear answer waits for a person like an unclear one:
/// only the policy's own "automatically" decides without one.
pub fn waits(outcome: Outcome) -> State {
    match outcome {
        Outcome::NeedsEvidence => State::NeedsEvidence,
        Outcome::ActionFirst => State::ActionFirst,
        Outcome::OnHold => State::OnHold,
        Outcome::Eligible | Outcome::Ineligible | Outcome::NeedsReview | Outcome::Remedied => {
            State::InReview
        }
    }
}

/// The state after `verb`; `outcome` is what the rules last said.
///
/// # Errors
/// A step that this state does not allow. While a dispute is open no money moves, so nothing can be approved (I20).
pub fn next(state: State, verb: Verb, outcome: Outcome) -> Result<State, Illegal> {
    let allowed = match verb {
        Verb::Assess if state.is_open() => Some(waits(outcome)),
        Verb::Ask if state.is_open() && state != State::OnHold => Some(State::NeedsEvidence),
        Verb::Approve if state.is_open() && state != State::OnHold => Some(State::Approved),
        Verb::Reject if state.is_open() => Some(State::Rejected),
        Verb::Remedy if state.is_open() && state != State::OnHold => Some(State::Remedied),
        Verb::Withdraw if state.is_open() => Some(State::Withdrawn),
        Verb::Appeal if state == State::Rejected => Some(waits(outcome)),
        _ => None,
    };
    allowed.ok_or(Illegal {
        state: state.word(),
        verb: verb.word(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_twice_and_only_a_rejection_is_appealed() {
        for state in State::ALL.iter().filter(|state| !state.is_open()) {
            for verb in Verb::ALL {
                let may = (*state, *verb) == (State::Rejected, Verb::Appeal);
                assert_eq!(
                    next(*state, *verb, Outcome::Eligible).is_ok(),
                    may,
                    "{state} {verb}"
                );
            }
        }
    }

    #[test]
    fn an_open_dispute_stops_approval_but_not_the_customer() {
        assert!(next(State::OnHold, Verb::Approve, Outcome::OnHold).is_err());
        assert_eq!(
            next(State::OnHold, Verb::Withdraw, Outcome::OnHold),
            Ok(State::Withdrawn)
        );
        assert_eq!(
            next(State::OnHold, Verb::Assess, Outcome::Eligible),
            Ok(State::InReview)
        );
    }
}
