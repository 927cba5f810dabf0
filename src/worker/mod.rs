//! Doors driven by time: mail is fetched and read, letters leave, payouts go through the gateway, panels are asked, clocks break, managers hear of
//! their week, days are kept for the reports, spent links and sessions are swept. Each tick takes a lease or a short transaction, calls
//! one verb, and commits. Runs inside `serve` or alone as `work`; two of
//! them at once do nothing twice.

pub mod clocks;
pub mod imap;
pub mod letters;
pub mod mail;
pub mod panels;
pub mod payouts;
pub mod reports;
pub mod sweep;
pub mod trials;
pub mod weekly;

use std::thread::{self, JoinHandle};
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
    pub warnings: usize,
    /// Orders of which a panel said something new.
    pub moved: usize,
    /// Mails that came in and found their place.
    pub read: usize,
}

/// A worker on a thread of its own, beside the server.
pub struct Beside {
    stop: watch::Sender<bool>,
    thread: JoinHandle<()>,
}

/// Starts working beside whatever else this process does.
pub fn start(app: App) -> std::io::Result<Beside> {
    let (stop, stopped) = watch::channel(false);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let thread = thread::Builder::new()
        .name("worker".to_owned())
        .spawn(move || runtime.block_on(run(app, stopped)))?;
    Ok(Beside { stop, thread })
}

impl Beside {
    /// Lets the round under way finish, and waits for it.
    pub fn stop(self) {
        if self.stop.send(true).is_err() || self.thread.join().is_err() {
            tracing::error!("the worker had died");
        }
    }
}

/// Works until told to stop. An error is logged and the next round tries again: nothing that failed is lost.
pub async fn run(app: App, stop: watch::Receiver<bool>) {
    tokio::join!(
        rounds(&app, stop.clone()),
        imap::watch::run(app.clone(), stop)
    );
}

async fn rounds(app: &App, mut stop: watch::Receiver<bool>) {
    let mut sweep = sweep::Sweep::default();
    let mut days = reports::Days::default();
    while !*stop.borrow() {
        if let Err(error) = round(app).await {
            tracing::error!(%error, "the worker's round failed");
        }
        if let Err(error) = sweep.tick(app).await {
            tracing::error!(%error, "the worker's sweep failed");
        }
        if let Err(error) = days.tick(app).await {
            tracing::error!(%error, "days for the reports were not kept");
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            changed = stop.changed() => if changed.is_err() { return },
        }
    }
}

/// One round of everything that is due now. What fails holds up nothing else: it is told at the end.
pub async fn round(app: &App) -> Result<Round> {
    let breaches = clocks::tick(app).await;
    let warnings = clocks::warn(app).await;
    let calls = payouts::tick(app).await;
    let weekly = weekly::tick(app).await;
    // Before the letters, so that answers go out in the same round.
    let mail = mail::tick(app).await;
    let letters = letters::tick(app).await;
    let moved = panels::tick(app).await;
    let tried = trials::tick(app).await;
    calls?;
    tried?;
    weekly?;
    let (sent, failed) = letters?;
    Ok(Round {
        sent,
        failed,
        breaches: breaches?,
        warnings: warnings?,
        moved: moved?,
        read: mail?,
    })
}
