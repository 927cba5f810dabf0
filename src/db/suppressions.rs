//! Addresses to which nothing is sent, because mail came back from there.

use diesel::prelude::*;

use super::columns::At;
use super::schema::suppressions;
use super::{Conn, Tx, already, dialect};
use crate::ids::LetterId;

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = suppressions)]
pub struct Suppression {
    pub address: String,
    /// The mail server's words.
    pub reason: String,
    pub letter_id: Option<LetterId>,
    pub at: At,
}

/// Says whether it is new; one that is there stays as it is.
pub fn insert_suppression(tx: &mut Tx, row: &Suppression) -> QueryResult<bool> {
    let kept = dialect::savepoint(tx, |conn| {
        diesel::insert_into(suppressions::table)
            .values(row.clone())
            .execute(conn)
    });
    if already(&kept) {
        Ok(false)
    } else {
        kept.map(|_| true)
    }
}

/// Says whether there was one.
pub fn delete_suppression(tx: &mut Tx, address: &str) -> QueryResult<bool> {
    diesel::delete(suppressions::table.find(address))
        .execute(&mut **tx)
        .map(|gone| gone == 1)
}

pub fn of(conn: &mut Conn, address: &str) -> QueryResult<Option<Suppression>> {
    suppressions::table.find(address).first(conn).optional()
}
