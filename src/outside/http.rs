//! Calls to other machines: a payment gateway, a shop's panel. One try a call, no redirect followed, no connection used twice;
//! sizes and times are capped. It either gives the answer or says in one of a few words what went wrong, and whether the other
//! side may have done what was asked all the same. Whoever calls decides what that means.
//!
//! Why so strict: an address is what somebody typed. It must not lead into the network that the desk stands in, so only public
//! addresses are called, and the one that was checked is the one that is called; what is private is named by the operator.

use std::error::Error as Cause;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Client, Method, StatusCode};
use rustls::ClientConfig;
use url::{Host, Url};

use super::reach::{self, Reach, is_public};
use crate::config::Config;

const CONNECTING: Duration = Duration::from_secs(4);
/// All of one call, from the first packet to the last byte of the answer.
const PATIENCE: Duration = Duration::from_secs(12);
/// An answer is a few lines of JSON; a status of a hundred orders is some kilobytes.
const LARGEST: usize = 1024 * 1024;

/// Shared and cheap to clone.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client,
    reach: Reach,
    patience: Duration,
    largest: usize,
}

/// What to ask for. `headers` are names and values in plain ASCII.
#[derive(Debug, Clone, Default)]
pub struct Call {
    pub url: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Body,
}

#[derive(Debug, Clone, Default)]
pub enum Body {
    /// GET.
    #[default]
    None,
    /// POST, as `application/json`.
    Json(Vec<u8>),
    /// POST, as `application/x-www-form-urlencoded`.
    Form(Vec<(String, String)>),
}

/// What came back, with whatever status; a redirect is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

/// All that can go wrong on the way. No words of the other side are in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    #[error("the address is not one that can be called")]
    Address,
    #[error("the address is not public, and is not named in REDRESS_PRIVATE_HOSTS")]
    Private,
    #[error("no connection could be made")]
    Unreachable,
    #[error("no answer came in time")]
    Timeout,
    #[error("the connection broke before the answer was complete")]
    Lost,
    #[error("the answer was too large")]
    TooLarge,
    #[error("the answer was a redirect, and none is followed")]
    Redirected,
}

impl Failure {
    /// Whether the other side may have got the request, and have done what it asks.
    pub fn may_have_arrived(self) -> bool {
        match self {
            Failure::Address | Failure::Private | Failure::Unreachable => false,
            Failure::Timeout | Failure::Lost | Failure::TooLarge | Failure::Redirected => true,
        }
    }
}

impl Answer {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Http {
    /// A client that reaches public addresses and the private hosts of the configuration.
    ///
    /// # Errors
    /// A TLS library that cannot be set up.
    pub fn open(config: &Config) -> Result<Http, String> {
        let reach = Reach::of(config);
        let client = Client::builder()
            .tls_backend_preconfigured(tls()?)
            .dns_resolver(Arc::new(Resolver(reach.clone())))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .http1_only()
            .http1_max_headers(100)
            // A connection that was kept may close under a request: then nobody knows whether it arrived.
            .pool_max_idle_per_host(0)
            .referer(false)
            .user_agent("Redress")
            .connect_timeout(CONNECTING)
            .build()
            .map_err(|cause| format!("outbound calls: {cause}"))?;
        Ok(Http {
            client,
            reach,
            patience: PATIENCE,
            largest: LARGEST,
        })
    }

    /// How long one call may take in all.
    pub fn with_patience(self, patience: Duration) -> Http {
        Http { patience, ..self }
    }

    /// Makes the call, once.
    pub async fn send(&self, call: &Call) -> Result<Answer, Failure> {
        let url = self.checked(&call.url)?;
        let (method, body) = match &call.body {
            Body::None => (Method::GET, None),
            Body::Json(bytes) => (Method::POST, Some(("application/json", bytes.clone()))),
            Body::Form(fields) => {
                let text = serde_urlencoded::to_string(fields).map_err(|_| Failure::Address)?;
                let kind = "application/x-www-form-urlencoded";
                (Method::POST, Some((kind, text.into_bytes())))
            }
        };
        let mut request = self.client.request(method, url).timeout(self.patience);
        for (name, value) in &call.headers {
            let name = HeaderName::try_from(*name).map_err(|_| Failure::Address)?;
            let value = HeaderValue::try_from(value).map_err(|_| Failure::Address)?;
            request = request.header(name, value);
        }
        if let Some((kind, bytes)) = body {
            request = request.header("content-type", kind).body(bytes);
        }
        let answer = request.send().await.map_err(|cause| classed(&cause))?;
        self.read(answer).await
    }

    async fn read(&self, mut answer: reqwest::Response) -> Result<Answer, Failure> {
        let status = answer.status();
        if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
            return Err(Failure::Redirected);
        }
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(|cause| classed(&cause))? {
            if body.len() + piece.len() > self.largest {
                return Err(Failure::TooLarge);
            }
            body.extend_from_slice(&piece);
        }
        Ok(Answer {
            status: status.as_u16(),
            body,
        })
    }

    /// An address in the clear only where it stays on a private host; nobody's name or password in it.
    fn checked(&self, text: &str) -> Result<Url, Failure> {
        let url = Url::parse(text).map_err(|_| Failure::Address)?;
        let host = url.host().ok_or(Failure::Address)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Failure::Address);
        }
        let (name, number) = match host {
            Host::Domain(name) => (name.to_owned(), None),
            Host::Ipv4(number) => (number.to_string(), Some(IpAddr::V4(number))),
            Host::Ipv6(number) => (number.to_string(), Some(IpAddr::V6(number))),
        };
        let private = self.reach.is_private(&name);
        if !private && number.is_some_and(|number| !is_public(number)) {
            return Err(Failure::Private);
        }
        match url.scheme() {
            "https" => Ok(url),
            "http" if private => Ok(url),
            _ => Err(Failure::Address),
        }
    }
}

/// For HTTP/1.1 alone.
fn tls() -> Result<ClientConfig, String> {
    let mut tls = reach::tls().map_err(|cause| format!("outbound calls: {cause}"))?;
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(tls)
}

struct Resolver(Reach);

/// Every address of the name is a private one.
#[derive(Debug, thiserror::Error)]
#[error("not a public address")]
struct NotPublic;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0.clone();
        Box::pin(async move {
            let found = reach.look_up(name.as_str(), 0).await?;
            if found.is_empty() {
                return Err(Box::new(NotPublic) as Box<dyn Cause + Send + Sync>);
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

fn classed(cause: &reqwest::Error) -> Failure {
    let mut inner = cause.source();
    while let Some(cause) = inner {
        if cause.is::<NotPublic>() {
            return Failure::Private;
        }
        inner = cause.source();
    }
    if cause.is_connect() {
        Failure::Unreachable
    } else if cause.is_timeout() {
        Failure::Timeout
    } else if cause.is_builder() {
        Failure::Address
    } else {
        Failure::Lost
    }
}

#[cfg(test)]
mod tests;
