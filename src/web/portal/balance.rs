//! The balance with each seller: what is there now and what it is made of, what is on its way, and every movement with the balance
//! after it, newest first. The statement is the ledger's own; the CSV twin has the same lines, all of them.

use actix_web::HttpResponse;
use actix_web::web::{Data, Query};
use askama::Template;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{Viewer, labels};
use crate::app::App;
use crate::db::deposits::{Balance, Lot};
use crate::db::ledger::Moved;
use crate::db::sellers::Seller;
use crate::db::{self, Conn};
use crate::error::{Error, Result};
use crate::ids::{DepositId, OrderId, PayoutId, PersonId};
use crate::rules::ledger::{AccountKind, Movement};
use crate::rules::lots::Source;
use crate::web::filters;
use crate::web::gate::Customer;
use crate::web::page::{Frame, render};
use crate::web::parts::{Amount, Badge, Moment, Pager, Tone};
use crate::web::sheet::{Cell, Sheet};
use crate::web::show::order as words;

const A_PAGE: usize = 50;
/// Lines that the CSV reads at a time.
const A_SLICE: usize = 1_000;

/// One balance with what it consists of.
pub struct Purse {
    pub balance: Balance,
    pub seller: Seller,
    cash_e8: i64,
    bonus_e8: i64,
    leaving_e8: i64,
    debt_e8: i64,
    lots: Vec<Lot>,
}

impl Purse {
    pub fn now_e8(&self) -> i64 {
        self.cash_e8 + self.bonus_e8
    }
}

/// The customer's balances, by seller and currency.
pub fn purses(conn: &mut Conn, customer: &PersonId) -> Result<Vec<Purse>> {
    let mut purses = Vec::new();
    for balance in db::deposits::balances_of(conn, customer)? {
        let accounts = db::ledger::accounts_for_customer(conn, &balance.seller, customer)?;
        let holds = |kind: AccountKind| {
            let same = accounts
                .iter()
                .filter(|account| account.kind == kind && account.currency == balance.currency);
            same.map(|account| account.balance_e8).sum::<i64>()
        };
        purses.push(Purse {
            seller: db::sellers::find(conn, &balance.seller)?,
            cash_e8: holds(AccountKind::CustomerCash),
            bonus_e8: holds(AccountKind::CustomerBonus),
            leaving_e8: holds(AccountKind::PayoutInTransit),
            debt_e8: holds(AccountKind::DisputeDebt),
            lots: db::deposits::lots(conn, &balance)?,
            balance,
        });
    }
    Ok(purses)
}

/// What of the balance was paid in and is neither spent nor frozen: the most that can be asked back.
pub fn payable_e8(conn: &mut Conn, customer: &PersonId, seller: &Seller) -> Result<i64> {
    let balance = Balance {
        seller: seller.id.clone(),
        customer: customer.clone(),
        currency: seller.currency.clone(),
    };
    let lots = db::deposits::lots(conn, &balance)?;
    let free = lots
        .iter()
        .filter(|lot| lot.source == Source::Deposit && !lot.frozen);
    Ok(free.map(|lot| lot.remaining_e8).sum())
}

#[derive(Template)]
#[template(path = "portal/balance.html")]
struct Show {
    frame: Frame,
    balances: Vec<Card>,
    heading: String,
    lines: Vec<Line>,
    pending: Vec<Leaving>,
    pager: Pager,
    csv_href: String,
}

/// One balance at a glance.
struct Card {
    seller: String,
    currency: String,
    amount: Amount,
    parts: Vec<Part>,
    lots: Vec<Part>,
    href: String,
    current: bool,
    claim_href: Option<String>,
}

struct Part {
    label: String,
    note: String,
    amount: Amount,
}

/// One movement.
struct Line {
    at: Moment,
    text: String,
    href: Option<String>,
    note: String,
    paid_in: Option<Amount>,
    paid_out: Option<Amount>,
    after: Amount,
}

/// Money that was decided and has not arrived yet.
struct Leaving {
    number: String,
    text: String,
    since: Moment,
    state: Badge,
    amount: Amount,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    seller: String,
    #[serde(default)]
    currency: String,
    #[serde(default)]
    before: Option<i64>,
}

pub async fn show(app: Data<App>, visit: Customer, asked: Query<Asked>) -> Result<HttpResponse> {
    let viewer = Viewer::of(&app, &visit);
    let frame = visit.frame("Balance");
    let asked = asked.into_inner();
    let page = app
        .read(move |conn| page(conn, frame, &viewer, &asked))
        .await?;
    Ok(render(&page))
}

fn page(conn: &mut Conn, frame: Frame, viewer: &Viewer, asked: &Asked) -> Result<Show> {
    let purses = purses(conn, &viewer.person.id)?;
    let is_asked = |purse: &&Purse| {
        purse.seller.slug == asked.seller && purse.balance.currency == asked.currency
    };
    let shown = if asked.seller.is_empty() {
        purses.first()
    } else {
        Some(purses.iter().find(is_asked).ok_or(Error::NotFound)?)
    };
    let mut page = Show {
        frame,
        balances: Vec::new(),
        heading: String::new(),
        lines: Vec::new(),
        pending: pending(conn, viewer)?,
        pager: Pager::default(),
        csv_href: "/portal/balance.csv".to_owned(),
    };
    if let Some(purse) = shown {
        page.heading = format!(
            "Every movement with {}, in {}",
            purse.seller.name, purse.balance.currency
        );
        statement(conn, viewer, purse, asked.before, &mut page)?;
        for other in &purses {
            page.balances.push(card(conn, viewer, other, purse)?);
        }
    }
    Ok(page)
}

fn card(conn: &mut Conn, viewer: &Viewer, purse: &Purse, shown: &Purse) -> Result<Card> {
    let currency = &purse.balance.currency;
    let mut parts = Vec::new();
    let mut say = |label: &str, note: &str, e8: i64| {
        if e8 != 0 {
            parts.push(Part {
                label: label.to_owned(),
                note: note.to_owned(),
                amount: Amount::new(e8, currency),
            });
        }
    };
    say("From deposits", "", purse.cash_e8);
    say("Bonus", "to spend, never paid out", purse.bonus_e8);
    let frozen = purse.lots.iter().filter(|lot| lot.frozen);
    let frozen_e8 = frozen.map(|lot| lot.remaining_e8).sum();
    say("Of it frozen", "while a chargeback is open", frozen_e8);
    say(
        "On its way to you",
        "no longer part of it",
        purse.leaving_e8,
    );
    say("Owed after a chargeback", "", purse.debt_e8);
    let labels = labels(conn, &purse.balance.seller, &viewer.person.id)?;
    let mut lots = Vec::new();
    for one in purse.lots.iter().filter(|lot| lot.remaining_e8 != 0) {
        lots.push(lot(conn, viewer, one, &labels)?);
    }
    let can_claim = purse.balance.currency == purse.seller.currency && purse.cash_e8 > 0;
    Ok(Card {
        seller: purse.seller.name.clone(),
        currency: currency.clone(),
        amount: Amount::new(purse.now_e8(), currency),
        parts,
        lots,
        href: href(purse, None),
        current: purse.balance == shown.balance,
        claim_href: can_claim.then(|| format!("/portal/balance/{}/claims/new", purse.seller.slug)),
    })
}

fn lot(conn: &mut Conn, viewer: &Viewer, lot: &Lot, labels: &words::Labels) -> Result<Part> {
    let on = |at: DateTime<Utc>| filters::day(at.with_timezone(&viewer.wall.zone).date_naive());
    let from = match &lot.deposit_id {
        Some(deposit) => {
            let deposit = db::orders::deposit(conn, deposit)?;
            let method = db::deposits::method(conn, &deposit.method_id)?;
            format!(
                "Deposit {}, {}",
                deposit.reference,
                words::method(&method.reference, labels)
            )
        }
        None => "Bonus".to_owned(),
    };
    let state = match lot.expires_at.map(|at| at.utc()) {
        _ if lot.frozen => ", frozen".to_owned(),
        Some(at) if at <= viewer.wall.now => format!(", expired {}", on(at)),
        Some(at) => format!(", until {}", on(at)),
        None => String::new(),
    };
    Ok(Part {
        label: from,
        note: format!("{}{state}", on(lot.at.utc())),
        amount: Amount::new(lot.remaining_e8, &lot.currency),
    })
}

fn href(purse: &Purse, before: Option<i64>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("seller", &purse.seller.slug);
    query.append_pair("currency", &purse.balance.currency);
    if let Some(before) = before {
        query.append_pair("before", &before.to_string());
    }
    format!("/portal/balance?{}", query.finish())
}

fn pending(conn: &mut Conn, viewer: &Viewer) -> Result<Vec<Leaving>> {
    let mut leaving = Vec::new();
    for payout in db::payouts::of_customer(conn, &viewer.person.id)? {
        if !payout.state.is_in_transit() {
            continue;
        }
        let labels = labels(conn, &payout.seller_id, &payout.customer_id)?;
        let at = payout.requested_at.utc();
        leaving.push(Leaving {
            text: format!("To {}", words::goes_to(&payout, &labels)),
            since: Moment::new(at, viewer.wall.zone, viewer.wall.now),
            state: if payout.sent_at.is_some() {
                Badge::new(Tone::Ok, "Sent")
            } else {
                Badge::with_icon(Tone::Accent, "hourglass", "Being prepared")
            },
            amount: Amount::new(payout.pay_e8, &payout.pay_currency),
            number: payout.number,
        });
    }
    Ok(leaving)
}

fn statement(
    conn: &mut Conn,
    viewer: &Viewer,
    purse: &Purse,
    before: Option<i64>,
    page: &mut Show,
) -> Result<()> {
    let mut moved = db::ledger::statement(conn, &purse.balance, before, A_PAGE + 1)?;
    let has_more = moved.len() > A_PAGE;
    moved.truncate(A_PAGE);
    let currency = &purse.balance.currency;
    for (one, after_e8) in with_balance(conn, purse, before, moved)? {
        let told = told(conn, viewer, &one)?;
        let amount = Amount::new(one.amount_e8.saturating_abs(), currency);
        let came_in = one.amount_e8 >= 0;
        page.lines.push(Line {
            at: Moment::new(one.at.utc(), viewer.wall.zone, viewer.wall.now),
            text: told.text,
            href: told.href,
            note: told.note,
            paid_in: came_in.then(|| amount.clone()),
            paid_out: (!came_in).then_some(amount),
            after: Amount::new(after_e8, currency),
        });
        if has_more {
            page.pager.next = Some(href(purse, Some(one.journal.seq)));
        }
    }
    page.pager.previous = before.map(|_| href(purse, None));
    page.pager.shown = filters::plural(
        u64::try_from(page.lines.len()).unwrap_or(0),
        "movement",
        "movements",
    );
    Ok(())
}

/// Each movement with the balance after it, from the newest back.
fn with_balance(
    conn: &mut Conn,
    purse: &Purse,
    before: Option<i64>,
    moved: Vec<Moved>,
) -> Result<Vec<(Moved, i64)>> {
    let newer_e8 = match before {
        Some(seq) => db::ledger::moved_since(conn, &purse.balance, seq)?,
        None => 0,
    };
    let mut after_e8 = purse.now_e8() - newer_e8;
    let mut lines = Vec::new();
    for one in moved {
        let amount_e8 = one.amount_e8;
        lines.push((one, after_e8));
        after_e8 -= amount_e8;
    }
    Ok(lines)
}

/// A movement in words.
struct Told {
    text: String,
    href: Option<String>,
    note: String,
}

impl Told {
    fn plain(text: impl Into<String>) -> Told {
        Told {
            text: text.into(),
            href: None,
            note: String::new(),
        }
    }
}

fn told(conn: &mut Conn, viewer: &Viewer, moved: &Moved) -> Result<Told> {
    let reference = moved.journal.reference.as_str();
    Ok(match moved.journal.kind {
        Movement::DepositReceived => deposit(conn, viewer, "Deposit", reference)?,
        Movement::BonusGranted => Told::plain("Bonus"),
        Movement::OrderPaid => order(conn, viewer, "Order", reference)?,
        Movement::RefundToBalance => order(conn, viewer, "Refund of order", reference)?,
        Movement::PayoutReserved => payout(conn, viewer, "Paid out", reference)?,
        Movement::PayoutSucceeded | Movement::DirectRefundReserved => {
            payout(conn, viewer, "Payout", reference)?
        }
        Movement::PayoutFailed | Movement::PayoutReturned => {
            payout(conn, viewer, "Payout came back", reference)?
        }
        Movement::DisputeOpened => Told::plain("Chargeback opened"),
        Movement::DisputeWon => Told::plain("Chargeback ended in the seller's favour"),
        Movement::DisputeLost => Told::plain("Chargeback paid back by the bank"),
        Movement::Reversal => Told::plain("Correction of an earlier line"),
    })
}

fn order(conn: &mut Conn, viewer: &Viewer, what: &str, id: &str) -> Result<Told> {
    let found = db::orders::for_customer_by_id(conn, &viewer.person.id, &OrderId::from(id));
    Ok(match db::maybe(found)? {
        Some(order) => Told {
            text: format!("{what} {}", order.number),
            href: Some(format!("/portal/orders/{}", order.number)),
            note: order.title,
        },
        None => Told::plain(what),
    })
}

fn deposit(conn: &mut Conn, viewer: &Viewer, what: &str, id: &str) -> Result<Told> {
    let found = db::orders::deposit(conn, &DepositId::from(id));
    let own = db::maybe(found)?.filter(|deposit| deposit.customer_id == viewer.person.id);
    Ok(match own {
        Some(deposit) => Told {
            text: format!("{what} {}", deposit.reference),
            href: None,
            note: db::deposits::method(conn, &deposit.method_id)?.label,
        },
        None => Told::plain(what),
    })
}

fn payout(conn: &mut Conn, viewer: &Viewer, what: &str, id: &str) -> Result<Told> {
    let found = db::payouts::find(conn, &PayoutId::from(id));
    let own = db::maybe(found)?.filter(|payout| payout.customer_id == viewer.person.id);
    let Some(payout) = own else {
        return Ok(Told::plain(what));
    };
    let labels = labels(conn, &payout.seller_id, &payout.customer_id)?;
    let claim = db::claims::find(conn, &payout.claim_id)?;
    Ok(Told {
        text: format!("{what} {}", payout.number),
        href: Some(format!("/portal/claims/{}", claim.number)),
        note: words::goes_to(&payout, &labels),
    })
}

/// Every line of every balance, oldest last, with instants in UTC.
pub async fn csv(app: Data<App>, visit: Customer) -> Result<HttpResponse> {
    let viewer = Viewer::of(&app, &visit);
    let csv = app.read(move |conn| table(conn, &viewer)).await?;
    Ok(csv.send("balance.csv"))
}

fn table(conn: &mut Conn, viewer: &Viewer) -> Result<Sheet> {
    let mut csv = Sheet::new(
        "Balance",
        &[
            "When (UTC)",
            "Seller",
            "Currency",
            "What",
            "About",
            "In",
            "Out",
            "Balance",
        ],
    );
    for purse in purses(conn, &viewer.person.id)? {
        let currency = purse.balance.currency.clone();
        let mut before = None;
        loop {
            let moved = db::ledger::statement(conn, &purse.balance, before, A_SLICE)?;
            let Some(last) = moved.last().map(|one| one.journal.seq) else {
                break;
            };
            for (one, after_e8) in with_balance(conn, &purse, before, moved)? {
                let told = told(conn, viewer, &one)?;
                let figure = Cell::amount(one.amount_e8.saturating_abs(), &currency);
                let came_in = one.amount_e8 >= 0;
                csv.row([
                    Cell::words(filters::iso(one.at.utc())),
                    Cell::words(&purse.seller.name),
                    Cell::words(&currency),
                    Cell::words(told.text),
                    Cell::words(told.note),
                    Cell::maybe(came_in.then(|| figure.clone())),
                    Cell::maybe((!came_in).then_some(figure)),
                    Cell::amount(after_e8, &currency),
                ]);
            }
            before = Some(last);
        }
    }
    Ok(csv)
}
