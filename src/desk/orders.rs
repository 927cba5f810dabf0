//! Orders: placed and paid, followed through their statuses, and refunded to the balance by one function alone.
//!
//! How a refund reaches a balance (I14): what the order took from deposit lots goes back to them, the newest first, then what it
//! took from bonus lots, each lot keeping its date and payment method; what a lost dispute made of a lot is met first (I20).
//! What was paid past the balance comes last, because it may still go back by its own method: it opens a lot of its own that
//! carries that method (`deposits::credit_payment`), so that a balance stays the sum of its lots and no more leaves by a method
//! than came by it. Bonus money never becomes cash on the way.

use chrono::{DateTime, Utc};

use super::claims;
use super::deposits::{self, Kept, book_time, credit_lot, judged, note_move, refuse_difference};
use super::ledger::{self, flawed};
use crate::act::Act;
use crate::db::deposits::{self as lots_rows, Balance, Lot};
use crate::db::orders::{self as rows, BALANCE, Order, OrderEvent, Part, Progress};
use crate::db::{Conn, Tx, already, bump_counter, payouts};
use crate::error::{Code, Error, Result};
use crate::ids::{JournalId, OrderId, PersonId, SellerId, ServiceId, fresh};
use crate::plain;
use crate::rules::facts::whole_second;
use crate::rules::ledger::{
    AccountKind, Movement, Paid, Purse, Returned, order_paid, refund_to_balance,
};
use crate::rules::lots::{self, Move, Source};
use crate::rules::money::Amount;

/// What was bought, as the seller tells it.
#[derive(Debug, Clone)]
pub struct NewOrder {
    pub seller: SellerId,
    pub customer: PersonId,
    pub reference: String,
    pub service: Option<ServiceId>,
    pub title: String,
    pub target: String,
    pub placed_at: Option<DateTime<Utc>>,
    pub currency: String,
    /// `None`: not known; nothing is booked then, and nothing can be refunded.
    pub charge_e8: Option<i64>,
    pub tax_included_e8: Option<i64>,
    pub quantity: Option<i64>,
    /// `None`: not known how; the whole charge then counts as paid past the balance.
    pub paid_with: Option<Vec<Part>>,
    /// What the buyer was shown: the `service` object of a claim.
    pub snapshot_json: String,
    pub items: i64,
    pub progress: Progress,
    /// Who tells it ("import", "panel", "demo") …
    pub source: String,
    /// … and when this was so.
    pub told_at: DateTime<Utc>,
}

/// Places an order and books how it was paid; one that is known already is updated instead (its progress alone).
///
/// # Errors
/// `Refused`: `Insufficient` where the balance does not cover its part, `KeyReused` where the reference is another purchase's.
/// `Invalid` on `paid_with` where the parts do not add up to the charge.
pub fn place(tx: &mut Tx, act: &Act, new: &NewOrder) -> Result<(Order, Kept)> {
    ledger::lock(tx, &new.seller)?;
    if let Some(order) = rows::by_reference(tx, &new.seller, &new.reference)? {
        same_purchase(new, &order)?;
        let kept = record_status(tx, act, &order.id, &new.progress, &new.source, new.told_at)?;
        return Ok((rows::find(tx, &order.id)?, kept));
    }
    let paid = parts_add_up(new)?;
    let order = row(new, format!("O-{}", bump_counter(tx, "order")?), act);
    let inserted = rows::insert_order(tx, &order);
    if already(&inserted) {
        return Err(Error::refused(Code::KeyReused));
    }
    inserted?;
    append_history(tx, act, &order.id, &new.progress, &new.source, new.told_at)?;
    pay(tx, act, &order, paid)?;
    Ok((order, Kept::Added))
}

fn row(new: &NewOrder, number: String, act: &Act) -> Order {
    let progress = new.progress.clone();
    Order {
        id: OrderId::new(act.at),
        number,
        seller_id: new.seller.clone(),
        customer_id: new.customer.clone(),
        service_id: new.service.clone(),
        reference: new.reference.clone(),
        title: plain::line(&new.title, 200),
        target: plain::line(&new.target, 500),
        placed_at: new.placed_at.map(Into::into),
        currency: new.currency.clone(),
        charge_e8: new.charge_e8,
        tax_included_e8: new.tax_included_e8,
        quantity: new.quantity,
        remains: progress.remains,
        status: progress.status,
        canceled_by: progress.canceled_by,
        paid_with_json: new.paid_with.as_ref().map(|parts| written(parts)),
        snapshot_json: new.snapshot_json.clone(),
        items: new.items,
        period_ends_on: progress.period_ends_on,
        confirmed_at: progress.confirmed_at,
        sent_at: progress.sent_at,
        sms: progress.sms,
        sms_received_at: progress.sms_received_at,
        refunded_e8: 0,
        disputed_e8: 0,
        seq: 0,
    }
}

fn written(parts: &[Part]) -> String {
    serde_json::json!(parts).to_string()
}

/// What a second telling of an order may not change.
fn same_purchase(new: &NewOrder, order: &Order) -> Result<()> {
    let differs = [
        ("customer", order.customer_id != new.customer),
        (
            "placed_at",
            order.placed_at != new.placed_at.map(Into::into),
        ),
        ("currency", order.currency != new.currency),
        ("charge", order.charge_e8 != new.charge_e8),
        ("tax_included", order.tax_included_e8 != new.tax_included_e8),
        ("quantity", order.quantity != new.quantity),
        (
            "paid_with",
            order.paid_with_json != new.paid_with.as_ref().map(|parts| written(parts)),
        ),
        ("items", order.items != new.items),
    ];
    refuse_difference("order", &new.reference, &differs)
}

/// What of the charge the balance pays, and what is paid past it.
fn parts_add_up(new: &NewOrder) -> Result<(i64, i64)> {
    let charge_e8 = new.charge_e8.unwrap_or(0);
    let Some(parts) = &new.paid_with else {
        return Ok((0, charge_e8));
    };
    let sum = |of_balance: bool| {
        let parts = parts
            .iter()
            .filter(|part| (part.method == BALANCE) == of_balance);
        parts.map(|part| part.amount).sum::<Amount>().e8()
    };
    let (balance_e8, direct_e8) = (sum(true), sum(false));
    if new.charge_e8.is_some() && balance_e8.checked_add(direct_e8) != Some(charge_e8) {
        return Err(Error::invalid(
            "paid_with",
            "The parts of the payment must add up to the charge",
        ));
    }
    Ok(if new.charge_e8.is_some() {
        (balance_e8, direct_e8)
    } else {
        (0, 0)
    })
}

fn pay(tx: &mut Tx, act: &Act, order: &Order, (balance_e8, direct_e8): (i64, i64)) -> Result<()> {
    if balance_e8 == 0 && direct_e8 == 0 {
        return Ok(());
    }
    let balance = balance_of(order);
    let placed_at = order.placed_at.map_or(act.at, |at| at.utc());
    let at = book_time(tx, &balance, placed_at)?;
    let spent = if balance_e8 > 0 {
        spend(tx, &balance, balance_e8, at)?
    } else {
        Vec::new()
    };
    let from = |source| {
        spent
            .iter()
            .filter(|(lot, _)| lot.source == source)
            .map(|(_, e8)| *e8)
            .sum::<i64>()
    };
    let paid = Paid {
        cash_e8: from(Source::Deposit),
        bonus_e8: from(Source::Bonus),
        direct_e8,
    };
    let key = format!("order {}", order.id);
    let journal = order_paid(&key, order.id.as_str(), purse(order), paid).map_err(flawed)?;
    let posted = ledger::post(tx, act, &order.seller_id, &journal)?;
    for (lot, amount_e8) in &spent {
        lots_rows::bump_lot(tx, &lot.id, -amount_e8)?;
        note_move(
            tx,
            act,
            &posted.id,
            &lot.id,
            Some(&order.id),
            -amount_e8,
            at,
        )?;
    }
    Ok(())
}

/// Which lots pay, by the rules' own order; only what was there at that time.
fn spend(
    tx: &mut Tx,
    balance: &Balance,
    amount_e8: i64,
    at: DateTime<Utc>,
) -> Result<Vec<(Lot, i64)>> {
    let mut there = lots_rows::lots(tx, balance)?;
    there.retain(|lot| lot.at.utc() <= at);
    let judged = there.iter().map(judged).collect::<Vec<_>>();
    let moves =
        lots::spend(&judged, Amount::from_e8(amount_e8), whole_second(at)).map_err(|short| {
            Error::refused_because(
                Code::Insufficient,
                format!(
                    "The {} from the balance {short}.",
                    Amount::from_e8(amount_e8)
                ),
            )
        })?;
    let found = |one: Move| {
        let lot = there.iter().find(|lot| lot.id.as_str() == one.lot).cloned();
        lot.map(|lot| (lot, one.amount.e8()))
    };
    Ok(moves.into_iter().filter_map(found).collect())
}

fn balance_of(order: &Order) -> Balance {
    Balance {
        seller: order.seller_id.clone(),
        customer: order.customer_id.clone(),
        currency: order.currency.clone(),
    }
}

fn purse(order: &Order) -> Purse<'_> {
    Purse {
        owner: order.customer_id.as_str(),
        currency: &order.currency,
    }
}

/// Records where an order stands. An order that seemed final may still be corrected: the history keeps every line. What was so
/// before the newest line is written into the history and does not become the present. The open claims on the order are assessed
/// again at once.
pub fn record_status(
    tx: &mut Tx,
    act: &Act,
    id: &OrderId,
    progress: &Progress,
    source: &str,
    told_at: DateTime<Utc>,
) -> Result<Kept> {
    let order = rows::bump_order(tx, id)?;
    let history = rows::history(tx, id)?;
    let is_late = history.last().is_some_and(|line| line.at.utc() > told_at);
    if is_late {
        let known = history.iter().any(|line| {
            line.at.utc() == told_at
                && line.status == progress.status
                && line.remains == progress.remains
        });
        if known {
            return Ok(Kept::Same);
        }
        append_history(tx, act, id, progress, source, told_at)?;
        return Ok(Kept::Changed);
    }
    if &order.progress() == progress {
        return Ok(Kept::Same);
    }
    rows::set_progress(tx, id, progress)?;
    append_history(tx, act, id, progress, source, told_at)?;
    claims::follow_order(tx, act, id)?;
    Ok(Kept::Changed)
}

fn append_history(
    tx: &mut Tx,
    act: &Act,
    order: &OrderId,
    progress: &Progress,
    source: &str,
    told_at: DateTime<Utc>,
) -> Result<()> {
    let line = OrderEvent {
        id: fresh(act.at),
        order_id: order.clone(),
        at: told_at.into(),
        status: progress.status,
        remains: progress.remains.clone(),
        source: source.to_owned(),
    };
    Ok(rows::insert_order_event(tx, &line)?)
}

/// What a refund brought to a balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credited {
    pub journal: JournalId,
    /// False where this refund was made before: nothing was done again.
    pub fresh: bool,
    pub cash_e8: i64,
    pub bonus_e8: i64,
    /// What met the debt of a lost dispute instead.
    pub debt_e8: i64,
}

/// The one function by which an order's money goes back to a balance. `key` names the deed (I22): the same key with the same
/// amount credits once.
///
/// # Errors
/// `Refused`: `OverCeiling` above what was paid less refunded less disputed, whoever asks (I13); `KeyReused` where the key made
/// another refund.
pub fn credit_order_refund(
    tx: &mut Tx,
    act: &Act,
    id: &OrderId,
    amount_e8: i64,
    key: &str,
) -> Result<Credited> {
    let order = rows::find(tx, id)?;
    ledger::lock(tx, &order.seller_id)?;
    if let Some(credited) = credited_before(tx, &order, amount_e8, key)? {
        return Ok(credited);
    }
    if amount_e8 <= 0 {
        return Err(Error::invalid("amount", "Enter an amount above zero"));
    }
    if !rows::bump_refunded(tx, id, amount_e8)? {
        return Err(Error::refused(Code::OverCeiling));
    }
    let back = restorations(tx, &order, amount_e8)?;
    let mut returned = Returned::default();
    for one in &back {
        match one {
            Back::Lot(lot, amount_e8) if lot.source == Source::Bonus => {
                returned.bonus_e8 += amount_e8
            }
            Back::Lot(lot, amount_e8) => {
                let met_e8 = lot.debt_e8.min(*amount_e8);
                returned.debt_e8 += met_e8;
                returned.cash_e8 += amount_e8 - met_e8;
            }
            Back::Payment(_, amount_e8) => returned.cash_e8 += amount_e8,
        }
    }
    let journal = refund_to_balance(key, id.as_str(), purse(&order), returned).map_err(flawed)?;
    let posted = ledger::post(tx, act, &order.seller_id, &journal)?;
    let at = book_time(tx, &balance_of(&order), act.at)?;
    for one in &back {
        match one {
            Back::Lot(lot, amount_e8) => {
                credit_lot(tx, act, &posted.id, lot, Some(id), *amount_e8, at)?
            }
            Back::Payment(method, amount_e8) => {
                deposits::credit_payment(tx, act, &order, method, *amount_e8, &posted.id)?;
            }
        }
    }
    Ok(Credited {
        journal: posted.id,
        fresh: true,
        cash_e8: returned.cash_e8,
        bonus_e8: returned.bonus_e8,
        debt_e8: returned.debt_e8,
    })
}

fn credited_before(
    tx: &mut Tx,
    order: &Order,
    amount_e8: i64,
    key: &str,
) -> Result<Option<Credited>> {
    let Some(row) = crate::db::ledger::by_key(tx, key)? else {
        return Ok(None);
    };
    let journal = ledger::contents(tx, &row)?;
    let same = journal.kind == Movement::RefundToBalance
        && journal.reference == order.id.as_str()
        && -journal.adds_to(AccountKind::Refunds) == amount_e8;
    if !same {
        return Err(Error::refused(Code::KeyReused));
    }
    Ok(Some(Credited {
        journal: row.id,
        fresh: false,
        cash_e8: journal.adds_to(AccountKind::CustomerCash),
        bonus_e8: journal.adds_to(AccountKind::CustomerBonus),
        debt_e8: journal.adds_to(AccountKind::DisputeDebt),
    }))
}

/// Where a part of a refund goes.
enum Back {
    Lot(Lot, i64),
    /// A payment past the balance, by its method.
    Payment(String, i64),
}

/// Where an amount of the order goes back to, after what has gone back before: see the door of this file.
fn restorations(tx: &mut Tx, order: &Order, amount_e8: i64) -> Result<Vec<Back>> {
    let mut lots = Vec::<(Lot, i64, i64)>::new();
    for (one, lot, movement) in lots_rows::moves_of_order(tx, &order.id)? {
        let place = lots.iter().position(|(known, ..)| known.id == lot.id);
        let place = place.unwrap_or_else(|| {
            lots.push((lot, 0, 0));
            lots.len() - 1
        });
        match movement {
            Movement::OrderPaid => lots[place].1 -= one.amount_e8,
            _ => lots[place].2 += one.amount_e8,
        }
    }
    // In the order in which `lots::spend` took them.
    lots.sort_by_key(|(lot, ..)| match lot.source {
        Source::Bonus => (0, lot.expires_at.is_none(), lot.expires_at, lot.at),
        Source::Deposit => (1, false, None, lot.at),
    });
    let direct = direct(tx, order)?;
    let payments = direct
        .iter()
        .map(|part| (payment(&part.method), part.paid_e8, part.back_e8));
    let from_lots = lots
        .iter()
        .map(|(lot, spent, back)| (lot.id.as_str().to_owned(), *spent, *back));
    let all = payments.chain(from_lots).collect::<Vec<_>>();
    let moves = |of: fn(&(String, i64, i64)) -> i64| -> Vec<Move> {
        let one = |part: &(String, i64, i64)| Move {
            lot: part.0.clone(),
            amount: Amount::from_e8(of(part)),
        };
        all.iter().map(one).collect()
    };
    let back = lots::restore(
        &moves(|part| part.1),
        &moves(|part| part.2),
        Amount::from_e8(amount_e8),
    )
    .map_err(|_| Error::refused(Code::OverCeiling))?;
    let mut found = Vec::new();
    for one in back {
        if let Some((lot, ..)) = lots.iter().find(|(lot, ..)| lot.id.as_str() == one.lot) {
            found.push(Back::Lot(lot.clone(), one.amount.e8()));
        } else if let Some(part) = direct.iter().find(|part| payment(&part.method) == one.lot) {
            found.push(Back::Payment(part.method.clone(), one.amount.e8()));
        }
    }
    Ok(found)
}

/// How a payment past the balance is told from a lot.
fn payment(method: &str) -> String {
    format!("method {method}")
}

/// A payment past the balance: what was paid by the method, and what has gone back of it: by that method, to the balance, or by
/// the bank's own hand where it was charged back (I13, I20).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Direct {
    pub method: String,
    pub paid_e8: i64,
    pub back_e8: i64,
}

impl Direct {
    /// What is left of it to go back.
    pub fn left_e8(&self) -> i64 {
        self.paid_e8 - self.back_e8
    }
}

/// An order's payments past the balance.
pub fn direct(conn: &mut Conn, order: &Order) -> Result<Vec<Direct>> {
    let credited = lots_rows::credited_by_order(conn, &order.id)?;
    let sent = payouts::of_order(conn, &order.id)?;
    let back = |method: &str| {
        let credited = credited
            .iter()
            .filter(|(credit, _)| credit.reference == method);
        let sent = sent
            .iter()
            .filter(|payout| payout.state.counts() && payout.method == method);
        credited.map(|(_, e8)| *e8).sum::<i64>() + sent.map(|payout| payout.amount_e8).sum::<i64>()
    };
    // Which of several methods a bank took it back by is not known: it is counted on the first that has as much left.
    let mut disputed_e8 = order.disputed_e8;
    let parts = order.direct_parts()?.into_iter();
    Ok(parts
        .map(|part| {
            let mut direct = Direct {
                back_e8: back(&part.method),
                method: part.method,
                paid_e8: part.amount.e8(),
            };
            let taken_e8 = direct.left_e8().clamp(0, disputed_e8);
            direct.back_e8 += taken_e8;
            disputed_e8 -= taken_e8;
            direct
        })
        .collect())
}
