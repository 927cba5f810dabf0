//! A deadline explains itself to both sides, and a warning of it reaches one alone; the manager's page of working hours.

use chrono::Duration;
use redress::desk::calendars;
use redress::desk::claims::{self as verbs, Supply};
use redress::rules::calendar::document::Document;
use redress::worker;

use super::{ANNA, OMAR, Stage, db};
use crate::support::app::Desk;

#[tokio::test]
async fn a_deadline_says_to_both_sides_why_it_is_when_it_is() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let order = stage.running("10.00");
    let claim = stage.claims_on(Some(&order), "order_cancellation", "I no longer need it.");
    desk.advance(Duration::hours(10));
    let act = stage.act_of(OMAR);
    let asked = desk.app.pool.write(|tx| {
        let seen = db::tickets::find(tx, &claim.ticket_id)?.seq;
        verbs::ask(tx, &act, &claim.id, seen, "Which link was it?")
    });
    asked.unwrap();
    desk.advance(Duration::hours(20));
    let act = stage.act_of(ANNA);
    let supply = Supply {
        words: "The second one.".to_owned(),
        ..Supply::default()
    };
    let supplied = desk
        .app
        .pool
        .write(|tx| verbs::supply(tx, &act, &claim.id, &supply));
    supplied.unwrap();
    desk.advance(Duration::hours(14));
    assert_eq!(
        worker::round(&desk.app).await.unwrap().warnings,
        1,
        "24 of 48 hours are used up"
    );
    let staff = stage
        .omar()
        .await
        .opens(&format!("/queue/claims/{}", claim.number))
        .await;
    staff
        .sees("Why this deadline")
        .sees(": 10 h counted")
        .sees("stood still, the customer had the turn")
        .sees(": 1 d 14 h counted")
        .sees("Half the time of the promise of a decision (B22) is used up; Lena Fox was told.");
    let mut anna = stage.anna_signed_in().await;
    let ticket = anna
        .opens(&format!("/portal/claims/{}", claim.number))
        .await;
    ticket
        .sees("Why this deadline")
        .sees("not counted, we waited for your answer");
    for hidden in ["had the turn", "is used up", "Lena"] {
        assert!(
            !ticket.text().contains(hidden),
            "{hidden}: {}",
            ticket.text()
        );
    }
    let letters = desk.letters().into_iter();
    let warnings: Vec<_> = letters
        .filter(|letter| letter.kind == "clock_warning")
        .collect();
    assert!(warnings.iter().all(|letter| letter.recipient != ANNA));
}

#[tokio::test]
async fn a_manager_reads_the_working_hours_and_tries_them() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-guarantee");
    let mut ruth = desk.ruth().await;
    let page = ruth.opens("/reports/calendars").await;
    page.sees("Harbour Panel").sees("Open day and night");
    let text = "holidays = [\"2026-03-03\"]\n[hours]\nmon = [\"09:00-12:00\", \"13:00-17:00\"]\ntue = [\"09:00-12:00\"]\n";
    let today = desk.app.now().date_naive();
    let document = Document::read("hours.toml", text, today, today).unwrap();
    let act = desk.operator();
    let published = desk.app.pool.write(|tx| {
        let seller = db::sellers::find(tx, &stage.shop.seller)?;
        calendars::publish(tx, &act, &seller, &document, "hours.toml", None).map(|_| seller.slug)
    });
    let slug = published.unwrap();
    let tried = format!("/reports/calendars?seller={slug}&start=2026-03-02T16:00&minutes=120");
    let page = ruth.opens(&tried).await;
    page.sees("09:00–12:00, 13:00–17:00")
        .sees("Tue 3 March 2026")
        .sees("Version 1 from 2 March 2026, out of hours.toml")
        .sees("2 h of working time are over at Mon 9 Mar 2026 10:00");
    let page = ruth
        .opens(&format!(
            "/reports/calendars?seller={slug}&start=soon&minutes=0"
        ))
        .await;
    assert_eq!(page.status, 422);
    page.sees("Enter a date and a time")
        .sees("Enter a whole number of minutes");
}
