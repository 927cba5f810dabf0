//! Lists and figures: a summary of answers, the tiles of a report, the way through pages.

use askama::Template;
use askama::filters::HtmlSafe;

use super::story::Link;
use super::words::{Amount, Tone};
use crate::web::filters;

/// The value of a summary row.
#[derive(Debug, Clone)]
pub enum Value {
    Text(String),
    /// Several lines, one under the other.
    Lines(Vec<String>),
    Money(Amount),
    Link(Link),
}

/// One question and its answer.
#[derive(Debug, Clone)]
pub struct Row {
    pub label: String,
    pub value: Value,
    /// Where the answer can be changed.
    pub change: Option<String>,
}

impl Row {
    pub fn text(label: &str, value: &str) -> Row {
        Row {
            label: label.into(),
            value: Value::Text(value.into()),
            change: None,
        }
    }

    pub fn lines(label: &str, lines: Vec<String>) -> Row {
        Row {
            label: label.into(),
            value: Value::Lines(lines),
            change: None,
        }
    }

    pub fn money(label: &str, amount: Amount) -> Row {
        Row {
            label: label.into(),
            value: Value::Money(amount),
            change: None,
        }
    }

    pub fn link(label: &str, text: &str, href: &str) -> Row {
        let link = Link {
            label: text.into(),
            href: href.into(),
        };
        Row {
            label: label.into(),
            value: Value::Link(link),
            change: None,
        }
    }

    /// With a link back to the question.
    pub fn change_at(mut self, href: &str) -> Row {
        self.change = Some(href.into());
        self
    }
}

/// Labels and values: the answers of a form, the facts of an order.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/summary.html")]
pub struct Summary {
    pub rows: Vec<Row>,
}

/// A figure of a report with what it is compared to.
#[derive(Debug, Clone)]
pub struct Tile {
    pub label: String,
    pub figure: String,
    /// "3 points better than September"; may be empty.
    pub delta: String,
    pub tone: Tone,
    /// "of 214 claims; 12 still open are not counted".
    pub note: String,
    /// The rows behind the figure.
    pub href: Option<String>,
}

#[derive(Debug, Clone, Template)]
#[template(path = "parts/tiles.html")]
pub struct Tiles {
    pub list: Vec<Tile>,
}

/// Previous and next; never an endless page.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "parts/pager.html")]
pub struct Pager {
    /// "1–50 of 134 tickets".
    pub shown: String,
    pub previous: Option<String>,
    pub next: Option<String>,
}

impl HtmlSafe for Summary {}
impl HtmlSafe for Tiles {}
impl HtmlSafe for Pager {}
