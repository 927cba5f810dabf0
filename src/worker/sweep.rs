//! Throws away once a day what nobody can need any more: old tries, links and sessions, the keys of forms that nobody can send
//! again, claims that nobody went on writing, and uploads that are nobody's.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};

use crate::act::Act;
use crate::app::{App, blocking};
use crate::db::{files, forms, inbox, people};
use crate::desk;
use crate::error::Result;

/// How far apart sweeps are.
const EVERY: Duration = Duration::days(1);
/// For how long an upload stays that its owner took away.
const REMOVED: Duration = Duration::days(1);
/// Longer than any limit on tries looks back.
const SPENT: Duration = Duration::days(7);
/// Longer than a session lives: whoever could send the form again is signed out by then.
const ANSWERED: Duration = Duration::days(60);

/// As many as one transaction throws away; the rest waits for the next day.
const MOST_DRAFTS: i64 = 10_000;

/// What one worker remembers from one sweep to the next.
#[derive(Debug, Default)]
pub struct Sweep {
    last: Option<DateTime<Utc>>,
    /// Files that no row named then. An upload that was under way has its row by the next sweep.
    strays: BTreeSet<String>,
}

/// How much was thrown away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Tries, links and sessions.
    pub spent: usize,
    pub forms: usize,
    pub drafts: usize,
    pub files: usize,
}

impl Sweep {
    /// At the start, and then a day after the last one.
    pub fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.last.is_none_or(|last| now - last >= EVERY)
    }

    /// Sweeps where it is due. One that fails is tried again the next day.
    pub async fn tick(&mut self, app: &App) -> Result<Swept> {
        let now = app.now();
        if !self.is_due(now) {
            return Ok(Swept::default());
        }
        self.last = Some(now);
        let act = Act::worker(now, &app.config.public_url);
        let (spent, forms, drafts) = app
            .write(move |tx| {
                let spent = people::delete_stale(tx, now - SPENT)?;
                let forms = forms::delete_answered(tx, now - ANSWERED)?
                    + forms::delete_kept(tx, now - desk::forms::KEPT_FOR)?;
                Ok((spent, forms, desk::drafts::sweep(tx, &act, MOST_DRAFTS)?))
            })
            .await?;
        let files = self.files(app, now).await?;
        Ok(Swept {
            spent,
            forms,
            drafts,
            files,
        })
    }

    async fn files(&mut self, app: &App, now: DateTime<Utc>) -> Result<usize> {
        let store = app.store.clone();
        // The store before the rows: what is kept in between is then no stray.
        let stored: BTreeSet<String> = blocking(move || store.list()).await?.into_iter().collect();
        let (removed, named) = app
            .read(move |conn| {
                let removed = files::removed_before(conn, now - REMOVED)?;
                let mut named = files::blobs(conn)?;
                named.extend(inbox::blobs(conn)?);
                Ok((removed, named))
            })
            .await?;
        let named: BTreeSet<String> = named.into_iter().collect();
        let strays: BTreeSet<String> = stored.difference(&named).cloned().collect();
        let mut gone: Vec<String> = strays.intersection(&self.strays).cloned().collect();
        gone.extend(removed.into_iter().filter(|blob| stored.contains(blob)));
        let count = gone.len();
        app.forget(gone).await?;
        self.strays = strays;
        Ok(count)
    }
}
