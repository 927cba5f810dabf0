//! Many rows at once, for histories that are made and not lived: whoever fills a [`Sheaf`] has already done what the verbs do, so that
//! the books prove and the judgements replay. Rows go in by table, parents before children.
//!
//! Why no savepoints and no locks: nobody else writes into a database that is being filled. Why the two connections apart: one
//! statement of many rows does not compile for both at once.

use diesel::prelude::*;

use super::claims::{Assessment, Claim, Decision, Evidence, Fact};
use super::clocks::{Clock, Warning};
use super::deposits::{Lot, LotMove};
use super::events::Event;
use super::exceptions::Exception;
use super::ledger::{Account, Entry, Journal};
use super::orders::{Deposit, Method, Order, OrderEvent};
use super::payouts::Payout;
use super::people::Person;
use super::tasks::Task;
use super::tickets::{Message, Ticket};
use super::{Conn, NUMBERS_FROM, Tx, bump_lock, schema};
use crate::ids::{AccountId, DepositId, LotId};

/// Rows that are ready, and what changed on rows that were written before.
#[derive(Debug, Default)]
pub struct Sheaf {
    pub people: Vec<Person>,
    pub methods: Vec<Method>,
    pub deposits: Vec<Deposit>,
    pub orders: Vec<Order>,
    pub order_events: Vec<OrderEvent>,
    pub accounts: Vec<Account>,
    pub journals: Vec<Journal>,
    pub entries: Vec<Entry>,
    pub lots: Vec<Lot>,
    pub lot_moves: Vec<LotMove>,
    pub tickets: Vec<Ticket>,
    pub messages: Vec<Message>,
    pub claims: Vec<Claim>,
    pub facts: Vec<Fact>,
    pub evidence: Vec<Evidence>,
    pub assessments: Vec<Assessment>,
    pub decisions: Vec<Decision>,
    pub exceptions: Vec<Exception>,
    pub payouts: Vec<Payout>,
    pub tasks: Vec<Task>,
    pub clocks: Vec<Clock>,
    pub warnings: Vec<Warning>,
    pub events: Vec<Event>,
    /// Orders that moved on, or of which something went back.
    pub moved_on: Vec<Order>,
    /// How many entries an account has now, and its balance.
    pub standings: Vec<(AccountId, i64, i64)>,
    /// What is left of a lot.
    pub left: Vec<(LotId, i64)>,
    /// What has gone back of a deposit.
    pub returned: Vec<(DepositId, i64)>,
    /// How many numbers of a series were given out.
    pub counted: Vec<(String, i64)>,
}

/// Rows of one statement: at 27 columns far below the values that either database takes in one.
const ROWS: usize = 200;

/// Writes everything and leaves the sheaf empty.
pub fn insert_sheaf(tx: &mut Tx, sheaf: &mut Sheaf) -> QueryResult<()> {
    macro_rules! into {
        ($($table:ident),+ $(,)?) => {$(
            for rows in sheaf.$table.chunks(ROWS) {
                let insert = diesel::insert_into(schema::$table::table).values(rows);
                match &mut **tx {
                    #[cfg(feature = "postgres")]
                    Conn::Postgres(conn) => insert.execute(conn)?,
                    Conn::Sqlite(conn) => insert.execute(conn)?,
                };
            }
            sheaf.$table.clear();
        )+};
    }
    into!(
        people,
        methods,
        deposits,
        orders,
        order_events,
        accounts,
        journals,
        entries,
        lots,
        lot_moves,
        tickets,
        messages,
        claims,
        facts,
        evidence,
        assessments,
        decisions,
        exceptions,
        payouts,
        tasks,
        clocks,
        warnings,
        events,
    );
    set_changes(tx, sheaf)
}

fn set_changes(tx: &mut Tx, sheaf: &mut Sheaf) -> QueryResult<()> {
    use schema::{accounts, counters, deposits, lots, orders};
    for order in sheaf.moved_on.drain(..) {
        diesel::update(orders::table.find(&order.id))
            .set((
                order.progress(),
                orders::refunded_e8.eq(order.refunded_e8),
                orders::seq.eq(order.seq),
            ))
            .execute(&mut **tx)?;
    }
    for (id, seq, balance_e8) in sheaf.standings.drain(..) {
        diesel::update(accounts::table.find(id))
            .set((accounts::seq.eq(seq), accounts::balance_e8.eq(balance_e8)))
            .execute(&mut **tx)?;
    }
    for (id, left_e8) in sheaf.left.drain(..) {
        diesel::update(lots::table.find(id))
            .set(lots::remaining_e8.eq(left_e8))
            .execute(&mut **tx)?;
    }
    for (id, returned_e8) in sheaf.returned.drain(..) {
        diesel::update(deposits::table.find(id))
            .set(deposits::refunded_e8.eq(returned_e8))
            .execute(&mut **tx)?;
    }
    for (series, count) in sheaf.counted.drain(..) {
        bump_lock(tx, &series)?;
        diesel::update(counters::table.find(series))
            .set(counters::value.eq(NUMBERS_FROM + count))
            .execute(&mut **tx)?;
    }
    Ok(())
}
