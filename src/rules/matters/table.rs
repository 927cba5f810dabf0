//! What staff can establish about a claim: a closed table of facts, each a dotted path of the claim document with its question in
//! plain words and the answers it takes. What is not in it cannot be established by hand; it comes from the order, the customer or
//! the ledger.

use super::Word::{No, Text, Yes};

/// One thing that a person can find out.
#[derive(Debug, PartialEq, Eq)]
pub struct Fact {
    /// Where it stands in the claim document: `findings.stop`.
    pub path: &'static str,
    pub question: &'static str,
    /// How to find out, or what to mind; may be empty.
    pub hint: &'static str,
    pub answer: Answer,
    /// It belongs to the order's own record, and is asked for only where nobody has told it.
    pub on_record: bool,
}

/// How a fact is answered.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    OneOf(&'static [Choice]),
    /// Whole units, 0 or more.
    Count,
    Moment,
    Day,
    Words,
}

/// One of the answers, in words and as the document writes it.
#[derive(Debug, PartialEq, Eq)]
pub struct Choice {
    pub words: &'static str,
    pub value: super::Word,
}

const fn choice(words: &'static str, value: super::Word) -> Choice {
    Choice { words, value }
}

const fn fact(
    path: &'static str,
    question: &'static str,
    hint: &'static str,
    answer: Answer,
) -> Fact {
    Fact {
        path,
        question,
        hint,
        answer,
        on_record: false,
    }
}

const fn on_record(path: &'static str, question: &'static str, answer: Answer) -> Fact {
    Fact {
        path,
        question,
        hint: "As the shop's own books say.",
        answer,
        on_record: true,
    }
}

const YES_NO: Answer = Answer::OneOf(&[choice("Yes", Yes), choice("No", No)]);

/// In the order in which a person would ask: the order first, then what was wrong, then who the customer is.
pub const FACTS: &[Fact] = &[
    on_record("order.placed_at", "When was it bought?", Answer::Moment),
    on_record(
        "order.status",
        "How does the order stand?",
        Answer::OneOf(&[
            choice("Not started", Text("pending")),
            choice("Being started", Text("processing")),
            choice("In progress", Text("in_progress")),
            choice("Partly delivered, and ended", Text("partial")),
            choice("Completed", Text("completed")),
            choice("Cancelled", Text("canceled")),
        ]),
    ),
    on_record(
        "order.quantity",
        "How many units were ordered?",
        Answer::Count,
    ),
    fact(
        "findings.stop",
        "Could the order be stopped?",
        "Ask the provider to cancel it, then read its status again.",
        Answer::OneOf(&[
            choice("Yes, it stopped", Text("stopped")),
            choice("No, it goes on", Text("refused")),
        ]),
    ),
    fact(
        "order.remains",
        "How many units are not delivered or not used?",
        "As the provider or the meter counts them now.",
        Answer::Count,
    ),
    fact(
        "order.remains_at_request",
        "How many units were left when the customer asked?",
        "Where the meter has moved on since.",
        Answer::Count,
    ),
    fact(
        "findings.can_complete",
        "Can the rest of the order still be delivered?",
        "",
        YES_NO,
    ),
    on_record(
        "order.canceled_by",
        "Who cancelled the order?",
        Answer::OneOf(&[
            choice("The customer", Text("customer")),
            choice("The seller's system", Text("system")),
        ]),
    ),
    fact(
        "findings.refill",
        "How did the refill go?",
        "",
        Answer::OneOf(&[
            choice("It is complete", Text("completed")),
            choice("It failed", Text("failed")),
        ]),
    ),
    fact(
        "findings.shortfall",
        "How many of the delivered units have dropped?",
        "Delivered, less what is there now.",
        Answer::Count,
    ),
    fact(
        "findings.service_available",
        "Is the service available?",
        "",
        YES_NO,
    ),
    fact(
        "findings.service_discontinued",
        "Was the service discontinued?",
        "",
        YES_NO,
    ),
    fact(
        "findings.target_available",
        "Is the target still there and open to the public?",
        "The page, post or account that was ordered for.",
        YES_NO,
    ),
    fact(
        "findings.system_error",
        "Was it an error of the seller's system?",
        "",
        YES_NO,
    ),
    fact(
        "order.sms",
        "What does the provider's log say about the message?",
        "",
        Answer::OneOf(&[
            choice("Received", Text("received")),
            choice("Not received", Text("not_received")),
            choice("The log is not available", Text("unavailable")),
        ]),
    ),
    fact(
        "order.sms_received_at",
        "When was the message received?",
        "",
        Answer::Moment,
    ),
    fact(
        "findings.defect.approved",
        "Is there a major defect?",
        "",
        YES_NO,
    ),
    fact(
        "findings.defect.access_requested_at",
        "When was access for the repair asked for?",
        "",
        Answer::Moment,
    ),
    fact(
        "findings.defect.access_granted_at",
        "When was access given?",
        "",
        Answer::Moment,
    ),
    fact(
        "findings.defect.access_refused",
        "Was access refused?",
        "",
        YES_NO,
    ),
    fact(
        "findings.defect.fixed_at",
        "When was the defect fixed?",
        "",
        Answer::Moment,
    ),
    fact(
        "findings.repaired",
        "Could the product be repaired?",
        "",
        Answer::OneOf(&[choice("Yes, it works now", Yes), choice("No", No)]),
    ),
    fact(
        "findings.resend",
        "What became of sending it again?",
        "",
        Answer::OneOf(&[
            choice("The customer has it", Text("received")),
            choice("It failed again", Text("failed")),
        ]),
    ),
    fact(
        "findings.matches_description",
        "Does the product match its description?",
        "",
        YES_NO,
    ),
    fact(
        "findings.incompatible_with",
        "Which software does it not work with?",
        "The name, as the customer uses it.",
        Answer::Words,
    ),
    on_record(
        "order.sent_at",
        "When was the product sent?",
        Answer::Moment,
    ),
    on_record(
        "order.confirmed_at",
        "When was the order confirmed?",
        Answer::Moment,
    ),
    on_record(
        "order.period_ends_on",
        "On which day does the plan's period end?",
        Answer::Day,
    ),
    fact(
        "order.service.limits_disclosed",
        "Was the buyer shown the limits before paying?",
        "Only with proof: the page as it was at the purchase.",
        YES_NO,
    ),
    on_record(
        "order.service.returnable",
        "Was it offered as something that can be returned?",
        YES_NO,
    ),
    on_record(
        "order.service.refundable_once_started",
        "Was it offered as refundable once started?",
        YES_NO,
    ),
    fact(
        "customer.verified",
        "Is it proven who the customer is?",
        "",
        Answer::OneOf(&[choice("Yes, verified", Yes), choice("No", No)]),
    ),
    fact(
        "findings.unlawful_use",
        "Was it used against the law or the terms?",
        "Say established only where there is proof.",
        Answer::OneOf(&[
            choice("Established", Text("established")),
            choice("Suspected", Text("suspected")),
        ]),
    ),
];
