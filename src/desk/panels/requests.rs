//! What a panel is asked to do: cancel an order, refill one. The row is written in the deed's transaction and sent afterwards by
//! the worker; the answer is kept. *Taken* is not *done*: a cancellation is done once the order's status says so, a refill once its
//! own does. A question without an answer may have arrived: it is not sent again, its order's status says what became of it.

use super::{LONGEST, is_running, later};
use crate::act::Act;
use crate::db::claims::{self as claim_rows, Claim};
use crate::db::orders::{self as purchases, Order};
use crate::db::panels as panel_rows;
use crate::db::requests::{self as rows, Request};
use crate::db::tasks;
use crate::db::{Conn, Tx, already};
use crate::desk::claims;
use crate::desk::events::{Happened, record};
use crate::error::{Code, Error, Result};
use crate::ids::{ClaimId, OrderId, RequestId, SellerId};
use crate::rules::facts::{RefillResult, Status};
use crate::rules::lifecycle::request::{Action, State, Verb, next};
use crate::rules::tasks::Kind;

/// From one look at a refill to the next; and the first wait after a question that never left.
const EVERY: chrono::Duration = chrono::Duration::minutes(5);

/// What the panel can be asked for a task.
pub fn action_of(kind: Kind) -> Option<Action> {
    match kind {
        Kind::StopOrder => Some(Action::Cancel),
        Kind::Refill => Some(Action::Refill),
        Kind::FixDefect | Kind::Resend | Kind::Replace | Kind::WithdrawAccess => None,
    }
}

/// Whether the seller has a panel that knows the order.
pub fn can_ask(conn: &mut Conn, seller: &SellerId, order: &OrderId) -> Result<bool> {
    let connected = panel_rows::of_seller(conn, seller)?.is_some();
    Ok(connected && panel_rows::of_order(conn, order)?.is_some())
}

/// A person has the panel asked for what a task of a claim needs. One that is unknown may be asked once more, by a person.
///
/// # Errors
/// `Refused`: `AlreadyDone` without such a task, `AlreadyOpen` while an earlier question waits, `IllegalStep` without a panel.
pub fn ask(tx: &mut Tx, act: &Act, claim: &ClaimId, kind: Kind) -> Result<Request> {
    let person = act.person().filter(|person| person.role.is_staff());
    let person = person.ok_or(Error::Forbidden)?.clone();
    let claim = claim_rows::find(tx, claim)?;
    if claim.customer_id == person.id {
        return Err(Error::refused(Code::OwnClaim));
    }
    let (Some(action), Some(order)) = (action_of(kind), &claim.order_id) else {
        return Err(Error::refused(Code::IllegalStep));
    };
    let order = purchases::bump_order(tx, order)?;
    if tasks::open_of(tx, &claim.id, kind)?.is_none() {
        return Err(Error::refused(Code::AlreadyDone));
    }
    if !can_ask(tx, &claim.seller_id, &order.id)? {
        let words = "This order has no panel that could be asked. Ask the provider yourself, and record the result.";
        return Err(Error::refused_because(Code::IllegalStep, words));
    }
    for open in rows::open_of_order(tx, &order.id)? {
        if open.action != action {
            continue;
        }
        if open.state != State::Unknown {
            let words = "The panel was asked already. What it says comes in by itself.";
            return Err(Error::refused_because(Code::AlreadyOpen, words));
        }
        let words = format!("{} had it asked again.", person.name);
        settle(tx, act, &open, Verb::Fail, &words)?;
    }
    insert(tx, act, &order, Some(&claim), action)
}

/// The customer cancelled the order here: the panel is to know, where there is one. What it says changes nothing for the customer.
pub fn cancel_too(tx: &mut Tx, act: &Act, order: &Order) -> Result<()> {
    let is_asked = rows::open_of_order(tx, &order.id)?
        .iter()
        .any(|open| open.action == Action::Cancel);
    if !is_asked && can_ask(tx, &order.seller_id, &order.id)? {
        insert(tx, act, order, None, Action::Cancel)?;
    }
    Ok(())
}

fn insert(
    tx: &mut Tx,
    act: &Act,
    order: &Order,
    claim: Option<&Claim>,
    action: Action,
) -> Result<Request> {
    let request = Request {
        id: RequestId::new(act.at),
        seller_id: order.seller_id.clone(),
        order_id: order.id.clone(),
        claim_id: claim.map(|claim| claim.id.clone()),
        action,
        state: State::Queued,
        reference: None,
        answer: None,
        asked_by: act.who.key().to_owned(),
        asked_at: act.at.into(),
        next_at: act.at.into(),
        failures: 0,
        sent_at: None,
        settled_at: None,
    };
    let inserted = rows::insert_request(tx, &request);
    if already(&inserted) {
        return Err(Error::refused(Code::AlreadyOpen));
    }
    inserted?;
    let words = match action {
        Action::Cancel => "asked the panel to cancel the order",
        Action::Refill => "asked the panel to refill the order",
    };
    tell(tx, act, &request, format!("{} {words}.", act.who.label()))?;
    panel_rows::set_due(tx, &order.seller_id, act.at)?;
    Ok(request)
}

fn tell(tx: &mut Tx, act: &Act, request: &Request, words: String) -> Result<()> {
    let mut happened = Happened::new(&request.seller_id, "panel_asked", words);
    happened.order = Some(request.order_id.clone());
    if let Some(claim) = &request.claim_id {
        let claim = claim_rows::find(tx, claim)?;
        happened = happened.on_ticket(&claim.ticket_id).on_claim(&claim.id);
    }
    record(tx, act, happened).map(|_| ())
}

fn step(request: &Request, verb: Verb) -> Result<State> {
    next(request.state, verb).map_err(|illegal| {
        let words = format!("This cannot be done: {illegal}.");
        Error::refused_because(Code::IllegalStep, words)
    })
}

fn settle(tx: &mut Tx, act: &Act, request: &Request, verb: Verb, words: &str) -> Result<()> {
    let state = step(request, verb)?;
    Ok(rows::mark_settled(tx, &request.id, state, words, act.at)?)
}

/// The next question that leaves, with the panel's name for its order. Called by the one worker that holds the panel's lease: what
/// is still on its way then was lost with the worker that sent it. A question that has become idle is not asked.
pub fn next_to_send(
    tx: &mut Tx,
    act: &Act,
    seller: &SellerId,
) -> Result<Option<(Request, String)>> {
    while let Some(lost) = rows::next_due(tx, seller, &[State::Sending], None, act.at)? {
        let words = "It was on its way when the desk stopped.";
        answered(tx, act, &lost.id, &Answer::Lost(words.to_owned()))?;
    }
    while let Some(request) = rows::next_due(tx, seller, &[State::Queued], None, act.at)? {
        let order = purchases::bump_order(tx, &request.order_id)?;
        let known = panel_rows::of_order(tx, &order.id)?;
        match (idle(tx, &request, &order)?, known) {
            (None, Some(known)) => {
                step(&request, Verb::Send)?;
                rows::mark_sending(tx, &request.id, act.at)?;
                return Ok(Some((request, known.reference)));
            }
            (why, _) => {
                let why = why.unwrap_or("The panel no longer knows the order.");
                settle(tx, act, &request, Verb::Fail, why)?;
            }
        }
    }
    Ok(None)
}

/// Why a question that has not left yet need not leave any more.
fn idle(tx: &mut Tx, request: &Request, order: &Order) -> Result<Option<&'static str>> {
    let Some(claim) = &request.claim_id else {
        return Ok(None);
    };
    Ok(if !claim_rows::find(tx, claim)?.is_open() {
        Some("The request had ended before the panel was asked.")
    } else if request.action == Action::Cancel && !is_running(order.status) {
        Some("The order had ended before the panel was asked.")
    } else {
        None
    })
}

/// What came back from the panel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It took the wish; of a refill, with its own number.
    Accepted(Option<String>),
    /// In the panel's words.
    Refused(String),
    /// No answer, or none that reads: it may have arrived.
    Lost(String),
    /// It never left.
    Held(String),
}

pub fn answered(tx: &mut Tx, act: &Act, id: &RequestId, answer: &Answer) -> Result<()> {
    let request = rows::find(tx, id)?;
    match answer {
        Answer::Accepted(reference) => {
            let state = step(&request, Verb::Accept)?;
            if let Some(reference) = reference {
                rows::set_reference(tx, id, reference)?;
            }
            let words = "The panel took the wish; whether it is done comes later.";
            rows::set_state(tx, id, state, words, act.at + EVERY)?;
            tell(tx, act, &request, words.to_owned())?;
        }
        Answer::Refused(why) => {
            let words = format!("The panel refused: {why}");
            settle(tx, act, &request, Verb::Refuse, &words)?;
            tell(tx, act, &request, words)?;
        }
        Answer::Lost(why) => {
            let state = step(&request, Verb::Lose)?;
            rows::set_state(tx, id, state, why, act.at + EVERY)?;
            let words = format!("Nobody knows whether the panel got the question: {why}");
            tell(tx, act, &request, words)?;
        }
        Answer::Held(why) => {
            let state = step(&request, Verb::Hold)?;
            let again = later(act.at, EVERY / 10, request.failures, LONGEST);
            rows::set_state(tx, id, state, why, again)?;
            rows::bump_failures(tx, id, why, again)?;
        }
    }
    if matches!(answer, Answer::Accepted(_) | Answer::Lost(_)) && request.action == Action::Cancel {
        panel_rows::set_asked(tx, &request.order_id, Some(act.at), None)?;
    }
    Ok(())
}

/// Whether somebody here may have made the panel cancel the order.
pub fn asked_to_cancel(conn: &mut Conn, order: &OrderId) -> Result<bool> {
    let asked = rows::of_order(conn, order)?;
    Ok(asked.iter().any(|request| {
        let asked = request.state.may_have_arrived() || request.state == State::Done;
        request.action == Action::Cancel && asked
    }))
}

/// The order's status says what became of the wish to cancel it. True while one is still open.
pub fn follow_status(tx: &mut Tx, act: &Act, order: &OrderId, status: Status) -> Result<bool> {
    let mut open = false;
    for request in rows::open_of_order(tx, order)? {
        if request.action != Action::Cancel || !request.state.may_have_arrived() {
            open |= request.action == Action::Cancel;
            continue;
        }
        let (verb, words) = match status {
            Status::Partial | Status::Canceled => (Verb::Settle, "The panel ended the order."),
            Status::Completed => (Verb::Fail, "The panel completed the order all the same."),
            Status::Pending | Status::Processing | Status::InProgress => {
                open = true;
                continue;
            }
        };
        settle(tx, act, &request, verb, words)?;
        tell(tx, act, &request, words.to_owned())?;
    }
    Ok(open)
}

/// A refill that the panel took and that is to be looked at now.
pub fn next_refill(conn: &mut Conn, act: &Act, seller: &SellerId) -> Result<Option<Request>> {
    let refill = Some(Action::Refill);
    Ok(rows::next_due(
        conn,
        seller,
        &[State::Accepted],
        refill,
        act.at,
    )?)
}

/// What the panel says of a refill, as it spells it; the result becomes a fact of the claim that it was asked for.
pub fn hear_refill(tx: &mut Tx, act: &Act, id: &RequestId, status: &str) -> Result<()> {
    let request = rows::find(tx, id)?;
    let word = status.trim().to_lowercase().replace([' ', '-'], "_");
    let (verb, result, words) = match word.as_str() {
        "pending" | "processing" | "in_progress" => {
            let words = format!("The refill is {}.", word.replace('_', " "));
            return Ok(rows::set_state(
                tx,
                id,
                request.state,
                &words,
                act.at + EVERY,
            )?);
        }
        "completed" => (
            Verb::Settle,
            RefillResult::Completed,
            "The panel completed the refill.",
        ),
        "rejected" | "canceled" | "cancelled" => (
            Verb::Fail,
            RefillResult::Failed,
            "The panel did not do the refill.",
        ),
        _ => {
            let why = format!("The panel says {status:?} of the refill, which is not known here.");
            return unclear_refill(tx, act, id, &why);
        }
    };
    settle(tx, act, &request, verb, words)?;
    tell(tx, act, &request, words.to_owned())?;
    if let Some(claim) = &request.claim_id {
        let claim = claim_rows::find(tx, claim)?;
        if claim.is_open() {
            let fact = ("findings.refill".to_owned(), result.word().into());
            let source = format!("provider: refill {}", request.reference.unwrap_or_default());
            claims::learn(tx, act, &claim.id, &[fact], &source)?;
        }
    }
    Ok(())
}

/// What the panel says of a refill does not read, or it does not know it: looked at again, ever later.
pub fn unclear_refill(tx: &mut Tx, act: &Act, id: &RequestId, why: &str) -> Result<()> {
    let failures = rows::find(tx, id)?.failures;
    let again = later(act.at, EVERY, failures, LONGEST);
    Ok(rows::bump_failures(tx, id, why, again)?)
}
