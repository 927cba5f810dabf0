//! The door at which a payment gateway calls back. It has no session and no form: the signature over the body and its moment is
//! all that is believed. A word that does not fit is kept for a person, and answered so that the gateway need not repeat it.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::StreamExt;
use serde_json::json;

use crate::act::{Door, Who};
use crate::app::App;
use crate::desk::gateway::{self, Outcome, Word};
use crate::error::{Error, Result};

/// A word is some hundred bytes.
const MOST: usize = 64 * 1024;
const SIGNATURE: &str = "redress-signature";

pub async fn hear(
    app: Data<App>,
    request: HttpRequest,
    mut payload: Payload,
) -> Result<HttpResponse> {
    let gateway = app.gateway.clone().ok_or(Error::NotFound)?;
    let mut body = Vec::new();
    while let Some(piece) = payload.next().await {
        let piece = piece.map_err(|_| Error::Malformed("a call-back that broke off"))?;
        if body.len() + piece.len() > MOST {
            return Err(Error::TooLarge("64 kB".to_owned()));
        }
        body.extend_from_slice(&piece);
    }
    let mut signatures = request.headers().get_all(SIGNATURE);
    let signature = signatures.next().and_then(|value| value.to_str().ok());
    let signature = signature.filter(|_| signatures.next().is_none());
    let signed = gateway.called_back(signature.unwrap_or(""), &body, app.now().timestamp());
    let word = match signed {
        Ok(word) => word,
        Err(why) if why.is_signature() => {
            return Ok(HttpResponse::Unauthorized().json(json!({"code": "bad_signature"})));
        }
        Err(_) => return Ok(HttpResponse::BadRequest().json(json!({"code": "unreadable"}))),
    };
    let word = Word {
        key: word.key,
        state: word.state,
        amount: word.amount,
        currency: word.currency,
        reference: word.reference,
        reason: word.reason,
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let act = app.act(Who::Worker, Door::Api, "");
    let outcome = app.write(move |tx| gateway::hear(tx, &act, &word)).await?;
    Ok(match outcome {
        Outcome::Applied(state) => {
            HttpResponse::Ok().json(json!({"outcome": "applied", "state": state.word()}))
        }
        Outcome::Same => HttpResponse::Ok().json(json!({"outcome": "same"})),
        Outcome::Parked(why) => {
            tracing::error!(%why, "a call-back of the gateway does not fit");
            HttpResponse::Accepted().json(json!({"outcome": "parked", "why": why}))
        }
    })
}
