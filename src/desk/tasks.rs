//! Work before money (desk.md 4): what an assessment asks for becomes a task on the claim, somebody takes it, and its result is a
//! fact that brings the next assessment. `follow` keeps the tasks in step with what the rules say; a person only ever reports.

use serde_json::Value;

use super::claims::{self, Standing};
use super::events::{Happened, record};
use crate::act::{Act, Person};
use crate::db::claims::{self as claim_rows, Claim};
use crate::db::tasks::{self as rows, Ended, Task};
use crate::db::{Tx, already, sellers};
use crate::error::{Code, Error, Fields, Result};
use crate::ids::{ClaimId, TaskId};
use crate::plain;
use crate::rules::assessment::{Assessment, Outcome};
use crate::rules::facts::{Facts, whole_second};
use crate::rules::policy::Policy;
use crate::rules::tasks::{Ending, Kind, Learned, State, ended, endings, wanted};

/// The longest words of a report, in characters.
const LONGEST: usize = 500;

/// What a person says of a task.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// One of the task's endings, by its code.
    pub code: String,
    /// Units, where the ending has a number.
    pub count: Option<i64>,
    /// What a replacement was worth, at 8 decimals of the claim's currency.
    pub value_e8: Option<i64>,
    pub words: String,
}

/// Opens the task that the rules ask for, and ends those that they ask for no longer. What waits for the customer, or for a
/// dispute, waits with its task.
pub fn follow(
    tx: &mut Tx,
    act: &Act,
    policy: &Policy,
    claim: &Claim,
    facts: &Facts,
    assessment: &Assessment,
) -> Result<()> {
    if matches!(assessment.outcome, Outcome::NeedsEvidence | Outcome::OnHold) {
        return Ok(());
    }
    let all = rows::of_claim(tx, &claim.id)?;
    let was_done = |kind: Kind| {
        let mut all = all.iter();
        kind.ends_by_word() && all.any(|task| task.kind == kind && task.state == State::Done)
    };
    let wanted = wanted(policy, facts, assessment).filter(|kind| !was_done(*kind));
    for task in all.iter().filter(|task| task.state == State::Open) {
        if Some(task.kind) != wanted {
            let (state, words) = ended(task.kind, facts, assessment);
            end(tx, act, claim, task, state, words, None)?;
        }
    }
    match wanted {
        Some(kind) if rows::open_of(tx, &claim.id, kind)?.is_none() => open(tx, act, claim, kind),
        _ => Ok(()),
    }
}

fn open(tx: &mut Tx, act: &Act, claim: &Claim, kind: Kind) -> Result<()> {
    let ticket = crate::db::tickets::find(tx, &claim.ticket_id)?;
    let task = Task {
        id: TaskId::new(act.at),
        seller_id: claim.seller_id.clone(),
        claim_id: claim.id.clone(),
        kind,
        state: State::Open,
        owner_id: ticket.assignee_id,
        opened_at: act.at.into(),
        ended_at: None,
        ended_by: None,
        result: None,
        value_e8: None,
    };
    let inserted = rows::insert_task(tx, &task);
    if already(&inserted) {
        return Err(Error::Stale);
    }
    inserted?;
    tell(tx, act, claim, "task_opened", opening_told(kind))
}

/// How the timeline tells of a task that begins.
pub fn opening_told(kind: Kind) -> String {
    format!("To do: {}.", lower(kind.title()))
}

/// How the timeline tells of one that ends.
pub fn end_told(kind: Kind, state: State, words: &str) -> String {
    let became = match state {
        State::Failed => "in vain",
        State::Dropped => "not needed",
        State::Open | State::Done => "done",
    };
    format!("{}: {became}. {words}", kind.title())
}

fn end(
    tx: &mut Tx,
    act: &Act,
    claim: &Claim,
    task: &Task,
    state: State,
    words: &str,
    value_e8: Option<i64>,
) -> Result<()> {
    let how = Ended {
        state,
        at: act.at,
        by: act.who.key(),
        result: words,
        value_e8,
    };
    if !rows::mark_ended(tx, &task.id, &how)? {
        return Err(Error::refused(Code::AlreadyDone));
    }
    tell(
        tx,
        act,
        claim,
        "task_ended",
        end_told(task.kind, state, words),
    )
}

fn tell(tx: &mut Tx, act: &Act, claim: &Claim, kind: &'static str, words: String) -> Result<()> {
    let happened = Happened::new(&claim.seller_id, kind, words)
        .on_ticket(&claim.ticket_id)
        .on_claim(&claim.id)
        .on_order(claim.order_id.as_ref());
    record(tx, act, happened).map(|_| ())
}

/// With a claim's end its open tasks end too.
pub fn drop_open(tx: &mut Tx, act: &Act, claim: &Claim) -> Result<()> {
    for task in rows::of_claim(tx, &claim.id)? {
        if task.state == State::Open {
            let words = "The request has ended.";
            end(tx, act, claim, &task, State::Dropped, words, None)?;
        }
    }
    Ok(())
}

/// Whether a claim can be approved: access that is to be withdrawn, and a replacement that is to be given, come first.
///
/// # Errors
/// `Refused(IllegalStep)` with what to do first.
pub fn ready(tx: &mut Tx, claim: &ClaimId) -> Result<()> {
    let open = rows::of_claim(tx, claim)?;
    let waits = |kind: Kind| {
        let mut open = open.iter();
        open.any(|task| task.kind == kind && task.state == State::Open)
    };
    let words = if waits(Kind::WithdrawAccess) {
        "Withdraw access first, and say under To do how much was left at that moment: that decides the amount."
    } else if waits(Kind::Replace) {
        "Give the customer the replacement first, and say under To do what it was."
    } else {
        return Ok(());
    };
    Err(Error::refused_because(Code::IllegalStep, words))
}

/// Somebody takes a task, from nobody or from a colleague.
///
/// # Errors
/// `Refused(AlreadyDone)` where there is no such task any more; `Refused(OwnClaim)` for a claim of one's own.
pub fn take(tx: &mut Tx, act: &Act, claim: &ClaimId, kind: Kind) -> Result<()> {
    let (claim, task, person) = at_hand(tx, act, claim, kind)?;
    if task.owner_id.as_ref() == Some(&person.id) {
        return Ok(());
    }
    rows::set_owner(tx, &task.id, &person.id)?;
    let words = format!("{} took this: {}.", person.name, lower(kind.title()));
    tell(tx, act, &claim, "task_taken", words)
}

fn at_hand(tx: &mut Tx, act: &Act, claim: &ClaimId, kind: Kind) -> Result<(Claim, Task, Person)> {
    let person = act.person().filter(|person| person.role.is_staff());
    let person = person.ok_or(Error::Forbidden)?.clone();
    let claim = claim_rows::find(tx, claim)?;
    if claim.customer_id == person.id {
        return Err(Error::refused(Code::OwnClaim));
    }
    let task = rows::open_of(tx, &claim.id, kind)?;
    let task = task.ok_or_else(|| {
        let words = "There is no such task on this request any more. Reload the page.";
        Error::refused_because(Code::AlreadyDone, words)
    })?;
    Ok((claim, task, person))
}

/// A person says how a task went: it becomes a fact, and the rules assess the claim again at once. `seen` as for every verb of a
/// ticket's page.
///
/// # Errors
/// `Invalid` on `result`, `count`, `value` or `words`; `Refused(AlreadyDone)` where the task has ended meanwhile; `Stale`.
pub fn report(
    tx: &mut Tx,
    act: &Act,
    claim: &ClaimId,
    seen: i64,
    kind: Kind,
    report: &Report,
) -> Result<Option<Standing>> {
    let (claim, task, _) = at_hand(tx, act, claim, kind)?;
    let seller = sellers::find(tx, &claim.seller_id)?;
    let shelf = super::policies::shelf(tx, &seller.policy)?;
    let assessment = claims::assessed(tx, &claim.id)?;
    let policy = claims::governing(&shelf, &assessment)?;
    let mut ways = endings(kind, policy, &claim.ground).iter();
    let ending = ways.find(|ending| ending.code == report.code);
    let ending = checked(kind, ending, report)?;
    let facts = learned(act, ending, report);
    let said = plain::line(&report.words, LONGEST);
    if kind.ends_by_word() {
        let words = match said.as_str() {
            "" => format!("{}.", ending.words),
            said => format!("{}: {said}", ending.words),
        };
        end(tx, act, &claim, &task, State::Done, &words, report.value_e8)?;
    }
    if facts.is_empty() {
        return claims::touch(tx, act, &claim.id, seen);
    }
    let source = match said.as_str() {
        "" => "own_check".to_owned(),
        said => format!("own_check: {said}"),
    };
    claims::establish(tx, act, &claim.id, seen, &facts, &source)
}

fn checked<'a>(kind: Kind, ending: Option<&'a Ending>, report: &Report) -> Result<&'a Ending> {
    let mut fields = Fields::new();
    if ending.is_none() {
        fields.add("result", "Choose how it went");
    }
    let count = ending.and_then(|ending| ending.count);
    match (count, report.count) {
        (Some(count), None) if count.required => {
            fields.add("count", "Enter how many units were left at that moment");
        }
        (None, Some(_)) if ending.is_some() => {
            fields.add(
                "count",
                "Leave this empty: it does not belong to that answer",
            );
        }
        (_, Some(count)) if count < 0 => fields.add("count", "Enter 0 or more"),
        _ => {}
    }
    if kind == Kind::Replace {
        if report.value_e8.is_none_or(|value| value <= 0) {
            fields.add("value", "Enter what the replacement is worth, above zero");
        }
        if report.words.trim().is_empty() {
            fields.add("words", "Say what the customer was given");
        }
    }
    if report.words.trim().chars().count() > LONGEST {
        let words = format!("Keep it under {LONGEST} characters");
        fields.add("words", words);
    }
    fields.done()?;
    ending.ok_or_else(|| Error::broken("a report without its ending"))
}

fn learned(act: &Act, ending: &Ending, report: &Report) -> Vec<(String, Value)> {
    let value = |learned: Learned| match learned {
        Learned::Is(word) => word.value(),
        Learned::Now => {
            let now = whole_second(act.at);
            Value::from(now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
        }
    };
    let fact = ending.fact.map(|(path, it)| (path.to_owned(), value(it)));
    let count = ending.count.zip(report.count);
    let count = count.map(|(count, number)| (count.path.to_owned(), Value::from(number)));
    fact.into_iter().chain(count).collect()
}

fn lower(title: &str) -> String {
    let mut letters = title.chars();
    let first = letters.next().into_iter().flat_map(char::to_lowercase);
    first.chain(letters).collect()
}
