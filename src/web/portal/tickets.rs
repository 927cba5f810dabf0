//! The customer's requests as a list, and asking a question that is no claim.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use askama::Template;
use serde::Deserialize;

use super::Viewer;
use super::rows::{self, TicketRow};
use super::uploads::{LIMITS, Uploads, beside};
use crate::app::App;
use crate::db::{self, Conn};
use crate::desk::forms::Done;
use crate::desk::tickets::{self, Opening};
use crate::error::{Error, Fields, Result};
use crate::ids::{PersonId, SellerId};
use crate::web::filters;
use crate::web::form::new_key;
use crate::web::gate::Customer;
use crate::web::page::{Choice, Crumb, Filled, Frame, KeptFile, render, render_as};
use crate::web::parts::Pager;
use crate::web::upload::Upload;

/// Closed requests on one page; what is open is always all there.
const A_PAGE: usize = 25;
/// How many of the latest orders a question can be about.
const ORDERS: i64 = 50;

#[derive(Template)]
#[template(path = "portal/tickets.html")]
struct Index {
    frame: Frame,
    drafts: Vec<TicketRow>,
    open: Vec<TicketRow>,
    closed: Vec<TicketRow>,
    pager: Pager,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Paging {
    #[serde(default)]
    page: Option<u16>,
}

pub async fn index(app: Data<App>, visit: Customer, paging: Query<Paging>) -> Result<HttpResponse> {
    let viewer = Viewer::of(&app, &visit);
    let frame = visit.frame("Your requests");
    let page = usize::from(paging.page.unwrap_or(1).max(1));
    let page = app
        .read(move |conn| list(conn, frame, &viewer, page))
        .await?;
    Ok(render(&page))
}

fn list(conn: &mut Conn, frame: Frame, viewer: &Viewer, page: usize) -> Result<Index> {
    let claims = rows::claims(conn, viewer)?;
    let drafts = rows::drafts(conn, viewer)?;
    let tickets = db::tickets::of_customer(conn, &viewer.person.id)?;
    let (closed, open) = tickets
        .iter()
        .partition::<Vec<_>, _>(|ticket| ticket.state == "closed");
    let line = |ticket: &&db::tickets::Ticket| rows::ticket(ticket, &claims, viewer);
    let from = (page - 1) * A_PAGE;
    let shown = closed.iter().skip(from).take(A_PAGE);
    let shown = shown.map(line).collect::<Vec<_>>();
    let href = |page: usize| format!("/portal/tickets?page={page}");
    let last = from + shown.len();
    Ok(Index {
        frame,
        drafts,
        open: if page == 1 {
            open.iter().map(line).collect()
        } else {
            Vec::new()
        },
        pager: Pager {
            shown: if shown.is_empty() {
                String::new()
            } else {
                format!("{}–{last} of {} closed", from + 1, closed.len())
            },
            previous: (page > 1).then(|| href(page - 1)),
            next: (last < closed.len()).then(|| href(page + 1)),
        },
        closed: shown,
    })
}

#[derive(Template)]
#[template(path = "portal/ticket_new.html")]
struct New {
    frame: Frame,
    form: Filled,
    topics: Vec<Choice>,
    action: String,
    key: String,
    limits: &'static str,
    no_files: Vec<KeptFile>,
}

pub async fn new(app: Data<App>, visit: Customer) -> Result<HttpResponse> {
    Ok(render(&asking(&app, &visit, Filled::default()).await?))
}

async fn asking(app: &App, visit: &Customer, form: Filled) -> Result<New> {
    let me = visit.person.id.clone();
    let topics = app.read(move |conn| topics(conn, &me)).await?;
    let mut frame = visit.frame("Ask us something");
    frame.refused = form.is_refused();
    frame.crumbs.push(Crumb {
        label: "Your requests".to_owned(),
        href: "/portal/tickets".to_owned(),
    });
    let topics = topics
        .iter()
        .map(|topic| Choice::new(&topic.value, &topic.label, ""));
    Ok(New {
        frame,
        form,
        topics: topics.collect(),
        action: "/portal/tickets".to_owned(),
        key: new_key()?,
        limits: LIMITS,
        no_files: Vec::new(),
    })
}

/// What a question can be about: an order of theirs, or one of the sellers.
struct Topic {
    value: String,
    label: String,
    seller: SellerId,
    /// Put before the subject, so that everybody sees what it is about.
    mark: String,
}

impl Topic {
    /// Empty stays empty: the verb asks for it then.
    fn subject(&self, typed: &str) -> String {
        match typed.trim() {
            "" => String::new(),
            typed => format!("{}{typed}", self.mark),
        }
    }
}

fn topics(conn: &mut Conn, me: &PersonId) -> Result<Vec<Topic>> {
    let mut topics = Vec::new();
    for seller in db::sellers::all(conn)? {
        topics.push(Topic {
            value: format!("seller:{}", seller.slug),
            label: format!("{}: something else", seller.name),
            seller: seller.id,
            mark: String::new(),
        });
    }
    let orders = db::orders::of_customer(conn, me, 0, ORDERS)?;
    let bought_from = |topic: &Topic| orders.iter().any(|order| order.seller_id == topic.seller);
    if !orders.is_empty() {
        topics.sort_by_key(|topic| !bought_from(topic));
    }
    let about = orders.iter().map(|order| Topic {
        value: format!("order:{}", order.number),
        label: format!("Order {} · {}", order.number, order.title),
        seller: order.seller_id.clone(),
        mark: format!("{}: ", order.number),
    });
    Ok(about.chain(topics).collect())
}

#[derive(Debug, Clone, Deserialize)]
pub struct Question {
    about: String,
    subject: String,
    body: String,
}

pub async fn create(
    app: Data<App>,
    visit: Customer,
    upload: Upload<Question>,
) -> Result<HttpResponse> {
    let uploads = Uploads::take(&app, upload.files).await?;
    let (me, waiting) = (visit.person.id.clone(), uploads.clone());
    let mut problems = Fields::new();
    for (_, message) in uploads.problems().iter() {
        problems.add("files", message);
    }
    let outcome = if problems.is_empty() {
        upload
            .form
            .submit(&app, visit.act(&app), move |tx, act, asked: &Question| {
                let topics = topics(tx, &me)?;
                let topic = topics.iter().find(|topic| topic.value == asked.about);
                let topic = topic
                    .ok_or_else(|| Error::invalid("about", "Choose what your question is about"))?;
                let kept = waiting
                    .keep(tx, act)
                    .map_err(|error| beside("files", error))?;
                let files = kept.into_iter().map(|(_, file)| file).collect::<Vec<_>>();
                let subject = topic.subject(&asked.subject);
                let opening = Opening {
                    seller: &topic.seller,
                    customer: &me,
                    subject: &subject,
                    body: &asked.body,
                };
                let ticket = tickets::open(tx, act, &opening, &files)?;
                let place = format!("/portal/tickets/{}", ticket.number);
                Ok(Done::new(place, "We have your question."))
            })
            .await
    } else {
        Err(Error::Invalid(problems))
    };
    match uploads.settle(&app, outcome).await {
        Err(Error::Invalid(problems)) => {
            let page = asking(&app, &visit, upload.form.again(&problems)).await?;
            Ok(render_as(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        other => other,
    }
}
