//! People, the sessions they are signed in by, the links they were mailed, and the tries that are counted against guessing.
//! Of every secret only the SHA-256 is here.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::columns::{At, at};
use super::schema::{attempts, people, sessions, staff_sellers, tokens};
use super::{Conn, Tx, already, dialect, maybe};
use crate::act;
use crate::act::Role;
use crate::error::Result;
use crate::ids::{PersonId, SellerId, SessionId};

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = people, treat_none_as_default_value = false)]
pub struct Person {
    pub id: PersonId,
    /// Folded to lower case; one person an address.
    pub email: String,
    pub name: String,
    pub role: Role,
    pub password_hash: Option<String>,
    pub confirmed_at: Option<At>,
    pub disabled_at: Option<At>,
    /// Whether the seller has seen who they are; `None` where nobody asked.
    pub verified: Option<bool>,
    pub suspended: bool,
    pub time_zone: String,
    pub created_at: At,
}

impl Person {
    /// Confirmed, not disabled, and with a password of their own.
    pub fn is_usable(&self) -> bool {
        self.confirmed_at.is_some() && self.disabled_at.is_none() && self.password_hash.is_some()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = sessions)]
pub struct Session {
    pub id: SessionId,
    pub person_id: Option<PersonId>,
    pub token_hash: String,
    pub device: String,
    pub created_at: At,
    pub seen_at: At,
    pub expires_at: At,
    pub ended_at: Option<At>,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = tokens)]
pub struct Token {
    pub id: String,
    pub person_id: PersonId,
    pub purpose: String,
    pub token_hash: String,
    pub created_at: At,
    pub expires_at: At,
    pub used_at: Option<At>,
}

pub fn find(conn: &mut Conn, id: &PersonId) -> QueryResult<Person> {
    people::table.find(id).first(conn)
}

/// By the address in its one spelling (see `address.rs`).
pub fn by_email(conn: &mut Conn, email: &str) -> Result<Option<Person>> {
    maybe(people::table.filter(people::email.eq(email)).first(conn))
}

/// What these people are called.
pub fn names(conn: &mut Conn, ids: &[PersonId]) -> QueryResult<HashMap<PersonId, String>> {
    let rows = people::table
        .filter(people::id.eq_any(ids.to_vec()))
        .select((people::id, people::name))
        .load::<(PersonId, String)>(conn)?;
    Ok(rows.into_iter().collect())
}

/// The sellers a member of staff is limited to; none for all.
pub fn sellers_of(conn: &mut Conn, id: &PersonId) -> QueryResult<Vec<SellerId>> {
    staff_sellers::table
        .filter(staff_sellers::person_id.eq(id))
        .order(staff_sellers::seller_id)
        .select(staff_sellers::seller_id)
        .load(conn)
}

/// Which members of staff are limited to which sellers.
pub fn limits(conn: &mut Conn) -> QueryResult<Vec<(PersonId, SellerId)>> {
    staff_sellers::table
        .order((staff_sellers::person_id, staff_sellers::seller_id))
        .select((staff_sellers::person_id, staff_sellers::seller_id))
        .load(conn)
}

/// The person as an `Act` names them.
pub fn actor(conn: &mut Conn, person: &Person) -> QueryResult<act::Person> {
    Ok(act::Person {
        id: person.id.clone(),
        name: person.name.clone(),
        email: person.email.clone(),
        role: person.role,
        sellers: sellers_of(conn, &person.id)?,
    })
}

/// All members of staff, by name; those who left last.
pub fn staff(conn: &mut Conn) -> QueryResult<Vec<Person>> {
    // By name, because no index finds what something is not.
    let staff = Role::ALL.into_iter().filter(|role| *role != Role::Customer);
    people::table
        .filter(people::role.eq_any(staff))
        .order((people::disabled_at.is_not_null(), people::name))
        .load(conn)
}

/// A session that is still open at `now`, with the person as they are at this moment: role and standing are never remembered.
/// How long it may lie idle is for the caller to judge, by the role.
pub fn session(
    conn: &mut Conn,
    token_hash: &str,
    now: DateTime<Utc>,
) -> Result<Option<(Session, Person)>> {
    maybe(
        sessions::table
            .inner_join(people::table.on(sessions::person_id.eq(people::id.nullable())))
            .filter(sessions::token_hash.eq(token_hash))
            .filter(sessions::ended_at.is_null())
            .filter(sessions::expires_at.gt(At::from(now)))
            .filter(people::disabled_at.is_null())
            .first(conn),
    )
}

/// Whose session that is, also where its time is over; nobody's once it was ended or the person disabled.
pub fn owner_of_session(conn: &mut Conn, token_hash: &str) -> Result<Option<PersonId>> {
    maybe(
        sessions::table
            .inner_join(people::table.on(sessions::person_id.eq(people::id.nullable())))
            .filter(sessions::token_hash.eq(token_hash))
            .filter(sessions::ended_at.is_null())
            .filter(people::disabled_at.is_null())
            .select(people::id)
            .first(conn),
    )
}

/// Where a person is signed in, the latest seen first.
pub fn sessions_of(
    conn: &mut Conn,
    person: &PersonId,
    now: DateTime<Utc>,
) -> QueryResult<Vec<Session>> {
    sessions::table
        .filter(sessions::person_id.eq(person))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(At::from(now)))
        .order((sessions::seen_at.desc(), sessions::id.desc()))
        .load(conn)
}

/// A mailed link that is neither used nor out of date, for that purpose, with the person it was made for.
pub fn token(
    conn: &mut Conn,
    purpose: &str,
    token_hash: &str,
    now: DateTime<Utc>,
) -> Result<Option<(Token, Person)>> {
    maybe(
        tokens::table
            .inner_join(people::table.on(tokens::person_id.eq(people::id)))
            .filter(tokens::token_hash.eq(token_hash))
            .filter(tokens::purpose.eq(purpose))
            .filter(tokens::used_at.is_null())
            .filter(tokens::expires_at.gt(At::from(now)))
            .filter(people::disabled_at.is_null())
            .first(conn),
    )
}

/// When the subject tried since then, oldest first.
pub fn attempts_since(
    conn: &mut Conn,
    subject: &str,
    since: DateTime<Utc>,
) -> QueryResult<Vec<At>> {
    attempts::table
        .filter(attempts::subject.eq(subject))
        .filter(attempts::at.gt(At::from(since)))
        .order(attempts::at)
        .select(attempts::at)
        .load(conn)
}

/// Says whether the person is new: an address that is taken stays as it is.
pub fn insert_person(tx: &mut Tx, person: &Person) -> QueryResult<bool> {
    let outcome = dialect::savepoint(tx, |conn| {
        diesel::insert_into(people::table)
            .values(person.clone())
            .execute(conn)
    });
    if already(&outcome) {
        return Ok(false);
    }
    outcome.map(|_| true)
}

/// Takes the person's row for the rest of the transaction, so that two sign-ins or two links do not cross; then reads it.
pub fn set_held(tx: &mut Tx, id: &PersonId) -> QueryResult<Person> {
    diesel::update(people::table.find(id))
        .set(people::email.eq(people::email))
        .execute(&mut **tx)?;
    people::table.find(id).first(&mut **tx)
}

pub fn set_profile(tx: &mut Tx, id: &PersonId, name: &str, time_zone: &str) -> QueryResult<usize> {
    diesel::update(people::table.find(id))
        .set((people::name.eq(name), people::time_zone.eq(time_zone)))
        .execute(&mut **tx)
}

pub fn set_password(tx: &mut Tx, id: &PersonId, hash: &str) -> QueryResult<usize> {
    diesel::update(people::table.find(id))
        .set(people::password_hash.eq(Some(hash)))
        .execute(&mut **tx)
}

/// The first confirmation counts; later ones leave it.
pub fn mark_confirmed(tx: &mut Tx, id: &PersonId, now: DateTime<Utc>) -> QueryResult<usize> {
    diesel::update(
        people::table
            .find(id)
            .filter(people::confirmed_at.is_null()),
    )
    .set(people::confirmed_at.eq(at(Some(now))))
    .execute(&mut **tx)
}

pub fn set_disabled(
    tx: &mut Tx,
    id: &PersonId,
    since: Option<DateTime<Utc>>,
) -> QueryResult<usize> {
    diesel::update(people::table.find(id))
        .set(people::disabled_at.eq(at(since)))
        .execute(&mut **tx)
}

pub fn set_role(tx: &mut Tx, id: &PersonId, role: Role) -> QueryResult<usize> {
    diesel::update(people::table.find(id))
        .set(people::role.eq(role))
        .execute(&mut **tx)
}

/// Limits a member of staff to these sellers; none for all.
pub fn set_sellers(tx: &mut Tx, id: &PersonId, sellers: &[SellerId]) -> QueryResult<()> {
    diesel::delete(staff_sellers::table.filter(staff_sellers::person_id.eq(id)))
        .execute(&mut **tx)?;
    for seller in sellers {
        diesel::insert_into(staff_sellers::table)
            .values((
                staff_sellers::person_id.eq(id),
                staff_sellers::seller_id.eq(seller),
            ))
            .execute(&mut **tx)?;
    }
    Ok(())
}

pub fn insert_session(tx: &mut Tx, session: &Session) -> QueryResult<()> {
    diesel::insert_into(sessions::table)
        .values(session.clone())
        .execute(&mut **tx)
        .map(|_| ())
}

pub fn mark_session_seen(tx: &mut Tx, id: &SessionId, now: DateTime<Utc>) -> QueryResult<usize> {
    diesel::update(sessions::table.find(id))
        .set(sessions::seen_at.eq(At::from(now)))
        .execute(&mut **tx)
}

/// Ends one session of the person; another person's is not found.
pub fn mark_session_ended(
    tx: &mut Tx,
    person: &PersonId,
    id: &SessionId,
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    diesel::update(
        sessions::table
            .find(id)
            .filter(sessions::person_id.eq(person))
            .filter(sessions::ended_at.is_null()),
    )
    .set(sessions::ended_at.eq(at(Some(now))))
    .execute(&mut **tx)
}

/// Ends every session of the person.
pub fn mark_sessions_ended(
    tx: &mut Tx,
    person: &PersonId,
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    diesel::update(
        sessions::table
            .filter(sessions::person_id.eq(person))
            .filter(sessions::ended_at.is_null()),
    )
    .set(sessions::ended_at.eq(at(Some(now))))
    .execute(&mut **tx)
}

pub fn insert_token(tx: &mut Tx, token: &Token) -> QueryResult<()> {
    diesel::insert_into(tokens::table)
        .values(token.clone())
        .execute(&mut **tx)
        .map(|_| ())
}

/// Uses a link up: 0 when somebody was faster.
pub fn mark_token_used(tx: &mut Tx, id: &str, now: DateTime<Utc>) -> QueryResult<usize> {
    diesel::update(tokens::table.find(id).filter(tokens::used_at.is_null()))
        .set(tokens::used_at.eq(at(Some(now))))
        .execute(&mut **tx)
}

/// Makes every open link of the person worthless.
pub fn mark_tokens_used(tx: &mut Tx, person: &PersonId, now: DateTime<Utc>) -> QueryResult<usize> {
    diesel::update(
        tokens::table
            .filter(tokens::person_id.eq(person))
            .filter(tokens::used_at.is_null()),
    )
    .set(tokens::used_at.eq(at(Some(now))))
    .execute(&mut **tx)
}

pub fn insert_attempt(tx: &mut Tx, id: &str, subject: &str, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::insert_into(attempts::table)
        .values((
            attempts::id.eq(id),
            attempts::subject.eq(subject),
            attempts::at.eq(At::from(now)),
        ))
        .execute(&mut **tx)
        .map(|_| ())
}

/// Takes one try back.
pub fn delete_attempt(tx: &mut Tx, id: &str) -> QueryResult<usize> {
    diesel::delete(attempts::table.find(id)).execute(&mut **tx)
}

/// Forgets what was counted against the subject.
pub fn delete_attempts(tx: &mut Tx, subject: &str) -> QueryResult<usize> {
    diesel::delete(attempts::table.filter(attempts::subject.eq(subject))).execute(&mut **tx)
}

/// Forgets what no limit looks back to any more, and sessions and links that ended long ago.
pub fn delete_stale(tx: &mut Tx, before: DateTime<Utc>) -> QueryResult<usize> {
    let before = At::from(before);
    let tries =
        diesel::delete(attempts::table.filter(attempts::at.lt(before))).execute(&mut **tx)?;
    let links =
        diesel::delete(tokens::table.filter(tokens::expires_at.lt(before))).execute(&mut **tx)?;
    let visits = diesel::delete(sessions::table.filter(sessions::expires_at.lt(before)))
        .execute(&mut **tx)?;
    Ok(tries + links + visits)
}
