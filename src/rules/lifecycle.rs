//! What may follow what: state machines as plain tables. Pure; `desk` asks before it writes, and the database moves a row only
//! from the state that was asked about.

/// A step that a thing cannot take from where it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{verb} is not possible while it is {state}")]
pub struct Illegal {
    pub state: &'static str,
    pub verb: &'static str,
}

pub mod claim;
pub mod payout;
pub mod request;
pub mod ticket;
