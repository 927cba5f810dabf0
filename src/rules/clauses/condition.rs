//! Facts that staff or the provider must have established. A known contrary bars the claim; what is unknown is
//! the seller's to find out, never the customer's loss (I16).

use super::{Condition, FactName, Need, Scope, SmsTest, Turn, Verdict};
use crate::rules::facts::{Findings, Sms, Status};
use crate::rules::hearing::{Hearing, UNSAID, Words, said};
use crate::rules::policy::Pays;

fn value(fact: FactName, findings: &Findings) -> Option<bool> {
    match fact {
        FactName::CanComplete => findings.can_complete,
        FactName::ServiceAvailable => findings.service_available,
        FactName::ServiceDiscontinued => findings.service_discontinued,
        FactName::TargetAvailable => findings.target_available,
        FactName::SystemError => findings.system_error,
        FactName::MatchesDescription => findings.matches_description,
    }
}

fn words(fact: FactName, is: bool) -> &'static str {
    match (fact, is) {
        (FactName::CanComplete, true) => "the order can be completed",
        (FactName::CanComplete, false) => "the order cannot be completed",
        (FactName::ServiceAvailable, true) => "the service is available",
        (FactName::ServiceAvailable, false) => "the service is not available",
        (FactName::ServiceDiscontinued, true) => "the service was discontinued",
        (FactName::ServiceDiscontinued, false) => "the service goes on",
        (FactName::TargetAvailable, true) => "the target is available",
        (FactName::TargetAvailable, false) => "the target is no longer available",
        (FactName::SystemError, true) => "an error of the system placed the order",
        (FactName::SystemError, false) => "no error of the system placed the order",
        (FactName::MatchesDescription, true) => "the product is as its page describes it",
        (FactName::MatchesDescription, false) => "the product is not as its page describes it",
    }
}

fn sentence(hearing: &Hearing, parts: &[&str]) -> Words {
    if !hearing.speaks {
        return UNSAID;
    }
    let text = parts.join(", and ");
    let mut letters = text.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().collect::<String>())
        .unwrap_or_default();
    format!("{first}{}.", letters.as_str()).into()
}

pub fn examine(condition: &Condition, hearing: &Hearing) -> Verdict {
    let known = |need: &Need| value(need.fact, &hearing.facts.findings);
    let against = condition
        .needs
        .iter()
        .find(|need| known(need) == Some(!need.is));
    if let Some(need) = against {
        return Verdict::not_met(sentence(hearing, &[words(need.fact, !need.is)])).turn(Turn::Bar);
    }
    if condition.undelivered && hearing.units.is_complete() {
        return Verdict::not_met("Everything was delivered.").turn(Turn::Bar);
    }
    if let Some(contradiction) = hearing
        .units
        .contradiction
        .as_ref()
        .filter(|_| condition.undelivered)
    {
        return Verdict::unknown(contradiction.clone()).turn(Turn::Review);
    }
    let open: Vec<&str> = condition
        .needs
        .iter()
        .filter(|need| known(need).is_none())
        .map(|need| words(need.fact, need.is))
        .collect();
    if !open.is_empty() {
        let verdict = Verdict::unknown(said!(hearing, "Not established yet: {}.", open.join("; ")))
            .turn(Turn::Review);
        let lacking = condition.needs.iter().filter(|need| known(need).is_none());
        return lacking.fold(verdict, |verdict, need| {
            verdict.lacks(format!("findings.{}", need.fact))
        });
    }
    let held: Vec<&str> = condition
        .needs
        .iter()
        .map(|need| words(need.fact, need.is))
        .collect();
    let verdict = Verdict::met(sentence(hearing, &held));
    match hearing.units.delivered() {
        Some(delivered @ 1..) if condition.undelivered && hearing.ground.pays == Pays::Charge => {
            verdict.flag(
                Scope::Paying,
                said!(
                    hearing,
                    "{delivered} units were delivered, and the text also knows a partial refund."
                ),
            )
        }
        _ => verdict,
    }
}

/// Partly delivered and impossible to complete: the provider's own end of the order settles it.
pub fn undeliverable(hearing: &Hearing) -> Verdict {
    let units = &hearing.units;
    if hearing.order.is_none() {
        return Verdict::no_order();
    }
    if let Some(contradiction) = &units.contradiction {
        return Verdict::unknown(contradiction.clone()).turn(Turn::Review);
    }
    if units.is_complete() {
        return Verdict::not_met("Everything was delivered.").turn(Turn::Bar);
    }
    match (units.status, hearing.facts.findings.can_complete) {
        (Some(status @ (Status::Partial | Status::Canceled)), Some(true)) => {
            Verdict::unknown(said!(
                hearing,
                "The order is {status}, yet it is said that it can be completed."
            ))
            .turn(Turn::Review)
        }
        (Some(status @ (Status::Partial | Status::Canceled)), _) => Verdict::met(said!(
            hearing,
            "The order was ended: its status is {status}."
        )),
        (None, _) => Verdict::unknown("The status of the order is not known.")
            .lacks("order.status")
            .turn(Turn::Review),
        (_, Some(false)) => Verdict::met("The order cannot be completed."),
        (_, Some(true)) => Verdict::not_met("The order can be completed.").turn(Turn::Bar),
        (_, None) => Verdict::unknown("Whether the order can be completed is not established yet.")
            .lacks("findings.can_complete")
            .turn(Turn::Review),
    }
}

pub fn sms(test: &SmsTest, hearing: &Hearing) -> Verdict {
    let Some(order) = hearing.order else {
        return Verdict::no_order();
    };
    match (order.sms, test.must) {
        (Some(sms), must) if sms == must => Verdict::met(said!(
            hearing,
            "The provider's log says: message {}.",
            spoken(sms)
        )),
        (Some(Sms::Received | Sms::NotReceived), _) => {
            let sms = order.sms.map(spoken).unwrap_or_default();
            let against = said!(hearing, "The provider's log says: message {sms}.");
            match &test.other_ground {
                Some(other) => {
                    Verdict::unknown(said!(hearing, "{against} That is another ground: {other}."))
                        .turn(Turn::Review)
                }
                None => Verdict::not_met(against).turn(Turn::Bar),
            }
        }
        (Some(Sms::Unavailable), _) => {
            Verdict::unknown("The provider's log is unavailable, which proves nothing.")
                .lacks("order.sms")
                .turn(Turn::Review)
        }
        (None, _) => Verdict::unknown("Nobody has looked at the provider's log yet.")
            .lacks("order.sms")
            .turn(Turn::Review),
    }
}

fn spoken(sms: Sms) -> &'static str {
    match sms {
        Sms::Received => "received",
        Sms::NotReceived => "not received",
        Sms::Unavailable => "unavailable",
    }
}
