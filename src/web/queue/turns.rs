//! Whose a ticket is, how much it presses, and whether it goes on: assignment, priority, closure, reopening.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::Deserialize;

use super::head::NOBODY;
use super::seen::Seen;
use super::stale::{self, Draft, home};
use super::{Looker, Typed, ticket};
use crate::act::Act;
use crate::app::App;
use crate::db::{self, Tx};
use crate::desk::forms::Done;
use crate::desk::tickets;
use crate::error::{Error, Result};
use crate::ids::{PersonId, TicketId};
use crate::rules::priority::Priority;
use crate::web::form::Form;
use crate::web::gate::Agent;

#[derive(Debug, Clone, Deserialize)]
pub struct Given {
    seen: Seen,
    assignee: String,
}

pub async fn assign(
    app: Data<App>,
    visit: Agent,
    number: Path<String>,
    form: Form<Given>,
) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let (scope, asked, me) = (
        looker.scope.clone(),
        number.clone(),
        looker.person.id.clone(),
    );
    let outcome = form
        .submit(&app, visit.act(&app), move |tx, act, given: &Given| {
            let ticket = db::tickets::for_staff(tx, &scope, &asked)?;
            let to = (given.assignee != NOBODY).then(|| PersonId::from(given.assignee.as_str()));
            tickets::assign(tx, act, &ticket.id, Some(given.seen.ticket), to.as_ref())?;
            let told = match &to {
                None => "Given back to everyone.".to_owned(),
                Some(to) if *to == me => "It is yours.".to_owned(),
                Some(to) => format!("Given to {}.", db::people::find(tx, to)?.name),
            };
            Ok(Done::new(home(tx, &ticket)?, told))
        })
        .await;
    let draft = Draft {
        action: format!("/queue/tickets/{number}/assignment"),
        button: "Assign it all the same",
        body: None,
        hidden: vec![("assignee".to_owned(), form.fields.assignee.clone())],
        what: Vec::new(),
    };
    answered(
        &app,
        &visit,
        &looker,
        number.into_inner(),
        form.fields.seen,
        draft,
        outcome,
    )
    .await
}

#[derive(Debug, Clone, Deserialize)]
pub struct Pressing {
    seen: Seen,
    priority: Priority,
}

pub async fn prioritise(
    app: Data<App>,
    visit: Agent,
    number: Path<String>,
    form: Form<Pressing>,
) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let (scope, asked) = (looker.scope.clone(), number.clone());
    let outcome = form
        .submit(
            &app,
            visit.act(&app),
            move |tx, act, pressing: &Pressing| {
                let ticket = db::tickets::for_staff(tx, &scope, &asked)?;
                let Pressing { seen, priority } = pressing;
                tickets::prioritise(tx, act, &ticket.id, Some(seen.ticket), *priority)?;
                Ok(Done::new(
                    home(tx, &ticket)?,
                    format!("The priority is {priority}."),
                ))
            },
        )
        .await;
    let draft = Draft {
        action: format!("/queue/tickets/{number}/priority"),
        button: "Set it all the same",
        body: None,
        hidden: vec![("priority".to_owned(), form.fields.priority.to_string())],
        what: Vec::new(),
    };
    answered(
        &app,
        &visit,
        &looker,
        number.into_inner(),
        form.fields.seen,
        draft,
        outcome,
    )
    .await
}

/// The fields of a form that only says which page it came from.
#[derive(Debug, Clone, Deserialize)]
pub struct Turn {
    seen: Seen,
}

pub async fn close(
    app: Data<App>,
    visit: Agent,
    number: Path<String>,
    form: Form<Turn>,
) -> Result<HttpResponse> {
    turn(
        app,
        visit,
        number.into_inner(),
        form,
        "closure",
        "Close it all the same",
        "The ticket is closed.",
        tickets::close,
    )
    .await
}

pub async fn reopen(
    app: Data<App>,
    visit: Agent,
    number: Path<String>,
    form: Form<Turn>,
) -> Result<HttpResponse> {
    turn(
        app,
        visit,
        number.into_inner(),
        form,
        "reopening",
        "Open it all the same",
        "The ticket is open again.",
        tickets::reopen,
    )
    .await
}

#[allow(clippy::too_many_arguments)]
async fn turn(
    app: Data<App>,
    visit: Agent,
    number: String,
    form: Form<Turn>,
    noun: &str,
    button: &'static str,
    told: &'static str,
    verb: fn(&mut Tx, &Act, &TicketId, Option<i64>) -> Result<()>,
) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let (scope, asked) = (looker.scope.clone(), number.clone());
    let outcome = form
        .submit(&app, visit.act(&app), move |tx, act, turn: &Turn| {
            let ticket = db::tickets::for_staff(tx, &scope, &asked)?;
            verb(tx, act, &ticket.id, Some(turn.seen.ticket))?;
            Ok(Done::new(home(tx, &ticket)?, told))
        })
        .await;
    let action = format!("/queue/tickets/{number}/{noun}");
    let draft = Draft {
        action,
        button,
        body: None,
        hidden: Vec::new(),
        what: Vec::new(),
    };
    answered(
        &app,
        &visit,
        &looker,
        number,
        form.fields.seen,
        draft,
        outcome,
    )
    .await
}

async fn answered(
    app: &App,
    visit: &Agent,
    looker: &Looker,
    number: String,
    seen: Seen,
    draft: Draft,
    outcome: Result<HttpResponse>,
) -> Result<HttpResponse> {
    match outcome {
        Err(Error::Stale) => stale::of_ticket(app, visit, looker, number, seen, draft).await,
        Err(Error::Refused { words, .. }) => {
            let typed = Typed {
                refusal: Some(words),
                ..Typed::default()
            };
            ticket::refuse(app, visit, looker, number, typed).await
        }
        Err(Error::Invalid(problems)) => {
            let refusal = problems.iter().map(|(_, why)| why.to_owned()).next();
            ticket::refuse(
                app,
                visit,
                looker,
                number,
                Typed {
                    refusal,
                    ..Typed::default()
                },
            )
            .await
        }
        other => other,
    }
}
