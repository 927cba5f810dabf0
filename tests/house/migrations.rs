//! The migrations go up, down and up again on both databases, keep to the portable subset, and build what `src/db/schema.rs` says.

use std::collections::BTreeMap;
use std::fs;

use redress::db::{self, dialect};

use super::database::{Column, Database, Kind};
use super::source;

/// What the portable subset calls a type, what diesel calls it, and what each database says it is.
const TYPES: &[(&str, &str, &str)] = &[
    ("TEXT", "Text", "text"),
    ("BIGINT", "BigInt", "bigint"),
    ("BOOLEAN", "Bool", "boolean"),
    ("TIMESTAMP", "Timestamp", "timestamp without time zone"),
    ("DATE", "Date", "date"),
];

/// Words that would let the database decide something by itself, or that only one of the two understands.
const FOREIGN: &[&str] = &[
    "DEFAULT",
    "NOW",
    "CURRENT_TIMESTAMP",
    "CURRENT_DATE",
    "SERIAL",
    "AUTOINCREMENT",
    "INTEGER",
    "INT",
    "NUMERIC",
    "DECIMAL",
    "REAL",
    "DOUBLE",
    "FLOAT",
    "JSONB",
    "TIMESTAMPTZ",
    "CASCADE",
    "WITHOUT",
];

/// `schema.rs`, table by table, in the shape that the databases answer in.
fn believed(text: &str) -> Vec<Column> {
    let mut columns = Vec::new();
    for block in text.split("diesel::table! {").skip(1) {
        let block = block.split("\n}").next().unwrap();
        let (head, body) = block.split_once('{').unwrap();
        let (table, keys) = head.trim().trim_end_matches(')').rsplit_once('(').unwrap();
        let keys: Vec<&str> = keys
            .trim_end_matches([')', ' '])
            .split(',')
            .map(str::trim)
            .collect();
        for line in body.lines().filter(|line| line.contains("->")) {
            let (name, kind) = line
                .trim()
                .trim_end_matches(',')
                .split_once(" -> ")
                .unwrap();
            let bare = kind.trim_start_matches("Nullable<").trim_end_matches('>');
            let key = keys.iter().position(|key| *key == name);
            columns.push(Column {
                tab: table.trim().to_owned(),
                name: name.to_owned(),
                kind: bare.to_owned(),
                nullable: kind.starts_with("Nullable<"),
                key: key.map_or(0, |at| i64::try_from(at).unwrap() + 1),
            });
        }
    }
    columns.sort_by(|a, b| a.tab.cmp(&b.tab));
    columns
}

/// What a database has, in diesel's words.
fn built(database: &Database) -> Vec<Column> {
    let mut columns = database.columns();
    for column in &mut columns {
        let known = TYPES
            .iter()
            .find(|(sqlite, _, postgres)| match database.kind {
                Kind::Sqlite => *sqlite == column.kind,
                Kind::Postgres => *postgres == column.kind,
            });
        if let Some((_, diesel, _)) = known {
            column.kind = (*diesel).to_owned();
        }
    }
    columns.sort_by(|a, b| a.tab.cmp(&b.tab));
    columns
}

fn differences(believed: &[Column], built: &[Column]) -> Vec<String> {
    let by_table = |columns: &[Column]| {
        let mut tables: BTreeMap<String, Vec<Column>> = BTreeMap::new();
        for column in columns {
            tables
                .entry(column.tab.clone())
                .or_default()
                .push(column.clone());
        }
        tables
    };
    let (believed, built) = (by_table(believed), by_table(built));
    let mut found = Vec::new();
    for table in believed.keys().chain(built.keys()) {
        if believed.get(table) != built.get(table) {
            found.push(format!(
                "{table}\n  schema.rs:  {:?}\n  migrations: {:?}",
                believed.get(table),
                built.get(table)
            ));
        }
    }
    found.dedup();
    found
}

fn foreign(text: &str) -> Vec<String> {
    text.lines()
        .map(|line| line.split("--").next().unwrap())
        .flat_map(|line| line.split(|letter: char| !letter.is_alphanumeric() && letter != '_'))
        .filter(|word| FOREIGN.contains(&word.to_uppercase().as_str()))
        .map(str::to_owned)
        .collect()
}

#[test]
fn no_two_migrations_have_the_same_number() {
    let folders = fs::read_dir(source::root().join("migrations")).unwrap();
    let names = folders.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut by_number: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for name in names.filter(|name| name.starts_with("20")) {
        let number = name.split('_').next().unwrap().to_owned();
        by_number.entry(number).or_default().push(name);
    }
    assert!(by_number.len() > 15, "there are more of them");
    by_number.retain(|_, names| names.len() > 1);
    assert!(by_number.is_empty(), "{by_number:?}");
}

/// What a column's name promises about its type.
fn promised(name: &str) -> Option<&'static str> {
    const ENDINGS: &[(&str, &str)] = &[
        ("_e8", "BigInt"),
        ("_at", "Timestamp"),
        ("_on", "Date"),
        ("_json", "Text"),
        ("_id", "Text"),
    ];
    ENDINGS
        .iter()
        .find(|(ending, _)| name.ends_with(ending))
        .map(|(_, kind)| *kind)
}

fn schema() -> String {
    fs::read_to_string(source::root().join("src/db/schema.rs")).unwrap()
}

#[test]
fn the_migrations_go_up_down_and_up_again_and_build_the_same() {
    for database in Database::each() {
        let first = database.schema();
        assert!(
            first.len() > 40,
            "{:?} has {} parts",
            database.kind,
            first.len()
        );
        database.raw(|conn| dialect::unmigrate(conn).unwrap());
        let tables: Vec<Column> = database.columns();
        assert!(
            tables.is_empty(),
            "{:?} still has {tables:?}",
            database.kind
        );
        db::migrate(&database.pool).unwrap();
        assert_eq!(database.schema(), first, "{:?}", database.kind);
        assert!(
            db::migrate(&database.pool).unwrap().is_empty(),
            "nothing was left to do"
        );
    }
}

#[test]
fn the_schema_that_the_code_believes_is_the_one_that_the_migrations_build() {
    let believed = believed(&schema());
    assert!(believed.len() > 200, "schema.rs was not read");
    for database in Database::each() {
        let found = differences(&believed, &built(&database));
        assert!(
            found.is_empty(),
            "{:?}:\n{}",
            database.kind,
            found.join("\n")
        );
    }
}

#[test]
fn a_column_that_only_one_side_has_is_seen() {
    let text = schema();
    let changed = [
        ("email -> Text,", "email -> Nullable<Text>,"),
        ("email -> Text,", ""),
        ("suspended -> Bool,", "suspended -> BigInt,"),
        ("people (id)", "people (email)"),
    ];
    let database = Database::each().remove(0);
    for (from, to) in changed {
        assert!(text.contains(from));
        let found = differences(&believed(&text.replacen(from, to, 1)), &built(&database));
        assert_eq!(found.len(), 1, "{from} -> {to}");
    }
}

#[test]
fn columns_are_of_the_type_that_their_name_promises() {
    for column in believed(&schema()) {
        if let Some(kind) = promised(&column.name) {
            assert_eq!(column.kind, kind, "{}.{}", column.tab, column.name);
        }
    }
}

#[test]
fn migrations_keep_to_what_both_databases_understand_and_decide_nothing() {
    let mut steps = 0;
    for folder in fs::read_dir(source::root().join("migrations")).unwrap() {
        let folder = folder.unwrap().path();
        if !folder.is_dir() {
            continue;
        }
        steps += 1;
        for file in ["up.sql", "down.sql"] {
            let text = fs::read_to_string(folder.join(file)).expect("a migration can be undone");
            assert!(!text.trim().is_empty(), "{}/{file}", folder.display());
            let found = foreign(&text);
            assert!(found.is_empty(), "{}/{file}: {found:?}", folder.display());
        }
    }
    assert!(steps > 5, "the scanner found no migrations");
    assert_eq!(
        foreign("created_at TIMESTAMP DEFAULT now(), -- not a default"),
        ["DEFAULT", "now"]
    );
}
