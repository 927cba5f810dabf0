//! A balance's history in the shape that the rules read: deposits, bonuses, orders, refunds, payouts, oldest first. What it folds
//! to must be what the lots hold; the tests compare the two.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;

use super::Conn;
use super::columns::At;
use super::schema::{deposits, journals, lot_moves, lots, methods, orders, payouts};
use crate::ids::{JournalId, LotId, PersonId, SellerId};
use crate::rules::ledger::Movement;
use crate::rules::lifecycle::payout::State;

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

/// Every line of that balance, at the times of its own history (`desk::deposits`). What was reversed is left out with its
/// reversal, and payouts that failed or came back with their return: they moved nothing in the end.
pub fn of(
    conn: &mut Conn,
    customer: &PersonId,
    seller: &SellerId,
    currency: &str,
) -> QueryResult<Vec<Line>> {
    let reversed = reversed(conn, customer, seller, currency)?;
    if came_back(conn, customer, seller, currency)? {
        return standing(conn, customer, seller, currency, &reversed);
    }
    // Rank settles what happened in the same instant: money must be there before it is spent.
    let mut lines: Vec<((At, i64, i64), Line)> = Vec::new();
    for line in opened(conn, customer, seller, currency, &reversed)? {
        lines.push(((line.at, 0, 0), line));
    }
    for (seq, line) in spent_and_refunded(conn, customer, seller, currency, &reversed)? {
        lines.push(((line.at, 1, seq), line));
    }
    for (seq, line) in paid_out(conn, customer, seller, currency)? {
        lines.push(((line.at, 1, seq), line));
    }
    lines.sort_by_key(|(key, _)| *key);
    Ok(lines.into_iter().map(|(_, line)| line).collect())
}

/// Whether money that was set aside for a payout came back to a lot of that balance.
fn came_back(
    conn: &mut Conn,
    customer: &PersonId,
    seller: &SellerId,
    currency: &str,
) -> QueryResult<bool> {
    let undone = undone(conn, customer, seller)?;
    let moved: i64 = lot_moves::table
        .inner_join(lots::table)
        .inner_join(journals::table)
        .filter(
            lots::customer_id
                .eq(customer)
                .and(lots::seller_id.eq(seller))
                .and(lots::currency.eq(currency))
                .and(journals::kind.eq(Movement::PayoutReserved))
                .and(journals::key.eq_any(undone)),
        )
        .count()
        .get_result(conn)?;
    Ok(moved > 0)
}

/// The history where money came back: what was spent meanwhile went by other lots than the rules, which know no return, would take.
/// So each deposit is told with what is gone of it, and each bonus with what is left.
fn standing(
    conn: &mut Conn,
    customer: &PersonId,
    seller: &SellerId,
    currency: &str,
    reversed: &BTreeSet<JournalId>,
) -> QueryResult<Vec<Line>> {
    let left: BTreeMap<String, i64> = lots::table
        .filter(
            lots::customer_id
                .eq(customer)
                .and(lots::seller_id.eq(seller))
                .and(lots::currency.eq(currency)),
        )
        .select((lots::reference, lots::remaining_e8))
        .load(conn)?
        .into_iter()
        .collect();
    let mut lines = Vec::new();
    for line in opened(conn, customer, seller, currency, reversed)? {
        let at = line.at;
        match line.entry {
            Entry::Bonus {
                reference,
                expires_at,
                ..
            } => {
                let amount_e8 = left.get(&reference).copied().unwrap_or(0);
                if amount_e8 > 0 {
                    let entry = Entry::Bonus {
                        reference,
                        amount_e8,
                        expires_at,
                    };
                    lines.push(Line { at, entry });
                }
            }
            Entry::Deposit {
                ref reference,
                amount_e8,
                ..
            } => {
                let gone_e8 = amount_e8 - left.get(reference).copied().unwrap_or(0);
                let payout = Entry::Payout {
                    deposit: reference.clone(),
                    amount_e8: gone_e8,
                };
                lines.push(line);
                if gone_e8 > 0 {
                    lines.push(Line { at, entry: payout });
                }
            }
            _ => {}
        }
    }
    Ok(lines)
}

/// The keys of the customer's payouts that failed or came back.
fn undone(conn: &mut Conn, customer: &PersonId, seller: &SellerId) -> QueryResult<Vec<String>> {
    payouts::table
        .filter(
            payouts::customer_id
                .eq(customer)
                .and(payouts::seller_id.eq(seller))
                .and(payouts::state.eq_any([State::Failed, State::Returned])),
        )
        .select(payouts::key)
        .load(conn)
}

/// The journals of that balance that were reversed.
fn reversed(
    conn: &mut Conn,
    customer: &PersonId,
    seller: &SellerId,
    currency: &str,
) -> QueryResult<BTreeSet<JournalId>> {
    let ids: Vec<Option<JournalId>> = lot_moves::table
        .inner_join(lots::table)
        .inner_join(journals::table)
        .filter(
            lots::customer_id
                .eq(customer)
                .and(lots::seller_id.eq(seller))
                .and(lots::currency.eq(currency))
                .and(journals::reverses_id.is_not_null()),
        )
        .select(journals::reverses_id)
        .load(conn)?;
    Ok(ids.into_iter().flatten().collect())
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
    reversed: &BTreeSet<JournalId>,
) -> QueryResult<Vec<Line>> {
    let undone: Vec<LotId> = lot_moves::table
        .filter(lot_moves::journal_id.eq_any(reversed))
        .filter(
            lot_moves::order_id
                .is_null()
                .and(lot_moves::amount_e8.gt(0)),
        )
        .select(lot_moves::lot_id)
        .load(conn)?;
    let rows: Vec<Opened> = lots::table
        .left_join(deposits::table.inner_join(methods::table))
        .filter(
            lots::customer_id
                .eq(customer)
                .and(lots::seller_id.eq(seller))
                .and(lots::currency.eq(currency)),
        )
        .filter(lots::id.ne_all(undone))
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
    reversed: &BTreeSet<JournalId>,
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
            lot_moves::at,
            journals::kind,
            orders::reference,
            lot_moves::amount_e8,
        ))
        .load(conn)?;
    let mut sums: BTreeMap<(i64, JournalId), (At, String, String, i64)> = BTreeMap::new();
    for (journal, seq, at, kind, order, amount_e8) in moves {
        if reversed.contains(&journal) {
            continue;
        }
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
) -> QueryResult<Vec<(i64, Line)>> {
    let undone = undone(conn, customer, seller)?;
    let rows: Vec<(i64, At, String, i64)> = lot_moves::table
        .inner_join(lots::table)
        .inner_join(journals::table)
        .filter(
            lots::customer_id
                .eq(customer)
                .and(lots::seller_id.eq(seller))
                .and(lots::currency.eq(currency))
                .and(journals::kind.eq(Movement::PayoutReserved))
                .and(journals::key.ne_all(undone)),
        )
        .order(journals::seq)
        .select((
            journals::seq,
            lot_moves::at,
            lots::reference,
            lot_moves::amount_e8,
        ))
        .load(conn)?;
    let line = |(seq, at, deposit, moved_e8): (i64, At, String, i64)| {
        let entry = Entry::Payout {
            deposit,
            amount_e8: -moved_e8,
        };
        (seq, Line { at, entry })
    };
    Ok(rows.into_iter().map(line).collect())
}
