//! What was decided about a customer because of a dispute, and its end before its time. Neither is ever changed.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::columns::At;
use super::schema::{lifts, sanctions};
use super::tickets::Scope;
use super::{Conn, Tx, dialect};
use crate::ids::{DisputeId, PersonId, PolicyId, SanctionId, SellerId};

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = sanctions)]
pub struct Sanction {
    pub id: SanctionId,
    pub number: String,
    pub seller_id: SellerId,
    pub customer_id: PersonId,
    pub dispute_id: DisputeId,
    /// `suspension`, `closure`, `block` or `fee`.
    pub kind: String,
    pub policy_id: PolicyId,
    pub clause: String,
    pub reason: String,
    pub starts_at: At,
    /// The first instant at which it no longer holds; `None`: until it is lifted.
    pub ends_at: Option<At>,
    pub currency: Option<String>,
    pub amount_e8: Option<i64>,
    pub decided_by: String,
    pub decided_by_label: String,
    pub at: At,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = lifts)]
pub struct Lift {
    pub sanction_id: SanctionId,
    pub reason: String,
    pub lifted_by: String,
    pub lifted_by_label: String,
    pub at: At,
}

/// A sanction with its end, where it was lifted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub sanction: Sanction,
    pub lift: Option<Lift>,
}

impl Kept {
    /// From its first instant to the one at which it ends or was lifted.
    pub fn holds(&self, at: DateTime<Utc>) -> bool {
        let begun = self.sanction.starts_at.utc() <= at;
        begun && !self.is_over(at)
    }

    pub fn is_over(&self, at: DateTime<Utc>) -> bool {
        let ended = self.sanction.ends_at.is_some_and(|end| end.utc() <= at);
        ended || self.lift.as_ref().is_some_and(|lift| lift.at.utc() <= at)
    }
}

pub fn insert_sanction(tx: &mut Tx, sanction: &Sanction) -> QueryResult<()> {
    diesel::insert_into(sanctions::table)
        .values(sanction.clone())
        .execute(&mut **tx)
        .map(|_| ())
}

/// A second lift is a unique violation ([`super::already`]), and leaves the transaction usable.
pub fn insert_lift(tx: &mut Tx, lift: &Lift) -> QueryResult<()> {
    dialect::savepoint(tx, |conn| {
        diesel::insert_into(lifts::table)
            .values(lift.clone())
            .execute(conn)
            .map(|_| ())
    })
}

pub fn for_staff(conn: &mut Conn, scope: &Scope, number: &str) -> QueryResult<Kept> {
    let mut query = sanctions::table
        .left_join(lifts::table)
        .filter(sanctions::number.eq(number.to_owned()))
        .into_boxed();
    if !scope.0.is_empty() {
        query = query.filter(sanctions::seller_id.eq_any(scope.0.clone()));
    }
    let (sanction, lift) = query.first(conn)?;
    Ok(Kept { sanction, lift })
}

/// Every one that a customer ever had, the oldest first: with one seller, or with all.
pub fn of_customer(
    conn: &mut Conn,
    customer: &PersonId,
    seller: Option<&SellerId>,
) -> QueryResult<Vec<Kept>> {
    let mut query = sanctions::table
        .left_join(lifts::table)
        .filter(sanctions::customer_id.eq(customer.clone()))
        .order((sanctions::at, sanctions::id))
        .into_boxed();
    if let Some(seller) = seller {
        query = query.filter(sanctions::seller_id.eq(seller.clone()));
    }
    let rows: Vec<(Sanction, Option<Lift>)> = query.load(conn)?;
    let kept = rows.into_iter();
    Ok(kept
        .map(|(sanction, lift)| Kept { sanction, lift })
        .collect())
}
