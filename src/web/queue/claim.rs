//! A claim on one screen: the conversation, the record, the decision. The same page comes back where something was refused, with
//! everything as it was typed.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::case::Case;
use super::head::Head;
use super::panel::Panel;
use super::record::Record;
use super::talk::Talk;
use super::{Looker, Typed};
use crate::app::App;
use crate::error::{Error, Result};
use crate::rules::money::Amount as E8;
use crate::web::faces::status_for;
use crate::web::fields::query;
use crate::web::gate::Agent;
use crate::web::page::{Filled, Frame, render, render_as};
use crate::web::parts::Tone;
use crate::web::session::Visit;
use crate::web::show::claim::staff_badge;
use crate::web::{filters, page::Answering};

#[derive(Template)]
#[template(path = "queue/claim.html")]
pub struct Show {
    frame: Frame,
    head: Head,
    talk: Talk,
    record: Record,
    panel: Panel,
    refusal: Option<String>,
    seen: String,
}

/// What the address may ask for: an amount that fills the form for another one.
#[derive(Debug, Deserialize)]
struct Asked {
    amount: Option<String>,
}

pub async fn show(
    app: Data<App>,
    visit: Agent,
    number: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let asked: Asked = query(&request)?;
    let looker = Looker::of(&visit.person, &visit);
    let mut typed = Typed::default();
    if let Some(amount) = asked.amount {
        let amount =
            E8::parse(&amount).map_err(|_| Error::Malformed("no amount that a reading offers"))?;
        let values = vec![("amount".to_owned(), amount.to_string())];
        typed.other = Some(Filled {
            values,
            ..Filled::default()
        });
    }
    let case = read(&app, &looker, number.into_inner()).await?;
    Ok(render(&page(&case, &visit, &looker, &typed)?))
}

pub(super) async fn read(app: &App, looker: &Looker, number: String) -> Result<Case> {
    let looker = looker.clone();
    app.read(move |conn| Case::read(conn, &looker, &number))
        .await
}

pub(super) fn page(case: &Case, visit: &Visit, looker: &Looker, typed: &Typed) -> Result<Show> {
    let mut frame = visit.frame(&format!(
        "{} {}",
        case.claim.number, case.story.ticket.subject
    ));
    frame.refused = typed.is_refused();
    let mut head = Head::of(
        &case.story,
        looker,
        &case.claim.number,
        staff_badge(&case.claim),
        case.following.clone(),
    )?;
    head.can_turn = !case.claim.is_open();
    Ok(Show {
        frame,
        head,
        talk: Talk::of(&case.story, looker, typed)?,
        record: Record::of(case, looker)?,
        panel: Panel::of(case, looker, typed)?,
        refusal: typed.refusal.clone(),
        seen: case.story.seen().to_string(),
    })
}

/// The page with what was typed and why it was refused.
pub(super) async fn refuse(
    app: &App,
    visit: &Visit,
    looker: &Looker,
    number: String,
    typed: Typed,
) -> Result<HttpResponse> {
    let case = read(app, looker, number).await?;
    let status = typed
        .code
        .map_or(StatusCode::UNPROCESSABLE_ENTITY, status_for);
    Ok(render_as(status, &page(&case, visit, looker, &typed)?))
}

/// 409: the page as it is now, with what was typed.
pub(super) async fn changed(
    app: &App,
    visit: &Visit,
    looker: &Looker,
    number: String,
    typed: Typed,
) -> Result<HttpResponse> {
    let case = read(app, looker, number).await?;
    Ok(render_as(
        StatusCode::CONFLICT,
        &page(&case, visit, looker, &typed)?,
    ))
}

/// Where a rule said no, the page with its words and with what was typed; anything else as it came.
pub(super) async fn again(
    app: &App,
    visit: &Visit,
    looker: &Looker,
    number: String,
    typed: Typed,
    outcome: Result<HttpResponse>,
) -> Result<HttpResponse> {
    match outcome {
        Err(Error::Refused { code, words }) if code != crate::error::Code::KeyReused => {
            let typed = Typed {
                refusal: Some(words),
                code: Some(code),
                ..typed
            };
            refuse(app, visit, looker, number, typed).await
        }
        other => other,
    }
}
