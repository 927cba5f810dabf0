//! Whether a running order was stopped, by the seller at the customer's wish or by the seller's own system.

use super::started::flag_processing;
use super::{Scope, Turn, Verdict};
use crate::rules::assessment::NextAction;
use crate::rules::facts::{CanceledBy, Status, Stop};
use crate::rules::hearing::{Hearing, said, trimmed};

pub fn stop(hearing: &Hearing) -> Verdict {
    let units = &hearing.units;
    if hearing.order.is_none() {
        return Verdict::no_order();
    }
    let verdict = match (units.status, hearing.facts.findings.stop) {
        (None, _) => Verdict::unknown("The status of the order is not known.")
            .lacks("order.status")
            .turn(Turn::Review),
        (Some(Status::Pending), _) => {
            Verdict::not_applicable("The order is pending: it can be cancelled.")
        }
        (Some(status @ (Status::Partial | Status::Canceled)), _) => Verdict::met(said!(
            hearing,
            "The order has ended: its status is {status}."
        )),
        (Some(Status::Completed), _) => {
            Verdict::not_applicable("The order is completed: there is nothing to stop.")
        }
        _ if units.is_complete() => {
            Verdict::not_applicable("Everything was delivered: there is nothing to stop.")
        }
        (_, Some(Stop::Stopped)) => Verdict::met("The order was stopped."),
        (_, Some(Stop::Refused)) => {
            Verdict::not_met("The order could not be stopped.").turn(Turn::Bar)
        }
        (_, None) => Verdict::unknown("The order is running, and nobody has tried to stop it yet.")
            .turn(Turn::Act(NextAction::StopOrder)),
    };
    flag_processing(hearing, verdict)
}

pub fn system_canceled(hearing: &Hearing) -> Verdict {
    let units = &hearing.units;
    let Some(order) = hearing.order else {
        return Verdict::no_order();
    };
    if let Some(contradiction) = &units.contradiction {
        return Verdict::unknown(contradiction.clone()).turn(Turn::Review);
    }
    let verdict = match (units.status, order.canceled_by) {
        (None, _) => Verdict::unknown("The status of the order is not known.")
            .lacks("order.status")
            .turn(Turn::Review),
        (Some(Status::Partial | Status::Canceled), Some(CanceledBy::Customer)) => {
            Verdict::not_met("The customer cancelled the order, not the system.").turn(Turn::Bar)
        }
        (Some(Status::Canceled), None) => Verdict::unknown("Who cancelled the order is not known.")
            .lacks("order.canceled_by")
            .turn(Turn::Review),
        (Some(Status::Partial | Status::Canceled), _) => Verdict::met(trimmed(said!(
            hearing,
            "The system cancelled the order. {}",
            hearing.owed.workings
        )))
        .flag_if(units.anomaly.as_ref(), Scope::Paying),
        (Some(status), Some(CanceledBy::System)) if status != Status::Completed => {
            Verdict::unknown(said!(
                hearing,
                "The order is said to be cancelled by the system, yet its status is {status}."
            ))
            .turn(Turn::Review)
        }
        (Some(_), _) => Verdict::not_met("The system has not cancelled the order.").turn(Turn::Bar),
    };
    flag_processing(hearing, verdict)
}
