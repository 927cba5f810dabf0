//! Sends payouts through the gateway, where there is one, and asks it about those of which nobody knows. Each is set aside in a
//! transaction of its own, told to the gateway outside any, and what the gateway said is booked in another: a crash in between
//! leaves a payout that is asked about, never one that is sent twice.

use crate::act::Act;
use crate::app::App;
use crate::db::{self, gateway as rows};
use crate::desk::gateway::{self as desk, Outcome, Taken};
use crate::error::Result;
use crate::ids::{PayoutId, SellerId};
use crate::outside::gateway::{Gateway, Payment, Trouble, Word};

const BATCH: i64 = 50;

/// How many calls were made. One payout that cannot be booked holds up no other: it is logged, and asked about later. A gateway that
/// keeps silent once is left alone until the next round, so that clocks and letters wait for one call and not for a hundred.
pub async fn tick(app: &App) -> Result<usize> {
    let Some(gateway) = &app.gateway else {
        return Ok(0);
    };
    let sellers = sellers(app, gateway).await?;
    let now = app.now();
    let (lapsed, to_ask, to_send) = app
        .read(move |conn| {
            let to_send = match sellers {
                Some(sellers) => rows::to_send(conn, &sellers, now, BATCH)?,
                None => Vec::new(),
            };
            Ok((
                rows::lapsed(conn, now, BATCH)?,
                rows::to_ask(conn, now, BATCH)?,
                to_send,
            ))
        })
        .await?;
    for id in lapsed {
        let act = act(app);
        app.write(move |tx| desk::lapse(tx, &act, &id)).await?;
    }
    let mut calls = 0;
    for id in to_ask {
        calls += 1;
        if logged(&id, ask(app, gateway, &id).await) == Reach::Silent {
            return Ok(calls);
        }
    }
    for id in to_send {
        calls += 1;
        if logged(&id, send(app, gateway, &id).await) == Reach::Silent {
            return Ok(calls);
        }
    }
    Ok(calls)
}

/// Whether the gateway said anything that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Answers,
    Silent,
}

/// Whose payouts the gateway sends: all of them (an empty list), or nobody's where no seller is called so.
async fn sellers(app: &App, gateway: &Gateway) -> Result<Option<Vec<SellerId>>> {
    if gateway.sellers.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let named = gateway.sellers.clone();
    let all = app.read(|conn| Ok(db::sellers::all(conn)?)).await?;
    let found: Vec<SellerId> = all
        .into_iter()
        .filter(|seller| named.contains(&seller.slug))
        .map(|seller| seller.id)
        .collect();
    Ok(Some(found).filter(|found| !found.is_empty()))
}

fn logged(id: &PayoutId, outcome: Result<Reach>) -> Reach {
    outcome.unwrap_or_else(|error| {
        tracing::error!(payout = %id, %error, "a payout's news cannot be booked");
        Reach::Answers
    })
}

async fn send(app: &App, gateway: &Gateway, id: &PayoutId) -> Result<Reach> {
    let (now, asked) = (act(app), id.clone());
    let Some(taken) = app.write(move |tx| desk::take(tx, &now, &asked)).await? else {
        return Ok(Reach::Answers);
    };
    match gateway.pay(&payment(&taken)).await {
        Ok(word) => {
            let outcome = heard(app, word).await?;
            // A word that does not fit is no answer: whether the money left, nobody knows.
            if let Outcome::Parked(why) = outcome {
                unclear(app, taken, why).await?;
            }
            Ok(Reach::Answers)
        }
        Err(Trouble::NotSent(why)) => {
            tracing::warn!(payout = %taken.number, %why, "the gateway cannot be reached");
            let act = act(app);
            app.write(move |tx| desk::not_sent(tx, &act, &taken))
                .await?;
            Ok(Reach::Silent)
        }
        Err(Trouble::Unclear(why)) => {
            unclear(app, taken, why).await?;
            Ok(Reach::Silent)
        }
    }
}

async fn ask(app: &App, gateway: &Gateway, id: &PayoutId) -> Result<Reach> {
    let (now, asked) = (act(app), id.clone());
    let Some(taken) = app.write(move |tx| desk::ask(tx, &now, &asked)).await? else {
        return Ok(Reach::Answers);
    };
    match gateway.ask(&taken.key).await {
        Ok(word) => {
            heard(app, word).await?;
            Ok(Reach::Answers)
        }
        Err(trouble) => {
            tracing::warn!(payout = %taken.number, why = %trouble, "the gateway does not say");
            Ok(Reach::Silent)
        }
    }
}

async fn unclear(app: &App, taken: Taken, why: String) -> Result<()> {
    tracing::error!(payout = %taken.number, %why, "nobody knows whether a payout was sent");
    let act = act(app);
    app.write(move |tx| desk::unclear(tx, &act, &taken.id, taken.tries, &why))
        .await
}

async fn heard(app: &App, word: Word) -> Result<Outcome> {
    let body = format!(
        "{} {} {}",
        word.state,
        word.amount.as_deref().unwrap_or("-"),
        word.currency.as_deref().unwrap_or("-")
    );
    let word = desk::Word {
        key: word.key,
        state: word.state,
        amount: word.amount,
        currency: word.currency,
        reference: word.reference,
        reason: word.reason,
        body,
    };
    let act = act(app);
    let outcome = app.write(move |tx| desk::hear(tx, &act, &word)).await?;
    if let Outcome::Parked(why) = &outcome {
        tracing::error!(%why, "the gateway's answer does not fit");
    }
    Ok(outcome)
}

fn payment(taken: &Taken) -> Payment {
    Payment {
        key: taken.key.clone(),
        number: taken.number.clone(),
        seller: taken.seller.clone(),
        method: taken.method.clone(),
        amount: taken.amount.clone(),
        currency: taken.currency.clone(),
    }
}

fn act(app: &App) -> Act {
    Act::worker(app.now(), &app.config.public_url)
}
