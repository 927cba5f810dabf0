//! Queues letters in the deed's own transaction: what is in the outbox is what will be sent, and a deed that is undone writes
//! nothing. The worker carries them out (`worker/letters.rs`).
//!
//! And takes in what comes back. A mail is kept first (`keep`), then read; `route` says where it belongs without writing anything,
//! `receive` puts it there in one transaction. `From` is never an identity: a mail is a customer's where it answers a letter that only
//! they have, where our own mail server vouches for it, or where they or the staff have vouched for it since.

mod bounce;
mod fetch;
mod keep;
mod receive;
mod route;
mod thread;
mod understand;
mod vouch;

pub use bounce::{barred, refused};
pub use fetch::{Remote, connect, disconnect};
pub use keep::{Arrived, Kept, Way, keep, open_mailbox};
pub use receive::{Outcome, Read, give_up, receive};
pub use route::{Ours, Route, route};
pub use thread::with_token;
pub use vouch::{admit, drop_mail, read_again};

use super::events::{Happened, record};
use crate::act::Act;
use crate::db::inbox;
use crate::db::mail::{self as rows, Row, insert_letter};
use crate::db::{Conn, Tx};
use crate::error::{Code, Error, Result};
use crate::ids::{ClaimId, LetterId, MailId, SellerId, TicketId, digest};
use crate::letters::Letter;
use crate::rules::rights::{Verb, may};

/// Where a letter belongs and goes.
#[derive(Debug, Clone)]
pub struct Envelope<'a> {
    /// Stable for the deed (I22): the same key queues one letter, however often the deed is repeated.
    pub key: String,
    pub kind: &'static str,
    pub seller: Option<&'a SellerId>,
    pub ticket: Option<&'a TicketId>,
    pub claim: Option<&'a ClaimId>,
    /// The name that signs: the seller's, or the desk's.
    pub from_name: &'a str,
    pub to: &'a str,
}

/// The letters whose words a person wrote. All others say in their headers that nobody did (RFC 3834).
const BY_A_PERSON: [&str; 2] = ["reply", "claim_asked"];

/// The letters that anybody can have us write to any address, by typing it or by writing in its name.
pub const UNASKED: [&str; 4] = [
    "mail_held",
    "confirm_address",
    "already_have_account",
    "reset",
];

/// Queues the letter; says whether it is new.
pub fn queue(tx: &mut Tx, act: &Act, envelope: &Envelope, letter: Letter) -> Result<bool> {
    queue_about(tx, act, envelope, letter, None)
}

/// The same for a letter that asks the sender of a mail to confirm it.
fn queue_about(
    tx: &mut Tx,
    act: &Act,
    envelope: &Envelope,
    letter: Letter,
    mail: Option<&MailId>,
) -> Result<bool> {
    let thread = thread::of(tx, envelope, mail)?;
    let row = Row {
        id: LetterId::new(act.at),
        // Made from the key, so that a repeated deed cannot write a second one.
        message_id: format!("{}@{}", &digest(&envelope.key)[..32], domain(&act.site)),
        key: envelope.key.clone(),
        kind: envelope.kind.to_owned(),
        seller_id: envelope.seller.cloned(),
        ticket_id: envelope.ticket.cloned(),
        claim_id: envelope.claim.cloned(),
        from_name: envelope.from_name.to_owned(),
        recipient: envelope.to.to_owned(),
        subject: letter.subject,
        text: letter.text,
        html: letter.html,
        automatic: !BY_A_PERSON.contains(&envelope.kind),
        state: "queued".to_owned(),
        attempts: 0,
        next_at: act.at.into(),
        lease: None,
        last_error: None,
        created_at: act.at.into(),
        sent_at: None,
        from_address: thread.from,
        token: thread.token,
        in_reply_to: thread.parent,
        thread: thread.references,
        bounced_at: None,
        bounce: None,
        topic: thread.topic,
    };
    let (id, token) = (row.id.clone(), row.token.clone());
    let is_new = insert_letter(tx, row)?;
    if let (true, Some(token)) = (is_new, token) {
        thread::give(tx, act, envelope, &id, &token, mail)?;
    }
    Ok(is_new)
}

/// Whether mail to a seller is read here, so that its letters may ask to be answered.
pub fn is_read(conn: &mut Conn, seller: &SellerId) -> Result<bool> {
    Ok(inbox::mailbox_of(conn, seller)?.is_some())
}

/// Gives a dead letter another chance, at once and with all its tries.
///
/// # Errors
/// `NotFound` for a letter of a seller that the doer does not serve, `Forbidden` without the right, `Refused(AlreadyDone)` for a
/// letter that is not dead.
pub fn send_again(tx: &mut Tx, act: &Act, id: &LetterId) -> Result<()> {
    let letter = rows::find(tx, id)?;
    if let Some(person) = act.person() {
        let serves = person.sellers.is_empty()
            || letter
                .seller_id
                .as_ref()
                .is_some_and(|seller| person.sellers.contains(seller));
        if !serves {
            return Err(Error::NotFound);
        }
        if !may(person.role, Verb::ReadOutbox) {
            return Err(Error::Forbidden);
        }
    }
    if rows::set_queued(tx, id, act.at)? == 0 {
        return Err(Error::refused_because(
            Code::AlreadyDone,
            "This letter is not a dead one: it waits, or was sent.",
        ));
    }
    let whose = (letter.seller_id.as_ref(), letter.ticket_id.as_ref());
    let because = "a letter to it is sent again";
    bounce::lift(tx, act, &letter.recipient, whose, because)?;
    if let Some(seller) = &letter.seller_id {
        let words = format!(
            "{} had the letter \"{}\" sent again.",
            act.who.label(),
            letter.subject
        );
        let mut happened = Happened::new(seller, "letter_requeued", words);
        (happened.ticket, happened.claim) = (letter.ticket_id, letter.claim_id);
        record(tx, act, happened)?;
    }
    Ok(())
}

/// The host of the public address, for Message-IDs.
fn domain(site: &str) -> &str {
    let rest = site.split("://").nth(1).unwrap_or(site);
    rest.split(['/', ':'])
        .next()
        .filter(|host| !host.is_empty())
        .unwrap_or("redress.invalid")
}
