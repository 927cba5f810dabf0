//! What staff do with the mail that is in no conversation.

use redress::act::Role;
use redress::db;

use super::{ANNA, EVIL, OMAR, Stage, lies};
use crate::support::app::Desk;
use crate::support::make::Shop;
use crate::support::post::mail;

#[tokio::test]
async fn an_agent_lets_a_held_mail_in_and_it_is_its_senders_own_conversation() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let post = mail(&format!("Ida <{EVIL}>"), &stage.to)
        .about("About your shop")
        .says("Do you deliver?")
        .attaching("list.txt", "text/plain", b"one, two");
    let held = desk.gets(&post).await;
    let mut omar = desk.signed_in(OMAR).await;
    let tray = omar.opens("/queue/mail").await;
    tray.sees("Nobody is known here by this address")
        .sees("Ida")
        .sees(EVIL);
    let page = omar.opens(&tray.link("About your shop")).await;
    page.sees("Do you deliver?")
        .sees("list.txt, 8")
        .sees("Nobody vouches for the sender");
    let done = omar.sends(page.form("Let it in")).await;
    done.sees("It is let in").sees("Being read");
    desk.works().await;
    let taken = desk.mail(&held.id);
    assert_eq!(lies(&taken), ("taken", "new"));
    let ticket = stage.ticket(&taken.ticket_id.unwrap());
    assert_eq!(stage.said(&ticket.id), ["Do you deliver?"]);
    let page = omar
        .opens(&format!("/queue/tickets/{}", ticket.number))
        .await;
    page.sees("list.txt")
        .sees(&format!("{} from {EVIL}", held.number))
        .sees("In a conversation");
    // The letter that asked to confirm, and the answer that it has come.
    assert_eq!(desk.kinds_to(EVIL), ["mail_held", "ticket_received"]);
    assert!(
        !omar
            .opens(&format!("/queue/mail/{}", held.number))
            .await
            .has_button("Let it in")
    );
}

#[tokio::test]
async fn a_mail_in_a_colleagues_name_can_only_be_dropped_and_what_was_dropped_comes_back() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let held = desk
        .gets(&mail(OMAR, &stage.to).about("Pay this at once"))
        .await;
    let path = format!("/queue/mail/{}", held.number);
    let mut omar = desk.signed_in(OMAR).await;
    let page = omar.opens(&path).await;
    page.sees("Staff never act by mail");
    assert!(!page.has_button("Let it in"));
    let forged = page.form("Drop it").to(&format!("{path}/admission"));
    assert_eq!(omar.posts(forged).await.status, 422);
    omar.sends(page.form("Drop it")).await.sees("Dropped");
    assert_eq!(desk.mail(&held.id).state, "dropped");
    let page = omar.opens(&path).await;
    omar.sends(page.form("Read it again"))
        .await
        .sees("read again");
    desk.works().await;
    assert_eq!(lies(&desk.mail(&held.id)), ("held", "staff"));
}

#[tokio::test]
async fn an_unreadable_mail_is_shown_as_far_as_it_can_be_and_its_original_saved_whole() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let post = stage
        .annas_mail()
        .about("Two senders")
        .with(&format!("From: {EVIL}"));
    let mail = desk.gets(&post).await;
    let mut omar = desk.signed_in(OMAR).await;
    let tray = omar.opens("/queue/mail?tray=unreadable").await;
    tray.sees("It says more than once who it is from.")
        .sees("No single sender");
    let page = omar.opens(&tray.link("Two senders")).await;
    page.sees("Unreadable").sees("Hello.");
    let (status, headers, bytes) = omar
        .saves(&format!("/queue/mail/{}/original", mail.number))
        .await;
    assert_eq!((status, bytes), (200, post.raw()));
    assert_eq!(headers["content-type"], "application/octet-stream");
    assert!(
        headers["content-disposition"]
            .to_str()
            .unwrap()
            .starts_with("attachment")
    );
    assert!(
        headers["content-security-policy"]
            .to_str()
            .unwrap()
            .contains("sandbox")
    );
}

#[tokio::test]
async fn staff_see_the_mail_of_the_sellers_that_they_serve_and_customers_see_none() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let other = Shop::of(
        &desk.app.pool,
        desk.app.now(),
        "Other Shop",
        "panel-credits",
    );
    let to_other = other.reads_mail(&desk);
    desk.staff(
        "Nils Berg",
        "nils@desk.example",
        Role::Agent,
        std::slice::from_ref(&stage.shop.seller),
    );
    let hers = desk
        .gets(&mail(EVIL, &to_other).about("For the other shop"))
        .await;
    desk.gets(
        &mail(EVIL, &stage.to)
            .about("For this shop")
            .id("2@evil.example"),
    )
    .await;
    let mut nils = desk.signed_in("nils@desk.example").await;
    nils.opens("/queue/mail")
        .await
        .sees("For this shop")
        .does_not_see("For the other shop");
    let path = format!("/queue/mail/{}", hers.number);
    for path in [path.clone(), format!("{path}/original")] {
        assert_eq!(nils.opens(&path).await.status, 404);
    }
    let own = nils.opens("/queue/mail").await;
    let page = nils.opens(&own.link("For this shop")).await;
    assert_eq!(
        nils.posts(page.form("Let it in").to(&format!("{path}/admission")))
            .await
            .status,
        404
    );
    let mut anna = desk.signed_in(ANNA).await;
    assert_eq!(anna.opens("/queue/mail").await.status, 403);
    let mut omar = desk.signed_in(OMAR).await;
    omar.opens("/queue/mail")
        .await
        .sees("For this shop")
        .sees("For the other shop");
}

#[tokio::test]
async fn a_bounce_lies_beside_the_letter_that_it_speaks_of() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let ticket = stage.question("Delivery");
    desk.works().await;
    let letter = desk.last_sent_to(ANNA).letter;
    let back = letter.bounces_to.unwrap();
    let report = mail("mailer-daemon@mx.example", back.as_str())
        .returning_to("")
        .about("Undelivered mail");
    let got = desk.gets(&report).await;
    assert_eq!(
        (got.state.as_str(), got.ticket_id),
        ("bounce", Some(ticket.id))
    );
    let found = desk
        .app
        .pool
        .read(|conn| Ok(db::mail::find(conn, &got.letter_id.unwrap())?))
        .unwrap();
    assert_eq!(found.message_id, letter.message_id);
    let mut omar = desk.signed_in(OMAR).await;
    let tray = omar.opens("/queue/mail?tray=bounce").await;
    omar.opens(&tray.link("Undelivered mail"))
        .await
        .sees("Message received")
        .sees(&ticket.number);
    assert_eq!(omar.opens("/queue/mail?tray=everything").await.status, 400);
}
