//! Promises kept and broken, counted. Pure: clocks go in as samples, those alike together; lines of a report come out, and the same
//! samples give the same report forever.
//!
//! Percentiles are by nearest rank over the clocks that have stopped; what still runs is counted beside them, never inside: a
//! slow case that is still open must not make the figures look better or worse than is known.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};

use super::priority::Priority;

/// Clocks alike: of one promise, begun on one day, with one person and one priority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Whoever had the conversation when the clock ended, or has it now; none where nobody did.
    pub agent: Option<String>,
    /// The seller's short name.
    pub seller: String,
    pub kind: String,
    pub clause: String,
    pub firmness: String,
    pub starts_on: NaiveDate,
    /// What the ticket had when it stopped, or has while it runs.
    pub priority: Priority,
    pub kept: usize,
    pub missed: usize,
    /// Still running or paused, and not late yet.
    pub waiting: usize,
    /// Seconds from start to stop of each that has stopped.
    pub taken: Vec<i64>,
    /// Seconds within the working hours, of each that has stopped and kept them.
    pub worked: Vec<i64>,
}

/// What became of one clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Kept,
    Missed,
    /// Still running or paused, and not late yet.
    Waiting,
}

/// How long things took, in seconds, by nearest rank.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pace {
    pub median: Option<i64>,
    pub p90: Option<i64>,
    pub p95: Option<i64>,
}

impl Pace {
    pub fn of(mut values: Vec<i64>) -> Pace {
        values.sort_unstable();
        Pace {
            median: percentile(&values, 50),
            p90: percentile(&values, 90),
            p95: percentile(&values, 95),
        }
    }
}

/// One promise of one seller over a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub seller: String,
    pub kind: String,
    pub clause: String,
    pub firmness: String,
    pub kept: usize,
    pub missed: usize,
    pub waiting: usize,
    /// By the wall, nights and weekends included.
    pub wall: Pace,
    /// Within the working hours, pauses left out.
    pub working: Pace,
}

/// Whether a promise holds the desk to it: a firm one, or the house's own target.
pub fn is_firm(firmness: &str) -> bool {
    matches!(firmness, "firm" | "house")
}

impl Sample {
    pub fn is_firm(&self) -> bool {
        is_firm(&self.firmness)
    }
}

impl Line {
    pub fn is_firm(&self) -> bool {
        is_firm(&self.firmness)
    }

    /// Kept of those that are settled, in tenths of a percent, rounded down so that one miss never reads as 100 %.
    pub fn attainment(&self) -> Option<u32> {
        let settled = self.kept + self.missed;
        let tenths = (self.kept * 1000).checked_div(settled)?;
        u32::try_from(tenths).ok()
    }
}

/// A week or a month of a report: what became of the promises that started in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub first: NaiveDate,
    pub kept: usize,
    pub missed: usize,
    /// Seconds that the stopped ones took, ascending.
    pub taken: Vec<i64>,
}

/// How finely a report is cut over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    Week,
    Month,
}

/// The longest report that is cut by the week: half a year.
const WEEKS_UP_TO: i64 = 190;

impl Cut {
    /// By the week up to half a year, by the month above: what a page has room for.
    pub fn fitting(from: NaiveDate, to: NaiveDate) -> Cut {
        if (to - from).num_days() <= WEEKS_UP_TO {
            Cut::Week
        } else {
            Cut::Month
        }
    }

    /// The first day of the week (its Monday) or month that a day lies in.
    pub fn first(self, day: NaiveDate) -> NaiveDate {
        let back = match self {
            Cut::Week => day.weekday().num_days_from_monday(),
            Cut::Month => day.day0(),
        };
        day.checked_sub_days(Days::new(u64::from(back)))
            .unwrap_or(day)
    }

    /// The last day of the week or month that begins on this day.
    pub fn last(self, first: NaiveDate) -> NaiveDate {
        let next = match self {
            Cut::Week => first.checked_add_days(Days::new(7)),
            Cut::Month => first.checked_add_months(Months::new(1)),
        };
        next.and_then(|next| next.pred_opt()).unwrap_or(first)
    }

    /// The first days of all weeks or months that a period touches.
    pub fn firsts(self, from: NaiveDate, to: NaiveDate) -> Vec<NaiveDate> {
        let mut firsts = Vec::new();
        let mut first = self.first(from);
        while first <= to {
            firsts.push(first);
            let next = match self {
                Cut::Week => first.checked_add_days(Days::new(7)),
                Cut::Month => first.checked_add_months(Months::new(1)),
            };
            match next {
                Some(next) => first = next,
                None => break,
            }
        }
        firsts
    }
}

/// One line for each seller, kind and clause, in that order.
pub fn lines(samples: &[Sample]) -> Vec<Line> {
    let mut groups: BTreeMap<(&str, &str, &str, &str), Vec<&Sample>> = BTreeMap::new();
    for sample in samples {
        groups
            .entry((
                &sample.seller,
                &sample.kind,
                &sample.clause,
                &sample.firmness,
            ))
            .or_default()
            .push(sample);
    }
    groups
        .into_iter()
        .map(|(key, samples)| line(key, &samples))
        .collect()
}

fn line((seller, kind, clause, firmness): (&str, &str, &str, &str), samples: &[&Sample]) -> Line {
    let count = |of: fn(&Sample) -> usize| samples.iter().map(|sample| of(sample)).sum();
    let all = |of: fn(&Sample) -> &Vec<i64>| {
        let each = samples.iter().flat_map(|sample| of(sample));
        Pace::of(each.copied().collect())
    };
    Line {
        seller: seller.to_owned(),
        kind: kind.to_owned(),
        clause: clause.to_owned(),
        firmness: firmness.to_owned(),
        kept: count(|sample| sample.kept),
        missed: count(|sample| sample.missed),
        waiting: count(|sample| sample.waiting),
        wall: all(|sample| &sample.taken),
        working: all(|sample| &sample.worked),
    }
}

/// What one person had: firm promises kept, not kept, still running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// None: nobody had them.
    pub agent: Option<String>,
    pub kept: usize,
    pub missed: usize,
    pub waiting: usize,
}

/// By whoever had the conversation, in the order of their names; nobody's last. A leader board would measure who takes the easy
/// ones.
pub fn by_agent<'a>(samples: impl IntoIterator<Item = &'a Sample>) -> Vec<Share> {
    let mut shares: BTreeMap<(bool, Option<&str>), Share> = BTreeMap::new();
    for sample in samples {
        let key = (sample.agent.is_none(), sample.agent.as_deref());
        let share = shares.entry(key).or_insert_with(|| Share {
            agent: sample.agent.clone(),
            kept: 0,
            missed: 0,
            waiting: 0,
        });
        share.kept += sample.kept;
        share.missed += sample.missed;
        share.waiting += sample.waiting;
    }
    shares.into_values().collect()
}

/// What became of the firm promises of one priority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pressed {
    pub priority: Priority,
    pub kept: usize,
    pub missed: usize,
    pub waiting: usize,
    pub wall: Pace,
    pub working: Pace,
}

/// By priority, the most pressing first; one that no promise has is left out.
pub fn by_priority<'a>(samples: impl IntoIterator<Item = &'a Sample>) -> Vec<Pressed> {
    let mut groups: BTreeMap<Priority, Vec<&Sample>> = BTreeMap::new();
    for sample in samples {
        groups.entry(sample.priority).or_default().push(sample);
    }
    let pressed = |(priority, samples): (Priority, Vec<&Sample>)| {
        let line = line(("", "", "", ""), &samples);
        Pressed {
            priority,
            kept: line.kept,
            missed: line.missed,
            waiting: line.waiting,
            wall: line.wall,
            working: line.working,
        }
    };
    groups.into_iter().rev().map(pressed).collect()
}

/// The value at rank ⌈p·n/100⌉ of an ascending list (nearest rank); none of an empty one.
pub fn percentile(ascending: &[i64], p: usize) -> Option<i64> {
    let rank = (ascending.len() * p).div_ceil(100).max(1);
    ascending.get(rank - 1).copied()
}

/// What became of the promises, cut by the day on which they started; every week or month of the period is there, also an empty
/// one.
pub fn spans<'a>(
    samples: impl IntoIterator<Item = &'a Sample>,
    cut: Cut,
    from: NaiveDate,
    to: NaiveDate,
) -> Vec<Span> {
    let empty = |first| Span {
        first,
        kept: 0,
        missed: 0,
        taken: Vec::new(),
    };
    let firsts = cut.firsts(from, to).into_iter();
    let mut spans: BTreeMap<NaiveDate, Span> = firsts.map(|first| (first, empty(first))).collect();
    for sample in samples {
        if let Some(span) = spans.get_mut(&cut.first(sample.starts_on)) {
            span.kept += sample.kept;
            span.missed += sample.missed;
            span.taken.extend(&sample.taken);
        }
    }
    for span in spans.values_mut() {
        span.taken.sort_unstable();
    }
    spans.into_values().collect()
}

/// Seconds that the stopped clocks took, ascending.
pub fn all_taken<'a>(samples: impl IntoIterator<Item = &'a Sample>) -> Vec<i64> {
    let mut all: Vec<i64> = samples
        .into_iter()
        .flat_map(|sample| &sample.taken)
        .copied()
        .collect();
    all.sort_unstable();
    all
}

/// How long open things have waited: the upper ends of the buckets in days, the last without an end.
pub const AGES: [(&str, Option<i64>); 5] = [
    ("under 1 day", Some(1)),
    ("1–3 days", Some(3)),
    ("3–7 days", Some(7)),
    ("7–14 days", Some(14)),
    ("over 14 days", None),
];

/// How many of these instants lie in each bucket of [`AGES`], seen from `now`.
pub fn ageing(opened: &[DateTime<Utc>], now: DateTime<Utc>) -> [usize; 5] {
    let mut counts = [0; 5];
    for at in opened {
        let days = (now - *at).num_seconds() as i128;
        let place = AGES
            .iter()
            .position(|(_, end)| end.is_none_or(|end| days < i128::from(end) * 86_400))
            .unwrap_or(4);
        counts[place] += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nearest_rank_takes_a_value_that_occurred() {
        assert_eq!(percentile(&[], 50), None);
        assert_eq!(percentile(&[7], 95), Some(7));
        assert_eq!(percentile(&[1, 2, 3, 4], 50), Some(2));
        assert_eq!(percentile(&(1..=10).collect::<Vec<_>>(), 90), Some(9));
        assert_eq!(percentile(&(1..=100).collect::<Vec<_>>(), 95), Some(95));
    }

    #[test]
    fn one_miss_in_a_thousand_does_not_read_as_all_kept() {
        let line = Line {
            seller: "s".into(),
            kind: "decision".into(),
            clause: "B22".into(),
            firmness: "firm".into(),
            kept: 1999,
            missed: 1,
            waiting: 0,
            wall: Pace::default(),
            working: Pace::default(),
        };
        assert_eq!(line.attainment(), Some(999));
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn sample(on: &str, hours: Option<i64>, fate: Fate) -> Sample {
        let one_if = |it| usize::from(fate == it);
        let each = |by: i64| hours.map(|hours| hours * by).into_iter().collect();
        Sample {
            agent: None,
            seller: "shop".into(),
            kind: "decision".into(),
            clause: "B22".into(),
            firmness: "firm".into(),
            starts_on: day(on),
            priority: Priority::Normal,
            kept: one_if(Fate::Kept),
            missed: one_if(Fate::Missed),
            waiting: one_if(Fate::Waiting),
            taken: each(3600),
            worked: each(1200),
        }
    }

    #[test]
    fn a_week_holds_what_started_in_it_and_an_empty_week_is_there() {
        let samples = [
            sample("2026-11-02", Some(3), Fate::Kept),
            sample("2026-11-08", Some(50), Fate::Missed),
            sample("2026-11-16", None, Fate::Waiting),
        ];
        let cut = Cut::fitting(day("2026-11-04"), day("2026-11-16"));
        let weeks = spans(&samples, cut, day("2026-11-04"), day("2026-11-16"));
        let seen: Vec<_> = weeks
            .iter()
            .map(|week| {
                (
                    week.first.to_string(),
                    week.kept,
                    week.missed,
                    week.taken.len(),
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                ("2026-11-02".to_owned(), 1, 1, 2),
                ("2026-11-09".to_owned(), 0, 0, 0),
                ("2026-11-16".to_owned(), 0, 0, 0),
            ]
        );
        assert_eq!(weeks[0].taken, [3 * 3600, 50 * 3600]);
    }

    #[test]
    fn a_year_is_cut_by_the_month() {
        let (from, to) = (day("2025-12-31"), day("2026-12-01"));
        assert_eq!(Cut::fitting(from, to), Cut::Month);
        let firsts = Cut::Month.firsts(from, to);
        assert_eq!(firsts.len(), 13);
        assert_eq!(firsts[0], day("2025-12-01"));
        assert_eq!(firsts[12], day("2026-12-01"));
    }

    #[test]
    fn people_are_listed_by_name_and_nobody_last() {
        let had_by = |agent: Option<&str>, fate| Sample {
            agent: agent.map(str::to_owned),
            ..sample("2026-11-02", Some(1), fate)
        };
        let samples = [
            had_by(None, Fate::Missed),
            had_by(Some("Zoe"), Fate::Kept),
            had_by(Some("Abel"), Fate::Waiting),
            had_by(Some("Zoe"), Fate::Missed),
        ];
        let shares: Vec<_> = by_agent(&samples)
            .into_iter()
            .map(|share| (share.agent, share.kept, share.missed, share.waiting))
            .collect();
        assert_eq!(
            shares,
            [
                (Some("Abel".to_owned()), 0, 0, 1),
                (Some("Zoe".to_owned()), 1, 1, 0),
                (None, 0, 1, 0),
            ]
        );
    }

    #[test]
    fn the_most_pressing_come_first_and_a_priority_that_nothing_has_is_left_out() {
        let with = |priority, hours| Sample {
            priority,
            ..sample("2026-11-02", Some(hours), Fate::Kept)
        };
        let samples = [
            with(Priority::Low, 9),
            with(Priority::Urgent, 1),
            with(Priority::Urgent, 3),
        ];
        let pressed: Vec<_> = by_priority(&samples)
            .into_iter()
            .map(|own| (own.priority, own.kept, own.wall.median, own.working.p95))
            .collect();
        assert_eq!(
            pressed,
            [
                (Priority::Urgent, 2, Some(3600), Some(3 * 1200)),
                (Priority::Low, 1, Some(9 * 3600), Some(9 * 1200)),
            ]
        );
    }

    #[test]
    fn what_still_runs_is_counted_beside_the_percentiles() {
        let samples = [
            sample("2026-11-02", Some(1), Fate::Kept),
            sample("2026-11-02", None, Fate::Waiting),
            sample("2026-11-02", None, Fate::Missed),
        ];
        let lines = lines(&samples);
        let line = &lines[0];
        assert_eq!((line.kept, line.missed, line.waiting), (1, 1, 1));
        assert_eq!(line.attainment(), Some(500));
        assert_eq!((line.wall.median, line.wall.p95), (Some(3600), Some(3600)));
        assert_eq!(line.working.median, Some(1200));
    }

    proptest! {
        #[test]
        fn percentiles_rise_with_p_and_stay_inside(mut values in proptest::collection::vec(0_i64..1_000_000, 1..200)) {
            values.sort_unstable();
            let of = |p| percentile(&values, p).unwrap();
            prop_assert!(of(50) <= of(90) && of(90) <= of(95));
            prop_assert!(values[0] <= of(50) && of(95) <= values[values.len() - 1]);
        }
    }
}
