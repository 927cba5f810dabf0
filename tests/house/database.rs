//! Fresh, migrated databases of our own: SQLite in a folder of its own, and PostgreSQL beside it where REDRESS_TEST_POSTGRES names
//! a server. Each is gone when dropped.

use std::env;
use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use redress::db::{self, Conn, Pool, dialect};
use tempfile::TempDir;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

pub struct Database {
    pub kind: Kind,
    pub pool: Pool,
    _folder: Option<TempDir>,
    _server: Option<Guest>,
}

/// A database on somebody's PostgreSQL, dropped with this.
struct Guest {
    server: String,
    name: String,
}

/// A column as the database has it.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Column {
    #[diesel(sql_type = Text)]
    pub tab: String,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = Bool)]
    pub nullable: bool,
    /// Its place in the primary key, 0 where it is no part of it.
    #[diesel(sql_type = BigInt)]
    pub key: i64,
}

#[derive(QueryableByName)]
pub struct Line {
    #[diesel(sql_type = Text)]
    pub line: String,
}

const SQLITE_COLUMNS: &str = "SELECT m.name AS tab, c.name AS name, c.type AS kind, c.\"notnull\" = 0 AS nullable, c.pk AS key
    FROM sqlite_master m JOIN pragma_table_info(m.name) c
    WHERE m.type = 'table' AND m.name NOT LIKE '\\_\\_%' ESCAPE '\\' AND m.name NOT LIKE 'sqlite%'
    ORDER BY m.name, c.cid";

const POSTGRES_COLUMNS: &str = "SELECT c.table_name::text AS tab, c.column_name::text AS name, c.data_type::text AS kind,
        c.is_nullable = 'YES' AS nullable, COALESCE(k.ordinal_position, 0)::bigint AS key
    FROM information_schema.columns c
    LEFT JOIN information_schema.table_constraints t ON t.table_name = c.table_name AND t.constraint_type = 'PRIMARY KEY'
    LEFT JOIN information_schema.key_column_usage k
        ON k.constraint_name = t.constraint_name AND k.table_name = c.table_name AND k.column_name = c.column_name
    WHERE c.table_schema = 'public' AND c.table_name NOT LIKE '\\_\\_%'
    ORDER BY c.table_name, c.ordinal_position";

const SQLITE_SCHEMA: &str =
    "SELECT sql AS line FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name";

const POSTGRES_SCHEMA: &str = "SELECT line FROM (
        SELECT indexdef AS line FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
            WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    ) AS lines ORDER BY line";

impl Database {
    /// One of each kind that this run has.
    pub fn each() -> Vec<Database> {
        let mut each = vec![Database::sqlite()];
        if let Ok(server) = env::var("REDRESS_TEST_POSTGRES") {
            each.push(Database::postgres(server));
        }
        each
    }

    fn sqlite() -> Database {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("house.db").display());
        Database::migrated(Kind::Sqlite, &url, Some(folder), None)
    }

    fn postgres(server: String) -> Database {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("redress_house_{}_{number}", std::process::id());
        dialect::open(&server, true)
            .expect("REDRESS_TEST_POSTGRES needs a server and a build with --features postgres")
            .batch_execute(&format!("CREATE DATABASE {name}"))
            .unwrap();
        let address = server.rsplit_once('/').unwrap().0;
        let url = format!("{address}/{name}");
        Database::migrated(Kind::Postgres, &url, None, Some(Guest { server, name }))
    }

    fn migrated(kind: Kind, url: &str, folder: Option<TempDir>, server: Option<Guest>) -> Database {
        let pool = Pool::open(url).unwrap();
        db::migrate(&pool).unwrap();
        Database {
            kind,
            pool,
            _folder: folder,
            _server: server,
        }
    }

    /// Works on one connection that may do anything.
    pub fn raw<T>(&self, work: impl FnOnce(&mut Conn) -> T) -> T {
        self.pool.raw(|conn| Ok(work(conn))).unwrap()
    }

    pub fn columns(&self) -> Vec<Column> {
        let sql = match self.kind {
            Kind::Sqlite => SQLITE_COLUMNS,
            Kind::Postgres => POSTGRES_COLUMNS,
        };
        self.raw(|conn| diesel::sql_query(sql).load(conn).unwrap())
    }

    /// Everything that migrations and guards built, as text to compare.
    pub fn schema(&self) -> Vec<String> {
        let sql = match self.kind {
            Kind::Sqlite => SQLITE_SCHEMA,
            Kind::Postgres => POSTGRES_SCHEMA,
        };
        let lines: Vec<Line> = self.raw(|conn| diesel::sql_query(sql).load(conn).unwrap());
        lines.into_iter().map(|line| line.line).collect()
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        if let Ok(mut conn) = dialect::open(&self.server, true) {
            let gone = conn.batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
            if let Err(cause) = gone {
                eprintln!("{} is still there: {cause}", self.name);
            }
        }
    }
}
