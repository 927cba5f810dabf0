//! A day at the desk: finding what is due, by filter and by key; establishing a fact, asking, rejecting, granting another amount;
//! somebody who was faster; money marked as sent.

use super::browser::{Browser, ESCAPE, Size};
use super::walk::{Walk, walk};

#[tokio::test]
async fn an_agent_finds_what_is_due_by_filter_and_by_key() {
    walk("queue", async |walk| {
        walk.signs_in("agent", "").await;
        filters(walk).await;
        keys(walk).await;
    })
    .await;
}

async fn filters(walk: &Walk) {
    let b = &walk.browser;
    b.sees("Brightfeed").await;
    walk.arrives("1-queue").await;
    narrows(b, "Seller", "Pacific Growth").await;
    b.sees("Clear all").await;
    b.sees_no("Farah Rahmani").await;
    walk.arrives("2-one-seller").await;
    narrows(b, "Search", "no ticket says this").await;
    b.sees("Nothing matches these filters").await;
    walk.arrives("3-nothing-found").await;
    b.follows("Clear the filters").await;
    b.sees("Farah Rahmani").await;
    for (view, page) in [
        ("Breached", "4-breached"),
        ("Waiting", "5-waiting"),
        ("On hold", "6-on-hold"),
        ("Closed", "7-closed"),
    ] {
        b.follows(view).await;
        b.sees(view).await;
        walk.arrives(page).await;
    }
    narrows(b, "Search", "Hana").await;
    b.sees("Hana Kovářová").await;
    b.sees_no("Layla").await;
}

/// On a phone, where the filters are folded away until they are asked for. The driver takes what a wide window shows of something
/// folded for hidden, so it cannot be used there.
async fn narrows(b: &Browser, field: &str, words: &str) {
    b.is(Size::Phone).await;
    b.presses("Search and filter").await;
    b.fills(field, words).await;
    b.presses("Filter").await;
    b.sees("take off").await;
    b.is(Size::Desk).await;
}

/// Nothing but the keyboard, from the list to a ticket's note and back.
async fn keys(walk: &Walk) {
    let b = &walk.browser;
    b.follows("Queue").await;
    b.sees("Farah Rahmani").await;
    b.types("j").await;
    let first = b.focus().await;
    b.types("j").await;
    let second = b.focus().await;
    assert_ne!(first, second);
    b.types("k").await;
    assert_eq!(b.focus().await, first);
    b.types("?").await;
    b.sees("next page, next in queue").await;
    walk.arrives("8-keys").await;
    b.types(ESCAPE).await;
    b.types("k").await;
    b.types("o").await;
    b.leaves("/queue").await;
    b.sees(&first).await;
    b.types("n").await;
    assert_eq!(b.focus().await, "Note among the staff");
    b.types("jour").await;
    assert_eq!(b.value("Note among the staff").await, "jour");
    b.tabs_to("Add the note").await;
    b.types("u").await;
    b.is_at("/queue").await;
}

#[tokio::test]
async fn an_agent_decides_and_is_told_when_somebody_was_faster() {
    walk("agent", async |walk| {
        walk.signs_in("agent", "").await;
        establishes(walk).await;
        asks(walk).await;
        rejects(walk).await;
        grants_another_amount(walk).await;
        let colleague = Browser::open().await;
        is_too_late(walk, &colleague).await;
        colleague.session.close().await;
        walk.signs_out("Omar Haddad").await;
        sends_the_money(walk).await;
    })
    .await;
}

async fn establishes(walk: &Walk) {
    let b = &walk.browser;
    b.enters("Cancel an order: YouTube views").await;
    b.sees("Work first").await;
    walk.arrives("1-work-first").await;
    b.picks("Could the order be stopped?", "Yes, it stopped")
        .await;
    b.presses("Record and assess again").await;
    b.sees("There is a problem").await;
    walk.arrives("2-source-missing").await;
    b.fills("How you know", "The provider says so").await;
    b.fills("Where it can be seen", "case 55-1201").await;
    b.presses("Record and assess again").await;
    b.sees("The rules now say: eligible, $21.60.").await;
    b.sees("Approve $21.60").await;
    walk.arrives("3-established").await;
}

async fn asks(walk: &Walk) {
    let b = &walk.browser;
    b.follows("Queue").await;
    b.enters("My order was cancelled by the system: Facebook shares")
        .await;
    b.presses("Ask…").await;
    walk.arrives("4-asking").await;
    b.ticks("A screenshot that shows the problem").await;
    b.fills(
        "Your words to the customer",
        "Please show us the page as you see it.",
    )
    .await;
    b.presses("Ask Farah").await;
    b.sees("The customer is asked; the decision's clock stands still.")
        .await;
    b.sees("Waiting on customer").await;
    walk.arrives("5-asked").await;
}

async fn rejects(walk: &Walk) {
    let b = &walk.browser;
    b.follows("Queue").await;
    b.enters("Cancel an order: Live stream viewers").await;
    b.presses("Reject…").await;
    b.presses("See what would happen").await;
    b.sees("There is a problem").await;
    walk.arrives("6-words-missing").await;
    b.fills(
        "Your words to the customer",
        "All viewers were there for the whole stream.",
    )
    .await;
    b.presses("See what would happen").await;
    b.sees("Reject Kofi's request?").await;
    walk.arrives("7-rejecting").await;
    b.presses("Reject and tell Kofi").await;
    b.sees("Rejected, and the customer is told why and how to appeal.")
        .await;
    walk.arrives("8-rejected").await;
}

async fn grants_another_amount(walk: &Walk) {
    let b = &walk.browser;
    b.follows("Queue").await;
    b.enters("Kofi Mensah").await;
    b.presses("Other amount…").await;
    b.fills("Refund", "9000").await;
    b.fills("Why it differs from the policy", "Goodwill").await;
    b.fills("In your words", "For the long wait.").await;
    b.presses("See what would happen").await;
    b.sees("There is a problem").await;
    assert_eq!(b.value("In your words").await, "For the long wait.");
    walk.arrives("9-too-much").await;
    b.fills("Refund", "4").await;
    b.presses("See what would happen").await;
    b.sees("less than the policy computes").await;
    walk.arrives("10-another-amount").await;
    b.presses("Refund $4.00 to").await;
    b.sees("$4.00 is granted, and the customer is told.").await;
    walk.arrives("11-granted").await;
}

/// Two people on one page: the second is shown what is new, and loses no word.
async fn is_too_late(walk: &Walk, colleague: &Browser) {
    let (b, words) = (&walk.browser, "The views have stopped at 7,200.");
    b.follows("Queue").await;
    b.enters("Cancel an order: YouTube views").await;
    b.fills("Reply to the customer", words).await;
    let page = b.url().await;
    walk.signs_in_to(colleague, "lead", "").await;
    colleague.goes_to(&page).await;
    colleague.presses("Note").await;
    colleague
        .fills("Note among the staff", "I have called the provider.")
        .await;
    colleague.presses("Add the note").await;
    colleague
        .sees("Your note is kept; only staff see it.")
        .await;
    b.presses("Send to Farah").await;
    b.sees("Something changed meanwhile").await;
    b.sees("I have called the provider.").await;
    assert_eq!(b.value("Your words, not sent yet").await, words);
    walk.arrives("12-too-late").await;
    b.presses("Send it all the same").await;
    b.sees("Your answer is on its way.").await;
    walk.arrives("13-sent").await;
}

async fn sends_the_money(walk: &Walk) {
    let b = &walk.browser;
    walk.signs_in("lead", "").await;
    b.follows("Payouts").await;
    b.sees("Pilar Gómez").await;
    walk.arrives("14-payouts").await;
    b.presses_beside("Pilar Gómez", "Mark €9.42 as sent").await;
    b.sees("There is a problem").await;
    walk.arrives("15-reference-missing").await;
    b.fills_beside("Pilar Gómez", "The bank's reference", "SEPA-7741")
        .await;
    b.presses_beside("Pilar Gómez", "Mark €9.42 as sent").await;
    b.sees("€9.42 is marked as sent, and the customer is told.")
        .await;
    b.follows("Paid").await;
    b.sees("SEPA-7741").await;
    walk.arrives("16-sent").await;
    b.follows("Failed or came back").await;
    b.sees("Queue ¥3,900 again").await;
    walk.arrives("17-came-back").await;
    b.follows("Mail").await;
    b.follows("Outbox").await;
    b.sees("Letter").await;
    walk.arrives("18-outbox").await;
}
