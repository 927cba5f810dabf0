//! Plans: the unused share of the allowance, the end of the period, and services excluded from returns.

use super::{Period, Scope, Start, Turn, Verdict};
use crate::rules::assessment::Route;
use crate::rules::calendar::{local_day, months_after};
use crate::rules::clauses::window::doubt;
use crate::rules::deadline::{Length, end_of, span};
use crate::rules::hearing::{Hearing, Words, said, trimmed};
use crate::rules::money::Amount;
use crate::rules::owed;

pub fn quota(hearing: &Hearing) -> Verdict {
    let Some(order) = hearing.order else {
        return Verdict::no_order();
    };
    let units = &hearing.units;
    if units.quantity.is_none() {
        let why = units
            .contradiction
            .clone()
            .unwrap_or_else(|| "The allowance of the plan is not known.".into());
        return Verdict::unknown(why)
            .lacks("order.quantity")
            .turn(Turn::Review);
    }
    let Some(remains) = order.remains else {
        return Verdict::unknown("How much of the allowance is left is not known.")
            .lacks("order.remains")
            .turn(Turn::Review);
    };
    let workings = &hearing.owed.workings;
    if workings.is_empty() {
        return Verdict::unknown("What was paid, or in which currency, is not known.");
    }
    let offers = hearing.owed.alternatives.iter().map(|a| {
        said!(
            hearing,
            "{} would be {}.",
            hearing.show(a.amount),
            a.because
        )
    });
    let pays = hearing.owed.amount.is_some_and(Amount::is_positive);
    let scope = if pays { Scope::Paying } else { Scope::Always };
    let verdict = if remains <= 0 {
        Verdict::not_met(trimmed(said!(
            hearing,
            "Nothing of the allowance is left. {workings}"
        )))
        .turn(Turn::Bar)
    } else {
        Verdict::met(workings.clone()).flag_if(units.anomaly.as_ref(), Scope::Paying)
    };
    if owed::is_excluded(order) {
        verdict
    } else {
        offers.fold(verdict, |verdict, because| verdict.flag(scope, because))
    }
}

/// Beside the return there is the cancellation, at any time, for what is left: two sentences that disagree.
pub fn any_time(hearing: &Hearing) -> Verdict {
    match hearing.owed.route {
        None => Verdict::unknown("When the invoice was issued is not known."),
        Some(Route::Return) => Verdict::not_applicable("The claim is a return within its own time."),
        Some(Route::Cancellation) => Verdict::met("A plan may be cancelled at any time for what is left of it.")
            .flag(Scope::Paying, "One sentence limits requests to the days after the invoice, another lets plans be cancelled at any time."),
    }
}

/// The allowance lasts for one period: after its end nothing is left.
pub fn period(period: &Period, hearing: &Hearing) -> Verdict {
    let Some(order) = hearing.order else {
        return Verdict::no_order();
    };
    let late = hearing.owed.route == Some(Route::Cancellation);
    let Some(end) = order.period_ends_on else {
        return if late {
            Verdict::unknown("The end of the plan's period is not known.")
                .lacks("order.period_ends_on")
                .turn(Turn::Review)
        } else {
            Verdict::not_applicable(
                "Within the time for returns the end of the period does not matter.",
            )
        };
    };
    if let Some(odd) = odd_period(period, hearing) {
        return Verdict::unknown(odd).turn(Turn::Review);
    }
    let due = end_of(end, hearing.zone);
    let apart = (hearing.received - due.adopted).num_seconds();
    let standing = if apart > 0 {
        said!(hearing, "late by {}", span(apart))
    } else {
        said!(hearing, "in time by {}", span(apart))
    };
    let detail = said!(
        hearing,
        "The period ends on {}: {standing}.",
        hearing.clock(due.adopted)
    );
    let elsewhere = due
        .contradicts(hearing.received)
        .map(|(at, reading)| doubt(hearing, at, reading));
    let (verdict, other) = match (apart > 0, elsewhere.is_some()) {
        _ if !late => (Verdict::met(detail), Turn::Pass),
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

/// Why the period on file cannot be right: longer than the plan lasts, or over before the time for returns is.
fn odd_period(period: &Period, hearing: &Hearing) -> Option<Words> {
    let order = hearing.order?;
    let end = order.period_ends_on?;
    let placed = local_day(order.placed_at?, hearing.zone);
    if months_after(placed, period.longest_months).is_some_and(|longest| end > longest) {
        return Some(said!(
            hearing,
            "The period on file, {placed} to {end}, is longer than the plan lasts."
        ));
    }
    let (_, window) = hearing
        .windows()
        .find(|(_, window)| window.route && window.starts == Start::PlacedAt)?;
    let Length::Days(days) = window.length else {
        return None;
    };
    let last = placed.checked_add_days(chrono::Days::new(u64::from(days)))?;
    (end < last).then(|| {
        said!(
            hearing,
            "The period on file ends on {end}, before the time for returns does."
        )
    })
}

pub fn returnable(hearing: &Hearing) -> Verdict {
    let Some(order) = hearing.order else {
        return Verdict::no_order();
    };
    match (order.service.returnable, order.service.limits_disclosed) {
        (Some(false), Some(true)) => {
            let verdict =
                Verdict::not_met("The buyer was shown that this service cannot be returned.")
                    .turn(Turn::Bar);
            let may_pay = hearing.owed.amount.is_none() || !hearing.owed.alternatives.is_empty();
            let because = Words::Borrowed(
                "Another sentence lets plans be cancelled at any time, whatever can be returned.",
            );
            verdict.flag_if(may_pay.then_some(&because), Scope::Always)
        }
        (Some(false), None) => Verdict::unknown(
            "This service cannot be returned; whether the buyer was shown that is not known.",
        )
        .lacks("order.service.limits_disclosed")
        .turn(Turn::Review),
        (Some(false), Some(false)) => Verdict::met(
            "The buyer was not shown that this service cannot be returned, so that does not count.",
        ),
        _ => Verdict::met("No exclusion was shown for this service."),
    }
}
