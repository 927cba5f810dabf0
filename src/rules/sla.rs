//! Promises kept and broken, counted. Pure: clocks go in as samples, lines of a report come out, and the same samples give the
//! same report forever.
//!
//! Percentiles are by nearest rank over the clocks that have stopped; what still runs is counted beside them, never inside: a
//! slow case that is still open must not make the figures look better or worse than is known.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};

/// One clock as the report sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    pub seller: String,
    pub kind: String,
    pub clause: String,
    pub firmness: String,
    pub starts_at: DateTime<Utc>,
    pub starts_on: NaiveDate,
    pub due_at: DateTime<Utc>,
    pub stopped_at: Option<DateTime<Utc>>,
    pub fate: Fate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Kept,
    Missed,
    /// Still running or paused, and not late yet.
    Waiting,
}

/// One promise of one seller over a period. Times in seconds of the wall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub seller: String,
    pub kind: String,
    pub clause: String,
    pub firmness: String,
    pub kept: usize,
    pub missed: usize,
    pub waiting: usize,
    pub median: Option<i64>,
    pub p90: Option<i64>,
    pub p95: Option<i64>,
}

impl Line {
    /// Kept of those that are settled, in tenths of a percent, rounded down so that one miss never reads as 100 %.
    pub fn attainment(&self) -> Option<u32> {
        let settled = self.kept + self.missed;
        if settled == 0 {
            None
        } else {
            u32::try_from(self.kept * 1000 / settled).ok()
        }
    }
}

/// A week of a report, from its Monday.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Week {
    pub monday: NaiveDate,
    pub kept: usize,
    pub missed: usize,
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
    let count = |fate| samples.iter().filter(|sample| sample.fate == fate).count();
    let mut taken: Vec<i64> = samples.iter().filter_map(|sample| taken(sample)).collect();
    taken.sort_unstable();
    Line {
        seller: seller.to_owned(),
        kind: kind.to_owned(),
        clause: clause.to_owned(),
        firmness: firmness.to_owned(),
        kept: count(Fate::Kept),
        missed: count(Fate::Missed),
        waiting: count(Fate::Waiting),
        median: percentile(&taken, 50),
        p90: percentile(&taken, 90),
        p95: percentile(&taken, 95),
    }
}

/// Seconds from start to stop, for clocks that have stopped.
fn taken(sample: &Sample) -> Option<i64> {
    sample
        .stopped_at
        .map(|stopped| (stopped - sample.starts_at).num_seconds().max(0))
}

/// The value at rank ⌈p·n/100⌉ of an ascending list (nearest rank); none of an empty one.
pub fn percentile(ascending: &[i64], p: usize) -> Option<i64> {
    let rank = (ascending.len() * p).div_ceil(100).max(1);
    ascending.get(rank - 1).copied()
}

/// Kept and missed by week of the start, every week of the period present, also an empty one.
pub fn weeks(samples: &[Sample], from: NaiveDate, to: NaiveDate) -> Vec<Week> {
    let mut weeks: BTreeMap<NaiveDate, Week> = BTreeMap::new();
    let mut monday = monday_of(from);
    while monday <= to {
        weeks.insert(
            monday,
            Week {
                monday,
                kept: 0,
                missed: 0,
            },
        );
        match monday.checked_add_days(Days::new(7)) {
            Some(next) => monday = next,
            None => break,
        }
    }
    for sample in samples {
        if let Some(week) = weeks.get_mut(&monday_of(sample.starts_on)) {
            match sample.fate {
                Fate::Kept => week.kept += 1,
                Fate::Missed => week.missed += 1,
                Fate::Waiting => {}
            }
        }
    }
    weeks.into_values().collect()
}

fn monday_of(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(u64::from(day.weekday().num_days_from_monday())))
        .unwrap_or(day)
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
            median: None,
            p90: None,
            p95: None,
        };
        assert_eq!(line.attainment(), Some(999));
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
