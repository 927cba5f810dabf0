//! What a manager reads: the reports with their period and their CSV, the policies clause by clause; and the pages that everybody
//! has: the account, the parts that pages are made of, the pages that say no.

use super::walk::{Walk, walk};

#[tokio::test]
async fn a_manager_reads_the_reports_and_takes_the_figures_along() {
    walk("manager", async |walk| {
        walk.signs_in("manager", "").await;
        promises(walk).await;
        refunds(walk).await;
        fourteen_days(walk).await;
    })
    .await;
}

async fn promises(walk: &Walk) {
    let b = &walk.browser;
    b.follows("Promises kept").await;
    b.sees("Promise by promise").await;
    walk.arrives("1-promises").await;
    let thirty = b.text().await;
    b.follows("90 days").await;
    b.sees("Promise by promise").await;
    assert_ne!(b.text().await, thirty);
    walk.arrives("2-ninety-days").await;
    b.fills("Seller", "Numero").await;
    b.presses("Show").await;
    b.sees("Numero").await;
    let seller = b.text().await;
    assert!(!seller.contains("Brightfeed ·"), "{seller}");
    walk.arrives("3-one-seller").await;
    let sheet = b.downloads("CSV").await;
    let head = sheet.lines().next().unwrap();
    assert!(head.contains("seller_name"), "{head}");
    let mut lines = sheet.lines().skip(1).peekable();
    assert!(lines.peek().is_some());
    for line in lines {
        assert!(line.contains("Numero"), "{line}");
    }
}

async fn refunds(walk: &Walk) {
    let b = &walk.browser;
    b.follows("Refunds").await;
    b.sees("Amounts that differ from the policy").await;
    walk.arrives("4-refunds").await;
    b.presses("How these figures are made").await;
    b.follows("Last month").await;
    b.sees("Amounts that differ from the policy").await;
    walk.arrives("5-last-month").await;
    let sheet = b.downloads("CSV").await;
    assert!(sheet.lines().count() > 1, "{sheet}");
    walk.opens("/reports/refunds?from=2026-02-20&to=2026-02-10")
        .await;
    b.sees("There is a problem").await;
    walk.arrives("6-days-backwards").await;
}

/// What would fourteen days have cost last quarter? Nobody says where to look.
async fn fourteen_days(walk: &Walk) {
    let b = &walk.browser;
    b.follows("Policies").await;
    b.sees("Virtual numbers: refunds").await;
    walk.arrives("7-policies").await;
    b.enters("fourteen-days").await;
    b.sees("Nothing stands against it.").await;
    walk.arrives("8-draft").await;
    b.presses("Try the last quarter").await;
    b.comes_to_see("The text itself would have granted £").await;
    b.sees("Newly granted").await;
    walk.arrives("9-trial").await;
    let sheet = b.downloads("All of them as CSV").await;
    assert!(sheet.lines().count() > 8, "{sheet}");
    b.follows_beside("C-1001", "D4").await;
    b.sees("Claimed within (days)").await;
    walk.arrives("10-clause").await;
    b.fills("Claimed within (days)", "soon").await;
    b.presses("Keep D4").await;
    b.sees("Enter a whole number from 1 to 9999").await;
    walk.arrives("11-clause-refused").await;
    b.follows("What it tests, as a text").await;
    b.sees("The document (TOML)").await;
    walk.arrives("12-text").await;
    walk.opens("/queue/policies/panel-guarantee/2025-04-12")
        .await;
    b.sees("Compared with another version").await;
    walk.arrives("13-version").await;
}

#[tokio::test]
async fn the_pages_that_everybody_has_stand_up() {
    walk("everybody", async |walk| {
        policies(walk).await;
        walk.opens("/styleguide").await;
        walk.browser.sees("What the pages are made of.").await;
        walk.arrives("6-styleguide").await;
        walk.opens("/no/such/page").await;
        walk.browser.sees("There is no such page").await;
        walk.arrives("7-not-found").await;
        account(walk).await;
    })
    .await;
}

async fn policies(walk: &Walk) {
    let b = &walk.browser;
    walk.opens("/policies").await;
    b.sees("Refund policies").await;
    walk.arrives("1-policies").await;
    b.follows("Panel guarantee: money back").await;
    b.sees("The clauses").await;
    walk.arrives("2-policy").await;
    b.follows("2023-09-01").await;
    b.sees("In force from 1 September 2023 to 11 April 2025")
        .await;
    b.sees("at least ten US dollars").await;
    walk.arrives("3-earlier-version").await;
    b.follows("2025-04-12").await;
    b.sees("at least five US dollars").await;
    b.follows("Clause B12").await;
    assert!(b.url().await.ends_with("#B12"));
    assert!(b.is_in_sight("Partial refund").await);
    walk.arrives("4-clause").await;
}

async fn account(walk: &Walk) {
    let b = &walk.browser;
    walk.signs_in("agent", "").await;
    walk.opens("/reports/sla").await;
    b.sees("Your role does not include this").await;
    walk.arrives("8-not-yours").await;
    walk.opens("/account").await;
    b.sees("Where you are signed in").await;
    walk.arrives("9-account").await;
    b.fills("Current password", "not this one").await;
    b.fills("New password", "a lamp by the window").await;
    b.presses("Change my password").await;
    b.sees("There is a problem").await;
    walk.arrives("10-account-refused").await;
    b.fills("Time zone", "Asia/Tokyo").await;
    b.presses("Save").await;
    b.leaves("/account/password").await;
    assert_eq!(b.value("Time zone").await, "Asia/Tokyo");
    b.presses("Dark").await;
    walk.arrives("11-dark").await;
}
