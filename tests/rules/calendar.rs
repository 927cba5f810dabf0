//! Days, business days and deadlines hold their order in every zone, across both nights on which clocks change.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;
use redress::rules::calendar::{
    Calendar, HolidayRule, Holidays, end_of_day, local_day, start_of_day,
};
use redress::rules::deadline::{Length, Reading, due};

fn zone() -> impl Strategy<Value = Tz> {
    prop::sample::select(chrono_tz::TZ_VARIANTS.to_vec())
}

fn day() -> impl Strategy<Value = NaiveDate> {
    (0i64..365 * 60)
        .prop_map(|days| NaiveDate::from_ymd_opt(1990, 1, 1).unwrap() + TimeDelta::days(days))
}

fn instant() -> impl Strategy<Value = DateTime<Utc>> {
    (day(), 0i64..86_400).prop_map(|(day, seconds)| {
        day.and_hms_opt(0, 0, 0).unwrap().and_utc() + TimeDelta::seconds(seconds)
    })
}

fn length() -> impl Strategy<Value = Length> {
    prop_oneof![
        (0u32..60).prop_map(Length::Days),
        (0u32..24).prop_map(Length::Months),
        (0u32..2_000).prop_map(Length::Hours)
    ]
}

fn federal(zone: Tz) -> Calendar {
    Calendar {
        zone,
        holidays: Holidays::Rule(HolidayRule::UnitedStatesFederal),
        hours: None,
    }
}

proptest! {
    #![proptest_config(crate::claims::cases(1000))]

    #[test]
    fn each_day_ends_a_second_before_the_next_begins(day in day(), zone in zone()) {
        let next = day.succ_opt().unwrap();
        prop_assert_eq!(end_of_day(day, zone) + TimeDelta::seconds(1), start_of_day(next, zone));
        prop_assert!(start_of_day(day, zone) <= start_of_day(next, zone));
        let start = start_of_day(day, zone);
        // A day that a zone skipped begins with the next one.
        prop_assert!(local_day(start, zone) >= day);
        prop_assert!(local_day(start - TimeDelta::seconds(1), zone) < day);
    }

    #[test]
    fn business_days_come_in_order_and_are_business_days(at in instant(), zone in zone(), nth in 1u32..12) {
        let calendar = federal(zone);
        let day = calendar.day_of(at);
        let found = calendar.business_day_after(day, nth).unwrap();
        prop_assert!(calendar.is_business_day(found));
        prop_assert!(found > calendar.business_day_after(day, nth - 1).unwrap());
        let between = day.iter_days().skip(1).take_while(|day| *day <= found).filter(|day| calendar.is_business_day(*day)).count();
        prop_assert_eq!(between, nth as usize);
    }

    #[test]
    fn one_more_holiday_never_makes_anything_earlier(day in day(), nth in 1u32..8, ahead in 0i64..14, listed in prop::collection::vec(0i64..14, 0..4)) {
        let dates: Vec<NaiveDate> = listed.iter().map(|ahead| day + TimeDelta::days(*ahead)).collect();
        let before = Calendar { zone: Tz::UTC, holidays: Holidays::Dates(dates.clone()), hours: None };
        let more = dates.into_iter().chain([day + TimeDelta::days(ahead)]).collect();
        let after = Calendar { zone: Tz::UTC, holidays: Holidays::Dates(more), hours: None };
        prop_assert!(after.business_day_after(day, nth) >= before.business_day_after(day, nth));
    }

    #[test]
    fn a_later_start_never_ends_earlier(start in instant(), wait in 0i64..40 * 86_400, length in length(), zone in zone(), reading in prop::sample::select(Reading::ALL.to_vec())) {
        let later = start + TimeDelta::seconds(wait);
        let (first, second) = (due(start, length, reading, zone).unwrap(), due(later, length, reading, zone).unwrap());
        prop_assert!(first.adopted <= second.adopted || matches!(length, Length::Months(_)) && reading == Reading::Moment);
        prop_assert!(first.strict() <= first.adopted && first.adopted <= first.lenient());
        prop_assert!(first.adopted >= start);
    }

    #[test]
    fn readings_disagree_only_between_the_strictest_and_the_most_lenient(start in instant(), length in length(), zone in zone(), claim in instant()) {
        let due = due(start, length, Reading::Bare, zone).unwrap();
        if claim <= due.strict() || claim > due.lenient() {
            prop_assert_eq!(due.contradicts(claim), None);
        }
        let on_edge = due.contradicts(due.lenient()).is_some();
        prop_assert_eq!(on_edge, due.strict() < due.lenient());
    }
}
