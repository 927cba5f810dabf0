//! Carries letters out: a short transaction takes one under a lease, it is sent outside any transaction, another marks what
//! became of it. A crash in between sends it again with the same Message-ID: at least once, and nearly always once.

use chrono::Duration;

use crate::act::Act;
use crate::address::Address;
use crate::app::App;
use crate::db::mail::{self, Row, Turn};
use crate::desk::mailroom::{self, UNASKED, with_token};
use crate::error::{Error, Result};
use crate::ids::secret;
use crate::letters::schedule;
use crate::outside::mail::{Author, Outgoing, Party};
use crate::outside::smtp::Failure;

const BATCH: i64 = 50;
/// Letters that nobody wrote, to one address.
const MOST_AN_HOUR: i64 = 60;
/// Letters that anybody can have us write, to all addresses together: whoever has thousands of them written makes nobody a cannon.
const MOST_UNASKED_AN_HOUR: i64 = 500;
/// Longer than a mail server may take (two minutes), so that a slow sender is not overtaken.
const LEASE: Duration = Duration::minutes(10);

/// Sends what is due: how many letters left, and how many could not.
pub async fn tick(app: &App) -> Result<(usize, usize)> {
    let now = turn(app);
    let due = app
        .read(move |conn| Ok(mail::due(conn, now, BATCH)?))
        .await?;
    let (mut sent, mut failed) = (0, 0);
    for id in due {
        // A batch may take longer than a lease: each begins when its letter is taken.
        let now = turn(app);
        let lease = secret()?;
        let fence = lease.clone();
        let Some(row) = app
            .write(move |tx| Ok(mail::set_sending(tx, &id, &fence, now)?))
            .await?
        else {
            continue;
        };
        if carry(app, row, lease).await? {
            sent += 1
        } else {
            failed += 1
        }
    }
    Ok((sent, failed))
}

fn turn(app: &App) -> Turn {
    Turn::of(app.now(), LEASE, schedule::LONGEST)
}

async fn carry(app: &App, row: Row, lease: String) -> Result<bool> {
    let outcome = match (held_back(app, &row).await?, outgoing(app, &row)) {
        (Some(failure), _) => Err(failure),
        (None, Ok(letter)) => app.mailer.send(&letter).await,
        (None, Err(why)) => Err(Failure::Permanent(why.to_string())),
    };
    let act = Act::worker(app.now(), &app.config.public_url);
    let id = row.id.clone();
    match outcome {
        Ok(()) => {
            app.write(move |tx| Ok(mail::mark_sent(tx, &id, &lease, act.at)?))
                .await?;
            Ok(true)
        }
        Err(failure) => {
            let again = match &failure {
                Failure::Temporary(_) => {
                    schedule::backoff(row.attempts, row.id.as_str()).map(|wait| act.at + wait)
                }
                Failure::Permanent(_) => None,
            };
            let why = failure.to_string();
            if again.is_none() {
                tracing::error!(letter = %row.id, kind = %row.kind, %why, "a letter is dead");
            }
            app.write(move |tx| {
                mail::mark_failed(tx, &id, &lease, &why, again)?;
                match again {
                    None => mailroom::refused(tx, &act, &id, &why),
                    Some(_) => Ok(()),
                }
            })
            .await?;
            Ok(false)
        }
    }
}

/// Why a letter must not leave now: mail comes back from its address, too many that nobody wrote went there within an hour, or too many
/// anywhere that anybody can have us write.
async fn held_back(app: &App, row: &Row) -> Result<Option<Failure>> {
    let (to, automatic, since) = (
        row.recipient.clone(),
        row.automatic,
        app.now() - Duration::hours(1),
    );
    let is_unasked = UNASKED.contains(&row.kind.as_str());
    app.read(move |conn| {
        if let Some(why) = mailroom::barred(conn, &to)? {
            return Ok(Some(Failure::Permanent(why)));
        }
        let many = automatic && mail::count_automatic(conn, &to, since)? >= MOST_AN_HOUR;
        if many {
            let why = "Many letters went to this address within an hour; this one follows later.";
            return Ok(Some(Failure::Temporary(why.to_owned())));
        }
        let flood =
            is_unasked && mail::count_of_kinds(conn, &UNASKED, since)? >= MOST_UNASKED_AN_HOUR;
        let why = "Many people asked for such letters within an hour; this one follows later.";
        Ok(flood.then(|| Failure::Temporary(why.to_owned())))
    })
    .await
}

fn outgoing(app: &App, row: &Row) -> Result<Outgoing> {
    let address =
        |text: &str| Address::parse(text).map_err(|why| Error::broken(format!("{text:?}: {why}")));
    let from = row.from_address.as_deref();
    let from = from.unwrap_or(&app.config.mail_from);
    let answers = |kind: char| {
        let token = row.token.as_deref()?;
        with_token(from, kind, token)
    };
    Ok(Outgoing {
        from: Party {
            name: row.from_name.clone(),
            address: address(from)?,
        },
        to: Party {
            name: String::new(),
            address: address(&row.recipient)?,
        },
        reply_to: answers('r'),
        bounces_to: answers('b'),
        subject: row.head_subject().to_owned(),
        text: row.text.clone(),
        html: row.html.clone(),
        at: row.created_at.utc(),
        message_id: row.message_id.clone(),
        in_reply_to: row.in_reply_to.clone(),
        references: row
            .thread
            .iter()
            .flat_map(|ids| ids.split(' '))
            .map(str::to_owned)
            .collect(),
        author: if row.automatic {
            Author::Desk
        } else {
            Author::Person
        },
    })
}
