//! Chargebacks: what a bank took back from a payment method, what people found out about it, and what became of it.

use diesel::prelude::*;

use super::columns::At;
use super::schema::{deposits, dispute_facts, disputes};
use super::tickets::Scope;
use super::{Conn, Tx, dialect};
use crate::ids::{DepositId, DisputeId, OrderId, PersonId, SellerId};
use crate::rules::facts::DisputeStatus;

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

impl Dispute {
    pub fn is_open(&self) -> bool {
        self.status == DisputeStatus::Open.word()
    }
}

/// What somebody found out about a dispute.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = dispute_facts)]
pub struct Found {
    pub id: String,
    pub dispute_id: DisputeId,
    pub seq: i64,
    /// `reason`, `contacted_first` or `answered_in_time`.
    pub name: String,
    /// `None`: not known after all.
    pub value: Option<String>,
    pub why: String,
    pub who: String,
    pub who_label: String,
    pub at: At,
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

/// A page of the list: open ones by the day their evidence is due, those without one last; closed ones the latest first.
pub fn list(
    conn: &mut Conn,
    scope: &Scope,
    open: bool,
    skip: i64,
    limit: i64,
) -> QueryResult<Vec<Dispute>> {
    let mut query = disputes::table.offset(skip).limit(limit).into_boxed();
    if !scope.0.is_empty() {
        query = query.filter(disputes::seller_id.eq_any(scope.0.clone()));
    }
    if open {
        return query
            .filter(disputes::status.eq("open"))
            .order((
                disputes::evidence_due_at.is_null(),
                disputes::evidence_due_at,
                disputes::opened_at,
                disputes::id,
            ))
            .load(conn);
    }
    query
        .filter(disputes::status.ne("open"))
        .order((disputes::closed_at.desc(), disputes::id.desc()))
        .load(conn)
}

pub fn count(conn: &mut Conn, scope: &Scope, open: bool) -> QueryResult<i64> {
    let mut query = disputes::table.count().into_boxed();
    if !scope.0.is_empty() {
        query = query.filter(disputes::seller_id.eq_any(scope.0.clone()));
    }
    if open {
        query = query.filter(disputes::status.eq("open"));
    } else {
        query = query.filter(disputes::status.ne("open"));
    }
    query.first(conn)
}

/// What people found out, in its order.
pub fn found(conn: &mut Conn, dispute: &DisputeId) -> QueryResult<Vec<Found>> {
    dispute_facts::table
        .filter(dispute_facts::dispute_id.eq(dispute))
        .order(dispute_facts::seq)
        .load(conn)
}

/// Gives it its place after what was found before.
pub fn insert_found(tx: &mut Tx, mut found: Found) -> QueryResult<Found> {
    let before: i64 = dispute_facts::table
        .filter(dispute_facts::dispute_id.eq(&found.dispute_id))
        .count()
        .first(&mut **tx)?;
    found.seq = before + 1;
    diesel::insert_into(dispute_facts::table)
        .values(found.clone())
        .execute(&mut **tx)?;
    Ok(found)
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
