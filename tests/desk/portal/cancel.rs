//! Cancelling an order that has not started, at once or through a person, and when it has started meanwhile.

use redress::rules::facts::Status;

use super::{ANNA, Stage, in_progress, number};
use crate::support::app::Desk;
use crate::support::make::e8;

#[tokio::test]
async fn a_pending_order_is_cancelled_and_paid_at_once_with_the_letter() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let order = stage.order("88201", |_| {});
    let mut anna = stage.browser().await;
    assert_eq!(stage.balance(), e8("40.00"));

    let page = anna.opens("/portal/orders").await;
    page.sees("Not started").sees("the money is back at once");
    let page = anna.opens(&page.link(&format!("Cancel {order}"))).await;
    page.sees("Cancel this order?")
        .sees("Refund $10.00")
        .sees("The money is on your balance at once");
    let page = anna.sends(page.form("Cancel and credit $10.00")).await;

    page.sees("Done: the money is back").sees("$10.00");
    assert_eq!(stage.balance(), e8("50.00"));
    let subjects = desk.subjects_to(ANNA);
    assert!(
        subjects
            .iter()
            .any(|subject| subject.contains("$10.00") && subject.contains(&number(&page, "C-"))),
        "{subjects:?}"
    );
    let page = anna.opens(&format!("/portal/orders/{order}")).await;
    page.sees("Cancelled")
        .sees("All of it was refunded.")
        .sees("Refunded to your balance −$10.00");
    let page = anna
        .opens(&page.link("Cancel an order: 1,000 followers (O-1001)"))
        .await;
    page.sees("$10.00 is on your balance.")
        .sees("B17")
        .does_not_see("Withdraw this request");
}

#[tokio::test]
async fn two_tabs_and_a_double_click_cancel_once() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let order = stage.order("88201", |_| {});
    let mut anna = stage.browser().await;
    let path = format!("/portal/orders/{order}/cancel");
    let (one, two) = (anna.opens(&path).await, anna.opens(&path).await);
    let form = one.form("Cancel and credit $10.00");
    let first = anna.posts(form.clone()).await;
    let again = anna.posts(form).await;
    assert_eq!(first.leads_to(), again.leads_to());
    let page = anna.sends(two.form("Cancel and credit $10.00")).await;
    page.sees("nothing is left to pay back");
    assert_eq!((stage.balance(), stage.claims()), (e8("50.00"), 1));
    // The page itself has nothing to offer any more.
    let page = anna.opens(&path).await;
    assert_eq!(page.path, format!("/portal/orders/{order}"));
}

#[tokio::test]
async fn where_the_policy_wants_a_person_the_answer_says_so_and_nothing_is_paid() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let order = stage.order("5501", |_| {});
    let mut anna = stage.browser().await;
    let page = anna.opens(&format!("/portal/orders/{order}/cancel")).await;
    page.sees("A person confirms it");
    let page = anna
        .sends(page.form("Ask to cancel and refund $10.00"))
        .await;
    page.sees("We have your request")
        .sees("By the policy $10.00 is due to you. A person confirms it.")
        .sees("By 3 Mar 09:00 UTC A person answers you.");
    assert_eq!(stage.balance(), e8("40.00"));
    anna.opens(&format!("/portal/orders/{order}"))
        .await
        .sees("We are working on C-1001.");
}

#[tokio::test]
async fn an_order_that_started_meanwhile_keeps_the_request_and_the_answer_is_honest() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let row = stage.shop.order(&stage.anna, "88201", "10.00", |_| {});
    let mut anna = stage.browser().await;
    let page = anna
        .opens(&format!("/portal/orders/{}/cancel", row.number))
        .await;
    stage
        .shop
        .moves_on(&row, Status::InProgress, "900", desk.app.now());
    let page = anna.sends(page.form("Cancel and credit $10.00")).await;
    page.sees("We have your request")
        .does_not_see("the money is back");
    assert_eq!((stage.balance(), stage.claims()), (e8("40.00"), 1));
    let page = anna
        .opens(&format!("/portal/tickets/{}", number(&page, "T-")))
        .await;
    page.sees("Sent 2 Mar 09:00 UTC");
}

#[tokio::test]
async fn an_order_that_is_running_has_no_page_to_cancel_it() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let order = stage.order("88201", in_progress("400"));
    let mut anna = stage.browser().await;
    let page = anna.opens(&format!("/portal/orders/{order}/cancel")).await;
    assert_eq!(page.path, format!("/portal/orders/{order}"));
    page.sees("600 delivered").does_not_see("Cancel this order");
}
