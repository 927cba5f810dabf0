//! Files of payouts that somebody sends by hand: a row a file, with the file as it was handed out. Its payouts name it.

use diesel::prelude::*;

use super::columns::At;
use super::payouts::Payout;
use super::schema::{payout_batches, payouts};
use super::tickets::Scope;
use super::{Conn, Tx};
use crate::ids::{BatchId, PayoutId, SellerId};
use crate::rules::assessment::Destination;
use crate::rules::lifecycle::payout::State;

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = payout_batches)]
pub struct Batch {
    pub id: BatchId,
    /// B-1001.
    pub number: String,
    pub seller_id: SellerId,
    pub made_by: String,
    pub made_at: At,
    pub lines: i64,
    /// The CSV, byte for byte.
    pub file: String,
}

pub fn find(conn: &mut Conn, id: &BatchId) -> QueryResult<Batch> {
    payout_batches::table.find(id).first(conn)
}

pub fn for_staff(conn: &mut Conn, scope: &Scope, number: &str) -> QueryResult<Batch> {
    let mut query = payout_batches::table
        .filter(payout_batches::number.eq(number.to_owned()))
        .into_boxed();
    if !scope.0.is_empty() {
        query = query.filter(payout_batches::seller_id.eq_any(scope.0.clone()));
    }
    query.first(conn)
}

/// The newest first.
pub fn list(conn: &mut Conn, scope: &Scope, limit: i64) -> QueryResult<Vec<Batch>> {
    let mut query = payout_batches::table
        .order((payout_batches::made_at.desc(), payout_batches::id.desc()))
        .limit(limit)
        .into_boxed();
    if !scope.0.is_empty() {
        query = query.filter(payout_batches::seller_id.eq_any(scope.0.clone()));
    }
    query.load(conn)
}

/// The payouts that are in a batch now, in the order of its file.
pub fn payouts_of(conn: &mut Conn, batch: &BatchId) -> QueryResult<Vec<Payout>> {
    payouts::table
        .filter(payouts::batch_id.eq(batch))
        .order((payouts::requested_at, payouts::id))
        .load(conn)
}

/// How many payouts of some batches stand in each state.
pub fn tally(conn: &mut Conn, batches: &[BatchId]) -> QueryResult<Vec<(BatchId, State, i64)>> {
    payouts::table
        .filter(payouts::batch_id.eq_any(batches))
        .group_by((payouts::batch_id, payouts::state))
        .select((
            payouts::batch_id.assume_not_null(),
            payouts::state,
            diesel::dsl::count_star(),
        ))
        .load(conn)
}

/// What of a seller can go into a file: it waits, and its own method takes it. The longest waiting first.
pub fn waiting(conn: &mut Conn, seller: &SellerId, limit: i64) -> QueryResult<Vec<Payout>> {
    payouts::table
        .filter(
            payouts::seller_id
                .eq(seller)
                .and(payouts::state.eq(State::Queued))
                .and(payouts::destination.eq(Destination::OriginalPaymentMethod.word())),
        )
        .order((payouts::requested_at, payouts::id))
        .limit(limit)
        .load(conn)
}

/// How many could go into a file, by seller.
pub fn waiting_by_seller(conn: &mut Conn, scope: &Scope) -> QueryResult<Vec<(SellerId, i64)>> {
    let query = payouts::table
        .filter(
            payouts::state
                .eq(State::Queued)
                .and(payouts::destination.eq(Destination::OriginalPaymentMethod.word())),
        )
        .group_by(payouts::seller_id)
        .select((payouts::seller_id, diesel::dsl::count_star()));
    let found: Vec<(SellerId, i64)> = query.load(conn)?;
    let sees = |seller: &SellerId| scope.0.is_empty() || scope.0.contains(seller);
    Ok(found
        .into_iter()
        .filter(|(seller, _)| sees(seller))
        .collect())
}

pub fn insert_batch(tx: &mut Tx, batch: &Batch) -> QueryResult<()> {
    diesel::insert_into(payout_batches::table)
        .values(batch)
        .execute(&mut **tx)
        .map(|_| ())
}

/// Puts a waiting payout into a batch; false where somebody else was faster.
pub fn set_batched(tx: &mut Tx, payout: &PayoutId, batch: &BatchId) -> QueryResult<bool> {
    let waits = payouts::table
        .find(payout)
        .filter(payouts::state.eq(State::Queued));
    diesel::update(waits)
        .set((
            payouts::state.eq(State::Reserved),
            payouts::batch_id.eq(Some(batch)),
            payouts::seq.eq(payouts::seq + 1),
        ))
        .execute(&mut **tx)
        .map(|changed| changed == 1)
}

/// Back into the queue, and out of its batch.
pub fn set_released(tx: &mut Tx, payout: &PayoutId) -> QueryResult<()> {
    diesel::update(payouts::table.find(payout))
        .set((
            payouts::state.eq(State::Queued),
            payouts::batch_id.eq(None::<BatchId>),
        ))
        .execute(&mut **tx)
        .map(|_| ())
}
