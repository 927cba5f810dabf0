//! Orders from the customer's side: what the policy would say of each ground if it were claimed now, and the cancellation of an
//! order that has not started. Which ground a cancellation uses is the policy's to say, no seller's name stands here.

use chrono::{DateTime, Utc};

use super::{New, Standing, file, gather, unfiled};
use crate::act::Act;
use crate::db::orders::{self, Order};
use crate::db::{Conn, Tx};
use crate::desk::drafts::Topic;
use crate::desk::ledger;
use crate::error::{Code, Error, Result};
use crate::ids::OrderId;
use crate::rules::adjudicate::adjudicate;
use crate::rules::assessment::{Assessment, Finding, Met, Outcome};
use crate::rules::facts::{Facts, Status};
use crate::rules::policy::{Clause, Pays};

/// One ground of an order, claimed now by somebody who has told nothing yet.
#[derive(Debug, Clone)]
pub struct Prospect {
    pub ground: String,
    pub pays: Pays,
    pub facts: Facts,
    pub assessment: Assessment,
}

impl Prospect {
    pub fn pays_at_once(&self) -> bool {
        super::pays_at_once(&self.facts, &self.assessment)
    }
}

/// What can be had for an order, in the order of the policy's grounds.
#[derive(Debug, Clone)]
pub struct Prospects {
    pub topic: Topic,
    pub list: Vec<Prospect>,
}

impl Prospects {
    /// The ground by which the order can be cancelled as it stands: it has not started, and nothing has to be asked.
    pub fn cancellation(&self) -> Option<&Prospect> {
        let order = self.topic.order.as_ref()?;
        if order.status != Status::Pending {
            return None;
        }
        self.list.iter().find(|prospect| {
            let assessment = &prospect.assessment;
            assessment.outcome == Outcome::Eligible && assessment.missing.is_empty()
        })
    }

    /// The grounds that the text speaks of and that are not lost already.
    pub fn open(&self) -> impl Iterator<Item = &Prospect> {
        self.list.iter().filter(|prospect| {
            prospect.pays != Pays::Outside && prospect.assessment.outcome != Outcome::Ineligible
        })
    }

    /// The last second in which one of them can still be claimed; none where one of them knows no end, or none is open.
    pub fn until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let ends = self.open().map(|prospect| {
            let findings = prospect.assessment.clauses.iter();
            let policy = &self.topic.policy;
            let theirs = |finding: &&Finding| {
                let clause = policy.clause(&finding.id);
                finding.result == Met::Met && clause.is_some_and(Clause::times_the_customer)
            };
            let running = findings.filter(theirs);
            running
                .filter_map(|finding| finding.due_at)
                .filter(|due| *due >= now)
                .min()
        });
        ends.collect::<Option<Vec<_>>>()?.into_iter().max()
    }
}

/// Asks the rules about every ground of an order; nothing is written.
///
/// # Errors
/// `NotFound` for an order that is not the actor's.
pub fn prospects(conn: &mut Conn, act: &Act, order: &Order) -> Result<Prospects> {
    let person = act.person().ok_or(Error::SignIn)?.id.clone();
    let topic = Topic::of(conn, act, &person, &order.seller_id, Some(&order.id))?;
    let shelf = crate::desk::policies::shelf(conn, &topic.seller.policy)?;
    let grounds: Vec<_> = topic
        .grounds()
        .map(|ground| (ground.id.clone(), ground.pays))
        .collect();
    let mut list = Vec::new();
    if let Some((first, _)) = grounds.first() {
        let claim = unfiled(
            act,
            &plainly(order, first),
            (&topic.seller, topic.zone()),
            Some(order),
        );
        let facts = gather::facts_with(
            conn,
            &claim,
            &topic.seller,
            Some(order),
            &[],
            &[],
            act.at,
            None,
        )?;
        for (ground, pays) in &grounds {
            let facts = Facts {
                ground: ground.clone(),
                ..facts.clone()
            };
            let assessment = adjudicate(&shelf, &facts);
            list.push(Prospect {
                ground: ground.clone(),
                pays: *pays,
                facts,
                assessment,
            });
        }
    }
    Ok(Prospects { topic, list })
}

/// A claim with no more than its ground.
fn plainly(order: &Order, ground: &str) -> New {
    New {
        seller: order.seller_id.clone(),
        customer: order.customer_id.clone(),
        order: Some(order.id.clone()),
        ground: ground.to_owned(),
        reason: String::new(),
        requested_e8: None,
        remedy_choice: None,
        evidence: Vec::new(),
        draft: None,
    }
}

/// Cancels an order as the customer saw it: by the ground that the page named. Where the order has moved on meanwhile the request
/// is filed all the same and keeps its instant; what the rules make of it is in the answer. Where it is paid at once the order is
/// cancelled with it.
///
/// # Errors
/// `NotFound` for an order that is not theirs; `Refused`: `NothingToPay` where all of it went back before, and what `file` refuses.
pub fn cancel(tx: &mut Tx, act: &Act, order: &OrderId, ground: &str) -> Result<Standing> {
    let person = act.person().ok_or(Error::SignIn)?.id.clone();
    let order = orders::for_customer_by_id(tx, &person, order)?;
    // Judged in the transaction that credits: from here on nobody moves the order or the seller's money.
    ledger::lock(tx, &order.seller_id)?;
    let order = orders::bump_order(tx, &order.id)?;
    if order.charge_e8.is_some_and(|charge| charge > 0) && order.refundable_e8() == 0 {
        let words = "This order was refunded already; nothing is left to pay back.";
        return Err(Error::refused_because(Code::NothingToPay, words));
    }
    file(tx, act, &plainly(&order, ground))
}
