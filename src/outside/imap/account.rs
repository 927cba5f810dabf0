//! How a mailbox is reached, read from one line as an operator types it.

use std::fmt;

use percent_encoding::percent_decode_str;
use url::Url;

/// A mailbox at another server.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    pub host: String,
    pub port: u16,
    pub security: Security,
    pub login: String,
    pub password: String,
    pub folder: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (`imaps://`).
    Tls,
    /// In the clear until STARTTLS, and no password before it.
    Starttls,
    /// Never encrypted: inside one's own network alone.
    None,
}

const SHAPE: &str = "write imaps://user@host/INBOX, the user percent-encoded (desk%40mine.example)";
/// The longest name, folder and password.
const LONGEST: usize = 250;

impl Security {
    pub fn word(self) -> &'static str {
        match self {
            Security::Tls => "tls",
            Security::Starttls => "starttls",
            Security::None => "none",
        }
    }

    pub fn of(word: &str) -> Option<Security> {
        [Security::Tls, Security::Starttls, Security::None]
            .into_iter()
            .find(|known| known.word() == word)
    }
}

impl Account {
    /// Reads `imaps://user@host:port/FOLDER` (TLS at once, port 993) or `imap://…` (STARTTLS, port 143). Only with `?tls=none` is a
    /// password sent in the clear, and then only to a host that the operator named as private. The folder is INBOX unless it is named.
    ///
    /// # Errors
    /// What to write instead; the text holds no password.
    pub fn parse(url: &str, password: &str) -> Result<Account, String> {
        let url = Url::parse(url.trim()).map_err(|cause| format!("{cause}; {SHAPE}"))?;
        if url.password().is_some() {
            return Err(format!(
                "a password in a command line is read by others; {SHAPE}"
            ));
        }
        let clear = match url.query() {
            None => false,
            Some("tls=none") => true,
            Some(_) => return Err("after the ? only tls=none is known".to_owned()),
        };
        let (security, port) = match (url.scheme(), clear) {
            ("imaps", false) => (Security::Tls, 993),
            ("imap", false) => (Security::Starttls, 143),
            ("imap", true) => (Security::None, 143),
            ("imaps", true) => {
                return Err("imaps:// is TLS; leave tls=none out or write imap://".to_owned());
            }
            _ => return Err(SHAPE.to_owned()),
        };
        let host = url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or(SHAPE)?;
        let plain = |what: &str, text: &str| {
            let text = percent_decode_str(text).decode_utf8();
            text.ok()
                .filter(|text| {
                    text.len() <= LONGEST && text.chars().all(|c| matches!(c, ' '..='~'))
                })
                .map(|text| text.into_owned())
                .ok_or_else(|| format!("the {what} must be plain ASCII, percent-encoded; {SHAPE}"))
        };
        let login = plain("user", url.username())?;
        if login.is_empty() {
            return Err(format!("a user is missing; {SHAPE}"));
        }
        let folder = plain("folder", url.path().trim_start_matches('/'))?;
        let password = password.trim_end_matches(['\r', '\n']);
        if password.is_empty() || password.len() > LONGEST || password.chars().any(char::is_control)
        {
            return Err("the password file must hold one line, the password".to_owned());
        }
        Ok(Account {
            host: host.trim_matches(['[', ']']).to_ascii_lowercase(),
            port: url.port().unwrap_or(port),
            security,
            login,
            password: password.to_owned(),
            folder: match folder.as_str() {
                "" => "INBOX".to_owned(),
                _ => folder,
            },
        })
    }
}

/// For a log: without the password.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Account({}@{}:{}/{}, {:?})",
            self.login, self.host, self.port, self.folder, self.security
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_is_encrypted_unless_the_operator_says_otherwise() {
        for (url, host, port, security, folder) in [
            (
                "imaps://desk@mail.example",
                "mail.example",
                993,
                Security::Tls,
                "INBOX",
            ),
            (
                "imaps://desk@mail.example:1993/Support",
                "mail.example",
                1993,
                Security::Tls,
                "Support",
            ),
            (
                "imap://desk@mail.example/",
                "mail.example",
                143,
                Security::Starttls,
                "INBOX",
            ),
            (
                "imap://desk@[::1]:1143/a%20b?tls=none",
                "::1",
                1143,
                Security::None,
                "a b",
            ),
        ] {
            let account = Account::parse(url, "hunter2\n").unwrap();
            assert_eq!(
                (
                    account.host.as_str(),
                    account.port,
                    account.security,
                    account.folder.as_str()
                ),
                (host, port, security, folder),
                "{url}"
            );
            assert_eq!(account.password, "hunter2");
            assert!(!format!("{account:?}").contains("hunter2"));
            assert_eq!(Security::of(security.word()), Some(security));
        }
        let account = Account::parse("imaps://desk%40mine.example@mail.example", "x").unwrap();
        assert_eq!(account.login, "desk@mine.example");
    }

    #[test]
    fn an_unclear_mailbox_is_refused_without_showing_its_password() {
        for url in [
            "",
            "mail.example",
            "https://desk@mail.example",
            "imaps://mail.example",
            "imaps://desk:hunter2@mail.example",
            "imaps://desk@mail.example?tls=none",
            "imap://desk@mail.example?tls=maybe",
            "imaps://d%0d%0aesk@mail.example",
            "imaps://desk@mail.example/Post%C3%A9",
        ] {
            let words = Account::parse(url, "secret").unwrap_err();
            assert!(
                !words.contains("hunter2") && !words.contains("secret"),
                "{url}: {words}"
            );
        }
        for password in ["", "\n", "two\nlines"] {
            assert!(Account::parse("imaps://desk@mail.example", password).is_err());
        }
    }
}
