//! Which forms were sent and what was answered: the second send of a form gets the first one's answer, and does nothing.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::columns::At;
use super::schema::{forms, kept_forms};
use super::{Conn, Tx, already, dialect};
use crate::ids::PersonId;

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = forms)]
pub struct Form {
    pub key: String,
    /// The person's id, or "visitor".
    pub person_id: String,
    /// The SHA-256 of what was sent where.
    pub fingerprint: String,
    pub location: String,
    pub flash: String,
    pub at: At,
}

/// Takes the key before the work begins: `false` when it is taken. A second server waits here until the first is done.
pub fn insert_form(tx: &mut Tx, form: &Form) -> QueryResult<bool> {
    let outcome = dialect::savepoint(tx, |conn| {
        diesel::insert_into(forms::table)
            .values(form.clone())
            .execute(conn)
    });
    if already(&outcome) {
        return Ok(false);
    }
    outcome.map(|_| true)
}

/// Forgets forms that were sent before an instant.
pub fn delete_answered(tx: &mut Tx, before: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(forms::table.filter(forms::at.lt(At::from(before)))).execute(&mut **tx)
}

pub fn find(conn: &mut Conn, key: &str) -> QueryResult<Form> {
    forms::table.find(key).first(conn)
}

pub fn set_answer(tx: &mut Tx, key: &str, location: &str, flash: &str) -> QueryResult<usize> {
    diesel::update(forms::table.find(key))
        .set((forms::location.eq(location), forms::flash.eq(flash)))
        .execute(&mut **tx)
}

/// What was typed into a form that came too late, for the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = kept_forms)]
pub struct Kept {
    /// Unguessable.
    pub id: String,
    pub person_id: PersonId,
    /// Where it was sent.
    pub path: String,
    /// The page that it stood on; may be empty.
    pub page: String,
    /// It was a form with files; they are not kept.
    pub with_files: bool,
    /// Names and values, in their order.
    pub fields_json: String,
    pub at: At,
}

pub fn insert_kept(tx: &mut Tx, kept: &Kept) -> QueryResult<()> {
    diesel::insert_into(kept_forms::table)
        .values(kept.clone())
        .execute(&mut **tx)
        .map(|_| ())
}

/// How many of a person's are kept since then.
pub fn count_kept(conn: &mut Conn, person: &PersonId, since: DateTime<Utc>) -> QueryResult<i64> {
    kept_forms::table
        .filter(kept_forms::person_id.eq(person))
        .filter(kept_forms::at.gt(At::from(since)))
        .count()
        .get_result(conn)
}

pub fn kept_for(
    conn: &mut Conn,
    person: &PersonId,
    id: &str,
    since: DateTime<Utc>,
) -> QueryResult<Option<Kept>> {
    kept_forms::table
        .find(id)
        .filter(kept_forms::person_id.eq(person))
        .filter(kept_forms::at.gt(At::from(since)))
        .first(conn)
        .optional()
}

pub fn delete_kept(tx: &mut Tx, before: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(kept_forms::table.filter(kept_forms::at.lt(At::from(before)))).execute(&mut **tx)
}
