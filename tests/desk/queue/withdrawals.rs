//! Balance back to where it came from: lot by lot, by its own method and at its own rate, in part, once. What policy A and B say
//! about it, each as somebody lives through it.

use chrono::{DateTime, Duration, Utc};
use redress::db;
use redress::db::claims::Claim;
use redress::db::payouts::Payout;
use redress::desk::claims::{self as verbs, New};
use redress::desk::deposits::{NewDeposit, NewMethod, receive};
use redress::error::{Code, Error};
use redress::rules::facts::MethodStatus;

use super::{ANNA, LENA, Stage};
use crate::support::app::Desk;
use crate::support::make::e8;

/// A deposit of Anna's by another method than her card.
fn deposit(stage: &Stage, reference: &str, amount: &str, at: DateTime<Utc>, how: How) {
    let operator = stage.desk.operator();
    let new = NewDeposit {
        seller: stage.shop.seller.clone(),
        customer: stage.anna.clone(),
        reference: reference.to_owned(),
        at,
        currency: "USD".to_owned(),
        amount_e8: e8(amount),
        method: NewMethod {
            reference: how.method.to_owned(),
            label: Some(how.label.to_owned()),
            state: Some(how.state),
        },
        paid: how.paid.map(|(amount, code)| (e8(amount), code.to_owned())),
        surcharge_e8: None,
    };
    let pool = &stage.desk.app.pool;
    pool.write(|tx| receive(tx, &operator, &new)).unwrap();
}

struct How {
    method: &'static str,
    label: &'static str,
    state: MethodStatus,
    paid: Option<(&'static str, &'static str)>,
}

const PAYPAL: How = How {
    method: "paypal",
    label: "PayPal anna@…",
    state: MethodStatus::Usable,
    paid: None,
};

fn asks(stage: &Stage, ground: &str, amount: Option<&str>) -> Claim {
    let act = stage.act_of(ANNA);
    let new = New {
        seller: stage.shop.seller.clone(),
        customer: stage.anna.clone(),
        order: None,
        ground: ground.to_owned(),
        reason: "I shop elsewhere now.".to_owned(),
        requested_e8: amount.map(e8),
        remedy_choice: None,
        evidence: Vec::new(),
        draft: None,
    };
    let pool = &stage.desk.app.pool;
    pool.write(|tx| verbs::file(tx, &act, &new)).unwrap().claim
}

fn payouts(stage: &Stage, claim: &Claim) -> Vec<Payout> {
    let pool = &stage.desk.app.pool;
    pool.read(|conn| Ok(db::payouts::of_claim(conn, &claim.id)?))
        .unwrap()
}

/// Method, what arrives, its currency, and what left the balance for it.
fn ways(payouts: &[Payout]) -> Vec<(&str, i64, &str, i64)> {
    payouts
        .iter()
        .map(|payout| {
            (
                payout.method.as_str(),
                payout.pay_e8,
                payout.pay_currency.as_str(),
                payout.amount_e8,
            )
        })
        .collect()
}

#[test]
fn each_deposit_goes_back_by_its_own_method_at_its_own_rate_and_the_bonus_stays() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let now = desk.app.now();
    deposit(&stage, "D-2", "30.00", now - Duration::days(10), PAYPAL);
    let euros = How {
        method: "sepa",
        label: "SEPA DE89…",
        state: MethodStatus::Usable,
        paid: Some(("45.67", "EUR")),
    };
    deposit(&stage, "D-3", "50.00", now - Duration::days(9), euros);
    stage.shop.bonus(&stage.anna, "B-1", "7.00", 5);
    let claim = asks(&stage, "unused_balance", None);
    stage.approves(&claim);
    let paid = payouts(&stage, &claim);
    assert_eq!(
        ways(&paid),
        [
            ("card-1", e8("500"), "USD", e8("500")),
            ("paypal", e8("30"), "USD", e8("30")),
            ("sepa", e8("45.67"), "EUR", e8("50")),
        ]
    );
    assert_eq!(stage.balance(), e8("7"), "a bonus is nobody's deposit");
}

#[test]
fn a_part_is_taken_from_the_oldest_deposit_first_and_a_foreign_one_is_cut_where_it_arrives() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let now = desk.app.now();
    let euros = How {
        method: "sepa",
        label: "SEPA DE89…",
        state: MethodStatus::Usable,
        paid: Some(("45.67", "EUR")),
    };
    deposit(&stage, "D-3", "50.00", now - Duration::days(9), euros);
    let claim = asks(&stage, "balance_withdrawal", Some("510.01"));
    stage.approves(&claim);
    let paid = payouts(&stage, &claim);
    // 45.67 x 10.01 / 50.00 = 9.143134, cut to cents.
    assert_eq!(
        ways(&paid),
        [
            ("card-1", e8("500"), "USD", e8("500")),
            ("sepa", e8("9.14"), "EUR", e8("10.01")),
        ]
    );
    assert_eq!(stage.balance(), e8("39.99"));
}

#[test]
fn what_is_older_than_six_months_stays_and_can_be_spent() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let now = desk.app.now();
    // Monday 2 March 2026: one deposit a day too old, one on the last day.
    let old: DateTime<Utc> = "2025-09-01T12:00:00Z".parse().unwrap();
    let last: DateTime<Utc> = "2025-09-02T00:30:00Z".parse().unwrap();
    assert_eq!(now.date_naive().to_string(), "2026-03-02");
    deposit(&stage, "D-old", "11.00", old, PAYPAL);
    deposit(&stage, "D-last", "13.00", last, PAYPAL);
    let claim = asks(&stage, "unused_balance", None);
    stage.approves(&claim);
    let sums: Vec<i64> = payouts(&stage, &claim)
        .iter()
        .map(|payout| payout.amount_e8)
        .collect();
    assert_eq!(sums, [e8("13"), e8("500")]);
    assert_eq!(stage.balance(), e8("11"));
}

#[test]
fn money_that_was_spent_while_its_claim_waited_is_not_paid_out_too() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let claim = asks(&stage, "unused_balance", None);
    stage.order("480.00", |_| {});
    let pool = &desk.app.pool;
    let lena = stage.act_of(LENA);
    let decide = |tx: &mut db::Tx| {
        let decide = verbs::Decide {
            claim: claim.id.clone(),
            seen: db::tickets::find(tx, &claim.ticket_id)?.seq,
            verdict: verbs::Verdict::Approve,
            amount_e8: Some(e8("500")),
            reason: Some("goodwill".to_owned()),
            words: "As it was asked.".to_owned(),
        };
        verbs::decide(tx, &lena, &decide)
    };
    let noticed = pool.write(decide);
    assert!(
        matches!(noticed, Ok(verbs::Decided::Changed(_))),
        "{noticed:?}"
    );
    let refused = pool.write(decide);
    assert!(
        matches!(
            refused,
            Err(Error::Refused {
                code: Code::OverCeiling | Code::Insufficient,
                ..
            } | Error::Invalid(_))
        ),
        "{refused:?}"
    );
    stage.approves(&claim);
    let sums: Vec<i64> = payouts(&stage, &claim)
        .iter()
        .map(|payout| payout.amount_e8)
        .collect();
    assert_eq!(sums, [e8("20")]);
    assert_eq!(stage.balance(), 0);
}

#[test]
fn what_is_approved_is_set_aside_before_it_leaves_and_cannot_be_spent() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let claim = asks(&stage, "unused_balance", Some("450.00"));
    stage.approves(&claim);
    assert_eq!(stage.balance(), e8("50"));
    let again = asks(&stage, "unused_balance", Some("450.00"));
    let now = pool_says(&stage, &again);
    assert_eq!(now, Some(e8("50")), "only what is left is there to ask for");
}

/// What the rules compute for a claim at this moment.
fn pool_says(stage: &Stage, claim: &Claim) -> Option<i64> {
    let pool = &stage.desk.app.pool;
    pool.read(|conn| Ok(db::claims::find(conn, &claim.id)?.computed_e8))
        .unwrap()
}

#[test]
fn below_five_dollars_policy_b_pays_nothing_out_and_at_five_it_does() {
    for (spent, pays) in [("495.01", None), ("495.00", Some(e8("5")))] {
        let desk = Desk::open();
        let stage = Stage::of(&desk, "panel-guarantee");
        stage.order(spent, |_| {});
        let claim = asks(&stage, "balance_withdrawal", None);
        let said = pool_says(&stage, &claim).filter(|amount| *amount > 0);
        assert_eq!(said, pays, "{spent} of 500.00 were spent");
    }
}

#[test]
fn a_method_that_is_gone_is_replaced_only_after_somebody_looked() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let closed = How {
        state: MethodStatus::Closed,
        ..PAYPAL
    };
    deposit(
        &stage,
        "D-2",
        "30.00",
        desk.app.now() - Duration::days(3),
        closed,
    );
    // From $500.00 on, somebody would have to know the customer first.
    stage.order("100.00", |_| {});
    let claim = asks(&stage, "balance_withdrawal", None);
    let pool = &desk.app.pool;
    let stored = pool
        .read(|conn| Ok(db::claims::find(conn, &claim.id)?))
        .unwrap();
    assert_eq!(stored.outcome, "needs_review", "B8: a person arranges it");
    stage.approves(&claim);
    let paid = payouts(&stage, &claim);
    let destinations: Vec<&str> = paid
        .iter()
        .map(|payout| payout.destination.as_str())
        .collect();
    assert_eq!(
        destinations,
        ["original_payment_method", "alternative_method"]
    );
    // No file takes what has to be agreed with the customer first.
    let act = stage.act_of(LENA);
    let batch = pool
        .write(|tx| redress::desk::batches::make(tx, &act, &stage.shop.seller))
        .unwrap();
    assert_eq!(batch.lines, 1);
}
