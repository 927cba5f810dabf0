//! What makes an answer come back to where it belongs: the seller's own address as the sender, a reply address that cannot be guessed,
//! and the Message-IDs by which mail programs keep a conversation together. Numbers in subjects are for people; none is ever read.

use chrono::{DateTime, Duration, Utc};

use super::Envelope;
use crate::act::Act;
use crate::address::Address;
use crate::db::inbox::{self, ReplyAddress, insert_reply_address};
use crate::db::mail as letters;
use crate::db::tickets::{self, Ticket};
use crate::db::{Conn, Tx, people};
use crate::error::Result;
use crate::ids::{LetterId, MailId, digest, token};
use crate::rules::mail::bare_subject;

/// How long after its conversation was closed a reply address still leads there.
const AFTER_CLOSE: Duration = Duration::days(180);
/// As many Message-IDs as a letter names; what began the conversation and what came last say the most.
const MOST: usize = 20;
const TOKEN: usize = 26;

/// What a letter carries for its answers.
#[derive(Debug, Default)]
pub(super) struct Thread {
    pub from: Option<String>,
    pub token: Option<String>,
    pub parent: Option<String>,
    pub references: Option<String>,
    /// The subject under which the conversation goes on.
    pub topic: Option<String>,
}

/// A letter of a seller whose mail is read is from the seller's address. Where it goes to the customer of its conversation, or asks
/// somebody to confirm a mail, it can be answered; letters to staff cannot, for they act at their desk.
///
/// Some mail programs keep together what names the same Message-IDs, others also want the same subject: every letter that can be
/// answered goes under the one of the mail before it. Its state is then in its first line.
pub(super) fn of(conn: &mut Conn, envelope: &Envelope, mail: Option<&MailId>) -> Result<Thread> {
    let mailbox = match envelope.seller {
        Some(seller) => inbox::mailbox_of(conn, seller)?,
        None => None,
    };
    let mut thread = Thread::default();
    let ticket = match envelope.ticket {
        Some(id) => Some(tickets::find(conn, id)?),
        None => None,
    };
    let is_theirs = match &ticket {
        Some(ticket) => people::find(conn, &ticket.customer_id)?.email == envelope.to,
        None => mail.is_some(),
    };
    if !is_theirs {
        return Ok(thread);
    }
    if let Some(mailbox) = mailbox {
        let token = token()?;
        // An address whose name leaves no room for a token is answered by its Message-IDs alone.
        if with_token(&mailbox.address, 'r', &token).is_some() {
            thread.token = Some(token);
        }
        thread.from = Some(mailbox.address);
    }
    if let Some(ticket) = ticket {
        let mut known = letters::links(conn, &ticket.id, envelope.to)?;
        known.extend(inbox::links(conn, &ticket.id)?);
        known.sort();
        if thread.from.is_some() {
            let before = known.last().and_then(|link| answering(&link.subject));
            let own = || format!("{} — {}", ticket.subject, ticket.number);
            thread.topic = Some(before.unwrap_or_else(own));
        }
        let ids: Vec<String> = known.into_iter().map(|link| link.message_id).collect();
        thread.parent = ids.last().cloned();
        let late = ids.len().saturating_sub(MOST - 1).max(1);
        let named = ids.first().into_iter().chain(ids.iter().skip(late));
        let named: Vec<&str> = named.map(String::as_str).collect();
        thread.references = (!named.is_empty()).then(|| named.join(" "));
    }
    Ok(thread)
}

/// The subject of an answer: however often it went to and fro, with one `Re:` before it. None where nothing else is in it.
pub(super) fn answering(subject: &str) -> Option<String> {
    let bare = bare_subject(subject);
    (!bare.is_empty()).then(|| format!("Re: {bare}"))
}

/// Remembers, as a hash, where answers to the letter belong.
pub(super) fn give(
    tx: &mut Tx,
    act: &Act,
    envelope: &Envelope,
    letter: &LetterId,
    token: &str,
    mail: Option<&MailId>,
) -> Result<()> {
    let row = ReplyAddress {
        token_hash: digest(token),
        letter_id: letter.clone(),
        ticket_id: envelope.ticket.cloned(),
        mail_id: mail.cloned(),
        recipient: envelope.to.to_owned(),
        created_at: act.at.into(),
        revoked_at: None,
    };
    Ok(insert_reply_address(tx, &row)?)
}

/// `desk@shop.example` as `desk+rTOKEN@shop.example`; none where that is no address any more. `r` is for answers, `b` for bounces.
pub fn with_token(address: &str, kind: char, token: &str) -> Option<Address> {
    let (mailbox, host) = address.split_once('@')?;
    Address::parse(&format!("{mailbox}+{kind}{token}@{host}")).ok()
}

/// The seller's address behind one with a token, and the token with its kind. Case is folded already.
pub(super) fn without_token(address: &Address) -> (String, Option<(char, &str)>) {
    let plain = || (address.to_string(), None);
    let Some((mailbox, host)) = address.as_str().split_once('@') else {
        return plain();
    };
    let Some((name, tag)) = mailbox.rsplit_once('+') else {
        return plain();
    };
    let bare = format!("{name}@{host}");
    let kind = tag.chars().next().filter(|kind| matches!(kind, 'r' | 'b'));
    let token = tag.get(1..).filter(|token| {
        token.len() == TOKEN
            && token
                .bytes()
                .all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7'))
    });
    (bare, kind.zip(token))
}

/// Whether answers to the letter still belong to its conversation.
pub(super) fn leads_on(
    address: &ReplyAddress,
    ticket: Option<&Ticket>,
    now: DateTime<Utc>,
) -> bool {
    let closed = ticket.and_then(|ticket| ticket.closed_at);
    address.revoked_at.is_none() && closed.is_none_or(|closed| now < closed.utc() + AFTER_CLOSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t07_a_token_travels_in_the_address_whatever_becomes_of_its_case() {
        let token = token().unwrap();
        let given = with_token("desk@shop.example", 'r', &token).unwrap();
        let back = Address::parse(&given.as_str().to_uppercase()).unwrap();
        assert_eq!(
            without_token(&back),
            ("desk@shop.example".to_owned(), Some(('r', token.as_str())))
        );
        assert!(with_token(&format!("{}@shop.example", "d".repeat(40)), 'r', &token).is_none());
    }

    #[test]
    fn t07_a_million_tokens_are_all_different_and_share_no_beginning() {
        let mut made: Vec<String> = (0..1_000_000).map(|_| token().unwrap()).collect();
        assert!(made.iter().all(|token| token.len() == TOKEN));
        made.sort_unstable();
        // Of a million random ones no two are expected to agree in more than ten letters.
        let near = made.windows(2).map(|pair| {
            pair[0]
                .bytes()
                .zip(pair[1].bytes())
                .take_while(|(one, other)| one == other)
                .count()
        });
        assert!(near.max().unwrap() < 14);
    }

    #[test]
    fn other_tags_of_an_address_are_no_tokens() {
        let short = "a".repeat(25);
        for (given, bare) in [
            ("desk@shop.example", "desk@shop.example"),
            ("desk+sales@shop.example", "desk@shop.example"),
            (&format!("desk+r{short}@shop.example"), "desk@shop.example"),
            (&format!("desk+r{short}1@shop.example"), "desk@shop.example"),
            (&format!("desk+x{short}a@shop.example"), "desk@shop.example"),
        ] {
            let address = Address::parse(given).unwrap();
            let (found, token) = without_token(&address);
            assert_eq!((found.as_str(), token), (bare, None), "{given}");
        }
    }
}
