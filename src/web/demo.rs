//! The mails of a demo, at a local page in place of anybody's mailbox. In every other installation these addresses do not exist:
//! letters hold links that open accounts.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use actix_web::web::{Data, Path, Query};
use askama::Template;
use serde::Deserialize;

use super::filters;
use super::gate::Anybody;
use super::page::{Crumb, Frame, render};
use super::parts::{Badge, Moment, Pager, Tone};
use crate::app::App;
use crate::db::mail::{self, Row};
use crate::error::{Error, Result};
use crate::ids::LetterId;

const PAGE: i64 = 50;

#[derive(Template)]
#[template(path = "demo/mails.html")]
struct Index {
    frame: Frame,
    /// The address whose letters alone are shown; empty for all.
    to: String,
    letters: Vec<Line>,
    pager: Pager,
}

struct Line {
    href: String,
    subject: String,
    to: String,
    at: Moment,
    state: Badge,
}

#[derive(Template)]
#[template(path = "demo/mail.html")]
struct Show {
    frame: Frame,
    from: String,
    to: String,
    subject: String,
    /// That of its conversation, where its answers are read here.
    head_subject: String,
    at: Moment,
    state: Badge,
    html_href: String,
    /// The text in pieces: what is an address of this demo is a link.
    pieces: Vec<Piece>,
}

struct Piece {
    text: String,
    href: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct Wanted {
    to: Option<String>,
    page: Option<i64>,
}

pub async fn index(app: Data<App>, visit: Anybody, wanted: Query<Wanted>) -> Result<HttpResponse> {
    only_in_a_demo(&app)?;
    let to = wanted
        .to
        .as_deref()
        .unwrap_or_default()
        .trim()
        .to_lowercase();
    let page = wanted.page.unwrap_or(1).clamp(1, 10_000);
    let filter = (!to.is_empty()).then(|| to.clone());
    let rows = app
        .read(move |conn| {
            let skip = (page - 1) * PAGE;
            Ok(mail::newest(conn, filter.as_deref(), skip, PAGE + 1)?)
        })
        .await?;
    let more = rows.len() > PAGE as usize;
    let letters: Vec<Line> = rows
        .iter()
        .take(PAGE as usize)
        .map(|row| line(row, &visit))
        .collect();
    let href = |page: i64| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if !to.is_empty() {
            query.append_pair("to", &to);
        }
        query.append_pair("page", &page.to_string());
        format!("/demo/mail?{}", query.finish())
    };
    let pager = Pager {
        shown: format!("Page {page}, the newest first"),
        previous: (page > 1).then(|| href(page - 1)),
        next: more.then(|| href(page + 1)),
    };
    let frame = visit.frame("Mails of this demo");
    Ok(render(&Index {
        frame,
        to,
        letters,
        pager,
    }))
}

pub async fn show(app: Data<App>, visit: Anybody, letter: Path<String>) -> Result<HttpResponse> {
    let row = letter_of(&app, letter.into_inner()).await?;
    let mut frame = visit.frame(&row.subject);
    frame.crumbs = vec![Crumb {
        label: "Mails of this demo".into(),
        href: "/demo/mail".into(),
    }];
    Ok(render(&Show {
        frame,
        from: format!(
            "{} <{}>",
            row.from_name,
            row.from_address.as_ref().unwrap_or(&app.config.mail_from)
        ),
        head_subject: row.head_subject().to_owned(),
        at: Moment::new(row.created_at.utc(), visit.zone, visit.now),
        state: state(&row),
        html_href: format!("/demo/mail/{}/html", row.id),
        pieces: pieces(&row.text, &app.config.public_url),
        to: row.recipient,
        subject: row.subject,
    }))
}

/// The HTML part as a mail program would show it: nothing is loaded, nothing runs, and it is nobody's page.
pub async fn html(app: Data<App>, letter: Path<String>) -> Result<HttpResponse> {
    let row = letter_of(&app, letter.into_inner()).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
        ))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(row.html))
}

fn only_in_a_demo(app: &App) -> Result<()> {
    if app.config.demo {
        Ok(())
    } else {
        Err(Error::NotFound)
    }
}

async fn letter_of(app: &App, id: String) -> Result<Row> {
    only_in_a_demo(app)?;
    app.read(move |conn| Ok(mail::find(conn, &LetterId::from(id))?))
        .await
}

fn line(row: &Row, visit: &Anybody) -> Line {
    Line {
        href: format!("/demo/mail/{}", row.id),
        subject: row.subject.clone(),
        to: row.recipient.clone(),
        at: Moment::new(row.created_at.utc(), visit.zone, visit.now),
        state: state(row),
    }
}

fn state(row: &Row) -> Badge {
    match row.state.as_str() {
        "sent" => Badge::new(Tone::Ok, "Sent"),
        "failed" => Badge::new(Tone::Danger, "Could not be sent"),
        _ => Badge::new(Tone::Paused, "About to be sent"),
    }
}

/// Cuts a text at the addresses of this demo, which become links into it.
fn pieces(text: &str, site: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(site) {
        let (before, link) = rest.split_at(at);
        let end = link
            .find(|letter: char| letter.is_whitespace() || "<>\"".contains(letter))
            .unwrap_or(link.len());
        let (link, after) = link.split_at(end);
        let spoken = link.trim_end_matches(['.', ',', ')']);
        pieces.push(Piece {
            text: before.to_owned(),
            href: None,
        });
        pieces.push(Piece {
            text: spoken.to_owned(),
            href: local(spoken, site),
        });
        pieces.push(Piece {
            text: link[spoken.len()..].to_owned(),
            href: None,
        });
        rest = after;
    }
    pieces.push(Piece {
        text: rest.to_owned(),
        href: None,
    });
    pieces.retain(|piece| !piece.text.is_empty());
    pieces
}

/// The path of an address of this very desk; none where the host only begins like ours.
fn local(link: &str, site: &str) -> Option<String> {
    let path = link.strip_prefix(site)?;
    let path = if path.is_empty() { "/" } else { path };
    path.starts_with('/').then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_this_demo_become_links_and_no_others() {
        let text = "Open http://127.0.0.1:8600/reset/ab12. Or http://127.0.0.1:8600.evil.test/x, see https://else.test/.";
        let pieces = pieces(text, "http://127.0.0.1:8600");
        let links: Vec<_> = pieces
            .iter()
            .filter_map(|piece| piece.href.as_deref())
            .collect();
        assert_eq!(links, ["/reset/ab12"]);
        let whole: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
        assert_eq!(whole, text);
    }
}
