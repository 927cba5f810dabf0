//! Conversations: open, reply, note, assign, close, reopen. A member of staff who writes says which state of the ticket they had
//! before them (`seen`); where something was added meanwhile the verb is refused as stale and the door keeps the text.

use chrono::{DateTime, Utc};

use super::events::{Happened, record};
use super::mailroom::{self, Envelope};
use super::{clocks, files, policies};
use crate::act::{Act, Person, Role};
use crate::db::sellers::{self, Seller};
use crate::db::tickets::{self as rows, Message, Ticket};
use crate::db::{Conn, Tx, bump_counter};
use crate::db::{claims, people as persons};
use crate::error::{Code, Error, Fields, Result};
use crate::ids::{FileId, MessageId, PersonId, SellerId, TicketId};
use crate::letters;
use crate::rules::assessment::Deadline;
use crate::rules::calendar::local_day;
use crate::rules::lifecycle::ticket::{State, Verb, next};
use crate::rules::priority::Priority;
use crate::rules::rights::{Verb as Right, assigning, may};

/// The longest message, in characters; a longer one is a file.
pub const LONGEST: usize = 20_000;

/// What a new conversation begins with.
#[derive(Debug, Clone)]
pub struct Opening<'a> {
    pub seller: &'a SellerId,
    pub customer: &'a PersonId,
    pub subject: &'a str,
    pub body: &'a str,
}

/// Opens a ticket with the customer's first words. A question without a claim; claims open their own ticket through `begin`.
pub fn open(tx: &mut Tx, act: &Act, opening: &Opening, attached: &[FileId]) -> Result<Ticket> {
    open_since(tx, act, opening, act.at, attached)
}

/// The same for what came in before it could be put into a conversation: it counts from then.
pub fn open_since(
    tx: &mut Tx,
    act: &Act,
    opening: &Opening,
    received_at: DateTime<Utc>,
    attached: &[FileId],
) -> Result<Ticket> {
    let (ticket, promises) = ask(tx, act, opening, received_at, attached)?;
    let seller = sellers::find(tx, opening.seller)?;
    let customer = persons::find(tx, opening.customer)?;
    let letter = letters::tickets::TicketReceived {
        signature: signature(tx, act, &seller)?,
        ticket: ticket.number.clone(),
        promises,
    }
    .letter()?;
    let envelope = about(
        &ticket,
        &seller,
        &customer.email,
        "ticket_received",
        format!("ticket:{}:received", ticket.id),
    );
    mailroom::queue(tx, act, &envelope, letter)?;
    Ok(ticket)
}

/// The same without a letter, for whoever has more to say than that it is here; with what was promised for the first answer.
pub(super) fn ask(
    tx: &mut Tx,
    act: &Act,
    opening: &Opening,
    received_at: DateTime<Utc>,
    attached: &[FileId],
) -> Result<(Ticket, Vec<letters::parts::Promise>)> {
    let body = worth_asking(opening)?;
    let ticket = begin(tx, act, opening, received_at)?;
    let message = say(tx, act, &ticket, "customer", &body)?;
    files::attach(tx, act, &ticket.id, &message.id, attached)?;
    let seller = sellers::find(tx, opening.seller)?;
    let happened = Happened::new(
        &ticket.seller_id,
        "ticket_opened",
        format!("{} asked a question.", act.who.label()),
    );
    record(
        tx,
        act,
        happened.on_ticket(&ticket.id).told("You wrote to us."),
    )?;
    let zone = policies::zone(tx, &seller, act.at)?;
    let promised = clocks::expect_answer(tx, act, &seller, &ticket)?;
    clocks::follow(tx, act, &ticket.id)?;
    let promise = |deadline: Deadline| letters::parts::Promise {
        what: "First answer".to_owned(),
        by: letters::parts::Moment {
            at: deadline.due_at,
            zone,
        },
        firmness: deadline.firmness,
    };
    Ok((ticket, promised.into_iter().map(promise).collect()))
}

/// The ticket's row alone, numbered; the caller says what happened.
pub fn begin(
    tx: &mut Tx,
    act: &Act,
    opening: &Opening,
    received_at: DateTime<Utc>,
) -> Result<Ticket> {
    let seller = sellers::find(tx, opening.seller)?;
    let ticket = Ticket {
        id: TicketId::new(act.at),
        number: format!("T-{}", bump_counter(tx, "ticket")?),
        seller_id: seller.id.clone(),
        customer_id: opening.customer.clone(),
        subject: shortened(opening.subject),
        state: State::New.word().to_owned(),
        assignee_id: None,
        via: act.via.as_str().to_owned(),
        opened_at: received_at.into(),
        opened_on: local_day(received_at, policies::zone(tx, &seller, received_at)?),
        changed_at: act.at.into(),
        closed_at: None,
        next_due_at: None,
        next_due_kind: None,
        next_due_firm: false,
        seq: 1,
        priority: None,
    };
    rows::insert_ticket(tx, &ticket)?;
    Ok(ticket)
}

fn shortened(subject: &str) -> String {
    let plain = crate::plain::line(subject, 301);
    if plain.chars().count() <= 300 {
        plain
    } else {
        plain.chars().take(299).chain(['…']).collect()
    }
}

/// Adds a message: from the customer on their own ticket, or from staff, who have `seen` the ticket as it stands.
/// A staff answer is a first response, and goes out as a letter.
pub fn reply(
    tx: &mut Tx,
    act: &Act,
    ticket: &TicketId,
    seen: Option<i64>,
    body: &str,
    attached: &[FileId],
) -> Result<Message> {
    let body = worth_saying(body)?;
    let person = act.person().ok_or(Error::SignIn)?.clone();
    let ticket = lock(tx, act, ticket, seen)?;
    let message = if person.role.is_staff() {
        answer(tx, act, &ticket, &person, &body)?
    } else {
        if ticket.customer_id != person.id {
            return Err(Error::NotFound);
        }
        step(tx, act, &ticket, Verb::CustomerWrites)?;
        let message = say(tx, act, &ticket, "customer", &body)?;
        let happened = Happened::new(
            &ticket.seller_id,
            "customer_wrote",
            format!("{} wrote.", person.name),
        );
        record(
            tx,
            act,
            happened.on_ticket(&ticket.id).told("You wrote to us."),
        )?;
        message
    };
    clocks::follow(tx, act, &ticket.id)?;
    files::attach(tx, act, &ticket.id, &message.id, attached)?;
    Ok(message)
}

fn answer(tx: &mut Tx, act: &Act, ticket: &Ticket, person: &Person, body: &str) -> Result<Message> {
    step(tx, act, ticket, Verb::StaffAnswers)?;
    let message = say(tx, act, ticket, "staff", body)?;
    let happened = Happened::new(
        &ticket.seller_id,
        "staff_answered",
        format!("{} answered the customer.", person.name),
    );
    record(
        tx,
        act,
        happened
            .on_ticket(&ticket.id)
            .told(format!("{} answered you.", first_name(&person.name))),
    )?;
    let seller = sellers::find(tx, &ticket.seller_id)?;
    let customer = persons::find(tx, &ticket.customer_id)?;
    let letter = letters::tickets::Reply {
        signature: signature(tx, act, &seller)?,
        ticket: ticket.number.clone(),
        about: ticket.subject.clone(),
        from: Some(first_name(&person.name).to_owned()),
        message: letters::parts::Prose::new(body),
    }
    .letter()?;
    let envelope = about(
        ticket,
        &seller,
        &customer.email,
        "reply",
        format!("message:{}", message.id),
    );
    mailroom::queue(tx, act, &envelope, letter)?;
    Ok(message)
}

/// Writes for the staff alone.
pub fn note(
    tx: &mut Tx,
    act: &Act,
    ticket: &TicketId,
    seen: Option<i64>,
    body: &str,
) -> Result<Message> {
    let body = worth_saying(body)?;
    let ticket = lock(tx, act, ticket, seen)?;
    let message = say(tx, act, &ticket, "note", &body)?;
    let words = format!("{} left a note.", act.who.label());
    record(
        tx,
        act,
        Happened::new(&ticket.seller_id, "note_left", words).on_ticket(&ticket.id),
    )?;
    Ok(message)
}

/// Gives the ticket to a member of staff who serves its seller, or to nobody.
pub fn assign(
    tx: &mut Tx,
    act: &Act,
    ticket: &TicketId,
    seen: Option<i64>,
    to: Option<&PersonId>,
) -> Result<()> {
    let ticket = lock(tx, act, ticket, seen)?;
    let words = match to {
        Some(to) => {
            let person = persons::find(tx, to)?;
            let sellers = persons::sellers_of(tx, to)?;
            let serves = sellers.is_empty() || sellers.contains(&ticket.seller_id);
            if person.role == Role::Customer || person.disabled_at.is_some() || !serves {
                return Err(Error::invalid(
                    "assignee",
                    "Choose a member of staff who serves this seller and can sign in",
                ));
            }
            may_give(act, &ticket, Some((to, person.role)))?;
            match act.person() {
                Some(giver) if giver.id == person.id => format!("{} took this.", person.name),
                _ => format!("{} gave this to {}.", act.who.label(), person.name),
            }
        }
        None => {
            may_give(act, &ticket, None)?;
            format!("{} gave this back to everyone.", act.who.label())
        }
    };
    rows::set_assignee(tx, &ticket.id, to)?;
    let happened = Happened::new(&ticket.seller_id, "ticket_assigned", words);
    // Who it is, for reports on whose turn it was.
    let happened = happened.on_ticket(&ticket.id).with((to,))?;
    record(tx, act, happened)?;
    Ok(())
}

/// Everybody takes what they may work on; giving it to others is the rules' to allow.
fn may_give(act: &Act, ticket: &Ticket, to: Option<(&PersonId, Role)>) -> Result<()> {
    let Some(giver) = act.person() else {
        return Ok(());
    };
    if to.is_some_and(|(to, _)| *to == giver.id) && may(giver.role, Right::AssignSelf) {
        return Ok(());
    }
    let holder = ticket.assignee_id.as_ref();
    let free = holder.is_none_or(|holder| *holder == giver.id);
    if assigning(giver.role, free, to.map(|(_, role)| role)) {
        Ok(())
    } else {
        Err(Error::Forbidden)
    }
}

/// Says how much a ticket presses. No deadline moves.
pub fn prioritise(
    tx: &mut Tx,
    act: &Act,
    ticket: &TicketId,
    seen: Option<i64>,
    priority: Priority,
) -> Result<()> {
    let ticket = lock(tx, act, ticket, seen)?;
    let before = Priority::of(ticket.priority.as_deref());
    if before == priority {
        return Ok(());
    }
    rows::set_priority(tx, &ticket.id, priority)?;
    let words = format!(
        "{} changed the priority from {before} to {priority}.",
        act.who.label()
    );
    let happened = Happened::new(&ticket.seller_id, "ticket_prioritised", words);
    let happened = happened.on_ticket(&ticket.id).with((before, priority))?;
    record(tx, act, happened)?;
    Ok(())
}

/// Ends a conversation that asks for nothing more.
///
/// # Errors
/// `Refused(IllegalStep)` while its claim is open: that ends by a decision.
pub fn close(tx: &mut Tx, act: &Act, ticket: &TicketId, seen: Option<i64>) -> Result<()> {
    let ticket = lock(tx, act, ticket, seen)?;
    if claims::of_ticket(tx, &ticket.id)?.is_some_and(|claim| claim.is_open()) {
        return Err(Error::refused_because(
            Code::IllegalStep,
            "The request on this ticket is still open. Decide it: the ticket closes with it.",
        ));
    }
    step(tx, act, &ticket, Verb::Close)?;
    let happened = Happened::new(
        &ticket.seller_id,
        "ticket_closed",
        format!("{} closed this.", act.who.label()),
    );
    record(
        tx,
        act,
        happened
            .on_ticket(&ticket.id)
            .told("This conversation was closed. Write again to reopen it."),
    )?;
    clocks::follow(tx, act, &ticket.id)
}

pub fn reopen(tx: &mut Tx, act: &Act, ticket: &TicketId, seen: Option<i64>) -> Result<()> {
    let ticket = lock(tx, act, ticket, seen)?;
    step(tx, act, &ticket, Verb::Reopen)?;
    let happened = Happened::new(
        &ticket.seller_id,
        "ticket_reopened",
        format!("{} reopened this.", act.who.label()),
    );
    record(
        tx,
        act,
        happened
            .on_ticket(&ticket.id)
            .told("This conversation was reopened."),
    )?;
    Ok(())
}

/// Locks the ticket and gives it as it stands now.
///
/// # Errors
/// `Stale` where `seen` is not how it stands any more.
pub fn lock(tx: &mut Tx, act: &Act, ticket: &TicketId, seen: Option<i64>) -> Result<Ticket> {
    rows::bump_ticket(tx, ticket, seen, act.at)?.ok_or(Error::Stale)
}

/// Moves the ticket along its lifecycle.
pub fn step(tx: &mut Tx, act: &Act, ticket: &Ticket, verb: Verb) -> Result<State> {
    let state = State::from_word(&ticket.state)
        .ok_or_else(|| Error::broken(format!("ticket state {}", ticket.state)))?;
    let to = next(state, verb).map_err(|illegal| {
        Error::refused_because(
            crate::error::Code::IllegalStep,
            format!("This cannot be done: {illegal}."),
        )
    })?;
    rows::set_state(
        tx,
        &ticket.id,
        to.word(),
        (to == State::Closed).then_some(act.at),
    )?;
    Ok(to)
}

/// One message of the conversation, cleaned of control characters.
pub fn say(tx: &mut Tx, act: &Act, ticket: &Ticket, kind: &str, body: &str) -> Result<Message> {
    let message = Message {
        id: MessageId::new(act.at),
        ticket_id: ticket.id.clone(),
        author_id: act.person().map(|person| person.id.clone()),
        kind: kind.to_owned(),
        body: crate::plain::block(body),
        via: act.via.as_str().to_owned(),
        at: act.at.into(),
    };
    rows::insert_message(tx, &message)?;
    Ok(message)
}

/// The words of a question that has both a subject and something in it.
fn worth_asking(opening: &Opening) -> Result<String> {
    let mut fields = Fields::new();
    if crate::plain::line(opening.subject, 300).trim().is_empty() {
        fields.add("subject", "Say in a few words what it is about");
    }
    let body = worth_saying(opening.body);
    if let Err(Error::Invalid(problems)) = &body {
        fields.add("body", problems.of("body"));
    }
    fields.done()?;
    body
}

fn worth_saying(body: &str) -> Result<String> {
    let body = crate::plain::block(body);
    if body.trim().is_empty() {
        return Err(Error::invalid("body", "Write a message"));
    }
    if body.chars().count() > LONGEST {
        return Err(Error::invalid(
            "body",
            format!("Keep the message under {LONGEST} characters, or attach it as a file"),
        ));
    }
    Ok(body)
}

pub(super) fn signature(
    conn: &mut Conn,
    act: &Act,
    seller: &Seller,
) -> Result<letters::parts::Signature> {
    Ok(letters::parts::Signature {
        name: seller.name.clone(),
        site: act.site.clone(),
        is_read: mailroom::is_read(conn, &seller.id)?,
    })
}

/// The envelope of a letter about this ticket, signed by its seller.
pub fn about<'a>(
    ticket: &'a Ticket,
    seller: &'a Seller,
    to: &'a str,
    kind: &'static str,
    key: String,
) -> Envelope<'a> {
    Envelope {
        key,
        kind,
        seller: Some(&ticket.seller_id),
        ticket: Some(&ticket.id),
        claim: None,
        from_name: &seller.name,
        to,
    }
}

pub fn first_name(name: &str) -> &str {
    name.split_whitespace().next().unwrap_or(name)
}
