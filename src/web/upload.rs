//! Forms with files. Each file goes to a temporary one on disk as it arrives, and is cut off at its limit; the fields are read as
//! strictly as any form's. Where the files stay is the handler's to say (`outside/store.rs` types them by their content).

use std::fs::File;
use std::io::Read;
use std::pin::Pin;

use actix_multipart::form::tempfile::TempFile;
use actix_multipart::form::{FieldReader, Limits};
use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::BytesMut;
use actix_web::{FromRequest, HttpRequest};
use futures_util::{Future, TryStreamExt};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::fields;
use super::form::{Form, header, open};
use crate::app::blocking;
use crate::error::{Error, Result};

pub const FILES: usize = 5;
pub const FILE_BYTES: usize = 10 * 1024 * 1024;
const WHOLE_BYTES: usize = 25 * 1024 * 1024;
/// More than a field takes, so that the verb can say how much that is, with the words still in the form.
const TEXT_BYTES: usize = 1024 * 1024;
/// A body that is announced larger is not read at all.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// A sent form with the files that came with it, in their order. Fields without a chosen file are not among them.
#[derive(Debug)]
pub struct Upload<T> {
    pub form: Form<T>,
    pub files: Vec<Incoming>,
}

/// A file that arrived and is not kept yet: it is gone when this is dropped.
#[derive(Debug)]
pub struct Incoming {
    pub field: String,
    /// What the sender called it; never a path.
    pub name: String,
    pub size: usize,
    /// None where it was too large, or one too many.
    file: Option<TempFile>,
}

impl Incoming {
    /// Whether all of it arrived.
    pub fn is_whole(&self) -> bool {
        self.file.is_some()
    }

    /// From its beginning, for reading.
    pub fn open(&self) -> Result<File> {
        match &self.file {
            Some(file) => Ok(file.file.reopen()?),
            None => Err(Error::broken("a file that did not arrive")),
        }
    }
}

impl Incoming {
    fn unread(field: String, name: String) -> Incoming {
        Incoming {
            field,
            name,
            size: 0,
            file: None,
        }
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Upload<T> {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = std::result::Result<Self, actix_web::Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let kind = header(&request, CONTENT_TYPE).unwrap_or_default();
            if !kind.to_lowercase().starts_with("multipart/form-data") {
                return Err(Error::Malformed("not a form with files").into());
            }
            let announced = header(&request, CONTENT_LENGTH).and_then(|it| it.parse::<u64>().ok());
            if announced.is_some_and(|bytes| bytes > MOST_BYTES) {
                return Err(Error::TooLarge("10 MB a file and 25 MB together".to_owned()).into());
            }
            let parts = Multipart::from_request(&request, &mut payload).await?;
            let (values, files) = receive(&request, parts).await?;
            let (files, digests) = blocking(move || read_through(files)).await?;
            fields::once_each(&values)?;
            let sent = open(&request, values.clone(), &digests)?;
            let fields = fields::parse(sent.values().to_vec())?;
            Ok(Upload {
                form: Form::new(fields, sent),
                files,
            })
        })
    }
}

/// Only the fields of a form with files.
pub(super) async fn texts(
    request: &HttpRequest,
    mut payload: Payload,
) -> std::result::Result<Vec<(String, String)>, actix_web::Error> {
    let parts = Multipart::from_request(request, &mut payload).await?;
    Ok(receive(request, parts).await?.0)
}

async fn receive(
    request: &HttpRequest,
    mut parts: Multipart,
) -> Result<(Vec<(String, String)>, Vec<Incoming>)> {
    let (mut values, mut files) = (Vec::new(), Vec::new());
    let mut limits = Limits::new(WHOLE_BYTES, TEXT_BYTES);
    while let Some(part) = parts.try_next().await.map_err(refusal)? {
        let disposition = part.content_disposition();
        let name = part.name().unwrap_or_default().to_owned();
        let Some(file_name) = disposition
            .and_then(|it| it.get_filename())
            .map(str::to_owned)
        else {
            let text = fields::sound(text(part, &mut limits).await?)?;
            values.push((name, text));
            continue;
        };
        if files.len() >= FILES {
            files.push(Incoming::unread(name, file_name));
            continue;
        }
        limits.field_limit_remaining = Some(FILE_BYTES);
        let file = match TempFile::read_field(request, part, &mut limits).await {
            Ok(file) => file,
            Err(MultipartError::Payload(PayloadError::Overflow)) => {
                files.push(Incoming::unread(name, file_name));
                continue;
            }
            Err(cause) => return Err(refusal(cause)),
        };
        limits.field_limit_remaining = None;
        if file_name.is_empty() && file.size == 0 {
            continue;
        }
        files.push(Incoming {
            field: name,
            name: file_name,
            size: file.size,
            file: Some(file),
        });
    }
    Ok((values, files))
}

async fn text(mut part: Field, limits: &mut Limits) -> Result<Vec<u8>> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = part.try_next().await.map_err(refusal)? {
        limits
            .try_consume_limits(chunk.len(), true)
            .map_err(refusal)?;
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.to_vec())
}

fn refusal(cause: MultipartError) -> Error {
    let io = match &cause {
        MultipartError::Payload(PayloadError::Overflow) => {
            return Error::TooLarge("10 MB a file and 25 MB together".to_owned());
        }
        MultipartError::Payload(PayloadError::Io(io)) => Some(io.kind()),
        _ => None,
    };
    tracing::debug!(%cause, ?io, "an upload broke off");
    Error::Malformed("an upload that cannot be read")
}

/// The digests of the contents, for the form's fingerprint.
fn read_through(files: Vec<Incoming>) -> Result<(Vec<Incoming>, Vec<String>)> {
    let mut digests = Vec::new();
    for incoming in files.iter().filter(|incoming| incoming.is_whole()) {
        let (mut hash, mut file) = (Sha256::new(), incoming.open()?);
        let mut piece = vec![0; 64 * 1024];
        loop {
            match file.read(&mut piece)? {
                0 => break,
                read => hash.update(piece.get(..read).unwrap_or_default()),
            }
        }
        digests.push(data_encoding::HEXLOWER.encode(&hash.finalize()));
    }
    Ok((files, digests))
}
