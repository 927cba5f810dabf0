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

words! { Told {
    /// It has the order, and the money has not arrived yet.
    Pending = "pending",
    Succeeded = "succeeded",
    Failed = "failed",
    Returned = "returned",
    /// It never heard of that key.
    Absent = "absent",
} }

/// What a gateway's word comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// The steps that the payout takes, in order.
    Steps(&'static [Verb]),
    /// Known already, or older than what is known: words may come twice and out of order.
    Same,
    /// It contradicts what the books say; a person must look.
    Against(&'static str),
}

/// Words may come late, twice and out of order, so each is judged by where the payout stands and by nothing else.
pub fn hear(state: State, told: Told) -> Heard {
    use Heard::{Against, Same, Steps};
    match (state, told) {
        (State::Queued, Told::Absent) => Same,
        (State::Queued, _) => Against("nobody has sent it yet"),

        (State::Reserved, Told::Pending) => Steps(&[Verb::Send]),
        (State::Reserved, Told::Succeeded) => Steps(&[Verb::Send, Verb::Settle]),
        (State::Reserved, Told::Failed) => Steps(&[Verb::Fail]),
        (State::Reserved, Told::Returned) => Steps(&[Verb::Send, Verb::Settle, Verb::Return]),
        (State::Reserved, Told::Absent) => Same,

        (State::Sent, Told::Pending) => Same,
        (State::Sent | State::Unknown, Told::Succeeded) => Steps(&[Verb::Settle]),
        (State::Sent, Told::Failed) => Steps(&[Verb::Fail]),
        (State::Sent | State::Unknown, Told::Returned) => Steps(&[Verb::Settle, Verb::Return]),
        (State::Sent, Told::Absent) => Against("it had been accepted, and is not known any more"),

        (State::Unknown, Told::Pending) => Steps(&[Verb::Find]),
        (State::Unknown, Told::Failed) => Steps(&[Verb::Refute]),
        (State::Unknown, Told::Absent) => Steps(&[Verb::Requeue]),

        (State::Succeeded, Told::Pending | Told::Succeeded) => Same,
        (State::Succeeded, Told::Returned) => Steps(&[Verb::Return]),
        (State::Succeeded, Told::Failed | Told::Absent) => Against("it is booked as paid"),

        (State::Failed, Told::Succeeded) => {
            Against("it is booked as failed, and its money is back where it came from")
        }
        // "Pending" says nothing of how it ends, and most likely it is old. Should it arrive all the same, that will be said too.
        (State::Failed, Told::Pending | Told::Failed | Told::Returned | Told::Absent) => Same,

        (State::Returned, Told::Absent) => Against("it is booked as paid and returned"),
        (State::Returned, _) => Same,
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

    #[test]
    fn every_step_that_a_word_asks_for_is_one_that_the_state_allows() {
        let mut heard = 0;
        for &state in State::ALL {
            for &told in Told::ALL {
                let Heard::Steps(steps) = hear(state, told) else {
                    continue;
                };
                let mut at = state;
                for &verb in steps {
                    at = next(at, verb).unwrap();
                }
                heard += 1;
                // Said again, it changes nothing more; but for what goes back into the queue, of which nothing is known then.
                if told != Told::Absent {
                    assert_eq!(hear(at, told), Heard::Same, "{state} {told}");
                }
            }
        }
        assert_eq!(heard, 13);
    }

    #[test]
    fn no_order_of_words_pays_what_failed_or_fails_what_was_paid() {
        for first in [Told::Pending, Told::Succeeded, Told::Returned] {
            for second in Told::ALL.iter().copied() {
                let mut state = State::Unknown;
                for told in [first, second] {
                    if let Heard::Steps(steps) = hear(state, told) {
                        state = steps
                            .iter()
                            .fold(state, |at, verb| next(at, *verb).unwrap());
                    }
                }
                if first != Told::Pending {
                    assert!(
                        matches!(state, State::Succeeded | State::Returned),
                        "{first} {second}"
                    );
                }
            }
        }
        assert!(matches!(
            hear(State::Failed, Told::Succeeded),
            Heard::Against(_)
        ));
        for &ended in &[State::Failed, State::Succeeded, State::Returned] {
            assert_eq!(hear(ended, Told::Pending), Heard::Same, "late: {ended}");
        }
        assert!(matches!(
            hear(State::Succeeded, Told::Failed),
            Heard::Against(_)
        ));
    }
}
