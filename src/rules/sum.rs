//! How an amount comes about, row by row: what was paid, what is no part of the refund and by which clause, what came back
//! before. The same rows stand on the customer's page, on the agent's and in the letter.

use super::assessment::{Assessment, Finding, Met, Payment};
use super::display;
use super::money::Amount;
use super::policy::{ClauseKind, Pays, Policy};

/// One row. The amounts of all rows add up to what is refunded, in units of 10⁻⁸.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub label: String,
    /// The arithmetic: "$27.00 × 600 delivered ÷ 1,500"; may be empty.
    pub workings: String,
    /// The ids of the clauses that it rests on.
    pub clauses: Vec<String>,
    pub e8: i64,
}

/// The order as it was judged, before this refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paid {
    pub charge_e8: i64,
    /// What had come back before.
    pub refunded_e8: i64,
    pub quantity: Option<u64>,
    /// Within what was ordered; None where it is not known.
    pub remains: Option<u64>,
}

/// The rows behind `computed_e8`, and behind `granted_e8` where a person decided on another amount. `paid` is None for a claim
/// on a balance, whose rows are the deposits.
pub fn rows(
    policy: &Policy,
    currency: &str,
    paid: Option<&Paid>,
    assessment: &Assessment,
    computed_e8: i64,
    granted_e8: Option<i64>,
) -> Vec<Row> {
    let mut rows = match paid {
        Some(paid) => of_order(policy, currency, paid, assessment, computed_e8),
        None => of_balance(currency, &assessment.payments, computed_e8),
    };
    let difference = granted_e8.map_or(0, |granted| granted - computed_e8);
    if difference != 0 {
        rows.push(Row {
            label: "Other than the policy computes".to_owned(),
            workings: "Decided by a person, with a reason on record".to_owned(),
            clauses: Vec::new(),
            e8: difference,
        });
    }
    rows
}

/// What becomes of the units of what was bought: a plan's are used, anything else is delivered.
pub fn verb(policy: &Policy) -> &'static str {
    let mut grounds = policy.grounds.iter();
    if grounds.any(|ground| ground.pays == Pays::Quota) {
        "used"
    } else {
        "delivered"
    }
}

fn plain(label: &str, e8: i64) -> Row {
    Row {
        label: label.to_owned(),
        workings: String::new(),
        clauses: Vec::new(),
        e8,
    }
}

fn of_order(
    policy: &Policy,
    currency: &str,
    paid: &Paid,
    assessment: &Assessment,
    computed_e8: i64,
) -> Vec<Row> {
    let kept_e8 = paid.charge_e8 - paid.refunded_e8 - computed_e8;
    let is_amount = |finding: &&Finding| {
        let clause = policy.clause(&finding.id);
        finding.result == Met::Met && clause.is_some_and(|clause| clause.kind == ClauseKind::Amount)
    };
    let measured: Vec<&Finding> = assessment.clauses.iter().filter(is_amount).collect();
    let clauses: Vec<String> = measured.iter().map(|finding| finding.id.clone()).collect();
    let mut details = measured.iter().map(|finding| finding.detail.as_str());
    let workings = kept_units(policy, currency, paid, kept_e8)
        .or_else(|| details.find(|detail| !detail.is_empty()).map(str::to_owned))
        .unwrap_or_default();
    let mut rows = vec![plain("Paid for the order", paid.charge_e8)];
    if kept_e8 != 0 {
        rows.push(Row {
            workings,
            clauses,
            ..plain("Not part of the refund", -kept_e8)
        });
    } else if let Some(first) = rows.first_mut() {
        first.workings = workings;
        first.clauses = clauses;
    }
    if paid.refunded_e8 != 0 {
        rows.push(plain("Refunded before", -paid.refunded_e8));
    }
    rows
}

/// How what stays follows from the units that were delivered; None where it does not.
fn kept_units(policy: &Policy, currency: &str, paid: &Paid, kept_e8: i64) -> Option<String> {
    let quantity = paid.quantity?;
    let done = quantity.checked_sub(paid.remains?)?;
    let charge = Amount::from_e8(paid.charge_e8);
    let kept = charge.share(i64::try_from(done).ok()?, i64::try_from(quantity).ok()?, 8)?;
    (done > 0 && kept.e8() == kept_e8).then(|| {
        format!(
            "{} × {} {} ÷ {}",
            display::money(paid.charge_e8, currency),
            display::count(done),
            verb(policy),
            display::count(quantity)
        )
    })
}

/// What leaves each deposit, where that is in the balance's own currency; otherwise the whole.
fn of_balance(currency: &str, payments: &[Payment], computed_e8: i64) -> Vec<Row> {
    let is_own = |payment: &&Payment| payment.currency.is_none_or(|it| it.code() == currency);
    let own: Vec<&Payment> = payments.iter().filter(is_own).collect();
    if own.iter().map(|payment| payment.amount.e8()).sum::<i64>() != computed_e8 {
        return vec![plain("What is left of your deposits", computed_e8)];
    }
    let row = |payment: &Payment| {
        let label = match &payment.deposit {
            Some(deposit) => format!("Left of deposit {deposit}"),
            None => "Left on the balance".to_owned(),
        };
        plain(&label, payment.amount.e8())
    };
    own.into_iter().map(row).collect()
}
