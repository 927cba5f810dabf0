//! Payouts that a gateway sends. `take` sets one aside before the gateway is told, in a transaction of its own; `hear` takes what the
//! gateway says, however late, often and out of order; `unclear` and `not_sent` say that it said nothing. Nothing here talks to
//! anybody: the worker and the call-back's door do.
//!
//! Why a payout that nobody knows about is asked about and never just sent again: the answer may have been lost on its way back.
//! Only where the gateway says that it never heard of the key, and some minutes after it was told, is it told again: by that key.

use chrono::{DateTime, Duration, Utc};

use super::claims;
use super::events::{Happened, record};
use super::ledger;
use super::payouts::step;
use super::tickets;
use crate::act::Act;
use crate::db::gateway::{self as rows, Message};
use crate::db::payouts::{self as payments, Payout};
use crate::db::{Tx, sellers};
use crate::error::Result;
use crate::ids::{PayoutId, fresh};
use crate::plain;
use crate::rules::display;
use crate::rules::lifecycle::payout::{Heard, State, Told, Verb as Step, hear as judge};
use crate::rules::money::Amount;

/// Longer than the gateway may take to answer: one that is still at it after that is asked about by somebody else.
const LEASE: Duration = Duration::minutes(2);
/// A request that was on its way when the answer broke off has arrived by then, or never will.
const QUIET: Duration = Duration::minutes(10);

/// A payout that the gateway is about to be told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub id: PayoutId,
    pub key: String,
    pub number: String,
    /// The seller's short name.
    pub seller: String,
    pub method: String,
    /// A plain decimal in the currency's own digits.
    pub amount: String,
    pub currency: String,
    /// Which try this is: what is said of an earlier one does not count any more.
    pub tries: i64,
}

/// What a gateway says of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    pub key: String,
    pub state: String,
    pub amount: Option<String>,
    pub currency: Option<String>,
    pub reference: Option<String>,
    pub reason: Option<String>,
    /// As it was said.
    pub body: String,
}

/// What came of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Applied(State),
    /// Known already, or old news.
    Same,
    /// Kept for a person to look at, and why.
    Parked(String),
}

/// Sets a waiting payout aside for the gateway; none where somebody else was faster.
pub fn take(tx: &mut Tx, act: &Act, id: &PayoutId) -> Result<Option<Taken>> {
    let payout = locked(tx, id)?;
    if payout.state != State::Queued || payout.next_at.is_some_and(|next| next.utc() > act.at) {
        return Ok(None);
    }
    step(&payout, Step::Reserve)?;
    let tries = payout.tries.unwrap_or(0) + 1;
    rows::set_taken(tx, id, tries, act.at, act.at + LEASE)?;
    Ok(Some(taken(tx, payout, tries)?))
}

/// The key to ask about, of one whose turn it is; none where somebody else asks.
pub fn ask(tx: &mut Tx, act: &Act, id: &PayoutId) -> Result<Option<Taken>> {
    let payout = locked(tx, id)?;
    let waits = matches!(payout.state, State::Sent | State::Unknown);
    if !waits || payout.next_at.is_none_or(|next| next.utc() > act.at) {
        return Ok(None);
    }
    let tries = payout.tries.unwrap_or(0) + 1;
    rows::set_asked(tx, id, tries, act.at + backoff(tries))?;
    Ok(Some(taken(tx, payout, tries)?))
}

fn taken(tx: &mut Tx, payout: Payout, tries: i64) -> Result<Taken> {
    Ok(Taken {
        seller: sellers::find(tx, &payout.seller_id)?.slug,
        amount: display::figure(payout.pay_e8, &payout.pay_currency),
        id: payout.id,
        key: payout.key,
        number: payout.number,
        method: payout.method,
        currency: payout.pay_currency,
        tries,
    })
}

/// How long to wait after so many tries: a minute, two, four … an hour.
fn backoff(tries: i64) -> Duration {
    let doubled = u32::try_from(tries - 1).unwrap_or(0).min(6);
    Duration::minutes(2_i64.pow(doubled).min(60))
}

/// It never left: it waits in the queue again, and not for long.
pub fn not_sent(tx: &mut Tx, act: &Act, taken: &Taken) -> Result<()> {
    let payout = locked(tx, &taken.id)?;
    if payout.state != State::Reserved || payout.tries != Some(taken.tries) {
        return Ok(());
    }
    let state = step(&payout, Step::Release)?;
    Ok(rows::set_waiting(
        tx,
        &taken.id,
        state,
        act.at + backoff(taken.tries),
    )?)
}

/// Nobody knows whether it was sent: it is asked about from now on, and neither failed nor sent again meanwhile.
pub fn unclear(tx: &mut Tx, act: &Act, id: &PayoutId, tries: i64, why: &str) -> Result<()> {
    let payout = locked(tx, id)?;
    if payout.state != State::Reserved || payout.tries != Some(tries) {
        return Ok(());
    }
    let state = step(&payout, Step::Lose)?;
    rows::set_waiting(tx, id, state, act.at + backoff(1))?;
    let words = format!(
        "Nobody knows whether {} was sent: {}. The gateway is asked.",
        payout.number,
        plain::line(why, 300)
    );
    note(tx, act, &payout, "payout_unknown", words)
}

/// One that somebody took and of which nothing was heard until the lease ended: a crash, most likely, at the worst moment.
pub fn lapse(tx: &mut Tx, act: &Act, id: &PayoutId) -> Result<()> {
    let payout = payments::find(tx, id)?;
    let lapsed = payout.lease_until.is_some_and(|until| until.utc() < act.at);
    match payout.tries {
        Some(tries) if lapsed => unclear(tx, act, id, tries, "whoever sent it did not say so"),
        _ => Ok(()),
    }
}

/// Takes a word of the gateway. One that is about no payout of ours, about another amount, or against what is booked changes
/// nothing, and is kept for a person.
pub fn hear(tx: &mut Tx, act: &Act, word: &Word) -> Result<Outcome> {
    let Some(found) = payments::by_key(tx, &word.key)? else {
        return park(tx, act, word, None, "no payout has this key".to_owned());
    };
    let told = match read(&found, word) {
        Ok(told) => told,
        Err(why) => return park(tx, act, word, Some(&found), why),
    };
    // Old news moves nothing, so it need not hold up anybody either.
    if judge(found.state, told) == Heard::Same {
        keep(tx, act, word, Some(&found), "same", "")?;
        return Ok(Outcome::Same);
    }
    let claim = crate::db::claims::find(tx, &found.claim_id)?;
    tickets::lock(tx, act, &claim.ticket_id, None)?;
    let payout = locked(tx, &found.id)?;
    match judge(payout.state, told) {
        Heard::Same => {
            keep(tx, act, word, Some(&payout), "same", "")?;
            Ok(Outcome::Same)
        }
        Heard::Against(why) => {
            let why = format!("it says {told}, but {why}");
            park(tx, act, word, Some(&payout), why)
        }
        Heard::Steps(_) if told == Told::Absent && !is_quiet(&payout, act.at) => Ok(Outcome::Same),
        Heard::Steps(_) => {
            keep(tx, act, word, Some(&payout), "applied", "")?;
            Ok(Outcome::Applied(follow(tx, act, &payout, told, word)?))
        }
    }
}

/// What the word says, where it is about this payment and no other.
fn read(payout: &Payout, word: &Word) -> std::result::Result<Told, String> {
    let Some(told) = Told::from_word(&word.state) else {
        return Err(format!(
            "`{}` is no state of a payment",
            plain::line(&word.state, 40)
        ));
    };
    if told == Told::Absent {
        return Ok(told);
    }
    let amount = word
        .amount
        .as_deref()
        .and_then(|text| Amount::parse(text).ok());
    let same = amount == Some(Amount::from_e8(payout.pay_e8))
        && word.currency.as_deref() == Some(payout.pay_currency.as_str());
    if same {
        return Ok(told);
    }
    let theirs = plain::line(word.amount.as_deref().unwrap_or("nothing"), 40);
    let theirs = format!(
        "{theirs} {}",
        plain::line(word.currency.as_deref().unwrap_or(""), 8)
    );
    let ours = display::figure(payout.pay_e8, &payout.pay_currency);
    Err(format!(
        "it speaks of {}, and {} is over {ours} {}",
        theirs.trim(),
        payout.number,
        payout.pay_currency
    ))
}

fn is_quiet(payout: &Payout, now: DateTime<Utc>) -> bool {
    payout
        .tried_at
        .is_none_or(|tried| now - tried.utc() >= QUIET)
}

/// The payout goes where the word leads; what that means to the claim and its customer is `claims`' to say.
fn follow(tx: &mut Tx, act: &Act, payout: &Payout, told: Told, word: &Word) -> Result<State> {
    let reference = word.reference.as_deref().map(|text| plain::line(text, 200));
    let reference = reference.filter(|text| !text.is_empty());
    let reference = reference.or_else(|| payout.reference.clone());
    let reason = plain::line(word.reason.as_deref().unwrap_or_default(), 300);
    let reason = match reason.as_str() {
        "" => "The gateway gave no reason.",
        reason => reason,
    };
    let id = &payout.id;
    match told {
        Told::Pending => {
            accept(tx, act, payout, reference.as_deref())?;
        }
        Told::Succeeded => {
            let reference = reference.unwrap_or_else(|| payout.key.clone());
            claims::settle_payout(tx, act, id, &reference)?;
        }
        Told::Failed => {
            claims::fail_payout(tx, act, id, reason)?;
        }
        Told::Returned => {
            if payout.state == State::Reserved {
                accept(tx, act, payout, reference.as_deref())?;
            }
            claims::return_payout(tx, act, id, reason)?;
        }
        Told::Absent => {
            let state = step(payout, Step::Requeue)?;
            rows::set_waiting(tx, id, state, act.at)?;
            let words = format!(
                "The gateway never heard of {}; it is told again, by the same key.",
                payout.number
            );
            note(tx, act, payout, "payout_requeued", words)?;
        }
    }
    Ok(payments::find(tx, id)?.state)
}

fn accept(tx: &mut Tx, act: &Act, payout: &Payout, reference: Option<&str>) -> Result<()> {
    let verb = match payout.state {
        State::Unknown => Step::Find,
        _ => Step::Send,
    };
    step(payout, verb)?;
    rows::set_accepted(tx, &payout.id, reference, act.at, act.at + backoff(1))?;
    let words = format!("The gateway has {} and pays it.", payout.number);
    note(tx, act, payout, "payout_accepted", words)
}

fn park(
    tx: &mut Tx,
    act: &Act,
    word: &Word,
    payout: Option<&Payout>,
    why: String,
) -> Result<Outcome> {
    keep(tx, act, word, payout, "parked", &why)?;
    if let Some(payout) = payout {
        let words = format!(
            "A word of the gateway about {} was set aside: {why}.",
            payout.number
        );
        note(tx, act, payout, "payout_disputed", words)?;
    }
    Ok(Outcome::Parked(why))
}

fn keep(
    tx: &mut Tx,
    act: &Act,
    word: &Word,
    payout: Option<&Payout>,
    outcome: &str,
    why: &str,
) -> Result<()> {
    let message = Message {
        id: fresh(act.at),
        at: act.at.into(),
        key: plain::line(&word.key, 200),
        payout_id: payout.map(|payout| payout.id.clone()),
        told: plain::line(&word.state, 40),
        outcome: outcome.to_owned(),
        why: why.to_owned(),
        body: plain::block(&word.body),
    };
    Ok(rows::insert_message(tx, &message)?)
}

/// Locks the books and the payout.
fn locked(tx: &mut Tx, id: &PayoutId) -> Result<Payout> {
    let payout = payments::find(tx, id)?;
    ledger::lock(tx, &payout.seller_id)?;
    Ok(payments::bump_payout(tx, id)?)
}

fn note(tx: &mut Tx, act: &Act, payout: &Payout, kind: &'static str, words: String) -> Result<()> {
    let claim = crate::db::claims::find(tx, &payout.claim_id)?;
    let happened = Happened::new(&payout.seller_id, kind, words)
        .on_ticket(&claim.ticket_id)
        .on_claim(&claim.id)
        .with((&payout.number, payout.tries))?;
    record(tx, act, happened).map(|_| ())
}
