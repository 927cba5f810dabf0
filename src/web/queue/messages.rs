//! Writing on a ticket: to the customer, or among the staff. Two addresses, so that a note cannot go out by a wrong switch.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::Deserialize;

use super::seen::Seen;
use super::stale::{self, Draft, home};
use super::{Looker, Typed, ticket};
use crate::app::App;
use crate::db;
use crate::desk::forms::Done;
use crate::desk::tickets;
use crate::error::{Error, Result};
use crate::web::form::Form;
use crate::web::gate::Agent;

#[derive(Debug, Clone, Deserialize)]
pub struct Written {
    seen: Seen,
    body: String,
}

pub async fn reply(
    app: Data<App>,
    visit: Agent,
    number: Path<String>,
    form: Form<Written>,
) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let (scope, asked) = (looker.scope.clone(), number.clone());
    let outcome = form
        .submit(&app, visit.act(&app), move |tx, act, written: &Written| {
            let ticket = db::tickets::for_staff(tx, &scope, &asked)?;
            let message = tickets::reply(
                tx,
                act,
                &ticket.id,
                Some(written.seen.ticket),
                &written.body,
                &[],
            )?;
            Ok(Done::new(
                format!("{}#m-{}", home(tx, &ticket)?, message.id),
                "Your answer is on its way.",
            ))
        })
        .await;
    let number = number.into_inner();
    match outcome {
        Err(Error::Invalid(problems)) => {
            let typed = Typed {
                reply: Some(form.again(&problems)),
                ..Typed::default()
            };
            ticket::refuse(&app, &visit, &looker, number, typed).await
        }
        Err(Error::Stale) => {
            let draft = held(&number, "messages", "Send it all the same", &form.fields);
            stale::of_ticket(&app, &visit, &looker, number, form.fields.seen, draft).await
        }
        other => other,
    }
}

pub async fn note(
    app: Data<App>,
    visit: Agent,
    number: Path<String>,
    form: Form<Written>,
) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let (scope, asked) = (looker.scope.clone(), number.clone());
    let outcome = form
        .submit(&app, visit.act(&app), move |tx, act, written: &Written| {
            let ticket = db::tickets::for_staff(tx, &scope, &asked)?;
            let message = tickets::note(
                tx,
                act,
                &ticket.id,
                Some(written.seen.ticket),
                &written.body,
            )?;
            Ok(Done::new(
                format!("{}#m-{}", home(tx, &ticket)?, message.id),
                "Your note is kept; only staff see it.",
            ))
        })
        .await;
    let number = number.into_inner();
    match outcome {
        Err(Error::Invalid(problems)) => {
            let typed = Typed {
                note: Some(form.again(&problems)),
                ..Typed::default()
            };
            ticket::refuse(&app, &visit, &looker, number, typed).await
        }
        Err(Error::Stale) => {
            let draft = held(&number, "notes", "Keep the note all the same", &form.fields);
            stale::of_ticket(&app, &visit, &looker, number, form.fields.seen, draft).await
        }
        other => other,
    }
}

fn held(number: &str, noun: &str, button: &'static str, written: &Written) -> Draft {
    Draft {
        action: format!("/queue/tickets/{number}/{noun}"),
        button,
        body: Some(("body", written.body.clone())),
        hidden: Vec::new(),
        what: Vec::new(),
    }
}
