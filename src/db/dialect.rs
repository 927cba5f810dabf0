//! Every difference between SQLite and PostgreSQL, by name, in one place. If a query elsewhere needs to know which database it
//! talks to, it belongs here.

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::prelude::*;
use diesel::result::Error as Diesel;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::Conn;
use crate::error::{Error, Result};

pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// The first SQLite without the WAL-reset defect (3.7.0 to 3.51.2 could lose writes with two connections).
const SQLITE_FLOOR: (u32, u32, u32) = (3, 51, 3);

/// `synchronous=FULL`: NORMAL may lose an acknowledged commit when the power goes, and commits here are money.
const PRAGMAS: &str = "PRAGMA busy_timeout=5000; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;
    PRAGMA recursive_triggers=ON; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA mmap_size=0;
    PRAGMA journal_size_limit=67108864; PRAGMA wal_autocheckpoint=1000; PRAGMA temp_store=MEMORY;";

/// Pages that a connection keeps for itself. Of those who read there are several, and the system keeps the file's pages for all of them.
const WRITES: &str = "PRAGMA cache_size=-20000;";
const READS: &str = "PRAGMA cache_size=-4000; PRAGMA query_only=ON;";

#[cfg(feature = "postgres")]
const SETTINGS: &str = "SET TIME ZONE 'UTC'; SET statement_timeout='10s'; SET lock_timeout='5s';
    SET idle_in_transaction_session_timeout='15s'; SET synchronous_commit=on;";

/// # Errors
/// An address that no driver of this build understands, with what to do.
pub fn check(url: &str) -> Result<()> {
    if url.starts_with("sqlite://") || (cfg!(feature = "postgres") && is_postgres(url)) {
        return Ok(());
    }
    Err(Error::broken(if is_postgres(url) {
        "this build has no PostgreSQL; build it with --features postgres"
    } else {
        "the database address must begin with sqlite:// or postgres://"
    }))
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

pub fn writers(url: &str) -> u32 {
    if is_postgres(url) { 8 } else { 1 }
}

pub fn readers(url: &str) -> u32 {
    if is_postgres(url) { 8 } else { 4 }
}

pub fn open(url: &str, writes: bool) -> ConnectionResult<Conn> {
    #[cfg(feature = "postgres")]
    if is_postgres(url) {
        let mut conn = PgConnection::establish(url)?;
        conn.batch_execute(SETTINGS)
            .map_err(ConnectionError::CouldntSetupConfiguration)?;
        return Ok(Conn::Postgres(conn));
    }
    let path = url.strip_prefix("sqlite://").unwrap_or(url);
    let mut conn = SqliteConnection::establish(path)?;
    let setup = conn
        .batch_execute(PRAGMAS)
        .and_then(|()| conn.batch_execute(if writes { WRITES } else { READS }));
    setup.map_err(ConnectionError::CouldntSetupConfiguration)?;
    let mut conn = Conn::Sqlite(conn);
    sqlite_is_sound(&mut conn).map_err(|why| ConnectionError::BadConnection(why.to_string()))?;
    Ok(conn)
}

fn sqlite_is_sound(conn: &mut Conn) -> Result<()> {
    let text = version(conn)?;
    let mut parts = text.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let found = (
        parts.next().unwrap_or(0),
        parts.next().unwrap_or(0),
        parts.next().unwrap_or(0),
    );
    if found < SQLITE_FLOOR {
        return Err(Error::broken(format!(
            "SQLite {text} is older than 3.51.3 and can lose writes; build with the bundled one"
        )));
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text)]
    line: String,
}

/// The database's own version text.
pub fn version(conn: &mut Conn) -> Result<String> {
    let sql = match conn {
        #[cfg(feature = "postgres")]
        Conn::Postgres(_) => "SELECT version() AS line",
        Conn::Sqlite(_) => "SELECT sqlite_version() AS line",
    };
    Ok(diesel::sql_query(sql).get_result::<Line>(conn)?.line)
}

/// BEGIN IMMEDIATE on SQLite: a transaction that reads first and writes later would be refused half-way otherwise.
pub fn begin(conn: &mut Conn) -> QueryResult<()> {
    match conn {
        #[cfg(feature = "postgres")]
        Conn::Postgres(conn) => AnsiTransactionManager::begin_transaction(conn),
        Conn::Sqlite(conn) => {
            AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")
        }
    }
}

/// Begins a reading that sees one moment, however many queries it takes and whoever writes meanwhile.
pub fn begin_snapshot(conn: &mut Conn) -> QueryResult<()> {
    match conn {
        #[cfg(feature = "postgres")]
        Conn::Postgres(conn) => AnsiTransactionManager::begin_transaction_sql(
            conn,
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        ),
        Conn::Sqlite(conn) => AnsiTransactionManager::begin_transaction(conn),
    }
}

pub fn commit(conn: &mut Conn) -> QueryResult<()> {
    match conn {
        #[cfg(feature = "postgres")]
        Conn::Postgres(conn) => AnsiTransactionManager::commit_transaction(conn),
        Conn::Sqlite(conn) => AnsiTransactionManager::commit_transaction(conn),
    }
}

/// Undoes the transaction; a connection on which even that fails is broken, and its next use says so.
pub fn rollback(conn: &mut Conn) {
    let undone = match conn {
        #[cfg(feature = "postgres")]
        Conn::Postgres(conn) => AnsiTransactionManager::rollback_transaction(conn),
        Conn::Sqlite(conn) => AnsiTransactionManager::rollback_transaction(conn),
    };
    if let Err(cause) = undone {
        tracing::error!(%cause, "cannot roll back");
    }
}

/// A serialisation failure or a broken deadlock: the same work may succeed when tried again.
pub fn worth_retrying(error: &Error) -> bool {
    let Error::Internal(cause) = error else {
        return false;
    };
    match cause.downcast_ref::<Diesel>() {
        Some(Diesel::DatabaseError(diesel::result::DatabaseErrorKind::SerializationFailure, _)) => {
            true
        }
        Some(Diesel::DatabaseError(_, details)) => details.message().contains("deadlock detected"),
        _ => false,
    }
}

/// Runs `work` so that, when it fails, only its own writes are undone and the transaction goes on (PostgreSQL would otherwise
/// refuse everything after a unique violation).
pub fn savepoint<T>(
    conn: &mut Conn,
    work: impl FnOnce(&mut Conn) -> QueryResult<T>,
) -> QueryResult<T> {
    conn.transaction(work)
}

pub fn migrate(conn: &mut Conn) -> Result<Vec<String>> {
    let failed = |cause: Box<dyn std::error::Error + Send + Sync>| {
        Error::broken(format!("migration failed: {cause}"))
    };
    let ran = match conn {
        #[cfg(feature = "postgres")]
        Conn::Postgres(conn) => {
            let ran = names(conn.run_pending_migrations(MIGRATIONS).map_err(failed)?);
            conn.batch_execute(include_str!("../../migrations/guards.postgres.sql"))?;
            ran
        }
        Conn::Sqlite(conn) => {
            let ran = names(conn.run_pending_migrations(MIGRATIONS).map_err(failed)?);
            conn.batch_execute(include_str!("../../migrations/guards.sqlite.sql"))?;
            ran
        }
    };
    Ok(ran)
}

/// Whether every migration that this program knows has run.
pub fn is_current(conn: &mut Conn) -> Result<bool> {
    let failed = |cause: Box<dyn std::error::Error + Send + Sync>| {
        Error::broken(format!("the migrations cannot be listed: {cause}"))
    };
    let pending = match conn {
        #[cfg(feature = "postgres")]
        Conn::Postgres(conn) => conn.has_pending_migration(MIGRATIONS).map_err(failed)?,
        Conn::Sqlite(conn) => conn.has_pending_migration(MIGRATIONS).map_err(failed)?,
    };
    Ok(!pending)
}

/// Undoes every migration, newest first: for the test that proves each can be undone.
pub fn unmigrate(conn: &mut Conn) -> Result<()> {
    let failed = |cause: Box<dyn std::error::Error + Send + Sync>| {
        Error::broken(format!("migration failed: {cause}"))
    };
    match conn {
        #[cfg(feature = "postgres")]
        Conn::Postgres(conn) => conn
            .revert_all_migrations(MIGRATIONS)
            .map(|_| ())
            .map_err(failed),
        Conn::Sqlite(conn) => conn
            .revert_all_migrations(MIGRATIONS)
            .map(|_| ())
            .map_err(failed),
    }
}

fn names(versions: Vec<diesel::migration::MigrationVersion<'_>>) -> Vec<String> {
    versions
        .into_iter()
        .map(|version| version.to_string())
        .collect()
}

/// A consistent copy of the whole database in a new file.
///
/// # Errors
/// On PostgreSQL, which has its own tool for it.
pub fn backup(conn: &mut Conn, to: &str) -> Result<()> {
    match conn {
        #[cfg(feature = "postgres")]
        Conn::Postgres(_) => Err(Error::broken(
            "this is PostgreSQL: use pg_dump for the database, and copy the files folder",
        )),
        Conn::Sqlite(conn) => {
            let target = to.replace('\'', "''");
            Ok(conn.batch_execute(&format!("VACUUM INTO '{target}'"))?)
        }
    }
}

/// Keeps everybody else from writing to what the reports count until the transaction ends. SQLite has one writer anyway.
pub fn hold_reported(conn: &mut Conn) -> QueryResult<()> {
    match conn {
        #[cfg(feature = "postgres")]
        Conn::Postgres(conn) => {
            conn.batch_execute("LOCK TABLE clocks, claims, events, payouts IN SHARE MODE")
        }
        Conn::Sqlite(_) => Ok(()),
    }
}

/// The sum of a BIGINT column as BIGINT (PostgreSQL widens it to NUMERIC); 0 where there is no row.
pub fn total(column: &str) -> diesel::expression::SqlLiteral<diesel::sql_types::BigInt> {
    diesel::dsl::sql(&format!("CAST(COALESCE(SUM({column}), 0) AS BIGINT)"))
}

/// A text in which LIKE finds no wildcard of its own; the escape is a backslash.
pub fn literal(words: &str) -> String {
    words
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_")
}
