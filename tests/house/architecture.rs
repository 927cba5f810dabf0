//! The laws of the rooms, as one table and a list of what is named where. The table *is* the architecture: a room may import what
//! its line says and nothing else. Every law is also shown a planted violation, so that a blind scanner cannot pass.

use std::collections::BTreeSet;
use std::path::Path;

use super::source::{self, Source};

/// A room, and the rooms of ours that it may import.
const ROOMS: &[(&str, &[&str])] = &[
    // Decides. Imports nothing of ours, and few crates at all (see `PURE`).
    ("rules", &[]),
    // Leaves.
    ("plain", &[]),
    ("address", &[]),
    ("error", &[]),
    ("clock", &[]),
    ("config", &[]),
    ("ids", &["error"]),
    ("act", &["ids", "rules"]),
    // A mail as plain words, between the reader and the desk.
    ("incoming", &["address"]),
    // Remembers.
    ("db", &["rules", "act", "address", "error", "ids", "plain"]),
    // Writes words.
    (
        "letters",
        &["rules", "act", "address", "error", "ids", "plain"],
    ),
    // Acts.
    (
        "desk",
        &[
            "rules", "db", "letters", "act", "address", "error", "ids", "incoming", "plain",
        ],
    ),
    // Touches the world; knows nothing of tickets or refunds.
    (
        "outside",
        &["address", "config", "error", "incoming", "plain"],
    ),
    // Holds what is shared.
    (
        "app",
        &[
            "db", "outside", "clock", "config", "act", "address", "error", "ids", "incoming",
            "plain",
        ],
    ),
    // Doors. `web` reads through db and writes through desk.
    (
        "web",
        &[
            "app", "clock", "config", "desk", "db", "rules", "act", "address", "error", "ids",
            "incoming", "plain",
        ],
    ),
    (
        "worker",
        &[
            "app", "desk", "db", "letters", "outside", "rules", "act", "address", "error", "ids",
            "incoming", "plain",
        ],
    ),
    (
        "cli",
        &[
            "app", "clock", "config", "db", "desk", "letters", "outside", "rules", "web", "worker",
            "act", "address", "error", "ids", "incoming", "plain",
        ],
    ),
    ("main", &["cli"]),
    ("lib", &[]),
];

/// Crates that only some rooms may name.
const OWNED: &[(&str, &[&str])] = &[
    ("diesel", &["db"]),
    ("diesel_migrations", &["db"]),
    ("actix_web", &["web"]),
    ("actix_multipart", &["web"]),
    ("askama", &["web", "letters"]),
    ("rust_embed", &["web"]),
    ("lettre", &["outside"]),
    ("mail_parser", &["outside"]),
    ("ammonia", &["outside"]),
    ("reqwest", &["outside"]),
    ("rustls", &["outside"]),
    ("tokio_rustls", &["outside"]),
    ("async_imap", &["outside"]),
    ("argon2", &["desk"]),
    ("clap", &["cli", "main"]),
    ("krilla", &["web"]),
    ("skrifa", &["web"]),
    ("zip", &["web"]),
];

/// All that the pure room may name beside itself.
const PURE: &[&str] = &[
    "chrono",
    "chrono_tz",
    "iso_currency",
    "rust_decimal",
    "serde",
    "serde_json",
    "sha2",
    "thiserror",
    "toml",
    "toml_edit",
];

/// What is named nowhere but in these files or folders, and why.
const NAMED_ONLY_IN: &[(&[&str], &[&str], &str)] = &[
    (
        &["Utc", "::", "now"],
        &["clock.rs"],
        "time comes from the act or the clock",
    ),
    (
        &["Local", "::", "now"],
        &["clock.rs"],
        "time comes from the act or the clock",
    ),
    (
        &["SystemTime"],
        &["clock.rs"],
        "time comes from the act or the clock",
    ),
    (
        &["Instant", "::", "now"],
        &["clock.rs"],
        "time comes from the act or the clock",
    ),
    (
        &["sql_query"],
        &["db/"],
        "SQL as text stays with the database",
    ),
    (
        &["connection_info"],
        &[],
        "it believes headers that anyone can send",
    ),
    (
        &["realip_remote_addr"],
        &[],
        "it believes headers that anyone can send",
    ),
    (
        &["raw_header"],
        &[],
        "a header built from text can be split by it",
    ),
    (&["new_dangerous"], &[], "it builds mail without the checks"),
    (
        &["TcpListener"],
        &["outside/", "web/"],
        "sockets belong to the outside",
    ),
    (
        &["TcpStream"],
        &["outside/", "web/lines.rs"],
        "sockets belong to the outside",
    ),
    (
        &["UdpSocket"],
        &["outside/"],
        "sockets belong to the outside",
    ),
    // A form's reader hands on every kind of field by name, and none of ours is a float.
    // A page is measured in points.
    (
        &["f32"],
        &["web/fields.rs", "web/paper/"],
        "money is never a float",
    ),
    // The parser refuses floats by name; the charts draw with them, and a workbook's numbers are nothing else.
    (
        &["f64"],
        &[
            "web/chart/",
            "web/fields.rs",
            "web/sheet/workbook.rs",
            "rules/facts/json.rs",
        ],
        "money is never a float",
    ),
];

/// No thing is called by these: they say nothing about it.
const BANNED: &[&str] = &[
    "manager",
    "helper",
    "helpers",
    "util",
    "utils",
    "common",
    "handler",
    "processor",
    "data",
    "info",
    "impl",
    "handle",
    "process",
    "base",
    "do",
];

/// Named after an option of the command line, which is named for whoever types it, or after a role that people have.
const NAMED_BY_OTHERS: &[&str] = &["with_data", "Manager"];

const WRITES: &[&str] = &["insert_", "set_", "mark_", "bump_", "delete_"];

/// A habit, not a gate: what is longer is printed. Beyond twice that, the file or function must be cut.
const FILE_LINES: usize = 500;
const FUNCTION_LINES: usize = 60;

fn imports(source: &Source) -> Vec<String> {
    let Some((_, allowed)) = ROOMS.iter().find(|(room, _)| *room == source.room()) else {
        return vec![format!("{}: no such room in the table", source.path)];
    };
    source
        .rooms_named()
        .into_iter()
        .filter(|(_, named)| named != source.room() && !allowed.contains(&named.as_str()))
        .filter(|(_, named)| ROOMS.iter().any(|(room, _)| room == named))
        .map(|(line, named)| {
            let room = source.room();
            format!("{}:{line}: {room} may not import {named}", source.path)
        })
        .collect()
}

fn crates(source: &Source) -> Vec<String> {
    source
        .heads_of_paths()
        .into_iter()
        .filter(|(_, head)| {
            OWNED
                .iter()
                .any(|(name, rooms)| name == head && !rooms.contains(&source.room()))
        })
        .map(|(line, head)| format!("{}:{line}: {head} is named here", source.path))
        .collect()
}

/// The pure room: its crates, and of std nothing that reaches out.
fn purity(source: &Source, dependencies: &BTreeSet<String>) -> Vec<String> {
    if source.room() != "rules" {
        return Vec::new();
    }
    let mut broken: Vec<String> = source
        .heads_of_paths()
        .into_iter()
        .filter(|(_, head)| dependencies.contains(*head) && !PURE.contains(head))
        .map(|(line, head)| format!("{}:{line}: the pure room names {head}", source.path))
        .collect();
    for reach in ["fs", "net", "time", "env", "thread", "process", "io"] {
        for line in source.lines_with(&["std", "::", reach]) {
            broken.push(format!(
                "{}:{line}: the pure room names std::{reach}",
                source.path
            ));
        }
    }
    for word in ["async", "unsafe", "static", "println", "print", "eprintln"] {
        for line in source.lines_with(&[word]) {
            broken.push(format!("{}:{line}: the pure room says {word}", source.path));
        }
    }
    broken
}

fn named_only_in(source: &Source) -> Vec<String> {
    let mut broken = Vec::new();
    for (run, places, why) in NAMED_ONLY_IN {
        if places.iter().any(|place| source.path.starts_with(place)) {
            continue;
        }
        for line in source.lines_with(run) {
            broken.push(format!("{}:{line}: {}: {why}", source.path, run.concat()));
        }
    }
    broken
}

/// Functions of db that write, by name.
fn writers(sources: &[Source]) -> BTreeSet<String> {
    sources
        .iter()
        .filter(|source| source.room() == "db")
        .flat_map(Source::functions)
        .filter(|function| function.public && writes(&function.name))
        .map(|function| function.name)
        .collect()
}

fn writes(name: &str) -> bool {
    WRITES.iter().any(|prefix| name.starts_with(prefix))
}

fn doors_only_read(source: &Source, writers: &BTreeSet<String>) -> Vec<String> {
    if source.room() != "web" {
        return Vec::new();
    }
    source
        .words
        .windows(2)
        .filter(|pair| {
            pair[0].text != "." && pair[0].text != "fn" && writers.contains(&pair[1].text)
        })
        .map(|pair| {
            format!(
                "{}:{}: a door calls {} without a verb",
                source.path, pair[1].line, pair[1].text
            )
        })
        .collect()
}

/// In db, who writes takes a `Tx` and says so in the name, and the other way round.
fn writes_are_named(source: &Source) -> Vec<String> {
    if source.room() != "db" {
        return Vec::new();
    }
    let mut broken = Vec::new();
    for function in source.functions() {
        let takes_tx = function
            .head
            .windows(4)
            .any(|run| run.iter().eq([":", "&", "mut", "Tx"]));
        let changes = function.body.windows(3).any(|run| {
            run[0] == "diesel"
                && run[1] == "::"
                && ["insert_into", "update", "delete"].contains(&run[2].as_str())
        });
        if function.public && (takes_tx || changes) && !writes(&function.name) {
            broken.push(format!(
                "{}:{}: {} writes but its name does not say so",
                source.path, function.line, function.name
            ));
        }
        if function.public && writes(&function.name) && !takes_tx {
            broken.push(format!(
                "{}:{}: {} is named as a write but takes no Tx",
                source.path, function.line, function.name
            ));
        }
    }
    broken
}

fn opens_with_a_door(source: &Source) -> Vec<String> {
    if source.text.starts_with("//!") {
        return Vec::new();
    }
    vec![format!("{}:1: no door comment", source.path)]
}

fn names(source: &Source) -> Vec<String> {
    let mut broken = Vec::new();
    let mut named: Vec<(usize, &str)> = source
        .words
        .windows(2)
        .filter(|pair| {
            ["mod", "struct", "enum", "trait", "type", "fn", "union"]
                .contains(&pair[0].text.as_str())
                && source::is_name(&pair[1].text)
        })
        .map(|pair| (pair[1].line, pair[1].text.as_str()))
        .collect();
    named.extend(
        source
            .path
            .trim_end_matches(".rs")
            .split('/')
            .map(|part| (1, part)),
    );
    named.retain(|(_, name)| !NAMED_BY_OTHERS.contains(name));
    for (line, name) in named {
        let parts = parts(name);
        let suffix = parts.len() > 1 && parts.last().is_some_and(|last| last == "service");
        let type_suffix = suffix && name.starts_with(char::is_uppercase);
        if type_suffix || parts.iter().any(|part| BANNED.contains(&part.as_str())) {
            broken.push(format!(
                "{}:{line}: {name} is named after nothing",
                source.path
            ));
        }
    }
    broken
}

/// `HttpClient` and `http_client` are both http, client.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for letter in name.chars() {
        if letter == '_' || letter.is_uppercase() {
            parts.push(String::new());
        }
        if letter != '_' {
            parts.last_mut().unwrap().extend(letter.to_lowercase());
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

fn too_long(source: &Source, times: usize) -> Vec<String> {
    let mut long = Vec::new();
    let lines = source.text.lines().count();
    if lines > FILE_LINES * times {
        long.push(format!("{}: {lines} lines", source.path));
    }
    for function in source.functions() {
        if function.lines > FUNCTION_LINES * times {
            long.push(format!(
                "{}:{}: {} has {} lines",
                source.path, function.line, function.name, function.lines
            ));
        }
    }
    long
}

/// The crates of the manifest, as Rust names them.
fn dependencies() -> BTreeSet<String> {
    let manifest: toml::Table =
        toml::from_str(&std::fs::read_to_string(source::root().join("Cargo.toml")).unwrap())
            .unwrap();
    ["dependencies", "dev-dependencies"]
        .iter()
        .flat_map(|kind| manifest[*kind].as_table().unwrap().keys())
        .map(|name| name.replace('-', "_"))
        .collect()
}

fn hold(law: impl Fn(&Source) -> Vec<String>) {
    let sources = source::all();
    assert!(sources.len() > 50, "the scanner found no house");
    let broken: Vec<String> = sources.iter().flat_map(law).collect();
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

fn planted(path: &str, text: &str) -> Source {
    Source::new(path, text)
}

#[test]
fn rooms_import_only_along_the_table() {
    hold(imports);
    let wrong = [
        ("rules/owed.rs", "use crate::error::Error;"),
        ("db/claims.rs", "fn f() { crate::desk::claims::file(); }"),
        ("desk/claims.rs", "use crate::{act::Act, clock::Clock};"),
        (
            "web/queue/claim.rs",
            "use super::super::super::outside::store;",
        ),
        ("outside/smtp.rs", "use crate::rules::money::Money;"),
        ("kitchen/sink.rs", "use crate::db;"),
    ];
    for (path, text) in wrong {
        assert_eq!(imports(&planted(path, text)).len(), 1, "{path}: {text}");
    }
    assert!(imports(&planted("web/queue/claim.rs", "use crate::desk::claims;")).is_empty());
}

#[test]
fn each_outer_crate_stays_in_its_room() {
    hold(crates);
    assert_eq!(
        crates(&planted("desk/claims.rs", "use diesel::prelude::*;")).len(),
        1
    );
    assert_eq!(
        crates(&planted("cli.rs", "#[derive(askama::Template)]")).len(),
        1
    );
    assert!(crates(&planted("db/claims.rs", "use diesel::prelude::*;")).is_empty());
}

#[test]
fn the_room_that_decides_is_pure() {
    let dependencies = dependencies();
    hold(|source| purity(source, &dependencies));
    let wrong = [
        "use std::fs::read;",
        "use std::time::Duration;",
        "fn f() { uuid::Uuid::now_v7(); }",
        "async fn f() {}",
        "static mut N: i64 = 0;",
    ];
    for text in wrong {
        assert_eq!(
            purity(&planted("rules/owed.rs", text), &dependencies).len(),
            1,
            "{text}"
        );
    }
}

#[test]
fn what_has_one_place_is_named_in_that_place_only() {
    hold(named_only_in);
    let wrong = [
        "let at = chrono::Utc::now();",
        "std::time::Instant::now()",
        "request.connection_info().host()",
        "let x: f64 = 0.1;",
        "diesel::sql_query(\"SELECT 1\")",
    ];
    for text in wrong {
        assert_eq!(
            named_only_in(&planted("web/queue/claim.rs", text)).len(),
            1,
            "{text}"
        );
    }
}

#[test]
fn doors_write_through_verbs_only() {
    let sources = source::all();
    let writers = writers(&sources);
    assert!(
        writers.len() > 20,
        "the scanner found no writes: {writers:?}"
    );
    hold(|source| doors_only_read(source, &writers));
    let writer = writers.first().unwrap();
    let call = format!("db::claims::{writer}(tx)?;");
    assert_eq!(
        doors_only_read(&planted("web/portal/claims.rs", &call), &writers).len(),
        1
    );
    let group = format!("use crate::db::claims::{{find, {writer}}};");
    assert_eq!(
        doors_only_read(&planted("web/portal/claims.rs", &group), &writers).len(),
        1
    );
}

#[test]
fn every_write_of_the_database_says_so_and_takes_a_transaction() {
    hold(writes_are_named);
    let wrong = [
        "pub fn insert_claim(conn: &mut Conn) -> QueryResult<()> { diesel::insert_into(x).execute(conn) }",
        "pub fn claim(tx: &mut Tx) -> QueryResult<()> { rows(tx) }",
        "pub fn touch(conn: &mut Conn) -> QueryResult<()> { diesel::update(x).execute(conn) }",
    ];
    for text in wrong {
        assert_eq!(
            writes_are_named(&planted("db/claims.rs", text)).len(),
            1,
            "{text}"
        );
    }
}

#[test]
fn every_file_opens_with_its_door_comment() {
    hold(opens_with_a_door);
    assert_eq!(
        opens_with_a_door(&planted("rules/owed.rs", "use std::fmt;")).len(),
        1
    );
}

#[test]
fn things_are_named_after_what_they_are() {
    hold(names);
    let wrong = [
        ("desk/claims.rs", "pub fn process_claim() {}"),
        ("desk/claims.rs", "struct ClaimManager;"),
        ("desk/claims.rs", "struct RefundService;"),
        ("desk/utils.rs", ""),
    ];
    for (path, text) in wrong {
        assert_eq!(names(&planted(path, text)).len(), 1, "{path}: {text}");
    }
    assert!(
        names(&planted(
            "db/services.rs",
            "struct Service; fn find_service() {}"
        ))
        .is_empty()
    );
}

#[test]
fn files_and_functions_stay_readable() {
    for long in source::all().iter().flat_map(|source| too_long(source, 1)) {
        println!("longer than usual: {long}");
    }
    hold(|source| too_long(source, 2));
    let long = format!("//! x\nfn f() {{{}}}", "\n".repeat(121));
    assert_eq!(too_long(&planted("desk/claims.rs", &long), 2).len(), 1);
}

#[test]
fn the_table_names_every_room_that_is_there() {
    let sources = source::all();
    let found: BTreeSet<&str> = sources.iter().map(Source::room).collect();
    for (room, _) in ROOMS {
        assert!(
            found.contains(room),
            "{room} is in the table but not in the house"
        );
    }
    assert!(Path::new(&source::root().join("src/lib.rs")).exists());
}
