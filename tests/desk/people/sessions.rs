//! Sessions: new at every sign-in, ended by idleness, age, sign-out, a new password, another role, or being shut out.

use chrono::Duration;
use redress::act::Role;
use redress::db;
use redress::desk::people;
use reqwest::Method;

use super::signs_in;
use crate::support::app::{Desk, PASSWORD};
use crate::support::page::Browser;

async fn is_in(browser: &mut Browser) -> bool {
    let page = browser.asks(Method::GET, "/account", |it| it).await;
    match page.status {
        200 => true,
        303 => false,
        other => panic!("{other}: {}", page.text()),
    }
}

#[tokio::test]
async fn no_cookie_from_before_is_worth_anything_after_signing_in() {
    let desk = Desk::open();
    desk.person("Anna", "anna@harbor.example", Role::Customer);
    let mut planted = desk.visitor();
    planted.cookies.insert("sid".to_owned(), "a".repeat(64));
    let mut anna = planted.clone();
    signs_in(&mut anna, "anna@harbor.example", PASSWORD).await;
    assert_ne!(anna.cookies["sid"], planted.cookies["sid"]);
    assert!(is_in(&mut anna).await && !is_in(&mut planted).await);
    let first = anna.clone();
    signs_in_again(&desk, &mut anna).await;
    assert_ne!(anna.cookies["sid"], first.cookies["sid"]);
}

async fn signs_in_again(desk: &Desk, browser: &mut Browser) {
    let mut other = desk.visitor();
    signs_in(&mut other, "anna@harbor.example", PASSWORD).await;
    *browser = other;
}

#[tokio::test]
async fn the_cookie_is_for_this_server_alone_and_no_script_reads_it() {
    let desk = Desk::open();
    let page = desk.visitor().opens("/sign-in").await;
    let set = page.header("set-cookie");
    assert!(
        set.starts_with("sid=") && set.contains("HttpOnly") && set.contains("SameSite=Lax"),
        "{set}"
    );
    assert!(!set.contains("Domain") && set.contains("Path=/"), "{set}");
    let desk = Desk::with(|mut config| {
        config.public_url = "https://desk.harbor.test".to_owned();
        config
    });
    let page = desk.visitor().opens("/sign-in").await;
    let set = page.header("set-cookie");
    assert!(
        set.starts_with("__Host-sid=") && set.contains("Secure"),
        "{set}"
    );
    assert!(
        page.header("strict-transport-security")
            .contains("max-age=31536000")
    );
}

#[tokio::test]
async fn a_session_ends_when_it_lies_idle_and_looking_at_pages_keeps_it() {
    for (role, idle) in [
        (Role::Customer, Duration::hours(24)),
        (Role::Agent, Duration::minutes(60)),
        (Role::Manager, Duration::minutes(30)),
    ] {
        let desk = Desk::open();
        desk.person("Somebody", "somebody@harbor.example", role);
        let mut browser = desk.signed_in("somebody@harbor.example").await;
        for _ in 0..3 {
            desk.advance(idle - Duration::minutes(2));
            assert!(is_in(&mut browser).await, "{role:?} was there a moment ago");
        }
        desk.advance(idle);
        assert!(!is_in(&mut browser).await, "{role:?} was away for {idle}");
    }
}

#[tokio::test]
async fn a_page_that_refreshes_itself_is_no_sign_of_life() {
    let desk = Desk::open();
    let mut omar = desk.omar().await;
    for _ in 0..3 {
        desk.advance(Duration::minutes(20));
        omar.asks(Method::GET, "/account", |it| it.header("x-poll", "1"))
            .await;
    }
    assert!(!is_in(&mut omar).await);
}

#[tokio::test]
async fn a_session_ends_at_its_last_hour_however_busy_it_is() {
    for (role, hours) in [(Role::Agent, 12), (Role::Manager, 8)] {
        let desk = Desk::open();
        desk.person("Somebody", "somebody@desk.example", role);
        let mut browser = desk.signed_in("somebody@desk.example").await;
        for quarter in 1..hours * 4 {
            desk.advance(Duration::minutes(15));
            assert!(
                is_in(&mut browser).await,
                "{role:?} after {quarter} quarters of an hour"
            );
        }
        desk.advance(Duration::minutes(15));
        assert!(!is_in(&mut browser).await, "{role:?} after {hours} hours");
    }
}

#[tokio::test]
async fn who_is_shut_out_is_out_at_the_next_request_and_comes_back_with_a_new_session_only() {
    let desk = Desk::open();
    let mut anna = desk.anna().await;
    let id = desk
        .app
        .pool
        .read(|conn| db::people::by_email(conn, "anna@harbor.example"))
        .unwrap()
        .unwrap()
        .id;
    let act = desk.operator();
    desk.app
        .pool
        .write(|tx| people::deactivate(tx, &act, &id))
        .unwrap();
    assert!(!is_in(&mut anna).await);
    assert_eq!(
        signs_in(&mut desk.visitor(), "anna@harbor.example", PASSWORD)
            .await
            .status,
        422
    );
    desk.app
        .pool
        .write(|tx| people::reactivate(tx, &act, &id))
        .unwrap();
    assert!(!is_in(&mut anna).await, "the old session stays dead");
    assert_eq!(
        signs_in(&mut desk.visitor(), "anna@harbor.example", PASSWORD)
            .await
            .status,
        303
    );
}

#[tokio::test]
async fn another_role_counts_at_once_and_asks_to_sign_in_anew() {
    let desk = Desk::open();
    let mut omar = desk.omar().await;
    let id = desk
        .app
        .pool
        .read(|conn| db::people::by_email(conn, "omar@desk.example"))
        .unwrap()
        .unwrap()
        .id;
    let act = desk.operator();
    desk.app
        .pool
        .write(|tx| people::change_role(tx, &act, &id, Role::Manager))
        .unwrap();
    assert!(!is_in(&mut omar).await);
    let up = desk
        .app
        .pool
        .write(|tx| people::change_role(tx, &act, &id, Role::Customer));
    assert!(up.is_err(), "staff do not become customers");
}

#[tokio::test]
async fn signing_out_ends_the_session_itself_and_not_only_the_cookie() {
    let desk = Desk::open();
    let mut anna = desk.anna().await;
    let mut stolen = anna.clone();
    let page = anna.opens("/account").await;
    let page = anna.posts(page.form("Sign out")).await;
    assert_eq!(page.leads_to().as_deref(), Some("/"));
    assert!(page.header("clear-site-data").contains("cache"));
    assert!(!is_in(&mut stolen).await);
}

#[tokio::test]
async fn the_account_page_changes_name_and_zone_and_lists_where_one_is_signed_in() {
    let desk = Desk::open();
    let mut anna = desk.anna().await;
    let mut phone = desk.visitor();
    signs_in(&mut phone, "anna@harbor.example", PASSWORD).await;
    let page = anna.opens("/account").await;
    let form = page
        .form("Save")
        .fill("Your name", "Anna L.")
        .fill("Time zone", "Europe/Stockholm");
    anna.sends(form)
        .await
        .sees("Saved.")
        .sees("Anna L.")
        .sees("10:00");
    let page = anna.opens("/account").await;
    let page = anna
        .sends(
            page.form("Save")
                .forge("zone", "Mars/Olympus")
                .fill("Your name", " "),
        )
        .await;
    assert_eq!(page.status, 422);
    page.sees("Choose a time zone from the list")
        .sees("Enter your name");
    let page = anna.opens("/account").await;
    anna.sends(page.form("Sign out there"))
        .await
        .sees("That device is signed out.");
    assert!(!is_in(&mut phone).await && is_in(&mut anna).await);
    let page = anna.opens("/account").await;
    anna.sends(page.form("Sign out everywhere")).await;
    assert!(!is_in(&mut anna).await);
}

#[tokio::test]
async fn nobody_ends_anothers_session() {
    let desk = Desk::open();
    let (mut anna, mut omar) = (desk.anna().await, desk.omar().await);
    let omars = desk.app.pool.read(|conn| {
        let omar = db::people::by_email(conn, "omar@desk.example")?.unwrap();
        Ok(db::people::sessions_of(conn, &omar.id, desk.app.now())?
            .remove(0)
            .id)
    });
    let path = format!("/account/sessions/{}/end", omars.unwrap());
    let page = anna.opens("/account").await;
    let page = anna.posts(page.form("Sign out everywhere").to(&path)).await;
    assert_eq!(page.status, 404);
    assert!(is_in(&mut omar).await);
}

#[tokio::test]
async fn changing_the_password_asks_for_the_current_one_and_leaves_only_this_browser_in() {
    let desk = Desk::open();
    let (mut anna, mut phone) = (desk.anna().await, desk.visitor());
    signs_in(&mut phone, "anna@harbor.example", PASSWORD).await;
    let before = anna.cookies["sid"].clone();
    let page = anna.opens("/account").await;
    let form = |current: &str, new: &str| {
        page.form("Change my password")
            .fill("Current password", current)
            .fill("New password", new)
    };
    anna.sends(form("not it", "lantern oyster meadow"))
        .await
        .sees("That is not your current password");
    anna.sends(form(PASSWORD, PASSWORD))
        .await
        .sees("Choose another one than the current");
    anna.sends(form(PASSWORD, "short"))
        .await
        .sees("Use at least 10 characters");
    anna.sends(form(PASSWORD, "lantern oyster meadow"))
        .await
        .sees("Your password is changed");
    assert_ne!(anna.cookies["sid"], before);
    assert!(!is_in(&mut phone).await);
    assert_eq!(
        signs_in(
            &mut desk.visitor(),
            "anna@harbor.example",
            "lantern oyster meadow"
        )
        .await
        .status,
        303
    );
    assert_eq!(desk.subjects_to("anna@harbor.example").len(), 1);
}
