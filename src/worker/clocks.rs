//! Warns the staff before promises are broken, records the breaches whose moment has come, and assesses again what time alone
//! changes: a repair that was not made in time turns a claim from "fix it first" into a refund.

use crate::act::Act;
use crate::app::App;
use crate::db::dialect::worth_retrying;
use crate::db::{Tx, set_apart};
use crate::desk;
use crate::error::Result;
use crate::ids::ClaimId;

const BATCH: i64 = 200;

/// How many breaches were recorded. A claim that cannot be assessed again is logged, once, and stays as it stood: whoever opens it
/// is told by the same rules.
pub async fn tick(app: &App) -> Result<usize> {
    let mut total = 0;
    loop {
        let act = Act::worker(app.now(), &app.config.public_url);
        let (found, failed) = app
            .write(move |tx| {
                let found = desk::clocks::sweep(tx, &act, BATCH)?;
                let failed = reassess(tx, &act, &found.cures)?;
                Ok((found.breaches, failed))
            })
            .await?;
        for (claim, why) in failed {
            tracing::error!(%claim, %why, "a claim cannot be assessed again");
        }
        total += found;
        if found < BATCH as usize {
            return Ok(total);
        }
    }
}

/// How many warnings were given. In short transactions, so that ten thousand at once keep nobody from the desk.
pub async fn warn(app: &App) -> Result<usize> {
    let mut total = 0;
    loop {
        let act = Act::worker(app.now(), &app.config.public_url);
        let warned = app
            .write(move |tx| desk::clocks::warn(tx, &act, BATCH))
            .await?;
        for (clock, why) in warned.failed {
            tracing::error!(%clock, %why, "nobody can be warned of a clock");
        }
        total += warned.warnings;
        if warned.clocks < BATCH as usize {
            return Ok(total);
        }
    }
}

/// Each claim apart from the others: those that fail, with the reason.
fn reassess(tx: &mut Tx, act: &Act, claims: &[ClaimId]) -> Result<Vec<(ClaimId, String)>> {
    let mut failed = Vec::new();
    for claim in claims {
        match set_apart(tx, |tx| desk::claims::reassess(tx, act, claim)) {
            Ok(_) => {}
            Err(error) if worth_retrying(&error) => return Err(error),
            Err(error) => failed.push((claim.clone(), error.to_string())),
        }
    }
    Ok(failed)
}
