//! Sellers: the shops that share this desk, each with its policy, mail address, time zone and limits.

use chrono_tz::Tz;
use diesel::prelude::*;

use super::columns::At;
use super::schema::sellers;
use super::tickets::Scope;
use super::{Conn, Tx, dialect};
use crate::ids::SellerId;

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = sellers)]
pub struct Seller {
    pub id: SellerId,
    pub slug: String,
    pub name: String,
    pub mail_address: String,
    /// The name of the policy that it publishes.
    pub policy: String,
    pub currency: String,
    /// `None`: the policy's own zone.
    pub time_zone: Option<String>,
    pub holidays_json: Option<String>,
    pub fee_schedule_json: Option<String>,
    pub large_refund_threshold_e8: Option<i64>,
    pub agent_limit_e8: i64,
    pub lead_limit_e8: i64,
    pub created_at: At,
}

impl Seller {
    /// The zone that the seller has set for itself. Where it has none its policy's counts: `desk::policies::zone`.
    pub fn own_zone(&self) -> Option<Tz> {
        self.time_zone.as_deref()?.parse().ok()
    }
}

/// A slug that is taken is a unique violation ([`super::already`]), and leaves the transaction usable.
pub fn insert_seller(tx: &mut Tx, seller: &Seller) -> QueryResult<()> {
    dialect::savepoint(tx, |conn| {
        diesel::insert_into(sellers::table)
            .values(seller)
            .execute(conn)
            .map(|_| ())
    })
}

pub fn find(conn: &mut Conn, id: &SellerId) -> QueryResult<Seller> {
    sellers::table.find(id).first(conn)
}

pub fn by_slug(conn: &mut Conn, slug: &str) -> QueryResult<Option<Seller>> {
    sellers::table
        .filter(sellers::slug.eq(slug))
        .first(conn)
        .optional()
}

/// Every seller, by name.
pub fn all(conn: &mut Conn) -> QueryResult<Vec<Seller>> {
    sellers::table
        .order((sellers::name, sellers::id))
        .load(conn)
}

/// The sellers that someone serves, by name.
pub fn within(conn: &mut Conn, scope: &Scope) -> QueryResult<Vec<Seller>> {
    let mut query = sellers::table
        .order((sellers::name, sellers::id))
        .into_boxed();
    if !scope.0.is_empty() {
        query = query.filter(sellers::id.eq_any(scope.0.clone()));
    }
    query.load(conn)
}
