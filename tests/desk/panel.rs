//! A seller's panel: what it says of orders is pulled, heard, and credited where the policy says so; whatever it says, or however
//! it fails.

mod connection;
mod credit;
mod requests;

use std::time::Duration as Wait;

use chrono::Duration;
use redress::act::{Act, Role};
use redress::db;
use redress::db::claims::Claim;
use redress::db::orders::{Order, OrderEvent};
use redress::db::panels::PanelOrder;
use redress::desk::orders::NewOrder;
use redress::desk::panels;
use redress::ids::PersonId;
use redress::rules::facts::Status;
use redress::worker;
use serde_json::{Value, json};

use crate::support::app::Desk;
use crate::support::make::{Shop, progress};
use crate::support::panel::{FakePanel, KEY, Mood};

const ANNA: &str = "anna@harbor.example";
const OMAR: &str = "omar@desk.example";

/// Anna, who has paid a shop under one of the policies, and the shop's panel.
struct Stage<'a> {
    desk: &'a Desk,
    shop: Shop<'a>,
    anna: PersonId,
    panel: FakePanel,
}

/// A desk that does not wait long for a panel.
fn impatient() -> Desk {
    Desk::built(
        |config| config,
        |mut app| {
            app.http = app.http.with_patience(Wait::from_millis(400));
            app
        },
    )
}

impl<'a> Stage<'a> {
    async fn of(desk: &'a Desk, policy: &str) -> Stage<'a> {
        let anna = desk.person("Anna Lindqvist", ANNA, Role::Customer);
        desk.person("Omar Haddad", OMAR, Role::Agent);
        let shop = Shop::of(&desk.app.pool, desk.app.now(), "Harbour Panel", policy);
        shop.deposit(&anna, "D-1", "500.00", 40);
        let stage = Stage {
            desk,
            shop,
            anna,
            panel: FakePanel::start().await,
        };
        stage.connects();
        stage
    }

    fn connects(&self) {
        let (act, url) = (self.act(), self.panel.url.clone());
        let connected = self.desk.app.pool.write(|tx| {
            let seller = db::sellers::find(tx, &self.shop.seller)?;
            panels::connect(tx, &act, &seller, &url, KEY)
        });
        connected.unwrap();
    }

    fn act(&self) -> Act {
        self.desk.operator()
    }

    /// An order of a thousand for $10.00, in progress with 400 to come, that the panel calls `number`.
    fn running(&self, number: &str) -> Order {
        self.order(number, |order| {
            order.progress = progress(Status::InProgress, Some("400"));
        })
    }

    fn order(&self, number: &str, change: impl FnOnce(&mut NewOrder)) -> Order {
        let name = format!("A-{number}");
        let order = self.shop.order(&self.anna, &name, "10.00", change);
        let act = self.act();
        let named = |tx: &mut db::Tx| panels::name_order(tx, &act, &order, number);
        self.desk.app.pool.write(named).unwrap();
        order
    }

    /// One round of the worker: how many orders moved.
    async fn round(&self) -> usize {
        worker::round(&self.desk.app).await.unwrap().moved
    }

    /// The next time that the panel is asked.
    async fn later(&self, minutes: i64) -> usize {
        self.desk.advance(Duration::minutes(minutes));
        self.round().await
    }

    fn now(&self, order: &Order) -> (Status, Option<String>) {
        let read = |conn: &mut db::Conn| Ok(db::orders::find(conn, &order.id)?);
        let order = self.desk.app.pool.read(read).unwrap();
        (order.status, order.remains)
    }

    fn history(&self, order: &Order) -> Vec<OrderEvent> {
        let read = |conn: &mut db::Conn| Ok(db::orders::history(conn, &order.id)?);
        self.desk.app.pool.read(read).unwrap()
    }

    fn known(&self, order: &Order) -> PanelOrder {
        let read = |conn: &mut db::Conn| Ok(db::panels::of_order(conn, &order.id)?.unwrap());
        self.desk.app.pool.read(read).unwrap()
    }

    fn connection(&self) -> db::panels::Panel {
        let read = |conn: &mut db::Conn| Ok(db::panels::of_seller(conn, &self.shop.seller)?);
        self.desk.app.pool.read(read).unwrap().unwrap()
    }

    fn claims(&self, order: &Order) -> Vec<Claim> {
        let read = |conn: &mut db::Conn| Ok(db::claims::of_order(conn, &order.id)?);
        self.desk.app.pool.read(read).unwrap()
    }

    /// What has gone back of the order, in units of the eighth decimal.
    fn refunded(&self, order: &Order) -> i64 {
        let read = |conn: &mut db::Conn| Ok(db::orders::find(conn, &order.id)?.refunded_e8);
        self.desk.app.pool.read(read).unwrap()
    }
}

fn so(status: Status, remains: &str) -> (Status, Option<String>) {
    (status, Some(remains.to_owned()))
}

#[tokio::test]
async fn what_the_panel_says_becomes_the_orders_history_every_five_minutes() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits").await;
    let order = stage.running("23501");
    stage.panel.says("23501", "In progress", "250");
    assert_eq!(stage.round().await, 1);
    assert_eq!(stage.now(&order), so(Status::InProgress, "250"));
    let last = stage.history(&order).pop().unwrap();
    assert_eq!(
        (last.source.as_str(), last.at.utc()),
        ("panel", desk.app.now())
    );
    stage.panel.says("23501", "Completed", 0);
    assert_eq!(stage.later(4).await, 0, "it was asked four minutes ago");
    assert_eq!(stage.later(1).await, 1);
    assert_eq!(stage.now(&order), so(Status::Completed, "0"));
    assert_eq!(stage.later(60).await, 0);
    let asked = stage.panel.asked("status");
    assert_eq!(asked.len(), 2, "an order that has ended is not asked for");
    assert_eq!(asked[0]["order"], "23501");
}

#[tokio::test]
async fn every_spelling_is_the_same_status() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits").await;
    for (number, spelled, status) in [
        ("1", "Pending", Status::Pending),
        ("2", "PROCESSING", Status::Processing),
        ("3", "in_progress", Status::InProgress),
        ("4", "Cancelled", Status::Canceled),
        ("5", "Canceled", Status::Canceled),
        ("6", "Partial", Status::Partial),
    ] {
        let order = stage.running(number);
        stage.panel.says(number, spelled, 300);
        stage.later(5).await;
        assert_eq!(stage.now(&order), so(status, "300"), "{spelled}");
    }
}

#[tokio::test]
async fn a_hundred_orders_are_asked_for_at_once_and_the_rest_after_them() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits").await;
    for number in 1..=103 {
        let number = number.to_string();
        stage.order(&number, |order| {
            order.charge_e8 = None;
            order.paid_with = None;
            order.progress = progress(Status::InProgress, Some("400"));
        });
        stage.panel.says(&number, "In progress", "399");
    }
    assert_eq!(stage.round().await, 103);
    let asked = stage.panel.asked("status");
    let counts: Vec<usize> = asked
        .iter()
        .map(|asked| asked["orders"].split(',').count())
        .collect();
    assert_eq!(counts, [100, 3]);
}

#[tokio::test]
async fn a_panel_of_the_older_kind_is_asked_for_one_order_after_the_other() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits").await;
    let orders = ["1", "2", "3"].map(|number| stage.running(number));
    stage.panel.turns(Mood::OneByOne);
    stage.panel.says("1", "In progress", "10");
    stage.panel.says("3", "In progress", "30");
    assert_eq!(stage.round().await, 2);
    assert_eq!(stage.now(&orders[2]), so(Status::InProgress, "30"));
    let problem = stage.known(&orders[1]).problem.unwrap();
    assert_eq!(problem, "The panel refuses: Incorrect order ID");
}

#[tokio::test]
async fn what_does_not_read_changes_nothing_and_stops_no_other_order() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee").await;
    let odd: [(&str, Value, &str); 6] = [
        ("11", json!({"error": "Incorrect order ID"}), "refuses"),
        (
            "12",
            json!({"status": "Refunded", "remains": "5"}),
            "no status",
        ),
        (
            "13",
            json!({"status": "Partial", "remains": "4e2"}),
            "does not read",
        ),
        ("14", json!({"remains": "5"}), "does not read"),
        ("15", json!("Partial"), "does not read"),
        (
            "16",
            json!({"status": "Partial", "remains": "99999999999999999999"}),
            "does not read",
        ),
    ];
    let orders = odd.each_ref().map(|(number, ..)| stage.running(number));
    let sound = stage.running("20");
    for (number, answer, _) in &odd {
        stage.panel.answers(number, answer.clone());
    }
    stage.panel.says("20", "In progress", "7");
    assert_eq!(stage.round().await, 1);
    assert_eq!(stage.now(&sound), so(Status::InProgress, "7"));
    for (order, (number, _, why)) in orders.iter().zip(&odd) {
        assert_eq!(stage.now(order), so(Status::InProgress, "400"), "{number}");
        let known = stage.known(order);
        assert!(
            known.problem.as_ref().unwrap().contains(why),
            "{number}: {known:?}"
        );
        assert_eq!(stage.refunded(order), 0);
    }
    let mut omar = desk.signed_in(OMAR).await;
    let page = omar
        .opens(&format!("/queue/orders/{}", orders[1].number))
        .await;
    page.sees("Trouble with the panel");
    page.sees("Refunded");
    // Asked again after 5, 10, 20 … minutes, and well again as soon as the panel is.
    stage.later(5).await;
    assert_eq!(stage.known(&orders[0]).failures, 2);
    stage.later(5).await;
    assert_eq!(stage.known(&orders[0]).failures, 2, "not yet");
    stage.panel.says("11", "In progress", "6");
    stage.later(5).await;
    let known = stage.known(&orders[0]);
    assert_eq!((known.failures, known.problem), (0, None));
    assert_eq!(stage.now(&orders[0]), so(Status::InProgress, "6"));
}

#[tokio::test]
async fn an_order_that_is_missing_from_the_answer_is_no_news() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee").await;
    let (first, last) = (stage.running("1"), stage.running("2"));
    stage.panel.turns(Mood::Partial);
    stage.panel.says("1", "In progress", "1");
    stage.panel.says("2", "Partial", "400");
    assert_eq!(stage.round().await, 1);
    assert_eq!(stage.now(&first), so(Status::InProgress, "1"));
    assert_eq!(stage.now(&last), so(Status::InProgress, "400"));
    assert!(stage.known(&last).problem.is_some());
}

#[tokio::test]
async fn a_panel_that_fails_is_left_alone_ever_longer_and_changes_nothing() {
    let desk = impatient();
    let stage = Stage::of(&desk, "panel-guarantee").await;
    let order = stage.running("1");
    stage.panel.says("1", "Partial", "400");
    let moods = [
        (Mood::Page(521), "HTTP 521"),
        (Mood::Page(200), "does not read"),
        (Mood::Garbage, "does not read"),
        (Mood::HangsUp, "broke"),
        (Mood::LosesAnswer, "broke"),
        (Mood::Silent, "in time"),
    ];
    for (mood, why) in moods {
        stage.panel.turns(mood);
        assert_eq!(stage.later(60).await, 0, "{mood:?}");
        let problem = stage.connection().problem.unwrap();
        assert!(problem.contains(why), "{mood:?}: {problem}");
        assert_eq!(stage.now(&order), so(Status::InProgress, "400"));
    }
    assert_eq!(stage.connection().failures, 6);
    let waits = stage.connection().next_at.utc() - desk.app.now();
    assert_eq!(waits, Duration::minutes(16));
    stage.panel.turns(Mood::Answers);
    let asked = stage.panel.asked("status").len();
    stage.later(15).await;
    assert_eq!(stage.panel.asked("status").len(), asked, "left alone");
    assert_eq!(stage.later(1).await, 1);
    let connection = stage.connection();
    assert_eq!((connection.failures, connection.problem), (0, None));
    assert_eq!(stage.now(&order), so(Status::Partial, "400"));
}

#[tokio::test]
async fn a_key_that_is_no_longer_good_is_the_panels_trouble_and_no_orders() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits").await;
    let orders = ["1", "2"].map(|number| stage.running(number));
    stage.panel.forgets_the_key();
    stage.round().await;
    let connection = stage.connection();
    assert_eq!(
        connection.problem.as_deref(),
        Some("the panel refused: Invalid API key")
    );
    assert!(!format!("{connection:?}").contains(KEY));
    for order in &orders {
        assert_eq!(stage.known(order).problem, None);
    }
}

#[tokio::test]
async fn two_workers_ask_once_and_one_that_died_is_followed_by_another() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits").await;
    stage.running("1");
    stage.panel.says("1", "In progress", "3");
    let (one, other) = tokio::join!(
        worker::panels::tick(&desk.app),
        worker::panels::tick(&desk.app)
    );
    assert_eq!(one.unwrap() + other.unwrap(), 1);
    assert_eq!(stage.panel.asked("status").len(), 1);
    desk.advance(Duration::minutes(5));
    let (now, seller) = (desk.app.now(), stage.shop.seller.clone());
    let dies = |tx: &mut db::Tx| {
        let until = now + Duration::minutes(10);
        Ok(db::panels::set_asking(tx, &seller, "dead", now, until)?.is_some())
    };
    assert!(desk.app.pool.write(dies).unwrap());
    stage.panel.says("1", "In progress", "2");
    assert_eq!(stage.later(9).await, 0, "it may still be at it");
    assert_eq!(stage.later(1).await, 1);
}

#[tokio::test]
async fn an_order_that_was_cancelled_here_is_not_brought_back_by_an_answer_that_was_late() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee").await;
    let order = stage.order("1", |_| {});
    stage
        .shop
        .moves_on(&order, Status::Canceled, "1000", desk.app.now());
    let act = Act::worker(desk.app.now(), "https://desk.example");
    let late = |tx: &mut db::Tx| panels::hear(tx, &act, &order.id, "Pending", Some(1000));
    desk.app.pool.write(late).unwrap();
    assert_eq!(stage.now(&order), so(Status::Canceled, "1000"));
    assert_eq!(stage.known(&order).next_at, None);
}
