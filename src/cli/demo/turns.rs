//! What happens at every shop alike: somebody takes a request back, somebody does not accept a no and asks for a second look, and
//! somebody is asked a question.

use chrono::{Days, Duration};

use super::cast::{CREDITS, GUARANTEE, NUMBERS};
use super::script::{Bought, Script, days, hours, minutes};
use crate::rules::facts::{Sms, Status};

/// A request of somebody, on an order of its own.
struct Turn {
    label: &'static str,
    bought: Bought,
    /// How long before the request the order was placed.
    placed: Duration,
    ground: &'static str,
    reason: &'static str,
    evidence: &'static [&'static str],
}

pub fn today(script: &mut Script) {
    for (back, turn, after) in withdrawn(script) {
        let (label, customer) = (turn.label, turn.bought.customer);
        let filed = script.ago(days(back));
        asked(script, turn, filed);
        script.at(filed + hours(after), move |s| s.withdraws(customer, label));
    }
    for (back, turn, words, doubts) in rejected(script) {
        let (label, customer) = (turn.label, turn.bought.customer);
        let by = if turn.bought.seller == NUMBERS {
            "lena"
        } else {
            "omar"
        };
        let filed = script.ago(days(back));
        asked(script, turn, filed);
        script.at(filed + hours(20), move |s| s.rejects(by, label, words));
        script.at(script.ago(hours(11)), move |s| {
            s.appeals(customer, label, doubts)
        });
    }
    let turn = units(CREDITS, "abel", "asked-abel");
    let filed = script.ago(hours(26));
    asked(script, turn, filed);
    script.at(filed + hours(2), |s| {
        let words = "Which of your two channels was it for, and when did the views stop coming?";
        s.asks("omar", "asked-abel", words)
    });
}

/// Orders and asks.
fn asked(script: &mut Script, turn: Turn, filed: chrono::DateTime<chrono::Utc>) {
    let who = (turn.bought.seller, turn.bought.customer);
    let placed = filed - turn.placed;
    let Turn { label, ground, .. } = turn;
    let (reason, evidence, bought) = (turn.reason, turn.evidence, turn.bought);
    script.at(placed, move |s| s.order(label, &bought));
    script.at(filed, move |s| {
        s.files(label, who, Some(label), ground, reason, evidence, None)
    });
}

/// An order that runs, and that its buyer wants to stop.
fn units(seller: &'static str, customer: &'static str, label: &'static str) -> Turn {
    let title = "YouTube subscribers";
    let bought = Bought::units(
        (seller, customer),
        title,
        "youtube.com/watch?v=example",
        4_000,
        "14.00",
    );
    Turn {
        label,
        bought: bought.standing(Status::InProgress, Some(2_600)),
        placed: days(2),
        ground: "order_cancellation",
        reason: "I changed my mind about this video.",
        evidence: &[],
    }
}

fn plan(
    script: &Script,
    customer: &'static str,
    label: &'static str,
    age: i64,
    filed: i64,
) -> Turn {
    let day = script.ago(days(filed + age)).date_naive();
    let ends = day.checked_add_days(Days::new(30)).unwrap_or(day);
    let paid = ("visa-3366", "19.00");
    let bought = Bought::plan(customer, "Geocoding, 10,000 requests", 10_000, paid, ends);
    Turn {
        label,
        bought: bought.standing(Status::InProgress, Some(8_100)),
        placed: days(age),
        ground: "plan_refund",
        reason: "We do not need it any more.",
        evidence: &["order_number", "invoice_payment"],
    }
}

fn number(customer: &'static str, label: &'static str, age: i64) -> Turn {
    let paid = ("visa-1177", "4.80");
    Turn {
        label,
        bought: Bought::number(customer, "UK number, 30 days", paid, Sms::NotReceived),
        placed: days(age),
        ground: "sms_not_received",
        reason: "No code came to this number.",
        evidence: &["screenshot"],
    }
}

fn withdrawn(script: &Script) -> Vec<(i64, Turn, i64)> {
    let sent = script.ago(days(8)) + minutes(2);
    let download = Bought::download(
        "oskar",
        "Sewing pattern, apron",
        ("visa-2020", "2800"),
        Some(sent),
    );
    let download = Turn {
        label: "back-oskar",
        bought: download,
        placed: days(2),
        ground: "change_of_mind",
        reason: "I bought the wrong size.",
        evidence: &[],
    };
    vec![
        (6, units(GUARANTEE, "viktor", "back-viktor"), 3),
        (9, plan(script, "pilar", "back-pilar", 2, 9), 5),
        (7, number("samir", "back-samir", 1), 2),
        (6, download, 4),
        (8, units(CREDITS, "zoe", "back-zoe"), 1),
    ]
}

/// With why it was turned down, and why its customer does not accept that.
fn rejected(script: &Script) -> Vec<(i64, Turn, &'static str, &'static str)> {
    vec![
        (
            2,
            units(GUARANTEE, "ulla", "doubt-ulla"),
            "The order had started, and wanting it to stop is not among the reasons for a refund.",
            "It had not started when I wrote to you: it began an hour later.",
        ),
        (
            3,
            plan(script, "jonas", "doubt-jonas", 45, 3),
            "The month that was paid for is over, and the time for a return with it.",
            "Your page showed another date on the day I bought it.",
        ),
        (
            2,
            number("mateo", "doubt-mateo", 12),
            "The time in which this could be claimed was over.",
            "I wrote to you in the chat on the first day, please look there.",
        ),
    ]
}
