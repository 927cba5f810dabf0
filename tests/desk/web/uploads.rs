//! Forms with files: cut off at their limits, and read as strictly as any other form.

use reqwest::Method;
use reqwest::multipart::{Form, Part};

use crate::support::app::Desk;
use crate::support::page::{Browser, Page};

const MEGABYTE: usize = 1024 * 1024;

fn file(size: usize) -> Part {
    Part::bytes(vec![b'x'; size]).file_name("evidence.txt")
}

async fn uploads(browser: &mut Browser, form: Form) -> Page {
    browser
        .asks(Method::POST, "/portal/tickets", |it| {
            it.header("sec-fetch-site", "same-origin").multipart(form)
        })
        .await
}

#[tokio::test]
async fn files_are_cut_off_at_their_limits() {
    let desk = Desk::open();
    let mut anna = desk.anna().await;
    let csrf = anna
        .opens("/account")
        .await
        .form("Save")
        .value("csrf")
        .to_owned();
    // What a person may mend is said beside the form (`portal::claim`); what no person sends is not read.
    let flood = Form::new().text("csrf", csrf.clone());
    let flood = (0..8).fold(flood, |form, _| form.part("files", file(9 * MEGABYTE)));
    let page = uploads(&mut anna, flood).await;
    assert_eq!(page.status, 413);
    page.sees("That is too large");
    let long = Form::new()
        .text("csrf", csrf)
        .text("body", "x".repeat(MEGABYTE + 1));
    assert_eq!(uploads(&mut anna, long).await.status, 413);
    assert_eq!(
        desk.app.store.list().unwrap(),
        Vec::<String>::new(),
        "nothing is kept of what was refused"
    );
}

#[tokio::test]
async fn a_form_with_files_is_read_as_strictly_as_any() {
    let desk = Desk::open();
    let mut anna = desk.anna().await;
    let csrf = anna
        .opens("/account")
        .await
        .form("Save")
        .value("csrf")
        .to_owned();
    let form = || Form::new().text("csrf", csrf.clone());
    for (form, why) in [
        (form().text("role", "manager"), "an unknown field"),
        (
            form().text("subject", "a").text("subject", "b"),
            "a field twice",
        ),
        (
            form().part("subject", Part::bytes(vec![0xff, 0xfe])),
            "no text",
        ),
    ] {
        assert_eq!(uploads(&mut anna, form).await.status, 400, "{why}");
    }
    let forged = Form::new()
        .text("csrf", "0".repeat(64))
        .part("files", file(10));
    assert_eq!(uploads(&mut anna, forged).await.status, 403);
    for (kind, body) in [
        ("multipart/form-data", "rubbish"),
        ("multipart/form-data; boundary=x", "rubbish"),
        (
            "multipart/form-data; boundary=x",
            "--x\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\nhalf",
        ),
        ("application/x-www-form-urlencoded", "csrf=x"),
    ] {
        let page = anna
            .asks(Method::POST, "/portal/tickets", |it| {
                it.header("content-type", kind).body(body)
            })
            .await;
        assert_eq!(page.status, 400, "{kind} {body}");
    }
    assert_eq!(
        uploads(&mut desk.visitor(), form()).await.status,
        303,
        "nobody uploads without signing in"
    );
}
