//! Raw bytes in, a mail in plain words out (RFC 5322, 2045 to 2047, 2231, 3464). Whatever the bytes are, this ends soon, with
//! bounded memory, and with either a mail or the reason why there is none: `limits` looks at the bytes before the parser does,
//! `report` reads what mail servers say about letters of ours.
//!
//! Stricter than the parser where two readers could differ about who wrote it: one `From` with one address, or none at all.

mod flow;
mod limits;
mod report;

use std::panic::{AssertUnwindSafe, catch_unwind};

use mail_parser::{
    Address as Parties, HeaderName, HeaderValue, Message, MessageParser, MessagePart, MimeHeaders,
    PartType,
};

use crate::address::Address;
use crate::incoming::{Attachment, Incoming, Signs};
use crate::plain;

pub use limits::LARGEST;

const LONGEST_SUBJECT: usize = 300;
const LONGEST_NAME: usize = 100;
/// Characters of text that are kept; the original has the rest.
const LONGEST_TEXT: usize = 1024 * 1024;
const MOST_ADDRESSES: usize = 100;
const MOST_REFERENCES: usize = 50;
const MOST_FILES: usize = 20;
const LARGEST_FILE: usize = 10 * 1024 * 1024;

/// Why a mail cannot be read, for the tray; with as much of its head as could be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    pub why: String,
    pub head: Box<Incoming>,
}

/// Reads one mail. The parser is trusted with nothing: a panic of it costs this mail and no other.
pub fn read(raw: &[u8]) -> Result<Incoming, Unreadable> {
    let raw = without_envelope_line(raw);
    let sound = |raw: &[u8]| catch_unwind(AssertUnwindSafe(|| whole(raw)));
    let refused = |why: &str| Unreadable {
        why: why.to_owned(),
        head: Box::new(catch_unwind(AssertUnwindSafe(|| head_alone(raw))).unwrap_or_default()),
    };
    let tame = limits::tamed(raw).map_err(|why| refused(&why))?;
    match sound(&tame) {
        Ok(Ok(mail)) => Ok(mail),
        Ok(Err(why)) => Err(refused(&why)),
        Err(_) => Err(refused("The reader broke on it.")),
    }
}

/// What makes two deliveries the same mail: all of it but the lines that mail servers put on top on the way.
pub fn without_trace(raw: &[u8]) -> &[u8] {
    const TRACE: [&[u8]; 6] = [
        b"return-path:",
        b"delivered-to:",
        b"x-original-to:",
        b"received:",
        b"envelope-to:",
        b"authentication-results:",
    ];
    let mut rest = without_envelope_line(raw);
    loop {
        let starts = TRACE.iter().any(|name| {
            rest.get(..name.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(name))
        });
        if !starts {
            return rest;
        }
        // The header's line, and the lines that go on with it.
        loop {
            let end = rest.iter().position(|byte| *byte == b'\n');
            rest = end.map_or(&[][..], |end| &rest[end + 1..]);
            if !matches!(rest.first(), Some(b' ' | b'\t')) {
                break;
            }
        }
    }
}

/// A pipe may put the mailbox format's own line on top.
fn without_envelope_line(raw: &[u8]) -> &[u8] {
    match raw.strip_prefix(b"From ") {
        Some(rest) => rest
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(&[][..], |end| &rest[end + 1..]),
        None => raw,
    }
}

fn whole(raw: &[u8]) -> Result<Incoming, String> {
    let message = MessageParser::default()
        .parse(raw)
        .ok_or("It has no header that could be read.")?;
    limits::parts(&message)?;
    let mut mail = headed(&message);
    mail.text = text(&message);
    mail.html = html(&message);
    mail.report = report::read(&message);
    attach(&message, &mut mail);
    if mail.text.is_empty() && message.parts.iter().any(|part| is_sealed(part)) {
        mail.notes
            .push("It is encrypted or signed as a whole and cannot be read here.".to_owned());
    }
    Ok(mail)
}

/// To whom a mail is, as its head says; nobody where it does not read.
pub fn recipients(raw: &[u8]) -> Vec<Address> {
    let raw = without_envelope_line(raw);
    catch_unwind(AssertUnwindSafe(|| head_alone(raw))).map_or_else(|_| Vec::new(), |head| head.to)
}

/// From and subject of a mail that cannot be read, for the tray.
fn head_alone(raw: &[u8]) -> Incoming {
    let raw = &raw[..raw.len().min(limits::LARGEST_HEAD)];
    if limits::head(raw).is_err() {
        return Incoming::default();
    }
    let head = MessageParser::default().parse_headers(raw);
    head.map(|message| headed(&message)).unwrap_or_default()
}

fn headed(message: &Message) -> Incoming {
    let (from, from_name, from_flaw) = match sender(message) {
        Ok((name, address)) => (Some(address), name, String::new()),
        Err(flaw) => (None, String::new(), flaw.to_owned()),
    };
    Incoming {
        from,
        from_name,
        from_flaw,
        to: addressees(message),
        subject: plain::line(message.subject().unwrap_or(""), LONGEST_SUBJECT),
        message_id: message.message_id().and_then(id),
        references: references(message),
        signs: signs(message),
        authentication: raw_values(message, "authentication-results"),
        ..Incoming::default()
    }
}

/// The one address of the one `From`. Of several the parser would give the last, another program the first.
fn sender(message: &Message) -> Result<(String, Address), &'static str> {
    let headers = message
        .headers()
        .iter()
        .filter(|header| header.name == HeaderName::From);
    let values: Vec<&HeaderValue> = headers.map(|header| &header.value).collect();
    let value = match values.as_slice() {
        [] => return Err("It does not say who it is from."),
        [value] => value,
        _ => return Err("It says more than once who it is from."),
    };
    let parties = value.as_address().ok_or("It is from no address.")?;
    let mut named = parties.iter().filter(|party| party.address.is_some());
    let party = match (named.next(), named.next()) {
        (None, _) => return Err("It is from no address."),
        (Some(party), None) => party,
        (Some(_), Some(_)) => return Err("It is from several addresses."),
    };
    let address = Address::parse(party.address.as_deref().unwrap_or(""))
        .map_err(|_| "It is from an address that could be read in two ways.")?;
    let name = plain::line(party.name.as_deref().unwrap_or(""), LONGEST_NAME);
    Ok((name, address))
}

/// What the mail server added says best where it went; `To` and `Cc` are the sender's words.
fn addressees(message: &Message) -> Vec<Address> {
    let added = ["delivered-to", "x-original-to", "envelope-to"];
    let mut found: Vec<Address> = added
        .iter()
        .flat_map(|name| raw_values(message, name))
        .filter_map(|text| Address::parse(text.trim().trim_matches(['<', '>'])).ok())
        .collect();
    for name in [HeaderName::To, HeaderName::Cc] {
        let values = message
            .headers()
            .iter()
            .filter(|header| header.name == name);
        let parties = values.filter_map(|header| header.value.as_address());
        found.extend(parties.flat_map(Parties::iter).filter_map(|party| {
            let address = party.address.as_deref()?;
            Address::parse(address).ok()
        }));
    }
    let mut seen = Vec::new();
    found.retain(|address| {
        let is_new = !seen.contains(address);
        if is_new {
            seen.push(address.clone());
        }
        is_new && seen.len() <= MOST_ADDRESSES
    });
    found
}

fn references(message: &Message) -> Vec<String> {
    let list = |value: &HeaderValue| -> Vec<String> {
        match value {
            HeaderValue::Text(text) => vec![text.to_string()],
            HeaderValue::TextList(list) => list.iter().map(ToString::to_string).collect(),
            _ => Vec::new(),
        }
    };
    let mut all = list(message.in_reply_to());
    all.extend(list(message.references()).into_iter().rev());
    let mut all: Vec<String> = all.iter().filter_map(|text| id(text)).collect();
    all.truncate(MOST_REFERENCES);
    all
}

/// A Message-ID without its brackets; nothing where it is none.
fn id(text: &str) -> Option<String> {
    let id = text.trim().trim_start_matches('<').trim_end_matches('>');
    let sound = (3..=250).contains(&id.len())
        && id.contains('@')
        && id
            .chars()
            .all(|c| c.is_ascii_graphic() && !"<>()\"\\,;".contains(c));
    sound.then(|| id.to_owned())
}

fn signs(message: &Message) -> Signs {
    let first = |name: &str| {
        raw_values(message, name)
            .into_iter()
            .next()
            .map(|value| plain::line(&value, 200))
    };
    let has = |name: &str| {
        message
            .headers()
            .iter()
            .any(|header| header.name.as_str().eq_ignore_ascii_case(name))
    };
    // Of two such headers the parser takes one; a machine's mail is a machine's by either.
    let is_report = raw_values(message, "content-type")
        .iter()
        .any(|kind| kind.to_ascii_lowercase().starts_with("multipart/report"));
    let is_list = message.headers().iter().any(|header| {
        header
            .name
            .as_str()
            .to_ascii_lowercase()
            .starts_with("list-")
    });
    let returns = first("return-path").map(|path| path.trim_matches(['<', '>', ' ']).to_owned());
    Signs {
        auto_submitted: first("auto-submitted"),
        precedence: first("precedence"),
        is_list,
        is_autoreply: [
            "x-autoreply",
            "x-autorespond",
            "x-auto-response-suppress",
            "x-autogenerated",
        ]
        .iter()
        .any(|name| has(name)),
        is_report,
        envelope_from: returns,
    }
}

/// The values of a header as they came, the topmost first.
fn raw_values(message: &Message, name: &str) -> Vec<String> {
    message
        .headers_raw()
        .filter(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim().to_owned())
        .take(MOST_REFERENCES)
        .collect()
}

fn text(message: &Message) -> String {
    let mut parts: Vec<String> = message
        .text_bodies()
        .filter_map(|part| match &part.body {
            PartType::Text(text) => Some(plain::block(text)),
            PartType::Html(html) => Some(plain::block(&flow::lines(html))),
            _ => None,
        })
        .collect();
    if parts.is_empty()
        && let Some(only) = unbounded(message)
    {
        parts.push(plain::block(&String::from_utf8_lossy(only.contents())));
    }
    parts.retain(|part| !part.is_empty());
    let whole = parts.join("\n\n");
    match whole.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => whole[..end].to_owned(),
        None => whole,
    }
}

fn html(message: &Message) -> Option<String> {
    let bodies = message.html_bodies().filter_map(|part| match &part.body {
        PartType::Html(html) => Some(html.as_ref()),
        _ => None,
    });
    let whole = bodies.collect::<Vec<_>>().join("\n");
    (!whole.trim().is_empty()).then_some(whole)
}

/// What hangs on the mail: files, forwarded mails, invitations. Signatures of the mail itself are none.
fn attach(message: &Message, mail: &mut Incoming) {
    for part in message.attachments() {
        let kind = kind_of(part);
        if unbounded(message).is_some() {
            break;
        }
        if is_signature(&kind) || report::is_part(&kind, mail.report.is_some()) {
            continue;
        }
        let name = named(part, &kind);
        let shown = if name.is_empty() {
            "A file without a name"
        } else {
            &name
        };
        let bytes = part.contents();
        if mail.attachments.len() >= MOST_FILES {
            mail.notes.push(format!(
                "{shown} was not kept apart: it is one file too many."
            ));
            break;
        }
        if bytes.len() > LARGEST_FILE {
            mail.notes.push(format!(
                "{shown} was not kept apart: it is larger than 10 MB."
            ));
            continue;
        }
        if bytes.is_empty() {
            continue;
        }
        mail.attachments.push(Attachment {
            name,
            bytes: bytes.to_vec(),
        });
    }
}

/// `text/plain`; empty where the part does not say.
fn kind_of(part: &MessagePart) -> String {
    part.content_type().map_or_else(String::new, |kind| {
        let sub = kind.subtype().unwrap_or("");
        limits::as_it_was(&format!("{}/{sub}", kind.ctype()).to_ascii_lowercase())
    })
}

fn named(part: &MessagePart, kind: &str) -> String {
    let name = limits::as_it_was(&plain::line(part.attachment_name().unwrap_or(""), 300));
    match kind {
        _ if !name.is_empty() => name,
        "message/rfc822" | "message/global" => "forwarded.eml".to_owned(),
        "text/calendar" => "invitation.ics".to_owned(),
        _ => name,
    }
}

/// A mail that says it has parts and does not say what is between them: one text.
fn unbounded<'a>(message: &'a Message) -> Option<&'a MessagePart<'a>> {
    match message.parts.as_slice() {
        [only] if kind_of(only).starts_with("multipart/") => Some(only),
        _ => None,
    }
}

fn is_signature(kind: &str) -> bool {
    matches!(
        kind,
        "application/pkcs7-signature"
            | "application/x-pkcs7-signature"
            | "application/pgp-signature"
            | "application/pgp-keys"
    )
}

fn is_sealed(part: &MessagePart) -> bool {
    matches!(
        kind_of(part).as_str(),
        "application/pkcs7-mime"
            | "application/x-pkcs7-mime"
            | "multipart/encrypted"
            | "application/pgp-encrypted"
    )
}
