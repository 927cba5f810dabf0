//! Published policy versions: the documents themselves, frozen. What ends a version is the next one's first day.

use diesel::prelude::*;

use super::columns::At;
use super::schema::policies;
use super::{Conn, Tx, dialect};
use crate::ids::PolicyId;

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = policies)]
pub struct Version {
    pub id: PolicyId,
    pub policy: String,
    pub version: String,
    pub title: String,
    pub valid_from: At,
    pub hash: String,
    pub document: String,
    pub published_by: String,
    pub published_at: At,
}

pub fn insert_version(tx: &mut Tx, row: &Version) -> QueryResult<usize> {
    dialect::savepoint(tx, |conn| {
        diesel::insert_into(policies::table)
            .values(row.clone())
            .execute(conn)
    })
}

/// Oldest version first.
pub fn versions(conn: &mut Conn, policy: &str) -> QueryResult<Vec<Version>> {
    policies::table
        .filter(policies::policy.eq(policy))
        .order(policies::valid_from)
        .load(conn)
}

pub fn all(conn: &mut Conn) -> QueryResult<Vec<Version>> {
    policies::table
        .order((policies::policy, policies::valid_from))
        .load(conn)
}

pub fn find(conn: &mut Conn, id: &PolicyId) -> QueryResult<Version> {
    policies::table.find(id).first(conn)
}
