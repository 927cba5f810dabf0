//! What panels are asked to do: one row a request, there before it leaves and for ever after, with what was answered.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::columns::{At, at};
use super::schema::panel_requests;
use super::{Conn, Tx, dialect};
use crate::ids::{ClaimId, OrderId, RequestId, SellerId};
use crate::rules::lifecycle::request::{Action, State};

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = panel_requests)]
pub struct Request {
    pub id: RequestId,
    pub seller_id: SellerId,
    pub order_id: OrderId,
    /// The claim whose task it serves; `None` where the customer cancelled the order here.
    pub claim_id: Option<ClaimId>,
    pub action: Action,
    pub state: State,
    /// The panel's own number of a refill.
    pub reference: Option<String>,
    pub answer: Option<String>,
    pub asked_by: String,
    pub asked_at: At,
    pub next_at: At,
    pub failures: i64,
    pub sent_at: Option<At>,
    pub settled_at: Option<At>,
}

pub fn find(conn: &mut Conn, id: &RequestId) -> QueryResult<Request> {
    panel_requests::table.find(id).first(conn)
}

/// Oldest first.
pub fn of_order(conn: &mut Conn, order: &OrderId) -> QueryResult<Vec<Request>> {
    panel_requests::table
        .filter(panel_requests::order_id.eq(order))
        .order((panel_requests::asked_at, panel_requests::id))
        .load(conn)
}

/// Those of an order of which nobody knows yet what became.
pub fn open_of_order(conn: &mut Conn, order: &OrderId) -> QueryResult<Vec<Request>> {
    panel_requests::table
        .filter(
            panel_requests::order_id
                .eq(order)
                .and(panel_requests::state.eq_any(State::OPEN)),
        )
        .order((panel_requests::asked_at, panel_requests::id))
        .load(conn)
}

/// A seller's request in one of these states that is due, the longest waiting first.
pub fn next_due(
    conn: &mut Conn,
    seller: &SellerId,
    states: &[State],
    action: Option<Action>,
    now: DateTime<Utc>,
) -> QueryResult<Option<Request>> {
    let mut query = panel_requests::table
        .filter(panel_requests::seller_id.eq(seller.clone()))
        .filter(panel_requests::state.eq_any(states.to_vec()))
        .filter(panel_requests::next_at.le(At::from(now)))
        .order((panel_requests::next_at, panel_requests::id))
        .into_boxed();
    if let Some(action) = action {
        query = query.filter(panel_requests::action.eq(action));
    }
    query.first(conn).optional()
}

/// A second open request of the kind is a unique violation ([`super::already`]), and leaves the transaction usable.
pub fn insert_request(tx: &mut Tx, request: &Request) -> QueryResult<()> {
    dialect::savepoint(tx, |conn| {
        diesel::insert_into(panel_requests::table)
            .values(request)
            .execute(conn)
            .map(|_| ())
    })
}

/// It leaves now: from here on it may have arrived.
pub fn mark_sending(tx: &mut Tx, id: &RequestId, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(panel_requests::table.find(id))
        .set((
            panel_requests::state.eq(State::Sending),
            panel_requests::sent_at.eq(at(Some(now))),
        ))
        .execute(&mut **tx)
        .map(|_| ())
}

/// What is known of it now, and when somebody looks again.
pub fn set_state(
    tx: &mut Tx,
    id: &RequestId,
    state: State,
    answer: &str,
    next: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(panel_requests::table.find(id))
        .set((
            panel_requests::state.eq(state),
            panel_requests::answer.eq(Some(answer)),
            panel_requests::next_at.eq(At::from(next)),
        ))
        .execute(&mut **tx)
        .map(|_| ())
}

pub fn set_reference(tx: &mut Tx, id: &RequestId, reference: &str) -> QueryResult<()> {
    diesel::update(panel_requests::table.find(id))
        .set(panel_requests::reference.eq(Some(reference)))
        .execute(&mut **tx)
        .map(|_| ())
}

/// Looked at in vain once more; again at `next`.
pub fn bump_failures(
    tx: &mut Tx,
    id: &RequestId,
    why: &str,
    next: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(panel_requests::table.find(id))
        .set((
            panel_requests::failures.eq(panel_requests::failures + 1),
            panel_requests::answer.eq(Some(why)),
            panel_requests::next_at.eq(At::from(next)),
        ))
        .execute(&mut **tx)
        .map(|_| ())
}

/// It has ended: refused, done or failed.
pub fn mark_settled(
    tx: &mut Tx,
    id: &RequestId,
    state: State,
    answer: &str,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(panel_requests::table.find(id))
        .set((
            panel_requests::state.eq(state),
            panel_requests::answer.eq(Some(answer)),
            panel_requests::settled_at.eq(at(Some(now))),
        ))
        .execute(&mut **tx)
        .map(|_| ())
}
