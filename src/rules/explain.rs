//! The explanation: three to eight sentences for the customer, the same bytes for the same input.
//! It says what was found and why, never that there are no rights: the law stands beside the text (I21).

use super::adjudicate::{Drawn, Heard};
use super::assessment::{ClockKind, Deadline, NextAction, Outcome};
use super::clauses::Turn;
use super::facts::Facts;
use super::hearing::Hearing;

const LAW: &str =
    "This is what the seller's own text says; rights that the law gives you stand beside it.";
/// How many deciding clauses are told.
const MOST_REASONS: usize = 2;

pub fn explain(
    hearing: &Hearing,
    heard: &[Heard],
    drawn: &Drawn,
    deadlines: &[Deadline],
) -> Vec<String> {
    let mut sentences = vec![
        format!(
            "Your claim \"{}\" was received on {} and judged under \"{}\", version {}.",
            hearing.ground.title,
            hearing.clock(hearing.received),
            hearing.policy.title,
            hearing.policy.version
        ),
        outcome(hearing, drawn),
    ];
    if drawn.outcome != Outcome::Eligible {
        let all = heard
            .iter()
            .flat_map(|heard| heard.verdicts.iter().map(|verdict| (&heard.id, verdict)));
        let deciding = all.filter(|(_, verdict)| {
            verdict.turn.rank() == drawn.rank && drawn.rank < Turn::Pass.rank()
        });
        sentences.extend(
            deciding
                .take(MOST_REASONS)
                .map(|(id, verdict)| format!("{id}: {}", verdict.detail)),
        );
    }
    if drawn.outcome_pays() && !hearing.owed.workings.is_empty() {
        sentences.push(format!(
            "How the amount comes about: {}",
            hearing.owed.workings
        ));
    }
    if let Some(flag) = drawn.flags.first() {
        sentences.push(format!(
            "A person confirms this first ({}): {}",
            flag.clause, flag.because
        ));
    }
    let answers = |deadline: &&Deadline| {
        matches!(
            deadline.kind,
            ClockKind::FirstResponse | ClockKind::Decision
        )
    };
    if let Some(deadline) = deadlines.iter().find(answers) {
        sentences.push(format!(
            "The seller's answer is due by {}.",
            hearing.clock(deadline.due_at)
        ));
    }
    sentences.push(LAW.to_owned());
    sentences
}

pub fn unjudged(facts: &Facts) -> Vec<String> {
    vec![
        format!(
            "Your claim was received on {}.",
            facts.received_at.format("%Y-%m-%d %H:%M:%S UTC")
        ),
        "No text on file speaks of it, so a person will look at it.".to_owned(),
        LAW.to_owned(),
    ]
}

fn outcome(hearing: &Hearing, drawn: &Drawn) -> String {
    let amount = hearing.owed.amount.map(|amount| hearing.show(amount));
    match (drawn.outcome, amount) {
        (Outcome::Eligible, Some(amount)) => format!("{amount} is due to you."),
        (Outcome::Eligible, None) => "A refund is due to you.".to_owned(),
        (Outcome::Ineligible, _) => "On this ground the text grants no refund.".to_owned(),
        (Outcome::NeedsEvidence, _) => format!(
            "Something is still needed from you: {}. The claim keeps its time of arrival.",
            asked(&drawn.missing)
        ),
        (Outcome::NeedsReview, Some(amount)) => format!(
            "A person has to look at it before it is decided; {amount} would be due if it is approved."
        ),
        (Outcome::NeedsReview, None) => {
            "A person has to look at it before it is decided.".to_owned()
        }
        (Outcome::ActionFirst, _) => action(drawn.next_action).to_owned(),
        (Outcome::Remedied, _) => {
            "It was put right, or will be by the replacement you chose, so no money is due."
                .to_owned()
        }
        (Outcome::OnHold, _) => {
            "A chargeback on the payment is open, so the claim waits until that is decided."
                .to_owned()
        }
    }
}

fn asked(missing: &[String]) -> String {
    let words = missing.iter().map(|what| match what.as_str() {
        "order_number" => "the order number".to_owned(),
        "invoice_payment" => "a copy of the invoice payment".to_owned(),
        "screenshot" => "a screenshot or other evidence".to_owned(),
        "reason" => "the reason in your own words".to_owned(),
        "channel" => "the request in writing, by email or in the portal".to_owned(),
        "customer.verified" => "the verification of your account".to_owned(),
        "findings.defect.access_granted_at" => "the access that the repair needs".to_owned(),
        other => other.replace(['_', '.'], " "),
    });
    words.collect::<Vec<_>>().join(", ")
}

fn action(action: NextAction) -> &'static str {
    match action {
        NextAction::StopOrder => {
            "The seller first has to try to stop the order; money is decided after that."
        }
        NextAction::Refill => "The seller first has to try a refill; money is decided after that.",
        NextAction::FixDefect => {
            "The seller first has to try to fix the fault; money is decided after that."
        }
        NextAction::Resend => "The seller first has to send the product again.",
        NextAction::None => "The seller has to act first.",
    }
}
