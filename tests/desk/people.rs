//! Accounts: how people get in, what strangers cannot find out, and how sessions end.

mod links;
mod sessions;

use std::sync::Arc;

use chrono::Duration;
use redress::act::Role;
use redress::app::DemoAccount;
use redress::db;
use reqwest::Method;

use crate::support::app::{Desk, PASSWORD};
use crate::support::page::{Browser, Page};

pub async fn signs_in(browser: &mut Browser, email: &str, password: &str) -> Page {
    let page = browser.opens("/sign-in").await;
    let form = page
        .form("Sign in")
        .fill("E-mail address", email)
        .fill("Password", password);
    browser.posts(form).await
}

async fn signs_up(browser: &mut Browser, name: &str, email: &str) -> Page {
    let page = browser.opens("/sign-up").await;
    let form = page
        .form("Make an account")
        .fill("Your name", name)
        .fill("E-mail address", email);
    browser.sends(form).await
}

async fn asks_for_reset(browser: &mut Browser, email: &str) -> Page {
    let page = browser.opens("/reset").await;
    browser
        .sends(page.form("Send the link").fill("E-mail address", email))
        .await
}

#[tokio::test]
async fn a_stranger_signs_up_confirms_the_address_and_signs_in() {
    let desk = Desk::open();
    let mut anna = desk.visitor();
    signs_up(&mut anna, "Anna Lindqvist", "Anna@Harbor.example")
        .await
        .sees("Check your mail");
    let page = anna.opens(&desk.link_to("anna@harbor.example")).await;
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    let form = page.form("Confirm and choose this password");
    assert_eq!(form.value("name"), "Anna Lindqvist");
    anna.sends(form.fill("New password", PASSWORD))
        .await
        .sees("Your address is confirmed");
    let entered = signs_in(&mut anna, "anna@harbor.example", PASSWORD).await;
    assert_eq!(
        (entered.status, entered.leads_to().as_deref()),
        (303, Some("/portal"))
    );
    assert_eq!(desk.subjects_to("anna@harbor.example").len(), 1);
}

#[tokio::test]
async fn nobody_signs_in_before_the_address_is_confirmed() {
    let desk = Desk::open();
    let mut anna = desk.visitor();
    signs_up(&mut anna, "Anna", "anna@harbor.example").await;
    for password in [PASSWORD, ""] {
        let page = signs_in(&mut anna, "anna@harbor.example", password).await;
        assert_eq!(page.status, 422);
        page.sees("The address or the password is not right");
    }
}

#[tokio::test]
async fn who_signs_up_with_anothers_address_gains_nothing_when_the_owner_confirms() {
    let desk = Desk::open();
    let mut mallory = desk.visitor();
    signs_up(&mut mallory, "Mallory", "victim@harbor.example").await;
    let mut victim = desk.visitor();
    let page = victim.opens(&desk.link_to("victim@harbor.example")).await;
    let form = page
        .form("Confirm and choose this password")
        .fill("Your name", "Vera");
    victim.sends(form.fill("New password", PASSWORD)).await;
    let page = mallory.opens("/account").await;
    assert!(page.path.starts_with("/sign-in"), "{}", page.path);
    let person = desk
        .app
        .pool
        .read(|conn| db::people::by_email(conn, "victim@harbor.example"))
        .unwrap();
    assert_eq!(person.unwrap().name, "Vera");
}

/// The page without what differs because the request differs.
fn bare(page: &Page, email: &str) -> (u16, String, Vec<String>) {
    let own = ["x-request-id", "date", "set-cookie"];
    let headers = page
        .headers
        .iter()
        .filter(|(name, _)| !own.contains(&name.as_str()));
    let mut headers = headers
        .map(|(name, value)| format!("{name}: {value:?}"))
        .collect::<Vec<_>>();
    headers.sort();
    (page.status, page.body.replace(email, "ADDRESS"), headers)
}

#[tokio::test]
async fn no_page_tells_whether_an_address_has_an_account() {
    let desk = Desk::open();
    desk.person("Anna", "anna@harbor.example", Role::Customer);
    let mut stranger = desk.visitor();
    let (known, unknown) = ("anna@harbor.example", "hugo@harbor.example");
    let mut answers = Vec::new();
    for email in [known, unknown] {
        answers.push([
            bare(
                &signs_in(&mut stranger, email, "not the password").await,
                email,
            ),
            bare(&signs_up(&mut stranger, "Hugo", email).await, email),
            bare(&asks_for_reset(&mut stranger, email).await, email),
        ]);
    }
    assert_eq!(answers[0], answers[1]);
    let subjects = desk.subjects_to(known);
    assert_eq!(subjects.len(), 2, "{subjects:?}");
    assert!(subjects[0].contains("already"), "{subjects:?}");
    // The stranger who signed up has a link to confirm, and one to reset since the address is somebody's now.
    assert_eq!(desk.subjects_to(unknown).len(), 2);
}

#[tokio::test]
async fn only_the_exact_password_opens() {
    let desk = Desk::open();
    desk.person("Anna", "anna@harbor.example", Role::Customer);
    let kept = desk
        .app
        .pool
        .read(|conn| db::people::by_email(conn, "anna@harbor.example"))
        .unwrap();
    let hash = kept.unwrap().password_hash.unwrap();
    let mut browser = desk.visitor();
    for wrong in [
        &format!("{PASSWORD} "),
        &format!(" {PASSWORD}"),
        &PASSWORD.to_uppercase(),
        &hash,
    ] {
        assert_eq!(
            signs_in(&mut browser, "anna@harbor.example", wrong)
                .await
                .status,
            422,
            "{wrong:?}"
        );
    }
    assert_eq!(
        signs_in(&mut browser, "ANNA@harbor.example", PASSWORD)
            .await
            .status,
        303
    );
}

#[tokio::test]
async fn a_password_kept_with_older_parameters_is_hashed_anew_at_sign_in() {
    let desk = Desk::open();
    let id = desk.person("Anna", "anna@harbor.example", Role::Customer);
    // `teapot marmalade cliff` under m=8192, t=1.
    let old = "$argon2id$v=19$m=8192,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$";
    let old = format!("{old}{}", weak_tail());
    desk.app
        .pool
        .write(|tx| Ok(db::people::set_password(tx, &id, &old)?))
        .unwrap();
    let mut anna = desk.visitor();
    assert_eq!(
        signs_in(&mut anna, "anna@harbor.example", PASSWORD)
            .await
            .status,
        303
    );
    let kept = desk
        .app
        .pool
        .read(|conn| Ok(db::people::find(conn, &id)?.password_hash))
        .unwrap()
        .unwrap();
    assert!(kept.contains("m=19456,t=2,p=1"), "{kept}");
}

fn weak_tail() -> String {
    use argon2::{Algorithm, Argon2, Params, Version};
    let argon = Argon2::new(
        Algorithm::Argon2id,
        Version::V0x13,
        Params::new(8_192, 1, 1, None).unwrap(),
    );
    let mut out = [0_u8; 32];
    argon
        .hash_password_into(PASSWORD.as_bytes(), b"somesaltsomesalt", &mut out)
        .unwrap();
    data_encoding::BASE64_NOPAD.encode(&out)
}

#[tokio::test]
async fn guessing_a_password_is_slowed_down_and_never_locks_the_owner_out_for_good() {
    let desk = Desk::open();
    desk.person("Anna", "anna@harbor.example", Role::Customer);
    let mut browser = desk.visitor();
    for _ in 0..10 {
        assert_eq!(
            signs_in(&mut browser, "anna@harbor.example", "guess")
                .await
                .status,
            422
        );
    }
    let page = signs_in(&mut browser, "anna@harbor.example", PASSWORD).await;
    assert_eq!((page.status, page.header("retry-after")), (429, "60"));
    page.sees("Too many tries").sees("Try again in 1 minute");
    desk.advance(Duration::seconds(60));
    assert_eq!(
        signs_in(&mut browser, "anna@harbor.example", "guess")
            .await
            .status,
        422
    );
    let page = signs_in(&mut browser, "anna@harbor.example", PASSWORD).await;
    assert_eq!(page.header("retry-after"), "120", "the wait doubles");
    desk.advance(Duration::seconds(120));
    assert_eq!(
        signs_in(&mut browser, "anna@harbor.example", PASSWORD)
            .await
            .status,
        303
    );
    // The right password is forgiven everything.
    assert_eq!(
        signs_in(&mut desk.visitor(), "anna@harbor.example", PASSWORD)
            .await
            .status,
        303
    );
}

#[tokio::test]
async fn tries_are_counted_by_place_too_whatever_a_forwarding_header_says() {
    let desk = Desk::open();
    let mut browser = desk.visitor();
    let page = browser.opens("/sign-in").await;
    for number in 0..11 {
        let form = page
            .form("Sign in")
            .fill("E-mail address", &format!("p{number}@harbor.example"));
        let fields = form.fill("Password", "guess").fields;
        let answer = browser
            .asks(Method::POST, "/sign-in", |it| {
                it.header("x-forwarded-for", format!("198.51.100.{number}"))
                    .form(&fields)
            })
            .await;
        assert_eq!(
            answer.status,
            if number < 10 { 422 } else { 429 },
            "try {number}"
        );
    }
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_caller_is_counted_alone() {
    let desk = Desk::with(|mut config| {
        config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        config
    });
    let mut browser = desk.visitor();
    let page = browser.opens("/sign-in").await;
    for number in 0..11 {
        let form = page
            .form("Sign in")
            .fill("E-mail address", &format!("p{number}@harbor.example"));
        let fields = form.fill("Password", "guess").fields;
        let forwarded = format!("203.0.113.7, 198.51.100.{number}");
        let answer = browser
            .asks(Method::POST, "/sign-in", |it| {
                it.header("x-forwarded-for", forwarded).form(&fields)
            })
            .await;
        assert_eq!(answer.status, 422, "try {number}");
    }
}

#[tokio::test]
async fn signing_in_often_is_no_offence() {
    let desk = Desk::open();
    desk.person("Anna", "anna@harbor.example", Role::Customer);
    for _ in 0..12 {
        let mut browser = desk.visitor();
        assert_eq!(
            signs_in(&mut browser, "anna@harbor.example", PASSWORD)
                .await
                .status,
            303
        );
    }
    let anna = desk
        .app
        .pool
        .read(|conn| db::people::by_email(conn, "anna@harbor.example"))
        .unwrap()
        .unwrap();
    let open = desk
        .app
        .pool
        .read(|conn| Ok(db::people::sessions_of(conn, &anna.id, desk.app.now())?))
        .unwrap();
    assert_eq!(open.len(), 10, "the oldest sessions make room");
}

#[tokio::test]
async fn mail_cannon_and_guesswork_end_at_the_hourly_limits() {
    let desk = Desk::open();
    desk.person("Anna", "anna@harbor.example", Role::Customer);
    let mut browser = desk.visitor();
    for _ in 0..4 {
        asks_for_reset(&mut browser, "anna@harbor.example")
            .await
            .sees("Check your mail");
    }
    assert_eq!(
        desk.subjects_to("anna@harbor.example").len(),
        3,
        "three links an hour, and the page keeps still"
    );
    for _ in 0..2 {
        signs_up(&mut browser, "Hugo", "hugo@harbor.example")
            .await
            .sees("Check your mail");
    }
    assert_eq!(desk.subjects_to("hugo@harbor.example").len(), 1);
    for number in 0..3 {
        signs_up(&mut browser, "Hugo", &format!("h{number}@harbor.example")).await;
    }
    let page = signs_up(&mut browser, "Hugo", "h4@harbor.example").await;
    assert_eq!((page.status, page.header("retry-after")), (429, "3600"));
    desk.advance(Duration::hours(1));
    signs_up(&mut browser, "Hugo", "hugo@harbor.example")
        .await
        .sees("Check your mail");
    assert_eq!(desk.subjects_to("hugo@harbor.example").len(), 2);
}

#[tokio::test]
async fn what_is_no_address_or_no_name_is_sent_back_with_all_its_problems() {
    let desk = Desk::open();
    let mut browser = desk.visitor();
    let page = signs_up(&mut browser, " \u{200b} ", "anna@localhost").await;
    assert_eq!(page.status, 422);
    page.sees("There is a problem")
        .sees("Enter your name")
        .sees("After the @ write the full host name");
    assert!(page.title().starts_with("Error: "), "{}", page.title());
    for email in [
        "a@x.test, b@y.test",
        "a@x.test\r\nBcc: b@y.test",
        "=?utf-8?q?a?=@x.test",
        "ａ@x.test",
        "-oQ@x.test",
    ] {
        let page = signs_up(&mut browser, "Anna", email).await;
        assert_eq!(page.status, 422, "{email:?}");
        assert_eq!(
            asks_for_reset(&mut browser, email).await.status,
            422,
            "{email:?}"
        );
    }
    assert!(desk.letters().is_empty());
}

#[tokio::test]
async fn a_demo_offers_its_accounts_with_a_button_each() {
    let account = |role: &str, email: &str| DemoAccount {
        role: role.to_owned(),
        email: email.to_owned(),
        password: PASSWORD.to_owned(),
        seller: String::new(),
    };
    let demo = Desk::built(
        |mut config| {
            config.demo = true;
            config
        },
        |mut app| {
            let accounts = [
                account("Customer", "anna@harbor.example"),
                account("Agent", "omar@desk.example"),
            ];
            app.demo_accounts = Arc::new(accounts);
            app
        },
    );
    demo.person("Omar", "omar@desk.example", Role::Agent);
    let mut browser = demo.visitor();
    let page = browser.opens("/sign-in").await;
    let page = browser
        .posts(page.form("Sign in as Agent omar@desk.example"))
        .await;
    assert_eq!(page.leads_to().as_deref(), Some("/queue"));
    Desk::open()
        .visitor()
        .opens("/sign-in")
        .await
        .does_not_see("demo");
}
