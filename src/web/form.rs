//! Forms, read strictly: an unknown or a doubled field, or bytes that are no text, come from no page of ours and are refused with
//! 400; a token that is not this session's, with 403. What a person can mend is not judged here: fields arrive as text, and the
//! verb says what is wrong with them.
//!
//! `form.submit` runs a verb under the form's key, so that sending the same form twice does the work once.

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use futures_util::{Future, StreamExt};
use serde::de::DeserializeOwned;

use super::page::{Filled, redirect};
use super::parts::Tone;
use super::session::flash_cookie;
use super::{fields, gate};
use crate::act::Act;
use crate::app::App;
use crate::db::Tx;
use crate::desk::forms::{self, Done};
use crate::error::{Error, Fields, Result};
use crate::ids::{digest, secret};

/// The names that every form may carry besides its own fields (`templates/parts/form.html`).
pub(super) const CSRF: &str = "csrf";
pub(super) const KEY: &str = "idempotency_key";

/// A sent form with the fields of `T` (text, or `Option` where a field may be missing or empty); at most `LIMIT` bytes.
#[derive(Debug)]
pub struct Form<T, const LIMIT: usize = 524_288> {
    pub fields: T,
    sent: Sent,
}

/// The fields of a form that has none of its own.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Nothing {}

/// What was sent, as it was.
#[derive(Debug)]
pub(super) struct Sent {
    values: Vec<(String, String)>,
    key: Option<String>,
    /// Of the address and all fields: the same again, or something else under the same key?
    fingerprint: String,
}

impl Sent {
    pub(super) fn values(&self) -> &[(String, String)] {
        &self.values
    }
}

impl<T, const LIMIT: usize> Form<T, LIMIT> {
    pub(super) fn new(fields: T, sent: Sent) -> Self {
        Form { fields, sent }
    }

    /// The form again as it was typed, with what is wrong beside each field. Passwords are never shown again.
    pub fn again(&self, problems: &Fields) -> Filled {
        let values = self.sent.values.iter();
        let values = values.filter(|(name, _)| !name.contains("password"));
        Filled::refused(values.cloned().collect(), problems)
    }

    /// Runs the work once for this form's key, in one transaction with the note that it was done, and leads on to where its
    /// answer says. The same form again gets the same answer; the same key with other contents is refused.
    pub async fn submit(
        &self,
        app: &App,
        act: Act,
        mut work: impl FnMut(&mut Tx, &Act, &T) -> Result<Done> + Send + 'static,
    ) -> Result<HttpResponse>
    where
        T: Clone + Send + 'static,
    {
        let Some(key) = self.sent.key.clone() else {
            return Err(Error::Malformed("the form came without its key"));
        };
        let (fields, print) = (self.fields.clone(), self.sent.fingerprint.clone());
        let done = app
            .write(move |tx| forms::once(tx, &act, &key, &print, |tx| work(tx, &act, &fields)))
            .await?;
        leading_to(app, &done)
    }
}

impl<T, const LIMIT: usize> Form<T, LIMIT> {
    /// Runs work that may be done again with other contents: an answer that is kept in the place of an earlier one. The browser's
    /// back button brings back the same form, and what is typed there then counts.
    pub async fn keep(
        &self,
        app: &App,
        act: Act,
        mut work: impl FnMut(&mut Tx, &Act, &T) -> Result<Done> + Send + 'static,
    ) -> Result<HttpResponse>
    where
        T: Clone + Send + 'static,
    {
        let fields = self.fields.clone();
        let done = app.write(move |tx| work(tx, &act, &fields)).await?;
        leading_to(app, &done)
    }
}

/// 303, with the sentence for the page that it leads to.
pub fn leading_to(app: &App, done: &Done) -> Result<HttpResponse> {
    let mut answer = redirect(&done.location);
    if !done.flash.is_empty() {
        let cookie = flash_cookie(app, Tone::Ok, &done.flash)?;
        answer
            .add_cookie(&cookie)
            .map_err(|cause| Error::Internal(cause.into()))?;
    }
    Ok(answer)
}

/// A key for a form that is about to be shown.
pub fn new_key() -> Result<String> {
    secret()
}

impl<T: DeserializeOwned + 'static, const LIMIT: usize> FromRequest for Form<T, LIMIT> {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = std::result::Result<Self, actix_web::Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let body = body(&request, payload, LIMIT).await?;
            let sent = open(&request, fields::decode(&body)?, &[])?;
            Ok(Form {
                fields: fields::parse(sent.values.clone())?,
                sent,
            })
        })
    }
}

pub(super) async fn body(
    request: &HttpRequest,
    mut payload: Payload,
    limit: usize,
) -> std::result::Result<Vec<u8>, actix_web::Error> {
    let kind = header(request, CONTENT_TYPE).unwrap_or_default();
    if !kind
        .to_lowercase()
        .starts_with("application/x-www-form-urlencoded")
    {
        return Err(Error::Malformed("not a form").into());
    }
    if header(request, CONTENT_ENCODING).is_some() {
        return Err(Error::Malformed("a form is never compressed").into());
    }
    let too_large = || Error::TooLarge(format!("{} kB for this form", limit / 1024));
    let announced = header(request, CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large().into());
    }
    let mut body = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk?;
        if body.len() + chunk.len() > limit {
            return Err(too_large().into());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

pub(super) fn header(request: &HttpRequest, name: HeaderName) -> Option<&str> {
    request.headers().get(name)?.to_str().ok()
}

/// Checks the token and sets the form's own fields apart. `files` are the digests of what was uploaded with it.
pub(super) fn open(
    request: &HttpRequest,
    mut values: Vec<(String, String)>,
    files: &[String],
) -> Result<Sent> {
    let mut take = |name: &str| {
        let at = values.iter().position(|(known, _)| known == name)?;
        Some(values.remove(at).1)
    };
    let (csrf, key) = (take(CSRF), take(KEY));
    if !gate::visit(request)?.knows(&csrf.unwrap_or_default()) {
        return Err(Error::Forged);
    }
    if key
        .as_ref()
        .is_some_and(|key| key.len() != 64 || !key.bytes().all(|byte| byte.is_ascii_hexdigit()))
    {
        return Err(Error::Malformed("the form's key is none of ours"));
    }
    let contents = serde_json::to_string(&(request.path(), &values, files))?;
    Ok(Sent {
        fingerprint: digest(&contents),
        values,
        key,
    })
}
