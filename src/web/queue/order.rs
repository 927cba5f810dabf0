//! An order as staff see it: its facts, what the buyer was shown, its history, and every request about it.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use askama::Template;

use super::Looker;
use super::case::method;
use super::disputes;
use super::record::{EarlierClaim, Passed, earlier_claim, order_rows, passed};
use super::todo::said;
use crate::app::App;
use crate::db::orders::Order;
use crate::db::{self, Conn};
use crate::desk::policies;
use crate::error::{Error, Result};
use crate::rules::lifecycle::request::Action;
use crate::rules::rights::{Verb, may};
use crate::web::filters;
use crate::web::gate::Agent;
use crate::web::page::{Crumb, Frame, render};
use crate::web::parts::{Badge, Link, Row, Share, Summary};
use crate::web::show::order as words;
use crate::web::show::order::Labels;

#[derive(Template)]
#[template(path = "queue/order.html")]
struct Show {
    frame: Frame,
    number: String,
    item: String,
    state: Badge,
    share: Option<Share>,
    facts: Summary,
    shown: Summary,
    history: Vec<Passed>,
    claims: Vec<EarlierClaim>,
    customer: Link,
    policy: Link,
    chargebacks: Vec<Link>,
    /// Where one is recorded, for those who may.
    chargeback_href: Option<String>,
}

pub async fn show(app: Data<App>, visit: Agent, number: Path<String>) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let mut frame = visit.frame(&format!("Order {number}"));
    frame.crumbs.push(Crumb {
        label: "Queue".to_owned(),
        href: "/queue".to_owned(),
    });
    let page = app
        .read(move |conn| page(conn, frame, &looker, &number))
        .await?;
    Ok(render(&page))
}

fn page(conn: &mut Conn, frame: Frame, looker: &Looker, number: &str) -> Result<Show> {
    let order = db::orders::for_staff(conn, &looker.scope, number)?;
    let seller = db::sellers::find(conn, &order.seller_id)?;
    let shelf = policies::shelf(conn, &seller.policy)?;
    let at = order.placed_at.map_or(looker.wall.now, |at| at.utc());
    let policy = shelf.nearest(&seller.policy, at, seller.own_zone());
    let policy = policy.ok_or(Error::NotFound)?;
    let methods = db::deposits::methods_of(conn, &order.seller_id, &order.customer_id)?;
    let labels: Labels = methods
        .into_iter()
        .map(|method| (method.reference, method.label))
        .collect();
    let customer = db::people::find(conn, &order.customer_id)?;
    let mut rows = vec![Row::text("Seller", &seller.name)];
    rows.extend(order_rows(
        &order,
        &|reference| method(&labels, reference),
        looker.wall,
    )?);
    rows.extend(panel_rows(conn, &order, looker)?);
    let history = db::orders::history(conn, &order.id)?;
    let claims = db::claims::of_order(conn, &order.id)?;
    let chargebacks = db::disputes::of_order(conn, &order.id)?;
    let records = may(looker.person.role, Verb::KeepDisputes) && !order.direct_parts()?.is_empty();
    Ok(Show {
        frame,
        number: order.number.clone(),
        item: order.title.clone(),
        state: words::badge(order.status),
        share: words::share(&order, policy),
        facts: Summary { rows },
        shown: Summary {
            rows: words::shown_at_purchase(&order)?,
        },
        history: history
            .iter()
            .map(|line| passed(line, looker.wall))
            .collect(),
        claims: claims
            .iter()
            .map(|claim| earlier_claim(claim, &shelf))
            .collect(),
        customer: Link {
            label: format!("{} ({})", customer.name, customer.email),
            href: super::record::everything_of(&customer.email),
        },
        policy: Link {
            label: format!("{}, version {}", policy.title, policy.version),
            href: format!("/policies/{}/{}", policy.id, policy.version),
        },
        chargebacks: chargebacks.iter().map(disputes::link).collect(),
        chargeback_href: records.then(|| format!("/queue/disputes/new?order={}", order.number)),
    })
}

/// What the seller's panel calls the order, when it last spoke of it, and what was wrong with what it said.
fn panel_rows(conn: &mut Conn, order: &Order, looker: &Looker) -> Result<Vec<Row>> {
    let Some(known) = db::panels::of_order(conn, &order.id)? else {
        return Ok(Vec::new());
    };
    let mut rows = vec![Row::text("Panel's number", &known.reference)];
    if let Some(at) = known.answered_at {
        let at = filters::moment(at.utc(), looker.wall.zone, looker.wall.now);
        rows.push(Row::text("Panel last answered", &at));
    }
    let of_panel = db::panels::of_seller(conn, &order.seller_id)?.and_then(|panel| panel.problem);
    let problems = [known.problem, of_panel];
    for problem in problems.into_iter().flatten() {
        rows.push(Row::text("Trouble with the panel", &problem));
    }
    for request in db::requests::of_order(conn, &order.id)? {
        let asked = match request.action {
            Action::Cancel => "Asked to cancel",
            Action::Refill => "Asked to refill",
        };
        rows.push(Row::text(asked, &said(&request, looker.wall)));
    }
    Ok(rows)
}
