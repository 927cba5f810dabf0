//! Mail that came in: every mail as it was kept, what was made of it, the addresses that are read, and the reply addresses that
//! were given out. The bytes are in the store.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use super::columns::At;
use super::mail::Link;
use super::schema::{inbox, mailboxes, outbox, reply_addresses};
use super::tickets::Scope;
use super::{Conn, Tx, already, dialect};
use crate::ids::{LetterId, MailId, MessageId, SellerId, TicketId};

/// No mail waits longer for its next reading.
const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(70);

/// One mail.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = inbox)]
pub struct Mail {
    pub id: MailId,
    /// What people say on the phone: M-1001.
    pub number: String,
    pub key: String,
    pub sha256: String,
    pub blob: String,
    pub bytes: i64,
    pub via: String,
    pub envelope_from: Option<String>,
    pub envelope_to: Option<String>,
    pub received_at: At,
    pub state: String,
    /// Why it is not in a conversation: a word, or the reader's words for what cannot be read.
    pub why: Option<String>,
    pub attempts: i64,
    pub next_at: At,
    pub seller_id: Option<SellerId>,
    pub sender: Option<String>,
    pub sender_name: String,
    pub subject: String,
    pub message_id: Option<String>,
    pub verdict: String,
    pub vouched_by: Option<String>,
    pub ticket_id: Option<TicketId>,
    pub message_row: Option<MessageId>,
    pub letter_id: Option<LetterId>,
    pub settled_at: Option<At>,
    /// Why only its head is here, or nothing of it; `None` for a mail that is here whole.
    pub left_out: Option<String>,
}

/// What a mail says of itself, once it was read.
#[derive(Debug, Clone, PartialEq, Eq, AsChangeset)]
#[diesel(table_name = inbox, treat_none_as_null = true)]
pub struct Face {
    pub seller_id: Option<SellerId>,
    pub sender: Option<String>,
    pub sender_name: String,
    pub subject: String,
    pub message_id: Option<String>,
    pub verdict: String,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, AsChangeset)]
#[diesel(table_name = inbox, treat_none_as_null = true)]
pub struct Fate {
    pub state: String,
    pub why: Option<String>,
    pub ticket_id: Option<TicketId>,
    pub message_row: Option<MessageId>,
    pub letter_id: Option<LetterId>,
    pub settled_at: Option<At>,
}

/// Where the mail of a seller is read.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = mailboxes)]
pub struct Mailbox {
    pub seller_id: SellerId,
    pub address: String,
    pub since: At,
}

/// An address that one letter asked to be answered to.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = reply_addresses)]
pub struct ReplyAddress {
    pub token_hash: String,
    pub letter_id: LetterId,
    pub ticket_id: Option<TicketId>,
    pub mail_id: Option<MailId>,
    pub recipient: String,
    pub created_at: At,
    pub revoked_at: Option<At>,
}

/// Keeps a mail; one that is here already when this says `false`.
pub fn insert_mail(tx: &mut Tx, mail: &Mail) -> QueryResult<bool> {
    let kept = dialect::savepoint(tx, |conn| {
        diesel::insert_into(inbox::table)
            .values(mail.clone())
            .execute(conn)
    });
    if already(&kept) {
        Ok(false)
    } else {
        kept.map(|_| true)
    }
}

/// Opens a seller's mailbox, or moves it to another address. One that another seller has is a unique violation.
pub fn set_mailbox(tx: &mut Tx, mailbox: &Mailbox) -> QueryResult<()> {
    let moved = dialect::savepoint(tx, |conn| {
        diesel::update(mailboxes::table.find(&mailbox.seller_id))
            .set(mailboxes::address.eq(&mailbox.address))
            .execute(conn)
    })?;
    if moved == 0 {
        dialect::savepoint(tx, |conn| {
            diesel::insert_into(mailboxes::table)
                .values(mailbox.clone())
                .execute(conn)
        })?;
    }
    Ok(())
}

pub fn insert_reply_address(tx: &mut Tx, row: &ReplyAddress) -> QueryResult<()> {
    diesel::insert_into(reply_addresses::table)
        .values(row.clone())
        .execute(&mut **tx)
        .map(|_| ())
}

/// Begins a reading: how many were begun before, and a later turn for the next one, so that a mail on which the reader breaks does
/// not hold up the others. `None` where it has been read.
pub fn bump_attempt(tx: &mut Tx, id: &MailId, again: DateTime<Utc>) -> QueryResult<Option<i64>> {
    let begun =
        diesel::update(inbox::table.filter(inbox::id.eq(id).and(inbox::state.eq("received"))))
            .set((
                inbox::attempts.eq(inbox::attempts + 1),
                inbox::next_at.eq(At::from(again)),
            ))
            .execute(&mut **tx)?;
    if begun == 0 {
        return Ok(None);
    }
    inbox::table
        .find(id)
        .select(inbox::attempts)
        .first(&mut **tx)
        .optional()
}

/// Takes a mail that nobody has read yet, and keeps what it says of itself; `None` where another reader was faster.
pub fn bump_received(tx: &mut Tx, id: &MailId, face: &Face) -> QueryResult<Option<Mail>> {
    let taken =
        diesel::update(inbox::table.filter(inbox::id.eq(id).and(inbox::state.eq("received"))))
            .set(face)
            .execute(&mut **tx)?;
    if taken == 0 {
        return Ok(None);
    }
    inbox::table.find(id).first(&mut **tx).optional()
}

pub fn set_fate(tx: &mut Tx, id: &MailId, fate: &Fate) -> QueryResult<()> {
    diesel::update(inbox::table.find(id))
        .set(fate)
        .execute(&mut **tx)
        .map(|_| ())
}

/// Lets a mail be read anew, its sender vouched for by somebody or by nobody. `from` are the states that it may be in; says whether
/// it was in one.
pub fn set_unread(
    tx: &mut Tx,
    id: &MailId,
    from: &[&str],
    vouched_by: Option<&str>,
    at: DateTime<Utc>,
) -> QueryResult<bool> {
    let states = from.iter().map(|state| (*state).to_owned());
    diesel::update(inbox::table.filter(inbox::id.eq(id).and(inbox::state.eq_any(states))))
        .set((
            inbox::state.eq("received"),
            inbox::attempts.eq(0_i64),
            inbox::next_at.eq(At::from(at)),
            inbox::vouched_by.eq(vouched_by),
            inbox::why.eq(None::<String>),
        ))
        .execute(&mut **tx)
        .map(|changed| changed == 1)
}

/// Mails whose turn it is to be read, oldest first.
pub fn due(conn: &mut Conn, now: DateTime<Utc>, limit: i64) -> QueryResult<Vec<Mail>> {
    inbox::table
        .filter(inbox::state.eq("received"))
        // Mail from the future, and a turn further off than any is given, come of a clock that was set back since.
        .filter(
            inbox::next_at
                .le(At::from(now))
                .or(inbox::received_at.gt(At::from(now)))
                .or(inbox::next_at.gt(At::from(now + LONGEST_WAIT))),
        )
        .order((inbox::received_at, inbox::id))
        .limit(limit)
        .load(conn)
}

pub fn find(conn: &mut Conn, id: &MailId) -> QueryResult<Mail> {
    inbox::table.find(id).first(conn)
}

pub fn by_key(conn: &mut Conn, key: &str) -> QueryResult<Option<Mail>> {
    inbox::table
        .filter(inbox::key.eq(key))
        .first(conn)
        .optional()
}

/// What a conversation's customer wrote by mail, oldest first.
pub fn links(conn: &mut Conn, ticket: &TicketId) -> QueryResult<Vec<Link>> {
    let mails: Vec<(At, String, String)> = inbox::table
        .filter(inbox::ticket_id.eq(ticket).and(inbox::state.eq("taken")))
        .filter(inbox::message_id.is_not_null())
        .order((inbox::received_at, inbox::id))
        .select((
            inbox::received_at,
            inbox::message_id.assume_not_null(),
            inbox::subject,
        ))
        .load(conn)?;
    let link = |(at, message_id, subject)| Link {
        at,
        message_id,
        subject,
    };
    Ok(mails.into_iter().map(link).collect())
}

/// How many mails of a conversation came since an instant.
pub fn count_on(conn: &mut Conn, ticket: &TicketId, since: DateTime<Utc>) -> QueryResult<i64> {
    inbox::table
        .filter(inbox::ticket_id.eq(ticket).and(inbox::state.eq("taken")))
        .filter(inbox::received_at.ge(At::from(since)))
        .count()
        .get_result(conn)
}

/// How many conversations a sender has begun by mail since an instant.
pub fn begun_by(conn: &mut Conn, sender: &str, since: DateTime<Utc>) -> QueryResult<i64> {
    inbox::table
        .filter(inbox::sender.eq(sender).and(inbox::state.eq("taken")))
        .filter(inbox::settled_at.ge(At::from(since)))
        .filter(inbox::why.eq("new"))
        .count()
        .get_result(conn)
}

/// How many other mails of the same sender to the same seller are held that came within so long of this one.
pub fn held_beside(conn: &mut Conn, mail: &Mail, within: TimeDelta) -> QueryResult<i64> {
    let at = mail.received_at.utc();
    inbox::table
        .filter(inbox::state.eq("held").and(inbox::id.ne(&mail.id)))
        .filter(inbox::sender.eq(mail.sender.clone()))
        .filter(inbox::seller_id.eq(mail.seller_id.clone()))
        .filter(inbox::received_at.between(At::from(at - within), At::from(at + within)))
        .count()
        .get_result(conn)
}

/// Every blob that a mail names.
pub fn blobs(conn: &mut Conn) -> QueryResult<Vec<String>> {
    inbox::table.select(inbox::blob).load(conn)
}

// ---- addresses

pub fn mailbox_of(conn: &mut Conn, seller: &SellerId) -> QueryResult<Option<Mailbox>> {
    mailboxes::table.find(seller).first(conn).optional()
}

pub fn mailbox_at(conn: &mut Conn, address: &str) -> QueryResult<Option<Mailbox>> {
    mailboxes::table
        .filter(mailboxes::address.eq(address))
        .first(conn)
        .optional()
}

/// The reply address behind a token that came in, by the token's hash.
pub fn reply_address(conn: &mut Conn, token_hash: &str) -> QueryResult<Option<ReplyAddress>> {
    reply_addresses::table
        .find(token_hash)
        .first(conn)
        .optional()
}

/// The conversation of the newest of our letters that one of these Message-IDs names.
pub fn ticket_of_letters(conn: &mut Conn, ids: &[String]) -> QueryResult<Option<TicketId>> {
    let found: Option<Option<TicketId>> = outbox::table
        .filter(outbox::message_id.eq_any(ids.to_vec()))
        .filter(outbox::ticket_id.is_not_null())
        .order(outbox::created_at.desc())
        .select(outbox::ticket_id)
        .first(conn)
        .optional()?;
    Ok(found.flatten())
}

/// A page of the mails that someone may see, the newest first, after `after`. Mails to no seller are seen by those who serve all.
pub fn page(
    conn: &mut Conn,
    scope: &Scope,
    states: &[&str],
    after: Option<&MailId>,
    limit: i64,
) -> QueryResult<Vec<Mail>> {
    let states = states.iter().map(|state| (*state).to_owned());
    let mut query = inbox::table
        .filter(inbox::state.eq_any(states))
        .order(inbox::id.desc())
        .limit(limit)
        .into_boxed();
    if !scope.0.is_empty() {
        query = query.filter(inbox::seller_id.eq_any(scope.0.iter().cloned().map(Some)));
    }
    if let Some(after) = after {
        query = query.filter(inbox::id.lt(after.clone()));
    }
    query.load(conn)
}

/// How many mails that someone may see stand in each state.
pub fn counts(conn: &mut Conn, scope: &Scope) -> QueryResult<Vec<(String, i64)>> {
    let mut query = inbox::table
        .group_by(inbox::state)
        .select((inbox::state, diesel::dsl::count_star()))
        .into_boxed();
    if !scope.0.is_empty() {
        query = query.filter(inbox::seller_id.eq_any(scope.0.iter().cloned().map(Some)));
    }
    query.load(conn)
}

/// One mail that someone may see.
pub fn for_staff(conn: &mut Conn, scope: &Scope, number: &str) -> QueryResult<Mail> {
    let mut query = inbox::table
        .filter(inbox::number.eq(number.to_owned()))
        .into_boxed();
    if !scope.0.is_empty() {
        query = query.filter(inbox::seller_id.eq_any(scope.0.iter().cloned().map(Some)));
    }
    query.first(conn)
}

/// The mails of a conversation, oldest first.
pub fn of_ticket(conn: &mut Conn, ticket: &TicketId) -> QueryResult<Vec<Mail>> {
    inbox::table
        .filter(inbox::ticket_id.eq(ticket))
        .order((inbox::received_at, inbox::id))
        .load(conn)
}
