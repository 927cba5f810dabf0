//! `redress serve`: the web server, and the worker beside it unless told otherwise.

use std::io::Write;
use std::net::SocketAddr;

use anyhow::Context;

use super::{Place, log_to_stderr};
use crate::app::App;
use crate::clock::Clock;
use crate::{web, worker};

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
    let socket = web::bind(wanted).with_context(|| format!("cannot listen on {wanted}"))?;
    let listen = socket.local_addr()?;
    let app = App::open(config.with_listen(listen), Clock::System)?;
    app.store.sweep_unfinished()?;
    tracing::info!(worker = !args.no_worker, "serving");
    let worker = if args.no_worker {
        None
    } else {
        Some(worker::start(app.clone())?)
    };
    web::run(app, socket, || announce(listen))?;
    if let Some(worker) = worker {
        worker.stop();
    }
    tracing::info!("stopped");
    Ok(0)
}

/// The one line that whoever started it waits for.
pub fn announce(listen: SocketAddr) -> std::io::Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "Redress is listening on http://{listen}")?;
    out.flush()
}
