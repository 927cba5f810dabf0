//! One clause as a form: its heading, its words, and a field for each of its numbers. What is sent is laid into the newest text, so
//! comments and order of the document stay. A number that is none is refused beside its field; everything else is kept and checked.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;

use super::draft::{find, seen};
use super::{ROOM, crumb, may_write, under};
use crate::app::App;
use crate::db::policy_drafts as rows;
use crate::db::{self, Conn};
use crate::desk::forms::Done;
use crate::desk::policies as desk;
use crate::error::{Error, Fields, Result};
use crate::rules::policy::{Figure, Manuscript, Number, Policy};
use crate::web::filters;
use crate::web::form::{Form, new_key};
use crate::web::gate::{Agent, Manager};
use crate::web::page::{Filled, Frame, render, render_as};
use crate::web::parts::Tone;
use crate::web::queue::Looker;
use crate::web::show::policy as words;

type Sent = BTreeMap<String, String>;

#[derive(Template)]
#[template(path = "queue/policy_clause.html")]
struct Show {
    frame: Frame,
    number: String,
    id: String,
    kind: &'static str,
    figures: Vec<Field>,
    form: Filled,
    writes: bool,
    seen: String,
    key: String,
    /// What the version says that the draft began as; None for a new clause.
    before: Option<Before>,
    stale: bool,
    refusal: String,
}

struct Field {
    name: String,
    label: String,
    unit: String,
    is_money: bool,
}

struct Before {
    version: String,
    heading: String,
    words: String,
    figures: String,
}

pub async fn show(
    app: Data<App>,
    visit: Agent,
    path: Path<(String, String)>,
) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let frame = visit.frame(&path.1);
    let page = app
        .read(move |conn| shown(conn, frame, &looker, &path.0, &path.1, None))
        .await?;
    Ok(render(&page))
}

fn name(index: usize) -> String {
    format!("figure-{index}")
}

fn fields(figures: &[Figure]) -> Vec<Field> {
    let field = |(index, figure): (usize, &Figure)| Field {
        name: name(index),
        label: format!("{} ({})", figure.label, figure.unit),
        unit: figure.unit.clone(),
        is_money: figure.is_money,
    };
    figures.iter().enumerate().map(field).collect()
}

fn shown(
    conn: &mut Conn,
    mut frame: Frame,
    looker: &Looker,
    number: &str,
    id: &str,
    typed: Option<(Filled, bool, String)>,
) -> Result<Show> {
    let draft = find(conn, looker, number)?;
    let text = rows::newest(conn, &draft)?;
    let policy = Policy::parse(&text.document).map_err(|_| {
        let words = "This text does not read as a whole, so its clauses have no forms. Mend it as a text first.";
        Error::refused_because(crate::error::Code::BrokenPolicy, words)
    })?;
    let clause = policy.clause(id).ok_or(Error::NotFound)?;
    let figures = policy.figures(id);
    let base_row = db::policies::find(conn, &draft.base_id)?;
    let shelf = desk::shelf(conn, &draft.policy)?;
    let base = shelf.get(&draft.policy, &base_row.version);
    let before = base.and_then(|base| {
        let clause = base.clause(id)?;
        let figures = base.figures(id);
        let figures = figures
            .iter()
            .map(|it| format!("{} {}", it.label, it.spoken()));
        Some(Before {
            version: base.version.clone(),
            heading: clause.heading.clone(),
            words: clause.words.clone(),
            figures: figures.collect::<Vec<_>>().join(", "),
        })
    });
    frame.title = format!("{id} in {number}");
    frame.crumbs = vec![
        crumb("Policies", ROOM.to_owned()),
        crumb(number, format!("/queue/drafts/{number}")),
    ];
    let mut values = vec![
        ("heading".to_owned(), clause.heading.clone()),
        ("words".to_owned(), clause.words.clone()),
    ];
    values.extend(
        figures
            .iter()
            .enumerate()
            .map(|(at, figure)| (name(at), figure.value.clone())),
    );
    let (form, stale, refusal) = typed.unwrap_or((
        Filled {
            values,
            ..Filled::default()
        },
        false,
        String::new(),
    ));
    Ok(Show {
        number: number.to_owned(),
        id: id.to_owned(),
        kind: words::kind(clause.kind),
        figures: fields(&figures),
        form,
        writes: draft.is_alive() && may_write(&looker.person, &under(conn, &draft.policy)?),
        seen: draft.seq.to_string(),
        key: new_key()?,
        before,
        stale,
        refusal,
        frame,
    })
}

/// Lays what was typed into the newest text.
fn laid(document: &str, id: &str, sent: &Sent) -> Result<String> {
    let policy = Policy::parse(document).map_err(|_| {
        Error::invalid(
            "words",
            "The text does not read as a whole; mend it as a text first",
        )
    })?;
    let mut manuscript =
        Manuscript::read(document).map_err(|flaw| Error::invalid("words", flaw.to_string()))?;
    let mut problems = Fields::new();
    for field in ["heading", "words"] {
        let text = sent.get(field).map_or("", |text| text.trim());
        if text.is_empty() {
            problems.add(field, "Say something here: it must not be empty");
        } else if !manuscript.set_clause(id, field, &text.replace("\r\n", "\n")) {
            return Err(Error::NotFound);
        }
    }
    for (index, figure) in policy.figures(id).iter().enumerate() {
        let typed = sent
            .get(&name(index))
            .ok_or(Error::Malformed("a field is missing"))?;
        match Number::read(figure, typed) {
            Err(words) => problems.add(name(index), words),
            Ok(number) => {
                if !manuscript.set_figure(id, figure, &number) {
                    problems.add(
                        name(index),
                        "Change this number in the text: it is written in another way there",
                    );
                }
            }
        }
    }
    problems.done()?;
    Ok(manuscript.written())
}

pub async fn save(
    app: Data<App>,
    visit: Manager,
    path: Path<(String, String)>,
    form: Form<Sent>,
) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let (number, id) = path.into_inner();
    let (scoped, asked, clause) = (looker.clone(), number.clone(), id.clone());
    let outcome = form
        .submit(&app, visit.act(&app), move |tx, act, sent: &Sent| {
            let draft = find(tx, &scoped, &asked)?;
            let known = |name: &str| {
                ["seen", "heading", "words"].contains(&name) || name.starts_with("figure-")
            };
            if !sent.keys().all(|name| known(name)) {
                return Err(Error::Malformed("a field that the form does not have"));
            }
            let seen = seen(sent.get("seen").map_or("", String::as_str))?;
            if seen != draft.seq {
                return Err(Error::Stale);
            }
            let text = rows::newest(tx, &draft)?;
            let document = laid(&text.document, &clause, sent)?;
            desk::save(tx, act, &draft.id, seen, &document)?;
            Ok(Done::new(
                format!("/queue/drafts/{asked}"),
                format!("{clause} is kept."),
            ))
        })
        .await;
    let (status, problems, stale, refusal) = match outcome {
        Err(Error::Invalid(problems)) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            problems,
            false,
            String::new(),
        ),
        Err(Error::Stale) => (StatusCode::CONFLICT, Fields::new(), true, String::new()),
        Err(Error::Refused { code, words }) => (
            crate::web::faces::status_for(code),
            Fields::new(),
            false,
            words,
        ),
        other => return other,
    };
    let mut frame = visit.frame(&id);
    frame.refused = true;
    let typed = Some((form.again(&problems), stale, refusal));
    let page = app
        .read(move |conn| shown(conn, frame, &looker, &number, &id, typed))
        .await?;
    Ok(render_as(status, &page))
}
