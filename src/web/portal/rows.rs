//! Lines of lists that several pages share: a request with its next date, an order with the one thing that can be done about it.

use std::collections::HashMap;

use super::Viewer;
use crate::db::claims::{Claim, Draft};
use crate::db::orders::Order;
use crate::db::tickets::Ticket;
use crate::db::{self, Conn};
use crate::desk::claims::{Prospects, prospects};
use crate::desk::drafts::{Answers, KEPT, kept_until, topic};
use crate::error::Result;
use crate::ids::TicketId;
use crate::rules::assessment::Outcome;
use crate::web::parts::{Amount, Badge, Link, Moment, Tone};
use crate::web::show::{next, order as words};

/// See `templates/parts/rows.html`.
pub struct TicketRow {
    pub number: String,
    pub subject: String,
    pub href: String,
    pub badge: Badge,
    pub next: String,
    pub at: Moment,
    pub unread: bool,
}

/// See `templates/parts/rows.html`.
pub struct OrderRow {
    pub number: String,
    pub item: String,
    pub href: String,
    pub placed: Moment,
    pub state: Badge,
    pub units: String,
    pub charge: Amount,
    pub note: String,
    pub action: Option<Link>,
}

/// The customer's claims by their tickets.
pub type Claims = HashMap<TicketId, Claim>;

pub fn claims(conn: &mut Conn, viewer: &Viewer) -> Result<Claims> {
    let claims = db::claims::of_customer(conn, &viewer.person.id)?;
    let by_ticket = claims
        .into_iter()
        .map(|claim| (claim.ticket_id.clone(), claim));
    Ok(by_ticket.collect())
}

pub fn ticket(ticket: &Ticket, claims: &Claims, viewer: &Viewer) -> TicketRow {
    let claim = claims.get(&ticket.id);
    TicketRow {
        number: ticket.number.clone(),
        subject: ticket.subject.clone(),
        href: format!("/portal/tickets/{}", ticket.number),
        badge: next::ticket_badge(ticket, claim),
        next: next::line(ticket, claim, viewer.wall),
        at: Moment::new(ticket.changed_at.utc(), viewer.wall.zone, viewer.wall.now),
        unread: ticket.state == "waiting_customer",
    }
}

fn unfinished(conn: &mut Conn, viewer: &Viewer) -> Result<Vec<Draft>> {
    let since = viewer.wall.now - KEPT;
    Ok(db::claims::drafts_of(conn, &viewer.person.id, since)?)
}

/// The requests that were begun and not sent.
pub fn drafts(conn: &mut Conn, viewer: &Viewer) -> Result<Vec<TicketRow>> {
    let mut rows = Vec::new();
    for draft in unfinished(conn, viewer)? {
        let topic = topic(conn, &viewer.act, &draft)?;
        let answers = Answers::of(&draft)?;
        let asked = topic.ground(&answers.ground);
        let asked = asked.map_or("A request", |ground| ground.title.as_str());
        let about = match &topic.order {
            Some(order) => format!("{} ({})", order.title, order.number),
            None => format!("your balance with {}", topic.seller.name),
        };
        rows.push(TicketRow {
            number: "Not sent yet".to_owned(),
            subject: format!("{asked}: {about}"),
            href: format!("/portal/drafts/{}", draft.id),
            badge: Badge::with_icon(Tone::Warn, "pencil", "Draft"),
            next: format!(
                "Go on where you stopped: your answers are kept until {}.",
                viewer.wall.stamp(kept_until(&draft))
            ),
            at: Moment::new(draft.changed_at.utc(), viewer.wall.zone, viewer.wall.now),
            unread: true,
        });
    }
    Ok(rows)
}

/// What can be done about an order now, and why.
pub struct Offer {
    pub prospects: Prospects,
    /// The open request on it, and its ticket.
    pub open: Option<(Claim, Ticket)>,
    pub cancel: bool,
    pub claim: bool,
    /// A sentence of the customer's.
    pub words: String,
}

pub fn offer(conn: &mut Conn, viewer: &Viewer, order: &Order) -> Result<Offer> {
    let claims = db::claims::of_order(conn, &order.id)?;
    let open = match claims.into_iter().find(Claim::is_open) {
        Some(claim) => {
            let ticket = db::tickets::find(conn, &claim.ticket_id)?;
            Some((claim, ticket))
        }
        None => None,
    };
    let prospects = prospects(conn, &viewer.act, order)?;
    let spent = order.charge_e8.is_some_and(|charge| charge > 0) && order.refundable_e8() == 0;
    let cancellation = prospects
        .cancellation()
        .map(|found| cancelling(found.pays_at_once()));
    let (cancel, claim, words) = match (&open, spent, cancellation) {
        (Some((claim, _)), ..) => (false, true, format!("We are working on {}.", claim.number)),
        (None, true, _) => (false, false, "All of it was refunded.".to_owned()),
        (None, false, Some(words)) => (true, true, words.to_owned()),
        (None, false, None) => (false, true, asking(&prospects, viewer)),
    };
    Ok(Offer {
        prospects,
        open,
        cancel,
        claim,
        words,
    })
}

fn cancelling(at_once: bool) -> &'static str {
    if at_once {
        "It has not started: you can cancel it now, and the money is back at once."
    } else {
        "It has not started: you can ask for it to be cancelled."
    }
}

fn asking(prospects: &Prospects, viewer: &Viewer) -> String {
    if prospects.open().next().is_none() {
        let judged = prospects
            .list
            .iter()
            .find(|one| one.assessment.outcome == Outcome::Ineligible);
        return match judged {
            Some(one) => format!(
                "By the policy nothing is due now: {} You can still ask a person.",
                next::reason(&prospects.topic.policy, &one.assessment, viewer.wall)
            ),
            None => "You can ask us about it.".to_owned(),
        };
    }
    match prospects.until(viewer.wall.now) {
        Some(until) => format!("You can ask for a refund {}.", next::by(until, viewer.wall)),
        None => "You can ask for a refund.".to_owned(),
    }
}

pub fn order(conn: &mut Conn, viewer: &Viewer, order: &Order) -> Result<OrderRow> {
    let offer = offer(conn, viewer, order)?;
    let href = format!("/portal/orders/{}", order.number);
    let link = |label: &str, href: String| {
        Some(Link {
            label: label.to_owned(),
            href,
        })
    };
    let action = match &offer.open {
        Some((_, ticket)) => link(
            "View the request",
            format!("/portal/tickets/{}", ticket.number),
        ),
        None if offer.cancel => link("Cancel", format!("{href}/cancel")),
        None if offer.prospects.open().next().is_some() && offer.claim => {
            link("Ask for a refund", format!("{href}/claims/new"))
        }
        None => None,
    };
    Ok(OrderRow {
        number: order.number.clone(),
        item: order.title.clone(),
        placed: placed(order, viewer),
        state: words::badge(order.status),
        units: words::units(order, &offer.prospects.topic.policy),
        charge: words::charge(order),
        note: offer.words,
        action,
        href,
    })
}

/// When it was bought; where nobody told, that.
pub fn placed(order: &Order, viewer: &Viewer) -> Moment {
    match order.placed_at {
        Some(at) => Moment::worded(at.utc(), viewer.wall.zone, viewer.wall.stamp(at.utc())),
        None => Moment::worded(
            viewer.wall.now,
            viewer.wall.zone,
            "date not known".to_owned(),
        ),
    }
}
