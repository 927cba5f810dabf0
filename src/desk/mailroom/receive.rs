//! Puts a mail where it belongs, in one transaction with everything that follows from it; and gives up on one that breaks its reader.

use chrono::Duration;

use super::bounce::{self, bounced};
use super::route::{Ours, Route, Routed, route};
use super::thread::answering;
use super::understand::{self, Meaning, Meant, Parties, Words};
use super::{Envelope, queue_about};
use crate::act::{Act, Door, Role, Who};
use crate::address::Address;
use crate::db::Tx;
use crate::db::inbox::{self as rows, Face, Fate, Mail};
use crate::db::people::{self, Person};
use crate::db::sellers;
use crate::db::tickets::{Ticket, messages};
use crate::desk::events::{Happened, record};
use crate::desk::files::{self, Upload};
use crate::desk::policies;
use crate::desk::throttle::{self, Limit, count};
use crate::desk::tickets::{self, LONGEST, Opening};
use crate::error::{Error, Result};
use crate::ids::{FileId, LetterId, MailId, MessageId, PersonId, SellerId, TicketId};
use crate::incoming::Incoming;
use crate::letters::parts::{Moment, Signature};
use crate::letters::tickets::MailHeld;
use crate::plain;
use crate::rules::mail::{Severity, Why, bare_subject, fresh};

/// One question to an address in an hour, and not more than this to all of them: strangers must not make us write to others.
const ASKED: Limit = throttle::limit("mail asked", 1, 60, 0);
const ASKED_ALL: Limit = throttle::limit("mail asked all", 200, 60, 0);
/// Reply addresses that were never given out, by the host that they came from.
const GUESSED: Limit = throttle::limit("reply address", 20, 60, 0);

/// Whoever says that they wrote "about then" may mean any mail of that long before or after.
const ABOUT_THEN: Duration = Duration::days(1);

/// A mail that was read, with its files safely in the store.
#[derive(Debug, Clone)]
pub struct Read<'a> {
    pub mail: &'a Incoming,
    /// Why it could not be read; empty for one that could.
    pub why_not: &'a str,
    pub files: &'a [Upload],
    /// Names of files that nobody may attach.
    pub refused: &'a [String],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is in a conversation, and its files have their rows.
    Taken,
    /// It is somewhere else; its files are nobody's.
    Aside,
    /// Another reader was faster.
    Settled,
}

/// # Errors
/// Only what is unexpected; the mail waits for another try then.
pub fn receive(tx: &mut Tx, act: &Act, id: &MailId, read: &Read, ours: &Ours) -> Result<Outcome> {
    let row = rows::find(tx, id)?;
    let mut routed = route(tx, act, &row, read.mail, ours)?;
    if !read.why_not.is_empty() {
        routed.route = Route::Unreadable(read.why_not.to_owned());
    }
    if let Some(why) = &row.left_out {
        routed.route = Route::Unreadable(why.clone());
    }
    let Some(row) = rows::bump_received(tx, id, &routed.face)? else {
        return Ok(Outcome::Settled);
    };
    let Routed {
        face,
        route,
        is_guess,
    } = routed;
    let place = if is_guess && is_tireless(tx, act, &face)? {
        Route::Held(Why::Guessed, None, false)
    } else {
        route
    };
    match place {
        Route::Reply(ticket, person) => {
            let by = acting(tx, act, &person)?;
            let (words, attached) = contents(tx, &by, read)?;
            let message = understand::answer(tx, &by, &ticket, &words, &attached)?;
            taken(tx, act, id, None, ticket.id.clone(), message.id)
        }
        Route::New(seller, sender, person) => {
            let person = match person {
                Some(person) => *person,
                None => introduce(tx, act, &sender, &face.sender_name)?,
            };
            let by = acting(tx, act, &person)?;
            begin(tx, &by, &row, read, &seller, &person.id)
        }
        Route::Proof(asked) => prove(tx, act, &row, read, &asked),
        Route::Held(why, ticket, may_ask) => {
            if may_ask && let (Some(seller), Some(sender)) = (&face.seller_id, &face.sender) {
                ask(tx, act, id, seller, sender)?;
            }
            aside(tx, act, id, "held", Some(why.word()), ticket, None)
        }
        Route::Automatic(why, ticket, letter) => {
            if let (Some(ticket), Some(seller)) = (&ticket, &face.seller_id) {
                let words = "An automatic answer came by mail. It is kept, and changes nothing.";
                let happened = Happened::new(seller, "mail_filed", words).on_ticket(ticket);
                record(tx, act, happened)?;
            }
            aside(tx, act, id, "automatic", Some(why.word()), ticket, letter)
        }
        Route::Bounce(letter, is_ours) => {
            let ticket = match &letter {
                Some(letter) => crate::db::mail::find(tx, letter)?.ticket_id,
                None => None,
            };
            // A server that only says "not yet" has said nothing that anybody must look at.
            let state = match (&letter, &read.mail.report) {
                (Some(letter), Some(report)) if is_ours => {
                    match bounced(tx, act, letter, report)? {
                        Severity::Passing => "automatic",
                        Severity::Gone | Severity::Refused => "bounce",
                    }
                }
                _ => "bounce",
            };
            aside(tx, act, id, state, None, ticket, letter)
        }
        Route::Unreadable(why) => aside(tx, act, id, "unreadable", Some(why.as_str()), None, None),
    }
}

/// Puts away a mail on which the reader broke again and again; it can be read anew by hand.
pub fn give_up(tx: &mut Tx, act: &Act, row: &Mail) -> Result<()> {
    let face = Face {
        seller_id: row.seller_id.clone(),
        sender: row.sender.clone(),
        sender_name: row.sender_name.clone(),
        subject: row.subject.clone(),
        message_id: row.message_id.clone(),
        verdict: row.verdict.clone(),
    };
    if rows::bump_received(tx, &row.id, &face)?.is_some() {
        let why = "The reader broke on it several times.";
        aside(tx, act, &row.id, "unreadable", Some(why), None, None)?;
    }
    Ok(())
}

/// The mail's sender as the one who acts.
fn acting(tx: &mut Tx, act: &Act, person: &Person) -> Result<Act> {
    let person = people::actor(tx, person)?;
    Ok(Act {
        who: Who::Person(person),
        via: Door::Mail,
        ..act.clone()
    })
}

/// Somebody new: without a password, until they choose one behind a link to their address.
fn introduce(tx: &mut Tx, act: &Act, sender: &Address, name: &str) -> Result<Person> {
    let mailbox = sender.as_str().split('@').next().unwrap_or_default();
    let name = plain::line(if name.is_empty() { mailbox } else { name }, 100);
    let person = Person {
        id: PersonId::new(act.at),
        email: sender.to_string(),
        name,
        role: Role::Customer,
        password_hash: None,
        confirmed_at: None,
        disabled_at: None,
        verified: None,
        suspended: false,
        time_zone: "UTC".to_owned(),
        created_at: act.at.into(),
    };
    if people::insert_person(tx, &person)? {
        return Ok(person);
    }
    people::by_email(tx, sender.as_str())?.ok_or(Error::NotFound)
}

fn begin(
    tx: &mut Tx,
    by: &Act,
    row: &Mail,
    read: &Read,
    seller: &SellerId,
    customer: &PersonId,
) -> Result<Outcome> {
    let (words, attached) = contents(tx, by, read)?;
    let subject = match read.mail.subject.as_str() {
        "" => "Mail without a subject",
        subject => subject,
    };
    let opening = Opening {
        seller,
        customer,
        subject,
        body: &words,
    };
    let received_at = row.received_at.utc();
    let parties = Parties { seller, customer };
    let text = format!("{}\n{words}", bare_subject(&read.mail.subject));
    let ticket = match understand::meaning(tx, by, parties, &text, None)? {
        Meaning::Claims(meant) => {
            let said = Words {
                text: &words,
                files: &attached,
                received_at,
            };
            match claimed(tx, by, read, parties, &meant, said)? {
                Claimed::Filed(ticket) => *ticket,
                Claimed::OnAnother(ticket) => {
                    let message = understand::answer(tx, by, &ticket, &words, &attached)?;
                    return taken(tx, by, &row.id, Some("new"), ticket.id.clone(), message.id);
                }
                Claimed::Refused => tickets::open_since(tx, by, &opening, received_at, &attached)?,
            }
        }
        Meaning::Unclear(unclear) => {
            let (ticket, promises) = tickets::ask(tx, by, &opening, received_at, &attached)?;
            understand::ask(tx, by, &ticket, &unclear, promises)?;
            ticket
        }
        Meaning::Question => tickets::open_since(tx, by, &opening, received_at, &attached)?,
    };
    let said = messages(tx, &ticket.id)?.into_iter().next();
    let message = said.ok_or_else(|| Error::broken("a ticket begins without words"))?;
    taken(tx, by, &row.id, Some("new"), ticket.id, message.id)
}

enum Claimed {
    Filed(Box<Ticket>),
    /// The same is asked for there already.
    OnAnother(Box<Ticket>),
    /// Another request stands in its way, and a person must look.
    Refused,
}

/// Files what a mail was understood as, one claim an order; the first has the mail's own files, each other a copy of their rows.
fn claimed(
    tx: &mut Tx,
    by: &Act,
    read: &Read,
    parties: Parties,
    meant: &[Meant],
    said: Words,
) -> Result<Claimed> {
    let mut first = None;
    let mut spent = false;
    for meant in meant {
        if let Some(open) = understand::open_already(tx, meant)? {
            let ticket = crate::db::tickets::find(tx, &open.ticket_id)?;
            first.get_or_insert(Claimed::OnAnother(Box::new(ticket)));
            continue;
        }
        let copies = match spent {
            false => said.files.to_vec(),
            true => kept(tx, by, read.files)?.0,
        };
        let words = Words {
            files: &copies,
            ..said
        };
        if let Some(standing) = understand::file(tx, by, parties, meant, words, None)? {
            spent = true;
            if !matches!(first, Some(Claimed::Filed(_))) {
                first = Some(Claimed::Filed(Box::new(standing.ticket)));
            }
        }
    }
    Ok(first.unwrap_or(Claimed::Refused))
}

/// What the mail adds to a conversation: its new words, what could not be taken, and its files.
fn contents(tx: &mut Tx, by: &Act, read: &Read) -> Result<(String, Vec<FileId>)> {
    let mut notes = read.mail.notes.clone();
    for name in read.refused {
        notes.push(format!("{name} was not taken: files of its kind are not."));
    }
    let (attached, over) = kept(tx, by, read.files)?;
    notes.extend(over);
    let new = match fresh(&read.mail.text) {
        "" => read.mail.text.trim(),
        new => new,
    };
    let new = plain::block(new);
    let room = LONGEST
        - 200
        - notes
            .iter()
            .map(|note| note.chars().count() + 3)
            .sum::<usize>()
            .min(LONGEST / 2);
    let mut words = match new.char_indices().nth(room) {
        Some((end, _)) => format!(
            "{}\n(The mail goes on; the original has all of it.)",
            &new[..end]
        ),
        None => new,
    };
    if words.is_empty() {
        words = if attached.is_empty() {
            "(The mail has no text.)"
        } else {
            "(files)"
        }
        .to_owned();
    }
    for note in notes {
        words.push_str(&format!("\n({note})"));
    }
    Ok((words.chars().take(LONGEST).collect(), attached))
}

/// Gives uploads their rows; and says what of them is above the limits.
fn kept(tx: &mut Tx, by: &Act, uploads: &[Upload]) -> Result<(Vec<FileId>, Vec<String>)> {
    let (mut attached, mut over) = (Vec::new(), Vec::new());
    for upload in uploads {
        match files::keep(tx, by, upload, None) {
            Ok(file) => attached.push(file),
            Err(Error::TooLarge(limit)) => over.push(format!(
                "{} was not taken: the limit is {limit}.",
                upload.name
            )),
            Err(other) => return Err(other),
        }
    }
    Ok((attached, over))
}

/// The sender says that the mail which we asked about is theirs: it is read again, as theirs. The answer itself is a message where it
/// says something. Where other mail of that address waits from about then, nobody can tell of which one they speak: the letter names
/// none by its words, and whoever wrote the one before theirs may be a thief. Then it is for the staff to look at, all of it.
fn prove(tx: &mut Tx, act: &Act, row: &Mail, read: &Read, asked: &MailId) -> Result<Outcome> {
    let waiting = rows::find(tx, asked)?;
    if rows::held_beside(tx, &waiting, ABOUT_THEN)? > 0 {
        return aside(
            tx,
            act,
            &row.id,
            "held",
            Some(Why::Unproven.word()),
            None,
            None,
        );
    }
    rows::set_unread(tx, asked, &["held"], Some("reply"), act.at)?;
    let says_more = !fresh(&read.mail.text).is_empty() || !read.files.is_empty();
    let fate = Fate {
        state: "taken".to_owned(),
        why: Some("proof".to_owned()),
        ticket_id: None,
        message_row: None,
        letter_id: None,
        settled_at: Some(act.at.into()),
    };
    rows::set_fate(tx, &row.id, &fate)?;
    if says_more {
        rows::set_unread(tx, &row.id, &["taken"], Some("reply"), act.at)?;
    }
    Ok(Outcome::Aside)
}

/// Asks the sender to confirm what they sent, in words that say nothing of it; at most once an hour.
fn ask(tx: &mut Tx, act: &Act, id: &MailId, seller: &SellerId, sender: &str) -> Result<()> {
    if throttle::closed_until(tx, ASKED_ALL, "", act.at)?.is_some()
        || count(tx, act, ASKED, sender).is_err()
        || count(tx, act, throttle::UNASKED, sender).is_err()
    {
        return Ok(());
    }
    count(tx, act, ASKED_ALL, "")?;
    let seller = sellers::find(tx, seller)?;
    let came = Moment {
        at: rows::find(tx, id)?.received_at.utc(),
        zone: policies::zone(tx, &seller, act.at)?,
    };
    let letter = MailHeld {
        came,
        signature: Signature {
            name: seller.name.clone(),
            site: act.site.clone(),
            is_read: true,
        },
    }
    .letter()?;
    let envelope = Envelope {
        key: format!("mail:{id}:held"),
        kind: "mail_held",
        seller: Some(&seller.id),
        ticket: None,
        claim: None,
        from_name: &seller.name,
        to: sender,
    };
    queue_about(tx, act, &envelope, letter, Some(id)).map(|_| ())
}

/// Counts a reply address that was never given out; says whether there were too many.
fn is_tireless(tx: &mut Tx, act: &Act, face: &Face) -> Result<bool> {
    let host = face
        .sender
        .as_deref()
        .and_then(|sender| sender.split_once('@'));
    let host = host.map_or("nobody", |(_, host)| host);
    match count(tx, act, GUESSED, host) {
        Ok(_) => Ok(false),
        Err(Error::Throttled(_)) => Ok(true),
        Err(other) => Err(other),
    }
}

fn taken(
    tx: &mut Tx,
    act: &Act,
    id: &MailId,
    why: Option<&str>,
    ticket: TicketId,
    message: MessageId,
) -> Result<Outcome> {
    let row = rows::find(tx, id)?;
    if let Some(message_id) = &row.message_id {
        let topic = answering(&row.subject);
        crate::db::mail::set_parent(tx, &ticket, act.at, message_id, topic.as_deref())?;
    }
    if let Some(sender) = &row.sender {
        let whose = (row.seller_id.as_ref(), Some(&ticket));
        bounce::lift(tx, act, sender, whose, "a mail from there came in")?;
    }
    let fate = Fate {
        state: "taken".to_owned(),
        why: why.map(str::to_owned),
        ticket_id: Some(ticket),
        message_row: Some(message),
        letter_id: None,
        settled_at: Some(act.at.into()),
    };
    rows::set_fate(tx, id, &fate)?;
    Ok(Outcome::Taken)
}

fn aside(
    tx: &mut Tx,
    act: &Act,
    id: &MailId,
    state: &str,
    why: Option<&str>,
    ticket: Option<TicketId>,
    letter: Option<LetterId>,
) -> Result<Outcome> {
    let fate = Fate {
        state: state.to_owned(),
        why: why.map(str::to_owned),
        ticket_id: ticket,
        message_row: None,
        letter_id: letter,
        settled_at: Some(act.at.into()),
    };
    rows::set_fate(tx, id, &fate)?;
    Ok(Outcome::Aside)
}
