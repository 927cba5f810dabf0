//! Aggregates for the managers' pages, read only. What they count is what happened: clocks, assessments, decisions.
//! Promises are in `promises`, refunds in `refunds`, why a promise was broken in `causes`; `days` are the days that are kept so that
//! nobody counts them again. Whoever is limited to some sellers (`Scope`) counts only those.

pub mod causes;
pub mod days;
pub mod holders;
pub mod promises;
pub mod refunds;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;

use super::Conn;
use super::columns::At;
use super::schema::tickets;
use super::sellers::{self, Seller};
use super::tickets::Scope;
use crate::ids::SellerId;

pub use promises::{Breach, Missed, broken, samples};

/// The days that a report covers, both ends included, and the seller where it is about one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub seller: Option<SellerId>,
}

/// Those that a report is about.
fn sellers_of(conn: &mut Conn, scope: &Scope, period: &Period) -> QueryResult<Vec<Seller>> {
    let mut sellers = sellers::within(conn, scope)?;
    if let Some(only) = &period.seller {
        sellers.retain(|seller| seller.id == *only);
    }
    Ok(sellers)
}

/// The state of every ticket that is open now, and when it was opened.
pub fn open_now(
    conn: &mut Conn,
    scope: &Scope,
    seller: Option<&SellerId>,
) -> QueryResult<Vec<(String, DateTime<Utc>)>> {
    let mut query = tickets::table
        .filter(tickets::state.ne("closed"))
        .select((tickets::state, tickets::opened_at))
        .into_boxed();
    if !scope.0.is_empty() {
        query = query.filter(tickets::seller_id.eq_any(scope.0.clone()));
    }
    if let Some(seller) = seller {
        query = query.filter(tickets::seller_id.eq(seller.clone()));
    }
    let open: Vec<(String, At)> = query.load(conn)?;
    Ok(open
        .into_iter()
        .map(|(state, at)| (state, at.utc()))
        .collect())
}
