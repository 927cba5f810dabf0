//! What happens next and by when, for the customer: one sentence from the state of the claim, its running promises and the money
//! on its way. A promise says how firm it is, and one that was broken says so.

use chrono::{DateTime, Utc};

use super::order::{Labels, goes_to};
use super::{Wall, claim as words};
use crate::db::claims::Claim;
use crate::db::clocks::Clock;
use crate::db::payouts::Payout;
use crate::db::tickets::Ticket;
use crate::desk::claims::asked_for;
use crate::desk::clocks::HOUSE;
use crate::rules::assessment::{Assessment, NextAction, Outcome};
use crate::rules::lifecycle::payout::State as Sending;
use crate::rules::policy::Policy;
use crate::web::filters;
use crate::web::parts::{Badge, NextStep, Progress, Step, StepState, Tone};

/// A claim with everything that its next step hangs on.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    pub ticket: &'a Ticket,
    pub claim: &'a Claim,
    pub assessment: &'a Assessment,
    pub policy: &'a Policy,
    pub clocks: &'a [Clock],
    pub payouts: &'a [Payout],
    pub labels: &'a Labels,
}

pub fn step(case: &Case, wall: Wall) -> NextStep {
    let (tone, sentence, advice) = said(case, wall);
    NextStep {
        tone,
        sentence,
        advice,
        progress: Some(progress(case, wall)),
        way_on: None,
    }
}

/// The same for a question that is no claim.
pub fn of_question(ticket: &Ticket, clocks: &[Clock], wall: Wall) -> NextStep {
    let (tone, sentence, advice) = match ticket.state.as_str() {
        "waiting_customer" => (
            Tone::Warn,
            "We asked you something.".to_owned(),
            "Answer below.",
        ),
        "closed" => (
            Tone::Neutral,
            "This conversation is closed.".to_owned(),
            "Write again to reopen it.",
        ),
        _ => {
            let due = running(clocks).first().copied();
            let sentence = due.map_or_else(
                || "A person reads it and answers you here and by mail.".to_owned(),
                |clock| promise(clock, wall),
            );
            (
                Tone::Accent,
                sentence,
                "Nothing is needed from you right now.",
            )
        }
    };
    NextStep {
        tone,
        sentence,
        advice: advice.to_owned(),
        progress: None,
        way_on: None,
    }
}

/// A ticket's state in the customer's words.
pub fn ticket_badge(ticket: &Ticket, claim: Option<&Claim>) -> Badge {
    if let Some(claim) = claim {
        return words::customer_badge(claim);
    }
    match ticket.state.as_str() {
        "new" => Badge::new(Tone::Accent, "Received"),
        "open" => Badge::new(Tone::Accent, "We are looking at it"),
        "waiting_customer" => Badge::new(Tone::Warn, "We need something from you"),
        "on_hold" => Badge::new(Tone::Paused, "On hold"),
        _ => Badge::new(Tone::Neutral, "Closed"),
    }
}

/// For a list: the next date of a ticket in half a sentence.
pub fn line(ticket: &Ticket, claim: Option<&Claim>, wall: Wall) -> String {
    if ticket.state == "waiting_customer" {
        return "Answer what we asked; until then this waits.".to_owned();
    }
    if let (Some(due), Some(kind)) = (&ticket.next_due_at, &ticket.next_due_kind) {
        let firmness = match (ticket.next_due_firm, kind.as_str()) {
            (true, _) => "firm",
            (false, "first_response" | "next_reply") => "aim",
            (false, _) => "typical",
        };
        return spoken(kind, firmness, due.utc(), wall);
    }
    match (claim.map(|claim| claim.state.as_str()), &ticket.closed_at) {
        (Some("approved"), _) => claim.and_then(granted).unwrap_or_default(),
        (Some("rejected"), _) => "We decided against a refund.".to_owned(),
        (_, Some(at)) => format!("Closed on {}", short_day(at.utc(), wall)),
        _ => "A person looks at it.".to_owned(),
    }
}

fn granted(claim: &Claim) -> Option<String> {
    let amount = filters::money(claim.granted_e8?, &claim.currency);
    Some(format!("{amount} was approved."))
}

/// The promises that still run, the next one first. A bank's estimate is no promise.
pub(super) fn running(clocks: &[Clock]) -> Vec<&Clock> {
    let mut running = clocks
        .iter()
        .filter(|clock| clock.state == "running" && clock.firmness != "estimate")
        .collect::<Vec<_>>();
    running.sort_by_key(|clock| clock.due_at);
    running
}

fn promise(clock: &Clock, wall: Wall) -> String {
    spoken(&clock.kind, &clock.firmness, clock.due_at.utc(), wall)
}

/// A promise as a sentence: kept to the letter where it is firm, and owned up to where it was broken.
fn spoken(kind: &str, firmness: &str, due: DateTime<Utc>, wall: Wall) -> String {
    let by = by(due, wall);
    let (does, to) = doing(kind);
    if due < wall.now && firmness == HOUSE {
        return format!("{does}; it takes longer than we meant it to.");
    }
    if due < wall.now {
        return format!(
            "We said that we would {to} {by} and did not. We are sorry; it is first in line now."
        );
    }
    match firmness {
        "aim" | HOUSE => format!("We aim to {to} {by}."),
        "typical" => format!("{does}, usually {by}."),
        _ => format!("{does} {by}."),
    }
}

/// What was promised, without its time: "A person decides.", "We aim to answer you."
pub(super) fn deed(kind: &str, firmness: &str) -> String {
    let (does, to) = doing(kind);
    match firmness {
        "aim" | HOUSE => format!("We aim to {to}."),
        "typical" => format!("{does}; it usually takes no longer."),
        _ => format!("{does}."),
    }
}

/// What is done at the end of a promise, as a statement and as a verb.
fn doing(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "first_response" | "next_reply" => ("A person answers you", "answer you"),
        "decision" => ("A person decides", "decide"),
        "cure" => ("We repair it", "repair it"),
        "payout" => ("We send the money", "send the money"),
        "completion" => ("Everything is done", "be done"),
        _ => ("We write to you", "write to you"),
    }
}

/// "by 5pm on Tuesday 24 November (GMT)".
pub fn by(at: DateTime<Utc>, wall: Wall) -> String {
    let zone = at.with_timezone(&wall.zone).format("%Z");
    format!("{} ({zone})", filters::by(at, wall.zone, wall.now))
}

fn short_day(at: DateTime<Utc>, wall: Wall) -> String {
    at.with_timezone(&wall.zone).format("%-d %b").to_string()
}

fn said(case: &Case, wall: Wall) -> (Tone, String, String) {
    let calm = "Nothing is needed from you right now.".to_owned();
    match case.claim.state.as_str() {
        "needs_evidence" => {
            let advice = "Your request keeps its time of arrival. It waits until you answer.";
            (Tone::Warn, wanted(case), advice.to_owned())
        }
        "in_review" => (Tone::Accent, review(case, wall), calm),
        "action_first" => (Tone::Accent, work(case, wall), calm),
        "on_hold" => {
            let advice = "You can withdraw the chargeback at your bank; then we go on at once.";
            let sentence = "A chargeback on this payment is open, so no money moves until the bank has decided.";
            (Tone::Paused, sentence.to_owned(), advice.to_owned())
        }
        "approved" => paid(case, wall),
        "rejected" if case.claim.appealed_at.is_some() => (
            Tone::Neutral,
            "Two people have looked at this, and it stays as decided.".to_owned(),
            "You can still write to us here.".to_owned(),
        ),
        "rejected" => (
            Tone::Danger,
            "We decided against a refund.".to_owned(),
            "If you think that is wrong, ask for a review below. Somebody else looks at it then."
                .to_owned(),
        ),
        "remedied" => (
            Tone::Ok,
            "This was put right without a refund.".to_owned(),
            "Write to us here if it was not.".to_owned(),
        ),
        _ => (
            Tone::Neutral,
            "You withdrew this request.".to_owned(),
            "You can ask again as long as the policy allows.".to_owned(),
        ),
    }
}

/// What the customer has to send, in a sentence.
fn wanted(case: &Case) -> String {
    let items = missing(case.assessment);
    if items.is_empty() {
        return "We asked you something: please answer below.".to_owned();
    }
    format!("Please send {}.", items.join(", and "))
}

/// What the customer can supply, a phrase each. What a person of the desk must find out is none of it.
pub fn missing(assessment: &Assessment) -> Vec<String> {
    if assessment.outcome != Outcome::NeedsEvidence {
        return Vec::new();
    }
    let items = assessment.missing.iter();
    items.map(|item| asked_for(item)).collect()
}

fn review(case: &Case, wall: Wall) -> String {
    let who = if case.claim.appealed_at.is_some() {
        "Somebody else looks at it afresh."
    } else {
        "A person looks at it."
    };
    let decides = |clock: &&&Clock| matches!(clock.kind.as_str(), "first_response" | "decision");
    let clocks = running(case.clocks);
    match clocks.iter().find(decides) {
        Some(clock) => promise(clock, wall),
        None => format!("{who} The policy names no time for it."),
    }
}

fn work(case: &Case, wall: Wall) -> String {
    let first = match case.assessment.next_action {
        NextAction::StopOrder => {
            "First we try to stop the order; what is not delivered by then is what a refund is about."
        }
        NextAction::Refill => {
            "First we refill what has dropped; a refund is about what cannot be refilled."
        }
        NextAction::FixDefect => "First our technicians try to fix the fault.",
        NextAction::Resend => "First we send the product to you again.",
        NextAction::None => "First something has to be done on our side.",
    };
    match running(case.clocks).first() {
        Some(clock) => format!("{first} {}", promise(clock, wall)),
        None => first.to_owned(),
    }
}

fn paid(case: &Case, wall: Wall) -> (Tone, String, String) {
    let amount = filters::money(case.claim.granted_e8.unwrap_or(0), &case.claim.currency);
    let payouts = last_tries(case.payouts);
    if payouts.is_empty() {
        let sentence = format!("{amount} is on your balance.");
        let advice = "You can spend it now, or ask for it to be paid out.";
        return (Tone::Ok, sentence, advice.to_owned());
    }
    let said: Vec<_> = payouts
        .into_iter()
        .map(|payout| of_payout(case, payout, wall))
        .collect();
    let mut sentences: Vec<String> = said.iter().map(|(_, words, _)| words.clone()).collect();
    if said.iter().any(|(tone, ..)| *tone == Tone::Accent) {
        let due = running(case.clocks)
            .into_iter()
            .find(|clock| clock.kind == "payout");
        sentences.extend(due.map(|clock| promise(clock, wall)));
    }
    let sentence = sentences.join(" ");
    // What went wrong before what is on its way before what is done.
    let worst = |tone: Tone| {
        said.iter()
            .find(|(own, ..)| *own == tone)
            .map(|(tone, _, advice)| (*tone, *advice))
    };
    let (tone, advice) = worst(Tone::Danger)
        .or(worst(Tone::Accent))
        .unwrap_or((Tone::Ok, "Your bank may take a few days to show it."));
    (tone, sentence, advice.to_owned())
}

/// A claim's payouts without those that were asked for again.
fn last_tries(payouts: &[Payout]) -> Vec<&Payout> {
    let again = |payout: &Payout| format!("{} again", payout.key);
    payouts
        .iter()
        .filter(|payout| {
            payout.state.counts() || !payouts.iter().any(|other| other.key == again(payout))
        })
        .collect()
}

fn of_payout(case: &Case, payout: &Payout, wall: Wall) -> (Tone, String, &'static str) {
    let pay = filters::money(payout.pay_e8, &payout.pay_currency);
    let to = goes_to(payout, case.labels);
    match payout.state {
        Sending::Sent | Sending::Succeeded => {
            let sent = payout.sent_at.map_or(wall.now, |at| at.utc());
            let sentence = format!("{pay} was sent to {to} on {}.", short_day(sent, wall));
            (
                Tone::Ok,
                sentence,
                "Your bank may take a few days to show it.",
            )
        }
        Sending::Failed => (
            Tone::Danger,
            format!("{pay} could not be sent to {to} and is with us again."),
            "We write to you about another way.",
        ),
        Sending::Returned => (
            Tone::Danger,
            format!("{pay} came back from {to} and is with us again."),
            "We write to you about another way.",
        ),
        Sending::Queued | Sending::Reserved | Sending::Unknown => (
            Tone::Accent,
            format!("{pay} goes to {to}."),
            "You get a letter when it has left.",
        ),
    }
}

/// How far the claim has come.
fn progress(case: &Case, wall: Wall) -> Progress {
    let claim = case.claim;
    let on = |at: Option<crate::db::columns::At>| {
        at.map_or_else(String::new, |at| short_day(at.utc(), wall))
    };
    let mut steps = vec![Step::new(
        "Received",
        StepState::Done,
        &on(Some(claim.received_at)),
    )];
    let decided = |word: &str, state| Step::new(word, state, &on(claim.decided_at));
    match claim.state.as_str() {
        "approved" => {
            steps.push(decided("Approved", StepState::Done));
            steps.push(money(case, wall));
        }
        "rejected" => steps.push(decided("Not granted", StepState::Stopped)),
        "remedied" => steps.push(decided("Put right", StepState::Done)),
        "withdrawn" => steps.push(Step::new("Withdrawn", StepState::Stopped, "")),
        state => {
            let now = match state {
                "needs_evidence" => "Your answer",
                "action_first" => "Work first",
                "on_hold" => "On hold",
                _ => "In review",
            };
            steps.push(Step::new(now, StepState::Current, ""));
            let clocks = running(case.clocks);
            let decision = clocks.iter().find(|clock| clock.kind == "decision");
            let by = decision.map_or_else(String::new, |clock| {
                format!("by {}", short_day(clock.due_at.utc(), wall))
            });
            steps.push(Step::new("Decision", StepState::Ahead, &by));
            steps.push(Step::new("Money back", StepState::Ahead, ""));
        }
    }
    Progress { steps }
}

fn money(case: &Case, wall: Wall) -> Step {
    let payouts = last_tries(case.payouts);
    if payouts.is_empty() {
        let at = case.claim.approved_at.map_or(wall.now, |at| at.utc());
        return Step::new("On your balance", StepState::Done, &short_day(at, wall));
    }
    if payouts.iter().any(|payout| !payout.state.counts()) {
        return Step::new("Came back", StepState::Stopped, "");
    }
    let left = |payout: &&Payout| matches!(payout.state, Sending::Sent | Sending::Succeeded);
    if !payouts.iter().all(left) {
        return Step::new("Money on its way", StepState::Current, "");
    }
    let last = payouts.iter().filter_map(|payout| payout.sent_at).max();
    let at = last.map_or(wall.now, |at| at.utc());
    Step::new("Money sent", StepState::Done, &short_day(at, wall))
}

/// Why the text grants nothing: what the first clause that stands against it says.
/// A time that has run out is told on the reader's own wall; the sum keeps the policy's.
pub fn reason(policy: &Policy, assessment: &Assessment, wall: Wall) -> String {
    let Some(against) = policy.against(assessment).next() else {
        return "on this ground the text grants no refund.".to_owned();
    };
    match against.due_at {
        Some(due) if due < wall.now => {
            let until = by(due, wall);
            format!(
                "the time for it ended at {}.",
                until.trim_start_matches("by ")
            )
        }
        _ => against.detail.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_says_how_firm_it_is_and_owns_up_when_it_was_broken() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let wall = Wall {
            zone: chrono_tz::UTC,
            now: at("2026-11-20T10:00:00Z"),
        };
        let due = at("2026-11-24T17:00:00Z");
        for (kind, firmness, sentence) in [
            (
                "decision",
                "firm",
                "A person decides by 5pm on Tuesday 24 November (UTC).",
            ),
            (
                "first_response",
                "aim",
                "We aim to answer you by 5pm on Tuesday 24 November (UTC).",
            ),
            (
                "payout",
                "typical",
                "We send the money, usually by 5pm on Tuesday 24 November (UTC).",
            ),
        ] {
            assert_eq!(spoken(kind, firmness, due, wall), sentence);
        }
        let late = Wall {
            now: at("2026-11-25T10:00:00Z"),
            ..wall
        };
        assert_eq!(
            spoken("decision", "firm", due, late),
            "We said that we would decide by 5pm on Tuesday 24 November (UTC) and did not. We are sorry; it is first in line now."
        );
    }
}
