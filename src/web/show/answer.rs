//! The honest answer to a request, right after it was sent: what became of it in a heading and a sentence, and what is to come, line
//! by line with its date.

use super::Wall;
use super::next::{Case, deed, reason, running};
use crate::rules::assessment::{NextAction, Outcome};
use crate::web::filters;
use crate::web::parts::Tone;

/// A dated line of what is to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dated {
    pub when: String,
    pub what: String,
}

/// The dated lines of an answer page: what the seller has promised, in order, and what it takes from the customer.
pub fn dated(case: &Case, wall: Wall) -> Vec<Dated> {
    let mut lines = Vec::new();
    if case.claim.state == "needs_evidence" {
        lines.push(Dated {
            when: "First".to_owned(),
            what: "You send what is missing. Your request keeps today's date.".to_owned(),
        });
    }
    for clock in running(case.clocks) {
        lines.push(Dated {
            when: format!("By {}", wall.stamp(clock.due_at.utc())),
            what: deed(&clock.kind, &clock.firmness),
        });
    }
    if case.claim.approved_at.is_some() && case.payouts.is_empty() {
        lines.push(Dated {
            when: "Now".to_owned(),
            what: "The money is on your balance, to spend or to be paid out.".to_owned(),
        });
    } else if case.claim.is_open() {
        lines.push(Dated {
            when: "Then".to_owned(),
            what: "You get a letter with the decision, the sum and the clauses it rests on."
                .to_owned(),
        });
    }
    lines
}

/// The honest answer to a request, in a heading and a sentence.
pub fn answer(case: &Case, wall: Wall) -> (Tone, String, String) {
    let due = case.assessment.amount.filter(|amount| amount.is_positive());
    let due = due.map(|amount| filters::money(amount.e8(), &case.claim.currency));
    let said = |tone, heading: &str, sentence: String| (tone, heading.to_owned(), sentence);
    match (case.claim.state.as_str(), case.assessment.outcome, due) {
        ("approved", _, _) if case.payouts.is_empty() => said(
            Tone::Ok,
            "Done: the money is back",
            "It is on your balance, and a letter with the sum is on its way.".to_owned(),
        ),
        ("approved", _, _) => said(
            Tone::Ok,
            "Your refund is approved",
            "It goes back the way it came; you get a letter when it has left.".to_owned(),
        ),
        ("needs_evidence", _, _) => said(
            Tone::Warn,
            "We have your request, and need something more",
            "Nothing is lost: it counts from now, and what is missing can follow.".to_owned(),
        ),
        ("on_hold", _, _) => said(
            Tone::Paused,
            "We have your request; it has to wait",
            "A chargeback on this payment is open, and nothing may be paid twice.".to_owned(),
        ),
        ("action_first", _, _) => said(
            Tone::Accent,
            "We have your request, and begin with the work",
            work_alone(case.assessment.next_action).to_owned(),
        ),
        (_, Outcome::Ineligible, _) => said(
            Tone::Warn,
            "We have your request",
            format!(
                "By the policy nothing is due: {} A person will look at it all the same.",
                reason(case.policy, case.assessment, wall)
            ),
        ),
        (_, Outcome::Eligible, Some(due)) => said(
            Tone::Accent,
            "We have your request",
            format!("By the policy {due} is due to you. A person confirms it."),
        ),
        (_, _, Some(due)) => said(
            Tone::Accent,
            "We have your request",
            format!(
                "A person has to find something out first; {due} would be due if it is approved."
            ),
        ),
        _ => said(
            Tone::Accent,
            "We have your request",
            "A person has to look at it before it is decided.".to_owned(),
        ),
    }
}

fn work_alone(action: NextAction) -> &'static str {
    match action {
        NextAction::StopOrder => {
            "The order is running. We try to stop it, and refund what is not delivered by then."
        }
        NextAction::Refill => "We refill what has dropped, and refund what cannot be refilled.",
        NextAction::FixDefect => {
            "Our technicians look at the fault first; money is decided after that."
        }
        NextAction::Resend => "We send the product to you again; money is decided after that.",
        NextAction::None => "Something has to be done on our side before money is decided.",
    }
}
