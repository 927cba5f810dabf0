//! Opening hours: any number of openings a weekday, holidays, and days that are different. They answer the two questions of every
//! working clock: how long it was open between two instants, and when so much open time is used up.
//!
//! An opening is a time on the wall: on the nights on which clocks change it is as long as the wall makes it. A lunch break is the
//! gap between two openings, never a holiday.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Weekday};
use serde::{Deserialize, Serialize};

use super::{Calendar, at_local, local_day};
use crate::rules::facts::At;

/// The openings of each weekday, and of the days that have their own. A weekday without openings is closed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hours {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mon: Vec<Opening>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tue: Vec<Opening>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wed: Vec<Opening>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub thu: Vec<Opening>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fri: Vec<Opening>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sat: Vec<Opening>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sun: Vec<Opening>,
    /// What holds on one day in place of its weekday and of any holiday; no opening closes the day.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub special: BTreeMap<NaiveDate, Vec<Opening>>,
}

/// "09:00-12:30": minutes of the wall since midnight, the first inside and the last outside; "24:00" ends the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Opening {
    from: u16,
    until: u16,
}

const DAY: u16 = 24 * 60;

impl Opening {
    /// None unless `from` lies before `until`, and both on one day.
    pub fn new(from: u16, until: u16) -> Option<Opening> {
        (from < until && until <= DAY).then_some(Opening { from, until })
    }

    pub fn minutes(self) -> (u16, u16) {
        (self.from, self.until)
    }
}

impl fmt::Display for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, until) = (self.from, self.until);
        write!(
            f,
            "{:02}:{:02}-{:02}:{:02}",
            from / 60,
            from % 60,
            until / 60,
            until % 60
        )
    }
}

impl From<Opening> for String {
    fn from(opening: Opening) -> String {
        opening.to_string()
    }
}

impl TryFrom<String> for Opening {
    type Error = String;

    fn try_from(text: String) -> Result<Opening, String> {
        let refused = || {
            format!(
                "{text} is no opening: write 09:00-12:30, the end after the beginning and at most 24:00; one past midnight is two"
            )
        };
        let (from, until) = text.split_once(['-', '–']).ok_or_else(refused)?;
        let (from, until) = (
            minute(from).ok_or_else(refused)?,
            minute(until).ok_or_else(refused)?,
        );
        Opening::new(from, until).ok_or_else(refused)
    }
}

fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let digits = |text: &str| {
        (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| text.parse::<u16>().ok())
            .flatten()
    };
    let (hour, minute) = (digits(hour)?, digits(minute)?);
    (minute < 60 && hour * 60 + minute <= DAY).then_some(hour * 60 + minute)
}

/// A stretch of time: the first instant inside, the last outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: At,
    pub until: At,
}

impl Hours {
    /// Monday to Friday, with the same openings.
    pub fn weekdays(openings: &[Opening]) -> Hours {
        let day = || openings.to_vec();
        Hours {
            mon: day(),
            tue: day(),
            wed: day(),
            thu: day(),
            fri: day(),
            ..Hours::default()
        }
    }

    pub fn of(&self, weekday: Weekday) -> &[Opening] {
        match weekday {
            Weekday::Mon => &self.mon,
            Weekday::Tue => &self.tue,
            Weekday::Wed => &self.wed,
            Weekday::Thu => &self.thu,
            Weekday::Fri => &self.fri,
            Weekday::Sat => &self.sat,
            Weekday::Sun => &self.sun,
        }
    }

    /// Why these hours cannot be worked by: openings that overlap, or none in any week. Where nothing is ever open, no clock that
    /// counts open time would ever be due.
    pub fn flaws(&self) -> Vec<String> {
        let mut flaws = Vec::new();
        let weekdays = WEEK.map(|(day, name)| (name.to_owned(), self.of(day)));
        let special = self.special.iter();
        let days = special.map(|(day, openings)| (day.to_string(), openings.as_slice()));
        for (name, openings) in weekdays.into_iter().chain(days) {
            let mut sorted = openings.to_vec();
            sorted.sort_unstable();
            if let Some(pair) = sorted.windows(2).find(|pair| pair[0].until > pair[1].from) {
                flaws.push(format!("{name}: {} and {} overlap", pair[0], pair[1]));
            }
        }
        if WEEK.iter().all(|(day, _)| self.of(*day).is_empty()) {
            flaws.push("no weekday has an opening: nothing would ever be due".to_owned());
        }
        flaws
    }
}

pub const WEEK: [(Weekday, &str); 7] = [
    (Weekday::Mon, "mon"),
    (Weekday::Tue, "tue"),
    (Weekday::Wed, "wed"),
    (Weekday::Thu, "thu"),
    (Weekday::Fri, "fri"),
    (Weekday::Sat, "sat"),
    (Weekday::Sun, "sun"),
];

/// So many closed days in a row, and a calendar counts as never opening again.
const CLOSED_FOR_GOOD: u32 = 800;

impl Calendar {
    /// The openings of a day in their order; none where it is closed. Of a calendar without hours, the whole day.
    pub fn openings(&self, day: NaiveDate) -> Vec<Opening> {
        let Some(hours) = &self.hours else {
            return vec![Opening {
                from: 0,
                until: DAY,
            }];
        };
        let mut openings = match hours.special.get(&day) {
            Some(own) => own.clone(),
            None if self.holidays.holds(day) => Vec::new(),
            None => hours.of(day.weekday()).to_vec(),
        };
        openings.sort_unstable();
        openings
    }

    /// How long it was open between two instants; nothing where the second is not later.
    pub fn worked_between(&self, from: At, until: At) -> TimeDelta {
        if self.hours.is_none() {
            return (until - from).max(TimeDelta::zero());
        }
        let spans = self.open_between(from, until);
        spans.iter().fold(TimeDelta::zero(), |sum, span| {
            sum + (span.until - span.from)
        })
    }

    /// The open stretches between two instants, in their order.
    pub fn open_between(&self, from: At, until: At) -> Vec<Span> {
        if self.hours.is_none() {
            return Vec::from_iter((from < until).then_some(Span { from, until }));
        }
        let last = local_day(until, self.zone);
        let days = self.days_from(from).take_while(|day| *day <= last);
        let mut spans: Vec<Span> = Vec::new();
        for span in days.flat_map(|day| self.open_on(day)) {
            let clipped = Span {
                from: span.from.max(from),
                until: span.until.min(until),
            };
            if clipped.from < clipped.until {
                spans.push(clipped);
            }
        }
        spans
    }

    /// The first instant at which `amount` of open time since `start` is used up; `start` itself for none. None beyond the
    /// calendar's range, or where it does not open again.
    pub fn due_at(&self, start: At, amount: TimeDelta) -> Option<At> {
        if amount <= TimeDelta::zero() {
            return Some(start);
        }
        if self.hours.is_none() {
            return start.checked_add_signed(amount);
        }
        let (mut left, mut closed) = (amount, 0);
        for day in self.days_from(start) {
            closed += 1;
            for span in self.open_on(day) {
                let from = span.from.max(start);
                if from < span.until {
                    if span.until - from >= left {
                        return from.checked_add_signed(left);
                    }
                    left -= span.until - from;
                    closed = 0;
                }
            }
            if closed > CLOSED_FOR_GOOD {
                return None;
            }
        }
        None
    }

    /// `at` itself where it is open then, or else when it opens next.
    pub fn next_open(&self, at: At) -> Option<At> {
        if self.hours.is_none() {
            return Some(at);
        }
        let days = self.days_from(at).take(CLOSED_FOR_GOOD as usize);
        days.flat_map(|day| self.open_on(day))
            .find(|span| at < span.until)
            .map(|span| span.from.max(at))
    }

    /// The days that may have an opening after `at`. Begins a day early: a wall that is set back over midnight shows a day again.
    fn days_from(&self, at: At) -> impl Iterator<Item = NaiveDate> + use<> {
        let day = local_day(at, self.zone);
        let first = day.checked_sub_days(Days::new(1)).unwrap_or(day);
        first.iter_days()
    }

    /// What is open on a local day. Openings that the wall skips are not there.
    fn open_on(&self, day: NaiveDate) -> Vec<Span> {
        let at = |minute: u16| {
            let (day, minute) = match minute {
                DAY => (day.succ_opt()?, 0),
                _ => (day, minute),
            };
            let time = NaiveTime::from_num_seconds_from_midnight_opt(u32::from(minute) * 60, 0)?;
            Some(at_local(day.and_time(time), self.zone))
        };
        let openings = self.openings(day).into_iter();
        let spans = openings.filter_map(|opening| {
            Some(Span {
                from: at(opening.from)?,
                until: at(opening.until)?,
            })
        });
        spans.filter(|span| span.from < span.until).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::calendar::Holidays;

    fn opening(text: &str) -> Opening {
        Opening::try_from(text.to_owned()).unwrap()
    }

    fn shop() -> Calendar {
        let mut hours = Hours::weekdays(&[opening("09:00-12:30"), opening("13:30-18:00")]);
        hours
            .special
            .insert("2026-12-24".parse().unwrap(), vec![opening("09:00-12:00")]);
        hours
            .special
            .insert("2026-12-19".parse().unwrap(), vec![opening("10:00-14:00")]);
        Calendar {
            zone: chrono_tz::Europe::Berlin,
            holidays: Holidays::Dates(vec![
                "2026-12-24".parse().unwrap(),
                "2026-12-25".parse().unwrap(),
            ]),
            hours: Some(hours),
        }
    }

    fn at(text: &str) -> At {
        text.parse().unwrap()
    }

    #[test]
    fn lunch_is_no_working_time_and_no_holiday() {
        let hours = |from, until| shop().worked_between(at(from), at(until)).num_minutes();
        assert_eq!(hours("2026-12-17T08:00:00Z", "2026-12-17T17:00:00Z"), 480);
        assert_eq!(hours("2026-12-17T11:30:00Z", "2026-12-17T12:30:00Z"), 0);
        let due = shop().due_at(at("2026-12-17T11:00:00Z"), TimeDelta::hours(1));
        assert_eq!(due, Some(at("2026-12-17T13:00:00Z")));
    }

    #[test]
    fn a_special_opening_stands_before_its_weekday_and_before_a_holiday() {
        // Friday evening, with one hour of Friday left: then Saturday's four, Monday.
        let due = shop().due_at(at("2026-12-18T16:00:00Z"), TimeDelta::hours(6));
        assert_eq!(due, Some(at("2026-12-21T09:00:00Z")));
        let christmas = shop().open_between(at("2026-12-24T00:00:00Z"), at("2026-12-27T00:00:00Z"));
        assert_eq!(
            christmas,
            [Span {
                from: at("2026-12-24T08:00:00Z"),
                until: at("2026-12-24T11:00:00Z")
            }]
        );
    }

    #[test]
    fn an_opening_is_as_long_as_the_wall_makes_it() {
        let mut night = shop();
        night.hours = Some(Hours {
            sun: vec![opening("01:00-04:00")],
            ..Hours::default()
        });
        let minutes = |day: &str| {
            let from = at(&format!("{day}T00:00:00Z")) - TimeDelta::hours(6);
            night
                .worked_between(from, from + TimeDelta::hours(24))
                .num_minutes()
        };
        assert_eq!(minutes("2026-03-22"), 180);
        assert_eq!(minutes("2026-03-29"), 120);
        assert_eq!(minutes("2026-10-25"), 240);
    }

    #[test]
    fn what_is_never_open_or_open_twice_is_refused() {
        assert!(Hours::default().flaws()[0].contains("nothing would ever be due"));
        let twice = Hours::weekdays(&[opening("09:00-12:00"), opening("11:00-14:00")]);
        assert_eq!(twice.flaws()[0], "mon: 09:00-12:00 and 11:00-14:00 overlap");
        assert_eq!(shop().hours.unwrap().flaws(), Vec::<String>::new());
        for text in [
            "9-17",
            "17:00-09:00",
            "09:00-25:00",
            "09:00-09:00",
            "09:60-10:00",
            "22:00-02:00",
            "",
        ] {
            assert!(Opening::try_from(text.to_owned()).is_err(), "{text}");
        }
        assert_eq!(opening("00:00-24:00").to_string(), "00:00-24:00");
    }

    #[test]
    fn a_calendar_that_never_opens_again_ends_the_search() {
        let mut gone = shop();
        gone.hours = Some(Hours::default());
        assert_eq!(
            gone.due_at(at("2026-12-17T11:00:00Z"), TimeDelta::hours(1)),
            None
        );
        assert_eq!(gone.next_open(at("2026-12-17T11:00:00Z")), None);
    }
}
