//! Facts that matter: each with its question, what is known and from whom, and what every answer would do. What is established
//! here is kept with its source, and the rules assess the claim again at once.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde_json::Value;

use super::case::Case;
use super::claim::{self, again};
use super::panel::said;
use super::seen::Seen;
use super::stale::{self, Draft};
use super::{Looker, Typed};
use crate::app::App;
use crate::db;
use crate::desk::claims;
use crate::desk::forms::Done;
use crate::error::{Error, Fields, Result};
use crate::plain;
use crate::rules::matters::{Answer, Fact, Question, UNKNOWN, Would};
use crate::web::filters;
use crate::web::form::{Form, Nothing, new_key};
use crate::web::gate::Agent;
use crate::web::page::{Answering, Ask, Choice, Filled};
use crate::web::show::Wall;

/// Where a fact can come from.
const SOURCES: [(&str, &str); 4] = [
    ("own_check", "I checked it myself"),
    ("provider", "The provider says so"),
    ("customer", "The customer's evidence shows it"),
    ("colleague", "A colleague found out"),
];

/// What one form can carry besides the facts themselves.
const SOURCE: &str = "source";
const REFERENCE: &str = "reference";
const SEEN: &str = "seen";

/// See `templates/parts/facts.html`.
pub struct Established {
    /// Facts that a clause waits for.
    pub open: Vec<Line>,
    /// Facts that would change what is known already.
    pub more: Vec<Line>,
    pub form: Filled,
    pub sources: Vec<Choice>,
    pub key: String,
}

pub struct Line {
    pub ask: Ask,
    /// "No, it goes on", "Not known".
    pub known: String,
    /// "The provider says so (55-1201): Omar Haddad, 24 Nov 14:30"; empty where it came with the order.
    pub source: String,
}

impl Established {
    pub fn of(case: &Case, looker: &Looker, typed: &Typed) -> Result<Established> {
        let (mut open, mut more) = (Vec::new(), Vec::new());
        for question in &case.questions {
            let line = line(case, question, looker.wall);
            if question.is_open {
                open.push(line)
            } else {
                more.push(line)
            }
        }
        let sources = SOURCES
            .iter()
            .map(|(code, words)| Choice::new(code, words, ""));
        Ok(Established {
            open,
            more,
            form: typed.facts.clone().unwrap_or_default().under("facts"),
            sources: std::iter::once(Choice::new("", "Choose how you know", ""))
                .chain(sources)
                .collect(),
            key: new_key()?,
        })
    }

    pub fn is_empty(&self) -> bool {
        self.open.is_empty() && self.more.is_empty()
    }
}

fn line(case: &Case, question: &Question, wall: Wall) -> Line {
    let fact = question.fact;
    let established = case
        .established
        .iter()
        .rev()
        .find(|row| row.name == fact.path);
    let source = established.map(|row| {
        let at = filters::moment(row.at.utc(), wall.zone, wall.now);
        format!(
            "{}: {}, {at}",
            source_words(&row.source),
            case.doer(&row.who)
        )
    });
    Line {
        ask: ask(case, question),
        known: question
            .known
            .as_ref()
            .map_or("Not known".to_owned(), |value| shown(fact, value, wall)),
        source: source.unwrap_or_default(),
    }
}

fn ask(case: &Case, question: &Question) -> Ask {
    let fact = question.fact;
    let by = match fact.answer {
        Answer::OneOf(_) => Answering::Radios,
        Answer::Count => Answering::Count,
        Answer::Moment => Answering::Moment,
        Answer::Day => Answering::Day,
        Answer::Words => Answering::Line,
    };
    let choices = match &fact.answer {
        Answer::OneOf(choices) => choices
            .iter()
            .map(|choice| {
                let would = question
                    .answers
                    .iter()
                    .find(|would| would.value == choice.value.value());
                let hint = would.map_or("As it stands".to_owned(), |would| effect(case, would));
                Choice::new(choice.value.typed(), choice.words, &hint)
            })
            .chain(
                question
                    .known
                    .is_some()
                    .then(|| Choice::new(UNKNOWN, "Not known after all", "")),
            )
            .collect(),
        _ => Vec::new(),
    };
    Ask::new(fact.path, fact.question, &hint(case, question), by).of(choices)
}

/// How to find out, and for an open answer what telling ones would do.
fn hint(case: &Case, question: &Question) -> String {
    let fact = question.fact;
    if matches!(fact.answer, Answer::OneOf(_)) {
        return fact.hint.to_owned();
    }
    let would = question.answers.iter().filter(|would| would.changes);
    let would: Vec<String> = would
        .map(|would| format!("{}: {}", would.words, lower(&effect(case, would))))
        .collect();
    [fact.hint.to_owned(), would.join("; ")]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// "Would be $10.00, eligible".
fn effect(case: &Case, would: &Would) -> String {
    if !would.changes {
        return "Changes nothing".to_owned();
    }
    let confirm = if would.flagged {
        ", to be confirmed"
    } else {
        ""
    };
    format!(
        "Would be {}{confirm}",
        said(case, would.outcome, would.amount)
    )
}

fn lower(words: &str) -> String {
    let mut letters = words.chars();
    letters
        .next()
        .into_iter()
        .flat_map(char::to_lowercase)
        .chain(letters)
        .collect()
}

fn shown(fact: &Fact, value: &Value, wall: Wall) -> String {
    if let Some(words) = fact.words(value) {
        return words;
    }
    match value {
        Value::String(text) => match text.parse::<chrono::DateTime<chrono::Utc>>() {
            Ok(at) => filters::moment(at, wall.zone, wall.now),
            Err(_) => text.clone(),
        },
        Value::Number(number) => number
            .as_u64()
            .map_or_else(|| number.to_string(), filters::count),
        other => other.to_string(),
    }
}

/// "provider: 55-1201" in words.
fn source_words(source: &str) -> String {
    let (code, reference) = source.split_once(": ").unwrap_or((source, ""));
    let words = SOURCES
        .iter()
        .find(|(known, _)| *known == code)
        .map_or(code, |(_, words)| *words);
    if reference.is_empty() {
        words.to_owned()
    } else {
        format!("{words} ({reference})")
    }
}

/// The fields of the form: the facts by their paths, and how they are known.
type Sent = BTreeMap<String, String>;

pub async fn establish(
    app: Data<App>,
    visit: Agent,
    number: Path<String>,
    form: Form<Sent>,
) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let seen = seen(&form.fields)?;
    let (number, zone) = (number.into_inner(), looker.wall.zone);
    let (scope, asked) = (looker.scope.clone(), number.clone());
    let outcome = form
        .submit(&app, visit.act(&app), move |tx, act, sent: &Sent| {
            let claim = db::claims::for_staff(tx, &scope, &asked)?;
            let (facts, source) = read(sent, zone)?;
            let standing = claims::establish(tx, act, &claim.id, seen.ticket, &facts, &source)?;
            let told = standing.map_or_else(String::new, |standing| {
                let outcome = standing.assessment.outcome.word().replace('_', " ");
                let currency = &standing.claim.currency;
                let amount = standing.assessment.amount;
                let amount = amount.map(|amount| filters::money(amount.e8(), currency));
                format!(
                    "Recorded. The rules now say: {outcome}{}.",
                    amount.map_or_else(String::new, |amount| format!(", {amount}"))
                )
            });
            Ok(Done::new(format!("/queue/claims/{asked}#decision"), told))
        })
        .await;
    match outcome {
        Err(Error::Invalid(problems)) => {
            let typed = Typed {
                facts: Some(form.again(&problems)),
                ..Typed::default()
            };
            claim::refuse(&app, &visit, &looker, number, typed).await
        }
        Err(Error::Stale) => {
            let draft = Draft {
                action: format!("/queue/claims/{number}/facts"),
                button: "Record and assess again",
                body: None,
                hidden: form
                    .fields
                    .clone()
                    .into_iter()
                    .filter(|(name, _)| name != SEEN)
                    .collect(),
                what: summary(&form.fields),
            };
            stale::of_claim(&app, &visit, &looker, number, seen, draft).await
        }
        other => again(&app, &visit, &looker, number, Typed::default(), other).await,
    }
}

fn seen(sent: &Sent) -> Result<Seen> {
    let text = sent.get(SEEN).cloned().unwrap_or_default();
    Seen::try_from(text).map_err(|_| Error::Malformed("a form without what its page had shown"))
}

/// The facts that were answered, and where they come from.
fn read(sent: &Sent, zone: chrono_tz::Tz) -> Result<(Vec<(String, Value)>, String)> {
    let mut problems = Fields::new();
    let mut facts = Vec::new();
    for (name, typed) in sent {
        if [SEEN, SOURCE, REFERENCE].contains(&name.as_str()) || typed.trim().is_empty() {
            continue;
        }
        let fact =
            Fact::at(name).ok_or(Error::Malformed("a fact that nobody establishes by hand"))?;
        match fact.read(typed, zone) {
            Ok(value) => facts.push((name.clone(), value)),
            Err(why) => problems.add(name, why),
        }
    }
    if facts.is_empty() && problems.is_empty() {
        problems.add(SOURCE, "Answer one of the questions first");
        return Err(Error::Invalid(problems));
    }
    let code = sent.get(SOURCE).map_or("", String::as_str);
    if !SOURCES.iter().any(|(known, _)| *known == code) {
        problems.add(SOURCE, "Choose how you know");
    }
    problems.done()?;
    let reference = plain::line(sent.get(REFERENCE).map_or("", String::as_str), 100);
    let source = if reference.is_empty() {
        code.to_owned()
    } else {
        format!("{code}: {reference}")
    };
    Ok((facts, source))
}

/// What was answered, in words, for a page that holds it back.
fn summary(sent: &Sent) -> Vec<(String, String)> {
    let answered = sent.iter().filter(|(_, typed)| !typed.trim().is_empty());
    let said = answered.filter_map(|(name, typed)| {
        let fact = Fact::at(name)?;
        let words = match &fact.answer {
            Answer::OneOf(choices) => choices
                .iter()
                .find(|choice| choice.value.typed() == typed)
                .map(|choice| choice.words.to_owned()),
            _ => None,
        };
        Some((
            fact.question.to_owned(),
            words.unwrap_or_else(|| typed.clone()),
        ))
    });
    said.collect()
}

/// Time moved on, or an order did: lets the rules say again what they say now.
pub async fn reassess(
    app: Data<App>,
    visit: Agent,
    number: Path<String>,
    form: Form<Nothing>,
) -> Result<HttpResponse> {
    let (scope, number) = (Looker::of(&visit.person, &visit).scope, number.into_inner());
    form.submit(&app, visit.act(&app), move |tx, act, _| {
        let claim = db::claims::for_staff(tx, &scope, &number)?;
        claims::reassess(tx, act, &claim.id)?;
        Ok(Done::new(
            format!("/queue/claims/{number}"),
            "Assessed again.",
        ))
    })
    .await
}
