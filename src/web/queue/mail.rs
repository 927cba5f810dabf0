//! The trays of the mail that is in no conversation: held, unreadable, bounced, automatic, dropped; each with what it is and what to
//! do about it. What is in a conversation is read there.

mod boxes;
pub mod html;
pub mod one;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::Looker;
use crate::app::App;
use crate::db::inbox::Mail;
use crate::db::{self, Conn};
use crate::error::{Error, Result};
use crate::ids::MailId;
use crate::rules::mail::Why;
use crate::rules::rights::{Verb, may};
use crate::web::fields::query;
use crate::web::filters;
use crate::web::gate::Agent;
use crate::web::page::{Frame, NavItem, render};
use crate::web::parts::{Badge, Moment, Pager, Tone};
use crate::web::show::Wall;

const PAGE: usize = 50;

/// A tray: its state, its name, and what to do with what lies in it.
struct Tray {
    state: &'static str,
    label: &'static str,
    about: &'static str,
    empty: &'static str,
}

const TRAYS: [Tray; 5] = [
    Tray {
        state: "held",
        label: "Held",
        about: "Nobody knows yet that these are from whom they say. Let in what is a customer's, and drop the rest. Customers see nothing of what lies here.",
        empty: "Mail of which nobody knows whose it is waits here.",
    },
    Tray {
        state: "unreadable",
        label: "Unreadable",
        about: "These are kept as they came, and could not be read. Save the original, answer its sender by hand where there is one, and drop it.",
        empty: "A mail that cannot be read is kept here, whole.",
    },
    Tray {
        state: "bounce",
        label: "Bounced",
        about: "Mail servers write these about letters of ours that did not arrive. Find another way to the customer: the address may be wrong.",
        empty: "What mail servers say of letters that did not arrive lies here.",
    },
    Tray {
        state: "automatic",
        label: "Automatic",
        about: "Answering programs wrote these. They open nothing and are never answered; there is nothing to do.",
        empty: "Out-of-office answers and their kind lie here.",
    },
    Tray {
        state: "dropped",
        label: "Dropped",
        about: "Somebody put these away. What was dropped by mistake can be read again.",
        empty: "What somebody drops stays here.",
    },
];

#[derive(Template)]
#[template(path = "queue/mail.html")]
struct Index {
    frame: Frame,
    views: Vec<NavItem>,
    label: &'static str,
    about: &'static str,
    empty: &'static str,
    /// Mailboxes that are not read, each in a sentence.
    unread: Vec<String>,
    total: String,
    rows: Vec<Line>,
    pager: Pager,
}

struct Line {
    href: String,
    number: String,
    subject: String,
    sender_name: String,
    sender: String,
    seller: String,
    at: Moment,
    badge: Badge,
    why: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Asked {
    tray: Option<String>,
    after: Option<String>,
}

pub async fn index(app: Data<App>, visit: Agent, request: HttpRequest) -> Result<HttpResponse> {
    let asked: Asked = query(&request)?;
    let looker = Looker::of(&visit.person, &visit);
    let frame = visit.frame("Mail");
    let page = app
        .read(move |conn| list(conn, frame, &looker, &asked))
        .await?;
    Ok(render(&page))
}

fn list(conn: &mut Conn, frame: Frame, looker: &Looker, asked: &Asked) -> Result<Index> {
    let unknown = || Error::Malformed("not an address of the mail");
    let counts = db::inbox::counts(conn, &looker.scope)?;
    let count = |state: &str| -> u64 {
        let found = counts.iter().find(|(known, _)| known == state);
        found.map_or(0, |(_, count)| u64::try_from(*count).unwrap_or(0))
    };
    let tray = asked.tray.as_deref().unwrap_or("held");
    let tray = TRAYS
        .iter()
        .find(|known| known.state == tray)
        .ok_or_else(unknown)?;
    let is_id = |id: &&str| {
        id.len() == 36
            && id
                .bytes()
                .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
    };
    let after = match asked.after.as_deref() {
        None => None,
        Some(id) => Some(MailId::from(Some(id).filter(is_id).ok_or_else(unknown)?)),
    };
    let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let mut mails = db::inbox::page(conn, &looker.scope, &[tray.state], after.as_ref(), limit)?;
    let is_long = mails.len() > PAGE;
    mails.truncate(PAGE);
    let mut rows = Vec::new();
    for mail in &mails {
        rows.push(line(conn, mail, looker.wall)?);
    }
    let href = |state: &str| format!("/queue/mail?tray={state}");
    let mut views: Vec<NavItem> = TRAYS
        .iter()
        .map(|known| NavItem {
            count: Some(filters::badge_count(count(known.state))),
            ..NavItem::new(known.label, &href(known.state), known.state == tray.state)
        })
        .collect();
    if may(looker.person.role, Verb::ReadOutbox) {
        views.extend(letters(conn, looker)?);
    }
    Ok(Index {
        frame,
        views,
        label: tray.label,
        about: tray.about,
        empty: tray.empty,
        unread: boxes::unread(conn, looker)?,
        total: filters::plural(count(tray.state), "mail", "mails"),
        pager: Pager {
            shown: filters::plural(count(tray.state), "mail", "mails"),
            previous: after.is_some().then(|| href(tray.state)),
            next: mails
                .last()
                .filter(|_| is_long)
                .map(|mail| format!("{}&after={}", href(tray.state), mail.id)),
        },
        rows,
    })
}

/// The way to the letters: those that are dead, and all of them.
fn letters(conn: &mut Conn, looker: &Looker) -> Result<[NavItem; 2]> {
    let counts = db::mail::counts(conn, &looker.scope)?;
    let dead = counts.iter().find(|(state, _)| state == "failed");
    let dead = dead.map_or(0, |(_, count)| u64::try_from(*count).unwrap_or(0));
    Ok([
        NavItem {
            count: Some(filters::badge_count(dead)),
            ..NavItem::new("Letters not sent", "/queue/outbox?state=failed", false)
        },
        NavItem::new("Outbox", "/queue/outbox", false),
    ])
}

fn line(conn: &mut Conn, mail: &Mail, wall: Wall) -> Result<Line> {
    let seller = match &mail.seller_id {
        Some(id) => db::sellers::find(conn, id)?.name,
        None => "No seller".to_owned(),
    };
    Ok(Line {
        href: format!("/queue/mail/{}", mail.number),
        number: mail.number.clone(),
        subject: subject(mail),
        sender_name: mail.sender_name.clone(),
        sender: mail
            .sender
            .clone()
            .unwrap_or_else(|| "No single sender".to_owned()),
        seller,
        at: Moment::new(mail.received_at.utc(), wall.zone, wall.now),
        badge: badge(mail),
        why: reason(mail).0,
    })
}

fn subject(mail: &Mail) -> String {
    match mail.subject.as_str() {
        "" => "(no subject)".to_owned(),
        subject => subject.to_owned(),
    }
}

/// Where a mail lies, in a word.
pub fn badge(mail: &Mail) -> Badge {
    match mail.state.as_str() {
        "held" => Badge::new(Tone::Warn, "Held"),
        "unreadable" => Badge::new(Tone::Danger, "Unreadable"),
        "bounce" => Badge::new(Tone::Danger, "Bounced"),
        "taken" => Badge::new(Tone::Ok, "In a conversation"),
        "received" => Badge::with_icon(Tone::Neutral, "hourglass", "Being read"),
        "dropped" => Badge::new(Tone::Neutral, "Dropped"),
        _ => Badge::new(Tone::Neutral, "Automatic"),
    }
}

/// Why it lies there, and what to do.
fn reason(mail: &Mail) -> (String, &'static str) {
    let words = mail.why.as_deref().unwrap_or("");
    let Some(why) = Why::from_word(words) else {
        return match mail.state.as_str() {
            "bounce" => (
                "A mail server says that a letter of ours did not arrive.".to_owned(),
                "Look at the letter and its ticket; the customer may have another address.",
            ),
            "unreadable" if mail.left_out.is_some() => (
                words.to_owned(),
                "Look at it in the mailbox that it came to. If it is a customer's, answer from there, and drop it here.",
            ),
            "unreadable" => (
                words.to_owned(),
                "Save the original and look at it in a mail program. If it is a customer's, answer from there.",
            ),
            _ => (String::new(), ""),
        };
    };
    let (reason, what) = match why {
        Why::Stranger => (
            "Nobody is known here by this address.",
            "The sender was asked to answer a letter; when they do, it comes in by itself, unless other mail of that address waits here too. Let it in if you know whose it is.",
        ),
        Why::Unproven => (
            "A customer has this address, but nothing shows that the mail is theirs.",
            "They were asked to answer a letter; when they do, it comes in by itself, unless other mail of that address waits here too: then look at each. Let in what you know to be theirs.",
        ),
        Why::AnotherSender => (
            "It came to a reply address that was given to somebody else.",
            "It is not shown to that customer. Let it in as its sender's own conversation, or drop it: codes and links of other companies are sent this way by thieves.",
        ),
        Why::Forged => (
            "Our mail server says that it does not come from where it says.",
            "Most likely a forgery: drop it. The real customer can write from the page of their request.",
        ),
        Why::Staff => (
            "It says that it is from a member of staff.",
            "Staff never act by mail. Ask the colleague, then drop it.",
        ),
        Why::Disabled => (
            "The account of this address is closed.",
            "Drop it, or ask an administrator.",
        ),
        Why::Bulk => (
            "It was sent to many, or from a mailbox that nobody reads.",
            "Usually a newsletter: drop it. Let it in if a customer writes through a list.",
        ),
        Why::TooMany => (
            "Too many mails came from there within an hour.",
            "Look whether a program went wrong on the other side before you let any in.",
        ),
        Why::Guessed => (
            "It came to a reply address that was never given out.",
            "Somebody tries addresses: drop it.",
        ),
        Why::Nobody => (
            "It names no address at which a seller's mail is read.",
            "Look at the mail server's routing, then have it read again.",
        ),
        Why::Own => (
            "It is from an address of this desk itself.",
            "There is nothing to do.",
        ),
        Why::Automatic => ("An answering program wrote it.", "There is nothing to do."),
    };
    (reason.to_owned(), what)
}
