//! One mail address, spelled the only way we accept. Stricter than RFC 5321 on purpose: whatever two programs could read
//! as two different mailboxes (comments, quotes, encoded words, source routes, literals) is refused at the door.
//!
//! Every boundary parses into [`Address`]; past it nobody asks again. Lower case throughout, so one mailbox is one account.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// A mailbox such as `anna@example.com`; the host is in its IDNA form (`bücher.example` is `xn--bcher-kva.example`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadAddress {
    #[error("Enter an email address, such as name@example.com")]
    Empty,
    #[error("An email address has one @ between the name and the host, such as name@example.com")]
    At,
    #[error(
        "Before the @ use letters, digits and . _ + ' - only; it cannot begin or end with a dot"
    )]
    Mailbox,
    #[error("After the @ write the full host name, such as example.com")]
    Host,
    #[error("This email address is too long to deliver to")]
    TooLong,
}

impl Address {
    /// Reads one address; blanks around it are forgiven, nothing else is. At most 64 characters before the `@` and 254
    /// in all (RFC 5321, 4.5.3.1, with the path's brackets taken off).
    pub fn parse(text: &str) -> Result<Address, BadAddress> {
        let text = text.trim_matches(' ');
        if text.is_empty() {
            return Err(BadAddress::Empty);
        }
        let (mailbox, host) = text.split_once('@').ok_or(BadAddress::At)?;
        if host.contains('@') {
            return Err(BadAddress::At);
        }
        if mailbox.len() > 64 || text.len() > 1000 {
            return Err(BadAddress::TooLong);
        }
        let whole = format!("{}@{}", local(mailbox)?, domain(host)?);
        if whole.len() > 254 {
            return Err(BadAddress::TooLong);
        }
        Ok(Address(whole))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What follows the `@`.
    pub fn host(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, host)| host)
    }

    /// For logs: enough to recognise, not enough to write to.
    pub fn masked(&self) -> String {
        let first = self.0.chars().next().unwrap_or('?');
        format!("{first}…@{}", self.host())
    }
}

fn local(mailbox: &str) -> Result<String, BadAddress> {
    let spelled = |c: char| c.is_ascii_alphanumeric() || "._+'-".contains(c);
    let dotted =
        mailbox.starts_with(['.', '-']) || mailbox.ends_with('.') || mailbox.contains("..");
    if mailbox.is_empty() || dotted || !mailbox.chars().all(spelled) {
        return Err(BadAddress::Mailbox);
    }
    Ok(mailbox.to_ascii_lowercase())
}

/// A name in the domain name system with at least one dot; never a number, which would be a machine and not a host name.
fn domain(host: &str) -> Result<String, BadAddress> {
    // Before IDNA, because its mapping would turn symbols into dots, slashes and at-signs.
    if !host
        .chars()
        .all(|c| c.is_alphanumeric() || c == '-' || c == '.')
    {
        return Err(BadAddress::Host);
    }
    let Ok(url::Host::Domain(name)) = url::Host::parse(host) else {
        return Err(BadAddress::Host);
    };
    let sound = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    if !name.contains('.') || name.len() > 253 || !name.split('.').all(sound) {
        return Err(BadAddress::Host);
    }
    Ok(name)
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        Address::parse(text)
    }
}

impl TryFrom<String> for Address {
    type Error = BadAddress;

    fn try_from(text: String) -> Result<Self, BadAddress> {
        Address::parse(&text)
    }
}

impl From<Address> for String {
    fn from(address: Address) -> String {
        address.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn these_addresses_are_accepted_and_spelled_one_way() {
        let long = format!("{}@example.com", "a".repeat(64));
        for (given, expected) in [
            ("anna@example.com", "anna@example.com"),
            ("Anna@Example.COM", "anna@example.com"),
            (" anna@example.com ", "anna@example.com"),
            ("a@b.co", "a@b.co"),
            ("anna.b@example.com", "anna.b@example.com"),
            ("anna+tag@example.com", "anna+tag@example.com"),
            ("anna_b@example.com", "anna_b@example.com"),
            ("anna-b@example.com", "anna-b@example.com"),
            ("anna-@example.com", "anna-@example.com"),
            ("o'hara@example.com", "o'hara@example.com"),
            ("_x@example.com", "_x@example.com"),
            ("1@example.com", "1@example.com"),
            ("anna@mail.example.com", "anna@mail.example.com"),
            ("anna@ex-ample.com", "anna@ex-ample.com"),
            ("anna@123.example.com", "anna@123.example.com"),
            ("anna@3com.com", "anna@3com.com"),
            ("anna@bücher.example", "anna@xn--bcher-kva.example"),
            ("anna@BÜCHER.example", "anna@xn--bcher-kva.example"),
            ("anna@xn--bcher-kva.example", "anna@xn--bcher-kva.example"),
            ("anna@例え.jp", "anna@xn--r8jz45g.jp"),
            ("anna@ｅxample.com", "anna@example.com"),
            (long.as_str(), long.as_str()),
        ] {
            assert_eq!(
                Address::parse(given).as_ref().map(Address::as_str),
                Ok(expected),
                "{given:?}"
            );
        }
    }

    #[test]
    fn t06_these_addresses_are_refused_and_say_what_to_change() {
        use BadAddress::*;
        let (long_name, long_host) = (
            format!("{}@example.com", "a".repeat(65)),
            format!("a@{}.com", "b".repeat(64)),
        );
        let long_all = format!("annaanna@{}com", "abcdefgh.".repeat(27));
        for (given, expected) in [
            ("", Empty),
            ("   ", Empty),
            ("anna", At),
            ("anna@b@example.com", At),
            ("a@x, b@y", At),
            ("<anna@example.com>", Mailbox),
            ("Anna <anna@example.com>", Mailbox),
            ("\"anna\"@example.com", Mailbox),
            ("\"ceo@y\" <a@x>", At),
            ("anna(comment)@example.com", Mailbox),
            ("=?utf-8?q?=41=40evil.com=3e=20?=@example.com", Mailbox),
            ("-oQ/tmp@example.com", Mailbox),
            ("-anna@example.com", Mailbox),
            ("a%b@example.com", Mailbox),
            ("a!b@example.com", Mailbox),
            (".anna@example.com", Mailbox),
            ("anna.@example.com", Mailbox),
            ("an..na@example.com", Mailbox),
            ("an na@example.com", Mailbox),
            ("anna\r\nBcc: x@example.com", Mailbox),
            ("anna\0@example.com", Mailbox),
            ("\tanna@example.com", Mailbox),
            ("ännä@example.com", Mailbox),
            ("аnna@example.com", Mailbox),
            ("@example.com", Mailbox),
            ("anna@", Host),
            ("anna@localhost", Host),
            ("anna@[127.0.0.1]", Host),
            ("anna@127.0.0.1", Host),
            ("anna@0x7f.1", Host),
            ("anna@[::1]", Host),
            ("anna@example.com.", Host),
            ("anna@.example.com", Host),
            ("anna@example..com", Host),
            ("anna@-example.com", Host),
            ("anna@example-.com", Host),
            ("anna@exam_ple.com", Host),
            ("anna@ex%61mple.com", Host),
            ("anna@example.com/x", Host),
            ("anna@example.com\r\nRCPT", Host),
            ("anna@exa\u{200b}mple.com", Host),
            ("anna@example。com", Host),
            ("anna@℀.com", Host),
            ("anna@example.com:25", Host),
            (long_name.as_str(), TooLong),
            (long_host.as_str(), Host),
            (long_all.as_str(), TooLong),
        ] {
            assert_eq!(Address::parse(given), Err(expected), "{given:?}");
        }
    }

    #[test]
    fn a_log_line_names_the_host_but_not_the_mailbox() {
        assert_eq!(
            Address::parse("anna@example.com").unwrap().masked(),
            "a…@example.com"
        );
    }
}
