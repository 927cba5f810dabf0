//! The timeline: one line for everything that happened, append-only and hash-chained per seller.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::columns::At;
use super::reports::days::delete_days_of;
use super::schema::events;
use super::{Conn, Tx, bump_counter};
use crate::ids::{ClaimId, EventId, OrderId, SellerId, TicketId, digest};

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = events, treat_none_as_default_value = false)]
pub struct Event {
    pub id: EventId,
    pub seller_id: SellerId,
    pub seq: i64,
    pub kind: String,
    pub ticket_id: Option<TicketId>,
    pub claim_id: Option<ClaimId>,
    pub order_id: Option<OrderId>,
    pub who: String,
    pub who_label: String,
    pub via: String,
    pub at: At,
    pub public_words: Option<String>,
    pub words: String,
    pub data_json: String,
    pub prev_hash: String,
    pub hash: String,
}

impl Event {
    /// The text that the chain's hash is taken over, behind the previous hash.
    pub fn content(&self) -> String {
        let id = |id: Option<&str>| id.unwrap_or("-").to_owned();
        serde_json::json!([
            self.id.as_str(),
            self.seq,
            self.kind,
            id(self.ticket_id.as_ref().map(TicketId::as_str)),
            id(self.claim_id.as_ref().map(ClaimId::as_str)),
            id(self.order_id.as_ref().map(OrderId::as_str)),
            self.who,
            self.who_label,
            self.via,
            self.at.utc().to_rfc3339(),
            self.public_words,
            self.words,
            self.data_json,
        ])
        .to_string()
    }

    pub fn expected_hash(&self) -> String {
        digest(&format!("{}\n{}", self.prev_hash, self.content()))
    }
}

/// Appends to the seller's chain: gives the event its number and hashes. The counter's row is the chain's lock. What the reports have
/// kept of the ticket's days is thrown away with it.
pub fn insert_event(tx: &mut Tx, mut event: Event) -> QueryResult<Event> {
    event.seq = bump_counter(tx, &format!("events:{}", event.seller_id))?;
    event.prev_hash = events::table
        .filter(
            events::seller_id
                .eq(&event.seller_id)
                .and(events::seq.eq(event.seq - 1)),
        )
        .select(events::hash)
        .first::<String>(&mut **tx)
        .optional()?
        .unwrap_or_default();
    event.hash = event.expected_hash();
    diesel::insert_into(events::table)
        .values(event.clone())
        .execute(&mut **tx)?;
    if let Some(ticket) = &event.ticket_id {
        delete_days_of(tx, ticket)?;
    }
    Ok(event)
}

/// A ticket's story, oldest first.
pub fn of_ticket(conn: &mut Conn, ticket: &TicketId) -> QueryResult<Vec<Event>> {
    events::table
        .filter(events::ticket_id.eq(ticket))
        .order((events::at, events::seq))
        .load(conn)
}

/// The kind of the newest event of a ticket that is one of these.
pub fn last_of(conn: &mut Conn, ticket: &TicketId, kinds: &[&str]) -> QueryResult<Option<String>> {
    events::table
        .filter(events::ticket_id.eq(ticket))
        .filter(events::kind.eq_any(kinds.iter().map(|kind| (*kind).to_owned())))
        .order(events::seq.desc())
        .select(events::kind)
        .first(conn)
        .optional()
}

pub fn of_order(conn: &mut Conn, order: &OrderId) -> QueryResult<Vec<Event>> {
    events::table
        .filter(events::order_id.eq(order))
        .order((events::at, events::seq))
        .load(conn)
}

/// What was told of something by its number, where the events name it first: disputes and sanctions hang on no ticket.
pub fn about(
    conn: &mut Conn,
    seller: &SellerId,
    kinds: &[&str],
    number: &str,
) -> QueryResult<Vec<Event>> {
    events::table
        .filter(
            events::seller_id
                .eq(seller)
                .and(events::kind.eq_any(kinds.to_vec()))
                .and(events::data_json.like(format!("[\"{number}\",%"))),
        )
        .order(events::seq)
        .load(conn)
}

/// A slice of a seller's chain in order, for verification: what comes after `after`, `limit` at most.
pub fn chain(
    conn: &mut Conn,
    seller: &SellerId,
    after: i64,
    limit: i64,
) -> QueryResult<Vec<Event>> {
    events::table
        .filter(events::seller_id.eq(seller).and(events::seq.gt(after)))
        .order(events::seq)
        .limit(limit)
        .load(conn)
}

/// When the newest event of a ticket happened.
pub fn latest(conn: &mut Conn, ticket: &TicketId) -> QueryResult<Option<DateTime<Utc>>> {
    let at = events::table
        .filter(events::ticket_id.eq(ticket))
        .select(events::at)
        .order(events::at.desc())
        .first::<At>(conn);
    Ok(at.optional()?.map(At::utc))
}
