//! Walks a claim's JSON in document order and collects its faults, each with its dotted path and its place in the
//! document. Reading goes on after a fault; whoever reads asks for the first one at the end.

use std::fmt::Write as _;

use chrono::{DateTime, NaiveDate, Utc};

use super::json::Node;
use super::reading::Refusal;
use super::{Amount, At, Currency, whole_second};
use crate::rules::money::MoneyError;

pub enum Step<'a> {
    Member(&'a str),
    Index(usize),
}

#[derive(Default)]
pub struct Reader<'a> {
    path: Vec<Step<'a>>,
    /// How many fields have been visited: a fault's place in the document.
    pub place: usize,
    pub faults: Vec<(usize, Refusal)>,
}

impl<'a> Reader<'a> {
    pub fn first_fault(self) -> Option<Refusal> {
        self.faults
            .into_iter()
            .min_by_key(|(place, _)| *place)
            .map(|(_, fault)| fault)
    }

    pub fn here(&self) -> String {
        let mut path = String::new();
        for step in &self.path {
            let _ = match step {
                Step::Member(name) if path.is_empty() => write!(path, "{name}"),
                Step::Member(name) => write!(path, ".{name}"),
                Step::Index(index) => write!(path, "[{index}]"),
            };
        }
        path
    }

    pub fn fault<T>(&mut self, message: impl Into<String>) -> Option<T> {
        self.fault_at(self.place, self.here(), message);
        None
    }

    pub fn fault_at(&mut self, place: usize, field: String, message: impl Into<String>) {
        self.faults.push((
            place,
            Refusal {
                id: None,
                field,
                message: message.into(),
            },
        ));
    }

    /// Visits the members of an object in document order; `false` from `member` means that it knows no such field.
    pub fn object<'n: 'a>(
        &mut self,
        node: &'n Node<'n>,
        mut member: impl FnMut(&mut Self, &str, &'n Node<'n>) -> bool,
    ) -> bool {
        let members = match node {
            Node::Null => return false,
            Node::Object(members) => members,
            _ => return self.fault::<()>("must be an object").is_some(),
        };
        for (index, (key, node)) in members.iter().enumerate() {
            self.place += 1;
            self.path.push(Step::Member(key));
            if members[..index].iter().any(|(earlier, _)| earlier == key) {
                self.fault::<()>("is given twice");
            } else if !member(self, key, node) {
                self.fault::<()>("is not a field that a claim has");
            }
            self.path.pop();
        }
        self.place += 1;
        true
    }

    pub fn list<'n: 'a, T>(
        &mut self,
        node: &'n Node<'n>,
        mut item: impl FnMut(&mut Self, &'n Node<'n>) -> Option<T>,
    ) -> Option<Vec<Option<T>>> {
        let nodes = match node {
            Node::Null => return None,
            Node::List(nodes) => nodes,
            _ => return self.fault("must be a list"),
        };
        let mut items = Vec::with_capacity(nodes.len());
        for (index, node) in nodes.iter().enumerate() {
            self.place += 1;
            self.path.push(Step::Index(index));
            let read = match node {
                Node::Null => self.fault("must not be null"),
                node => item(self, node),
            };
            items.push(read);
            self.path.pop();
        }
        Some(items)
    }

    /// A field that an object must have, found missing when the object ends.
    pub fn required<T>(&mut self, name: &'static str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            let field = match self.here() {
                here if here.is_empty() => name.to_owned(),
                here => format!("{here}.{name}"),
            };
            // A field that is there but faulty has its own, earlier fault.
            if !self.faults.iter().any(|(_, fault)| fault.field == field) {
                self.fault_at(self.place, field, "is required");
            }
        }
        value
    }

    pub fn text(&mut self, node: &Node) -> Option<String> {
        match node {
            Node::Null => None,
            Node::Text(text) => Some(text.clone().into_owned()),
            _ => self.fault("must be text"),
        }
    }

    pub fn truth(&mut self, node: &Node) -> Option<bool> {
        match node {
            Node::Null => None,
            Node::Bool(truth) => Some(*truth),
            _ => self.fault("must be true or false"),
        }
    }

    pub fn word<T: Copy>(&mut self, node: &Node, from_word: fn(&str) -> Option<T>) -> Option<T> {
        match node {
            Node::Null => None,
            Node::Text(text) => match from_word(text) {
                Some(word) => Some(word),
                None => self.fault(format!("{text:?} is not a word known here")),
            },
            _ => self.fault("must be a word"),
        }
    }

    pub fn parsed<T>(
        &mut self,
        node: &Node,
        what: &str,
        parse: fn(&str) -> Result<T, MoneyError>,
    ) -> Option<T> {
        match node {
            Node::Null => None,
            Node::Text(text) => match parse(text) {
                Ok(value) => Some(value),
                Err(why) => self.fault(why.to_string()),
            },
            _ => self.fault(format!("must be {what}, as text")),
        }
    }

    pub fn amount(&mut self, node: &Node) -> Option<Amount> {
        self.parsed(node, "a decimal amount", Amount::parse)
    }

    pub fn currency(&mut self, node: &Node) -> Option<Currency> {
        self.parsed(node, "a currency code", Currency::parse)
    }

    pub fn instant(&mut self, node: &Node) -> Option<At> {
        match node {
            Node::Null => None,
            Node::Text(text) => match DateTime::parse_from_rfc3339(text) {
                Ok(at) => Some(whole_second(at.with_timezone(&Utc))),
                Err(_) => {
                    self.fault("must be an instant with an offset such as 2025-06-05T12:00:00Z")
                }
            },
            _ => self.fault("must be an instant, as text"),
        }
    }

    pub fn day(&mut self, node: &Node) -> Option<NaiveDate> {
        match node {
            Node::Null => None,
            Node::Text(text) => match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
                Ok(day) if text.len() == 10 => Some(day),
                _ => self.fault("must be a day such as 2025-06-05"),
            },
            _ => self.fault("must be a day, as text"),
        }
    }

    /// A count that is at least `least`, as a JSON number.
    pub fn count(&mut self, node: &Node, least: i64) -> Option<i64> {
        match node {
            Node::Null => None,
            Node::Whole(count) if *count >= least => Some(*count),
            Node::Whole(_) => self.fault(format!("must be at least {least}")),
            _ => self.fault("must be a whole number"),
        }
    }

    /// A meter's number: whole, as a number or as text; empty text is unknown; it may lie outside any range.
    pub fn meter(&mut self, node: &Node) -> Option<i64> {
        match node {
            Node::Null => None,
            Node::Whole(count) => Some(*count),
            Node::Text(text) => {
                let text = text.trim();
                let digits = text.strip_prefix('-').unwrap_or(text);
                if text.is_empty() {
                    None
                } else if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                    self.fault("must be a whole number")
                } else {
                    Some(
                        text.parse()
                            .unwrap_or(if text == digits { i64::MAX } else { i64::MIN }),
                    )
                }
            }
            _ => self.fault("must be a whole number"),
        }
    }
}

impl<'a> Reader<'a> {
    pub fn day_of(&mut self, node: &'a Node<'a>) -> Option<NaiveDate> {
        self.day(node)
    }

    pub fn text_of(&mut self, node: &'a Node<'a>) -> Option<String> {
        self.text(node)
    }
}
