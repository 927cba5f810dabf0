//! Carries to a panel what somebody wants done there, and looks at the refills that it took. Each question is marked as on its way
//! before it leaves, so that none leaves twice.

use std::result::Result as Outcome;

use chrono::{DateTime, Utc};

use crate::act::Act;
use crate::app::App;
use crate::db::requests::Request;
use crate::desk::panels::requests::{self, Answer};
use crate::error::Result;
use crate::ids::SellerId;
use crate::outside::panel::{self, Failure, Panel, Said};
use crate::rules::lifecycle::request::Action;

/// Questions of each kind in one round.
const MOST: usize = 20;

/// What is due, beginning nothing after `until`; or why the panel cannot be asked for more now.
pub async fn carry(
    app: &App,
    panel: &Panel,
    seller: &SellerId,
    until: DateTime<Utc>,
) -> Result<Outcome<(), Failure>> {
    let in_time = || app.now() <= until;
    for _ in (0..MOST).take_while(|_| in_time()) {
        let (act, of) = (act(app), seller.clone());
        let next = app
            .write(move |tx| requests::next_to_send(tx, &act, &of))
            .await?;
        let Some((request, order)) = next else { break };
        if let Err(failure) = send(app, panel, &request, &order).await? {
            return Ok(Err(failure));
        }
    }
    for _ in (0..MOST).take_while(|_| in_time()) {
        let (act, of) = (act(app), seller.clone());
        let next = app
            .read(move |conn| requests::next_refill(conn, &act, &of))
            .await?;
        let Some(request) = next else { break };
        if let Err(failure) = look(app, panel, request).await? {
            return Ok(Err(failure));
        }
    }
    Ok(Ok(()))
}

fn act(app: &App) -> Act {
    Act::worker(app.now(), &app.config.public_url)
}

async fn send(
    app: &App,
    panel: &Panel,
    request: &Request,
    order: &str,
) -> Result<Outcome<(), Failure>> {
    let said = match request.action {
        Action::Cancel => {
            let said = panel::cancel(&app.http, panel, order).await;
            said.map(|said| heard(said, |()| None))
        }
        Action::Refill => {
            let said = panel::refill(&app.http, panel, order).await;
            said.map(|said| heard(said, Some))
        }
    };
    let answer = match &said {
        Ok(answer) => answer.clone(),
        Err(Failure::Refused(words)) => Answer::Refused(words.clone()),
        Err(failure) if failure.may_have_arrived() => Answer::Lost(failure.to_string()),
        Err(failure) => Answer::Held(failure.to_string()),
    };
    let (act, id) = (act(app), request.id.clone());
    app.write(move |tx| requests::answered(tx, &act, &id, &answer))
        .await?;
    Ok(match said {
        // Its own refusal is an answer; the next question may be welcome.
        Ok(_) | Err(Failure::Refused(_)) => Ok(()),
        Err(failure) => Err(failure),
    })
}

fn heard<T>(said: Said<T>, reference: impl Fn(T) -> Option<String>) -> Answer {
    match said {
        Said::Told(told) => Answer::Accepted(reference(told)),
        Said::Refused(words) => Answer::Refused(words),
        Said::Unread(words) => Answer::Lost(format!("its answer does not read: {words}")),
    }
}

async fn look(app: &App, panel: &Panel, request: Request) -> Result<Outcome<(), Failure>> {
    let refill = request.reference.clone().unwrap_or_default();
    let said = match panel::refill_status(&app.http, panel, &refill).await {
        Err(Failure::Refused(words)) => Said::Refused(words),
        Err(failure) => return Ok(Err(failure)),
        Ok(said) => said,
    };
    let (act, id) = (act(app), request.id);
    app.write(move |tx| match &said {
        Said::Told(status) => requests::hear_refill(tx, &act, &id, status),
        Said::Refused(words) => {
            let why = format!("The panel refuses: {words}");
            requests::unclear_refill(tx, &act, &id, &why)
        }
        Said::Unread(words) => {
            let why = format!("The panel's answer does not read: {words}");
            requests::unclear_refill(tx, &act, &id, &why)
        }
    })
    .await?;
    Ok(Ok(()))
}
