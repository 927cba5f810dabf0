//! Letters about what follows from a chargeback: what was decided, under which clause and why, until when, and how to object.

use super::letter;
use super::parts::{Moment, Prose, Signature};

pub struct Sanctioned {
    pub signature: Signature,
    /// `S-1001`.
    pub number: String,
    /// `the account is suspended`.
    pub what: String,
    /// What it comes to, in a sentence.
    pub effect: String,
    pub from: Moment,
    pub until: Option<Moment>,
    /// What a fee asks for.
    pub fee: Option<String>,
    pub disputed: String,
    pub opened: Moment,
    /// The version that the customer accepted with the payment, and the clause of it that allows this.
    pub policy: String,
    pub version: String,
    pub clause: String,
    pub words: String,
    pub reason: Prose,
}
letter!(
    Sanctioned,
    "letters/sanctioned.subject.txt",
    "letters/sanctioned.txt",
    "letters/sanctioned.html"
);

pub struct Lifted {
    pub signature: Signature,
    pub number: String,
    pub what: String,
    pub at: Moment,
    pub reason: Prose,
}
letter!(
    Lifted,
    "letters/sanction_lifted.subject.txt",
    "letters/sanction_lifted.txt",
    "letters/sanction_lifted.html"
);
