//! A row's cells as what they mean. Every cell is looked at before a row is refused, so that all of its faults are told at once.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use super::Row;
use crate::db::orders::{BALANCE, Part};
use crate::error::{Fields, Result};
use crate::plain;
use crate::rules::money::{Amount, Currency};

/// The longest reference, in characters.
const LONGEST_REFERENCE: usize = 200;

pub struct Reader<'a> {
    row: &'a Row,
    faults: Fields,
}

impl<'a> Reader<'a> {
    pub fn new(row: &'a Row) -> Self {
        Reader {
            row,
            faults: Fields::new(),
        }
    }

    /// `Ok` where no cell was at fault.
    pub fn done(self) -> Result<()> {
        self.faults.done()
    }

    pub fn fault<T>(&mut self, column: &str, why: impl Into<String>) -> Option<T> {
        self.faults.add(column, why);
        None
    }

    /// Notes a cell that must be filled and is not.
    pub fn filled(&mut self, column: &str) {
        if self.row.value(column).is_none() {
            self.fault::<()>(column, "must be filled");
        }
    }

    /// A name that must be there; "" where it is not, with its fault noted.
    pub fn required(&mut self, column: &str) -> String {
        self.filled(column);
        self.reference(column).unwrap_or_default()
    }

    /// A name that others refer to: one line, not cut, or it would name something else.
    pub fn reference(&mut self, column: &str) -> Option<String> {
        let text = self.text(column)?;
        if plain::line(text, LONGEST_REFERENCE) == text {
            return Some(text.to_owned());
        }
        self.fault(
            column,
            format!("must be one line of at most {LONGEST_REFERENCE} visible characters"),
        )
    }

    /// Words for people, made safe to show by whoever stores them.
    pub fn words(&mut self, column: &str) -> Option<String> {
        self.text(column).map(str::to_owned)
    }

    fn text(&mut self, column: &str) -> Option<&'a str> {
        match self.row.value(column)? {
            Value::String(text) => Some(text),
            _ => self.fault(column, "must be text"),
        }
    }

    fn parsed<T>(
        &mut self,
        column: &str,
        parse: impl Fn(&str) -> std::result::Result<T, String>,
    ) -> Option<T> {
        let text = self.text(column)?;
        match parse(text) {
            Ok(value) => Some(value),
            Err(why) => self.fault(column, why),
        }
    }

    /// An amount at eight decimals, never below zero.
    pub fn amount(&mut self, column: &str) -> Option<i64> {
        self.parsed(column, |text| {
            Amount::parse(text)
                .map(Amount::e8)
                .map_err(|why| why.to_string())
        })
    }

    /// An amount above zero.
    pub fn money(&mut self, column: &str) -> Option<i64> {
        match self.amount(column)? {
            0 => self.fault(column, "must be above zero"),
            amount_e8 => Some(amount_e8),
        }
    }

    pub fn currency(&mut self, column: &str) -> Option<String> {
        let code = |text: &str| Currency::parse(text).map(|currency| currency.code().to_owned());
        self.parsed(column, |text| code(text).map_err(|why| why.to_string()))
    }

    pub fn instant(&mut self, column: &str) -> Option<DateTime<Utc>> {
        self.parsed(column, instant)
    }

    /// An instant at which something has happened: not after `now`.
    pub fn past(&mut self, column: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self.instant(column)? {
            at if at > now => self.fault(column, "lies in the future"),
            at => Some(at),
        }
    }

    pub fn day(&mut self, column: &str) -> Option<NaiveDate> {
        self.parsed(column, |text| {
            let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
            day.filter(|day| day.to_string() == text)
                .ok_or_else(|| "must be a day such as 2026-03-01".to_owned())
        })
    }

    /// A whole number; in JSON as a number or as text.
    pub fn whole(&mut self, column: &str) -> Option<i64> {
        let number = match self.row.value(column)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => whole(text),
            _ => None,
        };
        match number {
            Some(number) => Some(number),
            None => self.fault(column, "must be a whole number"),
        }
    }

    /// A whole number of at least `least`.
    pub fn whole_from(&mut self, column: &str, least: i64) -> Option<i64> {
        match self.whole(column)? {
            number if number < least => self.fault(column, format!("must be at least {least}")),
            number => Some(number),
        }
    }

    pub fn truth(&mut self, column: &str) -> Option<bool> {
        match self.row.value(column)? {
            Value::Bool(truth) => Some(*truth),
            Value::String(text) if text == "true" => Some(true),
            Value::String(text) if text == "false" => Some(false),
            _ => self.fault(column, "must be true or false"),
        }
    }

    /// One of some words.
    pub fn word<T>(&mut self, column: &str, from: impl Fn(&str) -> Option<T>) -> Option<T> {
        self.parsed(column, |text| {
            from(text).ok_or_else(|| format!("{text:?} is not a word known here"))
        })
    }

    /// Several texts: `a|b`, or a list in JSON.
    pub fn list(&mut self, column: &str) -> Option<Vec<String>> {
        match self.row.value(column)? {
            Value::String(text) => {
                Some(text.split('|').map(|part| part.trim().to_owned()).collect())
            }
            Value::Array(values) => {
                let texts = values.iter().map(|value| value.as_str().map(str::to_owned));
                match texts.collect::<Option<Vec<_>>>() {
                    Some(texts) => Some(texts),
                    None => self.fault(column, "must be a list of texts"),
                }
            }
            _ => self.fault(column, "must be a list of texts"),
        }
    }

    /// How an order was paid: a method alone pays the whole charge, several each name their amount.
    pub fn parts(&mut self, column: &str, charge_e8: Option<i64>) -> Option<Vec<Part>> {
        const SHAPE: &str = "must be balance, a method, or parts such as balance=6.00|card-1=4.00";
        let read = match self.row.value(column)? {
            Value::String(text) if !text.contains('=') => {
                let amount = Amount::from_e8(charge_e8.unwrap_or(0));
                let method = plain::line(text, LONGEST_REFERENCE);
                (&method == text && !text.contains('|')).then(|| vec![Part { method, amount }])
            }
            Value::String(text) => text.split('|').map(part).collect(),
            Value::Array(parts) => serde_json::from_value(Value::Array(parts.clone())).ok(),
            _ => None,
        };
        let Some(parts) =
            read.filter(|parts: &Vec<Part>| parts.iter().all(|part| part.amount >= Amount::ZERO))
        else {
            return self.fault(column, SHAPE);
        };
        let twice = parts.iter().filter(|part| part.method == BALANCE).count() > 1;
        if twice {
            self.fault(column, "names the balance twice")
        } else {
            Some(parts)
        }
    }
}

fn part(text: &str) -> Option<Part> {
    let (method, amount) = text.rsplit_once('=')?;
    let method = method.trim();
    if method.is_empty() || plain::line(method, LONGEST_REFERENCE) != method {
        return None;
    }
    Some(Part {
        method: method.to_owned(),
        amount: Amount::parse(amount.trim()).ok()?,
    })
}

fn whole(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

/// An instant with its offset, between the years 2000 and 2100: anything else is a slip.
pub fn instant(text: &str) -> std::result::Result<DateTime<Utc>, String> {
    use chrono::{Datelike, SubsecRound};
    let at = DateTime::parse_from_rfc3339(text)
        .map_err(|_| "must be an instant with an offset such as 2026-03-01T12:00:00Z".to_owned())?
        .with_timezone(&Utc)
        .trunc_subsecs(6);
    if (2000..2100).contains(&at.year()) {
        Ok(at)
    } else {
        Err("must lie between the years 2000 and 2100".to_owned())
    }
}
