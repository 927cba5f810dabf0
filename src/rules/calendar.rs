//! Days and the seller's working days: local midnights in any zone, Monday to Friday minus holidays (I9),
//! and the federal holidays of the United States, computed for any year with their observed days.
//! Opening hours, and the working time that they make, are in `hours`; what a seller hands in is read by `document` and `ics`.

pub mod document;
pub mod hours;
pub mod ics;

use chrono::{
    Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Timelike,
    Utc, Weekday,
};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::facts::At;
use super::words::words;
pub use hours::{Hours, Opening, Span};

words! { HolidayRule { UnitedStatesFederal = "united-states-federal" } }

/// Days on which a seller does no business: a computed rule or a list of dates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Holidays {
    Rule(HolidayRule),
    Dates(Vec<NaiveDate>),
}

impl Default for Holidays {
    fn default() -> Holidays {
        Holidays::Dates(Vec::new())
    }
}

impl Holidays {
    /// Each of them from the first to the last of these days.
    pub fn between(&self, first: NaiveDate, last: NaiveDate) -> Vec<NaiveDate> {
        let days = first.iter_days().take_while(|day| *day <= last);
        days.filter(|day| self.holds(*day)).collect()
    }

    pub fn holds(&self, day: NaiveDate) -> bool {
        match self {
            Holidays::Rule(HolidayRule::UnitedStatesFederal) => is_federal_holiday(day),
            Holidays::Dates(days) => days.contains(&day),
        }
    }
}

/// A seller's zone, holidays, and opening hours where there are any: without them it is always open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    pub zone: Tz,
    #[serde(default)]
    pub holidays: Holidays,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
}

impl Calendar {
    pub fn day_of(&self, at: At) -> NaiveDate {
        local_day(at, self.zone)
    }

    pub fn is_business_day(&self, day: NaiveDate) -> bool {
        !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !self.holidays.holds(day)
    }

    /// The `nth` business day after `day`, which is day 0 whatever it is. None beyond the calendar's range,
    /// or where holidays leave no working day within a year of waiting per day counted.
    pub fn business_day_after(&self, day: NaiveDate, nth: u32) -> Option<NaiveDate> {
        let mut day = day;
        for _ in 0..nth {
            day = day
                .iter_days()
                .skip(1)
                .take(366)
                .find(|day| self.is_business_day(*day))?;
        }
        Some(day)
    }
}

/// The date on the seller's wall.
pub fn local_day(at: At, zone: Tz) -> NaiveDate {
    at.with_timezone(&zone).date_naive()
}

/// The first instant of a local day: midnight, or where the clock skips midnight, the first instant after it.
pub fn start_of_day(day: NaiveDate, zone: Tz) -> At {
    at_local(day.and_time(NaiveTime::MIN), zone)
}

/// The last whole second of a local day.
pub fn end_of_day(day: NaiveDate, zone: Tz) -> At {
    match day.checked_add_days(Days::new(1)) {
        Some(next) => start_of_day(next, zone) - TimeDelta::seconds(1),
        None => start_of_day(day, zone),
    }
}

/// The instant of a local time: the earlier of two, and the first after a gap where there is none.
/// A later local time is never an earlier instant.
pub fn at_local(time: NaiveDateTime, zone: Tz) -> At {
    const STEP: TimeDelta = TimeDelta::minutes(1);
    if let Some(at) = zone.from_local_datetime(&time).earliest() {
        return at.with_timezone(&Utc);
    }
    // Gaps end on whole minutes; the longest on record is a day (Samoa, 30 December 2011).
    let mut probe = time
        .with_second(0)
        .and_then(|time| time.with_nanosecond(0))
        .unwrap_or(time);
    for _ in 0..=25 * 60 {
        probe += STEP;
        if let Some(at) = zone.from_local_datetime(&probe).earliest() {
            return at.with_timezone(&Utc);
        }
    }
    time.and_utc()
}

/// The same day of the month `months` later, or the month's last day where there is none.
pub fn months_after(day: NaiveDate, months: u32) -> Option<NaiveDate> {
    day.checked_add_months(Months::new(months))
}

fn is_federal_holiday(day: NaiveDate) -> bool {
    // The first of January is observed on the last of December where it falls on a Saturday.
    [day.year(), day.year() + 1]
        .into_iter()
        .flat_map(federal_holidays)
        .any(|holiday| holiday == day)
}

/// The days observed for the federal holidays of one year (5 U.S.C. 6103): a Saturday's on the Friday before,
/// a Sunday's on the Monday after.
fn federal_holidays(year: i32) -> impl Iterator<Item = NaiveDate> {
    let fixed = [(1, 1), (6, 19), (7, 4), (11, 11), (12, 25)];
    let floating = [
        (1, Weekday::Mon, 3),
        (2, Weekday::Mon, 3),
        (9, Weekday::Mon, 1),
        (10, Weekday::Mon, 2),
        (11, Weekday::Thu, 4),
    ];
    let memorial = (25..=31)
        .filter_map(move |day| NaiveDate::from_ymd_opt(year, 5, day))
        .find(|day| day.weekday() == Weekday::Mon);
    fixed
        .into_iter()
        .filter_map(move |(month, day)| NaiveDate::from_ymd_opt(year, month, day))
        .filter_map(|day| match day.weekday() {
            Weekday::Sat => day.pred_opt(),
            Weekday::Sun => day.succ_opt(),
            _ => Some(day),
        })
        .chain(
            floating
                .into_iter()
                .filter_map(move |(month, weekday, nth)| {
                    NaiveDate::from_weekday_of_month_opt(year, month, weekday, nth)
                }),
        )
        .chain(memorial)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn federal_holidays_move_off_the_weekend() {
        for holiday in [
            "2025-01-20",
            "2025-02-17",
            "2025-05-26",
            "2025-06-19",
            "2025-07-04",
            "2025-09-01",
            "2025-10-13",
            "2025-11-11",
            "2025-11-27",
            "2025-12-25",
            "2026-07-03",
            "2027-12-31",
            "2028-12-25",
            "2027-07-05",
            "2030-01-01",
        ] {
            assert!(is_federal_holiday(day(holiday)), "{holiday}");
        }
        for working in [
            "2026-07-04",
            "2028-01-03",
            "2025-11-28",
            "2027-07-04",
            "2025-05-19",
        ] {
            assert!(!is_federal_holiday(day(working)), "{working}");
        }
    }

    #[test]
    fn a_day_starts_where_the_clock_lets_it() {
        let zone = |name: &str| name.parse::<Tz>().unwrap();
        let start = |text: &str, name: &str| start_of_day(day(text), zone(name)).to_rfc3339();
        assert_eq!(
            start("2025-03-10", "America/Los_Angeles"),
            "2025-03-10T07:00:00+00:00"
        );
        // Beirut skips the first hour of the day, Samoa skipped a whole one.
        assert_eq!(
            start("2025-03-30", "Asia/Beirut"),
            "2025-03-29T22:00:00+00:00"
        );
        assert_eq!(
            start("2011-12-30", "Pacific/Apia"),
            start("2011-12-31", "Pacific/Apia")
        );
    }
}
