//! The numbers of a clause: its windows, hours, minimum and the clocks that it promises, each with a label, a unit and its place in
//! the document, so that a form can ask for it and a comparison can name it.

use super::Policy;
use crate::rules::clauses::Test;
use crate::rules::deadline::{ClockLength, Length};

/// One number of a clause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// Its place in the document, dotted: `tests.0.window.length.days` inside its clause, `clocks.2.length.hours` from the root.
    pub path: String,
    pub label: &'static str,
    pub value: String,
    /// "days", "hours", "USD".
    pub unit: String,
    /// An amount of money; a whole number otherwise.
    pub is_money: bool,
}

impl Figure {
    /// "14 days", "5 USD".
    pub fn spoken(&self) -> String {
        format!("{} {}", self.value, self.unit)
    }

    /// Whether its place is in its clause; in the document's clocks otherwise.
    pub fn is_of_clause(&self) -> bool {
        self.path.starts_with("tests.")
    }
}

impl Policy {
    /// The numbers of one clause, in the order of the document.
    pub fn figures(&self, clause: &str) -> Vec<Figure> {
        let tests = self.clause(clause).into_iter().flat_map(|it| &it.tests);
        let mut figures: Vec<Figure> = tests
            .enumerate()
            .filter_map(|(index, test)| of_test(index, test))
            .collect();
        for (index, clock) in self.clocks.iter().enumerate() {
            if clock.clause != clause {
                continue;
            }
            let at = |rest: &str| format!("clocks.{index}.length.{rest}");
            match clock.length {
                ClockLength::Hours(hours) => {
                    figures.push(whole(at("hours"), "Promised within", hours, "hours"));
                }
                ClockLength::WorkingMinutes(minutes) => {
                    let (path, unit) = (at("working_minutes"), "working minutes");
                    figures.push(whole(path, "Promised within", minutes, unit));
                }
                ClockLength::BusinessDays { first, last } => {
                    let unit = "business days";
                    let path = at("business_days.first");
                    figures.push(whole(path, "Promised from", first, unit));
                    let path = at("business_days.last");
                    figures.push(whole(path, "Promised by", last, unit));
                }
            }
        }
        figures
    }
}

fn of_test(index: usize, test: &Test) -> Option<Figure> {
    let at = |rest: &str| format!("tests.{index}.{rest}");
    match test {
        Test::Window(window) => {
            let (number, unit) = measured(window.length);
            let path = at(&format!("window.length.{unit}"));
            Some(whole(path, "Claimed within", number, unit))
        }
        Test::Period(period) => {
            let path = at("period.longest_months");
            Some(whole(
                path,
                "Longest period",
                period.longest_months,
                "months",
            ))
        }
        Test::Cure(cure) => Some(whole(
            at("cure.hours"),
            "Put right within",
            cure.hours,
            "hours",
        )),
        Test::Minimum(minimum) => Some(Figure {
            path: at("minimum.amount"),
            label: "At least",
            value: minimum.amount.to_string(),
            unit: minimum.currency.to_string(),
            is_money: true,
        }),
        _ => None,
    }
}

/// A length as its number and unit.
pub(super) fn measured(length: Length) -> (u32, &'static str) {
    match length {
        Length::Days(days) => (days, "days"),
        Length::Months(months) => (months, "months"),
        Length::Hours(hours) => (hours, "hours"),
    }
}

fn whole(path: String, label: &'static str, number: u32, unit: &str) -> Figure {
    Figure {
        path,
        label,
        value: number.to_string(),
        unit: unit.to_owned(),
        is_money: false,
    }
}
