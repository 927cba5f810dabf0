//! Which facts matter: for everything that staff can establish about a claim, what the rules would say under each answer. A fact
//! matters where one of its answers changes the assessment; the page asks for those alone, and shows what each would do.
//!
//! Pure: the claim's facts are written out as a document, an answer is laid over it, and the strict reader reads it back.

mod table;

use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveDateTime, SecondsFormat, TimeZone, Utc};
use chrono_tz::Tz;
use serde_json::{Map, Value};

use super::adjudicate::adjudicate;
use super::assessment::{Assessment, Met, Outcome};
use super::facts::{self, Facts};
use super::money::Amount;
use super::policy::Shelf;

pub use table::{Answer, Choice, FACTS, Fact};

/// How a document writes one of a closed set of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    Text(&'static str),
    Yes,
    No,
}

impl Word {
    /// The value in the claim document.
    pub fn value(self) -> Value {
        match self {
            Word::Text(word) => Value::from(word),
            Word::Yes => Value::from(true),
            Word::No => Value::from(false),
        }
    }

    /// The value in a form.
    pub fn typed(self) -> &'static str {
        match self {
            Word::Text(word) => word,
            Word::Yes => "yes",
            Word::No => "no",
        }
    }
}

/// What a form sends to say that a fact is not known after all.
pub const UNKNOWN: &str = "unknown";

/// The longest answer in words, in characters.
const LONGEST: usize = 200;

impl Fact {
    pub fn at(path: &str) -> Option<&'static Fact> {
        FACTS.iter().find(|fact| fact.path == path)
    }

    /// An answer of a closed set in its own words; none for anything else.
    pub fn words(&self, value: &Value) -> Option<String> {
        let Answer::OneOf(choices) = &self.answer else {
            return None;
        };
        let choice = choices.iter().find(|choice| choice.value.value() == *value);
        choice.map(|choice| choice.words.to_owned())
    }

    /// The value of what was typed, moments on the wall of `zone`.
    ///
    /// # Errors
    /// What to type instead.
    pub fn read(&self, typed: &str, zone: Tz) -> Result<Value, String> {
        let typed = typed.trim();
        if typed == UNKNOWN {
            return Ok(Value::Null);
        }
        match &self.answer {
            Answer::OneOf(choices) => {
                let chosen = choices.iter().find(|choice| choice.value.typed() == typed);
                chosen
                    .map(|choice| choice.value.value())
                    .ok_or_else(|| "Choose one of the answers".to_owned())
            }
            Answer::Count => {
                let plain = typed.replace([',', ' ', '\u{a0}', '\u{2009}'], "");
                let count = plain.parse::<i64>().ok().filter(|count| *count >= 0);
                count
                    .map(Value::from)
                    .ok_or_else(|| "Enter a whole number of units, such as 400".to_owned())
            }
            Answer::Moment => moment(typed, zone),
            Answer::Day => {
                let day = NaiveDate::parse_from_str(typed, "%Y-%m-%d")
                    .ok()
                    .filter(|day| (2000..2200).contains(&day.year()));
                day.map(|day| Value::from(day.to_string()))
                    .ok_or_else(|| "Enter a day, such as 2026-11-24".to_owned())
            }
            Answer::Words if typed.is_empty() => Err("Enter a name".to_owned()),
            Answer::Words if typed.chars().count() > LONGEST => {
                Err(format!("Keep it under {LONGEST} characters"))
            }
            Answer::Words => Ok(Value::from(typed)),
        }
    }

    /// Whether a claim with these facts has a place for it.
    fn fits(&self, facts: &Facts) -> bool {
        !self.path.starts_with("order.") || facts.order.is_some()
    }

    /// Answers to try: every one of a closed set, and telling ones of an open set.
    fn samples(&self, facts: &Facts) -> Vec<(String, Value)> {
        match &self.answer {
            Answer::OneOf(choices) => choices
                .iter()
                .map(|choice| (choice.words.to_owned(), choice.value.value()))
                .collect(),
            Answer::Count => {
                let quantity = facts
                    .order
                    .as_ref()
                    .and_then(|order| order.quantity)
                    .filter(|quantity| *quantity > 0);
                let mut counts =
                    quantity.map_or(vec![0, 1], |quantity| vec![0, quantity / 2, quantity]);
                counts.dedup();
                counts
                    .into_iter()
                    .map(|count| (count.to_string(), Value::from(count)))
                    .collect()
            }
            Answer::Moment => vec![("now".to_owned(), Value::from(written(facts.assessed_at())))],
            Answer::Day => days(facts)
                .into_iter()
                .map(|day| (day.to_string(), Value::from(day.to_string())))
                .collect(),
            Answer::Words => vec![("something else".to_owned(), Value::from("something else"))],
        }
    }
}

/// The day of the assessment, and a month after the purchase.
fn days(facts: &Facts) -> Vec<NaiveDate> {
    let placed = facts.order.as_ref().and_then(|order| order.placed_at);
    let month_later = placed.and_then(|at| at.date_naive().checked_add_months(Months::new(1)));
    [Some(facts.assessed_at().date_naive()), month_later]
        .into_iter()
        .flatten()
        .collect()
}

/// A moment as a browser's field writes it, or with an offset of its own.
fn moment(typed: &str, zone: Tz) -> Result<Value, String> {
    if let Ok(at) = DateTime::parse_from_rfc3339(typed) {
        return Ok(Value::from(written(at.with_timezone(&Utc))));
    }
    let formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"];
    let local = formats
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(typed, format).ok());
    let local = local.filter(|local| (2000..2200).contains(&local.year()));
    let local =
        local.ok_or_else(|| "Enter a day and a time, such as 2026-11-24 14:30".to_owned())?;
    let at = zone.from_local_datetime(&local).earliest();
    at.map(|at| Value::from(written(at.with_timezone(&Utc))))
        .ok_or_else(|| {
            "The clocks went forward at that time; enter the time before or after".to_owned()
        })
}

fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A fact that matters, as it is known now, and what each answer to it would do.
#[derive(Debug, Clone)]
pub struct Question {
    pub fact: &'static Fact,
    /// None: not known.
    pub known: Option<Value>,
    /// A clause waits for this answer; the others only could change what is known already.
    pub is_open: bool,
    pub answers: Vec<Would>,
}

/// What the rules would say under one answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Would {
    /// The answer in words: "No, it goes on", "500".
    pub words: String,
    pub value: Value,
    pub outcome: Outcome,
    pub amount: Option<Amount>,
    pub flagged: bool,
    /// Whether that is another assessment than the one that stands.
    pub changes: bool,
}

/// The facts that matter to this claim, those that a clause waits for first. `established` are the paths that people told
/// before, and may correct.
pub fn matters(shelf: &Shelf, facts: &Facts, established: &[&str]) -> Vec<Question> {
    let stands = adjudicate(shelf, facts);
    let desk = Overlay::of(facts);
    let mut questions: Vec<Question> = FACTS
        .iter()
        .filter(|fact| fact.fits(facts))
        .filter(|fact| {
            !fact.on_record || desk.known(fact.path).is_none() || established.contains(&fact.path)
        })
        .filter_map(|fact| question(shelf, facts, &desk, fact, &stands))
        .collect();
    questions.sort_by_key(|question| !question.is_open);
    questions
}

fn question(
    shelf: &Shelf,
    facts: &Facts,
    desk: &Overlay,
    fact: &'static Fact,
    stands: &Assessment,
) -> Option<Question> {
    let known = desk.known(fact.path);
    let mut is_open = false;
    let mut answers = Vec::new();
    for (words, value) in fact.samples(facts) {
        if known.as_ref() == Some(&value) {
            continue;
        }
        let would = adjudicate(shelf, &desk.with(fact.path, &value)?);
        is_open |= known.is_none() && settles(stands, &would);
        answers.push(Would {
            words,
            value,
            outcome: would.outcome,
            amount: would.amount,
            flagged: would.flagged,
            changes: differs(stands, &would),
        });
    }
    let matters = answers.iter().any(|answer| answer.changes);
    matters.then_some(Question {
        fact,
        known,
        is_open,
        answers,
    })
}

/// A clause that could not be heard to the end now can.
fn settles(stands: &Assessment, would: &Assessment) -> bool {
    stands
        .clauses
        .iter()
        .filter(|finding| finding.result == Met::Unknown)
        .any(|unknown| {
            let now = would
                .clauses
                .iter()
                .find(|finding| finding.id == unknown.id);
            now.is_some_and(|now| now.result != Met::Unknown)
        })
}

/// Whether two assessments decide differently, or rest on other clauses; their wording alone is no difference.
fn differs(one: &Assessment, other: &Assessment) -> bool {
    let results = |assessment: &Assessment| -> Vec<(String, Met)> {
        assessment
            .clauses
            .iter()
            .map(|finding| (finding.id.clone(), finding.result))
            .collect()
    };
    (
        one.outcome,
        one.amount,
        one.flagged,
        one.automatic,
        one.next_action,
    ) != (
        other.outcome,
        other.amount,
        other.flagged,
        other.automatic,
        other.next_action,
    ) || one.payments != other.payments
        || one.missing != other.missing
        || one.deadlines != other.deadlines
        || results(one) != results(other)
}

/// A claim's facts as a document on which answers can be laid. The account is kept aside: no answer touches it, and it may be long.
struct Overlay {
    document: Value,
    account: Option<facts::Account>,
}

impl Overlay {
    fn of(facts: &Facts) -> Overlay {
        let bare = Facts {
            account: None,
            ..facts.clone()
        };
        Overlay {
            document: serde_json::to_value(&bare).unwrap_or(Value::Null),
            account: facts.account.clone(),
        }
    }

    fn known(&self, path: &str) -> Option<Value> {
        let found = path
            .split('.')
            .try_fold(&self.document, |place, key| place.get(key));
        found.filter(|value| !value.is_null()).cloned()
    }

    /// The facts as they would be. None where that answer does not read.
    fn with(&self, path: &str, value: &Value) -> Option<Facts> {
        let mut document = self.document.clone();
        lay(&mut document, path, value.clone());
        let facts = facts::read(&document.to_string()).ok()?;
        Some(Facts {
            account: self.account.clone(),
            ..facts
        })
    }
}

/// Lays a value at a dotted path of a claim document, making the objects on the way.
pub fn lay(document: &mut Value, path: &str, value: Value) {
    let (first, rest) = path
        .split_once('.')
        .map_or((path, None), |(first, rest)| (first, Some(rest)));
    if !document.is_object() {
        *document = Value::Object(Map::new());
    }
    let Some(members) = document.as_object_mut() else {
        return;
    };
    match rest {
        None => {
            members.insert(first.to_owned(), value);
        }
        Some(rest) => lay(members.entry(first).or_insert(Value::Null), rest, value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(document: Value) -> Facts {
        facts::read(&document.to_string()).unwrap()
    }

    /// 400 of 1,000 units undelivered, in progress, the stop not tried yet.
    fn running() -> Facts {
        claim(serde_json::json!({
            "policy": "panel-credits", "ground": "order_cancellation", "received_at": "2025-06-05T12:00:00Z",
            "reason": "I no longer need it.",
            "order": {
                "id": "O1", "placed_at": "2025-06-01T09:00:00Z", "status": "in_progress", "quantity": 1000, "remains": 400,
                "charge": "10.00", "currency": "USD",
            },
        }))
    }

    fn asked(facts: &Facts) -> Vec<Question> {
        matters(&Shelf::built_in(), facts, &[])
    }

    fn would<'a>(questions: &'a [Question], path: &str, words: &str) -> &'a Would {
        let question = questions
            .iter()
            .find(|question| question.fact.path == path)
            .unwrap();
        question
            .answers
            .iter()
            .find(|answer| answer.words == words)
            .unwrap()
    }

    #[test]
    fn the_fact_that_a_clause_waits_for_comes_first_with_what_each_answer_would_do() {
        let questions = asked(&running());
        let first = &questions[0];
        assert_eq!(
            (first.fact.path, first.is_open, &first.known),
            ("findings.stop", true, &None)
        );
        let stopped = would(&questions, "findings.stop", "Yes, it stopped");
        assert_eq!(
            (stopped.outcome, stopped.amount),
            (Outcome::Eligible, Amount::parse("4").ok())
        );
        assert!(stopped.changes);
        let goes_on = would(&questions, "findings.stop", "No, it goes on");
        assert_ne!(goes_on.outcome, Outcome::Eligible);
    }

    #[test]
    fn what_changes_nothing_is_not_asked() {
        let questions = asked(&running());
        for path in [
            "findings.repaired",
            "order.sms",
            "findings.matches_description",
            "findings.defect.approved",
        ] {
            assert!(
                questions.iter().all(|question| question.fact.path != path),
                "{path}"
            );
        }
    }

    #[test]
    fn a_known_fact_is_shown_and_only_its_other_answers_are_tried() {
        let mut facts = running();
        facts.findings.stop = Some(facts::Stop::Stopped);
        let questions = asked(&facts);
        let stop = questions
            .iter()
            .find(|question| question.fact.path == "findings.stop")
            .unwrap();
        assert_eq!(stop.known, Some(Value::from("stopped")));
        assert!(!stop.is_open);
        assert_eq!(
            stop.answers
                .iter()
                .map(|answer| answer.words.as_str())
                .collect::<Vec<_>>(),
            ["No, it goes on"]
        );
        let half = would(&questions, "order.remains", "500");
        assert_eq!(half.amount, Amount::parse("5").ok());
    }

    #[test]
    fn the_orders_own_record_is_asked_for_only_while_nobody_has_told_it() {
        let asks = |facts: &Facts, established: &[&str]| {
            let questions = matters(&Shelf::built_in(), facts, established);
            questions
                .iter()
                .any(|question| question.fact.path == "order.status")
        };
        let mut facts = running();
        assert!(!asks(&facts, &[]));
        assert!(asks(&facts, &["order.status"]));
        facts.order.as_mut().unwrap().status = None;
        assert!(asks(&facts, &[]));
    }

    #[test]
    fn a_balance_is_asked_nothing_about_an_order_and_keeps_its_account() {
        let facts = claim(serde_json::json!({
            "policy": "panel-guarantee", "ground": "balance_withdrawal", "received_at": "2025-11-20T18:00:00Z",
            "seller": {"large_refund_threshold": "100"},
            "account": {"currency": "USD", "entries": [
                {"kind": "deposit", "id": "D1", "at": "2025-10-01T18:00:00Z", "amount": "250.00", "method": "card-1", "method_status": "usable"},
            ]},
        }));
        let questions = asked(&facts);
        assert!(
            questions
                .iter()
                .all(|question| !question.fact.path.starts_with("order."))
        );
        let verified = would(&questions, "customer.verified", "Yes, verified");
        assert_eq!(
            (verified.outcome, verified.amount),
            (Outcome::Eligible, Amount::parse("250").ok())
        );
    }

    #[test]
    fn every_answer_of_the_table_reads_back_as_a_claim() {
        let facts = running();
        let desk = Overlay::of(&facts);
        for fact in FACTS {
            for (words, value) in fact.samples(&facts) {
                let read = desk.with(fact.path, &value);
                assert!(read.is_some(), "{} {words}", fact.path);
                assert_eq!(
                    Overlay::of(&read.unwrap()).known(fact.path),
                    Some(value),
                    "{}",
                    fact.path
                );
            }
        }
    }

    #[test]
    fn what_was_typed_becomes_the_documents_own_value_or_says_what_to_type() {
        let read = |path: &str, typed: &str, zone: Tz| Fact::at(path).unwrap().read(typed, zone);
        let new_york = chrono_tz::America::New_York;
        assert_eq!(
            read("findings.stop", "refused", Tz::UTC),
            Ok(Value::from("refused"))
        );
        assert_eq!(
            read("customer.verified", "yes", Tz::UTC),
            Ok(Value::from(true))
        );
        assert_eq!(read("findings.stop", "unknown", Tz::UTC), Ok(Value::Null));
        assert_eq!(
            read("order.remains", "1,250", Tz::UTC),
            Ok(Value::from(1_250))
        );
        let at = read("findings.defect.fixed_at", "2026-11-24T14:30", new_york);
        assert_eq!(at, Ok(Value::from("2026-11-24T19:30:00Z")));
        for (path, typed) in [
            ("findings.stop", "maybe"),
            ("customer.verified", "true"),
            ("order.remains", "-1"),
            ("order.remains", "4e2"),
            ("order.remains", "99999999999999999999"),
            ("findings.defect.fixed_at", "yesterday"),
            ("findings.defect.fixed_at", "2026-03-08T02:30"),
            ("order.period_ends_on", "2026-02-30"),
            ("findings.incompatible_with", "  "),
        ] {
            assert!(read(path, typed, new_york).is_err(), "{path} {typed}");
        }
        assert_eq!(Fact::at("seller.time_zone"), None);
    }
}
