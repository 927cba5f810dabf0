//! The promises that run on tickets and claims: one row a clock, with the calendar it started with. `next_due_*` on the ticket is
//! kept in step by `desk::clocks`.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;

use super::columns::At;
use super::schema::clocks;
use super::{Conn, Tx};
use crate::ids::{ClaimId, ClockId, SellerId, TicketId};

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = clocks)]
pub struct Clock {
    pub id: ClockId,
    pub ticket_id: TicketId,
    pub claim_id: Option<ClaimId>,
    pub seller_id: SellerId,
    pub kind: String,
    pub clause: String,
    pub firmness: String,
    pub starts_at: At,
    pub from_at: Option<At>,
    pub due_at: At,
    pub paused_at: Option<At>,
    pub stopped_at: Option<At>,
    pub state: String,
    pub breached_at: Option<At>,
    pub calendar_json: String,
    pub starts_on: NaiveDate,
    pub due_on: NaiveDate,
}

pub fn insert_clock(tx: &mut Tx, clock: &Clock) -> QueryResult<()> {
    diesel::insert_into(clocks::table)
        .values(clock.clone())
        .execute(&mut **tx)
        .map(|_| ())
}

pub fn set_due(
    tx: &mut Tx,
    id: &ClockId,
    from: Option<DateTime<Utc>>,
    due: DateTime<Utc>,
    due_on: NaiveDate,
) -> QueryResult<()> {
    diesel::update(clocks::table.find(id))
        .set((
            clocks::from_at.eq(super::columns::at(from)),
            clocks::due_at.eq(At::from(due)),
            clocks::due_on.eq(due_on),
        ))
        .execute(&mut **tx)
        .map(|_| ())
}

/// Ends a clock: `met`, `breached` or `void`.
pub fn set_stopped(tx: &mut Tx, id: &ClockId, state: &str, at: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(clocks::table.find(id))
        .set((
            clocks::state.eq(state),
            clocks::stopped_at.eq(Some(At::from(at))),
            clocks::paused_at.eq(None::<At>),
        ))
        .execute(&mut **tx)
        .map(|_| ())
}

pub fn set_paused(tx: &mut Tx, id: &ClockId, at: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(clocks::table.find(id))
        .set((
            clocks::state.eq("paused"),
            clocks::paused_at.eq(Some(At::from(at))),
        ))
        .execute(&mut **tx)
        .map(|_| ())
}

pub fn set_running(tx: &mut Tx, id: &ClockId) -> QueryResult<()> {
    diesel::update(clocks::table.find(id))
        .set((
            clocks::state.eq("running"),
            clocks::paused_at.eq(None::<At>),
        ))
        .execute(&mut **tx)
        .map(|_| ())
}

/// Records a breach once; `false` where it was recorded before.
pub fn mark_breached(tx: &mut Tx, id: &ClockId, at: DateTime<Utc>) -> QueryResult<bool> {
    let marked =
        diesel::update(clocks::table.filter(clocks::id.eq(id).and(clocks::breached_at.is_null())))
            .set(clocks::breached_at.eq(Some(At::from(at))))
            .execute(&mut **tx)?;
    Ok(marked == 1)
}

/// Takes a recorded breach back; its event stays in the timeline.
pub fn set_unbreached(tx: &mut Tx, id: &ClockId) -> QueryResult<()> {
    diesel::update(clocks::table.find(id))
        .set(clocks::breached_at.eq(None::<At>))
        .execute(&mut **tx)
        .map(|_| ())
}

/// In the order of their due instants.
pub fn of_ticket(conn: &mut Conn, ticket: &TicketId) -> QueryResult<Vec<Clock>> {
    clocks::table
        .filter(clocks::ticket_id.eq(ticket))
        .order((clocks::due_at, clocks::kind))
        .load(conn)
}

/// The clocks of several tickets that have not ended, in the order of their due instants.
pub fn standing(conn: &mut Conn, tickets: &[TicketId]) -> QueryResult<Vec<Clock>> {
    clocks::table
        .filter(
            clocks::ticket_id
                .eq_any(tickets.to_vec())
                .and(clocks::state.eq_any(["running", "paused"])),
        )
        .order((clocks::due_at, clocks::kind))
        .load(conn)
}

/// Running clocks past their due instant whose breach nobody has recorded yet.
pub fn overdue(conn: &mut Conn, now: DateTime<Utc>, limit: i64) -> QueryResult<Vec<Clock>> {
    clocks::table
        .filter(
            clocks::state
                .eq("running")
                .and(clocks::breached_at.is_null())
                .and(clocks::due_at.lt(At::from(now))),
        )
        .order(clocks::due_at)
        .limit(limit)
        .load(conn)
}
