//! Who had a conversation at a moment: read from the timeline's lines about giving and taking, so that a past report stays what it
//! was when somebody else takes the ticket later.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::Period;
use crate::db::Conn;
use crate::db::columns::At;
use crate::db::schema::{clocks, events, people, tickets};

/// From when on whom it was given to, or that it was given back.
type Given = (DateTime<Utc>, Option<String>);

/// By ticket: who had it, and from when on.
#[derive(Debug, Clone, Default)]
pub struct Holders {
    given: HashMap<String, Vec<Given>>,
    names: HashMap<String, String>,
}

impl Holders {
    /// Of the conversations in which a promise started in the period.
    pub fn of(conn: &mut Conn, period: &Period) -> QueryResult<Holders> {
        let in_period = || {
            let days = clocks::starts_on
                .ge(period.from)
                .and(clocks::starts_on.le(period.to));
            clocks::table.filter(days).select(clocks::ticket_id)
        };
        let lines: Vec<(Option<String>, At, String)> = events::table
            .filter(
                events::kind
                    .eq("ticket_assigned")
                    .and(events::ticket_id.assume_not_null().eq_any(in_period())),
            )
            .order((events::at, events::seq))
            .select((events::ticket_id, events::at, events::data_json))
            .load(conn)?;
        let now: Vec<(String, Option<String>)> = tickets::table
            .filter(
                tickets::id
                    .eq_any(in_period())
                    .and(tickets::assignee_id.is_not_null()),
            )
            .select((tickets::id, tickets::assignee_id))
            .load(conn)?;
        let now: HashMap<String, Option<String>> = now.into_iter().collect();
        let mut holders = Holders::default();
        for (ticket, at, to) in lines {
            let Some(ticket) = ticket else { continue };
            // A line from before the name was kept beside it says at least that somebody has it.
            let to: Option<String> = match serde_json::from_str::<Option<(Option<String>,)>>(&to) {
                Ok(Some((to,))) => to,
                _ => now.get(&ticket).cloned().flatten(),
            };
            holders
                .given
                .entry(ticket)
                .or_default()
                .push((at.utc(), to));
        }
        holders.names = people::table
            .filter(people::role.ne("customer"))
            .select((people::id, people::name))
            .load::<(String, String)>(conn)?
            .into_iter()
            .collect();
        Ok(holders)
    }

    /// The name of whoever had it then; none where nobody did.
    pub fn at(&self, ticket: &str, at: DateTime<Utc>) -> Option<&str> {
        let given = self.given.get(ticket)?;
        let (_, to) = given.iter().rev().find(|(since, _)| *since <= at)?;
        self.names.get(to.as_ref()?).map(String::as_str)
    }
}
