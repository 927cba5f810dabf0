//! A claim by mail, from the first words to the refund: what is understood, what is asked, and what is never paid because of a guess.

use chrono::Duration;
use redress::act::{Door, Role, Who};
use redress::db::claims::Claim;
use redress::db::tickets::Ticket;
use redress::db::{self, orders::Order};
use redress::desk::claims::{self as verbs, Decide, Verdict};
use redress::rules::facts::{Sms, Status};

use super::{ANNA, OMAR, Stage, lies};
use crate::support::app::Desk;
use crate::support::make::progress;
use crate::support::post::{Post, mail};

const SHOT: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

impl Stage<'_> {
    /// An order of a thousand that is ended with 400 to come.
    fn partial(&self, reference: &str) -> Order {
        self.shop.order(&self.anna, reference, "10.00", |order| {
            order.progress = progress(Status::Partial, Some("400"));
        })
    }

    fn claims(&self) -> Vec<Claim> {
        let claims = self.tickets().into_iter().filter_map(|ticket: Ticket| {
            let pool = &self.desk.app.pool;
            pool.read(|conn| Ok(db::claims::of_ticket(conn, &ticket.id)?))
                .unwrap()
        });
        let mut claims: Vec<Claim> = claims.collect();
        claims.sort_by(|one, other| one.number.cmp(&other.number));
        claims
    }

    fn evidence(&self, claim: &Claim) -> Vec<String> {
        let pool = &self.desk.app.pool;
        let rows = pool
            .read(|conn| Ok(db::claims::evidence(conn, &claim.id)?))
            .unwrap();
        rows.into_iter().map(|row| row.kind).collect()
    }
}

#[tokio::test]
async fn a_customer_who_never_opens_the_site_gets_the_right_refund_by_mail_alone() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let order = stage.partial("PG-2041");
    let came = desk.app.now();
    // Nobody vouches for her mail: she is asked to answer, and does, two hours later.
    let first = stage.annas_mail().about("Refund").says(
        "Hello, only part of PG-2041 was delivered, it got stuck. I want a refund.\n-- \nAnna",
    );
    assert_eq!(lies(&desk.gets(&first).await), ("held", "unproven"));
    desk.advance(Duration::hours(2));
    desk.gets(&Post::answering(&desk.last_sent_to(ANNA), ""))
        .await;
    let claim = stage.claims().remove(0);
    assert_eq!(
        (claim.ground.as_str(), claim.channel.as_str()),
        ("partial_delivery", "email")
    );
    assert_eq!(claim.order_id, Some(order.id.clone()));
    assert_eq!(claim.received_at.utc(), came);
    // Nothing is paid by a guess, also where the policy pays clean cases by itself.
    assert_eq!(claim.state, "in_review");
    let letter = desk.last_sent_to(ANNA);
    let text = &letter.letter.text;
    assert!(
        text.contains("We read your mail as: Only a part was delivered."),
        "{text}"
    );
    assert!(text.contains("Answer this mail"), "{text}");
    // A person sees what it was read from, and decides.
    let mut omar = desk.signed_in(OMAR).await;
    omar.opens(&format!("/queue/claims/{}", claim.number))
        .await
        .sees("Read from the mail")
        .sees("“Only a part was delivered”")
        .sees("$4.00");
    let person = desk.app.pool.read(|conn| {
        let omar = db::people::by_email(conn, OMAR)?.unwrap();
        Ok(db::people::actor(conn, &omar)?)
    });
    let act = desk
        .app
        .act(Who::Person(person.unwrap()), Door::Queue, "story");
    desk.app
        .pool
        .write(|tx| {
            let ticket = db::tickets::find(tx, &claim.ticket_id)?;
            let decide = Decide {
                claim: claim.id.clone(),
                seen: ticket.seq,
                verdict: Verdict::Approve,
                amount_e8: None,
                reason: None,
                words: String::new(),
            };
            verbs::decide(tx, &act, &decide)
        })
        .unwrap();
    desk.works().await;
    let granted = &stage.claims()[0];
    assert_eq!(granted.granted_e8, Some(400_000_000));
    let paid = desk.last_sent_to(ANNA).letter;
    assert_eq!(paid.subject, "Re: Refund");
    assert!(paid.text.contains("$4.00"), "{}", paid.text);
    // She thanks, and that is a message; it changes nothing.
    let thanks = desk
        .gets(&Post::answering(&desk.last_sent_to(ANNA), "Thank you!"))
        .await;
    assert_eq!(thanks.ticket_id, Some(claim.ticket_id.clone()));
    assert_eq!(stage.claims()[0].granted_e8, Some(400_000_000));
}

#[tokio::test]
async fn what_is_missing_is_asked_for_and_an_answer_with_its_file_completes_the_claim() {
    let desk = Desk::with_mail();
    let stage = Stage::of(&desk, "virtual-numbers");
    let order = stage.shop.order(&stage.anna, "VN-7", "2.50", |order| {
        order.progress = progress(Status::Completed, Some("0"));
        order.progress.sms = Some(Sms::Received);
        order.progress.sms_received_at = order.placed_at.map(Into::into);
    });
    let came = desk.app.now();
    let post = stage
        .annas_mail()
        .about("Refund please")
        .says(&format!(
            "The number of {} was rejected as invalid.",
            order.number
        ))
        .vouched();
    desk.gets(&post).await;
    let claim = stage.claims().remove(0);
    assert_eq!(
        (claim.ground.as_str(), claim.state.as_str()),
        ("invalid_number", "needs_evidence")
    );
    let asked = desk.last_sent_to(ANNA);
    let text = &asked.letter.text;
    assert!(
        text.contains("a screenshot that shows the problem"),
        "{text}"
    );
    assert!(text.contains("as an answer to this mail"), "{text}");
    // One answer, not two.
    assert_eq!(desk.kinds_to(ANNA), ["needs_evidence"]);
    desk.advance(Duration::days(3));
    let answer = Post::answering(&asked, "Here it is.").attaching("IMG_1.png", "image/png", SHOT);
    let got = desk.gets(&answer).await;
    assert_eq!(
        (lies(&got), &got.ticket_id),
        (("taken", ""), &Some(claim.ticket_id.clone()))
    );
    let claim = stage.claims().remove(0);
    assert_eq!(stage.evidence(&claim), ["screenshot"]);
    assert_ne!(claim.state, "needs_evidence");
    assert_eq!(claim.received_at.utc(), came);
    assert!(
        stage
            .said(&claim.ticket_id)
            .contains(&"Here it is.".to_owned())
    );
}

#[tokio::test]
async fn files_of_the_first_mail_are_evidence_of_what_they_can_be() {
    let desk = Desk::with_mail();
    let stage = Stage::of(&desk, "virtual-numbers");
    let order = stage.shop.order(&stage.anna, "VN-8", "2.50", |_| {});
    let post = stage
        .annas_mail()
        .says(&format!(
            "Order {}: I did not receive any code.",
            order.number
        ))
        .attaching("shot.png", "image/png", SHOT)
        .vouched();
    desk.gets(&post).await;
    let claim = stage.claims().remove(0);
    assert_eq!(claim.ground, "sms_not_received");
    assert_eq!(stage.evidence(&claim), ["screenshot"]);
    let mut omar = desk.signed_in(OMAR).await;
    omar.opens(&format!("/queue/claims/{}", claim.number))
        .await
        .sees("Screenshot")
        .sees("shot.png");
}

#[tokio::test]
async fn where_it_is_not_clear_the_customer_is_asked_once_and_may_answer_with_a_line() {
    let desk = Desk::with_mail();
    let stage = Stage::of(&desk, "panel-guarantee");
    stage.partial("PG-1");
    let second = stage.partial("PG-2");
    let came = desk.app.now();
    desk.gets(
        &stage
            .annas_mail()
            .about("Money")
            .says("I want my money back.")
            .vouched(),
    )
    .await;
    assert!(stage.claims().is_empty());
    assert_eq!(desk.kinds_to(ANNA), ["mail_unclear"]);
    let asked = desk.last_sent_to(ANNA);
    let text = &asked.letter.text;
    assert!(
        text.contains("Which order is it about?") && text.contains(&second.number),
        "{text}"
    );
    assert!(text.contains("Only a part was delivered"), "{text}");
    desk.advance(Duration::hours(30));
    // The number, and the line is still open.
    desk.gets(&Post::answering(&asked, &second.number).id("2@harbor.example"))
        .await;
    assert!(stage.claims().is_empty());
    let asked = desk.last_sent_to(ANNA);
    let line = asked
        .letter
        .text
        .lines()
        .find(|line| line.contains("Only a part was delivered"))
        .unwrap();
    let number = line.split('.').next().unwrap().to_owned();
    assert!(!asked.letter.text.contains("Which order"));
    desk.gets(&Post::answering(&asked, &number).id("3@harbor.example"))
        .await;
    let claim = stage.claims().remove(0);
    assert_eq!(
        (claim.ground.as_str(), claim.order_id),
        ("partial_delivery", Some(second.id))
    );
    assert_eq!(claim.received_at.utc(), came);
    assert_eq!(stage.tickets().len(), 1);
    assert_eq!(claim.reason.lines().next(), Some("I want my money back."));
}

#[tokio::test]
async fn orders_of_others_are_not_named_by_a_mail_and_nothing_is_said_of_them() {
    let desk = Desk::with_mail();
    let stage = Stage::of(&desk, "panel-guarantee");
    let bela = desk.person("Bela Kun", "bela@quay.example", Role::Customer);
    let theirs = stage.shop.order(&bela, "PG-77", "90.00", |order| {
        order.paid_with = None;
        order.progress = progress(Status::Partial, Some("400"));
    });
    let post = stage
        .annas_mail()
        .says(&format!(
            "Please refund {}, only part was delivered.",
            theirs.number
        ))
        .vouched();
    desk.gets(&post).await;
    assert!(stage.claims().is_empty());
    let letter = desk.last_sent_to(ANNA).letter;
    assert!(
        !letter.text.contains(&theirs.number) && !letter.text.contains("90.00"),
        "{}",
        letter.text
    );
}

#[tokio::test]
async fn a_second_mail_about_the_same_goes_to_the_claim_that_is_open() {
    let desk = Desk::with_mail();
    let stage = Stage::of(&desk, "panel-guarantee");
    let order = stage.partial("PG-9");
    let words = format!(
        "Only half of {} was delivered, I want a refund.",
        order.number
    );
    desk.gets(
        &stage
            .annas_mail()
            .says(&words)
            .id("1@harbor.example")
            .vouched(),
    )
    .await;
    let again = desk
        .gets(
            &stage
                .annas_mail()
                .about("Again")
                .says(&words)
                .id("2@harbor.example")
                .vouched(),
        )
        .await;
    assert_eq!(stage.claims().len(), 1);
    assert_eq!(stage.tickets().len(), 1);
    assert_eq!(again.ticket_id, Some(stage.claims()[0].ticket_id.clone()));
    assert_eq!(stage.said(&stage.claims()[0].ticket_id).len(), 2);
}

#[tokio::test]
async fn one_mail_about_two_orders_is_a_claim_on_each_with_its_files() {
    let desk = Desk::with_mail();
    let stage = Stage::of(&desk, "panel-guarantee");
    let (one, other) = (stage.partial("PG-1"), stage.partial("PG-2"));
    let words = format!(
        "Only part of {} and {} was delivered. Refund both.",
        one.number, other.number
    );
    desk.gets(
        &stage
            .annas_mail()
            .says(&words)
            .attaching("shot.png", "image/png", SHOT)
            .vouched(),
    )
    .await;
    let claims = stage.claims();
    assert_eq!(claims.len(), 2);
    for claim in &claims {
        let files = desk
            .app
            .pool
            .read(|conn| Ok(db::files::of_ticket(conn, &claim.ticket_id)?))
            .unwrap();
        assert_eq!(files.len(), 1, "{}", claim.number);
    }
}

#[tokio::test]
async fn a_balance_is_asked_for_in_its_own_words_and_a_question_stays_a_question() {
    let desk = Desk::with_mail();
    let stage = Stage::of(&desk, "panel-credits");
    let post = stage
        .annas_mail()
        .says("Please pay the unused balance of my account back.")
        .vouched();
    desk.gets(&post).await;
    let claim = stage.claims().remove(0);
    assert_eq!(
        (claim.ground.as_str(), claim.order_id),
        ("unused_balance", None)
    );
    desk.gets(
        &stage
            .annas_mail()
            .id("2@harbor.example")
            .about("Hello")
            .says("How long does delivery take?")
            .vouched(),
    )
    .await;
    assert_eq!(stage.claims().len(), 1);
    assert_eq!(stage.tickets().len(), 2);
    assert_eq!(
        desk.kinds_to(ANNA).last().map(String::as_str),
        Some("ticket_received")
    );
}

#[tokio::test]
async fn nobody_but_the_customer_gets_anything_by_mail() {
    let desk = Desk::with_mail();
    let stage = Stage::of(&desk, "panel-guarantee");
    let order = stage.partial("PG-5");
    let words = format!(
        "Only part of {} was delivered, I want a refund.",
        order.number
    );
    let from = |from: &str, id: &str| mail(from, &stage.to).id(id).says(&words);
    for post in [
        from(ANNA, "1@evil.example"),
        from(ANNA, "2@evil.example")
            .with("Authentication-Results: mx.desk.example; dmarc=fail header.from=harbor.example"),
        from("mallory@evil.example", "3@evil.example").vouched(),
        from("anna@harbor.example.evil.example", "4@evil.example").vouched(),
        from(OMAR, "5@evil.example").vouched(),
        from(&stage.to, "6@evil.example"),
    ] {
        desk.gets(&post).await;
    }
    assert!(stage.claims().is_empty());
    // What was sent says nothing of the order, whoever it went to.
    for sent in desk.sent() {
        assert!(
            !sent.letter.text.contains(&order.number),
            "{}",
            sent.letter.text
        );
    }
}
