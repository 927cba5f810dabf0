//! Asks the panels: first for what somebody wants done, then how refills go, then where orders stand. A short transaction takes a
//! panel under a lease, it is asked outside any transaction, a hundred orders at a time, and another transaction hears the answers.
//! A panel that does not answer is left alone, ever longer.

mod requests;

use chrono::Duration;

use crate::act::Act;
use crate::app::App;
use crate::db::dialect::worth_retrying;
use crate::db::panels::{self as rows};
use crate::db::{Tx, set_apart};
use crate::desk::deposits::Kept;
use crate::desk::panels;
use crate::error::{Error, Result};
use crate::ids::{OrderId, SellerId, secret};
use crate::outside::panel::{self, Failure, Panel, Said, Told};

/// Panels in one round.
const PANELS: i64 = 20;
/// Questions to one panel in one round: letters and clocks wait meanwhile.
const QUESTIONS: usize = 10;
/// No new question is put after so long: a slow panel holds up neither letters nor other panels.
const PATIENCE: Duration = Duration::seconds(60);
/// Longer than the questions of a round may take.
const LEASE: Duration = Duration::minutes(10);
/// From one round of a panel to the next.
const PAUSE: Duration = Duration::seconds(30);
/// The longest that a panel which does not answer is left alone.
const LONGEST: Duration = Duration::hours(1);

/// How many orders have moved. One panel that fails stops no other.
pub async fn tick(app: &App) -> Result<usize> {
    let now = app.now();
    let due = app
        .read(move |conn| Ok(rows::due(conn, now, PANELS)?))
        .await?;
    let (mut moved, until) = (0, now + PATIENCE);
    for seller in due {
        if app.now() < until {
            moved += ask(app, seller).await?;
        }
    }
    Ok(moved)
}

async fn ask(app: &App, seller: SellerId) -> Result<usize> {
    let (now, lease) = (app.now(), secret()?);
    let (asked, fence) = (seller.clone(), lease.clone());
    let taken = app
        .write(move |tx| Ok(rows::set_asking(tx, &asked, &fence, now, now + LEASE)?))
        .await?;
    let Some(row) = taken else { return Ok(0) };
    let panel = Panel {
        url: row.url.clone(),
        key: row.api_key.clone(),
    };
    let (mut moved, until) = (0, now + PATIENCE);
    if let Err(failure) = requests::carry(app, &panel, &seller, until).await? {
        fail(app, seller, lease, row.failures, &failure).await?;
        return Ok(moved);
    }
    for _ in 0..QUESTIONS {
        if app.now() > until {
            break;
        }
        let act = Act::worker(app.now(), &app.config.public_url);
        let of = seller.clone();
        let orders = app
            .write(move |tx| panels::slice(tx, &act, &of, panel::MOST))
            .await?;
        if orders.is_empty() {
            break;
        }
        match statuses(app, &panel, orders).await? {
            Ok(changed) => moved += changed,
            Err(failure) => {
                fail(app, seller, lease, row.failures, &failure).await?;
                return Ok(moved);
            }
        }
    }
    let now = app.now();
    app.write(move |tx| Ok(rows::mark_answered(tx, &seller, &lease, now, now + PAUSE)?))
        .await?;
    Ok(moved)
}

async fn fail(
    app: &App,
    seller: SellerId,
    lease: String,
    failures: i64,
    failure: &Failure,
) -> Result<()> {
    let why = failure.to_string();
    let now = app.now();
    let next = panels::later(now, PAUSE, failures, LONGEST);
    tracing::warn!(%seller, %why, again_at = %next, "a panel does not answer");
    app.write(move |tx| Ok(rows::mark_failed(tx, &seller, &lease, &why, next)?))
        .await
        .map(|_| ())
}

/// Asks about some orders and hears what is said: how many have moved.
async fn statuses(
    app: &App,
    panel: &Panel,
    orders: Vec<(OrderId, String)>,
) -> Result<std::result::Result<usize, Failure>> {
    let names: Vec<String> = orders.iter().map(|(_, name)| name.clone()).collect();
    let mut said = match panel::status(&app.http, panel, &names).await {
        Ok(said) => said,
        Err(failure) => return Ok(Err(failure)),
    };
    let heard: Vec<(OrderId, Said<Told>)> = orders
        .into_iter()
        .filter_map(|(id, name)| Some((id, said.remove(&name)?)))
        .collect();
    let act = Act::worker(app.now(), &app.config.public_url);
    let moved = app
        .write(move |tx| {
            let mut moved = 0;
            for (id, said) in &heard {
                moved += usize::from(hear(tx, &act, id, said)? == Kept::Changed);
            }
            Ok(moved)
        })
        .await?;
    Ok(Ok(moved))
}

/// Each order apart from the others: one that cannot be followed is logged, and asked about again later.
fn hear(tx: &mut Tx, act: &Act, id: &OrderId, said: &Said<Told>) -> Result<Kept> {
    let heard = set_apart(tx, |tx| match said {
        Said::Told(told) => panels::hear(tx, act, id, &told.status, told.remains),
        Said::Refused(words) => {
            panels::unclear(tx, act, id, &format!("The panel refuses: {words}"))?;
            Ok(Kept::Same)
        }
        Said::Unread(words) => {
            let words = format!("The panel's answer does not read: {words}");
            panels::unclear(tx, act, id, &words)?;
            Ok(Kept::Same)
        }
    });
    match heard {
        Err(error) if worth_retrying(&error) => Err(error),
        Err(error) => {
            tracing::error!(order = %id, why = %error, "an order cannot follow its panel");
            let words = match error {
                Error::Refused { words, .. } => words,
                _ => "What the panel says could not be recorded; the log has the cause.".to_owned(),
            };
            panels::unclear(tx, act, id, &words)?;
            Ok(Kept::Same)
        }
        heard => heard,
    }
}
