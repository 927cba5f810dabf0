//! The mail that waits for the demo's staff: a customer whom nobody vouches for, a thief, a mail with two senders, a machine. Kept and read
//! as any mail is.

use std::io::Cursor;

use crate::act::{Act, Door};
use crate::app::mail::digest;
use crate::db::{Tx, sellers};
use crate::desk::mailroom::{self, Arrived, Kept, Ours, Read, Way};
use crate::error::{Error, Result};
use crate::outside::mime;
use crate::outside::store::Store;

const SELLER: &str = "panel-credits";

const MAILS: [&str; 4] = [
    "From: Boris Novak <boris@example.net>\nSubject: Cancel my order\nMessage-ID: <1@example.net>\n\nHello,\n\nplease cancel my latest order, I no longer need it.\n\nBoris\n",
    "From: \"Brightfeed Accounts\" <accounts@brightfeed-pay.example>\nSubject: Your mailbox is full\nMessage-ID: <2@brightfeed-pay.example>\nMIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n<h1>Your mailbox is full</h1><p>Sign in within <b>24 hours</b> or lose your mail: <a href=\"https://brightfeed-pay.example/login\">Sign in</a></p><img src=\"https://brightfeed-pay.example/pixel.png\">\n",
    "From: Elif <elif@example.net>\nFrom: Boris <boris@example.net>\nSubject: Order not delivered\nMessage-ID: <3@example.net>\n\nWhere is it?\n",
    "From: Chen Wei <chen@example.net>\nSubject: Automatic reply: Your refund\nAuto-Submitted: auto-replied\nMessage-ID: <4@example.net>\n\nI am out of the office until Monday.\n",
];

/// A mail that is safely in the store.
#[derive(Clone)]
pub struct Posted {
    raw: Vec<u8>,
    arrived: Arrived,
}

pub fn put(store: &Store) -> Result<Vec<Posted>> {
    let posted = MAILS.iter().map(|mail| {
        let raw = mail.replace('\n', "\r\n").into_bytes();
        let stored = store.put(&mut Cursor::new(&raw), "mail.eml", mime::LARGEST as u64)?;
        let arrived = Arrived {
            blob: stored.blob,
            bytes: i64::try_from(stored.size).map_err(Error::broken)?,
            sha256: stored.sha256,
            digest: digest(&raw),
            names: Vec::new(),
            way: Way::pipe(None, None),
        };
        Ok(Posted { raw, arrived })
    });
    posted.collect()
}

/// Opens the seller's mailbox and brings the mails.
pub fn deliver(tx: &mut Tx, act: &Act, posted: &[Posted]) -> Result<()> {
    let seller = sellers::by_slug(tx, SELLER)?.ok_or(Error::NotFound)?;
    let address = seller.mail_address.clone();
    mailroom::open_mailbox(tx, act, &seller, &address)?;
    let act = Act {
        via: Door::Mail,
        ..act.clone()
    };
    for one in posted {
        let arrived = Arrived {
            way: Way::pipe(None, Some(address.clone())),
            ..one.arrived.clone()
        };
        let Kept::New(id) = mailroom::keep(tx, &act, &arrived)? else {
            continue;
        };
        let mail = mime::read(&one.raw).map_err(|unreadable| Error::broken(unreadable.why))?;
        let read = Read {
            mail: &mail,
            why_not: "",
            files: &[],
            refused: &[],
        };
        mailroom::receive(tx, &act, &id, &read, &Ours::default())?;
    }
    Ok(())
}
