//! Who had a conversation at a moment: read from the timeline's lines about giving and taking, so that a past report stays what it
//! was when somebody else takes the ticket later.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::db::Conn;
use crate::db::columns::At;
use crate::db::schema::{events, tickets};

/// How many ids a query names.
const SLICE: usize = 500;

/// From when on whom it was given to, or that it was given back.
type Given = (DateTime<Utc>, Option<String>);

/// By ticket: who had it, and from when on.
#[derive(Debug, Clone, Default)]
pub struct Holders {
    given: HashMap<String, Vec<Given>>,
}

impl Holders {
    /// Of these conversations.
    pub fn of<'a>(
        conn: &mut Conn,
        tickets: impl IntoIterator<Item = &'a String>,
    ) -> QueryResult<Holders> {
        let ids: BTreeSet<&String> = tickets.into_iter().collect();
        let ids: Vec<&String> = ids.into_iter().collect();
        let mut holders = Holders::default();
        for ids in ids.chunks(SLICE) {
            holders.read(conn, ids)?;
        }
        Ok(holders)
    }

    fn read(&mut self, conn: &mut Conn, ids: &[&String]) -> QueryResult<()> {
        let lines: Vec<(Option<String>, At, String)> = events::table
            .filter(events::ticket_id.eq_any(ids))
            .filter(events::kind.eq("ticket_assigned"))
            .order((events::at, events::seq))
            .select((events::ticket_id, events::at, events::data_json))
            .load(conn)?;
        let now: Vec<(String, Option<String>)> = tickets::table
            .filter(
                tickets::id
                    .eq_any(ids)
                    .and(tickets::assignee_id.is_not_null()),
            )
            .select((tickets::id, tickets::assignee_id))
            .load(conn)?;
        let now: HashMap<String, Option<String>> = now.into_iter().collect();
        for (ticket, at, to) in lines {
            let Some(ticket) = ticket else { continue };
            // A line from before the name was kept beside it says at least that somebody has it.
            let to: Option<String> = match serde_json::from_str::<Option<(Option<String>,)>>(&to) {
                Ok(Some((to,))) => to,
                _ => now.get(&ticket).cloned().flatten(),
            };
            self.given.entry(ticket).or_default().push((at.utc(), to));
        }
        Ok(())
    }

    /// The id of whoever had it then; none where nobody did.
    pub fn at(&self, ticket: &str, at: DateTime<Utc>) -> Option<&str> {
        let given = self.given.get(ticket)?;
        let (_, to) = given.iter().rev().find(|(since, _)| *since <= at)?;
        to.as_deref()
    }
}
