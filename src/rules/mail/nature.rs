//! Whether a person wrote a mail. Headers lie, so this only ever takes rights away: what a machine may have written is never
//! answered and opens nothing again (RFC 3834, RFC 5321 4.5.5).

use crate::rules::words::words;

words! { Nature {
    /// Nothing speaks against a person.
    Person = "person",
    /// Through a list, or sent to many: read, but not answered by itself.
    Bulk = "bulk",
    /// An answering program or a program of any kind: filed.
    Automatic = "automatic",
    /// A mail server about a letter of ours.
    Bounce = "bounce",
} }

/// What a mail's headers say of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Signs<'a> {
    pub auto_submitted: Option<&'a str>,
    pub precedence: Option<&'a str>,
    pub is_list: bool,
    pub is_autoreply: bool,
    pub is_report: bool,
    /// Empty for the null sender.
    pub envelope_from: Option<&'a str>,
    /// The address in `From`; empty where it has none.
    pub from: &'a str,
    pub subject: &'a str,
}

/// Mailboxes of mail servers; their mail is about mail.
const SERVERS: [&str; 2] = ["mailer-daemon", "postmaster"];
/// Mailboxes that nobody reads.
const UNREAD: [&str; 6] = [
    "no-reply",
    "noreply",
    "do-not-reply",
    "donotreply",
    "no_reply",
    "notifications",
];
/// How answering programs begin a subject that say nothing in their headers.
const ABSENT: [&str; 8] = [
    "automatic reply:",
    "auto reply:",
    "autoreply:",
    "auto-reply:",
    "out of office",
    "out of the office",
    "automatische antwort:",
    "abwesenheitsnotiz",
];

pub fn nature(signs: &Signs) -> Nature {
    let word = |text: Option<&str>| {
        let first = text.unwrap_or("").split([';', ' ', '(']).next();
        first.unwrap_or("").trim().to_ascii_lowercase()
    };
    let mailbox = signs.from.split('@').next().unwrap_or("");
    if signs.is_report {
        return Nature::Bounce;
    }
    let by_program = !matches!(word(signs.auto_submitted).as_str(), "" | "no");
    let precedence = word(signs.precedence);
    let subject = signs.subject.trim().to_lowercase();
    let is_absent = ABSENT.iter().any(|absent| subject.starts_with(absent));
    if SERVERS.contains(&mailbox) {
        return Nature::Bounce;
    }
    if by_program
        || signs.is_autoreply
        || is_absent
        || precedence == "auto_reply"
        || signs.envelope_from.is_some_and(is_null)
    {
        return Nature::Automatic;
    }
    let to_many = matches!(precedence.as_str(), "bulk" | "junk" | "list");
    if signs.is_list || to_many || UNREAD.contains(&mailbox) {
        return Nature::Bulk;
    }
    Nature::Person
}

/// Postfix hands the null sender to a pipe by a name, where nobody told it otherwise, and Dovecot writes that down.
fn is_null(sender: &str) -> bool {
    sender.is_empty() || sender.eq_ignore_ascii_case("mailer-daemon")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_known_by_any_of_its_signs_and_a_person_by_none() {
        let person = Signs {
            from: "anna@harbor.example",
            subject: "Order 12",
            envelope_from: Some("anna@harbor.example"),
            ..Signs::default()
        };
        let given = |change: fn(&mut Signs<'static>)| {
            let mut signs = person;
            change(&mut signs);
            nature(&signs)
        };
        assert_eq!(given(|_| {}), Nature::Person);
        assert_eq!(given(|it| it.auto_submitted = Some("no")), Nature::Person);
        assert_eq!(given(|it| it.envelope_from = None), Nature::Person);
        assert_eq!(
            given(|it| it.subject = "Office chair never came"),
            Nature::Person
        );
        for automatic in [
            (|it| it.auto_submitted = Some("auto-replied")) as fn(&mut Signs<'static>),
            |it| it.auto_submitted = Some("Auto-Generated; owner-email=x@y.example"),
            |it| it.is_autoreply = true,
            |it| it.precedence = Some("auto_reply"),
            |it| it.envelope_from = Some(""),
            |it| it.envelope_from = Some("MAILER-DAEMON"),
            |it| it.subject = "Automatic reply: Refund approved",
            |it| it.subject = "Out of Office until Monday",
        ] {
            assert_eq!(given(automatic), Nature::Automatic);
        }
        for bulk in [
            (|it| it.is_list = true) as fn(&mut Signs<'static>),
            |it| it.precedence = Some("Bulk"),
            |it| it.precedence = Some("list"),
            |it| it.from = "no-reply@slack.example",
        ] {
            assert_eq!(given(bulk), Nature::Bulk);
        }
        for bounce in [
            (|it| it.is_report = true) as fn(&mut Signs<'static>),
            |it| it.from = "mailer-daemon@mx.example",
            |it| it.from = "postmaster@mx.example",
        ] {
            assert_eq!(given(bounce), Nature::Bounce);
        }
    }
}
