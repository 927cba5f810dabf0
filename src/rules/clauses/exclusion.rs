//! What the text excludes, what it leaves to the seller, and what it does not speak of.

use super::{Scope, Turn, Verdict};
use crate::rules::facts::{At, Order, Status, Unlawful};
use crate::rules::hearing::{Hearing, said};
use crate::rules::policy::Clause;

/// Unlawful use excludes only where it was established.
pub fn lawful(hearing: &Hearing) -> Verdict {
    match hearing.facts.findings.unlawful_use {
        Some(Unlawful::Established) => {
            Verdict::not_met("Unlawful use was established.").turn(Turn::Bar)
        }
        Some(Unlawful::Suspected) => {
            Verdict::unknown("Unlawful use is suspected, which decides nothing.").turn(Turn::Review)
        }
        None => Verdict::met("No unlawful use was found."),
    }
}

pub fn compatible(hearing: &Hearing) -> Verdict {
    let Some(order) = hearing.order else {
        return Verdict::no_order();
    };
    let Some(software) = hearing.facts.findings.incompatible_with.as_deref() else {
        return Verdict::unknown("With which software it does not work is not established yet.")
            .lacks("findings.incompatible_with")
            .turn(Turn::Review);
    };
    let Some(listed) = &order.service.compatible_with else {
        return Verdict::unknown("What the sales page said about compatibility is not known.")
            .lacks("order.service.compatible_with")
            .turn(Turn::Review);
    };
    if listed
        .iter()
        .any(|name| name.trim().eq_ignore_ascii_case(software.trim()))
    {
        Verdict::met(said!(
            hearing,
            "The sales page lists {software} as compatible: to be treated as a major defect."
        ))
        .turn(Turn::Review)
    } else {
        Verdict::not_met(said!(
            hearing,
            "The sales page does not list {software} as compatible."
        ))
        .turn(Turn::Bar)
    }
}

pub fn never(clause: &Clause, hearing: &Hearing) -> Verdict {
    Verdict::not_met(hearing.quoted(&clause.words)).turn(Turn::Bar)
}

pub fn silent(clause: &Clause, hearing: &Hearing) -> Verdict {
    Verdict::unknown(hearing.quoted(&clause.words)).turn(Turn::Review)
}

pub fn discretion(clause: &Clause, hearing: &Hearing) -> Verdict {
    Verdict {
        discretionary: true,
        ..Verdict::met(hearing.quoted(&clause.words))
    }
}

/// The exclusion wants both: confirmed and sent.
pub fn unsent(hearing: &Hearing) -> Verdict {
    let Some(order) = hearing.order else {
        return Verdict::no_order();
    };
    let (confirmed, sent) = (
        happened(order, order.confirmed_at, hearing.received),
        happened(order, order.sent_at, hearing.received),
    );
    let spoken = |what: &'static str, it: Option<bool>| match it {
        Some(true) => what.into(),
        Some(false) => said!(hearing, "not yet {what}"),
        None => said!(hearing, "not known to be {what}"),
    };
    let detail = said!(
        hearing,
        "At the claim the order was {} and {}.",
        spoken("confirmed", confirmed),
        spoken("sent", sent)
    );
    match (confirmed, sent) {
        (Some(true), Some(true)) => Verdict::not_met(detail).turn(Turn::Bar),
        (Some(false), _) | (_, Some(false)) => Verdict::met(detail).flag(
            Scope::Paying,
            "Other sentences of the text exclude refunds after purchase altogether.",
        ),
        _ => {
            let verdict = Verdict::unknown(detail).turn(Turn::Review);
            let lacking = [("order.confirmed_at", confirmed), ("order.sent_at", sent)];
            lacking
                .into_iter()
                .filter(|(_, it)| it.is_none())
                .fold(verdict, |verdict, (path, _)| verdict.lacks(path))
        }
    }
}

fn happened(order: &Order, at: Option<At>, received: At) -> Option<bool> {
    match at {
        Some(at) => Some(at <= received),
        None if order.status == Some(Status::Pending) => Some(false),
        None => None,
    }
}

pub fn single_item(hearing: &Hearing) -> Verdict {
    match hearing.order.map(|order| order.items.unwrap_or(1)) {
        None => Verdict::no_order(),
        Some(items) if items > 1 => Verdict::unknown(said!(
            hearing,
            "The order bundles {items} products, and the text speaks of one."
        ))
        .turn(Turn::Review),
        Some(_) => Verdict::met("The order is for one product."),
    }
}
