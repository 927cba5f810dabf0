//! Chargebacks: the list, open ones first by the day their evidence is due, and the form that records one on a payment.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::Looker;
use crate::app::App;
use crate::db::disputes::Dispute;
use crate::db::{self, Conn};
use crate::desk::disputes::{self as verbs, NewDispute, Payment};
use crate::desk::forms::Done;
use crate::error::{Code, Error, Fields, Result};
use crate::ids::DepositId;
use crate::rules::facts::DisputeReason;
use crate::rules::rights::{Verb, may};
use crate::web::fields::query;
use crate::web::form::{Form, new_key};
use crate::web::gate::{Agent, Lead};
use crate::web::page::{Choice, Crumb, Filled, Frame, NavItem, render, render_as};
use crate::web::parts::{Amount, Badge, Clock, Link, Moment, Pager, Tone};
use crate::web::show::Wall;
use crate::web::{amount, filters, when};

const PAGE: i64 = 50;

#[derive(Template)]
#[template(path = "queue/disputes.html")]
struct Index {
    frame: Frame,
    views: Vec<NavItem>,
    heading: &'static str,
    rows: Vec<Line>,
    pager: Pager,
    may_record: bool,
}

struct Line {
    number: String,
    href: String,
    amount: Amount,
    customer: String,
    seller: String,
    badge: Badge,
    due: Option<Clock>,
    opened: Moment,
    reference: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Asked {
    view: Option<String>,
    page: Option<u64>,
}

pub async fn index(app: Data<App>, visit: Agent, request: HttpRequest) -> Result<HttpResponse> {
    let asked: Asked = query(&request)?;
    let looker = Looker::of(&visit.person, &visit);
    let frame = visit.frame("Chargebacks");
    let page = app
        .read(move |conn| list(conn, frame, &looker, &asked))
        .await?;
    Ok(render(&page))
}

fn list(conn: &mut Conn, frame: Frame, looker: &Looker, asked: &Asked) -> Result<Index> {
    let unknown = || Error::Malformed("not an address of the chargebacks");
    let open = match asked.view.as_deref().unwrap_or("open") {
        "open" => true,
        "closed" => false,
        _ => return Err(unknown()),
    };
    let page = i64::try_from(asked.page.unwrap_or(1))
        .ok()
        .filter(|page| (1..=100_000).contains(page))
        .ok_or_else(unknown)?;
    let counts = [
        db::disputes::count(conn, &looker.scope, true)?,
        db::disputes::count(conn, &looker.scope, false)?,
    ];
    let total = counts[usize::from(!open)];
    let view = |label: &str, word: &str, count: i64, current: bool| NavItem {
        count: Some(filters::badge_count(u64::try_from(count).unwrap_or(0))),
        ..NavItem::new(label, &format!("/queue/disputes?view={word}"), current)
    };
    let found = db::disputes::list(conn, &looker.scope, open, (page - 1) * PAGE, PAGE)?;
    let mut rows = Vec::new();
    for dispute in &found {
        rows.push(line(conn, dispute, looker.wall)?);
    }
    let last = (page - 1) * PAGE + i64::try_from(rows.len()).unwrap_or(0);
    let word = if open { "open" } else { "closed" };
    let href = |page: i64| format!("/queue/disputes?view={word}&page={page}");
    Ok(Index {
        frame,
        views: vec![
            view("Open", "open", counts[0], open),
            view("Decided by the bank", "closed", counts[1], !open),
        ],
        heading: if open { "Open" } else { "Decided by the bank" },
        pager: Pager {
            shown: if rows.is_empty() {
                String::new()
            } else {
                format!("{}–{last} of {total}", (page - 1) * PAGE + 1)
            },
            previous: (page > 1).then(|| href(page - 1)),
            next: (last < total).then(|| href(page + 1)),
        },
        rows,
        may_record: may(looker.person.role, Verb::KeepDisputes),
    })
}

fn line(conn: &mut Conn, dispute: &Dispute, wall: Wall) -> Result<Line> {
    Ok(Line {
        number: dispute.number.clone(),
        href: path(dispute),
        amount: Amount::new(dispute.amount_e8, &dispute.currency),
        customer: db::people::find(conn, &dispute.customer_id)?.name,
        seller: db::sellers::find(conn, &dispute.seller_id)?.name,
        badge: badge(&dispute.status),
        due: evidence(dispute, wall),
        opened: Moment::new(dispute.opened_at.utc(), wall.zone, wall.now),
        reference: dispute.reference.clone(),
    })
}

pub fn path(dispute: &Dispute) -> String {
    format!("/queue/disputes/{}", dispute.number)
}

/// "D-1001, $45.00, open".
pub fn link(dispute: &Dispute) -> Link {
    let amount = filters::money(dispute.amount_e8, &dispute.currency);
    Link {
        label: format!("{}, {amount}, {}", dispute.number, dispute.status),
        href: path(dispute),
    }
}

pub fn badge(status: &str) -> Badge {
    match status {
        "won" => Badge::new(Tone::Ok, "Won"),
        "lost" => Badge::new(Tone::Danger, "Lost"),
        _ => Badge::new(Tone::Warn, "Open"),
    }
}

/// The time that is left for evidence; none once the bank has decided, or where it named no date.
pub fn evidence(dispute: &Dispute, wall: Wall) -> Option<Clock> {
    let due = dispute
        .evidence_due_at
        .filter(|_| dispute.status == "open")?;
    let opened = dispute.opened_at.utc();
    Some(Clock::running(
        "Evidence",
        opened,
        due.utc(),
        wall.zone,
        wall.now,
    ))
}

#[derive(Template)]
#[template(path = "queue/dispute_new.html")]
struct New {
    frame: Frame,
    form: Filled,
    /// What was found by what was typed; one of them can be chosen.
    found: Vec<Link>,
    payment: Option<Paid>,
    refusal: Option<String>,
}

/// The payment that the form is about.
struct Paid {
    order: String,
    deposit: String,
    what: Link,
    customer: String,
    seller: String,
    left: Amount,
    currency: String,
    zone: String,
    reasons: Vec<Choice>,
    key: String,
}

/// Which payment: typed by whoever looks for it, or named by the page that leads here.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Which {
    payment: Option<String>,
    order: Option<String>,
    deposit: Option<String>,
}

pub async fn new(app: Data<App>, visit: Lead, request: HttpRequest) -> Result<HttpResponse> {
    let which: Which = query(&request)?;
    let looker = Looker::of(&visit.person, &visit);
    let frame = visit.frame("Record a chargeback");
    let page = app
        .read(move |conn| form_on(conn, frame, &looker, &which, Filled::default(), None))
        .await?;
    Ok(render(&page))
}

fn form_on(
    conn: &mut Conn,
    mut frame: Frame,
    looker: &Looker,
    which: &Which,
    mut form: Filled,
    refusal: Option<String>,
) -> Result<New> {
    frame.crumbs.push(Crumb {
        label: "Chargebacks".to_owned(),
        href: "/queue/disputes".to_owned(),
    });
    let payment = match (&which.order, &which.deposit) {
        (None, None) => None,
        (order, deposit) => Some(paid(conn, looker, order.as_deref(), deposit.as_deref())?),
    };
    let mut found = Vec::new();
    if let Some(typed) = which.payment.as_deref().filter(|_| payment.is_none()) {
        found = matching(conn, looker, typed.trim())?;
        let values = vec![("payment".to_owned(), typed.to_owned())];
        let mut problems = Fields::new();
        if found.is_empty() {
            problems.add("payment", "No order and no deposit bears this number");
        }
        form = Filled::refused(values, &problems);
    }
    Ok(New {
        frame,
        form,
        found,
        payment,
        refusal,
    })
}

/// Orders and deposits that bear a number or a reference, of the sellers that the looker serves.
fn matching(conn: &mut Conn, looker: &Looker, typed: &str) -> Result<Vec<Link>> {
    let mut found = Vec::new();
    let order = |order: &db::orders::Order| Link {
        label: format!("Order {}: {}", order.number, order.title),
        href: format!("/queue/disputes/new?order={}", order.number),
    };
    let numbered = db::maybe(db::orders::for_staff(conn, &looker.scope, typed))?;
    found.extend(numbered.as_ref().map(order));
    for seller in db::sellers::within(conn, &looker.scope)? {
        let named = db::orders::by_reference(conn, &seller.id, typed)?;
        found.extend(named.as_ref().map(order));
        if let Some(deposit) = db::deposits::by_reference(conn, &seller.id, typed)? {
            let amount = filters::money(deposit.amount_e8, &deposit.currency);
            found.push(Link {
                label: format!("Deposit {} of {amount}, {}", deposit.reference, seller.name),
                href: deposit_href(&deposit.id),
            });
        }
    }
    Ok(found)
}

/// Where a chargeback on a deposit is recorded.
pub fn deposit_href(deposit: &DepositId) -> String {
    format!("/queue/disputes/new?deposit={deposit}")
}

fn paid(
    conn: &mut Conn,
    looker: &Looker,
    order: Option<&str>,
    deposit: Option<&str>,
) -> Result<Paid> {
    let (what, seller, customer, payment, currency) = match (order, deposit) {
        (Some(number), None) => {
            let order = db::orders::for_staff(conn, &looker.scope, number)?;
            let what = Link {
                label: format!("Order {}: {}", order.number, order.title),
                href: format!("/queue/orders/{}", order.number),
            };
            let payment = Payment::Order(order.id);
            (
                what,
                order.seller_id,
                order.customer_id,
                payment,
                order.currency,
            )
        }
        (None, Some(id)) => {
            let deposit = db::orders::deposit(conn, &DepositId::from(id))?;
            let served = &looker.scope.0;
            if !served.is_empty() && !served.contains(&deposit.seller_id) {
                return Err(Error::NotFound);
            }
            let method = db::deposits::method(conn, &deposit.method_id)?;
            let customer = db::people::find(conn, &deposit.customer_id)?;
            let what = Link {
                label: format!("Deposit {} by {}", deposit.reference, method.label),
                href: super::record::everything_of(&customer.email),
            };
            let payment = Payment::Deposit(deposit.id);
            (
                what,
                deposit.seller_id,
                deposit.customer_id,
                payment,
                deposit.currency,
            )
        }
        _ => return Err(Error::Malformed("a chargeback is on one payment")),
    };
    let customer = db::people::find(conn, &customer)?;
    Ok(Paid {
        order: order.unwrap_or_default().to_owned(),
        deposit: deposit.unwrap_or_default().to_owned(),
        what,
        customer: format!("{} ({})", customer.name, customer.email),
        seller: db::sellers::find(conn, &seller)?.name,
        left: Amount::new(verbs::disputable_e8(conn, &payment)?, &currency),
        currency,
        zone: looker.wall.zone.name().to_owned(),
        reasons: reasons(),
        key: new_key()?,
    })
}

/// Why the bank took the money back, as it says.
pub fn reasons() -> Vec<Choice> {
    vec![
        Choice::new(
            "fraudulent",
            "Fraudulent",
            "The holder says that they did not authorise the payment.",
        ),
        Choice::new(
            "other",
            "Another reason",
            "Not received, not as described, not wanted.",
        ),
        Choice::new(NOT_KNOWN, "Not known", ""),
    ]
}

pub const NOT_KNOWN: &str = "unknown";

#[derive(Debug, Clone, Deserialize)]
pub struct Recorded {
    order: Option<String>,
    deposit: Option<String>,
    amount: Option<String>,
    #[serde(default)]
    reason: String,
    reference: String,
    opened_at: String,
    evidence_due_at: String,
}

/// Records a chargeback: its payment is frozen, and the claims on it wait.
pub async fn create(app: Data<App>, visit: Lead, form: Form<Recorded>) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let seeker = looker.clone();
    let outcome = form
        .submit(&app, visit.act(&app), move |tx, act, told: &Recorded| {
            let new = read(tx, &seeker, told)?;
            let dispute = verbs::open(tx, act, &new)?;
            let amount = filters::money(dispute.amount_e8, &dispute.currency);
            let told = format!(
                "{}: {amount} is frozen until the bank decides.",
                dispute.number
            );
            Ok(Done::new(path(&dispute), told))
        })
        .await;
    let (filled, refusal, status) = match outcome {
        Err(Error::Invalid(problems)) => (
            form.again(&problems),
            None,
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        Err(Error::Refused { code, words }) => {
            let status = match code {
                Code::KeyReused => StatusCode::CONFLICT,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            };
            (form.again(&Fields::new()), Some(words), status)
        }
        other => return other,
    };
    let which = Which {
        payment: None,
        order: form.fields.order.clone(),
        deposit: form.fields.deposit.clone(),
    };
    let mut frame = visit.frame("Record a chargeback");
    frame.refused = true;
    let page = app
        .read(move |conn| form_on(conn, frame, &looker, &which, filled, refusal))
        .await?;
    Ok(render_as(status, &page))
}

/// The form's fields as a new dispute, on a payment of a seller that the looker serves.
fn read(conn: &mut Conn, looker: &Looker, told: &Recorded) -> Result<NewDispute> {
    let (payment, currency) = match (&told.order, &told.deposit) {
        (Some(number), None) => {
            let order = db::orders::for_staff(conn, &looker.scope, number)?;
            (Payment::Order(order.id), order.currency)
        }
        (None, Some(id)) => {
            let deposit = db::orders::deposit(conn, &DepositId::from(id.as_str()))?;
            (Payment::Deposit(deposit.id), deposit.currency)
        }
        _ => return Err(Error::Malformed("a chargeback is on one payment")),
    };
    let mut problems = Fields::new();
    let amount = told
        .amount
        .as_deref()
        .map(|typed| amount::read(typed, &currency));
    let amount_e8 = match amount {
        Some(Err(why)) => {
            problems.add("amount", why);
            None
        }
        Some(Ok(amount)) => Some(amount.e8()),
        None => None,
    };
    let reason = match told.reason.as_str() {
        NOT_KNOWN => None,
        word => {
            let reason = DisputeReason::from_word(word);
            if reason.is_none() {
                problems.add("reason", "Choose what the bank gives as the reason");
            }
            reason
        }
    };
    if told.reference.trim().is_empty() {
        problems.add("reference", "Enter the bank's reference of the chargeback");
    }
    let opened_at = when::read(&told.opened_at, "opened_at", looker.wall, &mut problems);
    let due = &told.evidence_due_at;
    let evidence_due_at = when::read_maybe(due, "evidence_due_at", looker.wall, &mut problems);
    problems.done()?;
    Ok(NewDispute {
        payment,
        reference: told.reference.clone(),
        reason,
        amount_e8,
        contacted_first: None,
        answered_in_time: None,
        opened_at: opened_at.ok_or(Error::Malformed("no time of opening"))?,
        evidence_due_at,
    })
}
