//! The list of broken promises, and which of them an address asks for.

use super::{Missed, PATH};
use crate::db::columns::At;
use crate::db::reports::Period;
use crate::rules::causes::Cause;
use crate::web::filters;
use crate::web::gate::Manager;
use crate::web::parts::{ClauseRef, Moment};
use crate::web::reports::period::Asked;
use crate::web::reports::{Shops, clause_of};
use crate::web::show::clocks::label;

pub(super) struct Broken {
    pub(super) number: String,
    pub(super) href: String,
    pub(super) what: String,
    pub(super) seller: String,
    pub(super) promise: &'static str,
    pub(super) clause: Option<ClauseRef>,
    pub(super) due: Moment,
    pub(super) late: String,
    pub(super) assignee: String,
    pub(super) cause: &'static str,
    pub(super) since: String,
}

/// The list of broken promises, narrowed.
pub(super) fn to_breaches(
    asked: &Asked,
    period: &Period,
    shop: &str,
    narrow: &[(&str, &str)],
) -> String {
    let of_shop = Asked {
        seller: match shop {
            "" => asked.seller.clone(),
            shop => Some(shop.to_owned()),
        },
        ..asked.clone()
    };
    let href = of_shop.href(PATH, (period.from, period.to), narrow);
    format!("{href}#breaches-list")
}

/// How an address names that nobody had it: no name that a person can have.
pub(super) const NOBODY: &str = "-";

/// Which of the broken promises an address asks for.
pub(super) struct Narrow<'a>(&'a Asked);

impl<'a> Narrow<'a> {
    pub(super) fn of(asked: &'a Asked) -> Narrow<'a> {
        Narrow(asked)
    }

    pub(super) fn holds(&self, missed: &Missed) -> bool {
        let Missed {
            breach,
            cause,
            holder,
        } = missed;
        let is =
            |asked: &Option<String>, own: &str| asked.as_deref().is_none_or(|asked| asked == own);
        is(&self.0.promise, &breach.kind)
            && is(&self.0.clause, &breach.clause)
            && is(&self.0.cause, cause.word())
            && is(&self.0.agent, holder.as_deref().unwrap_or(NOBODY))
    }

    /// "3 of the decision, B22": none where all are asked for.
    pub(super) fn said(&self, shops: &Shops, listed: usize) -> Option<String> {
        let Asked {
            promise,
            clause,
            agent,
            cause,
            seller,
            ..
        } = self.0;
        let mut parts = Vec::new();
        if promise.is_some() || clause.is_some() {
            let kind = promise.as_deref().map_or("promise", label);
            let clause = clause.as_deref().unwrap_or_default();
            parts.push(format!("{kind} {clause}").trim_end().to_owned());
        }
        match agent.as_deref() {
            Some(NOBODY) => parts.push("nobody's".to_owned()),
            Some(agent) => parts.push(format!("with {agent}")),
            None => {}
        }
        if let Some(cause) = cause.as_deref().and_then(Cause::from_word) {
            parts.push(cause.said().to_lowercase());
        }
        if parts.is_empty() {
            return None;
        }
        if let Some(slug) = seller {
            parts.push(shops.name(slug).to_owned());
        }
        Some(format!(
            "{} listed: {}.",
            filters::count(listed as u64),
            parts.join(", ")
        ))
    }
}

pub(super) fn line(missed: &Missed, visit: &Manager) -> Broken {
    let breach = &missed.breach;
    let due = breach.due_at.utc();
    let until = breach.stopped_at.map_or(visit.now, At::utc);
    let since = match breach.stopped_at {
        None => "Not done yet".to_owned(),
        Some(at) => format!("Done {}", filters::moment(at.utc(), visit.zone, visit.now)),
    };
    Broken {
        number: breach
            .claim
            .clone()
            .unwrap_or_else(|| breach.ticket.clone()),
        href: match &breach.claim {
            Some(claim) => format!("/queue/claims/{claim}"),
            None => format!("/queue/tickets/{}", breach.ticket),
        },
        what: breach.subject.clone(),
        seller: breach.seller.clone(),
        promise: label(&breach.kind),
        clause: clause_of(&breach.policy, &breach.clause),
        due: Moment::new(due, visit.zone, visit.now),
        late: filters::duration((until - due).num_seconds().unsigned_abs()),
        assignee: missed.holder.clone().unwrap_or_else(|| "Nobody".to_owned()),
        cause: missed.cause.said(),
        since,
    }
}
