//! A hearing: one policy, one ground and one claim's facts side by side, with what every test needs worked
//! out once: the seller's time zone, the units, the lots, and what is owed.

use std::borrow::Cow;
use std::fmt;

use chrono::{Datelike, NaiveDateTime, Timelike};
use chrono_tz::Tz;

use super::clauses::{Start, Test, Window};
use super::deadline::{Due, due};
use super::facts::{At, Dispute, DisputeStatus, Facts, Order};
use super::money::{Amount, Currency};
use super::owed::Owed;
use super::policy::{Clause, Ground, Policy};
use super::purse::Purse;
use super::units::Units;

/// What a verdict says: a sentence of the program's own, or one made for this claim.
pub type Words = Cow<'static, str>;

/// What stands where a hearing keeps silent. Not empty, because an empty sentence says that something is not known.
pub const UNSAID: Words = Cow::Borrowed("…");

/// A sentence made for this claim, unless its hearing keeps silent: then nothing of it is even looked at.
macro_rules! said {
    ($hearing:expr, $($words:tt)+) => {
        if $hearing.speaks {
            $crate::rules::hearing::Words::Owned(format!($($words)+))
        } else {
            $crate::rules::hearing::UNSAID
        }
    };
}

/// Without the blank that stands before what is not there.
pub fn trimmed(words: Words) -> Words {
    match words {
        Words::Owned(text) => Words::Owned(text.trim_end().to_owned()),
        Words::Borrowed(text) => Words::Borrowed(text.trim_end()),
    }
}

pub(in crate::rules) use said;

pub struct Hearing<'a> {
    /// Whether anybody will read what is said: a judgement of very many wants the answers alone.
    pub speaks: bool,
    pub policy: &'a Policy,
    pub ground: &'a Ground,
    pub clauses: Vec<&'a Clause>,
    pub facts: &'a Facts,
    /// The seller's.
    pub zone: Tz,
    /// When the desk heard of it: what customers' deadlines are judged at.
    pub received: At,
    /// When it is assessed: what is known by then.
    pub now: At,
    pub order: Option<&'a Order>,
    pub units: Units,
    /// None where the account's history is not known, or the ground is not about it.
    pub purse: Option<Purse<'a>>,
    pub owed: Owed,
}

impl<'a> Hearing<'a> {
    pub fn new(policy: &'a Policy, ground: &'a Ground, facts: &'a Facts) -> Hearing<'a> {
        Hearing::held(true, policy, ground, facts)
    }

    /// A hearing in which nothing is put into words; it comes to the same.
    pub fn silent(policy: &'a Policy, ground: &'a Ground, facts: &'a Facts) -> Hearing<'a> {
        Hearing::held(false, policy, ground, facts)
    }

    fn held(speaks: bool, policy: &'a Policy, ground: &'a Ground, facts: &'a Facts) -> Hearing<'a> {
        let mut hearing = Hearing {
            speaks,
            policy,
            ground,
            clauses: policy.clauses_of(ground).collect(),
            facts,
            zone: policy.zone(facts),
            received: facts.received_at,
            now: facts.assessed_at(),
            order: facts.order.as_ref().filter(|_| ground.needs_order()),
            units: Units::default(),
            purse: None,
            owed: Owed::default(),
        };
        hearing.units = hearing.order.map(Units::of).unwrap_or_default();
        hearing.purse = Purse::open(&hearing);
        hearing.owed = Owed::settle(&hearing);
        hearing
    }

    pub fn tests(&self) -> impl Iterator<Item = (&'a Clause, &'a Test)> + '_ {
        self.clauses
            .iter()
            .copied()
            .flat_map(|clause| clause.tests.iter().map(move |test| (clause, test)))
    }

    pub fn windows(&self) -> impl Iterator<Item = (&'a Clause, &'a Window)> + '_ {
        self.tests().filter_map(|(clause, test)| match test {
            Test::Window(window) => Some((clause, window)),
            _ => None,
        })
    }

    pub fn start(&self, start: Start) -> Option<At> {
        match start {
            Start::PlacedAt => self.order?.placed_at,
            Start::SmsReceivedAt => self.order?.sms_received_at,
            Start::Deposit => None,
        }
    }

    /// The window's end for this claim; None where its start is not known.
    pub fn due(&self, window: &Window, start: Start) -> Option<Due> {
        due(self.start(start)?, window.length, window.reading, self.zone)
    }

    pub fn currency(&self) -> Option<Currency> {
        if self.ground.needs_account() {
            self.facts
                .account
                .as_ref()
                .and_then(|account| account.currency)
        } else {
            self.facts.order.as_ref().and_then(|order| order.currency)
        }
    }

    /// What somebody else has written.
    pub fn quoted(&self, words: &str) -> Words {
        said!(self, "{words}")
    }

    pub fn show(&self, amount: Amount) -> String {
        self.currency()
            .map_or_else(|| amount.to_string(), |currency| currency.show(amount))
    }

    /// An instant on the seller's wall, and in UTC where that differs.
    pub fn clock(&self, at: At) -> String {
        match self.zone {
            Tz::UTC => format!("{} UTC", Wall(at.naive_utc())),
            zone => {
                let local = at.with_timezone(&zone);
                format!(
                    "{} {} ({} UTC)",
                    Wall(local.naive_local()),
                    local.offset(),
                    Wall(at.naive_utc())
                )
            }
        }
    }

    pub fn open_dispute(&self) -> Option<&'a Dispute> {
        self.facts
            .dispute
            .as_ref()
            .filter(|dispute| dispute.status == DisputeStatus::Open)
    }

    pub fn lost_dispute(&self) -> Option<&'a Dispute> {
        self.facts
            .dispute
            .as_ref()
            .filter(|dispute| dispute.status == DisputeStatus::Lost)
    }
}

/// "2025-06-05 12:00:00", written by hand: the general formatter took a seventh of an assessment's time.
struct Wall(NaiveDateTime);

impl fmt::Display for Wall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (day, time) = (self.0.date(), self.0.time());
        write!(f, "{:04}-{:02}-{:02} ", day.year(), day.month(), day.day())?;
        write!(
            f,
            "{:02}:{:02}:{:02}",
            time.hour(),
            time.minute(),
            time.second()
        )
    }
}
