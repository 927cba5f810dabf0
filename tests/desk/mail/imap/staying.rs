//! The worker that stays at a mailbox: told of new mail, and gone when it is told to go.

use std::time::Duration as Wait;

use redress::worker;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::super::Stage;
use crate::support::app::Desk;
use crate::support::imap::{Mood, Postbox};

/// Longer than anything here takes.
const LONG: Wait = Wait::from_secs(20);

/// Until something holds.
async fn until(words: &str, mut holds: impl FnMut() -> bool) {
    let waiting = async {
        while !holds() {
            sleep(Wait::from_millis(5)).await;
        }
    };
    timeout(LONG, waiting)
        .await
        .unwrap_or_else(|_| panic!("never: {words}"));
}

#[tokio::test]
async fn new_mail_is_fetched_when_the_server_tells_of_it_and_the_worker_ends_within_a_second() {
    let (desk, postbox) = (Desk::with_mail(), Postbox::open().await);
    let stage = Stage::of(&desk, "panel-credits");
    stage.fetches_from(&postbox.url());
    let (stop, stopped) = watch::channel(false);
    let worker = tokio::spawn(worker::imap::watch::run(desk.app.clone(), stopped));
    until("it listens", || {
        postbox.said().iter().any(|line| line.ends_with("IDLE"))
    })
    .await;
    for number in 1..=3 {
        postbox.takes(&stage.annas(number, "Words.").raw(), stage.now());
        until("it is fetched and marked", || {
            postbox.seen() == vec![true; number]
        })
        .await;
        assert_eq!(stage.inbox().len(), number);
    }
    // The clock stands still, so all this was one connection and one turn.
    let signed_in = postbox
        .said()
        .into_iter()
        .filter(|line| line.contains("LOGIN"));
    assert_eq!(signed_in.count(), 1);
    stop.send(true).unwrap();
    timeout(Wait::from_secs(1), worker).await.unwrap().unwrap();
    let account = stage.account();
    assert_eq!((account.lease, account.next_at.utc()), (None, stage.now()));
}

#[tokio::test]
async fn a_server_that_lets_nobody_wait_is_visited_each_minute_and_is_no_trouble() {
    for mood in [Mood::Mute, Mood::Restless, Mood::Fickle] {
        let (desk, postbox) = (Desk::with_mail(), Postbox::open().await);
        let stage = Stage::of(&desk, "panel-credits");
        postbox.is(mood);
        stage.fetches_from(&postbox.url());
        let (stop, stopped) = watch::channel(false);
        let worker = tokio::spawn(worker::imap::watch::run(desk.app.clone(), stopped));
        for number in 1..=2 {
            postbox.takes(&stage.annas(number, "Words.").raw(), stage.now());
            until("it is fetched", || postbox.seen() == vec![true; number]).await;
            until("it is left", || stage.account().lease.is_none()).await;
            let account = stage.account();
            assert_eq!((account.problem, account.failures), (None, 0), "{mood:?}");
            let wait = account.next_at.utc() - stage.now();
            assert_eq!(wait, chrono::Duration::minutes(1), "{mood:?}");
            desk.advance(wait);
        }
        stop.send(true).unwrap();
        timeout(Wait::from_secs(1), worker).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn of_two_servers_on_one_database_one_stays_at_the_mailbox_and_the_other_takes_over() {
    let (desk, postbox) = (Desk::with_mail(), Postbox::open().await);
    let stage = Stage::of(&desk, "panel-credits");
    stage.fetches_from(&postbox.url());
    let (mut stops, mut servers) = (Vec::new(), Vec::new());
    for _ in 0..2 {
        let (stop, stopped) = watch::channel(false);
        let run = worker::imap::watch::run(desk.app.clone(), stopped);
        stops.push(stop);
        servers.push(tokio::spawn(run));
    }
    for number in 1..=20 {
        postbox.takes(&stage.annas(number, "Words.").raw(), stage.now());
    }
    until("all are fetched", || postbox.seen() == vec![true; 20]).await;
    let signed_in = || {
        let said = postbox.said().into_iter();
        said.filter(|line| line.contains("LOGIN")).count()
    };
    assert_eq!(signed_in(), 1);
    // Whoever has the turn goes, and gives it back.
    for (number, (stop, server)) in (21..).zip(stops.into_iter().zip(servers)) {
        postbox.takes(&stage.annas(number, "More.").raw(), stage.now());
        stop.send(true).unwrap();
        timeout(Wait::from_secs(1), server).await.unwrap().unwrap();
    }
    assert!(stage.account().lease.is_none());
    stage.fetches().await;
    assert_eq!((stage.inbox().len(), postbox.seen()), (22, vec![true; 22]));
}

#[tokio::test]
async fn a_mail_that_comes_while_another_is_fetched_is_not_overlooked() {
    let (desk, postbox) = (Desk::with_mail(), Postbox::open().await);
    let stage = Stage::of(&desk, "panel-credits");
    stage.fetches_from(&postbox.url());
    let (stop, stopped) = watch::channel(false);
    let worker = tokio::spawn(worker::imap::watch::run(desk.app.clone(), stopped));
    for number in 1..=40 {
        postbox.takes(&stage.annas(number, "Words.").raw(), stage.now());
        sleep(Wait::from_millis(1)).await;
    }
    until("all are fetched", || postbox.seen() == vec![true; 40]).await;
    assert_eq!(stage.inbox().len(), 40);
    stop.send(true).unwrap();
    timeout(Wait::from_secs(1), worker).await.unwrap().unwrap();
}
