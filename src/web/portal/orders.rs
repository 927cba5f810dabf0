//! Orders: the list with its one action a line, and the order's own page with units, money, history and what the buyer was shown.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use askama::Template;
use serde::Deserialize;

use super::rows::{self, OrderRow, TicketRow};
use super::{Viewer, labels};
use crate::app::App;
use crate::db::orders::Order;
use crate::db::{self, Conn};
use crate::error::Result;
use crate::web::filters;
use crate::web::gate::Customer;
use crate::web::page::{Crumb, Filled, Frame, render};
use crate::web::parts::{Amount, Badge, Link, Moment, Pager, Row, Share, Summary};
use crate::web::show::order as words;

const A_PAGE: i64 = 25;
/// Longer words match nothing anyway.
const LONGEST_SEARCH: usize = 200;

#[derive(Template)]
#[template(path = "portal/orders.html")]
struct Index {
    frame: Frame,
    form: Filled,
    orders: Vec<OrderRow>,
    pager: Pager,
    searched: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Search {
    #[serde(default)]
    q: String,
    #[serde(default)]
    page: Option<u32>,
}

pub async fn index(app: Data<App>, visit: Customer, search: Query<Search>) -> Result<HttpResponse> {
    let viewer = Viewer::of(&app, &visit);
    let frame = visit.frame("Your orders");
    let search = search.into_inner();
    let page = app
        .read(move |conn| list(conn, frame, &viewer, &search))
        .await?;
    Ok(render(&page))
}

fn list(conn: &mut Conn, frame: Frame, viewer: &Viewer, search: &Search) -> Result<Index> {
    let words = search.q.trim().chars().take(LONGEST_SEARCH);
    let words = words.collect::<String>();
    let page = i64::from(search.page.unwrap_or(1).max(1));
    let offset = (page - 1) * A_PAGE;
    let me = &viewer.person.id;
    let (found, total) = if words.is_empty() {
        let found = db::orders::of_customer(conn, me, offset, A_PAGE)?;
        (found, db::orders::count_of_customer(conn, me)?)
    } else {
        db::orders::matching(conn, me, &words, offset, A_PAGE)?
    };
    let mut orders = Vec::new();
    for order in &found {
        orders.push(rows::order(conn, viewer, order)?);
    }
    let href = |page: i64| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if !words.is_empty() {
            query.append_pair("q", &words);
        }
        let query = query.append_pair("page", &page.to_string()).finish();
        format!("/portal/orders?{query}")
    };
    let last = offset + i64::try_from(found.len()).unwrap_or(0);
    let pager = Pager {
        shown: if found.is_empty() {
            String::new()
        } else {
            format!("{}–{last} of {total}", offset + 1)
        },
        previous: (page > 1).then(|| href(page - 1)),
        next: (last < total).then(|| href(page + 1)),
    };
    Ok(Index {
        frame,
        form: Filled {
            values: vec![("q".to_owned(), words.clone())],
            ..Filled::default()
        },
        orders,
        pager,
        searched: !words.is_empty(),
    })
}

#[derive(Template)]
#[template(path = "portal/order.html")]
struct Show {
    frame: Frame,
    number: String,
    item: String,
    state: Badge,
    sentence: String,
    cancel_href: Option<String>,
    claim_href: Option<String>,
    facts: Summary,
    shown: Option<Summary>,
    share: Option<Share>,
    history: Vec<Event>,
    money: Vec<Line>,
    left: Amount,
    requests: Vec<TicketRow>,
    policy: Link,
}

/// A line of the status history.
struct Event {
    at: Moment,
    state: String,
    note: String,
}

/// A line of what was paid and what came back.
struct Line {
    label: String,
    note: String,
    amount: Amount,
}

pub async fn show(app: Data<App>, visit: Customer, number: Path<String>) -> Result<HttpResponse> {
    let viewer = Viewer::of(&app, &visit);
    let mut frame = visit.frame(&format!("Order {number}"));
    frame.crumbs.push(Crumb {
        label: "Your orders".to_owned(),
        href: "/portal/orders".to_owned(),
    });
    let number = number.into_inner();
    let page = app
        .read(move |conn| page(conn, frame, &viewer, &number))
        .await?;
    Ok(render(&page))
}

fn page(conn: &mut Conn, mut frame: Frame, viewer: &Viewer, number: &str) -> Result<Show> {
    let order = db::orders::for_customer(conn, &viewer.person.id, number)?;
    let offer = rows::offer(conn, viewer, &order)?;
    let (policy, seller) = (&offer.prospects.topic.policy, &offer.prospects.topic.seller);
    frame.seller_name = Some(seller.name.clone());
    let href = format!("/portal/orders/{}", order.number);
    let shown = words::shown_at_purchase(&order)?;
    Ok(Show {
        frame,
        number: order.number.clone(),
        item: order.title.clone(),
        state: words::badge(order.status),
        sentence: offer.words.clone(),
        cancel_href: offer.cancel.then(|| format!("{href}/cancel")),
        claim_href: offer.claim.then(|| format!("{href}/claims/new")),
        facts: facts(&order, viewer, &seller.name),
        shown: (!shown.is_empty()).then_some(Summary { rows: shown }),
        share: words::share(&order, policy),
        history: history(conn, &order, viewer)?,
        money: money(conn, &order)?,
        left: Amount::new(order.refundable_e8(), &order.currency),
        requests: requests(conn, &order, viewer)?,
        policy: Link {
            label: format!("{}, version {}", policy.title, policy.version),
            href: format!("/policies/{}/{}", policy.id, policy.version),
        },
    })
}

fn facts(order: &Order, viewer: &Viewer, seller: &str) -> Summary {
    let mut rows = vec![
        Row::text("Bought from", seller),
        Row::text("Placed", &rows::placed(order, viewer).text),
    ];
    let mut say = |label: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            rows.push(Row::text(label, &value));
        }
    };
    let moment = |at: db::columns::At| viewer.wall.stamp(at.utc());
    say("For", Some(order.target.clone()));
    say("The seller's number", Some(order.reference.clone()));
    say("Runs until", order.period_ends_on.map(filters::day));
    say("Confirmed", order.confirmed_at.map(moment));
    say("Sent", order.sent_at.map(moment));
    say("Message received", order.sms_received_at.map(moment));
    Summary { rows }
}

fn history(conn: &mut Conn, order: &Order, viewer: &Viewer) -> Result<Vec<Event>> {
    let lines = db::orders::history(conn, &order.id)?;
    let event = |line: &db::orders::OrderEvent| Event {
        at: Moment::new(line.at.utc(), viewer.wall.zone, viewer.wall.now),
        state: words::badge(line.status).word,
        note: words::left(order, line.status, line.remains.as_deref()),
    };
    Ok(lines.iter().rev().map(event).collect())
}

fn money(conn: &mut Conn, order: &Order) -> Result<Vec<Line>> {
    let labels = labels(conn, &order.seller_id, &order.customer_id)?;
    let line = |label: &str, note: String, e8: i64| Line {
        label: label.to_owned(),
        note,
        amount: Amount::new(e8, &order.currency),
    };
    let paid = words::paid_with(order, &labels)?.join(", ");
    let mut lines = vec![line("Paid", paid, order.charge_e8.unwrap_or(0))];
    if let Some(tax) = order.tax_included_e8 {
        lines.push(line("Tax, part of it", String::new(), tax));
    }
    let mut sent_e8 = 0;
    for payout in db::payouts::of_order(conn, &order.id)? {
        if payout.state.counts() {
            let note = words::method(&payout.method, &labels);
            lines.push(line("Refunded", note, -payout.amount_e8));
            sent_e8 += payout.amount_e8;
        }
    }
    let credited_e8 = order.refunded_e8 - sent_e8;
    if credited_e8 != 0 {
        lines.push(line("Refunded", "to your balance".to_owned(), -credited_e8));
    }
    if order.disputed_e8 != 0 {
        let note = "taken back through the bank".to_owned();
        lines.push(line("Disputed", note, -order.disputed_e8));
    }
    Ok(lines)
}

fn requests(conn: &mut Conn, order: &Order, viewer: &Viewer) -> Result<Vec<TicketRow>> {
    let mut lines = Vec::new();
    let claims = rows::claims(conn, viewer)?;
    for claim in db::claims::of_order(conn, &order.id)? {
        let ticket = db::tickets::find(conn, &claim.ticket_id)?;
        lines.push(rows::ticket(&ticket, &claims, viewer));
    }
    Ok(lines)
}
