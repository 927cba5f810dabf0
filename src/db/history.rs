//! A balance's history in the shape that the rules read: deposits, bonuses, orders, refunds, payouts, oldest first. What it folds
//! to must be what the lots hold; `redress ledger verify` and the tests compare the two.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::Conn;
use super::columns::At;
use super::schema::{deposits, journals, lot_moves, lots, methods, orders, payouts};
use crate::ids::{JournalId, PersonId, SellerId};

/// One line of an account's history. Amounts at 8 decimals, above zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub at: At,
    pub entry: Entry,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    Deposit {
        reference: String,
        amount_e8: i64,
        method: String,
        method_state: Option<String>,
        paid: Option<(i64, String)>,
        surcharge_e8: Option<i64>,
    },
    Bonus {
        reference: String,
        amount_e8: i64,
        expires_at: Option<At>,
    },
    Order {
        reference: String,
        amount_e8: i64,
    },
    OrderRefund {
        order: String,
        amount_e8: i64,
    },
    Payout {
        deposit: String,
        amount_e8: i64,
    },
}

/// Every line of that balance. Payouts that failed or came back moved nothing in the end and are left out with their return.
pub fn of(
    conn: &mut Conn,
    customer: &PersonId,
    seller: &SellerId,
    currency: &str,
) -> QueryResult<Vec<Line>> {
    // Rank settles what happened in the same instant: money must be there before it is spent.
    let mut lines: Vec<((At, i64, i64), Line)> = Vec::new();
    for line in opened(conn, customer, seller, currency)? {
        lines.push(((line.at, 0, 0), line));
    }
    for (seq, line) in spent_and_refunded(conn, customer, seller, currency)? {
        lines.push(((line.at, 1, seq), line));
    }
    for (at, deposit, amount_e8) in paid_out(conn, customer, seller, currency)? {
        lines.push((
            (at, 2, 0),
            Line {
                at,
                entry: Entry::Payout { deposit, amount_e8 },
            },
        ));
    }
    lines.sort_by_key(|(key, _)| *key);
    Ok(lines.into_iter().map(|(_, line)| line).collect())
}

type Opened = (
    At,
    String,
    i64,
    Option<At>,
    Option<(Option<i64>, Option<String>, Option<i64>)>,
    Option<(String, Option<String>)>,
);

fn opened(
    conn: &mut Conn,
    customer: &PersonId,
    seller: &SellerId,
    currency: &str,
) -> QueryResult<Vec<Line>> {
    let rows: Vec<Opened> = lots::table
        .left_join(deposits::table.inner_join(methods::table))
        .filter(
            lots::customer_id
                .eq(customer)
                .and(lots::seller_id.eq(seller))
                .and(lots::currency.eq(currency)),
        )
        .order((lots::at, lots::id))
        .select((
            lots::at,
            lots::reference,
            lots::original_e8,
            lots::expires_at,
            (
                deposits::paid_e8,
                deposits::paid_currency,
                deposits::surcharge_e8,
            )
                .nullable(),
            (methods::reference, methods::state).nullable(),
        ))
        .load(conn)?;
    let line = |(at, reference, amount_e8, expires_at, paid, method): Opened| {
        let entry = match (paid, method) {
            (Some((paid_e8, paid_currency, surcharge_e8)), Some((method, method_state))) => {
                Entry::Deposit {
                    reference,
                    amount_e8,
                    method,
                    method_state,
                    paid: paid_e8.zip(paid_currency),
                    surcharge_e8,
                }
            }
            _ => Entry::Bonus {
                reference,
                amount_e8,
                expires_at,
            },
        };
        Line { at, entry }
    };
    Ok(rows.into_iter().map(line).collect())
}

fn spent_and_refunded(
    conn: &mut Conn,
    customer: &PersonId,
    seller: &SellerId,
    currency: &str,
) -> QueryResult<Vec<(i64, Line)>> {
    let moves: Vec<(JournalId, i64, At, String, String, i64)> = lot_moves::table
        .inner_join(lots::table)
        .inner_join(journals::table)
        .inner_join(orders::table)
        .filter(
            lots::customer_id
                .eq(customer)
                .and(lots::seller_id.eq(seller))
                .and(lots::currency.eq(currency)),
        )
        .select((
            journals::id,
            journals::seq,
            journals::at,
            journals::kind,
            orders::reference,
            lot_moves::amount_e8,
        ))
        .load(conn)?;
    let mut sums: BTreeMap<(i64, JournalId), (At, String, String, i64)> = BTreeMap::new();
    for (journal, seq, at, kind, order, amount_e8) in moves {
        let sum = sums.entry((seq, journal)).or_insert((at, kind, order, 0));
        sum.3 += amount_e8;
    }
    let line =
        |((seq, _), (at, kind, order, sum_e8)): ((i64, JournalId), (At, String, String, i64))| {
            let entry = match kind.as_str() {
                "order_paid" => Entry::Order {
                    reference: order,
                    amount_e8: -sum_e8,
                },
                "refund_to_balance" => Entry::OrderRefund {
                    order,
                    amount_e8: sum_e8,
                },
                _ => return None,
            };
            Some((seq, Line { at, entry }))
        };
    Ok(sums.into_iter().filter_map(line).collect())
}

fn paid_out(
    conn: &mut Conn,
    customer: &PersonId,
    seller: &SellerId,
    currency: &str,
) -> QueryResult<Vec<(At, String, i64)>> {
    payouts::table
        .inner_join(deposits::table)
        .filter(
            payouts::customer_id
                .eq(customer)
                .and(payouts::seller_id.eq(seller)),
        )
        .filter(payouts::currency.eq(currency))
        .filter(payouts::state.ne_all(["failed", "returned"]))
        .order((payouts::requested_at, payouts::id))
        .select((
            payouts::requested_at,
            deposits::reference,
            payouts::amount_e8,
        ))
        .load(conn)
}
