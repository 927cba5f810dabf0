//! The calendars of sellers: versions, each in force from a day, never changed. A clock keeps the calendar that it began with in its
//! own row, so a new version moves no promise that was made.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;

use super::columns::At;
use super::schema::calendars;
use super::{Conn, Tx};
use crate::ids::SellerId;

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = calendars)]
pub struct Version {
    pub id: String,
    pub seller_id: SellerId,
    pub version: i64,
    pub valid_from: NaiveDate,
    /// Zone, holidays and hours.
    pub calendar_json: String,
    /// What the holidays are called, by their day.
    pub names_json: String,
    /// The file that it came from.
    pub source: String,
    pub published_at: At,
    pub published_by: String,
}

/// Two people who publish at once collide on the number, and the second is told.
pub fn insert_version(tx: &mut Tx, version: &Version) -> QueryResult<()> {
    diesel::insert_into(calendars::table)
        .values(version.clone())
        .execute(&mut **tx)
        .map(|_| ())
}

/// The newest first.
pub fn of_seller(conn: &mut Conn, seller: &SellerId) -> QueryResult<Vec<Version>> {
    calendars::table
        .filter(calendars::seller_id.eq(seller))
        .order(calendars::version.desc())
        .load(conn)
}

/// The version that is in force on a day, of those that were published by then.
pub fn in_force(
    conn: &mut Conn,
    seller: &SellerId,
    day: NaiveDate,
    at: DateTime<Utc>,
) -> QueryResult<Option<Version>> {
    calendars::table
        .filter(calendars::seller_id.eq(seller))
        .filter(calendars::valid_from.le(day))
        .filter(calendars::published_at.le(At::from(at)))
        .order(calendars::version.desc())
        .first(conn)
        .optional()
}
