//! One mail: who it says it is from and what speaks for that, its text, what hangs on it, and what can be done with it. The text is
//! read out of the original each time; its HTML is shown apart, and only to whoever asks (`html`).

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY};
use actix_web::web::{Data, Path};
use askama::Template;

use super::super::Looker;
use super::{badge, reason, subject};
use crate::app::{App, files};
use crate::db::inbox::Mail;
use crate::db::{self, Conn};
use crate::desk::forms::Done;
use crate::desk::mailroom;
use crate::error::Result;
use crate::rules::mail::Why;
use crate::web::filters;
use crate::web::form::{Form, Nothing, new_key};
use crate::web::gate::Agent;
use crate::web::page::{Crumb, Frame, render};
use crate::web::parts::{Badge, Link, Row, Summary};

/// Characters of its text that are shown.
const SHOWN: usize = 100_000;

#[derive(Template)]
#[template(path = "queue/mail_one.html")]
struct Show {
    frame: Frame,
    number: String,
    subject: String,
    badge: Badge,
    why: String,
    what: &'static str,
    facts: Summary,
    text: String,
    files: Vec<String>,
    notes: Vec<String>,
    original: Link,
    /// Where its HTML is shown; none where it has none.
    html_href: Option<String>,
    can_admit: bool,
    can_drop: bool,
    can_reread: bool,
    admit_key: String,
    drop_key: String,
    reread_key: String,
}

/// The mail with what it hangs on.
struct Found {
    mail: Mail,
    seller: Option<String>,
    ticket: Option<String>,
    letter: Option<(String, String)>,
}

pub async fn show(app: Data<App>, visit: Agent, number: Path<String>) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let (number, scope) = (number.into_inner(), looker.scope.clone());
    let found = app.read(move |conn| find(conn, &scope, &number)).await?;
    let reading = app.read_mail(&found.mail.blob).await?;
    let mail = &found.mail;
    let mut frame = visit.frame(&format!("{} {}", mail.number, subject(mail)));
    frame.crumbs.push(Crumb {
        label: "Mail".to_owned(),
        href: format!("/queue/mail?tray={}", tray(mail)),
    });
    let (why, what) = reason(mail);
    let is_open = !matches!(mail.state.as_str(), "taken" | "received" | "dropped");
    let word = mail.why.as_deref().and_then(Why::from_word);
    let never = matches!(
        word,
        Some(Why::Staff | Why::Disabled | Why::Nobody | Why::Own)
    );
    let page = Show {
        frame,
        number: mail.number.clone(),
        subject: subject(mail),
        badge: badge(mail),
        why,
        what,
        facts: facts(&found, &looker),
        text: shown(&reading.mail.text),
        files: reading
            .mail
            .attachments
            .iter()
            .map(|file| {
                let name = if file.name.is_empty() {
                    "without a name"
                } else {
                    &file.name
                };
                let size = filters::file_size(u64::try_from(file.bytes.len()).unwrap_or(0));
                format!("{name}, {size}")
            })
            .collect(),
        notes: reading.mail.notes.clone(),
        original: Link {
            label: format!(
                "Save the original ({})",
                filters::file_size(u64::try_from(mail.bytes).unwrap_or(0))
            ),
            href: format!("/queue/mail/{}/original", mail.number),
        },
        html_href: reading
            .mail
            .html
            .is_some()
            .then(|| format!("/queue/mail/{}/html", mail.number)),
        can_admit: matches!(mail.state.as_str(), "held" | "automatic") && !never,
        can_drop: is_open,
        can_reread: matches!(mail.state.as_str(), "unreadable" | "dropped"),
        admit_key: new_key()?,
        drop_key: new_key()?,
        reread_key: new_key()?,
    };
    Ok(render(&page))
}

fn tray(mail: &Mail) -> &str {
    match mail.state.as_str() {
        "taken" | "received" => "held",
        state => state,
    }
}

fn find(conn: &mut Conn, scope: &db::tickets::Scope, number: &str) -> Result<Found> {
    let mail = db::inbox::for_staff(conn, scope, number)?;
    Ok(Found {
        seller: match &mail.seller_id {
            Some(id) => Some(db::sellers::find(conn, id)?.name),
            None => None,
        },
        ticket: match &mail.ticket_id {
            Some(id) => Some(db::tickets::find(conn, id)?.number),
            None => None,
        },
        letter: match &mail.letter_id {
            Some(id) => {
                let letter = db::mail::find(conn, id)?;
                Some((letter.subject, letter.recipient))
            }
            None => None,
        },
        mail,
    })
}

fn facts(found: &Found, looker: &Looker) -> Summary {
    let (mail, wall) = (&found.mail, looker.wall);
    let mut rows = Vec::new();
    if !mail.sender_name.is_empty() {
        rows.push(Row::text("Calls itself", &mail.sender_name));
    }
    rows.push(Row::text(
        "From",
        mail.sender.as_deref().unwrap_or("Not one address"),
    ));
    let spoken = match mail.verdict.as_str() {
        "pass" => "Our mail server vouches for the sender's domain",
        "fail" => "Our mail server says that it is forged",
        _ => "Nobody vouches for the sender",
    };
    rows.push(Row::text("Checked", spoken));
    rows.push(Row::text(
        "To",
        found.seller.as_deref().unwrap_or("No seller"),
    ));
    rows.push(Row::text(
        "Came",
        &filters::moment(mail.received_at.utc(), wall.zone, wall.now),
    ));
    if let Some(number) = &found.ticket {
        let label = match mail.state.as_str() {
            "taken" => "In",
            _ => "Seems to be about",
        };
        rows.push(Row::link(
            label,
            number,
            &format!("/queue/tickets/{number}"),
        ));
    }
    if let Some((subject, recipient)) = &found.letter {
        rows.push(Row::text(
            "About our letter",
            &format!("{subject}, to {recipient}"),
        ));
    }
    Summary { rows }
}

fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!(
            "{}\n(It goes on; the original has all of it.)",
            &text[..end]
        ),
        None => text.to_owned(),
    }
}

/// The bytes as they came, to be saved and never to be opened here.
pub async fn original(app: Data<App>, visit: Agent, number: Path<String>) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let number = number.into_inner();
    let mail = app
        .read(move |conn| Ok(db::inbox::for_staff(conn, &looker.scope, &number)?))
        .await?;
    let raw = app.raw_mail(&mail.blob).await?;
    Ok(HttpResponse::Ok()
        .content_type("application/octet-stream")
        .insert_header((
            CONTENT_DISPOSITION,
            files::disposition(&format!("{}.eml", mail.number)),
        ))
        .insert_header((CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
        .insert_header((CACHE_CONTROL, "private, no-store"))
        .body(raw))
}

pub async fn admit(
    app: Data<App>,
    visit: Agent,
    number: Path<String>,
    form: Form<Nothing>,
) -> Result<HttpResponse> {
    let number = number.into_inner();
    form.submit(&app, visit.act(&app), move |tx, act, _| {
        mailroom::admit(tx, act, &number)?;
        let place = format!("/queue/mail/{number}");
        Ok(Done::new(
            place,
            "It is let in: within seconds it is a ticket in the queue.",
        ))
    })
    .await
}

pub async fn remove(
    app: Data<App>,
    visit: Agent,
    number: Path<String>,
    form: Form<Nothing>,
) -> Result<HttpResponse> {
    let number = number.into_inner();
    form.submit(&app, visit.act(&app), move |tx, act, _| {
        mailroom::drop_mail(tx, act, &number)?;
        Ok(Done::new(
            "/queue/mail",
            "Dropped. It stays kept under Dropped.",
        ))
    })
    .await
}

pub async fn reread(
    app: Data<App>,
    visit: Agent,
    number: Path<String>,
    form: Form<Nothing>,
) -> Result<HttpResponse> {
    let number = number.into_inner();
    form.submit(&app, visit.act(&app), move |tx, act, _| {
        mailroom::read_again(tx, act, &number)?;
        let place = format!("/queue/mail/{number}");
        Ok(Done::new(place, "It is read again within seconds."))
    })
    .await
}
