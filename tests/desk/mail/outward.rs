//! What goes out because of what came in: one recipient, no header of anybody's making, and nothing that is the staff's alone.

use redress::act::Role;
use redress::desk::tickets;
use redress::outside::mime;

use super::{ANNA, OMAR, Stage, lies};
use crate::support::app::Desk;
use crate::support::post::mail;

#[tokio::test]
async fn t11_nothing_that_a_mail_says_becomes_a_header_or_a_recipient_of_ours() {
    let desk = Desk::with_mail();
    let stage = Stage::of(&desk, "panel-credits");
    let breaks = [
        "=0D=0ABcc=3A x=40evil.example",
        "=0ABcc: x@evil.example",
        "=00",
        "=E2=80=AE",
        "=0D=0A=0D=0A.=0D=0AMAIL FROM:<x>",
    ];
    for (at, hostile) in breaks.iter().enumerate() {
        let word = format!("=?utf-8?q?Bob{}?=", hostile.replace(' ', "_"));
        let post = mail(&format!("{word} <{ANNA}>"), &stage.to)
            .id(&format!("{at}@harbor.example"))
            .about(&format!("{word} subject"))
            .says("\r\n.\r\nMAIL FROM:<x@evil.example>\r\nRCPT TO:<y@evil.example>\r\n")
            .vouched();
        let got = desk.gets(&post).await;
        assert_eq!(lies(&got), ("taken", "new"), "{hostile}");
        stage
            .omar_answers(&got.ticket_id.unwrap(), "Thank you.\r\n.\r\nMAIL FROM:<x>")
            .await;
    }
    for sent in desk.sent() {
        assert_eq!(sent.letter.envelope().unwrap().to().len(), 1);
        assert_eq!(sent.letter.to.address.as_str(), ANNA);
        let read = mime::read(&sent.bytes).unwrap();
        assert_eq!(read.to.len(), 1, "{}", String::from_utf8_lossy(&sent.bytes));
        let head = String::from_utf8_lossy(&sent.bytes);
        let head = head.split("\r\n\r\n").next().unwrap().to_lowercase();
        assert!(!head.contains("\nbcc:"), "{head}");
    }
    let people = desk
        .app
        .pool
        .read(|conn| redress::db::people::by_email(conn, "x@evil.example"));
    assert!(people.unwrap().is_none());
}

#[tokio::test]
async fn t12_a_name_that_breaks_the_mail_library_breaks_no_letter_and_no_worker() {
    let desk = Desk::with_mail();
    let stage = Stage::of(&desk, "panel-credits");
    let poison = mail(
        &format!("=?utf-8?q?Bob=0D=0AX-Evil=3A_1?= <{ANNA}>"),
        &stage.to,
    )
    .vouched();
    let got = desk.gets(&poison).await;
    assert_eq!(got.sender_name, "Bob X-Evil: 1");
    for number in 0..10 {
        let post = stage
            .annas_mail()
            .id(&format!("{number}@harbor.example"))
            .about(&format!("Re: {number}"));
        desk.keeps(&post.vouched()).await;
    }
    desk.works().await;
    stage
        .omar_answers(&got.ticket_id.unwrap(), "Hello Bob.")
        .await;
    assert!(desk.letters().iter().all(|letter| letter.state == "sent"));
}

#[tokio::test]
async fn t13_no_letter_and_no_page_of_a_customer_has_what_is_the_staffs_alone() {
    let desk = Desk::open();
    desk.person(
        "Nils CANARY-SURNAME",
        "canary-staff@desk.example",
        Role::Agent,
    );
    let stage = Stage::of(&desk, "panel-credits");
    let ticket = stage.question("Delivery");
    let act = stage.act_of("canary-staff@desk.example");
    desk.app
        .pool
        .write(|tx| {
            tickets::note(tx, &act, &ticket.id, None, "CANARY-NOTE")?;
            tickets::reply(tx, &act, &ticket.id, None, "Two days.", &[])?;
            Ok(())
        })
        .unwrap();
    desk.works().await;
    let address = desk.last_sent_to(ANNA).letter.reply_to.unwrap().to_string();
    let other = mail("canary-sender@evil.example", &address)
        .about("CANARY-SUBJECT")
        .says("CANARY-BODY");
    desk.gets(&other).await;
    let mut anna = desk.signed_in(ANNA).await;
    let canaries = [
        "CANARY-SURNAME",
        "CANARY-NOTE",
        "canary-staff",
        "canary-sender",
        "CANARY-SUBJECT",
        "CANARY-BODY",
    ];
    for path in [
        "/portal",
        "/portal/tickets",
        &format!("/portal/tickets/{}", ticket.number),
    ] {
        let page = anna.opens(path).await;
        for canary in canaries {
            page.does_not_see(canary);
        }
    }
    for sent in desk.sent() {
        let whole = String::from_utf8_lossy(&sent.bytes).into_owned();
        for canary in canaries {
            assert!(!whole.contains(canary), "{canary} in {whole}");
        }
    }
    let mut omar = desk.signed_in(OMAR).await;
    omar.opens(&format!("/queue/tickets/{}", ticket.number))
        .await
        .sees("CANARY-NOTE")
        .sees("canary-sender");
}
