//! Thresholds on balance claims: the least that is paid out, and the size from which a customer must be verified.

use super::{Minimum, Scope, Turn, Verdict};
use crate::rules::hearing::{Hearing, said};

pub fn minimum(minimum: &Minimum, hearing: &Hearing) -> Verdict {
    let Some(purse) = &hearing.purse else {
        return Verdict::unknown("The balance is not known.");
    };
    let least = minimum.currency.show(minimum.amount);
    if hearing.currency() != Some(minimum.currency) {
        let total = hearing.show(purse.total);
        return Verdict::unknown(said!(
            hearing,
            "The text sets {least}; a balance of {total} cannot be measured by it."
        ))
        .turn(Turn::Review);
    }
    let total = hearing.show(purse.total);
    if purse.total < minimum.amount {
        return Verdict::not_met(said!(
            hearing,
            "The balance of {total} is below the minimum of {least}."
        ))
        .turn(Turn::Bar);
    }
    let verdict = Verdict::met(said!(
        hearing,
        "The balance of {total} reaches the minimum of {least}."
    ));
    let free: crate::rules::money::Amount = purse
        .deposits
        .iter()
        .filter(|held| !held.lot.frozen)
        .map(|held| held.lot.remaining)
        .sum();
    if purse.cash < minimum.amount {
        verdict.flag(
            Scope::Paying,
            said!(
                hearing,
                "Only a bonus lifts the balance over the minimum of {least}."
            ),
        )
    } else if free < minimum.amount {
        verdict.flag(
            Scope::Paying,
            said!(
                hearing,
                "Only a disputed deposit lifts the balance over the minimum of {least}."
            ),
        )
    } else {
        verdict
    }
}

/// Large is what would be paid, at or above the seller's threshold.
pub fn verification(hearing: &Hearing) -> Verdict {
    let verified = hearing.facts.customer.verified;
    if verified == Some(true) {
        return Verdict::met("The customer is verified.");
    }
    let Some(amount) = hearing.owed.amount.filter(|amount| amount.is_positive()) else {
        return Verdict::not_applicable("No amount to measure.");
    };
    match hearing.facts.seller.large_refund_threshold {
        None => Verdict::unknown("The text does not say from which amount a refund is large, and the seller has set none.").lacks("seller.large_refund_threshold").turn(Turn::Review),
        Some(threshold) if amount < threshold => {
            Verdict::met(said!(hearing, "{} is below {}: not large.", hearing.show(amount), hearing.show(threshold)))
        }
        Some(threshold) => Verdict::not_met(said!(
            hearing,
            "{} is a large refund (from {}), and the customer {} verified.",
            hearing.show(amount),
            hearing.show(threshold),
            if verified.is_some() { "is not" } else { "is not known to be" }
        ))
        .turn(Turn::Ask(vec!["customer.verified".to_owned()])),
    }
}
