//! After a request was sent: answering what is asked, writing, withdrawing, appealing; and questions that are no claim.

use redress::desk::tickets as verbs;

use super::{PNG, Stage, bought_by_card, in_progress, number, writes};
use crate::support::app::Desk;

#[tokio::test]
async fn what_is_missing_is_asked_for_at_once_and_sending_it_moves_the_request_on() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "virtual-numbers");
    let order = stage.order("N-1", bought_by_card);
    let mut anna = stage.browser().await;
    let page = writes(&mut anna, &order, "The number is refused as invalid", &[]).await;
    page.sees("We will ask you for: a screenshot that shows the problem");
    let page = anna.sends(page.form("Send this request")).await;
    page.sees("and need something more")
        .sees("a screenshot that shows the problem");
    let page = anna.opens(&page.link("Send what is missing")).await;
    page.sees("We need something from you")
        .sees("It waits until you answer.");
    assert!(!page.has_button("Send"), "one thing at a time");

    let page = anna.sends(page.form("Send it")).await;
    assert_eq!(page.status, 422);
    page.sees("Write an answer or add a file");
    let form = page
        .form("Send it")
        .attach("A screenshot that shows the problem", "refused.png", PNG)
        .fill("In your own words", "Here it is.");
    let page = anna.sends(form.clone()).await;
    page.sees("Thank you, we have it.")
        .sees("Here it is.")
        .sees("refused.png")
        .does_not_see("We need something from you");
    // The same answer twice is one answer, and leaves nothing behind.
    anna.sends(form).await;
    assert_eq!(desk.app.store.list().unwrap().len(), 1);
    let page = anna.opens(&page.path).await;
    assert_eq!(page.text().matches("Here it is.").count(), 1);
}

#[tokio::test]
async fn words_written_while_the_request_was_decided_are_kept_and_can_be_sent() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "virtual-numbers");
    let order = stage.order("N-1", bought_by_card);
    let mut anna = stage.browser().await;
    let page = writes(&mut anna, &order, "The number is refused as invalid", &[]).await;
    let page = anna.sends(page.form("Send this request")).await;
    let page = anna.opens(&page.link("Send what is missing")).await;
    stage.rejects(&stage.omar(), "C-1001");
    let form = page
        .form("Send it")
        .attach("A screenshot that shows the problem", "refused.png", PNG)
        .fill("In your own words", "It was refused at once.");
    let page = anna.sends(form).await;
    assert_eq!(page.status, 422);
    page.sees("That step is not possible from where this stands now")
        .sees("Not granted")
        .sees("It was refused at once.");
    assert!(desk.app.store.list().unwrap().is_empty());
    let page = anna.sends(page.form("Send")).await;
    page.sees("Your message is here.")
        .sees("It was refused at once.");
}

#[tokio::test]
async fn an_appeal_while_the_same_is_asked_anew_says_what_to_do_and_keeps_the_words() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let order = stage.order("88201", in_progress("400"));
    let mut anna = stage.browser().await;
    let page = writes(&mut anna, &order, "The target is no longer there", &[]).await;
    let page = anna.sends(page.form("Send this request")).await;
    let ticket = page.link("See your request");
    stage.rejects(&stage.omar(), "C-1001");
    let page = writes(&mut anna, &order, "The target is no longer there", &[]).await;
    anna.sends(page.form("Send this request")).await;
    let page = anna.opens(&ticket).await;
    let form = page
        .form("Ask for a review")
        .fill("What did we get wrong?", "It stopped at 600.");
    let page = anna.sends(form).await;
    assert_eq!(page.status, 422);
    page.sees("You asked for the same again in C-1002")
        .sees("It stopped at 600.");
    assert!(page.has_button("Ask for a review"));
}

#[tokio::test]
async fn a_conversation_has_both_sides_and_never_a_note() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let order = stage.order("88201", in_progress("400"));
    let mut anna = stage.browser().await;
    let page = writes(&mut anna, &order, "The target is no longer there", &[]).await;
    let page = anna.sends(page.form("Send this request")).await;
    let ticket = page.link("See your request");
    let page = anna.opens(&ticket).await;
    let form = page.form("Send").fill("Write to us", "Any news?").attach(
        "Add files",
        "note.txt",
        b"details",
    );
    let page = anna.sends(form).await;
    page.sees("Any news?").sees("note.txt");

    let omar = stage.omar();
    desk.app
        .pool
        .write(|tx| {
            let row = redress::db::tickets::for_customer(tx, &stage.anna, &number(&page, "T-"))?;
            verbs::note(tx, &omar, &row.id, None, "She is right, the page is gone.")?;
            verbs::reply(tx, &omar, &row.id, None, "We are asking the provider.", &[])
        })
        .unwrap();
    anna.opens(&ticket)
        .await
        .sees("Omar")
        .sees("We are asking the provider.")
        .does_not_see("the page is gone")
        .does_not_see("Haddad")
        .does_not_see("omar@desk.example");

    let page = anna.opens(&ticket).await;
    let page = anna.sends(page.form("Send")).await;
    assert_eq!(page.status, 422);
    page.sees("Write a message");
}

#[tokio::test]
async fn a_request_is_withdrawn_after_a_page_that_says_what_that_means() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let order = stage.order("88201", in_progress("400"));
    let mut anna = stage.browser().await;
    let page = writes(&mut anna, &order, "The target is no longer there", &[]).await;
    let page = anna.sends(page.form("Send this request")).await;
    let page = anna.opens(&page.link("See your request")).await;
    let page = anna.opens(&page.link("Withdraw this request")).await;
    page.sees("We stop working on it");
    let page = anna.sends(page.form("Withdraw the request")).await;
    page.sees("You withdrew this request.")
        .does_not_see("Withdraw this request");
    anna.opens("/portal/tickets").await.sees("Withdrawn");
}

#[tokio::test]
async fn a_rejection_says_why_and_can_be_appealed_once() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let order = stage.order("88201", in_progress("400"));
    let mut anna = stage.browser().await;
    let page = writes(&mut anna, &order, "The target is no longer there", &[]).await;
    let page = anna.sends(page.form("Send this request")).await;
    let ticket = page.link("See your request");
    let omar = stage.omar();
    stage.rejects(&omar, "C-1001");

    let page = anna.opens(&ticket).await;
    page.sees("Not granted")
        .sees("The order was delivered in full.")
        .sees("You can ask once.");
    let page = anna.sends(page.form("Ask for a review")).await;
    assert_eq!(page.status, 422);
    let form = page
        .form("Ask for a review")
        .fill("What did we get wrong?", "It stopped at 600.");
    let page = anna.sends(form.clone()).await;
    page.sees("somebody else decides")
        .sees("It stopped at 600.")
        .does_not_see("Ask for a review");
    // The form of a page that is out of date.
    let again = form.forge("idempotency_key", &"a".repeat(64));
    let page = anna.sends(again).await;
    assert_eq!(page.status, 422);
    page.sees("can be appealed once");
}

#[tokio::test]
async fn a_question_needs_a_seller_a_subject_and_words() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let order = stage.order("88201", |_| {});
    let mut anna = stage.browser().await;
    let page = anna.opens("/portal/tickets").await;
    let page = anna.opens(&page.link("Ask a question")).await;
    let page = anna.sends(page.form("Send")).await;
    assert_eq!(page.status, 422);
    page.sees("Say in a few words what it is about")
        .sees("Write a message");
    let form = page
        .form("Send")
        .fill(
            "What is it about?",
            &format!("Order {order} · 1,000 followers"),
        )
        .fill("In a few words", "An invoice")
        .fill("Your question", "Can I have one?")
        .attach(
            "Files, if you have any",
            "page.svg",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        );
    let page = anna.sends(form).await;
    assert_eq!(page.status, 422);
    page.sees("page.svg is of a kind that cannot be attached");
    let page = anna.sends(page.form("Send")).await;
    page.sees(&format!("{order}: An invoice"))
        .sees("Can I have one?")
        .sees("We have your question.");
    let page = anna.opens("/portal/tickets/new").await;
    let form = page
        .form("Send")
        .forge("about", "seller:nobody")
        .fill("In a few words", "x")
        .fill("Your question", "y");
    let page = anna.sends(form).await;
    assert_eq!(page.status, 422);
    page.sees("Choose what your question is about");
}
