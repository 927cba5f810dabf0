//! Whether the desk is well, for the machine that watches it: the database answers, its shape is this program's, and mail moves.

use actix_web::HttpResponse;
use actix_web::web::Data;
use chrono::Duration;
use serde::Serialize;

use crate::app::App;
use crate::db;

/// Mail that waits longer than this is a reason to look.
const LONGEST_WAIT: Duration = Duration::minutes(30);

#[derive(Serialize)]
struct Health {
    status: &'static str,
    database: &'static str,
    migrations: &'static str,
    /// Seconds that the oldest letter has been waiting; null with nothing to send.
    oldest_letter_seconds: Option<i64>,
}

pub async fn show(app: Data<App>) -> HttpResponse {
    let now = app.now();
    let found = app
        .read(|conn| {
            db::ping(conn)?;
            Ok((
                db::dialect::is_current(conn)?,
                db::mail::oldest_waiting(conn)?,
            ))
        })
        .await;
    let health = match found {
        Ok((current, oldest)) => {
            let waits = oldest.map(|since| now - since);
            Health {
                status: if current && waits.is_none_or(|waits| waits <= LONGEST_WAIT) {
                    "ok"
                } else {
                    "unwell"
                },
                database: "ok",
                migrations: if current { "ok" } else { "pending" },
                oldest_letter_seconds: waits.map(|waits| waits.num_seconds()),
            }
        }
        Err(cause) => {
            tracing::error!(%cause, "the health check cannot read");
            Health {
                status: "unwell",
                database: "unreachable",
                migrations: "unknown",
                oldest_letter_seconds: None,
            }
        }
    };
    if health.status == "ok" {
        HttpResponse::Ok().json(health)
    } else {
        HttpResponse::ServiceUnavailable().json(health)
    }
}
