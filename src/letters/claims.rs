//! Letters about a claim: it arrived, it lacks something, it was decided. They judge by the seller's policy alone and never
//! say that a person has no further claim in law.

use super::letter;
use super::parts::{Case, Line, Moment, Promise, Prose, Step};

pub struct ClaimReceived {
    pub case: Case,
    /// The claim's instant, by which every deadline of the customer is judged.
    pub received: Moment,
    /// What approval would pay by what is known now.
    pub expected: Option<String>,
    /// What is done before money is decided, as a whole sentence: "First we try to stop the order."
    pub first: Option<String>,
    pub promises: Vec<Promise>,
    /// The ground that a mail was read as; none where the customer chose it.
    pub read_as: Option<String>,
}
letter!(
    ClaimReceived,
    "letters/claim_received.subject.txt",
    "letters/claim_received.txt",
    "letters/claim_received.html"
);

pub struct NeedsEvidence {
    pub case: Case,
    /// Exactly what to send, each fit to stand alone in a list.
    pub items: Vec<String>,
    pub received: Moment,
    pub expected: Option<String>,
    /// The ground that a mail was read as; none where the customer chose it.
    pub read_as: Option<String>,
    /// What is promised, plus the time until everything is here.
    pub promises: Vec<Promise>,
}
letter!(
    NeedsEvidence,
    "letters/needs_evidence.subject.txt",
    "letters/needs_evidence.txt",
    "letters/needs_evidence.html"
);

pub struct Approved {
    pub case: Case,
    pub amount: String,
    /// What was asked for, where that was more.
    pub asked: Option<String>,
    pub decided: Moment,
    pub payments: Vec<Share>,
    pub sum: Vec<Step>,
    /// The clauses that carry the decision.
    pub lines: Vec<Line>,
    pub note: Option<Prose>,
}
letter!(
    Approved,
    "letters/approved.subject.txt",
    "letters/approved.txt",
    "letters/approved.html"
);

/// One way the money goes.
pub struct Share {
    pub amount: String,
    /// `your balance`, `Visa ending 42`.
    pub to: String,
    pub arrives: Arrival,
}

pub enum Arrival {
    /// It is there, and can be spent.
    Now,
    Promised(Promise),
    /// On its way, without a promise in the policy.
    Unpromised,
}

impl Share {
    /// When it is there, fit to stand after a colon.
    pub fn when(&self) -> String {
        match &self.arrives {
            Arrival::Now => "it is there now, ready to spend".to_owned(),
            Arrival::Promised(promise) => format!("we send it, {}", promise.when()),
            Arrival::Unpromised => "we send it and write to you when it has left".to_owned(),
        }
    }
}

pub struct Rejected {
    pub case: Case,
    /// The text itself grants nothing; otherwise a person decided against it.
    pub by_policy: bool,
    /// One sentence: "The 7 days to ask ended on 9 March, 2 days before you asked."
    pub reason: String,
    /// The clauses that decide it, with the policy's own words.
    pub lines: Vec<Line>,
    /// What would change the answer, each fit to stand alone in a list; may be empty.
    pub would_change: Vec<String>,
    pub note: Option<Prose>,
    pub appeal_by: Option<Moment>,
}
letter!(
    Rejected,
    "letters/rejected.subject.txt",
    "letters/rejected.txt",
    "letters/rejected.html"
);

/// A person of the desk asks the customer something before deciding.
pub struct Asked {
    pub case: Case,
    pub question: Prose,
    /// The claim's instant, which the time to answer does not touch.
    pub received: Moment,
}
letter!(
    Asked,
    "letters/asked.subject.txt",
    "letters/asked.txt",
    "letters/asked.html"
);

pub struct Withdrawn {
    pub case: Case,
    pub at: Moment,
}
letter!(
    Withdrawn,
    "letters/withdrawn.subject.txt",
    "letters/withdrawn.txt",
    "letters/withdrawn.html"
);

pub struct AppealReceived {
    pub case: Case,
    pub promises: Vec<Promise>,
}
letter!(
    AppealReceived,
    "letters/appeal_received.subject.txt",
    "letters/appeal_received.txt",
    "letters/appeal_received.html"
);
