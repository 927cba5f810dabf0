//! Numero, under `virtual-numbers`: messages that never came on both sides of seven days, defects with their seventy-two hours, a fee.

use chrono_tz::Europe::London;
use serde_json::json;

use super::cast::NUMBERS;
use super::draft;
use super::history::Past;
use super::script::{Bought, Script, days, hours, minutes};
use crate::db::columns::At;
use crate::rules::facts::Sms;
use crate::rules::period;
use crate::rules::priority::Priority;

pub fn today(script: &mut Script) {
    dana(script);
    mending(script);
    standing_still(script);
    late_defect(script);
    replaced(script);
    refused(script);
    last_quarter(script);
    script.at(script.ago(days(3)), |s| {
        s.drafts("ruth", NUMBERS, draft::VERSION, draft::fourteen)
    });
}

/// Eight of the quarter before, each a few days too late: what a longer time would have cost can be answered on any day.
fn last_quarter(script: &mut Script) {
    let (first, _) = period::last_quarter(script.now.date_naive());
    let first = first.and_hms_opt(10, 20, 0).unwrap_or_default().and_utc();
    let late = [8, 9, 13, 10, 8, 12, 16, 11];
    let prices = [
        "4.80", "12.00", "3.10", "2.50", "4.80", "24.00", "12.00", "3.10",
    ];
    for (index, (after, price)) in late.into_iter().zip(prices).enumerate() {
        let customer = CUSTOMERS[index % CUSTOMERS.len()];
        let label = format!("late-{index}");
        let filed = first + days(5 + 11 * i64::try_from(index).unwrap_or(0));
        let paid = ("visa-1177", price);
        let bought = Bought::number(customer, "UK number, 30 days", paid, Sms::NotReceived);
        let (order, named, told) = (label.clone(), label.clone(), label);
        script.at(filed - days(after), move |s| s.order(&order, &bought));
        script.at(filed, move |s| {
            let reason = "No code ever came to this number.";
            let who = (NUMBERS, customer);
            let evidence = &["screenshot"];
            s.files(
                &named,
                who,
                Some(&named),
                "sms_not_received",
                reason,
                evidence,
                None,
            )
        });
        script.at(filed + hours(20), move |s| {
            s.rejects(
                "lena",
                &told,
                "The seven days in which this could be claimed were over.",
            )
        });
    }
}

/// Somebody to sign in as: numbers bought inside the week, on its last day and just after it.
fn dana(script: &mut Script) {
    let numbers = [
        (1, "dana-new", Sms::NotReceived, "3.20"),
        (7, "dana-day-7", Sms::NotReceived, "2.50"),
        (8, "dana-day-8", Sms::NotReceived, "2.50"),
        (3, "dana-refused", Sms::Received, "4.10"),
        (14, "dana-old", Sms::Unavailable, "5.00"),
    ];
    for (back, label, sms, price) in numbers {
        let mut bought = Bought::number("dana", "UK number, 30 days", ("visa-9020", price), sms);
        let at = script.on(London, back, (13, 45));
        if sms == Sms::Received {
            bought.progress.sms_received_at = Some(At::from(at + minutes(6)));
        }
        script.at(at, move |s| s.order(label, &bought));
    }
}

/// A defect that was admitted: twenty of the seventy-two hours are gone.
fn mending(script: &mut Script) {
    let mateo = (NUMBERS, "mateo");
    let bought = Bought::number(
        "mateo",
        "US number with mailbox, 90 days",
        ("visa-1177", "24.00"),
        Sms::Unavailable,
    );
    script.at(script.ago(days(3)), move |s| {
        s.order("mateo-number", &bought)
    });
    script.at(script.ago(hours(20)), move |s| {
        s.files(
            "mending",
            mateo,
            Some("mateo-number"),
            "major_defect",
            "The mailbox answers with error 503 whenever I open it. 🙁",
            &["log+"],
            Some("refund"),
        )
    });
    script.at(script.ago(hours(18)), |s| s.takes("lena", "mending"));
    script.at(script.ago(hours(18)) + minutes(1), |s| {
        s.presses("lena", "mending", Priority::High)
    });
    script.at(script.ago(hours(18) - minutes(6)), |s| {
        s.establishes(
            "lena",
            "mending",
            &[("findings.defect.approved", json!(true))],
        )
    });
    script.at(script.ago(hours(18) - minutes(9)), |s| {
        s.replies("lena", "mending", "You are right, the mailbox is broken. Our engineers are on it, and you will hear within the seventy-two hours.")
    });
}

/// The engineers asked for access; until it is given the repair's clock stands still.
fn standing_still(script: &mut Script) {
    let samir = (NUMBERS, "samir");
    let bought = Bought::number(
        "samir",
        "Number for a call centre, 90 days",
        ("visa-4409", "38.00"),
        Sms::Unavailable,
    );
    script.at(script.ago(days(4)), move |s| {
        s.order("samir-number", &bought)
    });
    script.at(script.ago(hours(52)), move |s| {
        s.files(
            "standing-still",
            samir,
            Some("samir-number"),
            "major_defect",
            "Calls are cut off after ten seconds on our side.",
            &["log+"],
            Some("replacement"),
        )
    });
    let asked = script
        .ago(hours(30))
        .to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    script.at(script.ago(hours(30) - minutes(1)), move |s| {
        s.establishes(
            "lena",
            "standing-still",
            &[
                ("findings.defect.approved", json!(true)),
                ("findings.defect.access_requested_at", json!(asked)),
            ],
        )
    });
    script.at(script.ago(hours(30) - minutes(4)), |s| {
        s.replies("lena", "standing-still", "To find out where the calls are cut we need access to your exchange. Could you give us a test account?")
    });
}

/// Day nine: the text gives both seven and fourteen days, so a person decides.
fn late_defect(script: &mut Script) {
    let nadia = (NUMBERS, "nadia");
    let bought = Bought::number(
        "nadia",
        "DE number, 30 days",
        ("visa-3366", "6.00"),
        Sms::Unavailable,
    );
    let placed = script.on(London, 9, (10, 30));
    script.at(placed, move |s| s.order("nadia-number", &bought));
    script.at(script.ago(hours(6)), move |s| {
        s.files(
            "late-defect",
            nadia,
            Some("nadia-number"),
            "major_defect",
            "Since yesterday the number does not exist any more when I call it.",
            &["log"],
            Some("refund"),
        )
    });
}

/// Not fixed within the seventy-two hours: another number of the same value, as the customer had chosen, and no money.
fn replaced(script: &mut Script) {
    let nadia = (NUMBERS, "nadia");
    let bought = Bought::number(
        "nadia",
        "NL number with mailbox, 90 days",
        ("visa-3366", "21.00"),
        Sms::Unavailable,
    );
    script.at(script.ago(days(7)), move |s| {
        s.order("nadia-mailbox", &bought)
    });
    script.at(script.ago(days(6)), move |s| {
        s.files(
            "replaced",
            nadia,
            Some("nadia-mailbox"),
            "major_defect",
            "The mailbox loses every second message. I would rather have another number than the money.",
            &["log+"],
            Some("replacement"),
        )
    });
    script.at(script.ago(days(6)) + hours(3), |s| {
        s.establishes(
            "lena",
            "replaced",
            &[("findings.defect.approved", json!(true))],
        )
    });
    let missed = script.ago(days(6)) + hours(74);
    script.at(missed, |s| {
        s.replies("lena", "replaced", "We could not mend the mailbox in time. You chose another number: you will have it today.")
    });
    script.at(missed + hours(2), |s| {
        s.replaces(
            "lena",
            "replaced",
            "21.00",
            "NL number +31 97 0102 8841 with mailbox, 90 days",
        )
    });
    script.at(missed + hours(2) + minutes(4), |s| {
        s.approves("lena", "replaced")
    });
}

/// Refused by a service after the message came, with the picture that the policy asks for: clear, less the fee.
fn refused(script: &mut Script) {
    let samir = (NUMBERS, "samir");
    let mut bought = Bought::number(
        "samir",
        "FR number, 30 days",
        ("visa-4409", "3.60"),
        Sms::Received,
    );
    let placed = script.on(London, 2, (9, 15));
    bought.progress.sms_received_at = Some(At::from(placed + minutes(4)));
    script.at(placed, move |s| s.order("samir-refused", &bought));
    script.at(script.ago(hours(9)), move |s| {
        s.files(
            "refused",
            samir,
            Some("samir-refused"),
            "invalid_number",
            "The messenger says that this number cannot be used for an account.",
            &["screenshot+"],
            None,
        )
    });
}

const CUSTOMERS: [&str; 4] = ["dana", "mateo", "nadia", "samir"];

/// One request of the past months.
pub fn past(script: &mut Script, past: &Past) {
    let customer = past.one_of(&CUSTOMERS);
    let who = (NUMBERS, customer);
    let price = past.one_of(&["2.50", "4.80", "12.00", "3.10"]);
    let sms = match past.pick {
        0..40 | 80..90 => Sms::NotReceived,
        40..60 => Sms::Received,
        _ => Sms::Unavailable,
    };
    let placed = past.at
        - if (80..90).contains(&past.pick) {
            days(9)
        } else {
            days(2)
        };
    let mut bought = Bought::number(customer, "UK number, 30 days", ("visa-1177", price), sms);
    if sms == Sms::Received {
        bought.progress.sms_received_at = Some(At::from(placed + minutes(8)));
    }
    let order = format!("{}-order", past.label);
    let named = order.clone();
    script.at(placed, move |s| s.order(&named, &bought));
    let (ground, evidence, choice): (&str, &[&str], _) = match past.pick {
        0..40 | 80..90 => ("sms_not_received", &["screenshot"], None),
        40..60 => ("invalid_number", &["screenshot"], None),
        60..80 => ("major_defect", &["log"], Some("refund")),
        _ => ("incompatible_software", &["log"], None),
    };
    let (filed, label, paid) = (past.label.clone(), past.label.clone(), past.label.clone());
    let reason = past.one_of(&[
        "I asked for the code four times and nothing came.",
        "The service refuses the number.",
        "It has stopped working altogether.",
    ]);
    script.at(past.at, move |s| {
        s.files(&filed, who, Some(&order), ground, reason, evidence, choice)
    });
    let at = past.after(14, 60);
    match past.pick {
        0..60 => {
            script.at(at, move |s| s.approves("lena", &label));
            script.at(at + days(2), move |s| s.sends_payouts("priya", &paid));
        }
        60..80 => defect(script, past),
        _ => script.at(at, move |s| {
            s.rejects("lena", &label, "The time in which this could be claimed was over, or the page had said that it does not fit.")
        }),
    }
}

/// Admitted; mended in time, or not.
fn defect(script: &mut Script, past: &Past) {
    let (admitted, mended, label, paid) = (
        past.label.clone(),
        past.label.clone(),
        past.label.clone(),
        past.label.clone(),
    );
    script.at(past.at + hours(4), move |s| {
        s.establishes(
            "lena",
            &admitted,
            &[("findings.defect.approved", json!(true))],
        )
    });
    if past.pick < 72 {
        let fixed = past.at + hours(40);
        let told = fixed.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        script.at(fixed + minutes(5), move |s| {
            s.establishes(
                "lena",
                &mended,
                &[("findings.defect.fixed_at", json!(told))],
            )
        });
        script.at(fixed + minutes(9), move |s| s.approves("lena", &label));
    } else {
        let at = past.at + hours(76);
        script.at(at, move |s| s.approves("lena", &label));
        script.at(at + days(1), move |s| s.sends_payouts("priya", &paid));
    }
}
