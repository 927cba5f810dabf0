//! The database itself refuses to change what someone may ask about later, whoever asks and with whatever statement.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use redress::db::Conn;

use super::database::{Column, Database, Kind, Line};

/// Neither changed nor deleted.
const FROZEN: &[&str] = &[
    "assessments",
    "calendars",
    "decisions",
    "dispute_facts",
    "entries",
    "events",
    "evidence",
    // Settled once; `tests/desk/claims/second.rs` settles one.
    "exceptions",
    "facts",
    "gateway_messages",
    "journals",
    "lifts",
    "lot_moves",
    "messages",
    "order_events",
    "payout_batches",
    "policies",
    // Settled once; `tests/desk/policy_room.rs` settles one.
    "policy_proposals",
    "policy_texts",
    "sanctions",
    "warnings",
];

/// Changed as their state changes, but never deleted.
const KEPT: &[&str] = &[
    "accounts",
    "claims",
    "clocks",
    "deposits",
    "disputes",
    "inbox",
    "lots",
    "orders",
    "outbox",
    "payouts",
    "policy_drafts",
    "reply_addresses",
    "tickets",
    "tasks",
    "panel_requests",
];

/// A database of which every rule but the guards is taken away, so that a row of nothing in particular fits in each table.
fn with_one_row_each(kind: Kind, conn: &mut Conn, columns: &[Column]) {
    match kind {
        Kind::Sqlite => conn
            .batch_execute("PRAGMA foreign_keys=OFF; PRAGMA ignore_check_constraints=ON;")
            .unwrap(),
        Kind::Postgres => {
            let drops: Vec<Line> = diesel::sql_query(
                "SELECT 'ALTER TABLE ' || conrelid::regclass || ' DROP CONSTRAINT ' || quote_ident(conname) AS line
                 FROM pg_constraint WHERE contype IN ('c', 'f') AND connamespace = 'public'::regnamespace",
            )
            .load(conn)
            .unwrap();
            for drop in drops {
                conn.batch_execute(&drop.line).unwrap();
            }
        }
    }
    for table in FROZEN.iter().chain(KEPT).chain(&["counters"]) {
        let row: Vec<&Column> = columns
            .iter()
            .filter(|column| column.tab == *table)
            .collect();
        assert!(!row.is_empty(), "no table {table}");
        let names: Vec<&str> = row.iter().map(|column| column.name.as_str()).collect();
        let values: Vec<&str> = row.iter().map(|column| something(&column.kind)).collect();
        conn.batch_execute(&format!(
            "INSERT INTO {table} ({}) VALUES ({})",
            names.join(", "),
            values.join(", ")
        ))
        .unwrap_or_else(|cause| panic!("{table}: {cause}"));
    }
}

fn something(kind: &str) -> &'static str {
    match kind.to_lowercase().as_str() {
        "bigint" => "1",
        "boolean" => "TRUE",
        "date" => "'2026-11-25'",
        "text" => "'x'",
        _ => "'2026-11-25 12:00:00'",
    }
}

fn refusal(conn: &mut Conn, sql: &str) -> Option<String> {
    conn.batch_execute(sql).err().map(|cause| cause.to_string())
}

#[test]
fn what_is_append_only_refuses_every_change() {
    for database in Database::each() {
        let columns = database.columns();
        database.raw(|conn| {
            with_one_row_each(database.kind, conn, &columns);
            let first = |table: &str| &columns.iter().find(|c| c.tab == table).unwrap().name;
            let refuses = |conn: &mut Conn, sql: String| {
                let said = refusal(conn, &sql).unwrap_or_else(|| panic!("allowed: {sql}"));
                assert!(said.contains("append-only"), "{sql}: {said}");
            };
            for table in FROZEN {
                let column = first(table);
                refuses(conn, format!("UPDATE {table} SET {column} = {column}"));
            }
            for table in FROZEN.iter().chain(KEPT) {
                refuses(conn, format!("DELETE FROM {table}"));
                if database.kind == Kind::Sqlite {
                    let again = format!("INSERT OR REPLACE INTO {table} SELECT * FROM {table}");
                    refuses(conn, again);
                }
            }
        });
    }
}

#[test]
fn what_has_a_state_can_change_it_and_what_has_no_guard_can_go() {
    for database in Database::each() {
        let columns = database.columns();
        database.raw(|conn| {
            with_one_row_each(database.kind, conn, &columns);
            for table in KEPT {
                let column = &columns.iter().find(|c| c.tab == *table).unwrap().name;
                let sql = format!("UPDATE {table} SET {column} = {column}");
                assert_eq!(refusal(conn, &sql), None, "{sql}");
            }
            assert_eq!(refusal(conn, "DELETE FROM counters"), None);
        });
    }
}
