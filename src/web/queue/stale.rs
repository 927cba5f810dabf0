//! Somebody was faster. The page says what is new first, holds back what was typed without losing a word of it, and lets it be
//! sent all the same once it was read.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use super::Looker;
use super::claim;
use super::panel::said;
use super::seen::Seen;
use super::story::Story;
use crate::app::App;
use crate::db::{self, Conn};
use crate::error::Result;
use crate::web::filters;
use crate::web::form::new_key;
use crate::web::page::{Frame, render_as};
use crate::web::parts::{Timeline, Tone};
use crate::web::session::Visit;

/// What was typed, and where to send it.
pub struct Draft {
    pub action: String,
    /// What the button does: "Send it all the same".
    pub button: &'static str,
    /// The name and text of the field that was written in, where there was one.
    pub body: Option<(&'static str, String)>,
    /// Everything else that the form carried.
    pub hidden: Vec<(String, String)>,
    /// The same in words.
    pub what: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "queue/stale.html")]
struct Held {
    frame: Frame,
    number: String,
    sentence: String,
    news: Timeline,
    /// What the rules say now, where they judge anything.
    verdict: Option<String>,
    draft: Draft,
    key: String,
    seen: String,
    back_href: String,
}

pub async fn of_claim(
    app: &App,
    visit: &Visit,
    looker: &Looker,
    number: String,
    seen: Seen,
    draft: Draft,
) -> Result<HttpResponse> {
    let case = claim::read(app, looker, number).await?;
    let verdict = case
        .claim
        .is_open()
        .then(|| said(&case, case.now.outcome, case.now.amount));
    held(
        visit,
        looker,
        &case.story,
        &case.claim.number,
        case.path(),
        verdict,
        seen,
        draft,
    )
}

/// On a ticket, with or without a claim.
pub async fn of_ticket(
    app: &App,
    visit: &Visit,
    looker: &Looker,
    number: String,
    seen: Seen,
    draft: Draft,
) -> Result<HttpResponse> {
    let (scope, asked, wall) = (looker.scope.clone(), number, looker.wall);
    let (story, home) = app
        .read(move |conn| {
            let ticket = db::tickets::for_staff(conn, &scope, &asked)?;
            let home = home(conn, &ticket)?;
            Ok((Story::read(conn, ticket, wall)?, home))
        })
        .await?;
    let number = story.ticket.number.clone();
    held(visit, looker, &story, &number, home, None, seen, draft)
}

/// Where a ticket is read: on its claim's page where it has one.
pub fn home(conn: &mut Conn, ticket: &db::tickets::Ticket) -> Result<String> {
    Ok(match db::claims::of_ticket(conn, &ticket.id)? {
        Some(claim) => format!("/queue/claims/{}", claim.number),
        None => format!("/queue/tickets/{}", ticket.number),
    })
}

#[allow(clippy::too_many_arguments)]
fn held(
    visit: &Visit,
    looker: &Looker,
    story: &Story,
    number: &str,
    back_href: String,
    verdict: Option<String>,
    seen: Seen,
    draft: Draft,
) -> Result<HttpResponse> {
    let latest = story
        .events
        .iter()
        .rev()
        .find(|event| event.seq > seen.event);
    let what = latest.map_or("Something on this ticket changed.".to_owned(), |event| {
        event.words.clone()
    });
    let page = Held {
        frame: visit.frame(&format!("{number}: something is new")),
        number: number.to_owned(),
        sentence: format!(
            "{what} Nothing of yours was sent yet: read what is new, then send it or change it."
        ),
        news: story.since(seen, looker.wall),
        verdict,
        draft,
        key: new_key()?,
        seen: story.seen().to_string(),
        back_href,
    };
    Ok(render_as(StatusCode::CONFLICT, &page))
}
