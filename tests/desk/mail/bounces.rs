//! Letters that come back: what is shown, what stops, and what sets it going again.

use chrono::Duration;
use redress::db;
use redress::desk::mailroom::Way;
use redress::outside::mail::Outgoing;

use super::{ANNA, OMAR, Stage};
use crate::support::app::Desk;
use crate::support::post::Post;

/// What a mail server writes about a letter.
fn report(
    letter: &Outgoing,
    to: &str,
    id: &str,
    action: &str,
    status: &str,
    said: &str,
) -> Vec<u8> {
    format!(
        "From: Mail Delivery <mailer-daemon@mx.example>\r\nTo: {to}\r\nSubject: Undelivered\r\nMessage-ID: <{id}>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=r\r\n\r\n--r\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n\
         --r\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; {}\r\nAction: {action}\r\nStatus: {status}\r\nDiagnostic-Code: smtp; {said}\r\n\
         --r\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{}>\r\n\r\n--r--\r\n",
        letter.to.address, letter.message_id
    )
    .into_bytes()
}

async fn comes(desk: &Desk, to: &str, raw: Vec<u8>) {
    let kept = redress::worker::mail::keep(
        &desk.app,
        raw,
        Way::pipe(Some(String::new()), Some(to.to_owned())),
    );
    kept.await.unwrap().unwrap();
    desk.works().await;
}

fn suppressed(desk: &Desk) -> Option<String> {
    let found = desk
        .app
        .pool
        .read(|conn| Ok(db::suppressions::of(conn, ANNA)?))
        .unwrap();
    found.map(|found| found.reason)
}

#[tokio::test]
async fn an_address_that_is_gone_gets_nothing_more_until_somebody_sends_again() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let ticket = stage.question("Delivery");
    desk.works().await;
    let letter = desk.last_sent_to(ANNA).letter;
    let back = letter.bounces_to.clone().unwrap().to_string();
    comes(
        &desk,
        &back,
        report(
            &letter,
            &back,
            "1@mx.example",
            "failed",
            "5.1.1",
            "550 5.1.1 no such user",
        ),
    )
    .await;
    assert_eq!(
        suppressed(&desk).as_deref(),
        Some("5.1.1 550 5.1.1 no such user")
    );
    let mut omar = desk.signed_in(OMAR).await;
    omar.opens(&format!("/queue/tickets/{}", ticket.number))
        .await
        .sees("Came back")
        .sees("550 5.1.1 no such user")
        .sees("Nothing more is sent to anna@harbor.example");
    let sent = desk.sent().len();
    stage.omar_answers(&ticket.id, "Are you there?").await;
    assert_eq!(desk.sent().len(), sent);
    let dead = desk.letters().pop().unwrap();
    assert_eq!(dead.state, "failed");
    assert!(
        dead.last_error
            .unwrap()
            .contains("mail to this address came back")
    );
    // A lead sends it again, and it goes.
    let act = desk.operator();
    desk.app
        .pool
        .write(|tx| redress::desk::mailroom::send_again(tx, &act, &dead.id))
        .unwrap();
    desk.works().await;
    assert_eq!(desk.sent().len(), sent + 1);
    assert_eq!(suppressed(&desk), None);
    omar.opens(&format!("/queue/tickets/{}", ticket.number))
        .await
        .sees("Letters go to anna@harbor.example again: a letter to it is sent again.");
}

#[tokio::test]
async fn a_mail_from_there_shows_that_the_address_lives() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    stage.question("Delivery");
    desk.works().await;
    let sent = desk.last_sent_to(ANNA);
    let back = sent.letter.bounces_to.clone().unwrap().to_string();
    comes(
        &desk,
        &back,
        report(
            &sent.letter,
            &back,
            "1@mx.example",
            "failed",
            "5.2.1",
            "disabled",
        ),
    )
    .await;
    assert!(suppressed(&desk).is_some());
    desk.gets(&Post::answering(&sent, "I am here.")).await;
    assert_eq!(suppressed(&desk), None);
}

#[tokio::test]
async fn a_report_that_anybody_could_write_stops_nothing_and_a_delay_is_no_bounce() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let ticket = stage.question("Delivery");
    desk.works().await;
    let letter = desk.last_sent_to(ANNA).letter;
    // To the shop's address, naming the letter: shown beside it, and nothing follows.
    comes(
        &desk,
        &stage.to,
        report(
            &letter,
            &stage.to,
            "1@evil.example",
            "failed",
            "5.1.1",
            "gone",
        ),
    )
    .await;
    assert_eq!(suppressed(&desk), None);
    let back = letter.bounces_to.clone().unwrap().to_string();
    comes(
        &desk,
        &back,
        report(&letter, &back, "2@mx.example", "delayed", "4.4.1", "later"),
    )
    .await;
    let counts = desk
        .app
        .pool
        .read(|conn| Ok(db::inbox::counts(conn, &db::tickets::Scope(Vec::new()))?))
        .unwrap();
    let count = |state: &str| {
        counts
            .iter()
            .find(|(known, _)| known == state)
            .map_or(0, |(_, count)| *count)
    };
    assert_eq!((count("bounce"), count("automatic")), (1, 1));
    let letters = desk
        .app
        .pool
        .read(|conn| Ok(db::mail::of_ticket(conn, &ticket.id)?))
        .unwrap();
    assert!(letters.iter().all(|letter| letter.bounced_at.is_none()));
}

#[tokio::test]
async fn three_letters_turned_away_within_a_month_are_enough() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let ticket = stage.question("Delivery");
    for number in 0..3 {
        assert_eq!(suppressed(&desk), None, "{number}");
        stage
            .omar_answers(&ticket.id, &format!("Answer {number}"))
            .await;
        let letter = desk.last_sent_to(ANNA).letter;
        let back = letter.bounces_to.clone().unwrap().to_string();
        let id = format!("{number}@mx.example");
        // The same report twice is one.
        for again in ["a", "b"] {
            comes(
                &desk,
                &back,
                report(
                    &letter,
                    &back,
                    &format!("{again}{id}"),
                    "failed",
                    "5.7.1",
                    "blocked",
                ),
            )
            .await;
        }
    }
    assert!(suppressed(&desk).is_some());
}

#[tokio::test]
async fn so_many_letters_that_nobody_wrote_go_to_an_address_in_an_hour_and_the_rest_later() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    for number in 0..62 {
        stage.question(&format!("Question {number}"));
    }
    for _ in 0..3 {
        redress::worker::letters::tick(&desk.app).await.unwrap();
    }
    assert_eq!(desk.sent().len(), 60);
    let waiting = desk
        .letters()
        .into_iter()
        .filter(|letter| letter.state == "queued");
    assert_eq!(waiting.count(), 2);
    desk.advance(Duration::hours(2));
    desk.works().await;
    assert_eq!(desk.sent().len(), 62);
}
