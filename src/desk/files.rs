//! Attaches uploads to drafts, messages and claims. The bytes are in the store before the row is written, and never change.

use chrono::Duration;

use crate::act::Act;
use crate::db::Tx;
use crate::db::files::{self as rows, File};
use crate::error::{Error, Result};
use crate::ids::{DraftId, FileId, MessageId, TicketId};

/// What one person may upload in a day, in bytes.
pub const DAILY: i64 = 200 * 1024 * 1024;
/// How many files hang on one message or draft.
pub const MOST: usize = 5;

/// An upload that the store has taken.
#[derive(Debug, Clone)]
pub struct Upload {
    pub name: String,
    pub kind: String,
    pub bytes: i64,
    pub sha256: String,
    pub blob: String,
}

/// Writes the row of an upload that belongs to the signed-in person, on a draft or waiting for its message.
///
/// # Errors
/// `TooLarge` above the daily quota, or more than five on one draft.
pub fn keep(tx: &mut Tx, act: &Act, upload: &Upload, draft: Option<&DraftId>) -> Result<FileId> {
    let owner = act.person().ok_or(Error::SignIn)?;
    if rows::bytes_since(tx, &owner.id, act.at - Duration::days(1))? + upload.bytes > DAILY {
        return Err(Error::TooLarge("200 MB a day".to_owned()));
    }
    if let Some(draft) = draft
        && rows::of_draft(tx, draft)?.len() >= MOST
    {
        return Err(Error::TooLarge(format!("{MOST} files on one request")));
    }
    let file = File {
        id: FileId::new(act.at),
        owner_id: owner.id.clone(),
        draft_id: draft.cloned(),
        ticket_id: None,
        message_id: None,
        claim_id: None,
        name: upload.name.clone(),
        kind: upload.kind.clone(),
        bytes: upload.bytes,
        sha256: upload.sha256.clone(),
        blob: upload.blob.clone(),
        at: act.at.into(),
        removed_at: None,
    };
    rows::insert_file(tx, &file)?;
    Ok(file.id)
}

/// Hangs the person's own uploads on a message.
pub fn attach(
    tx: &mut Tx,
    act: &Act,
    ticket: &TicketId,
    message: &MessageId,
    files: &[FileId],
) -> Result<()> {
    for id in files {
        let file = rows::find(tx, id)?;
        let own = act
            .person()
            .is_some_and(|person| person.id == file.owner_id);
        if !own || file.message_id.is_some() {
            return Err(Error::NotFound);
        }
        rows::set_message(tx, id, ticket, message)?;
    }
    Ok(())
}

/// Takes an upload off a draft again.
pub fn detach(tx: &mut Tx, act: &Act, draft: &DraftId, id: &FileId) -> Result<()> {
    let file = rows::find(tx, id)?;
    let own = act
        .person()
        .is_some_and(|person| person.id == file.owner_id);
    if !own || file.draft_id.as_ref() != Some(draft) || file.ticket_id.is_some() {
        return Err(Error::NotFound);
    }
    rows::mark_removed(tx, id, act.at)?;
    Ok(())
}
