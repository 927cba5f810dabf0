//! Work before money: which task an assessment asks for, how each kind of task can end, and what the facts say became of it.
//! A task's result is a fact, and the assessment that the fact brings ends the task; two kinds end by a person's word alone,
//! because no clause asks for them: a replacement that was given, and access that was withdrawn with the plan.

use super::assessment::{Assessment, ClockKind, NextAction, Outcome};
use super::clauses::Test;
use super::facts::{Facts, RefillResult, Remedy, Resend, Status, Stop};
use super::matters::Word;
use super::money::Amount;
use super::policy::{Pays, Policy};
use super::words::words;

words! { Kind {
    StopOrder = "stop_order", Refill = "refill", FixDefect = "fix_defect", Resend = "resend", Replace = "replace",
    WithdrawAccess = "withdraw_access",
} }
words! { State { Open = "open", Done = "done", Failed = "failed", Dropped = "dropped" } }

impl Kind {
    /// What is to be done.
    pub fn title(self) -> &'static str {
        match self {
            Kind::StopOrder => "Stop the order",
            Kind::Refill => "Refill the order",
            Kind::FixDefect => "Fix the defect",
            Kind::Resend => "Send the product again",
            Kind::Replace => "Give the replacement",
            Kind::WithdrawAccess => "Withdraw access and measure what is left",
        }
    }

    /// Done once a person says so; the others end with what the rules make of a fact.
    pub fn ends_by_word(self) -> bool {
        matches!(self, Kind::Replace | Kind::WithdrawAccess)
    }
}

/// One way in which a task can go, as a person reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    pub code: &'static str,
    pub words: &'static str,
    /// The fact that it is: a dotted path of the claim document.
    pub fact: Option<(&'static str, Learned)>,
    /// A number of units that belongs to it.
    pub count: Option<Count>,
}

/// What becomes known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Learned {
    Is(Word),
    /// The moment of the report.
    Now,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    pub path: &'static str,
    pub label: &'static str,
    pub required: bool,
}

const fn ending(
    code: &'static str,
    words: &'static str,
    path: &'static str,
    learned: Learned,
) -> Ending {
    Ending {
        code,
        words,
        fact: Some((path, learned)),
        count: None,
    }
}

const fn with(ending: Ending, path: &'static str, label: &'static str, required: bool) -> Ending {
    Ending {
        count: Some(Count {
            path,
            label,
            required,
        }),
        ..ending
    }
}

const fn by_word(code: &'static str, words: &'static str) -> Ending {
    Ending {
        code,
        words,
        fact: None,
        count: None,
    }
}

const fn text(word: &'static str) -> Learned {
    Learned::Is(Word::Text(word))
}

const STOP: [Ending; 2] = [
    with(
        ending("stopped", "It stopped", "findings.stop", text("stopped")),
        "order.remains",
        "Units not delivered",
        false,
    ),
    ending(
        "refused",
        "It goes on and cannot be stopped",
        "findings.stop",
        text("refused"),
    ),
];
const REFILL: [Ending; 2] = [
    ending(
        "completed",
        "It is complete",
        "findings.refill",
        text("completed"),
    ),
    with(
        ending("failed", "It failed", "findings.refill", text("failed")),
        "findings.shortfall",
        "Units still missing",
        false,
    ),
];
const CURE: [Ending; 4] = [
    ending(
        "fixed",
        "It is fixed now",
        "findings.defect.fixed_at",
        Learned::Now,
    ),
    ending(
        "access_asked",
        "We asked for access just now",
        "findings.defect.access_requested_at",
        Learned::Now,
    ),
    ending(
        "access_given",
        "Access was given just now",
        "findings.defect.access_granted_at",
        Learned::Now,
    ),
    ending(
        "access_refused",
        "Access was refused",
        "findings.defect.access_refused",
        Learned::Is(Word::Yes),
    ),
];
const REPAIR: [Ending; 2] = [
    ending(
        "fixed",
        "It works now",
        "findings.repaired",
        Learned::Is(Word::Yes),
    ),
    ending(
        "failed",
        "It cannot be repaired",
        "findings.repaired",
        Learned::Is(Word::No),
    ),
];
const RESEND: [Ending; 2] = [
    ending(
        "received",
        "The customer has it",
        "findings.resend",
        text("received"),
    ),
    ending(
        "failed",
        "It failed again",
        "findings.resend",
        text("failed"),
    ),
];
const REPLACE: [Ending; 1] = [by_word("given", "The customer has the replacement")];
const WITHDRAW: [Ending; 1] = [with(
    by_word("withdrawn", "Access is withdrawn"),
    "order.remains",
    "Units left at that moment",
    true,
)];

/// How a task of a claim can go. A repair with its hours (a cure) knows of access, another does not.
pub fn endings(kind: Kind, policy: &Policy, ground: &str) -> &'static [Ending] {
    match kind {
        Kind::StopOrder => &STOP,
        Kind::Refill => &REFILL,
        Kind::FixDefect if cures(policy, ground) => &CURE,
        Kind::FixDefect => &REPAIR,
        Kind::Resend => &RESEND,
        Kind::Replace => &REPLACE,
        Kind::WithdrawAccess => &WITHDRAW,
    }
}

fn cures(policy: &Policy, ground: &str) -> bool {
    let Some(ground) = policy.ground(ground) else {
        return false;
    };
    let mut tests = policy
        .clauses_of(ground)
        .flat_map(|clause| clause.tests.iter());
    tests.any(|test| matches!(test, Test::Cure(_)))
}

/// The task that an assessment asks for. A plan that is paid back is withdrawn first, so that what was left is measured (C6, C10);
/// a replacement that the customer chose is given before the claim is closed with it (D6d).
pub fn wanted(policy: &Policy, facts: &Facts, assessment: &Assessment) -> Option<Kind> {
    match assessment.next_action {
        NextAction::StopOrder => return Some(Kind::StopOrder),
        NextAction::Refill => return Some(Kind::Refill),
        NextAction::FixDefect => return Some(Kind::FixDefect),
        NextAction::Resend => return Some(Kind::Resend),
        NextAction::None => {}
    }
    let pays_quota = policy
        .ground(&facts.ground)
        .is_some_and(|ground| ground.pays == Pays::Quota);
    match assessment.outcome {
        Outcome::Remedied if is_replaced(policy, facts, assessment) => Some(Kind::Replace),
        Outcome::Eligible | Outcome::NeedsReview if pays_quota => {
            let may_pay = assessment.amount.is_none_or(Amount::is_positive);
            may_pay.then_some(Kind::WithdrawAccess)
        }
        _ => None,
    }
}

/// Put right by a replacement, and not by a repair in time.
fn is_replaced(policy: &Policy, facts: &Facts, assessment: &Assessment) -> bool {
    let fixed = facts.findings.defect.fixed_at;
    let in_time = fixed.is_some_and(|at| cure_end(assessment).is_none_or(|due| at <= due));
    facts.remedy_choice == Some(Remedy::Replacement) && cures(policy, &facts.ground) && !in_time
}

fn cure_end(assessment: &Assessment) -> Option<super::facts::At> {
    let mut deadlines = assessment.deadlines.iter();
    deadlines
        .find(|deadline| deadline.kind == ClockKind::Cure)
        .map(|deadline| deadline.due_at)
}

/// What became of a task that the rules no longer ask for, by the facts, and in words.
pub fn ended(kind: Kind, facts: &Facts, assessment: &Assessment) -> (State, &'static str) {
    let findings = &facts.findings;
    let status = facts.order.as_ref().and_then(|order| order.status);
    match kind {
        Kind::StopOrder => match (status, findings.stop) {
            (Some(Status::Partial | Status::Canceled), _) => (State::Done, "The order has ended."),
            (Some(Status::Completed), _) => (State::Failed, "The order was completed first."),
            (_, Some(Stop::Stopped)) => (State::Done, "The order stopped."),
            (_, Some(Stop::Refused)) => (State::Failed, "The order cannot be stopped."),
            _ => NOT_WANTED,
        },
        Kind::Refill => match findings.refill {
            Some(RefillResult::Completed) => (State::Done, "The refill is complete."),
            Some(RefillResult::Failed) => (State::Failed, "The refill failed."),
            None => NOT_WANTED,
        },
        Kind::FixDefect => mended(facts, assessment),
        Kind::Resend => match findings.resend {
            Some(Resend::Received) => (State::Done, "The customer has it."),
            Some(Resend::Failed) => (State::Failed, "It was sent again in vain."),
            None => NOT_WANTED,
        },
        Kind::Replace | Kind::WithdrawAccess => NOT_WANTED,
    }
}

const NOT_WANTED: (State, &str) = (State::Dropped, "It is no longer asked for.");

fn mended(facts: &Facts, assessment: &Assessment) -> (State, &'static str) {
    let defect = &facts.findings.defect;
    let is_over = cure_end(assessment).is_some_and(|due| facts.assessed_at() > due);
    match (facts.findings.repaired, defect.fixed_at) {
        (Some(true), _) => (State::Done, "The fault was repaired."),
        (Some(false), _) => (State::Failed, "It could not be repaired."),
        (None, _) if defect.access_refused == Some(true) => {
            (State::Failed, "Access for the repair was refused.")
        }
        (None, Some(_)) if assessment.outcome == Outcome::Remedied => {
            (State::Done, "It was fixed in time.")
        }
        (None, Some(_)) => (State::Failed, "It was fixed too late."),
        (None, None) if is_over => (State::Failed, "It was not fixed in time."),
        (None, None) => NOT_WANTED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::adjudicate::adjudicate;
    use crate::rules::facts;
    use crate::rules::policy::Shelf;
    use serde_json::{Value, json};

    fn asked_for(claim: &Value) -> Option<Kind> {
        let (shelf, facts) = (Shelf::built_in(), read(claim));
        let policy = &shelf.versions(&facts.policy)[0];
        wanted(policy, &facts, &adjudicate(&shelf, &facts))
    }

    fn read(claim: &Value) -> Facts {
        facts::read(&claim.to_string()).unwrap()
    }

    fn became(kind: Kind, claim: &Value) -> State {
        let facts = read(claim);
        ended(kind, &facts, &adjudicate(&Shelf::built_in(), &facts)).0
    }

    fn defect(as_of: &str, choice: &str, findings: Value) -> Value {
        json!({
            "policy": "virtual-numbers", "ground": "major_defect", "received_at": "2026-03-02T09:00:00Z", "as_of": as_of,
            "reason": "Calls are cut off after ten seconds.", "evidence": [{"kind": "log"}], "remedy_choice": choice,
            "order": {"id": "N-1", "placed_at": "2026-03-01T09:00:00Z", "status": "in_progress", "charge": "24.00",
                "currency": "USD", "paid_with": [{"method": "card-1", "amount": "24.00"}]},
            "findings": {"defect": findings},
        })
    }

    #[test]
    fn a_defect_is_fixed_first_and_replaced_where_that_was_missed_and_chosen() {
        let approved = json!({"approved": true});
        let within = "2026-03-04T09:00:00Z";
        let after = "2026-03-05T09:00:01Z";
        let mending = defect(within, "replacement", approved.clone());
        assert_eq!(asked_for(&mending), Some(Kind::FixDefect));
        let missed = defect(after, "replacement", approved.clone());
        assert_eq!(asked_for(&missed), Some(Kind::Replace));
        assert_eq!(became(Kind::FixDefect, &missed), State::Failed);
        let money = defect(after, "refund", approved);
        assert_eq!(asked_for(&money), None);
        let fixed = json!({"approved": true, "fixed_at": "2026-03-03T09:00:00Z"});
        let fixed = defect(after, "replacement", fixed);
        assert_eq!(asked_for(&fixed), None);
        assert_eq!(became(Kind::FixDefect, &fixed), State::Done);
    }

    #[test]
    fn a_plan_that_would_be_paid_is_withdrawn_first_and_one_that_would_not_is_left() {
        let plan = |left: i64| {
            json!({
                "policy": "api-plans", "ground": "plan_refund", "received_at": "2025-03-15T09:30:00Z",
                "reason": "It does not do what we need.",
                "evidence": [{"kind": "order_number"}, {"kind": "invoice_payment"}],
                "order": {"id": "S-1", "placed_at": "2025-03-10T15:00:00Z", "quantity": 10000, "remains": left,
                    "charge": "10.00", "currency": "USD", "paid_with": [{"method": "card-1", "amount": "10.00"}],
                    "period_ends_on": "2025-04-10", "service": {"returnable": true}},
            })
        };
        assert_eq!(asked_for(&plan(7000)), Some(Kind::WithdrawAccess));
        assert_eq!(asked_for(&plan(0)), None);
    }

    #[test]
    fn a_running_order_is_stopped_first_and_its_end_by_whatever_hand_ends_the_task() {
        let order = |status: &str, stop: Value| {
            json!({
                "policy": "panel-credits", "ground": "order_cancellation", "received_at": "2025-06-05T12:00:00Z",
                "reason": "I no longer need it.",
                "order": {"id": "O1", "placed_at": "2025-06-01T09:00:00Z", "status": status, "quantity": 1000,
                    "remains": 400, "charge": "10.00", "currency": "USD"},
                "findings": {"stop": stop},
            })
        };
        let running = order("in_progress", Value::Null);
        assert_eq!(asked_for(&running), Some(Kind::StopOrder));
        assert_eq!(became(Kind::StopOrder, &running), State::Dropped);
        for (claim, state) in [
            (order("partial", Value::Null), State::Done),
            (order("canceled", Value::Null), State::Done),
            (order("in_progress", json!("stopped")), State::Done),
            (order("in_progress", json!("refused")), State::Failed),
            (order("completed", Value::Null), State::Failed),
        ] {
            assert_eq!(asked_for(&claim), None, "{claim}");
            assert_eq!(became(Kind::StopOrder, &claim), state, "{claim}");
        }
    }

    #[test]
    fn every_ending_is_a_fact_that_staff_can_establish() {
        use crate::rules::matters::{Answer, Fact};
        let all = [
            &STOP[..],
            &REFILL,
            &CURE,
            &REPAIR,
            &RESEND,
            &REPLACE,
            &WITHDRAW,
        ];
        for ending in all.into_iter().flatten() {
            if let Some((path, learned)) = ending.fact {
                let fact = Fact::at(path).unwrap();
                match learned {
                    Learned::Now => assert_eq!(fact.answer, Answer::Moment, "{path}"),
                    Learned::Is(word) => assert!(fact.words(&word.value()).is_some(), "{path}"),
                }
            }
            if let Some(count) = ending.count {
                assert_eq!(Fact::at(count.path).unwrap().answer, Answer::Count);
            }
        }
    }
}
