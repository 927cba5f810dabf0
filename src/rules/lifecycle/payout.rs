//! A payout's states: money on its way to a payment method. What is *unknown* was sent or was not, and nobody knows: it is never
//! failed and never sent again before the other side has said what became of it.

use super::Illegal;
use crate::rules::words::words;

words! { State {
    /// Set aside, waiting for somebody to send it.
    Queued = "queued",
    /// In a batch file or in a gateway's hands; nobody else may send it.
    Reserved = "reserved",
    Sent = "sent",
    /// Sent or not, nobody knows: never failed, never sent again before it is reconciled.
    Unknown = "unknown",
    Succeeded = "succeeded",
    Failed = "failed",
    /// It had left, and came back.
    Returned = "returned",
} }

words! { Verb {
    Reserve = "reserve",
    /// Put back into the queue: it never left.
    Release = "release",
    Send = "send",
    Lose = "lose",
    /// What nobody knew is known now: it is on its way.
    Find = "find",
    /// What nobody knew is known now: the other side never heard of it, and may be told again under the same key.
    Requeue = "requeue",
    Settle = "settle",
    Fail = "fail",
    /// What nobody knew is known now: it never left.
    Refute = "refute",
    Return = "return",
} }

impl State {
    /// Whether its money is set aside: neither with the customer nor back where it came from.
    pub fn is_in_transit(self) -> bool {
        matches!(
            self,
            State::Queued | State::Reserved | State::Sent | State::Unknown
        )
    }

    /// Whether it still counts against the payment's cap: everything that did not come back.
    pub fn counts(self) -> bool {
        !matches!(self, State::Failed | State::Returned)
    }
}

/// # Errors
/// A step that the state does not allow: above all, what is unknown is not failed and not sent again.
pub fn next(state: State, verb: Verb) -> Result<State, Illegal> {
    match (state, verb) {
        (State::Queued, Verb::Reserve) => Ok(State::Reserved),
        (State::Reserved, Verb::Release) => Ok(State::Queued),
        (State::Queued | State::Reserved, Verb::Send) => Ok(State::Sent),
        (State::Reserved | State::Sent, Verb::Lose) => Ok(State::Unknown),
        (State::Unknown, Verb::Find) => Ok(State::Sent),
        (State::Unknown, Verb::Requeue) => Ok(State::Queued),
        (State::Sent | State::Unknown, Verb::Settle) => Ok(State::Succeeded),
        (State::Queued | State::Reserved | State::Sent, Verb::Fail) => Ok(State::Failed),
        (State::Unknown, Verb::Refute) => Ok(State::Failed),
        (State::Succeeded, Verb::Return) => Ok(State::Returned),
        (state, verb) => Err(Illegal {
            state: state.word(),
            verb: verb.word(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ended_payout_stays_ended_and_an_unknown_one_is_neither_failed_nor_sent_again() {
        for &verb in Verb::ALL {
            assert!(next(State::Failed, verb).is_err());
            assert!(next(State::Returned, verb).is_err());
            assert_eq!(next(State::Succeeded, verb).is_ok(), verb == Verb::Return);
            assert_eq!(
                next(State::Unknown, verb).is_ok(),
                matches!(
                    verb,
                    Verb::Settle | Verb::Refute | Verb::Find | Verb::Requeue
                )
            );
        }
    }

    #[test]
    fn money_in_transit_counts_until_it_came_back() {
        for &state in State::ALL {
            assert!(state.counts() || !state.is_in_transit());
            assert_eq!(State::from_word(state.word()), Some(state));
        }
    }
}
