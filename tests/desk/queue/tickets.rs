//! The list, and what is done on a ticket besides deciding.

use chrono::Duration;
use redress::act::Role;
use redress::db::tickets::Ticket;
use redress::desk::tickets::{Opening, open, reply};
use redress::outside::smtp::Mailer;

use super::{ANNA, OMAR, Stage, path};
use crate::support::app::Desk;
use crate::support::page::Page;

#[tokio::test]
async fn the_queue_counts_filters_and_sorts_by_what_breaches_next() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let early = stage.stopped("10.00");
    desk.advance(Duration::hours(3));
    let late = stage.stopped("20.00");
    let mut omar = stage.omar().await;
    let page = omar.opens("/queue").await;
    let text = page.text();
    let place = |number: &str| {
        text.find(number)
            .unwrap_or_else(|| panic!("{number} is not in {text}"))
    };
    assert!(place(&early.number) < place(&late.number));
    page.sees("2 tickets")
        .sees("Eligible")
        .sees("$4.00")
        .sees("Nobody")
        .sees("To do 2")
        .sees("Breached 0");
    desk.advance(Duration::hours(22));
    // The night has ended every session.
    let mut omar = stage.omar().await;
    omar.opens("/queue?view=breached")
        .await
        .sees(&early.number)
        .sees("1 ticket")
        .does_not_see(&late.number);
    let found = omar
        .opens("/queue?view=all_open&ground=order_cancellation&seller=harbour-panel&q=anna")
        .await;
    found
        .sees(&early.number)
        .sees(&late.number)
        .sees("Clear all");
    omar.opens("/queue?view=all_open&q=nobody%25")
        .await
        .sees("Nothing matches these filters");
    omar.opens("/queue?view=closed")
        .await
        .sees("Nothing is due")
        .sees(&early.number.replace("C-", "T-"));
}

#[tokio::test]
async fn a_number_that_somebody_says_leads_straight_to_its_page() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let claim = stage.stopped("10.00");
    let mut omar = stage.omar().await;
    let ticket = claim.number.replace("C-", "T-");
    for (said, page) in [
        (claim.number.to_lowercase(), path(&claim)),
        (ticket, path(&claim)),
        ("O-1001".to_owned(), "/queue/orders/O-1001".to_owned()),
        ("A-10.00".to_owned(), "/queue/orders/O-1001".to_owned()),
    ] {
        let found = omar.opens(&format!("/queue?q={said}")).await;
        assert_eq!(
            (found.status, found.path.as_str()),
            (200, page.as_str()),
            "{said}"
        );
    }
    omar.opens("/queue/orders/O-1001")
        .await
        .sees("600 delivered")
        .sees(&claim.number);
}

#[tokio::test]
async fn the_pages_of_the_queue_lead_on_and_back() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let act = stage.act_of(ANNA);
    for number in 0..120 {
        let subject = format!("Question {number:03}");
        let opening = Opening {
            seller: &stage.shop.seller,
            customer: &stage.anna,
            subject: &subject,
            body: "How does it work?",
        };
        desk.app
            .pool
            .write(|tx| open(tx, &act, &opening, &[]))
            .unwrap();
    }
    let mut omar = stage.omar().await;
    let first = omar.opens("/queue").await;
    first
        .sees("50 of 120 tickets")
        .sees("Question 000")
        .sees("Question 049")
        .does_not_see("Question 050");
    let second = omar.opens(&first.link("Next")).await;
    second
        .sees("Question 050")
        .sees("Question 099")
        .does_not_see("Question 049");
    let third = omar.opens(&second.link("Next")).await;
    third
        .sees("Question 100")
        .sees("Question 119")
        .does_not_see("rel=\"next\"");
    let back = omar.opens(&third.link("Previous")).await;
    back.sees("Question 050")
        .sees("Question 099")
        .does_not_see("Question 100");
    omar.opens(&back.link("Previous"))
        .await
        .sees("Question 000")
        .does_not_see("rel=\"prev\"");
}

#[tokio::test]
async fn an_address_that_no_page_has_is_refused() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    stage.stopped("10.00");
    let mut lena = stage.lena().await;
    for address in [
        "/queue?view=everything",
        "/queue?sort=name;drop",
        "/queue?per_page=1000000000",
        "/queue?page=-1",
        "/queue?view=mine&view=closed",
        "/queue?seller=nobody",
        "/queue?ground=whim",
        "/queue?after=x",
        "/queue?after=1.0&before=1.0",
        "/queue?q=%ff",
        "/queue/payouts?view=all",
        "/queue/payouts?page=-1",
        "/queue/outbox?state=lost",
        "/queue/outbox?after='",
    ] {
        assert_eq!(lena.opens(address).await.status, 400, "{address}");
    }
    let long = "x".repeat(300);
    assert_eq!(lena.opens(&format!("/queue?q={long}")).await.status, 400);
}

#[tokio::test]
async fn a_note_is_never_visible_to_the_customer() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let claim = stage.stopped("10.00");
    let mut omar = stage.omar().await;
    let page = omar.opens(&path(&claim)).await;
    let secret = "Looks like the third account of the same person";
    let page = omar
        .sends(
            page.form("Add the note")
                .fill("Note among the staff", secret),
        )
        .await;
    page.sees(secret).sees("Only staff see this");
    let page = omar
        .sends(page.form("Send to Anna").fill(
            "Reply to the customer",
            "It has stopped, we are nearly there.",
        ))
        .await;
    assert_eq!(page.status, 200);
    let mut anna = stage.anna_signed_in().await;
    for address in [
        "/portal",
        "/portal/tickets",
        &format!("/portal/claims/{}", claim.number),
    ] {
        anna.opens(address)
            .await
            .does_not_see("third account")
            .does_not_see("left a note");
    }
    anna.opens(&format!("/portal/claims/{}", claim.number))
        .await
        .sees("we are nearly there");
    for letter in desk.letters() {
        assert!(
            !letter.text.contains("third account") && !letter.html.contains("third account"),
            "{}",
            letter.subject
        );
    }
}

#[tokio::test]
async fn a_question_is_answered_handed_up_closed_and_opened_again() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let act = stage.act_of(ANNA);
    let opening = Opening {
        seller: &stage.shop.seller,
        customer: &stage.anna,
        subject: "Opening hours",
        body: "When are you there?",
    };
    let ticket = desk
        .app
        .pool
        .write(|tx| open(tx, &act, &opening, &[]))
        .unwrap();
    let address = format!("/queue/tickets/{}", ticket.number);
    let mut omar = stage.omar().await;
    let page = omar.opens(&address).await;
    page.sees("When are you there?")
        .sees("No claim is tied to this ticket");
    let empty = omar.sends(page.form("Send to Anna")).await;
    assert_eq!(empty.status, 422);
    empty.sees("Write a message");
    let page = omar.sends(page.form("Take it")).await;
    page.sees("It is yours.").sees("Yours");
    let page = omar
        .sends(
            page.form("Hand it over")
                .fill("Give it to", "Lena Fox (lead)"),
        )
        .await;
    page.sees("Given to Lena Fox.");
    assert!(
        !page.has_button("Hand it over"),
        "what is another's an agent does not move"
    );
    let page = omar.sends(page.form("Close the ticket")).await;
    page.sees("The ticket is closed.");
    omar.sends(page.form("Open it again"))
        .await
        .sees("The ticket is open again.");
    let claim = stage.stopped("10.00");
    let page = omar.opens(&path(&claim)).await;
    assert!(
        !page.has_button("Close the ticket"),
        "a request ends by its decision"
    );
    let form = page.form("Take it").to("/queue/tickets/T-1002/closure");
    let refused = omar.sends(form.without("assignee")).await;
    assert_eq!(refused.status, 422);
    refused.sees("The request on this ticket is still open. Decide it");
}

#[tokio::test]
async fn what_presses_is_marked_in_the_queue_and_found_by_it_and_no_deadline_moves() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let (pressing, other) = (stage.stopped("10.00"), stage.stopped("20.00"));
    let mut omar = stage.omar().await;
    // Once as a choice of the filter, and once more as a mark.
    let urgent = |page: &Page| page.text().matches("Urgent").count();
    let clocks = || {
        let pool = &desk.app.pool;
        pool.read(|conn| Ok(redress::db::clocks::of_ticket(conn, &pressing.ticket_id)?))
    };
    assert_eq!(urgent(&omar.opens("/queue").await), 1);
    let page = omar.opens(&path(&pressing)).await;
    let before = clocks().unwrap();
    let form = page.form("Set the priority").fill("Priority", "Urgent");
    let page = omar.sends(form).await;
    page.sees("The priority is urgent.")
        .sees("Omar Haddad changed the priority from normal to urgent.");
    assert_eq!(clocks().unwrap(), before);
    assert_eq!(urgent(&omar.opens("/queue").await), 2);
    let found = omar.opens("/queue?view=to_do&priority=urgent").await;
    found
        .sees(&pressing.number)
        .does_not_see(&other.number)
        .sees("Urgent priority");
    let none = omar.opens("/queue?view=to_do&priority=low").await;
    none.sees("Nothing matches these filters");
    let nonsense = omar.opens("/queue?view=to_do&priority=highest").await;
    assert_eq!(nonsense.status, 400);
    let forged = page.form("Set the priority").forge("priority", "highest");
    assert!((400..500).contains(&omar.sends(forged).await.status));
}

#[tokio::test]
async fn staff_of_one_seller_see_nothing_of_another() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let claim = stage.stopped("10.00");
    let other =
        crate::support::make::Shop::of(&desk.app.pool, desk.app.now(), "Other Shop", "api-plans");
    desk.staff(
        "Nils Berg",
        "nils@desk.example",
        Role::Lead,
        std::slice::from_ref(&other.seller),
    );
    let mut nils = desk.signed_in("nils@desk.example").await;
    nils.opens("/queue?view=all_open")
        .await
        .does_not_see(&claim.number)
        .does_not_see("Harbour Panel");
    nils.opens("/queue/outbox").await.does_not_see(ANNA);
    for address in [
        path(&claim),
        "/queue/orders/O-1001".to_owned(),
        format!("/queue/tickets/{}", claim.number.replace("C-", "T-")),
    ] {
        assert_eq!(nils.opens(&address).await.status, 404, "{address}");
    }
    let mut omar = stage.omar().await;
    let page = omar.opens(&path(&claim)).await;
    let csrf = nils
        .opens("/account")
        .await
        .form("Save")
        .value("csrf")
        .to_owned();
    let form = page.form("Approve $4.00…").forge("csrf", &csrf);
    assert_eq!(nils.sends(form).await.status, 404);
}

#[tokio::test]
async fn what_omar_wrote_leaves_as_a_persons_letter_and_what_the_desk_wrote_as_an_automatic_one() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let claim = stage.stopped("10.00");
    let act = stage.act_of(OMAR);
    let pool = &desk.app.pool;
    pool.write(|tx| {
        reply(tx, &act, &claim.ticket_id, None, "I am looking at it.", &[])?;
        let seen = redress::db::tickets::find(tx, &claim.ticket_id)?.seq;
        redress::desk::claims::ask(tx, &act, &claim.id, seen, "Which page was it?")
    })
    .unwrap();
    redress::worker::round(&desk.app).await.unwrap();
    let Mailer::Memory(sent) = &desk.app.mailer else {
        panic!("a test's letters stay in memory");
    };
    let automatic = |kind: &str| {
        let sent = sent.lock().unwrap();
        let letter = sent.iter().find(|sent| {
            let row = desk.letters().into_iter();
            let mut of_kind = row.filter(|row| row.kind == kind);
            of_kind.any(|row| sent.letter.message_id.contains(&row.message_id))
        });
        let bytes = letter.unwrap_or_else(|| panic!("no {kind}")).bytes.clone();
        let text = String::from_utf8(bytes).unwrap();
        let head = text.split("\r\n\r\n").next().unwrap().to_owned();
        head.contains("\r\nAuto-Submitted: auto-generated\r\n")
    };
    assert!(automatic("claim_received"));
    assert!(!automatic("reply"));
    assert!(!automatic("claim_asked"));
}

/// Anna asks something that is no claim.
fn wonders(stage: &Stage, subject: &str) -> Ticket {
    let opening = Opening {
        seller: &stage.shop.seller,
        customer: &stage.anna,
        subject,
        body: "When do I hear from you?",
    };
    let act = stage.act_of(ANNA);
    let pool = &stage.desk.app.pool;
    pool.write(|tx| open(tx, &act, &opening, &[])).unwrap()
}

#[tokio::test]
async fn a_question_has_the_first_answer_that_the_policy_promises_and_the_queue_shows_it() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let ticket = wonders(&stage, "When do I hear from you?");
    let letter = desk.letters().into_iter().next_back().unwrap();
    assert!(
        letter
            .text
            .contains("First answer: by Tue 3 March 2026, 09:00 UTC"),
        "{}",
        letter.text
    );
    let mut anna = stage.anna_signed_in().await;
    let page = anna
        .opens(&format!("/portal/tickets/{}", ticket.number))
        .await;
    page.sees("A person answers you by");
    let mut omar = stage.omar().await;
    omar.opens("/queue").await.sees("First response");
    omar.opens(&format!("/queue/tickets/{}", ticket.number))
        .await
        .sees("First response");
    desk.advance(Duration::hours(24));
    omar = stage.omar().await;
    omar.opens("/queue?view=breached").await.sees("0 tickets");
    let act = stage.act_of(OMAR);
    let pool = &desk.app.pool;
    pool.write(|tx| reply(tx, &act, &ticket.id, None, "Within a day.", &[]))
        .unwrap();
    let mut ruth = desk.ruth().await;
    let page = ruth.opens("/reports/sla").await;
    page.sees("1 of 1 firm promises were kept (100.0 %).");
    omar.opens("/queue").await.does_not_see("First response");
}

#[tokio::test]
async fn where_no_policy_promises_an_answer_the_desk_has_a_target_of_its_own() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "digital-downloads");
    let ticket = wonders(&stage, "=HYPERLINK(\"https://evil.test\")");
    let letter = desk.letters().into_iter().next_back().unwrap();
    assert!(!letter.text.contains("First answer"), "{}", letter.text);
    let path = format!("/portal/tickets/{}", ticket.number);
    let mut anna = stage.anna_signed_in().await;
    let page = anna.opens(&path).await;
    page.sees("We aim to answer you by")
        .does_not_see("House target");
    let mut omar = stage.omar().await;
    omar.opens("/queue").await.sees("First response");
    desk.advance(Duration::hours(24) + Duration::seconds(1));
    redress::worker::round(&desk.app).await.unwrap();
    let mut anna = stage.anna_signed_in().await;
    let page = anna.opens(&path).await;
    page.sees("it takes longer than we meant it to");
    let mut omar = stage.omar().await;
    omar.opens(&format!("/queue/tickets/{}", ticket.number))
        .await
        .sees("The house target for a first response was missed.");
    let mut ruth = desk.ruth().await;
    let page = ruth.opens("/reports/sla").await;
    page.sees("0 of 1 firm promises were kept")
        .sees("First response House target 3 Mar 09:00");
    let sheet = ruth.opens("/reports/sla.csv?table=breaches").await;
    let row = format!(
        "{},,\"'=HYPERLINK(\"\"https://evil.test\"\")\",Harbour Panel,first_response,house,house,",
        ticket.number
    );
    assert!(sheet.body.contains(&row), "{}", sheet.body);
}
