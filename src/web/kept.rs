//! A form that was sent after its session had ended. What was typed is kept for the person whose session it was, and for nobody
//! else; after signing in they read it, change it, and send it to where it was meant. Passwords and files are not kept.

use std::rc::Rc;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::form::{self, CSRF, KEY};
use super::gate::{self, Signed};
use super::page::{Frame, redirect, render};
use super::parts::Tone;
use super::session::{self, Visit};
use super::{fields, filters, next, upload};
use crate::app::App;
use crate::db;
use crate::desk;
use crate::error::{Error, Result};

/// As long as the longest form without files.
const MOST_BYTES: usize = 524_288;
/// A value longer than this is something that a person wrote.
const WRITTEN: usize = 40;
/// Names of fields that hold what people write, also where it is short.
const PROSE: [&str; 5] = ["body", "words", "reason", "message", "note"];
/// Names that say something to the machine alone.
const INNER: [&str; 4] = [KEY, "seen", "version", "effect"];

/// Keeps what came with the request, and gives the page where it waits; none where there is nothing to keep, or nobody to keep it
/// for.
pub async fn keep(request: &HttpRequest, payload: Payload) -> Option<String> {
    if *request.method() != Method::POST {
        return None;
    }
    let visit = gate::visit(request).ok()?;
    match stored(request, payload, visit).await {
        Ok(id) => id.map(|id| format!("/kept/{id}")),
        Err(cause) => {
            tracing::debug!(%cause, "a form that came too late cannot be kept");
            None
        }
    }
}

async fn stored(
    request: &HttpRequest,
    payload: Payload,
    visit: Rc<Visit>,
) -> std::result::Result<Option<String>, actix_web::Error> {
    let Some(person) = session::was(request).await? else {
        return Ok(None);
    };
    let kind = form::header(request, CONTENT_TYPE).unwrap_or_default();
    let with_files = kind.to_lowercase().starts_with("multipart/");
    let mut values = if with_files {
        upload::texts(request, payload).await?
    } else {
        fields::decode(&form::body(request, payload, MOST_BYTES).await?)?
    };
    values.retain(|(name, _)| name != CSRF && !name.contains("password"));
    if values.iter().all(|(name, _)| is_inner(name)) {
        return Ok(None);
    }
    let app = gate::app(request)?;
    let act = visit.act(&app);
    let late = desk::forms::Late {
        path: request.path().to_owned(),
        page: next::page_before(request).unwrap_or_default(),
        with_files,
        fields: values,
    };
    let kept = app
        .write(move |tx| desk::forms::keep(tx, &act, &person, &late))
        .await?;
    Ok(kept)
}

#[derive(Template)]
#[template(path = "kept.html")]
struct Show {
    frame: Frame,
    action: String,
    with_files: bool,
    until: String,
    /// What the form carried that nobody needs to read.
    hidden: Vec<(String, String)>,
    /// What was chosen: label and value; carried along.
    chosen: Vec<(String, String)>,
    written: Vec<Written>,
    back_href: String,
}

/// A field that a person wrote in.
struct Written {
    name: String,
    label: String,
    text: String,
}

pub async fn show(app: Data<App>, visit: Signed, id: Path<String>) -> Result<HttpResponse> {
    let id = id.into_inner();
    if id.len() != 64 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Error::NotFound);
    }
    let (person, since) = (visit.person.id.clone(), visit.now - desk::forms::KEPT_FOR);
    let kept = app
        .read(move |conn| Ok(db::forms::kept_for(conn, &person, &id, since)?))
        .await?;
    let Some(kept) = kept else {
        return Ok(redirect(next::home(visit.person.role)));
    };
    let values: Vec<(String, String)> = serde_json::from_str(&kept.fields_json)?;
    let mut hidden = values.clone();
    hidden.retain(|(name, value)| !is_written(name, value));
    let chosen = hidden
        .iter()
        .filter(|(name, value)| !is_inner(name) && !value.is_empty())
        .map(|(name, value)| (label(name), value.replace('_', " ")))
        .collect();
    let written = values
        .into_iter()
        .filter(|(name, value)| is_written(name, value))
        .map(|(name, text)| Written {
            label: label(&name),
            name,
            text,
        });
    let home = next::home(visit.person.role);
    Ok(render(&Show {
        frame: visit.frame("Your text is still here"),
        with_files: kept.with_files,
        until: filters::moment(kept.at.utc() + desk::forms::KEPT_FOR, visit.zone, visit.now),
        action: kept.path,
        hidden,
        chosen,
        written: written.collect(),
        back_href: next::local(&kept.page).unwrap_or(home).to_owned(),
    }))
}

fn is_inner(name: &str) -> bool {
    INNER.contains(&name)
}

fn is_written(name: &str, value: &str) -> bool {
    !is_inner(name)
        && (PROSE.contains(&name) || value.chars().count() > WRITTEN || value.contains('\n'))
}

/// "deciding_words" as people read it.
fn label(name: &str) -> String {
    let words = name.replace(['_', '.'], " ");
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => words,
    }
}
