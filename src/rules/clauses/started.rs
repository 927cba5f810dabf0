//! Pending has not started, everything else has; what the text makes of that, and what it pays without a person.

use super::{Automatic, Scope, Turn, Verdict};
use crate::rules::facts::{CanceledBy, Channel, Status};
use crate::rules::hearing::{Hearing, said};

fn status_unknown() -> Verdict {
    Verdict::unknown("The status of the order is not known.")
        .lacks("order.status")
        .turn(Turn::Review)
}

/// "Processing" lies between the statuses that the texts name.
pub fn flag_processing(hearing: &Hearing, verdict: Verdict) -> Verdict {
    if hearing.units.is_processing() {
        verdict.flag(
            Scope::Always,
            "The order is processing, a status that the text does not name.",
        )
    } else {
        verdict
    }
}

pub fn not_started(hearing: &Hearing) -> Verdict {
    match (hearing.order, hearing.units.status) {
        (None, _) => Verdict::no_order(),
        (_, None) => status_unknown(),
        (_, Some(Status::Pending)) => Verdict::met("The order is pending: it has not started."),
        (_, Some(status)) => Verdict::not_met(said!(
            hearing,
            "The order is {}: it has started.",
            spoken(status)
        )),
    }
}

pub fn started(hearing: &Hearing) -> Verdict {
    let verdict = match (hearing.order, hearing.units.status) {
        (None, _) => Verdict::no_order(),
        (_, None) => status_unknown(),
        (_, Some(Status::Pending)) => {
            Verdict::not_applicable("The order is pending: it has not started.")
        }
        (_, Some(status)) => Verdict::met(said!(
            hearing,
            "The order is {}: the rules for started orders apply.",
            spoken(status)
        )),
    };
    flag_processing(hearing, verdict)
}

pub fn unlisted(hearing: &Hearing) -> Verdict {
    let units = &hearing.units;
    let status = match (hearing.order, units.status) {
        (None, _) => return Verdict::no_order(),
        (_, None) => return status_unknown(),
        (_, Some(Status::Pending)) => {
            return Verdict::not_applicable("The order is pending: it can be cancelled.");
        }
        (_, Some(_)) if units.is_ended() => {
            return Verdict::not_applicable("The provider has ended the order itself.");
        }
        (_, Some(status)) => status,
    };
    if let Some(contradiction) = &units.contradiction {
        return Verdict::unknown(contradiction.clone()).turn(Turn::Review);
    }
    let verdict = Verdict::not_met(said!(
        hearing,
        "The order is {}; wanting to stop it is not a ground that the text lists.",
        spoken(status)
    ))
    .turn(Turn::Bar);
    if status != Status::Completed && units.may_be_untouched() {
        verdict.flag(Scope::Always, "Nothing may have been delivered yet, and the text does not speak of stopping such an order.")
    } else {
        verdict
    }
}

pub fn ended(hearing: &Hearing) -> Verdict {
    match (hearing.order, hearing.units.status) {
        (None, _) => Verdict::no_order(),
        (_, Some(status @ (Status::Partial | Status::Canceled))) => Verdict::met(said!(
            hearing,
            "The provider ended the order: its status is {status}. What was not delivered is due."
        )),
        _ => Verdict::not_applicable("The provider has not ended the order."),
    }
}

/// No refunds once started, for services that were shown so: the seller may still grant one.
pub fn once_started(hearing: &Hearing) -> Verdict {
    let Some(order) = hearing.order else {
        return Verdict::no_order();
    };
    if hearing.units.whole {
        return Verdict::not_applicable("The order has not started.");
    }
    match (
        order.service.refundable_once_started,
        order.service.limits_disclosed,
    ) {
        (Some(false), Some(true)) => {
            let verdict = Verdict::met(
                "The buyer was shown that this service is not refunded once started: the seller may refuse, and may refund.",
            );
            Verdict {
                discretionary: true,
                ..verdict.turn(Turn::Review)
            }
        }
        (Some(false), _) => Verdict::not_met(
            "There is no proof that the buyer was shown this limit, so it does not count.",
        ),
        _ => Verdict::not_applicable("No such limit was shown for this service."),
    }
}

pub fn automatic(automatic: &Automatic, hearing: &Hearing) -> Verdict {
    let Some(order) = hearing.order else {
        return Verdict::no_order();
    };
    let units = &hearing.units;
    let clean = units.anomaly.is_none() && units.contradiction.is_none();
    let on = |grounds: &[String]| grounds.contains(&hearing.ground.id);
    let pressed =
        units.whole && hearing.facts.channel == Channel::Portal && on(&automatic.pending_in_portal);
    let provider = match units.status {
        Some(Status::Partial) => order.canceled_by != Some(CanceledBy::Customer),
        Some(Status::Canceled) => order.canceled_by == Some(CanceledBy::System),
        _ => false,
    };
    if clean && (pressed || (provider && on(&automatic.provider_result))) {
        Verdict {
            automatic: true,
            ..Verdict::met(
                "A clean result: it can be credited without a person, if nothing else stands against it.",
            )
        }
    } else {
        Verdict::not_applicable("Not a result that is credited without a person.")
    }
}

fn spoken(status: Status) -> &'static str {
    match status {
        Status::InProgress => "in progress",
        other => other.word(),
    }
}
