//! What nobody means to send and somebody will: numbers that are none, letters that cannot be seen, words without an end.

use redress::act::Role;
use redress::db;
use redress::desk::tickets::LONGEST;
use redress::web::routes::ALL;
use reqwest::Method;

use crate::support::app::{Desk, PASSWORD};
use crate::support::make::Shop;
use crate::support::page::Browser;

const ANNA: &str = "anna@harbor.example";

/// Anna, a customer of a shop under one of the policies, with money at it.
fn shop<'a>(desk: &'a Desk, policy: &str) -> Shop<'a> {
    let anna = desk.person("Anna Lindqvist", ANNA, Role::Customer);
    let shop = Shop::of(&desk.app.pool, desk.app.now(), "Harbour Panel", policy);
    shop.deposit(&anna, "D-1", "50.00", 40);
    shop.order(&anna, "A-1", "10.00", |_| {});
    shop
}

/// The address with the same thing in each of its gaps.
fn filled(path: &str, with: &str) -> String {
    let mut address = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        address += before;
        address += with;
        rest = after.split_once('}').unwrap().1;
    }
    address + rest
}

#[tokio::test]
async fn a_number_that_is_none_is_an_address_that_is_not_there() {
    let desk = Desk::open();
    shop(&desk, "panel-guarantee");
    desk.person("Tom Okafor", "tom@desk.example", Role::Admin);
    let (mut anna, mut tom) = (
        desk.signed_in(ANNA).await,
        desk.signed_in("tom@desk.example").await,
    );
    let long = "9".repeat(5_000);
    let odd = [
        "-1",
        "0",
        "1e3",
        "9223372036854775808",
        "%D9%A1",
        "T-",
        "C--1",
        "T-1001%00",
        "T-1001%20",
        "t-%EF%BC%91001",
        "O-1001;x",
        "%27%20OR%201=1--",
        "..%2F..%2Fetc%2Fpasswd",
        "%E2%80%AE",
        &long,
    ];
    let with_a_gap = ALL
        .iter()
        .filter(|route| route.method == "GET" && route.path.contains('{'));
    for route in with_a_gap {
        // A link's letters are nobody's number: they are no longer valid, and guessing is slowed.
        let tokens = ["/confirm", "/reset", "/invitation"];
        let is_token = tokens.iter().any(|start| route.path.starts_with(start));
        for number in odd {
            let path = filled(route.path, number);
            for browser in [&mut anna, &mut tom] {
                let page = browser.asks(Method::GET, &path, |it| it).await;
                let expected: &[u16] = if is_token {
                    &[400, 404, 410, 429]
                } else {
                    &[400, 403, 404]
                };
                let shown: String = path.chars().take(80).collect();
                assert!(expected.contains(&page.status), "{}: {shown}", page.status);
                page.does_not_see("root:").does_not_see("panicked");
            }
        }
    }
}

async fn asks(anna: &mut Browser, subject: &str, body: &str) -> crate::support::page::Page {
    let page = anna.opens("/portal/tickets/new").await;
    let form = page
        .form("Send")
        .fill("In a few words", subject)
        .fill("Your question", body);
    anna.sends(form).await
}

#[tokio::test]
async fn letters_that_cannot_be_seen_are_taken_out_before_anything_is_kept() {
    let desk = Desk::open();
    shop(&desk, "panel-guarantee");
    let mut anna = desk.signed_in(ANNA).await;
    let page = asks(&mut anna, "Pay\u{0}pal", "one").await;
    assert_eq!(page.status, 400, "a NUL is in no text");
    let subject = "Paypal\u{202e}gpj.exe\u{feff}\r\nBcc: x@evil.test\u{7}";
    let page = asks(&mut anna, subject, "one\u{1b}[31m\r\ntwo\u{2028}three").await;
    page.sees("We have your question.");
    let (ticket, message) = desk
        .app
        .pool
        .read(|conn| {
            let anna = db::people::by_email(conn, ANNA)?.unwrap();
            let ticket = db::tickets::of_customer(conn, &anna.id)?.remove(0);
            let message = db::tickets::messages(conn, &ticket.id)?.remove(0);
            Ok((ticket, message))
        })
        .unwrap();
    let unseen = |text: &str, allowed: &[char]| {
        let hidden = |c: &char| {
            (c.is_control() || "\u{202e}\u{feff}\u{2028}".contains(*c)) && !allowed.contains(c)
        };
        text.chars().filter(hidden).collect::<String>()
    };
    assert_eq!(unseen(&ticket.subject, &[]), "");
    assert_eq!(unseen(&message.body, &['\n']), "");
    assert!(message.body.starts_with("one"), "{}", message.body);
    let letters = desk.letters();
    let letter = letters.iter().rfind(|letter| letter.recipient == ANNA);
    assert_eq!(unseen(&letter.unwrap().subject, &[]), "");

    let page = anna.opens("/account").await;
    let form = page
        .form("Save")
        .fill("Your name", "\u{202e}Anna\r\nLind\u{feff}qvist\u{1b}");
    anna.sends(form).await;
    let name = desk
        .app
        .pool
        .read(|conn| Ok(db::people::by_email(conn, ANNA)?.unwrap().name))
        .unwrap();
    assert_eq!(unseen(&name, &[]), "");
}

#[tokio::test]
async fn words_without_an_end_are_cut_or_refused_and_what_was_typed_is_kept() {
    let desk = Desk::open();
    shop(&desk, "panel-guarantee");
    let mut anna = desk.signed_in(ANNA).await;
    let page = asks(&mut anna, &"long ".repeat(200), "Please answer.").await;
    page.sees("We have your question.");
    let subject = desk
        .app
        .pool
        .read(|conn| {
            let anna = db::people::by_email(conn, ANNA)?.unwrap();
            Ok(db::tickets::of_customer(conn, &anna.id)?.remove(0).subject)
        })
        .unwrap();
    assert!(
        subject.chars().count() <= 300,
        "{}",
        subject.chars().count()
    );
    assert!(subject.ends_with('…'), "{subject}");
    let marks = format!("a{}", "\u{301}".repeat(2_000));
    let page = asks(&mut anna, &marks, "Please answer.").await;
    assert!([200, 413, 422].contains(&page.status), "{}", page.status);
    let page = asks(&mut anna, "Too long", &"y".repeat(LONGEST + 1)).await;
    assert_eq!(page.status, 422);
    page.sees("characters, or attach it as a file");
    assert_eq!(page.form("Send").value("subject"), "Too long");
    let page = asks(&mut anna, "Far too long", &"y".repeat(1_000_000)).await;
    assert!([413, 422].contains(&page.status), "{}", page.status);
    let count = desk
        .app
        .pool
        .read(|conn| {
            let anna = db::people::by_email(conn, ANNA)?.unwrap();
            Ok(db::tickets::of_customer(conn, &anna.id)?.len())
        })
        .unwrap();
    assert!(count <= 2, "{count}");
    // A password is as long as it is: one of a megabyte is no form of ours.
    let mut visitor = desk.visitor();
    let page = visitor.opens("/sign-in").await;
    let form = page
        .form("Sign in")
        .fill("E-mail address", ANNA)
        .fill("Password", &PASSWORD.repeat(50_000));
    assert_eq!(visitor.posts(form).await.status, 413);
}

#[tokio::test]
async fn a_search_is_for_its_letters_and_nothing_else() {
    let desk = Desk::open();
    shop(&desk, "panel-guarantee");
    let mut anna = desk.signed_in(ANNA).await;
    asks(
        &mut anna,
        "It's 100% \"late\" -- under_scored",
        "Please answer.",
    )
    .await;
    asks(&mut anna, "Another thing", "Please answer.").await;
    let mut omar = desk.omar().await;
    for (searched, found) in [
        ("%", 1),
        ("_", 1),
        ("'", 1),
        ("\"", 1),
        ("--", 1),
        ("100%", 1),
        ("under_s", 1),
        ("undersc", 0),
        ("* OR 1=1", 0),
        ("NEAR(a b)", 0),
        ("\\", 0),
        ("%'; DROP TABLE tickets; --", 0),
        ("anna@harbor", 2),
    ] {
        let form = omar.opens("/queue?view=all_open").await;
        let form = form.form("Filter").fill("Search", searched);
        let page = omar.sends(form).await;
        assert_eq!(page.status, 200, "{searched}");
        let shown = ["It's 100%", "Another thing"];
        let shown = shown.iter().filter(|words| page.text().contains(**words));
        assert_eq!(shown.count(), found, "{searched}");
    }
}
