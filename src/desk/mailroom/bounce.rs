//! What follows where a letter did not arrive: its line says so, the ticket's story too, and to an address that is gone nothing more
//! is sent until somebody lifts that, or a mail from there shows that it lives.
//!
//! Believed is only what came to the letter's own return path, which nobody but its reader and the mail servers on the way know.

use chrono::Duration;

use super::Happened;
use crate::act::Act;
use crate::db::mail::{self as rows, Row};
use crate::db::suppressions::{Suppression, delete_suppression, insert_suppression};
use crate::db::{Tx, suppressions};
use crate::desk::events::record;
use crate::error::Result;
use crate::ids::{LetterId, SellerId, TicketId};
use crate::incoming::Report;
use crate::plain;
use crate::rules::mail::{REFUSALS, REFUSALS_DAYS, Severity, severity, status_in};

/// A report on a letter came to its return path.
pub(super) fn bounced(tx: &mut Tx, act: &Act, id: &LetterId, report: &Report) -> Result<Severity> {
    let found = severity(&report.action, &report.status);
    if found == Severity::Passing {
        return Ok(found);
    }
    let letter = rows::find(tx, id)?;
    let said = format!("{} {}", report.status, report.diagnostic);
    let said = match plain::line(&said, 300) {
        empty if empty.is_empty() => "The mail server gave no reason.".to_owned(),
        said => said,
    };
    rows::mark_bounced(tx, id, &said, act.at)?;
    tell(
        tx,
        act,
        &letter,
        "mail_bounced",
        format!(
            "The letter “{}” to {} came back: {said}",
            letter.subject, letter.recipient
        ),
    )?;
    let since = act.at - Duration::days(REFUSALS_DAYS);
    let refusals = rows::count_bounced(tx, &letter.recipient, since)?;
    if found == Severity::Gone || usize::try_from(refusals).is_ok_and(|count| count >= REFUSALS) {
        suppress(tx, act, &letter, &said)?;
    }
    Ok(found)
}

/// A mail server refused a letter to our face; where it says that there is no such address, that is remembered.
pub fn refused(tx: &mut Tx, act: &Act, id: &LetterId, words: &str) -> Result<()> {
    let Some(status) = status_in(words) else {
        return Ok(());
    };
    if severity("failed", status) == Severity::Gone {
        let letter = rows::find(tx, id)?;
        suppress(tx, act, &letter, &plain::line(words, 300))?;
    }
    Ok(())
}

fn suppress(tx: &mut Tx, act: &Act, letter: &Row, reason: &str) -> Result<()> {
    let row = Suppression {
        address: letter.recipient.clone(),
        reason: reason.to_owned(),
        letter_id: Some(letter.id.clone()),
        at: act.at.into(),
    };
    if insert_suppression(tx, &row)? {
        let words = format!(
            "Nothing more is sent to {}: mail comes back from there. Find another way to the customer.",
            letter.recipient
        );
        tell(tx, act, letter, "address_suppressed", words)?;
    }
    Ok(())
}

/// The address is written to again, for a reason that the story keeps: somebody said so, or a mail from there came in.
pub(super) fn lift(
    tx: &mut Tx,
    act: &Act,
    address: &str,
    (seller, ticket): (Option<&SellerId>, Option<&TicketId>),
    because: &str,
) -> Result<()> {
    if delete_suppression(tx, address)?
        && let Some(seller) = seller
    {
        let words = format!("Letters go to {address} again: {because}.");
        let mut happened = Happened::new(seller, "address_lifted", words);
        happened.ticket = ticket.cloned();
        record(tx, act, happened)?;
    }
    Ok(())
}

/// Why nothing is sent to an address; none where it can be written to.
pub fn barred(tx: &mut crate::db::Conn, address: &str) -> Result<Option<String>> {
    let found = suppressions::of(tx, address)?;
    Ok(found.map(|found| {
        format!(
            "Not sent, because mail to this address came back: {}",
            found.reason
        )
    }))
}

fn tell(tx: &mut Tx, act: &Act, letter: &Row, kind: &'static str, words: String) -> Result<()> {
    let Some(seller) = &letter.seller_id else {
        return Ok(());
    };
    let mut happened = Happened::new(seller, kind, words);
    (happened.ticket, happened.claim) = (letter.ticket_id.clone(), letter.claim_id.clone());
    record(tx, act, happened).map(|_| ())
}
