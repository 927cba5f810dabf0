//! Payouts after they left: money that comes back, on the page, in the books and in the letters.

use chrono::Duration;
use redress::db;
use redress::db::claims::Claim;
use redress::rules::lifecycle::payout::State;

use super::{ANNA, Stage, decides, path};
use crate::support::app::Desk;
use crate::support::make::e8;
use crate::support::page::Browser;

/// Anna's unused balance, approved by Lena and marked as sent.
async fn sent(stage: &Stage<'_>, lena: &mut Browser) -> Claim {
    let claim = stage.claims_on(None, "unused_balance", "I shop elsewhere now.");
    let page = lena.opens(&path(&claim)).await;
    let effect = "Refund $500.00 to Visa ending 42";
    decides(lena, &page, "Approve $500.00…", effect).await;
    let page = lena.opens("/queue/payouts").await;
    let form = page
        .form("Mark $500.00 as sent")
        .fill("The bank's reference", "BANK-77");
    lena.sends(form).await.sees("is marked as sent");
    claim
}

fn state_of(stage: &Stage, claim: &Claim) -> Vec<State> {
    let pool = &stage.desk.app.pool;
    let payouts = pool.read(|conn| Ok(db::payouts::of_claim(conn, &claim.id)?));
    payouts.unwrap().iter().map(|payout| payout.state).collect()
}

#[tokio::test]
async fn money_that_comes_back_is_on_the_balance_again_with_a_letter_of_its_own() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let mut lena = stage.lena().await;
    let claim = sent(&stage, &mut lena).await;
    assert_eq!(stage.balance(), 0);
    let ticket = |desk: &Desk| {
        let found = desk
            .app
            .pool
            .read(|conn| Ok(db::tickets::find(conn, &claim.ticket_id)?));
        found.unwrap().state
    };
    assert_eq!(ticket(&desk), "closed");
    desk.advance(Duration::days(4));
    let mut lena = stage.lena().await;
    let button = "Mark $500.00 as returned";
    let mut omar = stage.omar().await;
    assert!(
        !omar
            .opens("/queue/payouts?view=paid")
            .await
            .has_button(button)
    );
    let page = lena.opens("/queue/payouts?view=paid").await;
    let refused = lena.sends(page.form(button)).await;
    assert_eq!(refused.status, 422);
    refused
        .sees("Say why the bank sent it back")
        .sees("reference BANK-77");
    let form = refused
        .form(button)
        .fill("Why the bank sent it back", "The account was closed.");
    let (mut one, mut other) = (lena.clone(), lena.clone());
    let (a, b) = tokio::join!(one.posts(form.clone()), other.posts(form));
    assert_eq!((a.status, b.status), (303, 303));
    assert_eq!(state_of(&stage, &claim), [State::Returned]);
    assert_eq!(stage.balance(), e8("500"));
    assert_eq!(
        ticket(&desk),
        "open",
        "somebody looks for another way to pay"
    );
    let letters = desk.letters();
    let back: Vec<_> = letters
        .iter()
        .filter(|letter| letter.kind == "payout_returned")
        .collect();
    assert_eq!(back.len(), 1);
    assert_eq!(back[0].recipient, ANNA);
    assert_eq!(
        back[0].subject,
        format!("Refund came back: $500.00 — {}", claim.number)
    );
    let words = "$500.00 is on your balance again";
    assert!(back[0].text.contains(words), "{}", back[0].text);
    let mut anna = stage.anna_signed_in().await;
    anna.opens(&format!("/portal/claims/{}", claim.number))
        .await
        .sees("$500.00 came back from Visa ending 42 and is with us again.");
    // It waits for somebody to send it again, and says so once.
    let page = lena.opens("/queue/payouts?view=failed").await;
    page.sees("Came back");
    lena.sends(page.form("Queue $500.00 again"))
        .await
        .sees("P-1001 waits as P-1002.");
    assert_eq!(stage.balance(), 0);
}

#[tokio::test]
async fn what_never_left_or_came_back_already_cannot_come_back() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let mut lena = stage.lena().await;
    let claim = sent(&stage, &mut lena).await;
    let page = lena.opens("/queue/payouts?view=paid").await;
    let form = page
        .form("Mark $500.00 as returned")
        .fill("Why the bank sent it back", "The account was closed.");
    lena.sends(form).await.sees("P-1001 came back");
    // The same page in another tab.
    let stale = page
        .form("Mark $500.00 as returned")
        .fill("Why the bank sent it back", "Closed, they say again.");
    assert_eq!(lena.sends(stale).await.status, 409, "one form, one deed");
    let again = lena.opens("/queue/payouts?view=failed").await;
    assert!(!again.has_button("Mark $500.00 as returned"));
    lena.sends(again.form("Queue $500.00 again")).await;
    let waiting = lena.opens("/queue/payouts").await;
    assert!(!waiting.has_button("Mark $500.00 as returned"));
    assert_eq!(state_of(&stage, &claim), [State::Returned, State::Queued]);
}
