//! Machines that write to us, and what we never write to anybody.

use chrono::Duration;
use redress::desk::mailroom::Way;
use redress::desk::people;

use super::{ANNA, Stage, lies};
use crate::support::app::Desk;
use crate::support::make::Shop;
use crate::support::post::{Post, mail};

#[tokio::test]
async fn t08_what_a_machine_wrote_is_filed_and_never_answered_and_opens_nothing_again() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let ticket = stage.question("Delivery");
    stage.omar_answers(&ticket.id, "Two days.").await;
    let act = stage.act_of(super::OMAR);
    desk.app
        .pool
        .write(|tx| redress::desk::tickets::close(tx, &act, &ticket.id, None))
        .unwrap();
    let before = desk.letters().len();
    let back = desk.last_sent_to(ANNA).letter.reply_to.unwrap().to_string();
    let plain = |id: &str| stage.annas_mail().id(id);
    let to_ticket = |id: &str| mail(ANNA, &back).id(id);
    let report = "Content-Type: multipart/report; report-type=delivery-status; boundary=x";
    for (expected, post) in [
        (
            "automatic",
            to_ticket("1@x.example").with("Auto-Submitted: auto-replied"),
        ),
        (
            "automatic",
            plain("2@x.example").with("Auto-Submitted: auto-generated"),
        ),
        (
            "automatic",
            to_ticket("3@x.example").with("X-Autoreply: yes"),
        ),
        (
            "automatic",
            to_ticket("4@x.example").about("Automatic reply: Refund"),
        ),
        ("automatic", to_ticket("5@x.example").returning_to("")),
        (
            "automatic",
            plain("6@x.example").with("X-Auto-Response-Suppress: All"),
        ),
        (
            "held",
            plain("7@x.example").with("List-Id: <news.x.example>"),
        ),
        ("held", plain("8@x.example").with("Precedence: bulk")),
        (
            "held",
            mail("no-reply@x.example", &stage.to).id("9@x.example"),
        ),
        (
            "bounce",
            mail("mailer-daemon@x.example", &stage.to).id("10@x.example"),
        ),
        ("bounce", plain("11@x.example").with(report)),
        ("automatic", mail(&stage.to, &stage.to).id("12@x.example")),
        // As a desk of another make confirms, with a subject of its own.
        (
            "automatic",
            mail("support@freshdesk.example", &back)
                .id("13@x.example")
                .about("[#99] Received")
                .with("Auto-Submitted: auto-replied"),
        ),
    ] {
        let got = desk.gets(&post).await;
        assert_eq!(
            got.state,
            expected,
            "{}",
            String::from_utf8_lossy(&post.raw())
        );
    }
    assert_eq!(desk.letters().len(), before);
    assert_eq!(stage.ticket(&ticket.id).state, "closed");
    assert_eq!(stage.said(&ticket.id).len(), 1);
}

/// Carries the letters of one desk into the inbox of the other; how many there were.
async fn carry(from: &Desk, seen: &mut usize, to: &Desk) -> usize {
    let sent = from.sent();
    let mut carried = 0;
    for letter in &sent[*seen..] {
        let (bytes, to_address) = (letter.bytes.clone(), letter.letter.to.address.to_string());
        let sender = letter
            .letter
            .bounces_to
            .as_ref()
            .map_or(String::new(), ToString::to_string);
        redress::worker::mail::keep(&to.app, bytes, Way::pipe(Some(sender), Some(to_address)))
            .await
            .unwrap();
        carried += 1;
    }
    *seen = sent.len();
    to.works().await;
    carried
}

#[tokio::test]
async fn t08_two_desks_that_write_to_each_other_fall_silent() {
    let (one, other) = (Desk::open(), Desk::open());
    let stage = Stage::of(&one, "panel-credits");
    let theirs = Shop::of(
        &other.app.pool,
        other.app.now(),
        "Other Desk",
        "panel-credits",
    )
    .reads_mail(&other);
    // Each desk is a customer of the other, and writes to it.
    one.person("Other Desk", &theirs, redress::act::Role::Customer);
    other.person("Harbour Panel", &stage.to, redress::act::Role::Customer);
    one.gets(&mail(&theirs, &stage.to).says("From a desk."))
        .await;
    other
        .gets(&mail(&stage.to, &theirs).says("From a desk."))
        .await;
    let (mut from_one, mut from_other, mut all, mut rounds) = (0, 0, 0, 0);
    loop {
        let carried =
            carry(&one, &mut from_one, &other).await + carry(&other, &mut from_other, &one).await;
        all += carried;
        rounds += 1;
        if carried == 0 {
            break;
        }
        assert!(rounds < 10, "they go on and on");
    }
    assert!(all <= 4, "{all} letters");
    for desk in [&one, &other] {
        let tickets = desk
            .app
            .pool
            .read(|conn| Ok(redress::db::tickets::ids(conn)?))
            .unwrap();
        assert!(tickets.len() <= 2);
    }
}

#[tokio::test]
async fn t09_five_hundred_mails_in_a_victims_name_bring_the_victim_one_letter_without_a_word_of_them()
 {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let victim = "victim@quiet.example";
    for at in 0..500 {
        let post = mail(&format!("MARKER <{victim}>"), &stage.to)
            .id(&format!("{at}@evil.example"))
            .about("MARKER buy now")
            .says("MARKER https://evil.example");
        desk.keeps(&post).await;
    }
    while redress::worker::mail::tick(&desk.app).await.unwrap() > 0 {}
    let letters = desk.letters();
    assert_eq!(letters.len(), 1);
    let whole = format!(
        "{}{}{}{}",
        letters[0].subject, letters[0].text, letters[0].html, letters[0].from_name
    );
    assert!(
        !whole.contains("MARKER") && !whole.contains("evil"),
        "{whole}"
    );
    let people = desk
        .app
        .pool
        .read(|conn| redress::db::people::by_email(conn, victim))
        .unwrap();
    assert!(people.is_none());
}

#[tokio::test]
async fn t09_by_all_ways_together_a_victim_gets_three_letters_an_hour() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let victim = "victim@quiet.example";
    for hour in 1..=2 {
        for at in 0..9 {
            let (act, from) = (desk.operator(), format!("10.0.{hour}.{at}"));
            desk.app
                .pool
                .write(|tx| {
                    people::sign_up(tx, &act, &from, "Victim", victim)?;
                    people::request_reset(tx, &act, &from, victim)
                })
                .unwrap();
            let post = mail(victim, &stage.to).id(&format!("{hour}-{at}@evil.example"));
            desk.gets(&post).await;
        }
        assert_eq!(desk.kinds_to(victim).len(), 3 * hour);
        desk.advance(Duration::minutes(61));
    }
}

#[tokio::test]
async fn t09_letters_that_anybody_can_have_us_write_leave_five_hundred_an_hour_and_the_rest_later()
{
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    for at in 0..510 {
        let (act, email) = (desk.operator(), format!("victim-{at}@quiet.example"));
        let from = format!("10.0.{}.{}", at / 250, at % 250);
        desk.app
            .pool
            .write(|tx| people::sign_up(tx, &act, &from, "Victim", &email))
            .unwrap();
    }
    while redress::worker::letters::tick(&desk.app).await.unwrap().0 > 0 {}
    assert_eq!(desk.sent().len(), 500);
    // What somebody asked for who is known here goes out all the same.
    let ticket = stage.question("Delivery");
    stage.omar_answers(&ticket.id, "Two days.").await;
    assert_eq!(desk.kinds_to(ANNA), ["ticket_received", "reply"]);
    assert_eq!(desk.sent().len(), 502);
    let held: Vec<_> = desk
        .letters()
        .into_iter()
        .filter(|letter| letter.state == "queued")
        .collect();
    assert_eq!(held.len(), 10);
    assert!(
        held[0]
            .last_error
            .as_ref()
            .unwrap()
            .contains("follows later")
    );
    desk.advance(Duration::minutes(62));
    desk.works().await;
    assert_eq!(desk.sent().len(), 512);
}

#[tokio::test]
async fn a_thread_and_a_sender_take_so_many_mails_in_an_hour_and_no_more() {
    let desk = Desk::with_mail();
    let stage = Stage::of(&desk, "panel-credits");
    let ticket = stage.question("Delivery");
    stage.omar_answers(&ticket.id, "Two days.").await;
    let letter = desk.last_sent_to(ANNA);
    let mut last = None;
    for at in 0..21 {
        let post =
            Post::answering(&letter, &format!("Message {at}")).id(&format!("m{at}@harbor.example"));
        last = Some(desk.gets(&post).await);
    }
    assert_eq!(lies(&last.unwrap()), ("held", "too_many"));
    assert_eq!(stage.said(&ticket.id).len(), 21);
    let mut last = None;
    for at in 0..6 {
        let post = stage
            .annas_mail()
            .about(&format!("Matter {at}"))
            .id(&format!("n{at}@harbor.example"))
            .vouched();
        last = Some(desk.gets(&post).await);
    }
    assert_eq!(lies(&last.unwrap()), ("held", "too_many"));
    assert_eq!(stage.tickets().len(), 6);
}
