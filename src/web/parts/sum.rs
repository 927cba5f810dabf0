//! The reckoning shown to everyone alike: the verdict, the sum, every clause, the promises.

use askama::Template;
use askama::filters::HtmlSafe;

use super::words::{Amount, Badge, Clock, Moment, Tone};
use crate::web::filters;

/// A clause of the policy at the version that governs, and the address of its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClauseRef {
    pub id: String,
    pub href: String,
}

/// What the rules say, in words, with the amount that approval now would pay.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/verdict.html")]
pub struct Verdict {
    /// The outcome as a badge: Eligible, Not eligible, Needs a person …
    pub outcome: Badge,
    /// One sentence: "The undelivered part goes back to the balance."
    pub sentence: String,
    /// None where it cannot be computed.
    pub amount: Option<Amount>,
    /// "of $10.00 paid".
    pub of: String,
    /// "To the account balance", one for each way the money goes.
    pub destinations: Vec<String>,
    /// Why a person must look, a sentence each.
    pub flags: Vec<String>,
}

/// A line of the arithmetic.
#[derive(Debug, Clone)]
pub struct SumLine {
    pub label: String,
    /// "$10.00 × 400 undelivered ÷ 1,000"; may be empty.
    pub workings: String,
    pub clauses: Vec<ClauseRef>,
    pub amount: Amount,
}

/// The arithmetic of an amount, line by line, and its double-ruled total.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/sum.html")]
pub struct Sum {
    pub caption: String,
    pub lines: Vec<SumLine>,
    pub total_label: String,
    pub total: Amount,
}

/// What a clause says about this claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Met,
    NotMet,
    /// An exclusion that holds here.
    Excludes,
    /// A limit that was not shown to the buyer.
    FallsAway,
    Unknown,
    NotApplicable,
}

impl Answer {
    pub fn badge(self) -> Badge {
        match self {
            Answer::Met => Badge::with_icon(Tone::Ok, "check", "Met"),
            Answer::NotMet => Badge::with_icon(Tone::Danger, "x", "Not met"),
            Answer::Excludes => Badge::with_icon(Tone::Danger, "x", "Stands against it"),
            Answer::FallsAway => Badge::with_icon(Tone::Neutral, "minus", "Does not count"),
            Answer::Unknown => Badge::with_icon(Tone::Warn, "circle-question-mark", "Unknown"),
            Answer::NotApplicable => Badge::with_icon(Tone::Neutral, "minus", "Not applicable"),
        }
    }
}

/// One clause, met or not, with the facts and figures that say so.
#[derive(Debug, Clone)]
pub struct Finding {
    pub clause: ClauseRef,
    /// The clause in a few words.
    pub title: String,
    pub answer: Answer,
    pub detail: String,
    pub due: Option<Moment>,
}

/// Every clause of the ground. Those that do not apply fold away below the others.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/findings.html")]
pub struct Findings {
    pub caption: String,
    pub list: Vec<Finding>,
}

impl Findings {
    /// The clauses that had something to say.
    pub fn spoken(&self) -> impl Iterator<Item = &Finding> {
        self.list
            .iter()
            .filter(|finding| finding.answer != Answer::NotApplicable)
    }

    pub fn silent(&self) -> impl Iterator<Item = &Finding> {
        self.list
            .iter()
            .filter(|finding| finding.answer == Answer::NotApplicable)
    }

    /// "3 met, 1 unknown": what the table holds, before it is read.
    pub fn tally(&self) -> String {
        let count = |answer| {
            self.list
                .iter()
                .filter(|finding| finding.answer == answer)
                .count()
        };
        [
            (Answer::Met, "met"),
            (Answer::NotMet, "not met"),
            (Answer::Excludes, "against"),
            (Answer::Unknown, "unknown"),
        ]
        .into_iter()
        .map(|(answer, word)| (count(answer), word))
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}"))
        .collect::<Vec<_>>()
        .join(", ")
    }
}

/// Another amount that another reading of the text would give.
#[derive(Debug, Clone)]
pub struct Alternative {
    pub amount: Amount,
    pub clauses: Vec<ClauseRef>,
    pub because: String,
}

/// One promise: how it stands, when it is due, and how that moment was found.
#[derive(Debug, Clone)]
pub struct Deadline {
    pub clock: Clock,
    /// "Firm", "Typical", "Aim", "Bank's estimate".
    pub firmness: String,
    pub clause: Option<ClauseRef>,
    /// How the due time follows: "48 h from receipt on 20 Nov 10:14".
    pub why: String,
    /// How it came about line by line, where there is more to say than that.
    pub account: Vec<String>,
}

#[derive(Debug, Clone, Template)]
#[template(path = "parts/deadlines.html")]
pub struct Deadlines {
    pub list: Vec<Deadline>,
}

/// Delivered and undelivered units, and the money that follows them, on one scale.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/share.html")]
pub struct Share {
    /// The division in ten-thousandths of the whole, delivered part.
    delivered_e4: u64,
    /// "600 delivered", "400 not delivered".
    pub delivered: String,
    pub undelivered: String,
    /// "$6.00", "$4.00"; the first is kept, the second comes back.
    pub kept: Amount,
    pub back: Amount,
}

impl Share {
    /// From whole units. `quantity` of 0 counts as nothing delivered.
    pub fn new(delivered: u64, quantity: u64, kept: Amount, back: Amount) -> Share {
        let delivered = delivered.min(quantity);
        let delivered_e4 = match quantity {
            0 => 0,
            quantity => (u128::from(delivered) * 10_000 / u128::from(quantity))
                .try_into()
                .unwrap_or(10_000),
        };
        Share {
            delivered_e4,
            delivered: format!("{} delivered", filters::count(delivered)),
            undelivered: format!("{} not delivered", filters::count(quantity - delivered)),
            kept,
            back,
        }
    }

    /// Where the second part starts: "60%" of the width.
    pub fn split(&self) -> String {
        format!(
            "{}.{:02}%",
            self.delivered_e4 / 100,
            self.delivered_e4 % 100
        )
    }

    pub fn rest(&self) -> String {
        let rest = 10_000 - self.delivered_e4;
        format!("{}.{:02}%", rest / 100, rest % 100)
    }
}

impl HtmlSafe for Verdict {}
impl HtmlSafe for Sum {}
impl HtmlSafe for Findings {}
impl HtmlSafe for Deadlines {}
impl HtmlSafe for Share {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_splits_where_the_units_do() {
        let share = |delivered, quantity| {
            let share = Share::new(
                delivered,
                quantity,
                Amount::new(0, "USD"),
                Amount::new(0, "USD"),
            );
            (share.split(), share.rest())
        };
        assert_eq!(share(600, 1_000), ("60.00%".into(), "40.00%".into()));
        assert_eq!(share(1, 3), ("33.33%".into(), "66.67%".into()));
        assert_eq!(share(9, 3), ("100.00%".into(), "0.00%".into()));
        assert_eq!(share(0, 0), ("0.00%".into(), "100.00%".into()));
    }

    #[test]
    fn clauses_that_do_not_apply_are_kept_apart_and_not_counted() {
        let finding = |id: &str, answer| Finding {
            clause: ClauseRef {
                id: id.into(),
                href: String::new(),
            },
            title: String::new(),
            answer,
            detail: String::new(),
            due: None,
        };
        let findings = Findings {
            caption: String::new(),
            list: vec![
                finding("A7", Answer::Met),
                finding("A9", Answer::NotApplicable),
                finding("A6", Answer::Unknown),
                finding("A8", Answer::Met),
            ],
        };
        assert_eq!(findings.tally(), "2 met, 1 unknown");
        assert_eq!(findings.spoken().count(), 3);
        assert_eq!(findings.silent().count(), 1);
    }
}
