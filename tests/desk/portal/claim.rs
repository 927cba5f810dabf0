//! A claim written a question at a time: kept between pages, strict about what it is given, and sent once.

use chrono::Duration;
use redress::worker::sweep::Sweep;
use reqwest::Method;
use reqwest::multipart::{Form, Part};

use super::{ANNA, PNG, Stage, bought_by_card, in_progress, number, writes};
use crate::support::app::Desk;

#[tokio::test]
async fn anna_files_a_claim_with_a_screenshot() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let order = stage.order("88201", in_progress("400"));
    let mut anna = stage.browser().await;
    let page = anna
        .opens(&format!("/portal/orders/{order}/claims/new"))
        .await;
    page.sees("The order came to a halt and cannot be completed.")
        .sees("B13a")
        .does_not_see("Withdraw my balance");

    let shot = [("../../counts.png", PNG)];
    let page = writes(&mut anna, &order, "Only a part was delivered", &shot).await;
    page.sees("In your words It has stood still since Sunday.")
        .sees("counts.png")
        .sees("$10.00 × 600 delivered ÷ 1,000")
        .sees("Refund $4.00");
    assert_eq!(stage.claims(), 0, "looking writes nothing");

    let page = anna.sends(page.form("Send this request")).await;
    page.sees("We have your request")
        .sees("$4.00 would be due if it is approved")
        .sees("By 4 Mar 09:00 UTC A person decides.");
    assert!(
        desk.subjects_to(ANNA)
            .iter()
            .any(|subject| subject.contains("C-1001"))
    );
    let page = anna.opens(&page.link("See your request")).await;
    page.sees("It has stood still since Sunday.")
        .sees("B12")
        .sees("You sent this request (C-1001).");
    let file = anna.opens(&page.link("_.._counts.png")).await;
    assert_eq!(file.header("content-type"), "image/png");
    assert!(
        file.header("content-disposition")
            .starts_with("attachment;"),
        "{}",
        file.header("content-disposition")
    );
    assert_eq!(
        file.header("content-security-policy"),
        "sandbox; default-src 'none'"
    );
    assert_eq!(file.header("x-content-type-options"), "nosniff");
}

#[tokio::test]
async fn sending_twice_files_once() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let order = stage.order("88201", in_progress("400"));
    let mut anna = stage.browser().await;
    let one = writes(&mut anna, &order, "The target is no longer there", &[]).await;
    let other_tab = anna.opens(&one.path).await;
    let form = one.form("Send this request");
    let (first, again) = (anna.posts(form.clone()).await, anna.posts(form).await);
    let tab = anna.posts(other_tab.form("Send this request")).await;
    assert_eq!(first.leads_to(), again.leads_to());
    assert_eq!(first.leads_to(), tab.leads_to());
    assert_eq!(stage.claims(), 1);
    // Going back leads to the answer, not to a form that would send it again.
    for step in ["", "/reason", "/ground"] {
        let page = anna.opens(&format!("{}{step}", one.path)).await;
        page.sees("Your reference is C-1001");
    }
}

#[tokio::test]
async fn a_second_request_on_the_same_ground_is_stopped_before_it_is_sent() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let order = stage.order("88201", in_progress("400"));
    let mut anna = stage.browser().await;
    let page = writes(&mut anna, &order, "The target is no longer there", &[]).await;
    anna.sends(page.form("Send this request")).await;
    let page = writes(&mut anna, &order, "The target is no longer there", &[]).await;
    page.sees("You have asked for this already: C-1001 is open.");
    let page = anna.sends(page.form("Send this request")).await;
    assert_eq!(page.status, 422);
    page.sees("A request on this is open already: C-1001.");
    assert_eq!(stage.claims(), 1);
}

#[tokio::test]
async fn a_draft_survives_until_it_is_sent_or_thrown_away() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let order = stage.order("88201", in_progress("400"));
    let mut anna = stage.browser().await;
    let page = anna
        .opens(&format!("/portal/orders/{order}/claims/new"))
        .await;
    let form = page.form("Continue").choose("Only a part was delivered");
    let page = anna.sends(form).await;
    anna.sends(
        page.form("Continue")
            .fill("In your own words", "Half of it came."),
    )
    .await;

    // In another browser, on another day.
    desk.advance(chrono::Duration::days(1));
    let mut anna = stage.browser().await;
    let home = anna.opens("/portal").await;
    home.sees("Needs your attention");
    let draft = home.link("Only a part was delivered: 1,000 followers (O-1001)");
    let page = anna.opens(&draft).await;
    page.sees("Do you have a screenshot that shows it?");
    let page = anna.sends(page.form("Continue")).await;
    page.sees("Half of it came.").sees("Screenshot Nothing yet");

    // Another ground keeps the words that fit it, and asks only what is new.
    let page = anna.opens(&page.link("Change what happened")).await;
    let form = page
        .form("Continue")
        .choose("The target is no longer there");
    let page = anna.sends(form).await;
    page.sees("Half of it came.").does_not_see("Screenshot");

    let page = anna.opens(&page.link("Change in your words")).await;
    let page = anna.sends(page.form("Throw this draft away")).await;
    page.sees("Your draft is thrown away.")
        .does_not_see("Needs your attention");
    assert_eq!(anna.opens(&draft).await.status, 404);
}

#[tokio::test]
async fn an_answer_that_is_changed_after_going_back_counts_and_nothing_is_lost() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let order = stage.order("88201", in_progress("400"));
    let mut anna = stage.browser().await;
    let first = anna
        .opens(&format!("/portal/orders/{order}/claims/new"))
        .await;
    let ground = |choice: &str| first.form("Continue").choose(choice);
    anna.sends(ground("Only a part was delivered")).await;
    let reason = anna.sends(ground("The target is no longer there")).await;
    let typed = |words: &str| reason.form("Continue").fill("In your own words", words);
    for words in ["It is gone.", "It is closed.", "It is gone."] {
        let page = anna.sends(typed(words)).await;
        page.sees("Check your answers").sees(words);
    }
    let page = anna.sends(typed("It was closed on Sunday.")).await;
    page.sees("It was closed on Sunday.")
        .sees("The target is no longer there");
    let page = anna.sends(page.form("Send this request")).await;
    page.sees("C-1001");
    let page = anna.sends(typed("Too late for this.")).await;
    page.sees("C-1001");
}

#[tokio::test]
async fn a_file_that_is_empty_too_large_or_one_too_many_is_refused_beside_the_words_that_were_typed()
 {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let order = stage.order("88201", in_progress("400"));
    let mut anna = stage.browser().await;
    let page = writes(&mut anna, &order, "The target is no longer there", &[]).await;
    let page = anna.sends(page.form("Send this request")).await;
    let page = anna.opens(&page.link("See your request")).await;
    let form = || page.form("Send").fill("Write to us", "Look at this.");
    let large = vec![b'a'; 10 * 1024 * 1024 + 1];
    let mut many = form();
    for number in 1..=6 {
        many = many.attach("Add files", &format!("{number}.txt"), b"details");
    }
    for (form, words) in [
        (
            form().attach("Add files", "nothing.png", b""),
            "nothing.png is empty",
        ),
        (
            form().attach("Add files", "large.txt", &large),
            "large.txt was not taken",
        ),
        (many, "6.txt was not taken. Up to 5 files of 10 MB each"),
    ] {
        let page = anna.sends(form).await;
        assert_eq!(page.status, 422, "{words}");
        page.sees(words);
        assert_eq!(page.form("Send").value("body"), "Look at this.");
    }
    let long = form().fill("Write to us", &"😀".repeat(100_000));
    let page = anna.sends(long).await;
    assert_eq!(page.status, 422);
    assert_eq!(page.form("Send").value("body").chars().count(), 100_000);
}

#[tokio::test]
async fn what_cannot_be_attached_is_refused_by_its_content_and_the_rest_is_kept() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let order = stage.order("88201", in_progress("400"));
    let mut anna = stage.browser().await;
    let page = anna
        .opens(&format!("/portal/orders/{order}/claims/new"))
        .await;
    let form = page.form("Continue").choose("Only a part was delivered");
    let page = anna.sends(form).await;
    let page = anna
        .sends(
            page.form("Continue")
                .fill("In your own words", "It stands still."),
        )
        .await;
    let form = page
        .form("Continue")
        .attach("Files", "a.png", PNG)
        .attach("Files", "innocent.png", b"<html><script>alert(1)</script>")
        .attach("Files", "run.txt", b"\x7fELF\x02\x01\x01");
    let page = anna.sends(form).await;
    assert_eq!(page.status, 422);
    assert!(page.title().starts_with("Error: "), "{}", page.title());
    page.sees("innocent.png is of a kind that cannot be attached")
        .sees("run.txt is of a kind that cannot be attached")
        .sees("Remove a.png");
    assert_eq!(
        desk.app.store.list().unwrap().len(),
        1,
        "nothing is left over"
    );

    let form = ["b", "c", "d", "e", "f"]
        .iter()
        .fold(page.form("Continue"), |form, name| {
            form.attach("Files", &format!("{name}.png"), PNG)
        });
    let page = anna.sends(form).await;
    assert_eq!(page.status, 422);
    page.sees("A request takes 5 files");
    assert_eq!(desk.app.store.list().unwrap().len(), 1);

    let page = anna.sends(page.form("Remove a.png")).await;
    page.does_not_see("a.png");
    let page = anna
        .sends(page.form("Continue").attach("Files", "", b""))
        .await;
    page.sees("Screenshot Nothing yet");
    // A field of no question of ours is no mistake of a person's.
    let page = anna.opens(&page.link("Change screenshot")).await;
    let page = anna
        .sends(page.form("Continue").forge("role", "manager"))
        .await;
    assert_eq!(page.status, 400);
}

#[tokio::test]
async fn an_amount_is_read_strictly_and_the_form_is_kept() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let mut anna = stage.browser().await;
    let page = anna.opens("/portal/balance").await;
    let page = anna.opens(&page.link("Have it paid out")).await;
    let mut page = anna
        .sends(page.form("Continue").choose("Withdraw my balance"))
        .await;
    for typed in [
        "0",
        "-1",
        "-0",
        "+5",
        "1e3",
        "NaN",
        "inf",
        "0x10",
        "10,00",
        "1.000,00",
        "1 000",
        "١٢",
        "10.005",
        "92233720368547758.08",
        "$5",
        "50.01",
    ] {
        page = anna
            .sends(page.form("Continue").fill("Amount", typed))
            .await;
        assert_eq!(page.status, 422, "{typed}");
        assert_eq!(page.form("Continue").value("requested"), typed);
    }
    page.sees("Your balance holds $50.00 that was paid in");
    let page = anna
        .sends(page.form("Continue").fill("Amount", "12.50"))
        .await;
    let page = anna
        .sends(
            page.form("Continue")
                .fill("In your own words", "I am leaving."),
        )
        .await;
    page.sees("Amount $12.50").sees("$12.50 to Visa ending 42");
    let page = anna.opens(&page.link("Change amount")).await;
    assert_eq!(page.form("Continue").value("requested"), "12.50");
    let page = anna.sends(page.form("Continue").fill("Amount", "")).await;
    page.sees("Everything that can be paid out")
        .sees("$50.00 to Visa ending 42");
}

#[tokio::test]
async fn where_the_text_grants_nothing_it_says_so_early_and_a_person_can_still_be_asked() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "virtual-numbers");
    let order = stage.order("N-1", |order| {
        bought_by_card(order);
        order.placed_at = Some(desk.app.now() - chrono::Duration::days(60));
    });
    let mut anna = stage.browser().await;
    let page = anna
        .opens(&format!("/portal/orders/{order}/claims/new"))
        .await;
    let page = anna
        .sends(page.form("Continue").choose("No message came"))
        .await;
    page.sees("By the policy nothing will be due")
        .sees("You can still ask a person to look.");
    let page = writes(&mut anna, &order, "No message came", &[]).await;
    page.sees("Not eligible").sees("the time for it ended at");
    let page = anna.sends(page.form("Send this request")).await;
    page.sees("A person will look at it all the same.");
    assert_eq!(number(&page, "C-"), "C-1001");
}

#[tokio::test]
async fn words_are_shown_as_words() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let order = stage.order("88201", in_progress("400"));
    let mut anna = stage.browser().await;
    let page = anna
        .opens(&format!("/portal/orders/{order}/claims/new"))
        .await;
    let form = page
        .form("Continue")
        .choose("The target is no longer there");
    let page = anna.sends(form).await;
    let nasty = "<script>alert(1)</script><svg onload=x> {{7*7}} ${7*7} %n";
    let page = anna
        .sends(page.form("Continue").fill("In your own words", nasty))
        .await;
    page.sees(nasty).does_not_see("<script>alert");
    let page = anna.sends(page.form("Send this request")).await;
    let page = anna.opens(&page.link("See your request")).await;
    page.sees(nasty).does_not_see("<svg onload");
}

#[tokio::test]
async fn a_file_for_a_question_that_takes_none_is_refused_and_not_kept() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let order = stage.order("88201", in_progress("400"));
    let mut anna = stage.browser().await;
    let page = anna.opens(&format!("/portal/orders/{order}")).await;
    let page = anna.opens(&page.link("Ask for a refund")).await;
    let ground = page
        .form("Continue")
        .choose("The target is no longer there");
    let page = anna.sends(ground).await;
    let asked = page.form("Continue");
    let file = Part::bytes(PNG.to_vec()).file_name("smuggled.png");
    let form = Form::new()
        .text("csrf", asked.value("csrf").to_owned())
        .text("idempotency_key", asked.value("idempotency_key").to_owned())
        .part("reason", file);
    let answer = anna
        .asks(Method::POST, &page.path, |it| {
            it.header("sec-fetch-site", "same-origin").multipart(form)
        })
        .await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert!(desk.app.store.list().unwrap().is_empty());
}

#[tokio::test]
async fn a_draft_that_nobody_goes_on_with_is_thrown_away_on_the_day_that_it_names() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let order = stage.order("88201", in_progress("400"));
    let mut anna = stage.browser().await;
    let shot = [("counts.png", PNG)];
    let page = writes(&mut anna, &order, "Only a part was delivered", &shot).await;
    page.sees("your answers are kept until 9 Mar 09:00");
    let path = page.path;
    anna.opens("/portal")
        .await
        .sees("your answers are kept until 9 Mar 09:00");
    anna.opens(&format!("{path}/reason"))
        .await
        .sees("Your answers are kept until 9 Mar 09:00");

    desk.advance(Duration::days(7) - Duration::seconds(1));
    let mut sweep = Sweep::default();
    assert_eq!(sweep.tick(&desk.app).await.unwrap().drafts, 0);
    let mut anna = stage.browser().await;
    assert_eq!(anna.opens(&path).await.status, 200);
    desk.advance(Duration::seconds(1));
    for thrown_away in [1, 0] {
        assert_eq!(anna.opens(&path).await.status, 404);
        anna.opens("/portal").await.does_not_see("are kept until");
        let mut sweep = Sweep::default();
        let swept = sweep.tick(&desk.app).await.unwrap();
        assert_eq!(swept.drafts, thrown_away);
    }
    let drafts = desk.app.pool.read(|conn| {
        let since = desk.app.now() - Duration::days(30);
        Ok(redress::db::claims::drafts_of(conn, &stage.anna, since)?)
    });
    assert_eq!(drafts.unwrap(), []);
    // The next request begins anew.
    let page = writes(&mut anna, &order, "Only a part was delivered", &[]).await;
    page.sees("your answers are kept until 16 Mar 09:00")
        .does_not_see("counts.png");
}
