//! Whose turn it was when a promise came due, for each broken one of a report: who had the conversation, whether a second person was
//! waited for, whether work was open, where the payout was. What a cause is made of, `rules::causes` says.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::Breach;
use super::holders::Holders;
use crate::db::Conn;
use crate::db::columns::At;
use crate::db::schema::{exceptions, payouts, tasks};
use crate::rules::causes::{Cause, Hands, Turn, cause};
use crate::rules::lifecycle::payout::State;

/// How many ids a query names.
const SLICE: usize = 500;
/// The promises that are about paying.
const PAYING: [&str; 3] = ["payout", "completion", "bank_credit"];

/// From when until when something stood; still, where there is no end.
type Span = (String, At, Option<At>);
type Spans = HashMap<String, Vec<(DateTime<Utc>, Option<DateTime<Utc>>)>>;

type Moved = (
    String,
    At,
    Option<At>,
    Option<At>,
    Option<i64>,
    Option<At>,
    State,
);

/// One cause for each of these, in their order.
pub fn of(conn: &mut Conn, breaches: &[Breach], holders: &Holders) -> QueryResult<Vec<Cause>> {
    let mut proposed = Spans::new();
    let mut worked = Spans::new();
    let mut sent: HashMap<String, Vec<Moved>> = HashMap::new();
    let claims: Vec<&String> = breaches
        .iter()
        .filter_map(|breach| breach.claim_id.as_ref())
        .collect();
    for ids in claims.chunks(SLICE) {
        let spans: Vec<Span> = exceptions::table
            .filter(exceptions::claim_id.eq_any(ids))
            .select((
                exceptions::claim_id,
                exceptions::proposed_at,
                exceptions::settled_at,
            ))
            .load(conn)?;
        keep(&mut proposed, spans);
        let spans: Vec<Span> = tasks::table
            .filter(tasks::claim_id.eq_any(ids))
            .select((tasks::claim_id, tasks::opened_at, tasks::ended_at))
            .load(conn)?;
        keep(&mut worked, spans);
        let moved: Vec<Moved> = payouts::table
            .filter(payouts::claim_id.eq_any(ids))
            .select((
                payouts::claim_id,
                payouts::requested_at,
                payouts::sent_at,
                payouts::settled_at,
                payouts::tries,
                payouts::tried_at,
                payouts::state,
            ))
            .load(conn)?;
        for row in moved {
            sent.entry(row.0.clone()).or_default().push(row);
        }
    }
    let judged = breaches.iter().map(|breach| {
        let due = breach.due_at.utc();
        let stood = |spans: &Spans| {
            let own = breach.claim_id.as_ref().and_then(|id| spans.get(id));
            own.is_some_and(|spans| spans.iter().any(|span| holds(*span, due)))
        };
        let own = breach.claim_id.as_ref().and_then(|id| sent.get(id));
        cause(Turn {
            is_about_paying: PAYING.contains(&breach.kind.as_str()),
            payout: own.and_then(|rows| rows.iter().find_map(|row| hands(row, due))),
            is_proposed: stood(&proposed),
            has_work: stood(&worked),
            is_taken: holders.at(&breach.ticket_id, due).is_some(),
        })
    });
    Ok(judged.collect())
}

fn keep(into: &mut Spans, spans: Vec<Span>) {
    for (id, from, until) in spans {
        let span = (from.utc(), until.map(At::utc));
        into.entry(id).or_default().push(span);
    }
}

fn holds((from, until): (DateTime<Utc>, Option<DateTime<Utc>>), at: DateTime<Utc>) -> bool {
    from <= at && until.is_none_or(|until| until > at)
}

/// Whose hands a payout was in then; none where it was not asked for yet, had arrived, or had ended.
fn hands(row: &Moved, at: DateTime<Utc>) -> Option<Hands> {
    let (_, requested, sent, settled, tries, tried, state) = row;
    let arrived = settled.is_some_and(|settled| settled.utc() <= at);
    let ended = settled.is_none() && matches!(state, State::Failed | State::Returned);
    if requested.utc() > at || arrived || ended {
        return None;
    }
    let left = [sent, tried].into_iter().flatten();
    let told = tries.is_some() && left.into_iter().any(|left| left.utc() <= at);
    Some(if told { Hands::Gateway } else { Hands::Ours })
}
