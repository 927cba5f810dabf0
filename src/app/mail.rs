//! Mails into the store and out of it again, as words. The bytes are safe on disk before a row names them, and are read from there, so
//! that what is shown to the reader is what was kept.

use std::io::{Cursor, Read};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::files::{Kept, LARGEST};
use super::{App, blocking};
use crate::address::Address;
use crate::error::{Error, Result};
use crate::incoming::{Attachment, Incoming};
use crate::outside::kind::Kind;
use crate::outside::{html, mime, names};

pub use mime::LARGEST as LARGEST_MAIL;

/// A mail that is safely in the store and has no row yet.
#[derive(Debug, Clone)]
pub struct RawMail {
    pub blob: String,
    pub bytes: i64,
    pub sha256: String,
    /// Of the content without what mail servers put on top: the same for every delivery of one mail.
    pub digest: String,
    /// The addresses that it is to, as its head says.
    pub names: Vec<Address>,
}

/// A mail as it was read, or why it could not be.
#[derive(Debug, Clone)]
pub struct Reading {
    pub mail: Incoming,
    /// Empty for a mail that could be read.
    pub why_not: String,
}

/// The same for every delivery of a mail: one mail server hands its lines over with a CR, another without.
pub fn digest(raw: &[u8]) -> String {
    let mut hash = Sha256::new();
    let mail = mime::without_trace(raw).trim_ascii_end();
    for line in mail.split(|byte| *byte == b'\n') {
        hash.update(line.strip_suffix(b"\r").unwrap_or(line));
        hash.update(b"\n");
    }
    HEXLOWER.encode(&hash.finalize())
}

impl App {
    /// Puts a mail into the store.
    ///
    /// # Errors
    /// `TooLarge` above [`LARGEST_MAIL`].
    pub async fn keep_mail(&self, raw: Vec<u8>) -> Result<RawMail> {
        let store = self.store.clone();
        blocking(move || {
            let cap = LARGEST_MAIL as u64;
            let stored = store.put(&mut Cursor::new(&raw), "mail.eml", cap)?;
            Ok(RawMail {
                blob: stored.blob,
                bytes: i64::try_from(stored.size).unwrap_or(i64::MAX),
                sha256: stored.sha256,
                digest: digest(&raw),
                names: mime::recipients(&raw),
            })
        })
        .await
    }

    /// Reads a kept mail.
    pub async fn read_mail(&self, blob: &str) -> Result<Reading> {
        let (store, blob) = (self.store.clone(), blob.to_owned());
        blocking(move || {
            let mut raw = Vec::new();
            store.open(&blob)?.read_to_end(&mut raw)?;
            Ok(match mime::read(&raw) {
                Ok(mail) => Reading {
                    mail,
                    why_not: String::new(),
                },
                Err(unreadable) => Reading {
                    mail: *unreadable.head,
                    why_not: unreadable.why,
                },
            })
        })
        .await
    }

    /// The HTML of a mail that was read, safe to look at; or why it is not shown.
    pub async fn safe_html(
        &self,
        html: String,
    ) -> Result<std::result::Result<String, &'static str>> {
        let leaving = format!("{}/queue/mail/leaving?to=", self.config.public_url);
        blocking(move || Ok(html::safe(&html, &leaving))).await
    }

    /// A kept mail, byte by byte.
    pub async fn raw_mail(&self, blob: &str) -> Result<Vec<u8>> {
        let (store, blob) = (self.store.clone(), blob.to_owned());
        blocking(move || {
            let mut raw = Vec::new();
            store.open(&blob)?.read_to_end(&mut raw)?;
            Ok(raw)
        })
        .await
    }

    /// Puts the files of a mail into the store; those that nobody may attach do not go there, and are named in the second list.
    pub async fn keep_attached(&self, files: Vec<Attachment>) -> Result<(Vec<Kept>, Vec<String>)> {
        let store = self.store.clone();
        blocking(move || {
            let (mut kept, mut refused) = (Vec::new(), Vec::new());
            for (at, file) in files.iter().enumerate() {
                let name = names::clean(&file.name, at + 1);
                if !Kind::of(&file.bytes, &file.name).is_welcome() {
                    refused.push(name);
                    continue;
                }
                let stored = store.put(&mut Cursor::new(&file.bytes), &file.name, LARGEST)?;
                kept.push(Kept {
                    name,
                    kind: stored.kind.as_str(),
                    is_welcome: true,
                    bytes: i64::try_from(stored.size).map_err(Error::broken)?,
                    sha256: stored.sha256,
                    blob: stored.blob,
                });
            }
            Ok((kept, refused))
        })
        .await
    }
}
