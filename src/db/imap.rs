//! Mailboxes at other servers that are read for a seller: how each is reached, how far it was read, and who is at it.

use std::fmt;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::columns::{At, at};
use super::schema::imap_accounts::{self, dsl};
use super::tickets::Scope;
use super::{Conn, Tx};
use crate::ids::SellerId;

#[derive(Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = imap_accounts)]
pub struct Account {
    pub seller_id: SellerId,
    pub host: String,
    pub port: i64,
    pub security: String,
    pub login: String,
    pub password: String,
    pub folder: String,
    pub connected_at: At,
    /// `None` until the folder was opened once.
    pub uid_validity: Option<i64>,
    pub last_uid: i64,
    /// Up to here lies what was there when the numbers started.
    pub old_uid: i64,
    /// Where the reading broke off, and how often in a row.
    pub stuck_uid: Option<i64>,
    pub stuck_times: i64,
    pub checked_at: Option<At>,
    pub next_at: At,
    pub lease: Option<String>,
    pub failures: i64,
    pub problem: Option<String>,
}

/// For a log: without the password.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("seller_id", &self.seller_id)
            .field("host", &self.host)
            .field("folder", &self.folder)
            .field("last_uid", &self.last_uid)
            .field("failures", &self.failures)
            .field("problem", &self.problem)
            .finish_non_exhaustive()
    }
}

/// A turn at a mailbox: whoever holds it may write how far it was read, until somebody else has taken it.
#[derive(Debug, Clone)]
pub struct Turn {
    pub seller: SellerId,
    pub lease: String,
    pub until: DateTime<Utc>,
}

/// The mailbox, while the turn at it is this one.
#[diesel::dsl::auto_type]
fn held<'a>(seller: &'a SellerId, lease: &'a str) -> _ {
    let theirs = imap_accounts::seller_id.eq(seller);
    imap_accounts::table.filter(theirs.and(imap_accounts::lease.eq(lease)))
}

pub fn of_seller(conn: &mut Conn, seller: &SellerId) -> QueryResult<Option<Account>> {
    imap_accounts::table.find(seller).first(conn).optional()
}

/// The mailboxes that someone answers for.
pub fn list(conn: &mut Conn, scope: &Scope) -> QueryResult<Vec<Account>> {
    let mut query = imap_accounts::table
        .order(imap_accounts::seller_id)
        .into_boxed();
    if !scope.0.is_empty() {
        query = query.filter(imap_accounts::seller_id.eq_any(scope.0.clone()));
    }
    query.load(conn)
}

/// The sellers whose mailbox is to be read now, the longest waiting first. A turn further off than `furthest` comes of a clock that
/// was set back since.
pub fn due(
    conn: &mut Conn,
    now: DateTime<Utc>,
    furthest: DateTime<Utc>,
) -> QueryResult<Vec<SellerId>> {
    imap_accounts::table
        .filter(
            dsl::next_at
                .le(At::from(now))
                .or(dsl::next_at.gt(At::from(furthest))),
        )
        .order((dsl::next_at, dsl::seller_id))
        .select(dsl::seller_id)
        .load(conn)
}

/// Connects a seller's mailbox, in the place of the one that was connected before.
pub fn insert_account(tx: &mut Tx, account: &Account) -> QueryResult<()> {
    delete_account(tx, &account.seller_id)?;
    diesel::insert_into(imap_accounts::table)
        .values(account.clone())
        .execute(&mut **tx)
        .map(|_| ())
}

/// Says whether there was one.
pub fn delete_account(tx: &mut Tx, seller: &SellerId) -> QueryResult<bool> {
    diesel::delete(imap_accounts::table.find(seller))
        .execute(&mut **tx)
        .map(|gone| gone == 1)
}

/// Takes a mailbox that is due: `None` where another worker was faster. The lease fences one that slept.
pub fn set_reading(
    tx: &mut Tx,
    turn: &Turn,
    now: DateTime<Utc>,
    furthest: DateTime<Utc>,
) -> QueryResult<Option<Account>> {
    let free = imap_accounts::table.find(&turn.seller).filter(
        dsl::next_at
            .le(At::from(now))
            .or(dsl::next_at.gt(At::from(furthest))),
    );
    let taken = diesel::update(free)
        .set((
            dsl::lease.eq(Some(&turn.lease)),
            dsl::next_at.eq(At::from(turn.until)),
        ))
        .execute(&mut **tx)?;
    if taken == 0 {
        return Ok(None);
    }
    of_seller(tx, &turn.seller)
}

/// The folder's numbers have started anew: nothing of it has been dealt with, and up to `old_uid` lies what was there before.
pub fn set_numbers(tx: &mut Tx, turn: &Turn, validity: i64, old_uid: i64) -> QueryResult<bool> {
    diesel::update(held(&turn.seller, &turn.lease))
        .set((
            dsl::uid_validity.eq(Some(validity)),
            dsl::last_uid.eq(0),
            dsl::old_uid.eq(old_uid),
            dsl::stuck_uid.eq(None::<i64>),
            dsl::stuck_times.eq(0),
            dsl::next_at.eq(At::from(turn.until)),
        ))
        .execute(&mut **tx)
        .map(|changed| changed == 1)
}

/// All up to this number has been dealt with. Says whether the turn is still ours.
pub fn set_last(tx: &mut Tx, turn: &Turn, uid: i64) -> QueryResult<bool> {
    diesel::update(held(&turn.seller, &turn.lease))
        .set((
            dsl::last_uid.eq(uid),
            dsl::stuck_uid.eq(None::<i64>),
            dsl::stuck_times.eq(0),
            dsl::next_at.eq(At::from(turn.until)),
        ))
        .execute(&mut **tx)
        .map(|changed| changed == 1)
}

/// It was read to its end. Says whether the turn is still ours, which it stays until `turn.until`.
pub fn mark_checked(tx: &mut Tx, turn: &Turn, now: DateTime<Utc>) -> QueryResult<bool> {
    diesel::update(held(&turn.seller, &turn.lease))
        .set((
            dsl::checked_at.eq(at(Some(now))),
            dsl::next_at.eq(At::from(turn.until)),
            dsl::failures.eq(0),
            dsl::problem.eq(None::<String>),
        ))
        .execute(&mut **tx)
        .map(|changed| changed == 1)
}

/// The reading of the mail at this number has broken off once more.
pub fn mark_stuck(tx: &mut Tx, turn: &Turn, uid: i64, times: i64) -> QueryResult<bool> {
    diesel::update(held(&turn.seller, &turn.lease))
        .set((
            dsl::stuck_uid.eq(Some(uid)),
            dsl::stuck_times.eq(times),
            dsl::next_at.eq(At::from(turn.until)),
        ))
        .execute(&mut **tx)
        .map(|changed| changed == 1)
}

/// It could not be read, and why; it is tried again at `next`, by whoever comes first.
pub fn mark_failed(tx: &mut Tx, turn: &Turn, why: &str, next: DateTime<Utc>) -> QueryResult<bool> {
    diesel::update(held(&turn.seller, &turn.lease))
        .set((
            dsl::lease.eq(None::<String>),
            dsl::next_at.eq(At::from(next)),
            dsl::failures.eq(dsl::failures + 1),
            dsl::problem.eq(Some(why)),
        ))
        .execute(&mut **tx)
        .map(|changed| changed == 1)
}

/// Gives the turn back; whoever comes after `next` may take it.
pub fn set_free(tx: &mut Tx, turn: &Turn, next: DateTime<Utc>) -> QueryResult<bool> {
    diesel::update(held(&turn.seller, &turn.lease))
        .set((
            dsl::lease.eq(None::<String>),
            dsl::next_at.eq(At::from(next)),
        ))
        .execute(&mut **tx)
        .map(|changed| changed == 1)
}
