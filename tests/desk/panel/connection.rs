//! How a panel and its orders come to be known: the command, the column of an import, and what neither of them takes.

use std::fs;
use std::process::{Command, Output};

use redress::db;
use redress::desk::intake::{self, Kind, Report};
use redress::desk::panels;

use super::Stage;
use crate::support::app::Desk;
use crate::support::panel::{FakePanel, KEY};

/// An import of orders into the stage's shop.
fn imports(stage: &Stage, rows: &str) -> Report {
    let head =
        "reference,customer,placed_at,status,quantity,remains,charge,paid_with,panel_order\n";
    let reading = intake::read(
        Kind::Orders,
        "orders.csv",
        format!("{head}{rows}").as_bytes(),
    );
    let (reading, act) = (reading.unwrap(), stage.act());
    let mut report = reading.report();
    for rows in reading.batches() {
        let taken = stage.desk.app.pool.write(|tx| {
            let seller = db::sellers::find(tx, &stage.shop.seller)?;
            intake::batch(tx, &act, &seller, Kind::Orders, rows)
        });
        report.take(taken.unwrap());
    }
    report
}

fn refused(report: &Report) -> Vec<String> {
    report.refused.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn an_import_names_orders_at_the_panel_each_name_once() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits").await;
    let row = |reference: &str, status: &str, name: &str| {
        format!(
            "{reference},anna@harbor.example,2026-03-01T09:00:00Z,{status},1000,400,10.00,balance,{name}\n"
        )
    };
    let first = imports(&stage, &row("A-1", "In progress", "501"));
    assert_eq!((first.added, refused(&first)), (1, Vec::new()));
    let again = imports(&stage, &row("A-1", "In progress", "501"));
    assert_eq!((again.same, refused(&again)), (1, Vec::new()));
    let other = imports(&stage, &row("A-2", "In progress", "501"));
    assert_eq!(
        refused(&other),
        ["line 2, panel_order: is the number of order A-1 already"]
    );
    let odd = imports(&stage, &row("A-2", "In progress", "501;502"));
    assert_eq!(
        refused(&odd),
        ["line 2, panel_order: must be the panel's own number: letters and digits"]
    );
    let renamed = imports(&stage, &row("A-1", "In progress", "777"));
    assert_eq!((renamed.changed, refused(&renamed)), (1, Vec::new()));
    let silent = imports(&stage, &row("A-1", "In progress", ""));
    assert_eq!(silent.same, 1, "an empty cell erases nothing");
    stage.panel.says("777", "In progress", "123");
    assert_eq!(stage.round().await, 1);
    // One that has ended is not asked for, until an import says that it runs again.
    let ended = imports(&stage, &row("A-1", "Completed", "777"));
    assert_eq!(ended.changed, 1);
    stage.later(10).await;
    let asked = stage.panel.asked("status").len();
    stage.later(10).await;
    assert_eq!(stage.panel.asked("status").len(), asked);
    imports(&stage, &row("A-1", "In progress", "777"));
    assert_eq!(stage.later(1).await, 1);
}

#[tokio::test]
async fn an_address_that_is_none_and_an_empty_key_are_refused() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits").await;
    let act = stage.act();
    let connect = |url: &str, key: &str| {
        let connected = desk.app.pool.write(|tx| {
            let seller = db::sellers::find(tx, &stage.shop.seller)?;
            panels::connect(tx, &act, &seller, url, key)
        });
        connected.map_err(|why| why.to_string())
    };
    for url in [
        "",
        "panel.example/api",
        "ftp://panel.example",
        "https://",
        "https:///api",
        "https://a b",
    ] {
        assert!(
            connect(url, KEY).unwrap_err().starts_with("url:"),
            "{url:?}"
        );
    }
    for key in ["", "  ", "two\nlines"] {
        let why = connect("https://panel.example/api/v2", key).unwrap_err();
        assert!(why.starts_with("key:") && !why.contains("lines"), "{why}");
    }
    assert!(connect("https://panel.example/api/v2", " k \n").is_ok());
    assert_eq!(stage.connection().api_key, "k");
}

/// The program itself, run beside the test's panel.
async fn redress(words: Vec<String>, data: std::path::PathBuf) -> Output {
    let run = move || {
        Command::new(env!("CARGO_BIN_EXE_redress"))
            .args(&words)
            .env_clear()
            .env("REDRESS_DATA", &data)
            .output()
            .unwrap()
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

#[tokio::test]
async fn the_command_connects_a_panel_tries_it_and_never_shows_the_key() {
    let panel = FakePanel::start().await;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let policy = concat!(env!("CARGO_MANIFEST_DIR"), "/policies/panel-credits.toml");
    let file = folder.path().join("key.txt");
    fs::write(&file, format!("{KEY}\n")).unwrap();
    let key_file = file.display().to_string();
    let said = async |words: &[&str]| {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        let output = redress(words, data.clone()).await;
        let text = [&output.stdout[..], &output.stderr].concat();
        let text = String::from_utf8(text).unwrap();
        assert!(!text.contains(KEY), "{text}");
        (output.status.code(), text)
    };
    said(&["policy", "publish", policy]).await;
    let add = [
        "seller",
        "add",
        "--slug",
        "mine",
        "--name",
        "My shop",
        "--policy",
        "panel-credits",
        "--mail",
        "desk@mine.example",
    ];
    assert_eq!(said(&add).await.0, Some(0));
    let asks = ["seller", "panel", "--seller", "mine"];
    let (status, text) = said(&asks).await;
    assert_eq!((status, text.trim()), (Some(1), "mine has no panel"));
    let connect = [&asks[..], &["--url", &panel.url, "--key-file", &key_file]].concat();
    let (status, text) = said(&connect).await;
    assert_eq!(status, Some(0), "{text}");
    assert!(
        text.contains("it answers: 100.84292 USD are left there"),
        "{text}"
    );
    panel.forgets_the_key();
    let (status, text) = said(&asks).await;
    assert_eq!(status, Some(1));
    assert!(
        text.contains("the panel refused: Invalid API key"),
        "{text}"
    );
    let nobody = said(&["seller", "panel", "--seller", "yours"]).await;
    assert!(
        nobody.1.contains("there is no seller `yours`"),
        "{}",
        nobody.1
    );
    let half = said(&[&asks[..], &["--url", &panel.url]].concat()).await;
    assert_eq!(half.0, Some(2), "{}", half.1);
}
