//! Changes a document in place: comments, order and blanks stay as their author left them. What comes out is checked by whoever
//! keeps it, like any other text.

use chrono::NaiveDate;
use toml_edit::{DocumentMut, Item, Value};

use super::Flaw;
use super::figures::Figure;
use crate::rules::money::Amount;

/// A document under the pen.
#[derive(Debug, Clone)]
pub struct Manuscript(DocumentMut);

impl Manuscript {
    /// # Errors
    /// The place and reason where the text is no TOML.
    pub fn read(document: &str) -> Result<Manuscript, Flaw> {
        let read = document.parse::<DocumentMut>();
        read.map(Manuscript).map_err(|why| Flaw {
            at: "document".to_owned(),
            message: why.to_string(),
        })
    }

    pub fn written(&self) -> String {
        self.0.to_string()
    }

    /// The document as the next version: its name, its first day, no end, and the cases left at the days that they speak of.
    pub fn next(&mut self, version: &str, from: NaiveDate) {
        let cases = self.0.get("cases_from").or(self.0.get("valid_from"));
        let cases = cases.and_then(Item::as_str).map(str::to_owned);
        self.set("version", version);
        self.set("valid_from", &from.to_string());
        self.0.remove("valid_to");
        if let Some(cases) = cases {
            self.set("cases_from", &cases);
        }
    }

    /// A text of the document's head.
    pub fn set(&mut self, field: &str, text: &str) {
        match self.0.get_mut(field) {
            Some(item) => put(item, Value::from(text)),
            None => {
                self.0.insert(field, toml_edit::value(text));
            }
        }
    }

    /// A text of a clause; `false` where there is no such clause.
    pub fn set_clause(&mut self, clause: &str, field: &str, text: &str) -> bool {
        let item = self.clause(clause).and_then(|it| it.get_mut(field));
        item.map(|item| put(item, Value::from(text))).is_some()
    }

    /// A number of a clause; `false` where it is not in the document.
    pub fn set_figure(&mut self, clause: &str, figure: &Figure, number: &Number) -> bool {
        let root = if figure.is_of_clause() {
            self.clause(clause)
        } else {
            Some(self.0.as_item_mut())
        };
        let Some(mut item) = root else { return false };
        for step in figure.path.split('.') {
            let next = match step.parse::<usize>() {
                Ok(index) => item.get_mut(index),
                Err(_) => item.get_mut(step),
            };
            match next {
                Some(next) => item = next,
                None => return false,
            }
        }
        let value = match number {
            Number::Whole(whole) => Value::from(i64::from(*whole)),
            Number::Money(amount) => Value::from(amount.to_string()),
        };
        put(item, value);
        true
    }

    fn clause(&mut self, id: &str) -> Option<&mut Item> {
        let clauses = self.0.get_mut("clauses")?;
        let is_it = |item: &Item| item.get("id").and_then(Item::as_str) == Some(id);
        let mut index = 0;
        while clauses.get(index).is_some_and(|item| !is_it(item)) {
            index += 1;
        }
        clauses.get_mut(index)
    }
}

/// The value in the place of the one that was there, with the blanks and comments around it.
fn put(item: &mut Item, value: Value) {
    match item {
        Item::Value(old) => {
            let decor = old.decor().clone();
            *old = value;
            *old.decor_mut() = decor;
        }
        other => *other = Item::Value(value),
    }
}

/// What a form gives for a figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Number {
    Whole(u32),
    Money(Amount),
}

impl Number {
    /// # Errors
    /// What to type instead, for a text that is no such number.
    pub fn read(figure: &Figure, text: &str) -> Result<Number, &'static str> {
        let text = text.trim();
        if figure.is_money {
            let amount = Amount::parse(text).ok().filter(|it| it.is_positive());
            return amount
                .map(Number::Money)
                .ok_or("Enter an amount above nothing, such as 5 or 5.00");
        }
        let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let whole = text
            .parse()
            .ok()
            .filter(|it| plain && (1..=9_999).contains(it));
        whole
            .map(Number::Whole)
            .ok_or("Enter a whole number from 1 to 9999")
    }
}

/// The line of the document, the first being 1, that a flaw or a remark speaks of.
pub fn line_of(document: &str, at: &str, message: &str) -> Option<usize> {
    if let Some(rest) = message.split("at line ").nth(1) {
        return rest
            .split(|it: char| !it.is_ascii_digit())
            .next()?
            .parse()
            .ok();
    }
    let Some((table, name)) = at.split_once('.') else {
        let starts = |line: &str| {
            line.strip_prefix(at)
                .is_some_and(|rest| rest.trim_start().starts_with('='))
        };
        return document.lines().position(starts).map(|line| line + 1);
    };
    let key = match table {
        "cases" => "title",
        "clocks" => "kind",
        _ => "id",
    };
    let head = format!("[[{table}]]");
    let mut inside = false;
    for (line, text) in document.lines().enumerate() {
        if text.starts_with('[') {
            inside = text.trim_end() == head;
        }
        let value = text
            .strip_prefix(key)
            .and_then(|rest| rest.trim_start().strip_prefix('='))
            .map(|rest| rest.trim().trim_matches('"'));
        if inside && value == Some(name) {
            return Some(line + 1);
        }
    }
    None
}
