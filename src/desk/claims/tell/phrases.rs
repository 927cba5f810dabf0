//! What a claim's letters have in common: amounts and moments as they are told, how the sum comes about, the clauses that say
//! something here, and when money arrives. Reads, and composes; queues nothing.

use std::collections::HashMap;

use chrono_tz::Tz;

use super::{money, shown};
use crate::db::Conn;
use crate::db::claims::Claim;
use crate::db::payouts::Payout;
use crate::desk::claims::Standing;
use crate::error::Result;
use crate::letters::claims::{Arrival, Share};
use crate::letters::parts::{Line, Moment, Promise, Step};
use crate::rules::assessment::{
    Assessment, ClockKind, Destination, Finding, Met, NextAction, Outcome, Payment,
};
use crate::rules::facts::{Facts, Order as Judged};
use crate::rules::money::Amount;
use crate::rules::policy::{ClauseKind, Policy};
use crate::rules::sum;

pub(super) fn moment(zone: Tz, at: chrono::DateTime<chrono::Utc>) -> Moment {
    Moment { at, zone }
}

pub(super) fn expected(standing: &Standing) -> Option<String> {
    let assessment = &standing.assessment;
    let amount = assessment.amount.filter(|amount| amount.is_positive())?;
    matches!(
        assessment.outcome,
        Outcome::Eligible | Outcome::NeedsEvidence | Outcome::NeedsReview
    )
    .then(|| money(&standing.claim, amount))
}

pub(super) fn first(action: NextAction) -> Option<String> {
    let words = match action {
        NextAction::StopOrder => {
            "First we try to stop the order; what was not delivered by then is what a refund is about."
        }
        NextAction::Refill => {
            "First we refill what has dropped; a refund is about what cannot be refilled."
        }
        NextAction::FixDefect => "First our technicians try to fix the defect.",
        NextAction::Resend => "First we send the product to you again.",
        NextAction::None => return None,
    };
    Some(words.to_owned())
}

pub(super) fn promises(zone: Tz, assessment: &Assessment) -> Vec<Promise> {
    let told = assessment
        .deadlines
        .iter()
        .filter(|deadline| deadline.kind != ClockKind::BankCredit);
    let promise = |deadline: &crate::rules::assessment::Deadline| Promise {
        what: promised(deadline.kind).to_owned(),
        by: moment(zone, deadline.due_at),
        firmness: deadline.firmness,
    };
    told.map(promise).collect()
}

fn promised(kind: ClockKind) -> &'static str {
    match kind {
        ClockKind::FirstResponse => "First answer",
        ClockKind::Decision => "Decision",
        ClockKind::Cure => "Repair",
        ClockKind::Payout => "Payout",
        ClockKind::Completion => "Everything done",
        ClockKind::BankCredit => "On your card",
        ClockKind::NextReply => "Next answer",
    }
}

pub(super) fn share(
    zone: Tz,
    standing: &Standing,
    payment: &Payment,
    labels: &HashMap<String, String>,
) -> Share {
    let currency = payment.currency.map_or_else(
        || standing.claim.currency.clone(),
        |currency| currency.code().to_owned(),
    );
    let amount = shown(payment.amount, &currency);
    match payment.to {
        Destination::AccountBalance => Share {
            amount,
            to: "your balance".to_owned(),
            arrives: Arrival::Now,
        },
        Destination::OriginalPaymentMethod => Share {
            amount,
            to: payment.method.as_deref().map_or_else(
                || "your payment method".to_owned(),
                |method| label(labels, method),
            ),
            arrives: arrival(zone, standing),
        },
        Destination::AlternativeMethod => Share {
            amount,
            to: "the way we agree on with you".to_owned(),
            arrives: Arrival::Unpromised,
        },
    }
}

/// What goes the same way is told as one amount, however many deposits it comes from.
pub(super) fn together(payments: &[Payment]) -> Vec<Payment> {
    let mut ways: Vec<Payment> = Vec::new();
    for payment in payments {
        let same = |way: &&mut Payment| {
            (way.to, &way.method, way.currency) == (payment.to, &payment.method, payment.currency)
        };
        match ways.iter_mut().find(same) {
            Some(way) => way.amount = way.amount.plus(payment.amount),
            None => ways.push(payment.clone()),
        }
    }
    ways
}

pub(super) fn arrival(zone: Tz, standing: &Standing) -> Arrival {
    let payout = standing
        .assessment
        .deadlines
        .iter()
        .find(|deadline| deadline.kind == ClockKind::Payout);
    payout.map_or(Arrival::Unpromised, |deadline| {
        Arrival::Promised(Promise {
            what: promised(deadline.kind).to_owned(),
            by: moment(zone, deadline.due_at),
            firmness: deadline.firmness,
        })
    })
}

/// How the amount comes about, as the pages show it, and the total.
pub(super) fn sum(
    policy: &Policy,
    facts: &Facts,
    standing: &Standing,
    amount: Amount,
) -> Vec<Step> {
    let (claim, assessment) = (&standing.claim, &standing.assessment);
    let computed = assessment.amount.map_or(amount.e8(), Amount::e8);
    let paid = facts.order.as_ref().and_then(judged);
    let rows = sum::rows(
        policy,
        &claim.currency,
        paid.as_ref(),
        assessment,
        computed,
        Some(amount.e8()),
    );
    let mut steps: Vec<Step> = rows
        .into_iter()
        .map(|row| Step {
            words: row.label,
            workings: row.workings,
            clauses: row.clauses,
            amount: money(claim, Amount::from_e8(row.e8)),
        })
        .collect();
    steps.push(Step {
        words: "Refund".to_owned(),
        amount: money(claim, amount),
        ..Step::default()
    });
    steps
}

fn judged(order: &Judged) -> Option<sum::Paid> {
    let quantity = u64::try_from(order.quantity?).ok();
    let told = order.remains.map(|told| u64::try_from(told).unwrap_or(0));
    Some(sum::Paid {
        charge_e8: order.charge?.e8(),
        refunded_e8: order.refunded.map_or(0, Amount::e8),
        quantity,
        remains: told
            .zip(quantity)
            .map(|(told, quantity)| told.min(quantity)),
    })
}

/// The clauses with one of these results that say something about this claim, in the policy's own words. One that only repeats its
/// text is on the policy's page, and how a text is read is told with the clause that it helps to read.
pub(super) fn lines(policy: &Policy, assessment: &Assessment, results: &[Met]) -> Vec<Line> {
    let chosen = assessment
        .clauses
        .iter()
        .filter(|finding| results.contains(&finding.result));
    let lines = chosen.filter_map(|finding| line(policy, finding));
    lines.filter(|line| !line.detail.is_empty()).collect()
}

/// A clause and what it comes to here, which is nothing where it only says its own words again.
pub(super) fn line(policy: &Policy, finding: &Finding) -> Option<Line> {
    // A finding may name a lettered part of a clause.
    let whole = finding
        .id
        .trim_end_matches(|letter: char| letter.is_ascii_lowercase());
    let clause = policy
        .clause(&finding.id)
        .or_else(|| policy.clause(whole))?;
    let repeats = finding.detail.trim() == clause.words.trim();
    Some(Line {
        clause: clause.id.clone(),
        heading: clause.heading.clone(),
        words: clause.words.clone(),
        detail: if repeats {
            String::new()
        } else {
            finding.detail.clone()
        },
        excludes: clause.kind == ClauseKind::Exclusion,
        result: finding.result,
    })
}

/// A detail as a sentence of its own.
pub(super) fn sentence(detail: &str) -> String {
    let mut letters = detail.trim().chars();
    let text: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(letters)
        .collect();
    if text.ends_with(['.', '!', '?']) {
        text
    } else {
        format!("{text}.")
    }
}

/// What the customer's payment methods are called, by reference.
pub(super) fn labels(conn: &mut Conn, claim: &Claim) -> Result<HashMap<String, String>> {
    let methods = crate::db::deposits::methods_of(conn, &claim.seller_id, &claim.customer_id)?;
    Ok(methods
        .into_iter()
        .map(|method| (method.reference, method.label))
        .collect())
}

/// Where a payout goes, after "to".
pub(super) fn whereto(labels: &HashMap<String, String>, payout: &Payout) -> String {
    if payout.goes_another_way() {
        return "you another way, agreed with you".to_owned();
    }
    label(labels, &payout.method)
}

pub(super) fn label(labels: &HashMap<String, String>, method: &str) -> String {
    labels
        .get(method)
        .cloned()
        .unwrap_or_else(|| method.to_owned())
}
