//! One letter as the bytes that travel: headers, text and HTML side by side (RFC 5322, 2045, 2046). The same letter always
//! makes the same bytes, so a letter that is sent again after a crash is recognised by its Message-ID and its content.

use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use lettre::Message;
use lettre::address::Envelope;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, MultiPartKind, SinglePart};
use sha2::{Digest, Sha256};

use super::smtp::Failure;
use crate::address::Address;
use crate::plain;

const LONGEST_NAME: usize = 100;
const LONGEST_SUBJECT: usize = 300;
const MOST_REFERENCES: usize = 50;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    pub from: Party,
    pub to: Party,
    pub reply_to: Option<Address>,
    /// Where bounces go. Without one the return path is empty, so that nothing can answer it (RFC 5321, 4.5.5).
    pub bounces_to: Option<Address>,
    pub subject: String,
    pub text: String,
    pub html: String,
    /// The `Date` header: when the letter was written, however late it leaves.
    pub at: DateTime<Utc>,
    /// Ours and stable, see [`message_id`]; with or without its angle brackets.
    pub message_id: String,
    pub in_reply_to: Option<String>,
    /// Oldest first.
    pub references: Vec<String>,
    pub author: Author,
}

/// A name to show, possibly empty, and where to write to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    pub name: String,
    pub address: Address,
}

/// Automatic letters say so in their headers, and out-of-office programs leave them alone (RFC 3834).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    Person,
    Desk,
}

/// The Message-ID of a letter: the same for every attempt to send it.
pub fn message_id(letter: &str, from: &Address) -> String {
    let local = letter
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .collect::<String>();
    format!("<{local}@{}>", from.host())
}

impl Outgoing {
    /// Who it is from and to as the mail server is told. One recipient, always.
    pub fn envelope(&self) -> Result<Envelope, Failure> {
        let from = self.bounces_to.as_ref().map(envelope_address).transpose()?;
        Envelope::new(from, vec![envelope_address(&self.to.address)?]).map_err(unwritable)
    }

    /// # Errors
    /// `Permanent` when no mail can be made of it; that is a fault of ours, and trying again would not mend it.
    pub fn bytes(&self) -> Result<Vec<u8>, Failure> {
        guarded(|| self.build().map(|message| message.formatted()))
    }

    fn build(&self) -> Result<Message, Failure> {
        let id =
            bare_id(&self.message_id).ok_or_else(|| unwritable("the Message-ID is not one"))?;
        let mut message = Message::builder()
            .from(self.from.mailbox()?)
            .to(self.to.mailbox()?)
            .subject(plain::line(&self.subject, LONGEST_SUBJECT))
            .date(self.at.into())
            .message_id(Some(format!("<{id}>")))
            .envelope(self.envelope()?);
        if let Some(address) = &self.reply_to {
            message = message.reply_to(Mailbox::new(None, envelope_address(address)?));
        }
        if let Some(parent) = self.in_reply_to.as_deref().and_then(bare_id) {
            message = message.in_reply_to(format!("<{parent}>"));
        }
        let thread = self
            .references
            .iter()
            .filter_map(|id| bare_id(id))
            .map(|id| format!("<{id}>"));
        let thread = thread.collect::<Vec<_>>();
        if !thread.is_empty() {
            let latest = thread.len().saturating_sub(MOST_REFERENCES);
            message = message.references(thread[latest..].join(" "));
        }
        let body = MultiPart::builder()
            .kind(MultiPartKind::Alternative)
            .boundary(boundary(&id))
            .singlepart(part(ContentType::TEXT_PLAIN, &self.text))
            .singlepart(part(ContentType::TEXT_HTML, &self.html));
        let mut message = message.multipart(body).map_err(unwritable)?;
        if self.author == Author::Desk {
            for (name, value) in [
                (
                    HeaderName::new_from_ascii_str("Auto-Submitted"),
                    "auto-generated",
                ),
                (
                    HeaderName::new_from_ascii_str("X-Auto-Response-Suppress"),
                    "All",
                ),
                (HeaderName::new_from_ascii_str("Precedence"), "bulk"),
            ] {
                message
                    .headers_mut()
                    .insert_raw(HeaderValue::new(name, value.to_owned()));
            }
        }
        Ok(message)
    }
}

impl Party {
    fn mailbox(&self) -> Result<Mailbox, Failure> {
        // The mail library panics on a line break in a name, so none may reach it.
        let name = Some(plain::line(&self.name, LONGEST_NAME)).filter(|name| !name.is_empty());
        Ok(Mailbox::new(name, envelope_address(&self.address)?))
    }
}

/// Whatever makes the mail library panic costs one letter and not the worker.
fn guarded(build: impl FnOnce() -> Result<Vec<u8>, Failure>) -> Result<Vec<u8>, Failure> {
    catch_unwind(AssertUnwindSafe(build))
        .unwrap_or_else(|_| Err(unwritable("the mail library could not write it down")))
}

fn unwritable(why: impl std::fmt::Display) -> Failure {
    Failure::Permanent(format!("No mail can be made of this letter: {why}"))
}

fn envelope_address(address: &Address) -> Result<lettre::Address, Failure> {
    address.as_str().parse().map_err(unwritable)
}

fn part(kind: ContentType, words: &str) -> SinglePart {
    // Line ends are set here because the library's own way takes time in the square of their number.
    let words = plain::block(words).replace('\n', "\r\n");
    SinglePart::builder().header(kind).body(words + "\r\n")
}

/// Cannot stand in the body by accident, and takes no randomness that would change the bytes at the second attempt.
fn boundary(id: &str) -> String {
    format!("=_{}", &HEXLOWER.encode(&Sha256::digest(id))[..40])
}

/// A Message-ID without its brackets, or nothing where a stranger's header holds anything that is not one.
fn bare_id(text: &str) -> Option<String> {
    let id = text.trim().trim_start_matches('<').trim_end_matches('>');
    let spelled = |c: char| c.is_ascii_graphic() && !"<>()[]\\,;:\"".contains(c);
    let (local, host) = id.split_once('@')?;
    let sound = !local.is_empty() && !host.is_empty() && !host.contains('@') && id.len() <= 250;
    (sound && id.chars().all(spelled)).then(|| id.to_owned())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use chrono::TimeZone;

    pub fn letter(id: &str) -> Outgoing {
        let party = |name: &str, address: &str| Party {
            name: name.to_owned(),
            address: address.parse().unwrap(),
        };
        Outgoing {
            from: party("Panel Credits", "desk@panel.example"),
            to: party("Anna", "anna@example.com"),
            reply_to: None,
            bounces_to: None,
            subject: "Refund approved: $4.00 — C-310".to_owned(),
            text: "Your refund is approved.\n\nIt is on your balance now.".to_owned(),
            html: "<p>Your refund is approved.</p>".to_owned(),
            at: Utc.with_ymd_and_hms(2026, 3, 2, 9, 30, 0).unwrap(),
            message_id: message_id(id, &"desk@panel.example".parse().unwrap()),
            in_reply_to: None,
            references: Vec::new(),
            author: Author::Desk,
        }
    }

    /// Headers unfolded, in order, and the body after them.
    fn read(letter: &Outgoing) -> (Vec<(String, String)>, String) {
        let bytes = String::from_utf8(letter.bytes().unwrap()).unwrap();
        let (head, body) = bytes.split_once("\r\n\r\n").unwrap();
        let head = head.replace("\r\n ", " ");
        let pair = |line: &str| {
            line.split_once(": ")
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .unwrap()
        };
        (head.split("\r\n").map(pair).collect(), body.to_owned())
    }

    fn header(letter: &Outgoing, name: &str) -> Option<String> {
        read(letter)
            .0
            .into_iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value)
    }

    #[test]
    fn a_letter_has_text_and_html_and_says_that_it_is_automatic() {
        let letter = letter("018f-1");
        let bytes = String::from_utf8(letter.bytes().unwrap()).unwrap();
        insta::assert_snapshot!(bytes.replace("\r\n", "\n"), @r#"
        From: "Panel Credits" <desk@panel.example>
        To: Anna <anna@example.com>
        Subject: Refund approved: $4.00 =?utf-8?b?4oCU?= C-310
        Date: Mon, 02 Mar 2026 09:30:00 +0000
        Message-ID: <018f-1@panel.example>
        MIME-Version: 1.0
        Auto-Submitted: auto-generated
        X-Auto-Response-Suppress: All
        Precedence: bulk
        Content-Type: multipart/alternative;
         boundary="=_b9be6bf62848ec84d0a32ef714c73482ff2bcfdd"

        --=_b9be6bf62848ec84d0a32ef714c73482ff2bcfdd
        Content-Type: text/plain; charset=utf-8
        Content-Transfer-Encoding: 7bit

        Your refund is approved.

        It is on your balance now.

        --=_b9be6bf62848ec84d0a32ef714c73482ff2bcfdd
        Content-Type: text/html; charset=utf-8
        Content-Transfer-Encoding: 7bit

        <p>Your refund is approved.</p>

        --=_b9be6bf62848ec84d0a32ef714c73482ff2bcfdd--
        "#);
    }

    #[test]
    fn the_same_letter_makes_the_same_bytes() {
        assert_eq!(letter("018f-1").bytes(), letter("018f-1").bytes());
        assert_ne!(letter("018f-1").bytes(), letter("018f-2").bytes());
    }

    #[test]
    fn what_a_person_wrote_carries_no_automatic_header() {
        let by_hand = Outgoing {
            author: Author::Person,
            ..letter("018f-1")
        };
        for name in ["Auto-Submitted", "X-Auto-Response-Suppress", "Precedence"] {
            assert!(header(&letter("018f-1"), name).is_some());
            assert_eq!(header(&by_hand, name), None);
        }
    }

    /// Forty things that strangers put into names and subjects to get a header or a recipient of their own.
    const INJECTIONS: [&str; 40] = [
        "Bob\r\nX-Evil: 1",
        "Bob\nBcc: x@evil.example",
        "Bob\rBcc: x@evil.example",
        "Bob\r\n\r\nbody",
        "\r\n.\r\nMAIL FROM:<x>",
        "Bob\u{2028}Bcc: x",
        "Bob\u{85}Bcc: x",
        "Bob\u{b}Bcc: x",
        "Bob\u{c}Bcc: x",
        "Bob\0Bcc: x",
        "\u{202e}evil",
        "\u{2066}evil\u{2069}",
        "\u{feff}evil",
        "a\u{200b}b",
        "\u{1b}[31m",
        "\u{7}",
        "\u{7f}",
        "x@evil.example",
        "<x@evil.example>",
        "Bob <x@evil.example>",
        "Bob, x@evil.example",
        "Bob; x@evil.example",
        "\"Bob\" <x@evil.example>,",
        "Bob\\",
        "\\\"",
        "\"",
        "(comment)",
        "=?utf-8?q?Bob=0D=0AX-Evil:_1?=",
        "=?utf-8?b?DQpCY2M6IHhAZXZpbC5leGFtcGxl?=",
        "%0d%0aBcc: x",
        "undisclosed-recipients:;",
        "Bob:",
        ";",
        ",",
        "@",
        "<",
        ">",
        "",
        "  ",
        "Ærøskøbing \u{1f642} 山田",
    ];

    #[test]
    fn no_name_or_subject_adds_a_header_or_a_recipient() {
        let clean = letter("018f-1");
        let names = |letter: &Outgoing| {
            read(letter)
                .0
                .into_iter()
                .map(|(name, _)| name)
                .collect::<Vec<_>>()
        };
        for hostile in INJECTIONS {
            let mut letter = clean.clone();
            letter.from.name = hostile.to_owned();
            letter.to.name = hostile.to_owned();
            letter.subject = hostile.to_owned();
            assert_eq!(names(&letter), names(&clean), "{hostile:?}");
            let to = header(&letter, "To").unwrap();
            assert!(
                to.ends_with("<anna@example.com>") || to == "anna@example.com",
                "{to}"
            );
            let envelope = letter.envelope().unwrap();
            assert_eq!(envelope.to().len(), 1);
            assert_eq!(envelope.to()[0].to_string(), "anna@example.com");
        }
    }

    #[test]
    fn a_panic_in_the_mail_library_is_a_failure_of_one_letter() {
        let hostile = "Bob\r\nX-Evil: 1".to_owned();
        let failed = guarded(|| {
            let mailbox = Mailbox::new(Some(hostile), "a@example.com".parse().unwrap());
            let message = Message::builder()
                .from(mailbox.clone())
                .to(mailbox)
                .body(String::new());
            message
                .map(|message| message.formatted())
                .map_err(unwritable)
        });
        assert!(
            matches!(failed, Err(Failure::Permanent(_))),
            "the library no longer panics: {failed:?}"
        );
    }

    #[test]
    fn a_reply_stands_in_its_thread_and_hostile_ids_are_left_out() {
        let mut reply = letter("018f-1");
        reply.in_reply_to = Some("<parent@example.com>".to_owned());
        reply.references = vec![
            "root@example.com".to_owned(),
            "<a@b>\r\nBcc: x@evil.example".to_owned(),
            "x".repeat(10_000),
            "<no-at-sign>".to_owned(),
            "<parent@example.com>".to_owned(),
        ];
        assert_eq!(
            header(&reply, "In-Reply-To").unwrap(),
            "<parent@example.com>"
        );
        assert_eq!(
            header(&reply, "References").unwrap(),
            "<root@example.com> <parent@example.com>"
        );
        assert_eq!(
            header(&reply, "Message-ID").unwrap(),
            "<018f-1@panel.example>"
        );
        reply.in_reply_to = Some("a@b\r\nBcc: x".to_owned());
        assert_eq!(header(&reply, "In-Reply-To"), None);
    }

    #[test]
    fn only_the_latest_references_are_kept() {
        let mut reply = letter("018f-1");
        reply.references = (0..500).map(|n| format!("<{n}@example.com>")).collect();
        let references = header(&reply, "References").unwrap();
        assert_eq!(references.split(' ').count(), MOST_REFERENCES);
        assert!(references.ends_with("<499@example.com>"));
    }

    #[test]
    fn an_overlong_line_is_wrapped_and_a_million_lines_are_no_matter() {
        let mut long = letter("018f-1");
        long.text = "x".repeat(10_000);
        long.html = "<br>\n".repeat(200_000);
        let bytes = long.bytes().unwrap();
        let longest = bytes
            .split(|byte| *byte == b'\n')
            .map(<[u8]>::len)
            .max()
            .unwrap();
        assert!(
            longest <= 999,
            "{longest} bytes in a line, RFC 5322 allows 998"
        );
    }
}
