//! What a panel is asked to do: row first, sent once, taken is not done, and what has no answer is not asked again by itself.

use redress::act::{Door, Who};
use redress::db;
use redress::db::claims::Claim;
use redress::db::orders::Order;
use redress::db::requests::Request;
use redress::desk::claims::{self, New};
use redress::rules::facts::Status;
use redress::rules::lifecycle::request::State;
use redress::rules::tasks::Kind;

use super::{ANNA, Stage, impatient, so};
use crate::support::app::Desk;
use crate::support::make::{e8, progress};
use crate::support::page::Page;
use crate::support::panel::Mood;

impl Stage<'_> {
    fn files(&self, order: &Order, ground: &str) -> Claim {
        let anna = |conn: &mut db::Conn| {
            let person = db::people::by_email(conn, ANNA)?.unwrap();
            Ok(db::people::actor(conn, &person)?)
        };
        let anna = Who::Person(self.desk.app.pool.read(anna).unwrap());
        let act = self.desk.app.act(anna, Door::Portal, "story");
        let new = New {
            seller: self.shop.seller.clone(),
            customer: self.anna.clone(),
            order: Some(order.id.clone()),
            ground: ground.to_owned(),
            reason: "I no longer need it.".to_owned(),
            requested_e8: None,
            remedy_choice: None,
            evidence: Vec::new(),
            draft: None,
        };
        let filed = self.desk.app.pool.write(|tx| claims::file(tx, &act, &new));
        filed.unwrap().claim
    }

    /// Omar presses the button that has the panel asked.
    async fn omar_asks(&self, claim: &Claim, button: &str) -> Page {
        let mut omar = self.desk.signed_in(super::OMAR).await;
        let page = omar.opens(&format!("/queue/claims/{}", claim.number)).await;
        omar.sends(page.form(button)).await
    }

    async fn page_of(&self, claim: &Claim) -> Page {
        let mut omar = self.desk.signed_in(super::OMAR).await;
        omar.opens(&format!("/queue/claims/{}", claim.number)).await
    }

    fn requests(&self, order: &Order) -> Vec<Request> {
        let read = |conn: &mut db::Conn| Ok(db::requests::of_order(conn, &order.id)?);
        self.desk.app.pool.read(read).unwrap()
    }

    fn states(&self, order: &Order) -> Vec<State> {
        let requests = self.requests(order);
        requests.iter().map(|request| request.state).collect()
    }

    fn claim(&self, claim: &Claim) -> Claim {
        let read = |conn: &mut db::Conn| Ok(db::claims::find(conn, &claim.id)?);
        self.desk.app.pool.read(read).unwrap()
    }

    fn task(&self, claim: &Claim, kind: Kind) -> db::tasks::Task {
        let read = |conn: &mut db::Conn| Ok(db::tasks::of_claim(conn, &claim.id)?);
        let mut tasks = self.desk.app.pool.read(read).unwrap().into_iter();
        tasks.find(|task| task.kind == kind).unwrap()
    }
}

#[tokio::test]
async fn cancel_that_is_taken_has_not_stopped_until_the_status_says_so() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits").await;
    let order = stage.running("77");
    stage.panel.says("77", "In progress", "400");
    let claim = stage.files(&order, "order_cancellation");
    assert_eq!(claim.state, "action_first");
    let page = stage.omar_asks(&claim, "Ask the panel to cancel it").await;
    page.sees("The panel is asked with the next round");
    assert!(stage.panel.asked("cancel").is_empty(), "not in the deed");
    stage.round().await;
    assert_eq!(stage.panel.asked("cancel")[0]["orders"], "77");
    assert_eq!(stage.states(&order), [State::Accepted]);
    assert_eq!(stage.claim(&claim).state, "action_first", "not stopped yet");
    let page = stage.page_of(&claim).await;
    page.sees("The panel took the wish");
    assert!(!page.has_button("Ask the panel to cancel it"));
    stage.panel.says("77", "Canceled", "350");
    stage.later(5).await;
    assert_eq!(stage.states(&order), [State::Done]);
    assert_eq!(stage.now(&order), so(Status::Canceled, "350"));
    let claim = stage.claim(&claim);
    assert_eq!(
        (claim.state.as_str(), claim.computed_e8),
        ("in_review", Some(e8("3.50"))),
        "a person decides: the policy does not say automatically"
    );
    let task = stage.task(&claim, Kind::StopOrder);
    assert_eq!(task.result.as_deref(), Some("The order has ended."));
    assert_eq!(stage.panel.asked("cancel").len(), 1);
}

#[tokio::test]
async fn a_refusal_is_told_in_the_panels_words_and_decides_nothing() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits").await;
    let order = stage.running("77");
    stage.panel.says("77", "In progress", "400");
    stage
        .panel
        .refuses("77", "Cancel is not available for this service");
    let claim = stage.files(&order, "order_cancellation");
    stage.omar_asks(&claim, "Ask the panel to cancel it").await;
    stage.round().await;
    assert_eq!(stage.states(&order), [State::Refused]);
    let page = stage.page_of(&claim).await;
    page.sees("The panel refused: Cancel is not available for this service");
    assert!(page.has_button("Ask the panel to cancel it"), "another try");
    assert_eq!(stage.claim(&claim).state, "action_first");
}

#[tokio::test]
async fn what_got_no_answer_is_unknown_reconciled_by_status_and_never_sent_again_by_itself() {
    for mood in [Mood::Silent, Mood::LosesAnswer, Mood::Page(502)] {
        let desk = impatient();
        let stage = Stage::of(&desk, "panel-credits").await;
        let order = stage.running("77");
        stage.panel.says("77", "In progress", "400");
        let claim = stage.files(&order, "order_cancellation");
        stage.omar_asks(&claim, "Ask the panel to cancel it").await;
        stage.panel.turns(mood);
        stage.round().await;
        assert_eq!(stage.states(&order), [State::Unknown], "{mood:?}");
        stage.panel.turns(Mood::Answers);
        let asked = stage.panel.asked("cancel").len();
        stage.later(10).await;
        stage.later(10).await;
        assert_eq!(stage.panel.asked("cancel").len(), asked, "{mood:?}");
        assert_eq!(stage.states(&order), [State::Unknown]);
        stage
            .page_of(&claim)
            .await
            .sees("Nobody knows whether it arrived");
        stage.panel.says("77", "Partial", "400");
        stage.later(5).await;
        assert_eq!(stage.states(&order), [State::Done], "{mood:?}");
        assert_eq!(stage.claim(&claim).computed_e8, Some(e8("4.00")));
    }
}

#[tokio::test]
async fn a_person_may_have_it_asked_once_more() {
    let desk = impatient();
    let stage = Stage::of(&desk, "panel-credits").await;
    let order = stage.running("77");
    stage.panel.says("77", "In progress", "400");
    let claim = stage.files(&order, "order_cancellation");
    stage.omar_asks(&claim, "Ask the panel to cancel it").await;
    stage.panel.turns(Mood::LosesAnswer);
    stage.round().await;
    stage.panel.turns(Mood::Answers);
    stage.omar_asks(&claim, "Ask the panel once more").await;
    assert_eq!(stage.states(&order), [State::Failed, State::Queued]);
    stage.later(5).await;
    assert_eq!(stage.states(&order), [State::Failed, State::Accepted]);
    stage.panel.says("77", "Completed", "0");
    stage.later(5).await;
    assert_eq!(stage.states(&order), [State::Failed, State::Failed]);
    assert_eq!(stage.claim(&claim).outcome, "ineligible");
    assert_eq!(
        stage.task(&claim, Kind::StopOrder).result.as_deref(),
        Some("The order was completed first.")
    );
}

#[tokio::test]
async fn what_is_no_longer_wanted_does_not_leave() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits").await;
    let order = stage.running("77");
    stage.panel.says("77", "In progress", "400");
    let claim = stage.files(&order, "order_cancellation");
    stage.omar_asks(&claim, "Ask the panel to cancel it").await;
    let anna = |conn: &mut db::Conn| {
        let person = db::people::by_email(conn, ANNA)?.unwrap();
        Ok(db::people::actor(conn, &person)?)
    };
    let anna = Who::Person(desk.app.pool.read(anna).unwrap());
    let act = desk.app.act(anna, Door::Portal, "story");
    let withdrawn = |tx: &mut db::Tx| claims::withdraw(tx, &act, &claim.id);
    desk.app.pool.write(withdrawn).unwrap();
    stage.round().await;
    assert!(stage.panel.asked("cancel").is_empty());
    assert_eq!(stage.states(&order), [State::Failed]);
}

#[tokio::test]
async fn a_question_that_never_left_leaves_later_and_one_lost_in_a_crash_is_unknown() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits").await;
    let order = stage.running("77");
    let claim = stage.files(&order, "order_cancellation");
    stage.omar_asks(&claim, "Ask the panel to cancel it").await;
    let id = stage.requests(&order)[0].id.clone();
    let Stage {
        panel, shop, anna, ..
    } = stage;
    panel.stop().await;
    let stage = Stage {
        desk: &desk,
        shop,
        anna,
        panel: crate::support::panel::FakePanel::start().await,
    };
    stage.round().await;
    assert_eq!(stage.states(&order), [State::Queued], "nobody was there");
    assert_eq!(stage.requests(&order)[0].failures, 1);
    let now = desk.app.now();
    let crash = |tx: &mut db::Tx| Ok(db::requests::mark_sending(tx, &id, now)?);
    desk.app.pool.write(crash).unwrap();
    stage.connects();
    stage.panel.says("77", "In progress", "400");
    stage.later(5).await;
    assert_eq!(stage.states(&order), [State::Unknown]);
    assert!(stage.panel.asked("cancel").is_empty());
}

#[tokio::test]
async fn a_refill_that_the_panel_completes_is_the_remedy_and_one_that_it_rejects_is_not() {
    for (status, task, outcome) in [
        ("Completed", redress::rules::tasks::State::Done, "remedied"),
        (
            "Rejected",
            redress::rules::tasks::State::Failed,
            "needs_review",
        ),
    ] {
        let desk = Desk::open();
        let stage = Stage::of(&desk, "panel-credits").await;
        let order = stage.order("77", |order| {
            order.progress = progress(Status::Completed, Some("0"));
        });
        let claim = stage.files(&order, "delivery_drop");
        assert_eq!(claim.state, "action_first");
        stage.omar_asks(&claim, "Ask the panel to refill it").await;
        stage.round().await;
        assert_eq!(stage.panel.asked("refill")[0]["order"], "77");
        assert_eq!(stage.requests(&order)[0].reference.as_deref(), Some("1"));
        stage.later(5).await;
        assert_eq!(stage.states(&order), [State::Accepted], "it is pending");
        stage.panel.says_of_refill("1", "Refilling soon");
        stage.later(5).await;
        stage.page_of(&claim).await.sees("is not known here");
        stage.panel.says_of_refill("1", status);
        stage.later(60).await;
        assert_eq!(stage.task(&claim, Kind::Refill).state, task, "{status}");
        assert_eq!(stage.claim(&claim).outcome, outcome, "{status}");
        let page = stage.page_of(&claim).await;
        page.sees("refill 1");
    }
}

#[tokio::test]
async fn a_pending_order_that_its_customer_cancels_is_refunded_at_once_and_cancelled_at_the_panel()
{
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee").await;
    let order = stage.order("77", |_| {});
    stage.panel.says("77", "Pending", "1000");
    let mut anna = desk.signed_in(ANNA).await;
    let page = anna
        .opens(&format!("/portal/orders/{}/cancel", order.number))
        .await;
    anna.sends(page.form("Cancel and credit $10.00")).await;
    assert_eq!(stage.refunded(&order), e8("10.00"));
    assert_eq!(stage.states(&order), [State::Queued]);
    stage.round().await;
    assert_eq!(stage.states(&order), [State::Accepted]);
    stage.panel.says("77", "Canceled", "1000");
    stage.later(5).await;
    assert_eq!(stage.states(&order), [State::Done]);
    assert_eq!(stage.refunded(&order), e8("10.00"), "once");
    let customer = |conn: &mut db::Conn| {
        let lines = db::orders::history(conn, &order.id)?;
        Ok(lines.last().unwrap().source.clone())
    };
    assert_eq!(desk.app.pool.read(customer).unwrap(), "customer");
}

#[tokio::test]
async fn nobody_has_a_panel_asked_that_is_not_there_or_for_a_claim_of_their_own() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits").await;
    let order = stage.shop.order(&stage.anna, "B-1", "10.00", |order| {
        order.progress = progress(Status::InProgress, Some("400"));
    });
    let claim = stage.files(&order, "order_cancellation");
    let page = stage.page_of(&claim).await;
    assert!(!page.has_button("Ask the panel to cancel it"));
    let omar = |conn: &mut db::Conn| {
        let person = db::people::by_email(conn, super::OMAR)?.unwrap();
        Ok(db::people::actor(conn, &person)?)
    };
    let omar = desk.app.pool.read(omar).unwrap();
    let act = desk.app.act(Who::Person(omar), Door::Queue, "story");
    let asked = |tx: &mut db::Tx| {
        redress::desk::panels::requests::ask(tx, &act, &claim.id, Kind::StopOrder)
    };
    let why = desk.app.pool.write(asked).unwrap_err().to_string();
    assert!(why.contains("has no panel"), "{why}");
    assert!(stage.requests(&order).is_empty());
}
