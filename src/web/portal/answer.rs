//! The answer to a request, right after it was sent: what became of it, honestly, what is missing, and what happens by when.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use askama::Template;

use super::Viewer;
use super::filed::Filed;
use crate::app::App;
use crate::db::{self, Conn};
use crate::error::Result;
use crate::web::filters;
use crate::web::gate::Customer;
use crate::web::page::{Frame, redirect, render};
use crate::web::parts::{Amount, Link, Sum, Tone};
use crate::web::show::answer::{Dated, answer, dated};
use crate::web::show::claim as words;
use crate::web::show::next;

#[derive(Template)]
#[template(path = "portal/done.html")]
struct Done {
    frame: Frame,
    number: String,
    ticket_number: String,
    heading: String,
    sentence: String,
    tone: Tone,
    amount: Option<Amount>,
    sum: Option<Sum>,
    missing: Vec<String>,
    next: Vec<Dated>,
    email: String,
    ticket: Link,
}

pub async fn show(app: Data<App>, visit: Customer, number: Path<String>) -> Result<HttpResponse> {
    let viewer = Viewer::of(&app, &visit);
    let frame = visit.frame("Your request");
    let number = number.into_inner();
    let page = app
        .read(move |conn| page(conn, frame, &viewer, &number))
        .await?;
    Ok(render(&page))
}

fn page(conn: &mut Conn, mut frame: Frame, viewer: &Viewer, number: &str) -> Result<Done> {
    let claim = db::claims::for_customer(conn, &viewer.person.id, number)?;
    let seller = db::sellers::find(conn, &claim.seller_id)?;
    let filed = Filed::load(conn, claim)?;
    let (tone, heading, sentence) = answer(&filed.case(), viewer.wall);
    let claim = &filed.claim;
    let granted = claim.granted_e8.filter(|_| claim.approved_at.is_some());
    let is_waiting = claim.state == "needs_evidence";
    frame.title.clone_from(&heading);
    frame.seller_name = Some(seller.name);
    Ok(Done {
        frame,
        number: claim.number.clone(),
        ticket_number: filed.ticket.number.clone(),
        heading,
        sentence,
        tone,
        amount: granted.map(|e8| Amount::new(e8, &claim.currency)),
        sum: granted.and_then(|_| {
            words::sum(
                &filed.policy,
                claim,
                filed.order.as_ref(),
                &filed.assessment,
            )
        }),
        missing: if is_waiting {
            next::missing(&filed.assessment)
        } else {
            Vec::new()
        },
        next: dated(&filed.case(), viewer.wall),
        email: viewer.person.email.clone(),
        ticket: Link {
            label: if is_waiting {
                "Send what is missing"
            } else {
                "See your request"
            }
            .to_owned(),
            href: format!("/portal/tickets/{}", filed.ticket.number),
        },
    })
}

/// A claim's page is its ticket's.
pub async fn ticket_of(
    app: Data<App>,
    visit: Customer,
    number: Path<String>,
) -> Result<HttpResponse> {
    let (me, number) = (visit.person.id.clone(), number.into_inner());
    let ticket = app
        .read(move |conn| {
            let claim = db::claims::for_customer(conn, &me, &number)?;
            Ok(db::tickets::find(conn, &claim.ticket_id)?)
        })
        .await?;
    Ok(redirect(&format!("/portal/tickets/{}", ticket.number)))
}
