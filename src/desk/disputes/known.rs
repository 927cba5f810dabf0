//! What is known of a dispute's circumstances: what a person found out last, else what was recorded with it, else what the desk's
//! own conversations and clocks show. Each answer says where it comes from, and "not known" is one of them.

use chrono::{DateTime, Utc};

use super::{must, paid_at};
use crate::act::Act;
use crate::db::disputes::{self as rows, Dispute, Found};
use crate::db::tickets::{self, Ticket};
use crate::db::{Conn, Tx, claims, clocks};
use crate::desk::events::{Happened, record};
use crate::desk::ledger;
use crate::error::{Error, Result};
use crate::ids::{DisputeId, fresh};
use crate::plain;
use crate::rules::facts::{self, DisputeReason, DisputeStatus};
use crate::rules::money::Amount;
use crate::rules::rights::Verb;

/// One answer about a dispute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known<T> {
    pub value: Option<T>,
    pub why: String,
    /// Who found it out and when; `None` where the desk works it out, or where it came with the chargeback.
    pub by: Option<(String, DateTime<Utc>)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circumstances {
    pub reason: Known<DisputeReason>,
    /// Whether they came to the seller before they went to their bank.
    pub contacted_first: Known<bool>,
    /// Whether the first answer to that came within its promise.
    pub answered_in_time: Known<bool>,
    /// The conversations between the payment and the chargeback, the oldest first.
    pub contacts: Vec<Contact>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    pub ticket: Ticket,
    pub at: DateTime<Utc>,
    /// A request about the disputed payment; anything else may have been about it, or not.
    pub about_it: bool,
}

/// What somebody says about a dispute. What is left out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// `Some(None)`: not known after all.
    pub reason: Option<Told<DisputeReason>>,
    pub contacted_first: Option<Told<bool>>,
    pub answered_in_time: Option<Told<bool>>,
    pub why: String,
}

/// A value that somebody states, or that they do not know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told<T> {
    Value(T),
    NotKnown,
}

impl<T> Told<T> {
    pub fn value(self) -> Option<T> {
        match self {
            Told::Value(value) => Some(value),
            Told::NotKnown => None,
        }
    }
}

pub fn circumstances(conn: &mut Conn, dispute: &Dispute) -> Result<Circumstances> {
    let found = rows::found(conn, &dispute.id)?;
    let contacts = contacts(conn, dispute)?;
    let contacted_first = match latest(&found, "contacted_first", yes_or_no) {
        Some(known) => known,
        None => recorded(dispute.contacted_first).unwrap_or_else(|| came_first(&contacts)),
    };
    let answered_in_time = match latest(&found, "answered_in_time", yes_or_no) {
        Some(known) => known,
        None => match recorded(dispute.answered_in_time) {
            Some(known) => known,
            None => answered(conn, dispute, &contacts)?,
        },
    };
    let stated = dispute.reason.as_deref().and_then(DisputeReason::from_word);
    let reason = latest(&found, "reason", DisputeReason::from_word)
        .or_else(|| recorded(stated))
        .unwrap_or_else(|| unknown("The bank's reason was not recorded."));
    Ok(Circumstances {
        reason,
        contacted_first,
        answered_in_time,
        contacts,
    })
}

impl Circumstances {
    /// The dispute as the rules read it, on the whole payment.
    pub fn as_fact(&self, dispute: &Dispute) -> Result<facts::Dispute> {
        let status = DisputeStatus::from_word(&dispute.status);
        Ok(facts::Dispute {
            status: status
                .ok_or_else(|| Error::broken(format!("dispute status {}", dispute.status)))?,
            deposit: None,
            amount: Some(Amount::from_e8(dispute.amount_e8)),
            reason: self.reason.value,
            contacted_first: self.contacted_first.value,
            answered_in_time: self.answered_in_time.value,
        })
    }
}

/// What a page has shown of a dispute: its state, and how much was found out.
pub fn mark(conn: &mut Conn, dispute: &Dispute) -> Result<String> {
    let found = rows::found(conn, &dispute.id)?.len();
    Ok(format!("{}.{found}", dispute.status))
}

/// Keeps what somebody found out, each answer that differs from what is known with the reason. The claims on the payment are
/// judged again.
///
/// # Errors
/// `Stale` where the dispute is not any more what the page had shown; `Invalid` without a reason, or where nothing differs.
pub fn establish(
    tx: &mut Tx,
    act: &Act,
    id: &DisputeId,
    seen: &str,
    findings: &Findings,
) -> Result<()> {
    let dispute = rows::find(tx, id)?;
    must(act, &dispute.seller_id, Verb::EstablishFact)?;
    let open = super::hold_claims(tx, act, &dispute)?;
    ledger::lock(tx, &dispute.seller_id)?;
    let dispute = rows::find(tx, id)?;
    if mark(tx, &dispute)? != seen {
        return Err(Error::Stale);
    }
    let new = differing(&circumstances(tx, &dispute)?, findings);
    if new.is_empty() {
        return Err(Error::invalid(
            "why",
            "Nothing here differs from what is known. Change an answer first",
        ));
    }
    keep(tx, act, &dispute, new, &findings.why)?;
    super::judge_again(tx, act, &open)
}

/// The answers that are new, as name and word.
fn differing(known: &Circumstances, told: &Findings) -> Vec<(&'static str, Option<&'static str>)> {
    let yes_no = |value: bool| if value { "yes" } else { "no" };
    let mut new = Vec::new();
    if let Some(reason) = told.reason.map(Told::value)
        && reason != known.reason.value
    {
        new.push(("reason", reason.map(DisputeReason::word)));
    }
    if let Some(first) = told.contacted_first.map(Told::value)
        && first != known.contacted_first.value
    {
        new.push(("contacted_first", first.map(yes_no)));
    }
    if let Some(answered) = told.answered_in_time.map(Told::value)
        && answered != known.answered_in_time.value
    {
        new.push(("answered_in_time", answered.map(yes_no)));
    }
    new
}

pub(super) fn keep(
    tx: &mut Tx,
    act: &Act,
    dispute: &Dispute,
    new: Vec<(&'static str, Option<&'static str>)>,
    why: &str,
) -> Result<()> {
    let why = plain::line(why, 500);
    if why.is_empty() {
        return Err(Error::invalid("why", "Say how you know"));
    }
    for (name, value) in new {
        let found = Found {
            id: fresh(act.at),
            dispute_id: dispute.id.clone(),
            seq: 0,
            name: name.to_owned(),
            value: value.map(str::to_owned),
            why: why.clone(),
            who: act.who.key().to_owned(),
            who_label: act.who.label().to_owned(),
            at: act.at.into(),
        };
        rows::insert_found(tx, found)?;
        let words = format!(
            "{} recorded of chargeback {}: {}, {}. {why}",
            act.who.label(),
            dispute.number,
            name.replace('_', " "),
            value.unwrap_or("not known"),
        );
        let happened = Happened::new(&dispute.seller_id, "dispute_found", words)
            .on_order(dispute.order_id.as_ref())
            .with((&dispute.number, name, value))?;
        record(tx, act, happened)?;
    }
    Ok(())
}

fn latest<T>(found: &[Found], name: &str, read: fn(&str) -> Option<T>) -> Option<Known<T>> {
    let last = found.iter().rev().find(|one| one.name == name)?;
    Some(Known {
        value: last.value.as_deref().and_then(read),
        why: last.why.clone(),
        by: Some((last.who_label.clone(), last.at.utc())),
    })
}

fn yes_or_no(word: &str) -> Option<bool> {
    match word {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

fn recorded<T>(value: Option<T>) -> Option<Known<T>> {
    value.map(|value| Known {
        value: Some(value),
        why: "As it was recorded with the chargeback.".to_owned(),
        by: None,
    })
}

fn unknown<T>(why: &str) -> Known<T> {
    Known {
        value: None,
        why: why.to_owned(),
        by: None,
    }
}

/// What the customer wrote or asked for here between the payment and the chargeback.
fn contacts(conn: &mut Conn, dispute: &Dispute) -> Result<Vec<Contact>> {
    let since = paid_at(conn, dispute)?;
    let within =
        |at: DateTime<Utc>| since.is_none_or(|since| at >= since) && at < dispute.opened_at.utc();
    let mut contacts = Vec::new();
    for ticket in tickets::of_customer(conn, &dispute.customer_id)? {
        if ticket.seller_id != dispute.seller_id {
            continue;
        }
        let claim = claims::of_ticket(conn, &ticket.id)?;
        let asked = claim.as_ref().map(|claim| claim.received_at.utc());
        let spoken = tickets::public_messages(conn, &ticket.id)?
            .into_iter()
            .filter(|message| message.kind == "customer")
            .map(|message| message.at.utc());
        let Some(at) = asked
            .into_iter()
            .chain(spoken)
            .filter(|at| within(*at))
            .min()
        else {
            continue;
        };
        // A deposit pays for everything of its currency, so a request about any of that is about it.
        let about_it = claim.is_some_and(|claim| match &dispute.order_id {
            Some(order) => claim.order_id.as_ref() == Some(order),
            None => claim.currency == dispute.currency,
        });
        contacts.push(Contact {
            ticket,
            at,
            about_it,
        });
    }
    contacts.sort_by_key(|contact| contact.at);
    Ok(contacts)
}

fn came_first(contacts: &[Contact]) -> Known<bool> {
    let value = match contacts.iter().find(|contact| contact.about_it) {
        Some(_) => Some(true),
        None if contacts.is_empty() => Some(false),
        None => None,
    };
    let numbers = |wanted: bool| {
        let of_kind = contacts.iter().filter(|contact| contact.about_it == wanted);
        of_kind
            .map(|contact| contact.ticket.number.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let why = match value {
        Some(true) => format!("They asked about this payment before: {}.", numbers(true)),
        Some(false) => {
            "Nothing of theirs reached this desk between the payment and the chargeback.".to_owned()
        }
        None => format!(
            "They wrote before, though not in a request about this payment: {}. Read it and say.",
            numbers(false)
        ),
    };
    Known {
        value,
        why,
        by: None,
    }
}

/// Judged by the clock of the first response that their first request about the payment started.
fn answered(conn: &mut Conn, dispute: &Dispute, contacts: &[Contact]) -> Result<Known<bool>> {
    let Some(first) = contacts.iter().find(|contact| contact.about_it) else {
        return Ok(unknown("Nothing came here that is known to be about it."));
    };
    let number = &first.ticket.number;
    let clocks = clocks::of_ticket(conn, &first.ticket.id)?;
    let promised = clocks
        .iter()
        .find(|clock| clock.kind == "first_response" && clock.state != "void");
    let Some(clock) = promised else {
        return Ok(unknown("No promise of a first response ran on it."));
    };
    let (value, why) = match clock.state.as_str() {
        "met" => (
            Some(true),
            format!("{number} had its first response in time."),
        ),
        "running" | "paused" if clock.due_at.utc() > dispute.opened_at.utc() => (
            None,
            format!("The first response to {number} was not due yet when they went to the bank."),
        ),
        _ => (
            Some(false),
            format!("{number} had no first response in time."),
        ),
    };
    Ok(Known {
        value,
        why,
        by: None,
    })
}
