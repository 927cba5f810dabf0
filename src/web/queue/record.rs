//! The middle region: what was bought or what the balance holds, who the customer is, what was handed in, what was written.

use super::Looker;
use super::case::Case;
use super::disputes;
use super::mail::badge as mail_badge;
use super::story::Story;
use crate::db::claims::{Claim, Evidence};
use crate::db::deposits::Lot;
use crate::db::inbox::Mail;
use crate::db::mail::Row as Letter;
use crate::db::orders::{Order, OrderEvent};
use crate::error::Result;
use crate::rules::lots::Source;
use crate::rules::policy::Shelf;
use crate::rules::rights::{Verb, may};
use crate::web::filters;
use crate::web::parts::{Amount, Badge, File, Link, Moment, Row, Share, Summary, Tone};
use crate::web::show::claim::staff_badge;
use crate::web::show::{Wall, order as bought, story as stories};

/// See `templates/parts/record.html`.
pub struct Record {
    pub order: Option<OrderCard>,
    pub purse: Option<Purse>,
    pub customer: CustomerCard,
    pub evidence: Vec<Given>,
    pub files: Vec<File>,
    pub letters: Vec<Sent>,
    pub mails: Vec<Came>,
}

pub struct OrderCard {
    pub number: String,
    pub href: String,
    pub item: String,
    pub state: Badge,
    pub share: Option<Share>,
    pub facts: Summary,
    /// What the buyer was shown, frozen at the purchase.
    pub shown: Summary,
    pub history: Vec<Passed>,
    pub policy: Link,
}

/// A line of the order's history.
pub struct Passed {
    pub at: Moment,
    pub words: String,
    pub source: String,
}

/// The balance that the claim speaks of.
pub struct Purse {
    pub total: Amount,
    /// Those that something hangs on: money that is left, a dispute, a debt.
    pub lots: Vec<LotLine>,
    pub spent: Vec<LotLine>,
    pub policy: Link,
}

pub struct LotLine {
    pub label: String,
    pub note: String,
    pub left: Amount,
    pub badge: Option<Badge>,
    /// Where a chargeback on it is recorded, for those who may.
    pub chargeback_href: Option<String>,
}

pub struct CustomerCard {
    pub name: String,
    pub email: String,
    pub href: String,
    pub lines: Summary,
    pub warnings: Vec<String>,
    pub chargebacks: Vec<Link>,
    pub earlier: Vec<EarlierClaim>,
}

pub struct EarlierClaim {
    pub number: String,
    pub href: String,
    pub what: String,
    pub badge: Badge,
    pub amount: Option<Amount>,
}

/// A piece of evidence.
pub struct Given {
    pub kind: String,
    pub at: Moment,
    pub file: Option<File>,
}

/// A mail that came in on this ticket, or seems to belong to it.
pub struct Came {
    pub number: String,
    pub href: String,
    pub subject: String,
    pub at: Moment,
    pub badge: Badge,
}

/// A letter about this ticket.
pub struct Sent {
    pub subject: String,
    pub at: Moment,
    pub badge: Badge,
    pub trouble: String,
}

impl Record {
    pub fn of(case: &Case, looker: &Looker) -> Result<Record> {
        let wall = looker.wall;
        let attached: Vec<&str> = case
            .evidence
            .iter()
            .filter_map(|given| given.file_id.as_ref())
            .map(|id| id.as_str())
            .collect();
        let loose = case
            .story
            .files
            .iter()
            .filter(|file| file.message_id.is_none() && !attached.contains(&file.id.as_str()));
        Ok(Record {
            order: order_card(case, wall)?,
            purse: purse(case, looker)?,
            customer: customer(case),
            evidence: case
                .evidence
                .iter()
                .map(|given| evidence(case, given, wall))
                .collect(),
            files: loose.map(stories::file).collect(),
            letters: case
                .story
                .letters
                .iter()
                .map(|letter| sent(letter, wall))
                .collect(),
            mails: case
                .story
                .mails
                .iter()
                .map(|mail| came(mail, wall))
                .collect(),
        })
    }

    /// The region of a ticket without a claim.
    pub fn of_question(story: &Story, earlier: &[Claim], orders: i64, wall: Wall) -> Record {
        Record {
            order: None,
            purse: None,
            customer: card(story, earlier, orders, 0),
            evidence: Vec::new(),
            files: story
                .files
                .iter()
                .filter(|file| file.message_id.is_none())
                .map(stories::file)
                .collect(),
            letters: story
                .letters
                .iter()
                .map(|letter| sent(letter, wall))
                .collect(),
            mails: story.mails.iter().map(|mail| came(mail, wall)).collect(),
        }
    }
}

fn policy_link(case: &Case) -> Result<Link> {
    let policy = case.policy()?;
    Ok(Link {
        label: format!("{}, version {}", policy.title, policy.version),
        href: format!("/policies/{}/{}", policy.id, policy.version),
    })
}

fn order_card(case: &Case, wall: Wall) -> Result<Option<OrderCard>> {
    let Some(found) = &case.bought else {
        return Ok(None);
    };
    let order = &found.order;
    Ok(Some(OrderCard {
        number: order.number.clone(),
        href: format!("/queue/orders/{}", order.number),
        item: order.title.clone(),
        state: bought::badge(order.status),
        share: bought::share(order, case.policy()?),
        facts: Summary {
            rows: order_facts(case, order, wall)?,
        },
        shown: Summary {
            rows: bought::shown_at_purchase(order)?,
        },
        history: found
            .history
            .iter()
            .map(|line| passed(line, wall))
            .collect(),
        policy: policy_link(case)?,
    }))
}

/// A line of an order's history.
pub fn passed(line: &OrderEvent, wall: Wall) -> Passed {
    let left = line
        .remains
        .as_deref()
        .filter(|remains| !remains.is_empty());
    let left = left.map_or(String::new(), |remains| format!(", {remains} left"));
    Passed {
        at: Moment::new(line.at.utc(), wall.zone, wall.now),
        words: format!("{}{left}", bought::badge(line.status).word),
        source: line.source.clone(),
    }
}

fn order_facts(case: &Case, order: &Order, wall: Wall) -> Result<Vec<Row>> {
    order_rows(order, &|reference| case.method(reference), wall)
}

/// An order's own facts, for the card and for its page.
pub fn order_rows(order: &Order, method: &dyn Fn(&str) -> String, wall: Wall) -> Result<Vec<Row>> {
    let money = |e8: i64| Amount::new(e8, &order.currency);
    let mut rows = Vec::new();
    if let Some(placed) = order.placed_at {
        rows.push(Row::text(
            "Placed",
            &filters::moment(placed.utc(), wall.zone, wall.now),
        ));
    }
    rows.push(Row::text("Seller's number", &order.reference));
    if !order.target.is_empty() {
        rows.push(Row::text("For", &order.target));
    }
    if let Some(ends) = order.period_ends_on {
        rows.push(Row::text("Period ends", &filters::day(ends)));
    }
    match order.charge_e8 {
        Some(charge) => rows.push(Row::money("Paid", money(charge))),
        None => rows.push(Row::text("Paid", "Not known")),
    }
    let parts = order.parts()?;
    let from = parts.map_or("Not known".to_owned(), |parts| {
        let parts: Vec<String> = parts.iter().map(|part| method(&part.method)).collect();
        parts.join(", ")
    });
    rows.push(Row::text("Paid from", &from));
    rows.push(Row::money("Refunded so far", money(order.refunded_e8)));
    if order.disputed_e8 > 0 {
        rows.push(Row::money("Disputed", money(order.disputed_e8)));
    }
    rows.push(Row::money("Left to refund", money(order.refundable_e8())));
    Ok(rows)
}

fn purse(case: &Case, looker: &Looker) -> Result<Option<Purse>> {
    if case.claim.order_id.is_some() {
        return Ok(None);
    }
    let total: i64 = case.lots.iter().map(|lot| lot.remaining_e8).sum();
    let matters = |lot: &&Lot| lot.remaining_e8 != 0 || lot.frozen || lot.debt_e8 != 0;
    let (lots, spent): (Vec<&Lot>, Vec<&Lot>) = case.lots.iter().partition(matters);
    let lines = |lots: Vec<&Lot>| {
        let lines = lots.into_iter().map(|lot| lot_line(case, lot, looker));
        lines.collect()
    };
    Ok(Some(Purse {
        total: Amount::new(total, &case.claim.currency),
        lots: lines(lots),
        spent: lines(spent),
        policy: policy_link(case)?,
    }))
}

fn lot_line(case: &Case, lot: &Lot, looker: &Looker) -> LotLine {
    let wall = looker.wall;
    let records = may(looker.person.role, Verb::KeepDisputes) && !lot.frozen;
    let deposit = lot.deposit_id.as_ref().filter(|_| records);
    let kind = match lot.source {
        Source::Deposit => "Deposit",
        Source::Bonus => "Bonus",
    };
    let stays = case
        .now
        .stays_on_balance
        .iter()
        .find(|left| left.lot == lot.reference);
    let ends = lot
        .expires_at
        .map(|at| format!(", until {}", filters::moment(at.utc(), wall.zone, wall.now)));
    let badge = match (lot.frozen, lot.debt_e8) {
        (true, _) => Some(Badge::new(Tone::Danger, "Disputed")),
        (false, debt) if debt > 0 => {
            let owed = filters::money(debt, &lot.currency);
            Some(Badge::new(Tone::Warn, &format!("{owed} owed")))
        }
        _ => None,
    };
    LotLine {
        label: format!("{kind} {}", lot.reference),
        note: format!(
            "{} on {}{}{}",
            filters::money(lot.original_e8, &lot.currency),
            filters::moment(lot.at.utc(), wall.zone, wall.now),
            ends.unwrap_or_default(),
            stays
                .map(|left| format!(". Stays: {}", left.because))
                .unwrap_or_default(),
        ),
        left: Amount::new(lot.remaining_e8, &lot.currency),
        badge,
        chargeback_href: deposit.map(disputes::deposit_href),
    }
}

fn customer(case: &Case) -> CustomerCard {
    let mut card = card(
        &case.story,
        &case.record.earlier,
        case.record.orders,
        case.record.disputes.len(),
    );
    card.chargebacks = case.record.disputes.iter().map(disputes::link).collect();
    for dispute in case
        .record
        .disputes
        .iter()
        .filter(|dispute| dispute.status == "open")
    {
        let amount = filters::money(dispute.amount_e8, &dispute.currency);
        card.warnings.push(format!(
            "A dispute about {amount} is open ({}): its money cannot be paid a second time.",
            dispute.number
        ));
    }
    card
}

fn card(story: &Story, earlier: &[Claim], orders: i64, disputes: usize) -> CustomerCard {
    let person = &story.customer;
    let count = |number: i64, one: &str, many: &str| {
        filters::plural(u64::try_from(number).unwrap_or(0), one, many)
    };
    let verified = match person.verified {
        Some(true) => "Yes",
        Some(false) => "No",
        None => "Nobody has asked",
    };
    let granted: Vec<&Claim> = earlier
        .iter()
        .filter(|claim| claim.granted_e8 > Some(0))
        .collect();
    let mut rows = vec![
        Row::text("Orders here", &count(orders, "order", "orders")),
        Row::text(
            "Other requests",
            &format!("{}, {} granted", earlier.len(), granted.len()),
        ),
        Row::text("Identity verified", verified),
    ];
    if disputes > 0 {
        rows.push(Row::text("Disputes", &disputes.to_string()));
    }
    CustomerCard {
        name: person.name.clone(),
        email: person.email.clone(),
        href: everything_of(&person.email),
        lines: Summary { rows },
        warnings: story.sanctions.clone(),
        chargebacks: Vec::new(),
        earlier: earlier
            .iter()
            .take(8)
            .map(|claim| earlier_claim(claim, &story.shelf))
            .collect(),
    }
}

/// The queue with everything that the customer has open.
pub fn everything_of(email: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("view", "all_open")
        .append_pair("q", email)
        .finish();
    format!("/queue?{query}")
}

/// A claim as a line of a list; the shelf knows what its ground is called.
pub fn earlier_claim(claim: &Claim, shelf: &Shelf) -> EarlierClaim {
    let mut grounds = shelf
        .policies()
        .iter()
        .filter_map(|policy| policy.ground(&claim.ground));
    EarlierClaim {
        number: claim.number.clone(),
        href: format!("/queue/claims/{}", claim.number),
        what: grounds
            .next_back()
            .map_or_else(|| claim.ground.clone(), |ground| ground.title.clone()),
        badge: staff_badge(claim),
        amount: claim
            .granted_e8
            .filter(|granted| *granted > 0)
            .map(|granted| Amount::new(granted, &claim.currency)),
    }
}

fn evidence(case: &Case, given: &Evidence, wall: Wall) -> Given {
    let file = case
        .story
        .files
        .iter()
        .find(|file| Some(&file.id) == given.file_id.as_ref());
    Given {
        kind: kind_of_evidence(&given.kind).to_owned(),
        at: Moment::new(given.received_at.utc(), wall.zone, wall.now),
        file: file.map(stories::file),
    }
}

fn kind_of_evidence(kind: &str) -> &'static str {
    match kind {
        "order_number" => "The order's number",
        "invoice_payment" => "Proof of payment",
        "screenshot" => "Screenshot",
        "log" => "Log",
        _ => "Other evidence",
    }
}

fn came(mail: &Mail, wall: Wall) -> Came {
    let sender = mail.sender.as_deref().unwrap_or("no single sender");
    Came {
        number: mail.number.clone(),
        href: format!("/queue/mail/{}", mail.number),
        subject: format!("from {sender}"),
        at: Moment::new(mail.received_at.utc(), wall.zone, wall.now),
        badge: mail_badge(mail),
    }
}

fn sent(letter: &Letter, wall: Wall) -> Sent {
    Sent {
        subject: letter.subject.clone(),
        at: Moment::new(
            letter.sent_at.unwrap_or(letter.created_at).utc(),
            wall.zone,
            wall.now,
        ),
        badge: letter_badge(letter),
        trouble: letter_trouble(letter),
    }
}

pub fn letter_badge(letter: &Letter) -> Badge {
    match letter.state.as_str() {
        _ if letter.bounced_at.is_some() => Badge::new(Tone::Danger, "Came back"),
        "sent" => Badge::new(Tone::Ok, "Sent"),
        "failed" => Badge::new(Tone::Danger, "Not sent"),
        "sending" => Badge::new(Tone::Accent, "Being sent"),
        _ => Badge::with_icon(Tone::Neutral, "hourglass", "Waiting"),
    }
}

/// What is known of why a letter did not arrive.
pub fn letter_trouble(letter: &Letter) -> String {
    let words = letter.bounce.as_ref().or(letter.last_error.as_ref());
    words.cloned().unwrap_or_default()
}
