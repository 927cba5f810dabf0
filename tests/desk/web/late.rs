//! A form that comes after its session has ended: the text is not lost, and nobody else reads it.

use chrono::Duration;
use redress::act::Role;

use crate::support::app::{Desk, PASSWORD};
use crate::support::page::{Browser, Page};

const WORDS: &str = "I wrote for half an hour\nabout the link that never arrived.";

/// Anna changes her name, and takes longer over it than her session lasts.
async fn too_late(desk: &Desk, anna: &mut Browser) -> Page {
    let page = anna.opens("/account").await;
    let form = page.form("Save").fill("Your name", WORDS);
    desk.advance(Duration::days(60));
    anna.posts(form).await
}

async fn signs_in(browser: &mut Browser, door: &Page, email: &str) -> Page {
    let page = browser.opens(&door.leads_to().unwrap()).await;
    let form = page
        .form("Sign in")
        .fill("E-mail address", email)
        .fill("Password", PASSWORD);
    browser.sends(form).await
}

#[tokio::test]
async fn what_was_typed_comes_back_after_signing_in_and_can_be_sent() {
    let desk = Desk::open();
    let mut anna = desk.anna().await;
    let door = too_late(&desk, &mut anna).await;
    assert!(
        door.leads_to()
            .unwrap()
            .starts_with("/sign-in?next=%2Fkept%2F")
    );
    let page = signs_in(&mut anna, &door, "anna@harbor.example").await;
    page.sees("Your text is still here");
    let form = page.form("Send it now");
    assert_eq!(form.value("name"), WORDS);
    let sent = anna.posts(form.clone().forge("name", "Anna Late")).await;
    assert_eq!(sent.leads_to().as_deref(), Some("/account"));
    anna.opens("/account").await.sees("Anna Late");
    let twice = anna.posts(form.forge("name", "Anna Twice")).await;
    assert_eq!(twice.status, 409, "the form keeps its key");
}

#[tokio::test]
async fn a_message_with_its_choice_of_files_keeps_its_words() {
    let desk = Desk::open();
    let mut anna = desk.anna().await;
    let shop =
        crate::support::make::Shop::of(&desk.app.pool, desk.app.now(), "Harbour", "panel-credits");
    let id = desk.app.pool.read(|conn| {
        Ok(redress::db::people::by_email(conn, "anna@harbor.example")?
            .unwrap()
            .id)
    });
    shop.deposit(&id.unwrap(), "D-1", "10", 3);
    let page = anna.opens("/portal/tickets/new").await;
    let form = page
        .form("Send")
        .fill("What is it about?", "Harbour: something else")
        .fill("In a few words", "Where is it?")
        .fill("Your question", WORDS)
        .attach("Files, if you have any", "shot.png", b"\x89PNG\r\n\x1a\n");
    desk.advance(Duration::days(60));
    let door = anna.posts(form).await;
    let page = signs_in(&mut anna, &door, "anna@harbor.example").await;
    page.sees("Files were not kept");
    let sent = anna.sends(page.form("Send it now")).await;
    sent.sees("about the link that never arrived.");
}

#[tokio::test]
async fn nobody_else_reads_it_and_after_a_day_nobody_does() {
    let desk = Desk::open();
    desk.person("Boris", "boris@harbor.example", Role::Customer);
    let mut anna = desk.anna().await;
    let door = too_late(&desk, &mut anna).await;
    let mut boris = anna.clone();
    let page = signs_in(&mut boris, &door, "boris@harbor.example").await;
    page.does_not_see("half an hour");
    desk.advance(Duration::hours(25));
    let page = signs_in(&mut anna, &door, "anna@harbor.example").await;
    page.does_not_see("half an hour").sees("Orders");
}

#[tokio::test]
async fn a_session_that_its_owner_ended_leaves_nothing_behind() {
    let desk = Desk::open();
    let mut anna = desk.anna().await;
    let page = anna.opens("/account").await;
    let form = page.form("Save").fill("Your name", WORDS);
    let mut thief = anna.clone();
    anna.sends(page.form("Sign out")).await;
    let door = thief.posts(form).await;
    assert!(!door.leads_to().unwrap().contains("kept"));
}

#[tokio::test]
async fn a_stranger_leaves_nothing_behind() {
    let desk = Desk::open();
    let mut stranger = desk.visitor();
    stranger.opens("/sign-in").await;
    let door = stranger
        .asks(reqwest::Method::POST, "/account", |it| {
            it.form(&[("name", WORDS), ("zone", "UTC")])
        })
        .await;
    assert!(!door.leads_to().unwrap().contains("kept"));
}
