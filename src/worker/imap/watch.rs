//! Stays at the mailboxes: at those whose server tells of new mail as long as the connection holds, at the others for a visit each
//! minute. Ends when it is told to, wherever it is: what was begun is done again.

use std::time::Duration;

use tokio::sync::watch::Receiver;
use tokio::task::JoinSet;

use super::folder::Folder;
use super::{PAUSE, Stop, due, free, give_back, take, turn};
use crate::app::App;
use crate::db::imap::{Account, Turn};
use crate::error::Result;
use crate::ids::SellerId;

/// How soon a mailbox is noticed that is due.
const LOOK: Duration = Duration::from_secs(2);
/// A server that tells of mail is asked all the same so often, which renews the turn too: it may have died without a word, and
/// hangs up after 29 minutes (RFC 2177).
const QUIET: Duration = Duration::from_secs(90);

/// Until told to stop.
pub async fn run(app: App, mut stop: Receiver<bool>) {
    let mut readers = JoinSet::new();
    while !*stop.borrow() {
        match due(&app).await {
            Ok(sellers) => {
                for seller in sellers {
                    readers.spawn(stay(app.clone(), seller, stop.clone()));
                }
            }
            Err(error) => tracing::error!(%error, "the mailboxes were not looked at"),
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            changed = stop.changed() => if changed.is_err() { return },
        }
        while let Some(ended) = readers.try_join_next() {
            told(ended);
        }
    }
    while let Some(ended) = readers.join_next().await {
        told(ended);
    }
}

/// The log hears of what is unexpected alone; the rest is kept with the mailbox.
fn told(ended: std::result::Result<Result<()>, tokio::task::JoinError>) {
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "a mailbox was not read"),
        Err(broken) => tracing::error!(%broken, "a mailbox's reader broke"),
    }
}

/// At one mailbox until something ends it.
async fn stay(app: App, seller: SellerId, mut stop: Receiver<bool>) -> Result<()> {
    let mut turn = turn(&app, &seller)?;
    let Some(row) = take(&app, &turn).await? else {
        return Ok(());
    };
    let ended = tokio::select! {
        ended = listen(&app, row, &mut turn) => Some(ended),
        _ = stop.changed() => None,
    };
    match ended {
        None => free(&app, &turn, app.now()).await,
        Some(Ok(())) => free(&app, &turn, app.now() + PAUSE).await,
        Some(Err(stop)) => give_back(&app, &turn, stop).await,
    }
}

async fn listen(app: &App, row: Account, turn: &mut Turn) -> std::result::Result<(), Stop> {
    let mut folder = Folder::open(app, row, turn).await?;
    loop {
        folder.read().await?;
        if !folder.tells() {
            folder.leave().await;
            return Ok(());
        }
        // A server that hangs up on who waits, or lets nobody wait, has handed over its mail: only a visit says that it does not.
        if folder.wait(QUIET).await.is_err() {
            return Ok(());
        }
    }
}
