//! How a due instant came about, stretch by stretch: what was counted, what was not, and why. Nothing is computed a second time
//! here: the stretches are those that the clock itself ran and stood.

use chrono::{NaiveDate, TimeDelta};

use super::{Course, Promise, Stand};
use crate::rules::calendar::Span;
use crate::rules::deadline::ClockLength;

/// One line of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// It was counted from one instant to another.
    Ran(Span),
    /// A business day was counted, the nth.
    Day(NaiveDate, u32),
    /// A weekday that is a holiday: not counted.
    Holiday(NaiveDate),
    /// It stood still.
    Stood(Stand),
}

/// The lines in the order of time, and whether there would be more of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub parts: Vec<Part>,
    pub more: bool,
    /// All the time that was counted, of a clock that counts time.
    pub counted: TimeDelta,
}

const MOST: usize = 40;

/// The account of a clock until it ended, or until it is due.
pub fn account(promise: &Promise, course: &Course) -> Account {
    let mut parts = Vec::new();
    let mut nth = 0;
    for run in &course.runs {
        match promise.clock.length {
            ClockLength::Hours(_) => parts.push(Part::Ran(*run)),
            ClockLength::WorkingMinutes(_) => worked(promise, run, &mut parts),
            ClockLength::BusinessDays { .. } => days(promise, run, &mut nth, &mut parts),
        }
    }
    let calendar = &promise.calendar;
    let counted = parts
        .iter()
        .fold(TimeDelta::zero(), |sum, part| match part {
            Part::Ran(span) => sum + (span.until - span.from),
            _ => sum,
        });
    parts.extend(course.stands.iter().copied().map(Part::Stood));
    parts.sort_by_key(|part| match part {
        Part::Ran(span) => (calendar.day_of(span.from), Some(span.from)),
        Part::Stood(stand) => (calendar.day_of(stand.from), Some(stand.from)),
        Part::Day(day, _) | Part::Holiday(day) => (*day, None),
    });
    let more = parts.len() > MOST;
    parts.truncate(MOST);
    Account {
        parts,
        more,
        counted,
    }
}

fn worked(promise: &Promise, run: &Span, parts: &mut Vec<Part>) {
    let calendar = &promise.calendar;
    parts.extend(
        calendar
            .open_between(run.from, run.until)
            .into_iter()
            .map(Part::Ran),
    );
    let (first, last) = (calendar.day_of(run.from), calendar.day_of(run.until));
    let days = first.iter_days().take_while(|day| *day <= last);
    // A holiday on a day that is closed anyway, or has an opening of its own, took nothing away.
    let lost = days.filter(|day| {
        let weekday = calendar
            .hours
            .as_ref()
            .map(|hours| hours.of(chrono::Datelike::weekday(day)));
        calendar.holidays.holds(*day)
            && calendar.openings(*day).is_empty()
            && weekday.is_some_and(|openings| !openings.is_empty())
    });
    parts.extend(lost.map(Part::Holiday));
}

fn days(promise: &Promise, run: &Span, nth: &mut u32, parts: &mut Vec<Part>) {
    let calendar = &promise.calendar;
    let (first, last) = (calendar.day_of(run.from), calendar.day_of(run.until));
    for day in first.iter_days().skip(1).take_while(|day| *day <= last) {
        if calendar.is_business_day(day) {
            *nth += 1;
            parts.push(Part::Day(day, *nth));
        } else if calendar.holidays.holds(day) && !is_weekend(day) {
            parts.push(Part::Holiday(day));
        }
    }
}

fn is_weekend(day: NaiveDate) -> bool {
    use chrono::{Datelike, Weekday};
    matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::assessment::{ClockKind, Firmness};
    use crate::rules::calendar::{Calendar, HolidayRule, Holidays, Hours, Opening};
    use crate::rules::clock::{Moment, Pause, Signal, fold};
    use crate::rules::deadline::{Clock, ClockStart};
    use crate::rules::facts::At;

    fn at(text: &str) -> At {
        text.parse().unwrap()
    }

    fn promise(length: ClockLength) -> Promise {
        let opening = |text: &str| Opening::try_from(text.to_owned()).unwrap();
        Promise {
            clock: Clock {
                kind: ClockKind::Decision,
                clause: "B22".to_owned(),
                starts: ClockStart::Received,
                length,
                firmness: Firmness::Firm,
                stops: None,
                pauses: None,
            },
            calendar: Calendar {
                zone: chrono_tz::UTC,
                holidays: Holidays::Rule(HolidayRule::UnitedStatesFederal),
                hours: Some(Hours::weekdays(&[
                    opening("09:00-12:00"),
                    opening("13:00-17:00"),
                ])),
            },
            starts_at: at("2026-11-25T16:00:00Z"),
            fixed: None,
        }
    }

    #[test]
    fn a_working_clock_lists_its_openings_its_holiday_and_its_pause() {
        let promise = promise(ClockLength::WorkingMinutes(300));
        let story = [
            (at("2026-11-27T10:00:00Z"), Signal::CustomersTurn),
            (at("2026-11-30T10:00:00Z"), Signal::OurTurn),
        ];
        let story = story.map(|(at, signal)| Moment { at, signal });
        let course = fold(&promise, &story).unwrap();
        let ran = |from, until| {
            Part::Ran(Span {
                from: at(from),
                until: at(until),
            })
        };
        let account = account(&promise, &course);
        assert_eq!(
            account.parts,
            [
                ran("2026-11-25T16:00:00Z", "2026-11-25T17:00:00Z"),
                Part::Holiday("2026-11-26".parse().unwrap()),
                ran("2026-11-27T09:00:00Z", "2026-11-27T10:00:00Z"),
                Part::Stood(Stand {
                    why: Pause::CustomersTurn,
                    from: at("2026-11-27T10:00:00Z"),
                    until: Some(at("2026-11-30T10:00:00Z")),
                }),
                ran("2026-11-30T10:00:00Z", "2026-11-30T12:00:00Z"),
                ran("2026-11-30T13:00:00Z", "2026-11-30T14:00:00Z"),
            ]
        );
        assert_eq!(account.counted, TimeDelta::minutes(300));
        assert_eq!(course.due_at, at("2026-11-30T14:00:00Z"));
    }

    #[test]
    fn business_days_are_counted_by_number() {
        let promise = promise(ClockLength::BusinessDays { first: 1, last: 2 });
        let account = account(&promise, &fold(&promise, &[]).unwrap());
        let day = |text: &str| text.parse().unwrap();
        assert_eq!(
            account.parts,
            [
                Part::Holiday(day("2026-11-26")),
                Part::Day(day("2026-11-27"), 1),
                Part::Day(day("2026-11-30"), 2),
            ]
        );
    }
}
