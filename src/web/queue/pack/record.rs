//! What a pack is made from: the orders that the disputed payment paid for, the conversations about them, and the version of the
//! policy that was in force when it was made. Everything is found through the dispute's own customer and seller.

use std::sync::Arc;

use crate::db::claims::{Claim, Decision};
use crate::db::disputes::Dispute;
use crate::db::files::File;
use crate::db::orders::{Deposit, Method, Order, OrderEvent};
use crate::db::payouts::Payout;
use crate::db::people::Person;
use crate::db::policies::Version;
use crate::db::sellers::Seller;
use crate::db::tickets::{Message, Ticket};
use crate::db::{self, Conn};
use crate::desk::disputes::{self as verbs, Circumstances};
use crate::desk::policies;
use crate::error::Result;
use crate::ids::PersonId;
use crate::rules::assessment::Assessment;
use crate::rules::policy::{Policy, Shelf};
use crate::web::show::order::Labels;
use crate::web::show::story::Names;

pub struct Record {
    pub dispute: Dispute,
    pub seller: Seller,
    pub customer: Person,
    pub deposit: Option<(Deposit, Method)>,
    pub known: Circumstances,
    /// The version that the buyer accepted with the payment; none where none was in force, or the day is not known.
    pub policy: Option<(Policy, Version)>,
    pub shelf: Arc<Shelf>,
    pub orders: Vec<(Order, Vec<OrderEvent>)>,
    pub talks: Vec<Talk>,
    pub cases: Vec<Case>,
    pub labels: Labels,
}

/// A conversation: what both sides wrote, and the files that hang on it. No notes.
pub struct Talk {
    pub ticket: Ticket,
    pub messages: Vec<Message>,
    pub files: Vec<File>,
    pub names: Names,
}

/// A request with what became of it.
pub struct Case {
    pub claim: Claim,
    pub judged: Assessment,
    pub decisions: Vec<Decision>,
    pub payouts: Vec<Payout>,
}

impl Record {
    pub fn read(conn: &mut Conn, dispute: &Dispute) -> Result<Record> {
        let seller = db::sellers::find(conn, &dispute.seller_id)?;
        let shelf = policies::shelf(conn, &seller.policy)?;
        let known = verbs::circumstances(conn, dispute)?;
        let orders = orders(conn, dispute)?;
        let claims = claims(conn, dispute, &orders)?;
        let methods = db::deposits::methods_of(conn, &seller.id, &dispute.customer_id)?;
        let deposit = match &dispute.deposit_id {
            Some(id) => {
                let deposit = db::orders::deposit(conn, id)?;
                let method = db::deposits::method(conn, &deposit.method_id)?;
                Some((deposit, method))
            }
            None => None,
        };
        Ok(Record {
            policy: accepted(conn, dispute, &seller, &shelf)?,
            customer: db::people::find(conn, &dispute.customer_id)?,
            talks: talks(conn, &known, &claims)?,
            cases: cases(conn, claims)?,
            labels: methods
                .into_iter()
                .map(|method| (method.reference, method.label))
                .collect(),
            dispute: dispute.clone(),
            seller,
            deposit,
            known,
            shelf,
            orders,
        })
    }
}

fn accepted(
    conn: &mut Conn,
    dispute: &Dispute,
    seller: &Seller,
    shelf: &Shelf,
) -> Result<Option<(Policy, Version)>> {
    let Some(at) = verbs::paid_at(conn, dispute)? else {
        return Ok(None);
    };
    let Some(policy) = shelf.in_force_in(&seller.policy, at, seller.own_zone()) else {
        return Ok(None);
    };
    let versions = db::policies::versions(conn, &seller.policy)?;
    let version = versions
        .into_iter()
        .find(|row| row.version == policy.version);
    Ok(version.map(|version| (policy.clone(), version)))
}

/// The order itself, or those that the deposit's money went to.
fn orders(conn: &mut Conn, dispute: &Dispute) -> Result<Vec<(Order, Vec<OrderEvent>)>> {
    let ids = match (&dispute.order_id, &dispute.deposit_id) {
        (Some(order), _) => vec![order.clone()],
        (None, Some(deposit)) => {
            let lot = db::deposits::lot_of_deposit(conn, deposit)?;
            db::deposits::orders_of_lot(conn, &lot.id)?
        }
        (None, None) => Vec::new(),
    };
    let mut orders = Vec::new();
    for order in db::orders::by_ids(conn, &ids)? {
        if order.customer_id == dispute.customer_id {
            let history = db::orders::history(conn, &order.id)?;
            orders.push((order, history));
        }
    }
    orders.sort_by(|(a, _), (b, _)| (a.placed_at, &a.number).cmp(&(b.placed_at, &b.number)));
    Ok(orders)
}

/// The requests about those orders, and for a deposit those about its balance.
fn claims(
    conn: &mut Conn,
    dispute: &Dispute,
    orders: &[(Order, Vec<OrderEvent>)],
) -> Result<Vec<Claim>> {
    let mut claims = db::claims::record(conn, &dispute.customer_id, &dispute.seller_id)?;
    claims.retain(|claim| match &claim.order_id {
        Some(id) => orders.iter().any(|(order, _)| &order.id == id),
        None => dispute.deposit_id.is_some() && claim.currency == dispute.currency,
    });
    claims.sort_by_key(|claim| claim.received_at);
    Ok(claims)
}

/// The conversations of those requests, and whatever else was written between the payment and the chargeback.
fn talks(conn: &mut Conn, known: &Circumstances, claims: &[Claim]) -> Result<Vec<Talk>> {
    let mut tickets: Vec<Ticket> = known
        .contacts
        .iter()
        .map(|one| one.ticket.clone())
        .collect();
    for claim in claims {
        if !tickets.iter().any(|ticket| ticket.id == claim.ticket_id) {
            tickets.push(db::tickets::find(conn, &claim.ticket_id)?);
        }
    }
    tickets.sort_by_key(|ticket| ticket.opened_at);
    let mut talks = Vec::new();
    for ticket in tickets {
        let messages = db::tickets::public_messages(conn, &ticket.id)?;
        let mut files = db::files::of_ticket(conn, &ticket.id)?;
        // What hangs on a note is the staff's.
        files.retain(|file| match &file.message_id {
            Some(id) => messages.iter().any(|message| &message.id == id),
            None => true,
        });
        let authors: Vec<PersonId> = messages
            .iter()
            .filter_map(|one| one.author_id.clone())
            .collect();
        talks.push(Talk {
            names: db::people::names(conn, &authors)?,
            ticket,
            messages,
            files,
        });
    }
    Ok(talks)
}

fn cases(conn: &mut Conn, claims: Vec<Claim>) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for claim in claims {
        let row = db::claims::latest_assessment(conn, &claim.id)?;
        cases.push(Case {
            judged: serde_json::from_str(&row.result_json)?,
            decisions: db::claims::decisions(conn, &claim.id)?,
            payouts: db::payouts::of_claim(conn, &claim.id)?,
            claim,
        });
    }
    Ok(cases)
}
