//! Signing in and out.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{Data, Query};
use askama::Template;
use serde::Deserialize;

use crate::app::{App, DemoAccount};
use crate::desk::passwords::verify;
use crate::desk::people;
use crate::error::{Error, Result};
use crate::web::form::{Form, Nothing};
use crate::web::gate::Anybody;
use crate::web::page::{Filled, Frame, redirect, render, render_as};
use crate::web::{filters, next, request, session};

#[derive(Template)]
#[template(path = "people/sign_in.html")]
struct New {
    frame: Frame,
    form: Filled,
    /// Where to go afterwards; may be empty.
    next: String,
    /// Each with a button; none outside of a demo.
    demo_accounts: Vec<DemoAccount>,
}

#[derive(Debug, Deserialize)]
pub struct Wanted {
    next: Option<String>,
}

/// `next` comes from strangers and is shown in the form only when it leads to a page of ours.
pub async fn new(app: Data<App>, visit: Anybody, wanted: Query<Wanted>) -> HttpResponse {
    let next = wanted
        .next
        .as_deref()
        .and_then(next::local)
        .unwrap_or_default();
    match visit.role() {
        Some(role) => redirect(if next.is_empty() {
            next::home(role)
        } else {
            next
        }),
        None => render(&page(&app, &visit, Filled::default(), next)),
    }
}

fn page(app: &App, visit: &Anybody, form: Filled, next: &str) -> New {
    let mut frame = visit.frame("Sign in");
    frame.refused = form.is_refused();
    New {
        frame,
        form,
        next: next.to_owned(),
        demo_accounts: app.demo_accounts.to_vec(),
    }
}

#[derive(Debug, Clone, Deserialize)]
pub struct Credentials {
    email: String,
    password: String,
    next: Option<String>,
}

/// As slow, and word for word the same, whether the address or the password is wrong.
pub async fn create(
    app: Data<App>,
    visit: Anybody,
    form: Form<Credentials, 16_384>,
) -> Result<HttpResponse> {
    let Credentials {
        email,
        password,
        next,
    } = form.fields.clone();
    let act = visit.act(&app);
    let from = request::counted(visit.ip);
    let knock = {
        let (act, email) = (act.clone(), email.clone());
        app.write(move |tx| people::knock(tx, &act, &email, &from))
            .await?
    };
    let person = app
        .read(move |conn| people::who_signs_in(conn, &email))
        .await?;
    let kept = person
        .as_ref()
        .and_then(|person| person.password_hash.clone());
    let proof = app
        .heavy(move || verify(kept.as_deref(), &password))
        .await?;
    let (id, device) = (person.map(|person| person.id), visit.device.clone());
    let entered = app
        .write(move |tx| people::sign_in(tx, &act, id.as_ref(), &proof, &knock, &device))
        .await;
    let next = next.as_deref().and_then(next::local);
    match entered {
        Ok(entered) => {
            let answer = redirect(next.unwrap_or(next::home(entered.role)));
            with_session(&app, answer, &entered)
        }
        Err(Error::Invalid(problems)) => {
            tracing::info!(request = visit.reference, "a sign-in was refused");
            let page = page(
                &app,
                &visit,
                form.again(&problems),
                next.unwrap_or_default(),
            );
            Ok(render_as(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Err(other) => Err(other),
    }
}

/// The answer with the cookie of a session that began with it.
pub(super) fn with_session(
    app: &App,
    mut answer: HttpResponse,
    entered: &people::Entered,
) -> Result<HttpResponse> {
    let cookie = session::session_cookie(&entered.token, app.config.tls());
    answer
        .add_cookie(&cookie)
        .map_err(|cause| Error::Internal(cause.into()))?;
    Ok(answer)
}

/// Out, and nothing of what was seen stays in the browser's stores.
pub async fn delete(app: Data<App>, visit: Anybody, _: Form<Nothing>) -> Result<HttpResponse> {
    if let Some(session) = visit.session.clone() {
        let act = visit.act(&app);
        app.write(move |tx| people::sign_out(tx, &act, &session))
            .await?;
    }
    let mut answer = redirect("/");
    answer
        .add_cookie(&session::no_session_cookie(app.config.tls()))
        .map_err(|cause| Error::Internal(cause.into()))?;
    answer.headers_mut().insert(
        HeaderName::from_static("clear-site-data"),
        HeaderValue::from_static("\"cache\", \"storage\""),
    );
    Ok(answer)
}
