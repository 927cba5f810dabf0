//! Fetches mail out of mailboxes at other servers. A short transaction takes a mailbox under a lease; outside of any transaction each
//! new mail is fetched, kept by the same verb as a mail from the pipe, and only then marked as seen and passed by. Whatever breaks off
//! in between is done once more, and a mail that is here already is not kept twice.
//!
//! `tick` and `visit` read once and leave; `watch` stays and is told of new mail. `folder` is what both do there.

mod folder;
pub mod watch;

use chrono::{DateTime, Duration, Utc};

use crate::app::App;
use crate::db::imap::{self as rows, Account as Row, Turn};
use crate::desk::panels::later;
use crate::error::{Error, Result};
use crate::ids::{SellerId, secret};
use crate::outside::imap::{Account, Failure, Security};
use folder::Folder;

/// Longer than any one step may take; the turn is renewed with every mail.
const LEASE: Duration = Duration::minutes(3);
/// From one visit to the next, where the server does not tell of new mail itself.
const PAUSE: Duration = Duration::minutes(1);
/// The longest that a mailbox which cannot be read is left alone.
const LONGEST: Duration = Duration::minutes(30);

/// Why a reading ended before its end.
#[derive(Debug)]
enum Stop {
    Failed(Failure),
    /// Somebody else reads the mailbox now, or nobody is to.
    Taken,
    Broken(Error),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Stop {
        Stop::Failed(failure)
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Broken(error)
    }
}

/// Reads every mailbox that is due, once; how many mails were fetched. One that fails stops no other.
pub async fn tick(app: &App) -> Result<usize> {
    let mut fetched = 0;
    for seller in due(app).await? {
        fetched += visit(app, &seller).await?;
    }
    Ok(fetched)
}

/// Reads a seller's mailbox to its end and goes away; nothing where another worker is at it.
pub async fn visit(app: &App, seller: &SellerId) -> Result<usize> {
    let mut turn = turn(app, seller)?;
    let Some(row) = take(app, &turn).await? else {
        return Ok(0);
    };
    let read = async {
        let mut folder = Folder::open(app, row, &mut turn).await?;
        let fetched = folder.read().await?;
        folder.leave().await;
        Ok(fetched)
    };
    match read.await {
        Ok(fetched) => {
            let next = app.now() + PAUSE;
            free(app, &turn, next).await?;
            Ok(fetched)
        }
        Err(stop) => give_back(app, &turn, stop).await.map(|()| 0),
    }
}

/// The sellers whose mailbox is to be read now.
async fn due(app: &App) -> Result<Vec<SellerId>> {
    let now = app.now();
    app.read(move |conn| Ok(rows::due(conn, now, now + LONGEST)?))
        .await
}

fn turn(app: &App, seller: &SellerId) -> Result<Turn> {
    Ok(Turn {
        seller: seller.clone(),
        lease: secret()?,
        until: app.now() + LEASE,
    })
}

async fn take(app: &App, turn: &Turn) -> Result<Option<Row>> {
    let (turn, now) = (turn.clone(), app.now());
    app.write(move |tx| Ok(rows::set_reading(tx, &turn, now, now + LONGEST)?))
        .await
}

async fn free(app: &App, turn: &Turn, next: DateTime<Utc>) -> Result<()> {
    let turn = turn.clone();
    app.write(move |tx| Ok(rows::set_free(tx, &turn, next)?))
        .await
        .map(|_| ())
}

/// Keeps why it could not be read, for the staff; the log hears of it once.
async fn give_back(app: &App, turn: &Turn, stop: Stop) -> Result<()> {
    let why = match stop {
        Stop::Taken => return Ok(()),
        Stop::Failed(failure) => failure.to_string(),
        Stop::Broken(error) => {
            tracing::error!(seller = %turn.seller, %error, "a fetched mail was not kept");
            "a fetched mail could not be kept; the desk's log has the cause".to_owned()
        }
    };
    let seller = turn.seller.clone();
    let row = app
        .read(move |conn| Ok(rows::of_seller(conn, &seller)?))
        .await?;
    let Some(row) = row else { return Ok(()) };
    let next = later(app.now(), PAUSE, row.failures, LONGEST);
    if row.failures == 0 {
        tracing::warn!(seller = %turn.seller, host = %row.host, %why, again_at = %next, "a mailbox cannot be read");
    }
    let turn = turn.clone();
    app.write(move |tx| Ok(rows::mark_failed(tx, &turn, &why, next)?))
        .await
        .map(|_| ())
}

/// How a mailbox is reached, as its row says.
pub fn account(row: &Row) -> Result<Account> {
    let unknown = || Error::broken("a mailbox's row does not read");
    Ok(Account {
        host: row.host.clone(),
        port: u16::try_from(row.port).map_err(Error::broken)?,
        security: Security::of(&row.security).ok_or_else(unknown)?,
        login: row.login.clone(),
        password: row.password.clone(),
        folder: row.folder.clone(),
    })
}
