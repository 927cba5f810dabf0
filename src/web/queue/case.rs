//! Everything about a claim in one reading: the conversation, the order or the balance, the customer's record, what was established
//! and decided, and what the rules say at this moment.

use std::collections::HashMap;

use super::Looker;
use super::story::Story;
use crate::db::claims::{Claim, Decision, Evidence, Fact};
use crate::db::deposits::{Balance, Lot};
use crate::db::disputes::Dispute;
use crate::db::exceptions::Exception;
use crate::db::orders::{Order, OrderEvent};
use crate::db::payouts::Payout;
use crate::db::requests::Request;
use crate::db::tasks::Task;
use crate::db::tickets::{Cursor, Filter};
use crate::db::{self, Conn};
use crate::desk::claims;
use crate::desk::panels;
use crate::error::Result;
use crate::ids::PersonId;
use crate::rules::adjudicate::adjudicate;
use crate::rules::assessment::Assessment;
use crate::rules::matters::{Question, matters};
use crate::rules::money::Amount;
use crate::rules::policy::Policy;
use crate::web::show::order::Labels;

pub struct Case {
    pub story: Story,
    pub claim: Claim,
    pub bought: Option<Bought>,
    /// For a claim on the balance: its lots, in the order of their spending.
    pub lots: Vec<Lot>,
    pub labels: Labels,
    pub record: Record,
    pub evidence: Vec<Evidence>,
    /// What people established, the latest of each fact last.
    pub established: Vec<Fact>,
    pub decisions: Vec<Decision>,
    pub payouts: Vec<Payout>,
    /// What was ever put before a second person, and the one that waits.
    pub exceptions: Vec<Exception>,
    pub waiting: Option<Exception>,
    pub tasks: Vec<Task>,
    /// What the panel was asked about the order.
    pub requests: Vec<Request>,
    /// The order has a panel that can be asked.
    pub has_panel: bool,
    /// What people's keys in facts and decisions stand for.
    pub people: HashMap<PersonId, String>,
    /// What the rules said last, as it is stored.
    pub stored: Assessment,
    /// What they say at this moment; as stored where the claim is decided.
    pub now: Assessment,
    pub questions: Vec<Question>,
    /// The most that anyone can still grant.
    pub ceiling: Option<Amount>,
    /// What had come back of the order by the facts that a decided claim was judged on.
    refunded_then: Option<i64>,
    /// The next ticket of the queue.
    pub following: Option<String>,
}

/// What was bought, and what became of it.
pub struct Bought {
    pub order: Order,
    pub history: Vec<OrderEvent>,
}

/// What the desk knows of the customer besides this claim.
pub struct Record {
    pub earlier: Vec<Claim>,
    pub orders: i64,
    pub disputes: Vec<Dispute>,
}

impl Case {
    /// # Errors
    /// `NotFound` for a number of nobody's, or of a seller that the looker does not serve.
    pub fn read(conn: &mut Conn, looker: &Looker, number: &str) -> Result<Case> {
        let claim = db::claims::for_staff(conn, &looker.scope, number)?;
        let ticket = db::tickets::find(conn, &claim.ticket_id)?;
        let following = following(conn, looker, &ticket)?;
        let story = Story::read(conn, ticket, looker.wall)?;
        let established = db::claims::facts(conn, &claim.id)?;
        let row = db::claims::latest_assessment(conn, &claim.id)?;
        let stored: Assessment = serde_json::from_str(&row.result_json)?;
        let mut questions = Vec::new();
        let mut now = stored.clone();
        let mut refunded_then = None;
        if !claim.is_open() {
            refunded_then = Some(refunded_by(&row.facts_json)?);
        } else {
            let facts = claims::facts(conn, &claim, looker.wall.now, None)?;
            let shelf = claims::shelf_of(conn, &claim)?;
            now = adjudicate(&shelf, &facts);
            let paths: Vec<&str> = established.iter().map(|fact| fact.name.as_str()).collect();
            questions = matters(&shelf, &facts, &paths);
        }
        let bought = match &claim.order_id {
            Some(id) => Some(Bought {
                order: db::orders::find(conn, id)?,
                history: db::orders::history(conn, id)?,
            }),
            None => None,
        };
        let decisions = db::claims::decisions(conn, &claim.id)?;
        let mut doers: Vec<PersonId> = established
            .iter()
            .map(|fact| fact.who.as_str().into())
            .collect();
        doers.extend(
            decisions
                .iter()
                .map(|decision| PersonId::from(decision.decided_by.as_str())),
        );
        let exceptions = db::exceptions::of_claim(conn, &claim.id)?;
        for row in &exceptions {
            doers.push(row.proposed_by.clone());
            doers.extend(row.settled_by.clone());
        }
        let tasks = db::tasks::of_claim(conn, &claim.id)?;
        let ended = tasks.iter().filter_map(|task| task.ended_by.as_deref());
        doers.extend(ended.map(PersonId::from));
        doers.extend(tasks.iter().filter_map(|task| task.owner_id.clone()));
        let (mut requests, mut has_panel) = (Vec::new(), false);
        if let Some(order) = &claim.order_id {
            requests = db::requests::of_order(conn, order)?;
            has_panel = panels::requests::can_ask(conn, &claim.seller_id, order)?;
        }
        Ok(Case {
            tasks,
            requests,
            has_panel,
            lots: lots(conn, &claim)?,
            labels: labels(conn, &claim)?,
            record: Record::read(conn, &claim)?,
            evidence: db::claims::evidence(conn, &claim.id)?,
            payouts: db::payouts::of_claim(conn, &claim.id)?,
            people: db::people::names(conn, &doers)?,
            waiting: exceptions.iter().find(|row| row.state == "open").cloned(),
            exceptions,
            ceiling: claims::ceiling(conn, &claim, &now)?,
            story,
            claim,
            bought,
            established,
            decisions,
            stored,
            now,
            questions,
            refunded_then,
            following,
        })
    }

    /// The policy version that the rules judged by.
    pub fn policy(&self) -> Result<&Policy> {
        claims::governing(&self.story.shelf, &self.now)
    }

    pub fn order(&self) -> Option<&Order> {
        self.bought.as_ref().map(|bought| &bought.order)
    }

    /// The order as it was judged: what came back of it since is not in it.
    pub fn as_judged(&self) -> Option<Order> {
        let order = self.order()?.clone();
        Some(Order {
            refunded_e8: self.refunded_then.unwrap_or(order.refunded_e8),
            ..order
        })
    }

    pub fn path(&self) -> String {
        format!("/queue/claims/{}", self.claim.number)
    }

    /// Time or facts have moved on since the last assessment was kept.
    pub fn has_moved(&self) -> bool {
        let gist = |assessment: &Assessment| {
            (
                assessment.outcome,
                assessment.amount,
                assessment.payments.clone(),
            )
        };
        gist(&self.stored) != gist(&self.now)
    }

    /// Who a row's key is, in words.
    pub fn doer(&self, key: &str) -> String {
        match key {
            "policy" => "The policy".to_owned(),
            "worker" => "Redress".to_owned(),
            "operator" => "The operator".to_owned(),
            person => self
                .people
                .get(&PersonId::from(person))
                .cloned()
                .unwrap_or_else(|| "Somebody".to_owned()),
        }
    }

    /// A payment method as staff read it.
    pub fn method(&self, reference: &str) -> String {
        method(&self.labels, reference)
    }
}

fn refunded_by(facts_json: &str) -> Result<i64> {
    let facts: serde_json::Value = serde_json::from_str(facts_json)?;
    let refunded = facts["order"]["refunded"]
        .as_str()
        .and_then(|text| Amount::parse(text).ok());
    Ok(refunded.map_or(0, Amount::e8))
}

/// A payment method as staff read it.
pub fn method(labels: &Labels, reference: &str) -> String {
    match reference {
        db::orders::BALANCE => "the account balance".to_owned(),
        db::orders::UNKNOWN_METHOD => "a method that is not known".to_owned(),
        other => labels
            .get(other)
            .cloned()
            .unwrap_or_else(|| other.to_owned()),
    }
}

/// Where a payout goes, as staff read it after "to".
pub fn goes_to(labels: &Labels, payout: &Payout) -> String {
    if payout.goes_another_way() {
        return "the customer another way, to be agreed".to_owned();
    }
    method(labels, &payout.method)
}

/// What comes next in the queue after this ticket, or on top of it where this one is done.
fn following(
    conn: &mut Conn,
    looker: &Looker,
    ticket: &db::tickets::Ticket,
) -> Result<Option<String>> {
    let cursor = ticket.next_due_at.map(|due| Cursor {
        due_at: Some(due.utc()),
        id: ticket.id.clone(),
        back: false,
    });
    let (wall, filter) = (looker.wall, Filter::default());
    let rows = db::tickets::queue(
        conn,
        &looker.scope,
        &filter,
        &looker.person.id,
        wall.now,
        wall.day_end(),
        cursor.as_ref(),
        2,
    )?;
    let next = rows.into_iter().find(|row| row.ticket.id != ticket.id);
    Ok(next.map(|row| match row.claim_number {
        Some(number) => format!("/queue/claims/{number}"),
        None => format!("/queue/tickets/{}", row.ticket.number),
    }))
}

fn lots(conn: &mut Conn, claim: &Claim) -> Result<Vec<Lot>> {
    if claim.order_id.is_some() {
        return Ok(Vec::new());
    }
    let balance = Balance {
        seller: claim.seller_id.clone(),
        customer: claim.customer_id.clone(),
        currency: claim.currency.clone(),
    };
    Ok(db::deposits::lots(conn, &balance)?)
}

fn labels(conn: &mut Conn, claim: &Claim) -> Result<Labels> {
    let methods = db::deposits::methods_of(conn, &claim.seller_id, &claim.customer_id)?;
    Ok(methods
        .into_iter()
        .map(|method| (method.reference, method.label))
        .collect())
}

impl Record {
    fn read(conn: &mut Conn, claim: &Claim) -> Result<Record> {
        let mut earlier = db::claims::record(conn, &claim.customer_id, &claim.seller_id)?;
        earlier.retain(|other| other.id != claim.id);
        let mut disputes = db::disputes::of_customer(conn, &claim.customer_id)?;
        disputes.retain(|dispute| dispute.seller_id == claim.seller_id);
        Ok(Record {
            earlier,
            orders: db::orders::count_with(conn, &claim.customer_id, &claim.seller_id)?,
            disputes,
        })
    }
}
