//! Chargebacks: what a bank took back from a payment method, and what became of it.

use diesel::prelude::*;

use super::columns::At;
use super::schema::{deposits, disputes};
use super::tickets::Scope;
use super::{Conn, Tx, dialect};
use crate::ids::{DepositId, DisputeId, OrderId, PersonId, SellerId};

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, Selectable)]
#[diesel(table_name = disputes)]
pub struct Dispute {
    pub id: DisputeId,
    pub number: String,
    pub seller_id: SellerId,
    pub customer_id: PersonId,
    pub order_id: Option<OrderId>,
    pub deposit_id: Option<DepositId>,
    /// `open`, `won` or `lost`.
    pub status: String,
    /// `fraudulent` or `other`.
    pub reason: Option<String>,
    pub currency: String,
    pub amount_e8: i64,
    pub contacted_first: Option<bool>,
    pub answered_in_time: Option<bool>,
    /// The bank's own name of it.
    pub reference: String,
    pub opened_at: At,
    pub evidence_due_at: Option<At>,
    pub closed_at: Option<At>,
}

pub fn find(conn: &mut Conn, id: &DisputeId) -> QueryResult<Dispute> {
    disputes::table.find(id).first(conn)
}

pub fn by_reference(
    conn: &mut Conn,
    seller: &SellerId,
    reference: &str,
) -> QueryResult<Option<Dispute>> {
    disputes::table
        .filter(
            disputes::seller_id
                .eq(seller)
                .and(disputes::reference.eq(reference)),
        )
        .first(conn)
        .optional()
}

pub fn for_staff(conn: &mut Conn, scope: &Scope, number: &str) -> QueryResult<Dispute> {
    let mut query = disputes::table
        .filter(disputes::number.eq(number.to_owned()))
        .into_boxed();
    if !scope.0.is_empty() {
        query = query.filter(disputes::seller_id.eq_any(scope.0.clone()));
    }
    query.first(conn)
}

/// Newest first.
pub fn of_customer(conn: &mut Conn, customer: &PersonId) -> QueryResult<Vec<Dispute>> {
    disputes::table
        .filter(disputes::customer_id.eq(customer))
        .order((disputes::opened_at.desc(), disputes::id))
        .load(conn)
}

/// On the payment of an order.
pub fn of_order(conn: &mut Conn, order: &OrderId) -> QueryResult<Vec<Dispute>> {
    disputes::table
        .filter(disputes::order_id.eq(order))
        .order((disputes::opened_at, disputes::id))
        .load(conn)
}

pub fn of_deposit(conn: &mut Conn, deposit: &DepositId) -> QueryResult<Vec<Dispute>> {
    disputes::table
        .filter(disputes::deposit_id.eq(deposit))
        .order((disputes::opened_at, disputes::id))
        .load(conn)
}

/// On the deposits of a balance.
pub fn of_balance(
    conn: &mut Conn,
    customer: &PersonId,
    seller: &SellerId,
    currency: &str,
) -> QueryResult<Vec<Dispute>> {
    disputes::table
        .inner_join(deposits::table)
        .filter(
            deposits::customer_id
                .eq(customer)
                .and(deposits::seller_id.eq(seller))
                .and(deposits::currency.eq(currency)),
        )
        .order((disputes::opened_at, disputes::id))
        .select(disputes::all_columns)
        .load(conn)
}

/// A slice of a seller's disputes by id, for verification.
pub fn after(
    conn: &mut Conn,
    seller: &SellerId,
    after: Option<&DisputeId>,
    limit: i64,
) -> QueryResult<Vec<Dispute>> {
    let mut query = disputes::table
        .filter(disputes::seller_id.eq(seller))
        .order(disputes::id)
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(disputes::id.gt(after.clone()));
    }
    query.load(conn)
}

/// Which of these ids are no dispute's.
pub fn missing(conn: &mut Conn, ids: Vec<String>) -> QueryResult<Vec<String>> {
    let wanted = ids
        .iter()
        .map(|id| DisputeId::from(id.as_str()))
        .collect::<Vec<_>>();
    let known: Vec<DisputeId> = disputes::table
        .filter(disputes::id.eq_any(wanted))
        .select(disputes::id)
        .load(conn)?;
    let is_known = |id: &String| known.iter().any(|known| known.as_str() == id);
    Ok(ids.into_iter().filter(|id| !is_known(id)).collect())
}

/// A bank's reference that is known is a unique violation ([`super::already`]), and leaves the transaction usable.
pub fn insert_dispute(tx: &mut Tx, dispute: &Dispute) -> QueryResult<()> {
    dialect::savepoint(tx, |conn| {
        diesel::insert_into(disputes::table)
            .values(dispute)
            .execute(conn)
            .map(|_| ())
    })
}

/// Closes an open dispute; `false` where it was closed before.
pub fn mark_closed(tx: &mut Tx, id: &DisputeId, status: &str, when: At) -> QueryResult<bool> {
    let open = disputes::id.eq(id).and(disputes::status.eq("open"));
    let marked = diesel::update(disputes::table.filter(open))
        .set((
            disputes::status.eq(status),
            disputes::closed_at.eq(Some(when)),
        ))
        .execute(&mut **tx)?;
    Ok(marked == 1)
}
