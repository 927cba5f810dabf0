//! Readings of "within N": to the end of a local day, from the moment, to the second. Each deadline has the
//! instant of the adopted reading and those of the other plausible ones; where they fall on different sides of
//! the claim, a person must know. Also the seller's own clocks, which are elapsed time or business days.

use chrono::{NaiveDate, TimeDelta};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::assessment::{ClockKind, Deadline, Firmness};
use super::calendar::{Calendar, at_local, end_of_day, local_day, months_after, start_of_day};
use super::clock::{Pause, Signal};
use super::facts::At;
use super::words::words;

/// How long a customer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Length {
    Days(u32),
    Months(u32),
    Hours(u32),
}

words! {
    /// How the text's words about time are read.
    Reading {
        /// "N days from the day of X": to the end of local day N (I4).
        Day = "day",
        /// "N days from the moment of X": elapsed time, inclusive (I5, I6).
        Moment = "moment",
        /// "within N": to the end of local day N, though to the second is plausible too (I7, I8).
        Bare = "bare",
    }
}

/// The last whole second in time, under the adopted reading and under each other plausible one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub adopted: At,
    pub others: Vec<(At, OtherReading)>,
}

words! { OtherReading {
    ToTheSecond = "counted to the second",
    InUtc = "counted in UTC",
} }

impl Due {
    /// The earliest instant of any reading: in time up to it whatever the reading.
    pub fn strict(&self) -> At {
        self.others
            .iter()
            .map(|(at, _)| *at)
            .fold(self.adopted, At::min)
    }

    /// The latest instant of any reading: late after it whatever the reading.
    pub fn lenient(&self) -> At {
        self.others
            .iter()
            .map(|(at, _)| *at)
            .fold(self.adopted, At::max)
    }

    /// The other reading, if there is one, that falls on the other side of `at`.
    pub fn contradicts(&self, at: At) -> Option<(At, OtherReading)> {
        self.others
            .iter()
            .copied()
            .find(|(due, _)| (at <= *due) != (at <= self.adopted))
    }
}

/// When `length` from `start` ends. None beyond the calendar's range.
pub fn due(start: At, length: Length, reading: Reading, zone: Tz) -> Option<Due> {
    let to_the_second = elapsed(start, length, zone)?;
    if reading == Reading::Moment || matches!(length, Length::Hours(_)) {
        return Some(Due {
            adopted: to_the_second,
            others: Vec::new(),
        });
    }
    let adopted = end_of_day(last_day(local_day(start, zone), length)?, zone);
    let in_utc = end_of_day(last_day(local_day(start, Tz::UTC), length)?, Tz::UTC);
    let mut others = Vec::new();
    if reading == Reading::Bare {
        others.push((to_the_second, OtherReading::ToTheSecond));
    }
    others.push((in_utc, OtherReading::InUtc));
    Some(Due { adopted, others })
}

/// The end of a day that the text itself names, such as a plan's last.
pub fn end_of(day: NaiveDate, zone: Tz) -> Due {
    Due {
        adopted: end_of_day(day, zone),
        others: vec![(end_of_day(day, Tz::UTC), OtherReading::InUtc)],
    }
}

fn last_day(start: NaiveDate, length: Length) -> Option<NaiveDate> {
    match length {
        Length::Days(days) => start.checked_add_days(chrono::Days::new(u64::from(days))),
        Length::Months(months) => months_after(start, months),
        Length::Hours(_) => Some(start),
    }
}

/// Elapsed time; for months the same local time of day on the clamped day.
fn elapsed(start: At, length: Length, zone: Tz) -> Option<At> {
    match length {
        Length::Hours(hours) => start.checked_add_signed(TimeDelta::hours(i64::from(hours))),
        Length::Days(days) => start.checked_add_signed(TimeDelta::hours(24 * i64::from(days))),
        Length::Months(months) => {
            let local = start.with_timezone(&zone).naive_local();
            Some(at_local(
                months_after(local.date(), months)?.and_time(local.time()),
                zone,
            ))
        }
    }
}

/// One of the seller's promises, declared by the policy: what starts it, how long it runs by which calendar, what ends it, what it
/// stands still for. What is left out of `stops` and `pauses` is the kind's own (see `clock`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    pub kind: ClockKind,
    pub clause: String,
    pub starts: ClockStart,
    pub length: ClockLength,
    pub firmness: Firmness,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stops: Option<Vec<Signal>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pauses: Option<Vec<Pause>>,
}

words! { ClockStart { Received = "received", Approved = "approved", CustomerWrote = "customer_wrote" } }

/// Elapsed hours (24/7, whatever the clocks on the wall do), minutes in which the seller is open, or a window of business days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockLength {
    Hours(u32),
    WorkingMinutes(u32),
    BusinessDays { first: u32, last: u32 },
}

/// When a clock that starts at `start` is due: the whole first possible day for `from_at`, the last second in
/// time for `due_at`. None beyond the calendar's range. Source: I9, I10.
pub fn clock_due(clock: &Clock, start: At, calendar: &Calendar) -> Option<Deadline> {
    let (from_at, due_at) = clock.length.ends(start, Spent::default(), calendar)?;
    Some(Deadline {
        kind: clock.kind,
        clause: clock.clause.clone(),
        from_at,
        due_at,
        firmness: clock.firmness,
    })
}

/// How much of a length is used up: time for what is counted in hours and minutes, whole days for what is counted in days.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    pub time: TimeDelta,
    pub days: u32,
}

impl ClockLength {
    /// When what is left of it ends, running on from `at`: the first possible instant where there is a window, and the last.
    pub fn ends(self, at: At, spent: Spent, calendar: &Calendar) -> Option<(Option<At>, At)> {
        match self {
            ClockLength::Hours(hours) => {
                let left = TimeDelta::hours(i64::from(hours)) - spent.time;
                Some((None, at.checked_add_signed(left)?))
            }
            ClockLength::WorkingMinutes(minutes) => {
                let left = TimeDelta::minutes(i64::from(minutes)) - spent.time;
                Some((None, calendar.due_at(at, left)?))
            }
            ClockLength::BusinessDays { first, last } => {
                let day = calendar.day_of(at);
                let nth =
                    |nth: u32| calendar.business_day_after(day, nth.saturating_sub(spent.days));
                let from = start_of_day(nth(first)?, calendar.zone);
                Some((Some(from), end_of_day(nth(last)?, calendar.zone)))
            }
        }
    }

    /// What more is used up when it has run from one instant to another.
    pub fn spend(self, spent: Spent, from: At, until: At, calendar: &Calendar) -> Spent {
        match self {
            ClockLength::Hours(_) => Spent {
                time: spent.time + (until - from).max(TimeDelta::zero()),
                ..spent
            },
            ClockLength::WorkingMinutes(_) => Spent {
                time: spent.time + calendar.worked_between(from, until),
                ..spent
            },
            ClockLength::BusinessDays { last, .. } => {
                let (day, end) = (calendar.day_of(from), calendar.day_of(until));
                let between = day.iter_days().skip(1).take_while(|day| *day <= end);
                let more = between.filter(|day| calendar.is_business_day(*day)).count();
                let more = u32::try_from(more).unwrap_or(u32::MAX);
                Spent {
                    days: spent.days.saturating_add(more).min(last),
                    ..spent
                }
            }
        }
    }
}

/// "1 s", "2 h 5 min", "3 days": how far apart two instants are, in at most two units.
pub fn span(seconds: i64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut left = seconds.abs();
    let mut words = Vec::new();
    for (size, unit) in units {
        if left >= size && words.len() < 2 {
            words.push(format!("{} {unit}", left / size));
            left %= size;
        }
    }
    if words.is_empty() {
        "0 s".to_owned()
    } else {
        words.join(" ")
    }
}
