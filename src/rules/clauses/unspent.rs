//! Balance claims: what is unspent of the deposits, and whether each part can still go back where it came from.

use super::{ClosedMethod, Method, Scope, Turn, Unspent, Verdict};
use crate::rules::hearing::{Hearing, said, trimmed};

pub fn unspent(unspent: &Unspent, hearing: &Hearing) -> Verdict {
    let Some(purse) = &hearing.purse else {
        return Verdict::unknown("The history of the account is not known.")
            .lacks("account.entries")
            .turn(Turn::Review);
    };
    if let Some(doubt) = &purse.doubt {
        let verdict = Verdict::unknown(doubt.clone()).turn(Turn::Review);
        return if hearing.currency().is_none() {
            verdict.lacks("account.currency")
        } else {
            verdict
        };
    }
    if purse.deposits.is_empty() {
        let detail = if purse.total.is_positive() {
            said!(
                hearing,
                "The balance of {} is bonus money; nothing is left of the deposits.",
                hearing.show(purse.total)
            )
        } else {
            "Nothing is left of the deposits.".into()
        };
        return Verdict::not_met(detail).turn(Turn::Bar);
    }
    let held = said!(
        hearing,
        "{} is unspent of the deposits.",
        hearing.show(purse.cash)
    );
    let verdict = Verdict::met(trimmed(said!(hearing, "{held} {}", hearing.owed.workings)));
    if unspent.flag_part && purse.is_part {
        verdict.flag(
            Scope::Paying,
            "A part of the balance was asked for, and the text speaks of the full balance.",
        )
    } else {
        verdict
    }
}

pub fn method(method: &Method, hearing: &Hearing) -> Verdict {
    let Some(purse) = &hearing.purse else {
        return Verdict::unknown("The payment methods are not known.");
    };
    let closed: Vec<&str> = purse
        .deposits
        .iter()
        .filter(|held| held.leaves.is_positive() && held.is_closed())
        .map(|held| held.origin.method)
        .collect();
    if closed.is_empty() {
        return Verdict::not_applicable("No payment method that money would go back to is closed.");
    }
    let closed = closed.join(", ");
    let verdict = match method.closed {
        ClosedMethod::NoWay => Verdict::unknown(said!(
            hearing,
            "The original form of payment is closed ({closed}), and the text promises no other."
        )),
        ClosedMethod::Alternative => Verdict::met(said!(
            hearing,
            "The original method is closed ({closed}): a person arranges another way."
        )),
    };
    verdict.turn(Turn::Review)
}
