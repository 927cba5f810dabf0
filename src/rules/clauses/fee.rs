//! Fees that the text allows in general and a dated schedule of the seller puts in figures (I19).

use super::{Scope, Turn, Verdict};
use crate::rules::hearing::Hearing;

pub fn examine(hearing: &Hearing) -> Verdict {
    let Some(order) = hearing.order else {
        return Verdict::no_order();
    };
    let schedule = &hearing.facts.seller.fee_schedule;
    if schedule.is_empty() {
        return Verdict::met("No schedule of fees is on file, so none is taken.");
    }
    if order.placed_at.is_none() {
        return Verdict::unknown(
            "Which fees were in force is not known, as the day of the purchase is not.",
        )
        .lacks("order.placed_at")
        .turn(Turn::Review);
    }
    if hearing.owed.deducted {
        Verdict::met(hearing.owed.workings.clone()).flag(
            Scope::Paying,
            "A fee is taken off, of which the text gives no figure.",
        )
    } else {
        Verdict::met("No fee was in force on the day of the purchase.")
    }
}
