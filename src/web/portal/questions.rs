//! The questions of a claim: which there are is the policy's to say; here they get their words, the clause that makes us ask, and
//! the answer that is on the draft already.

use super::uploads::LIMITS;
use crate::db::claims::Draft;
use crate::db::{self, Conn};
use crate::desk::drafts::{Answers, Topic};
use crate::error::Result;
use crate::rules::facts::EvidenceKind;
use crate::rules::policy::{Clause, Ground};
use crate::web::filters;
use crate::web::page::{Answering, Ask, Choice, Filled, KeptFile};
use crate::web::parts::ClauseRef;
use crate::web::show::claim as words;

/// A clause in the policy's own words.
pub struct Quote {
    pub clause: ClauseRef,
    pub title: String,
    pub words: String,
    /// The ground that it speaks for, where several are quoted.
    pub about: String,
}

/// The questions of a draft in their order; the first is always the ground.
pub fn questions(topic: &Topic, answers: &Answers) -> Vec<String> {
    let mut names = vec!["ground".to_owned()];
    if let Some(ground) = topic.ground(&answers.ground) {
        names.extend(topic.asks(ground).into_iter().map(str::to_owned));
    }
    names
}

pub fn question(topic: &Topic, name: &str, kept: Vec<KeptFile>) -> Ask {
    match name {
        "ground" => {
            let grounds = topic.grounds();
            let choices = grounds.map(|one| Choice::new(&one.id, &one.title, &one.hint));
            Ask::new(name, "Choose one", "", Answering::Radios).of(choices.collect())
        }
        "reason" => Ask::new(
            name,
            "In your own words",
            "What happened, and since when? A few sentences are enough.",
            Answering::Words,
        ),
        "requested" => {
            let mut ask = Ask::new(
                name,
                "Amount",
                "Leave it empty for everything that can be paid out.",
                Answering::Money,
            );
            ask.prefix = filters::mark(&topic.seller.currency);
            ask
        }
        "remedy_choice" => Ask::new(name, "Choose one", "", Answering::Radios).of(vec![
            Choice::new("refund", "My money back", ""),
            Choice::new(
                "replacement",
                "A replacement",
                "The same thing again, working.",
            ),
        ]),
        kind => {
            let mut ask = Ask::new(kind, "Files", LIMITS, Answering::Files);
            ask.kept = kept;
            ask
        }
    }
}

/// The question itself, as the heading of its page.
pub fn heading(topic: &Topic, name: &str) -> &'static str {
    match (name, EvidenceKind::from_word(name)) {
        ("ground", _) if topic.order.is_some() => "What happened?",
        ("ground" | "remedy_choice", _) => "What would you like?",
        ("reason", _) => "Tell us about it",
        ("requested", _) => "How much would you like back?",
        (_, Some(EvidenceKind::Screenshot)) => "Do you have a screenshot that shows it?",
        (_, Some(EvidenceKind::Log)) => "Do you have a log of what happened?",
        (_, Some(EvidenceKind::InvoicePayment)) => {
            "Do you have the receipt, or the line of your bank statement?"
        }
        _ => "Do you have anything that shows it?",
    }
}

/// What the answer page and the list of answers call a question.
pub fn label(name: &str) -> &'static str {
    match name {
        "ground" => "What happened",
        "reason" => "In your words",
        "requested" => "Amount",
        "remedy_choice" => "What you would like",
        "screenshot" => "Screenshot",
        "log" => "Log",
        "invoice_payment" => "Proof of payment",
        "order_number" => "Order number",
        _ => "Evidence",
    }
}

pub fn filled(topic: &Topic, answers: &Answers, name: &str) -> Filled {
    let value = match name {
        "ground" => answers.ground.clone(),
        "reason" => answers.reason.clone(),
        "remedy_choice" => answers.remedy_choice.clone().unwrap_or_default(),
        "requested" => answers.requested_e8.map_or_else(String::new, |e8| {
            filters::figure(e8, &topic.seller.currency)
        }),
        _ => String::new(),
    };
    Filled {
        values: vec![(name.to_owned(), value)],
        ..Filled::default()
    }
}

pub fn kept_files(
    conn: &mut Conn,
    draft: &Draft,
    answers: &Answers,
    kind: &str,
) -> Result<Vec<KeptFile>> {
    let files = db::files::of_draft(conn, &draft.id)?;
    let mine = files
        .iter()
        .filter(|file| answers.files_of(kind).any(|id| *id == file.id));
    let kept = mine.map(|file| KeptFile {
        id: file.id.to_string(),
        name: file.name.clone(),
        size: filters::file_size(u64::try_from(file.bytes).unwrap_or(0)),
    });
    Ok(kept.collect())
}

/// "Order O-1001 · 1,000 followers".
pub fn about(topic: &Topic) -> String {
    match &topic.order {
        Some(order) => format!("Order {} · {}", order.number, order.title),
        None => format!("Your balance with {}", topic.seller.name),
    }
}

/// The policy's own words beside a question: for the first one, what tells each ground from the others.
pub fn quotes(topic: &Topic, ground: Option<&Ground>, name: &str) -> Vec<Quote> {
    let quote = |clause: &Clause, about: &str| Quote {
        clause: words::clause(&topic.policy, &clause.id),
        title: clause.heading.clone(),
        words: clause.words.clone(),
        about: about.to_owned(),
    };
    if name == "ground" {
        let told = topic.grounds().filter_map(|ground| {
            let clause = topic.policy.clause_telling(ground)?;
            Some(quote(clause, &ground.title))
        });
        return told.collect();
    }
    let Some(ground) = ground else {
        return Vec::new();
    };
    let asking = topic.policy.clause_asking(ground, name);
    let clause = asking.or_else(|| topic.policy.clause_telling(ground));
    clause.map(|clause| quote(clause, "")).into_iter().collect()
}

/// The questions with their labels and answers, for the page that shows them all before they are sent.
pub fn given(
    conn: &mut Conn,
    draft: &Draft,
    topic: &Topic,
    answers: &Answers,
) -> Result<Vec<(String, Vec<String>)>> {
    let files = db::files::of_draft(conn, &draft.id)?;
    let mut given = Vec::new();
    for name in questions(topic, answers) {
        let lines = match name.as_str() {
            "ground" => topic
                .ground(&answers.ground)
                .map(|ground| ground.title.clone())
                .into_iter()
                .collect(),
            "reason" => answers.reason.lines().map(str::to_owned).collect(),
            "requested" => vec![answers.requested_e8.map_or_else(
                || "Everything that can be paid out".to_owned(),
                |e8| filters::money(e8, &topic.seller.currency),
            )],
            "remedy_choice" => vec![match answers.remedy_choice.as_deref() {
                Some("replacement") => "A replacement".to_owned(),
                _ => "My money back".to_owned(),
            }],
            kind => {
                let mine = files
                    .iter()
                    .filter(|file| answers.files_of(kind).any(|id| *id == file.id));
                let names = mine.map(|file| file.name.clone()).collect::<Vec<_>>();
                if names.is_empty() {
                    vec!["Nothing yet".to_owned()]
                } else {
                    names
                }
            }
        };
        given.push((name, lines));
    }
    Ok(given)
}
