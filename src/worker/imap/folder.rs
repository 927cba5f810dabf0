//! A folder that is read to its end. What lay there before the mailbox was connected is left alone, also where the server numbers its
//! mails anew; everything else is kept, by whomever it was looked at before. A mail that is too large, or at which the reading breaks
//! off again and again, is told of in the tray and stays where it is, unseen: it holds up no other.

use chrono::Duration;

use super::{LEASE, Stop, account};
use crate::app::App;
use crate::app::mail::LARGEST_MAIL;
use crate::db::Tx;
use crate::db::imap::{self as rows, Account as Row, Turn};
use crate::desk::mailroom::Way;
use crate::error::Result as Written;
use crate::outside::imap::{Failure, Listed, Visit};
use crate::worker::mail::keep;

/// How far the mail server's clock may be from ours: rather an older mail is read than a new one lost.
const SLACK: Duration = Duration::minutes(5);
/// So often the reading may break off at one mail.
const MOST_TRIES: i64 = 5;

pub struct Folder<'a> {
    app: &'a App,
    row: Row,
    turn: &'a mut Turn,
    visit: Visit,
}

/// A mail as far as it is fetched, and why no further.
struct Fetched {
    raw: Vec<u8>,
    left_out: Option<String>,
}

impl<'a> Folder<'a> {
    pub async fn open(app: &'a App, row: Row, turn: &'a mut Turn) -> Result<Folder<'a>, Stop> {
        let visit = app.imap.visit(&account(&row)?).await?;
        let mut folder = Folder {
            app,
            row,
            turn,
            visit,
        };
        folder.renumber().await?;
        Ok(folder)
    }

    /// Whether it can be waited for new mail here.
    pub fn tells(&self) -> bool {
        self.visit.tells
    }

    /// Waits for new mail, at most so long.
    pub async fn wait(&mut self, at_most: std::time::Duration) -> Result<bool, Failure> {
        self.visit.wait(at_most).await
    }

    pub async fn leave(self) {
        self.visit.leave().await;
    }

    /// Another validity than before: the numbers that were remembered mean nothing any more (RFC 3501, 2.3.1.1).
    async fn renumber(&mut self) -> Result<(), Stop> {
        let validity = i64::from(self.visit.uid_validity);
        if self.row.uid_validity == Some(validity) {
            return Ok(());
        }
        let last = self.visit.above(0).await?;
        let last = last.last().map_or(0, |mail| mail.uid);
        let old = i64::from(last.max(self.visit.uid_next.saturating_sub(1)));
        (self.row.uid_validity, self.row.last_uid) = (Some(validity), 0);
        self.row.old_uid = old;
        self.write(move |tx, turn| Ok(rows::set_numbers(tx, turn, validity, old)?))
            .await
    }

    /// Everything that is new; how many mails were fetched.
    pub async fn read(&mut self) -> Result<usize, Stop> {
        // Before anything is asked for: it may have been disconnected while nothing came.
        self.pass(self.row.last_uid).await?;
        let last = u32::try_from(self.row.last_uid).unwrap_or(u32::MAX);
        let listed = self.visit.above(last).await?;
        let mut fetched = 0;
        for mail in &listed {
            if !self.is_old(mail) {
                fetched += usize::from(self.take(mail).await?);
                self.pass(i64::from(mail.uid)).await?;
            }
        }
        if let Some(last) = listed.last().map(|mail| i64::from(mail.uid))
            && last > self.row.last_uid
        {
            self.pass(last).await?;
        }
        let now = self.app.now();
        self.write(move |tx, turn| Ok(rows::mark_checked(tx, turn, now)?))
            .await?;
        if self.row.failures > 0 {
            tracing::info!(seller = %self.turn.seller, host = %self.row.host, "a mailbox can be read again");
            self.row.failures = 0;
        }
        Ok(fetched)
    }

    fn is_old(&self, mail: &Listed) -> bool {
        let connected = self.row.connected_at.utc() - SLACK;
        i64::from(mail.uid) <= self.row.old_uid && mail.at.is_some_and(|at| at < connected)
    }

    async fn take(&mut self, mail: &Listed) -> Result<bool, Stop> {
        let Some(fetched) = self.fetch(mail).await? else {
            return Ok(false);
        };
        let is_whole = fetched.left_out.is_none();
        let way = Way::Imap {
            seller: self.turn.seller.clone(),
            left_out: fetched.left_out,
        };
        keep(self.app, fetched.raw, way).await?;
        if is_whole {
            match self.visit.mark(mail.uid).await {
                // A folder that is only to be read is read all the same.
                Ok(()) | Err(Failure::Refused) => {}
                Err(failure) => return Err(failure.into()),
            }
        }
        Ok(true)
    }

    async fn fetch(&mut self, mail: &Listed) -> Result<Option<Fetched>, Stop> {
        let uid = i64::from(mail.uid);
        let tries = match self.row.stuck_uid {
            Some(stuck) if stuck == uid => self.row.stuck_times,
            _ => 0,
        };
        if tries >= MOST_TRIES {
            return Ok(Some(self.stuck(mail)));
        }
        let is_large = |bytes: usize| bytes > LARGEST_MAIL;
        let found = if is_large(usize::try_from(mail.bytes).unwrap_or(usize::MAX)) {
            self.large(mail).await
        } else {
            match self.visit.whole(mail).await {
                Ok(Some(raw)) if is_large(raw.len()) => self.large(mail).await,
                Ok(raw) => Ok(raw.map(|raw| Fetched {
                    raw,
                    left_out: None,
                })),
                Err(failure) => Err(failure),
            }
        };
        match found {
            Ok(found) => Ok(found),
            Err(failure) => {
                self.write(move |tx, turn| Ok(rows::mark_stuck(tx, turn, uid, tries + 1)?))
                    .await?;
                Err(failure.into())
            }
        }
    }

    async fn large(&mut self, mail: &Listed) -> Result<Option<Fetched>, Failure> {
        let size = mail.bytes.div_ceil(1024 * 1024);
        let left_out = format!(
            "It has {size} MB, and 25 MB is the most that is fetched. Only its head is here; it lies unseen in the mailbox it came to."
        );
        let head = self.visit.head(mail).await?;
        Ok(head.map(|raw| Fetched {
            raw,
            left_out: Some(left_out),
        }))
    }

    /// In the place of a mail that cannot be had: which one it is, so that two of them are two.
    fn stuck(&self, mail: &Listed) -> Fetched {
        let Row { host, folder, .. } = &self.row;
        let which = format!("{}:{}", self.visit.uid_validity, mail.uid);
        Fetched {
            raw: format!("X-Left-Out: {which} in {folder} at {host}\r\n\r\n").into_bytes(),
            left_out: Some(
                "The mail server broke off each time that it was to be fetched. It lies unseen in the mailbox it came to."
                    .to_owned(),
            ),
        }
    }

    async fn pass(&mut self, uid: i64) -> Result<(), Stop> {
        self.row.last_uid = uid;
        self.write(move |tx, turn| Ok(rows::set_last(tx, turn, uid)?))
            .await
    }

    /// A write of whoever has the turn, which it renews.
    async fn write(
        &mut self,
        step: impl Fn(&mut Tx, &Turn) -> Written<bool> + Send + 'static,
    ) -> Result<(), Stop> {
        self.turn.until = self.app.now() + LEASE;
        let turn = self.turn.clone();
        match self.app.write(move |tx| step(tx, &turn)).await? {
            true => Ok(()),
            false => Err(Stop::Taken),
        }
    }
}
