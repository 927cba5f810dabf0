//! Links in mails: used once, in time, by their owner, and by nobody's mail scanner.

use chrono::Duration;
use redress::act::{Act, Role};
use redress::desk::people::{self, Newcomer};
use redress::error::Error;
use reqwest::Method;

use super::{asks_for_reset, signs_in, signs_up};
use crate::support::app::{Desk, PASSWORD};
use crate::support::page::{Browser, Page};

const NEW: &str = "lantern oyster meadow";
const CONFIRM: &str = "Confirm and choose this password";
const CHANGE: &str = "Change my password";

async fn spent(browser: &mut Browser, link: &str) -> Page {
    let page = browser.opens(link).await;
    assert_eq!(page.status, 410, "{}", page.text());
    page.sees("This link is no longer valid");
    page
}

#[tokio::test]
async fn opening_a_link_uses_nothing_up_and_sending_its_form_does() {
    let desk = Desk::open();
    let mut anna = desk.visitor();
    signs_up(&mut anna, "Anna", "anna@harbor.example").await;
    let link = desk.link_to("anna@harbor.example");
    let mut scanner = desk.visitor();
    for method in [Method::HEAD, Method::GET, Method::GET] {
        assert_eq!(scanner.asks(method, &link, |it| it).await.status, 200);
    }
    let page = anna.opens(&link).await;
    let form = page.form(CONFIRM).fill("New password", PASSWORD);
    anna.sends(form.clone())
        .await
        .sees("Your address is confirmed");
    assert_eq!(anna.sends(form).await.status, 410, "a second time");
    spent(&mut anna, &link).await;
}

#[tokio::test]
async fn a_link_dies_with_its_time_with_the_next_one_and_with_a_wrong_letter() {
    let desk = Desk::open();
    desk.person("Anna", "anna@harbor.example", Role::Customer);
    let mut anna = desk.visitor();
    asks_for_reset(&mut anna, "anna@harbor.example").await;
    let first = desk.link_to("anna@harbor.example");
    desk.advance(Duration::minutes(29));
    assert_eq!(anna.opens(&first).await.status, 200);
    desk.advance(Duration::minutes(1));
    let late = spent(&mut anna, &first).await;

    asks_for_reset(&mut anna, "anna@harbor.example").await;
    let second = desk.link_to("anna@harbor.example");
    asks_for_reset(&mut anna, "anna@harbor.example").await;
    let third = desk.link_to("anna@harbor.example");
    let replaced = spent(&mut anna, &second).await;

    let last = if third.ends_with('0') { "1" } else { "0" };
    let forged = spent(&mut anna, &format!("{}{last}", &third[..third.len() - 1])).await;
    let elsewhere = spent(&mut anna, &third.replace("/reset/", "/invitation/")).await;
    for page in [&replaced, &forged, &elsewhere] {
        assert_eq!(page.text(), late.text(), "one page for every reason");
    }
    assert_eq!(anna.opens(&third).await.status, 200);
}

#[tokio::test]
async fn a_new_password_signs_everybody_out_and_tells_the_owner() {
    let desk = Desk::open();
    let mut anna = desk.anna().await;
    let mut elsewhere = desk.visitor();
    asks_for_reset(&mut elsewhere, "anna@harbor.example").await;
    let page = elsewhere.opens(&desk.link_to("anna@harbor.example")).await;
    elsewhere
        .sends(page.form(CHANGE).fill("New password", NEW))
        .await
        .sees("Your password is changed");
    assert!(anna.opens("/account").await.path.starts_with("/sign-in"));
    assert_eq!(
        signs_in(&mut anna, "anna@harbor.example", PASSWORD)
            .await
            .status,
        422
    );
    assert_eq!(
        signs_in(&mut anna, "anna@harbor.example", NEW).await.status,
        303
    );
    let subjects = desk.subjects_to("anna@harbor.example");
    assert!(
        subjects.last().unwrap().starts_with("Password changed"),
        "{subjects:?}"
    );
    assert_eq!(subjects.len(), 2);
}

#[tokio::test]
async fn a_weak_password_is_refused_and_the_link_stays_good() {
    let desk = Desk::open();
    desk.person("Anna Lindqvist", "anna@harbor.example", Role::Customer);
    let mut anna = desk.visitor();
    asks_for_reset(&mut anna, "anna@harbor.example").await;
    let link = desk.link_to("anna@harbor.example");
    for (weak, why) in [
        ("short", "Use at least 10 characters"),
        ("lindqvist1", "easy to guess"),
        ("password1234", "easy to guess"),
        (&"long ".repeat(30), "Use at most 128 characters"),
    ] {
        let page = anna.opens(&link).await;
        let page = anna
            .sends(page.form(CHANGE).fill("New password", weak))
            .await;
        assert_eq!(page.status, 422, "{weak}");
        page.sees(why);
    }
    let page = anna.opens(&link).await;
    anna.sends(page.form(CHANGE).fill("New password", NEW))
        .await
        .sees("Your password is changed");
}

#[tokio::test]
async fn guessed_links_are_slowed_down_like_guessed_passwords() {
    let desk = Desk::open();
    let mut mallory = desk.visitor();
    for number in 0..21 {
        let page = mallory.opens(&format!("/reset/{number:064x}")).await;
        assert_eq!(
            page.status,
            if number < 20 { 410 } else { 429 },
            "guess {number}"
        );
    }
}

#[tokio::test]
async fn links_are_built_from_the_public_address_alone() {
    let desk = Desk::with(|mut config| {
        config.public_url = "https://desk.harbor.test".to_owned();
        config.hosts.push("desk.harbor.test".to_owned());
        config
    });
    desk.person("Anna", "anna@harbor.example", Role::Customer);
    let mut browser = desk.visitor();
    let page = browser.opens("/reset").await;
    let fields = page
        .form("Send the link")
        .fill("E-mail address", "anna@harbor.example")
        .fields;
    let page = browser
        .asks(Method::POST, "/reset", |it| {
            let it = it
                .header("x-forwarded-host", "evil.test")
                .header("forwarded", "host=evil.test");
            it.header("x-forwarded-proto", "http").form(&fields)
        })
        .await;
    assert_eq!(page.status, 200);
    let letter = desk.letters().pop().unwrap();
    assert!(
        letter.text.contains("https://desk.harbor.test/reset/"),
        "{}",
        letter.text
    );
    assert!(!letter.text.contains("evil") && !letter.html.contains("evil"));
}

#[tokio::test]
async fn an_invitation_opens_an_account_of_the_role_it_was_made_for() {
    let desk = Desk::open();
    let newcomer = Newcomer {
        name: "Omar Haddad".to_owned(),
        email: "omar@desk.example".to_owned(),
        role: Role::Agent,
        sellers: Vec::new(),
    };
    let act = desk.operator();
    let link = desk
        .app
        .pool
        .write(|tx| people::invite(tx, &act, &newcomer))
        .unwrap();
    let path = link.strip_prefix(&desk.app.config.public_url).unwrap();
    assert_eq!(path, desk.link_to("omar@desk.example"));
    desk.advance(Duration::hours(71));
    let mut omar = desk.visitor();
    let page = omar.opens(path).await;
    let weak = page
        .form("Open my account")
        .fill("New password", "9f#kQ2!vLm");
    omar.sends(weak).await.sees("Use at least 12 characters");
    let page = omar.opens(path).await;
    omar.sends(page.form("Open my account").fill("New password", PASSWORD))
        .await
        .sees("Your account is open");
    let page = signs_in(&mut omar, "omar@desk.example", PASSWORD).await;
    assert_eq!(page.leads_to().as_deref(), Some("/queue"));
}

#[tokio::test]
async fn staff_are_kept_by_those_above_them_and_nobody_keeps_themselves() {
    let desk = Desk::open();
    let newcomer = |role: Role| Newcomer {
        name: "New".to_owned(),
        email: format!("{}@new.example", role.as_str()),
        role,
        sellers: Vec::new(),
    };
    for doer in Role::ALL {
        let id = desk.person("Doer", &format!("{}@doer.example", doer.as_str()), doer);
        let act = act_of(&desk, &id);
        for role in Role::ALL {
            let outcome = desk.app.pool.write(|tx| {
                people::invite(tx, &act, &newcomer(role))?;
                Err::<(), _>(Error::Stale)
            });
            let may = doer >= Role::Manager && role <= doer;
            match outcome {
                Err(Error::Stale) => assert!(may, "{doer:?} invites {role:?}"),
                Err(Error::Forbidden) => assert!(!may, "{doer:?} cannot invite {role:?}"),
                other => panic!("{other:?}"),
            }
        }
        let own = desk.app.pool.write(|tx| people::deactivate(tx, &act, &id));
        assert!(own.is_err(), "{doer:?} shuts themselves out");
    }
}

fn act_of(desk: &Desk, id: &redress::ids::PersonId) -> Act {
    let person = desk.app.pool.read(|conn| {
        let person = redress::db::people::find(conn, id)?;
        Ok(redress::db::people::actor(conn, &person)?)
    });
    let who = redress::act::Who::Person(person.unwrap());
    desk.app.act(who, redress::act::Door::Queue, "test")
}
