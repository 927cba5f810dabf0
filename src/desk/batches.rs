//! Payouts that somebody sends by hand, as one file: `make` takes what waits out of the queue and writes the file, `import` reads
//! it back with the bank's references, `release` puts back what was never sent. A payout is in one batch or in none.
//!
//! Why an import is taken whole or not at all: a line that was altered says that the file is not the one we handed out, and then
//! nobody knows what the bank was told by the others.

use std::collections::BTreeMap;

use super::claims;
use super::events::{Happened, record};
use super::intake::{Refusal, Row, Sheet};
use super::payouts::{allowed, step};
use crate::act::Act;
use crate::db::batches::{self as rows, Batch};
use crate::db::payouts::{self as payments, Payout};
use crate::db::{Conn, Tx, bump_counter, deposits, people};
use crate::error::{Code, Error, Result};
use crate::ids::{BatchId, SellerId};
use crate::plain;
use crate::rules::display;
use crate::rules::lifecycle::payout::{State, Verb as Step};
use crate::rules::money::Amount;

/// A file longer than this is another file: one import is one transaction.
pub const MOST: i64 = 200;

const REFERENCE: usize = 200;

/// The columns of a file; `reference` and `failed` are filled in by whoever sent the money.
pub const SHEET: Sheet = Sheet {
    what: "payouts",
    columns: &[
        ("payout", true),
        ("customer", false),
        ("method", true),
        ("method_label", false),
        ("amount", true),
        ("currency", true),
        ("reference", true),
        ("failed", false),
    ],
};

/// What an import came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    pub paid: usize,
    pub failed: usize,
    /// Told before, in the same words.
    pub same: usize,
    /// Without a reference yet.
    pub open: usize,
}

/// Puts everything of a seller that waits, and that its own method takes, into a file: [`MOST`] at a time, the oldest first.
///
/// # Errors
/// `Forbidden` without the right, `NotFound` for a seller that the doer does not serve, `Refused(NothingToPay)` where nothing waits.
pub fn make(tx: &mut Tx, act: &Act, seller: &SellerId) -> Result<Batch> {
    allowed(act, seller)?;
    super::ledger::lock(tx, seller)?;
    let waiting = rows::waiting(tx, seller, MOST)?;
    if waiting.is_empty() {
        let words = "No payout waits that could go into a file.";
        return Err(Error::refused_because(Code::NothingToPay, words));
    }
    let batch = Batch {
        id: BatchId::new(act.at),
        number: format!("B-{}", bump_counter(tx, "batch")?),
        seller_id: seller.clone(),
        made_by: act.who.key().to_owned(),
        made_at: act.at.into(),
        lines: i64::try_from(waiting.len()).unwrap_or(MOST),
        file: written(tx, &waiting)?,
    };
    rows::insert_batch(tx, &batch)?;
    for payout in &waiting {
        step(payout, Step::Reserve)?;
        if !rows::set_batched(tx, &payout.id, &batch.id)? {
            return Err(Error::Stale);
        }
        let words = format!(
            "{} put {} into {}.",
            act.who.label(),
            payout.number,
            batch.number
        );
        note(tx, act, payout, "payout_batched", words, &batch)?;
    }
    Ok(batch)
}

/// Takes what is not settled out of its batch and back into the queue: the file was never sent.
pub fn release(tx: &mut Tx, act: &Act, id: &BatchId) -> Result<usize> {
    let batch = rows::find(tx, id)?;
    allowed(act, &batch.seller_id)?;
    super::ledger::lock(tx, &batch.seller_id)?;
    let mut released = 0;
    for payout in rows::payouts_of(tx, id)? {
        if payout.state != State::Reserved {
            continue;
        }
        let payout = payments::bump_payout(tx, &payout.id)?;
        step(&payout, Step::Release)?;
        rows::set_released(tx, &payout.id)?;
        let words = format!(
            "{} took {} out of {}: it was not sent.",
            act.who.label(),
            payout.number,
            batch.number
        );
        note(tx, act, &payout, "payout_released", words, &batch)?;
        released += 1;
    }
    Ok(released)
}

/// Reads a file back. Every line must be one of the batch's, unaltered; then each with a reference is paid under it, each with
/// words under `failed` did not leave, and the others wait on. The same file again changes nothing.
///
/// # Errors
/// Inner: every line that is not right, and nothing was done. Outer: as `claims::settle_payout`.
pub fn import(
    tx: &mut Tx,
    act: &Act,
    id: &BatchId,
    lines: &[Row],
) -> Result<std::result::Result<Report, Vec<Refusal>>> {
    let batch = rows::find(tx, id)?;
    allowed(act, &batch.seller_id)?;
    let payouts: BTreeMap<String, Payout> = rows::payouts_of(tx, id)?
        .into_iter()
        .map(|payout| (payout.number.clone(), payout))
        .collect();
    let (mut news, mut refused) = (Vec::new(), Vec::new());
    for row in lines {
        match read(&batch, &payouts, row) {
            Ok(told) => news.push(told),
            Err(why) => refused.push(why),
        }
    }
    if !refused.is_empty() {
        return Ok(Err(refused));
    }
    let mut report = Report::default();
    for (payout, told) in news {
        match told {
            News::None => report.open += 1,
            News::Same => report.same += 1,
            News::Paid(reference) => {
                claims::settle_payout(tx, act, &payout.id, &reference)?;
                report.paid += 1;
            }
            News::Failed(why) => {
                claims::fail_payout(tx, act, &payout.id, &why)?;
                report.failed += 1;
            }
        }
    }
    Ok(Ok(report))
}

/// What a line says of its payout.
enum News {
    None,
    Same,
    Paid(String),
    Failed(String),
}

fn read<'a>(
    batch: &Batch,
    payouts: &'a BTreeMap<String, Payout>,
    row: &Row,
) -> std::result::Result<(&'a Payout, News), Refusal> {
    let refuse = |field: &str, why: String| Err(Refusal::new(row.line, field, why));
    let number = row.text("payout").unwrap_or_default();
    let Some(payout) = payouts.get(number) else {
        return refuse("payout", format!("`{number}` is not in {}", batch.number));
    };
    let amount = row.text("amount").unwrap_or_default();
    if Amount::parse(amount).ok() != Some(Amount::from_e8(payout.pay_e8)) {
        let ours = figure(payout);
        return refuse(
            "amount",
            format!("is `{amount}`, and {number} is over {ours}"),
        );
    }
    for (column, ours) in [
        ("currency", &payout.pay_currency),
        ("method", &payout.method),
    ] {
        let theirs = row.text(column).unwrap_or_default();
        if theirs != ours.trim() && theirs != plain::harmless(ours).trim() {
            return refuse(
                column,
                format!("is `{theirs}`, and {number} goes to `{ours}`"),
            );
        }
    }
    let reference = plain::line(row.text("reference").unwrap_or_default(), REFERENCE + 1);
    let failed = plain::line(row.text("failed").unwrap_or_default(), 300);
    if reference.chars().count() > REFERENCE {
        return refuse(
            "reference",
            format!("is longer than {REFERENCE} characters"),
        );
    }
    let known = payout.reference.as_deref().unwrap_or_default();
    match (reference.as_str(), failed.as_str(), payout.state) {
        ("", "", _) => Ok((payout, News::None)),
        (_, "", State::Succeeded | State::Returned) if reference == known => {
            Ok((payout, News::Same))
        }
        (_, "", State::Succeeded | State::Returned) => refuse(
            "reference",
            format!("{number} was paid under `{known}` already"),
        ),
        ("", _, State::Failed) => Ok((payout, News::Same)),
        (_, "", State::Reserved) => Ok((payout, News::Paid(reference))),
        ("", _, State::Reserved) => Ok((payout, News::Failed(failed))),
        ("", _, state) => refuse("failed", format!("{number} is {state} already")),
        (_, "", state) => refuse("reference", format!("{number} is {state} already")),
        _ => refuse(
            "failed",
            format!("{number} has a reference, so it did not fail: leave one of them empty"),
        ),
    }
}

fn figure(payout: &Payout) -> String {
    display::figure(payout.pay_e8, &payout.pay_currency)
}

/// The file: RFC 4180, under the names of [`SHEET`]; nothing that a person typed begins a formula in it.
fn written(conn: &mut Conn, payouts: &[Payout]) -> Result<String> {
    let names: Vec<&str> = SHEET.columns.iter().map(|(name, _)| *name).collect();
    let mut text = format!("{}\r\n", names.join(","));
    for payout in payouts {
        let customer = people::find(conn, &payout.customer_id)?.name;
        let methods = deposits::methods_of(conn, &payout.seller_id, &payout.customer_id)?;
        let label = methods
            .into_iter()
            .find(|method| method.reference == payout.method)
            .map_or_else(String::new, |method| method.label);
        let cells = [
            payout.number.clone(),
            plain::cell(&customer),
            plain::cell(&payout.method),
            plain::cell(&label),
            figure(payout),
            payout.pay_currency.clone(),
            String::new(),
            String::new(),
        ];
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    Ok(text)
}

fn note(
    tx: &mut Tx,
    act: &Act,
    payout: &Payout,
    kind: &'static str,
    words: String,
    batch: &Batch,
) -> Result<()> {
    let claim = crate::db::claims::find(tx, &payout.claim_id)?;
    let happened = Happened::new(&payout.seller_id, kind, words)
        .on_ticket(&claim.ticket_id)
        .on_claim(&claim.id)
        .with((&payout.number, &batch.number))?;
    record(tx, act, happened).map(|_| ())
}
