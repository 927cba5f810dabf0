//! The whole story of one claim: asked for through the questions, found in the queue, approved as the policy computes it, paid to
//! the balance, told by mail, counted in the report.

use super::walk::{Walk, walk};

const CUSTOMER: &str = "Boris Novák";
const AGENT: &str = "Omar Haddad";
const MANAGER: &str = "Ruth Almeida";
/// An order of 1,000 that stopped at 400: six tenths of its ten dollars are due.
const ORDER: &str = "400 of 1,000 delivered";

#[tokio::test]
async fn a_claim_is_asked_for_approved_paid_told_and_counted() {
    walk("claim", async |walk| {
        let before = is_counted(walk).await;
        let (order, claim) = is_asked_for(walk).await;
        is_approved(walk, &claim).await;
        is_paid(walk, &order).await;
        is_told(walk, &claim).await;
        assert_eq!(is_counted(walk).await, before + 1);
    })
    .await;
}

/// The numbers of the order and of the claim.
async fn is_asked_for(walk: &Walk) -> (String, String) {
    let b = &walk.browser;
    walk.opens("/").await;
    b.sees("Your money back, by the written policy").await;
    walk.arrives("1-landing").await;
    b.follows("Sign in").await;
    b.sees("Forgot your password?").await;
    walk.arrives("2-sign-in").await;
    walk.signs_in("customer", "panel-credits").await;
    b.sees("Hello, Boris").await;
    walk.arrives("3-home").await;
    b.follows("Orders").await;
    b.sees("Your orders").await;
    walk.arrives("4-orders").await;
    b.follows_beside(ORDER, "Instagram followers").await;
    b.sees("What was paid and refunded").await;
    walk.arrives("5-order").await;
    b.follows("Ask for a refund").await;
    b.sees("What happened?").await;
    let order = b.word_after("First question · Order ").await;
    walk.arrives("6-question-ground").await;
    b.picks("Choose one", "Cancel an order").await;
    b.presses("Continue").await;
    b.sees("Tell us about it").await;
    walk.arrives("7-question-reason").await;
    b.fills(
        "In your own words",
        "It stopped at 400 and nothing has come since Sunday.",
    )
    .await;
    b.presses("Continue").await;
    b.sees("Check your answers").await;
    b.sees("It stopped at 400 and nothing has come since Sunday.")
        .await;
    b.sees("$6.00").await;
    walk.arrives("8-check").await;
    b.presses("Send this request").await;
    b.sees("We have your request").await;
    b.sees("$6.00 is due to you").await;
    walk.arrives("9-answer").await;
    let claim = b.word_after("Your reference is ").await;
    b.follows("See your request").await;
    b.sees("What happens next").await;
    walk.arrives("10-ticket").await;
    walk.signs_out(CUSTOMER).await;
    (order, claim)
}

async fn is_approved(walk: &Walk, claim: &str) {
    let b = &walk.browser;
    walk.signs_in("agent", "").await;
    b.sees(CUSTOMER).await;
    walk.arrives("11-queue").await;
    b.enters(claim).await;
    b.sees("It stopped at 400 and nothing has come since Sunday.")
        .await;
    walk.arrives("12-claim").await;
    b.presses("Take it").await;
    b.sees("It is yours.").await;
    b.presses("Approve $6.00").await;
    b.sees("Refund $6.00 to Boris?").await;
    walk.arrives("13-rehearsal").await;
    b.presses("Refund $6.00 to the account balance").await;
    b.sees("Approved").await;
    walk.arrives("14-decided").await;
    walk.signs_out(AGENT).await;
}

async fn is_paid(walk: &Walk, order: &str) {
    let b = &walk.browser;
    walk.signs_in("customer", "panel-credits").await;
    b.follows("Balance").await;
    let line = b.row_text(&format!("Refund of order {order}")).await;
    assert!(line.contains("$6.00"), "{line}");
    walk.arrives("15-balance").await;
    b.follows("Requests").await;
    b.sees("Refund approved").await;
    walk.arrives("16-requests").await;
    b.follows("Cancel an order").await;
    b.sees("$6.00 is on your balance.").await;
    walk.arrives("17-result").await;
}

async fn is_told(walk: &Walk, claim: &str) {
    let b = &walk.browser;
    walk.opens("/demo/mail?to=boris@example.net").await;
    b.comes_to_see(&format!("Refund approved: $6.00 — {claim}"))
        .await;
    walk.arrives("18-mails").await;
    b.follows(&format!("Refund approved: $6.00 — {claim}"))
        .await;
    b.sees("Your refund of $6.00 is approved.").await;
    walk.arrives("19-mail").await;
    walk.signs_out(CUSTOMER).await;
}

/// How many first responses the report counts for this seller, over the last thirty days.
async fn is_counted(walk: &Walk) -> u32 {
    let b = &walk.browser;
    walk.signs_in("manager", "").await;
    b.follows("Promises kept").await;
    b.fills("Seller", "Brightfeed").await;
    b.presses("Show").await;
    b.sees("Promise by promise").await;
    walk.arrives("20-promises").await;
    let row = b.row_text("First response Brightfeed").await;
    walk.signs_out(MANAGER).await;
    let settled = row.split(" + ").next().unwrap();
    let counted = settled.rsplit(' ').next().unwrap().parse();
    counted.unwrap_or_else(|_| panic!("no count ends {row:?}"))
}
