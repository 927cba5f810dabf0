//! How much of an order counts: full delivery excludes, a part is shared, a whole refund takes all.

use super::{Scope, Share, Turn, Verdict};
use crate::rules::hearing::{Hearing, said, trimmed};
use crate::rules::money::Amount;
use crate::rules::policy::Pays;

/// Full delivery excludes a refund.
pub fn delivered(hearing: &Hearing) -> Verdict {
    let units = &hearing.units;
    match (hearing.order, &units.contradiction, units.undelivered) {
        (None, ..) => Verdict::no_order(),
        (_, Some(contradiction), _) => Verdict::unknown(contradiction.clone()).turn(Turn::Review),
        _ if units.whole => Verdict::met("The order is pending: nothing was delivered."),
        (_, _, None) => Verdict::unknown("How much was delivered is not known.")
            .lacks(units.unknown_field())
            .turn(Turn::Review),
        (_, _, Some(0)) if !units.is_complete() => unsettled(),
        (_, _, Some(0)) => Verdict::not_met("Everything was delivered.").turn(Turn::Bar),
        (_, _, Some(undelivered)) => {
            Verdict::met(said!(hearing, "{undelivered} units were not delivered."))
        }
    }
}

/// Panels also say that nothing remains of an order that has not begun (I16).
fn unsettled() -> Verdict {
    Verdict::unknown("Without its status nobody knows whether the order is complete.")
        .lacks("order.status")
        .turn(Turn::Review)
}

/// The undelivered share of the charge.
pub fn share(share: &Share, hearing: &Hearing) -> Verdict {
    let units = &hearing.units;
    if hearing.order.is_none() {
        return Verdict::no_order();
    }
    let refunded_before = hearing
        .order
        .is_some_and(|order| order.refunded.is_some_and(Amount::is_positive));
    if share.partly && (units.whole || (units.delivered() == Some(0) && !refunded_before)) {
        return Verdict::not_applicable("Nothing was delivered.");
    }
    let workings = &hearing.owed.workings;
    if let Some(contradiction) = &units.contradiction {
        let detail = said!(hearing, "{contradiction} {workings}");
        return Verdict::unknown(trimmed(detail)).turn(Turn::Review);
    }
    match units.undelivered {
        None if !units.whole => {
            Verdict::unknown("How much was delivered is not known, so neither is the share.")
                .lacks(units.unknown_field())
                .turn(Turn::Review)
        }
        Some(0) if !units.is_complete() => unsettled(),
        Some(0) => Verdict::not_met(trimmed(said!(
            hearing,
            "Nothing is undelivered. {workings}"
        )))
        .turn(Turn::Bar),
        _ if workings.is_empty() => {
            Verdict::unknown("What was charged is not known, so neither is the share.")
        }
        _ => Verdict::met(workings.clone()).flag_if(units.anomaly.as_ref(), Scope::Paying),
    }
}

/// The whole charge: of a pending order, or under a ground that pays it whatever was delivered.
pub fn whole(hearing: &Hearing) -> Verdict {
    let units = &hearing.units;
    if hearing.order.is_none() {
        return Verdict::no_order();
    }
    if let Some(contradiction) = &units.contradiction {
        return Verdict::unknown(contradiction.clone()).turn(Turn::Review);
    }
    let workings = &hearing.owed.workings;
    if hearing.ground.pays != Pays::Charge && !units.whole {
        return Verdict::not_met(
            "The order has started, so the entire amount is not due on this ground.",
        );
    }
    if workings.is_empty() {
        return Verdict::unknown("What was charged is not known.");
    }
    Verdict::met(workings.clone()).flag_if(units.anomaly.as_ref(), Scope::Paying)
}
