//! Payouts through a gateway that behaves as real ones do: it pays and hangs up, answers late, twice, out of order, with nonsense,
//! never. However that goes, the money leaves once, and what nobody knows is asked about and never just sent again.

use std::time::Duration as Patience;

use chrono::Duration;
use redress::db;
use redress::db::claims::Claim;
use redress::db::payouts::Payout;
use redress::outside::http::Http;
use redress::rules::lifecycle::payout::State;
use redress::worker;
use reqwest::StatusCode;

use super::{ANNA, Stage};
use crate::support::app::Desk;
use crate::support::gateway::{Fake, Play, SECRET, TOKEN, signature};
use crate::support::make::e8;

/// A desk whose payouts go through the gateway; it waits for three seconds and no longer, which a busy machine needs too.
fn desk(fake: &Fake) -> Desk {
    desk_at(&fake.url)
}

fn desk_at(url: &str) -> Desk {
    let settings = redress::config::Gateway {
        url: url.to_owned(),
        token: TOKEN.to_owned(),
        secret: SECRET.to_owned(),
        sellers: Vec::new(),
    };
    let with = |config: redress::config::Config| redress::config::Config {
        gateway: Some(settings),
        ..config
    };
    Desk::built(with, hurried)
}

fn approved(stage: &Stage) -> Claim {
    let claim = stage.claims_on(None, "unused_balance", "I shop elsewhere now.");
    stage.approves(&claim);
    claim
}

fn payout(stage: &Stage, claim: &Claim) -> Payout {
    let pool = &stage.desk.app.pool;
    let payouts = pool.read(|conn| Ok(db::payouts::of_claim(conn, &claim.id)?));
    payouts.unwrap().remove(0)
}

async fn works(desk: &Desk) -> usize {
    worker::payouts::tick(&desk.app).await.unwrap()
}

async fn calls_back(desk: &Desk, body: &str, signature: &str) -> (StatusCode, String) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::new();
    let answer = client
        .post(format!("{}/gateway/results", desk.url))
        .header("redress-signature", signature)
        .body(body.to_owned())
        .send()
        .await
        .unwrap();
    (answer.status(), answer.text().await.unwrap())
}

async fn says(desk: &Desk, body: &str) -> (StatusCode, String) {
    let signature = signature(SECRET, desk.app.now().timestamp(), body);
    calls_back(desk, body, &signature).await
}

fn letters(desk: &Desk, kind: &str) -> usize {
    let letters = desk.letters().into_iter();
    letters.filter(|letter| letter.kind == kind).count()
}

#[tokio::test]
async fn what_the_gateway_pays_is_settled_with_a_letter_that_says_amount_and_method() {
    let fake = Fake::start();
    let desk = desk(&fake);
    let stage = Stage::of(&desk, "panel-credits");
    let claim = approved(&stage);
    fake.play(Play::Pay);
    assert_eq!(works(&desk).await, 1);
    let paid = payout(&stage, &claim);
    assert_eq!(
        (paid.state, paid.reference.as_deref()),
        (State::Succeeded, Some("re_succeeded"))
    );
    assert_eq!((fake.told(&paid.key), fake.paid()), (1, 1));
    let letters = desk.letters();
    let letter = letters.iter().find(|letter| letter.kind == "payout_paid");
    let text = &letter.unwrap().text;
    assert!(
        text.contains("$500.00 has been paid to Visa ending 42") && text.contains("re_succeeded"),
        "{text}"
    );
    assert_eq!(works(&desk).await, 0, "nothing is left to do");
}

#[tokio::test]
async fn a_gateway_that_keeps_silent_is_left_alone_until_the_next_round() {
    let fake = Fake::start();
    let desk = desk(&fake);
    let stage = Stage::of(&desk, "panel-credits");
    for reference in ["D-2", "D-3", "D-4"] {
        stage.shop.deposit(&stage.anna, reference, "10", 3);
    }
    let claim = approved(&stage);
    fake.play(Play::KeepSilent);
    assert_eq!(works(&desk).await, 1, "one call tells that nobody is there");
    let pool = &desk.app.pool;
    let payouts = pool.read(|conn| Ok(db::payouts::of_claim(conn, &claim.id)?));
    let mut states: Vec<State> = payouts.unwrap().iter().map(|payout| payout.state).collect();
    states.sort_by_key(|state| state.word());
    use State::{Queued, Unknown};
    assert_eq!(states, [Queued, Queued, Queued, Unknown]);
    fake.play(Play::Pay);
    assert_eq!(works(&desk).await, 3, "the others are sent when it is back");
}

#[tokio::test]
async fn a_gateway_that_pays_and_hangs_up_is_asked_and_not_told_again() {
    for play in [
        Play::PayAndHangUp,
        Play::PayAndKeepSilent,
        Play::PayAndShowAPage,
        Play::PayAndMisquote,
    ] {
        let fake = Fake::start();
        let desk = desk(&fake);
        let stage = Stage::of(&desk, "panel-credits");
        let claim = approved(&stage);
        fake.play(play);
        works(&desk).await;
        let lost = payout(&stage, &claim);
        assert_eq!(lost.state, State::Unknown, "{play:?}");
        assert_eq!(stage.balance(), 0, "its money stays set aside");
        assert_eq!(letters(&desk, "payout_failed"), 0);
        // Not before its time, and however often the worker comes.
        assert_eq!(works(&desk).await, 0);
        fake.deaf(true);
        desk.advance(Duration::minutes(2));
        works(&desk).await;
        assert_eq!(payout(&stage, &claim).state, State::Unknown);
        fake.deaf(false);
        desk.advance(Duration::hours(1));
        works(&desk).await;
        assert_eq!(payout(&stage, &claim).state, State::Succeeded, "{play:?}");
        assert_eq!((fake.told(&lost.key), fake.paid()), (1, 1), "{play:?}");
        assert_eq!(letters(&desk, "payout_paid"), 1);
    }
}

#[tokio::test]
async fn what_the_gateway_never_heard_of_is_told_again_by_the_same_key_and_only_after_a_while() {
    for play in [Play::KeepSilent, Play::Break] {
        let fake = Fake::start();
        let desk = desk(&fake);
        let stage = Stage::of(&desk, "panel-credits");
        let claim = approved(&stage);
        fake.play(play);
        works(&desk).await;
        let lost = payout(&stage, &claim);
        assert_eq!(lost.state, State::Unknown);
        fake.play(Play::Pay);
        // It says that it does not know the key; but the order may still be on its way.
        desk.advance(Duration::minutes(2));
        works(&desk).await;
        assert_eq!(payout(&stage, &claim).state, State::Unknown);
        assert_eq!(fake.told(&lost.key), 1);
        desk.advance(Duration::minutes(15));
        works(&desk).await;
        assert_eq!(payout(&stage, &claim).state, State::Queued);
        works(&desk).await;
        let paid = payout(&stage, &claim);
        assert_eq!((paid.state, &paid.key), (State::Succeeded, &lost.key));
        assert_eq!((fake.told(&lost.key), fake.paid()), (2, 1));
    }
}

#[tokio::test]
async fn a_gateway_that_cannot_be_reached_leaves_the_payout_in_the_queue() {
    let desk = desk_at("http://127.0.0.1:9/v1");
    let stage = Stage::of(&desk, "panel-credits");
    let claim = approved(&stage);
    works(&desk).await;
    let waits = payout(&stage, &claim);
    assert_eq!((waits.state, waits.tries), (State::Queued, Some(1)));
    assert_eq!(works(&desk).await, 0, "not at once again");
    // A person can still send it by hand.
    let mut lena = stage.lena().await;
    let page = lena.opens("/queue/payouts").await;
    let form = page
        .form("Mark $500.00 as sent")
        .fill("The bank's reference", "BANK-1");
    lena.sends(form).await.sees("is marked as sent");
    desk.advance(Duration::hours(2));
    assert_eq!(works(&desk).await, 0);
}

#[tokio::test]
async fn a_crash_between_taking_and_telling_is_asked_about_when_the_lease_ends() {
    let fake = Fake::start();
    let desk = desk(&fake);
    let stage = Stage::of(&desk, "panel-credits");
    let claim = approved(&stage);
    let worker = redress::act::Act::worker(desk.app.now(), "");
    let id = payout(&stage, &claim).id;
    let pool = &desk.app.pool;
    let taken = pool
        .write(|tx| redress::desk::gateway::take(tx, &worker, &id))
        .unwrap()
        .unwrap();
    // While somebody is at it, nobody else is: no worker, and no person.
    fake.play(Play::Pay);
    assert_eq!(works(&desk).await, 0);
    let mut lena = stage.lena().await;
    let page = lena.opens("/queue/payouts").await;
    page.sees("With the gateway");
    assert!(!page.has_button("Mark $500.00 as sent"));
    desk.advance(Duration::minutes(3));
    works(&desk).await;
    assert_eq!(payout(&stage, &claim).state, State::Unknown);
    desk.advance(Duration::minutes(30));
    works(&desk).await;
    works(&desk).await;
    assert_eq!(payout(&stage, &claim).state, State::Succeeded);
    assert_eq!((fake.told(&taken.key), fake.paid()), (1, 1));
    // Whoever was thought dead comes to: what it says of its own try counts for nothing any more.
    let late = redress::act::Act::worker(desk.app.now(), "");
    pool.write(|tx| redress::desk::gateway::not_sent(tx, &late, &taken))
        .unwrap();
    assert_eq!(payout(&stage, &claim).state, State::Succeeded);
}

#[tokio::test]
async fn words_that_come_late_twice_and_out_of_order_have_one_effect() {
    let fake = Fake::start();
    let desk = desk(&fake);
    let stage = Stage::of(&desk, "panel-credits");
    let claim = approved(&stage);
    fake.play(Play::Accept);
    works(&desk).await;
    let sent = payout(&stage, &claim);
    assert_eq!(sent.state, State::Sent);
    assert_eq!(
        letters(&desk, "payout_paid"),
        0,
        "B24: not before it is settled"
    );
    // It never says more by itself when it is asked.
    desk.advance(Duration::hours(3));
    works(&desk).await;
    assert_eq!(payout(&stage, &claim).state, State::Sent);
    let (paid, pending) = (
        fake.word(&sent.key, "succeeded"),
        fake.word(&sent.key, "pending"),
    );
    for (word, outcome) in [
        (&paid, "applied"),
        (&paid, "same"),
        (&pending, "same"),
        (&paid, "same"),
    ] {
        let (status, said) = says(&desk, word).await;
        assert_eq!(status, 200, "{said}");
        assert!(said.contains(outcome), "{said}");
    }
    assert_eq!(payout(&stage, &claim).state, State::Succeeded);
    assert_eq!(letters(&desk, "payout_paid"), 1);
    // It came back, and the news of that overtakes nothing.
    let returned = fake.word(&sent.key, "returned");
    for word in [&returned, &returned, &paid, &pending] {
        assert_eq!(says(&desk, word).await.0, 200);
    }
    assert_eq!(payout(&stage, &claim).state, State::Returned);
    assert_eq!(letters(&desk, "payout_returned"), 1);
    assert_eq!(stage.balance(), e8("500"));
}

#[tokio::test]
async fn that_it_came_back_may_be_heard_before_that_it_arrived() {
    let fake = Fake::start();
    let desk = desk(&fake);
    let stage = Stage::of(&desk, "panel-credits");
    let claim = approved(&stage);
    fake.play(Play::PayAndHangUp);
    works(&desk).await;
    let lost = payout(&stage, &claim);
    assert_eq!(lost.state, State::Unknown);
    for state in ["returned", "succeeded", "returned"] {
        let word = fake.word(&lost.key, state);
        assert_eq!(says(&desk, &word).await.0, 200);
    }
    assert_eq!(payout(&stage, &claim).state, State::Returned);
    assert_eq!(stage.balance(), e8("500"));
    let kinds: Vec<String> = desk
        .letters()
        .into_iter()
        .filter(|letter| letter.recipient == ANNA && letter.kind.starts_with("payout"))
        .map(|letter| letter.kind)
        .collect();
    assert_eq!(kinds, ["payout_returned"]);
}

#[tokio::test]
async fn what_the_bank_refuses_is_back_with_its_reason() {
    let fake = Fake::start();
    let desk = desk(&fake);
    let stage = Stage::of(&desk, "panel-credits");
    let claim = approved(&stage);
    fake.play(Play::Refuse);
    works(&desk).await;
    assert_eq!(payout(&stage, &claim).state, State::Failed);
    assert_eq!(stage.balance(), e8("500"));
    assert_eq!(letters(&desk, "payout_failed"), 1);
    // That it was paid after all contradicts the books: nothing moves, and somebody must look.
    let failed = payout(&stage, &claim);
    let (status, said) = says(&desk, &fake.word(&failed.key, "succeeded")).await;
    assert_eq!(status, 202);
    assert!(said.contains("parked"), "{said}");
    assert_eq!(payout(&stage, &claim).state, State::Failed);
    assert_eq!(stage.balance(), e8("500"));
    let mut lena = stage.lena().await;
    lena.opens("/queue/payouts")
        .await
        .sees("The gateway said what does not fit")
        .sees("P-1001")
        .sees("it says succeeded, but it is booked as failed");
}

#[tokio::test]
async fn a_call_back_that_the_gateway_did_not_sign_just_now_is_not_believed() {
    let fake = Fake::start();
    let desk = desk(&fake);
    let stage = Stage::of(&desk, "panel-credits");
    let claim = approved(&stage);
    fake.play(Play::Accept);
    works(&desk).await;
    let sent = payout(&stage, &claim);
    let (word, now) = (
        fake.word(&sent.key, "succeeded"),
        desk.app.now().timestamp(),
    );
    let wrong = [
        String::new(),
        signature("another secret altogether", now, &word),
        signature(SECRET, now - 360, &word),
        signature(SECRET, now + 360, &word),
        signature(SECRET, now, &word.replace("500.00", "5000.00")),
        "t=now,v1=zz".to_owned(),
    ];
    for signature in wrong {
        let (status, said) = calls_back(&desk, &word, &signature).await;
        assert_eq!(status, 401, "{signature}: {said}");
    }
    let large = format!("{{\"key\": \"{}\"}}", "x".repeat(70_000));
    for (body, status) in [
        ("no json", 400),
        ("{}", 400),
        ("[]", 400),
        (large.as_str(), 413),
    ] {
        assert_eq!(says(&desk, body).await.0, status);
    }
    for (word, why) in [
        (
            word.replace(&sent.key, "somebody else's"),
            "no payout has this key",
        ),
        (word.replace("500.00", "500.01"), "it speaks of 500.01 USD"),
        (word.replace("USD", "EUR"), "it speaks of 500.00 EUR"),
        (
            word.replace("succeeded", "rejoiced"),
            "is no state of a payment",
        ),
    ] {
        let (status, said) = says(&desk, &word).await;
        assert_eq!(status, 202);
        assert!(said.contains(why), "{said}");
    }
    assert_eq!(payout(&stage, &claim).state, State::Sent);
    assert_eq!(letters(&desk, "payout_paid"), 0);
    // The same order of words, in another order of fields: it is signed, so it counts.
    let turned = format!(
        "{{\"state\": \"succeeded\", \"currency\": \"USD\", \"amount\": \"500\", \"key\": \"{}\"}}",
        sent.key
    );
    assert_eq!(says(&desk, &turned).await.0, 200);
    assert_eq!(payout(&stage, &claim).state, State::Succeeded);
}

#[tokio::test]
async fn without_a_gateway_there_is_no_door_and_nothing_is_sent() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let claim = approved(&stage);
    assert_eq!(works(&desk).await, 0);
    assert_eq!(says(&desk, "{}").await.0, 404);
    assert_eq!(payout(&stage, &claim).state, State::Queued);
}

#[tokio::test]
async fn two_workers_and_a_call_back_at_once_send_and_settle_once() {
    let fake = Fake::start();
    let desk = desk(&fake);
    let stage = Stage::of(&desk, "panel-credits");
    let claim = approved(&stage);
    fake.play(Play::Pay);
    let (one, other) = (desk.app.clone(), desk.app.clone());
    let (a, b) = tokio::join!(worker::payouts::tick(&one), worker::payouts::tick(&other));
    a.unwrap();
    b.unwrap();
    let paid = payout(&stage, &claim);
    assert_eq!(paid.state, State::Succeeded);
    assert_eq!((fake.told(&paid.key), fake.paid()), (1, 1));
    let word = fake.word(&paid.key, "succeeded");
    let (one, other) = tokio::join!(says(&desk, &word), says(&desk, &word));
    assert_eq!((one.0.as_u16(), other.0.as_u16()), (200, 200));
    assert_eq!(letters(&desk, "payout_paid"), 1);
}

/// For what would wait for an answer that never comes.
fn hurried(mut app: redress::app::App) -> redress::app::App {
    let http = Http::open(&app.config).unwrap();
    let http = http.with_patience(Patience::from_secs(3));
    let gateway = app.gateway.clone().map(|gateway| gateway.over(http));
    app.gateway = gateway;
    app
}
