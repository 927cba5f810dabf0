//! What a gateway is to send, what it is to be asked about, and what it said. The states are the payouts' own.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::columns::{At, at};
use super::schema::{gateway_messages, payouts};
use super::tickets::Scope;
use super::{Conn, Tx};
use crate::ids::{PayoutId, SellerId};
use crate::rules::assessment::Destination;
use crate::rules::lifecycle::payout::State;

/// A word of a gateway, and what came of it. Never changed.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = gateway_messages)]
pub struct Message {
    pub id: String,
    pub at: At,
    pub key: String,
    pub payout_id: Option<PayoutId>,
    pub told: String,
    pub outcome: String,
    /// Why it was parked; empty otherwise.
    pub why: String,
    pub body: String,
}

/// What of these sellers (none: of all) waits to be sent, and may be tried now. The longest waiting first. A payout that goes
/// another way is agreed with the customer, and no gateway's.
pub fn to_send(
    conn: &mut Conn,
    sellers: &[SellerId],
    now: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<PayoutId>> {
    let now = At::from(now);
    let mut query = payouts::table
        .filter(
            payouts::state
                .eq(State::Queued)
                .and(payouts::destination.eq(Destination::OriginalPaymentMethod.word()))
                .and(payouts::next_at.is_null().or(payouts::next_at.le(now))),
        )
        .order((payouts::requested_at, payouts::id))
        .limit(limit)
        .select(payouts::id)
        .into_boxed();
    if !sellers.is_empty() {
        query = query.filter(payouts::seller_id.eq_any(sellers.to_vec()));
    }
    query.load(conn)
}

/// What was sent, or nobody knows whether, and is to be asked about now.
pub fn to_ask(conn: &mut Conn, now: DateTime<Utc>, limit: i64) -> QueryResult<Vec<PayoutId>> {
    payouts::table
        .filter(
            payouts::state
                .eq_any([State::Sent, State::Unknown])
                .and(payouts::next_at.le(At::from(now))),
        )
        .order((payouts::next_at, payouts::id))
        .limit(limit)
        .select(payouts::id)
        .load(conn)
}

/// What somebody took to send, and never said what became of it.
pub fn lapsed(conn: &mut Conn, now: DateTime<Utc>, limit: i64) -> QueryResult<Vec<PayoutId>> {
    payouts::table
        .filter(
            payouts::state
                .eq(State::Reserved)
                .and(payouts::lease_until.lt(At::from(now))),
        )
        .order((payouts::lease_until, payouts::id))
        .limit(limit)
        .select(payouts::id)
        .load(conn)
}

/// What did not fit, the latest first.
pub fn parked(
    conn: &mut Conn,
    scope: &Scope,
    limit: i64,
) -> QueryResult<Vec<(Message, Option<String>)>> {
    let mut query = gateway_messages::table
        .left_join(payouts::table)
        .filter(gateway_messages::outcome.eq("parked"))
        .order((gateway_messages::at.desc(), gateway_messages::id.desc()))
        .limit(limit)
        .select((gateway_messages::all_columns, payouts::number.nullable()))
        .into_boxed();
    if !scope.0.is_empty() {
        query = query.filter(payouts::seller_id.eq_any(scope.0.clone()));
    }
    query.load(conn)
}

/// Everything that was said of a payout, oldest first.
pub fn of_payout(conn: &mut Conn, payout: &PayoutId) -> QueryResult<Vec<Message>> {
    gateway_messages::table
        .filter(gateway_messages::payout_id.eq(payout))
        .order((gateway_messages::at, gateway_messages::id))
        .load(conn)
}

pub fn insert_message(tx: &mut Tx, message: &Message) -> QueryResult<()> {
    diesel::insert_into(gateway_messages::table)
        .values(message)
        .execute(&mut **tx)
        .map(|_| ())
}

/// Taken to be sent by nobody else until `lease_until`; as often as `tries` says.
pub fn set_taken(
    tx: &mut Tx,
    id: &PayoutId,
    tries: i64,
    now: DateTime<Utc>,
    lease_until: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(payouts::table.find(id))
        .set((
            payouts::state.eq(State::Reserved),
            payouts::tries.eq(Some(tries)),
            payouts::tried_at.eq(at(Some(now))),
            payouts::lease_until.eq(at(Some(lease_until))),
            payouts::next_at.eq(None::<At>),
        ))
        .execute(&mut **tx)
        .map(|_| ())
}

/// In another state, with nobody at work on it, and looked at again at `next_at`.
pub fn set_waiting(
    tx: &mut Tx,
    id: &PayoutId,
    state: State,
    next_at: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(payouts::table.find(id))
        .set((
            payouts::state.eq(state),
            payouts::lease_until.eq(None::<At>),
            payouts::next_at.eq(at(Some(next_at))),
        ))
        .execute(&mut **tx)
        .map(|_| ())
}

/// Accepted by the gateway under its reference.
pub fn set_accepted(
    tx: &mut Tx,
    id: &PayoutId,
    reference: Option<&str>,
    now: DateTime<Utc>,
    next_at: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(payouts::table.find(id))
        .set((
            payouts::state.eq(State::Sent),
            payouts::reference.eq(reference),
            payouts::sent_at.eq(at(Some(now))),
            payouts::sent_by.eq(Some("gateway")),
            payouts::lease_until.eq(None::<At>),
            payouts::next_at.eq(at(Some(next_at))),
        ))
        .execute(&mut **tx)
        .map(|_| ())
}

/// Asked about once more, and not again before `next_at`.
pub fn set_asked(
    tx: &mut Tx,
    id: &PayoutId,
    tries: i64,
    next_at: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(payouts::table.find(id))
        .set((
            payouts::tries.eq(Some(tries)),
            payouts::next_at.eq(at(Some(next_at))),
        ))
        .execute(&mut **tx)
        .map(|_| ())
}
