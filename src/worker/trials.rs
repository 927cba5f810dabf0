//! Drafts that somebody tries on the past are judged a slice at a time, some slices a round, so that letters and clocks go on beside
//! a long trial. A trial that was interrupted goes on where it was.

use crate::act::Act;
use crate::app::App;
use crate::db::trials::{self, Trial};
use crate::desk::policies::trials as desk;
use crate::error::Result;

/// As many slices of one trial as one round takes.
const SLICES: usize = 40;

/// How many trials were moved on.
pub async fn tick(app: &App) -> Result<usize> {
    let running = app.read(|conn| Ok(trials::running(conn)?)).await?;
    let count = running.len();
    for trial in running {
        let (act, id) = (
            Act::worker(app.now(), &app.config.public_url),
            trial.id.clone(),
        );
        if let Err(error) = along(app, trial).await {
            tracing::error!(trial = %id, %error, "a trial failed");
            app.write(move |tx| desk::give_up(tx, &act, &id)).await?;
        }
    }
    Ok(count)
}

async fn along(app: &App, trial: Trial) -> Result<()> {
    let id = trial.id;
    for _ in 0..SLICES {
        let seen = id.clone();
        let step = app.read(move |conn| {
            let trial = trials::find(conn, &seen)?;
            if trial.state != "running" {
                return Ok(None);
            }
            let ground = desk::Ground::of(conn, &trial)?;
            let slice = desk::slice(conn, &ground, &trial.after_day)?;
            Ok(Some((trial, slice)))
        });
        let Some((trial, slice)) = step.await? else {
            return Ok(());
        };
        let act = Act::worker(app.now(), &app.config.public_url);
        let moved =
            app.write(move |tx| Ok((desk::keep(tx, &act, &trial, &slice)?, slice.upto.is_none())));
        let (moved, over) = moved.await?;
        if over || !moved {
            return Ok(());
        }
    }
    Ok(())
}
