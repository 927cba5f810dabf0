//! Deciding: the pre-fill, another amount, the ceiling and the limit, facts that change what the rules say, two people at once.

use redress::act::Role;
use redress::db;
use redress::db::claims::Claim;
use redress::desk::claims::{self as verbs, Decide, Decided, Verdict};
use redress::rules::facts::Status;

use super::{ANNA, LENA, Stage, decides, path};
use crate::support::app::Desk;
use crate::support::make::{e8, progress};

#[tokio::test]
async fn omar_approves_what_the_rules_computed_and_anna_has_the_money_and_the_mail() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let claim = stage.stopped("10.00");
    let before = stage.balance();
    let mut omar = stage.omar().await;
    let page = omar.opens(&path(&claim)).await;
    page.sees("Eligible")
        .sees("$4.00 to the account balance")
        .sees("$10.00 × 400 undelivered ÷ 1000 = $4.00");
    let check = omar.sends(page.form("Approve $4.00…")).await;
    check
        .sees("Refund $4.00 to Anna?")
        .sees("$4.00 of $10.00 refunded afterwards, $6.00 left");
    check.sees("Your refund of $4.00 is approved");
    assert_eq!(stage.balance(), before, "looking moves nothing");
    assert_eq!(stage.claim(&claim.number).state, "in_review");
    let page = omar
        .sends(check.form("Refund $4.00 to the account balance"))
        .await;
    page.sees("$4.00 is granted")
        .sees("Approved")
        .sees("Omar Haddad");
    assert_eq!(stage.balance() - before, e8("4"));
    let subjects = desk.subjects_to(ANNA).join("\n");
    assert!(subjects.contains("approved"), "{subjects}");
    assert!(
        page.text().contains("Open it again"),
        "a decided ticket is closed"
    );
}

#[tokio::test]
async fn another_amount_needs_a_reason_and_keeps_what_was_typed() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let claim = stage.stopped("10.00");
    let mut omar = stage.omar().await;
    let page = omar.opens(&path(&claim)).await;
    let form = page.form("See what would happen").fill("Refund", "7.00");
    let refused = omar.sends(form.fill("In your words", "too short")).await;
    assert_eq!(refused.status, 422);
    refused
        .sees("Choose why this differs from what the policy computes")
        .sees("Explain the difference in 10 characters or more");
    let kept = refused.form("See what would happen");
    assert_eq!(
        (kept.value("amount"), kept.value("words")),
        ("7.00", "too short")
    );
    assert!(
        refused.title().starts_with("Error: "),
        "{}",
        refused.title()
    );
    let form = kept
        .fill("Why it differs from the policy", "Our own error")
        .fill("In your words", "Our panel counted twice.");
    let check = omar.sends(form).await;
    check.sees("$3.00 more than the policy computes ($4.00). Reason: our own error.");
    let before = stage.balance();
    check.sees("a second person looks at it");
    let page = omar.sends(check.form("Propose $7.00")).await;
    page.sees("Waits for a second person")
        .sees("Our own error. The policy computes $4.00.")
        .sees("May approve it: Lena Fox.");
    assert!(!page.has_button("Approve $7.00…") && page.has_button("Take it back"));
    assert_eq!(stage.balance(), before);
    let mut lena = stage.lena().await;
    lena.opens("/queue/exceptions")
        .await
        .sees("Our own error, $3.00 more than the policy computes")
        .sees("Yours to decide");
    let page = lena.opens(&path(&claim)).await;
    let check = lena.sends(page.form("Approve $7.00…")).await;
    check.sees("Proposed by").sees("Our panel counted twice.");
    let page = lena
        .sends(check.form("Refund $7.00 to the account balance"))
        .await;
    page.sees("Our own error. The policy computed $4.00.")
        .sees("Our panel counted twice.")
        .sees("Lena Fox, proposed by Omar Haddad");
    assert_eq!(stage.balance() - before, e8("7"));
}

#[tokio::test]
async fn nobody_goes_above_the_ceiling_nor_above_their_limit_and_hears_who_may() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let claim = stage.stopped("300.00");
    let mut omar = stage.omar().await;
    let page = omar.opens(&path(&claim)).await;
    page.sees("You may grant up to $100.00 alone. Above that: Lena Fox (lead).");
    let asks = |amount: &str| {
        let form = page.form("See what would happen").fill("Refund", amount);
        let form = form.fill("Why it differs from the policy", "Goodwill");
        form.fill("In your words", "A regular customer of ours.")
    };
    let refused = omar.sends(asks("300.01")).await;
    assert_eq!(refused.status, 409);
    refused.sees("more than can still be refunded here. At most: $300.00.");
    let check = omar.sends(asks("100.01")).await;
    assert!(check.has_button("Propose $100.01"), "{}", check.text());
    let before = stage.balance();
    // The button itself is held to the same: whatever a form was made to say.
    let mut lena = stage.lena().await;
    let page = lena.opens(&path(&claim)).await;
    let check = lena.sends(page.form("Approve $120.00…")).await;
    let forged = check.form("Refund $120.00 to the account balance");
    let forged = forged
        .forge("verdict", "override")
        .forge("amount", "999")
        .forge("reason", "goodwill");
    let refused = lena
        .sends(forged.forge("words", "A regular customer of ours."))
        .await;
    assert_eq!(refused.status, 409);
    assert_eq!(stage.balance(), before);
    decides(
        &mut lena,
        &page,
        "Approve $120.00…",
        "Refund $120.00 to the account balance",
    )
    .await
    .sees("$120.00 is granted");
    assert_eq!(stage.balance() - before, e8("120"));
}

#[tokio::test]
async fn a_second_agent_is_refused_sees_what_is_new_and_keeps_every_word() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let claim = stage.stopped("10.00");
    let (mut omar, mut lena) = (stage.omar().await, stage.lena().await);
    let seen_by_omar = omar.opens(&path(&claim)).await;
    let seen_by_lena = lena.opens(&path(&claim)).await;
    let note = seen_by_lena
        .form("Add the note")
        .fill("Note among the staff", "The provider confirmed it.");
    lena.sends(note).await.sees("The provider confirmed it.");
    let reply = seen_by_omar.form("Send to Anna").fill(
        "Reply to the customer",
        "We are still waiting for the provider.",
    );
    let held = omar.sends(reply).await;
    assert_eq!(held.status, 409);
    held.sees("Lena Fox left a note.")
        .sees("The provider confirmed it.")
        .sees("Nothing of yours was sent yet");
    let again = held.form("Send it all the same");
    assert_eq!(
        again.value("body"),
        "We are still waiting for the provider."
    );
    omar.sends(again)
        .await
        .sees("Your answer is on its way.")
        .sees("We are still waiting for the provider.");

    let reject = seen_by_lena.form("See what would happen");
    assert_eq!(
        reject.value("verdict"),
        "override",
        "the first way with that button"
    );
    let form = reject
        .forge("verdict", "reject")
        .forge("reason", "law")
        .forge("words", "The law does not ask for it.");
    let held = lena.sends(form.without("amount")).await;
    assert_eq!(held.status, 409);
    held.sees("Reject")
        .sees("The law asks for it")
        .sees("The rules now say: $4.00, eligible");
    let check = lena.sends(held.form("Look at it again")).await;
    check
        .sees("Reject Anna's request?")
        .sees("The law does not ask for it.");
    assert_eq!(
        stage.claim(&claim.number).state,
        "in_review",
        "nothing was decided by looking"
    );
    lena.sends(check.form("Reject and tell Anna"))
        .await
        .sees("Rejected");
    assert_eq!(stage.claim(&claim.number).state, "rejected");
}

#[tokio::test]
async fn a_double_click_and_two_tabs_pay_once() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let claim = stage.stopped("10.00");
    let before = stage.balance();
    let mut omar = stage.omar().await;
    let page = omar.opens(&path(&claim)).await;
    let one = omar.sends(page.form("Approve $4.00…")).await;
    let other = omar.sends(page.form("Approve $4.00…")).await;
    let form = one.form("Refund $4.00 to the account balance");
    let (mut first, mut second) = (omar.clone(), omar.clone());
    let (a, b) = tokio::join!(first.posts(form.clone()), second.posts(form));
    assert_eq!((a.status, b.status), (303, 303));
    assert_eq!(a.leads_to(), b.leads_to());
    let late = omar
        .sends(other.form("Refund $4.00 to the account balance"))
        .await;
    assert_eq!(late.status, 409, "{}", late.text());
    assert_eq!(stage.balance() - before, e8("4"));
    let decisions = desk
        .app
        .pool
        .read(|conn| Ok(db::claims::decisions(conn, &claim.id)?))
        .unwrap();
    assert_eq!(decisions.len(), 1);
}

#[tokio::test]
async fn a_fact_changes_what_the_rules_say_and_is_kept_with_its_source() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let order = stage.running("10.00");
    let claim = stage.claims_on(Some(&order), "order_cancellation", "I no longer need it.");
    let mut omar = stage.omar().await;
    let page = omar.opens(&path(&claim)).await;
    page.sees("Could the order be stopped?")
        .sees("Would be $4.00, eligible")
        .sees("Try to stop the order first");
    let form = page
        .form("Record and assess again")
        .choose("Yes, it stopped");
    let refused = omar.sends(form).await;
    assert_eq!(refused.status, 422);
    let form = refused
        .sees("Choose how you know")
        .form("Record and assess again");
    assert_eq!(
        form.value("findings.stop"),
        "stopped",
        "what was chosen is kept"
    );
    let form = form
        .fill("How you know", "The provider says so")
        .fill("Where it can be seen (optional)", "55-1201");
    let page = omar.sends(form).await;
    page.sees("Recorded. The rules now say: eligible, $4.00.")
        .sees("The provider says so (55-1201): Omar Haddad");
    assert!(page.has_button("Approve $4.00…"));
    let forged = page
        .form("Record and assess again")
        .forge("seller.time_zone", "UTC");
    assert_eq!(omar.sends(forged).await.status, 400);
}

#[tokio::test]
async fn asking_stops_the_clock_and_the_customer_reads_what_was_ticked() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let claim = stage.stopped("10.00");
    let mut omar = stage.omar().await;
    let page = omar.opens(&path(&claim)).await;
    let empty = omar.sends(page.form("Ask Anna")).await;
    assert_eq!(empty.status, 422);
    let form = empty
        .sees("Tick what is missing, or write what you need to know")
        .form("Ask Anna");
    let form = form
        .choose("A screenshot that shows the problem")
        .fill("Your words to the customer", "Which page was it?");
    let page = omar.sends(form).await;
    page.sees("the decision's clock stands still")
        .sees("Waiting on customer")
        .sees("Paused");
    let mut anna = stage.anna_signed_in().await;
    let ticket = anna
        .opens(&format!("/portal/claims/{}", claim.number))
        .await;
    ticket
        .sees("Which page was it?")
        .sees("a screenshot that shows the problem");
}

#[tokio::test]
async fn nobody_decides_a_request_of_their_own() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let claim = stage.stopped("10.00");
    let mut omar = stage.omar().await;
    let page = omar.opens(&path(&claim)).await;
    desk.app
        .pool
        .write(|tx| Ok(db::people::set_role(tx, &stage.anna, Role::Lead)?))
        .unwrap();
    let mut anna = stage.anna_signed_in().await;
    let own = anna.opens(&path(&claim)).await;
    own.sees("This request is your own. A colleague decides it.");
    assert!(!own.has_button("Approve $4.00…"));
    let csrf = own.form("Send to Anna").value("csrf").to_owned();
    for noun in ["proposal", "decision"] {
        let form = page
            .form("Approve $4.00…")
            .to(&format!("{}/{noun}", path(&claim)));
        let form = form
            .forge("csrf", &csrf)
            .forge("idempotency_key", &"a".repeat(64));
        let refused = anna.sends(form).await;
        assert_eq!(refused.status, 403, "{noun}");
        refused.sees("Nobody decides a claim of their own.");
    }
    let form = page
        .form("Record and assess again")
        .choose("No, it goes on")
        .fill("How you know", "I checked it myself");
    let refused = anna.sends(form.forge("csrf", &csrf)).await;
    refused.sees("Nobody decides a claim of their own.");
    assert_eq!(stage.claim(&claim.number).state, "in_review");
}

#[tokio::test]
async fn an_appeal_is_decided_by_somebody_else() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let claim = stage.stopped("10.00");
    let mut omar = stage.omar().await;
    let page = omar.opens(&path(&claim)).await;
    let page = omar.sends(page.form("Take it")).await;
    let form = page
        .form("See what would happen")
        .forge("verdict", "reject")
        .without("amount");
    let form = form
        .forge("reason", "law")
        .forge("words", "The law does not ask for it.");
    let check = omar.sends(form).await;
    omar.sends(check.form("Reject and tell Anna")).await;
    let anna = stage.act_of(ANNA);
    desk.app
        .pool
        .write(|tx| redress::desk::claims::appeal(tx, &anna, &claim.id, "It stopped by itself."))
        .unwrap();
    let ticket = desk
        .app
        .pool
        .read(|conn| Ok(db::tickets::find(conn, &claim.ticket_id)?));
    assert_eq!(
        ticket.unwrap().assignee_id,
        None,
        "it is back with everyone"
    );
    let page = omar.opens(&path(&claim)).await;
    page.sees("Appealed")
        .sees("You decided this before. An appeal is decided by somebody else");
    let mut lena = stage.lena().await;
    let page = lena.opens(&path(&claim)).await;
    decides(
        &mut lena,
        &page,
        "Approve $4.00…",
        "Refund $4.00 to the account balance",
    )
    .await
    .sees("$4.00 is granted");
}

#[tokio::test]
async fn what_no_page_of_ours_sends_is_refused() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let claim = stage.stopped("10.00");
    let mut omar = stage.omar().await;
    let page = omar.opens(&path(&claim)).await;
    for (name, value) in [
        ("verdict", "pay"),
        ("seen", "1"),
        ("seen", "-1.0"),
        ("limit", "9"),
    ] {
        let form = page.form("Approve $4.00…").forge(name, value);
        assert_eq!(omar.sends(form).await.status, 400, "{name}={value}");
    }
    for amount in [
        "-1",
        "1e3",
        "NaN",
        "7,50",
        "1.000000001",
        "",
        "99999999999999999999",
    ] {
        let form = page.form("See what would happen").fill("Refund", amount);
        assert_eq!(omar.sends(form).await.status, 422, "{amount}");
    }
    assert_eq!(
        omar.opens(&format!("{}?amount=abc", path(&claim)))
            .await
            .status,
        400
    );
    assert_eq!(
        omar.opens(&format!("{}?amount=6.00", path(&claim)))
            .await
            .form("See what would happen")
            .value("amount"),
        "6"
    );
    assert_eq!(omar.opens("/queue/claims/C-9999").await.status, 404);
}

/// Lena turns it down; the letter about that.
fn rejects(stage: &Stage, claim: &Claim) -> String {
    let act = stage.act_of(LENA);
    let done = stage.desk.app.pool.write(|tx| {
        let decide = Decide {
            claim: claim.id.clone(),
            seen: db::tickets::find(tx, &claim.ticket_id)?.seq,
            verdict: Verdict::Reject,
            amount_e8: None,
            reason: None,
            words: "The policy does not cover this, I am sorry.".to_owned(),
        };
        verbs::decide(tx, &act, &decide)
    });
    assert!(matches!(done.unwrap(), Decided::Done(_)));
    let letters = stage.desk.letters().into_iter();
    let mut rejections = letters.filter(|letter| letter.kind == "claim_rejected");
    rejections.next_back().unwrap().text
}

#[tokio::test]
async fn a_limit_that_was_not_shown_is_no_reason_to_reject() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let order = stage.order("10.00", |order| {
        order.progress = progress(Status::InProgress, Some("400"));
        order.snapshot_json = r#"{"refill":"none","refundable_once_started":false}"#.to_owned();
    });
    let claim = stage.claims_on(Some(&order), "order_cancellation", "I no longer need it.");
    let mut omar = stage.omar().await;
    let page = omar.opens(&path(&claim)).await;
    page.sees("Does not count")
        .sees("Stands against it")
        .sees("B10: The order has started")
        .sees("Clause B17 Clause B34 , says what would change");
    let letter = rejects(&stage, &claim);
    assert!(letter.contains("(stands against it)"), "{letter}");
    assert!(letter.contains("B34"), "{letter}");
    assert!(!letter.contains("B14"), "{letter}");
    assert!(
        !letter.contains("no proof that the buyer was shown"),
        "{letter}"
    );
}

#[tokio::test]
async fn a_rejection_quotes_the_clause_even_where_the_clause_says_it_all() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "digital-downloads");
    let order = stage.order("10.00", |order| {
        order.progress = progress(Status::Completed, None);
    });
    let claim = stage.claims_on(Some(&order), "change_of_mind", "I changed my mind.");
    let letter = rejects(&stage, &claim);
    assert!(letter.contains("(stands against it)"), "{letter}");
    assert!(!letter.contains("decided against it"), "{letter}");
    assert!(!letter.contains("Here: \n"), "{letter}");
}
