//! A conversation without a claim. A ticket that has one is read on the claim's page, where everything is.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use askama::Template;

use super::head::Head;
use super::record::Record;
use super::story::Story;
use super::talk::Talk;
use super::{Looker, Typed, claim, refused};
use crate::app::App;
use crate::db::claims::Claim;
use crate::db::{self, Conn};
use crate::error::Result;
use crate::web::filters;
use crate::web::gate::Agent;
use crate::web::page::{Frame, redirect, render};
use crate::web::session::Visit;
use crate::web::show::claim::ticket_badge;

#[derive(Template)]
#[template(path = "queue/ticket.html")]
struct Show {
    frame: Frame,
    head: Head,
    talk: Talk,
    record: Record,
    refusal: Option<String>,
    seen: String,
}

/// A question with what is known of who asks it.
struct Question {
    story: Story,
    earlier: Vec<Claim>,
    orders: i64,
}

enum Found {
    /// The number of the claim on whose page it is read.
    Claim(String),
    Question(Box<Question>),
}

pub async fn show(app: Data<App>, visit: Agent, number: Path<String>) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    match find(&app, &looker, number.into_inner()).await? {
        Found::Claim(claim) => Ok(redirect(&format!("/queue/claims/{claim}"))),
        Found::Question(question) => Ok(render(&page(
            &question,
            &visit,
            &looker,
            &Typed::default(),
        )?)),
    }
}

/// 422: the page with what was typed and why it was refused; the claim's page where the ticket has one.
pub(super) async fn refuse(
    app: &App,
    visit: &Visit,
    looker: &Looker,
    number: String,
    typed: Typed,
) -> Result<HttpResponse> {
    match find(app, looker, number).await? {
        Found::Claim(number) => claim::refuse(app, visit, looker, number, typed).await,
        Found::Question(question) => Ok(refused(&page(&question, visit, looker, &typed)?)),
    }
}

async fn find(app: &App, looker: &Looker, number: String) -> Result<Found> {
    let looker = looker.clone();
    app.read(move |conn| read(conn, &looker, &number)).await
}

fn read(conn: &mut Conn, looker: &Looker, number: &str) -> Result<Found> {
    let ticket = db::tickets::for_staff(conn, &looker.scope, number)?;
    if let Some(claim) = db::claims::of_ticket(conn, &ticket.id)? {
        return Ok(Found::Claim(claim.number));
    }
    let earlier = db::claims::record(conn, &ticket.customer_id, &ticket.seller_id)?;
    let orders = db::orders::count_with(conn, &ticket.customer_id, &ticket.seller_id)?;
    let story = Story::read(conn, ticket, looker.wall)?;
    Ok(Found::Question(Box::new(Question {
        story,
        earlier,
        orders,
    })))
}

fn page(question: &Question, visit: &Visit, looker: &Looker, typed: &Typed) -> Result<Show> {
    let story = &question.story;
    let mut frame = visit.frame(&format!("{} {}", story.ticket.number, story.ticket.subject));
    frame.refused = typed.is_refused();
    Ok(Show {
        frame,
        head: Head::of(
            story,
            looker,
            &story.ticket.number,
            ticket_badge(&story.ticket.state),
            None,
        )?,
        talk: Talk::of(story, looker, typed)?,
        record: Record::of_question(story, &question.earlier, question.orders, looker.wall),
        refusal: typed.refusal.clone(),
        seen: story.seen().to_string(),
    })
}
