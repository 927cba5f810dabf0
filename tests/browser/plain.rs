//! The same story with scripts off: refused answers, a file, an approval, money sent to a card. Nothing here may need a script.

use std::path::Path;

use super::walk::{Walk, plain_walk};

/// A tenth of the plan's allowance is used: nine tenths of its ten euros are due.
const PLAN: &str = "1,000 of 10,000 used";

#[tokio::test]
async fn a_claim_goes_all_the_way_without_scripts() {
    plain_walk("plain", async |walk| {
        let claim = is_asked_for(walk).await;
        is_approved(walk, &claim).await;
        is_sent(walk, &claim).await;
        is_told(walk).await;
    })
    .await;
}

async fn is_asked_for(walk: &Walk) -> String {
    let b = &walk.browser;
    walk.signs_in("customer", "api-plans").await;
    b.follows("Orders").await;
    b.follows_beside(PLAN, "Ask for a refund").await;
    b.sees("What happened?").await;
    b.presses("Continue").await;
    b.sees("There is a problem").await;
    assert!(b.title().await.starts_with("Error: "));
    walk.arrives("1-nothing-chosen").await;
    b.picks("Choose one", "Return or cancel my plan").await;
    b.presses("Continue").await;
    b.sees("Tell us about it").await;
    b.presses("Continue").await;
    b.sees("There is a problem").await;
    walk.arrives("2-nothing-said").await;
    b.fills("In your own words", "The map is wrong about our town.")
        .await;
    b.presses("Continue").await;
    hands_in(walk).await;
    b.sees("Check your answers").await;
    b.sees("The map is wrong about our town.").await;
    b.sees("receipt.png").await;
    b.sees("€9.00").await;
    walk.arrives("5-check").await;
    b.presses("Send this request").await;
    b.sees("We have your request").await;
    walk.arrives("6-answer").await;
    let claim = b.word_after("Your reference is ").await;
    walk.signs_out("Chen Wei").await;
    claim
}

/// A file of a kind that is not taken, then one that is.
async fn hands_in(walk: &Walk) {
    let b = &walk.browser;
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("receipt.exe");
    std::fs::write(&program, b"MZ\x90\0not a receipt").unwrap();
    let picture = folder.path().join("receipt.png");
    let drawn = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/demo/screenshot.png");
    std::fs::copy(drawn, &picture).unwrap();
    b.sees("Do you have the receipt").await;
    b.attaches("Files", &program).await;
    b.presses("Continue").await;
    b.sees("There is a problem").await;
    walk.arrives("3-file-refused").await;
    b.attaches("Files", &picture).await;
    b.presses("Continue").await;
    walk.arrives("4-file-taken").await;
}

async fn is_approved(walk: &Walk, claim: &str) {
    let b = &walk.browser;
    walk.signs_in("agent", "").await;
    b.enters(claim).await;
    b.sees("The map is wrong about our town.").await;
    b.sees("receipt.png").await;
    walk.arrives("7-claim").await;
    b.presses("Reply").await;
    b.presses("Note").await;
    b.presses("Add the note").await;
    b.sees("There is a problem").await;
    walk.arrives("8-note-refused").await;
    // Its access is withdrawn first, and what was left then is what is paid.
    b.fills("Units left at that moment", "9000").await;
    b.presses("Record the result").await;
    b.presses("Approve €9.00").await;
    b.sees("Refund €9.00 to Chen?").await;
    walk.arrives("9-rehearsal").await;
    b.presses("Refund €9.00 to").await;
    b.sees("€9.00 is granted, and the customer is told.").await;
    walk.signs_out("Omar Haddad").await;
}

async fn is_sent(walk: &Walk, claim: &str) {
    let b = &walk.browser;
    walk.signs_in("lead", "").await;
    b.follows("Payouts").await;
    b.fills_beside(claim, "The bank's reference", "SEPA-9-2026")
        .await;
    b.presses_beside(claim, "Mark €9.00 as sent").await;
    b.sees("€9.00 is marked as sent, and the customer is told.")
        .await;
    walk.arrives("10-sent").await;
    walk.signs_out("Priya Nair").await;
}

async fn is_told(walk: &Walk) {
    let b = &walk.browser;
    walk.signs_in("customer", "api-plans").await;
    b.follows("Requests").await;
    b.enters("Refund approved").await;
    b.sees("€9.00 was sent to Visa ending in 6011").await;
    walk.arrives("11-result").await;
}
