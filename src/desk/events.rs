//! `record` writes the timeline's line: the single point from which everything that wants to know of a deed will learn of it.

use serde::Serialize;

use crate::act::Act;
use crate::db::Tx;
use crate::db::events::{Event, insert_event};
use crate::error::Result;
use crate::ids::{ClaimId, EventId, OrderId, SellerId, TicketId};

/// What happened, before it has a place in the seller's chain.
#[derive(Debug, Clone)]
pub struct Happened {
    pub seller: SellerId,
    pub kind: &'static str,
    pub ticket: Option<TicketId>,
    pub claim: Option<ClaimId>,
    pub order: Option<OrderId>,
    /// For the customer's page; `None` where it is the staff's business alone.
    pub public: Option<String>,
    /// For the staff's page.
    pub words: String,
    pub data: serde_json::Value,
}

impl Happened {
    pub fn new(seller: &SellerId, kind: &'static str, words: impl Into<String>) -> Self {
        Happened {
            seller: seller.clone(),
            kind,
            ticket: None,
            claim: None,
            order: None,
            public: None,
            words: words.into(),
            data: serde_json::Value::Null,
        }
    }

    pub fn on_ticket(mut self, ticket: &TicketId) -> Self {
        self.ticket = Some(ticket.clone());
        self
    }

    pub fn on_claim(mut self, claim: &ClaimId) -> Self {
        self.claim = Some(claim.clone());
        self
    }

    pub fn on_order(mut self, order: Option<&OrderId>) -> Self {
        self.order = order.cloned();
        self
    }

    /// Shows it to the customer too, in these words.
    pub fn told(mut self, words: impl Into<String>) -> Self {
        self.public = Some(words.into());
        self
    }

    pub fn with(mut self, data: impl Serialize) -> Result<Self> {
        self.data = serde_json::to_value(data)?;
        Ok(self)
    }
}

pub fn record(tx: &mut Tx, act: &Act, happened: Happened) -> Result<Event> {
    let event = Event {
        id: EventId::new(act.at),
        seller_id: happened.seller,
        seq: 0,
        kind: happened.kind.to_owned(),
        ticket_id: happened.ticket,
        claim_id: happened.claim,
        order_id: happened.order,
        who: act.who.key().to_owned(),
        who_label: act.who.label().to_owned(),
        via: act.via.as_str().to_owned(),
        at: act.at.into(),
        public_words: happened.public,
        words: happened.words,
        data_json: happened.data.to_string(),
        prev_hash: String::new(),
        hash: String::new(),
    };
    Ok(insert_event(tx, event)?)
}
