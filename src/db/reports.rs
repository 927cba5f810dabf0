//! Aggregates for the managers' pages, read only. What they count is what happened: clocks, assessments, decisions.
//! Promises are here, refunds in `refunds`, why a promise was broken in `causes`; whoever is limited to some sellers (`Scope`) counts only those.

pub mod causes;
pub mod holders;
pub mod refunds;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;

use super::Conn;
use super::columns::At;
use super::schema::{claims, clocks, sellers, tickets};
use super::tickets::Scope;
use crate::ids::SellerId;
use crate::rules::priority::Priority;
use crate::rules::sla::{Fate, Sample};

use self::holders::Holders;

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
    String,
    At,
    NaiveDate,
    At,
    Option<At>,
    String,
    Option<At>,
    Option<i64>,
    Option<String>,
    Option<String>,
);

/// Every promise that started in the period, whatever became of it; `now` tells what is late though it still runs.
pub fn samples(
    conn: &mut Conn,
    scope: &Scope,
    period: &Period,
    holders: &Holders,
    now: DateTime<Utc>,
) -> QueryResult<Vec<Sample>> {
    let mut query = clocks::table
        .inner_join(sellers::table)
        .inner_join(tickets::table)
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
            clocks::ticket_id,
            sellers::slug,
            clocks::kind,
            clocks::clause,
            clocks::firmness,
            clocks::starts_at,
            clocks::starts_on,
            clocks::due_at,
            clocks::stopped_at,
            clocks::state,
            clocks::breached_at,
            clocks::worked_s,
            clocks::priority,
            tickets::priority,
        ))
        .into_boxed();
    if !scope.0.is_empty() {
        query = query.filter(clocks::seller_id.eq_any(scope.0.clone()));
    }
    if let Some(seller) = &period.seller {
        query = query.filter(clocks::seller_id.eq(seller.clone()));
    }
    let rows: Vec<ClockRow> = query.load(conn)?;
    let sample = |row| sample(row, holders, now);
    Ok(rows.into_iter().map(sample).collect())
}

fn sample(row: ClockRow, holders: &Holders, now: DateTime<Utc>) -> Sample {
    let (
        ticket,
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
        worked,
        had,
        has,
    ) = row;
    let late = state == "running" && due_at.utc().timestamp() < now.timestamp();
    let fate = match state.as_str() {
        "met" => Fate::Kept,
        "breached" => Fate::Missed,
        _ if breached_at.is_some() || late => Fate::Missed,
        _ => Fate::Waiting,
    };
    let ended = stopped_at.map_or(now, At::utc);
    Sample {
        agent: holders.at(&ticket, ended).map(str::to_owned),
        seller,
        kind,
        clause,
        firmness,
        starts_at: starts_at.utc(),
        starts_on,
        due_at: due_at.utc(),
        stopped_at: stopped_at.map(At::utc),
        worked,
        priority: Priority::of(had.or(has).as_deref()),
        fate,
    }
}

/// A broken promise with the way to its ticket.
#[derive(Debug, Clone, Queryable)]
pub struct Breach {
    pub ticket_id: String,
    pub claim_id: Option<String>,
    pub ticket: String,
    pub claim: Option<String>,
    pub subject: String,
    pub seller: String,
    /// Its short name.
    pub shop: String,
    pub policy: String,
    pub kind: String,
    pub clause: String,
    pub firmness: String,
    pub due_at: At,
    pub stopped_at: Option<At>,
}

impl Breach {
    /// When it ended, or came due while it runs: the moment at which whoever had it answers for it.
    pub fn ended_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.stopped_at.map_or(now, At::utc)
    }
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
        .inner_join(tickets::table)
        .left_join(claims::table.on(claims::id.nullable().eq(clocks::claim_id)))
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
            clocks::ticket_id,
            clocks::claim_id,
            tickets::number,
            claims::number.nullable(),
            tickets::subject,
            sellers::name,
            sellers::slug,
            sellers::policy,
            clocks::kind,
            clocks::clause,
            clocks::firmness,
            clocks::due_at,
            clocks::stopped_at,
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
