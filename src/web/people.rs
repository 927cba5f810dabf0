//! Pages about accounts: the front door, signing in and up, the links in mails, and one's own account.

pub mod account;
pub mod links;
pub mod sign_in;
pub mod sign_up;

use actix_web::HttpResponse;
use actix_web::web::Data;
use askama::Template;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::form::Form;
use super::gate::Anybody;
use super::page::{Frame, Theme, redirect, render};
use super::{filters, next, session};
use crate::act::Role;
use crate::app::App;
use crate::db::{self, Conn};
use crate::desk::passwords;
use crate::error::{Error, Result};

#[derive(Template)]
#[template(path = "people/landing.html")]
struct Landing {
    frame: Frame,
    sellers: Vec<Shop>,
}

/// A seller, and the policy that decides its refunds.
struct Shop {
    name: String,
    title: String,
    summary: String,
    href: String,
    promise: String,
}

/// The front page; whoever is signed in has a better one.
pub async fn landing(app: Data<App>, visit: Anybody) -> Result<HttpResponse> {
    if let Some(role) = visit.role() {
        return Ok(redirect(next::home(role)));
    }
    let now = visit.now;
    let sellers = app.read(move |conn| shops(conn, now)).await?;
    let frame = visit.frame("Refunds by the written policy");
    Ok(render(&Landing { frame, sellers }))
}

fn shops(conn: &mut Conn, now: DateTime<Utc>) -> Result<Vec<Shop>> {
    let mut shops = Vec::new();
    for seller in db::sellers::all(conn)? {
        let versions = db::policies::versions(conn, &seller.policy)?;
        let begun = versions
            .into_iter()
            .filter(|version| version.valid_from.utc() <= now);
        if let Some(in_force) = begun.max_by_key(|version| version.valid_from) {
            shops.push(Shop {
                name: seller.name,
                title: in_force.title,
                summary: String::new(),
                href: format!("/policies/{}", seller.policy),
                promise: String::new(),
            });
        }
    }
    Ok(shops)
}

/// What a password field says beforehand.
fn advice(role: Role) -> String {
    let least = passwords::shortest(role);
    format!(
        "{least} characters or more. Three or four unrelated words are easy to remember and hard to guess."
    )
}

#[derive(Debug, Clone, Deserialize)]
pub struct Colours {
    theme: String,
    back: String,
}

/// Which colours this browser shows: no concern of the database.
pub async fn choose_theme(app: Data<App>, form: Form<Colours>) -> Result<HttpResponse> {
    let mut answer = redirect(next::local(&form.fields.back).unwrap_or("/"));
    let cookie = session::theme_cookie(Theme::named(&form.fields.theme), app.config.tls());
    answer
        .add_cookie(&cookie)
        .map_err(|cause| Error::Internal(cause.into()))?;
    Ok(answer)
}
