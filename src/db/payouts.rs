//! Money on its way to payment methods: one row a payout, with the stable key that makes repeating it harmless.

use diesel::prelude::*;

use super::columns::{At, at};
use super::schema::payouts;
use super::tickets::Scope;
use super::{Conn, Tx, dialect};
use crate::ids::{BatchId, ClaimId, DecisionId, DepositId, OrderId, PayoutId, PersonId, SellerId};
use crate::rules::assessment::Destination;
use crate::rules::lifecycle::payout::State;

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = payouts, treat_none_as_default_value = false)]
pub struct Payout {
    pub id: PayoutId,
    /// P-1001.
    pub number: String,
    pub seller_id: SellerId,
    pub customer_id: PersonId,
    pub claim_id: ClaimId,
    pub decision_id: DecisionId,
    /// The deposit whose lot it empties; `None` for an order that was paid past the balance.
    pub deposit_id: Option<DepositId>,
    pub order_id: Option<OrderId>,
    pub method: String,
    pub destination: String,
    pub currency: String,
    pub amount_e8: i64,
    pub pay_currency: String,
    pub pay_e8: i64,
    pub state: State,
    pub key: String,
    pub reference: Option<String>,
    pub requested_at: At,
    pub sent_at: Option<At>,
    pub settled_at: Option<At>,
    pub sent_by: Option<String>,
    pub seq: i64,
    /// The file that it is in, of those that somebody sends by hand.
    pub batch_id: Option<BatchId>,
    /// How often the gateway was told or asked, when it was told last, and when it is told or asked again.
    pub tries: Option<i64>,
    pub tried_at: Option<At>,
    pub next_at: Option<At>,
    /// Until then one worker is at it.
    pub lease_until: Option<At>,
}

impl Payout {
    /// In the gateway's hands at this moment: nobody else may touch it.
    pub fn is_with_gateway(&self) -> bool {
        self.state == State::Reserved && self.batch_id.is_none()
    }

    /// Whether its method takes no money any more, so that the way is agreed with the customer.
    pub fn goes_another_way(&self) -> bool {
        self.destination == Destination::AlternativeMethod.word()
    }
}

pub fn find(conn: &mut Conn, id: &PayoutId) -> QueryResult<Payout> {
    payouts::table.find(id).first(conn)
}

pub fn by_key(conn: &mut Conn, key: &str) -> QueryResult<Option<Payout>> {
    payouts::table
        .filter(payouts::key.eq(key))
        .first(conn)
        .optional()
}

pub fn for_staff(conn: &mut Conn, scope: &Scope, number: &str) -> QueryResult<Payout> {
    let mut query = payouts::table
        .filter(payouts::number.eq(number.to_owned()))
        .into_boxed();
    if !scope.0.is_empty() {
        query = query.filter(payouts::seller_id.eq_any(scope.0.clone()));
    }
    query.first(conn)
}

/// The payouts in some states that someone may see, the longest waiting first or the latest first.
pub fn list(
    conn: &mut Conn,
    scope: &Scope,
    states: &[State],
    latest_first: bool,
    offset: i64,
    limit: i64,
) -> QueryResult<Vec<Payout>> {
    let query = payouts::table
        .filter(payouts::state.eq_any(states.to_vec()))
        .offset(offset)
        .limit(limit)
        .into_boxed();
    let mut query = if latest_first {
        query.order((payouts::requested_at.desc(), payouts::id.desc()))
    } else {
        query.order((payouts::requested_at, payouts::id))
    };
    if !scope.0.is_empty() {
        query = query.filter(payouts::seller_id.eq_any(scope.0.clone()));
    }
    query.load(conn)
}

pub fn count(conn: &mut Conn, scope: &Scope, states: &[State]) -> QueryResult<i64> {
    let mut query = payouts::table
        .filter(payouts::state.eq_any(states.to_vec()))
        .into_boxed();
    if !scope.0.is_empty() {
        query = query.filter(payouts::seller_id.eq_any(scope.0.clone()));
    }
    query.count().get_result(conn)
}

/// Oldest first.
pub fn of_claim(conn: &mut Conn, claim: &ClaimId) -> QueryResult<Vec<Payout>> {
    payouts::table
        .filter(payouts::claim_id.eq(claim))
        .order((payouts::requested_at, payouts::id))
        .load(conn)
}

/// Everything that is on its way to the customer or went there, newest first.
pub fn of_customer(conn: &mut Conn, customer: &PersonId) -> QueryResult<Vec<Payout>> {
    payouts::table
        .filter(payouts::customer_id.eq(customer))
        .order((payouts::requested_at.desc(), payouts::id.desc()))
        .limit(200)
        .load(conn)
}

/// Of an order that was paid past the balance; oldest first.
pub fn of_order(conn: &mut Conn, order: &OrderId) -> QueryResult<Vec<Payout>> {
    payouts::table
        .filter(payouts::order_id.eq(order))
        .order((payouts::requested_at, payouts::id))
        .load(conn)
}

/// Out of the lot of one deposit; oldest first.
pub fn of_deposit(conn: &mut Conn, deposit: &DepositId) -> QueryResult<Vec<Payout>> {
    payouts::table
        .filter(payouts::deposit_id.eq(deposit))
        .order((payouts::requested_at, payouts::id))
        .load(conn)
}

/// What went back of some deposits: the sum of each one's payouts that did not fail or come back.
pub fn counted(conn: &mut Conn, ids: &[DepositId]) -> QueryResult<Vec<(DepositId, i64)>> {
    payouts::table
        .filter(
            payouts::deposit_id
                .eq_any(ids)
                .and(payouts::state.ne_all([State::Failed, State::Returned])),
        )
        .group_by(payouts::deposit_id)
        .select((
            payouts::deposit_id.assume_not_null(),
            dialect::total("payouts.amount_e8"),
        ))
        .load(conn)
}

/// A slice of a seller's payouts by id, for verification.
pub fn after(
    conn: &mut Conn,
    seller: &SellerId,
    after: Option<&PayoutId>,
    limit: i64,
) -> QueryResult<Vec<Payout>> {
    let mut query = payouts::table
        .filter(payouts::seller_id.eq(seller))
        .order(payouts::id)
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(payouts::id.gt(after.clone()));
    }
    query.load(conn)
}

/// Which of these keys are no payout's.
pub fn missing(conn: &mut Conn, keys: Vec<String>) -> QueryResult<Vec<String>> {
    let known: Vec<String> = payouts::table
        .filter(payouts::key.eq_any(&keys))
        .select(payouts::key)
        .load(conn)?;
    Ok(keys
        .into_iter()
        .filter(|key| !known.contains(key))
        .collect())
}

/// A key that is taken is a unique violation ([`super::already`]), and leaves the transaction usable.
pub fn insert_payout(tx: &mut Tx, payout: &Payout) -> QueryResult<()> {
    dialect::savepoint(tx, |conn| {
        diesel::insert_into(payouts::table)
            .values(payout)
            .execute(conn)
            .map(|_| ())
    })
}

/// Locks the payout by writing first and gives it as it then stands.
pub fn bump_payout(tx: &mut Tx, id: &PayoutId) -> QueryResult<Payout> {
    diesel::update(payouts::table.find(id))
        .set(payouts::seq.eq(payouts::seq + 1))
        .execute(&mut **tx)?;
    find(tx, id)
}

pub fn set_state(tx: &mut Tx, id: &PayoutId, state: State) -> QueryResult<()> {
    diesel::update(payouts::table.find(id))
        .set((
            payouts::state.eq(state),
            payouts::next_at.eq(None::<At>),
            payouts::lease_until.eq(None::<At>),
        ))
        .execute(&mut **tx)
        .map(|_| ())
}

/// Sent, by whom, under the bank's reference.
pub fn mark_sent(
    tx: &mut Tx,
    id: &PayoutId,
    reference: &str,
    sent_by: &str,
    when: At,
) -> QueryResult<()> {
    diesel::update(payouts::table.find(id))
        .set((
            payouts::state.eq(State::Sent),
            payouts::reference.eq(Some(reference)),
            payouts::sent_by.eq(Some(sent_by)),
            payouts::sent_at.eq(Some(when)),
            payouts::lease_until.eq(None::<At>),
        ))
        .execute(&mut **tx)
        .map(|_| ())
}

pub fn mark_settled(tx: &mut Tx, id: &PayoutId, when: At) -> QueryResult<()> {
    diesel::update(payouts::table.find(id))
        .set((
            payouts::state.eq(State::Succeeded),
            payouts::settled_at.eq(at(Some(when.utc()))),
            payouts::next_at.eq(None::<At>),
            payouts::lease_until.eq(None::<At>),
        ))
        .execute(&mut **tx)
        .map(|_| ())
}
