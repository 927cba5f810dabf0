//! The outbox before a mail server that behaves badly: what is tried again and when, what is given up, and that nothing leaves twice but
//! where the server's last word was lost.

use std::time::Duration as Patience;

use chrono::{DateTime, Duration, Utc};
use redress::config::Mail;
use redress::db::mail::Row;
use redress::db::tickets::Ticket;
use redress::letters::schedule;
use redress::outside::relay::Relay;
use redress::outside::smtp::Mailer;

use super::{ANNA, OMAR, Stage};
use crate::support::app::Desk;
use crate::support::smtp::{Script, Sink};

/// A desk whose letters go to that server, which may take a second for each.
fn desk(sink: &Sink) -> Desk {
    let url = format!("smtp://127.0.0.1:{}?tls=none", sink.port);
    let relay = Relay::parse(&url).unwrap();
    Desk::built(
        |mut config| {
            config.mail = Mail::Smtp(url);
            config
        },
        |mut app| {
            app.mailer = Mailer::Smtp(relay.with_patience(Patience::from_secs(1)));
            app
        },
    )
}

/// The letter that tells Anna of her question, after the worker had its turn.
async fn first_letter(stage: &Stage<'_>) -> (Ticket, Row) {
    let ticket = stage.question("Delivery");
    stage.desk.works().await;
    let letter = stage.desk.letters().remove(0);
    assert_eq!(letter.recipient, ANNA);
    (ticket, letter)
}

fn due(letter: &Row) -> DateTime<Utc> {
    letter.next_at.utc()
}

#[tokio::test]
async fn what_is_the_servers_trouble_is_tried_again_a_minute_later_and_arrives_once() {
    for (script, why) in [
        (Script::HangUp, ""),
        (Script::Silent, "did not finish within 1 s"),
        (Script::Tarpit(400), "did not finish within 1 s"),
        (
            Script::Greet("421 closing for the night"),
            "closing for the night",
        ),
        (Script::Greet("554 no mail here"), "no mail here"),
        (
            Script::Refuse {
                code: 450,
                times: 1,
            },
            "says the script",
        ),
        (
            Script::Refuse {
                code: 452,
                times: 1,
            },
            "says the script",
        ),
        (
            Script::RefuseData {
                code: 451,
                times: 1,
            },
            "not this letter",
        ),
        (
            Script::RefuseData {
                code: 452,
                times: 1,
            },
            "not this letter",
        ),
        (Script::CutInData, ""),
    ] {
        let sink = Sink::start(script).await;
        let desk = desk(&sink);
        let stage = Stage::of(&desk, "panel-credits");
        let (_, letter) = first_letter(&stage).await;
        assert_eq!(
            (letter.state.as_str(), letter.attempts),
            ("queued", 1),
            "{script:?}"
        );
        let told = letter.last_error.clone().unwrap();
        assert!(
            told.contains(why) && !told.contains('\n'),
            "{script:?}: {told}"
        );
        let wait = due(&letter) - desk.app.now();
        assert!(
            (Duration::seconds(60)..Duration::seconds(67)).contains(&wait),
            "{script:?}: {wait}"
        );
        assert!(sink.taken().is_empty(), "{script:?}");
        // Before its time nothing is tried.
        let said = sink.said().len();
        sink.play(Script::Take);
        desk.works().await;
        assert_eq!(sink.said().len(), said, "{script:?}");
        desk.advance(Duration::minutes(2));
        desk.works().await;
        desk.advance(Duration::days(7));
        desk.works().await;
        let ours = |taken: &&crate::support::smtp::Taken| {
            String::from_utf8_lossy(&taken.bytes).contains(&format!(
                "Message-ID: <{}>",
                letter.message_id.trim_matches(['<', '>'])
            ))
        };
        assert_eq!(sink.taken().iter().filter(ours).count(), 1, "{script:?}");
    }
}

#[tokio::test]
async fn a_server_that_answers_slowly_byte_by_byte_or_at_length_gets_the_letter_all_the_same() {
    for script in [Script::Dribble, Script::Tarpit(50), Script::Chatter(50)] {
        let sink = Sink::start(script).await;
        let desk = desk(&sink);
        let stage = Stage::of(&desk, "panel-credits");
        let (_, letter) = first_letter(&stage).await;
        assert_eq!(
            (letter.state.as_str(), sink.taken().len()),
            ("sent", 1),
            "{script:?}"
        );
    }
}

#[tokio::test]
async fn a_greeting_without_end_costs_no_more_than_the_patience() {
    let sink = Sink::start(Script::Chatter(1_000_000)).await;
    let desk = desk(&sink);
    let stage = Stage::of(&desk, "panel-credits");
    let watch = redress::clock::Watch::start();
    let (_, letter) = first_letter(&stage).await;
    assert_eq!((letter.state.as_str(), letter.attempts), ("queued", 1));
    assert!(watch.millis() < 15_000, "{} ms", watch.millis());
}

#[tokio::test]
async fn what_the_server_refuses_for_good_is_dead_at_once_and_holds_up_no_other() {
    for script in [
        Script::RefuseData {
            code: 554,
            times: 1,
        },
        Script::RefuseData {
            code: 552,
            times: 1,
        },
        Script::Refuse {
            code: 550,
            times: 1,
        },
    ] {
        let sink = Sink::start(script).await;
        let desk = desk(&sink);
        let stage = Stage::of(&desk, "panel-credits");
        let (ticket, letter) = first_letter(&stage).await;
        assert_eq!(
            (letter.state.as_str(), letter.attempts),
            ("failed", 1),
            "{script:?}"
        );
        stage.omar_answers(&ticket.id, "Two days.").await;
        desk.advance(Duration::days(7));
        desk.works().await;
        let states: Vec<String> = desk
            .letters()
            .into_iter()
            .map(|letter| letter.state)
            .collect();
        assert_eq!(states[..2], ["failed", "sent"], "{script:?}");
        let refused = |taken: &crate::support::smtp::Taken| {
            String::from_utf8_lossy(&taken.bytes).contains(&format!(
                "Message-ID: <{}>",
                letter.message_id.trim_matches(['<', '>'])
            ))
        };
        assert!(!sink.taken().iter().any(refused), "{script:?}");
        let mut omar = desk.signed_in(OMAR).await;
        let page = omar
            .opens(&format!("/queue/tickets/{}", ticket.number))
            .await;
        page.sees("says the script");
    }
}

#[tokio::test]
async fn a_lost_answer_sends_the_letter_again_with_its_own_message_id_and_no_third_time() {
    let sink = Sink::start(Script::LoseAck).await;
    let desk = desk(&sink);
    let stage = Stage::of(&desk, "panel-credits");
    let (_, letter) = first_letter(&stage).await;
    assert_eq!((letter.state.as_str(), letter.attempts), ("queued", 1));
    sink.play(Script::Take);
    for _ in 0..3 {
        desk.advance(Duration::minutes(2));
        desk.works().await;
    }
    let taken = sink.taken();
    assert_eq!(
        taken.len(),
        2,
        "at least once, and once more because nobody knows"
    );
    assert_eq!(taken[0].bytes, taken[1].bytes);
}

#[tokio::test]
async fn a_server_that_is_gone_for_days_gets_its_letters_when_it_is_back_or_they_are_dead() {
    let sink = Sink::start(Script::Take).await;
    let desk = desk(&sink);
    sink.stop().await;
    let stage = Stage::of(&desk, "panel-credits");
    let (ticket, mut letter) = first_letter(&stage).await;
    let begun = desk.app.now();
    while letter.state == "queued" {
        assert!(letter.attempts < schedule::ATTEMPTS);
        desk.app.clock.set(due(&letter));
        desk.works().await;
        letter = desk.letters().remove(0);
    }
    assert_eq!(
        (letter.state.as_str(), letter.attempts),
        ("failed", schedule::ATTEMPTS)
    );
    let lasted = desk.app.now() - begun;
    assert!(
        (Duration::days(4)..Duration::days(5)).contains(&lasted),
        "{lasted}"
    );
    let mut omar = desk.signed_in(OMAR).await;
    omar.opens(&format!("/queue/tickets/{}", ticket.number))
        .await
        .sees("Not sent");
}
