//! How long a request may take. The server itself only limits the head of a connection's first request: a body that trickles in a
//! byte a second would hold its connection for hours. So each body has a deadline that grows with its announced size, and each
//! request one for everything together.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpResponse, ResponseError};
use futures_util::Stream;
use tokio::time::{Sleep, sleep, timeout};

use super::{faces, gate, headers};

/// The head of a request, on a new connection.
pub const HEAD: Duration = Duration::from_secs(5);
/// An idle connection is kept this long.
pub const IDLE: Duration = Duration::from_secs(10);
const WHOLE: Duration = Duration::from_secs(60);
const WHOLE_UPLOAD: Duration = Duration::from_secs(300);
const BODY: Duration = Duration::from_secs(30);
/// Slower than this, a body that is larger is not worth waiting for.
const BYTES_A_SECOND: u64 = 50_000;

pub async fn keep(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let tls = gate::app(request.request())?.config.tls();
    let is_upload =
        header(&request, CONTENT_TYPE).is_some_and(|kind| kind.starts_with("multipart/"));
    let announced = header(&request, CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    let body = BODY + Duration::from_secs(announced.unwrap_or(0) / BYTES_A_SECOND);
    let whole = if is_upload { WHOLE_UPLOAD } else { WHOLE };
    let payload = request.take_payload();
    request.set_payload(Payload::Stream {
        payload: Box::pin(Hurried {
            payload,
            bell: Box::pin(sleep(body.min(whole))),
        }),
    });
    match timeout(whole, next.call(request)).await {
        Ok(answer) => answer,
        Err(_) => Err(Late { tls }.into()),
    }
}

fn header(request: &ServiceRequest, name: actix_web::http::header::HeaderName) -> Option<&str> {
    request.headers().get(name)?.to_str().ok()
}

/// A body that breaks off when its bell rings.
struct Hurried {
    payload: Payload,
    bell: Pin<Box<Sleep>>,
}

impl Stream for Hurried {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Poll::Ready(chunk) = Pin::new(&mut self.payload).poll_next(cx) {
            return Poll::Ready(chunk);
        }
        self.bell
            .as_mut()
            .poll(cx)
            .map(|()| Some(Err(PayloadError::Io(std::io::ErrorKind::TimedOut.into()))))
    }
}

/// Everything together took too long. The request is gone by then, so this answer is made without the middleware.
#[derive(Debug)]
struct Late {
    tls: bool,
}

impl std::fmt::Display for Late {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the request took too long")
    }
}

impl ResponseError for Late {
    fn status_code(&self) -> StatusCode {
        StatusCode::SERVICE_UNAVAILABLE
    }

    fn error_response(&self) -> HttpResponse {
        let mut face = faces::plain(self.status_code());
        headers::put(face.headers_mut(), self.tls);
        face
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::StreamExt;
    use futures_util::stream::{iter, pending};

    fn hurried(payload: impl Stream<Item = Result<Bytes, PayloadError>> + 'static) -> Hurried {
        Hurried {
            payload: Payload::Stream {
                payload: Box::pin(payload),
            },
            bell: Box::pin(sleep(Duration::from_millis(5))),
        }
    }

    #[tokio::test]
    async fn a_body_that_comes_in_time_comes_whole() {
        let pieces = [Ok(Bytes::from("ab")), Ok(Bytes::from("c"))];
        let body = hurried(iter(pieces))
            .map(Result::unwrap)
            .collect::<Vec<_>>()
            .await;
        assert_eq!(body.concat(), b"abc");
    }

    #[tokio::test]
    async fn a_body_that_trickles_is_broken_off() {
        let mut body = hurried(iter([Ok(Bytes::from("a"))]).chain(pending()));
        assert_eq!(body.next().await.unwrap().unwrap(), "a");
        let broken = body.next().await.unwrap().unwrap_err();
        assert!(
            matches!(broken, PayloadError::Io(cause) if cause.kind() == std::io::ErrorKind::TimedOut)
        );
    }
}
