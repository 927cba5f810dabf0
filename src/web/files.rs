//! Files on their way out. Who may have one follows from where it hangs: on one's own draft or ticket, or, for staff, on a ticket
//! of a seller they serve. A browser saves it and never runs it: whatever it is, it leaves as bytes, boxed in by its own policy.

use std::io::Read;

use actix_web::HttpResponse;
use actix_web::body::SizedStream;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY};
use actix_web::web::{Bytes, Data, Path};
use futures_util::stream;

use super::gate::Signed;
use crate::act::Person;
use crate::app::{App, blocking, files};
use crate::db::files::File;
use crate::db::tickets::Scope;
use crate::db::{self, Conn};
use crate::error::{Error, Result};
use crate::ids::FileId;

/// How much is read and sent at a time.
const PIECE: usize = 64 * 1024;

pub async fn show(app: Data<App>, visit: Signed, id: Path<String>) -> Result<HttpResponse> {
    let (id, person) = (FileId::from(id.into_inner()), visit.person.clone());
    let file = app
        .read(move |conn| within_reach(conn, &person, &id))
        .await?;
    let content = app.content(file.blob.clone()).await?;
    let bytes = u64::try_from(file.bytes).unwrap_or(0);
    Ok(HttpResponse::Ok()
        .content_type(files::media_type(&file.kind))
        .insert_header((CONTENT_DISPOSITION, files::disposition(&file.name)))
        .insert_header((CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
        .insert_header((CACHE_CONTROL, "private, no-store"))
        .body(SizedStream::new(bytes, pieces(content))))
}

/// # Errors
/// `NotFound` for a file that is not there and for one that is not theirs alike.
fn within_reach(conn: &mut Conn, person: &Person, id: &FileId) -> Result<File> {
    let file = db::files::find(conn, id)?;
    let Some(ticket) = &file.ticket_id else {
        return if file.owner_id == person.id {
            Ok(file)
        } else {
            Err(Error::NotFound)
        };
    };
    let ticket = db::tickets::find(conn, ticket)?;
    if person.role.is_staff() {
        db::tickets::for_staff(conn, &Scope(person.sellers.clone()), &ticket.number)?;
        return Ok(file);
    }
    let own = ticket.customer_id == person.id && !hangs_on_a_note(conn, &file)?;
    if own { Ok(file) } else { Err(Error::NotFound) }
}

fn hangs_on_a_note(conn: &mut Conn, file: &File) -> Result<bool> {
    let (Some(ticket), Some(message)) = (&file.ticket_id, &file.message_id) else {
        return Ok(false);
    };
    let public = db::tickets::public_messages(conn, ticket)?;
    Ok(!public.iter().any(|one| &one.id == message))
}

fn pieces(
    content: Box<dyn Read + Send>,
) -> impl futures_util::Stream<Item = Result<Bytes>> + 'static {
    stream::try_unfold(content, |mut content| async move {
        let (piece, content) = blocking(move || {
            let mut piece = Vec::with_capacity(PIECE);
            content
                .by_ref()
                .take(PIECE as u64)
                .read_to_end(&mut piece)?;
            Ok((piece, content))
        })
        .await?;
        Ok((!piece.is_empty()).then(|| (Bytes::from(piece), content)))
    })
}
