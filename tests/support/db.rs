//! A migrated database of a test's own: an SQLite file, or a schema on the PostgreSQL that REDRESS_TEST_POSTGRES names.
//! When it is dropped its books must prove, and its clocks come out the same when they are counted anew, or the test fails;
//! `let_go` is for the tests that break them on purpose.

use std::collections::BTreeMap;
use std::env;
use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use redress::db::{self, Pool, dialect};
use redress::desk::{clocks, ledger, reports};
use tempfile::TempDir;

pub struct Fresh {
    pub pool: Pool,
    pub url: String,
    pub is_postgres: bool,
    proves: bool,
    /// Dropped after the pool, which has files open in it.
    _home: Home,
}

enum Home {
    Folder { _folder: TempDir },
    Schema { server: String, name: String },
}

/// A database on whichever server this run has.
pub fn fresh_pool() -> Fresh {
    let (url, home) = match env::var("REDRESS_TEST_POSTGRES") {
        Ok(server) => schema_on(server),
        Err(_) => {
            let folder = tempfile::tempdir().unwrap();
            let url = format!("sqlite://{}", folder.path().join("desk.db").display());
            (url, Home::Folder { _folder: folder })
        }
    };
    let pool = Pool::open(&url).unwrap();
    db::migrate(&pool).unwrap();
    Fresh {
        pool,
        is_postgres: matches!(home, Home::Schema { .. }),
        url,
        proves: true,
        _home: home,
    }
}

fn schema_on(server: String) -> (String, Home) {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("redress_desk_{}_{number}", std::process::id());
    dialect::open(&server, true)
        .expect("REDRESS_TEST_POSTGRES needs a server and a build with --features postgres")
        .batch_execute(&format!("CREATE SCHEMA {name}"))
        .unwrap();
    let joint = if server.contains('?') { '&' } else { '?' };
    let url = format!("{server}{joint}options=-c%20search_path%3D{name}");
    (url, Home::Schema { server, name })
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

impl Fresh {
    /// Every row of every table but these, as text: for a proof that nothing was written.
    pub fn rows_but(&self, without: &[&str]) -> BTreeMap<String, Vec<String>> {
        let lines = |sql: &str| -> Vec<String> {
            let read = self
                .pool
                .raw(|conn| Ok(diesel::sql_query(sql).load::<Line>(conn)?));
            read.unwrap().into_iter().map(|row| row.line).collect()
        };
        let tables = lines(if self.is_postgres {
            "SELECT tablename::text AS line FROM pg_tables WHERE schemaname = current_schema()"
        } else {
            "SELECT name AS line FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        });
        let mut all = BTreeMap::new();
        for table in tables {
            if without.contains(&table.as_str()) {
                continue;
            }
            let rows = if self.is_postgres {
                lines(&format!(
                    "SELECT it::text AS line FROM {table} it ORDER BY 1"
                ))
            } else {
                let columns = lines(&format!(
                    "SELECT 'quote(\"' || name || '\")' AS line FROM pragma_table_info('{table}')"
                ));
                let row = columns.join(" || '|' || ");
                lines(&format!("SELECT {row} AS line FROM {table} ORDER BY 1"))
            };
            all.insert(table, rows);
        }
        all
    }

    /// Everything the proof of the books finds.
    pub fn findings(&self) -> Vec<String> {
        let report = self.pool.snapshot(ledger::verify).unwrap();
        report.findings.iter().map(ToString::to_string).collect()
    }

    /// The books of this database are broken on purpose: no proof at the end.
    pub fn let_go(&mut self) {
        self.proves = false;
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        if self.proves && !std::thread::panicking() {
            assert_eq!(
                self.findings(),
                Vec::<String>::new(),
                "the books do not prove"
            );
            let clocks = self.pool.snapshot(clocks::verify).unwrap();
            assert_eq!(clocks, Vec::<String>::new(), "clocks counted anew differ");
            let days = self.pool.snapshot(reports::verify).unwrap();
            assert_eq!(days, Vec::new(), "kept days differ from their tickets");
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let Home::Schema { server, name } = self else {
            return;
        };
        if let Ok(mut conn) = dialect::open(server, true) {
            let gone = conn.batch_execute(&format!("DROP SCHEMA {name} CASCADE"));
            if let Err(cause) = gone {
                eprintln!("{name} is still there: {cause}");
            }
        }
    }
}
