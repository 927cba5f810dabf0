//! Money that reaches a balance: deposits through a payment method, and bonuses. Each is a lot (I14), opened by its own journal.
//!
//! Why [`book_time`]: the rules replay a balance from its history, oldest first. What is told late (an import of last night) is
//! therefore entered after what the balance has done already, never before it, so that the replay ends where the lots are.

use chrono::{DateTime, Duration, Utc};

use super::ledger::{self, flawed};
use crate::act::Act;
use crate::db::deposits::{self as rows, Balance, Lot, LotMove};
use crate::db::orders::{self, Deposit, Method, UNKNOWN_METHOD};
use crate::db::{Tx, already};
use crate::error::{Code, Error, Result};
use crate::ids::{DepositId, JournalId, LotId, MethodId, OrderId, PersonId, SellerId, fresh};
use crate::plain;
use crate::rules::facts::{MethodStatus, whole_second};
use crate::rules::ledger::{Purse, bonus_granted, deposit_received};
use crate::rules::lots::{self, Source};
use crate::rules::money::Amount;

/// What became of something told to the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    Added,
    Changed,
    /// It was there already, and nothing was done.
    Same,
}

#[derive(Debug, Clone)]
pub struct NewDeposit {
    pub seller: SellerId,
    pub customer: PersonId,
    /// The seller's own name of the payment.
    pub reference: String,
    pub at: DateTime<Utc>,
    pub currency: String,
    /// What was credited to the balance.
    pub amount_e8: i64,
    pub method: NewMethod,
    /// What left the payment method, where that was another currency; without the surcharge.
    pub paid: Option<(i64, String)>,
    pub surcharge_e8: Option<i64>,
}

#[derive(Debug, Clone)]
pub struct NewMethod {
    pub reference: String,
    /// `None`: the reference is all there is to show.
    pub label: Option<String>,
    /// `None`: nobody said whether it can still be paid to.
    pub state: Option<MethodStatus>,
}

#[derive(Debug, Clone)]
pub struct NewBonus {
    pub seller: SellerId,
    pub customer: PersonId,
    pub reference: String,
    pub at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub currency: String,
    pub amount_e8: i64,
}

/// Books a deposit; the same one told again changes nothing but its method's state.
///
/// # Errors
/// `Refused(KeyReused)` where the reference is that of another payment: money that was told is never changed by telling it anew.
pub fn receive(tx: &mut Tx, act: &Act, new: &NewDeposit) -> Result<(Deposit, Kept)> {
    ledger::lock(tx, &new.seller)?;
    if let Some(deposit) = rows::by_reference(tx, &new.seller, &new.reference)? {
        return told_again(tx, new, deposit);
    }
    let method = keep_method(tx, act, &new.seller, &new.customer, &new.method)?.0;
    let deposit = Deposit {
        id: DepositId::new(act.at),
        seller_id: new.seller.clone(),
        customer_id: new.customer.clone(),
        method_id: method.id,
        reference: new.reference.clone(),
        at: new.at.into(),
        currency: new.currency.clone(),
        amount_e8: new.amount_e8,
        paid_e8: new.paid.as_ref().map(|(e8, _)| *e8),
        paid_currency: new.paid.as_ref().map(|(_, currency)| currency.clone()),
        surcharge_e8: new.surcharge_e8,
        refunded_e8: 0,
        disputed_e8: 0,
    };
    let purse = Purse {
        owner: new.customer.as_str(),
        currency: &new.currency,
    };
    let key = format!("deposit {}", deposit.id);
    let journal =
        deposit_received(&key, deposit.id.as_str(), purse, new.amount_e8).map_err(flawed)?;
    rows::insert_deposit(tx, &deposit)?;
    let at = book_time(tx, &balance(&deposit), new.at)?;
    let posted = ledger::post(tx, act, &new.seller, &journal)?;
    open_lot(tx, act, &posted.id, lot_of(&deposit, at, act))?;
    Ok((deposit, Kept::Added))
}

fn told_again(tx: &mut Tx, new: &NewDeposit, deposit: Deposit) -> Result<(Deposit, Kept)> {
    let method = rows::method(tx, &deposit.method_id)?;
    let differs = [
        ("customer", deposit.customer_id != new.customer),
        ("method", method.reference != new.method.reference),
        ("at", deposit.at != new.at.into()),
        ("currency", deposit.currency != new.currency),
        ("amount", deposit.amount_e8 != new.amount_e8),
        (
            "paid_amount",
            deposit.paid_e8 != new.paid.as_ref().map(|(e8, _)| *e8),
        ),
        (
            "paid_currency",
            deposit.paid_currency != new.paid.as_ref().map(|(_, currency)| currency.clone()),
        ),
        ("surcharge", deposit.surcharge_e8 != new.surcharge_e8),
    ];
    refuse_difference("deposit", &new.reference, &differs)?;
    if new.method.state.is_none() || method.state == new.method.state {
        return Ok((deposit, Kept::Same));
    }
    rows::set_method_state(tx, &method.id, new.method.state)?;
    Ok((deposit, Kept::Changed))
}

/// Refuses a second telling that differs in what cannot change, naming the first field that does.
pub(super) fn refuse_difference(
    what: &str,
    reference: &str,
    differs: &[(&str, bool)],
) -> Result<()> {
    match differs.iter().find(|(_, differs)| *differs) {
        None => Ok(()),
        Some((field, _)) => Err(Error::refused_because(
            Code::KeyReused,
            format!(
                "{what} {reference} is known with another {field}. What was paid is never changed: give a new {what} a new id."
            ),
        )),
    }
}

/// Gives a bonus: spent before everything else, never paid out, gone at `expires_at`.
pub fn grant(tx: &mut Tx, act: &Act, new: &NewBonus) -> Result<(Lot, Kept)> {
    ledger::lock(tx, &new.seller)?;
    if let Some(lot) = rows::bonus_by_reference(tx, &new.seller, &new.customer, &new.reference)? {
        let differs = [
            ("amount", lot.original_e8 != new.amount_e8),
            ("currency", lot.currency != new.currency),
            (
                "expires_at",
                lot.expires_at != new.expires_at.map(Into::into),
            ),
        ];
        refuse_difference("bonus", &new.reference, &differs)?;
        return Ok((lot, Kept::Same));
    }
    let balance = Balance {
        seller: new.seller.clone(),
        customer: new.customer.clone(),
        currency: new.currency.clone(),
    };
    let lot = Lot {
        id: LotId::new(act.at),
        seller_id: new.seller.clone(),
        customer_id: new.customer.clone(),
        currency: new.currency.clone(),
        source: Source::Bonus,
        deposit_id: None,
        reference: new.reference.clone(),
        at: book_time(tx, &balance, new.at)?.into(),
        expires_at: new.expires_at.map(Into::into),
        original_e8: new.amount_e8,
        remaining_e8: new.amount_e8,
        debt_e8: 0,
        frozen: false,
    };
    let purse = Purse {
        owner: new.customer.as_str(),
        currency: &new.currency,
    };
    let key = format!("bonus {}", lot.id);
    let journal = bonus_granted(&key, lot.id.as_str(), purse, new.amount_e8).map_err(flawed)?;
    let posted = ledger::post(tx, act, &new.seller, &journal)?;
    open_lot(tx, act, &posted.id, lot.clone())?;
    Ok((lot, Kept::Added))
}

/// Books an order's payment past the balance as a lot, when it is refunded to the balance: its money is then a payment by that
/// method like any deposit, with the payment's own date, and nothing more than was credited can leave by that method.
pub(super) fn credit_payment(
    tx: &mut Tx,
    act: &Act,
    order: &orders::Order,
    method: &str,
    amount_e8: i64,
    journal: &JournalId,
) -> Result<()> {
    let earlier = rows::credited_by_order(tx, &order.id)?.len();
    let new = NewMethod {
        reference: method.to_owned(),
        label: None,
        state: None,
    };
    let method = keep_method(tx, act, &order.seller_id, &order.customer_id, &new)?.0;
    let deposit = Deposit {
        id: DepositId::new(act.at),
        seller_id: order.seller_id.clone(),
        customer_id: order.customer_id.clone(),
        method_id: method.id,
        reference: format!("{} {} {}", order.number, method.reference, earlier + 1),
        at: order.placed_at.unwrap_or_else(|| act.at.into()),
        currency: order.currency.clone(),
        amount_e8,
        paid_e8: None,
        paid_currency: None,
        surcharge_e8: None,
        refunded_e8: 0,
        disputed_e8: 0,
    };
    rows::insert_deposit(tx, &deposit)?;
    let at = book_time(tx, &balance(&deposit), act.at)?;
    open_lot(tx, act, journal, lot_of(&deposit, at, act))
}

fn lot_of(deposit: &Deposit, at: DateTime<Utc>, act: &Act) -> Lot {
    Lot {
        id: LotId::new(act.at),
        seller_id: deposit.seller_id.clone(),
        customer_id: deposit.customer_id.clone(),
        currency: deposit.currency.clone(),
        source: Source::Deposit,
        deposit_id: Some(deposit.id.clone()),
        reference: deposit.reference.clone(),
        at: at.into(),
        expires_at: None,
        original_e8: deposit.amount_e8,
        remaining_e8: deposit.amount_e8,
        debt_e8: 0,
        frozen: false,
    }
}

fn balance(deposit: &Deposit) -> Balance {
    Balance {
        seller: deposit.seller_id.clone(),
        customer: deposit.customer_id.clone(),
        currency: deposit.currency.clone(),
    }
}

/// Opens a lot with the move that is its beginning.
fn open_lot(tx: &mut Tx, act: &Act, journal: &JournalId, lot: Lot) -> Result<()> {
    rows::insert_lot(tx, &lot)?;
    let opening = LotMove {
        id: fresh(act.at),
        lot_id: lot.id,
        journal_id: journal.clone(),
        order_id: None,
        amount_e8: lot.original_e8,
        at: lot.at,
    };
    Ok(rows::insert_lot_move(tx, &opening)?)
}

/// Gives an amount to a lot, where a lost dispute's debt meets it first (I20): what pays the debt passes through the lot, in and
/// out again.
pub(super) fn credit_lot(
    tx: &mut Tx,
    act: &Act,
    journal: &JournalId,
    lot: &Lot,
    order: Option<&OrderId>,
    amount_e8: i64,
    at: DateTime<Utc>,
) -> Result<()> {
    let met_e8 = lot.debt_e8.min(amount_e8);
    rows::bump_debt(tx, &lot.id, -met_e8)?;
    rows::bump_lot(tx, &lot.id, amount_e8 - met_e8)?;
    note_move(tx, act, journal, &lot.id, order, amount_e8, at)?;
    if met_e8 > 0 {
        note_move(tx, act, journal, &lot.id, None, -met_e8, at)?;
    }
    Ok(())
}

/// Writes down a move that was done already.
pub(super) fn note_move(
    tx: &mut Tx,
    act: &Act,
    journal: &JournalId,
    lot: &LotId,
    order: Option<&OrderId>,
    amount_e8: i64,
    at: DateTime<Utc>,
) -> Result<()> {
    let row = LotMove {
        id: fresh(act.at),
        lot_id: lot.clone(),
        journal_id: journal.clone(),
        order_id: order.cloned(),
        amount_e8,
        at: at.into(),
    };
    Ok(rows::insert_lot_move(tx, &row)?)
}

/// When something is entered into a balance's history: when it happened, but never before what the balance did last.
pub(super) fn book_time(
    tx: &mut Tx,
    balance: &Balance,
    at: DateTime<Utc>,
) -> Result<DateTime<Utc>> {
    let after = rows::last_move(tx, balance)?.map(|last| last.utc() + Duration::microseconds(1));
    Ok(after.map_or(at, |after| after.max(at)))
}

/// The customer's payment method of that reference, made where there is none; changed where its state is told anew.
pub fn keep_method(
    tx: &mut Tx,
    act: &Act,
    seller: &SellerId,
    customer: &PersonId,
    new: &NewMethod,
) -> Result<(Method, Kept)> {
    if let Some(mut method) = rows::method_by_reference(tx, seller, customer, &new.reference)? {
        if new.state.is_none() || new.state == method.state {
            return Ok((method, Kept::Same));
        }
        rows::set_method_state(tx, &method.id, new.state)?;
        method.state = new.state;
        return Ok((method, Kept::Changed));
    }
    let unknown = new.reference == UNKNOWN_METHOD;
    let label = if unknown {
        "An unknown payment method"
    } else {
        new.label.as_deref().unwrap_or(&new.reference)
    };
    let method = Method {
        id: MethodId::new(act.at),
        customer_id: customer.clone(),
        seller_id: seller.clone(),
        reference: new.reference.clone(),
        label: plain::line(label, 100),
        state: if unknown {
            Some(MethodStatus::Closed)
        } else {
            new.state
        },
        created_at: act.at.into(),
    };
    let inserted = rows::insert_method(tx, &method);
    if already(&inserted) {
        return Err(Error::Stale);
    }
    inserted?;
    Ok((method, Kept::Added))
}

/// A lot as the rules look at it: at whole seconds, like everything they judge.
pub(super) fn judged(lot: &Lot) -> lots::Lot {
    lots::Lot {
        id: lot.id.as_str().to_owned(),
        source: lot.source,
        at: whole_second(lot.at.utc()),
        expires_at: lot.expires_at.map(|at| whole_second(at.utc())),
        original: Amount::from_e8(lot.original_e8),
        remaining: Amount::from_e8(lot.remaining_e8),
        frozen: lot.frozen,
        debt: Amount::from_e8(lot.debt_e8),
    }
}
