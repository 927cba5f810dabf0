//! The timeline: messages and events in one stream. The customer's is made from what is public; notes are not filtered out of
//! it, they are never put in.

use std::collections::HashMap;

use super::Wall;
use crate::db::events::Event;
use crate::db::files::File as FileRow;
use crate::db::tickets::Message;
use crate::ids::PersonId;
use crate::web::filters;
use crate::web::parts::{Entry, File, Kind, Moment, Timeline, Tone};

/// Who wrote a message: the name to show, and what they are.
pub type Names = HashMap<PersonId, String>;

/// Everything, for the staff.
pub fn staff(
    messages: &[Message],
    events: &[Event],
    files: &[FileRow],
    names: &Names,
    wall: Wall,
) -> Timeline {
    let spoken = messages.iter().map(|message| {
        let role = match message.kind.as_str() {
            "customer" => "Customer",
            "note" => "Note for the staff",
            _ => "Support",
        };
        (
            message.at,
            entry(message, files, &author(message, names), role, wall),
        )
    });
    let happened = events
        .iter()
        .filter(|event| !is_message(event))
        .map(|event| (event.at, happened(event, &event.words, wall)));
    ordered(spoken.chain(happened).collect())
}

/// What the customer may see, in words for them. Staff appear by their first name.
pub fn customer(
    messages: &[Message],
    events: &[Event],
    files: &[FileRow],
    names: &Names,
    wall: Wall,
) -> Timeline {
    let spoken = messages
        .iter()
        .filter(|message| message.kind != "note")
        .map(|message| {
            let (name, role) = match message.kind.as_str() {
                "customer" => ("You".to_owned(), ""),
                _ => (first(&author(message, names)), "Support"),
            };
            (message.at, entry(message, files, &name, role, wall))
        });
    let told = events
        .iter()
        .filter(|event| !is_message(event))
        .filter_map(|event| {
            event
                .public_words
                .as_deref()
                .map(|words| (event.at, happened(event, words, wall)))
        });
    // Of one instant, what happened is told before what was said with it.
    ordered(told.chain(spoken).collect())
}

/// Events that say no more than the message they go with.
fn is_message(event: &Event) -> bool {
    matches!(
        event.kind.as_str(),
        "customer_wrote" | "staff_answered" | "note_left"
    )
}

fn ordered(mut entries: Vec<(crate::db::columns::At, Entry)>) -> Timeline {
    entries.sort_by_key(|(at, _)| *at);
    Timeline {
        entries: entries.into_iter().map(|(_, entry)| entry).collect(),
    }
}

fn entry(message: &Message, files: &[FileRow], name: &str, role: &str, wall: Wall) -> Entry {
    let kind = match message.kind.as_str() {
        "customer" => Kind::Customer,
        "note" => Kind::Note,
        _ => Kind::Staff,
    };
    let anchor = format!("m-{}", message.id);
    let at = Moment::new(message.at.utc(), wall.zone, wall.now);
    let mut entry = Entry::message(&anchor, kind, name, role, at, &message.body);
    entry.files = files
        .iter()
        .filter(|file| file.message_id.as_ref() == Some(&message.id))
        .map(file)
        .collect();
    entry
}

pub fn file(row: &FileRow) -> File {
    let kind = row.kind.to_uppercase();
    File {
        name: row.name.clone(),
        href: format!("/files/{}", row.id),
        size: format!(
            "{}, {kind}",
            filters::file_size(u64::try_from(row.bytes).unwrap_or(0))
        ),
    }
}

fn happened(event: &Event, words: &str, wall: Wall) -> Entry {
    let (icon, tone) = look(&event.kind);
    let at = Moment::new(event.at.utc(), wall.zone, wall.now);
    Entry::event(&format!("e-{}", event.seq), icon, tone, at, words)
}

fn look(kind: &str) -> (&'static str, Tone) {
    match kind {
        "claim_approved" | "claim_remedied" | "payout_sent" => ("circle-check", Tone::Ok),
        "claim_rejected" => ("circle-x", Tone::Danger),
        "clock_breached" => ("alarm-clock", Tone::Danger),
        "claim_asked" | "claim_appealed" | "payout_failed" | "payout_returned"
        | "payout_stopped" => ("circle-question-mark", Tone::Warn),
        "fact_established" => ("check", Tone::Neutral),
        _ => ("circle-dot", Tone::Neutral),
    }
}

fn author(message: &Message, names: &Names) -> String {
    message
        .author_id
        .as_ref()
        .and_then(|id| names.get(id))
        .cloned()
        .unwrap_or_else(|| "Redress".to_owned())
}

fn first(name: &str) -> String {
    name.split_whitespace().next().unwrap_or(name).to_owned()
}
