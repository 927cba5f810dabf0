//! Doors driven by time: letters leave, clocks break, spent links and sessions are swept. Each tick takes a lease or a short
//! transaction, calls one verb, and commits. Runs inside `serve` or alone as `work`; two of them at once do nothing twice.

pub mod clocks;
pub mod letters;

use std::time::Duration;

use tokio::sync::watch;

use crate::app::App;
use crate::error::Result;

const PAUSE: Duration = Duration::from_secs(2);

/// What one round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    pub sent: usize,
    pub failed: usize,
    pub breaches: usize,
}

/// Works until told to stop. An error is logged and the next round tries again: nothing that failed is lost.
pub async fn run(app: App, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        if let Err(error) = round(&app).await {
            tracing::error!(%error, "the worker's round failed");
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            changed = stop.changed() => if changed.is_err() { return },
        }
    }
}

/// One round of everything that is due now.
pub async fn round(app: &App) -> Result<Round> {
    let breaches = clocks::tick(app).await?;
    let (sent, failed) = letters::tick(app).await?;
    Ok(Round {
        sent,
        failed,
        breaches,
    })
}
