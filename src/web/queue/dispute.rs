//! One chargeback: the payment and what was frozen of it, what is known of how it came about, the customer's record, the time to the
//! evidence, and how it ended. Forms that were refused come back with everything as it was typed.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use super::Looker;
use super::disputes::{NOT_KNOWN, badge, evidence, path, reasons};
use super::record::{EarlierClaim, earlier_claim, everything_of};
use super::sanctions::Conduct;
use crate::app::App;
use crate::db::disputes::Dispute;
use crate::db::{self, Conn};
use crate::desk::disputes::{self as verbs, Circumstances, Ending, Findings, Known, Told};
use crate::desk::forms::Done;
use crate::desk::policies;
use crate::error::{Code, Error, Fields, Result};
use crate::rules::facts::DisputeReason;
use crate::rules::rights::{Verb, may};
use crate::web::filters;
use crate::web::form::{Form, new_key};
use crate::web::gate::{Agent, Lead};
use crate::web::page::{Choice, Crumb, Filled, Frame, render, render_as};
use crate::web::parts::{Amount, Badge, Clock, Link, Moment, Row, Summary};
use crate::web::session::Visit;
use crate::web::show::Wall;

#[derive(Template)]
#[template(path = "queue/dispute.html")]
pub(super) struct Show {
    frame: Frame,
    number: String,
    customer: Link,
    amount: Amount,
    badge: Badge,
    due: Option<Clock>,
    /// How the evidence date came about, or why there is none.
    due_why: String,
    payment: Summary,
    money: Summary,
    known: Vec<Answer>,
    contacts: Vec<Contact>,
    record: Summary,
    claims: Vec<EarlierClaim>,
    others: Vec<Other>,
    history: Vec<Passed>,
    is_open: bool,
    may_keep: bool,
    conduct: Conduct,
    reasons: Vec<Choice>,
    yes_no: Vec<Choice>,
    finding: Filled,
    closing: Filled,
    finding_key: String,
    closing_key: String,
    seen: String,
    refusal: Option<String>,
}

/// One answer with where it comes from.
struct Answer {
    label: &'static str,
    value: String,
    why: String,
}

struct Contact {
    number: String,
    href: String,
    subject: String,
    at: Moment,
    about_it: bool,
}

struct Other {
    number: String,
    href: String,
    amount: Amount,
    badge: Badge,
    at: Moment,
}

struct Passed {
    at: Moment,
    words: String,
}

/// What was typed and refused.
#[derive(Debug, Clone, Default)]
pub(super) struct Typed {
    pub finding: Option<Filled>,
    pub closing: Option<Filled>,
    pub deciding: Option<Filled>,
    /// On which sanction.
    pub lifting: Option<(String, Filled)>,
    pub refusal: Option<String>,
}

impl Typed {
    fn is_refused(&self) -> bool {
        let forms = [&self.finding, &self.closing, &self.deciding];
        self.refusal.is_some() || self.lifting.is_some() || forms.into_iter().any(Option::is_some)
    }
}

pub async fn show(app: Data<App>, visit: Agent, number: Path<String>) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let page = read(&app, &visit, looker, number.into_inner(), Typed::default()).await?;
    Ok(render(&page))
}

async fn read(
    app: &App,
    visit: &Visit,
    looker: Looker,
    number: String,
    typed: Typed,
) -> Result<Show> {
    let mut frame = visit.frame(&format!("Chargeback {number}"));
    frame.crumbs.push(Crumb {
        label: "Chargebacks".to_owned(),
        href: "/queue/disputes".to_owned(),
    });
    frame.refused = typed.is_refused();
    app.read(move |conn| {
        let dispute = db::disputes::for_staff(conn, &looker.scope, &number)?;
        page(conn, frame, &looker, &dispute, typed)
    })
    .await
}

fn page(
    conn: &mut Conn,
    frame: Frame,
    looker: &Looker,
    dispute: &Dispute,
    typed: Typed,
) -> Result<Show> {
    let wall = looker.wall;
    let customer = db::people::find(conn, &dispute.customer_id)?;
    let conduct = Conduct::of(conn, dispute, looker, &typed)?;
    let circumstances = verbs::circumstances(conn, dispute)?;
    let seller = db::sellers::find(conn, &dispute.seller_id)?;
    let shelf = policies::shelf(conn, &seller.policy)?;
    let claims = db::claims::record(conn, &dispute.customer_id, &dispute.seller_id)?;
    let orders = db::orders::count_with(conn, &dispute.customer_id, &dispute.seller_id)?;
    let granted = claims.iter().filter(|claim| claim.granted_e8 > Some(0));
    let record = vec![
        Row::text(
            "Orders here",
            &filters::plural(u64::try_from(orders).unwrap_or(0), "order", "orders"),
        ),
        Row::text(
            "Requests here",
            &format!("{}, {} granted", claims.len(), granted.count()),
        ),
    ];
    let reason = circumstances.reason.value;
    let reason = reason.map_or(NOT_KNOWN, DisputeReason::word).to_owned();
    let known = vec![("reason".to_owned(), reason)];
    let closing = typed.closing.unwrap_or_else(|| Filled {
        values: known,
        ..Filled::default()
    });
    Ok(Show {
        frame,
        number: dispute.number.clone(),
        customer: Link {
            label: format!("{} ({})", customer.name, customer.email),
            href: everything_of(&customer.email),
        },
        amount: Amount::new(dispute.amount_e8, &dispute.currency),
        badge: badge(&dispute.status),
        due: evidence(dispute, wall),
        due_why: due_why(dispute, wall),
        payment: payment(conn, dispute, &seller.name, wall)?,
        money: money(conn, dispute)?,
        known: answers(&circumstances, wall),
        contacts: circumstances
            .contacts
            .iter()
            .map(|contact| Contact {
                number: contact.ticket.number.clone(),
                href: format!("/queue/tickets/{}", contact.ticket.number),
                subject: contact.ticket.subject.clone(),
                at: Moment::new(contact.at, wall.zone, wall.now),
                about_it: contact.about_it,
            })
            .collect(),
        record: Summary { rows: record },
        claims: claims
            .iter()
            .take(8)
            .map(|claim| earlier_claim(claim, &shelf))
            .collect(),
        others: others(conn, dispute, wall)?,
        history: history(conn, dispute, wall)?,
        is_open: dispute.status == "open",
        may_keep: may(looker.person.role, Verb::KeepDisputes),
        conduct,
        reasons: reasons(),
        yes_no: yes_no(),
        finding: typed.finding.unwrap_or_default().under("found"),
        closing: closing.under("close"),
        finding_key: new_key()?,
        closing_key: new_key()?,
        seen: verbs::mark(conn, dispute)?,
        refusal: typed.refusal,
    })
}

fn due_why(dispute: &Dispute, wall: Wall) -> String {
    let opened = wall.stamp(dispute.opened_at.utc());
    match (dispute.evidence_due_at, dispute.closed_at) {
        (_, Some(closed)) => format!(
            "The bank decided; recorded on {}.",
            wall.stamp(closed.utc())
        ),
        (Some(due), None) => format!(
            "The bank takes evidence until {}, and decides without ours after that. It opened the chargeback on {opened}.",
            wall.stamp(due.utc())
        ),
        (None, None) => format!("The bank opened it on {opened} and named no date for evidence."),
    }
}

/// What was paid, and how the bank calls its taking back.
fn payment(conn: &mut Conn, dispute: &Dispute, seller: &str, wall: Wall) -> Result<Summary> {
    let mut rows = vec![Row::text("Seller", seller)];
    if let Some(id) = &dispute.order_id {
        let order = db::orders::find(conn, id)?;
        let href = format!("/queue/orders/{}", order.number);
        rows.push(Row::link(
            "Order",
            &format!("{}: {}", order.number, order.title),
            &href,
        ));
    }
    if let Some(id) = &dispute.deposit_id {
        let deposit = db::orders::deposit(conn, id)?;
        let method = db::deposits::method(conn, &deposit.method_id)?;
        rows.push(Row::text("Deposit", &deposit.reference));
        rows.push(Row::text("Paid by", &method.label));
    }
    if let Some(at) = verbs::paid_at(conn, dispute)? {
        rows.push(Row::text("Paid", &wall.stamp(at)));
    }
    rows.push(Row::text("The bank's reference", &dispute.reference));
    rows.push(Row::text("Opened", &wall.stamp(dispute.opened_at.utc())));
    if let Some(due) = dispute.evidence_due_at {
        rows.push(Row::text("Evidence due", &wall.stamp(due.utc())));
    }
    Ok(Summary { rows })
}

/// Captured, refunded, disputed; what of it stands frozen on the balance, and what is owed since it was lost.
fn money(conn: &mut Conn, dispute: &Dispute) -> Result<Summary> {
    let amount = |e8: i64| Amount::new(e8, &dispute.currency);
    let mut rows = Vec::new();
    match (&dispute.deposit_id, &dispute.order_id) {
        (Some(id), _) => {
            let deposit = db::orders::deposit(conn, id)?;
            rows.push(Row::money("Captured", amount(deposit.amount_e8)));
            rows.push(Row::money(
                "Refunded or on its way",
                amount(deposit.refunded_e8),
            ));
            rows.push(Row::money("Disputed", amount(deposit.disputed_e8)));
            let lot = db::deposits::lot_of_deposit(conn, id)?;
            let label = if lot.frozen {
                "Frozen on the balance"
            } else {
                "Left of it on the balance"
            };
            rows.push(Row::money(label, amount(lot.remaining_e8)));
            if lot.debt_e8 > 0 {
                rows.push(Row::money("Owed since it was lost", amount(lot.debt_e8)));
            }
        }
        (None, Some(id)) => {
            let order = db::orders::find(conn, id)?;
            match order.charge_e8 {
                Some(charge) => rows.push(Row::money("Captured", amount(charge))),
                None => rows.push(Row::text("Captured", "Not known")),
            }
            rows.push(Row::money(
                "Refunded or on its way",
                amount(order.refunded_e8),
            ));
            rows.push(Row::money("Disputed", amount(order.disputed_e8)));
            rows.push(Row::money("Left to refund", amount(order.refundable_e8())));
        }
        (None, None) => {}
    }
    Ok(Summary { rows })
}

fn answers(known: &Circumstances, wall: Wall) -> Vec<Answer> {
    let yes_or_no = |value: &bool| if *value { "Yes" } else { "No" };
    let reason = |value: &DisputeReason| match value {
        DisputeReason::Fraudulent => "Fraudulent: not authorised by the holder",
        DisputeReason::Other => "Another reason",
    };
    vec![
        answer("The bank's reason", &known.reason, reason, wall),
        answer(
            "They came to us first",
            &known.contacted_first,
            yes_or_no,
            wall,
        ),
        answer(
            "We answered in time",
            &known.answered_in_time,
            yes_or_no,
            wall,
        ),
    ]
}

fn answer<T>(
    label: &'static str,
    known: &Known<T>,
    words: impl Fn(&T) -> &'static str,
    wall: Wall,
) -> Answer {
    let by = known.by.as_ref().map_or(String::new(), |(who, at)| {
        format!(" {who}, {}", wall.stamp(*at))
    });
    Answer {
        label,
        value: known.value.as_ref().map_or("Not known", words).to_owned(),
        why: format!("{}{by}", known.why),
    }
}

fn others(conn: &mut Conn, dispute: &Dispute, wall: Wall) -> Result<Vec<Other>> {
    let mut all = db::disputes::of_customer(conn, &dispute.customer_id)?;
    all.retain(|other| other.seller_id == dispute.seller_id && other.id != dispute.id);
    let lines = all.iter().map(|other| Other {
        number: other.number.clone(),
        href: path(other),
        amount: Amount::new(other.amount_e8, &other.currency),
        badge: badge(&other.status),
        at: Moment::new(other.opened_at.utc(), wall.zone, wall.now),
    });
    Ok(lines.collect())
}

fn history(conn: &mut Conn, dispute: &Dispute, wall: Wall) -> Result<Vec<Passed>> {
    const KINDS: [&str; 5] = [
        "dispute_opened",
        "dispute_found",
        "dispute_closed",
        "sanctioned",
        "sanction_lifted",
    ];
    let events = db::events::about(conn, &dispute.seller_id, &KINDS, &dispute.number)?;
    let lines = events.into_iter().map(|event| Passed {
        at: Moment::new(event.at.utc(), wall.zone, wall.now),
        words: event.words,
    });
    Ok(lines.collect())
}

fn yes_no() -> Vec<Choice> {
    vec![
        Choice::new("", "As it stands", ""),
        Choice::new("yes", "Yes", ""),
        Choice::new("no", "No", ""),
        Choice::new(NOT_KNOWN, "Not known after all", ""),
    ]
}

#[derive(Debug, Clone, Deserialize)]
pub struct Found {
    seen: String,
    contacted_first: Option<String>,
    answered_in_time: Option<String>,
    why: String,
}

/// Keeps what somebody found out about how it came about.
pub async fn establish(
    app: Data<App>,
    visit: Agent,
    number: Path<String>,
    form: Form<Found>,
) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let (scope, asked) = (looker.scope.clone(), number.clone());
    let outcome = form
        .submit(&app, visit.act(&app), move |tx, act, found: &Found| {
            let dispute = db::disputes::for_staff(tx, &scope, &asked)?;
            let findings = Findings {
                reason: None,
                contacted_first: told(found.contacted_first.as_deref())?,
                answered_in_time: told(found.answered_in_time.as_deref())?,
                why: found.why.clone(),
            };
            verbs::establish(tx, act, &dispute.id, &found.seen, &findings)?;
            Ok(Done::new(path(&dispute), "It is kept, with your reason."))
        })
        .await;
    let typed = |problems: &Fields| Typed {
        finding: Some(form.again(problems)),
        ..Typed::default()
    };
    again(&app, &visit, looker, number.into_inner(), outcome, typed).await
}

fn told(word: Option<&str>) -> Result<Option<Told<bool>>> {
    Ok(match word {
        None => None,
        Some("yes") => Some(Told::Value(true)),
        Some("no") => Some(Told::Value(false)),
        Some(NOT_KNOWN) => Some(Told::NotKnown),
        Some(_) => return Err(Error::Malformed("neither yes nor no")),
    })
}

#[derive(Debug, Clone, Deserialize)]
pub struct Closed {
    seen: String,
    #[serde(default)]
    result: String,
    #[serde(default)]
    reason: String,
}

/// Closes it as the bank decided.
pub async fn close(
    app: Data<App>,
    visit: Lead,
    number: Path<String>,
    form: Form<Closed>,
) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let (scope, asked) = (looker.scope.clone(), number.clone());
    let outcome = form
        .submit(&app, visit.act(&app), move |tx, act, closed: &Closed| {
            let dispute = db::disputes::for_staff(tx, &scope, &asked)?;
            let ending = ending(closed)?;
            let dispute = verbs::conclude(tx, act, &dispute.id, &closed.seen, ending)?;
            let told = if ending.won {
                format!("{} is won: the payment is free again.", dispute.number)
            } else {
                format!("{} is lost: the payment is written down.", dispute.number)
            };
            Ok(Done::new(path(&dispute), told))
        })
        .await;
    let typed = |problems: &Fields| Typed {
        closing: Some(form.again(problems)),
        ..Typed::default()
    };
    again(&app, &visit, looker, number.into_inner(), outcome, typed).await
}

fn ending(closed: &Closed) -> Result<Ending> {
    let mut problems = Fields::new();
    if !["won", "lost"].contains(&closed.result.as_str()) {
        problems.add("result", "Choose how the bank decided");
    }
    let reason = match closed.reason.as_str() {
        NOT_KNOWN => Some(Told::NotKnown),
        word => DisputeReason::from_word(word).map(Told::Value),
    };
    if reason.is_none() {
        problems.add("reason", "Choose what the bank gives as the reason");
    }
    problems.done()?;
    Ok(Ending {
        won: closed.result == "won",
        reason: reason.unwrap_or(Told::NotKnown),
    })
}

/// The page again with what was wrong; where somebody was faster, as it stands now with what was typed.
pub(super) async fn again(
    app: &App,
    visit: &Visit,
    looker: Looker,
    number: String,
    outcome: Result<HttpResponse>,
    typed: impl FnOnce(&Fields) -> Typed,
) -> Result<HttpResponse> {
    let (typed, status) = match outcome {
        Err(Error::Invalid(problems)) => (typed(&problems), StatusCode::UNPROCESSABLE_ENTITY),
        Err(Error::Refused { code, words }) => {
            let status = match code {
                Code::KeyReused => StatusCode::CONFLICT,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            };
            let typed = Typed {
                refusal: Some(words),
                ..typed(&Fields::new())
            };
            (typed, status)
        }
        Err(Error::Stale) => {
            let words = "Somebody changed this chargeback while you were looking. Nothing of yours was kept yet: read what is new, then send it again or change it.";
            let typed = Typed {
                refusal: Some(words.to_owned()),
                ..typed(&Fields::new())
            };
            (typed, StatusCode::CONFLICT)
        }
        other => return other,
    };
    let page = read(app, visit, looker, number, typed).await?;
    Ok(render_as(status, &page))
}
