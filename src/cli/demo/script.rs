//! The screenplay: acts with their moments, written in any order, played in the order of time. What would lie in the future is
//! left out, so that the story always ends now.

use std::collections::HashMap;

use chrono::{DateTime, Days, Duration, NaiveDate, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};

use super::stage::{OPENED, Stage};
use super::{credits, downloads, guarantee, history, numbers, plans, turns};
use crate::db::Tx;
use crate::db::columns::At;
use crate::db::orders::{BALANCE, Progress};
use crate::desk::files::Upload;
use crate::error::{Error, Result};
use crate::rules::facts::{Sms, Status};

/// Letters of the last minutes are left to the worker: something to see when the demo starts.
const FRESH: Duration = Duration::minutes(45);

type Deed = Box<dyn Fn(&mut Stage) -> Result<()>>;

pub struct Script {
    pub now: DateTime<Utc>,
    beats: Vec<(DateTime<Utc>, Deed)>,
}

/// Tells the story of a company that has its sellers and its people, up to `now`.
pub fn play(
    tx: &mut Tx,
    now: DateTime<Utc>,
    site: &str,
    uploads: &HashMap<&'static str, Vec<Upload>>,
) -> Result<()> {
    let mut script = Script {
        now,
        beats: Vec::new(),
    };
    history::write(&mut script);
    for today in [
        credits::today,
        guarantee::today,
        plans::today,
        numbers::today,
        downloads::today,
        turns::today,
    ] {
        today(&mut script);
    }
    script.beats.sort_by_key(|(at, _)| *at);
    let mut stage = Stage::set(tx, now - OPENED, site, uploads)?;
    for (at, deed) in &script.beats {
        stage.wait_until(*at)?;
        deed(&mut stage)
            .map_err(|why| Error::broken(format!("the demo's story at {at}: {why}")))?;
    }
    stage.wait_until(now)?;
    stage.post_letters(now - FRESH)
}

impl Script {
    pub fn at(&mut self, at: DateTime<Utc>, deed: impl Fn(&mut Stage) -> Result<()> + 'static) {
        if at <= self.now {
            self.beats.push((at, Box::new(deed)));
        }
    }

    pub fn ago(&self, ago: Duration) -> DateTime<Utc> {
        self.now - ago
    }

    /// A time on the wall of a zone, so many days before today there.
    pub fn on(&self, zone: Tz, days: u64, (hour, minute): (u32, u32)) -> DateTime<Utc> {
        let today = self.now.with_timezone(&zone).date_naive();
        let day = today.checked_sub_days(Days::new(days)).unwrap_or(today);
        let wall = day
            .and_hms_opt(hour, minute, 0)
            .map(|wall| wall.and_local_timezone(zone));
        // A wall time that a clock change skipped: noon is there on every day.
        wall.and_then(|wall| wall.earliest()).map_or_else(
            || day.and_hms_opt(12, 0, 0).unwrap_or_default().and_utc(),
            |wall| wall.with_timezone(&Utc),
        )
    }
}

/// An order as the story tells it.
#[derive(Debug, Clone)]
pub struct Bought {
    pub seller: &'static str,
    pub customer: &'static str,
    pub title: &'static str,
    pub target: &'static str,
    /// Method and amount.
    pub paid_with: Vec<(&'static str, &'static str)>,
    pub quantity: Option<i64>,
    /// The service as the buyer was shown it.
    pub shown: Value,
    pub progress: Progress,
}

impl Bought {
    fn new(
        (seller, customer): (&'static str, &'static str),
        title: &'static str,
        paid: (&'static str, &'static str),
    ) -> Bought {
        Bought {
            seller,
            customer,
            title,
            target: "",
            paid_with: vec![paid],
            quantity: None,
            shown: json!({}),
            progress: Progress {
                status: Status::Pending,
                remains: None,
                canceled_by: None,
                period_ends_on: None,
                confirmed_at: None,
                sent_at: None,
                sms: None,
                sms_received_at: None,
            },
        }
    }

    /// So many units of a service, paid with the balance.
    pub fn units(
        who: (&'static str, &'static str),
        title: &'static str,
        target: &'static str,
        quantity: i64,
        charge: &'static str,
    ) -> Bought {
        Bought {
            target,
            quantity: Some(quantity),
            shown: json!({"refill": "none", "refundable_once_started": true}),
            ..Bought::new(who, title, (BALANCE, charge))
        }
    }

    /// A month of requests.
    pub fn plan(
        customer: &'static str,
        title: &'static str,
        quota: i64,
        paid: (&'static str, &'static str),
        ends_on: NaiveDate,
    ) -> Bought {
        let mut bought = Bought::new((super::cast::PLANS, customer), title, paid);
        bought.quantity = Some(quota);
        bought.shown = json!({"returnable": true, "limits_disclosed": true});
        bought.progress.period_ends_on = Some(ends_on);
        bought.standing(Status::InProgress, Some(quota))
    }

    /// A number that waits for a message.
    pub fn number(
        customer: &'static str,
        title: &'static str,
        paid: (&'static str, &'static str),
        sms: Sms,
    ) -> Bought {
        let mut bought = Bought::new((super::cast::NUMBERS, customer), title, paid);
        bought.progress.sms = Some(sms);
        bought.standing(Status::Completed, None)
    }

    /// A download, confirmed and sent at these moments where it was.
    pub fn download(
        customer: &'static str,
        title: &'static str,
        paid: (&'static str, &'static str),
        sent_at: Option<DateTime<Utc>>,
    ) -> Bought {
        let bought = Bought::new((super::cast::DOWNLOADS, customer), title, paid);
        match sent_at {
            None => bought,
            Some(sent) => {
                let mut bought = bought.standing(Status::Completed, None);
                bought.progress.confirmed_at = Some(At::from(sent - Duration::seconds(40)));
                bought.progress.sent_at = Some(sent.into());
                bought
            }
        }
    }

    pub fn standing(mut self, status: Status, remains: Option<i64>) -> Bought {
        self.progress.status = status;
        self.progress.remains = remains.map(|remains| remains.to_string());
        self
    }

    pub fn shown(mut self, shown: Value) -> Bought {
        self.shown = shown;
        self
    }
}

pub fn minutes(count: i64) -> Duration {
    Duration::minutes(count)
}

pub fn hours(count: i64) -> Duration {
    Duration::hours(count)
}

pub fn days(count: i64) -> Duration {
    Duration::days(count)
}
