//! Cancelling an order: a page that says what is cancelled, the sum, and where the money goes and when; then the deed. The ground
//! is the policy's own; where the order has moved on by the time of the deed, the request is kept and its answer says so.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use super::rows;
use super::{Viewer, labels};
use crate::app::App;
use crate::db::claims::Claim;
use crate::db::orders::Order;
use crate::db::{self, Conn};
use crate::desk::claims::{self, Prospect};
use crate::desk::forms::Done;
use crate::error::{Code, Error, Result};
use crate::rules::assessment::{Destination, Met};
use crate::rules::policy::ClauseKind;
use crate::web::filters;
use crate::web::form::{Form, leading_to, new_key};
use crate::web::gate::Customer;
use crate::web::page::{Crumb, Frame, redirect, render};
use crate::web::parts::{Amount, ClauseRef, Sum, SumLine};
use crate::web::show::{claim as words, order as order_words};

#[derive(Template)]
#[template(path = "portal/cancel.html")]
struct New {
    frame: Frame,
    number: String,
    item: String,
    sum: Sum,
    sentence: String,
    clauses: Vec<ClauseRef>,
    action: String,
    key: String,
    ground: String,
    keep_href: String,
    button: String,
}

pub async fn new(app: Data<App>, visit: Customer, number: Path<String>) -> Result<HttpResponse> {
    let viewer = Viewer::of(&app, &visit);
    let frame = visit.frame("Cancel this order?");
    let number = number.into_inner();
    let order_page = format!("/portal/orders/{number}");
    let page = app
        .read(move |conn| page(conn, frame, &viewer, &number))
        .await?;
    Ok(match page {
        Some(page) => render(&page),
        None => redirect(&order_page),
    })
}

/// The page, where the order can be cancelled as it stands.
fn page(conn: &mut Conn, mut frame: Frame, viewer: &Viewer, number: &str) -> Result<Option<New>> {
    let order = db::orders::for_customer(conn, &viewer.person.id, number)?;
    let offer = rows::offer(conn, viewer, &order)?;
    let href = format!("/portal/orders/{}", order.number);
    frame.seller_name = Some(offer.prospects.topic.seller.name.clone());
    frame.crumbs.push(Crumb {
        label: format!("Order {}", order.number),
        href: href.clone(),
    });
    let Some(prospect) = offer.prospects.cancellation().filter(|_| offer.cancel) else {
        return Ok(None);
    };
    let policy = &offer.prospects.topic.policy;
    let amount = prospect.assessment.amount.unwrap_or_default();
    let clauses = prospect.assessment.clauses.iter();
    let carrying = clauses.filter(|finding| {
        let kind = policy.clause(&finding.id).map(|clause| clause.kind);
        let carries = matches!(kind, Some(ClauseKind::Eligibility | ClauseKind::Amount));
        carries && finding.result == Met::Met
    });
    Ok(Some(New {
        frame,
        number: order.number.clone(),
        item: order.title.clone(),
        sum: sum(&order, amount.e8()),
        sentence: sentence(conn, &order, prospect)?,
        clauses: carrying
            .map(|finding| words::clause(policy, &finding.id))
            .collect(),
        action: format!("{href}/cancel"),
        key: new_key()?,
        ground: prospect.ground.clone(),
        keep_href: href,
        button: button(&order, prospect),
    }))
}

fn sum(order: &Order, amount_e8: i64) -> Sum {
    let line = |label: &str, e8: i64| SumLine {
        label: label.to_owned(),
        workings: String::new(),
        clauses: Vec::new(),
        amount: Amount::new(e8, &order.currency),
    };
    let charge_e8 = order.charge_e8.unwrap_or(0);
    let mut lines = vec![line("Paid for the order", charge_e8)];
    if order.refunded_e8 != 0 {
        lines.push(line("Refunded before", -order.refunded_e8));
    }
    let rest_e8 = charge_e8 - order.refunded_e8 - amount_e8;
    if rest_e8 != 0 {
        lines.push(line("Not part of the refund", -rest_e8));
    }
    Sum {
        caption: "What comes back".to_owned(),
        lines,
        total_label: "Refund".to_owned(),
        total: Amount::new(amount_e8, &order.currency),
    }
}

/// Where the money goes, and when.
fn sentence(conn: &mut Conn, order: &Order, prospect: &Prospect) -> Result<String> {
    let labels = labels(conn, &order.seller_id, &order.customer_id)?;
    let to_balance = to_balance(prospect);
    let place = match prospect.assessment.payments.as_slice() {
        _ if to_balance => "your balance".to_owned(),
        [one] => one
            .method
            .as_deref()
            .map_or("the way you paid".to_owned(), |method| {
                order_words::method(method, &labels)
            }),
        _ => "the way you paid".to_owned(),
    };
    Ok(match (prospect.pays_at_once(), to_balance) {
        (true, true) => format!("The money is on {place} at once, to spend or to be paid out."),
        (true, false) => format!("The money goes to {place} at once."),
        (false, _) => format!(
            "A person confirms it, and the money goes to {place}. The order keeps its place until then."
        ),
    })
}

fn to_balance(prospect: &Prospect) -> bool {
    let payments = prospect.assessment.payments.iter();
    payments.len() > 0
        && payments
            .clone()
            .all(|one| one.to == Destination::AccountBalance)
}

fn button(order: &Order, prospect: &Prospect) -> String {
    let amount = prospect.assessment.amount.unwrap_or_default();
    let amount = filters::money(amount.e8(), &order.currency);
    match (prospect.pays_at_once(), to_balance(prospect)) {
        (true, true) => format!("Cancel and credit {amount}"),
        (true, false) => format!("Cancel and refund {amount}"),
        (false, _) => format!("Ask to cancel and refund {amount}"),
    }
}

#[derive(Debug, Clone, Deserialize)]
pub struct Cancel {
    ground: String,
}

pub async fn create(
    app: Data<App>,
    visit: Customer,
    number: Path<String>,
    form: Form<Cancel>,
) -> Result<HttpResponse> {
    let me = visit.person.id.clone();
    let order_page = format!("/portal/orders/{number}");
    let outcome = form
        .submit(&app, visit.act(&app), move |tx, act, asked: &Cancel| {
            let order = db::orders::for_customer(tx, &me, &number)?;
            let standing = claims::cancel(tx, act, &order.id, &asked.ground)?;
            Ok(done(&standing.claim))
        })
        .await;
    match outcome {
        Err(Error::Refused {
            code: Code::NothingToPay | Code::AlreadyOpen,
            words,
        }) => leading_to(&app, &Done::new(order_page, words)),
        other => other,
    }
}

/// To the answer that the request was given.
pub fn done(claim: &Claim) -> Done {
    Done::new(format!("/portal/claims/{}/answer", claim.number), "")
}
