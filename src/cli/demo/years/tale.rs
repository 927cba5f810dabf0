//! One ticket from its opening to its end, told by the rules alone. Each deed leaves the rows that its verb of `desk` would leave; the
//! rules judge, the lifecycles step, and nothing that lies after the history's end is told. `finish` counts the clocks from the
//! whole story and hands everything to the ink.

mod case;
mod money;
mod promises;

pub use case::{Asked, Case, Otherwise};
pub use money::{Bought, Paid, Till, Wanted};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::ink::Ink;
use super::shops::{Customer, Shop};
use crate::act::{Door, Who};
use crate::db::clocks::Clock;
use crate::db::events::Event;
use crate::db::tasks::Task;
use crate::db::tickets::{Message, Ticket};
use crate::desk::clocks;
use crate::error::{Error, Result};
use crate::ids::{ClockId, EventId, MessageId, PersonId, TicketId};
use crate::rules::assessment::ClockKind;
use crate::rules::calendar::local_day;
use crate::rules::clock::Promise;
use crate::rules::deadline::{Clock as Declared, ClockStart};
use crate::rules::lifecycle::ticket::{State, Verb, next};
use crate::rules::policy::Policy;

pub struct Tale<'a> {
    pub shop: &'a Shop,
    pub customer: &'a mut Customer,
    pub ink: &'a mut Ink,
    ticket: Ticket,
    state: State,
    pub case: Option<Case<'a>>,
    events: Vec<Event>,
    messages: Vec<Message>,
    tasks: Vec<Task>,
    clocks: Vec<(Clock, Promise)>,
    /// The last deed that was told.
    pub at: DateTime<Utc>,
}

/// What an event says beside its kind.
struct Said {
    kind: &'static str,
    words: String,
    public: Option<String>,
    data: serde_json::Value,
}

impl Said {
    fn new(kind: &'static str, words: impl Into<String>) -> Said {
        Said {
            kind,
            words: words.into(),
            public: None,
            data: serde_json::Value::Null,
        }
    }

    fn told(mut self, words: impl Into<String>) -> Said {
        self.public = Some(words.into());
        self
    }

    fn with(mut self, told: impl Serialize) -> Result<Said> {
        self.data = serde_json::to_value(told)?;
        Ok(self)
    }
}

fn door(who: &Who) -> Door {
    match who {
        Who::Person(person) if person.role.is_staff() => Door::Queue,
        Who::Person(_) | Who::Visitor | Who::Policy => Door::Portal,
        Who::Worker => Door::Worker,
        Who::Operator => Door::Cli,
    }
}

fn first_name(name: &str) -> &str {
    name.split_whitespace().next().unwrap_or(name)
}

impl<'a> Tale<'a> {
    /// A ticket's row alone; what happened comes next.
    pub fn begin(
        shop: &'a Shop,
        customer: &'a mut Customer,
        ink: &'a mut Ink,
        at: DateTime<Utc>,
        subject: &str,
    ) -> Tale<'a> {
        let via = if ink.dice.happens(250) {
            "mail"
        } else {
            "portal"
        };
        let ticket = Ticket {
            id: TicketId::from(ink.dice.id(at)),
            number: ink.ticket_number(),
            seller_id: shop.seller.id.clone(),
            customer_id: customer.id.clone(),
            subject: subject.to_owned(),
            state: State::New.word().to_owned(),
            assignee_id: None,
            via: via.to_owned(),
            opened_at: at.into(),
            opened_on: local_day(at, shop.zone),
            changed_at: at.into(),
            closed_at: None,
            next_due_at: None,
            next_due_kind: None,
            next_due_firm: false,
            seq: 1,
            priority: None,
        };
        Tale {
            shop,
            customer,
            ink,
            ticket,
            state: State::New,
            case: None,
            events: Vec::new(),
            messages: Vec::new(),
            tasks: Vec::new(),
            clocks: Vec::new(),
            at,
        }
    }

    /// Moves on to a deed's moment; `false` where it would lie in the future, or behind what was told.
    fn comes(&mut self, at: DateTime<Utc>) -> bool {
        if at > self.ink.now || at < self.at {
            return false;
        }
        self.at = at;
        true
    }

    fn bump(&mut self) {
        self.ticket.seq += 1;
        self.ticket.changed_at = self.at.into();
    }

    fn record(&mut self, who: &Who, said: Said) {
        let claim = self.case.as_ref().map(|case| &case.claim);
        let on_claim = !matches!(
            said.kind,
            "ticket_opened" | "ticket_assigned" | "customer_wrote" | "staff_answered" | "note_left"
        );
        let on_order = matches!(
            said.kind,
            "claim_filed"
                | "claim_approved"
                | "claim_rejected"
                | "claim_remedied"
                | "claim_withdrawn"
                | "claim_appealed"
                | "payout_sent"
                | "task_opened"
                | "task_ended"
        );
        let claim = claim.filter(|_| on_claim);
        let via = match door(who) {
            Door::Portal => self.ticket.via.as_str(),
            door => door.as_str(),
        };
        let event = Event {
            id: EventId::from(self.ink.dice.id(self.at)),
            seller_id: self.shop.seller.id.clone(),
            seq: 0,
            kind: said.kind.to_owned(),
            ticket_id: Some(self.ticket.id.clone()),
            claim_id: claim.map(|claim| claim.id.clone()),
            order_id: claim
                .filter(|_| on_order)
                .and_then(|claim| claim.order_id.clone()),
            who: who.key().to_owned(),
            who_label: who.label().to_owned(),
            via: via.to_owned(),
            at: self.at.into(),
            public_words: said.public,
            words: said.words,
            data_json: said.data.to_string(),
            prev_hash: String::new(),
            hash: String::new(),
        };
        self.events.push(event);
    }

    fn say(&mut self, who: &Who, kind: &str, body: &str) {
        let author = match who {
            Who::Person(person) => Some(person.id.clone()),
            _ => None,
        };
        let via = match door(who) {
            Door::Portal => self.ticket.via.clone(),
            door => door.as_str().to_owned(),
        };
        self.messages.push(Message {
            id: MessageId::from(self.ink.dice.id(self.at)),
            ticket_id: self.ticket.id.clone(),
            author_id: author,
            kind: kind.to_owned(),
            body: body.to_owned(),
            via,
            at: self.at.into(),
        });
    }

    fn step(&mut self, verb: Verb) -> Result<()> {
        let to = next(self.state, verb).map_err(Error::broken)?;
        self.state = to;
        let is_closed = to == State::Closed;
        self.ticket.closed_at = is_closed.then(|| self.at.into());
        Ok(())
    }

    /// Begins the clock that is declared.
    fn promise(&mut self, declared: &Declared, policy: &Policy, from: DateTime<Utc>) -> Result<()> {
        let calendar = self.shop.calendar(policy);
        let claim = self.case.as_ref().map(|case| &case.claim.id);
        let begun = clocks::begun(&self.ticket, claim, &calendar, declared, from, self.at)?;
        let Some(mut row) = begun else {
            return Ok(());
        };
        row.id = ClockId::from(self.ink.dice.id(self.at));
        let promise = Promise {
            clock: declared.clone(),
            calendar,
            starts_at: from,
            fixed: None,
        };
        self.clocks.push((row, promise));
        Ok(())
    }

    pub fn is_open(&self) -> bool {
        self.state != State::Closed
    }

    /// A question without a claim.
    pub fn asks(&mut self, body: &str) -> Result<()> {
        let who = self.customer.who.clone();
        self.say(&who, "customer", body);
        let words = format!("{} asked a question.", who.label());
        self.record(
            &who,
            Said::new("ticket_opened", words).told("You wrote to us."),
        );
        let shop = self.shop;
        let policy = shop.policy(self.at)?;
        let answers = |clock: &&Declared| {
            clock.kind == ClockKind::FirstResponse && clock.starts == ClockStart::Received
        };
        let target = clocks::house(ClockKind::FirstResponse, ClockStart::Received);
        let declared = policy.clocks.iter().find(answers).unwrap_or(&target);
        self.promise(declared, policy, self.at)
    }

    pub fn writes(&mut self, at: DateTime<Utc>, body: &str) -> Result<()> {
        if !self.comes(at) {
            return Ok(());
        }
        self.bump();
        self.step(Verb::CustomerWrites)?;
        let who = self.customer.who.clone();
        self.say(&who, "customer", body);
        let words = format!("{} wrote.", who.label());
        self.record(
            &who,
            Said::new("customer_wrote", words).told("You wrote to us."),
        );
        Ok(())
    }

    pub fn answers(&mut self, at: DateTime<Utc>, who: &Who, body: &str) -> Result<()> {
        if !self.comes(at) {
            return Ok(());
        }
        self.bump();
        self.step(Verb::StaffAnswers)?;
        self.say(who, "staff", body);
        let words = format!("{} answered the customer.", who.label());
        let public = format!("{} answered you.", first_name(who.label()));
        self.record(who, Said::new("staff_answered", words).told(public));
        Ok(())
    }

    pub fn notes(&mut self, at: DateTime<Utc>, who: &Who, body: &str) {
        if !self.comes(at) {
            return;
        }
        self.bump();
        self.say(who, "note", body);
        let words = format!("{} left a note.", who.label());
        self.record(who, Said::new("note_left", words));
    }

    pub fn takes(&mut self, at: DateTime<Utc>, who: &Who) -> Result<()> {
        if !self.comes(at) {
            return Ok(());
        }
        self.bump();
        let id = PersonId::from(who.key());
        self.ticket.assignee_id = Some(id.clone());
        let words = format!("{} took this.", who.label());
        self.record(who, Said::new("ticket_assigned", words).with((Some(id),))?);
        Ok(())
    }

    pub fn closes(&mut self, at: DateTime<Utc>, who: &Who) -> Result<()> {
        if !self.is_open() || !self.comes(at) {
            return Ok(());
        }
        self.bump();
        self.step(Verb::Close)?;
        let words = format!("{} closed this.", who.label());
        let public = "This conversation was closed. Write again to reopen it.";
        let said = Said::new("ticket_closed", words).told(public);
        self.record(who, said);
        Ok(())
    }

    /// Everything that was told, as rows.
    pub fn finish(mut self) -> Result<()> {
        self.owe_replies()?;
        let mut clocks = self.counted()?;
        clocks.sort_by(|a, b| (a.due_at, &a.kind).cmp(&(b.due_at, &b.kind)));
        if let Some((due_at, kind, is_firm)) = clocks::next_due(&clocks) {
            self.ticket.next_due_at = Some(due_at.into());
            self.ticket.next_due_kind = Some(kind.to_owned());
            self.ticket.next_due_firm = is_firm;
        }
        self.ticket.state = self.state.word().to_owned();
        self.customer.free_at = self.at;
        let sheaf = &mut self.ink.sheaf;
        sheaf.tickets.push(self.ticket);
        sheaf.messages.extend(self.messages);
        sheaf.clocks.extend(clocks);
        sheaf.tasks.extend(self.tasks);
        if let Some(case) = self.case {
            case.finish(self.ink);
        }
        self.events.sort_by_key(|event| event.at);
        for event in self.events {
            self.ink.event(event);
        }
        Ok(())
    }
}
