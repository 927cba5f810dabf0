//! Letters about a conversation.

use super::letter;
use super::parts::{Promise, Prose, Signature};

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
