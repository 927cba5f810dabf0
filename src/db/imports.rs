//! What was imported, when, by whom, and what became of each line: the reports of `desk::intake`.

use diesel::prelude::*;

use super::columns::At;
use super::schema::imports;
use super::{Conn, Tx};
use crate::ids::SellerId;

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = imports)]
pub struct Import {
    pub id: String,
    pub seller_id: SellerId,
    pub kind: String,
    pub file_name: String,
    pub at: At,
    pub who: String,
    pub lines: i64,
    pub added: i64,
    pub changed: i64,
    pub same: i64,
    pub refused: i64,
    /// The refusals: line, field, why.
    pub report_json: String,
}

pub fn insert_import(tx: &mut Tx, row: &Import) -> QueryResult<()> {
    diesel::insert_into(imports::table)
        .values(row)
        .execute(&mut **tx)
        .map(|_| ())
}

/// The newest imports of a seller first.
pub fn latest(conn: &mut Conn, seller: &SellerId, limit: i64) -> QueryResult<Vec<Import>> {
    imports::table
        .filter(imports::seller_id.eq(seller))
        .order((imports::at.desc(), imports::id.desc()))
        .limit(limit)
        .load(conn)
}
