//! The draft as the text that it is. Whatever is sent is kept, also what does not read: then the page of the draft says what is wrong
//! and in which line. Where somebody else saved meanwhile, both texts are shown and nothing is thrown away.

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use super::draft::{find, seen};
use super::{Hunk, ROOM, crumb, hunks, may_write, under};
use crate::app::App;
use crate::db::Conn;
use crate::db::policy_drafts as rows;
use crate::desk::forms::Done;
use crate::desk::policies as desk;
use crate::error::{Error, Result};
use crate::rules::policy::Checks;
use crate::web::form::{Form, new_key};
use crate::web::gate::{Agent, Manager};
use crate::web::page::{Filled, Frame, render, render_as};
use crate::web::parts::Tone;
use crate::web::queue::Looker;
use crate::web::{fields, filters};

/// A text may be 200 kB, and each byte of it three on the way.
const LIMIT: usize = 1_048_576;

#[derive(Template)]
#[template(path = "queue/policy_text.html")]
struct Show {
    frame: Frame,
    number: String,
    /// Which of its texts this is.
    which: String,
    form: Filled,
    writes: bool,
    seen: String,
    key: String,
    /// What stands against what was typed.
    problems: Vec<String>,
    /// What the newest text has otherwise than what was typed, where somebody was faster.
    hunks: Vec<Hunk>,
    stale: bool,
    refusal: String,
}

#[derive(Debug, Default, Deserialize)]
struct Which {
    text: Option<String>,
}

pub async fn show(
    app: Data<App>,
    visit: Agent,
    number: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let frame = visit.frame(&number);
    let which = fields::query::<Which>(&request)?.text;
    let which = which.as_deref().map(seen).transpose()?;
    let number = number.into_inner();
    let page = app
        .read(move |conn| shown(conn, frame, &looker, &number, which, None))
        .await?;
    Ok(render(&page))
}

fn shown(
    conn: &mut Conn,
    mut frame: Frame,
    looker: &Looker,
    number: &str,
    which: Option<i64>,
    typed: Option<(Filled, bool, String)>,
) -> Result<Show> {
    let draft = find(conn, looker, number)?;
    let text = match which {
        Some(seq) => rows::nth(conn, &draft.id, seq)?,
        None => rows::newest(conn, &draft)?,
    };
    let is_newest = text.seq == draft.seq;
    frame.title = format!("{number} as a text");
    frame.crumbs = vec![
        crumb("Policies", ROOM.to_owned()),
        crumb(number, format!("/queue/drafts/{number}")),
    ];
    let fresh = Filled {
        values: vec![("document".to_owned(), text.document.clone())],
        ..Filled::default()
    };
    let (form, stale, refusal) = typed.unwrap_or((fresh, false, String::new()));
    let checks = Checks::of(&form.value("document").replace("\r\n", "\n"));
    Ok(Show {
        number: number.to_owned(),
        which: format!("Text {} of {}", text.seq, draft.seq),
        writes: is_newest
            && draft.is_alive()
            && may_write(&looker.person, &under(conn, &draft.policy)?),
        seen: draft.seq.to_string(),
        key: new_key()?,
        problems: checks.blocks(),
        hunks: if stale {
            hunks(
                &text.document,
                &form.value("document").replace("\r\n", "\n"),
            )
        } else {
            Vec::new()
        },
        form,
        stale,
        refusal,
        frame,
    })
}

#[derive(Debug, Clone, Deserialize)]
pub struct Written {
    seen: String,
    document: String,
}

pub async fn save(
    app: Data<App>,
    visit: Manager,
    number: Path<String>,
    form: Form<Written, LIMIT>,
) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let number = number.into_inner();
    let (scoped, asked) = (looker.clone(), number.clone());
    let outcome = form
        .submit(&app, visit.act(&app), move |tx, act, sent: &Written| {
            let draft = find(tx, &scoped, &asked)?;
            let draft = desk::save(tx, act, &draft.id, seen(&sent.seen)?, &sent.document)?;
            let (_, checks) = desk::examine(tx, &draft)?;
            let said = if checks.policy.is_none() {
                "Kept. It does not read yet: see below what is wrong, and in which line."
            } else if checks.blocks().is_empty() {
                "Kept, and nothing stands against it."
            } else {
                "Kept. It cannot be proposed yet: see below what stands against it."
            };
            Ok(Done::new(format!("/queue/drafts/{asked}"), said))
        })
        .await;
    let (status, stale, refusal) = match outcome {
        Err(Error::Stale) => (StatusCode::CONFLICT, true, String::new()),
        Err(Error::Refused { code, words }) => (crate::web::faces::status_for(code), false, words),
        Err(Error::TooLarge(words)) => {
            let words =
                format!("That is more than a policy may be: {words}. Nothing of it was kept.");
            (StatusCode::PAYLOAD_TOO_LARGE, false, words)
        }
        other => return other,
    };
    let mut frame = visit.frame(&number);
    frame.refused = true;
    let typed = Some((form.again(&Default::default()), stale, refusal));
    let page = app
        .read(move |conn| shown(conn, frame, &looker, &number, None, typed))
        .await?;
    Ok(render_as(status, &page))
}
