//! Half-open ranges of days: in force from the first day, no longer in force on the end day.

use chrono::{Datelike, Months, NaiveDate};

/// Days from `from` up to but not including `to`; without `to` it has no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    pub from: NaiveDate,
    pub to: Option<NaiveDate>,
}

impl Period {
    pub fn holds(self, day: NaiveDate) -> bool {
        self.from <= day && self.to.is_none_or(|to| day < to)
    }

    pub fn overlaps(self, other: Period) -> bool {
        self.to.is_none_or(|to| other.from < to) && other.to.is_none_or(|to| self.from < to)
    }

    /// An end at or before the start: a period that holds no day.
    pub fn is_empty(self) -> bool {
        self.to.is_some_and(|to| to <= self.from)
    }
}

/// The first and the last day of the calendar quarter before the one of that day.
pub fn last_quarter(today: NaiveDate) -> (NaiveDate, NaiveDate) {
    let month = today.month0() / 3 * 3 + 1;
    let this = NaiveDate::from_ymd_opt(today.year(), month, 1).unwrap_or(today);
    let first = this.checked_sub_months(Months::new(3)).unwrap_or(this);
    (first, this.pred_opt().unwrap_or(this))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_day_is_the_first_that_is_outside() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let period = Period {
            from: day("2025-01-01"),
            to: Some(day("2025-05-01")),
        };
        assert!(period.holds(day("2025-01-01")) && period.holds(day("2025-04-30")));
        assert!(!period.holds(day("2025-05-01")) && !period.holds(day("2024-12-31")));
        assert!(!period.overlaps(Period {
            from: day("2025-05-01"),
            to: None
        }));
        assert!(period.overlaps(Period {
            from: day("2025-04-30"),
            to: None
        }));
    }

    #[test]
    fn the_last_quarter_is_the_whole_one_before() {
        for (today, first, last) in [
            ("2026-11-30", "2026-07-01", "2026-09-30"),
            ("2026-01-01", "2025-10-01", "2025-12-31"),
            ("2026-03-31", "2025-10-01", "2025-12-31"),
            ("2026-04-01", "2026-01-01", "2026-03-31"),
        ] {
            let (from, to) = last_quarter(today.parse().unwrap());
            assert_eq!(
                (from.to_string(), to.to_string()),
                (first.into(), last.into())
            );
        }
    }
}
