//! Work before money: tasks that the rules open, people take and report, and facts end; a replacement that is given, a plan whose
//! access is withdrawn before its amount is final.

use chrono::Duration;
use redress::act::{Act, Door, Role, Who};
use redress::db;
use redress::db::claims::Claim;
use redress::db::orders::{Order, Part};
use redress::db::tasks::Task;
use redress::desk::claims::{self, New};
use redress::desk::orders::NewOrder;
use redress::ids::PersonId;
use redress::rules::facts::Status;
use redress::rules::money::Amount;
use redress::rules::tasks::{Kind, State};

use crate::support::app::Desk;
use crate::support::make::{Shop, e8, progress};
use crate::support::page::{Browser, Page};

const ANNA: &str = "anna@harbor.example";
const OMAR: &str = "omar@desk.example";
const LENA: &str = "lena@desk.example";

struct Stage<'a> {
    desk: &'a Desk,
    shop: Shop<'a>,
    anna: PersonId,
}

impl<'a> Stage<'a> {
    fn of(desk: &'a Desk, policy: &str) -> Stage<'a> {
        let anna = desk.person("Anna Lindqvist", ANNA, Role::Customer);
        desk.person("Omar Haddad", OMAR, Role::Agent);
        desk.person("Lena Fox", LENA, Role::Lead);
        let shop = Shop::of(&desk.app.pool, desk.app.now(), "Harbour Shop", policy);
        shop.deposit(&anna, "D-1", "500.00", 40);
        Stage { desk, shop, anna }
    }

    fn act_of(&self, email: &str) -> Act {
        let found = self.desk.app.pool.read(|conn| {
            let person = db::people::by_email(conn, email)?.unwrap();
            Ok(db::people::actor(conn, &person)?)
        });
        let person = found.unwrap();
        let via = if person.role.is_staff() {
            Door::Queue
        } else {
            Door::Portal
        };
        self.desk.app.act(Who::Person(person), via, "story")
    }

    fn order(&self, charge: &str, change: impl FnOnce(&mut NewOrder)) -> Order {
        self.shop.order(&self.anna, "A-1", charge, change)
    }

    /// Bought by card, for a policy that pays back to it.
    fn by_card(&self, charge: &str, change: impl FnOnce(&mut NewOrder)) -> Order {
        self.order(charge, |order| {
            let amount = Amount::parse(charge).unwrap();
            let method = "card-1".to_owned();
            order.paid_with = Some(vec![Part { method, amount }]);
            change(order);
        })
    }

    fn files(&self, order: &Order, ground: &str, evidence: &[&str], choice: Option<&str>) -> Claim {
        let act = self.act_of(ANNA);
        let new = New {
            seller: self.shop.seller.clone(),
            customer: self.anna.clone(),
            order: Some(order.id.clone()),
            ground: ground.to_owned(),
            reason: "It does not do what it should.".to_owned(),
            requested_e8: None,
            remedy_choice: choice.map(str::to_owned),
            evidence: evidence
                .iter()
                .map(|kind| ((*kind).to_owned(), None))
                .collect(),
            draft: None,
        };
        let filed = self.desk.app.pool.write(|tx| claims::file(tx, &act, &new));
        filed.unwrap().claim
    }

    fn establishes(&self, claim: &Claim, path: &str, value: serde_json::Value) {
        let act = self.act_of(LENA);
        let facts = [(path.to_owned(), value)];
        let done = self.desk.app.pool.write(|tx| {
            let seen = db::tickets::find(tx, &claim.ticket_id)?.seq;
            claims::establish(tx, &act, &claim.id, seen, &facts, "own_check")
        });
        done.unwrap();
    }

    fn tasks(&self, claim: &Claim) -> Vec<Task> {
        let read = |conn: &mut db::Conn| Ok(db::tasks::of_claim(conn, &claim.id)?);
        self.desk.app.pool.read(read).unwrap()
    }

    fn states(&self, claim: &Claim) -> Vec<(Kind, State)> {
        let tasks = self.tasks(claim);
        tasks.iter().map(|task| (task.kind, task.state)).collect()
    }

    fn claim(&self, claim: &Claim) -> Claim {
        let read = |conn: &mut db::Conn| Ok(db::claims::find(conn, &claim.id)?);
        self.desk.app.pool.read(read).unwrap()
    }

    /// An order that runs, and Anna's wish to stop it.
    fn stopping(&self) -> (Order, Claim) {
        let order = self.order("10.00", |order| {
            order.progress = progress(Status::InProgress, Some("400"));
        });
        let claim = self.files(&order, "order_cancellation", &[], None);
        (order, claim)
    }

    /// A number of $24.00 that stopped working, admitted by Lena.
    fn defect(&self, choice: &str) -> Claim {
        let order = self.by_card("24.00", |order| {
            order.progress = progress(Status::InProgress, None);
            order.quantity = None;
        });
        let claim = self.files(&order, "major_defect", &["log"], Some(choice));
        self.establishes(&claim, "findings.defect.approved", true.into());
        claim
    }
}

fn path(claim: &Claim) -> String {
    format!("/queue/claims/{}", claim.number)
}

async fn omar_at(desk: &Desk, claim: &Claim) -> (Browser, Page) {
    let mut omar = desk.signed_in(OMAR).await;
    let page = omar.opens(&path(claim)).await;
    (omar, page)
}

#[tokio::test]
async fn a_stop_is_a_task_that_somebody_takes_and_its_result_makes_the_amount() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let (_, claim) = stage.stopping();
    assert_eq!(stage.states(&claim), [(Kind::StopOrder, State::Open)]);
    let mut omar = desk.signed_in(OMAR).await;
    let list = omar.opens("/queue/tasks").await;
    list.sees("Stop the order");
    list.sees(&claim.number);
    list.sees("Nobody");
    let page = omar.opens(&path(&claim)).await;
    let page = omar.sends(page.form("Stop the order: Take it")).await;
    page.sees("You have it.");
    let mine = omar.opens("/queue/tasks?view=mine").await;
    mine.sees(&claim.number);
    let form = page
        .form("Record the result")
        .choose("It stopped")
        .fill(
            "Units not delivered (only with “It stopped”, if you know)",
            "350",
        )
        .fill("How you know (optional)", "the provider's page");
    let page = omar.sends(form).await;
    page.sees("Recorded. The rules now say: eligible.");
    let now = stage.claim(&claim);
    assert_eq!(
        (now.outcome.as_str(), now.computed_e8),
        ("eligible", Some(e8("3.50")))
    );
    let task = stage.tasks(&claim).pop().unwrap();
    assert_eq!(task.state, State::Done);
    assert_eq!(task.result.as_deref(), Some("The order stopped."));
    page.sees("The order stopped.");
    omar.opens("/queue/tasks")
        .await
        .sees("Nothing is to be done");
}

#[tokio::test]
async fn a_report_that_does_not_read_comes_back_as_it_was_typed() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let (_, claim) = stage.stopping();
    let (mut omar, page) = omar_at(&desk, &claim).await;
    let count = "Units not delivered (only with “It stopped”, if you know)";
    let nothing = omar.sends(page.form("Record the result")).await;
    assert_eq!(nothing.status, 422);
    nothing.sees("Choose how it went");
    let odd = page
        .form("Record the result")
        .choose("It stopped")
        .fill(count, "4e2");
    let odd = omar.sends(odd).await;
    assert_eq!(odd.status, 422);
    odd.sees("Enter a whole number of units, such as 400");
    assert_eq!(odd.form("Record the result").value("count"), "4e2");
    let beside = page
        .form("Record the result")
        .choose("It goes on and cannot be stopped")
        .fill(count, "400");
    let beside = omar.sends(beside).await;
    assert_eq!(beside.status, 422);
    beside.sees("it does not belong to that answer");
    assert_eq!(stage.states(&claim), [(Kind::StopOrder, State::Open)]);
}

#[tokio::test]
async fn a_report_on_a_page_that_was_overtaken_is_held_back_with_what_was_typed() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let (_, claim) = stage.stopping();
    let (mut omar, page) = omar_at(&desk, &claim).await;
    stage.establishes(&claim, "order.remains", 300.into());
    let form = page.form("Record the result").choose("It stopped");
    let held = omar.sends(form).await;
    assert_eq!(held.status, 409);
    assert_eq!(stage.states(&claim), [(Kind::StopOrder, State::Open)]);
    omar.sends(held.form("Record it all the same")).await;
    assert_eq!(stage.states(&claim), [(Kind::StopOrder, State::Done)]);
    assert_eq!(stage.claim(&claim).computed_e8, Some(e8("3.00")));
}

#[tokio::test]
async fn an_order_that_ends_by_itself_ends_its_task_and_so_does_the_customer() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let (order, claim) = stage.stopping();
    desk.advance(Duration::hours(1));
    stage
        .shop
        .moves_on(&order, Status::Partial, "200", desk.app.now());
    assert_eq!(stage.states(&claim), [(Kind::StopOrder, State::Done)]);
    assert_eq!(stage.claim(&claim).computed_e8, Some(e8("2.00")));

    let other = stage.shop.order(&stage.anna, "A-2", "10.00", |order| {
        order.progress = progress(Status::InProgress, Some("400"));
    });
    let other = stage.files(&other, "order_cancellation", &[], None);
    let act = stage.act_of(ANNA);
    let withdrawn = desk
        .app
        .pool
        .write(|tx| claims::withdraw(tx, &act, &other.id));
    withdrawn.unwrap();
    assert_eq!(stage.states(&other), [(Kind::StopOrder, State::Dropped)]);
}

#[tokio::test]
async fn the_find_out_form_still_ends_a_task() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let (_, claim) = stage.stopping();
    stage.establishes(&claim, "findings.stop", "refused".into());
    assert_eq!(stage.states(&claim), [(Kind::StopOrder, State::Failed)]);
}

#[tokio::test]
async fn a_defect_is_mended_with_a_pause_for_access_and_then_nothing_is_due() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "virtual-numbers");
    let claim = stage.defect("refund");
    assert_eq!(stage.states(&claim), [(Kind::FixDefect, State::Open)]);
    let (mut omar, page) = omar_at(&desk, &claim).await;
    page.sees("Repair");
    let form = page
        .form("Record the result")
        .choose("We asked for access just now");
    omar.sends(form).await;
    assert_eq!(stage.claim(&claim).state, "needs_evidence");
    assert_eq!(
        stage.states(&claim),
        [(Kind::FixDefect, State::Open)],
        "it waits"
    );
    desk.advance(Duration::hours(80));
    let (mut omar, page) = omar_at(&desk, &claim).await;
    let form = page
        .form("Record the result")
        .choose("Access was given just now");
    omar.sends(form).await;
    assert_eq!(stage.claim(&claim).outcome, "action_first");
    desk.advance(Duration::hours(10));
    let (mut omar, page) = omar_at(&desk, &claim).await;
    let form = page.form("Record the result").choose("It is fixed now");
    omar.sends(form).await;
    assert_eq!(stage.states(&claim), [(Kind::FixDefect, State::Done)]);
    assert_eq!(stage.claim(&claim).outcome, "remedied");
}

#[tokio::test]
async fn a_replacement_that_the_customer_chose_is_given_before_the_claim_is_closed_with_it() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "virtual-numbers");
    let claim = stage.defect("replacement");
    desk.advance(Duration::hours(73));
    redress::worker::round(&desk.app).await.unwrap();
    assert_eq!(
        stage.states(&claim),
        [
            (Kind::FixDefect, State::Failed),
            (Kind::Replace, State::Open)
        ]
    );
    let (mut omar, page) = omar_at(&desk, &claim).await;
    page.sees("The customer chose a replacement of the same or a similar value.");
    let refused = omar.sends(page.form("Close as put right…")).await;
    refused.sees("Give the customer the replacement first");
    assert_eq!(stage.claim(&claim).state, "in_review");
    let empty = omar.sends(page.form("Record the result")).await;
    assert_eq!(empty.status, 422);
    empty.sees("Say what the customer was given");
    empty.sees("Enter what the replacement is worth, above zero");
    let form = empty
        .form("Record the result")
        .fill("Worth", "24.00")
        .fill("What the customer was given", "Number +44 20 7946 0991");
    let page = omar.sends(form).await;
    page.sees("Number +44 20 7946 0991 Worth $24.00.");
    let check = omar.sends(page.form("Close as put right…")).await;
    omar.sends(check.form("Close as put right and tell Anna"))
        .await;
    let claim = stage.claim(&claim);
    assert_eq!(
        (claim.state.as_str(), claim.granted_e8),
        ("remedied", Some(0))
    );
    assert_eq!(claim.remedy_choice.as_deref(), Some("replacement"));
    let given = stage.tasks(&claim).pop().unwrap();
    assert_eq!(
        (given.kind, given.state, given.value_e8),
        (Kind::Replace, State::Done, Some(e8("24.00")))
    );
}

/// Ten thousand requests for $10.00, of which 7,000 are left on day five.
fn plan(stage: &Stage) -> Claim {
    let order = stage.by_card("10.00", |order| {
        let placed = stage.desk.app.now() - Duration::days(5);
        order.placed_at = Some(placed);
        order.quantity = Some(10_000);
        order.progress = progress(Status::InProgress, Some("7000"));
        order.progress.period_ends_on = Some((placed + Duration::days(28)).date_naive());
        order.snapshot_json = r#"{"returnable":true,"limits_disclosed":true}"#.to_owned();
    });
    stage.files(
        &order,
        "plan_refund",
        &["order_number", "invoice_payment"],
        None,
    )
}

#[tokio::test]
async fn a_plan_is_paid_for_what_was_left_when_its_access_was_withdrawn() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "api-plans");
    let claim = plan(&stage);
    assert_eq!(claim.computed_e8, Some(e8("7.00")));
    assert_eq!(stage.states(&claim), [(Kind::WithdrawAccess, State::Open)]);
    let (mut omar, page) = omar_at(&desk, &claim).await;
    let check = omar.sends(page.form("Approve $7.00…")).await;
    check.sees("Withdraw access first");
    desk.advance(Duration::hours(20));
    let (mut omar, page) = omar_at(&desk, &claim).await;
    let missing = omar.sends(page.form("Record the result")).await;
    assert_eq!(missing.status, 422);
    missing.sees("Enter how many units were left at that moment");
    let form = missing
        .form("Record the result")
        .fill("Units left at that moment", "6,400");
    let page = omar.sends(form).await;
    assert_eq!(stage.claim(&claim).computed_e8, Some(e8("6.40")));
    assert_eq!(stage.states(&claim), [(Kind::WithdrawAccess, State::Done)]);
    let check = omar.sends(page.form("Approve $6.40…")).await;
    check.sees("$6.40");
}

#[tokio::test]
async fn a_plan_that_is_turned_down_keeps_its_access() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "api-plans");
    let claim = plan(&stage);
    let act = stage.act_of(LENA);
    let rejected = desk.app.pool.write(|tx| {
        let seen = db::tickets::find(tx, &claim.ticket_id)?.seq;
        let decide = claims::Decide {
            claim: claim.id.clone(),
            seen,
            verdict: claims::Verdict::Reject,
            amount_e8: None,
            reason: Some("law".to_owned()),
            words: "The plan was resold against the terms.".to_owned(),
        };
        claims::decide(tx, &act, &decide)
    });
    rejected.unwrap();
    assert_eq!(
        stage.states(&claim),
        [(Kind::WithdrawAccess, State::Dropped)]
    );
}

#[tokio::test]
async fn two_people_who_report_at_once_are_told_so() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let (_, claim) = stage.stopping();
    let (mut omar, page) = omar_at(&desk, &claim).await;
    stage.establishes(&claim, "findings.stop", "stopped".into());
    let form = page.form("Record the result").choose("It stopped");
    let late = omar.sends(form).await;
    assert_eq!(late.status, 409);
    late.sees("There is no such task on this request any more");
    let take = omar.sends(page.form("Stop the order: Take it")).await;
    assert_eq!(take.status, 409);
}

#[tokio::test]
async fn what_has_to_be_sent_again_is_sent_again_first() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "digital-downloads");
    let order = stage.by_card("12.00", |order| {
        order.progress = progress(Status::Completed, None);
        order.quantity = None;
        order.progress.confirmed_at = order.placed_at.map(Into::into);
        order.progress.sent_at = order.placed_at.map(Into::into);
    });
    let claim = stage.files(&order, "non_delivery", &["screenshot"], None);
    assert_eq!(stage.states(&claim), [(Kind::Resend, State::Open)]);
    let (mut omar, page) = omar_at(&desk, &claim).await;
    let form = page.form("Record the result").choose("The customer has it");
    omar.sends(form).await;
    assert_eq!(stage.states(&claim), [(Kind::Resend, State::Done)]);
    assert_eq!(stage.claim(&claim).outcome, "remedied");
}
