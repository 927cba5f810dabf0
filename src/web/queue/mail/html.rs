//! The HTML of a mail, for whoever asks to see it: sanitised, boxed in by a policy of its own that loads and runs nothing, and with links
//! that first say where they lead.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::super::Looker;
use crate::app::App;
use crate::db;
use crate::error::{Error, Result};
use crate::web::fields::query;
use crate::web::filters;
use crate::web::gate::Agent;
use crate::web::page::{Frame, render};

/// Nothing of it is ours, so nothing of ours is lent to it.
const POLICY: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";

pub async fn show(app: Data<App>, visit: Agent, number: Path<String>) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let number = number.into_inner();
    let mail = app
        .read(move |conn| Ok(db::inbox::for_staff(conn, &looker.scope, &number)?))
        .await?;
    let html = app.read_mail(&mail.blob).await?.mail.html;
    let html = html.ok_or(Error::NotFound)?;
    let body = match app.safe_html(html).await? {
        Ok(body) => body,
        Err(why) => format!("<p>{why} Its text and its original are on the page of the mail.</p>"),
    };
    // The number is ours, and of letters and digits alone; the body is what the sanitiser made.
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Mail {}</title></head><body>{body}</body></html>",
        mail.number
    );
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((CACHE_CONTROL, "private, no-store"))
        .body(page))
}

#[derive(Template)]
#[template(path = "queue/leaving.html")]
struct Leaving {
    frame: Frame,
    /// As the domain name system spells it, so that no letter passes for another.
    host: String,
    address: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Asked {
    to: String,
}

/// Says where a link of a mail leads before anybody follows it.
pub async fn leaving(visit: Agent, request: HttpRequest) -> Result<HttpResponse> {
    let asked: Asked = query(&request)?;
    let unknown = || Error::Malformed("not an address that a mail can link to");
    let address = url::Url::parse(&asked.to).map_err(|_| unknown())?;
    if !matches!(address.scheme(), "http" | "https") {
        return Err(unknown());
    }
    let host = address.host_str().ok_or_else(unknown)?.to_owned();
    Ok(render(&Leaving {
        frame: visit.frame("This link leaves the desk"),
        host,
        address: address.to_string(),
    }))
}
