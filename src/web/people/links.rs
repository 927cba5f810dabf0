//! The links in mails: confirm an address, choose a new password, accept an invitation. Opening one shows a form and uses nothing
//! up, because mail scanners open links; sending the form does. A link that is spent, too old or made up gets one and the same page.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, REFERRER_POLICY};
use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use super::advice;
use crate::app::App;
use crate::db::people::Person;
use crate::desk::forms::Done;
use crate::desk::passwords::{acceptable, hash};
use crate::desk::people::{self, Purpose};
use crate::error::{Code, Error, Result};
use crate::plain;
use crate::web::form::{Form, leading_to};
use crate::web::gate::Anybody;
use crate::web::page::{Filled, Frame, render, render_as};
use crate::web::{filters, request};

/// "Check your mail": what everybody sees who asked for a link, whether or not one was sent.
#[derive(Template)]
#[template(path = "people/check_mail.html")]
pub(super) struct Sent {
    frame: Frame,
    heading: &'static str,
    email: String,
    sentence: &'static str,
    /// How long the link works, in words.
    minutes: &'static str,
    again_href: &'static str,
}

impl Sent {
    pub(super) fn after_sign_up(visit: &Anybody, email: &str) -> Sent {
        Sent {
            frame: visit.frame("Check your mail"),
            heading: "Check your mail",
            email: plain::line(email, 254),
            sentence: "We sent you a link that confirms your address. Behind it you choose a password.",
            minutes: "24 hours",
            again_href: "/sign-up",
        }
    }

    fn after_asking(visit: &Anybody, email: &str) -> Sent {
        Sent {
            sentence: "If the address has an account, we sent it a link. Behind it you choose a new password.",
            minutes: "30 minutes",
            again_href: "/reset",
            ..Sent::after_sign_up(visit, email)
        }
    }
}

#[derive(Template)]
#[template(path = "people/reset_request.html")]
struct Ask {
    frame: Frame,
    form: Filled,
}

impl Ask {
    fn page(visit: &Anybody, form: Filled) -> Ask {
        let mut frame = visit.frame("Choose a new password");
        frame.refused = form.is_refused();
        Ask { frame, form }
    }
}

pub async fn ask(visit: Anybody) -> HttpResponse {
    render(&Ask::page(&visit, Filled::default()))
}

#[derive(Debug, Clone, Deserialize)]
pub struct Forgetful {
    email: String,
}

pub async fn request(
    app: Data<App>,
    visit: Anybody,
    form: Form<Forgetful, 16_384>,
) -> Result<HttpResponse> {
    let act = visit.act(&app);
    let (from, email) = (request::counted(visit.ip), form.fields.email.clone());
    let outcome = app
        .write(move |tx| people::request_reset(tx, &act, &from, &email))
        .await;
    match outcome {
        Ok(()) => Ok(render(&Sent::after_asking(&visit, &form.fields.email))),
        Err(Error::Invalid(problems)) => {
            let page = Ask::page(&visit, form.again(&problems));
            Ok(render_as(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Err(other) => Err(other),
    }
}

/// The form behind a link.
#[derive(Template)]
#[template(path = "people/choose.html")]
struct Choose {
    frame: Frame,
    form: Filled,
    email: String,
    purpose: Purpose,
    password_hint: String,
    button: &'static str,
}

impl Choose {
    fn page(visit: &Anybody, purpose: Purpose, person: &Person, mut form: Filled) -> Choose {
        let (title, button) = match purpose {
            Purpose::Confirm => ("Confirm your address", "Confirm and choose this password"),
            Purpose::Reset => ("Choose a new password", "Change my password"),
            Purpose::Invite => ("Open your account", "Open my account"),
        };
        let mut frame = visit.frame(title);
        frame.refused = form.is_refused();
        if form.values.is_empty() {
            form.values.push(("name".to_owned(), person.name.clone()));
        }
        Choose {
            frame,
            form,
            email: person.email.clone(),
            purpose,
            password_hint: advice(person.role),
            button,
        }
    }

    fn asks_for_name(&self) -> bool {
        self.purpose != Purpose::Reset
    }
}

pub async fn confirmation(
    app: Data<App>,
    visit: Anybody,
    link: Path<String>,
) -> Result<HttpResponse> {
    show(&app, &visit, Purpose::Confirm, &link).await
}

pub async fn resetting(app: Data<App>, visit: Anybody, link: Path<String>) -> Result<HttpResponse> {
    show(&app, &visit, Purpose::Reset, &link).await
}

pub async fn invitation(
    app: Data<App>,
    visit: Anybody,
    link: Path<String>,
) -> Result<HttpResponse> {
    show(&app, &visit, Purpose::Invite, &link).await
}

#[derive(Debug, Clone, Deserialize)]
pub struct Chosen {
    name: Option<String>,
    password: String,
}

pub async fn confirm(
    app: Data<App>,
    visit: Anybody,
    link: Path<String>,
    form: Form<Chosen, 16_384>,
) -> Result<HttpResponse> {
    open(&app, &visit, Purpose::Confirm, &link, form).await
}

pub async fn reset(
    app: Data<App>,
    visit: Anybody,
    link: Path<String>,
    form: Form<Chosen, 16_384>,
) -> Result<HttpResponse> {
    open(&app, &visit, Purpose::Reset, &link, form).await
}

pub async fn accept(
    app: Data<App>,
    visit: Anybody,
    link: Path<String>,
    form: Form<Chosen, 16_384>,
) -> Result<HttpResponse> {
    open(&app, &visit, Purpose::Invite, &link, form).await
}

async fn show(app: &App, visit: &Anybody, purpose: Purpose, link: &str) -> Result<HttpResponse> {
    let person = owner(app, visit, purpose, link).await?;
    Ok(private(render(&Choose::page(
        visit,
        purpose,
        &person,
        Filled::default(),
    ))))
}

async fn open(
    app: &App,
    visit: &Anybody,
    purpose: Purpose,
    link: &str,
    form: Form<Chosen, 16_384>,
) -> Result<HttpResponse> {
    let person = owner(app, visit, purpose, link).await?;
    let chosen = form.fields.clone();
    let name = chosen.name.clone().unwrap_or_else(|| person.name.clone());
    let outcome = match acceptable(
        "password",
        &chosen.password,
        person.role,
        &name,
        &person.email,
    ) {
        Ok(()) => {
            let hashed = app.heavy(move || hash(&chosen.password)).await?;
            let (act, link) = (visit.act(app), link.to_owned());
            app.write(move |tx| {
                people::open_link(tx, &act, purpose, &link, chosen.name.as_deref(), &hashed)
            })
            .await
        }
        Err(problems) => Err(problems),
    };
    match outcome {
        Ok(()) => leading_to(app, &Done::new("/sign-in", told(purpose))),
        Err(Error::Invalid(problems)) => {
            let page = Choose::page(visit, purpose, &person, form.again(&problems));
            Ok(private(render_as(StatusCode::UNPROCESSABLE_ENTITY, &page)))
        }
        Err(other) => Err(other),
    }
}

fn told(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Confirm => "Your address is confirmed. Sign in with your new password.",
        Purpose::Reset => "Your password is changed. Sign in with the new one.",
        Purpose::Invite => "Your account is open. Sign in with your new password.",
    }
}

/// Whose link it is. One that opens nothing is counted against where it came from.
async fn owner(app: &App, visit: &Anybody, purpose: Purpose, link: &str) -> Result<Person> {
    let (now, wanted) = (visit.now, link.to_owned());
    let found = app
        .read(move |conn| people::link_owner(conn, purpose, &wanted, now))
        .await?;
    if let Some(person) = found {
        return Ok(person);
    }
    let (act, from) = (visit.act(app), request::counted(visit.ip));
    app.write(move |tx| people::refuse_link(tx, &act, &from))
        .await?;
    Err(Error::refused(Code::LinkSpent))
}

/// The address is the secret here: no other page is told that somebody comes from it.
fn private(mut answer: HttpResponse) -> HttpResponse {
    let headers = answer.headers_mut();
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    answer
}
