//! What letters are made of: who signs, which claim it is about, moments with their zone, promises, sums, clauses, and
//! words that people wrote.

use std::fmt;

use chrono::{DateTime, TimeZone, Utc};
use chrono_tz::Tz;

use crate::plain;
use crate::rules::assessment::{Firmness, Met};

/// Who signs the letter, and where the desk is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The seller's name, or the desk's where no seller is meant.
    pub name: String,
    /// The public address of the desk, without a slash at its end; every link is built from it.
    pub site: String,
    /// Whether mail that answers the letter is read.
    pub is_read: bool,
}

/// The claim that a letter is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    pub signature: Signature,
    /// `C-310`.
    pub claim: String,
    /// `T-1042`.
    pub ticket: String,
    /// What it is about, fit to stand after "your claim on": `order 8812`, `your balance`.
    pub about: String,
    /// The policy's id, for links to its clauses.
    pub policy: String,
}

/// An instant as a person reads it: in the seller's zone, and in UTC where that is another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    pub at: DateTime<Utc>,
    pub zone: Tz,
}

/// Something that happens by a moment, and how firmly that was promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// `First answer`, `Decision`, `On your card`.
    pub what: String,
    pub by: Moment,
    pub firmness: Firmness,
}

/// One clause of the policy: its own words, what it comes to in this claim, and whether it is met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub clause: String,
    /// What the clause is about, in two or three words.
    pub heading: String,
    pub words: String,
    /// What it comes to; empty where the words say it all.
    pub detail: String,
    /// It says what is not refunded.
    pub excludes: bool,
    pub result: Met,
}

/// One row of a sum; the last is its total.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step {
    pub words: String,
    /// The arithmetic, and the clauses that it rests on; both may be empty.
    pub workings: String,
    pub clauses: Vec<String>,
    pub amount: String,
}

/// Words that a person wrote: shown as they are, line by line, and never as markup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prose(String);

impl Signature {
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.site)
    }

    pub fn ticket(&self, number: &str) -> String {
        self.link(&format!("/portal/tickets/{number}"))
    }
}

impl Case {
    pub fn page(&self) -> String {
        self.signature
            .link(&format!("/portal/claims/{}", self.claim))
    }

    pub fn clause(&self, clause: &str) -> String {
        self.signature
            .link(&format!("/policies/{}#{clause}", self.policy))
    }
}

impl Promise {
    /// The moment with the weight of the promise: a seller who aims has not promised.
    pub fn when(&self) -> String {
        match self.firmness {
            Firmness::Firm => format!("by {}", self.by),
            Firmness::Typical => format!("usually by {}", self.by),
            Firmness::Aim => format!("we aim for {}", self.by),
            Firmness::Estimate => format!("expected by {}", self.by),
        }
    }
}

impl Line {
    pub fn verdict(&self) -> &'static str {
        match self.result {
            Met::Met => "met",
            Met::NotMet if self.excludes => "stands against it",
            Met::NotMet => "not met",
            Met::Unknown => "not known yet",
            Met::NotApplicable => "does not apply",
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let there = self.zone.from_utc_datetime(&self.at.naive_utc());
        if there.naive_local() == self.at.naive_utc() {
            return write!(f, "{} UTC", self.at.format("%a %-d %B %Y, %H:%M"));
        }
        write!(f, "{}", there.format("%a %-d %B %Y, %H:%M %Z"))?;
        if there.date_naive() == self.at.date_naive() {
            write!(f, " ({} UTC)", self.at.format("%H:%M"))
        } else {
            write!(f, " ({} UTC)", self.at.format("%a %-d %B, %H:%M"))
        }
    }
}

impl Prose {
    pub fn new(text: &str) -> Prose {
        Prose(plain::block(text))
    }

    /// Paragraphs, each as its lines: HTML breaks where the person did.
    pub fn paragraphs(&self) -> Vec<Vec<&str>> {
        let mut paragraphs = vec![Vec::new()];
        for line in self.0.lines().map(str::trim_end) {
            match paragraphs.last_mut() {
                Some(last) if !line.is_empty() => last.push(line),
                Some(last) if last.is_empty() => {}
                _ => paragraphs.push(Vec::new()),
            }
        }
        paragraphs.retain(|paragraph| !paragraph.is_empty());
        paragraphs
    }
}

impl fmt::Display for Prose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(at: &str, zone: Tz) -> String {
        Moment {
            at: at.parse().unwrap(),
            zone,
        }
        .to_string()
    }

    #[test]
    fn a_moment_is_told_in_the_sellers_zone_and_in_utc() {
        use chrono_tz::{America::Los_Angeles, Europe::London, UTC};
        assert_eq!(
            moment("2026-03-02T09:30:00Z", UTC),
            "Mon 2 March 2026, 09:30 UTC"
        );
        assert_eq!(
            moment("2026-01-02T09:30:00Z", London),
            "Fri 2 January 2026, 09:30 UTC"
        );
        assert_eq!(
            moment("2026-07-02T09:30:00Z", London),
            "Thu 2 July 2026, 10:30 BST (09:30 UTC)"
        );
        assert_eq!(
            moment("2026-03-03T01:30:59Z", Los_Angeles),
            "Mon 2 March 2026, 17:30 PST (Tue 3 March, 01:30 UTC)"
        );
    }

    #[test]
    fn a_promise_sounds_as_firm_as_it_is() {
        let by = Moment {
            at: "2026-03-02T09:30:00Z".parse().unwrap(),
            zone: Tz::UTC,
        };
        for (firmness, start) in [
            (Firmness::Firm, "by Mon"),
            (Firmness::Typical, "usually by Mon"),
            (Firmness::Aim, "we aim for Mon"),
            (Firmness::Estimate, "expected by Mon"),
        ] {
            let promise = Promise {
                what: "Decision".to_owned(),
                by,
                firmness,
            };
            assert!(promise.when().starts_with(start), "{}", promise.when());
        }
    }

    #[test]
    fn prose_keeps_its_lines_and_paragraphs() {
        let prose = Prose::new("\r\nDear Anna,\r\n\r\n\r\none\rtwo\n \nthree\n");
        assert_eq!(
            prose.paragraphs(),
            [vec!["Dear Anna,"], vec!["one", "two"], vec!["three"]]
        );
        assert!(Prose::new(" \n\n ").paragraphs().is_empty());
    }
}
