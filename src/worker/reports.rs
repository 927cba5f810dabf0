//! Keeps days for the reports, a few a minute: whatever happens on a ticket throws its days away, and most of them are looked at again
//! before they are kept again.

use chrono::{DateTime, Duration, Utc};

use crate::app::App;
use crate::desk::reports;
use crate::error::Result;

/// How far apart two rounds of it are.
const EVERY: Duration = Duration::minutes(1);
/// Days of each seller that one transaction keeps: nobody else can write while it reads what they hold.
const AT_ONCE: usize = 1;

/// What one worker remembers.
#[derive(Debug, Default)]
pub struct Days {
    last: Option<DateTime<Utc>>,
}

impl Days {
    /// How many were kept. While many are missing, as after the first start, it goes on with each round.
    pub async fn tick(&mut self, app: &App) -> Result<usize> {
        let now = app.now();
        if self.last.is_some_and(|last| now - last < EVERY) {
            return Ok(0);
        }
        if !app.read(move |conn| reports::is_due(conn, now)).await? {
            self.last = Some(now);
            return Ok(0);
        }
        app.write(move |tx| reports::pack(tx, now, AT_ONCE)).await
    }
}
