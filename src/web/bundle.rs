//! Several files as one archive, written while it is sent: nothing of it is held but a piece at a time. Entries are stored as they
//! are, under names of ours; a picture or a PDF does not get smaller anyway.

use std::io::{self, Read, Write};

use actix_web::web::Bytes;
use chrono::{DateTime, Datelike, Timelike, Utc};
use futures_util::{Stream, stream};
use tokio::sync::mpsc::{Sender, channel};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::app::{App, blocking};
use crate::error::{Error, Result};

/// How much is sent at a time, and how many such pieces may wait for a slow reader.
const PIECE: usize = 64 * 1024;
const WAITING: usize = 4;

pub struct Entry {
    /// Made of `/` and of letters that every system takes.
    pub name: String,
    pub content: Content,
}

pub enum Content {
    Bytes(Vec<u8>),
    /// A kept file, by its place in the store.
    Kept(String),
}

/// The archive's bytes. Where a kept file cannot be read the stream breaks off: half an archive must not look like a whole one.
pub fn archive(
    app: &App,
    entries: Vec<Entry>,
    made: DateTime<Utc>,
) -> impl Stream<Item = Result<Bytes>> + 'static {
    let (tell, mut told) = channel(WAITING);
    let store = app.store.clone();
    let broken = tell.clone();
    tokio::spawn(async move {
        let written = blocking(move || {
            let open = |blob: &str| store.open(blob);
            write(entries, made, &open, Pipe::new(tell))
        });
        if let Err(error) = written.await {
            // Nobody listens any more where the reader went away.
            let _ = broken.send(Err(error)).await;
        }
    });
    stream::poll_fn(move |context| told.poll_recv(context))
}

fn write(
    entries: Vec<Entry>,
    made: DateTime<Utc>,
    open: &dyn Fn(&str) -> Result<Box<dyn Read + Send>>,
    pipe: Pipe,
) -> Result<()> {
    let failed = |cause: zip::result::ZipError| Error::broken(format!("an archive: {cause}"));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(stamp(made));
    let mut archive = ZipWriter::new_stream(pipe);
    for entry in entries {
        archive.start_file(entry.name, options).map_err(failed)?;
        match entry.content {
            Content::Bytes(bytes) => archive.write_all(&bytes)?,
            Content::Kept(blob) => {
                io::copy(&mut open(&blob)?, &mut archive)?;
            }
        }
    }
    let mut pipe = archive.finish().map_err(failed)?.into_inner();
    Ok(pipe.flush()?)
}

/// What an archive knows of time: to two seconds, from 1980 on.
fn stamp(at: DateTime<Utc>) -> zip::DateTime {
    let small = |number: u32| u8::try_from(number).unwrap_or(0);
    zip::DateTime::from_date_and_time(
        u16::try_from(at.year()).unwrap_or(0),
        small(at.month()),
        small(at.day()),
        small(at.hour()),
        small(at.minute()),
        small(at.second()),
    )
    .unwrap_or_default()
}

/// From the writing thread to the sending one.
struct Pipe {
    tell: Sender<Result<Bytes>>,
    piece: Vec<u8>,
}

impl Pipe {
    fn new(tell: Sender<Result<Bytes>>) -> Pipe {
        Pipe {
            tell,
            piece: Vec::with_capacity(PIECE),
        }
    }

    fn send(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        self.tell
            .blocking_send(Ok(Bytes::from(piece)))
            .map_err(gone)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = PIECE - self.piece.len();
        let taken = bytes.len().min(room);
        self.piece.extend_from_slice(&bytes[..taken]);
        if self.piece.len() == PIECE {
            self.send()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send()
    }
}

/// A name for an entry: letters, digits, point, dash and underscore, the rest of it a dash; never hidden, never empty, not long.
pub fn safe(name: &str) -> String {
    let plain = name.chars().map(|letter| match letter {
        letter if letter.is_ascii_alphanumeric() || "._-".contains(letter) => letter,
        _ => '-',
    });
    let plain: String = plain.collect();
    let plain = plain.trim_matches(['.', '-', '_']);
    let short: String = plain.chars().take(60).collect();
    if short.is_empty() {
        "file".to_owned()
    } else {
        short
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere_and_hides_nothing() {
        for (name, expected) in [
            ("photo.png", "photo.png"),
            ("../../etc/passwd", "etc-passwd"),
            ("..\\..\\CON", "CON"),
            (".htaccess", "htaccess"),
            ("a b/c:d*?\"<>|.txt", "a-b-c-d------.txt"),
            ("\u{202e}gpj.exe", "gpj.exe"),
            ("漢字", "file"),
            ("", "file"),
        ] {
            assert_eq!(safe(name), expected, "{name}");
        }
        assert_eq!(safe(&"a".repeat(500)).len(), 60);
    }

    #[tokio::test]
    async fn what_is_packed_comes_out_again_in_pieces() {
        let (tell, mut told) = channel(1_000);
        let entries = vec![
            Entry {
                name: "one.txt".to_owned(),
                content: Content::Bytes(b"hello".to_vec()),
            },
            Entry {
                name: "originals/two.bin".to_owned(),
                content: Content::Kept("blob".to_owned()),
            },
        ];
        let made = "2026-03-02T09:00:00Z".parse().unwrap();
        let open =
            |_: &str| -> Result<Box<dyn Read + Send>> { Ok(Box::new(io::repeat(7).take(200_000))) };
        blocking(move || write(entries, made, &open, Pipe::new(tell)))
            .await
            .unwrap();
        let mut all = Vec::new();
        while let Ok(piece) = told.try_recv() {
            all.extend_from_slice(&piece.unwrap());
        }
        let mut archive = zip::ZipArchive::new(io::Cursor::new(all)).unwrap();
        let mut text = String::new();
        archive
            .by_name("one.txt")
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, "hello");
        assert_eq!(
            archive.by_name("originals/two.bin").unwrap().size(),
            200_000
        );
    }
}
