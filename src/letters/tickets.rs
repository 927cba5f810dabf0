//! Letters about a conversation.

use super::letter;
use super::parts::{Moment, Promise, Prose, Signature};

/// The first answer to a message. It repeats nothing of it, so the desk cannot be made to carry a stranger's words to others.
pub struct TicketReceived {
    pub signature: Signature,
    /// `T-1042`.
    pub ticket: String,
    pub promises: Vec<Promise>,
}
letter!(
    TicketReceived,
    "letters/ticket_received.subject.txt",
    "letters/ticket_received.txt",
    "letters/ticket_received.html"
);

/// What an agent wrote to the customer.
pub struct Reply {
    pub signature: Signature,
    pub ticket: String,
    /// The ticket's subject.
    pub about: String,
    /// The name that the agent shows to customers.
    pub from: Option<String>,
    pub message: Prose,
}
letter!(
    Reply,
    "letters/reply.subject.txt",
    "letters/reply.txt",
    "letters/reply.html"
);

/// The first answer to a mail that asks for something, where it is not clear for what: what was understood, and what to choose from.
pub struct MailUnclear {
    pub signature: Signature,
    pub ticket: String,
    /// When the mail came, which is when the claim counts from.
    pub received: Moment,
    /// The order that it names; none where it names none.
    pub order: Option<String>,
    /// The customer's newest orders, to choose from.
    pub orders: Vec<String>,
    /// What the policy knows, to choose from; empty where that is clear.
    pub grounds: Vec<String>,
    pub promises: Vec<Promise>,
}
letter!(
    MailUnclear,
    "letters/mail_unclear.subject.txt",
    "letters/mail_unclear.txt",
    "letters/mail_unclear.html"
);

/// Asks the sender of a mail that nobody vouches for to answer. It says nothing of the mail: whoever it is that gets this, it is no
/// stranger's words that we carry to them.
pub struct MailHeld {
    pub signature: Signature,
    pub came: Moment,
}
letter!(
    MailHeld,
    "letters/mail_held.subject.txt",
    "letters/mail_held.txt",
    "letters/mail_held.html"
);
