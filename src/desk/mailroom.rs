//! Queues letters in the deed's own transaction: what is in the outbox is what will be sent, and a deed that is undone writes
//! nothing. The worker carries them out (`worker/letters.rs`).

use crate::act::Act;
use crate::db::Tx;
use crate::db::mail::{Row, insert_letter};
use crate::error::Result;
use crate::ids::{ClaimId, LetterId, SellerId, TicketId, digest};
use crate::letters::Letter;

/// Where a letter belongs and goes.
#[derive(Debug, Clone)]
pub struct Envelope<'a> {
    /// Stable for the deed (I22): the same key queues one letter, however often the deed is repeated.
    pub key: String,
    pub kind: &'static str,
    pub seller: Option<&'a SellerId>,
    pub ticket: Option<&'a TicketId>,
    pub claim: Option<&'a ClaimId>,
    /// The name that signs: the seller's, or the desk's.
    pub from_name: &'a str,
    pub to: &'a str,
}

/// Queues the letter; says whether it is new.
pub fn queue(tx: &mut Tx, act: &Act, envelope: &Envelope, letter: Letter) -> Result<bool> {
    let row = Row {
        id: LetterId::new(act.at),
        // Made from the key, so that a repeated deed cannot write a second one.
        message_id: format!("{}@{}", &digest(&envelope.key)[..32], domain(&act.site)),
        key: envelope.key.clone(),
        kind: envelope.kind.to_owned(),
        seller_id: envelope.seller.cloned(),
        ticket_id: envelope.ticket.cloned(),
        claim_id: envelope.claim.cloned(),
        from_name: envelope.from_name.to_owned(),
        recipient: envelope.to.to_owned(),
        subject: letter.subject,
        text: letter.text,
        html: letter.html,
        automatic: true,
        state: "queued".to_owned(),
        attempts: 0,
        next_at: act.at.into(),
        lease: None,
        last_error: None,
        created_at: act.at.into(),
        sent_at: None,
    };
    Ok(insert_letter(tx, row)?)
}

/// The host of the public address, for Message-IDs.
fn domain(site: &str) -> &str {
    let rest = site.split("://").nth(1).unwrap_or(site);
    rest.split(['/', ':'])
        .next()
        .filter(|host| !host.is_empty())
        .unwrap_or("redress.invalid")
}
