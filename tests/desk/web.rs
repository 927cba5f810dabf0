//! What every request meets before any page: headers, hosts, origins, tokens, limits, and addresses that are not there.

mod broken;
mod forms;
mod late;
mod raw;
mod uploads;

use redress::act::Role;
use redress::web::routes::ALL;
use reqwest::Method;

use crate::support::app::{Desk, PASSWORD};
use crate::support::page::Page;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'";

fn is_armoured(page: &Page) {
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        (
            "permissions-policy",
            "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
        ),
        ("x-frame-options", "DENY"),
    ] {
        assert_eq!(
            page.header(name),
            value,
            "{name} of {} ({})",
            page.path,
            page.status
        );
    }
    assert!(
        ["same-origin", "no-referrer"].contains(&page.header("referrer-policy")),
        "{}",
        page.path
    );
    assert!(!page.header("cache-control").is_empty(), "{}", page.path);
    assert!(!page.header("x-request-id").is_empty(), "{}", page.path);
    assert_eq!(page.header("server"), "");
}

#[tokio::test]
async fn every_answer_carries_the_headers_errors_included() {
    let desk = Desk::open();
    let mut omar = desk.omar().await;
    let mut browser = desk.visitor();
    let large = "x".repeat(17_000);
    let mut seen = Vec::new();
    let mut check = |page: Page| {
        is_armoured(&page);
        seen.push(page.status);
    };
    check(browser.opens("/sign-in").await);
    let page = browser.opens("/sign-in").await;
    check(browser.posts(page.form("Sign in")).await);
    check(browser.asks(Method::GET, "/account", |it| it).await);
    check(
        browser
            .asks(Method::POST, "/sign-in", |it| it.body("a=b"))
            .await,
    );
    check(
        browser
            .asks(Method::POST, "/sign-in", |it| {
                it.header("sec-fetch-site", "cross-site")
            })
            .await,
    );
    check(browser.asks(Method::GET, "/nowhere", |it| it).await);
    check(browser.asks(Method::PUT, "/sign-in", |it| it).await);
    check(browser.asks(Method::GET, "/reset/absent", |it| it).await);
    check(
        browser
            .asks(Method::POST, "/sign-in", |it| it.form(&[("email", large)]))
            .await,
    );
    check(
        browser
            .asks(Method::GET, "/sign-in", |it| it.header("host", "evil.test"))
            .await,
    );
    check(omar.asks(Method::GET, "/reports/sla", |it| it).await);
    for status in [200, 303, 400, 403, 404, 405, 410, 413, 421, 422] {
        assert!(seen.contains(&status), "{status} among {seen:?}");
    }
}

#[tokio::test]
async fn static_files_are_kept_for_ever_under_the_name_of_their_content() {
    let desk = Desk::open();
    let mut browser = desk.visitor();
    let page = browser.opens("/sign-in").await;
    let sheet = page
        .body
        .split('"')
        .find(|part| part.starts_with("/static/desk-") && part.ends_with(".css"));
    let sheet = browser.asks(Method::GET, sheet.unwrap(), |it| it).await;
    assert_eq!(
        (sheet.status, sheet.header("content-type")),
        (200, "text/css; charset=utf-8")
    );
    assert_eq!(
        sheet.header("cache-control"),
        "public, max-age=31536000, immutable"
    );
    is_armoured(&sheet);
    for absent in [
        "/static/desk.css",
        "/static/../Cargo.toml",
        "/static/%2e%2e/Cargo.toml",
        "/static/",
    ] {
        assert_eq!(
            browser.asks(Method::GET, absent, |it| it).await.status,
            404,
            "{absent}"
        );
    }
}

#[tokio::test]
async fn a_host_that_is_not_ours_is_misdirected() {
    let desk = Desk::open();
    let mut browser = desk.visitor();
    for host in [
        "evil.test",
        "127.0.0.1.evil.test",
        "localhost.",
        "desk@127.0.0.1",
        "",
    ] {
        let page = browser
            .asks(Method::GET, "/sign-in", |it| it.header("host", host))
            .await;
        assert!([400, 421].contains(&page.status), "{host}: {}", page.status);
    }
    for host in ["localhost", "127.0.0.1", "LOCALHOST:80"] {
        let page = browser
            .asks(Method::GET, "/sign-in", |it| it.header("host", host))
            .await;
        assert_eq!(page.status, 200, "{host}");
    }
}

#[tokio::test]
async fn a_change_that_another_site_asks_for_is_refused() {
    let desk = Desk::open();
    desk.person("Anna", "anna@harbor.example", Role::Customer);
    let mut browser = desk.visitor();
    let page = browser.opens("/sign-in").await;
    let form = page
        .form("Sign in")
        .fill("E-mail address", "anna@harbor.example")
        .fill("Password", PASSWORD);
    let (own, foreign) = (desk.url.clone(), "https://evil.test".to_owned());
    for (name, value, expected) in [
        ("sec-fetch-site", "cross-site", 403),
        ("sec-fetch-site", "same-site", 403),
        ("sec-fetch-site", "rubbish", 403),
        ("origin", foreign.as_str(), 403),
        ("origin", "null", 403),
        ("referer", "https://evil.test/page", 403),
        ("sec-fetch-site", "same-origin", 303),
        ("sec-fetch-site", "none", 303),
        ("origin", own.as_str(), 303),
        ("x-nothing", "said", 303),
    ] {
        let mut browser = browser.clone();
        let page = browser
            .asks(Method::POST, "/sign-in", |it| {
                it.header(name, value).form(&form.fields)
            })
            .await;
        assert_eq!(page.status, expected, "{name}: {value}");
    }
    let honest_browser_in_a_foreign_frame = browser
        .asks(Method::POST, "/sign-in", |it| {
            it.header("sec-fetch-site", "cross-site")
                .header("origin", own.as_str())
                .form(&form.fields)
        })
        .await;
    assert_eq!(honest_browser_in_a_foreign_frame.status, 403);
}

#[tokio::test]
async fn a_known_address_says_which_methods_it_takes() {
    let desk = Desk::open();
    let mut browser = desk.visitor();
    for route in ALL.iter().filter(|route| !route.path.contains('{')) {
        let takes = |method: &str| {
            ALL.iter()
                .any(|other| other.path == route.path && other.method == method)
        };
        for method in [
            "GET", "POST", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "FOO",
        ] {
            if takes(method) {
                continue;
            }
            let asked = Method::from_bytes(method.as_bytes()).unwrap();
            let page = browser
                .asks(asked, route.path, |it| {
                    it.header("sec-fetch-site", "same-origin")
                })
                .await;
            assert_eq!(page.status, 405, "{method} {}", route.path);
            let allow = page.header("allow");
            assert_eq!(
                (allow.contains("POST"), allow.contains("GET")),
                (takes("POST"), takes("GET")),
                "{allow}"
            );
        }
    }
}

#[tokio::test]
async fn addresses_that_are_not_there_say_so_and_no_more() {
    let desk = Desk::open();
    let mut anna = desk.anna().await;
    for path in [
        "/nowhere",
        "/%00",
        "/reset/%00",
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/%c0%ae%c0%ae/",
        "/%ff",
        "/metrics",
        "/debug",
        "/.git/config",
        "/backup.db",
        "/install",
        "/account;x",
        "/account/",
        "//account",
        "/account/sessions/%F0%9F%98%80",
    ] {
        let page = anna.asks(Method::GET, path, |it| it).await;
        assert!(
            [400, 404, 405].contains(&page.status),
            "{path}: {}",
            page.status
        );
        page.does_not_see("panicked")
            .does_not_see("src/")
            .does_not_see("SELECT");
    }
    let long = format!("/reset/{}", "9".repeat(5_000));
    assert_eq!(anna.asks(Method::GET, &long, |it| it).await.status, 410);
    anna.opens("/nowhere")
        .await
        .sees("There is no such page")
        .sees("To your pages");
}

#[tokio::test]
async fn a_cookie_that_is_none_of_ours_opens_nothing() {
    let desk = Desk::open();
    for cookie in [
        "",
        "x",
        &"f".repeat(64),
        &"z".repeat(64),
        &"f".repeat(5_000),
        "../../etc/passwd",
        "' OR 1=1 --",
    ] {
        let mut browser = desk.visitor();
        browser.cookies.insert("sid".to_owned(), cookie.to_owned());
        let page = browser.asks(Method::GET, "/account", |it| it).await;
        assert_eq!(
            (page.status, page.leads_to().as_deref()),
            (303, Some("/sign-in?next=%2Faccount")),
            "{cookie}"
        );
    }
}

#[tokio::test]
async fn headers_that_name_a_user_are_nothing_to_us() {
    let desk = Desk::open();
    desk.person("Ruth", "ruth@desk.example", Role::Manager);
    for name in [
        "x-remote-user",
        "remote-user",
        "x-forwarded-user",
        "authorization",
    ] {
        let page = desk
            .visitor()
            .asks(Method::GET, "/account", |it| {
                it.header(name, "ruth@desk.example")
            })
            .await;
        assert_eq!(page.status, 303, "{name}");
    }
}

#[tokio::test]
async fn the_health_check_tells_a_machine_how_the_desk_is() {
    let desk = Desk::open();
    let mut watcher = desk.visitor();
    let page = watcher.opens("/healthz").await;
    let body: serde_json::Value = serde_json::from_str(&page.body).unwrap();
    assert_eq!(
        (
            page.status,
            &body["status"],
            &body["database"],
            &body["migrations"]
        ),
        (200, &"ok".into(), &"ok".into(), &"ok".into())
    );
    assert_eq!(body["oldest_letter_seconds"], serde_json::Value::Null);
    let page = watcher.opens("/sign-up").await;
    let form = page
        .form("Make an account")
        .fill("Your name", "Anna")
        .fill("E-mail address", "anna@harbor.example");
    watcher.sends(form).await;
    desk.advance(chrono::Duration::minutes(31));
    let page = watcher.opens("/healthz").await;
    assert_eq!(
        page.status, 503,
        "mail that stands still is a reason to look: {}",
        page.body
    );
}

#[tokio::test]
async fn what_a_person_writes_is_shown_as_text() {
    let desk = Desk::open();
    let mut anna = desk.anna().await;
    for written in [
        "<script>alert(1)</script>",
        "<svg onload=alert(1)>",
        "{{7*7}}",
        "${7*7}",
        "%n%s",
        "\"><img src=x>",
        "' OR 1=1",
    ] {
        let page = anna.opens("/account").await;
        let page = anna
            .sends(page.form("Save").fill("Your name", written))
            .await;
        page.sees(written)
            .does_not_see("<script>alert")
            .does_not_see("<svg onload")
            .does_not_see("<img src=x");
    }
}

#[tokio::test]
async fn colours_are_kept_in_the_browser_and_lead_back() {
    let desk = Desk::open();
    let mut browser = desk.visitor();
    let page = browser.opens("/sign-up").await;
    let page = browser.sends(page.form("Dark")).await;
    assert!(page.body.contains("data-theme=\"dark\"") && page.path == "/sign-up");
    let form = browser
        .opens("/sign-up")
        .await
        .form("Light")
        .forge("back", "//evil.test");
    assert_eq!(browser.posts(form).await.leads_to().as_deref(), Some("/"));
}
