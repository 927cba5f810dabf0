//! The pipe of a mail server: kept once or not at all, and told honestly which.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use chrono::Duration;
use redress::db::{self, Pool};
use redress::desk::mailroom::Way;
use redress::outside::store::Store;
use redress::worker::sweep::Sweep;

use super::{ANNA, Stage, lies, opens_a_shop, reads_its_mail};
use crate::support::app::Desk;
use crate::support::post::mail;

/// `redress mail receive`, with the mail handed over.
fn begins(data: &Path, words: &[&str], raw: &[u8]) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_redress"))
        .args(["mail", "receive"])
        .args(words)
        .env_clear()
        .env("REDRESS_DATA", data)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that ends before it has read everything closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(raw);
    child
}

/// What it ends with.
fn receives(data: &Path, words: &[&str], raw: &[u8]) -> (Option<i32>, String) {
    let out = begins(data, words, raw).wait_with_output().unwrap();
    (
        out.status.code(),
        String::from_utf8_lossy(&out.stderr).into_owned(),
    )
}

#[test]
fn the_pipe_ends_with_the_status_by_which_a_mail_server_knows_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let raw = mail(ANNA, "desk@mine.example").raw();
    let (status, words) = receives(data, &["--recipient", "desk@mine.example"], &raw);
    assert_eq!(status, Some(75), "without a database: {words}");
    opens_a_shop(data);
    assert_eq!(
        receives(data, &["--recipient", "desk@mine.example"], &raw).0,
        Some(67),
        "not read yet"
    );
    reads_its_mail(data);
    for (recipient, expected) in [
        ("desk@mine.example", 0),
        ("<DESK@Mine.example>", 0),
        ("desk+rabcdefghijklmnopqrstuvwxyz@mine.example", 0),
        ("somebody@mine.example", 67),
        ("no address", 67),
    ] {
        let given = ["--sender", "anna@harbor.example", "--recipient", recipient];
        let (status, words) = receives(data, &given, &raw);
        assert_eq!(status, Some(expected), "{recipient}: {words}");
    }
    assert_eq!(
        receives(data, &[], &raw).0,
        Some(0),
        "the mail says whom it is for"
    );
    assert_eq!(
        receives(data, &["--recipient", "desk@mine.example"], b"").0,
        Some(0),
        "nothing at all"
    );
    let large = vec![b'x'; 25 * 1024 * 1024 + 1];
    assert_eq!(
        receives(data, &["--recipient", "desk@mine.example"], &large).0,
        Some(65)
    );
    // Nobody's mail is sent back because of a mistyped option, or a wrong setting.
    assert_eq!(receives(data, &["--recipent", "x"], &raw).0, Some(75));
    let out = Command::new(env!("CARGO_BIN_EXE_redress"))
        .args(["mail", "receive"])
        .env_clear()
        .env("REDRESS_DATA", data)
        .env("REDRESS_LISTEN", "nowhere")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(75));
}

/// The mail server's part is to come again until it is told that the mail was kept.
#[test]
fn the_pipe_may_be_killed_at_any_moment_and_each_mail_is_kept_whole_and_once() {
    const MOMENTS: u32 = 30;
    const TO: [&str; 2] = ["--recipient", "desk@mine.example"];
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    opens_a_shop(data);
    reads_its_mail(data);
    let written = |at: u32| {
        let post = mail(ANNA, "desk@mine.example").id(&format!("{at}@harbor.example"));
        post.says(&format!("Number {at}. {}", "Hello. ".repeat(10_000)))
            .raw()
    };
    // One whole life, looked at again and again; the others end after a part of so many looks.
    let mut child = begins(data, &TO, &written(0));
    let mut whole = 0;
    while child.try_wait().unwrap().is_none() {
        whole += 1;
    }
    let mut killed = 0;
    for at in 1..=MOMENTS {
        let raw = written(at);
        let mut child = begins(data, &TO, &raw);
        for _ in 0..whole / MOMENTS * at {
            if child.try_wait().unwrap().is_some() {
                break;
            }
        }
        child.kill().unwrap();
        killed += u32::from(!child.wait().unwrap().success());
        let (status, words) = receives(data, &TO, &raw);
        assert_eq!(status, Some(0), "{at}: {words}");
    }
    // How many is the machine's business; the first moments come before any life is over.
    assert!(killed > 2, "only {killed} were killed in time");
    let pool = Pool::open(&format!("sqlite://{}", data.join("redress.db").display())).unwrap();
    let store = Store::disk(data.join("files")).unwrap();
    let blobs = pool.read(|conn| Ok(db::inbox::blobs(conn)?)).unwrap();
    let mut kept: Vec<Vec<u8>> = blobs
        .iter()
        .map(|blob| {
            let mut raw = Vec::new();
            store.open(blob).unwrap().read_to_end(&mut raw).unwrap();
            raw
        })
        .collect();
    let mut expected: Vec<Vec<u8>> = (0..=MOMENTS).map(written).collect();
    kept.sort();
    expected.sort();
    assert!(kept == expected, "{} mails are kept", kept.len());
}

#[tokio::test]
async fn the_same_mail_a_hundred_times_and_by_other_ways_is_one_message() {
    let desk = Desk::with_mail();
    let stage = Stage::of(&desk, "panel-credits");
    let post = stage.annas_mail().says("Once.").vouched();
    let first = desk.gets(&post).await;
    for at in 0..99 {
        let again = post
            .clone()
            .with(&format!(
                "Received: by mx{at}.desk.example;\r\n\tMon, 2 Mar 2026 09:00:{at:02} +0000"
            ))
            .with(&format!("Delivered-To: {}", stage.to));
        // What servers put on top stands on top.
        let mut raw = again.raw();
        if at % 2 == 0 {
            raw = [
                format!("From anna Mon Mar  2 09:00:00 2026\r\nReceived: by a{at}\r\n").as_bytes(),
                &post.raw(),
            ]
            .concat();
        }
        let kept =
            redress::worker::mail::keep(&desk.app, raw, Way::pipe(None, Some(stage.to.clone())));
        assert_eq!(kept.await.unwrap(), Some(first.id.clone()), "{at}");
    }
    desk.works().await;
    assert_eq!(stage.tickets().len(), 1);
    let ticket = first.ticket_id.unwrap();
    assert_eq!(stage.said(&ticket), ["Once."]);
    assert_eq!(desk.app.store.list().unwrap().len(), 1);
}

#[test]
fn the_same_mail_at_the_same_instant_from_eight_sides_is_one_mail() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let raw = stage.annas_mail().raw();
    let kept: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let (app, raw, to) = (desk.app.clone(), raw.clone(), stage.to.clone());
                scope.spawn(move || {
                    let runtime = tokio::runtime::Runtime::new().unwrap();
                    runtime
                        .block_on(redress::worker::mail::keep(
                            &app,
                            raw,
                            Way::pipe(None, Some(to)),
                        ))
                        .unwrap()
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(kept.iter().all(|id| id.is_some() && *id == kept[0]));
    assert_eq!(desk.app.store.list().unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_kept_is_read_by_whoever_comes_next_and_swept_by_nobody() {
    let desk = Desk::with_mail();
    let stage = Stage::of(&desk, "panel-credits");
    let id = desk
        .keeps(&stage.annas_mail().says("It waits.").vouched())
        .await;
    let mut sweep = Sweep::default();
    for _ in 0..3 {
        sweep.tick(&desk.app).await.unwrap();
        desk.advance(Duration::days(2));
    }
    assert_eq!(desk.mail(&id).state, "received");
    desk.works().await;
    let got = desk.mail(&id);
    assert_eq!(lies(&got), ("taken", "new"));
    // It counts from when it was kept, not from when somebody came to read it.
    assert_eq!(
        stage.ticket(&got.ticket_id.unwrap()).opened_at,
        got.received_at
    );
}

#[tokio::test]
async fn two_workers_read_a_mail_once() {
    let desk = Desk::with_mail();
    let stage = Stage::of(&desk, "panel-credits");
    for at in 0..20 {
        let post = stage
            .annas_mail()
            .id(&format!("{at}@harbor.example"))
            .vouched();
        desk.keeps(&post.attaching("a.txt", "text/plain", b"text"))
            .await;
    }
    let both = [desk.app.clone(), desk.app.clone()].map(|app| {
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(redress::worker::mail::tick(&app)).unwrap()
        })
    });
    let read: usize = both.into_iter().map(|thread| thread.join().unwrap()).sum();
    assert_eq!(read, 20);
    let tickets = stage.tickets();
    assert_eq!(tickets.len(), 5);
    for ticket in tickets {
        assert_eq!(stage.said(&ticket.id).len(), 1);
    }
}

#[tokio::test]
async fn a_mail_whose_bytes_are_gone_is_tried_later_and_holds_up_no_other() {
    let desk = Desk::with_mail();
    let stage = Stage::of(&desk, "panel-credits");
    let lost = desk
        .keeps(&stage.annas_mail().id("1@harbor.example").vouched())
        .await;
    desk.app.store.delete(&desk.mail(&lost).blob).unwrap();
    let sound = desk
        .gets(&stage.annas_mail().id("2@harbor.example").vouched())
        .await;
    assert_eq!(lies(&sound), ("taken", "new"));
    for _ in 0..5 {
        desk.advance(Duration::hours(1));
        desk.works().await;
    }
    let given_up = desk.mail(&lost);
    assert_eq!(given_up.state, "unreadable");
    assert!(given_up.why.unwrap().contains("broke"));
}
