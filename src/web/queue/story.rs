//! Everything a staff page shows of a conversation, read in one go: messages with notes, events, files, letters and clocks.

use std::sync::Arc;

use super::Looker;
use super::seen::Seen;
use crate::db::clocks::Clock;
use crate::db::columns::At;
use crate::db::events::Event;
use crate::db::files::File;
use crate::db::inbox::Mail;
use crate::db::mail::Row as Letter;
use crate::db::people::Person;
use crate::db::sellers::Seller;
use crate::db::tickets::{Message, Ticket};
use crate::db::{self, Conn};
use crate::desk::clocks::courses;
use crate::desk::policies;
use crate::error::Result;
use crate::ids::PersonId;
use crate::rules::policy::Shelf;
use crate::web::parts::Timeline;
use crate::web::show::Wall;
use crate::web::show::clocks::Courses;
use crate::web::show::story::{self as words, Names};

pub struct Story {
    pub ticket: Ticket,
    pub seller: Seller,
    /// Every version of the seller's policy.
    pub shelf: Arc<Shelf>,
    pub customer: Person,
    pub messages: Vec<Message>,
    pub events: Vec<Event>,
    pub files: Vec<File>,
    pub letters: Vec<Letter>,
    pub mails: Vec<Mail>,
    pub clocks: Vec<Clock>,
    /// How each of them came to stand where it stands.
    pub courses: Courses,
    pub names: Names,
    /// What holds for the customer because of a chargeback, in sentences.
    pub sanctions: Vec<String>,
    /// Those who can be given the ticket: usable staff who serve its seller, by name.
    pub staff: Vec<Person>,
}

impl Story {
    pub fn read(conn: &mut Conn, ticket: Ticket, wall: Wall) -> Result<Story> {
        let messages = db::tickets::messages(conn, &ticket.id)?;
        let authors = messages
            .iter()
            .filter_map(|message| message.author_id.clone());
        let mut known: Vec<PersonId> = authors.chain(ticket.assignee_id.clone()).collect();
        known.sort();
        known.dedup();
        let seller = db::sellers::find(conn, &ticket.seller_id)?;
        let clocks = db::clocks::of_ticket(conn, &ticket.id)?;
        Ok(Story {
            shelf: policies::shelf(conn, &seller.policy)?,
            seller,
            customer: db::people::find(conn, &ticket.customer_id)?,
            events: db::events::of_ticket(conn, &ticket.id)?,
            files: db::files::of_ticket(conn, &ticket.id)?,
            letters: db::mail::of_ticket(conn, &ticket.id)?,
            mails: db::inbox::of_ticket(conn, &ticket.id)?,
            courses: courses(conn, &ticket.id, &clocks, wall.now)?,
            clocks,
            names: db::people::names(conn, &known)?,
            sanctions: sanctions(conn, &ticket, wall)?,
            staff: serving(conn, &ticket)?,
            messages,
            ticket,
        })
    }

    pub fn seen(&self) -> Seen {
        Seen {
            ticket: self.ticket.seq,
            event: self.events.iter().map(|event| event.seq).max().unwrap_or(0),
        }
    }

    pub fn timeline(&self, wall: Wall) -> Timeline {
        words::staff(&self.messages, &self.events, &self.files, &self.names, wall)
    }

    /// What came after a page had shown `seen`. A message and its event are of the same instant.
    pub fn since(&self, seen: Seen, wall: Wall) -> Timeline {
        let new: Vec<Event> = self
            .events
            .iter()
            .filter(|event| event.seq > seen.event)
            .cloned()
            .collect();
        let is_new = |at: At| new.iter().any(|event| event.at == at);
        let messages: Vec<Message> = self
            .messages
            .iter()
            .filter(|message| is_new(message.at))
            .cloned()
            .collect();
        words::staff(&messages, &new, &self.files, &self.names, wall)
    }

    pub fn assignee(&self) -> Option<&str> {
        let id = self.ticket.assignee_id.as_ref()?;
        Some(self.names.get(id).map_or("A colleague", String::as_str))
    }

    pub fn is_mine(&self, looker: &Looker) -> bool {
        self.ticket.assignee_id.as_ref() == Some(&looker.person.id)
    }

    pub fn is_open(&self) -> bool {
        self.ticket.state != "closed"
    }
}

fn sanctions(conn: &mut Conn, ticket: &Ticket, wall: Wall) -> Result<Vec<String>> {
    let (seller, customer) = (&ticket.seller_id, &ticket.customer_id);
    let standing = crate::desk::sanctions::standing(conn, seller, customer, wall.now)?;
    let words = standing.iter().map(|kept| {
        let (what, span) = (
            super::sanctions::what(kept),
            super::sanctions::span(kept, wall),
        );
        format!("{what}, {span} ({}).", kept.sanction.number)
    });
    Ok(words.collect())
}

fn serving(conn: &mut Conn, ticket: &Ticket) -> Result<Vec<Person>> {
    let mut serving = Vec::new();
    for person in db::people::staff(conn)? {
        let sellers = db::people::sellers_of(conn, &person.id)?;
        if person.disabled_at.is_none()
            && (sellers.is_empty() || sellers.contains(&ticket.seller_id))
        {
            serving.push(person);
        }
    }
    Ok(serving)
}
