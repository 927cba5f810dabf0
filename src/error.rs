//! What can go wrong, as a closed set of reasons. Knows neither HTTP nor HTML: `web/faces.rs` gives statuses and faces.
//!
//! Which to use: `Invalid` for a form the person can mend, `Refused` when a rule says no, `NotFound` also for what is not yours,
//! `Stale` when someone was faster. Everything unexpected is `Internal`: logged once at the door, its text shown to nobody.

use std::fmt;

use chrono::{DateTime, Utc};

pub type Result<T> = std::result::Result<T, Error>;

#[derive(Debug)]
pub enum Error {
    /// The form can be mended: one message a field, in the order of the form.
    Invalid(Fields),
    /// A rule of the business says no; `words` say why and what to do next.
    Refused {
        code: Code,
        words: String,
    },
    NotFound,
    Forbidden,
    SignIn,
    /// Someone changed it meanwhile.
    Stale,
    /// Too many tries; the instant from which one more is welcome.
    Throttled(DateTime<Utc>),
    /// More than the stated limit, in words ("10 MB a file").
    TooLarge(String),
    /// What was sent cannot be read as what it should be; no form of ours sends that.
    Malformed(&'static str),
    /// A form that did not come from a page of ours, or from one that is out of date.
    Forged,
    /// Too much to do at the moment; the same again in a little while will do.
    Busy,
    Internal(anyhow::Error),
}

/// The machine's names of refusals: stable, snake_case in the API, with default words in [`Code::words`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    IllegalStep,
    OverCeiling,
    OverLimit,
    NothingToPay,
    AlreadyOpen,
    AlreadyDone,
    OwnClaim,
    BrokenPolicy,
    KeyReused,
    LinkSpent,
    Insufficient,
    OnHold,
}

impl Code {
    pub fn name(self) -> &'static str {
        match self {
            Code::IllegalStep => "illegal_step",
            Code::OverCeiling => "over_ceiling",
            Code::OverLimit => "over_limit",
            Code::NothingToPay => "nothing_to_pay",
            Code::AlreadyOpen => "already_open",
            Code::AlreadyDone => "already_done",
            Code::OwnClaim => "own_claim",
            Code::BrokenPolicy => "broken_policy",
            Code::KeyReused => "key_reused",
            Code::LinkSpent => "link_spent",
            Code::Insufficient => "insufficient",
            Code::OnHold => "on_hold",
        }
    }

    pub fn words(self) -> &'static str {
        match self {
            Code::IllegalStep => {
                "That step is not possible from where this stands now. Reload the page to see its state."
            }
            Code::OverCeiling => "That is more than is left to refund.",
            Code::OverLimit => "That is above what you may decide alone.",
            Code::NothingToPay => "There is nothing left to pay here.",
            Code::AlreadyOpen => "A request on this is open already.",
            Code::AlreadyDone => "This was done already; nothing was done twice.",
            Code::OwnClaim => "Nobody decides a claim of their own.",
            Code::BrokenPolicy => "The policy has flaws and cannot be published.",
            Code::KeyReused => {
                "This form was sent before with other contents. Reload the page and send it again."
            }
            Code::LinkSpent => "This link is no longer valid. Ask for a new one.",
            Code::Insufficient => "There is not enough on the balance.",
            Code::OnHold => {
                "A dispute is open on this payment; no money moves until it is settled."
            }
        }
    }
}

/// Messages beside the fields they belong to, in the order in which they were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    pub fn new() -> Self {
        Fields::default()
    }

    pub fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push((field.into(), message.into()));
    }

    pub fn one(field: impl Into<String>, message: impl Into<String>) -> Self {
        Fields(vec![(field.into(), message.into())])
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The message of a field, or "" where it has none.
    pub fn of(&self, field: &str) -> &str {
        self.0
            .iter()
            .find(|(name, _)| name == field)
            .map_or("", |(_, message)| message)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(field, message)| (field.as_str(), message.as_str()))
    }

    /// `Ok` when no field complains.
    pub fn done(self) -> Result<()> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(Error::Invalid(self))
        }
    }
}

impl Error {
    pub fn refused(code: Code) -> Self {
        Error::Refused {
            code,
            words: code.words().to_owned(),
        }
    }

    pub fn refused_because(code: Code, words: impl Into<String>) -> Self {
        Error::Refused {
            code,
            words: words.into(),
        }
    }

    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Error::Invalid(Fields::one(field, message))
    }

    /// A broken invariant: something that our own code promised and did not keep.
    pub fn broken(what: impl fmt::Display) -> Self {
        Error::Internal(anyhow::anyhow!("{what}"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Invalid(fields) => {
                let all = fields
                    .iter()
                    .map(|(field, message)| format!("{field}: {message}"))
                    .collect::<Vec<_>>();
                f.write_str(&all.join("; "))
            }
            Error::Refused { words, .. } => f.write_str(words),
            Error::NotFound => f.write_str("not found"),
            Error::Forbidden => f.write_str("not allowed"),
            Error::SignIn => f.write_str("sign in first"),
            Error::Stale => f.write_str("someone changed this meanwhile"),
            Error::Throttled(until) => write!(f, "too many tries; try again at {until}"),
            Error::TooLarge(limit) => write!(f, "too large: {limit} at most"),
            Error::Malformed(what) => f.write_str(what),
            Error::Forged => f.write_str("not sent from a current page of this desk"),
            Error::Busy => f.write_str("too busy at the moment"),
            Error::Internal(cause) => write!(f, "{cause:#}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<anyhow::Error> for Error {
    fn from(cause: anyhow::Error) -> Self {
        Error::Internal(cause)
    }
}

impl From<std::io::Error> for Error {
    fn from(cause: std::io::Error) -> Self {
        Error::Internal(cause.into())
    }
}

impl From<serde_json::Error> for Error {
    fn from(cause: serde_json::Error) -> Self {
        Error::Internal(cause.into())
    }
}
