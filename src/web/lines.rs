//! Connections that are kept open between requests. The server limits how long the head of a connection's *first* request may take,
//! and how long nothing at all may come; a later head that trickles in would have no end. So whoever has begun no whole request
//! some time after the last answer went out is hung up on.

use std::any::Any;
use std::os::fd::AsFd;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Extensions, ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::rt;
use actix_web::web::Bytes;
use tokio::time::sleep;

use super::deadlines::{HEAD, IDLE};

struct Line {
    socket: std::net::TcpStream,
    requests: AtomicU64,
}

/// Called once for each connection.
pub fn open(io: &dyn Any, extensions: &mut Extensions) {
    let Some(stream) = io.downcast_ref::<rt::net::TcpStream>() else {
        return;
    };
    match stream.as_fd().try_clone_to_owned() {
        Ok(socket) => {
            extensions.insert(Arc::new(Line {
                socket: socket.into(),
                requests: AtomicU64::new(0),
            }));
        }
        Err(cause) => tracing::warn!(%cause, "a connection goes unwatched"),
    }
}

pub async fn watch(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse, actix_web::Error> {
    let line = request.conn_data::<Arc<Line>>().cloned();
    let begun = line
        .as_ref()
        .map(|line| line.requests.fetch_add(1, Ordering::Relaxed) + 1);
    let answer = next.call(request).await?.map_into_boxed_body();
    let (Some(line), Some(begun)) = (line, begun) else {
        return Ok(answer);
    };
    let bell = Bell {
        line: Arc::downgrade(&line),
        begun,
    };
    Ok(answer.map_body(|_, body| BoxBody::new(Watched { body, _bell: bell })))
}

/// An answer on its way; the wait for the next request begins when it is out.
struct Watched {
    body: BoxBody,
    _bell: Bell,
}

impl MessageBody for Watched {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}

/// Rings some time after it is dropped. It does not keep the line from being closed earlier.
struct Bell {
    line: Weak<Line>,
    begun: u64,
}

impl Drop for Bell {
    fn drop(&mut self) {
        let (line, begun) = (self.line.clone(), self.begun);
        rt::spawn(async move {
            sleep(IDLE + HEAD).await;
            if let Some(line) = line.upgrade()
                && line.requests.load(Ordering::Relaxed) == begun
                && let Err(cause) = line.socket.shutdown(std::net::Shutdown::Both)
            {
                tracing::debug!(%cause, "hung up already");
            }
        });
    }
}
