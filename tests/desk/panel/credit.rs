//! B15: what a provider's clean end of an order brings by itself, once, and what it does not.

use chrono::Duration;
use redress::act::{Act, Door, Who};
use redress::db;
use redress::desk::claims::{self, New};
use redress::desk::deposits::Kept;
use redress::desk::orders::credit_order_refund;
use redress::desk::panels;
use redress::rules::facts::Status;

use super::{ANNA, OMAR, Stage};
use crate::support::app::Desk;
use crate::support::make::{e8, progress};

#[tokio::test]
async fn a_clean_partial_is_credited_by_the_policy_once_with_claim_journal_and_letters() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee").await;
    let order = stage.running("1");
    stage.panel.says("1", "Partial", "400");
    assert_eq!(stage.round().await, 1);
    assert_eq!(stage.refunded(&order), e8("4.00"));
    let claim = stage.claims(&order).pop().unwrap();
    assert_eq!(
        (claim.state.as_str(), claim.ground.as_str()),
        ("approved", "partial_delivery")
    );
    let decided = |conn: &mut db::Conn| Ok(db::claims::decisions(conn, &claim.id)?);
    let decided = desk.app.pool.read(decided).unwrap();
    assert_eq!(decided.len(), 1);
    assert_eq!(decided[0].decided_by, "policy");
    assert_eq!(
        desk.subjects_to(ANNA),
        [
            format!("Refund approved: $4.00 — {}", claim.number),
            format!("Refund paid: $4.00 — {}", claim.number)
        ]
    );
    let mut anna = desk.signed_in(ANNA).await;
    let page = anna
        .opens(&format!("/portal/claims/{}", claim.number))
        .await;
    page.sees("The provider ended this order with 400 of 1000 units not delivered.");
    page.does_not_see("You sent this request");
    let mut omar = desk.signed_in(OMAR).await;
    let page = omar.opens(&format!("/queue/claims/{}", claim.number)).await;
    page.sees("The policy approved $4.00.");
    stage.panel.says("1", "Partial", "500");
    for _ in 0..3 {
        stage.later(60).await;
    }
    assert_eq!(stage.refunded(&order), e8("4.00"), "once");
    assert_eq!(stage.claims(&order).len(), 1);
    assert_eq!(desk.subjects_to(ANNA).len(), 2);
}

#[tokio::test]
async fn a_clean_cancellation_by_the_panel_is_credited_and_its_charge_is_never_ours() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee").await;
    let orders = ["1", "2"].map(|number| stage.running(number));
    stage.panel.says("1", "Canceled", "1000");
    stage.panel.says("2", "Cancelled", 250);
    assert_eq!(stage.round().await, 2);
    assert_eq!(
        orders.each_ref().map(|order| stage.refunded(order)),
        [e8("10.00"), e8("2.50")]
    );
}

#[tokio::test]
async fn what_is_not_clean_waits_for_somebody_to_ask() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee").await;
    let odd = [
        ("1", "Partial", ""),
        ("2", "Partial", "0"),
        ("3", "Partial", "1001"),
        ("4", "Canceled", "0"),
        ("5", "Completed", "0"),
        ("6", "Processing", "1000"),
    ];
    for (number, status, remains) in odd {
        let order = stage.running(number);
        stage.panel.says(number, status, remains);
        assert_eq!(stage.later(5).await, 1, "{status} {remains:?}");
        assert_eq!(stage.refunded(&order), 0, "{status} {remains:?}");
        assert!(stage.claims(&order).is_empty(), "{status} {remains:?}");
    }
    let shown_before = stage.order("7", |order| {
        order.progress = progress(Status::InProgress, Some("400"));
        order.snapshot_json =
            r#"{"refundable_once_started":false,"limits_disclosed":true}"#.to_owned();
    });
    let uncharged = stage.order("8", |order| {
        order.progress = progress(Status::InProgress, Some("400"));
        (order.charge_e8, order.paid_with) = (None, None);
    });
    stage.panel.says("7", "Partial", "400");
    stage.panel.says("8", "Partial", "400");
    assert_eq!(stage.later(5).await, 2);
    for order in [shown_before, uncharged] {
        assert_eq!(stage.refunded(&order), 0);
        assert!(stage.claims(&order).is_empty());
    }
}

#[tokio::test]
async fn nothing_is_credited_by_itself_where_something_went_back_before() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee").await;
    let order = stage.running("1");
    let act = stage.act();
    let goodwill =
        |tx: &mut db::Tx| credit_order_refund(tx, &act, &order.id, e8("1.00"), "goodwill");
    desk.app.pool.write(goodwill).unwrap();
    stage.panel.says("1", "Partial", "400");
    assert_eq!(stage.round().await, 1);
    assert_eq!(stage.refunded(&order), e8("1.00"));
    assert!(stage.claims(&order).is_empty());
}

#[tokio::test]
async fn a_policy_that_does_not_say_automatically_credits_nothing_by_itself() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits").await;
    let order = stage.running("1");
    stage.panel.says("1", "Partial", "400");
    assert_eq!(stage.round().await, 1);
    assert_eq!(stage.refunded(&order), 0);
    assert!(stage.claims(&order).is_empty());
}

#[tokio::test]
async fn a_request_that_is_open_gets_the_result_and_no_second_one_beside_it() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee").await;
    let order = stage.running("1");
    let anna = |conn: &mut db::Conn| {
        let person = db::people::by_email(conn, ANNA)?.unwrap();
        Ok(db::people::actor(conn, &person)?)
    };
    let anna = Who::Person(desk.app.pool.read(anna).unwrap());
    let act = desk.app.act(anna, Door::Portal, "story");
    let new = New {
        seller: stage.shop.seller.clone(),
        customer: stage.anna.clone(),
        order: Some(order.id.clone()),
        ground: "partial_delivery".to_owned(),
        reason: "It has not moved for days.".to_owned(),
        requested_e8: None,
        remedy_choice: None,
        evidence: Vec::new(),
        draft: None,
    };
    let filed = desk.app.pool.write(|tx| claims::file(tx, &act, &new));
    assert_eq!(filed.unwrap().claim.state, "in_review");
    desk.advance(Duration::hours(1));
    stage.panel.says("1", "Partial", "400");
    assert_eq!(stage.round().await, 1);
    let claims = stage.claims(&order);
    assert_eq!(claims.len(), 1);
    assert_eq!(
        (claims[0].state.as_str(), claims[0].granted_e8),
        ("approved", Some(e8("4.00")))
    );
}

#[tokio::test]
async fn the_same_answer_heard_by_many_at_once_is_credited_once() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee").await;
    let order = stage.running("1");
    let act = Act::worker(desk.app.now(), "https://desk.example");
    std::thread::scope(|threads| {
        let hears = || {
            let hear = |tx: &mut db::Tx| panels::hear(tx, &act, &order.id, "Partial", Some(400));
            desk.app.pool.write(hear).unwrap()
        };
        let all: Vec<_> = (0..16).map(|_| threads.spawn(hears)).collect();
        let kept: Vec<Kept> = all.into_iter().map(|one| one.join().unwrap()).collect();
        let changed = kept.iter().filter(|kept| **kept == Kept::Changed);
        assert_eq!(changed.count(), 1);
    });
    assert_eq!(stage.refunded(&order), e8("4.00"));
    assert_eq!(stage.claims(&order).len(), 1);
    assert_eq!(desk.subjects_to(ANNA).len(), 2);
}
