//! Drops after delivery: whether the service came with a refill, for how long, and what a failed one leaves short.
//! A limit counts only where the buyer was not left in the dark about it.

use super::started::flag_processing;
use super::{RefillWindow, Scope, Turn, Verdict};
use crate::rules::assessment::NextAction;
use crate::rules::clauses::window::doubt;
use crate::rules::deadline::{Length, due, span};
use crate::rules::facts::{Refill, RefillResult};
use crate::rules::hearing::{Hearing, said};

pub fn offered(hearing: &Hearing) -> Verdict {
    let Some(order) = hearing.order else {
        return Verdict::no_order();
    };
    match (order.service.refill, order.service.limits_disclosed) {
        (None, _) => Verdict::unknown("Whether this service came with a refill is not known.")
            .lacks("order.service.refill")
            .turn(Turn::Review),
        (Some(Refill::Never), Some(false)) => {
            Verdict::unknown("This service has no refill, but the buyer was not shown that.")
                .turn(Turn::Review)
        }
        (Some(Refill::Never), _) => {
            Verdict::not_met("This service was sold without a refill.").turn(Turn::Bar)
        }
        (Some(Refill::Lifetime), _) => {
            Verdict::met("This service came with a refill for its lifetime.")
        }
        (Some(Refill::Days(days)), _) => Verdict::met(said!(
            hearing,
            "This service came with a refill for {days} days."
        )),
    }
}

pub fn window(window: &RefillWindow, hearing: &Hearing) -> Verdict {
    let Some(order) = hearing.order else {
        return Verdict::no_order();
    };
    let days = match order.service.refill {
        Some(Refill::Days(days)) => days,
        Some(Refill::Lifetime) => return Verdict::met("The refill has no end."),
        Some(Refill::Never) | None => {
            return Verdict::not_applicable("There is no refill time to count.");
        }
    };
    let Some(due) = order
        .placed_at
        .and_then(|at| due(at, Length::Days(days), window.reading, hearing.zone))
    else {
        return Verdict::unknown("When the order was placed is not known.")
            .lacks("order.placed_at")
            .turn(Turn::Review);
    };
    let apart = (hearing.received - due.adopted).num_seconds();
    let standing = if apart > 0 {
        said!(hearing, "late by {}", span(apart))
    } else {
        said!(hearing, "in time by {}", span(apart))
    };
    let detail = said!(
        hearing,
        "{days} days of refill from the order end on {}: {standing}.",
        hearing.clock(due.adopted)
    );
    let elsewhere = due
        .contradicts(hearing.received)
        .map(|(at, reading)| doubt(hearing, at, reading));
    if apart > 0 && order.service.limits_disclosed == Some(false) {
        let detail = said!(
            hearing,
            "{detail} The buyer was not shown this limit, so it does not count."
        );
        return Verdict::met(detail).due(due.adopted).flag(
            Scope::Always,
            "The refill time is over, but the buyer was not shown it.",
        );
    }
    let (verdict, other) = match (apart > 0, elsewhere.is_some()) {
        (false, _) => (Verdict::met(detail), Turn::Bar),
        (true, true) => (Verdict::not_met(detail).turn(Turn::Late), Turn::Pass),
        (true, false) => (Verdict::not_met(detail).turn(Turn::Bar), Turn::Pass),
    };
    elsewhere
        .into_iter()
        .fold(verdict.due(due.adopted), |verdict, because| {
            verdict.otherwise(other.clone(), because)
        })
}

/// A refill comes before money.
pub fn first(hearing: &Hearing) -> Verdict {
    let Some(order) = hearing.order else {
        return Verdict::no_order();
    };
    if matches!(order.service.refill, None | Some(Refill::Never)) {
        return Verdict::not_applicable("There is no refill to ask for.");
    }
    let verdict = match hearing.facts.findings.refill {
        Some(RefillResult::Completed) => {
            Verdict::met("The refill was completed.").turn(Turn::Remedied)
        }
        Some(RefillResult::Failed) => Verdict::met("The refill was tried and failed."),
        None => Verdict::unknown("The refill has not been tried yet.")
            .turn(Turn::Act(NextAction::Refill)),
    };
    flag_processing(hearing, verdict)
}

/// What a failed refill leaves short is treated as undelivered.
pub fn shortfall(hearing: &Hearing) -> Verdict {
    if hearing.order.is_none() {
        return Verdict::no_order();
    }
    if let Some(contradiction) = hearing
        .units
        .contradiction
        .as_ref()
        .filter(|_| hearing.order.is_some_and(|order| order.remains.is_some()))
    {
        return Verdict::unknown(contradiction.clone()).turn(Turn::Review);
    }
    let failed = hearing.facts.findings.refill == Some(RefillResult::Failed);
    match (
        hearing.facts.findings.refill,
        hearing.facts.findings.shortfall,
    ) {
        (Some(RefillResult::Completed), _) => Verdict::not_applicable("The refill was completed."),
        (_, Some(..=0)) => Verdict::not_met("No unit has dropped.").turn(Turn::Bar),
        (Some(RefillResult::Failed), None) => {
            Verdict::unknown("How many units fell short is not known.")
                .lacks("findings.shortfall")
                .turn(Turn::Review)
        }
        (_, Some(short)) if failed => {
            let verdict = Verdict::met(hearing.owed.workings.clone()).flag(
                Scope::Paying,
                "Whether a dropped unit is an undelivered one is not said in the text.",
            );
            match hearing.units.quantity {
                _ if hearing.owed.workings.is_empty() && hearing.units.quantity.is_some() => {
                    Verdict::unknown("What was charged is not known.")
                }
                None => Verdict::unknown("How many units were ordered is not known.")
                    .lacks("order.quantity")
                    .turn(Turn::Review),
                Some(quantity) if short > quantity => verdict.flag(
                    Scope::Paying,
                    said!(
                        hearing,
                        "{short} units are said to have dropped of {quantity} ordered."
                    ),
                ),
                Some(_) => verdict,
            }
        }
        _ => Verdict::not_applicable("The refill has not failed."),
    }
}
