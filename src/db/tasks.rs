//! Tasks: the work that a claim waits for, one row each, with its owner and what came of it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::columns::{At, at};
use super::schema::{claims, tasks};
use super::tickets::Scope;
use super::{Conn, Tx, dialect};
use crate::ids::{ClaimId, PersonId, SellerId, TaskId};
use crate::rules::tasks::{Kind, State};

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = tasks, treat_none_as_default_value = false)]
pub struct Task {
    pub id: TaskId,
    pub seller_id: SellerId,
    pub claim_id: ClaimId,
    pub kind: Kind,
    pub state: State,
    pub owner_id: Option<PersonId>,
    pub opened_at: At,
    pub ended_at: Option<At>,
    pub ended_by: Option<String>,
    pub result: Option<String>,
    /// What a replacement was worth, in the claim's currency.
    pub value_e8: Option<i64>,
}

/// How a task ended.
#[derive(Debug, Clone)]
pub struct Ended<'a> {
    pub state: State,
    pub at: DateTime<Utc>,
    pub by: &'a str,
    pub result: &'a str,
    pub value_e8: Option<i64>,
}

/// Oldest first.
pub fn of_claim(conn: &mut Conn, claim: &ClaimId) -> QueryResult<Vec<Task>> {
    tasks::table
        .filter(tasks::claim_id.eq(claim))
        .order((tasks::opened_at, tasks::id))
        .load(conn)
}

/// The task of that kind that is open on a claim.
pub fn open_of(conn: &mut Conn, claim: &ClaimId, kind: Kind) -> QueryResult<Option<Task>> {
    tasks::table
        .filter(
            tasks::claim_id
                .eq(claim)
                .and(tasks::kind.eq(kind))
                .and(tasks::state.eq(State::Open)),
        )
        .first(conn)
        .optional()
}

/// The open tasks that someone may see, the longest waiting first; those of one person alone where one is named.
pub fn open(
    conn: &mut Conn,
    scope: &Scope,
    owner: Option<&PersonId>,
    limit: i64,
) -> QueryResult<Vec<(Task, String)>> {
    let mut query = tasks::table
        .inner_join(claims::table.on(claims::id.eq(tasks::claim_id)))
        .filter(tasks::state.eq(State::Open))
        .order((tasks::opened_at, tasks::id))
        .select((tasks::all_columns, claims::number))
        .limit(limit)
        .into_boxed();
    if !scope.0.is_empty() {
        query = query.filter(tasks::seller_id.eq_any(scope.0.clone()));
    }
    if let Some(owner) = owner {
        query = query.filter(tasks::owner_id.eq(owner.clone()));
    }
    query.load(conn)
}

pub fn count_open(conn: &mut Conn, scope: &Scope) -> QueryResult<i64> {
    let mut query = tasks::table
        .filter(tasks::state.eq(State::Open))
        .into_boxed();
    if !scope.0.is_empty() {
        query = query.filter(tasks::seller_id.eq_any(scope.0.clone()));
    }
    query.count().get_result(conn)
}

/// A second open task of the kind is a unique violation ([`super::already`]), and leaves the transaction usable.
pub fn insert_task(tx: &mut Tx, task: &Task) -> QueryResult<()> {
    dialect::savepoint(tx, |conn| {
        diesel::insert_into(tasks::table)
            .values(task)
            .execute(conn)
            .map(|_| ())
    })
}

pub fn set_owner(tx: &mut Tx, id: &TaskId, owner: &PersonId) -> QueryResult<()> {
    diesel::update(tasks::table.find(id))
        .set(tasks::owner_id.eq(Some(owner)))
        .execute(&mut **tx)
        .map(|_| ())
}

/// Ends a task that is open; `false` where it had ended before.
pub fn mark_ended(tx: &mut Tx, id: &TaskId, ended: &Ended) -> QueryResult<bool> {
    let open = tasks::table.find(id).filter(tasks::state.eq(State::Open));
    let changed = diesel::update(open)
        .set((
            tasks::state.eq(ended.state),
            tasks::ended_at.eq(at(Some(ended.at))),
            tasks::ended_by.eq(Some(ended.by)),
            tasks::result.eq(Some(ended.result)),
            tasks::value_e8.eq(ended.value_e8),
        ))
        .execute(&mut **tx)?;
    Ok(changed == 1)
}
