//! Panels: how a seller's panel is reached, what it calls our orders, and when it is asked about them.

use std::fmt;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::columns::{At, at};
use super::schema::{panel_orders, panels};
use super::{Conn, Tx, dialect};
use crate::ids::{OrderId, SellerId};

#[derive(Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = panels)]
pub struct Panel {
    pub seller_id: SellerId,
    pub url: String,
    pub api_key: String,
    pub connected_at: At,
    pub next_at: At,
    pub lease: Option<String>,
    /// How often in a row it did not answer.
    pub failures: i64,
    pub problem: Option<String>,
    pub answered_at: Option<At>,
}

/// For a log: without the key.
impl fmt::Debug for Panel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Panel")
            .field("seller_id", &self.seller_id)
            .field("url", &self.url)
            .field("next_at", &self.next_at)
            .field("failures", &self.failures)
            .field("problem", &self.problem)
            .finish_non_exhaustive()
    }
}

/// An order as a panel knows it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = panel_orders)]
pub struct PanelOrder {
    pub order_id: OrderId,
    pub seller_id: SellerId,
    /// The panel's own number of it.
    pub reference: String,
    /// `None`: there is nothing more to ask.
    pub next_at: Option<At>,
    pub failures: i64,
    pub problem: Option<String>,
    pub answered_at: Option<At>,
}

pub fn of_seller(conn: &mut Conn, seller: &SellerId) -> QueryResult<Option<Panel>> {
    panels::table.find(seller).first(conn).optional()
}

/// The sellers whose panel is to be asked now, the longest waiting first.
pub fn due(conn: &mut Conn, now: DateTime<Utc>, limit: i64) -> QueryResult<Vec<SellerId>> {
    panels::table
        .filter(panels::next_at.le(At::from(now)))
        .order((panels::next_at, panels::seller_id))
        .select(panels::seller_id)
        .limit(limit)
        .load(conn)
}

/// Connects a seller's panel, in the place of the one that was connected before.
pub fn set_panel(tx: &mut Tx, panel: &Panel) -> QueryResult<()> {
    let known = diesel::update(panels::table.find(&panel.seller_id))
        .set((
            panels::url.eq(&panel.url),
            panels::api_key.eq(&panel.api_key),
            panels::connected_at.eq(panel.connected_at),
            panels::next_at.eq(panel.next_at),
            panels::lease.eq(None::<String>),
            panels::failures.eq(0),
            panels::problem.eq(None::<String>),
            panels::answered_at.eq(None::<At>),
        ))
        .execute(&mut **tx)?;
    if known == 1 {
        return Ok(());
    }
    diesel::insert_into(panels::table)
        .values(panel)
        .execute(&mut **tx)
        .map(|_| ())
}

/// There is something to ask it now, unless a worker is at it or it is left alone for not answering.
pub fn set_due(tx: &mut Tx, seller: &SellerId, now: DateTime<Utc>) -> QueryResult<()> {
    let idle = panels::table
        .find(seller)
        .filter(panels::lease.is_null())
        .filter(panels::failures.eq(0));
    diesel::update(idle)
        .set(panels::next_at.eq(At::from(now)))
        .execute(&mut **tx)
        .map(|_| ())
}

/// Takes a panel for asking until `until`: `None` where another worker was faster. The lease fences one that slept.
pub fn set_asking(
    tx: &mut Tx,
    seller: &SellerId,
    lease: &str,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> QueryResult<Option<Panel>> {
    let due = panels::table
        .find(seller)
        .filter(panels::next_at.le(At::from(now)));
    let taken = diesel::update(due)
        .set((
            panels::lease.eq(Some(lease)),
            panels::next_at.eq(At::from(until)),
        ))
        .execute(&mut **tx)?;
    if taken == 0 {
        return Ok(None);
    }
    of_seller(tx, seller)
}

/// It answered everything; it is asked again at `next`.
pub fn mark_answered(
    tx: &mut Tx,
    seller: &SellerId,
    lease: &str,
    now: DateTime<Utc>,
    next: DateTime<Utc>,
) -> QueryResult<usize> {
    diesel::update(panels::table.find(seller).filter(panels::lease.eq(lease)))
        .set((
            panels::lease.eq(None::<String>),
            panels::next_at.eq(At::from(next)),
            panels::failures.eq(0),
            panels::problem.eq(None::<String>),
            panels::answered_at.eq(at(Some(now))),
        ))
        .execute(&mut **tx)
}

/// It did not answer, and why; it is asked again at `next`.
pub fn mark_failed(
    tx: &mut Tx,
    seller: &SellerId,
    lease: &str,
    why: &str,
    next: DateTime<Utc>,
) -> QueryResult<usize> {
    diesel::update(panels::table.find(seller).filter(panels::lease.eq(lease)))
        .set((
            panels::lease.eq(None::<String>),
            panels::next_at.eq(At::from(next)),
            panels::failures.eq(panels::failures + 1),
            panels::problem.eq(Some(why)),
        ))
        .execute(&mut **tx)
}

pub fn of_order(conn: &mut Conn, order: &OrderId) -> QueryResult<Option<PanelOrder>> {
    panel_orders::table.find(order).first(conn).optional()
}

/// The order that a panel calls so.
pub fn by_reference(
    conn: &mut Conn,
    seller: &SellerId,
    reference: &str,
) -> QueryResult<Option<PanelOrder>> {
    panel_orders::table
        .filter(
            panel_orders::seller_id
                .eq(seller)
                .and(panel_orders::reference.eq(reference)),
        )
        .first(conn)
        .optional()
}

/// A seller's orders that the panel is to be asked about now, the longest waiting first.
pub fn due_orders(
    conn: &mut Conn,
    seller: &SellerId,
    now: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<PanelOrder>> {
    panel_orders::table
        .filter(
            panel_orders::seller_id
                .eq(seller)
                .and(panel_orders::next_at.le(At::from(now))),
        )
        .order((panel_orders::next_at, panel_orders::order_id))
        .limit(limit)
        .load(conn)
}

/// A reference that another order has is a unique violation ([`super::already`]), and leaves the transaction usable.
pub fn insert_panel_order(tx: &mut Tx, order: &PanelOrder) -> QueryResult<()> {
    dialect::savepoint(tx, |conn| {
        diesel::insert_into(panel_orders::table)
            .values(order)
            .execute(conn)
            .map(|_| ())
    })
}

/// The panel calls it otherwise from now on, and is asked about it at `next`.
pub fn set_reference(
    tx: &mut Tx,
    order: &OrderId,
    reference: &str,
    next: Option<DateTime<Utc>>,
) -> QueryResult<()> {
    diesel::update(panel_orders::table.find(order))
        .set((
            panel_orders::reference.eq(reference),
            panel_orders::next_at.eq(at(next)),
            panel_orders::failures.eq(0),
            panel_orders::problem.eq(None::<String>),
        ))
        .execute(&mut **tx)
        .map(|_| ())
}

/// When the panel is asked about an order again, and what was wrong with its answer; `None` for nothing.
pub fn set_asked(
    tx: &mut Tx,
    order: &OrderId,
    next: Option<DateTime<Utc>>,
    problem: Option<&str>,
) -> QueryResult<()> {
    let row = panel_orders::table.find(order);
    match problem {
        Some(_) => diesel::update(row)
            .set((
                panel_orders::next_at.eq(at(next)),
                panel_orders::failures.eq(panel_orders::failures + 1),
                panel_orders::problem.eq(problem),
            ))
            .execute(&mut **tx),
        None => diesel::update(row)
            .set((
                panel_orders::next_at.eq(at(next)),
                panel_orders::failures.eq(0),
                panel_orders::problem.eq(None::<String>),
            ))
            .execute(&mut **tx),
    }
    .map(|_| ())
}

/// The panel answered about an order just now.
pub fn mark_order_answered(tx: &mut Tx, order: &OrderId, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(panel_orders::table.find(order))
        .set(panel_orders::answered_at.eq(at(Some(now))))
        .execute(&mut **tx)
        .map(|_| ())
}
