//! Half-open ranges of days: in force from the first day, no longer in force on the end day.

use chrono::NaiveDate;

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
}
