//! Forms: the token, the fields, the size, and the key that makes a double click harmless.

use redress::act::Role;
use redress::db;
use reqwest::Method;

use crate::support::app::{Desk, PASSWORD};

#[tokio::test]
async fn a_form_without_this_sessions_token_changes_nothing() {
    let desk = Desk::open();
    let (mut anna, mut omar) = (desk.anna().await, desk.omar().await);
    let omars = omar
        .opens("/account")
        .await
        .form("Save")
        .value("csrf")
        .to_owned();
    let page = anna.opens("/account").await;
    let form = page.form("Save").fill("Your name", "Changed");
    let own = form.value("csrf").to_owned();
    for forged in ["", "0", &omars, &own[..63], &own.to_uppercase()] {
        let page = anna.posts(form.clone().forge("csrf", forged)).await;
        assert_eq!(page.status, 403, "{forged}");
        page.sees("This page is out of date");
    }
    assert_eq!(anna.posts(form.clone().without("csrf")).await.status, 403);
    anna.opens("/account").await.does_not_see("Changed");
    assert_eq!(anna.posts(form).await.status, 303);
}

#[tokio::test]
async fn a_form_from_before_signing_in_is_worth_nothing_after() {
    let desk = Desk::open();
    desk.person("Anna", "anna@harbor.example", Role::Customer);
    let mut anna = desk.visitor();
    let page = anna.opens("/sign-in").await;
    let before = page.form("Sign in").value("csrf").to_owned();
    anna.sends(
        page.form("Sign in")
            .fill("E-mail address", "anna@harbor.example")
            .fill("Password", PASSWORD),
    )
    .await;
    let form = anna
        .opens("/account")
        .await
        .form("Save")
        .forge("csrf", &before);
    assert_eq!(anna.posts(form).await.status, 403);
}

#[tokio::test]
async fn an_unknown_a_doubled_or_an_unreadable_field_is_refused() {
    let desk = Desk::open();
    let mut anna = desk.anna().await;
    let page = anna.opens("/account").await;
    let form = page.form("Save").fill("Your name", "Changed");
    for (name, value) in [
        ("role", "manager"),
        ("customer_id", "x"),
        ("is_internal", "1"),
        ("email", "x@y.test"),
        ("amount_e8", "1"),
    ] {
        assert_eq!(
            anna.posts(form.clone().forge(name, value)).await.status,
            400,
            "{name}"
        );
    }
    assert_eq!(anna.posts(form.clone().without("zone")).await.status, 400);
    let token = form.value("csrf");
    let key = form.value("idempotency_key");
    for fields in [
        "name=a&name=b&zone=UTC",
        "name=a&zone=UTC&zone=UTC",
        "name=%ff&zone=UTC",
        "name=a%00b&zone=UTC",
        "name=%zz&zone=UTC",
        "name[]=a&zone=UTC",
    ] {
        let body = format!("csrf={token}&idempotency_key={key}&{fields}");
        let page = anna
            .asks(Method::POST, "/account", |it| {
                it.header("content-type", "application/x-www-form-urlencoded")
                    .body(body)
            })
            .await;
        assert_eq!(page.status, 400, "{fields}");
    }
    for kind in [
        "application/json",
        "text/plain",
        "multipart/form-data; boundary=x",
    ] {
        let body = format!("csrf={token}&name=a&zone=UTC");
        let page = anna
            .asks(Method::POST, "/account", |it| {
                it.header("content-type", kind).body(body)
            })
            .await;
        assert_eq!(page.status, 400, "{kind}");
    }
    anna.opens("/account").await.does_not_see("Changed");
}

#[tokio::test]
async fn a_form_larger_than_its_limit_or_compressed_is_refused() {
    let desk = Desk::open();
    let mut browser = desk.visitor();
    let page = browser.opens("/sign-in").await;
    let form = page.form("Sign in").fill("Password", &"x".repeat(17_000));
    browser.posts(form.clone()).await.sees("That is too large");
    let zipped = browser
        .asks(Method::POST, "/sign-in", |it| {
            it.header("content-encoding", "gzip").form(&form.fields)
        })
        .await;
    assert_eq!(zipped.status, 400);
}

#[tokio::test]
async fn the_same_form_twice_does_the_work_once_and_gets_the_same_answer() {
    let desk = Desk::open();
    let mut anna = desk.anna().await;
    let page = anna.opens("/account").await;
    let form = page.form("Save").fill("Your name", "Anna the First");
    let first = anna.posts(form.clone()).await;
    let again = anna
        .opens("/account")
        .await
        .form("Save")
        .fill("Your name", "Anna the Second");
    anna.sends(again).await.sees("Anna the Second");
    let second = anna.posts(form.clone()).await;
    assert_eq!((first.status, second.status), (303, 303));
    assert_eq!(first.leads_to(), second.leads_to());
    anna.opens("/account")
        .await
        .sees("Anna the Second")
        .does_not_see("Anna the First");

    let other = anna
        .posts(form.clone().fill("Your name", "Anna the Third"))
        .await;
    assert_eq!(other.status, 409);
    assert_eq!(
        anna.posts(form.clone().without("idempotency_key"))
            .await
            .status,
        400
    );
    assert_eq!(
        anna.posts(form.clone().forge("idempotency_key", "1"))
            .await
            .status,
        400
    );

    let mut omar = desk.omar().await;
    let own = omar.opens("/account").await.form("Save");
    let stolen = own.forge("idempotency_key", form.value("idempotency_key"));
    assert_eq!(
        omar.posts(stolen).await.status,
        404,
        "a key belongs to whoever used it"
    );
}

#[tokio::test]
async fn sixteen_clicks_at_once_are_one() {
    let desk = Desk::open();
    let mut anna = desk.anna().await;
    let page = anna.opens("/account").await;
    let save = page.form("Save").fill("Your name", "Anna Clicks");
    let clicks = (0..16).map(|_| {
        let (mut anna, save) = (anna.clone(), save.clone());
        async move { anna.posts(save).await }
    });
    for answer in futures_util::future::join_all(clicks).await {
        assert_eq!(
            (answer.status, answer.leads_to().as_deref()),
            (303, Some("/account"))
        );
    }
    let rows = desk
        .app
        .pool
        .read(|conn| Ok(db::forms::find(conn, save.value("idempotency_key"))?))
        .unwrap();
    assert_eq!(rows.location, "/account");
}

#[tokio::test]
async fn a_refused_form_keeps_what_was_typed_but_no_password() {
    let desk = Desk::open();
    let mut browser = desk.visitor();
    let page = browser.opens("/sign-in").await;
    let form = page
        .form("Sign in")
        .fill("E-mail address", "anna@harbor.example")
        .fill("Password", "my secret words");
    let page = browser.posts(form).await;
    assert_eq!(page.form("Sign in").value("email"), "anna@harbor.example");
    page.does_not_see("my secret words");
}
