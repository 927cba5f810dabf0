//! The outbox: every letter's bytes as they were (or will be) sent, and how far each has got.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use super::columns::At;
use super::schema::outbox;
use super::tickets::Scope;
use super::{Conn, Tx, already, dialect};
use crate::ids::{ClaimId, LetterId, SellerId, TicketId};

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = outbox)]
pub struct Row {
    pub id: LetterId,
    pub key: String,
    pub kind: String,
    pub seller_id: Option<SellerId>,
    pub ticket_id: Option<TicketId>,
    pub claim_id: Option<ClaimId>,
    pub from_name: String,
    pub recipient: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    pub message_id: String,
    pub automatic: bool,
    pub state: String,
    pub attempts: i64,
    pub next_at: At,
    pub lease: Option<String>,
    pub last_error: Option<String>,
    pub created_at: At,
    pub sent_at: Option<At>,
    /// The seller's own address where its mail is read here; the desk's otherwise.
    pub from_address: Option<String>,
    /// The secret part of the reply address, until the letter has left.
    pub token: Option<String>,
    pub in_reply_to: Option<String>,
    /// The Message-IDs of the conversation so far, oldest first, with blanks between them.
    pub thread: Option<String>,
    /// When it came back after it had left, and what the mail server said.
    pub bounced_at: Option<At>,
    pub bounce: Option<String>,
    /// The subject under which its conversation goes on, which stands in its head in place of its own.
    pub topic: Option<String>,
}

impl Row {
    /// The subject in its head.
    pub fn head_subject(&self) -> &str {
        self.topic.as_deref().unwrap_or(&self.subject)
    }
}

/// What a mail of a conversation is known by to a mail program; in the order in which they were sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    pub at: At,
    pub message_id: String,
    pub subject: String,
}

/// Queues a letter; one with the same key is there already when this says `false`, and stays as it is.
pub fn insert_letter(tx: &mut Tx, row: Row) -> QueryResult<bool> {
    let outcome = dialect::savepoint(tx, |conn| {
        diesel::insert_into(outbox::table).values(row).execute(conn)
    });
    if already(&outcome) {
        Ok(false)
    } else {
        outcome.map(|_| true)
    }
}

/// When a letter's turn has come. A lease or a wait that ends later than any can, and a letter from the future, come of a clock
/// that was set back since: nobody waits for days for that.
#[derive(Debug, Clone, Copy)]
pub struct Turn {
    pub now: DateTime<Utc>,
    /// When a lease of now would end.
    pub leased: DateTime<Utc>,
    /// When the longest wait would.
    pub latest: DateTime<Utc>,
}

impl Turn {
    pub fn of(now: DateTime<Utc>, lease: TimeDelta, longest: TimeDelta) -> Turn {
        Turn {
            now,
            leased: now + lease,
            latest: now + longest,
        }
    }
}

#[diesel::dsl::auto_type]
fn has_come(now: At, leased: At, latest: At) -> _ {
    let (queued, sending): (&'static str, &'static str) = ("queued", "sending");
    let waits = outbox::state.eq(queued).and(
        outbox::next_at
            .le(now)
            .or(outbox::created_at.gt(now))
            .or(outbox::next_at.gt(latest)),
    );
    let lapsed = outbox::state
        .eq(sending)
        .and(outbox::next_at.le(now).or(outbox::next_at.gt(leased)));
    waits.or(lapsed)
}

/// Letters whose turn has come, oldest first. One whose lease ran out (its sender died) is due again.
pub fn due(conn: &mut Conn, turn: Turn, limit: i64) -> QueryResult<Vec<LetterId>> {
    outbox::table
        .filter(has_come(
            turn.now.into(),
            turn.leased.into(),
            turn.latest.into(),
        ))
        .order((outbox::next_at, outbox::id))
        .limit(limit)
        .select(outbox::id)
        .load(conn)
}

/// Takes a letter for sending until the lease ends: `None` where another worker was faster. The lease fences a sender that slept.
pub fn set_sending(
    tx: &mut Tx,
    id: &LetterId,
    lease: &str,
    turn: Turn,
) -> QueryResult<Option<Row>> {
    let taken = diesel::update(outbox::table.filter(outbox::id.eq(id)).filter(has_come(
        turn.now.into(),
        turn.leased.into(),
        turn.latest.into(),
    )))
    .set((
        outbox::state.eq("sending"),
        outbox::lease.eq(Some(lease)),
        outbox::next_at.eq(At::from(turn.leased)),
        outbox::attempts.eq(outbox::attempts + 1),
    ))
    .execute(&mut **tx)?;
    if taken == 0 {
        return Ok(None);
    }
    outbox::table.find(id).first(&mut **tx).optional()
}

pub fn mark_sent(tx: &mut Tx, id: &LetterId, lease: &str, at: DateTime<Utc>) -> QueryResult<usize> {
    diesel::update(outbox::table.filter(outbox::id.eq(id).and(outbox::lease.eq(lease))))
        .set((
            outbox::state.eq("sent"),
            outbox::sent_at.eq(Some(At::from(at))),
            outbox::lease.eq(None::<String>),
            outbox::last_error.eq(None::<String>),
            outbox::token.eq(None::<String>),
        ))
        .execute(&mut **tx)
}

/// Keeps a letter that could not be sent: for another try at `again`, or as a dead letter where there is none.
pub fn mark_failed(
    tx: &mut Tx,
    id: &LetterId,
    lease: &str,
    why: &str,
    again: Option<DateTime<Utc>>,
) -> QueryResult<usize> {
    let letter = outbox::table.filter(outbox::id.eq(id).and(outbox::lease.eq(lease)));
    let state = if again.is_some() { "queued" } else { "failed" };
    let kept = diesel::update(letter)
        .set((
            outbox::state.eq(state),
            outbox::last_error.eq(Some(why)),
            outbox::lease.eq(None::<String>),
        ))
        .execute(&mut **tx)?;
    if let Some(again) = again {
        diesel::update(outbox::table.find(id))
            .set(outbox::next_at.eq(At::from(again)))
            .execute(&mut **tx)?;
    }
    Ok(kept)
}

/// Gives a dead letter another chance.
pub fn set_queued(tx: &mut Tx, id: &LetterId, at: DateTime<Utc>) -> QueryResult<usize> {
    diesel::update(outbox::table.filter(outbox::id.eq(id).and(outbox::state.eq("failed"))))
        .set((
            outbox::state.eq("queued"),
            outbox::attempts.eq(0_i64),
            outbox::next_at.eq(At::from(at)),
        ))
        .execute(&mut **tx)
}

pub fn find(conn: &mut Conn, id: &LetterId) -> QueryResult<Row> {
    outbox::table.find(id).first(conn)
}

pub fn by_message_id(conn: &mut Conn, id: &str) -> QueryResult<Option<Row>> {
    outbox::table
        .filter(outbox::message_id.eq(id))
        .first(conn)
        .optional()
}

/// Notes that a letter came back; the first report counts.
pub fn mark_bounced(
    tx: &mut Tx,
    id: &LetterId,
    said: &str,
    at: DateTime<Utc>,
) -> QueryResult<usize> {
    diesel::update(outbox::table.filter(outbox::id.eq(id).and(outbox::bounced_at.is_null())))
        .set((
            outbox::bounced_at.eq(Some(At::from(at))),
            outbox::bounce.eq(Some(said)),
        ))
        .execute(&mut **tx)
}

/// How many letters to an address came back since an instant.
pub fn count_bounced(conn: &mut Conn, address: &str, since: DateTime<Utc>) -> QueryResult<i64> {
    outbox::table
        .filter(outbox::recipient.eq(address))
        .filter(outbox::bounced_at.ge(At::from(since)))
        .count()
        .get_result(conn)
}

/// How many letters that nobody wrote left to an address since an instant.
pub fn count_automatic(conn: &mut Conn, address: &str, since: DateTime<Utc>) -> QueryResult<i64> {
    outbox::table
        .filter(outbox::recipient.eq(address).and(outbox::automatic))
        .filter(outbox::sent_at.ge(At::from(since)))
        .count()
        .get_result(conn)
}

/// How many letters of these kinds left since an instant.
pub fn count_of_kinds(conn: &mut Conn, kinds: &[&str], since: DateTime<Utc>) -> QueryResult<i64> {
    let kinds = kinds.iter().map(|kind| (*kind).to_owned());
    outbox::table
        .filter(outbox::kind.eq_any(kinds))
        .filter(outbox::sent_at.ge(At::from(since)))
        .count()
        .get_result(conn)
}

/// Lets the letters that a deed has just queued on a conversation answer the mail that brought it about: by its Message-ID, and those
/// that go under a conversation's subject under `topic`, where there is one.
pub fn set_parent(
    tx: &mut Tx,
    ticket: &TicketId,
    queued_at: DateTime<Utc>,
    message_id: &str,
    topic: Option<&str>,
) -> QueryResult<()> {
    let fresh: Vec<(LetterId, Option<String>, Option<String>)> = outbox::table
        .filter(outbox::ticket_id.eq(ticket).and(outbox::state.eq("queued")))
        .filter(outbox::created_at.eq(At::from(queued_at)))
        .filter(outbox::attempts.eq(0_i64))
        .select((outbox::id, outbox::thread, outbox::topic))
        .load(&mut **tx)?;
    for (id, thread, old) in fresh {
        let topic = old.map(|old| topic.map_or(old, str::to_owned));
        let mut ids: Vec<&str> = thread.iter().flat_map(|ids| ids.split(' ')).collect();
        ids.retain(|known| *known != message_id);
        ids.push(message_id);
        diesel::update(outbox::table.find(id))
            .set((
                outbox::in_reply_to.eq(Some(message_id)),
                outbox::thread.eq(Some(ids.join(" "))),
                outbox::topic.eq(topic),
            ))
            .execute(&mut **tx)?;
    }
    Ok(())
}

/// Whether a letter with this key was written, whatever became of it.
pub fn is_queued(conn: &mut Conn, key: &str) -> QueryResult<bool> {
    let found = outbox::table.filter(outbox::key.eq(key));
    diesel::select(diesel::dsl::exists(found)).get_result(conn)
}

/// The newest letters first, those in `state` alone where one is named.
pub fn list(conn: &mut Conn, state: Option<&str>, limit: i64) -> QueryResult<Vec<Row>> {
    let mut query = outbox::table
        .order((outbox::created_at.desc(), outbox::id.desc()))
        .limit(limit)
        .into_boxed();
    if let Some(state) = state {
        query = query.filter(outbox::state.eq(state.to_owned()));
    }
    query.load(conn)
}

/// A page of the letters that someone may see, the newest first, after `after`. Letters of no seller (links into accounts) are
/// seen by those who serve all sellers.
pub fn page(
    conn: &mut Conn,
    scope: &Scope,
    state: Option<&str>,
    after: Option<&LetterId>,
    limit: i64,
) -> QueryResult<Vec<Row>> {
    let mut query = outbox::table
        .order(outbox::id.desc())
        .limit(limit)
        .into_boxed();
    if !scope.0.is_empty() {
        query = query.filter(outbox::seller_id.eq_any(scope.0.iter().cloned().map(Some)));
    }
    if let Some(state) = state {
        query = query.filter(outbox::state.eq(state.to_owned()));
    }
    if let Some(after) = after {
        query = query.filter(outbox::id.lt(after.clone()));
    }
    query.load(conn)
}

/// How many letters that someone may see stand in each state.
pub fn counts(conn: &mut Conn, scope: &Scope) -> QueryResult<Vec<(String, i64)>> {
    let mut query = outbox::table
        .group_by(outbox::state)
        .select((outbox::state, diesel::dsl::count_star()))
        .into_boxed();
    if !scope.0.is_empty() {
        query = query.filter(outbox::seller_id.eq_any(scope.0.iter().cloned().map(Some)));
    }
    query.load(conn)
}

/// A page of everybody's letters, the newest first; only those to one address where one is named. For a demo, whose letters
/// are nobody's secret.
pub fn newest(conn: &mut Conn, to: Option<&str>, skip: i64, limit: i64) -> QueryResult<Vec<Row>> {
    let mut query = outbox::table
        .order((outbox::created_at.desc(), outbox::id.desc()))
        .offset(skip)
        .limit(limit)
        .into_boxed();
    if let Some(to) = to {
        query = query.filter(outbox::recipient.eq(to.to_owned()));
    }
    query.load(conn)
}

/// What was written to somebody on a conversation, oldest first.
pub fn links(conn: &mut Conn, ticket: &TicketId, to: &str) -> QueryResult<Vec<Link>> {
    let letters: Vec<(At, String, String, Option<String>)> = outbox::table
        .filter(outbox::ticket_id.eq(ticket).and(outbox::recipient.eq(to)))
        .order((outbox::created_at, outbox::id))
        .select((
            outbox::created_at,
            outbox::message_id,
            outbox::subject,
            outbox::topic,
        ))
        .load(conn)?;
    let link = |(at, message_id, subject, topic): (_, _, _, Option<String>)| Link {
        at,
        message_id,
        subject: topic.unwrap_or(subject),
    };
    Ok(letters.into_iter().map(link).collect())
}

pub fn of_ticket(conn: &mut Conn, ticket: &TicketId) -> QueryResult<Vec<Row>> {
    outbox::table
        .filter(outbox::ticket_id.eq(ticket))
        .order((outbox::created_at, outbox::id))
        .load(conn)
}

/// When the oldest letter that waits was due: a desk whose mail stands still is not healthy.
pub fn oldest_waiting(conn: &mut Conn) -> QueryResult<Option<DateTime<Utc>>> {
    let at = outbox::table
        .filter(outbox::state.eq_any(["queued", "sending"]))
        .order(outbox::created_at)
        .select(outbox::created_at)
        .first::<At>(conn);
    Ok(at.optional()?.map(At::utc))
}
