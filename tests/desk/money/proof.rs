//! The proof of the books: it accepts what the verbs wrote, whatever they were asked, and names what anybody changed behind them.

use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use proptest::prelude::*;
use redress::db::{Conn, dialect, history};
use redress::desk::disputes::{self, NewDispute, Payment};
use redress::desk::{ledger, payouts};
use redress::rules::facts::{self, DisputeStatus, whole_second};
use redress::rules::lots;
use redress::rules::money::{Amount, Currency};

use super::{Books, act, at, customer, e8};

/// A little of everything.
fn lived_in() -> Books {
    let books = Books::open();
    let disputed = books.deposit("d1", "40", 0);
    books.deposit("d2", "30", 1);
    books.bonus("b1", "5", 2, None);
    let order = books.order("o1", &[("balance", "50"), ("card-9", "10")], 3);
    books.refund(&order, "12.5", "refund 1", 4).unwrap();
    books.refund(&order, "40", "refund 2", 5).unwrap();
    let claim = books.claim(None);
    let sent = books
        .pay_out(&claim, (Some("d2"), None), "11", "payout 1", 6)
        .unwrap();
    books
        .write(|tx| payouts::mark_sent(tx, &act(7), &sent.id, "BANK-1"))
        .unwrap();
    books
        .pay_out(&claim, (Some("d2"), None), "3", "payout 2", 8)
        .unwrap();
    let new = NewDispute {
        payment: Payment::Deposit(disputed.id),
        reference: "CB-1".to_owned(),
        reason: None,
        amount_e8: None,
        contacted_first: None,
        answered_in_time: None,
        opened_at: at(9),
        evidence_due_at: None,
    };
    let dispute = books.write(|tx| disputes::open(tx, &act(9), &new)).unwrap();
    books
        .write(|tx| disputes::close(tx, &act(10), &dispute.id, DisputeStatus::Lost))
        .unwrap();
    books
}

#[derive(diesel::QueryableByName)]
struct Id {
    #[diesel(sql_type = Text)]
    id: String,
}

fn ids(conn: &mut Conn, table: &str) -> Vec<String> {
    let rows = diesel::sql_query(format!("SELECT id FROM {table} ORDER BY id")).load::<Id>(conn);
    rows.unwrap().into_iter().map(|row| row.id).collect()
}

/// Somebody with the keys to the machine: no guard, no constraint stands in the way.
fn intruder(books: &Books) -> Conn {
    let mut conn = dialect::open(&books.db.url, true).unwrap();
    let open_everything = if books.db.is_postgres {
        "SET session_replication_role = replica;".to_owned()
    } else {
        let triggers =
            diesel::sql_query("SELECT name AS id FROM sqlite_master WHERE type = 'trigger'");
        let drops = triggers.load::<Id>(&mut conn).unwrap();
        let drops = drops
            .iter()
            .map(|trigger| format!("DROP TRIGGER {};", trigger.id));
        format!(
            "PRAGMA foreign_keys=OFF; PRAGMA ignore_check_constraints=ON; {}",
            drops.collect::<String>()
        )
    };
    conn.batch_execute(&open_everything).unwrap();
    conn
}

/// Does it, looks what the proof says, and undoes it. `None` where the database itself refused.
fn tampered(conn: &mut Conn, sql: &str) -> Option<Vec<String>> {
    dialect::begin(conn).unwrap();
    let findings = match conn.batch_execute(sql) {
        Ok(()) => {
            let report = ledger::verify(conn).unwrap();
            Some(report.findings.iter().map(ToString::to_string).collect())
        }
        Err(_) => None,
    };
    dialect::rollback(conn);
    findings
}

/// The tables and columns in which no single change may go unseen.
const PROVED: &[(&str, &[&str])] = &[
    (
        "accounts",
        &[
            "seq = seq + 1",
            "seq = seq - 1",
            "balance_e8 = balance_e8 + 1",
            "balance_e8 = balance_e8 - 1",
        ],
    ),
    (
        "journals",
        &[
            "seq = seq + 1000",
            "key = key || '!'",
            "reference = reference || '!'",
            "who = 'mallory'",
            "kind = 'dispute_won'",
            "hash = 'x'",
            "prev_hash = 'x'",
            "at = '2020-01-01 00:00:00'",
        ],
    ),
    (
        "entries",
        &[
            "seq = seq + 1000",
            "amount_e8 = amount_e8 + 1",
            "amount_e8 = amount_e8 - 1",
            "currency = 'EUR'",
        ],
    ),
    (
        "lots",
        &[
            "remaining_e8 = remaining_e8 + 1",
            "original_e8 = original_e8 + 1",
            "debt_e8 = debt_e8 + 1",
        ],
    ),
    ("lot_moves", &["amount_e8 = amount_e8 + 1"]),
    (
        "orders",
        &[
            "refunded_e8 = refunded_e8 + 1",
            "charge_e8 = charge_e8 + 1",
            "disputed_e8 = disputed_e8 + 1",
        ],
    ),
    (
        "deposits",
        &[
            "amount_e8 = amount_e8 + 1",
            "refunded_e8 = refunded_e8 + 1",
            "disputed_e8 = disputed_e8 + 1",
        ],
    ),
    (
        "payouts",
        &[
            "amount_e8 = amount_e8 + 1",
            "pay_e8 = pay_e8 + 1",
            "state = 'failed'",
            "state = CASE state WHEN 'returned' THEN 'failed' ELSE 'returned' END",
            "state = CASE state WHEN 'succeeded' THEN 'unknown' ELSE 'succeeded' END",
        ],
    ),
    ("disputes", &["amount_e8 = amount_e8 + 1", "status = 'won'"]),
    (
        "events",
        &[
            "seq = seq + 1000",
            "words = words || '!'",
            "prev_hash = 'x'",
            "hash = 'x'",
        ],
    ),
    (
        "decisions",
        &[
            "amount_e8 = amount_e8 + 1",
            "words = 'x'",
            "chain = chain + 1000",
            "computed_e8 = computed_e8 + 1",
            "hash = 'x'",
        ],
    ),
];

#[test]
fn no_single_change_and_no_deleted_row_goes_unseen() {
    let mut books = lived_in();
    assert_eq!(books.db.findings(), Vec::<String>::new());
    books.db.let_go();
    let mut conn = intruder(&books);
    let mut tried = 0;
    for (table, changes) in PROVED {
        for id in ids(&mut conn, table) {
            let changes = changes
                .iter()
                .map(|change| format!("UPDATE {table} SET {change} WHERE id = '{id}'"));
            let deletion = format!("DELETE FROM {table} WHERE id = '{id}'");
            for sql in changes.chain([deletion]) {
                let Some(findings) = tampered(&mut conn, &sql) else {
                    continue;
                };
                assert!(!findings.is_empty(), "unseen: {sql}");
                tried += 1;
            }
        }
    }
    assert!(tried > 300, "only {tried} changes were tried");
    assert_eq!(books.db.findings(), Vec::<String>::new());
}

/// The whole-number columns of a table, as the database itself names them.
fn integers(conn: &mut Conn, table: &str) -> Vec<String> {
    let sql = match conn {
        Conn::Sqlite(_) => {
            format!("SELECT name AS id FROM pragma_table_info('{table}') WHERE type = 'BIGINT'")
        }
        #[cfg(feature = "postgres")]
        Conn::Postgres(_) => format!(
            "SELECT column_name::text AS id FROM information_schema.columns
             WHERE table_schema = current_schema() AND table_name = '{table}' AND data_type = 'bigint'"
        ),
    };
    let rows = diesel::sql_query(sql).load::<Id>(conn).unwrap();
    rows.into_iter().map(|row| row.id).collect()
}

#[test]
fn one_more_in_any_integer_of_the_books_is_found() {
    let mut books = lived_in();
    books.db.let_go();
    let mut conn = intruder(&books);
    let mut tried = Vec::new();
    for table in ["accounts", "journals", "entries"] {
        for column in integers(&mut conn, table) {
            for id in ids(&mut conn, table) {
                // A number that the next row has is refused by the database; one far off is not.
                let found = [1, 1_000_000].into_iter().find_map(|more| {
                    let sql = format!(
                        "UPDATE {table} SET {column} = {column} + {more} WHERE id = '{id}'"
                    );
                    tampered(&mut conn, &sql)
                });
                assert_ne!(found, Some(Vec::new()), "unseen: {table}.{column} of {id}");
                assert!(found.is_some(), "never tried: {table}.{column} of {id}");
            }
            tried.push(format!("{table}.{column}"));
        }
    }
    let all = "accounts.balance_e8 accounts.seq entries.amount_e8 entries.seq journals.seq";
    tried.sort();
    assert_eq!(tried.join(" "), all);
}

#[test]
fn a_decision_whose_stored_facts_no_longer_give_its_assessment_is_named() {
    let mut books = lived_in();
    books.db.let_go();
    let mut conn = intruder(&books);
    let decision = |found: Option<Vec<String>>| found.unwrap().join("\n");
    for change in [
        "facts_json = REPLACE(facts_json, '2025-03-15', '2024-03-15')",
        "facts_json = '{}'",
        "result_json = REPLACE(result_json, 'eligible', 'ineligible')",
        "result_json = REPLACE(result_json, 'panel-credits', 'no-such-policy')",
        "outcome = 'ineligible'",
        "amount_e8 = amount_e8 + 1",
        "policy_hash = 'x'",
    ] {
        let sql = format!("UPDATE assessments SET {change}");
        let said = decision(tampered(&mut conn, &sql));
        assert!(said.contains("do not give its assessment"), "{sql}: {said}");
    }
    let said = decision(tampered(&mut conn, "DELETE FROM assessments"));
    assert!(said.contains("an assessment that is missing"), "{said}");
    let moved =
        "UPDATE assessments SET claim_id = 'x' WHERE id IN (SELECT assessment_id FROM decisions)";
    let said = decision(tampered(&mut conn, moved));
    assert!(said.contains("what its assessment says"), "{said}");
}

#[test]
fn a_chain_that_was_broken_and_joined_again_further_down_is_found() {
    let mut books = lived_in();
    books.db.let_go();
    let mut conn = intruder(&books);
    for table in ["journals", "events"] {
        // One link is taken out, and the next is made to follow the one before it.
        let sql = format!(
            "DELETE FROM {table} WHERE seq = 1002;
             UPDATE {table} SET seq = 1002, prev_hash = (SELECT hash FROM {table} WHERE seq = 1001) WHERE seq = 1003"
        );
        let said = tampered(&mut conn, &sql).unwrap().join("\n");
        let broken = said.contains("was changed") && said.contains("chain of");
        assert!(broken, "{sql}: {said}");
    }
}

#[test]
fn a_finding_names_the_row_at_fault() {
    let mut books = lived_in();
    books.db.let_go();
    let mut conn = intruder(&books);
    let says = |conn: &mut Conn, sql: &str| tampered(conn, sql).unwrap().join("\n");
    let account = says(
        &mut conn,
        "UPDATE accounts SET balance_e8 = balance_e8 + 1 WHERE kind = 'sales'",
    );
    assert!(account.contains("account sales USD: says"), "{account}");
    let journal = says(
        &mut conn,
        "UPDATE journals SET who = 'mallory' WHERE key = 'refund 1'",
    );
    assert!(journal.contains("was changed"), "{journal}");
    let cut = says(
        &mut conn,
        "DELETE FROM events WHERE seq = (SELECT MAX(seq) FROM events)",
    );
    assert!(cut.contains("chain of events"), "{cut}");
    let gap = says(&mut conn, "DELETE FROM journals WHERE key = 'refund 1'");
    assert!(gap.contains("is missing"), "{gap}");
}

#[test]
fn a_new_seller_without_money_has_sound_books() {
    let books = Books::open();
    let report = books.db.pool.snapshot(ledger::verify).unwrap();
    assert!(report.is_sound());
    assert_eq!(report.proofs[0].journals, 0);
}

#[derive(Debug, Clone)]
enum Deed {
    Deposit(u32),
    Bonus(u32, Option<i64>),
    Buy(u32, u32),
    Refund(usize, u32),
    Withdraw(usize, u32),
    Send(usize),
    Late(u32, i64),
}

fn deed() -> impl Strategy<Value = Deed> {
    let amount = || 1..900_u32;
    prop_oneof![
        3 => amount().prop_map(Deed::Deposit),
        1 => (amount(), prop::option::of(1..20_i64)).prop_map(|(amount, days)| Deed::Bonus(amount, days)),
        4 => (amount(), 0..300_u32).prop_map(|(balance, card)| Deed::Buy(balance, card)),
        4 => (0..20_usize, amount()).prop_map(|(order, amount)| Deed::Refund(order, amount)),
        2 => (0..20_usize, amount()).prop_map(|(deposit, amount)| Deed::Withdraw(deposit, amount)),
        1 => (0..20_usize).prop_map(Deed::Send),
        1 => (amount(), 1..40_i64).prop_map(|(amount, ago)| Deed::Late(amount, ago)),
    ]
}

/// Tells the story through the verbs. What is refused is refused; the proof and the rules must agree with what happened.
fn told(books: &Books, deeds: &[Deed]) {
    let text = |cents: u32| Amount::from_e8(i64::from(cents) * 1_000_000).to_string();
    let (mut orders, mut deposits, mut payouts) = (Vec::new(), Vec::new(), Vec::new());
    let claim = books.claim(None);
    for (step, deed) in deeds.iter().enumerate() {
        let minute = i64::try_from(step).unwrap() + 1;
        let name = |what: &str| format!("{what}{step}");
        match deed {
            Deed::Deposit(amount) => {
                deposits.push(books.deposit(&name("d"), &text(*amount), minute).reference)
            }
            Deed::Late(amount, ago) => {
                let mut new = books.new_deposit(&name("d"), &text(*amount), minute);
                new.at = at(minute - ago);
                books
                    .write(|tx| redress::desk::deposits::receive(tx, &act(minute), &new))
                    .unwrap();
                deposits.push(new.reference);
            }
            Deed::Bonus(amount, days) => books.bonus(
                &name("b"),
                &text(*amount),
                minute,
                days.map(|days| minute + days),
            ),
            Deed::Buy(balance, card) => {
                let (balance, card) = (text(*balance), text(*card));
                let new = books.new_order(
                    &name("o"),
                    &[("balance", &balance), ("card-9", &card)],
                    minute,
                );
                if let Ok((order, _)) =
                    books.write(|tx| redress::desk::orders::place(tx, &act(minute), &new))
                {
                    orders.push(order);
                }
            }
            Deed::Refund(order, amount) => {
                if let Some(order) = orders.get(order % orders.len().max(1)) {
                    let _ = books.refund(order, &text(*amount), &name("refund "), minute);
                }
            }
            Deed::Withdraw(deposit, amount) => {
                if let Some(deposit) = deposits.get(deposit % deposits.len().max(1)) {
                    let from = (Some(deposit.as_str()), None);
                    payouts.extend(books.pay_out(
                        &claim,
                        from,
                        &text(*amount),
                        &name("payout "),
                        minute,
                    ));
                }
            }
            Deed::Send(payout) => {
                if let Some(payout) = payouts.get(payout % payouts.len().max(1)) {
                    books
                        .write(|tx| payouts::mark_sent(tx, &act(minute), &payout.id, "BANK-1"))
                        .unwrap();
                }
            }
        }
    }
}

/// The balance's history as the rules read it.
fn replayed(books: &Books) -> Vec<(String, String)> {
    let lines = books
        .db
        .pool
        .read(|conn| Ok(history::of(conn, &books.anna, &books.seller, "USD")?))
        .unwrap();
    let entries = lines.into_iter().map(|line| {
        let at = whole_second(line.at.utc());
        match line.entry {
            history::Entry::Deposit {
                reference,
                amount_e8,
                method,
                ..
            } => facts::Entry::Deposit(facts::Deposit {
                id: reference,
                at,
                amount: Amount::from_e8(amount_e8),
                method,
                method_status: None,
                paid: None,
                surcharge: None,
            }),
            history::Entry::Bonus {
                reference,
                amount_e8,
                expires_at,
            } => facts::Entry::Bonus(facts::Bonus {
                id: reference,
                at,
                amount: Amount::from_e8(amount_e8),
                expires_at: expires_at.map(|end| whole_second(end.utc())),
            }),
            history::Entry::Order {
                reference,
                amount_e8,
            } => facts::Entry::Order {
                id: reference,
                at,
                amount: Amount::from_e8(amount_e8),
            },
            history::Entry::OrderRefund { order, amount_e8 } => facts::Entry::OrderRefund {
                order,
                at,
                amount: Amount::from_e8(amount_e8),
            },
            history::Entry::Payout { deposit, amount_e8 } => facts::Entry::Payout {
                deposit,
                at,
                amount: Amount::from_e8(amount_e8),
            },
        }
    });
    let folded = lots::fold(&entries.collect::<Vec<_>>(), at(10_000)).unwrap();
    folded
        .into_iter()
        .map(|lot| (lot.id, lot.remaining.to_string()))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_told_the_books_prove_and_the_rules_replay_the_same_lots(deeds in prop::collection::vec(deed(), 1..40)) {
        let books = Books::open();
        told(&books, &deeds);
        prop_assert_eq!(books.db.findings(), Vec::<String>::new());
        prop_assert_eq!(replayed(&books), books.lots());
    }
}

#[test]
fn money_leaves_a_lot_never_before_it_came_though_the_clock_was_set_back() {
    let books = Books::open();
    books.deposit("d1", "100", 60);
    let claim = books.claim(None);
    books
        .pay_out(&claim, (Some("d1"), None), "40", "payout 1", 30)
        .unwrap();
    assert_eq!(replayed(&books), books.lots());
}

#[test]
fn one_sellers_books_say_nothing_about_anothers() {
    let mut books = lived_in();
    books.db.let_go();
    books
        .write(|tx| {
            customer(tx, &redress::ids::PersonId::new(at(0)), "boris@example.net");
            Ok(())
        })
        .unwrap();
    let mut conn = intruder(&books);
    let moved = tampered(
        &mut conn,
        "UPDATE accounts SET owner_id = (SELECT id FROM people WHERE email = 'boris@example.net') WHERE kind = 'customer_cash'",
    );
    assert!(!moved.unwrap().is_empty());
    assert_eq!(
        Currency::parse("USD")
            .unwrap()
            .show(Amount::from_e8(e8("1"))),
        "$1.00"
    );
}
