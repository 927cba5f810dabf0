//! Where to go after signing in: only ever to an address of this desk (`?next=` is written by strangers).

use actix_web::HttpRequest;
use actix_web::http::header::REFERER;
use url::form_urlencoded;

use crate::act::Role;

/// The sign-in page that leads back to what was asked for. A form that was sent leads back to the page it stood on.
pub fn door(request: &HttpRequest) -> String {
    let wanted = if request.method().is_safe() {
        request.uri().path_and_query().map(ToString::to_string)
    } else {
        page_before(request)
    };
    match wanted.as_deref().and_then(local) {
        Some(next) if next != "/" => door_to(next),
        _ => "/sign-in".to_owned(),
    }
}

/// The sign-in page that leads to a page of ours.
pub fn door_to(page: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("next", page)
        .finish();
    format!("/sign-in?{query}")
}

/// The page on which a form stood, by the browser's word; not yet looked at.
pub fn page_before(request: &HttpRequest) -> Option<String> {
    let referer = request.headers().get(REFERER)?.to_str().ok()?;
    let page = url::Url::parse(referer).ok()?;
    Some(page[url::Position::BeforePath..url::Position::AfterQuery].to_owned())
}

/// The path, when it is one of this desk: it begins with one slash, and holds nothing that a browser would read as another host
/// or another header.
pub fn local(next: &str) -> Option<&str> {
    let is_local = next.starts_with('/')
        && !next.starts_with("//")
        && next.len() <= 1_000
        && next
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        && !next.to_ascii_lowercase().contains("%0");
    is_local.then_some(next)
}

/// Where a person of that role begins.
pub fn home(role: Role) -> &'static str {
    if role.is_staff() { "/queue" } else { "/portal" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_this_desk_are_followed() {
        for next in [
            "/portal",
            "/queue/claims/C-310?from=mail",
            "/portal/orders/77#units",
        ] {
            assert_eq!(local(next), Some(next));
        }
        for next in [
            "",
            "//evil.test",
            "/\\evil.test",
            "\\/evil.test",
            "https://evil.test",
            "javascript:alert(1)",
            "evil.test",
            "/%0d%0aSet-Cookie:x=1",
            "/\r\nx",
            "/a b",
            "/\u{2028}",
            "///evil",
        ] {
            assert_eq!(local(next), None, "{next:?}");
        }
    }
}
