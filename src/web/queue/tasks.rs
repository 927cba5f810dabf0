//! The list of what is to be done before money is decided, and what people do with a task: take it, have the panel asked, say how
//! it went.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::claim::{again, refuse};
use super::seen::Seen;
use super::stale::{self, Draft};
use super::todo::said;
use super::{Looker, Typed};
use crate::act::Act;
use crate::app::App;
use crate::db::{self, Conn, Tx};
use crate::desk::forms::Done;
use crate::desk::panels::requests;
use crate::desk::tasks::{self, Report};
use crate::error::{Error, Result};
use crate::ids::ClaimId;
use crate::rules::tasks::Kind;
use crate::web::amount;
use crate::web::fields::query;
use crate::web::filters;
use crate::web::form::Form;
use crate::web::gate::Agent;
use crate::web::page::{Crumb, Frame, NavItem, render};
use crate::web::parts::{Clock, Moment};
use crate::web::show::clocks;

/// As many as the list shows.
const MOST: i64 = 200;

#[derive(Template)]
#[template(path = "queue/tasks.html")]
struct Index {
    frame: Frame,
    views: Vec<NavItem>,
    total: String,
    rows: Vec<Line>,
}

struct Line {
    href: String,
    number: String,
    title: &'static str,
    about: String,
    clock: Option<Clock>,
    panel: String,
    owner: Option<String>,
    opened: Moment,
}

#[derive(Debug, Deserialize)]
struct Asked {
    view: Option<String>,
}

pub async fn index(app: Data<App>, visit: Agent, request: HttpRequest) -> Result<HttpResponse> {
    let asked: Asked = query(&request)?;
    let mine = match asked.view.as_deref() {
        None => false,
        Some("mine") => true,
        Some(_) => return Err(Error::Malformed("not an address of the list")),
    };
    let looker = Looker::of(&visit.person, &visit);
    let mut frame = visit.frame("Tasks");
    frame.crumbs.push(Crumb {
        label: "Queue".to_owned(),
        href: "/queue".to_owned(),
    });
    let page = app
        .read(move |conn| list(conn, frame, &looker, mine))
        .await?;
    Ok(render(&page))
}

fn list(conn: &mut Conn, frame: Frame, looker: &Looker, mine: bool) -> Result<Index> {
    let owner = mine.then_some(&looker.person.id);
    let rows = db::tasks::open(conn, &looker.scope, owner, MOST)?;
    let owners: Vec<_> = rows
        .iter()
        .filter_map(|(task, _)| task.owner_id.clone())
        .collect();
    let names = db::people::names(conn, &owners)?;
    let mut lines = Vec::new();
    for (task, number) in &rows {
        let claim = db::claims::find(conn, &task.claim_id)?;
        let ticket = db::tickets::find(conn, &claim.ticket_id)?;
        let running = db::clocks::of_ticket(conn, &ticket.id)?;
        let wanted = if task.kind == Kind::FixDefect {
            "cure"
        } else {
            "decision"
        };
        let clock = running.iter().find(|clock| {
            clock.kind == wanted && matches!(clock.state.as_str(), "running" | "paused")
        });
        let asked = match &claim.order_id {
            Some(order) => db::requests::open_of_order(conn, order)?,
            None => Vec::new(),
        };
        let action = requests::action_of(task.kind);
        let asked = asked.iter().rfind(|asked| Some(asked.action) == action);
        lines.push(Line {
            href: format!("/queue/claims/{number}#to-do"),
            number: number.clone(),
            title: task.kind.title(),
            about: ticket.subject.clone(),
            clock: clock.map(|clock| clocks::badge(clock, looker.wall)),
            panel: asked.map_or(String::new(), |asked| said(asked, looker.wall)),
            owner: task
                .owner_id
                .as_ref()
                .and_then(|owner| names.get(owner).cloned()),
            opened: Moment::new(task.opened_at.utc(), looker.wall.zone, looker.wall.now),
        });
    }
    let count = u64::try_from(lines.len()).unwrap_or(0);
    Ok(Index {
        frame,
        views: vec![
            NavItem::new("All", "/queue/tasks", !mine),
            NavItem::new("Mine", "/queue/tasks?view=mine", mine),
        ],
        total: filters::plural(count, "task", "tasks"),
        rows: lines,
    })
}

fn kind_of(word: &str) -> Result<Kind> {
    Kind::from_word(word).ok_or(Error::NotFound)
}

/// A form that only presses a button.
#[derive(Debug, Clone, Deserialize)]
pub struct Press {}

pub async fn take(
    app: Data<App>,
    visit: Agent,
    path: Path<(String, String)>,
    form: Form<Press>,
) -> Result<HttpResponse> {
    press(&app, &visit, path, &form, |tx, act, claim, kind| {
        tasks::take(tx, act, claim, kind)?;
        Ok("It is yours.")
    })
    .await
}

pub async fn request(
    app: Data<App>,
    visit: Agent,
    path: Path<(String, String)>,
    form: Form<Press>,
) -> Result<HttpResponse> {
    press(&app, &visit, path, &form, |tx, act, claim, kind| {
        requests::ask(tx, act, claim, kind)?;
        Ok("The panel is asked with the next round; its answer comes in by itself.")
    })
    .await
}

/// Runs what a button of a task does, and leads back to the claim's tasks with a sentence.
async fn press(
    app: &App,
    visit: &Agent,
    path: Path<(String, String)>,
    form: &Form<Press>,
    mut deed: impl FnMut(&mut Tx, &Act, &ClaimId, Kind) -> Result<&'static str> + Send + 'static,
) -> Result<HttpResponse> {
    let (number, word) = path.into_inner();
    let kind = kind_of(&word)?;
    let looker = Looker::of(&visit.person, visit);
    let (scope, asked) = (looker.scope.clone(), number.clone());
    let outcome = form
        .submit(app, visit.act(app), move |tx, act, _: &Press| {
            let claim = db::claims::for_staff(tx, &scope, &asked)?;
            let told = deed(tx, act, &claim.id, kind)?;
            Ok(Done::new(format!("/queue/claims/{asked}#to-do"), told))
        })
        .await;
    again(app, visit, &looker, number, Typed::default(), outcome).await
}

#[derive(Debug, Clone, Deserialize)]
pub struct Told {
    seen: Seen,
    #[serde(default)]
    result: String,
    #[serde(default)]
    count: String,
    #[serde(default)]
    value: String,
    #[serde(default)]
    words: String,
}

pub async fn report(
    app: Data<App>,
    visit: Agent,
    path: Path<(String, String)>,
    form: Form<Told>,
) -> Result<HttpResponse> {
    let (number, word) = path.into_inner();
    let kind = kind_of(&word)?;
    let looker = Looker::of(&visit.person, &visit);
    let (scope, asked) = (looker.scope.clone(), number.clone());
    let seen = form.fields.seen;
    let outcome = form
        .submit(&app, visit.act(&app), move |tx, act, told: &Told| {
            let claim = db::claims::for_staff(tx, &scope, &asked)?;
            let report = read(told, &claim.currency)?;
            let standing = tasks::report(tx, act, &claim.id, seen.ticket, kind, &report)?;
            let words = standing.map_or("Recorded.".to_owned(), |standing| {
                let outcome = standing.assessment.outcome.word().replace('_', " ");
                format!("Recorded. The rules now say: {outcome}.")
            });
            Ok(Done::new(format!("/queue/claims/{asked}#decision"), words))
        })
        .await;
    let again_with = |problems: &crate::error::Fields| Typed {
        task: Some((kind, form.again(problems))),
        ..Typed::default()
    };
    match outcome {
        Err(Error::Invalid(problems)) => {
            refuse(&app, &visit, &looker, number, again_with(&problems)).await
        }
        Err(Error::Stale) => {
            let told = form.fields.clone();
            let draft = Draft {
                action: format!("/queue/claims/{number}/tasks/{kind}/result"),
                button: "Record it all the same",
                body: None,
                hidden: vec![
                    ("result".to_owned(), told.result.clone()),
                    ("count".to_owned(), told.count.clone()),
                    ("value".to_owned(), told.value.clone()),
                    ("words".to_owned(), told.words.clone()),
                ],
                what: vec![(
                    kind.title().to_owned(),
                    [told.result.replace('_', " "), told.count, told.words]
                        .join(" ")
                        .trim()
                        .to_owned(),
                )],
            };
            stale::of_claim(&app, &visit, &looker, number, seen, draft).await
        }
        other => {
            let typed = again_with(&crate::error::Fields::new());
            again(&app, &visit, &looker, number, typed, other).await
        }
    }
}

fn read(told: &Told, currency: &str) -> Result<Report> {
    let mut fields = crate::error::Fields::new();
    let count = match told
        .count
        .trim()
        .replace([',', ' ', '\u{a0}', '\u{2009}'], "")
    {
        text if text.is_empty() => None,
        text => match text.parse::<u32>() {
            Ok(count) => Some(i64::from(count)),
            Err(_) => {
                fields.add("count", "Enter a whole number of units, such as 400");
                None
            }
        },
    };
    let value = match told.value.trim() {
        "" => None,
        text => match amount::read(text, currency) {
            Ok(value) => Some(value.e8()),
            Err(why) => {
                fields.add("value", why);
                None
            }
        },
    };
    fields.done()?;
    Ok(Report {
        code: told.result.clone(),
        count,
        value_e8: value,
        words: told.words.clone(),
    })
}
