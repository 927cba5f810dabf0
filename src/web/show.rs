//! Turns what the desk knows into what pages show: states into words, assessments into tables, clocks into badges. One place for
//! customer, agent and manager, so that the same claim reads the same for all of them. Words only; nothing is decided here.

pub mod answer;
pub mod claim;
pub mod clocks;
pub mod next;
pub mod order;
pub mod policy;
pub mod priority;
pub mod story;
pub mod trial;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::filters;

/// From whose wall a page reads: the reader's zone, and the moment the page is made.
#[derive(Debug, Clone, Copy)]
pub struct Wall {
    pub zone: Tz,
    pub now: DateTime<Utc>,
}

impl Wall {
    /// The zone of a person's profile; UTC where it does not read.
    pub fn of(zone: &str, now: DateTime<Utc>) -> Wall {
        Wall {
            zone: zone.parse().unwrap_or(Tz::UTC),
            now,
        }
    }

    /// A moment with its zone: "24 Nov 14:30 GMT".
    pub fn stamp(self, at: DateTime<Utc>) -> String {
        let zone = at.with_timezone(&self.zone).format("%Z");
        format!("{} {zone}", filters::moment(at, self.zone, self.now))
    }

    /// The end of the reader's day: what "due today" means.
    pub fn day_end(self) -> DateTime<Utc> {
        let today = crate::rules::calendar::local_day(self.now, self.zone);
        crate::rules::calendar::end_of_day(today, self.zone)
    }
}
