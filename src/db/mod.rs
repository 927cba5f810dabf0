//! The room that remembers, and the only one that knows diesel. Reads take `&mut Conn`; writes take `&mut Tx` and are named
//! `insert_ set_ mark_ bump_ delete_`. A `Tx` is made by [`Pool::write`] alone, so no write happens outside a transaction.
//!
//! Why lock by writing first: a verb that changes a balance or a state begins with an UPDATE of that row, which takes PostgreSQL's
//! row lock, while SQLite holds its writer lock from BEGIN IMMEDIATE. No dialect-specific locking is needed then.

pub mod batches;
pub mod bulk;
pub mod calendars;
pub mod claims;
pub mod clocks;
pub mod columns;
pub mod deposits;
pub mod dialect;
pub mod disputes;
pub mod events;
pub mod exceptions;
pub mod files;
pub mod forms;
pub mod gateway;
pub mod history;
pub mod imap;
pub mod imports;
pub mod inbox;
pub mod ledger;
pub mod mail;
pub mod orders;
pub mod panels;
pub mod payouts;
pub mod people;
pub mod policies;
pub mod policy_drafts;
pub mod reports;
pub mod requests;
pub mod sanctions;
pub mod schema;
pub mod sellers;
pub mod suppressions;
pub mod tasks;
pub mod tickets;
pub mod trials;

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::r2d2::{self, ManageConnection};
use diesel::result::{DatabaseErrorKind, Error as Diesel};
use diesel::{Connection, QueryResult};

use crate::error::{Error, Result};

#[derive(diesel::MultiConnection)]
pub enum Conn {
    #[cfg(feature = "postgres")]
    Postgres(diesel::PgConnection),
    Sqlite(diesel::SqliteConnection),
}

/// A connection inside a write transaction. Derefs to [`Conn`], so that everything readable is readable here too.
pub struct Tx<'a>(&'a mut Conn);

impl Deref for Tx<'_> {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        self.0
    }
}

impl DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut Conn {
        self.0
    }
}

#[derive(Clone)]
pub struct Pool {
    readers: r2d2::Pool<Manage>,
    /// SQLite has one writer at a time: a pool of one makes that a queue instead of an error.
    writers: r2d2::Pool<Manage>,
}

#[derive(Debug, Clone)]
struct Manage {
    url: String,
    writes: bool,
}

impl ManageConnection for Manage {
    type Connection = Conn;
    type Error = r2d2::Error;

    fn connect(&self) -> std::result::Result<Conn, r2d2::Error> {
        dialect::open(&self.url, self.writes).map_err(r2d2::Error::ConnectionError)
    }

    fn is_valid(&self, conn: &mut Conn) -> std::result::Result<(), r2d2::Error> {
        conn.batch_execute("SELECT 1")
            .map_err(r2d2::Error::QueryError)
    }

    fn has_broken(&self, _: &mut Conn) -> bool {
        std::thread::panicking()
    }
}

/// The number before the first of every series.
pub const NUMBERS_FROM: i64 = 1000;

/// How often a write is tried again after PostgreSQL refused to serialise it or broke a deadlock.
const TRIES: usize = 6;

impl Pool {
    /// Opens the database that the address names; makes an SQLite file where there is none.
    ///
    /// # Errors
    /// An address without a driver in this build, a server that cannot be reached, an SQLite older than 3.51.3.
    pub fn open(url: &str) -> Result<Pool> {
        dialect::check(url)?;
        let pool = |size: u32, writes: bool| {
            r2d2::Pool::builder()
                .max_size(size)
                .min_idle(Some(1))
                .connection_timeout(Duration::from_secs(10))
                .build(Manage {
                    url: url.to_owned(),
                    writes,
                })
                .map_err(|cause| {
                    Error::Internal(anyhow::Error::new(cause).context("cannot open the database"))
                })
        };
        // The writer first: it makes the file and its journal mode.
        let writers = pool(dialect::writers(url), true)?;
        Ok(Pool {
            writers,
            readers: pool(dialect::readers(url), false)?,
        })
    }

    /// Reads with a connection that cannot write (on SQLite the database itself refuses).
    pub fn read<T>(&self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        let mut conn = self
            .readers
            .get()
            .map_err(|cause| Error::Internal(cause.into()))?;
        work(&mut conn)
    }

    /// Reads one moment: however many queries the work takes, none sees what is written meanwhile.
    pub fn snapshot<T>(&self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        self.read(|conn| {
            dialect::begin_snapshot(conn)?;
            let outcome = work(conn);
            dialect::rollback(conn);
            outcome
        })
    }

    /// One write transaction: everything the work did is there afterwards, or nothing of it.
    /// The work may run again from the start where PostgreSQL asks for it, so it must not leave the process.
    pub fn write<T>(&self, mut work: impl FnMut(&mut Tx) -> Result<T>) -> Result<T> {
        let mut conn = self
            .writers
            .get()
            .map_err(|cause| Error::Internal(cause.into()))?;
        let mut tries = 0;
        loop {
            tries += 1;
            match attempt(&mut conn, &mut work) {
                Err(error) if tries < TRIES && dialect::worth_retrying(&error) => continue,
                outcome => return outcome,
            }
        }
    }

    /// Runs the work as [`Pool::write`] would and undoes all of it: what a verb would do, without its being done.
    pub fn rehearse<T>(&self, work: impl FnOnce(&mut Tx) -> Result<T>) -> Result<T> {
        let mut conn = self
            .writers
            .get()
            .map_err(|cause| Error::Internal(cause.into()))?;
        dialect::begin(&mut conn)?;
        let outcome = work(&mut Tx(&mut conn));
        dialect::rollback(&mut conn);
        outcome
    }

    /// Runs statements that are not part of the portable subset (migrations, VACUUM INTO), outside a transaction.
    pub fn raw<T>(&self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        let mut conn = self
            .writers
            .get()
            .map_err(|cause| Error::Internal(cause.into()))?;
        work(&mut conn)
    }
}

fn attempt<T>(conn: &mut Conn, work: &mut impl FnMut(&mut Tx) -> Result<T>) -> Result<T> {
    dialect::begin(conn)?;
    let outcome = work(&mut Tx(conn));
    match outcome {
        Ok(value) => match dialect::commit(conn) {
            Ok(()) => Ok(value),
            Err(error) => {
                dialect::rollback(conn);
                Err(error.into())
            }
        },
        Err(error) => {
            dialect::rollback(conn);
            Err(error)
        }
    }
}

/// Runs `work` so that, when it is refused, only its own writes are undone and the transaction goes on.
pub fn set_apart<T>(tx: &mut Tx, work: impl FnOnce(&mut Tx) -> Result<T>) -> Result<T> {
    tx.transaction(|conn| work(&mut Tx(conn)))
}

impl From<Diesel> for Error {
    /// The one conversion: absent rows are `NotFound`, everything else is unexpected. A unique violation becomes meaning only
    /// where a verb asks [`already`].
    fn from(error: Diesel) -> Self {
        match error {
            Diesel::NotFound => Error::NotFound,
            other => Error::Internal(other.into()),
        }
    }
}

/// Whether an insert met a row that is there already.
pub fn already<T>(outcome: &QueryResult<T>) -> bool {
    matches!(
        outcome,
        Err(Diesel::DatabaseError(DatabaseErrorKind::UniqueViolation, _))
    )
}

/// `Ok(None)` in place of "not found".
pub fn maybe<T>(outcome: QueryResult<T>) -> Result<Option<T>> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(Diesel::NotFound) => Ok(None),
        Err(other) => Err(other.into()),
    }
}

/// Whether a constraint (a cap, a floor) refused the write: what a verb turns into words.
pub fn capped<T>(outcome: &QueryResult<T>) -> bool {
    matches!(
        outcome,
        Err(Diesel::DatabaseError(DatabaseErrorKind::CheckViolation, _))
    )
}

/// The next number of a series ("ticket", "claim" …): T-1001 first. Bumped in the caller's transaction.
pub fn bump_counter(tx: &mut Tx, series: &str) -> QueryResult<i64> {
    use diesel::prelude::*;
    use schema::counters::dsl;
    let bumped = diesel::update(dsl::counters.find(series))
        .set(dsl::value.eq(dsl::value + 1))
        .execute(&mut **tx)?;
    if bumped == 0 {
        bump_lock(tx, series)?;
        return bump_counter(tx, series);
    }
    dsl::counters
        .find(series)
        .select(dsl::value)
        .first(&mut **tx)
}

/// Takes a series' lock until the transaction ends, making the series where there was none, without claiming a number.
pub fn bump_lock(tx: &mut Tx, series: &str) -> QueryResult<()> {
    use diesel::prelude::*;
    use schema::counters::dsl;
    let lock = |conn: &mut Conn| {
        diesel::update(dsl::counters.find(series))
            .set(dsl::value.eq(dsl::value + 0))
            .execute(conn)
    };
    if lock(tx)? == 1 {
        return Ok(());
    }
    let made = dialect::savepoint(tx, |conn| {
        diesel::insert_into(dsl::counters)
            .values((dsl::name.eq(series), dsl::value.eq(NUMBERS_FROM)))
            .execute(conn)
    });
    if already(&made) {
        return lock(tx).map(|_| ());
    }
    made.map(|_| ())
}

/// How many numbers of a series were given out.
pub fn counted(conn: &mut Conn, series: &str) -> QueryResult<i64> {
    use diesel::prelude::*;
    use schema::counters::dsl;
    let value = dsl::counters
        .find(series)
        .select(dsl::value)
        .first::<i64>(conn)
        .optional()?;
    Ok(value.map_or(0, |value| value - NUMBERS_FROM))
}

/// Whether the database answers: the health check.
pub fn ping(conn: &mut Conn) -> QueryResult<()> {
    conn.batch_execute("SELECT 1")
}

/// Runs every migration that is missing, then rebuilds the append-only guards.
pub fn migrate(pool: &Pool) -> Result<Vec<String>> {
    pool.raw(dialect::migrate)
}

#[allow(unused)]
fn _is_connection<C: Connection>(_: &C) {}

#[cfg(test)]
mod tests {
    use super::*;
    use diesel::prelude::*;

    fn fresh() -> (tempfile::TempDir, Pool) {
        let folder = tempfile::tempdir().unwrap();
        let pool = Pool::open(&format!(
            "sqlite://{}",
            folder.path().join("t.db").display()
        ))
        .unwrap();
        migrate(&pool).unwrap();
        (folder, pool)
    }

    #[test]
    fn counters_begin_at_1001_and_a_failed_write_leaves_nothing() {
        let (_folder, pool) = fresh();
        let number = |pool: &Pool| pool.write(|tx| Ok(bump_counter(tx, "ticket")?)).unwrap();
        assert_eq!(number(&pool), 1001);
        let failed: Result<()> = pool.write(|tx| {
            bump_counter(tx, "ticket")?;
            Err(Error::Stale)
        });
        assert!(matches!(failed, Err(Error::Stale)));
        assert_eq!(number(&pool), 1002);
    }

    #[test]
    fn a_reader_cannot_write() {
        let (_folder, pool) = fresh();
        let outcome = pool.read(|conn| {
            use schema::counters::dsl;
            Ok(diesel::insert_into(dsl::counters)
                .values((dsl::name.eq("x"), dsl::value.eq(1_i64)))
                .execute(conn)?)
        });
        assert!(outcome.is_err());
    }

    #[test]
    fn an_address_without_a_scheme_makes_no_file() {
        assert!(Pool::open("redress.db").is_err());
        assert!(!std::path::Path::new("redress.db").exists());
    }
}
