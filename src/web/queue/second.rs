//! The second pair of eyes on a claim's page: what waits for one, who may be it, and what second persons said before.

use super::case::Case;
use super::panel::{blocked, spoken};
use super::{Looker, Typed};
use crate::act::Role;
use crate::db::claims::Decision;
use crate::db::exceptions::Exception;
use crate::desk::claims::ruling;
use crate::error::Result;
use crate::ids::PersonId;
use crate::rules::rights::Ruling;
use crate::web::filters;
use crate::web::form::new_key;
use crate::web::page::Filled;
use crate::web::parts::{Amount, Moment};

/// A refund that waits for a second pair of eyes. See `templates/parts/second.html`.
pub struct Second {
    pub amount: Amount,
    /// What it differs from: "Goodwill. The policy computes $4.00."
    pub differs: String,
    pub words: String,
    pub by: String,
    pub at: Moment,
    pub is_mine: bool,
    /// "Approve $20.00", for somebody who may.
    pub approve: Option<String>,
    pub decline: Filled,
    /// Who may, for somebody who may not.
    pub who: String,
    pub key: String,
}

impl Second {
    /// What a second person has before them, or the first one may take back.
    pub fn of(case: &Case, looker: &Looker, typed: &Typed) -> Result<Option<Second>> {
        let Some(row) = &case.waiting else {
            return Ok(None);
        };
        let may = |who: &PersonId, role: Role| {
            ruling(row, &case.claim, &case.story.seller, (who, role)) == Ruling::Alone
        };
        let able = case.story.staff.iter();
        let able = able.filter(|person| may(&person.id, person.role));
        let names: Vec<&str> = able.take(4).map(|person| person.name.as_str()).collect();
        let money = |e8: i64| filters::money(e8, &row.currency);
        let computed = row.computed_e8.map_or("no amount".to_owned(), money);
        let approves =
            may(&looker.person.id, looker.person.role) && blocked(case, looker).is_none();
        Ok(Some(Second {
            amount: Amount::new(row.amount_e8, &row.currency),
            differs: match row.override_reason.as_deref() {
                Some(code) => format!("{}. The policy computes {computed}.", spoken(code)),
                None => "What the policy computes, above the limit of the one who proposed it.".to_owned(),
            },
            words: row.words.clone(),
            by: case.doer(row.proposed_by.as_str()),
            at: Moment::new(row.proposed_at.utc(), looker.wall.zone, looker.wall.now),
            is_mine: row.proposed_by == looker.person.id,
            approve: approves.then(|| format!("Approve {}", money(row.amount_e8))),
            decline: typed.decline.clone().unwrap_or_default().under("decline"),
            who: match names.as_slice() {
                [] => "Nobody here may approve it yet: it takes a lead or a manager with a limit that high, and never the one who proposed it.".to_owned(),
                names => format!("May approve it: {}.", names.join(", ")),
            },
            key: new_key()?,
        }))
    }
}

/// "Lena Fox declined $7.00: the provider was not slow at all."
pub fn declined(case: &Case) -> Vec<String> {
    let declined = case.exceptions.iter().filter(|row| row.state == "declined");
    declined
        .map(|row| {
            let by = row.settled_by.as_ref().map_or("", |by| by.as_str());
            format!(
                "{} declined {}: {}",
                case.doer(by),
                filters::money(row.amount_e8, &row.currency),
                row.settled_words.as_deref().unwrap_or_default()
            )
        })
        .collect()
}

/// "Lena Fox, proposed by Omar Haddad".
pub fn deciders(case: &Case, decision: &Decision) -> String {
    let carried_out = |row: &&Exception| row.decision_id.as_ref() == Some(&decision.id);
    let decider = case.doer(&decision.decided_by);
    match case.exceptions.iter().find(carried_out) {
        Some(row) => format!(
            "{decider}, proposed by {}",
            case.doer(row.proposed_by.as_str())
        ),
        None => decider,
    }
}
