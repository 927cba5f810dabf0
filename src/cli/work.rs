//! `redress work`: letters and clocks alone, for installations that serve from other processes (PostgreSQL).

use tokio::sync::watch;

use super::Place;
use crate::worker;
use crate::worker::sweep::Sweep;

/// Carry letters and watch clocks until told to stop.
#[derive(Debug, clap::Args)]
pub struct Work {
    #[command(flatten)]
    place: Place,
    /// Do what is due now, and end
    #[arg(long)]
    once: bool,
}

pub fn work(args: Work) -> anyhow::Result<i32> {
    let app = args.place.open()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async move {
        if args.once {
            worker::imap::tick(&app).await?;
            let round = worker::round(&app).await?;
            Sweep::default().tick(&app).await?;
            println!(
                "{} letters sent, {} failed, {} breaches recorded",
                round.sent, round.failed, round.breaches
            );
            return Ok(0);
        }
        let (stop, stopped) = watch::channel(false);
        let working = worker::run(app, stopped);
        tokio::pin!(working);
        tokio::select! {
            () = &mut working => {}
            _ = tokio::signal::ctrl_c() => {
                stop.send(true)?;
                working.await;
            }
        }
        Ok(0)
    })
}
