//! Reads the mail that was kept: bytes out of the store, words out of the bytes, files back into the store, and one transaction that
//! puts it where it belongs. A mail on which the reader breaks gets fewer and later turns, and in the end a place in the tray; it
//! holds up nothing else.

use chrono::{DateTime, Duration, Utc};

use crate::act::{Act, Door, Who};
use crate::app::App;
use crate::db::inbox::{self, Mail};
use crate::desk::files::Upload;
use crate::desk::mailroom::{self, Arrived, Kept, Ours, Outcome, Route, Way};
use crate::error::{Error, Result};
use crate::ids::MailId;

const BATCH: i64 = 50;
const MOST_TRIES: i64 = 3;

/// Reads what is due; how many mails were settled.
pub async fn tick(app: &App) -> Result<usize> {
    let now = app.now();
    let due = app
        .read(move |conn| Ok(inbox::due(conn, now, BATCH)?))
        .await?;
    let mut settled = 0;
    for mail in due {
        let number = mail.number.clone();
        match read(app, mail).await {
            Ok(true) => settled += 1,
            Ok(false) => {}
            Err(error) => tracing::error!(mail = %number, %error, "a mail could not be read"),
        }
    }
    Ok(settled)
}

/// When a mail that broke its reader is tried again.
fn again(now: DateTime<Utc>, tries: i64) -> DateTime<Utc> {
    now + Duration::minutes(1 << tries.clamp(0, 6))
}

async fn read(app: &App, row: Mail) -> Result<bool> {
    let act = app.act(Who::Worker, Door::Mail, "");
    let (id, later) = (row.id.clone(), again(act.at, row.attempts));
    // Before the bytes are looked at: where that ends the process, the try is counted.
    let begun = app
        .write(move |tx| Ok(inbox::bump_attempt(tx, &id, later)?))
        .await?;
    match begun {
        None => return Ok(false),
        Some(tries) if tries > MOST_TRIES => {
            app.write(move |tx| mailroom::give_up(tx, &act, &row))
                .await?;
            return Ok(true);
        }
        Some(_) => {}
    }
    let mut reading = app.read_mail(&row.blob).await?;
    let ours = Ours {
        authserv: app.config.authserv.clone(),
        mail_from: app.config.mail_from.clone(),
    };
    let files = std::mem::take(&mut reading.mail.attachments);
    let (uploads, refused) = match wants_files(app, &act, &row, &reading.mail, &ours).await? {
        true => kept(app, files).await?,
        false => (Vec::new(), Vec::new()),
    };
    let blobs: Vec<String> = uploads.iter().map(|upload| upload.blob.clone()).collect();
    let outcome = app
        .write(move |tx| {
            let read = mailroom::Read {
                mail: &reading.mail,
                why_not: &reading.why_not,
                files: &uploads,
                refused: &refused,
            };
            mailroom::receive(tx, &act, &row.id, &read, &ours)
        })
        .await;
    // After an error nobody knows whether the rows are there: the sweep throws away what none of them names.
    if matches!(outcome, Ok(Outcome::Aside | Outcome::Settled)) {
        app.forget(blobs).await?;
    }
    outcome.map(|outcome| outcome != Outcome::Settled)
}

/// Whether it goes into a conversation as far as can be said now: a stranger's files are not written twice.
async fn wants_files(
    app: &App,
    act: &Act,
    row: &Mail,
    mail: &crate::incoming::Incoming,
    ours: &Ours,
) -> Result<bool> {
    let (act, row, mail, ours) = (act.clone(), row.clone(), mail.clone(), ours.clone());
    app.read(move |conn| {
        let routed = mailroom::route(conn, &act, &row, &mail, &ours)?;
        Ok(matches!(routed.route, Route::Reply(..) | Route::New(..)))
    })
    .await
}

async fn kept(
    app: &App,
    files: Vec<crate::incoming::Attachment>,
) -> Result<(Vec<Upload>, Vec<String>)> {
    let (kept, refused) = app.keep_attached(files).await?;
    let upload = |kept: crate::app::files::Kept| Upload {
        name: kept.name,
        kind: kept.kind.to_owned(),
        bytes: kept.bytes,
        sha256: kept.sha256,
        blob: kept.blob,
    };
    Ok((kept.into_iter().map(upload).collect(), refused))
}

/// Keeps a mail that came in, by whichever way. `Ok(None)` where the address is nobody's here.
///
/// # Errors
/// `TooLarge`; anything else is worth another try.
pub async fn keep(app: &App, raw: Vec<u8>, way: Way) -> Result<Option<MailId>> {
    let stored = app.keep_mail(raw).await?;
    let arrived = Arrived {
        blob: stored.blob.clone(),
        bytes: stored.bytes,
        sha256: stored.sha256,
        digest: stored.digest,
        names: stored.names,
        way,
    };
    let act = app.act(Who::Worker, Door::Mail, "");
    let outcome = app
        .write(move |tx| mailroom::keep(tx, &act, &arrived))
        .await;
    match outcome {
        Ok(Kept::New(id)) => Ok(Some(id)),
        Ok(Kept::Known(id)) => {
            app.forget(vec![stored.blob]).await?;
            Ok(Some(id))
        }
        Err(Error::NotFound) => {
            app.forget(vec![stored.blob]).await?;
            Ok(None)
        }
        // Its row may be there all the same, and the mail server's next try is then the same mail: the bytes stay.
        Err(other) => Err(other),
    }
}
