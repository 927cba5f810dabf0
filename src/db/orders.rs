//! Orders with their status history, the services they were for, the payment methods and deposits of customers.
//! Caps are conditions of the update that moves the money (`bump_…_refunded`): it changes one row, or none.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::columns::At;
use super::schema::{deposits, methods, order_events, orders, services};
use super::tickets::Scope;
use super::{Conn, Tx, dialect};
use crate::error::Result;
use crate::ids::{DepositId, MethodId, OrderId, PersonId, SellerId, ServiceId};
use crate::rules::facts::{CanceledBy, MethodStatus, Sms, Status};
use crate::rules::money::Amount;

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = orders, treat_none_as_default_value = false)]
pub struct Order {
    pub id: OrderId,
    /// What people say on the phone: O-1001.
    pub number: String,
    pub seller_id: SellerId,
    pub customer_id: PersonId,
    pub service_id: Option<ServiceId>,
    /// The seller's own name of it.
    pub reference: String,
    pub title: String,
    pub target: String,
    pub placed_at: Option<At>,
    pub currency: String,
    pub charge_e8: Option<i64>,
    pub tax_included_e8: Option<i64>,
    pub quantity: Option<i64>,
    /// As it was told, out of range or not; `None` for unknown.
    pub remains: Option<String>,
    pub status: Status,
    pub canceled_by: Option<CanceledBy>,
    /// See [`Order::parts`].
    pub paid_with_json: Option<String>,
    pub snapshot_json: String,
    pub items: i64,
    pub period_ends_on: Option<NaiveDate>,
    pub confirmed_at: Option<At>,
    pub sent_at: Option<At>,
    pub sms: Option<Sms>,
    pub sms_received_at: Option<At>,
    pub refunded_e8: i64,
    pub disputed_e8: i64,
    pub seq: i64,
}

/// One part of an order's payment; the method is [`BALANCE`] or a payment method's reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub method: String,
    pub amount: Amount,
}

define_sql_function!(fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text);

/// How `paid_with` names the customer's balance.
pub const BALANCE: &str = "balance";

/// The method behind a payment of which nobody told how it was made. It is closed: nothing can be sent to it.
pub const UNKNOWN_METHOD: &str = "unknown";

impl Order {
    /// How it was paid; `None` where that is not known.
    pub fn parts(&self) -> Result<Option<Vec<Part>>> {
        Ok(self
            .paid_with_json
            .as_deref()
            .map(serde_json::from_str)
            .transpose()?)
    }

    /// What was paid past the balance, one part a method; the whole charge by [`UNKNOWN_METHOD`] where nobody told how.
    pub fn direct_parts(&self) -> Result<Vec<Part>> {
        let Some(parts) = self.parts()? else {
            return Ok(vec![Part {
                method: UNKNOWN_METHOD.to_owned(),
                amount: Amount::from_e8(self.charge_e8.unwrap_or(0)),
            }]);
        };
        let mut direct = Vec::<Part>::new();
        for part in parts.into_iter().filter(|part| part.method != BALANCE) {
            match direct.iter_mut().find(|known| known.method == part.method) {
                Some(known) => known.amount = known.amount.plus(part.amount),
                None => direct.push(part),
            }
        }
        Ok(direct)
    }

    /// What can still go back of it, whatever anyone decides (I13); 0 where the charge is not known.
    pub fn refundable_e8(&self) -> i64 {
        let charge_e8 = self.charge_e8.unwrap_or(0);
        (charge_e8 - self.refunded_e8 - self.disputed_e8).max(0)
    }
}

/// One line of an order's status history; `source` says who told it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = order_events, treat_none_as_default_value = false)]
pub struct OrderEvent {
    pub id: String,
    pub order_id: OrderId,
    pub at: At,
    pub status: Status,
    pub remains: Option<String>,
    pub source: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = services)]
pub struct Service {
    pub id: ServiceId,
    pub seller_id: SellerId,
    pub reference: String,
    pub name: String,
    /// What buyers are shown from now on; orders keep their own copy.
    pub snapshot_json: String,
    pub changed_at: At,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = methods, treat_none_as_default_value = false)]
pub struct Method {
    pub id: MethodId,
    pub customer_id: PersonId,
    pub seller_id: SellerId,
    pub reference: String,
    pub label: String,
    /// `None`: nobody said whether it can still be paid to.
    pub state: Option<MethodStatus>,
    pub created_at: At,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = deposits, treat_none_as_default_value = false)]
pub struct Deposit {
    pub id: DepositId,
    pub seller_id: SellerId,
    pub customer_id: PersonId,
    pub method_id: MethodId,
    pub reference: String,
    /// When the payment was made.
    pub at: At,
    pub currency: String,
    pub amount_e8: i64,
    pub paid_e8: Option<i64>,
    pub paid_currency: Option<String>,
    pub surcharge_e8: Option<i64>,
    pub refunded_e8: i64,
    pub disputed_e8: i64,
}

/// What an update of an order may change; what was bought and paid stays as it was.
#[derive(Debug, Clone, PartialEq, Eq, AsChangeset)]
#[diesel(table_name = orders, treat_none_as_null = true)]
pub struct Progress {
    pub status: Status,
    pub remains: Option<String>,
    pub canceled_by: Option<CanceledBy>,
    pub period_ends_on: Option<NaiveDate>,
    pub confirmed_at: Option<At>,
    pub sent_at: Option<At>,
    pub sms: Option<Sms>,
    pub sms_received_at: Option<At>,
}

impl Order {
    pub fn progress(&self) -> Progress {
        Progress {
            status: self.status,
            remains: self.remains.clone(),
            canceled_by: self.canceled_by,
            period_ends_on: self.period_ends_on,
            confirmed_at: self.confirmed_at,
            sent_at: self.sent_at,
            sms: self.sms,
            sms_received_at: self.sms_received_at,
        }
    }
}

pub fn find(conn: &mut Conn, id: &OrderId) -> QueryResult<Order> {
    orders::table.find(id).first(conn)
}

pub fn for_customer(conn: &mut Conn, customer: &PersonId, number: &str) -> QueryResult<Order> {
    orders::table
        .filter(
            orders::customer_id
                .eq(customer)
                .and(orders::number.eq(number)),
        )
        .first(conn)
}

pub fn for_customer_by_id(
    conn: &mut Conn,
    customer: &PersonId,
    id: &OrderId,
) -> QueryResult<Order> {
    orders::table
        .filter(orders::customer_id.eq(customer).and(orders::id.eq(id)))
        .first(conn)
}

pub fn for_staff(conn: &mut Conn, scope: &Scope, number: &str) -> QueryResult<Order> {
    let mut query = orders::table
        .filter(orders::number.eq(number.to_owned()))
        .into_boxed();
    if !scope.0.is_empty() {
        query = query.filter(orders::seller_id.eq_any(scope.0.clone()));
    }
    query.first(conn)
}

pub fn by_reference(
    conn: &mut Conn,
    seller: &SellerId,
    reference: &str,
) -> QueryResult<Option<Order>> {
    orders::table
        .filter(
            orders::seller_id
                .eq(seller)
                .and(orders::reference.eq(reference)),
        )
        .first(conn)
        .optional()
}

/// A customer's orders, newest first, a page of them.
pub fn of_customer(
    conn: &mut Conn,
    customer: &PersonId,
    offset: i64,
    limit: i64,
) -> QueryResult<Vec<Order>> {
    orders::table
        .filter(orders::customer_id.eq(customer))
        .order((orders::placed_at.desc(), orders::id.desc()))
        .offset(offset)
        .limit(limit)
        .load(conn)
}

/// A customer's orders with a seller, newest first; as many as anybody could have in mind.
pub fn of_customer_with(
    conn: &mut Conn,
    customer: &PersonId,
    seller: &SellerId,
) -> QueryResult<Vec<Order>> {
    orders::table
        .filter(
            orders::customer_id
                .eq(customer)
                .and(orders::seller_id.eq(seller)),
        )
        .order((orders::placed_at.desc(), orders::id.desc()))
        .limit(1_000)
        .load(conn)
}

/// A page of the customer's orders whose number, title or target has these words in it, literally; and how many there are.
pub fn matching(
    conn: &mut Conn,
    customer: &PersonId,
    words: &str,
    offset: i64,
    limit: i64,
) -> QueryResult<(Vec<Order>, i64)> {
    let exact = format!("%{}%", dialect::literal(words));
    let like = format!("%{}%", dialect::literal(&words.to_lowercase()));
    let found = || {
        orders::table.filter(
            orders::customer_id.eq(customer).and(
                lower(orders::number)
                    .like(like.clone())
                    .escape('\\')
                    .or(lower(orders::title).like(like.clone()).escape('\\'))
                    .or(orders::title.like(exact.clone()).escape('\\'))
                    .or(lower(orders::target).like(like.clone()).escape('\\')),
            ),
        )
    };
    let count = found().count().get_result(conn)?;
    let rows = found()
        .order((orders::placed_at.desc(), orders::id.desc()))
        .offset(offset)
        .limit(limit)
        .load(conn)?;
    Ok((rows, count))
}

/// Some orders by their ids, in no order.
pub fn by_ids(conn: &mut Conn, ids: &[OrderId]) -> QueryResult<Vec<Order>> {
    orders::table.filter(orders::id.eq_any(ids)).load(conn)
}

pub fn count_of_customer(conn: &mut Conn, customer: &PersonId) -> QueryResult<i64> {
    orders::table
        .filter(orders::customer_id.eq(customer))
        .count()
        .get_result(conn)
}

/// How many orders the customer placed with that seller.
pub fn count_with(conn: &mut Conn, customer: &PersonId, seller: &SellerId) -> QueryResult<i64> {
    orders::table
        .filter(
            orders::customer_id
                .eq(customer)
                .and(orders::seller_id.eq(seller)),
        )
        .count()
        .get_result(conn)
}

/// A slice of a seller's orders by id, for verification.
pub fn after(
    conn: &mut Conn,
    seller: &SellerId,
    after: Option<&OrderId>,
    limit: i64,
) -> QueryResult<Vec<Order>> {
    let mut query = orders::table
        .filter(orders::seller_id.eq(seller))
        .order(orders::id)
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(orders::id.gt(after.clone()));
    }
    query.load(conn)
}

/// Which of these ids are no order's.
pub fn missing(conn: &mut Conn, ids: Vec<String>) -> QueryResult<Vec<String>> {
    let wanted = ids
        .iter()
        .map(|id| OrderId::from(id.as_str()))
        .collect::<Vec<_>>();
    let known: Vec<OrderId> = orders::table
        .filter(orders::id.eq_any(wanted))
        .select(orders::id)
        .load(conn)?;
    let is_known = |id: &String| known.iter().any(|known| known.as_str() == id);
    Ok(ids.into_iter().filter(|id| !is_known(id)).collect())
}

/// An order's status history, oldest first.
pub fn history(conn: &mut Conn, order: &OrderId) -> QueryResult<Vec<OrderEvent>> {
    order_events::table
        .filter(order_events::order_id.eq(order))
        .order((order_events::at, order_events::id))
        .load(conn)
}

/// A reference that is taken is a unique violation ([`super::already`]), and leaves the transaction usable.
pub fn insert_order(tx: &mut Tx, order: &Order) -> QueryResult<()> {
    dialect::savepoint(tx, |conn| {
        diesel::insert_into(orders::table)
            .values(order)
            .execute(conn)
            .map(|_| ())
    })
}

pub fn insert_order_event(tx: &mut Tx, event: &OrderEvent) -> QueryResult<()> {
    diesel::insert_into(order_events::table)
        .values(event)
        .execute(&mut **tx)
        .map(|_| ())
}

/// Locks the order by writing first and gives it as it then stands.
pub fn bump_order(tx: &mut Tx, id: &OrderId) -> QueryResult<Order> {
    diesel::update(orders::table.find(id))
        .set(orders::seq.eq(orders::seq + 1))
        .execute(&mut **tx)?;
    find(tx, id)
}

pub fn set_progress(tx: &mut Tx, id: &OrderId, progress: &Progress) -> QueryResult<()> {
    diesel::update(orders::table.find(id))
        .set(progress)
        .execute(&mut **tx)
        .map(|_| ())
}

/// Counts an amount as gone back, where it keeps within what was paid (I13); `false` where it does not, and nothing changed.
pub fn bump_refunded(tx: &mut Tx, id: &OrderId, amount_e8: i64) -> QueryResult<bool> {
    let within = orders::id.eq(id).and(
        orders::charge_e8.ge((orders::refunded_e8 + orders::disputed_e8 + amount_e8).nullable()),
    );
    let bumped = diesel::update(orders::table.filter(within))
        .set((
            orders::refunded_e8.eq(orders::refunded_e8 + amount_e8),
            orders::seq.eq(orders::seq + 1),
        ))
        .execute(&mut **tx)?;
    Ok(bumped == 1)
}

/// Takes an amount off what went back: a payout that failed, a refund reversed. `false` where less had gone back.
pub fn bump_unrefunded(tx: &mut Tx, id: &OrderId, amount_e8: i64) -> QueryResult<bool> {
    let within = orders::id.eq(id).and(orders::refunded_e8.ge(amount_e8));
    let bumped = diesel::update(orders::table.filter(within))
        .set((
            orders::refunded_e8.eq(orders::refunded_e8 - amount_e8),
            orders::seq.eq(orders::seq + 1),
        ))
        .execute(&mut **tx)?;
    Ok(bumped == 1)
}

/// Counts an amount as disputed (negative: no longer), within what was paid.
pub fn bump_disputed(tx: &mut Tx, id: &OrderId, amount_e8: i64) -> QueryResult<bool> {
    let within = orders::id
        .eq(id)
        .and((orders::disputed_e8 + amount_e8).ge(0))
        .and(
            orders::charge_e8
                .ge((orders::refunded_e8 + orders::disputed_e8 + amount_e8).nullable()),
        );
    let bumped = diesel::update(orders::table.filter(within))
        .set((
            orders::disputed_e8.eq(orders::disputed_e8 + amount_e8),
            orders::seq.eq(orders::seq + 1),
        ))
        .execute(&mut **tx)?;
    Ok(bumped == 1)
}

pub fn deposit(conn: &mut Conn, id: &DepositId) -> QueryResult<Deposit> {
    deposits::table.find(id).first(conn)
}

pub fn service(conn: &mut Conn, id: &ServiceId) -> QueryResult<Service> {
    services::table.find(id).first(conn)
}

pub fn service_by_reference(
    conn: &mut Conn,
    seller: &SellerId,
    reference: &str,
) -> QueryResult<Option<Service>> {
    services::table
        .filter(
            services::seller_id
                .eq(seller)
                .and(services::reference.eq(reference)),
        )
        .first(conn)
        .optional()
}

/// A seller's services, by name.
pub fn services(conn: &mut Conn, seller: &SellerId) -> QueryResult<Vec<Service>> {
    services::table
        .filter(services::seller_id.eq(seller))
        .order((services::name, services::id))
        .load(conn)
}

pub fn insert_service(tx: &mut Tx, service: &Service) -> QueryResult<()> {
    dialect::savepoint(tx, |conn| {
        diesel::insert_into(services::table)
            .values(service)
            .execute(conn)
            .map(|_| ())
    })
}

pub fn set_service(
    tx: &mut Tx,
    id: &ServiceId,
    name: &str,
    snapshot_json: &str,
    changed_at: At,
) -> QueryResult<()> {
    diesel::update(services::table.find(id))
        .set((
            services::name.eq(name),
            services::snapshot_json.eq(snapshot_json),
            services::changed_at.eq(changed_at),
        ))
        .execute(&mut **tx)
        .map(|_| ())
}
