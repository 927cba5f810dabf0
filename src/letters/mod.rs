//! Words for mail: one struct a letter, printed through its three templates to subject, text and HTML. Pure: no database, no
//! clock, no sending; amounts, dates and links arrive ready or are put into words here.
//!
//! Every letter keeps the same order: the subject begins with the state (a letter that goes into a conversation by mail travels
//! under the conversation's subject, `desk/mailroom/thread.rs`), the first line is the outcome, the second says what
//! happens next and by when, then come the sum and the clauses. Text and HTML say the same. HTML escapes whatever people wrote.

pub mod claims;
pub mod clocks;
pub mod parts;
pub mod payouts;
pub mod people;
pub mod policies;
pub mod reports;
pub mod sanctions;
pub mod schedule;
pub mod tickets;

use askama::Template;

use crate::error::{Error, Result};
use crate::plain;

/// A rendered letter, ready for the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl Letter {
    fn print(subject: impl Template, text: impl Template, html: impl Template) -> Result<Letter> {
        let printed =
            |page: askama::Result<String>| page.map_err(|cause| Error::Internal(cause.into()));
        Ok(Letter {
            subject: plain::line(&printed(subject.render())?, 200),
            text: single_spaced(&plain::block(&printed(text.render())?)) + "\n",
            html: printed(html.render())?.trim().to_owned() + "\n",
        })
    }
}

/// At most one blank line in a row, so that templates may leave parts out freely.
fn single_spaced(text: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines().map(str::trim_end) {
        if !(line.is_empty() && lines.last().is_none_or(|last| last.is_empty())) {
            lines.push(line);
        }
    }
    lines.join("\n")
}

/// Gives a struct its `letter()`. A macro because askama takes one template a type, and a letter has three that must see the
/// same fields; written out, it would be the same dozen lines for each letter.
macro_rules! letter {
    ($name:ident, $subject:literal, $text:literal, $html:literal) => {
        impl $name {
            pub fn letter(&self) -> crate::error::Result<crate::letters::Letter> {
                #[derive(askama::Template)]
                enum Form<'a> {
                    #[template(path = $subject)]
                    Subject { it: &'a $name },
                    #[template(path = $text)]
                    Text { it: &'a $name },
                    #[template(path = $html)]
                    Html { it: &'a $name },
                }
                crate::letters::Letter::print(
                    Form::Subject { it: self },
                    Form::Text { it: self },
                    Form::Html { it: self },
                )
            }
        }
    };
}
use letter;

#[cfg(test)]
mod tests;
