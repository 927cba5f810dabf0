//! What the worker does by itself, whatever one mail server or one claim does to it.

use std::thread;

use chrono::Duration;
use diesel::connection::SimpleConnection;
use redress::db;
use redress::db::claims::{Claim, Fact};
use redress::db::clocks::Clock;
use redress::db::mail::Turn;
use redress::ids::{ClockId, FactId, FileId};
use redress::letters::schedule::LONGEST;
use redress::outside::smtp::Mailer;
use redress::worker;
use redress::worker::sweep::{Sweep, Swept};

use super::Stage;
use crate::support::app::Desk;

#[test]
fn a_letter_is_leased_from_the_moment_it_is_taken_however_slow_the_one_before_was() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    stage.stopped("10.00");
    stage.stopped("20.00");
    let Mailer::Memory(sent) = &desk.app.mailer else {
        panic!("a test's letters stay in memory");
    };
    let slow = sent.lock().unwrap();
    let app = desk.app.clone();
    let working = thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(worker::letters::tick(&app)).unwrap()
    });
    let taken = || {
        desk.letters()
            .iter()
            .filter(|row| row.state == "sending")
            .count()
    };
    while taken() == 0 && !working.is_finished() {
        thread::yield_now();
    }
    desk.advance(Duration::minutes(11));
    drop(slow);
    assert_eq!(working.join().unwrap(), (2, 0));
    let last = desk.letters().pop().unwrap();
    assert!(
        last.next_at.utc() > desk.app.now(),
        "the second lease was over before its letter left"
    );
}

#[tokio::test]
async fn no_letter_waits_for_a_clock_that_was_set_back() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    stage.stopped("10.00");
    stage.stopped("20.00");
    // One whose sender died, and one that nobody has taken yet.
    let (now, dead) = (desk.app.now(), desk.letters().remove(0));
    let turn = Turn::of(now, Duration::minutes(10), LONGEST);
    let pool = &desk.app.pool;
    let taken = pool.write(|tx| Ok(db::mail::set_sending(tx, &dead.id, "gone", turn)?));
    assert!(taken.unwrap().is_some());
    let waits = worker::letters::tick(&desk.app).await.unwrap();
    assert_eq!(waits.0, desk.letters().len() - 1, "its lease still runs");
    stage.stopped("30.00");
    desk.advance(Duration::days(-3));
    worker::letters::tick(&desk.app).await.unwrap();
    let states: Vec<String> = desk.letters().into_iter().map(|row| row.state).collect();
    assert!(states.iter().all(|state| state == "sent"), "{states:?}");
}

/// A repair that was promised and is overdue.
fn overdue_cure(stage: &Stage, claim: &Claim) {
    let now = stage.desk.app.now();
    let pool = &stage.desk.app.pool;
    pool.write(|tx| {
        let like = db::clocks::of_ticket(tx, &claim.ticket_id)?.remove(0);
        let cure = Clock {
            id: ClockId::new(now),
            kind: "cure".to_owned(),
            due_at: (now - Duration::minutes(1)).into(),
            declared_json: None,
            warn_at: None,
            ..like
        };
        Ok(db::clocks::insert_clock(tx, &cure)?)
    })
    .unwrap();
}

#[tokio::test]
async fn one_claim_that_cannot_be_assessed_stops_neither_the_others_nor_the_mail() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let (broken, sound) = (stage.stopped("10.00"), stage.stopped("20.00"));
    overdue_cure(&stage, &broken);
    overdue_cure(&stage, &sound);
    let fact = Fact {
        id: FactId::new(desk.app.now()),
        claim_id: broken.id.clone(),
        seq: 0,
        name: "findings.stop".to_owned(),
        value_json: "not a document".to_owned(),
        source: "provider".to_owned(),
        who: "nobody".to_owned(),
        at: desk.app.now().into(),
    };
    let pool = &desk.app.pool;
    pool.write(|tx| Ok(db::claims::insert_fact(tx, fact.clone())?))
        .unwrap();
    let assessed = |claim: &Claim| {
        let latest = pool.read(|conn| Ok(db::claims::latest_assessment(conn, &claim.id)?));
        latest.unwrap().seq
    };
    let before = (assessed(&broken), assessed(&sound));
    let round = worker::round(&desk.app).await.unwrap();
    assert_eq!(round.breaches, 2);
    assert!(round.sent >= 2, "{round:?}");
    assert_eq!(
        (assessed(&broken), assessed(&sound)),
        (before.0, before.1 + 1)
    );
    assert_eq!(worker::round(&desk.app).await.unwrap().breaches, 0);
}

#[tokio::test]
async fn the_mail_leaves_when_the_clocks_cannot_be_read() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    stage.stopped("10.00");
    let rename = "ALTER TABLE clocks RENAME TO clocks_gone";
    let pool = &desk.app.pool;
    pool.raw(|conn| Ok(conn.batch_execute(rename)?)).unwrap();
    assert!(worker::round(&desk.app).await.is_err());
    assert!(desk.letters().iter().all(|letter| letter.state == "sent"));
    let back = "ALTER TABLE clocks_gone RENAME TO clocks";
    pool.raw(|conn| Ok(conn.batch_execute(back)?)).unwrap();
}

/// A file in the store, and the row that names it.
fn uploaded(stage: &Stage, removed: bool) -> String {
    let (app, now) = (&stage.desk.app, stage.desk.app.now());
    let stored = app.store.put(&mut &b"a picture"[..], "a.txt", 100).unwrap();
    let row = db::files::File {
        id: FileId::new(now),
        owner_id: stage.anna.clone(),
        draft_id: None,
        ticket_id: None,
        message_id: None,
        claim_id: None,
        name: "a.txt".to_owned(),
        kind: stored.kind.as_str().to_owned(),
        bytes: 9,
        sha256: stored.sha256,
        blob: stored.blob.clone(),
        at: now.into(),
        removed_at: removed.then(|| now.into()),
    };
    let written = app.pool.write(|tx| Ok(db::files::insert_file(tx, &row)?));
    written.unwrap();
    stored.blob
}

#[tokio::test]
async fn what_nobody_needs_is_swept_at_the_start_and_once_a_day() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let mut anna = stage.anna_signed_in().await;
    let page = anna.opens("/account").await;
    anna.sends(page.form("Save").fill("Your name", "Anna L."))
        .await;
    let (kept, removed) = (uploaded(&stage, false), uploaded(&stage, true));
    let store = &desk.app.store;
    let stray = store.put(&mut &b"x"[..], "x.txt", 100).unwrap().blob;
    let there = |blob: &String| store.list().unwrap().contains(blob);
    let mut sweep = Sweep::default();
    let first = sweep.tick(&desk.app).await.unwrap();
    assert_eq!(first, Swept::default(), "everything is of today");
    desk.advance(Duration::hours(23));
    assert!(!sweep.is_due(desk.app.now()));
    desk.advance(Duration::hours(2));
    let second = sweep.tick(&desk.app).await.unwrap();
    assert_eq!((second.forms, second.files), (0, 2));
    assert_eq!(
        [&kept, &removed, &stray].map(there),
        [true, false, false],
        "what nobody named twice, and what was taken away"
    );
    desk.advance(Duration::days(61));
    let third = sweep.tick(&desk.app).await.unwrap();
    assert!(third.spent > 0 && third.forms > 0, "{third:?}");
    assert_eq!((third.files, there(&kept)), (0, true));
}
