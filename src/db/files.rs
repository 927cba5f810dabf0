//! Uploaded files: their names and whereabouts. The bytes are in the store, under names of their own.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::columns::At;
use super::schema::files;
use super::{Conn, Tx};
use crate::ids::{ClaimId, DraftId, FileId, MessageId, PersonId, TicketId};

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = files)]
pub struct File {
    pub id: FileId,
    pub owner_id: PersonId,
    pub draft_id: Option<DraftId>,
    pub ticket_id: Option<TicketId>,
    pub message_id: Option<MessageId>,
    pub claim_id: Option<ClaimId>,
    pub name: String,
    pub kind: String,
    pub bytes: i64,
    pub sha256: String,
    pub blob: String,
    pub at: At,
    pub removed_at: Option<At>,
}

pub fn insert_file(tx: &mut Tx, file: &File) -> QueryResult<()> {
    diesel::insert_into(files::table)
        .values(file.clone())
        .execute(&mut **tx)
        .map(|_| ())
}

pub fn mark_removed(tx: &mut Tx, id: &FileId, at: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(files::table.find(id))
        .set(files::removed_at.eq(Some(At::from(at))))
        .execute(&mut **tx)
        .map(|_| ())
}

/// Hands a draft's files to the claim it became.
pub fn set_claim(
    tx: &mut Tx,
    draft: &DraftId,
    ticket: &TicketId,
    claim: &ClaimId,
) -> QueryResult<()> {
    diesel::update(files::table.filter(files::draft_id.eq(draft).and(files::removed_at.is_null())))
        .set((
            files::ticket_id.eq(Some(ticket)),
            files::claim_id.eq(Some(claim)),
        ))
        .execute(&mut **tx)
        .map(|_| ())
}

pub fn set_message(
    tx: &mut Tx,
    id: &FileId,
    ticket: &TicketId,
    message: &MessageId,
) -> QueryResult<()> {
    diesel::update(files::table.find(id))
        .set((
            files::ticket_id.eq(Some(ticket)),
            files::message_id.eq(Some(message)),
        ))
        .execute(&mut **tx)
        .map(|_| ())
}

pub fn find(conn: &mut Conn, id: &FileId) -> QueryResult<File> {
    files::table
        .filter(files::id.eq(id).and(files::removed_at.is_null()))
        .first(conn)
}

pub fn of_draft(conn: &mut Conn, draft: &DraftId) -> QueryResult<Vec<File>> {
    files::table
        .filter(files::draft_id.eq(draft).and(files::removed_at.is_null()))
        .order((files::at, files::id))
        .load(conn)
}

pub fn of_ticket(conn: &mut Conn, ticket: &TicketId) -> QueryResult<Vec<File>> {
    files::table
        .filter(files::ticket_id.eq(ticket).and(files::removed_at.is_null()))
        .order((files::at, files::id))
        .load(conn)
}

/// Bytes that a person has uploaded since an instant: the daily quota.
pub fn bytes_since(conn: &mut Conn, owner: &PersonId, since: DateTime<Utc>) -> QueryResult<i64> {
    files::table
        .filter(files::owner_id.eq(owner).and(files::at.ge(At::from(since))))
        .select(super::dialect::total("bytes"))
        .first(conn)
}

/// Blobs whose rows were removed before an instant: what a sweep may delete.
pub fn removed_before(conn: &mut Conn, before: DateTime<Utc>) -> QueryResult<Vec<String>> {
    files::table
        .filter(files::removed_at.lt(At::from(before)))
        .select(files::blob)
        .load(conn)
}

/// Every blob that a row names, removed or not.
pub fn blobs(conn: &mut Conn) -> QueryResult<Vec<String>> {
    files::table.select(files::blob).load(conn)
}
