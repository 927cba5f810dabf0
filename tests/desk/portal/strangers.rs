//! What is not yours is not there: the same answer, to the letter, as for what does not exist.

use redress::act::Role;

use super::{PNG, Stage, in_progress, number, writes};
use crate::support::app::Desk;
use crate::support::page::{Browser, Page};

#[tokio::test]
async fn another_customers_things_are_not_there() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let order = stage.order("88201", in_progress("400"));
    let mut anna = stage.browser().await;
    let shot = [("counts.png", PNG)];
    let draft = writes(&mut anna, &order, "Only a part was delivered", &shot).await;
    let sent = anna.sends(draft.form("Send this request")).await;
    let (claim, ticket) = (number(&sent, "C-"), number(&sent, "T-"));
    let page = anna.opens(&format!("/portal/tickets/{ticket}")).await;
    let file = page.link("counts.png");
    let second = stage.order("88202", in_progress("300"));
    let open = writes(&mut anna, &second, "Only a part was delivered", &shot).await;

    desk.person("Ben Otieno", "ben@harbor.example", Role::Customer);
    let mut ben = desk.signed_in("ben@harbor.example").await;
    for (theirs, missing) in [
        (format!("/portal/orders/{order}"), "/portal/orders/O-9999"),
        (
            format!("/portal/orders/{order}/cancel"),
            "/portal/orders/O-9999/cancel",
        ),
        (
            format!("/portal/orders/{order}/claims/new"),
            "/portal/orders/O-9999/claims/new",
        ),
        (
            format!("/portal/tickets/{ticket}"),
            "/portal/tickets/T-9999",
        ),
        (
            format!("/portal/tickets/{ticket}/withdrawal"),
            "/portal/tickets/T-9999/withdrawal",
        ),
        (format!("/portal/claims/{claim}"), "/portal/claims/C-9999"),
        (
            format!("/portal/claims/{claim}/answer"),
            "/portal/claims/C-9999/answer",
        ),
        (file.clone(), "/files/0192"),
        (open.path.clone(), "/portal/drafts/0192"),
        (
            format!("{}/reason", open.path),
            "/portal/drafts/0192/reason",
        ),
    ] {
        let (one, other) = (ben.opens(&theirs).await, ben.opens(missing).await);
        assert_eq!((one.status, other.status), (404, 404), "{theirs}");
        assert_eq!(bare(&one), bare(&other), "{theirs}");
    }
    writes_nothing(&mut ben, &anna_forms(&mut anna, &ticket).await).await;
    let page = anna.opens(&format!("/portal/tickets/{ticket}")).await;
    page.does_not_see("I am Ben").sees("Withdraw this request");
}

/// Forms of Anna's pages, to be sent by somebody else.
async fn anna_forms(anna: &mut Browser, ticket: &str) -> Vec<String> {
    anna.opens(&format!("/portal/tickets/{ticket}")).await;
    ["messages", "withdrawal", "appeal", "answers"]
        .map(|place| format!("/portal/tickets/{ticket}/{place}"))
        .to_vec()
}

/// With a token and a key of their own, so that only the owner is in the way.
async fn writes_nothing(ben: &mut Browser, places: &[String]) {
    for place in places {
        let page = ben.opens("/portal/tickets/new").await;
        let blank = page
            .form("Send")
            .without("about")
            .without("subject")
            .to(place);
        let form = match place.rsplit('/').next().unwrap() {
            "messages" => blank.forge("body", "I am Ben"),
            "answers" => blank.without("body").forge("words", "I am Ben"),
            _ => continue,
        };
        assert_eq!(ben.sends(form).await.status, 404, "{place}");
    }
}

/// The page without what differs from visit to visit.
fn bare(page: &Page) -> String {
    page.text()
}

#[tokio::test]
async fn a_file_opens_for_its_sellers_staff_and_for_nobody_elses() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let other = crate::support::make::Shop::of(
        &desk.app.pool,
        desk.app.now(),
        "Brightpanel",
        "panel-credits",
    );
    let order = stage.order("88201", in_progress("400"));
    let mut anna = stage.browser().await;
    let shot = [("counts.png", PNG)];
    let page = writes(&mut anna, &order, "Only a part was delivered", &shot).await;
    let sent = anna.sends(page.form("Send this request")).await;
    let page = anna.opens(&sent.link("See your request")).await;
    let file = page.link("counts.png");

    let own = [stage.shop.seller.clone()];
    desk.staff("Omar", "omar@desk.example", Role::Agent, &own);
    desk.staff("Lena", "lena@desk.example", Role::Lead, &[other.seller]);
    let mut omar = desk.signed_in("omar@desk.example").await;
    let mut lena = desk.signed_in("lena@desk.example").await;
    assert_eq!(omar.opens(&file).await.status, 200);
    assert_eq!(lena.opens(&file).await.status, 404);
    desk.visitor().opens(&file).await.sees("Sign in");
}
