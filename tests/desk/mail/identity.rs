//! Who may say something by mail: the reader of our letters, whom our mail server vouches for, and nobody else.

use chrono::Duration;
use redress::db;
use redress::desk::tickets;

use super::{ANNA, EVIL, OMAR, Stage, lies};
use crate::support::app::Desk;
use crate::support::post::{Post, mail};

#[tokio::test]
async fn an_answer_to_a_letter_comes_into_its_conversation_without_what_it_quotes() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let ticket = stage.question("Delivery");
    stage.omar_answers(&ticket.id, "Two days at most.").await;
    let letter = desk.last_sent_to(ANNA);
    assert_eq!(letter.letter.from.address.as_str(), stage.to);
    assert!(letter.letter.text.contains("Answer this mail"));
    let got = desk
        .gets(&Post::answering(&letter, "Thank you, that is fine."))
        .await;
    assert_eq!(
        (lies(&got), got.ticket_id.clone()),
        (("taken", ""), Some(ticket.id.clone()))
    );
    assert_eq!(
        stage.said(&ticket.id),
        ["How long does it take?", "Thank you, that is fine."]
    );
    let said = stage.messages(&ticket.id).pop().unwrap();
    assert_eq!(
        (said.via.as_str(), said.author_id),
        ("mail", Some(stage.anna.clone()))
    );
    // The next letter goes on with the same thread.
    stage.omar_answers(&ticket.id, "Good.").await;
    let next = desk.last_sent_to(ANNA).letter;
    assert_eq!(next.in_reply_to, got.message_id);
    assert!(next.references.contains(&letter.letter.message_id));
    assert_ne!(next.reply_to, letter.letter.reply_to);
    // Under one subject, which is what some mail programs go by; only that it answers is said before it.
    let first = format!("Delivery — {}", ticket.number);
    let answers = format!("Re: {first}");
    let subjects: Vec<String> = desk
        .sent()
        .into_iter()
        .map(|sent| sent.letter.subject)
        .collect();
    assert_eq!(subjects, [first, answers.clone(), answers]);
}

#[tokio::test]
async fn a_token_works_in_capitals_and_on_a_closed_ticket_and_not_half_a_year_after() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let ticket = stage.question("Delivery");
    stage.omar_answers(&ticket.id, "Two days.").await;
    let letter = desk.last_sent_to(ANNA);
    let close = |desk: &Desk| {
        let act = stage.act_of(OMAR);
        desk.app
            .pool
            .write(|tx| tickets::close(tx, &act, &ticket.id, None))
            .unwrap();
    };
    close(&desk);
    let address = letter.letter.reply_to.clone().unwrap().to_string();
    let loud = mail(ANNA, &address.to_uppercase())
        .id("2@harbor.example")
        .says("Once more.");
    assert_eq!(lies(&desk.gets(&loud).await), ("taken", ""));
    assert_eq!(stage.ticket(&ticket.id).state, "open");
    close(&desk);
    desk.advance(Duration::days(181));
    let late = mail(ANNA, &address)
        .id("3@harbor.example")
        .says("And again.");
    assert_eq!(lies(&desk.gets(&late).await), ("held", "unproven"));
}

#[tokio::test]
async fn t01_what_others_send_to_a_reply_address_is_held_and_never_shown_to_its_customer() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let ticket = stage.question("Delivery");
    desk.works().await;
    let address = desk.last_sent_to(ANNA).letter.reply_to.unwrap().to_string();
    let code = mail("no-reply@slack.test", &address)
        .about("Confirm your address")
        .says("Your code is CODE-1234.");
    let got = desk.gets(&code).await;
    assert_eq!(
        (lies(&got), &got.ticket_id),
        (("held", "another_sender"), &Some(ticket.id.clone()))
    );
    let mut anna = desk.signed_in(ANNA).await;
    for path in [
        "/portal",
        "/portal/tickets",
        &format!("/portal/tickets/{}", ticket.number),
    ] {
        anna.opens(path)
            .await
            .does_not_see("CODE-1234")
            .does_not_see("slack");
    }
    assert!(
        desk.letters()
            .iter()
            .all(|letter| !letter.text.contains("CODE-1234"))
    );
    let mut omar = desk.signed_in(OMAR).await;
    omar.opens("/queue/mail")
        .await
        .sees("Confirm your address")
        .sees("no-reply@slack.test");
}

#[tokio::test]
async fn t02_nobody_comes_into_a_conversation_by_being_named_in_a_mail() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let ticket = stage.question("Delivery");
    stage.omar_answers(&ticket.id, "Two days.").await;
    let copied = Post::answering(&desk.last_sent_to(ANNA), "Please add my colleague.")
        .with(&format!("Cc: {EVIL}"))
        .with(&format!("Reply-To: {EVIL}"))
        .with(&format!("Sender: {EVIL}"));
    assert_eq!(lies(&desk.gets(&copied).await), ("taken", ""));
    stage
        .omar_answers(&ticket.id, "Here is all about you.")
        .await;
    assert!(desk.letters().iter().all(|letter| letter.recipient != EVIL));
    let spoofed = stage
        .annas_mail()
        .id("9@evil.example")
        .with(&format!("Cc: {EVIL}"))
        .with(&format!("Reply-To: {EVIL}"));
    assert_eq!(lies(&desk.gets(&spoofed).await), ("held", "unproven"));
    assert!(desk.letters().iter().all(|letter| letter.recipient != EVIL));
    let known = desk
        .app
        .pool
        .read(|conn| db::people::by_email(conn, EVIL))
        .unwrap();
    assert!(known.is_none());
}

#[tokio::test]
async fn t03_staff_never_speak_by_mail_whatever_a_mail_refers_to() {
    let desk = Desk::with_mail();
    let stage = Stage::of(&desk, "panel-credits");
    let ticket = stage.question("Delivery");
    stage.omar_answers(&ticket.id, "Two days.").await;
    let letter = desk.last_sent_to(ANNA);
    let before = desk.letters().len();
    let as_omar = |to: &str, id: &str| {
        mail(OMAR, to)
            .id(id)
            .about(&format!(
                "Re: {} [{}]",
                letter.letter.subject, ticket.number
            ))
            .with(&format!("In-Reply-To: <{}>", letter.letter.message_id))
            .says("Your refund of $500 is on its way, send your card number.")
    };
    let reply_to = letter.letter.reply_to.clone().unwrap();
    for (at, post) in [
        as_omar(&stage.to, "1@evil.example"),
        as_omar(&stage.to, "2@evil.example").vouched(),
        as_omar(reply_to.as_str(), "3@evil.example"),
    ]
    .iter()
    .enumerate()
    {
        assert_eq!(lies(&desk.gets(post).await), ("held", "staff"), "{at}");
    }
    assert_eq!(desk.letters().len(), before);
    assert_eq!(stage.messages(&ticket.id).len(), 2);
    // Every token but the one that was given out leads nowhere.
    let (name, host) = reply_to.as_str().split_once('@').unwrap();
    for at in name.len() - 26..name.len() {
        let mut other = name.as_bytes().to_vec();
        other[at] = if other[at] == b'a' { b'b' } else { b'a' };
        let address = format!("{}@{host}", String::from_utf8(other).unwrap());
        let got = desk
            .gets(&mail(ANNA, &address).id(&format!("flip-{at}@evil.example")))
            .await;
        assert_eq!(
            (got.state.as_str(), got.ticket_id),
            ("held", None),
            "{address}"
        );
    }
    assert_eq!(stage.messages(&ticket.id).len(), 2);
}

#[tokio::test]
async fn t04_a_forged_proof_proves_nothing_and_a_failed_one_holds_even_an_answer() {
    let desk = Desk::with_mail();
    let stage = Stage::of(&desk, "panel-credits");
    let forged = stage
        .annas_mail()
        .id("1@evil.example")
        .with("Authentication-Results: mx.evil.example; dmarc=pass header.from=harbor.example");
    assert_eq!(lies(&desk.gets(&forged).await), ("held", "unproven"));
    let below = stage
        .annas_mail()
        .id("2@evil.example")
        .with("Authentication-Results: mx.desk.example; dmarc=fail header.from=harbor.example")
        .with("Authentication-Results: mx.desk.example; dmarc=pass header.from=harbor.example");
    assert_eq!(lies(&desk.gets(&below).await), ("held", "forged"));
    let ticket = stage.question("Delivery");
    stage.omar_answers(&ticket.id, "Two days.").await;
    let stolen = Post::answering(&desk.last_sent_to(ANNA), "Pay it to me.")
        .with("Authentication-Results: mx.desk.example; dmarc=fail header.from=harbor.example");
    assert_eq!(lies(&desk.gets(&stolen).await), ("held", "forged"));
    assert_eq!(stage.said(&ticket.id).len(), 1);
    let mut omar = desk.signed_in(OMAR).await;
    let page = omar.opens("/queue/mail").await;
    omar.opens(&page.link("A question"))
        .await
        .sees("it is forged");
}

#[tokio::test]
async fn t05_a_mail_whose_sender_two_readers_could_see_differently_is_nobodys() {
    let desk = Desk::with_mail();
    let stage = Stage::of(&desk, "panel-credits");
    let pass = "Authentication-Results: mx.desk.example; dmarc=pass header.from=harbor.example";
    for (at, (from, more)) in [
        (ANNA, Some(format!("From: {EVIL}"))),
        ("anna@harbor.example, mallory@evil.example", None),
        ("anna", None),
        ("<>", None),
        ("anna@harbor.example\0@evil.example", None),
        (
            "\"anna@harbor.example\" <=?utf-8?q?anna=40harbor.example=3e?= @evil.example>",
            None,
        ),
        ("anna%evil.example@harbor.example", None),
        ("Friends: anna@harbor.example, x@evil.example;", None),
    ]
    .into_iter()
    .enumerate()
    {
        let mut post = mail(from, &stage.to)
            .id(&format!("{at}@evil.example"))
            .with(pass);
        if let Some(more) = &more {
            post = post.with(more);
        }
        let got = desk.gets(&post).await;
        assert_eq!(
            (got.state.as_str(), got.sender),
            ("unreadable", None),
            "{from}"
        );
    }
    assert!(stage.tickets().is_empty());
    assert!(desk.letters().is_empty());
    // A name that looks like an address is shown beside the address that it is.
    let named = mail("\"ceo@harbor.example\" <mallory@evil.example>", &stage.to).about("Urgent");
    let got = desk.gets(&named).await;
    assert_eq!(got.sender.as_deref(), Some(EVIL));
    let mut omar = desk.signed_in(OMAR).await;
    omar.opens("/queue/mail")
        .await
        .sees("ceo@harbor.example")
        .sees(EVIL);
}

#[tokio::test]
async fn t07_guessed_reply_addresses_find_nothing_are_counted_and_soon_not_even_asked_back() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let ticket = stage.question("Delivery");
    desk.works().await;
    let (name, host) = stage.to.split_once('@').unwrap();
    let mut guessed = 0;
    for at in 0..60 {
        let token = redress::ids::token().unwrap();
        let post = mail(
            &format!("m{at}@evil.example"),
            &format!("{name}+r{token}@{host}"),
        );
        let got = desk.gets(&post.id(&format!("g{at}@evil.example"))).await;
        assert_eq!(got.state, "held");
        assert_eq!(got.ticket_id, None);
        guessed += usize::from(got.why.as_deref() == Some("guessed"));
    }
    assert_eq!(guessed, 40);
    assert_eq!(stage.said(&ticket.id).len(), 1);
    let asked = desk
        .letters()
        .into_iter()
        .filter(|letter| letter.kind == "mail_held");
    assert_eq!(asked.count(), 20);
    // Of a token there is only its hash.
    desk.works().await;
    assert!(desk.letters().iter().all(|letter| letter.token.is_none()));
}

#[tokio::test]
async fn a_customer_whom_the_mail_server_vouches_for_opens_a_conversation_at_once() {
    let desk = Desk::with_mail();
    let stage = Stage::of(&desk, "panel-credits");
    let got = desk
        .gets(
            &stage
                .annas_mail()
                .about("Where is it?")
                .says("It has not come.")
                .vouched(),
        )
        .await;
    assert_eq!(lies(&got), ("taken", "new"));
    let ticket = stage.tickets().remove(0);
    assert_eq!(
        (ticket.subject.as_str(), ticket.via.as_str()),
        ("Where is it?", "mail")
    );
    assert_eq!(stage.said(&ticket.id), ["It has not come."]);
    let letter = desk.last_sent_to(ANNA).letter;
    assert_eq!(letter.in_reply_to, got.message_id);
    assert_eq!(letter.subject, "Re: Where is it?");
    assert!(letter.text.contains(&ticket.number));
    // What has no subject to go on with goes under the conversation's own.
    let bare = stage.annas_mail().id("2@harbor.example").about("Re: ");
    desk.gets(&bare.says("And the other one?").vouched()).await;
    let mut tickets = stage.tickets().into_iter();
    let second = tickets.find(|other| other.id != ticket.id).unwrap();
    let letter = desk.last_sent_to(ANNA).letter;
    let own = format!("{} — {}", second.subject, second.number);
    assert_eq!(letter.subject, own);
}

#[tokio::test]
async fn a_customer_whom_nobody_vouches_for_is_asked_once_and_counts_from_the_first_mail() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let first = stage
        .annas_mail()
        .about("First")
        .says("It has not come.")
        .id("1@harbor.example");
    let came = desk.app.now();
    assert_eq!(lies(&desk.gets(&first).await), ("held", "unproven"));
    assert_eq!(desk.kinds_to(ANNA), ["mail_held"]);
    assert!(stage.tickets().is_empty());
    desk.advance(Duration::hours(5));
    let confirms = Post::answering(&desk.last_sent_to(ANNA), "");
    assert_eq!(lies(&desk.gets(&confirms).await), ("taken", "proof"));
    let tickets = stage.tickets();
    assert_eq!(tickets.len(), 1);
    assert_eq!(tickets[0].subject, "First");
    assert_eq!(tickets[0].opened_at.utc(), came);
    assert_eq!(stage.said(&tickets[0].id), ["It has not come."]);
}

#[tokio::test]
async fn an_answer_confirms_nothing_where_a_thief_wrote_just_before_in_the_same_name() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let thiefs = stage
        .annas_mail()
        .about("Pay out my balance")
        .says("To this wallet.")
        .id("1@evil.example");
    let annas = stage
        .annas_mail()
        .about("Delivery")
        .says("It has not come.")
        .id("2@harbor.example");
    assert_eq!(lies(&desk.gets(&thiefs).await), ("held", "unproven"));
    assert_eq!(lies(&desk.gets(&annas).await), ("held", "unproven"));
    // One letter an hour, so it is about the thief's; Anna cannot see that.
    assert_eq!(desk.kinds_to(ANNA), ["mail_held"]);
    let confirms = Post::answering(&desk.last_sent_to(ANNA), "Yes, that was me.");
    assert_eq!(lies(&desk.gets(&confirms).await), ("held", "unproven"));
    assert!(stage.tickets().is_empty());
    // A person sees both, and lets in what is hers.
    let mut omar = desk.signed_in(OMAR).await;
    let tray = omar.opens("/queue/mail").await;
    tray.sees("Pay out my balance");
    let page = omar.opens(&tray.link("Delivery")).await;
    omar.sends(page.form("Let it in")).await;
    desk.works().await;
    let tickets = stage.tickets();
    assert_eq!(tickets.len(), 1);
    assert_eq!(stage.said(&tickets[0].id), ["It has not come."]);
}

#[tokio::test]
async fn a_stranger_who_answers_is_somebody_new_and_what_they_add_is_said_too() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let ida = "ida@fjord.example";
    let first = mail(&format!("Ida Berg <{ida}>"), &stage.to)
        .about("Do you ship?")
        .says("To Norway?");
    assert_eq!(lies(&desk.gets(&first).await), ("held", "stranger"));
    let asked = desk.last_sent_to(ida);
    let text = &asked.letter.text;
    assert!(
        !text.contains("Norway") && !asked.letter.subject.contains("ship"),
        "{text}"
    );
    desk.gets(&Post::answering(
        &asked,
        "Yes, it was me. To Bergen, please.",
    ))
    .await;
    let found = desk.app.pool.read(|conn| {
        let ida = db::people::by_email(conn, ida)?.unwrap();
        let ticket = db::tickets::of_customer(conn, &ida.id)?.remove(0);
        Ok((ida, ticket))
    });
    let (person, ticket) = found.unwrap();
    assert_eq!(
        (
            person.name.as_str(),
            person.password_hash,
            person.confirmed_at
        ),
        ("Ida Berg", None, None)
    );
    assert_eq!(
        stage.said(&ticket.id),
        ["To Norway?", "Yes, it was me. To Bergen, please."]
    );
    // Somebody else cannot confirm in her place.
    let other = mail("olav@fjord.example", &stage.to).id("3@fjord.example");
    desk.gets(&other).await;
    let asked = desk
        .last_sent_to("olav@fjord.example")
        .letter
        .reply_to
        .unwrap();
    let thief = mail(EVIL, asked.as_str()).id("4@fjord.example");
    assert_eq!(lies(&desk.gets(&thief).await), ("held", "another_sender"));
    assert_eq!(desk.gets(&other).await.state, "held");
}

#[tokio::test]
async fn references_are_a_hint_for_the_same_proven_customer_and_numbers_in_subjects_are_none() {
    let desk = Desk::with_mail();
    let stage = Stage::of(&desk, "panel-credits");
    desk.person("Mallory", EVIL, redress::act::Role::Customer);
    let ticket = stage.question("Delivery");
    stage.omar_answers(&ticket.id, "Two days.").await;
    let letter = desk.last_sent_to(ANNA).letter;
    let refers = |from: &str, id: &str, subject: &str| {
        mail(from, &stage.to)
            .id(id)
            .about(subject)
            .with(&format!("References: <{}>", letter.message_id))
    };
    let subject = format!("Re: {}", letter.subject);
    let hers = refers(ANNA, "1@harbor.example", &subject)
        .says("Thank you.")
        .vouched();
    assert_eq!(desk.gets(&hers).await.ticket_id, Some(ticket.id.clone()));
    // A customer too, and vouched for, but not of that conversation.
    let others = refers(EVIL, "2@evil.example", &subject)
        .says("Pay me.")
        .vouched();
    let got = desk.gets(&others).await;
    assert_eq!(lies(&got), ("taken", "new"));
    assert_ne!(got.ticket_id, Some(ticket.id.clone()));
    // Another subject is another matter.
    let fresh = refers(ANNA, "3@harbor.example", "Something else").vouched();
    assert_ne!(desk.gets(&fresh).await.ticket_id, Some(ticket.id.clone()));
    let numbered = mail(EVIL, &stage.to)
        .id("4@evil.example")
        .about(&format!("Re: {} {}", letter.subject, ticket.number))
        .vouched();
    assert_ne!(
        desk.gets(&numbered).await.ticket_id,
        Some(ticket.id.clone())
    );
    assert_eq!(
        stage.said(&ticket.id),
        ["How long does it take?", "Thank you."]
    );
}

#[tokio::test]
async fn files_of_a_mail_hang_on_its_message_and_what_nobody_may_attach_is_said() {
    let desk = Desk::with_mail();
    let stage = Stage::of(&desk, "panel-credits");
    let post = stage
        .annas_mail()
        .says("See the picture.")
        .vouched()
        .attaching(
            "../../shot.png",
            "image/svg+xml",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        )
        .attaching("run.exe", "image/png", b"MZ\x90\0\x03\0\0\0");
    let got = desk.gets(&post).await;
    let ticket = got.ticket_id.unwrap();
    let files = desk
        .app
        .pool
        .read(|conn| Ok(db::files::of_ticket(conn, &ticket)?))
        .unwrap();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|file| (file.name.as_str(), file.kind.as_str()))
        .collect();
    assert_eq!(files, [("_.._shot.png", "png")]);
    let said = stage.said(&ticket).remove(0);
    assert!(
        said.starts_with("See the picture.") && said.contains("run.exe was not taken"),
        "{said}"
    );
}
