//! What a panel is asked to do. That it took the wish is not that it was done; and a question without an answer may have arrived,
//! so it is neither failed nor sent again before its order's status, or a person, says what became of it.

use super::Illegal;
use crate::rules::words::words;

words! { Action { Cancel = "cancel", Refill = "refill" } }

words! { State {
    Queued = "queued",
    /// On its way; where the desk stops now, nobody knows whether it arrived.
    Sending = "sending",
    /// The panel took the wish.
    Accepted = "accepted",
    Unknown = "unknown",
    Refused = "refused",
    Done = "done",
    Failed = "failed",
} }

words! { Verb {
    Send = "send",
    Accept = "accept",
    Refuse = "refuse",
    Lose = "lose",
    /// It never left: the same again later is harmless.
    Hold = "hold",
    Settle = "settle",
    Fail = "fail",
} }

impl State {
    /// Nobody knows yet what became of it.
    pub const OPEN: [State; 4] = [
        State::Queued,
        State::Sending,
        State::Accepted,
        State::Unknown,
    ];

    pub fn is_open(self) -> bool {
        State::OPEN.contains(&self)
    }

    /// The panel may have been asked already.
    pub fn may_have_arrived(self) -> bool {
        matches!(self, State::Sending | State::Accepted | State::Unknown)
    }
}

/// # Errors
/// A step that this state does not allow.
pub fn next(state: State, verb: Verb) -> Result<State, Illegal> {
    let allowed = match (state, verb) {
        (State::Queued, Verb::Send) => Some(State::Sending),
        (State::Sending, Verb::Accept) => Some(State::Accepted),
        (State::Sending, Verb::Refuse) => Some(State::Refused),
        (State::Sending, Verb::Lose) => Some(State::Unknown),
        (State::Sending, Verb::Hold) => Some(State::Queued),
        (State::Sending | State::Accepted | State::Unknown, Verb::Settle) => Some(State::Done),
        (open, Verb::Fail) if open.is_open() => Some(State::Failed),
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
    fn what_may_have_arrived_is_never_sent_again_and_what_ended_stays_so() {
        for state in State::ALL.iter().copied() {
            let sent_again = next(state, Verb::Send).is_ok() || next(state, Verb::Hold).is_ok();
            let may = matches!(state, State::Queued | State::Sending);
            assert_eq!(sent_again, may, "{state}");
            if !state.is_open() {
                assert!(Verb::ALL.iter().all(|verb| next(state, *verb).is_err()));
            }
        }
        assert!(
            next(State::Queued, Verb::Settle).is_err(),
            "nobody was asked"
        );
    }
}
