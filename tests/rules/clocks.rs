//! Working time and the clocks that run by it hold their laws for any calendar, in every zone, across both nights on which the wall
//! is set.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;
use redress::rules::assessment::{ClockKind, Firmness};
use redress::rules::calendar::{Calendar, HolidayRule, Holidays, Hours, Opening};
use redress::rules::clock::{Course, Moment, Pause, Promise, Signal, State, Step, fold, warns_at};
use redress::rules::deadline::{Clock, ClockLength, ClockStart};

/// Zones that set their clocks, at two in the morning, at midnight, by half an hour; and one that does not.
const ZONES: [Tz; 6] = [
    Tz::Europe__Berlin,
    Tz::America__Los_Angeles,
    Tz::Australia__Lord_Howe,
    Tz::Asia__Beirut,
    Tz::America__Asuncion,
    Tz::UTC,
];

fn instant() -> impl Strategy<Value = DateTime<Utc>> {
    // 2020 to 2026, in which all but one of them still do.
    (1_577_836_800_i64..1_798_761_600)
        .prop_map(|seconds| DateTime::from_timestamp(seconds, 0).unwrap())
}

/// An instant within two days of a night on which Berlin or Los Angeles sets its clocks.
fn near_a_night() -> impl Strategy<Value = DateTime<Utc>> {
    let nights = ["2025-03-09", "2025-03-30", "2025-10-26", "2025-11-02"];
    let nights = nights.map(|day| day.parse::<NaiveDate>().unwrap());
    (
        prop::sample::select(nights.to_vec()),
        -48 * 3600..48 * 3600_i64,
    )
        .prop_map(|(night, seconds)| {
            night.and_hms_opt(0, 0, 0).unwrap().and_utc() + TimeDelta::seconds(seconds)
        })
}

fn start() -> impl Strategy<Value = DateTime<Utc>> {
    prop_oneof![instant(), near_a_night()]
}

/// A day's openings: up to three that do not overlap.
fn openings() -> impl Strategy<Value = Vec<Opening>> {
    prop::collection::btree_set(0u16..=96, 0..=6).prop_map(|edges| {
        let edges: Vec<u16> = edges.into_iter().map(|quarter| quarter * 15).collect();
        let pairs = edges.chunks_exact(2);
        pairs
            .filter_map(|pair| Opening::new(pair[0], pair[1]))
            .collect()
    })
}

fn hours() -> impl Strategy<Value = Hours> {
    let week = prop::collection::vec(openings(), 7);
    let special = prop::collection::btree_map((0i64..2500).prop_map(day), openings(), 0..6);
    (week, special).prop_filter_map("closed for good", |(week, special)| {
        let [mon, tue, wed, thu, fri, sat, sun] = week.try_into().ok()?;
        let hours = Hours {
            mon,
            tue,
            wed,
            thu,
            fri,
            sat,
            sun,
            special,
        };
        hours.flaws().is_empty().then_some(hours)
    })
}

fn day(days: i64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2020, 1, 1).unwrap() + TimeDelta::days(days)
}

fn calendar() -> impl Strategy<Value = Calendar> {
    let holidays = prop_oneof![
        Just(Holidays::Rule(HolidayRule::UnitedStatesFederal)),
        prop::collection::vec((0i64..2500).prop_map(day), 0..20).prop_map(Holidays::Dates),
    ];
    let hours = prop_oneof![1 => Just(None), 6 => hours().prop_map(Some)];
    (prop::sample::select(ZONES.to_vec()), holidays, hours).prop_map(|(zone, holidays, hours)| {
        Calendar {
            zone,
            holidays,
            hours,
        }
    })
}

fn length() -> impl Strategy<Value = ClockLength> {
    prop_oneof![
        (1u32..400).prop_map(ClockLength::Hours),
        (1u32..6_000).prop_map(ClockLength::WorkingMinutes),
        (0u32..6, 1u32..6).prop_map(|(first, more)| ClockLength::BusinessDays {
            first,
            last: first + more,
        }),
    ]
}

fn promise(length: ClockLength, calendar: Calendar, starts_at: DateTime<Utc>) -> Promise {
    Promise {
        clock: Clock {
            kind: ClockKind::Decision,
            clause: "B22".to_owned(),
            starts: ClockStart::Received,
            length,
            firmness: Firmness::Firm,
            stops: None,
            pauses: Some(vec![Pause::CustomersTurn, Pause::AccessAwaited]),
        },
        calendar,
        starts_at,
        fixed: None,
    }
}

/// The customer's turn and ours, in any order and as often as it likes, each so many seconds after the one before.
fn turns() -> impl Strategy<Value = Vec<(i64, Signal)>> {
    let signal = prop::sample::select(vec![
        Signal::CustomersTurn,
        Signal::OurTurn,
        Signal::AccessAsked,
        Signal::AccessGiven,
        Signal::CustomerWrote,
    ]);
    prop::collection::vec((0i64..400_000, signal), 0..8)
}

fn story(start: DateTime<Utc>, turns: &[(i64, Signal)]) -> Vec<Moment> {
    let mut at = start;
    let moment = |(wait, signal): &(i64, Signal)| {
        at += TimeDelta::seconds(*wait);
        Moment {
            at,
            signal: *signal,
        }
    };
    turns.iter().map(moment).collect()
}

/// The time in which it ran before the instant, as its calendar counts it.
fn ran(promise: &Promise, course: &Course) -> TimeDelta {
    let runs = course.runs.iter();
    runs.fold(TimeDelta::zero(), |sum, run| {
        sum + promise.calendar.worked_between(run.from, run.until)
    })
}

proptest! {
    #![proptest_config(crate::claims::cases(600))]

    #[test]
    fn what_is_worked_until_due_is_what_was_asked(calendar in calendar(), start in start(), minutes in 0i64..20_000, seconds in 0i64..60) {
        let amount = TimeDelta::minutes(minutes) + TimeDelta::seconds(seconds);
        if let Some(due) = calendar.due_at(start, amount) {
            prop_assert_eq!(calendar.worked_between(start, due), amount);
            // And no earlier instant would do.
            if amount > TimeDelta::zero() {
                prop_assert!(calendar.worked_between(start, due - TimeDelta::seconds(1)) < amount);
            }
        }
    }

    #[test]
    fn working_time_adds_up_and_never_exceeds_the_wall(calendar in calendar(), start in start(), first in 0i64..3_000_000, second in 0i64..3_000_000) {
        let between = start + TimeDelta::seconds(first);
        let end = between + TimeDelta::seconds(second);
        let parts = calendar.worked_between(start, between) + calendar.worked_between(between, end);
        prop_assert_eq!(parts, calendar.worked_between(start, end));
        prop_assert!(parts <= end - start && parts >= TimeDelta::zero());
        prop_assert_eq!(calendar.worked_between(end, start), if first + second == 0 { parts } else { TimeDelta::zero() });
    }

    #[test]
    fn later_or_more_is_never_due_earlier(calendar in calendar(), start in start(), wait in 0i64..1_000_000, minutes in 0i64..10_000, more in 0i64..3_000) {
        let due = |start, minutes| calendar.due_at(start, TimeDelta::minutes(minutes));
        if let (Some(due), Some(later), Some(longer)) = (
            due(start, minutes),
            due(start + TimeDelta::seconds(wait), minutes),
            due(start, minutes + more),
        ) {
            prop_assert!(due <= later && due <= longer && start <= due);
        }
    }

    #[test]
    fn one_more_holiday_never_makes_working_time_due_earlier(calendar in calendar(), start in start(), minutes in 0i64..10_000, ahead in 0i64..20) {
        let mut closed = calendar.clone();
        let holiday = calendar.day_of(start) + TimeDelta::days(ahead);
        let listed = match &calendar.holidays {
            Holidays::Dates(days) => days.clone(),
            Holidays::Rule(_) => Vec::new(),
        };
        closed.holidays = Holidays::Dates(listed.into_iter().chain([holiday]).collect());
        let mut open = calendar;
        if let Holidays::Rule(_) = open.holidays {
            open.holidays = Holidays::default();
        }
        let amount = TimeDelta::minutes(minutes);
        if let (Some(open), Some(closed)) = (open.due_at(start, amount), closed.due_at(start, amount)) {
            prop_assert!(open <= closed);
        }
    }

    #[test]
    fn the_calendar_opens_at_the_first_instant_that_is_worked(calendar in calendar(), start in start()) {
        let open = calendar.next_open(start).unwrap();
        prop_assert!(open >= start);
        prop_assert_eq!(calendar.worked_between(start, open), if calendar.hours.is_none() { open - start } else { TimeDelta::zero() });
        prop_assert!(calendar.worked_between(open, open + TimeDelta::minutes(1)) > TimeDelta::zero());
    }

    #[test]
    fn a_clock_runs_for_exactly_its_length_however_often_it_stands(calendar in calendar(), length in length(), start in start(), turns in turns()) {
        let promise = promise(length, calendar, start);
        let (Some(plain), Some(course)) = (fold(&promise, &[]), fold(&promise, &story(start, &turns))) else {
            return Ok(());
        };
        prop_assert!(course.due_at >= plain.due_at, "a pause made it due earlier");
        let stood = course.stands.iter().filter_map(|stand| Some(stand.until? - stand.from));
        let stood = stood.fold(TimeDelta::zero(), |sum, more| sum + more);
        match (length, course.state) {
            (ClockLength::Hours(hours), State::Running) => {
                prop_assert_eq!(course.due_at, start + TimeDelta::hours(i64::from(hours)) + stood);
                prop_assert!(course.runs.iter().all(|run| run.from < run.until));
            }
            (ClockLength::WorkingMinutes(minutes), State::Running) => {
                prop_assert_eq!(ran(&promise, &course), TimeDelta::minutes(i64::from(minutes)));
            }
            (_, State::Running) => prop_assert!(course.from_at.unwrap() <= course.due_at),
            (_, state) => {
                prop_assert_eq!(state, State::Paused);
                prop_assert!(course.paused_at.is_some() && course.stands.last().unwrap().until.is_none());
            }
        }
    }

    #[test]
    fn what_comes_after_the_end_changes_nothing(calendar in calendar(), length in length(), start in start(), turns in turns(), after in turns()) {
        let promise = promise(length, calendar, start);
        let mut told = turns;
        told.push((60, Signal::Approved));
        let ended = fold(&promise, &story(start, &told));
        told.extend(after);
        prop_assert_eq!(ended, fold(&promise, &story(start, &told)));
    }

    #[test]
    fn warnings_come_in_their_order_and_none_after_its_time_but_in_the_morning(calendar in calendar(), length in length(), start in start(), turns in turns()) {
        let promise = promise(length, calendar, start);
        let Some(course) = fold(&promise, &story(start, &turns)) else {
            return Ok(());
        };
        let warned: Vec<_> = Step::ALL.iter().map(|step| warns_at(&promise, &course, *step)).collect();
        if course.state == State::Paused {
            prop_assert_eq!(warned, [None, None, None]);
        } else {
            prop_assert!(warned.is_sorted() && warned[0] >= Some(start));
            let elapsed = !matches!(length, ClockLength::BusinessDays { .. });
            prop_assert!(!elapsed || warned[2] == Some(course.due_at));
        }
    }
}
