//! Where a mail belongs, found out without writing anything. The order is the order of trust: what we sent ourselves, what machines
//! sent, what answers a letter that only its reader has, what our mail server vouches for, and last what nobody vouches for, which
//! is held apart.

use chrono::Duration;

use super::keep::mailbox;
use super::thread::{leads_on, without_token};
use crate::act::{Act, Role};
use crate::address::Address;
use crate::db::inbox::{self, Face, Mail, Mailbox, ReplyAddress};
use crate::db::people::{self, Person};
use crate::db::tickets::{self, Ticket};
use crate::db::{Conn, mail as letters};
use crate::error::Result;
use crate::ids::{LetterId, MailId, SellerId, TicketId, digest};
use crate::incoming::Incoming;
use crate::rules::mail::{Nature, Signs, Verdict, Why, bare_subject, nature, verdict};

/// What is ours, as the settings say.
#[derive(Debug, Clone, Default)]
pub struct Ours {
    /// The name that our mail server writes into `Authentication-Results`; empty: nobody is believed.
    pub authserv: String,
    /// The sender of letters that no seller signs.
    pub mail_from: String,
}

/// Conversations that a sender may begin in an hour, and mails that one takes in an hour.
const MOST_NEW: i64 = 5;
const MOST_ON_ONE: i64 = 20;

#[derive(Debug, Clone)]
pub enum Route {
    /// Into a conversation, as its customer's words.
    Reply(Box<Ticket>, Box<Person>),
    /// It answers our question whether that mail is the sender's.
    Proof(MailId),
    /// A conversation of its own; its sender may have none of ours yet.
    New(SellerId, Address, Option<Box<Person>>),
    /// Apart, with where it seems to belong; and whether the sender may be asked to confirm it.
    Held(Why, Option<TicketId>, bool),
    /// From a machine: kept, and nothing follows.
    Automatic(Why, Option<TicketId>, Option<LetterId>),
    /// A mail server about a letter of ours; and whether it came to the letter's own return path, which makes it worth believing.
    Bounce(Option<LetterId>, bool),
    Unreadable(String),
}

/// A mail's face and its place.
#[derive(Debug, Clone)]
pub struct Routed {
    pub face: Face,
    pub route: Route,
    /// It names a reply address that was never given out.
    pub is_guess: bool,
}

pub fn route(
    conn: &mut Conn,
    act: &Act,
    row: &Mail,
    mail: &Incoming,
    ours: &Ours,
) -> Result<Routed> {
    let addressed = addressed(row, mail);
    let mailbox = addressee(conn, row, &addressed)?;
    let host = mail.from.as_ref().map_or("", Address::host);
    let verdict = verdict(&mail.authentication, &ours.authserv, host);
    let face = Face {
        seller_id: mailbox.as_ref().map(|mailbox| mailbox.seller_id.clone()),
        sender: mail.from.as_ref().map(Address::to_string),
        sender_name: mail.from_name.clone(),
        subject: mail.subject.clone(),
        message_id: mail.message_id.clone(),
        verdict: verdict.word().to_owned(),
    };
    let mut routed = Routed {
        face,
        route: Route::Held(Why::Nobody, None, false),
        is_guess: false,
    };
    let Some(mailbox) = mailbox else {
        return Ok(routed);
    };
    let sorting = Sorting {
        act,
        row,
        mail,
        ours,
        mailbox: &mailbox,
        verdict,
        nature: kind(row, mail),
    };
    let token = sorting.token(conn, &addressed)?;
    routed.is_guess = matches!(token, Token::Unknown);
    routed.route = sorting.route(conn, token)?;
    Ok(routed)
}

/// Every address that it came to: the envelope's word first, which no sender writes.
fn addressed(row: &Mail, mail: &Incoming) -> Vec<Address> {
    let envelope = row.envelope_to.as_deref();
    let envelope = envelope.and_then(|to| Address::parse(to).ok());
    envelope
        .into_iter()
        .chain(mail.to.iter().cloned())
        .collect()
}

/// The mailbox that it is for. The envelope settled it where it spoke.
fn addressee(conn: &mut Conn, row: &Mail, addressed: &[Address]) -> Result<Option<Mailbox>> {
    if let Some(seller) = &row.seller_id {
        return Ok(inbox::mailbox_of(conn, seller)?);
    }
    for address in addressed {
        if let Some(found) = mailbox(conn, address)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn kind(row: &Mail, mail: &Incoming) -> Nature {
    let envelope = row.envelope_from.as_ref();
    let envelope = envelope.or(mail.signs.envelope_from.as_ref());
    nature(&Signs {
        auto_submitted: mail.signs.auto_submitted.as_deref(),
        precedence: mail.signs.precedence.as_deref(),
        is_list: mail.signs.is_list,
        is_autoreply: mail.signs.is_autoreply,
        is_report: mail.signs.is_report || mail.report.is_some(),
        envelope_from: envelope.map(String::as_str),
        from: mail.from.as_ref().map_or("", Address::as_str),
        subject: &mail.subject,
    })
}

/// The secret part of an address that the mail came to.
enum Token {
    /// None that we gave out, or one that leads nowhere any more.
    No,
    Unknown,
    Reply(Box<ReplyAddress>, Option<Box<Ticket>>),
    Bounce(LetterId),
}

struct Sorting<'a> {
    act: &'a Act,
    row: &'a Mail,
    mail: &'a Incoming,
    ours: &'a Ours,
    mailbox: &'a Mailbox,
    verdict: Verdict,
    nature: Nature,
}

impl Sorting<'_> {
    fn token(&self, conn: &mut Conn, addressed: &[Address]) -> Result<Token> {
        let mut found = Token::No;
        for address in addressed {
            let (bare, Some((kind, token))) = without_token(address) else {
                continue;
            };
            if bare != self.mailbox.address {
                continue;
            }
            let Some(known) = inbox::reply_address(conn, &digest(token))? else {
                found = Token::Unknown;
                continue;
            };
            if kind == 'b' {
                return Ok(Token::Bounce(known.letter_id));
            }
            let ticket = match &known.ticket_id {
                Some(id) => Some(tickets::find(conn, id)?),
                None => None,
            };
            if leads_on(&known, ticket.as_ref(), self.act.at) {
                return Ok(Token::Reply(Box::new(known), ticket.map(Box::new)));
            }
            return Ok(Token::No);
        }
        Ok(found)
    }

    fn route(&self, conn: &mut Conn, token: Token) -> Result<Route> {
        let Some(sender) = &self.mail.from else {
            // What a mail server says of a letter is worth keeping whoever it says it is.
            if self.nature == Nature::Bounce {
                return self.bounce(conn, token);
            }
            return Ok(Route::Unreadable(self.mail.from_flaw.clone()));
        };
        if sender.as_str() == self.ours.mail_from || mailbox(conn, sender)?.is_some() {
            return Ok(Route::Automatic(Why::Own, None, None));
        }
        match self.nature {
            Nature::Bounce => return self.bounce(conn, token),
            Nature::Automatic => {
                let (letter, ticket) = match token {
                    Token::Reply(address, _) => (Some(address.letter_id), address.ticket_id),
                    _ => (None, None),
                };
                return Ok(Route::Automatic(Why::Automatic, ticket, letter));
            }
            Nature::Bulk | Nature::Person => {}
        }
        let person = people::by_email(conn, sender.as_str())?;
        if let Some(why) = person.as_ref().and_then(barred) {
            return Ok(Route::Held(why, None, false));
        }
        if self.row.vouched_by.is_some() {
            return self.vouched(conn, sender, person, token);
        }
        if let Token::Reply(address, ticket) = token {
            return self.answer(conn, sender, person, &address, ticket.map(|ticket| *ticket));
        }
        self.unasked(conn, sender, person)
    }

    fn bounce(&self, conn: &mut Conn, token: Token) -> Result<Route> {
        if let Token::Bounce(letter) = token {
            return Ok(Route::Bounce(Some(letter), true));
        }
        let named = self.mail.report.as_ref();
        let named = named.and_then(|report| report.message_id.as_deref());
        let letter = match named {
            Some(id) => letters::by_message_id(conn, id)?,
            None => None,
        };
        Ok(Route::Bounce(letter.map(|letter| letter.id), false))
    }

    /// To a reply address: its reader alone may use it, and not where our server knows that it is not they who wrote.
    fn answer(
        &self,
        conn: &mut Conn,
        sender: &Address,
        person: Option<Person>,
        address: &ReplyAddress,
        ticket: Option<Ticket>,
    ) -> Result<Route> {
        if address.recipient != sender.as_str() {
            return Ok(Route::Held(
                Why::AnotherSender,
                address.ticket_id.clone(),
                false,
            ));
        }
        if self.verdict == Verdict::Fail {
            return Ok(Route::Held(Why::Forged, address.ticket_id.clone(), false));
        }
        match (ticket, person) {
            (Some(ticket), Some(person)) if ticket.customer_id == person.id => {
                self.into(conn, ticket, person)
            }
            (Some(ticket), _) => Ok(Route::Held(Why::AnotherSender, Some(ticket.id), false)),
            (None, _) => Ok(match &address.mail_id {
                Some(mail) => Route::Proof(mail.clone()),
                None => Route::Held(Why::AnotherSender, None, false),
            }),
        }
    }

    fn into(&self, conn: &mut Conn, ticket: Ticket, person: Person) -> Result<Route> {
        let since = self.act.at - Duration::hours(1);
        if inbox::count_on(conn, &ticket.id, since)? >= MOST_ON_ONE {
            return Ok(Route::Held(Why::TooMany, Some(ticket.id), false));
        }
        Ok(Route::Reply(Box::new(ticket), Box::new(person)))
    }

    /// Without a reply address of ours.
    fn unasked(&self, conn: &mut Conn, sender: &Address, person: Option<Person>) -> Result<Route> {
        let may_ask = self.nature == Nature::Person;
        if self.verdict == Verdict::Fail {
            return Ok(Route::Held(Why::Forged, None, false));
        }
        if self.nature == Nature::Bulk {
            return Ok(Route::Held(Why::Bulk, None, false));
        }
        let Some(person) = person else {
            return Ok(Route::Held(Why::Stranger, None, may_ask));
        };
        let hinted = self.hinted(conn, &person)?;
        if self.verdict != Verdict::Pass {
            let ticket = hinted.map(|ticket| ticket.id);
            return Ok(Route::Held(Why::Unproven, ticket, may_ask));
        }
        if let Some(ticket) = hinted {
            return self.into(conn, ticket, person);
        }
        let since = self.act.at - Duration::hours(1);
        if inbox::begun_by(conn, sender.as_str(), since)? >= MOST_NEW {
            return Ok(Route::Held(Why::TooMany, None, false));
        }
        Ok(Route::New(
            self.mailbox.seller_id.clone(),
            sender.clone(),
            Some(Box::new(person)),
        ))
    }

    /// The open conversation of that very customer that its Message-IDs speak of; with another subject it is another matter.
    fn hinted(&self, conn: &mut Conn, person: &Person) -> Result<Option<Ticket>> {
        let Some(id) = inbox::ticket_of_letters(conn, &self.mail.references)? else {
            return Ok(None);
        };
        let ticket = tickets::find(conn, &id)?;
        let is_theirs = ticket.customer_id == person.id
            && ticket.seller_id == self.mailbox.seller_id
            && ticket.closed_at.is_none();
        let answers = bare_subject(&self.mail.subject) != self.mail.subject.trim();
        Ok((is_theirs && answers).then_some(ticket))
    }

    /// Somebody has vouched for the sender since it came.
    fn vouched(
        &self,
        conn: &mut Conn,
        sender: &Address,
        person: Option<Person>,
        token: Token,
    ) -> Result<Route> {
        if let (Token::Reply(address, ticket), Some(person)) = (token, &person)
            && address.recipient == sender.as_str()
        {
            let ticket = match (ticket, &address.mail_id) {
                (None, Some(mail)) => match inbox::find(conn, mail)?.ticket_id {
                    Some(id) => Some(tickets::find(conn, &id)?),
                    None => None,
                },
                (ticket, _) => ticket.map(|ticket| *ticket),
            };
            if let Some(ticket) = ticket.filter(|ticket| ticket.customer_id == person.id) {
                return Ok(Route::Reply(Box::new(ticket), Box::new(person.clone())));
            }
        }
        Ok(Route::New(
            self.mailbox.seller_id.clone(),
            sender.clone(),
            person.map(Box::new),
        ))
    }
}

fn barred(person: &Person) -> Option<Why> {
    if person.role != Role::Customer {
        return Some(Why::Staff);
    }
    person.disabled_at.map(|_| Why::Disabled)
}
