//! What may follow what: state machines as plain tables. Pure; `desk` asks before it writes, and the database moves a row only
//! from the state that was asked about.

/// A step that a thing cannot take from where it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{verb} is not possible while it is {state}")]
pub struct Illegal {
    pub state: &'static str,
    pub verb: &'static str,
}

/// Money on its way to a payment method.
pub mod payout {
    use super::Illegal;

    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum State {
        /// Set aside, waiting for somebody to send it.
        Queued,
        /// Taken by a gateway's batch; nobody else may send it.
        Reserved,
        Sent,
        /// Sent or not, nobody knows: never failed, never sent again before it is reconciled.
        Unknown,
        Succeeded,
        Failed,
        /// It had arrived nowhere and came back.
        Returned,
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Verb {
        Reserve,
        /// Put back into the queue: the batch was never sent.
        Release,
        Send,
        Lose,
        Settle,
        Fail,
        /// What nobody knew is known now: it never left.
        Refute,
        Return,
    }

    impl State {
        pub const ALL: [State; 7] = [
            State::Queued,
            State::Reserved,
            State::Sent,
            State::Unknown,
            State::Succeeded,
            State::Failed,
            State::Returned,
        ];

        pub fn as_str(self) -> &'static str {
            match self {
                State::Queued => "queued",
                State::Reserved => "reserved",
                State::Sent => "sent",
                State::Unknown => "unknown",
                State::Succeeded => "succeeded",
                State::Failed => "failed",
                State::Returned => "returned",
            }
        }

        pub fn parse(text: &str) -> Option<Self> {
            Self::ALL.into_iter().find(|state| state.as_str() == text)
        }

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

    impl Verb {
        pub const ALL: [Verb; 8] = [
            Verb::Reserve,
            Verb::Release,
            Verb::Send,
            Verb::Lose,
            Verb::Settle,
            Verb::Fail,
            Verb::Refute,
            Verb::Return,
        ];

        pub fn as_str(self) -> &'static str {
            match self {
                Verb::Reserve => "reserve",
                Verb::Release => "release",
                Verb::Send => "send",
                Verb::Lose => "lose",
                Verb::Settle => "settle",
                Verb::Fail => "fail",
                Verb::Refute => "refute",
                Verb::Return => "return",
            }
        }
    }

    /// # Errors
    /// A step that the state does not allow: above all, what is unknown is not failed and not sent again.
    pub fn next(state: State, verb: Verb) -> Result<State, Illegal> {
        match (state, verb) {
            (State::Queued, Verb::Reserve) => Ok(State::Reserved),
            (State::Reserved, Verb::Release) => Ok(State::Queued),
            (State::Queued | State::Reserved, Verb::Send) => Ok(State::Sent),
            (State::Sent, Verb::Lose) => Ok(State::Unknown),
            (State::Sent | State::Unknown, Verb::Settle) => Ok(State::Succeeded),
            (State::Queued | State::Reserved | State::Sent, Verb::Fail) => Ok(State::Failed),
            (State::Unknown, Verb::Refute) => Ok(State::Failed),
            (State::Succeeded, Verb::Return) => Ok(State::Returned),
            (state, verb) => Err(Illegal {
                state: state.as_str(),
                verb: verb.as_str(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::payout::{State, Verb, next};

    #[test]
    fn an_ended_payout_stays_ended_and_an_unknown_one_is_neither_failed_nor_sent_again() {
        for verb in Verb::ALL {
            assert!(next(State::Failed, verb).is_err());
            assert!(next(State::Returned, verb).is_err());
            assert_eq!(next(State::Succeeded, verb).is_ok(), verb == Verb::Return);
            assert_eq!(
                next(State::Unknown, verb).is_ok(),
                matches!(verb, Verb::Settle | Verb::Refute)
            );
        }
    }

    #[test]
    fn money_in_transit_counts_until_it_came_back() {
        for state in State::ALL {
            assert!(state.counts() || !state.is_in_transit());
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
    }
}
