//! A claim in words: state, verdict, the table of clauses, the alternatives. Customer's and staff's words differ on purpose.

use super::Wall;
use crate::db::claims::Claim;
use crate::db::orders::Order;
use crate::rules::assessment::{Assessment, Destination, Finding as Found, Met, Outcome, Payment};
use crate::rules::money::Amount as E8;
use crate::rules::policy::{ClauseKind, Policy};
use crate::rules::sum;
use crate::web::filters;
use crate::web::parts::{
    Alternative, Amount, Answer, Badge, ClauseRef, Finding, Findings, Moment, Share, Sum, SumLine,
    Tone, Verdict,
};

/// The state of a claim for the staff.
pub fn staff_badge(claim: &Claim) -> Badge {
    staff_state(&claim.state, claim.appealed_at.is_some())
}

/// The same from the state's word.
pub fn staff_state(state: &str, is_appeal: bool) -> Badge {
    match state {
        "needs_evidence" => Badge::new(Tone::Paused, "Waiting on customer"),
        "in_review" if is_appeal => Badge::new(Tone::Warn, "Appealed"),
        "in_review" => Badge::new(Tone::Accent, "To decide"),
        "action_first" => Badge::new(Tone::Warn, "Work first"),
        "on_hold" => Badge::new(Tone::Paused, "On hold"),
        "approved" => Badge::new(Tone::Ok, "Approved"),
        "rejected" => Badge::new(Tone::Danger, "Rejected"),
        "remedied" => Badge::new(Tone::Ok, "Put right"),
        _ => Badge::new(Tone::Neutral, "Withdrawn"),
    }
}

/// The same for the customer.
pub fn customer_badge(claim: &Claim) -> Badge {
    match claim.state.as_str() {
        "needs_evidence" => Badge::new(Tone::Warn, "We need something from you"),
        "in_review" => Badge::new(Tone::Accent, "We are looking at it"),
        "action_first" => Badge::new(Tone::Accent, "We are putting it right"),
        "on_hold" => Badge::new(Tone::Paused, "On hold"),
        "approved" if claim.granted_e8 < claim.computed_e8 => {
            Badge::new(Tone::Ok, "Part of your refund approved")
        }
        "approved" => Badge::new(Tone::Ok, "Refund approved"),
        "rejected" => Badge::new(Tone::Danger, "Not granted"),
        "remedied" => Badge::new(Tone::Ok, "Put right"),
        _ => Badge::new(Tone::Neutral, "Withdrawn"),
    }
}

/// A ticket without a claim, for the staff.
pub fn ticket_badge(state: &str) -> Badge {
    match state {
        "new" => Badge::new(Tone::Accent, "New"),
        "open" => Badge::new(Tone::Accent, "Open"),
        "waiting_customer" => Badge::new(Tone::Paused, "Waiting on customer"),
        "on_hold" => Badge::new(Tone::Paused, "On hold"),
        _ => Badge::new(Tone::Neutral, "Closed"),
    }
}

/// What the rules say, as a badge.
pub fn outcome_badge(outcome: Outcome) -> Badge {
    match outcome {
        Outcome::Eligible => Badge::new(Tone::Ok, "Eligible"),
        Outcome::Ineligible => Badge::new(Tone::Danger, "Not eligible"),
        Outcome::NeedsEvidence => Badge::new(Tone::Paused, "Needs evidence"),
        Outcome::NeedsReview => Badge::new(Tone::Warn, "Needs a person"),
        Outcome::ActionFirst => Badge::new(Tone::Warn, "Work first"),
        Outcome::Remedied => Badge::new(Tone::Ok, "Put right"),
        Outcome::OnHold => Badge::new(Tone::Paused, "On hold"),
    }
}

/// The verdict with the amount that approval now would pay.
pub fn verdict(
    claim: &Claim,
    order: Option<&Order>,
    assessment: &Assessment,
    labels: &dyn Fn(&str) -> String,
) -> Verdict {
    Verdict {
        outcome: outcome_badge(assessment.outcome),
        sentence: assessment.explanation.first().cloned().unwrap_or_default(),
        amount: assessment
            .amount
            .map(|amount| Amount::new(amount.e8(), &claim.currency)),
        of: of(claim, order),
        destinations: assessment
            .payments
            .iter()
            .map(|payment| destination(claim, payment, labels))
            .collect(),
        flags: assessment
            .flags
            .iter()
            .map(|flag| format!("{}: {}", flag.clause, flag.because))
            .collect(),
    }
}

fn of(claim: &Claim, order: Option<&Order>) -> String {
    let Some(charge) = order.and_then(|order| order.charge_e8) else {
        return String::new();
    };
    let refunded = order.map_or(0, |order| order.refunded_e8);
    let paid = filters::money(charge, &claim.currency);
    match refunded {
        0 => format!("of {paid} paid"),
        refunded => format!(
            "of {paid} paid, {} refunded before",
            filters::money(refunded, &claim.currency)
        ),
    }
}

/// "$4.00 to the account balance".
pub fn destination(claim: &Claim, payment: &Payment, labels: &dyn Fn(&str) -> String) -> String {
    let currency = payment.currency.map_or_else(
        || claim.currency.clone(),
        |currency| currency.code().to_owned(),
    );
    let amount = filters::money(payment.amount.e8(), &currency);
    match (payment.to, &payment.method) {
        (Destination::AccountBalance, _) => format!("{amount} to the account balance"),
        (Destination::OriginalPaymentMethod, Some(method)) => {
            format!("{amount} to {}", labels(method))
        }
        (Destination::OriginalPaymentMethod, None) => {
            format!("{amount} to the original payment method")
        }
        (Destination::AlternativeMethod, _) => format!("{amount} by another way, to be agreed"),
    }
}

/// Every clause of the ground, linked to the version of the policy that governs.
pub fn findings(policy: &Policy, assessment: &Assessment, wall: Wall) -> Findings {
    let list = assessment.clauses.iter().map(|finding| Finding {
        clause: clause(policy, &finding.id),
        title: policy
            .clause(&finding.id)
            .map_or_else(String::new, |clause| clause.heading.clone()),
        answer: answer(policy, finding),
        detail: finding.detail.clone(),
        due: finding
            .due_at
            .map(|due| Moment::new(due, wall.zone, wall.now)),
    });
    Findings {
        caption: format!(
            "Every clause of {}, version {}",
            policy.title, policy.version
        ),
        list: list.collect(),
    }
}

pub fn answer(policy: &Policy, finding: &Found) -> Answer {
    let clause = policy.clause(&finding.id);
    match finding.result {
        Met::Met => Answer::Met,
        Met::NotMet if clause.is_some_and(|clause| !clause.binds_unmet()) => Answer::FallsAway,
        Met::NotMet if clause.is_some_and(|clause| clause.kind == ClauseKind::Exclusion) => {
            Answer::Excludes
        }
        Met::NotMet => Answer::NotMet,
        Met::Unknown => Answer::Unknown,
        Met::NotApplicable => Answer::NotApplicable,
    }
}

pub fn clause(policy: &Policy, id: &str) -> ClauseRef {
    // A finding may name a lettered part of a clause; the page has the clause itself.
    let anchor = if policy.clause(id).is_some() {
        id
    } else {
        id.trim_end_matches(|letter: char| letter.is_ascii_lowercase())
    };
    ClauseRef {
        id: id.to_owned(),
        href: format!("/policies/{}/{}#{anchor}", policy.id, policy.version),
    }
}

pub fn alternatives(policy: &Policy, claim: &Claim, assessment: &Assessment) -> Vec<Alternative> {
    let alternative = |other: &crate::rules::assessment::Alternative| Alternative {
        amount: Amount::new(other.amount.e8(), &claim.currency),
        clauses: other.clauses.iter().map(|id| clause(policy, id)).collect(),
        because: other.because.clone(),
    };
    assessment.alternatives.iter().map(alternative).collect()
}

/// Delivered and undelivered units with the money that follows them, where both are known.
pub fn share(order: &Order) -> Option<Share> {
    let quantity = u64::try_from(order.quantity?)
        .ok()
        .filter(|quantity| *quantity > 0)?;
    let remains = order.remains.as_deref()?.trim().parse::<i64>().ok()?;
    let undelivered = u64::try_from(remains.max(0)).ok()?.min(quantity);
    let charge = E8::from_e8(order.charge_e8?);
    let whole = i64::try_from(quantity).ok()?;
    let back = charge.share(i64::try_from(undelivered).ok()?, whole, 8)?;
    let amount = |amount: E8| Amount::new(amount.e8(), &order.currency);
    Some(Share::new(
        quantity - undelivered,
        quantity,
        amount(charge.less(back)),
        amount(back),
    ))
}

/// The arithmetic of what the rules computed, or of what was granted where that is another amount; none where nothing is due.
/// `order` is the order as it was judged, before this refund.
pub fn sum(
    policy: &Policy,
    claim: &Claim,
    order: Option<&Order>,
    assessment: &Assessment,
) -> Option<Sum> {
    let computed = assessment
        .amount
        .filter(|amount| amount.is_positive() || claim.granted_e8 > Some(0))?;
    let granted = claim.granted_e8.filter(|_| claim.approved_at.is_some());
    let paid = order.and_then(super::order::paid);
    let rows = sum::rows(
        policy,
        &claim.currency,
        paid.as_ref(),
        assessment,
        computed.e8(),
        granted,
    );
    let line = |row: sum::Row| SumLine {
        label: row.label,
        workings: row.workings,
        clauses: row.clauses.iter().map(|id| clause(policy, id)).collect(),
        amount: Amount::new(row.e8, &claim.currency),
    };
    Some(Sum {
        caption: "How the amount comes about".to_owned(),
        lines: rows.into_iter().map(line).collect(),
        total_label: if granted.is_some() {
            "Refunded"
        } else {
            "Refund"
        }
        .to_owned(),
        total: Amount::new(granted.unwrap_or(computed.e8()), &claim.currency),
    })
}
