//! The days that a report covers, and the seller it is about, as its address asks for them.

use chrono::{Days, Months, NaiveDate};
use serde::Deserialize;
use url::form_urlencoded::Serializer;

use crate::db::reports::Period;
use crate::db::sellers::Seller;
use crate::error::{Error, Fields, Result};
use crate::rules::assessment::ClockKind;
use crate::rules::causes::Cause;
use crate::rules::display;
use crate::web::fields;
use crate::web::page::{Choice, Filled};

/// The longest report, in days: three years.
const LONGEST: i64 = 1_096;
/// Days that anybody can have meant.
const YEARS: std::ops::RangeInclusive<&str> = "2000-01-01"..="2099-12-31";

/// The parameters of a report's address; all may be missing.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Asked {
    pub from: Option<String>,
    pub to: Option<String>,
    /// The seller's short name.
    pub seller: Option<String>,
    /// Which table of the report, for its CSV twin.
    pub table: Option<String>,
    /// Which of the broken promises are listed.
    pub promise: Option<String>,
    pub clause: Option<String>,
    pub agent: Option<String>,
    pub cause: Option<String>,
}

/// A link to the same report over other days.
pub struct Preset {
    pub label: &'static str,
    pub href: String,
    pub current: bool,
}

impl Asked {
    /// # Errors
    /// `Malformed` for a parameter that the report has not, or one that comes twice.
    pub fn read(query: &str) -> Result<Asked> {
        let asked = Asked::read_narrowed(query)?;
        let narrow = [&asked.promise, &asked.clause, &asked.agent, &asked.cause];
        if narrow.into_iter().any(Option::is_some) {
            return Err(Error::Malformed("a filter that this report has not"));
        }
        Ok(asked)
    }

    /// Of the page that lists broken promises, and may list some of them.
    ///
    /// # Errors
    /// As [`Asked::read`]; `Malformed` too for a promise or a cause that there is not.
    pub fn read_narrowed(query: &str) -> Result<Asked> {
        let asked: Asked = fields::parse(fields::decode(query.as_bytes())?)?;
        let promise = asked.promise.as_deref().map(ClockKind::from_word);
        let cause = asked.cause.as_deref().map(Cause::from_word);
        match (promise, cause) {
            (Some(None), _) | (_, Some(None)) => Err(Error::Malformed("no such promise or cause")),
            _ => Ok(asked),
        }
    }

    /// The period; the last thirty days where no day is named.
    ///
    /// # Errors
    /// `Invalid` beside the field: a day that is none, an end before the beginning, a seller that is not among these.
    pub fn period(&self, sellers: &[Seller], today: NaiveDate) -> Result<Period> {
        let mut problems = Fields::new();
        let mut day = |field: &str, given: &Option<String>, default: NaiveDate| match given {
            None => default,
            Some(text) => calendar_day(text).unwrap_or_else(|| {
                problems.add(field, "Enter a day that exists, such as 2026-11-25");
                default
            }),
        };
        let to = day("to", &self.to, today);
        let from = day("from", &self.from, before(to, 29));
        if problems.is_empty() && from > to {
            problems.add("to", "The last day must not lie before the first");
        }
        if problems.is_empty() && (to - from).num_days() >= LONGEST {
            problems.add("from", "A report covers three years at most");
        }
        let seller = match &self.seller {
            None => None,
            Some(slug) => {
                let known = sellers.iter().find(|seller| &seller.slug == slug);
                if known.is_none() {
                    problems.add("seller", "Choose a seller from the list");
                }
                known.map(|seller| seller.id.clone())
            }
        };
        problems.done()?;
        Ok(Period { from, to, seller })
    }

    /// The filters as they were given, with what is wrong.
    pub fn form(&self, problems: &Fields) -> Filled {
        let given = [
            ("from", &self.from),
            ("to", &self.to),
            ("seller", &self.seller),
        ];
        let given = given
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)));
        Filled::refused(given.collect(), problems)
    }

    /// The filters of a period that holds.
    pub fn filled(&self, period: &Period) -> Filled {
        let mut values = vec![
            ("from".to_owned(), period.from.to_string()),
            ("to".to_owned(), period.to.to_string()),
        ];
        if let Some(slug) = &self.seller {
            values.push(("seller".to_owned(), slug.clone()));
        }
        Filled {
            values,
            ..Filled::default()
        }
    }

    /// The address of a report over these days, for the seller chosen, with further parameters.
    pub fn href(
        &self,
        path: &str,
        (from, to): (NaiveDate, NaiveDate),
        more: &[(&str, &str)],
    ) -> String {
        let mut query = Serializer::new(String::new());
        query.append_pair("from", &from.to_string());
        query.append_pair("to", &to.to_string());
        if let Some(slug) = &self.seller {
            query.append_pair("seller", slug);
        }
        query.extend_pairs(more);
        format!("{path}?{}", query.finish())
    }

    pub fn presets(&self, path: &str, period: &Period, today: NaiveDate) -> Vec<Preset> {
        let this_month = first_of_month(today);
        let named = [
            ("7 days", (before(today, 6), today)),
            ("30 days", (before(today, 29), today)),
            ("90 days", (before(today, 89), today)),
            ("This month", (this_month, today)),
            ("Last month", last_month(today)),
        ];
        let preset = |(label, days)| Preset {
            label,
            href: self.href(path, days, &[]),
            current: (period.from, period.to) == days,
        };
        named.into_iter().map(preset).collect()
    }
}

fn calendar_day(text: &str) -> Option<NaiveDate> {
    let is_plain = text.len() == 10 && YEARS.contains(&text);
    text.parse().ok().filter(|_| is_plain)
}

fn before(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_sub_days(Days::new(days)).unwrap_or(day)
}

/// The first and the last day of the month before.
pub fn last_month(today: NaiveDate) -> (NaiveDate, NaiveDate) {
    let this = first_of_month(today);
    let first = this.checked_sub_months(Months::new(1)).unwrap_or(this);
    (first, before(this, 1))
}

fn first_of_month(day: NaiveDate) -> NaiveDate {
    crate::rules::sla::Cut::Month.first(day)
}

/// The same number of days, just before.
pub fn previous(period: &Period) -> Period {
    let days = (period.to - period.from).num_days().unsigned_abs() + 1;
    Period {
        from: before(period.from, days),
        to: before(period.from, 1),
        seller: period.seller.clone(),
    }
}

/// "1–30 November 2026".
pub fn spoken(period: &Period) -> String {
    display::days(period.from, period.to)
}

/// The sellers as options of a list, all of them first.
pub fn choices(sellers: &[Seller]) -> Vec<Choice> {
    let every = Choice::new("", "All sellers", "");
    let each = sellers
        .iter()
        .map(|seller| Choice::new(&seller.slug, &seller.name, ""));
    std::iter::once(every).chain(each).collect()
}

/// A refusal's fields, or the error itself where it is none of the form's.
pub fn problems(error: Error) -> Result<Fields> {
    match error {
        Error::Invalid(fields) => Ok(fields),
        other => Err(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 25).unwrap()
    }

    fn asked(query: &str) -> Result<Period> {
        Asked::read(query)?.period(&[], today())
    }

    fn refused_at(query: &str) -> Vec<String> {
        match asked(query) {
            Err(Error::Invalid(fields)) => {
                fields.iter().map(|(field, _)| field.to_owned()).collect()
            }
            other => panic!("{query}: {other:?}"),
        }
    }

    #[test]
    fn without_a_day_it_is_the_last_thirty() {
        let period = asked("").unwrap();
        assert_eq!(period.from.to_string(), "2026-10-27");
        assert_eq!(period.to, today());
        assert_eq!(previous(&period).from.to_string(), "2026-09-27");
        assert_eq!(previous(&period).to.to_string(), "2026-10-26");
    }

    #[test]
    fn a_day_that_is_none_is_refused_beside_its_field() {
        for day in [
            "0000-01-01",
            "9999-12-31",
            "2027-02-29",
            "2026-13-01",
            "26-11-25",
            "+2026-11-25",
            "tomorrow",
            "2026-11-25T00%3A00",
        ] {
            assert_eq!(refused_at(&format!("from={day}")), ["from"], "{day}");
            assert_eq!(refused_at(&format!("to={day}")), ["to"], "{day}");
        }
        assert_eq!(refused_at("from=x&to=y"), ["to", "from"]);
        assert_eq!(refused_at("from=2026-11-02&to=2026-11-01"), ["to"]);
        assert_eq!(refused_at("from=2020-01-01"), ["from"]);
        assert_eq!(refused_at("seller=nobody"), ["seller"]);
    }

    #[test]
    fn what_no_report_has_is_no_request() {
        for query in ["tz=Mars/X", "from=2026-01-01&from=2026-01-02", "%zz"] {
            assert!(
                matches!(Asked::read(query), Err(Error::Malformed(_))),
                "{query}"
            );
        }
        assert!(asked("from=&to=&seller=").is_ok(), "empty filters are none");
    }

    #[test]
    fn a_period_is_said_as_shortly_as_it_can_be() {
        for (from, to, said) in [
            ("2026-11-01", "2026-11-30", "1–30 November 2026"),
            ("2026-11-01", "2026-11-01", "1 November 2026"),
            ("2026-10-27", "2026-11-25", "27 October – 25 November 2026"),
            (
                "2025-12-01",
                "2026-01-31",
                "1 December 2025 – 31 January 2026",
            ),
        ] {
            let period = Period {
                from: from.parse().unwrap(),
                to: to.parse().unwrap(),
                seller: None,
            };
            assert_eq!(spoken(&period), said);
        }
    }
}
