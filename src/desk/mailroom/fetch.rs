//! Has a seller's mail fetched from a mailbox at another server, or no longer. Nothing here goes there: the worker does, outside of any
//! transaction (`worker/imap.rs`).

use super::{Happened, record};
use crate::act::Act;
use crate::db::Tx;
use crate::db::imap::{self as rows, Account};
use crate::db::inbox;
use crate::db::sellers::Seller;
use crate::db::tickets::Scope;
use crate::error::{Code, Error, Result};

/// A mailbox at another server, as somebody may sign in there.
#[derive(Clone)]
pub struct Remote {
    pub host: String,
    pub port: u16,
    /// `tls`, `starttls` or `none`.
    pub security: &'static str,
    pub login: String,
    pub password: String,
    pub folder: String,
}

/// Fetches a seller's mail from there, from what comes now on. The password is stored as it is, and neither logged nor shown again.
///
/// # Errors
/// `Invalid` where the seller's mail is read at no address yet; `Refused(AlreadyDone)` where another seller's is fetched from there.
pub fn connect(tx: &mut Tx, act: &Act, seller: &Seller, remote: &Remote) -> Result<()> {
    if inbox::mailbox_of(tx, &seller.id)?.is_none() {
        let words = "Say first at which address the seller's mail is read";
        return Err(Error::invalid("address", words));
    }
    let is_there = |known: &Account| {
        known.seller_id != seller.id
            && (&known.host, &known.login, &known.folder)
                == (&remote.host, &remote.login, &remote.folder)
    };
    if rows::list(tx, &Scope(Vec::new()))?.iter().any(is_there) {
        let words = "Another seller's mail is fetched from that mailbox.";
        return Err(Error::refused_because(Code::AlreadyDone, words));
    }
    let account = Account {
        seller_id: seller.id.clone(),
        host: remote.host.clone(),
        port: i64::from(remote.port),
        security: remote.security.to_owned(),
        login: remote.login.clone(),
        password: remote.password.clone(),
        folder: remote.folder.clone(),
        connected_at: act.at.into(),
        uid_validity: None,
        last_uid: 0,
        old_uid: 0,
        stuck_uid: None,
        stuck_times: 0,
        checked_at: None,
        next_at: act.at.into(),
        lease: None,
        failures: 0,
        problem: None,
    };
    rows::insert_account(tx, &account)?;
    let (who, Remote { host, folder, .. }) = (act.who.label(), remote);
    let words = format!("{who} connected the mailbox {folder} at {host}.");
    record(
        tx,
        act,
        Happened::new(&seller.id, "mailbox_connected", words),
    )
    .map(|_| ())
}

/// Fetches no more of it. Says whether anything was fetched until now.
pub fn disconnect(tx: &mut Tx, act: &Act, seller: &Seller) -> Result<bool> {
    if !rows::delete_account(tx, &seller.id)? {
        return Ok(false);
    }
    let words = format!("{} disconnected the mailbox.", act.who.label());
    record(
        tx,
        act,
        Happened::new(&seller.id, "mailbox_disconnected", words),
    )?;
    Ok(true)
}
