//! What the staff do with mail that is kept apart: vouch for its sender, so that it is read as theirs; drop it; have it read anew.
//! Nothing is ever deleted, and nothing that was said by one address is put into the mouth of another.

use super::Happened;
use crate::act::{Act, Person};
use crate::db::Tx;
use crate::db::inbox::{self as rows, Fate, Mail};
use crate::db::tickets::Scope;
use crate::desk::events::record;
use crate::error::{Code, Error, Result};
use crate::rules::mail::Why;
use crate::rules::rights::{Verb, may};

/// Lets a held mail in as its sender's own: it is read again at once, and opens a conversation.
///
/// # Errors
/// `NotFound` for mail of a seller that the doer does not serve; `Refused` for what nobody can vouch for, and what is not held.
pub fn admit(tx: &mut Tx, act: &Act, number: &str) -> Result<()> {
    let (person, mail) = theirs(tx, act, number)?;
    let why = mail.why.as_deref().and_then(Why::from_word);
    let never = match why {
        Some(Why::Staff) => {
            Some("It says that it is from a member of staff, and they act at their desk alone.")
        }
        Some(Why::Disabled) => Some("The account of that address is closed."),
        Some(Why::Nobody) => Some("It names no address at which mail is read here."),
        Some(Why::Own) => Some("It is from an address of this desk itself."),
        _ => None,
    };
    if let Some(words) = never {
        return Err(Error::refused_because(Code::IllegalStep, words));
    }
    if !rows::set_unread(
        tx,
        &mail.id,
        &["held", "automatic"],
        Some(person.id.as_str()),
        act.at,
    )? {
        return Err(Error::refused(Code::AlreadyDone));
    }
    let sender = mail.sender.as_deref().unwrap_or("somebody");
    let words = format!(
        "{} let the mail {} from {sender} in.",
        person.name, mail.number
    );
    told(tx, act, &mail, "mail_admitted", words)
}

/// Puts a mail out of the trays; it stays kept.
pub fn drop_mail(tx: &mut Tx, act: &Act, number: &str) -> Result<()> {
    let (person, mail) = theirs(tx, act, number)?;
    let open = ["held", "automatic", "bounce", "unreadable"];
    if !open.contains(&mail.state.as_str()) {
        return Err(Error::refused(Code::AlreadyDone));
    }
    let fate = Fate {
        state: "dropped".to_owned(),
        why: mail.why.clone(),
        ticket_id: mail.ticket_id.clone(),
        message_row: None,
        letter_id: mail.letter_id.clone(),
        settled_at: Some(act.at.into()),
    };
    rows::set_fate(tx, &mail.id, &fate)?;
    let words = format!("{} dropped the mail {}.", person.name, mail.number);
    told(tx, act, &mail, "mail_dropped", words)
}

/// Has a mail read once more, as if it had just come: after a repair, or where it was dropped by mistake.
pub fn read_again(tx: &mut Tx, act: &Act, number: &str) -> Result<()> {
    let (person, mail) = theirs(tx, act, number)?;
    if !rows::set_unread(tx, &mail.id, &["unreadable", "dropped"], None, act.at)? {
        return Err(Error::refused(Code::AlreadyDone));
    }
    let words = format!("{} had the mail {} read again.", person.name, mail.number);
    told(tx, act, &mail, "mail_reread", words)
}

fn theirs(tx: &mut Tx, act: &Act, number: &str) -> Result<(Person, Mail)> {
    let person = act.person().ok_or(Error::SignIn)?.clone();
    if !may(person.role, Verb::WorkQueue) {
        return Err(Error::Forbidden);
    }
    let mail = rows::for_staff(tx, &Scope(person.sellers.clone()), number)?;
    Ok((person, mail))
}

fn told(tx: &mut Tx, act: &Act, mail: &Mail, kind: &'static str, words: String) -> Result<()> {
    let Some(seller) = &mail.seller_id else {
        return Ok(());
    };
    let mut happened = Happened::new(seller, kind, words);
    happened.ticket = mail.ticket_id.clone();
    record(tx, act, happened).map(|_| ())
}
