//! The promises that run on tickets and claims: one row a clock, with the calendar it started with. `next_due_*` on the ticket is
//! kept in step by `desk::clocks`.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;

use super::columns::At;
use super::reports::days::delete_day;
use super::schema::{clocks, warnings};
use super::{Conn, Tx, already, dialect};
use crate::ids::{ClaimId, ClockId, SellerId, TicketId};

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = clocks, treat_none_as_default_value = false)]
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
    /// What the policy declared when it began; `None` for a clock from before that was kept.
    pub declared_json: Option<String>,
    /// When the staff is next to be warned of it.
    pub warn_at: Option<At>,
    /// What its ticket had when it ended.
    pub priority: Option<String>,
    /// See [`crate::rules::clock::worked`]; `None` while it has not ended, and of one that ended before this was kept.
    pub worked_s: Option<i64>,
}

/// A warning that was given: one row for each clock and step, whoever gives it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = warnings, treat_none_as_default_value = false)]
pub struct Warning {
    pub id: String,
    pub clock_id: ClockId,
    pub step: String,
    pub at: At,
    pub due_at: At,
}

pub fn insert_clock(tx: &mut Tx, clock: &Clock) -> QueryResult<()> {
    diesel::insert_into(clocks::table)
        .values(clock.clone())
        .execute(&mut **tx)?;
    delete_day(tx, &clock.seller_id, clock.starts_on)
}

/// Writes how a clock stands after its story; a breach that was recorded has its own.
pub fn set_course(tx: &mut Tx, clock: &Clock) -> QueryResult<()> {
    diesel::update(clocks::table.find(&clock.id))
        .set((
            clocks::from_at.eq(clock.from_at),
            clocks::due_at.eq(clock.due_at),
            clocks::due_on.eq(clock.due_on),
            clocks::paused_at.eq(clock.paused_at),
            clocks::stopped_at.eq(clock.stopped_at),
            clocks::state.eq(clock.state.clone()),
            clocks::warn_at.eq(clock.warn_at),
            clocks::priority.eq(clock.priority.clone()),
            clocks::worked_s.eq(clock.worked_s),
        ))
        .execute(&mut **tx)?;
    delete_day(tx, &clock.seller_id, clock.starts_on)
}

/// Moves the next warning on from where the caller read it; `false` where somebody was faster.
pub fn set_warned(tx: &mut Tx, clock: &Clock, next: Option<DateTime<Utc>>) -> QueryResult<bool> {
    let still = clocks::id
        .eq(&clock.id)
        .and(clocks::warn_at.eq(clock.warn_at));
    let moved = diesel::update(clocks::table.filter(still))
        .set(clocks::warn_at.eq(super::columns::at(next)))
        .execute(&mut **tx)?;
    Ok(moved == 1)
}

/// Records a warning; `false` where it was given before, and the transaction goes on.
pub fn insert_warning(tx: &mut Tx, warning: &Warning) -> QueryResult<bool> {
    let outcome = dialect::savepoint(tx, |conn| {
        diesel::insert_into(warnings::table)
            .values(warning.clone())
            .execute(conn)
    });
    if already(&outcome) {
        return Ok(false);
    }
    outcome.map(|_| true)
}

pub fn warnings(conn: &mut Conn, clock: &ClockId) -> QueryResult<Vec<Warning>> {
    warnings::table
        .filter(warnings::clock_id.eq(clock))
        .order((warnings::at, warnings::step))
        .load(conn)
}

/// Clocks of which somebody is to be warned by now, those that wait longest first.
pub fn to_warn(conn: &mut Conn, now: DateTime<Utc>, limit: i64) -> QueryResult<Vec<Clock>> {
    clocks::table
        .filter(clocks::warn_at.le(At::from(now)))
        .order((clocks::warn_at, clocks::id))
        .limit(limit)
        .load(conn)
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
