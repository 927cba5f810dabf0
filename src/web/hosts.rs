//! Two questions asked of every request: is it for us (the Host that it names), and, where it changes something, does it come from
//! a page of ours (what the browser says about its origin)? The token in each form is the third leg (`form.rs`).
//!
//! Forwarding headers are never read here: `connection_info()` believes anybody's.

use actix_web::HttpRequest;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{HOST, HeaderName, ORIGIN, REFERER};
use actix_web::middleware::Next;

use super::{faces, gate};
use crate::error::Error;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// 421 for a Host that is not ours: a link built from a stranger's Host would lead to a stranger.
pub async fn check_host(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse, actix_web::Error> {
    let app = gate::app(request.request())?;
    let ours = |host: &str| app.config.hosts.iter().any(|known| known == host);
    let uri = request
        .uri()
        .authority()
        .map(|authority| name_of(authority.as_str()));
    let status = match only(request.request(), HOST) {
        None => Some(StatusCode::BAD_REQUEST),
        Some(host) if !ours(&name_of(host)) || uri.is_some_and(|uri| !ours(&uri)) => {
            Some(StatusCode::MISDIRECTED_REQUEST)
        }
        Some(_) => None,
    };
    match status {
        Some(status) => {
            let face = faces::plain(status);
            Ok(request.into_response(face))
        }
        None => Ok(next.call(request).await?.map_into_boxed_body()),
    }
}

/// 403 for a change that another site's page asks for. Programs come with a token of their own instead of a cookie and are asked
/// for that; a request that says nothing about its origin comes from no browser, and still needs the form's token.
pub async fn check_origin(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse, actix_web::Error> {
    let public_url = gate::app(request.request())?.config.public_url.clone();
    let changes = !request.method().is_safe() && !faces::is_for_programs(request.request());
    if changes && !is_ours(request.request(), &public_url) {
        let face = faces::of(request.request(), &Error::Forged);
        return Ok(request.into_response(face));
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

fn is_ours(request: &HttpRequest, public_url: &str) -> bool {
    if request.headers().contains_key(SEC_FETCH_SITE) {
        return matches!(only(request, SEC_FETCH_SITE), Some("same-origin" | "none"));
    }
    let named = [ORIGIN, REFERER]
        .into_iter()
        .find(|name| request.headers().contains_key(name));
    match named {
        None => true,
        Some(name) => only(request, name).is_some_and(|origin| {
            is_same_origin(origin, public_url, only(request, HOST).unwrap_or_default())
        }),
    }
}

/// Scheme, host and port as those of the public address, or as those of the (already checked) Host that was asked.
fn is_same_origin(origin: &str, public_url: &str, host: &str) -> bool {
    let (Ok(origin), Ok(public)) = (url::Url::parse(origin), url::Url::parse(public_url)) else {
        return false;
    };
    if origin.origin() == public.origin() {
        return true;
    }
    url::Url::parse(&format!("{}://{host}", public.scheme()))
        .is_ok_and(|asked| asked.origin() == origin.origin())
}

/// The header's value, where it stands there exactly once.
fn only(request: &HttpRequest, name: HeaderName) -> Option<&str> {
    let mut values = request.headers().get_all(name);
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    value.to_str().ok()
}

/// A host's name without its port, in lower case.
fn name_of(host: &str) -> String {
    let name = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next(),
        None => host.split(':').next(),
    };
    name.unwrap_or_default().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_ours_by_scheme_host_and_port() {
        let ours = |origin: &str| is_same_origin(origin, "https://desk.test", "desk.lan:8600");
        assert!(
            ours("https://desk.test")
                && ours("https://desk.test/sign-in")
                && ours("https://desk.lan:8600")
        );
        for foreign in [
            "http://desk.test",
            "https://desk.test.evil.test",
            "https://desk.lan",
            "null",
            "",
            "https://desk.test:444",
        ] {
            assert!(!ours(foreign), "{foreign}");
        }
    }

    #[test]
    fn a_host_is_compared_without_its_port_and_case() {
        assert_eq!(name_of("Desk.Test:443"), "desk.test");
        assert_eq!(name_of("[::1]:8600"), "::1");
        assert_eq!(name_of("desk.test@evil.test"), "desk.test@evil.test");
    }
}
