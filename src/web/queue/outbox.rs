//! The letters of the sellers that somebody serves, by how far they have got. A dead one can be sent again. Their text is not here:
//! some of them are links into accounts.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::Looker;
use super::record::{letter_badge, letter_trouble};
use crate::app::App;
use crate::db::mail::Row as Letter;
use crate::db::{self, Conn};
use crate::desk::forms::Done;
use crate::desk::mailroom;
use crate::error::{Error, Result};
use crate::ids::LetterId;
use crate::web::fields::query;
use crate::web::filters;
use crate::web::form::{Form, Nothing, new_key};
use crate::web::gate::Lead;
use crate::web::page::{Frame, NavItem, render};
use crate::web::parts::{Badge, Moment, Pager};
use crate::web::show::Wall;

const PAGE: usize = 50;

/// States with their names; the empty one is all of them.
const STATES: [(&str, &str); 5] = [
    ("failed", "Not sent"),
    ("queued", "Waiting"),
    ("sending", "Being sent"),
    ("sent", "Sent"),
    ("", "All"),
];

#[derive(Template)]
#[template(path = "queue/outbox.html")]
struct Index {
    frame: Frame,
    views: Vec<NavItem>,
    heading: &'static str,
    rows: Vec<Line>,
    pager: Pager,
}

struct Line {
    id: String,
    subject: String,
    recipient: String,
    kind: String,
    badge: Badge,
    at: Moment,
    tries: String,
    trouble: String,
    /// The key of the form that sends it again; none for a letter that is not dead.
    key: Option<String>,
    ticket_href: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Asked {
    state: Option<String>,
    after: Option<String>,
}

pub async fn show(app: Data<App>, visit: Lead, request: HttpRequest) -> Result<HttpResponse> {
    let asked: Asked = query(&request)?;
    let looker = Looker::of(&visit.person, &visit);
    let frame = visit.frame("Outbox");
    let page = app
        .read(move |conn| index(conn, frame, &looker, &asked))
        .await?;
    Ok(render(&page))
}

fn index(conn: &mut Conn, frame: Frame, looker: &Looker, asked: &Asked) -> Result<Index> {
    let unknown = || Error::Malformed("not an address of the outbox");
    let counts = db::mail::counts(conn, &looker.scope)?;
    let count = |state: &str| -> i64 {
        counts
            .iter()
            .filter(|(known, _)| state.is_empty() || known == state)
            .map(|(_, count)| count)
            .sum()
    };
    let state = asked.state.as_deref().unwrap_or("");
    let (state, heading) = STATES
        .into_iter()
        .find(|(known, _)| *known == state)
        .ok_or_else(unknown)?;
    let after = match asked.after.as_deref() {
        None => None,
        Some(id)
            if id.len() == 36
                && id
                    .bytes()
                    .all(|byte| byte.is_ascii_hexdigit() || byte == b'-') =>
        {
            Some(LetterId::from(id))
        }
        Some(_) => return Err(unknown()),
    };
    let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let only = Some(state).filter(|state| !state.is_empty());
    let mut rows = db::mail::page(conn, &looker.scope, only, after.as_ref(), limit)?;
    let is_long = rows.len() > PAGE;
    rows.truncate(PAGE);
    let mut lines = Vec::new();
    for letter in &rows {
        lines.push(line(conn, letter, looker.wall)?);
    }
    let href = |state: &str| format!("/queue/outbox?state={state}");
    let tab = |(known, label): (&str, &str)| NavItem {
        count: Some(filters::badge_count(
            u64::try_from(count(known)).unwrap_or(0),
        )),
        ..NavItem::new(label, &href(known), known == state)
    };
    Ok(Index {
        frame,
        views: STATES.into_iter().map(tab).collect(),
        heading,
        pager: Pager {
            shown: filters::plural(
                u64::try_from(count(state)).unwrap_or(0),
                "letter",
                "letters",
            ),
            previous: after.is_some().then(|| href(state)),
            next: rows
                .last()
                .filter(|_| is_long)
                .map(|letter| format!("{}&after={}", href(state), letter.id)),
        },
        rows: lines,
    })
}

fn line(conn: &mut Conn, letter: &Letter, wall: Wall) -> Result<Line> {
    let ticket_href = match &letter.ticket_id {
        Some(id) => Some(format!(
            "/queue/tickets/{}",
            db::tickets::find(conn, id)?.number
        )),
        None => None,
    };
    let is_dead = letter.state == "failed";
    Ok(Line {
        id: letter.id.to_string(),
        subject: letter.subject.clone(),
        recipient: letter.recipient.clone(),
        kind: letter.kind.replace('_', " "),
        badge: letter_badge(letter),
        at: Moment::new(
            letter.sent_at.unwrap_or(letter.created_at).utc(),
            wall.zone,
            wall.now,
        ),
        tries: filters::plural(u64::try_from(letter.attempts).unwrap_or(0), "try", "tries"),
        trouble: letter_trouble(letter),
        key: if is_dead { Some(new_key()?) } else { None },
        ticket_href,
    })
}

/// Gives a dead letter another chance.
pub async fn send_again(
    app: Data<App>,
    visit: Lead,
    id: Path<String>,
    form: Form<Nothing>,
) -> Result<HttpResponse> {
    let id = LetterId::from(id.into_inner());
    form.submit(&app, visit.act(&app), move |tx, act, _| {
        mailroom::send_again(tx, act, &id)?;
        Ok(Done::new(
            "/queue/outbox?state=queued",
            "The letter is on its way again.",
        ))
    })
    .await
}
