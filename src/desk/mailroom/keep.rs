//! Keeps a mail before anybody has read it, once; and opens the mailboxes whose mail is kept.

use super::thread::without_token;
use crate::act::Act;
use crate::address::Address;
use crate::db::inbox::{self as rows, Mail, Mailbox};
use crate::db::sellers::Seller;
use crate::db::{Conn, Tx, already, bump_counter};
use crate::error::{Code, Error, Result};
use crate::ids::{MailId, SellerId, digest};

/// A mail whose bytes are safely in the store.
#[derive(Debug, Clone)]
pub struct Arrived {
    pub blob: String,
    pub bytes: i64,
    pub sha256: String,
    /// The same for every delivery of one mail.
    pub digest: String,
    /// The addresses that it names itself, those that mail servers added first.
    pub names: Vec<Address>,
    pub way: Way,
}

/// How a mail came in.
#[derive(Debug, Clone)]
pub enum Way {
    /// A mail server handed it over, with what it tells of the envelope.
    Pipe {
        sender: Option<String>,
        recipient: Option<String>,
    },
    /// Fetched from a seller's mailbox. `left_out`: why only its head was, or nothing of it.
    Imap {
        seller: SellerId,
        left_out: Option<String>,
    },
}

impl Way {
    pub fn pipe(sender: Option<String>, recipient: Option<String>) -> Way {
        Way::Pipe { sender, recipient }
    }

    fn word(&self) -> &'static str {
        match self {
            Way::Pipe { .. } => "pipe",
            Way::Imap { .. } => "imap",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    New(MailId),
    /// It is here already, and its bytes are in the store under another name.
    Known(MailId),
}

/// Writes the mail's row.
///
/// # Errors
/// `NotFound` where the envelope names an address that is not read here.
pub fn keep(tx: &mut Tx, act: &Act, arrived: &Arrived) -> Result<Kept> {
    let seller = seller(tx, arrived)?;
    let (from, to, left_out) = match &arrived.way {
        Way::Pipe { sender, recipient } => (sender.as_deref(), recipient.as_deref(), None),
        Way::Imap { left_out, .. } => (None, None, left_out.clone()),
    };
    let (envelope_from, envelope_to) = (from.map(bare), to.map(bare));
    let to = seller.as_ref().map_or("", |seller| seller.as_str());
    let key = digest(&format!("{to}\n{}", arrived.digest));
    let known = |tx: &mut Tx| rows::by_key(tx, &key);
    if let Some(known) = known(tx)? {
        return Ok(Kept::Known(known.id));
    }
    let mail = Mail {
        id: MailId::new(act.at),
        number: format!("M-{}", bump_counter(tx, "mail")?),
        key: key.clone(),
        sha256: arrived.sha256.clone(),
        blob: arrived.blob.clone(),
        bytes: arrived.bytes,
        via: arrived.way.word().to_owned(),
        envelope_from,
        envelope_to,
        received_at: act.at.into(),
        state: "received".to_owned(),
        why: None,
        attempts: 0,
        next_at: act.at.into(),
        seller_id: seller,
        sender: None,
        sender_name: String::new(),
        subject: String::new(),
        message_id: None,
        verdict: "none".to_owned(),
        vouched_by: None,
        ticket_id: None,
        message_row: None,
        letter_id: None,
        settled_at: None,
        left_out,
    };
    if rows::insert_mail(tx, &mail)? {
        return Ok(Kept::New(mail.id));
    }
    let known = known(tx)?.ok_or_else(|| Error::broken("a mail is here and is not"))?;
    Ok(Kept::Known(known.id))
}

/// Whose mail it is, where that can be said without reading it. A mailbox may be that of several addresses: what came to one of ours
/// is that seller's, by whichever way it came, and the rest the one's whose mailbox it is.
fn seller(conn: &mut Conn, arrived: &Arrived) -> Result<Option<SellerId>> {
    match &arrived.way {
        Way::Pipe {
            recipient: Some(to),
            ..
        } => Ok(Some(addressee(conn, to)?.ok_or(Error::NotFound)?)),
        Way::Pipe { .. } => Ok(None),
        Way::Imap { seller, .. } => {
            for address in &arrived.names {
                if let Some(found) = mailbox(conn, address)? {
                    return Ok(Some(found.seller_id));
                }
            }
            Ok(Some(seller.clone()))
        }
    }
}

fn addressee(conn: &mut Conn, to: &str) -> Result<Option<SellerId>> {
    let Ok(address) = Address::parse(&bare(to)) else {
        return Ok(None);
    };
    Ok(mailbox(conn, &address)?.map(|mailbox| mailbox.seller_id))
}

/// The mailbox that an address belongs to, with or without a token or another tag.
pub(super) fn mailbox(conn: &mut Conn, address: &Address) -> Result<Option<Mailbox>> {
    if let Some(mailbox) = rows::mailbox_at(conn, address.as_str())? {
        return Ok(Some(mailbox));
    }
    Ok(rows::mailbox_at(conn, &without_token(address).0)?)
}

/// An envelope address as mail servers write it: without brackets, and not longer than any can be.
fn bare(text: &str) -> String {
    let plain = crate::plain::line(text, 320);
    plain.trim_matches(['<', '>', ' ']).to_owned()
}

/// Reads the mail of a seller from now on, at the address that is its own.
///
/// # Errors
/// `Invalid` for what is no address; `Refused(AlreadyDone)` for one at which another seller's mail is read.
pub fn open_mailbox(tx: &mut Tx, act: &Act, seller: &Seller, address: &str) -> Result<()> {
    let address =
        Address::parse(address).map_err(|why| Error::invalid("address", why.to_string()))?;
    if without_token(&address).1.is_some() {
        return Err(Error::invalid(
            "address",
            "This is a reply address of this desk",
        ));
    }
    let mailbox = Mailbox {
        seller_id: seller.id.clone(),
        address: address.to_string(),
        since: act.at.into(),
    };
    let set = rows::set_mailbox(tx, &mailbox);
    if already(&set) {
        let words = format!("Another seller's mail is read at {address}.");
        return Err(Error::refused_because(Code::AlreadyDone, words));
    }
    Ok(set?)
}
