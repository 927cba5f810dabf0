//! Words for mail: one askama struct a letter, rendered to subject, text and HTML. Pure: no database, no clock, no sending.

/// A rendered letter, ready for the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub subject: String,
    pub text: String,
    pub html: String,
}
