//! A filed claim with everything that its pages tell of it, loaded once.

use super::labels;
use crate::db::claims::Claim;
use crate::db::clocks::Clock;
use crate::db::orders::Order;
use crate::db::payouts::Payout;
use crate::db::tickets::Ticket;
use crate::db::{self, Conn};
use crate::desk::{claims, policies};
use crate::error::Result;
use crate::rules::assessment::Assessment;
use crate::rules::policy::Policy;
use crate::web::show::next::Case;
use crate::web::show::order::{Labels, as_judged};

pub struct Filed {
    pub ticket: Ticket,
    pub claim: Claim,
    /// As it was judged: what came of it since is not in it.
    pub order: Option<Order>,
    pub assessment: Assessment,
    pub policy: Policy,
    pub clocks: Vec<Clock>,
    pub payouts: Vec<Payout>,
    pub labels: Labels,
}

impl Filed {
    pub fn load(conn: &mut Conn, claim: Claim) -> Result<Filed> {
        let judged = db::claims::latest_assessment(conn, &claim.id)?;
        let assessment: Assessment = serde_json::from_str(&judged.result_json)?;
        let seller = db::sellers::find(conn, &claim.seller_id)?;
        let shelf = policies::shelf(conn, &seller.policy)?;
        let policy = claims::governing(&shelf, &assessment)?.clone();
        let order = match &claim.order_id {
            Some(order) => {
                let order = db::orders::find(conn, order)?;
                Some(as_judged(order, &judged.facts_json)?)
            }
            None => None,
        };
        Ok(Filed {
            ticket: db::tickets::find(conn, &claim.ticket_id)?,
            clocks: db::clocks::of_ticket(conn, &claim.ticket_id)?,
            payouts: db::payouts::of_claim(conn, &claim.id)?,
            labels: labels(conn, &claim.seller_id, &claim.customer_id)?,
            order,
            assessment,
            policy,
            claim,
        })
    }

    pub fn case(&self) -> Case<'_> {
        Case {
            ticket: &self.ticket,
            claim: &self.claim,
            assessment: &self.assessment,
            policy: &self.policy,
            clocks: &self.clocks,
            payouts: &self.payouts,
            labels: &self.labels,
        }
    }
}
