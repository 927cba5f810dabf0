//! The HTTP doors: pages, forms, and what they are drawn with. A handler reads through `App::read` and a query, or sends a form to
//! one verb; it writes nothing itself. Read `routes.rs` first: it is the whole map, and says who may pass where.
//!
//! A request goes through, from outside in: its reference and log line, the headers, the Host, the deadlines, its origin, and then
//! the gate of its route, where it also gets its session and its errors their face.

pub mod amount;
pub mod assets;
pub mod bundle;
pub mod chart;
mod deadlines;
pub mod demo;
pub mod faces;
mod fields;
pub mod files;
pub mod filters;
pub mod form;
pub mod gate;
pub mod gateway;
mod headers;
mod health;
mod hosts;
mod kept;
mod lines;
pub mod nav;
pub mod next;
pub mod page;
pub mod paper;
pub mod parts;
pub mod people;
pub mod policies;
pub mod portal;
pub mod queue;
pub mod reports;
pub mod request;
pub mod routes;
pub mod session;
pub mod sheet;
pub mod show;
pub mod styleguide;
pub mod upload;
pub mod when;

use std::io;
use std::net::{SocketAddr, TcpListener};

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::{App as Site, HttpServer, rt, web};

use crate::app::App;

/// More at once wait in the queue of the listening socket.
const CONNECTIONS: usize = 1_000;
/// What is under way when the server is told to stop gets this long to finish.
const PARTING_SECONDS: u64 = 20;

/// A socket of one's own; port 0 takes a free one.
pub fn bind(wanted: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(wanted)
}

/// Serves until SIGTERM or SIGINT, then finishes what is under way. `ready` is called on the runtime once people can come.
pub fn run(
    app: App,
    socket: TcpListener,
    ready: impl FnOnce() -> io::Result<()>,
) -> io::Result<()> {
    rt::System::new().block_on(async move {
        let server = server(app, socket)?;
        ready()?;
        server.await
    })
}

/// The server on a bound socket; it runs when awaited on an actix runtime.
pub fn server(app: App, socket: TcpListener) -> io::Result<Server> {
    let app = web::Data::new(app);
    let site = move || {
        Site::new()
            .app_data(app.clone())
            .wrap(from_fn(hosts::check_origin))
            .wrap(from_fn(deadlines::keep))
            .wrap(from_fn(hosts::check_host))
            .wrap(from_fn(headers::add))
            .wrap(from_fn(request::log))
            .wrap(from_fn(lines::watch))
            .configure(routes::configure)
    };
    let server = HttpServer::new(site)
        .on_connect(lines::open)
        .client_request_timeout(deadlines::HEAD)
        .keep_alive(deadlines::IDLE)
        .max_connections(CONNECTIONS)
        .shutdown_timeout(PARTING_SECONDS)
        .listen(socket)?;
    Ok(server.run())
}
