//! Nothing is lost and nothing doubled, wherever it breaks: at the mail server, on the way, or here.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration as Wait;

use chrono::Duration;
use redress::worker;

use super::super::Stage;
use crate::support::app::Desk;
use crate::support::imap::{Mood, PASSWORD, Postbox};

/// A desk that waits half a second for a mail server.
fn impatient() -> Desk {
    Desk::built(
        |mut config| {
            crate::support::post::AUTHSERV.clone_into(&mut config.authserv);
            config
        },
        |mut app| {
            app.imap = app.imap.with_patience(Wait::from_millis(500));
            app
        },
    )
}

#[tokio::test]
async fn the_connection_may_break_at_any_byte() {
    let (desk, postbox) = (Desk::with_mail(), Postbox::open().await);
    let stage = Stage::of(&desk, "panel-credits");
    stage.fetches_from(&postbox.url());
    let mut broke = 0;
    for (number, bytes) in (0..1_400).step_by(41).enumerate() {
        postbox.takes(
            &stage.annas(number, &format!("Words {number}.")).raw(),
            stage.now(),
        );
        postbox.is(Mood::Cut(bytes));
        stage.fetches().await;
        broke += usize::from(stage.account().failures > 0);
        postbox.is(Mood::Answers);
        desk.advance(Duration::minutes(1));
        stage.fetches().await;
        assert_eq!(stage.account().problem, None, "after {bytes} bytes");
        assert_eq!(stage.inbox().len(), number + 1, "after {bytes} bytes");
    }
    assert!(broke > 15, "only {broke} of them broke");
    assert!(postbox.seen().iter().all(|seen| *seen));
}

#[tokio::test]
async fn the_desk_may_be_killed_at_any_step() {
    let (desk, postbox) = (Desk::with_mail(), Postbox::open().await);
    let stage = Stage::of(&desk, "panel-credits");
    stage.fetches_from(&postbox.url());
    let (mut killed, mut steps) = (0, 1);
    loop {
        postbox.takes(&stage.annas(steps, "Words.").raw(), stage.now());
        desk.advance(Duration::minutes(1));
        let mut left = steps;
        let dies = poll_fn(|_| {
            left -= 1;
            if left == 0 {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        });
        let ended = tokio::select! {
            biased;
            read = worker::imap::visit(&desk.app, &stage.shop.seller) => Some(read.unwrap()),
            () = dies => None,
        };
        killed += usize::from(ended.is_none());
        // The turn of the dead expires.
        desk.advance(Duration::minutes(3));
        stage.fetches().await;
        assert_eq!(stage.inbox().len(), steps, "killed at step {steps}");
        if ended.is_some() {
            break;
        }
        steps += 1;
    }
    assert!(killed > 10, "only {killed} steps");
    assert!(postbox.seen().iter().all(|seen| *seen));
    desk.works().await;
    assert!(stage.inbox().iter().all(|mail| mail.attempts == 1));
}

#[tokio::test]
async fn every_trouble_has_its_words_and_none_has_the_password_or_a_mail() {
    let (desk, postbox) = (impatient(), Postbox::open().await);
    let stage = Stage::of(&desk, "panel-credits");
    stage.fetches_from(&postbox.url());
    let long = "A long mail. ".repeat(20_000);
    postbox.takes(&stage.annas(1, &long).raw(), stage.now());
    for (mood, expected) in [
        (Mood::HangsUp, "the connection to the mail server broke"),
        (Mood::Silent, "the mail server did not answer in time"),
        (
            Mood::Strange,
            "the mail server does not take this user and password; set them anew",
        ),
        (Mood::Folderless, "there is no such folder in the mailbox"),
        (Mood::Boasts, "what the mail server says does not read"),
        (Mood::Lies, "the mail server sends more than was asked for"),
        (Mood::Babbles, "what the mail server says does not read"),
        (Mood::Chokes(1), "the connection to the mail server broke"),
    ] {
        postbox.is(mood);
        desk.advance(Duration::hours(1));
        stage.fetches().await;
        let account = stage.account();
        assert_eq!(account.problem.as_deref(), Some(expected), "{mood:?}");
        assert!(!format!("{account:?}").contains(PASSWORD));
        assert!(stage.inbox().is_empty(), "{mood:?}");
    }
}

#[tokio::test]
async fn a_mail_that_cannot_be_had_is_told_of_and_holds_up_no_other() {
    let (desk, postbox) = (Desk::with_mail(), Postbox::open().await);
    let stage = Stage::of(&desk, "panel-credits");
    stage.fetches_from(&postbox.url());
    for number in 1..=3 {
        postbox.takes(&stage.annas(number, "Words.").raw(), stage.now());
    }
    postbox.is(Mood::Chokes(2));
    for _ in 0..6 {
        desk.advance(Duration::hours(1));
        stage.fetches().await;
    }
    desk.works().await;
    let inbox = stage.inbox();
    let states: Vec<&str> = inbox.iter().map(|mail| mail.state.as_str()).collect();
    assert_eq!(states, ["taken", "unreadable", "taken"]);
    assert!(
        inbox[1]
            .why
            .as_ref()
            .unwrap()
            .contains("broke off each time")
    );
    assert_eq!(inbox[1].seller_id.as_ref(), Some(&stage.shop.seller));
    assert_eq!(postbox.seen(), [true, false, true]);
}

#[tokio::test]
async fn a_folder_that_is_only_to_be_read_is_read_once() {
    let (desk, postbox) = (Desk::with_mail(), Postbox::open().await);
    let stage = Stage::of(&desk, "panel-credits");
    stage.fetches_from(&postbox.url());
    postbox.is(Mood::ReadOnly);
    postbox.takes(&stage.annas(1, "Words.").raw(), stage.now());
    assert_eq!((stage.fetches().await, stage.fetches().await), (1, 0));
    assert_eq!(
        (stage.account().problem, postbox.seen()),
        (None, vec![false])
    );
}

#[tokio::test]
async fn two_workers_share_no_turn_and_a_dead_ones_is_taken_over() {
    let (desk, postbox) = (Desk::with_mail(), Postbox::open().await);
    let stage = Stage::of(&desk, "panel-credits");
    stage.fetches_from(&postbox.url());
    for number in 0..5 {
        postbox.takes(&stage.annas(number, "Words.").raw(), stage.now());
    }
    let seller = &stage.shop.seller;
    let (one, other) = (desk.app.clone(), desk.app.clone());
    let read = tokio::join!(
        worker::imap::visit(&one, seller),
        worker::imap::visit(&other, seller)
    );
    let mut read = [read.0.unwrap(), read.1.unwrap()];
    read.sort_unstable();
    assert_eq!(read, [0, 5]);
    // A worker whose turn was taken over while it slept writes nothing any more.
    let lease = |word: &str| db_turn(&stage, word);
    let taken = |turn: &redress::db::imap::Turn| {
        let (now, turn) = (stage.now(), turn.clone());
        let pool = &desk.app.pool;
        pool.write(move |tx| {
            Ok(redress::db::imap::set_reading(
                tx,
                &turn,
                now,
                now + Duration::hours(1),
            )?)
        })
        .unwrap()
        .is_some()
    };
    let (slow, quick) = (lease("slow"), lease("quick"));
    desk.advance(Duration::minutes(1));
    assert!(taken(&slow) && !taken(&quick));
    desk.advance(Duration::minutes(3));
    assert!(taken(&quick));
    let moved = desk
        .app
        .pool
        .write(|tx| Ok(redress::db::imap::set_last(tx, &slow, 99)?));
    assert!(!moved.unwrap());
    assert_eq!(stage.account().last_uid, 5);
}

fn db_turn(stage: &Stage, lease: &str) -> redress::db::imap::Turn {
    redress::db::imap::Turn {
        seller: stage.shop.seller.clone(),
        lease: lease.to_owned(),
        until: stage.now() + Duration::minutes(3),
    }
}

#[tokio::test]
async fn no_password_goes_to_a_server_that_is_not_encrypted_or_that_nobody_vouches_for() {
    let (desk, postbox) = (impatient(), Postbox::open().await);
    let stage = Stage::of(&desk, "panel-credits");
    let asked = format!("imap://desk%40mine.example@127.0.0.1:{}", postbox.port);
    stage.fetches_from(&asked);
    stage.fetches().await;
    let problem = stage.account().problem.unwrap();
    assert!(
        problem.starts_with("the mail server offers no encryption"),
        "{problem}"
    );
    let vouched = "nobody vouches for the mail server's certificate";
    for (mood, scheme) in [(Mood::Imposter, "imaps"), (Mood::LateImposter, "imap")] {
        postbox.is(mood);
        stage.fetches_from(&format!("{scheme}://desk@localhost:{}", postbox.port));
        stage.fetches().await;
        let problem = stage.account().problem.unwrap();
        assert!(problem.starts_with(vouched), "{mood:?}: {problem}");
    }
    // In the clear, and at a private address, only where the operator says so.
    for (url, expected) in [
        (
            "imap://desk@mail.example?tls=none",
            "the mail server offers no encryption",
        ),
        (
            "imaps://desk@10.0.0.1",
            "the mail server's address is not public",
        ),
        (
            "imaps://desk@nowhere.invalid",
            "there is no such mail server",
        ),
    ] {
        stage.fetches_from(url);
        stage.fetches().await;
        let problem = stage.account().problem.unwrap();
        assert!(problem.starts_with(expected), "{url}: {problem}");
    }
    let said = postbox.said();
    assert!(said.iter().all(|line| !line.contains("LOGIN")), "{said:?}");
}
