//! Records the breaches whose moment has come, and assesses again what time alone changes: a repair that was not made in time
//! turns a claim from "fix it first" into a refund.

use crate::act::Act;
use crate::app::App;
use crate::desk;
use crate::error::Result;

const BATCH: i64 = 200;

/// How many breaches were recorded.
pub async fn tick(app: &App) -> Result<usize> {
    let mut total = 0;
    loop {
        let act = Act::worker(app.now(), &app.config.public_url);
        let found = app
            .write(move |tx| {
                let found = desk::clocks::sweep(tx, &act, BATCH)?;
                for claim in &found.cures {
                    desk::claims::reassess(tx, &act, claim)?;
                }
                Ok(found.breaches)
            })
            .await?;
        total += found;
        if found < BATCH as usize {
            return Ok(total);
        }
    }
}
