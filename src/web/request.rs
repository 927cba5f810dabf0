//! What is known of every request before anybody asks who it is: its reference, where it came from, and its line in the log.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest};

use super::gate;
use super::session::Visit;
use crate::clock::Watch;
use crate::ids::secret;

#[derive(Clone)]
struct Reference(String);

const REFERENCE: HeaderName = HeaderName::from_static("x-request-id");

/// Ten letters that a person can read out. "-" outside of a request of ours.
pub fn reference(request: &HttpRequest) -> String {
    let known = request.extensions().get::<Reference>().cloned();
    known.map_or_else(|| "-".to_owned(), |reference| reference.0)
}

/// Gives the request its reference, and writes one line about its answer. Never the address itself: links in mails are secrets,
/// and searches are people's words; the route's pattern says enough.
pub async fn log(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let watch = Watch::start();
    let reference = secret()?.chars().take(10).collect::<String>();
    request
        .extensions_mut()
        .insert(Reference(reference.clone()));
    let method = request.method().clone();
    let mut answer = next.call(request).await?;
    let person = gate::visit(answer.request())
        .ok()
        .and_then(|visit| who(&visit));
    tracing::info!(
        request = reference,
        method = %method,
        route = answer.request().match_pattern().unwrap_or_default(),
        status = answer.status().as_u16(),
        ms = watch.millis(),
        person,
        "answered"
    );
    if let Ok(value) = HeaderValue::from_str(&reference) {
        answer.headers_mut().insert(REFERENCE, value);
    }
    Ok(answer)
}

fn who(visit: &Visit) -> Option<String> {
    visit.person.as_ref().map(|person| person.id.to_string())
}

/// The address at the other end of the line, or, where that is a proxy we trust, the last one it names that is none. Whatever
/// anybody else writes into X-Forwarded-For is ignored.
pub fn ip(request: &HttpRequest, trusted: &[IpAddr]) -> IpAddr {
    let peer = request
        .peer_addr()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    let forwarded = request.headers().get_all("x-forwarded-for");
    let named = forwarded
        .filter_map(|value| value.to_str().ok())
        .collect::<Vec<_>>();
    caller(peer, &named.join(","), trusted)
}

fn caller(peer: IpAddr, forwarded: &str, trusted: &[IpAddr]) -> IpAddr {
    if !trusted.contains(&peer) {
        return peer;
    }
    let hops = forwarded
        .rsplit(',')
        .map_while(|hop| hop.trim().parse::<IpAddr>().ok());
    hops.into_iter()
        .find(|hop| !trusted.contains(hop))
        .unwrap_or(peer)
}

/// What tries are counted by: an IPv6 customer has a whole /64 to try from.
pub fn counted(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
            Some(ip) => ip.to_string(),
            None => {
                let [a, b, c, d, ..] = ip.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).to_string() + "/64"
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trusted_proxy_is_believed_and_only_its_last_word() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let proxies = [ip("10.0.0.1"), ip("10.0.0.2")];
        for (peer, forwarded, expected) in [
            ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
            ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
            (
                "10.0.0.1",
                "6.6.6.6, 198.51.100.1, 10.0.0.2",
                "198.51.100.1",
            ),
            ("10.0.0.1", "6.6.6.6, rubbish, 10.0.0.2", "10.0.0.1"),
            ("10.0.0.1", "", "10.0.0.1"),
        ] {
            assert_eq!(
                caller(ip(peer), forwarded, &proxies),
                ip(expected),
                "{peer} {forwarded}"
            );
        }
    }

    #[test]
    fn an_ipv6_network_counts_as_one() {
        let of = |text: &str| counted(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), of("2001:db8:1:2::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:203.0.113.9"), of("203.0.113.9"));
    }
}
