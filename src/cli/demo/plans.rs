//! Meridian API, under `api-plans`: plans on both sides of the seven days, one with a promise broken a quarter of an hour ago.

use chrono::{Months, NaiveDate};
use chrono_tz::Europe::Madrid;
use serde_json::json;

use super::cast::PLANS;
use super::history::Past;
use super::script::{Bought, Script, days, hours, minutes};
use crate::rules::facts::Status;
use crate::rules::priority::Priority;

const PROOF: [&str; 2] = ["order_number", "invoice_payment+"];

pub fn today(script: &mut Script) {
    chen(script);
    broken(script);
    waiting(script);
    on_its_way(script);
}

/// The plan's last day, one civil month after a day so far back.
fn month_from(script: &Script, back: u64) -> NaiveDate {
    let bought = script
        .on(Madrid, back, (12, 0))
        .with_timezone(&Madrid)
        .date_naive();
    bought.checked_add_months(Months::new(1)).unwrap_or(bought)
}

/// Somebody to sign in as: inside the week, on its last day, just after it, and at the text's own example.
fn chen(script: &mut Script) {
    let plans = [
        (5, "chen-day-5", "Geocoding, 10,000 requests", 9_000, true),
        (7, "chen-day-7", "Weather, 10,000 requests", 10_000, true),
        (8, "chen-day-8", "Weather, 10,000 requests", 10_000, true),
        (10, "chen-day-10", "Geocoding, 10,000 requests", 7_000, true),
        (
            3,
            "chen-final",
            "Historical archive, 10,000 requests",
            10_000,
            false,
        ),
    ];
    for (back, label, title, left, returnable) in plans {
        let bought = Bought::plan(
            "chen",
            title,
            10_000,
            ("visa-6011", "10.00"),
            month_from(script, back),
        )
        .standing(Status::InProgress, Some(left))
        .shown(json!({"returnable": returnable, "limits_disclosed": true}));
        let at = script.on(Madrid, back, (11, 20));
        script.at(at, move |s| s.order(label, &bought));
    }
    let ended = Bought::plan(
        "chen",
        "Geocoding, 10,000 requests",
        10_000,
        ("visa-6011", "10.00"),
        month_from(script, 45),
    )
    .standing(Status::Completed, Some(4_200));
    let at = script.on(Madrid, 45, (16, 0));
    script.at(at, move |s| s.order("chen-ended", &ended));
}

/// Three days and a quarter of an hour without a decision.
fn broken(script: &mut Script) {
    let jonas = (PLANS, "jonas");
    let bought = Bought::plan(
        "jonas",
        "Routing, 50,000 requests",
        50_000,
        ("mastercard-5508", "49.00"),
        month_from(script, 12),
    )
    .standing(Status::InProgress, Some(31_400));
    script.at(script.ago(days(12)), move |s| {
        s.order("jonas-plan", &bought)
    });
    script.at(script.ago(hours(72) + minutes(15)), move |s| {
        s.files(
            "broken",
            jonas,
            Some("jonas-plan"),
            "plan_refund",
            "We moved to another provider and would like what is left of the month back.",
            &PROOF,
            None,
        )
    });
    script.at(script.ago(hours(50)), |s| s.takes("omar", "broken"));
    script.at(script.ago(hours(50)) + minutes(1), |s| {
        s.presses("omar", "broken", Priority::Urgent)
    });
}

/// The copy of the invoice's payment is missing: the customer's turn, and the clock stands still.
fn waiting(script: &mut Script) {
    let nadia = (PLANS, "nadia");
    let bought = Bought::plan(
        "nadia",
        "Translation, 20,000 requests",
        20_000,
        ("visa-3366", "19.00"),
        month_from(script, 4),
    )
    .standing(Status::InProgress, Some(19_100));
    script.at(script.ago(days(4)), move |s| s.order("nadia-plan", &bought));
    script.at(script.ago(hours(28)), move |s| {
        s.files(
            "waiting",
            nadia,
            Some("nadia-plan"),
            "plan_refund",
            "The translations are not good enough for us.",
            &["order_number"],
            None,
        )
    });
}

/// Access withdrawn, approved for what was left, and to be sent.
fn on_its_way(script: &mut Script) {
    let pilar = (PLANS, "pilar");
    let bought = Bought::plan(
        "pilar",
        "Geocoding, 10,000 requests",
        10_000,
        ("mastercard-8210", "10.00"),
        month_from(script, 9),
    )
    .standing(Status::InProgress, Some(9_600));
    script.at(script.ago(days(9)), move |s| s.order("pilar-plan", &bought));
    script.at(script.ago(days(4)), move |s| {
        s.files(
            "pilar",
            pilar,
            Some("pilar-plan"),
            "plan_refund",
            "I bought the wrong plan.",
            &PROOF,
            None,
        )
    });
    // The meter had moved on since the request: what was left when access ended counts.
    script.at(script.ago(days(2)), |s| {
        s.withdraws_access("omar", "pilar", 9_420)
    });
    script.at(script.ago(days(2)) + minutes(3), |s| {
        s.approves("omar", "pilar")
    });
}

const CUSTOMERS: [&str; 4] = ["chen", "jonas", "nadia", "pilar"];

/// One request of the past months.
pub fn past(script: &mut Script, past: &Past) {
    let customer = past.one_of(&CUSTOMERS);
    let who = (PLANS, customer);
    let by = if past.by == "lena" { "omar" } else { past.by };
    let price = past.one_of(&["10.00", "19.00", "49.00"]);
    let (bought_before, left) = match past.pick {
        0..40 => (3, 9_300),
        40..75 => (12, 6_500),
        75..85 => (2, 10_000),
        _ => (40, 2_000),
    };
    let day = past.at - days(bought_before);
    let ends = day
        .date_naive()
        .checked_add_months(Months::new(1))
        .unwrap_or_default();
    let bought = Bought::plan(
        customer,
        "Geocoding, 10,000 requests",
        10_000,
        ("visa-3366", price),
        ends,
    )
    .standing(Status::InProgress, Some(left))
    .shown(json!({"returnable": !(75..85).contains(&past.pick), "limits_disclosed": true}));
    let order = format!("{}-order", past.label);
    let named = order.clone();
    script.at(day, move |s| s.order(&named, &bought));
    let complete = !past.turn.is_multiple_of(4);
    let evidence: &[&str] = if complete {
        &["order_number", "invoice_payment"]
    } else {
        &["order_number"]
    };
    let (filed, supplied, label, paid) = (
        past.label.clone(),
        past.label.clone(),
        past.label.clone(),
        past.label.clone(),
    );
    let reason = past.one_of(&[
        "It does not do what we need.",
        "Our project was cancelled.",
        "Too slow for us.",
    ]);
    script.at(past.at, move |s| {
        s.files(
            &filed,
            who,
            Some(&order),
            "plan_refund",
            reason,
            evidence,
            None,
        )
    });
    if !complete && past.pick < 75 {
        script.at(past.at + hours(9), move |s| {
            s.supplies(
                customer,
                &supplied,
                "Here is the statement of my card.",
                &["invoice_payment"],
            )
        });
    }
    let at = past.after(26 + (past.turn % 3) as i64 * 11, 85);
    if past.pick < 75 {
        script.at(at, move |s| {
            s.withdraws_access(by, &label, left)?;
            s.approves(by, &label)
        });
        script.at(at + days(3), move |s| s.sends_payouts("priya", &paid));
    } else {
        let words = "The page said before the purchase that this plan cannot be returned, or the paid month is over.";
        script.at(at, move |s| s.rejects(by, &label, words));
    }
}
