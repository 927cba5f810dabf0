//! A mailbox at another server, read over IMAP (RFC 3501): signed in to, listed, its mails taken out one by one and marked as seen. What
//! is kept and how far it was read is the caller's to remember (`worker/imap.rs`).
//!
//! Mail is never fetched in a way that marks it as seen. Every step has a deadline and a limit of bytes, and a step that was refused or
//! broke off is a failure: the library's own calls take both for an empty answer, so each command is asked and heard out here.
//! What was to be encrypted is never sent in the clear.

mod account;
mod wire;

use std::io::{Error as IoError, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use async_imap::error::Error as ImapError;
use async_imap::imap_proto::{
    AttributeValue, Capability, MailboxDatum, Response, ResponseCode, Status,
};
use async_imap::{Client, Session};
use chrono::{DateTime, Utc};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::reach::{self, Reach};
use crate::config::Config;
use wire::{Metered, Wire};

pub use account::{Account, Security};

/// One step: a connection, a command with its answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// As many steps' time for a whole mail, 25 MB on a slow line; and for all the steps until a folder is open.
const LONG: u32 = 4;
const PARTING: Duration = Duration::from_secs(2);
/// What one answer may bring, beside a mail that was asked for.
const CHATTER: usize = 64 * 1024;
/// A line for each mail of a folder with a few hundred thousand of them.
const LISTING: usize = 32 * 1024 * 1024;
/// Of a mail that is not fetched whole.
const HEAD: usize = 64 * 1024;

/// Shared and cheap to clone.
#[derive(Clone)]
pub struct Imap {
    reach: Reach,
    tls: TlsConnector,
    patience: Duration,
}

/// All that can go wrong, each with what somebody can do about it. No words of the other side are in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    #[error("there is no such mail server; its name may be misspelt")]
    NoHost,
    #[error("the mail server's address is not public, and is not named in REDRESS_PRIVATE_HOSTS")]
    Private,
    #[error("the mail server does not answer")]
    Unreachable,
    #[error("nobody vouches for the mail server's certificate, so no password was sent there")]
    Untrusted,
    #[error(
        "the mail server offers no encryption, so no password was sent there; imaps:// may work"
    )]
    InTheClear,
    #[error("the mail server does not take this user and password; set them anew")]
    SignIn,
    #[error("there is no such folder in the mailbox")]
    NoFolder,
    #[error("the mail server refuses to hand over the mail")]
    Refused,
    #[error("the mail server did not answer in time")]
    Timeout,
    #[error("the connection to the mail server broke")]
    Lost,
    #[error("what the mail server says does not read")]
    Unread,
    #[error("the mail server sends more than was asked for")]
    TooMuch,
}

/// A folder that is open, and the numbers that its mails have.
#[derive(Debug)]
pub struct Visit {
    session: Session<Metered<Box<dyn Wire>>>,
    patience: Duration,
    pub uid_validity: u32,
    /// Above the number of every mail that is there; 0 where the server does not say.
    pub uid_next: u32,
    /// Whether it tells of new mail by itself (RFC 2177).
    pub tells: bool,
    /// It told of a new mail beside the answer to something else.
    news: bool,
}

/// A mail in the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    pub uid: u32,
    pub bytes: u32,
    /// When the server took it in; `None` where it does not say.
    pub at: Option<DateTime<Utc>>,
}

impl Imap {
    /// # Errors
    /// A TLS library that cannot be set up.
    pub fn open(config: &Config) -> Result<Imap, String> {
        let tls = reach::tls().map_err(|cause| format!("mailboxes: {cause}"))?;
        Ok(Imap {
            reach: Reach::of(config),
            tls: TlsConnector::from(Arc::new(tls)),
            patience: PATIENCE,
        })
    }

    /// How long one step may take.
    pub fn with_patience(self, patience: Duration) -> Imap {
        Imap { patience, ..self }
    }

    /// Signs in and opens the folder.
    pub async fn visit(&self, account: &Account) -> Result<Visit, Failure> {
        in_time(self.patience * LONG, self.enter(account)).await
    }

    async fn enter(&self, account: &Account) -> Result<Visit, Failure> {
        let wire = self.connect(account).await?;
        let greeted = account.security == Security::Starttls;
        let mut client = Client::new(wire);
        if !greeted {
            in_time(self.patience, greeting(&mut client)).await?;
        }
        let signing = async { client.login(&account.login, &account.password).await };
        let session = match timeout(self.patience, signing).await {
            Err(_) => return Err(Failure::Timeout),
            Ok(Ok(session)) => session,
            Ok(Err((cause, _))) => {
                return Err(match classed(&cause) {
                    Failure::Refused => Failure::SignIn,
                    other => other,
                });
            }
        };
        let mut visit = Visit {
            session,
            patience: self.patience,
            uid_validity: 0,
            uid_next: 0,
            tells: false,
            news: false,
        };
        visit.capabilities().await?;
        visit.select(&account.folder).await?;
        Ok(visit)
    }

    async fn connect(&self, account: &Account) -> Result<Metered<Box<dyn Wire>>, Failure> {
        if account.security == Security::None && !self.reach.is_private(&account.host) {
            return Err(Failure::InTheClear);
        }
        let reaching = self.reach.look_up(&account.host, account.port);
        let found = timeout(self.patience, reaching)
            .await
            .map_err(|_| Failure::Timeout)?
            .map_err(|_| Failure::NoHost)?;
        if found.is_empty() {
            return Err(Failure::Private);
        }
        let stream = timeout(self.patience, TcpStream::connect(found.as_slice()))
            .await
            .map_err(|_| Failure::Unreachable)?
            .map_err(|_| Failure::Unreachable)?;
        Ok(match account.security {
            Security::None => Metered::new(Box::new(stream)),
            Security::Tls => Metered::new(self.encrypted(account, stream).await?),
            Security::Starttls => {
                let mut client = Client::new(Metered::new(stream));
                in_time(self.patience, async {
                    greeting(&mut client).await?;
                    let asked = client.run_command_and_check_ok("STARTTLS", None).await;
                    asked.map_err(|cause| match classed(&cause) {
                        Failure::Refused => Failure::InTheClear,
                        other => other,
                    })
                })
                .await?;
                // Whatever somebody put in before the encryption began is thrown away with the client.
                let stream = client.into_inner().into_inner();
                Metered::new(self.encrypted(account, stream).await?)
            }
        })
    }

    async fn encrypted(
        &self,
        account: &Account,
        stream: TcpStream,
    ) -> Result<Box<dyn Wire>, Failure> {
        let name = ServerName::try_from(account.host.clone()).map_err(|_| Failure::NoHost)?;
        let shaking = timeout(self.patience, self.tls.connect(name, stream));
        match shaking.await.map_err(|_| Failure::Timeout)? {
            Ok(stream) => Ok(Box::new(stream)),
            Err(cause) if cause.kind() == ErrorKind::InvalidData => Err(Failure::Untrusted),
            Err(_) => Err(Failure::Lost),
        }
    }
}

impl Visit {
    async fn capabilities(&mut self) -> Result<(), Failure> {
        let mut tells = false;
        self.ask("CAPABILITY", CHATTER, |response| {
            if let Response::Capabilities(all) = response {
                let idle = |one: &Capability| matches!(one, Capability::Atom(name) if name.eq_ignore_ascii_case("IDLE"));
                tells = tells || all.iter().any(idle);
            }
        })
        .await?;
        self.tells = tells;
        Ok(())
    }

    async fn select(&mut self, folder: &str) -> Result<(), Failure> {
        let (mut validity, mut next) = (None, None);
        let quoted = folder.replace('\\', "\\\\").replace('"', "\\\"");
        let command = format!("SELECT \"{quoted}\"");
        let asked = self.ask(&command, CHATTER, |response| {
            if let Response::Data { outcome, .. } = response {
                match outcome.code {
                    Some(ResponseCode::UidValidity(number)) => validity = Some(number),
                    Some(ResponseCode::UidNext(number)) => next = Some(number),
                    _ => {}
                }
            }
        });
        match asked.await {
            Err(Failure::Refused) => return Err(Failure::NoFolder),
            other => other?,
        }
        self.uid_validity = validity.ok_or(Failure::Unread)?;
        self.uid_next = next.unwrap_or(0);
        Ok(())
    }

    /// The mails above a number, in order.
    pub async fn above(&mut self, uid: u32) -> Result<Vec<Listed>, Failure> {
        self.news = false;
        let mut found = Vec::new();
        let from = uid.saturating_add(1);
        let command = format!("UID FETCH {from}:* (UID RFC822.SIZE INTERNALDATE)");
        self.ask(&command, LISTING, |response| {
            if let Response::Fetch(_, values) = response {
                found.extend(listed(values));
            }
        })
        .await?;
        // `n:*` names the last mail even where its number is below n.
        found.retain(|mail| mail.uid > uid);
        found.sort_by_key(|mail| mail.uid);
        found.dedup_by_key(|mail| mail.uid);
        Ok(found)
    }

    /// A mail as it is; `None` where somebody has taken it away meanwhile.
    pub async fn whole(&mut self, mail: &Listed) -> Result<Option<Vec<u8>>, Failure> {
        let most = usize::try_from(mail.bytes).unwrap_or(usize::MAX);
        self.body(mail.uid, "BODY.PEEK[]", most.saturating_add(CHATTER))
            .await
    }

    /// The first of a mail's headers, for one that is not fetched whole.
    pub async fn head(&mut self, mail: &Listed) -> Result<Option<Vec<u8>>, Failure> {
        let part = format!("BODY.PEEK[HEADER]<0.{HEAD}>");
        self.body(mail.uid, &part, HEAD + CHATTER).await
    }

    async fn body(
        &mut self,
        uid: u32,
        part: &str,
        most: usize,
    ) -> Result<Option<Vec<u8>>, Failure> {
        let mut found = None;
        let patience = self.patience;
        self.patience = patience * LONG;
        let asked = self
            .ask(&format!("UID FETCH {uid} (UID {part})"), most, |response| {
                if let Response::Fetch(_, values) = response
                    && values
                        .iter()
                        .any(|it| matches!(it, AttributeValue::Uid(it) if *it == uid))
                {
                    found = found.take().or_else(|| body(values));
                }
            })
            .await;
        self.patience = patience;
        asked?;
        Ok(found)
    }

    /// Marks a mail as seen: for people who look into the mailbox.
    ///
    /// # Errors
    /// `Refused` where the folder is only to be read.
    pub async fn mark(&mut self, uid: u32) -> Result<(), Failure> {
        let command = format!("UID STORE {uid} +FLAGS.SILENT (\\Seen)");
        self.ask(&command, CHATTER, |_| {}).await
    }

    /// Waits until the server tells of a new mail, at most so long. Says whether it did.
    pub async fn wait(&mut self, at_most: Duration) -> Result<bool, Failure> {
        if std::mem::take(&mut self.news) {
            return Ok(true);
        }
        self.session.as_mut().allow(CHATTER);
        let beginning = self.session.run_command("IDLE");
        let tag = timeout(self.patience, beginning)
            .await
            .map_err(|_| Failure::Timeout)?
            .map_err(|cause| classed(&cause))?;
        let told = match timeout(at_most, self.told()).await {
            Ok(told) => told?,
            Err(_) => false,
        };
        let ending = async {
            let done = self.session.run_command_untagged("DONE").await;
            done.map_err(|cause| classed(&cause))?;
            loop {
                let response = self.session.read_response().await;
                let response = response.map_err(|cause| broken(&cause))?;
                match response.ok_or(Failure::Lost)?.parsed() {
                    Response::Done {
                        tag: ended, status, ..
                    } if *ended == tag => return verdict(status),
                    _ => {}
                }
            }
        };
        in_time(self.patience, ending).await?;
        Ok(told)
    }

    async fn told(&mut self) -> Result<bool, Failure> {
        loop {
            let response = self.session.read_response().await;
            let response = response.map_err(|cause| broken(&cause))?;
            match response.ok_or(Failure::Lost)?.parsed() {
                Response::MailboxData(MailboxDatum::Exists(_)) => return Ok(true),
                Response::Done { .. } => return Err(Failure::Refused),
                Response::Data {
                    status: Status::Bye,
                    ..
                } => return Err(Failure::Lost),
                _ => {}
            }
        }
    }

    /// Goes away. What the server says to that is of no interest.
    pub async fn leave(mut self) {
        let _ = timeout(PARTING, self.session.run_command_and_check_ok("LOGOUT")).await;
    }

    /// One command, all of its answer, and whether it was obeyed.
    async fn ask(
        &mut self,
        command: &str,
        most: usize,
        mut hear: impl FnMut(&Response<'_>),
    ) -> Result<(), Failure> {
        self.session.as_mut().allow(most);
        let (session, news) = (&mut self.session, &mut self.news);
        let asking = async {
            let tag = session.run_command(command).await;
            let tag = tag.map_err(|cause| classed(&cause))?;
            loop {
                let response = session.read_response().await;
                let response = response.map_err(|cause| broken(&cause))?;
                match response.ok_or(Failure::Lost)?.parsed() {
                    Response::Done {
                        tag: ended, status, ..
                    } if *ended == tag => return verdict(status),
                    Response::MailboxData(MailboxDatum::Exists(_)) => *news = true,
                    other => hear(other),
                }
            }
        };
        in_time(self.patience, asking).await
    }
}

/// A server that says it knows us already has not asked for a password, and is none of ours.
async fn greeting<T: Wire>(client: &mut Client<Metered<T>>) -> Result<(), Failure> {
    client.get_mut().allow(CHATTER);
    let said = client.read_response().await;
    let said = said.map_err(|cause| broken(&cause))?;
    match said.ok_or(Failure::Lost)?.parsed() {
        Response::Data {
            status: Status::Ok, ..
        } => Ok(()),
        Response::Data {
            status: Status::Bye,
            ..
        } => Err(Failure::Refused),
        _ => Err(Failure::Unread),
    }
}

fn listed(values: &[AttributeValue<'_>]) -> Option<Listed> {
    let mut mail = Listed {
        uid: 0,
        bytes: 0,
        at: None,
    };
    for value in values {
        match value {
            AttributeValue::Uid(uid) => mail.uid = *uid,
            AttributeValue::Rfc822Size(bytes) => mail.bytes = *bytes,
            AttributeValue::InternalDate(text) => {
                let at = DateTime::parse_from_str(text.trim(), "%d-%b-%Y %H:%M:%S %z");
                mail.at = at.ok().map(|at| at.with_timezone(&Utc));
            }
            _ => {}
        }
    }
    // A server may tell of flags unasked; that is no listing.
    (mail.uid > 0 && mail.bytes > 0).then_some(mail)
}

fn body(values: &[AttributeValue<'_>]) -> Option<Vec<u8>> {
    values.iter().find_map(|value| match value {
        AttributeValue::BodySection { data, .. } => data.as_ref().map(|data| data.to_vec()),
        _ => None,
    })
}

async fn in_time<T>(
    patience: Duration,
    step: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    timeout(patience, step)
        .await
        .unwrap_or(Err(Failure::Timeout))
}

fn verdict(status: &Status) -> Result<(), Failure> {
    match status {
        Status::Ok => Ok(()),
        Status::No | Status::Bad => Err(Failure::Refused),
        _ => Err(Failure::Unread),
    }
}

/// The library's errors quote what the server sent, a mail among it: only their kind is kept.
fn classed(cause: &ImapError) -> Failure {
    match cause {
        ImapError::Io(cause) => broken(cause),
        ImapError::No(_) | ImapError::Bad(_) => Failure::Refused,
        ImapError::ConnectionLost => Failure::Lost,
        ImapError::Validate(_) => Failure::Refused,
        _ => Failure::Unread,
    }
}

fn broken(cause: &IoError) -> Failure {
    match cause.kind() {
        ErrorKind::FileTooLarge => Failure::TooMuch,
        ErrorKind::Other => Failure::Unread,
        _ => Failure::Lost,
    }
}

#[cfg(test)]
mod tests;
