//! Which forms were sent and what was answered: the second send of a form gets the first one's answer, and does nothing.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::columns::At;
use super::schema::forms;
use super::{Conn, Tx, already, dialect};

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
