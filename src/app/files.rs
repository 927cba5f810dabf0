//! Uploads into the store and out of it. What a file is was read from its bytes when it came; its row carries the word for that,
//! and what a browser is told on the way out follows from the word alone.

use std::fs::File;
use std::io::Read;

use super::{App, blocking};
use crate::error::Result;
use crate::outside::kind::Kind;
use crate::outside::names;

/// The largest file that is taken, in bytes.
pub const LARGEST: u64 = 10 * 1024 * 1024;

/// A file that is safely in the store and has no row yet.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Fit to show and to put in a header.
    pub name: String,
    pub kind: &'static str,
    /// Whether a customer may attach it: no web page, no program, nothing unknown.
    pub is_welcome: bool,
    pub bytes: i64,
    pub sha256: String,
    pub blob: String,
}

impl App {
    /// Puts an upload into the store. `name` is what the sender called it.
    ///
    /// # Errors
    /// `TooLarge` above [`LARGEST`].
    pub async fn keep(&self, name: String, mut content: File) -> Result<Kept> {
        let store = self.store.clone();
        blocking(move || {
            let stored = store.put(&mut content, &name, LARGEST)?;
            Ok(Kept {
                name: names::clean(&name, 1),
                kind: stored.kind.as_str(),
                is_welcome: stored.kind.is_welcome(),
                bytes: i64::try_from(stored.size).unwrap_or(i64::MAX),
                sha256: stored.sha256,
                blob: stored.blob,
            })
        })
        .await
    }

    /// Takes files out of the store again that no row came to own.
    pub async fn forget(&self, blobs: Vec<String>) -> Result<()> {
        let store = self.store.clone();
        blocking(move || blobs.iter().try_for_each(|blob| store.delete(blob))).await
    }

    /// The content of a kept file, from its beginning.
    pub async fn content(&self, blob: String) -> Result<Box<dyn Read + Send>> {
        let store = self.store.clone();
        blocking(move || store.open(&blob)).await
    }
}

/// What a browser is told that a file is, from the word in its row: pictures are pictures, anything else is bytes.
pub fn media_type(kind: &str) -> &'static str {
    Kind::parse(kind).unwrap_or(Kind::Other).media_type()
}

/// The header that makes a browser save a file instead of showing it.
pub fn disposition(name: &str) -> String {
    names::disposition(name)
}
