//! The first page of a customer: what needs them first, then what is under way and by when, then their orders.

use actix_web::HttpResponse;
use actix_web::web::Data;
use askama::Template;

use super::rows::{self, OrderRow, TicketRow};
use super::{Viewer, balance, standing};
use crate::app::App;
use crate::db::{self, Conn};
use crate::error::Result;
use crate::web::filters;
use crate::web::gate::Customer;
use crate::web::page::{Frame, render};
use crate::web::parts::Amount;

/// How many of the latest orders are shown.
const ORDERS: i64 = 3;

#[derive(Template)]
#[template(path = "portal/home.html")]
struct Home {
    frame: Frame,
    heading: String,
    attention: Vec<TicketRow>,
    open: Vec<TicketRow>,
    orders: Vec<OrderRow>,
    balances: Vec<Purse>,
    /// What holds for the account because of a chargeback.
    notices: Vec<String>,
}

/// What there is with one seller.
struct Purse {
    amount: Amount,
    note: String,
}

pub async fn show(app: Data<App>, visit: Customer) -> Result<HttpResponse> {
    let viewer = Viewer::of(&app, &visit);
    let frame = visit.frame("Your pages");
    let page = app.read(move |conn| page(conn, frame, &viewer)).await?;
    Ok(render(&page))
}

fn page(conn: &mut Conn, frame: Frame, viewer: &Viewer) -> Result<Home> {
    let claims = rows::claims(conn, viewer)?;
    let tickets = db::tickets::of_customer(conn, &viewer.person.id)?;
    let open = tickets.iter().filter(|ticket| ticket.state != "closed");
    let (waiting, running) =
        open.partition::<Vec<_>, _>(|ticket| ticket.state == "waiting_customer");
    let lines = |tickets: Vec<&db::tickets::Ticket>| {
        let lines = tickets.into_iter();
        lines
            .map(|ticket| rows::ticket(ticket, &claims, viewer))
            .collect::<Vec<_>>()
    };
    let mut attention = lines(waiting);
    attention.extend(rows::drafts(conn, viewer)?);
    let mut orders = Vec::new();
    for order in db::orders::of_customer(conn, &viewer.person.id, 0, ORDERS)? {
        orders.push(rows::order(conn, viewer, &order)?);
    }
    let mut balances = Vec::new();
    for purse in balance::purses(conn, &viewer.person.id)? {
        balances.push(Purse {
            amount: Amount::new(purse.now_e8(), &purse.balance.currency),
            note: format!("with {}", purse.seller.name),
        });
    }
    Ok(Home {
        frame,
        heading: format!("Hello, {}", first_name(&viewer.person.name)),
        attention,
        open: lines(running),
        orders,
        balances,
        notices: standing::notices(conn, viewer)?,
    })
}

fn first_name(name: &str) -> &str {
    name.split_whitespace().next().unwrap_or(name)
}
