//! Delivery reports (RFC 3464): which letter, which recipient, what the other server said. Read leniently, because servers write them
//! freely, and believed for nothing but a line on the ticket's page.

use mail_parser::{Message, MessageParser, PartType};

use super::{id, kind_of};
use crate::incoming::Report;
use crate::plain;

/// The report that a mail brings, where it brings one.
pub fn read(message: &Message) -> Option<Report> {
    let status = message.parts.iter().find(|part| {
        matches!(
            kind_of(part).as_str(),
            "message/delivery-status" | "message/global-delivery-status"
        )
    })?;
    let words = String::from_utf8_lossy(status.contents());
    let field = |name: &str| {
        let mut found = String::new();
        let mut inside = false;
        for line in words.lines() {
            let continues = line.starts_with([' ', '\t']);
            if inside && continues {
                found.push_str(line);
                continue;
            }
            let Some((label, value)) = line.split_once(':') else {
                inside = false;
                continue;
            };
            if inside {
                break;
            }
            inside = label.trim().eq_ignore_ascii_case(name);
            if inside {
                found = value.to_owned();
            }
        }
        plain::line(&found, 300)
    };
    // `rfc822; anna@harbor.example`
    let typed = |text: String| {
        text.split_once(';')
            .map_or(text.clone(), |(_, rest)| rest.trim().to_owned())
    };
    Some(Report {
        action: field("Action").to_lowercase(),
        status: field("Status"),
        recipient: typed(field("Final-Recipient")),
        diagnostic: typed(field("Diagnostic-Code")),
        message_id: original(message),
    })
}

/// Parts that belong to the report and are no files.
pub fn is_part(kind: &str, has_report: bool) -> bool {
    has_report
        && matches!(
            kind,
            "message/delivery-status"
                | "message/global-delivery-status"
                | "message/rfc822"
                | "message/global"
                | "text/rfc822-headers"
        )
}

/// The Message-ID of the mail that is reported on.
fn original(message: &Message) -> Option<String> {
    let part = message.parts.iter().find(|part| {
        matches!(
            kind_of(part).as_str(),
            "message/rfc822" | "message/global" | "text/rfc822-headers"
        )
    })?;
    let bytes = match &part.body {
        PartType::Text(text) | PartType::Html(text) => text.as_bytes(),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => bytes.as_ref(),
        PartType::Message(_) | PartType::Multipart(_) => return None,
    };
    let head = &bytes[..bytes.len().min(super::limits::LARGEST_HEAD)];
    super::limits::head(head).ok()?;
    let original = MessageParser::default().parse_headers(head)?;
    original.message_id().and_then(id)
}
