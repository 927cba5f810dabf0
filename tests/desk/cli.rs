//! The program itself, as an operator starts it.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use reqwest::Method;

use crate::people::signs_in;
use crate::support::app::PASSWORD;
use crate::support::page::Browser;

fn redress(words: &[&str], data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_redress"));
    command.args(words).env_clear().env("REDRESS_DATA", data);
    command
}

fn run(words: &[&str], data: &Path) -> Output {
    redress(words, data).output().unwrap()
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A server that is told to stop when the test is over.
struct Served {
    child: Child,
    url: String,
}

impl Served {
    fn start(data: &Path) -> Served {
        let mut command = redress(&["serve", "--listen", "127.0.0.1:0", "--no-worker"], data);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = line
            .trim()
            .strip_prefix("Redress is listening on ")
            .unwrap()
            .to_owned();
        Served { child, url }
    }

    /// The exit status after SIGTERM.
    fn stop(mut self) -> Option<i32> {
        let told = Command::new("kill")
            .arg(self.child.id().to_string())
            .status()
            .unwrap();
        assert!(told.success());
        self.child.wait().unwrap().code()
    }
}

#[tokio::test]
async fn from_nothing_to_a_signed_in_manager() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("new");
    let add = [
        "person",
        "add",
        "--email",
        "ruth@desk.example",
        "--name",
        "Ruth",
        "--role",
        "manager",
    ];
    let mut child = redress(&[&add[..], &["--password-stdin"]].concat(), &data)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(format!("{PASSWORD}\n").as_bytes())
        .unwrap();
    assert!(child.wait().unwrap().success());
    let served = Served::start(&data);
    let mut ruth = Browser::new(&served.url);
    let page = signs_in(&mut ruth, "ruth@desk.example", PASSWORD).await;
    assert_eq!(page.leads_to().as_deref(), Some("/queue"));
    let health = ruth.asks(Method::GET, "/healthz", |it| it).await;
    assert_eq!(health.status, 200);
    assert_eq!(served.stop(), Some(0));
}

#[tokio::test]
async fn an_invitation_is_printed_and_opens_the_account() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(
        &[
            "person",
            "add",
            "--email",
            "omar@desk.example",
            "--name",
            "Omar",
            "--role",
            "agent",
        ],
        folder.path(),
    );
    let printed = said(&output.stdout);
    let link = printed.lines().last().unwrap();
    let path = &link[link.find("/invitation/").unwrap()..];
    let served = Served::start(folder.path());
    let mut omar = Browser::new(&served.url);
    let page = omar.opens(path).await;
    omar.sends(page.form("Open my account").fill("New password", PASSWORD))
        .await
        .sees("Your account is open");
    served.stop();
}

#[test]
fn a_person_who_cannot_be_added_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let add = |email: &str, role: &str, more: &[&str]| {
        let words = [
            "person", "add", "--email", email, "--name", "Omar", "--role", role,
        ];
        run(&[&words[..], more].concat(), folder.path())
    };
    assert!(add("omar@desk.example", "agent", &[]).status.success());
    for (email, role, more, why) in [
        (
            "omar@desk.example",
            "agent",
            &[][..],
            "has an account already",
        ),
        ("omar@localhost", "agent", &[], "full host name"),
        ("new@desk.example", "king", &[], "a role is"),
        (
            "new@desk.example",
            "agent",
            &["--seller", "nobody"],
            "there is no seller",
        ),
        (
            "new@desk.example",
            "agent",
            &["--password-stdin"],
            "at least 12 characters",
        ),
    ] {
        let output = add(email, role, more);
        let words = said(&output.stderr);
        assert!(
            !output.status.success() && words.contains(why),
            "{email} {role}: {words}"
        );
    }
}

#[test]
fn unsafe_or_misspelt_settings_end_with_status_2_and_every_reason() {
    let folder = tempfile::tempdir().unwrap();
    let output = redress(&["serve"], folder.path())
        .env("REDRESS_MODE", "production")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let words = said(&output.stderr);
    for name in [
        "REDRESS_PUBLIC_URL",
        "REDRESS_SECRET",
        "REDRESS_MAIL",
        "REDRESS_MAIL_FROM",
    ] {
        assert!(words.contains(name), "{name} in {words}");
    }
    let output = redress(&["migrate"], folder.path())
        .env("REDRESS_SECERT", "x")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output.stderr).contains("REDRESS_SECERT"));
}

#[test]
fn migrating_twice_does_nothing_the_second_time() {
    let folder = tempfile::tempdir().unwrap();
    let first = run(&["migrate"], folder.path());
    assert!(
        first.status.success() && said(&first.stdout).contains("migrations ran"),
        "{first:?}"
    );
    let second = run(
        &["migrate", "--data", folder.path().to_str().unwrap()],
        folder.path(),
    );
    assert!(said(&second.stdout).contains("nothing to do"));
}

#[test]
fn a_folder_named_by_mistake_proves_nothing_and_stays_empty() {
    let folder = tempfile::tempdir().unwrap();
    for words in [
        &["ledger", "verify"][..],
        &["policy", "replay"],
        &["policy", "list"],
        &["seller", "list"],
    ] {
        let output = run(words, folder.path());
        assert!(!output.status.success(), "{words:?}");
        let why = said(&output.stderr);
        assert!(why.contains("there is no database at"), "{words:?}: {why}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_backup_is_a_database_of_its_own_and_overwrites_nothing() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let copy = other.path().join("redress.db");
    let copy = copy.to_str().unwrap();
    assert!(
        !run(&["backup", copy], folder.path()).status.success(),
        "there is nothing to copy yet"
    );
    run(
        &[
            "person",
            "add",
            "--email",
            "omar@desk.example",
            "--name",
            "Omar",
            "--role",
            "agent",
        ],
        folder.path(),
    );
    assert!(run(&["backup", copy], folder.path()).status.success());
    let again = run(&["backup", copy], folder.path());
    assert!(said(&again.stderr).contains("overwrites nothing"));
    let there = run(
        &[
            "person",
            "add",
            "--email",
            "omar@desk.example",
            "--name",
            "Omar",
            "--role",
            "agent",
        ],
        other.path(),
    );
    assert!(
        said(&there.stderr).contains("has an account already"),
        "the copy knows him too"
    );
}

#[test]
fn the_sitemap_is_printed_line_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(&["routes"], folder.path());
    let lines = said(&output.stdout);
    assert!(
        lines
            .lines()
            .any(|line| line.split_whitespace().eq(["Signed", "GET", "/account"])),
        "{lines}"
    );
    assert_eq!(lines.lines().count(), redress::web::routes::ALL.len());
}

#[test]
fn the_port_that_is_taken_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut child = redress(&["serve", "--listen", &address], folder.path())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    assert!(!child.wait().unwrap().success());
    let mut words = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut words)
        .unwrap();
    assert!(words.contains(&address), "{words}");
}

#[test]
fn a_document_is_tried_on_the_past_of_its_policy_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.toml");
    let document = include_str!("../../policies/virtual-numbers.toml");
    std::fs::write(&file, document).unwrap();
    let file = file.to_str().unwrap();
    assert!(run(&["migrate"], folder.path()).status.success());
    let tried = run(&["policy", "try", file], folder.path());
    assert!(!tried.status.success());
    assert!(said(&tried.stderr).contains("nothing of virtual-numbers is published"));
    assert!(
        run(&["policy", "publish", file], folder.path())
            .status
            .success()
    );
    let days = ["--from", "2026-01-01", "--to", "2026-03-31"];
    let tried = run(
        &[&["policy", "try", file][..], &days].concat(),
        folder.path(),
    );
    let words = said(&tried.stdout);
    assert!(
        words.contains("on the claims of 2026-01-01 to 2026-03-31"),
        "{words}"
    );
    assert!(words.contains("0 claims judged"), "{words}");
    let checked = said(&run(&["policy", "check", file], folder.path()).stdout);
    assert!(
        checked.contains("warning: clauses.D8: is a general rule"),
        "{checked}"
    );
    assert!(checked.contains("8 passed, 0 failed"), "{checked}");
}
