//! Payment methods, the deposits made with them, and the lots that deposits and bonuses are on a balance (I14), with every move
//! of every lot. Moves are append-only; a lot's remainder is their sum, and the first of them is what it began with.

use diesel::prelude::*;

use super::columns::At;
use super::orders::{Deposit, Method};
use super::schema::{deposits, journals, lot_moves, lots, methods};
use super::{Conn, Tx, dialect};
use crate::ids::{DepositId, JournalId, LotId, MethodId, OrderId, PersonId, SellerId};
use crate::rules::facts::MethodStatus;
use crate::rules::ledger::Movement;
use crate::rules::lots::Source;

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = lots, treat_none_as_default_value = false)]
pub struct Lot {
    pub id: LotId,
    pub seller_id: SellerId,
    pub customer_id: PersonId,
    pub currency: String,
    pub source: Source,
    pub deposit_id: Option<DepositId>,
    pub reference: String,
    /// Its place in the balance's history: spending goes by it.
    pub at: At,
    pub expires_at: Option<At>,
    pub original_e8: i64,
    pub remaining_e8: i64,
    pub debt_e8: i64,
    pub frozen: bool,
}

/// One change of a lot, its opening included; `order_id` where an order spent from it or gave back to it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = lot_moves, treat_none_as_default_value = false)]
pub struct LotMove {
    pub id: String,
    pub lot_id: LotId,
    pub journal_id: JournalId,
    pub order_id: Option<OrderId>,
    pub amount_e8: i64,
    pub at: At,
}

/// Whose balance: a customer's at a seller, in a currency.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Balance {
    pub seller: SellerId,
    pub customer: PersonId,
    pub currency: String,
}

pub fn method(conn: &mut Conn, id: &MethodId) -> QueryResult<Method> {
    methods::table.find(id).first(conn)
}

pub fn method_by_reference(
    conn: &mut Conn,
    seller: &SellerId,
    customer: &PersonId,
    reference: &str,
) -> QueryResult<Option<Method>> {
    methods::table
        .filter(
            methods::seller_id
                .eq(seller)
                .and(methods::customer_id.eq(customer))
                .and(methods::reference.eq(reference)),
        )
        .first(conn)
        .optional()
}

pub fn methods_of(
    conn: &mut Conn,
    seller: &SellerId,
    customer: &PersonId,
) -> QueryResult<Vec<Method>> {
    methods::table
        .filter(
            methods::seller_id
                .eq(seller)
                .and(methods::customer_id.eq(customer)),
        )
        .order((methods::created_at, methods::id))
        .load(conn)
}

pub fn insert_method(tx: &mut Tx, method: &Method) -> QueryResult<()> {
    dialect::savepoint(tx, |conn| {
        diesel::insert_into(methods::table)
            .values(method)
            .execute(conn)
            .map(|_| ())
    })
}

pub fn set_method_state(
    tx: &mut Tx,
    id: &MethodId,
    state: Option<MethodStatus>,
) -> QueryResult<()> {
    diesel::update(methods::table.find(id))
        .set(methods::state.eq(state))
        .execute(&mut **tx)
        .map(|_| ())
}

pub fn by_reference(
    conn: &mut Conn,
    seller: &SellerId,
    reference: &str,
) -> QueryResult<Option<Deposit>> {
    deposits::table
        .filter(
            deposits::seller_id
                .eq(seller)
                .and(deposits::reference.eq(reference)),
        )
        .first(conn)
        .optional()
}

/// A customer's deposits at a seller with the method of each, oldest first.
pub fn of_customer(
    conn: &mut Conn,
    seller: &SellerId,
    customer: &PersonId,
) -> QueryResult<Vec<(Deposit, Method)>> {
    deposits::table
        .inner_join(methods::table)
        .filter(
            deposits::seller_id
                .eq(seller)
                .and(deposits::customer_id.eq(customer)),
        )
        .order((deposits::at, deposits::id))
        .load(conn)
}

/// A slice of a seller's deposits by id, for verification.
pub fn after(
    conn: &mut Conn,
    seller: &SellerId,
    after: Option<&DepositId>,
    limit: i64,
) -> QueryResult<Vec<Deposit>> {
    let mut query = deposits::table
        .filter(deposits::seller_id.eq(seller))
        .order(deposits::id)
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(deposits::id.gt(after.clone()));
    }
    query.load(conn)
}

/// What the lots of some deposits began with.
pub fn began(conn: &mut Conn, ids: &[DepositId]) -> QueryResult<Vec<(DepositId, i64)>> {
    lots::table
        .filter(lots::deposit_id.eq_any(ids))
        .select((lots::deposit_id.assume_not_null(), lots::original_e8))
        .load(conn)
}

/// Which of these deposits there are.
pub fn known(conn: &mut Conn, ids: &[DepositId]) -> QueryResult<Vec<DepositId>> {
    deposits::table
        .filter(deposits::id.eq_any(ids))
        .select(deposits::id)
        .load(conn)
}

pub fn insert_deposit(tx: &mut Tx, deposit: &Deposit) -> QueryResult<()> {
    dialect::savepoint(tx, |conn| {
        diesel::insert_into(deposits::table)
            .values(deposit)
            .execute(conn)
            .map(|_| ())
    })
}

/// Counts an amount as gone back by its payment method, within captured less refunded less disputed (I13); `false` where it does
/// not fit, and nothing changed.
pub fn bump_refunded(tx: &mut Tx, id: &DepositId, amount_e8: i64) -> QueryResult<bool> {
    let within = deposits::id
        .eq(id)
        .and(deposits::amount_e8.ge(deposits::refunded_e8 + deposits::disputed_e8 + amount_e8));
    let bumped = diesel::update(deposits::table.filter(within))
        .set(deposits::refunded_e8.eq(deposits::refunded_e8 + amount_e8))
        .execute(&mut **tx)?;
    Ok(bumped == 1)
}

/// Takes an amount off what went back; `false` where less had.
pub fn bump_unrefunded(tx: &mut Tx, id: &DepositId, amount_e8: i64) -> QueryResult<bool> {
    let within = deposits::id.eq(id).and(deposits::refunded_e8.ge(amount_e8));
    let bumped = diesel::update(deposits::table.filter(within))
        .set(deposits::refunded_e8.eq(deposits::refunded_e8 - amount_e8))
        .execute(&mut **tx)?;
    Ok(bumped == 1)
}

/// Counts an amount as disputed (negative: no longer), within what was captured.
pub fn bump_disputed(tx: &mut Tx, id: &DepositId, amount_e8: i64) -> QueryResult<bool> {
    let within = deposits::id
        .eq(id)
        .and((deposits::disputed_e8 + amount_e8).ge(0))
        .and(deposits::amount_e8.ge(deposits::refunded_e8 + deposits::disputed_e8 + amount_e8));
    let bumped = diesel::update(deposits::table.filter(within))
        .set(deposits::disputed_e8.eq(deposits::disputed_e8 + amount_e8))
        .execute(&mut **tx)?;
    Ok(bumped == 1)
}

/// The lots of a balance, in the order of its history.
pub fn lots(conn: &mut Conn, balance: &Balance) -> QueryResult<Vec<Lot>> {
    lots::table
        .filter(
            lots::seller_id
                .eq(&balance.seller)
                .and(lots::customer_id.eq(&balance.customer))
                .and(lots::currency.eq(&balance.currency)),
        )
        .order((lots::at, lots::id))
        .load(conn)
}

pub fn lot(conn: &mut Conn, id: &LotId) -> QueryResult<Lot> {
    lots::table.find(id).first(conn)
}

pub fn lot_of_deposit(conn: &mut Conn, deposit: &DepositId) -> QueryResult<Lot> {
    lots::table.filter(lots::deposit_id.eq(deposit)).first(conn)
}

pub fn bonus_by_reference(
    conn: &mut Conn,
    seller: &SellerId,
    customer: &PersonId,
    reference: &str,
) -> QueryResult<Option<Lot>> {
    lots::table
        .filter(
            lots::seller_id
                .eq(seller)
                .and(lots::customer_id.eq(customer))
                .and(lots::source.eq(Source::Bonus))
                .and(lots::reference.eq(reference)),
        )
        .first(conn)
        .optional()
}

/// A slice of a seller's lots by id, for verification.
pub fn lots_after(
    conn: &mut Conn,
    seller: &SellerId,
    after: Option<&LotId>,
    limit: i64,
) -> QueryResult<Vec<Lot>> {
    let mut query = lots::table
        .filter(lots::seller_id.eq(seller))
        .order(lots::id)
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(lots::id.gt(after.clone()));
    }
    query.load(conn)
}

pub fn insert_lot(tx: &mut Tx, lot: &Lot) -> QueryResult<()> {
    dialect::savepoint(tx, |conn| {
        diesel::insert_into(lots::table)
            .values(lot)
            .execute(conn)
            .map(|_| ())
    })
}

/// Adds to a lot (negative: takes from it). Below zero or above what it began with is a CHECK violation ([`super::capped`]).
pub fn bump_lot(tx: &mut Tx, id: &LotId, amount_e8: i64) -> QueryResult<()> {
    diesel::update(lots::table.find(id))
        .set(lots::remaining_e8.eq(lots::remaining_e8 + amount_e8))
        .execute(&mut **tx)
        .map(|_| ())
}

/// Takes an amount out of a lot that is not frozen and has it; `false` otherwise, and nothing changed.
pub fn bump_lot_down(tx: &mut Tx, id: &LotId, amount_e8: i64) -> QueryResult<bool> {
    let there = lots::id
        .eq(id)
        .and(lots::frozen.eq(false))
        .and(lots::remaining_e8.ge(amount_e8));
    let bumped = diesel::update(lots::table.filter(there))
        .set(lots::remaining_e8.eq(lots::remaining_e8 - amount_e8))
        .execute(&mut **tx)?;
    Ok(bumped == 1)
}

/// Adds to a lot's debt (negative: pays it off).
pub fn bump_debt(tx: &mut Tx, id: &LotId, amount_e8: i64) -> QueryResult<()> {
    diesel::update(lots::table.find(id))
        .set(lots::debt_e8.eq(lots::debt_e8 + amount_e8))
        .execute(&mut **tx)
        .map(|_| ())
}

pub fn set_frozen(tx: &mut Tx, id: &LotId, frozen: bool) -> QueryResult<()> {
    diesel::update(lots::table.find(id))
        .set(lots::frozen.eq(frozen))
        .execute(&mut **tx)
        .map(|_| ())
}

pub fn insert_lot_move(tx: &mut Tx, row: &LotMove) -> QueryResult<()> {
    diesel::insert_into(lot_moves::table)
        .values(row)
        .execute(&mut **tx)
        .map(|_| ())
}

/// When the balance last moved: a lot spent, restored, paid out, written down. Deposits and bonuses only open lots and do not count.
pub fn last_move(conn: &mut Conn, balance: &Balance) -> QueryResult<Option<At>> {
    lot_moves::table
        .inner_join(lots::table)
        .inner_join(journals::table)
        .filter(
            lots::seller_id
                .eq(&balance.seller)
                .and(lots::customer_id.eq(&balance.customer))
                .and(lots::currency.eq(&balance.currency))
                .and(journals::kind.ne_all([Movement::DepositReceived, Movement::BonusGranted])),
        )
        .select(lot_moves::at)
        .order(lot_moves::at.desc())
        .first(conn)
        .optional()
}

/// What an order moved, each with the lot it moved as it stands now and the movement that did it.
pub fn moves_of_order(
    conn: &mut Conn,
    order: &OrderId,
) -> QueryResult<Vec<(LotMove, Lot, Movement)>> {
    lot_moves::table
        .inner_join(lots::table)
        .inner_join(journals::table)
        .filter(lot_moves::order_id.eq(order))
        .order((journals::seq, lots::at, lots::id))
        .select((lot_moves::all_columns, lots::all_columns, journals::kind))
        .load(conn)
}

/// What an order's payment past the balance brought to the balance when it was refunded there: each opened lot's payment method,
/// and what is left of that credit after reversals.
pub fn credited_by_order(conn: &mut Conn, order: &OrderId) -> QueryResult<Vec<(Method, i64)>> {
    let opened = lot_moves::table
        .inner_join(journals::table)
        .inner_join(lots::table.inner_join(deposits::table.inner_join(methods::table)))
        .filter(
            journals::reference
                .eq(order.as_str())
                .and(lot_moves::order_id.is_null())
                .and(journals::kind.eq(Movement::RefundToBalance))
                .and(lot_moves::amount_e8.gt(0)),
        )
        .order((lots::at, lots::id))
        .select((lots::id, lot_moves::amount_e8, methods::all_columns))
        .load::<(LotId, i64, Method)>(conn)?;
    let mut credited = Vec::new();
    for (lot, amount_e8, method) in opened {
        let undone_e8 = lot_moves::table
            .inner_join(journals::table)
            .filter(
                lot_moves::lot_id
                    .eq(&lot)
                    .and(journals::reference.eq(order.as_str()))
                    .and(journals::kind.eq(Movement::Reversal)),
            )
            .select(dialect::total("lot_moves.amount_e8"))
            .first::<i64>(conn)?;
        credited.push((method, amount_e8 + undone_e8));
    }
    Ok(credited)
}

pub fn moves_of_journal(conn: &mut Conn, journal: &JournalId) -> QueryResult<Vec<LotMove>> {
    lot_moves::table
        .filter(lot_moves::journal_id.eq(journal))
        .order(lot_moves::id)
        .load(conn)
}

/// What some journals moved on lots: journal, kind of lot, amount.
pub fn moved_by(
    conn: &mut Conn,
    journal_ids: &[JournalId],
) -> QueryResult<Vec<(JournalId, Source, i64)>> {
    lot_moves::table
        .inner_join(lots::table)
        .filter(lot_moves::journal_id.eq_any(journal_ids))
        .select((lot_moves::journal_id, lots::source, lot_moves::amount_e8))
        .load(conn)
}

/// The orders that a lot's money went to.
pub fn orders_of_lot(conn: &mut Conn, lot: &LotId) -> QueryResult<Vec<OrderId>> {
    let spent: Vec<Option<OrderId>> = lot_moves::table
        .filter(
            lot_moves::lot_id
                .eq(lot)
                .and(lot_moves::order_id.is_not_null()),
        )
        .select(lot_moves::order_id)
        .distinct()
        .load(conn)?;
    Ok(spent.into_iter().flatten().collect())
}

/// Every move of some lots in the order of posting: lot, amount.
pub fn moves_of(conn: &mut Conn, ids: &[LotId]) -> QueryResult<Vec<(LotId, i64)>> {
    lot_moves::table
        .inner_join(journals::table)
        .filter(lot_moves::lot_id.eq_any(ids))
        .order((lot_moves::lot_id, journals::seq, lot_moves::id))
        .select((lot_moves::lot_id, lot_moves::amount_e8))
        .load(conn)
}

/// A customer's balances: every seller and currency in which they ever had a lot.
pub fn balances_of(conn: &mut Conn, customer: &PersonId) -> QueryResult<Vec<Balance>> {
    let rows: Vec<(SellerId, String)> = lots::table
        .filter(lots::customer_id.eq(customer))
        .select((lots::seller_id, lots::currency))
        .distinct()
        .order((lots::seller_id, lots::currency))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(seller, currency)| Balance {
            seller,
            customer: customer.clone(),
            currency,
        })
        .collect())
}
