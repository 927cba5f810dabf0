//! Who gets through which door: the sitemap against a table that was written by hand. A route without a row fails, and so does a row
//! without a route; then every route is really asked by everybody.

use redress::act::Role;
use redress::web::routes::{ALL, Route};
use reqwest::Method;

use crate::support::app::{Desk, PASSWORD};
use crate::support::page::Browser;

/// Everybody who may pass, in the order: visitor, customer, agent, lead, manager, admin.
const EVERYBODY: &str = "vcalmA";
const SIGNED_IN: &str = "-calmA";
const CUSTOMERS: &str = "-c----";
const STAFF: &str = "--almA";
const LEADS: &str = "---lmA";
const MANAGERS: &str = "----mA";

#[rustfmt::skip]
const TABLE: &[(&str, &str, &str)] = &[
    ("GET",  "/healthz", EVERYBODY),
    ("GET",  "/static/{file:.*}", EVERYBODY),
    ("POST", "/gateway/results", EVERYBODY),

    ("GET",  "/", EVERYBODY),
    ("POST", "/theme", EVERYBODY),
    ("GET",  "/sign-in", EVERYBODY),
    ("POST", "/sign-in", EVERYBODY),
    ("GET",  "/sign-up", EVERYBODY),
    ("POST", "/sign-up", EVERYBODY),
    ("GET",  "/confirm/{token}", EVERYBODY),
    ("POST", "/confirm/{token}", EVERYBODY),
    ("GET",  "/reset", EVERYBODY),
    ("POST", "/reset", EVERYBODY),
    ("GET",  "/reset/{token}", EVERYBODY),
    ("POST", "/reset/{token}", EVERYBODY),
    ("GET",  "/invitation/{token}", EVERYBODY),
    ("POST", "/invitation/{token}", EVERYBODY),
    ("POST", "/sign-out", EVERYBODY),
    ("GET",  "/account", SIGNED_IN),
    ("POST", "/account", SIGNED_IN),
    ("POST", "/account/password", SIGNED_IN),
    ("POST", "/account/sessions/{session}/end", SIGNED_IN),
    ("POST", "/account/sessions/end", SIGNED_IN),
    ("GET",  "/files/{id}", SIGNED_IN),
    ("GET",  "/kept/{id}", SIGNED_IN),

    ("GET",  "/policies", EVERYBODY),
    ("GET",  "/policies/{id}", EVERYBODY),
    ("GET",  "/policies/{id}/{version}", EVERYBODY),

    ("GET",  "/portal", CUSTOMERS),
    ("GET",  "/portal/orders", CUSTOMERS),
    ("GET",  "/portal/orders/{number}", CUSTOMERS),
    ("GET",  "/portal/orders/{number}/cancel", CUSTOMERS),
    ("POST", "/portal/orders/{number}/cancel", CUSTOMERS),
    ("GET",  "/portal/orders/{number}/claims/new", CUSTOMERS),
    ("POST", "/portal/orders/{number}/claims", CUSTOMERS),
    ("GET",  "/portal/balance", CUSTOMERS),
    ("GET",  "/portal/balance.csv", CUSTOMERS),
    ("GET",  "/portal/balance/{seller}/claims/new", CUSTOMERS),
    ("POST", "/portal/balance/{seller}/claims", CUSTOMERS),
    ("GET",  "/portal/standing", CUSTOMERS),
    ("GET",  "/portal/drafts/{draft}", CUSTOMERS),
    ("POST", "/portal/drafts/{draft}", CUSTOMERS),
    ("POST", "/portal/drafts/{draft}/removal", CUSTOMERS),
    ("GET",  "/portal/drafts/{draft}/{question}", CUSTOMERS),
    ("POST", "/portal/drafts/{draft}/{question}", CUSTOMERS),
    ("GET",  "/portal/claims/{number}", CUSTOMERS),
    ("GET",  "/portal/claims/{number}/answer", CUSTOMERS),
    ("GET",  "/portal/tickets", CUSTOMERS),
    ("POST", "/portal/tickets", CUSTOMERS),
    ("GET",  "/portal/tickets/new", CUSTOMERS),
    ("GET",  "/portal/tickets/{number}", CUSTOMERS),
    ("POST", "/portal/tickets/{number}/messages", CUSTOMERS),
    ("POST", "/portal/tickets/{number}/answers", CUSTOMERS),
    ("GET",  "/portal/tickets/{number}/withdrawal", CUSTOMERS),
    ("POST", "/portal/tickets/{number}/withdrawal", CUSTOMERS),
    ("POST", "/portal/tickets/{number}/appeal", CUSTOMERS),

    ("GET",  "/queue", STAFF),
    ("GET",  "/queue/claims/{number}", STAFF),
    ("POST", "/queue/claims/{number}/proposal", STAFF),
    ("POST", "/queue/claims/{number}/decision", STAFF),
    ("POST", "/queue/claims/{number}/question", STAFF),
    ("POST", "/queue/claims/{number}/facts", STAFF),
    ("POST", "/queue/claims/{number}/assessment", STAFF),
    ("POST", "/queue/claims/{number}/tasks/{kind}/owner", STAFF),
    ("POST", "/queue/claims/{number}/tasks/{kind}/request", STAFF),
    ("POST", "/queue/claims/{number}/tasks/{kind}/result", STAFF),
    ("GET",  "/queue/tasks", STAFF),
    ("GET",  "/queue/tickets/{number}", STAFF),
    ("POST", "/queue/tickets/{number}/messages", STAFF),
    ("POST", "/queue/tickets/{number}/notes", STAFF),
    ("POST", "/queue/tickets/{number}/assignment", STAFF),
    ("POST", "/queue/tickets/{number}/priority", STAFF),
    ("POST", "/queue/tickets/{number}/closure", STAFF),
    ("POST", "/queue/tickets/{number}/reopening", STAFF),
    ("GET",  "/queue/orders/{number}", STAFF),
    ("GET",  "/queue/exceptions", STAFF),
    ("GET",  "/queue/disputes", STAFF),
    ("POST", "/queue/disputes", LEADS),
    ("GET",  "/queue/disputes/new", LEADS),
    ("GET",  "/queue/disputes/{number}", STAFF),
    ("POST", "/queue/disputes/{number}/facts", STAFF),
    ("GET",  "/queue/disputes/{number}/pack.pdf", LEADS),
    ("GET",  "/queue/disputes/{number}/pack.zip", LEADS),
    ("POST", "/queue/disputes/{number}/closure", LEADS),
    ("POST", "/queue/disputes/{number}/sanctions", LEADS),
    ("POST", "/queue/sanctions/{number}/lift", LEADS),
    ("GET",  "/queue/payouts", STAFF),
    ("GET",  "/queue/payouts/batches", LEADS),
    ("POST", "/queue/payouts/batches", LEADS),
    ("GET",  "/queue/payouts/batches/{number}.csv", LEADS),
    ("GET",  "/queue/payouts/batches/{number}", LEADS),
    ("POST", "/queue/payouts/batches/{number}/import", LEADS),
    ("POST", "/queue/payouts/batches/{number}/release", LEADS),
    ("POST", "/queue/payouts/{number}/settlement", LEADS),
    ("POST", "/queue/payouts/{number}/failure", LEADS),
    ("POST", "/queue/payouts/{number}/return", LEADS),
    ("POST", "/queue/payouts/{number}/repetition", LEADS),
    ("GET",  "/queue/policies", STAFF),
    ("GET",  "/queue/policies/{id}/{version}", STAFF),
    ("POST", "/queue/policies/{id}/{version}/drafts", MANAGERS),
    ("GET",  "/queue/drafts/{number}", STAFF),
    ("POST", "/queue/drafts/{number}", MANAGERS),
    ("GET",  "/queue/drafts/{number}/text", STAFF),
    ("POST", "/queue/drafts/{number}/text", MANAGERS),
    ("GET",  "/queue/drafts/{number}/clauses/{clause}", STAFF),
    ("POST", "/queue/drafts/{number}/clauses/{clause}", MANAGERS),
    ("POST", "/queue/drafts/{number}/trials", MANAGERS),
    ("POST", "/queue/drafts/{number}/proposal", MANAGERS),
    ("POST", "/queue/drafts/{number}/agreement", MANAGERS),
    ("POST", "/queue/drafts/{number}/refusal", MANAGERS),
    ("POST", "/queue/drafts/{number}/withdrawal", MANAGERS),
    ("POST", "/queue/drafts/{number}/removal", MANAGERS),
    ("GET",  "/queue/trials/{trial}.csv", MANAGERS),
    ("GET",  "/queue/trials/{trial}", MANAGERS),
    ("GET",  "/queue/trials/{trial}/claims/{number}", MANAGERS),
    ("POST", "/queue/trials/{trial}/end", MANAGERS),
    ("GET",  "/queue/mail", STAFF),
    ("GET",  "/queue/mail/leaving", STAFF),
    ("GET",  "/queue/mail/{number}", STAFF),
    ("GET",  "/queue/mail/{number}/html", STAFF),
    ("GET",  "/queue/mail/{number}/original", STAFF),
    ("POST", "/queue/mail/{number}/admission", STAFF),
    ("POST", "/queue/mail/{number}/removal", STAFF),
    ("POST", "/queue/mail/{number}/reading", STAFF),
    ("GET",  "/queue/outbox", LEADS),
    ("POST", "/queue/outbox/{letter}/delivery", LEADS),

    ("GET",  "/reports/sla", MANAGERS),
    ("GET",  "/reports/sla.csv", MANAGERS),
    ("GET",  "/reports/sla.xlsx", MANAGERS),
    ("GET",  "/reports/refunds.xlsx", MANAGERS),
    ("GET",  "/reports/refunds", MANAGERS),
    ("GET",  "/reports/refunds.csv", MANAGERS),
    ("GET",  "/reports/calendars", MANAGERS),

    ("GET",  "/styleguide", EVERYBODY),
    ("GET",  "/demo/mail", EVERYBODY),
    ("GET",  "/demo/mail/{letter}", EVERYBODY),
    ("GET",  "/demo/mail/{letter}/html", EVERYBODY),
];

fn admits(row: &str, role: Option<Role>) -> bool {
    let letter = match role {
        None => 'v',
        Some(Role::Customer) => 'c',
        Some(Role::Agent) => 'a',
        Some(Role::Lead) => 'l',
        Some(Role::Manager) => 'm',
        Some(Role::Admin) => 'A',
    };
    row.contains(letter)
}

fn row_of(route: &Route) -> Option<&'static str> {
    let is_it = |row: &&(&str, &str, &str)| row.0 == route.method && row.1 == route.path;
    TABLE.iter().find(is_it).map(|row| row.2)
}

#[test]
fn every_route_has_its_row_and_every_row_its_route() {
    let without = ALL.iter().filter(|route| row_of(route).is_none());
    let without = without
        .map(|route| format!("{} {}", route.method, route.path))
        .collect::<Vec<_>>();
    assert!(
        without.is_empty(),
        "who may pass is not written down for\n{}",
        without.join("\n")
    );
    for (method, path, _) in TABLE {
        let found = ALL
            .iter()
            .any(|route| route.method == *method && route.path == *path);
        assert!(found, "there is no {method} {path} any more");
    }
}

#[test]
fn the_gates_are_those_of_the_table() {
    for route in ALL {
        let Some(row) = row_of(route) else { continue };
        for role in Role::ALL.into_iter().map(Some).chain([None]) {
            assert_eq!(
                route.gate.admits(role),
                admits(row, role),
                "{} {} for {role:?}",
                route.method,
                route.path
            );
        }
    }
}

/// The address with something in each gap that is not there.
fn filled(path: &str) -> String {
    let mut address = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        address += before;
        address += "absent";
        rest = after.split_once('}').unwrap().1;
    }
    address + rest
}

/// What was answered: let through, shown to the door, or turned away.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Through,
    Door,
    Away,
}

/// With a good token, so that nothing but the gate can turn it away; and without a key, so that nothing is done.
async fn asks(browser: &mut Browser, csrf: &str, route: &Route) -> Answer {
    let method = Method::from_bytes(route.method.as_bytes()).unwrap();
    let page = browser
        .asks(method, &filled(route.path), |it| match route.method {
            "POST" => it
                .header("sec-fetch-site", "same-origin")
                .form(&[("csrf", csrf)]),
            _ => it,
        })
        .await;
    assert!(
        page.status < 500,
        "{} {}: {}",
        route.method,
        page.path,
        page.text()
    );
    match page.status {
        303 if page.leads_to().unwrap().starts_with("/sign-in") => Answer::Door,
        403 => Answer::Away,
        _ => Answer::Through,
    }
}

async fn csrf(browser: &mut Browser, page: &str, button: &str) -> String {
    browser
        .opens(page)
        .await
        .form(button)
        .value("csrf")
        .to_owned()
}

/// Routes after which whoever asked is signed out go last.
fn in_order() -> Vec<&'static Route> {
    let mut routes = ALL.iter().collect::<Vec<_>>();
    routes.sort_by_key(|route| route.path == "/sign-out");
    routes
}

#[tokio::test]
async fn each_role_passes_where_the_table_says_and_nowhere_else() {
    let desk = Desk::open();
    for role in Role::ALL {
        let email = format!("{}@desk.example", role.as_str());
        desk.person(role.as_str(), &email, role);
        let mut browser = desk.signed_in(&email).await;
        let csrf = csrf(&mut browser, "/account", "Save").await;
        for route in in_order() {
            let may = row_of(route).is_some_and(|row| admits(row, Some(role)));
            let expected = if may { Answer::Through } else { Answer::Away };
            assert_eq!(
                asks(&mut browser, &csrf, route).await,
                expected,
                "{} {} for {role:?}",
                route.method,
                route.path
            );
        }
    }
}

#[tokio::test]
async fn who_is_not_signed_in_or_not_any_more_is_shown_to_the_door() {
    let desk = Desk::open();
    let id = desk.person("Gone", "gone@desk.example", Role::Admin);
    let mut gone = desk.signed_in("gone@desk.example").await;
    let act = desk.operator();
    desk.app
        .pool
        .write(|tx| redress::desk::people::deactivate(tx, &act, &id))
        .unwrap();
    for mut browser in [desk.visitor(), gone.clone()] {
        let csrf = csrf(&mut browser, "/sign-in", "Sign in").await;
        for route in in_order() {
            let may = row_of(route).is_some_and(|row| admits(row, None));
            let answer = asks(&mut browser, &csrf, route).await;
            // Signing out leads to the front page whoever asks.
            let expected = if may { Answer::Through } else { Answer::Door };
            assert_eq!(answer, expected, "{} {}", route.method, route.path);
        }
    }
    gone.opens("/queue").await.sees("Sign in");
}

#[tokio::test]
async fn the_door_leads_back_to_where_one_wanted_to_go_and_to_no_other_place() {
    let desk = Desk::open();
    desk.person("Anna", "anna@harbor.example", Role::Customer);
    let mut anna = desk.visitor();
    let page = anna.opens("/account?from=mail").await;
    let form = page
        .form("Sign in")
        .fill("E-mail address", "anna@harbor.example")
        .fill("Password", PASSWORD);
    assert_eq!(
        anna.posts(form).await.leads_to().as_deref(),
        Some("/account?from=mail")
    );
    for next in [
        "//evil.test",
        "/\\evil.test",
        "javascript:alert(1)",
        "https://evil.test/",
        "/%0d%0aSet-Cookie:x=1",
    ] {
        let mut stranger = desk.visitor();
        let page = stranger.opens("/sign-in").await;
        let form = page
            .form("Sign in")
            .fill("E-mail address", "anna@harbor.example")
            .fill("Password", PASSWORD);
        let page = stranger.posts(form.forge("next", next)).await;
        assert_eq!(page.leads_to().as_deref(), Some("/portal"), "{next}");
    }
}
