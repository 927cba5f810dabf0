//! Refunds that wait for a second pair of eyes, and what became of them. A row changes once, when it is settled; one open at most
//! on a claim.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::columns::At;
use super::schema::exceptions;
use super::tickets::Scope;
use super::{Conn, Tx};
use crate::ids::{AssessmentId, ClaimId, DecisionId, ExceptionId, PersonId, SellerId};

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = exceptions, treat_none_as_default_value = false)]
pub struct Exception {
    pub id: ExceptionId,
    pub seller_id: SellerId,
    pub claim_id: ClaimId,
    pub seq: i64,
    pub assessment_id: AssessmentId,
    pub currency: String,
    pub computed_e8: Option<i64>,
    pub amount_e8: i64,
    pub override_reason: Option<String>,
    pub words: String,
    pub proposed_by: PersonId,
    pub proposed_at: At,
    /// `open`, `approved`, `declined`, `withdrawn` by its proposer, or `overtaken` by news or another decision.
    pub state: String,
    pub settled_by: Option<PersonId>,
    pub settled_at: Option<At>,
    pub settled_words: Option<String>,
    pub decision_id: Option<DecisionId>,
}

/// How an exception ended.
#[derive(Debug, Clone, Copy)]
pub struct End<'a> {
    pub state: &'a str,
    pub by: Option<&'a PersonId>,
    pub at: DateTime<Utc>,
    pub words: Option<&'a str>,
    pub decision: Option<&'a DecisionId>,
}

/// Adds one to the claim, whose row must be locked.
pub fn insert_exception(tx: &mut Tx, mut row: Exception) -> QueryResult<Exception> {
    row.seq = 1 + exceptions::table
        .filter(exceptions::claim_id.eq(&row.claim_id))
        .count()
        .get_result::<i64>(&mut **tx)?;
    diesel::insert_into(exceptions::table)
        .values(row.clone())
        .execute(&mut **tx)?;
    Ok(row)
}

/// Settles an open one; `false` where it was settled before.
pub fn set_ended(tx: &mut Tx, id: &ExceptionId, end: End) -> QueryResult<bool> {
    let open = exceptions::table.filter(exceptions::id.eq(id).and(exceptions::state.eq("open")));
    let changed = diesel::update(open)
        .set((
            exceptions::state.eq(end.state.to_owned()),
            exceptions::settled_by.eq(end.by.cloned()),
            exceptions::settled_at.eq(Some(At::from(end.at))),
            exceptions::settled_words.eq(end.words.map(str::to_owned)),
            exceptions::decision_id.eq(end.decision.cloned()),
        ))
        .execute(&mut **tx)?;
    Ok(changed == 1)
}

pub fn open_on(conn: &mut Conn, claim: &ClaimId) -> QueryResult<Option<Exception>> {
    exceptions::table
        .filter(exceptions::claim_id.eq(claim))
        .filter(exceptions::state.eq("open"))
        .first(conn)
        .optional()
}

/// In the order in which they were proposed.
pub fn of_claim(conn: &mut Conn, claim: &ClaimId) -> QueryResult<Vec<Exception>> {
    exceptions::table
        .filter(exceptions::claim_id.eq(claim))
        .order(exceptions::seq)
        .load(conn)
}

/// What waits, the longest first; or what was settled, the latest first.
pub fn list(conn: &mut Conn, scope: &Scope, open: bool, limit: i64) -> QueryResult<Vec<Exception>> {
    let query = exceptions::table.limit(limit).into_boxed();
    let mut query = if open {
        query
            .filter(exceptions::state.eq("open"))
            .order((exceptions::proposed_at, exceptions::id))
    } else {
        query
            .filter(exceptions::state.ne("open"))
            .order((exceptions::settled_at.desc(), exceptions::id.desc()))
    };
    if !scope.0.is_empty() {
        query = query.filter(exceptions::seller_id.eq_any(scope.0.clone()));
    }
    query.load(conn)
}
