//! The policy room as managers use it, from the page that lists the policies to the published text.

use redress::act::Role;
use redress::worker;

use super::{RUTH, Room, TOM, fourteen};
use crate::support::app::Desk;
use crate::support::page::{Browser, Page};

/// Ruth's browser on a draft that she has just begun.
async fn begun(desk: &Desk) -> (Browser, Page) {
    let mut ruth = desk.signed_in(RUTH).await;
    let page = ruth.opens("/queue/policies").await;
    page.sees("Virtual numbers: refunds")
        .sees("In force since 2 April 2024");
    let page = ruth
        .opens("/queue/policies/virtual-numbers/2024-04-02")
        .await;
    let form = page
        .form("Begin a draft")
        .fill("Name of the version", "fourteen")
        .fill("In force from", "2026-05-01");
    let page = ruth.sends(form).await;
    page.sees("V-1001 is a copy of 2024-04-02")
        .sees("Nothing stands against it.");
    (ruth, page)
}

/// Changes one number of a clause, and its words, in the clause's own form.
async fn gives(ruth: &mut Browser, clause: &str, days: &str, heading: &str, words: &str) -> Page {
    let page = ruth
        .opens(&format!("/queue/drafts/V-1001/clauses/{clause}"))
        .await;
    let form = page
        .form(&format!("Keep {clause}"))
        .fill("Claimed within (days)", days)
        .fill("Heading", heading)
        .fill("Words", words);
    ruth.sends(form).await
}

async fn fourteen_by_form(ruth: &mut Browser) -> Page {
    let words =
        "That no message came is claimed within fourteen days from the day the number was bought.";
    let page = gives(
        ruth,
        "D4",
        "14",
        "Fourteen days for missing messages",
        words,
    )
    .await;
    page.sees("D4 is kept.")
        .sees("Claimed within changed Before: 7 days Now: 14 days")
        // The cases say what the old text says.
        .sees("The first second of day eight")
        .sees("expected Ineligible");
    let words = "Requests are sent to the listed email within two weeks after the order is placed.";
    gives(ruth, "D8", "14", "Two weeks, in writing", words).await
}

#[tokio::test]
async fn a_manager_finds_out_what_fourteen_days_would_have_cost() {
    let desk = Desk::open();
    let room = Room::of(&desk);
    room.history();
    let (mut ruth, _) = begun(&desk).await;
    let page = fourteen_by_form(&mut ruth).await;
    let form = page
        .form("Try these days")
        .fill("Claims from", "2026-02-01")
        .fill("to", "2026-02-28");
    let page = ruth.sends(form).await;
    page.sees("0 of 5 claims judged").sees("Running");
    assert!(page.body.contains("http-equiv=\"refresh\""));
    worker::trials::tick(&desk.app).await.unwrap();
    let page = ruth.opens(&page.path).await;
    page.sees(
        "3 of 5 claims from 1 February 2026 to 28 February 2026 would have come out otherwise.",
    )
    .sees("The text itself would have granted $18.00 more.")
    .sees("D4 D8 3 +$18.00");
    assert!(!page.body.contains("http-equiv=\"refresh\""));
    assert_eq!(page.link("C-1002"), "/queue/claims/C-1002");
    page.sees("By how much, in USD")
        .sees("More for 3 claims, less for 0, the same for 0.")
        .sees("+$2 to $5 0 0 1")
        .sees("+$5 to $10 0 0 2");
    // Each of them leads to how both texts judge it.
    let trace = ruth
        .opens(&page.link("C-1002 judged twice: Newly granted"))
        .await;
    trace
        .sees("C-1002, judged twice Newly granted")
        .sees("2 clauses find otherwise.")
        .sees("As it was version 2024-04-02 Not eligible $0.00")
        .sees("By the draft version fourteen Eligible $4.00");
    let elsewhere = page.path.clone() + "/claims/C-1";
    assert_eq!(ruth.opens(&elsewhere).await.status, 404);
    let csv = ruth.opens(&format!("{}.csv", page.path)).await;
    let lines: Vec<&str> = csv.body.lines().collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(
        lines[1],
        "C-1002,2026-02-20,granted,ineligible,0.00,eligible,4.00,,USD,D4 D8"
    );
    // The last quarter is one press away.
    let page = ruth.opens("/queue/drafts/V-1001").await;
    let page = ruth.sends(page.form("Try the last quarter")).await;
    page.sees("1 October 2025 to 31 December 2025");
    let page = ruth.sends(page.form("Stop it")).await;
    page.sees("Stopped.");
}

#[tokio::test]
async fn what_is_typed_is_never_lost() {
    let desk = Desk::open();
    let room = Room::of(&desk);
    let (mut ruth, _) = begun(&desk).await;
    // A number that is none: refused beside its field, with everything else as it was typed.
    let page = gives(
        &mut ruth,
        "D4",
        "soon",
        "Some days",
        "Within some days, as we find fit.",
    )
    .await;
    assert_eq!(page.status, 422);
    page.sees("Enter a whole number from 1 to 9999");
    assert!(
        page.body.contains("Within some days, as we find fit.")
            && page.body.contains("value=\"soon\"")
    );
    // A text that does not read: kept, with its line.
    let late = ruth.opens("/queue/drafts/V-1001/text").await;
    let page = ruth.opens("/queue/drafts/V-1001/text").await;
    let broken = room.newest("V-1001").replace("id = \"D4\"", "id = D4");
    let stale = late
        .form("Keep the text")
        .fill("The document (TOML)", "mine, later");
    let page = ruth
        .sends(
            page.form("Keep the text")
                .fill("The document (TOML)", &broken),
        )
        .await;
    let line = 1 + broken.lines().position(|line| line == "id = D4").unwrap();
    page.sees("It does not read yet")
        .sees(&format!("line {line}"));
    assert_eq!(room.newest("V-1001"), broken);
    // Who saw an older text gets 409 with both, and may save all the same.
    let page = ruth.posts(stale).await;
    assert_eq!(page.status, 409);
    page.sees("Somebody saved another text meanwhile");
    assert!(page.body.contains(">mine, later</textarea>"));
    let page = ruth.sends(page.form("Keep the text")).await;
    page.sees("It does not read yet");
    assert_eq!(room.newest("V-1001"), "mine, later");
    // Every text is still there.
    let page = ruth.opens("/queue/drafts/V-1001/text?text=2").await;
    page.sees("Text 2 of 3").sees("id = D4");
    let page = ruth.opens("/queue/drafts/V-1001/clauses/D4").await;
    assert_eq!(page.status, 422);
    page.sees("Mend it as a text first");
}

#[tokio::test]
async fn a_day_that_is_past_and_days_that_are_none_are_said_beside_the_field() {
    let desk = Desk::open();
    let _room = Room::of(&desk);
    let mut ruth = desk.signed_in(RUTH).await;
    let page = ruth
        .opens("/queue/policies/virtual-numbers/2024-04-02")
        .await;
    let form = page
        .form("Begin a draft")
        .fill("In force from", "2026-03-02");
    let page = ruth.posts(form).await;
    assert_eq!(page.status, 422);
    page.sees("Choose a day after 2026-03-02");
    let (mut ruth, page) = begun(&desk).await;
    let form = page
        .form("Try these days")
        .fill("Claims from", "2026-02-28")
        .fill("to", "2026-02-01");
    let page = ruth.posts(form).await;
    assert_eq!(page.status, 422);
    page.sees("The last day must not lie before the first");
}

#[tokio::test]
async fn it_is_proposed_by_one_and_published_by_another() {
    let desk = Desk::open();
    let room = Room::of(&desk);
    let (mut ruth, _) = begun(&desk).await;
    let page = ruth.opens("/queue/drafts/V-1001/text").await;
    let text = fourteen(room.newest("V-1001"));
    let page = ruth
        .sends(
            page.form("Keep the text")
                .fill("The document (TOML)", &text),
        )
        .await;
    page.sees("nothing stands against it");
    let form = page.form("Propose it to a second person");
    let unread = ruth.posts(form).await;
    assert_eq!(unread.status, 422);
    unread.sees("Read the warnings");
    let form = unread
        .form("Propose it to a second person")
        .fill("What it is for", "People are late by a day or two.")
        .choose("I have read the warnings, and the text is meant so");
    let page = ruth.sends(form).await;
    page.sees("Waits for a second person")
        .sees("somebody else decides it");
    assert!(!page.has_button("Agree and publish"));
    let mut tom = desk.signed_in(TOM).await;
    let page = tom.opens("/queue/drafts/V-1001").await;
    page.sees("People are late by a day or two.");
    // Ruth with Tom's form: the desk itself refuses.
    let own = ruth.opens("/queue/drafts/V-1001").await;
    let own = own.form("Take the proposal back");
    let form = page
        .form("Agree and publish")
        .forge("csrf", own.value("csrf"));
    assert_eq!(ruth.posts(form).await.status, 403);
    let page = tom.sends(page.form("Agree and publish")).await;
    page.sees("Published.")
        .sees("Comes into force on 1 May 2026");
    let page = desk
        .visitor()
        .opens("/policies/virtual-numbers/fourteen")
        .await;
    page.sees("Comes into force on 1 May 2026")
        .sees("Fourteen days for missing messages");
    let page = ruth.opens("/queue/policies/virtual-numbers/fourteen").await;
    page.sees("Claimed within changed Before: 7 days Now: 14 days");
}

#[tokio::test]
async fn agents_read_and_only_managers_write() {
    let desk = Desk::open();
    let _room = Room::of(&desk);
    desk.person("Omar Haddad", "omar@desk.example", Role::Agent);
    begun(&desk).await;
    let mut omar = desk.signed_in("omar@desk.example").await;
    let page = omar
        .opens("/queue/policies/virtual-numbers/2024-04-02")
        .await;
    assert!(page.status == 200 && !page.has_button("Begin a draft"));
    for path in [
        "/queue/drafts/V-1001",
        "/queue/drafts/V-1001/clauses/D4",
        "/queue/drafts/V-1001/text",
    ] {
        let page = omar.opens(path).await;
        assert_eq!(page.status, 200, "{path}");
        for button in [
            "Try these days",
            "Keep D4",
            "Keep the text",
            "Drop this draft",
        ] {
            assert!(!page.has_button(button), "{path}: {button}");
        }
    }
}
