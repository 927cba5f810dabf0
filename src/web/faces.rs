//! What an error looks like from outside: a page for people, JSON for programs. The only place that gives statuses to reasons.
//! What nobody expected is logged here, once, under the request's reference; the page shows the reference and nothing else of it.

use actix_web::dev::ServiceResponse;
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CACHE_CONTROL, HeaderValue, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use chrono::{DateTime, Utc};

use super::page::{Crumb, Frame, Refusal, redirect, render_as};
use super::session::Visit;
use super::{filters, gate, next, request, routes};
use crate::act::Role;
use crate::error::{Code, Error, Result};

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        match self {
            Error::Invalid(_) | Error::Refused { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Error::NotFound => StatusCode::NOT_FOUND,
            Error::Forbidden | Error::Forged => StatusCode::FORBIDDEN,
            Error::SignIn => StatusCode::UNAUTHORIZED,
            Error::Stale => StatusCode::CONFLICT,
            Error::Throttled(_) => StatusCode::TOO_MANY_REQUESTS,
            Error::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Error::Malformed(_) => StatusCode::BAD_REQUEST,
            Error::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Bare: the gate gives it its face, because only there the request is known.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(status_of(self))
    }
}

fn status_of(error: &Error) -> StatusCode {
    match error {
        Error::Refused { code, .. } => status_for(*code),
        other => other.status_code(),
    }
}

/// What a refusal is for the browser: the state of things stands against it, the person does, or the deed itself.
pub fn status_for(code: Code) -> StatusCode {
    match code {
        Code::KeyReused | Code::AlreadyDone | Code::AlreadyOpen | Code::OverCeiling => {
            StatusCode::CONFLICT
        }
        Code::OwnClaim => StatusCode::FORBIDDEN,
        Code::LinkSpent => StatusCode::GONE,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// Replaces the bare answer of a handler that failed.
pub fn put_on(response: ServiceResponse) -> ServiceResponse {
    let Some(error) = response.response().error() else {
        return response;
    };
    let face = match error.as_error::<Error>() {
        Some(error) => of(response.request(), error),
        None => of_status(
            response.request(),
            error.as_response_error().status_code(),
            error,
        ),
    };
    response.into_response(face)
}

/// The face of a reason.
pub fn of(request: &HttpRequest, error: &Error) -> HttpResponse {
    let reference = request::reference(request);
    if let Error::Internal(cause) = error {
        tracing::error!(request = reference, cause = format!("{cause:#}"), "failed");
    }
    if matches!(error, Error::SignIn) && !is_for_programs(request) {
        return redirect(&next::door(request));
    }
    let visit = gate::visit(request).ok();
    let role = visit.as_ref().and_then(|visit| visit.role());
    let mut answer = if is_for_programs(request) {
        body(error, &reference)
    } else {
        let words = words(error, visit.as_deref());
        page(
            visit.as_deref(),
            status_of(error),
            words,
            way_on(role),
            reference,
        )
    };
    if let Error::Throttled(until) = error {
        let now = visit.map_or_else(|| now(request), |visit| visit.now);
        let seconds = (*until - now).num_seconds().max(1);
        answer
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    answer
}

/// Whether JSON is spoken at that address.
pub fn is_for_programs(request: &HttpRequest) -> bool {
    request.path().starts_with("/api/")
}

/// Without a page around it, for those who are not even at the right address.
pub fn plain(status: StatusCode) -> HttpResponse {
    let reason = status.canonical_reason().unwrap_or("Refused");
    HttpResponse::build(status)
        .content_type("text/plain; charset=utf-8")
        .body(format!("{reason}\n"))
}

/// For the tail of the sitemap: nothing is at this address.
pub async fn no_such_page() -> Result<HttpResponse> {
    Err(Error::NotFound)
}

/// For a known address under a method that it does not answer to.
pub async fn method_not_allowed(request: HttpRequest) -> HttpResponse {
    let methods = routes::methods_of(&request.match_pattern().unwrap_or_default());
    let words = Words::new(
        "That cannot be done here",
        ["This address does not take that kind of request.".to_owned()],
    );
    let reference = request::reference(&request);
    let mut answer = page(
        None,
        StatusCode::METHOD_NOT_ALLOWED,
        words,
        way_on(None),
        reference,
    );
    if let Ok(allow) = HeaderValue::from_str(&methods.join(", ")) {
        answer.headers_mut().insert(ALLOW, allow);
    }
    answer
}

/// What the framework itself refused.
fn of_status(request: &HttpRequest, status: StatusCode, error: &actix_web::Error) -> HttpResponse {
    let timed_out = error
        .as_error::<PayloadError>()
        .is_some_and(|error| matches!(error, PayloadError::Io(cause) if cause.kind() == std::io::ErrorKind::TimedOut));
    if timed_out {
        return plain(StatusCode::REQUEST_TIMEOUT);
    }
    match status {
        StatusCode::NOT_FOUND => of(request, &Error::NotFound),
        StatusCode::PAYLOAD_TOO_LARGE => {
            of(request, &Error::TooLarge("what this form takes".into()))
        }
        status if status.is_client_error() => {
            of(request, &Error::Malformed("the request cannot be read"))
        }
        _ => of(request, &Error::broken(error)),
    }
}

/// A heading, and what to do next.
struct Words {
    heading: String,
    advice: Vec<String>,
}

impl Words {
    fn new(heading: &str, advice: impl Into<Vec<String>>) -> Words {
        Words {
            heading: heading.to_owned(),
            advice: advice.into(),
        }
    }
}

fn words(error: &Error, visit: Option<&Visit>) -> Words {
    let said = |heading: &str, advice: &str| Words::new(heading, [advice.to_owned()]);
    match error {
        Error::Invalid(fields) => {
            let problems = fields.iter().map(|(_, message)| message.to_owned());
            Words::new("There is a problem", problems.collect::<Vec<_>>())
        }
        Error::Refused { words, .. } => said("That is not possible", words),
        Error::NotFound => said(
            "There is no such page",
            "The address may be mistyped, or what was there is not yours to see.",
        ),
        Error::Forbidden => match visit.and_then(Visit::role) {
            Some(Role::Customer) => said(
                "This part is for the people who work here",
                "Your orders, requests and balance are on your own pages.",
            ),
            _ => said(
                "Your role does not include this",
                "A manager can do it, or give you the role for it.",
            ),
        },
        Error::Forged => said(
            "This page is out of date",
            "Nothing was changed. Go back, reload the page and send it again.",
        ),
        Error::SignIn => said("Sign in first", "Then try again."),
        Error::Stale => said(
            "Somebody changed this while you were looking",
            "Nothing of yours was saved. Reload the page, see what is new, and decide again.",
        ),
        Error::Throttled(until) => Words::new("Too many tries", [wait(*until, visit)]),
        Error::TooLarge(limit) => {
            Words::new("That is too large", [format!("The limit is {limit}.")])
        }
        Error::Malformed(_) => said(
            "This request cannot be read",
            "Go back, reload the page and send it again.",
        ),
        Error::Busy => said(
            "The desk is very busy at the moment",
            "Nothing was changed. Try again in a few seconds.",
        ),
        Error::Internal(_) => said(
            "Something went wrong on our side",
            "Nothing was changed. It has been noted; try again in a few minutes.",
        ),
    }
}

fn wait(until: DateTime<Utc>, visit: Option<&Visit>) -> String {
    match visit {
        Some(visit) => {
            let minutes = ((until - visit.now).num_seconds().max(1) + 59) / 60;
            let minutes = filters::plural(minutes.unsigned_abs(), "minute", "minutes");
            format!("Try again in {minutes}.")
        }
        None => "Try again later.".to_owned(),
    }
}

fn way_on(role: Option<Role>) -> Crumb {
    let (label, href) = match role {
        None => ("To the front page", "/"),
        Some(Role::Customer) => ("To your pages", "/portal"),
        Some(_) => ("To the queue", "/queue"),
    };
    Crumb {
        label: label.to_owned(),
        href: href.to_owned(),
    }
}

fn page(
    visit: Option<&Visit>,
    status: StatusCode,
    words: Words,
    way_on: Crumb,
    reference: String,
) -> HttpResponse {
    let frame = match visit {
        Some(visit) => visit.frame(&words.heading),
        None => Frame {
            title: words.heading.clone(),
            here: "/".to_owned(),
            ..Frame::default()
        },
    };
    let mut answer = render_as(
        status,
        &Refusal {
            frame,
            status: status.as_u16().to_string(),
            heading: words.heading,
            advice: words.advice,
            way_on: Some(way_on),
            request: status.is_server_error().then_some(reference),
        },
    );
    answer
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

fn body(error: &Error, reference: &str) -> HttpResponse {
    let (code, message) = match error {
        Error::Invalid(_) => ("invalid", error.to_string()),
        Error::Refused { code, words } => (code.name(), words.clone()),
        Error::NotFound => ("not_found", error.to_string()),
        Error::Forbidden | Error::Forged => ("forbidden", error.to_string()),
        Error::SignIn => ("unauthorised", error.to_string()),
        Error::Stale => ("stale", error.to_string()),
        Error::Throttled(_) => ("throttled", error.to_string()),
        Error::TooLarge(_) => ("too_large", error.to_string()),
        Error::Malformed(_) => ("malformed", error.to_string()),
        Error::Busy => ("busy", error.to_string()),
        Error::Internal(_) => ("internal", "something went wrong on our side".to_owned()),
    };
    let fields = match error {
        Error::Invalid(fields) => fields
            .iter()
            .map(|(field, message)| (field.to_owned(), message.into()))
            .collect(),
        _ => serde_json::Map::new(),
    };
    HttpResponse::build(status_of(error)).json(serde_json::json!({
        "code": code, "message": message, "fields": fields, "request": reference,
    }))
}

fn now(request: &HttpRequest) -> DateTime<Utc> {
    gate::app(request).map_or(DateTime::UNIX_EPOCH, |app| app.now())
}
