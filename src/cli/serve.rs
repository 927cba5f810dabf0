//! `redress serve`: the web server, and the worker beside it unless told otherwise.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};

use anyhow::Context;

use super::{Place, log_to_stderr};
use crate::app::App;
use crate::clock::Clock;
use crate::web;

/// Serve the desk until told to stop.
#[derive(Debug, clap::Args)]
pub struct Serve {
    #[command(flatten)]
    place: Place,
    /// Address and port, in place of REDRESS_LISTEN; port 0 takes a free one
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Leave letters, clocks and hooks to `redress work`
    #[arg(long)]
    no_worker: bool,
}

pub fn serve(args: Serve) -> anyhow::Result<i32> {
    let config = args.place.config()?;
    log_to_stderr(&config);
    let wanted = args.listen.unwrap_or(config.listen);
    let (socket, listen) = bind(wanted)?;
    let app = App::open(config.with_listen(listen), Clock::System)?;
    run(app, socket, args.no_worker)?;
    Ok(0)
}

/// A bound socket, and the address it really has.
pub fn bind(wanted: SocketAddr) -> anyhow::Result<(TcpListener, SocketAddr)> {
    let socket = TcpListener::bind(wanted).with_context(|| format!("cannot listen on {wanted}"))?;
    let listen = socket.local_addr()?;
    Ok((socket, listen))
}

/// Serves until SIGTERM or SIGINT; requests under way are finished.
pub fn run(app: App, socket: TcpListener, no_worker: bool) -> anyhow::Result<()> {
    let listen = app.config.listen;
    actix_web::rt::System::new().block_on(async move {
        tracing::info!(worker = !no_worker, "serving");
        let server = web::server(app, socket)?;
        let mut out = std::io::stdout();
        writeln!(out, "Redress is listening on http://{listen}")?;
        out.flush()?;
        server.await?;
        tracing::info!("stopped");
        Ok(())
    })
}
