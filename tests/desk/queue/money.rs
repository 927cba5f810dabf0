//! Money and mail on their way out: payouts marked as sent once, failed and asked for again, letters that died sent again.

use chrono::{DateTime, Duration, Utc};
use redress::act::Role;
use redress::db;
use redress::db::claims::Claim;
use redress::db::reports::{Period, refunds};
use redress::desk::claims as verbs;
use redress::desk::deposits::{NewDeposit, NewMethod, receive};
use redress::desk::tickets::reply;
use redress::ids::ClockId;
use redress::letters::schedule::LONGEST;
use redress::rules::facts::MethodStatus;
use redress::rules::lifecycle::payout::State;

use super::{ANNA, LENA, Stage, decides, path};
use crate::support::app::Desk;
use crate::support::make::e8;

/// Anna's unused balance, paid back to her card by Omar's and Lena's approval.
async fn paid_back(stage: &Stage<'_>) -> Claim {
    let claim = stage.claims_on(None, "unused_balance", "I shop elsewhere now.");
    let mut lena = stage.lena().await;
    let page = lena.opens(&path(&claim)).await;
    page.sees("Balance").sees("Deposit D-1");
    let page = decides(
        &mut lena,
        &page,
        "Approve $500.00…",
        "Refund $500.00 to Visa ending 42",
    )
    .await;
    page.sees("P-1001").sees("To be sent");
    claim
}

fn payout(stage: &Stage, claim: &Claim) -> Vec<db::payouts::Payout> {
    let pool = &stage.desk.app.pool;
    pool.read(|conn| Ok(db::payouts::of_claim(conn, &claim.id)?))
        .unwrap()
}

/// When the report says that the only claim's money had arrived.
fn paid_at(stage: &Stage) -> Option<DateTime<Utc>> {
    let day = stage.desk.app.now().date_naive();
    let period = Period {
        from: day - Duration::days(1),
        to: day + Duration::days(1),
        seller: None,
    };
    let everywhere = db::tickets::Scope(Vec::new());
    let pool = &stage.desk.app.pool;
    let requests = pool.read(|conn| Ok(refunds::requests(conn, &everywhere, &period)?));
    requests.unwrap().remove(0).paid_at
}

/// As a policy does that says how long a bank takes.
fn estimates_the_bank(stage: &Stage, claim: &Claim) {
    let now = stage.desk.app.now();
    let pool = &stage.desk.app.pool;
    pool.write(|tx| {
        let like = db::clocks::of_ticket(tx, &claim.ticket_id)?.remove(0);
        let bank = db::clocks::Clock {
            id: ClockId::new(now),
            kind: "bank_credit".to_owned(),
            due_at: (now + Duration::days(5)).into(),
            state: "running".to_owned(),
            stopped_at: None,
            ..like
        };
        Ok(db::clocks::insert_clock(tx, &bank)?)
    })
    .unwrap();
}

#[tokio::test]
async fn a_payout_is_marked_as_sent_once_and_the_ticket_closes_with_it() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let claim = paid_back(&stage).await;
    assert_eq!(stage.balance(), 0);
    estimates_the_bank(&stage, &claim);
    let mut omar = stage.omar().await;
    let page = omar.opens("/queue/payouts").await;
    page.sees("$500.00 to Visa ending 42")
        .sees("A lead marks payouts as sent.");
    assert!(!page.has_button("Mark $500.00 as sent"));
    let mut lena = stage.lena().await;
    let page = lena.opens("/queue/payouts").await;
    let button = "Mark $500.00 as sent";
    let refused = lena.sends(page.form(button)).await;
    assert_eq!(refused.status, 422);
    refused.sees("Enter the bank's reference of the transfer");
    let form = page.form(button).fill("The bank's reference", "BANK-77");
    let (mut one, mut other) = (lena.clone(), lena.clone());
    let (a, b) = tokio::join!(one.posts(form.clone()), other.posts(form));
    assert_eq!((a.status, b.status), (303, 303));
    let again = page
        .form("Mark as failed")
        .fill("What the bank answered", "Account closed.");
    let refused = lena.sends(again).await;
    assert_eq!(refused.status, 422, "what was paid did not fail");
    assert_eq!(
        payout(&stage, &claim)
            .iter()
            .map(|payout| payout.state)
            .collect::<Vec<_>>(),
        [State::Succeeded]
    );
    let mails = desk
        .letters()
        .into_iter()
        .filter(|letter| letter.text.contains("BANK-77"))
        .count();
    assert_eq!(mails, 1, "{:?}", desk.subjects_to(ANNA));
    let ticket = desk
        .app
        .pool
        .read(|conn| Ok(db::tickets::find(conn, &claim.ticket_id)?))
        .unwrap();
    assert_eq!(ticket.state, "closed");
    let clocks = desk
        .app
        .pool
        .read(|conn| Ok(db::clocks::of_ticket(conn, &claim.ticket_id)?))
        .unwrap();
    let running = clocks.iter().filter(|clock| clock.state == "running");
    assert_eq!(running.count(), 0, "{clocks:?}");
    lena.opens("/queue/payouts?view=paid")
        .await
        .sees("reference BANK-77");
    lena.opens(&path(&claim))
        .await
        .sees("reference BANK-77")
        .sees("Paid");
}

#[tokio::test]
async fn a_payment_does_not_close_what_the_customer_waits_to_hear_about() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let claim = paid_back(&stage).await;
    desk.advance(Duration::minutes(5));
    let anna = stage.act_of(ANNA);
    let pool = &desk.app.pool;
    let words = "And what becomes of my other order?";
    pool.write(|tx| reply(tx, &anna, &claim.ticket_id, None, words, &[]))
        .unwrap();
    let mut lena = stage.lena().await;
    let page = lena.opens("/queue/payouts").await;
    let form = page
        .form("Mark $500.00 as sent")
        .fill("The bank's reference", "BANK-77");
    lena.sends(form).await.sees("is marked as sent");
    let ticket = pool
        .read(|conn| Ok(db::tickets::find(conn, &claim.ticket_id)?))
        .unwrap();
    assert_ne!(ticket.state, "closed");
}

#[tokio::test]
async fn what_the_bank_refused_is_back_and_can_be_asked_for_once_more() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let claim = paid_back(&stage).await;
    let mut lena = stage.lena().await;
    let page = lena.opens("/queue/payouts").await;
    let refused = lena.sends(page.form("Mark as failed")).await;
    assert_eq!(refused.status, 422);
    refused.sees("Say what the bank answered");
    let form = page
        .form("Mark as failed")
        .fill("What the bank answered", "Account closed.");
    let page = lena.sends(form).await;
    page.sees("P-1001 failed; its money is back");
    assert_eq!(stage.balance(), e8("500"));
    assert_eq!(paid_at(&stage), None, "what came back was not paid");
    let form = page.form("Queue $500.00 again");
    lena.sends(form.clone())
        .await
        .sees("P-1001 waits as P-1002.");
    assert_eq!(
        lena.sends(form).await.status,
        200,
        "the same form again is the same deed"
    );
    assert_eq!(stage.balance(), 0);
    let page = lena.opens("/queue/payouts").await;
    let form = page
        .form("Mark $500.00 as sent")
        .fill("The bank's reference", "BANK-78");
    lena.sends(form)
        .await
        .sees("P-1002: $500.00 is marked as sent");
    let states: Vec<State> = payout(&stage, &claim)
        .iter()
        .map(|payout| payout.state)
        .collect();
    assert_eq!(states, [State::Failed, State::Succeeded]);
    assert_eq!(paid_at(&stage), Some(desk.app.now()));
    assert!(
        !lena
            .opens("/queue/payouts?view=failed")
            .await
            .has_button("Queue $500.00 again")
    );
    let ticket = desk
        .app
        .pool
        .read(|conn| Ok(db::tickets::find(conn, &claim.ticket_id)?))
        .unwrap();
    assert_eq!(ticket.state, "closed");
}

#[tokio::test]
async fn what_cannot_go_back_to_a_closed_card_is_said_to_go_another_way() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let operator = desk.operator();
    let closed = NewDeposit {
        seller: stage.shop.seller.clone(),
        customer: stage.anna.clone(),
        reference: "D-2".to_owned(),
        at: desk.app.now() - Duration::days(3),
        currency: "USD".to_owned(),
        amount_e8: e8("50.00"),
        method: NewMethod {
            reference: "card-2".to_owned(),
            label: Some("Mastercard ending 99".to_owned()),
            state: Some(MethodStatus::Closed),
        },
        paid: None,
        surcharge_e8: None,
    };
    let pool = &desk.app.pool;
    pool.write(|tx| receive(tx, &operator, &closed)).unwrap();
    let claim = stage.claims_on(None, "balance_withdrawal", "I shop elsewhere now.");
    desk.person("Ruth Adler", "ruth@desk.example", Role::Manager);
    let (lena, ruth) = (stage.act_of(LENA), stage.act_of("ruth@desk.example"));
    pool.write(|tx| {
        let decide = verbs::Decide {
            claim: claim.id.clone(),
            seen: db::tickets::find(tx, &claim.ticket_id)?.seq,
            verdict: verbs::Verdict::Approve,
            amount_e8: None,
            reason: Some("goodwill".to_owned()),
            words: "Known to us for years.".to_owned(),
        };
        verbs::decide(tx, &lena, &decide)?;
        let seen = db::tickets::find(tx, &claim.ticket_id)?.seq;
        let endorse = verbs::Decide {
            seen,
            verdict: verbs::Verdict::Endorse,
            ..decide
        };
        verbs::decide(tx, &ruth, &endorse)
    })
    .unwrap();
    let mut browser = stage.lena().await;
    let page = browser.opens("/queue/payouts").await;
    page.sees("$500.00 to Visa ending 42")
        .sees("$50.00 to the customer another way, to be agreed")
        .does_not_see("Mastercard ending 99");
    let form = page
        .form("Mark $50.00 as sent")
        .fill("The bank's reference", "BANK-9");
    browser.sends(form).await.sees("is marked as sent");
    let letters = desk.letters();
    let sent = letters
        .iter()
        .find(|letter| letter.kind == "payout_sent")
        .unwrap();
    assert!(
        sent.text.contains("another way, agreed with you") && !sent.text.contains("Mastercard"),
        "{}",
        sent.text
    );
    let mut anna = stage.anna_signed_in().await;
    anna.opens(&format!("/portal/claims/{}", claim.number))
        .await
        .sees("$50.00 to you another way, agreed with you")
        .does_not_see("Mastercard ending 99");
}

#[tokio::test]
async fn what_failed_is_not_queued_again_where_the_same_money_was_asked_for_since() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    paid_back(&stage).await;
    let mut lena = stage.lena().await;
    let page = lena.opens("/queue/payouts").await;
    let form = page
        .form("Mark as failed")
        .fill("What the bank answered", "Account closed.");
    lena.sends(form).await;
    desk.advance(Duration::minutes(5));
    let other = stage.claims_on(None, "unused_balance", "Then pay it another way.");
    let page = lena.opens("/queue/payouts?view=failed").await;
    let again = page.form("Queue $500.00 again");
    let refused = lena.sends(again.clone()).await;
    assert_eq!(refused.status, 422);
    refused.sees("C-1002 asks for the same money and is open.");
    let page = lena.opens(&path(&other)).await;
    decides(
        &mut lena,
        &page,
        "Approve $500.00…",
        "Refund $500.00 to Visa ending 42",
    )
    .await;
    let refused = lena.sends(again).await;
    assert_eq!(refused.status, 422);
    refused.sees("C-1002 was approved after P-1001 came back");
    assert_eq!(stage.balance(), 0);
}

#[tokio::test]
async fn a_dead_letter_is_shown_with_its_reason_and_sent_again() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let claim = stage.stopped("10.00");
    let letter = desk
        .letters()
        .into_iter()
        .find(|letter| letter.claim_id.as_ref() == Some(&claim.id))
        .unwrap();
    let now = desk.app.now();
    let turn = db::mail::Turn::of(now, Duration::minutes(10), LONGEST);
    desk.app
        .pool
        .write(|tx| {
            db::mail::set_sending(tx, &letter.id, "lease", turn)?;
            Ok(db::mail::mark_failed(
                tx,
                &letter.id,
                "lease",
                "550 no such mailbox",
                None,
            )?)
        })
        .unwrap();
    let mut omar = stage.omar().await;
    assert_eq!(omar.opens("/queue/outbox").await.status, 403);
    omar.opens(&path(&claim))
        .await
        .sees("Not sent")
        .sees("550 no such mailbox");
    let mut lena = stage.lena().await;
    let page = lena.opens("/queue/outbox?state=failed").await;
    page.sees("550 no such mailbox")
        .sees(ANNA)
        .does_not_see(&letter.text);
    let form = page.form(&format!("Send again : {} to {ANNA}", letter.subject));
    lena.sends(form.clone())
        .await
        .sees("The letter is on its way again.");
    let state = desk
        .app
        .pool
        .read(|conn| Ok(db::mail::find(conn, &letter.id)?.state))
        .unwrap();
    assert_eq!(state, "queued");
}
