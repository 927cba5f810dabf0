//! Aggregates for the managers' pages, read only. What they count is what happened: clocks, assessments, decisions.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;

use super::Conn;
use super::columns::At;
use super::schema::{claims, clocks, decisions, people, sellers, tickets};
use super::tickets::Scope;
use crate::ids::SellerId;
use crate::rules::sla::{Fate, Sample};

/// The days that a report covers, both ends included, and the seller where it is about one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub seller: Option<SellerId>,
}

type ClockRow = (
    String,
    String,
    String,
    String,
    At,
    NaiveDate,
    At,
    Option<At>,
    String,
    Option<At>,
);

/// Every promise that started in the period, whatever became of it; `now` tells what is late though it still runs.
pub fn samples(
    conn: &mut Conn,
    scope: &Scope,
    period: &Period,
    now: DateTime<Utc>,
) -> QueryResult<Vec<Sample>> {
    let mut query = clocks::table
        .inner_join(sellers::table)
        .filter(
            clocks::starts_on
                .ge(period.from)
                .and(clocks::starts_on.le(period.to)),
        )
        .filter(
            clocks::state
                .ne("void")
                .and(clocks::firmness.ne("estimate")),
        )
        .select((
            sellers::name,
            clocks::kind,
            clocks::clause,
            clocks::firmness,
            clocks::starts_at,
            clocks::starts_on,
            clocks::due_at,
            clocks::stopped_at,
            clocks::state,
            clocks::breached_at,
        ))
        .into_boxed();
    if !scope.0.is_empty() {
        query = query.filter(clocks::seller_id.eq_any(scope.0.clone()));
    }
    if let Some(seller) = &period.seller {
        query = query.filter(clocks::seller_id.eq(seller.clone()));
    }
    let rows: Vec<ClockRow> = query.load(conn)?;
    Ok(rows.into_iter().map(|row| sample(row, now)).collect())
}

fn sample(row: ClockRow, now: DateTime<Utc>) -> Sample {
    let (
        seller,
        kind,
        clause,
        firmness,
        starts_at,
        starts_on,
        due_at,
        stopped_at,
        state,
        breached_at,
    ) = row;
    let late = state == "running" && due_at.utc().timestamp() < now.timestamp();
    let fate = match state.as_str() {
        "met" => Fate::Kept,
        "breached" => Fate::Missed,
        _ if breached_at.is_some() || late => Fate::Missed,
        _ => Fate::Waiting,
    };
    Sample {
        seller,
        kind,
        clause,
        firmness,
        starts_at: starts_at.utc(),
        starts_on,
        due_at: due_at.utc(),
        stopped_at: stopped_at.map(At::utc),
        fate,
    }
}

/// A broken promise with the way to its ticket.
#[derive(Debug, Clone, Queryable)]
pub struct Breach {
    pub ticket: String,
    pub subject: String,
    pub seller: String,
    pub kind: String,
    pub clause: String,
    pub firmness: String,
    pub due_at: At,
    pub stopped_at: Option<At>,
    pub assignee: Option<String>,
}

/// Firm promises that were broken in the period, the latest due first.
pub fn breaches(
    conn: &mut Conn,
    scope: &Scope,
    period: &Period,
    now: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<Breach>> {
    let mut query = clocks::table
        .inner_join(sellers::table)
        .inner_join(
            tickets::table
                .left_join(people::table.on(people::id.nullable().eq(tickets::assignee_id))),
        )
        .filter(
            clocks::starts_on
                .ge(period.from)
                .and(clocks::starts_on.le(period.to)),
        )
        .filter(clocks::firmness.eq_any(["firm", "house"]))
        .filter(
            clocks::state
                .eq("breached")
                .or(clocks::breached_at.is_not_null())
                .or(clocks::state
                    .eq("running")
                    .and(clocks::due_at.lt(At::from(now)))),
        )
        .order((clocks::due_at.desc(), clocks::id))
        .limit(limit)
        .select((
            tickets::number,
            tickets::subject,
            sellers::name,
            clocks::kind,
            clocks::clause,
            clocks::firmness,
            clocks::due_at,
            clocks::stopped_at,
            people::name.nullable(),
        ))
        .into_boxed();
    if !scope.0.is_empty() {
        query = query.filter(clocks::seller_id.eq_any(scope.0.clone()));
    }
    if let Some(seller) = &period.seller {
        query = query.filter(clocks::seller_id.eq(seller.clone()));
    }
    query.load(conn)
}

/// When everything that is open now was opened.
pub fn open_since(
    conn: &mut Conn,
    scope: &Scope,
    seller: Option<&SellerId>,
) -> QueryResult<Vec<DateTime<Utc>>> {
    let mut query = tickets::table
        .filter(tickets::state.ne("closed"))
        .select(tickets::opened_at)
        .into_boxed();
    if !scope.0.is_empty() {
        query = query.filter(tickets::seller_id.eq_any(scope.0.clone()));
    }
    if let Some(seller) = seller {
        query = query.filter(tickets::seller_id.eq(seller.clone()));
    }
    let at: Vec<At> = query.load(conn)?;
    Ok(at.into_iter().map(At::utc).collect())
}

/// What was asked, computed and granted on one ground, in one currency. Amounts at 8 decimals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ground {
    pub seller: String,
    pub ground: String,
    pub currency: String,
    pub filed: i64,
    pub approved: i64,
    pub rejected: i64,
    pub open: i64,
    pub automatic: i64,
    pub overridden: i64,
    pub computed_e8: i64,
    pub granted_e8: i64,
}

type ClaimRow = (String, String, String, String, Option<i64>, Option<i64>);

/// The claims received in the period by seller, ground and currency.
pub fn grounds(conn: &mut Conn, scope: &Scope, period: &Period) -> QueryResult<Vec<Ground>> {
    use std::collections::BTreeMap;
    let mut query = claims::table
        .inner_join(sellers::table)
        .filter(
            claims::received_on
                .ge(period.from)
                .and(claims::received_on.le(period.to)),
        )
        .select((
            claims::id,
            (
                sellers::name,
                claims::ground,
                claims::currency,
                claims::state,
                claims::computed_e8,
                claims::granted_e8,
            ),
        ))
        .into_boxed();
    if !scope.0.is_empty() {
        query = query.filter(claims::seller_id.eq_any(scope.0.clone()));
    }
    if let Some(seller) = &period.seller {
        query = query.filter(claims::seller_id.eq(seller.clone()));
    }
    let rows: Vec<(String, ClaimRow)> = query.load(conn)?;
    let decided = deciders(conn, period)?;
    let mut grounds: BTreeMap<(String, String, String), Ground> = BTreeMap::new();
    for (id, (seller, ground, currency, state, computed, granted)) in rows {
        let key = (seller.clone(), ground.clone(), currency.clone());
        let line = grounds.entry(key).or_insert(Ground {
            seller,
            ground,
            currency,
            filed: 0,
            approved: 0,
            rejected: 0,
            open: 0,
            automatic: 0,
            overridden: 0,
            computed_e8: 0,
            granted_e8: 0,
        });
        line.filed += 1;
        match state.as_str() {
            "approved" => line.approved += 1,
            "rejected" => line.rejected += 1,
            "withdrawn" | "remedied" => {}
            _ => line.open += 1,
        }
        line.computed_e8 += computed.unwrap_or(0);
        line.granted_e8 += granted.unwrap_or(0);
        if let Some((by, overridden)) = decided.get(&id) {
            line.automatic += i64::from(by == "policy");
            line.overridden += i64::from(*overridden);
        }
    }
    Ok(grounds.into_values().collect())
}

/// By claim: who decided last, and whether it was an override.
fn deciders(
    conn: &mut Conn,
    period: &Period,
) -> QueryResult<std::collections::HashMap<String, (String, bool)>> {
    let rows: Vec<(String, String, Option<String>)> = decisions::table
        .inner_join(claims::table)
        .filter(
            claims::received_on
                .ge(period.from)
                .and(claims::received_on.le(period.to)),
        )
        .order(decisions::seq)
        .select((
            decisions::claim_id,
            decisions::decided_by,
            decisions::override_reason,
        ))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(claim, by, reason)| (claim, (by, reason.is_some())))
        .collect())
}

/// An override with what it cost beyond what the rules computed.
#[derive(Debug, Clone, Queryable)]
pub struct Overridden {
    pub claim: String,
    pub ticket: String,
    pub seller: String,
    pub decided_by: String,
    pub reason: Option<String>,
    pub words: String,
    pub currency: String,
    pub computed_e8: Option<i64>,
    pub amount_e8: i64,
    pub at: At,
}

/// Decisions that were not the rules' own, newest first.
pub fn overrides(
    conn: &mut Conn,
    scope: &Scope,
    period: &Period,
    limit: i64,
) -> QueryResult<Vec<Overridden>> {
    let mut query = decisions::table
        .inner_join(claims::table.inner_join(tickets::table))
        .inner_join(sellers::table.on(sellers::id.eq(decisions::seller_id)))
        .left_join(people::table.on(people::id.eq(decisions::decided_by)))
        .filter(decisions::override_reason.is_not_null())
        .filter(
            claims::received_on
                .ge(period.from)
                .and(claims::received_on.le(period.to)),
        )
        .order((decisions::at.desc(), decisions::id))
        .limit(limit)
        .select((
            claims::number,
            tickets::number,
            sellers::name,
            diesel::dsl::sql::<diesel::sql_types::Text>(
                "COALESCE(people.name, decisions.decided_by)",
            ),
            decisions::override_reason,
            decisions::words,
            decisions::currency,
            decisions::computed_e8,
            decisions::amount_e8,
            decisions::at,
        ))
        .into_boxed();
    if !scope.0.is_empty() {
        query = query.filter(decisions::seller_id.eq_any(scope.0.clone()));
    }
    if let Some(seller) = &period.seller {
        query = query.filter(decisions::seller_id.eq(seller.clone()));
    }
    query.load(conn)
}
