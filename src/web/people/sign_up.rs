//! Signing up: a name and an address, then a mail. The page afterwards is the same for an address that has an account.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;
use serde::Deserialize;

use super::links::Sent;
use crate::app::App;
use crate::desk::people;
use crate::error::{Error, Result};
use crate::web::form::Form;
use crate::web::gate::Anybody;
use crate::web::page::{Filled, Frame, redirect, render, render_as};
use crate::web::{filters, next, request};

#[derive(Template)]
#[template(path = "people/sign_up.html")]
struct New {
    frame: Frame,
    form: Filled,
}

impl New {
    fn page(visit: &Anybody, form: Filled) -> New {
        let mut frame = visit.frame("Create an account");
        frame.refused = form.is_refused();
        New { frame, form }
    }
}

pub async fn new(visit: Anybody) -> HttpResponse {
    match visit.role() {
        Some(role) => redirect(next::home(role)),
        None => render(&New::page(&visit, Filled::default())),
    }
}

#[derive(Debug, Clone, Deserialize)]
pub struct Stranger {
    name: String,
    email: String,
}

pub async fn create(
    app: Data<App>,
    visit: Anybody,
    form: Form<Stranger, 16_384>,
) -> Result<HttpResponse> {
    let act = visit.act(&app);
    let (from, stranger) = (request::counted(visit.ip), form.fields.clone());
    let outcome = app
        .write(move |tx| people::sign_up(tx, &act, &from, &stranger.name, &stranger.email))
        .await;
    match outcome {
        Ok(()) => Ok(render(&Sent::after_sign_up(&visit, &form.fields.email))),
        Err(Error::Invalid(problems)) => {
            let page = New::page(&visit, form.again(&problems));
            Ok(render_as(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Err(other) => Err(other),
    }
}
