//! A mail server that takes our letters: how to reach it, how to hand a letter over, and what its refusals mean.
//!
//! What was to be encrypted is never sent in the clear: a server without STARTTLS, or with a certificate that nobody vouches
//! for, gets no letter and no password.

use std::fmt;
use std::time::Duration;

use lettre::address::Envelope;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use percent_encoding::percent_decode_str;
use tokio::time::timeout;

use super::smtp::Failure;
use crate::plain;

/// All of one letter's SMTP, from the first packet on. Below the ten minutes for which a worker leases a letter.
const PATIENCE: Duration = Duration::from_secs(120);
const CONNECTING: Duration = Duration::from_secs(30);
const PARTING: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub struct Relay {
    host: String,
    port: u16,
    security: Security,
    credentials: Option<Credentials>,
    patience: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Security {
    /// TLS from the first byte (`smtps://`).
    Wrapped,
    /// In the clear until STARTTLS, and not one letter before it.
    Starttls,
    Plain,
}

impl Relay {
    /// Reads `smtp://user:password@host:port` (STARTTLS, port 587) or `smtps://…` (TLS at once, port 465). Only with
    /// `?tls=none` are letters sent in the clear, and passwords then only to this machine. User and password are
    /// percent-encoded.
    ///
    /// # Errors
    /// What to write instead; the text holds no password.
    pub fn parse(url: &str) -> Result<Relay, String> {
        let shape = "write smtp://user:password@host:587 or smtps://user:password@host:465";
        let url = url::Url::parse(url).map_err(|cause| format!("{cause}; {shape}"))?;
        let clear = match url.query_pairs().collect::<Vec<_>>().as_slice() {
            [] => false,
            [(name, value)] if name == "tls" && value == "required" => false,
            [(name, value)] if name == "tls" && value == "none" => true,
            _ => return Err("after the ? only tls=required or tls=none is known".to_owned()),
        };
        let (security, port) = match (url.scheme(), clear) {
            ("smtps", false) => (Security::Wrapped, 465),
            ("smtps", true) => {
                return Err("smtps:// is TLS; leave tls=none out or write smtp://".to_owned());
            }
            ("smtp", false) => (Security::Starttls, 587),
            ("smtp", true) => (Security::Plain, 25),
            _ => return Err(shape.to_owned()),
        };
        let host = url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or(shape)?;
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(format!("nothing follows the port; {shape}"));
        }
        let decoded = |text: &str| {
            percent_decode_str(text)
                .decode_utf8()
                .map(|text| text.into_owned())
        };
        let credentials = match (
            decoded(url.username()),
            url.password().map(decoded).transpose(),
        ) {
            (Ok(user), Ok(_)) if user.is_empty() => None,
            (Ok(user), Ok(Some(password))) => Some(Credentials::new(user, password)),
            (Ok(_), Ok(None)) => return Err(format!("a user needs a password; {shape}")),
            _ => return Err("user and password must be percent-encoded UTF-8".to_owned()),
        };
        let here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        if security == Security::Plain && credentials.is_some() && !here {
            return Err(
                "a password is never sent in the clear to another machine; leave tls=none out"
                    .to_owned(),
            );
        }
        Ok(Relay {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: url.port().unwrap_or(port),
            security,
            credentials,
            patience: PATIENCE,
        })
    }

    /// How long one letter may take in all.
    pub fn with_patience(self, patience: Duration) -> Relay {
        Relay { patience, ..self }
    }

    pub(super) async fn hand_over(&self, envelope: &Envelope, bytes: &[u8]) -> Result<(), Failure> {
        let spoken = timeout(self.patience, async {
            // Whatever goes wrong before the letter is named is not the letter's fault, whatever the code says.
            let mut connection = self
                .connect()
                .await
                .map_err(|cause| Failure::Temporary(words(&cause)))?;
            connection
                .send(envelope, bytes)
                .await
                .map_err(|cause| classed(&cause))?;
            Ok(connection)
        });
        match spoken.await {
            Ok(Ok(mut connection)) => {
                // The letter is theirs already; a clumsy farewell must not send it twice.
                let _ = timeout(PARTING, connection.quit()).await;
                Ok(())
            }
            Ok(Err(failure)) => Err(failure),
            Err(_) => Err(Failure::Temporary(format!(
                "The mail server did not finish within {} s",
                self.patience.as_secs()
            ))),
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, SmtpError> {
        let tls = || TlsParameters::new(self.host.clone());
        let hello = ClientId::default();
        let wrapped = match self.security {
            Security::Wrapped => Some(tls()?),
            Security::Starttls | Security::Plain => None,
        };
        let server = (self.host.as_str(), self.port);
        let connecting = Some(CONNECTING.min(self.patience));
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, connecting, &hello, wrapped, None).await?;
        if self.security == Security::Starttls {
            connection.starttls(tls()?, &hello).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }
}

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Relay({}:{}, {:?})", self.host, self.port, self.security)
    }
}

/// 5xx about the letter is final; 4xx, a lost connection and all that is about our own set-up (RFC 4954: sign in first,
/// too weak, refused; RFC 7504: no mail here) waits for the operator or for better times.
fn classed(cause: &SmtpError) -> Failure {
    let about_us = matches!(
        cause.status().map(u16::from),
        Some(521 | 530 | 534 | 535 | 538)
    );
    if cause.is_permanent() && !about_us {
        Failure::Permanent(words(cause))
    } else {
        Failure::Temporary(words(cause))
    }
}

/// The error with its causes, as one short line: the server's words are a stranger's.
fn words(cause: &SmtpError) -> String {
    let mut whole = cause.to_string();
    let mut inner = std::error::Error::source(cause);
    while let Some(cause) = inner {
        let cause_words = cause.to_string();
        if !whole.contains(&cause_words) {
            whole = format!("{whole}: {cause_words}");
        }
        inner = cause.source();
    }
    plain::line(&whole, 300)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relays_are_secure_unless_the_operator_says_otherwise() {
        for (url, host, port, security) in [
            (
                "smtp://mail.example",
                "mail.example",
                587,
                Security::Starttls,
            ),
            (
                "smtp://mail.example:2525/?tls=required",
                "mail.example",
                2525,
                Security::Starttls,
            ),
            (
                "smtps://u:p@mail.example",
                "mail.example",
                465,
                Security::Wrapped,
            ),
            (
                "smtp://localhost?tls=none",
                "localhost",
                25,
                Security::Plain,
            ),
            (
                "smtp://u:p@[::1]:1025?tls=none",
                "::1",
                1025,
                Security::Plain,
            ),
        ] {
            let relay = Relay::parse(url).unwrap();
            assert_eq!(
                (relay.host.as_str(), relay.port, relay.security),
                (host, port, security),
                "{url}"
            );
        }
        let relay = Relay::parse("smtps://desk%40x:p%3Aw+d@mail.example").unwrap();
        assert!(
            relay.credentials == Some(Credentials::new("desk@x".to_owned(), "p:w+d".to_owned()))
        );
        assert!(!format!("{relay:?}").contains("w+d"));
    }

    #[test]
    fn an_unclear_relay_is_refused_without_showing_its_password() {
        for url in [
            "",
            "mail.example",
            "http://mail.example",
            "smtp://",
            "smtp://desk@mail.example",
            "smtp://desk:hunter2@mail.example?tls=none",
            "smtp://desk:hunter2@mail.example?tls=opportunistic",
            "smtps://desk:hunter2@mail.example?tls=none",
            "smtp://desk:hunter2@mail.example/path",
            "smtp://desk:hunter2@mail.example?tls=required&x=1",
            "smtp://desk:hunter2@mail.example:notaport",
            "smtp://desk:%ffhunter2@mail.example",
        ] {
            let words = Relay::parse(url).unwrap_err();
            assert!(!words.contains("hunter2"), "{url}: {words}");
        }
    }
}
