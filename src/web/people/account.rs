//! One's own account: name, time zone, password, and where one is signed in.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use chrono_tz::TZ_VARIANTS;
use serde::Deserialize;

use super::advice;
use super::sign_in::with_session;
use crate::app::App;
use crate::db;
use crate::desk::forms::Done;
use crate::desk::passwords::{acceptable, hash, verify};
use crate::desk::people;
use crate::error::{Error, Fields, Result};
use crate::ids::SessionId;
use crate::web::form::{Form, Nothing, leading_to, new_key};
use crate::web::gate::Signed;
use crate::web::page::{Choice, Filled, Frame, render, render_as};
use crate::web::parts::Moment;
use crate::web::{filters, request};

#[derive(Template)]
#[template(path = "people/account.html")]
struct Show {
    frame: Frame,
    key: String,
    email: String,
    profile: Filled,
    zones: Vec<Choice>,
    password: Filled,
    password_hint: String,
    sessions: Vec<Device>,
    end_key: String,
}

/// A place where the person is signed in.
struct Device {
    id: String,
    name: String,
    seen: Moment,
    /// The one that asks.
    here: bool,
    key: String,
}

pub async fn show(app: Data<App>, visit: Signed) -> Result<HttpResponse> {
    Ok(render(&page(&app, &visit, None, None).await?))
}

async fn page(
    app: &App,
    visit: &Signed,
    profile: Option<Filled>,
    password: Option<Filled>,
) -> Result<Show> {
    let (id, now) = (visit.person.id.clone(), visit.now);
    let sessions = app
        .read(move |conn| Ok(db::people::sessions_of(conn, &id, now)?))
        .await?;
    let device = |session: db::people::Session| {
        Ok(Device {
            here: visit.session.as_ref() == Some(&session.id),
            id: session.id.to_string(),
            name: device_name(&session.device),
            seen: Moment::new(session.seen_at.utc(), visit.zone, now),
            key: new_key()?,
        })
    };
    let sessions = sessions.into_iter().map(device).collect::<Result<_>>()?;
    let mut frame = visit.frame("Your account");
    frame.refused = profile.is_some() || password.is_some();
    let profile = profile.unwrap_or_else(|| Filled {
        values: vec![
            ("name".to_owned(), visit.person.name.clone()),
            ("zone".to_owned(), visit.zone.name().to_owned()),
        ],
        ..Filled::default()
    });
    Ok(Show {
        frame,
        key: new_key()?,
        email: visit.person.email.clone(),
        profile,
        zones: zones(),
        password: password.unwrap_or_default(),
        password_hint: advice(visit.person.role),
        sessions,
        end_key: new_key()?,
    })
}

fn zones() -> Vec<Choice> {
    let named = TZ_VARIANTS.iter().map(|zone| zone.name());
    let whole =
        named.filter(|name| *name == "UTC" || (name.contains('/') && !name.starts_with("Etc/")));
    whole
        .map(|name| Choice::new(name, &name.replace('_', " "), ""))
        .collect()
}

/// "Firefox on Linux", as far as the browser says; its own words otherwise.
fn device_name(agent: &str) -> String {
    let browsers = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    let systems = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
        ("Linux", "Linux"),
    ];
    let find = |known: &[(&str, &'static str)]| {
        known
            .iter()
            .find(|(mark, _)| agent.contains(mark))
            .map(|(_, name)| *name)
    };
    match (find(&browsers), find(&systems)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        _ if agent.is_empty() => "A browser that does not say its name".to_owned(),
        _ => agent.chars().take(60).collect(),
    }
}

#[derive(Debug, Clone, Deserialize)]
pub struct Profile {
    name: String,
    zone: String,
}

pub async fn update(app: Data<App>, visit: Signed, form: Form<Profile>) -> Result<HttpResponse> {
    let outcome = form
        .submit(&app, visit.act(&app), |tx, act, profile: &Profile| {
            people::update(tx, act, &profile.name, &profile.zone)?;
            Ok(Done::new("/account", "Saved."))
        })
        .await;
    match outcome {
        Err(Error::Invalid(problems)) => {
            let page = page(&app, &visit, Some(form.again(&problems)), None).await?;
            Ok(render_as(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        other => other,
    }
}

#[derive(Debug, Clone, Deserialize)]
pub struct NewPassword {
    password: String,
    new_password: String,
}

/// The current password is asked for again: a browser left open is not its owner.
pub async fn change_password(
    app: Data<App>,
    visit: Signed,
    form: Form<NewPassword, 16_384>,
) -> Result<HttpResponse> {
    match changed(&app, &visit, form.fields.clone()).await {
        Ok(entered) => {
            let done = Done::new(
                "/account",
                "Your password is changed. You are signed out everywhere else.",
            );
            with_session(&app, leading_to(&app, &done)?, &entered)
        }
        Err(Error::Invalid(problems)) => {
            let page = page(&app, &visit, None, Some(form.again(&problems))).await?;
            Ok(render_as(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Err(other) => Err(other),
    }
}

async fn changed(app: &App, visit: &Signed, given: NewPassword) -> Result<people::Entered> {
    let person = &visit.person;
    acceptable(
        "new_password",
        &given.new_password,
        person.role,
        &person.name,
        &person.email,
    )?;
    if given.new_password == given.password {
        return Err(Error::Invalid(Fields::one(
            "new_password",
            "Choose another one than the current",
        )));
    }
    let (act, device, from) = (
        visit.act(app),
        visit.device.clone(),
        request::counted(visit.ip),
    );
    let knock = {
        let (act, email) = (act.clone(), person.email.clone());
        app.write(move |tx| people::knock(tx, &act, &email, &from))
            .await?
    };
    let id = person.id.clone();
    let kept = app
        .read(move |conn| Ok(db::people::find(conn, &id)?.password_hash))
        .await?;
    let (proof, hashed) = app
        .heavy(move || {
            Ok((
                verify(kept.as_deref(), &given.password)?,
                hash(&given.new_password)?,
            ))
        })
        .await?;
    app.write(move |tx| people::change_password(tx, &act, &proof, &hashed, &knock, &device))
        .await
}

pub async fn end_session(
    app: Data<App>,
    visit: Signed,
    session: Path<String>,
    form: Form<Nothing>,
) -> Result<HttpResponse> {
    let session = SessionId::from(session.into_inner());
    form.submit(&app, visit.act(&app), move |tx, act, _| {
        people::sign_out(tx, act, &session)?;
        Ok(Done::new("/account", "That device is signed out."))
    })
    .await
}

pub async fn end_sessions(
    app: Data<App>,
    visit: Signed,
    form: Form<Nothing>,
) -> Result<HttpResponse> {
    form.submit(&app, visit.act(&app), |tx, act, _| {
        people::sign_out_everywhere(tx, act)?;
        Ok(Done::new("/sign-in", "You are signed out everywhere."))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_named_as_people_name_it() {
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        assert_eq!(device_name(firefox), "Firefox on Linux");
        let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile Safari/604.1";
        assert_eq!(device_name(phone), "Safari on iPhone");
        assert_eq!(device_name("curl/8.5"), "curl/8.5");
        assert_eq!(device_name(""), "A browser that does not say its name");
    }
}
