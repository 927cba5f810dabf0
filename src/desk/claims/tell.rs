//! The letters of a claim, composed from what the rules said: outcome first, then what happens next and by when, then the sum and
//! the clauses. Queued in the deed's transaction; the words themselves are in `letters/`.

mod payouts;
mod phrases;

pub use payouts::{paid_out, payout_failed, payout_returned, payout_stopped};

use phrases::{
    expected, first, labels, line, lines, moment, promises, sentence, share, sum, together,
};

use super::Standing;
use crate::act::Act;
use crate::db::claims::Claim;
use crate::db::sellers::Seller;
use crate::db::tickets::Ticket;
use crate::db::{Conn, Tx, orders, people};
use crate::desk::mailroom::{self, Envelope};
use crate::desk::policies;
use crate::error::Result;
use crate::letters::Letter;
use crate::letters::claims::{
    AppealReceived, Approved, Asked, ClaimReceived, NeedsEvidence, Rejected, Withdrawn,
};
use crate::letters::parts::{Case, Line, Prose, Signature};
use crate::letters::payouts::Paid;
use crate::rules::assessment::{Met, Outcome, Payment};
use crate::rules::display;
use crate::rules::facts::Facts;
use crate::rules::money::Amount;
use crate::rules::policy::Policy;

/// An amount in the claim's currency, as people write it.
pub fn money(claim: &Claim, amount: Amount) -> String {
    shown(amount, &claim.currency)
}

fn shown(amount: Amount, currency: &str) -> String {
    display::money(amount.e8(), currency)
}

/// The claim arrived: either what is missing, or what happens next.
pub fn received(tx: &mut Tx, act: &Act, seller: &Seller, standing: &Standing) -> Result<()> {
    if standing.assessment.outcome == Outcome::NeedsEvidence {
        return missing(tx, act, seller, standing);
    }
    let zone = policies::zone(tx, seller, act.at)?;
    let letter = ClaimReceived {
        case: case(tx, act, seller, &standing.ticket, &standing.claim)?,
        received: moment(zone, standing.claim.received_at.utc()),
        expected: expected(standing),
        first: first(standing.assessment.next_action),
        promises: promises(zone, &standing.assessment),
        read_as: read_as(tx, &standing.claim)?,
    }
    .letter()?;
    send(
        tx,
        act,
        seller,
        &standing.ticket,
        &standing.claim,
        "claim_received",
        "received",
        letter,
    )
}

pub fn missing(tx: &mut Tx, act: &Act, seller: &Seller, standing: &Standing) -> Result<()> {
    let zone = policies::zone(tx, seller, act.at)?;
    let letter = NeedsEvidence {
        case: case(tx, act, seller, &standing.ticket, &standing.claim)?,
        items: standing
            .assessment
            .missing
            .iter()
            .map(|item| asked_for(item))
            .collect(),
        received: moment(zone, standing.claim.received_at.utc()),
        expected: expected(standing),
        promises: match &standing.claim.channel[..] {
            "email" => promises(zone, &standing.assessment),
            _ => Vec::new(),
        },
        read_as: read_as(tx, &standing.claim)?,
    }
    .letter()?;
    let key = format!("missing:{}", standing.ticket.seq);
    send(
        tx,
        act,
        seller,
        &standing.ticket,
        &standing.claim,
        "needs_evidence",
        &key,
        letter,
    )
}

/// What a mail was taken to ask for, so that whoever wrote it can say that it is something else.
fn read_as(conn: &mut Conn, claim: &Claim) -> Result<Option<String>> {
    if claim.channel != "email" {
        return Ok(None);
    }
    let shelf = super::shelf_of(conn, claim)?;
    let mut grounds = shelf
        .policies()
        .iter()
        .filter_map(|policy| policy.ground(&claim.ground));
    Ok(grounds.next_back().map(|ground| ground.title.clone()))
}

/// What a missing thing is called when a customer is asked for it.
pub fn asked_for(item: &str) -> String {
    let words = match item {
        "order_number" => "the order number",
        "invoice_payment" => "a copy of the invoice's payment: a receipt or a bank statement line",
        "screenshot" => "a screenshot that shows the problem",
        "log" => "the log of what happened",
        "other" => "anything that shows what happened",
        "reason" => "the reason for your request, in your own words",
        "remedy_choice" => "whether you would like a refund or a replacement",
        "channel" => "your request in writing: send it here or by mail",
        "customer.verified" => "a proof of who you are, because the amount is large",
        "findings.defect.access_granted_at" => {
            "access to the place where the defect shows, which our technicians asked for"
        }
        other => return other.replace(['.', '_'], " "),
    };
    words.to_owned()
}

#[allow(clippy::too_many_arguments)]
pub fn approved(
    tx: &mut Tx,
    act: &Act,
    seller: &Seller,
    policy: &Policy,
    facts: &Facts,
    standing: &Standing,
    payments: &[Payment],
    amount: Amount,
    to_balance: bool,
    note: Option<&str>,
) -> Result<()> {
    let claim = &standing.claim;
    let labels = labels(tx, claim)?;
    let asked = claim
        .requested_e8
        .map(Amount::from_e8)
        .filter(|asked| *asked > amount);
    let zone = policies::zone(tx, seller, act.at)?;
    let letter = Approved {
        case: case(tx, act, seller, &standing.ticket, claim)?,
        amount: money(claim, amount),
        asked: asked.map(|asked| money(claim, asked)),
        decided: moment(zone, act.at),
        payments: together(payments)
            .iter()
            .map(|payment| share(zone, standing, payment, &labels))
            .collect(),
        sum: sum(policy, facts, standing, amount),
        lines: lines(policy, &standing.assessment, &[Met::Met]),
        note: note.map(Prose::new),
    }
    .letter()?;
    send(
        tx,
        act,
        seller,
        &standing.ticket,
        claim,
        "claim_approved",
        "approved",
        letter,
    )?;
    if to_balance {
        credited(tx, act, seller, standing, amount)
    } else {
        Ok(())
    }
}

/// B24: the confirmation, with amount and method, once the money is there. On a balance that is at once.
fn credited(
    tx: &mut Tx,
    act: &Act,
    seller: &Seller,
    standing: &Standing,
    amount: Amount,
) -> Result<()> {
    let zone = policies::zone(tx, seller, act.at)?;
    let letter = Paid {
        case: case(tx, act, seller, &standing.ticket, &standing.claim)?,
        amount: money(&standing.claim, amount),
        to: "your balance".to_owned(),
        at: moment(zone, act.at),
        reference: None,
    }
    .letter()?;
    send(
        tx,
        act,
        seller,
        &standing.ticket,
        &standing.claim,
        "paid",
        "paid",
        letter,
    )
}

pub fn rejected(
    tx: &mut Tx,
    act: &Act,
    seller: &Seller,
    policy: &Policy,
    standing: &Standing,
    words: &str,
) -> Result<()> {
    let against = policy.against(&standing.assessment);
    let deciding: Vec<Line> = against
        .filter_map(|finding| line(policy, finding))
        .collect();
    let would_change = standing
        .assessment
        .clauses
        .iter()
        .filter(|finding| finding.result == Met::Unknown);
    let letter = Rejected {
        case: case(tx, act, seller, &standing.ticket, &standing.claim)?,
        reason: deciding.first().map_or_else(
            || "A person looked at it and decided against it.".to_owned(),
            |line| match line.detail.as_str() {
                "" => sentence(&line.words),
                detail => sentence(detail),
            },
        ),
        by_policy: standing.assessment.outcome == Outcome::Ineligible,
        lines: deciding,
        would_change: would_change
            .map(|finding| sentence(&finding.detail))
            .collect(),
        note: Some(Prose::new(words)),
        appeal_by: None,
    }
    .letter()?;
    let key = format!("rejected:{}", standing.claim.seq);
    send(
        tx,
        act,
        seller,
        &standing.ticket,
        &standing.claim,
        "claim_rejected",
        &key,
        letter,
    )
}

/// Put right without money: the customer hears it as an answer on the ticket.
pub fn remedied(
    tx: &mut Tx,
    act: &Act,
    seller: &Seller,
    policy: &Policy,
    standing: &Standing,
) -> Result<()> {
    let case = case(tx, act, seller, &standing.ticket, &standing.claim)?;
    let met = lines(policy, &standing.assessment, &[Met::Met]);
    let details = met
        .iter()
        .map(|line| sentence(&line.detail))
        .collect::<Vec<_>>()
        .join("\n");
    let letter = crate::letters::tickets::Reply {
        signature: case.signature,
        ticket: standing.ticket.number.clone(),
        about: standing.ticket.subject.clone(),
        from: None,
        message: Prose::new(&format!(
            "This was put right without a refund.\n\n{details}"
        )),
    }
    .letter()?;
    send(
        tx,
        act,
        seller,
        &standing.ticket,
        &standing.claim,
        "claim_remedied",
        "remedied",
        letter,
    )
}

pub fn asked(
    tx: &mut Tx,
    act: &Act,
    seller: &Seller,
    ticket: &Ticket,
    claim: &Claim,
    words: &str,
    event: &str,
) -> Result<()> {
    let zone = policies::zone(tx, seller, act.at)?;
    let letter = Asked {
        case: case(tx, act, seller, ticket, claim)?,
        question: Prose::new(words),
        received: moment(zone, claim.received_at.utc()),
    }
    .letter()?;
    send(
        tx,
        act,
        seller,
        ticket,
        claim,
        "claim_asked",
        &format!("asked:{event}"),
        letter,
    )
}

pub fn withdrawn(
    tx: &mut Tx,
    act: &Act,
    seller: &Seller,
    ticket: &Ticket,
    claim: &Claim,
) -> Result<()> {
    let zone = policies::zone(tx, seller, act.at)?;
    let letter = Withdrawn {
        case: case(tx, act, seller, ticket, claim)?,
        at: moment(zone, act.at),
    }
    .letter()?;
    send(
        tx,
        act,
        seller,
        ticket,
        claim,
        "claim_withdrawn",
        "withdrawn",
        letter,
    )
}

pub fn appealed(
    tx: &mut Tx,
    act: &Act,
    seller: &Seller,
    ticket: &Ticket,
    claim: &Claim,
) -> Result<()> {
    let letter = AppealReceived {
        case: case(tx, act, seller, ticket, claim)?,
        promises: Vec::new(),
    }
    .letter()?;
    send(
        tx,
        act,
        seller,
        ticket,
        claim,
        "claim_appealed",
        "appealed",
        letter,
    )
}

#[allow(clippy::too_many_arguments)]
fn send(
    tx: &mut Tx,
    act: &Act,
    seller: &Seller,
    ticket: &Ticket,
    claim: &Claim,
    kind: &'static str,
    key: &str,
    letter: Letter,
) -> Result<()> {
    let customer = people::find(tx, &claim.customer_id)?;
    let envelope = Envelope {
        key: format!("{}:{key}", claim.number),
        kind,
        seller: Some(&seller.id),
        ticket: Some(&ticket.id),
        claim: Some(&claim.id),
        from_name: &seller.name,
        to: &customer.email,
    };
    mailroom::queue(tx, act, &envelope, letter).map(|_| ())
}

fn case(
    conn: &mut Conn,
    act: &Act,
    seller: &Seller,
    ticket: &Ticket,
    claim: &Claim,
) -> Result<Case> {
    let about = match &claim.order_id {
        Some(order) => format!("order {}", orders::find(conn, order)?.number),
        None => "your balance".to_owned(),
    };
    Ok(Case {
        signature: Signature {
            name: seller.name.clone(),
            site: act.site.clone(),
            is_read: mailroom::is_read(conn, &seller.id)?,
        },
        claim: claim.number.clone(),
        ticket: ticket.number.clone(),
        about,
        policy: seller.policy.clone(),
    })
}
