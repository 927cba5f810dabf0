//! Brightfeed, under `panel-credits`: balances with deposits on both sides of six months, orders in every status, refills inside
//! and outside their thirty days.

use chrono_tz::Tz::UTC;
use serde_json::{Value, json};

use super::cast::CREDITS;
use super::history::Past;
use super::script::{Bought, Script, days, hours, minutes};
use crate::rules::facts::MethodStatus::Usable;
use crate::rules::facts::{CanceledBy, Status};

const BORIS: (&str, &str) = (CREDITS, "boris");

fn refill(days: u32) -> Value {
    json!({"refill": days, "refundable_once_started": true})
}

pub fn today(script: &mut Script) {
    boris(script);
    running(script);
    drops(script);
    held(script);
    appealed(script);
    questions(script);
}

/// Somebody to sign in as: an order on either side of each line that the policy draws, and nothing claimed yet.
fn boris(script: &mut Script) {
    let deposits = [
        (200, "40.00", "visa-4242"),
        (170, "60.00", "paypal-boris"),
        (40, "25.00", "visa-4242"),
    ];
    for (back, amount, method) in deposits {
        let at = script.on(UTC, back, (9, 12));
        script.at(at, move |s| {
            s.deposit("boris", BORIS, amount, (method, Usable), None)
        });
    }
    let expires = script.now + days(30);
    let at = script.on(UTC, 39, (9, 20));
    script.at(at, move |s| s.bonus(BORIS, "10.00", expires));
    let followers = |charge, quantity| {
        Bought::units(
            BORIS,
            "Instagram followers",
            "instagram.com/boris.bakes",
            quantity,
            charge,
        )
    };
    let likes = |charge, quantity| {
        Bought::units(
            BORIS,
            "TikTok likes",
            "tiktok.com/@boris.bakes",
            quantity,
            charge,
        )
    };
    let orders = [
        (
            "boris-pending",
            script.ago(minutes(40)),
            likes("12.00", 2_000),
        ),
        (
            "boris-processing",
            script.ago(hours(3)),
            likes("5.00", 800).standing(Status::Processing, None),
        ),
        (
            "boris-running",
            script.ago(hours(26)),
            followers("24.00", 3_000).standing(Status::InProgress, Some(1_800)),
        ),
        (
            "boris-partial",
            script.ago(days(3)),
            followers("10.00", 1_000).standing(Status::Partial, Some(600)),
        ),
        (
            "boris-done",
            script.ago(days(6)),
            likes("6.00", 1_000).standing(Status::Completed, Some(0)),
        ),
        (
            "boris-refill-in",
            script.on(UTC, 30, (11, 0)),
            followers("15.00", 1_500)
                .standing(Status::Completed, Some(0))
                .shown(refill(30)),
        ),
        (
            "boris-refill-out",
            script.on(UTC, 31, (11, 0)),
            followers("15.00", 1_500)
                .standing(Status::Completed, Some(0))
                .shown(refill(30)),
        ),
    ];
    for (label, at, bought) in orders {
        script.at(at, move |s| s.order(label, &bought));
    }
    let mut canceled = likes("8.00", 500).standing(Status::Canceled, Some(250));
    canceled.progress.canceled_by = Some(CanceledBy::System);
    script.at(script.ago(days(4)), move |s| {
        s.order("boris-canceled", &canceled)
    });
    script.at(script.ago(days(29)), |s| {
        s.wonders(
            "boris-refill",
            BORIS,
            "When do the thirty days begin?",
            "Does a refill count from the day I ordered, or from the day it was all there?",
        )
    });
    script.at(script.ago(days(29) - hours(3)), |s| {
        s.replies(
            "omar",
            "boris-refill",
            "From the day you placed the order. The order's page says until when you can ask.",
        )
    });
    script.at(script.ago(days(22)), |s| s.closes("omar", "boris-refill"));
}

fn paid_up(
    script: &mut Script,
    customer: &'static str,
    at: chrono::DateTime<chrono::Utc>,
    amount: &'static str,
) {
    script.at(at, move |s| {
        s.deposit(
            customer,
            (CREDITS, customer),
            amount,
            ("visa-1881", Usable),
            None,
        )
    });
}

/// A stop that has to be tried first, and a system's cancellation whose first answer is due within twenty minutes.
fn running(script: &mut Script) {
    let farah = (CREDITS, "farah");
    paid_up(script, "farah", script.ago(days(9)), "80.00");
    let views = Bought::units(
        farah,
        "YouTube views",
        "youtube.com/watch?v=farahcooks",
        10_000,
        "30.00",
    );
    let views = views.standing(Status::InProgress, Some(7_200));
    script.at(script.ago(days(2)), move |s| s.order("farah-views", &views));
    script.at(script.ago(hours(5)), move |s| {
        s.files(
            "stop-first",
            farah,
            Some("farah-views"),
            "order_cancellation",
            "The video will be taken down tonight. Please stop the views and give me back what is not delivered.",
            &[],
            None,
        )
    });
    let mut shares = Bought::units(
        farah,
        "Facebook shares",
        "facebook.com/farah.cooks/posts/88",
        400,
        "16.00",
    )
    .standing(Status::Canceled, Some(300));
    shares.progress.canceled_by = Some(CanceledBy::System);
    script.at(script.ago(days(3)), move |s| {
        s.order("farah-shares", &shares)
    });
    script.at(script.ago(hours(23) + minutes(40)), move |s| {
        s.files(
            "due-soon",
            farah,
            Some("farah-shares"),
            "system_cancellation",
            "Your system cancelled this after a hundred shares. I did not ask for that.",
            &[],
            None,
        )
    });
}

/// Two drops: one refilled and put right, one that could not be refilled and waits for its decision.
fn drops(script: &mut Script) {
    let layla = (CREDITS, "layla");
    paid_up(script, "layla", script.ago(days(28)), "60.00");
    for (label, charge, back) in [
        ("layla-mended", "20.00", 20),
        ("layla-dropped", "18.00", 12),
    ] {
        let bought = Bought::units(
            layla,
            "Instagram followers",
            "instagram.com/layla.draws",
            2_000,
            charge,
        )
        .standing(Status::Completed, Some(0))
        .shown(refill(30));
        script.at(script.ago(days(back)), move |s| s.order(label, &bought));
    }
    for (label, order, back) in [
        ("mended", "layla-mended", 50),
        ("dropped", "layla-dropped", 21),
    ] {
        script.at(script.ago(hours(back)), move |s| {
            let words =
                "هبط العدد خلال الليل. The number fell overnight, here is a picture of my profile.";
            s.files(
                label,
                layla,
                Some(order),
                "delivery_drop",
                words,
                &["screenshot+"],
                None,
            )
        });
        script.at(script.ago(hours(back - 3)), move |s| s.takes("omar", label));
        script.at(script.ago(hours(back - 3) - minutes(4)), move |s| {
            s.replies("omar", label, "Thank you for the picture. I have asked for a refill and will write as soon as it is done.")
        });
    }
    script.at(script.ago(hours(30)), |s| {
        s.establishes(
            "omar",
            "mended",
            &[
                ("findings.refill", json!("completed")),
                ("findings.shortfall", json!(0)),
            ],
        )
    });
    script.at(script.ago(hours(29)), |s| s.approves("omar", "mended"));
    script.at(script.ago(hours(4)), |s| {
        s.establishes(
            "omar",
            "dropped",
            &[
                ("findings.refill", json!("failed")),
                ("findings.shortfall", json!(700)),
            ],
        )
    });
}

/// The bank took a deposit back: what hangs on that money stands still.
fn held(script: &mut Script) {
    let georg = (CREDITS, "georg");
    script.at(script.ago(days(34)), move |s| {
        s.deposit(
            "georg-held",
            georg,
            "45.00",
            ("mastercard-5100", Usable),
            None,
        )
    });
    let due = script.now + days(6);
    script.at(script.ago(days(2)), move |s| s.disputes("georg-held", due));
    script.at(script.ago(hours(31)), move |s| {
        s.files(
            "held",
            georg,
            None,
            "unused_balance",
            "I want my money back on my card.",
            &[],
            None,
        )
    });
    script.at(script.ago(hours(27)), |s| {
        s.replies("priya", "held", "Your bank has opened a dispute on this payment. Until it is settled we cannot pay the same money a second time.")
    });
    script.at(script.ago(hours(26)), |s| {
        s.notes(
            "priya",
            "held",
            "No contact before the chargeback. Evidence is due in a week.",
        )
    });
}

/// A rejection that the customer does not accept; somebody else decides.
fn appealed(script: &mut Script) {
    let hana = (CREDITS, "hana");
    paid_up(script, "hana", script.ago(days(16)), "30.00");
    let plays = Bought::units(
        hana,
        "Spotify plays",
        "open.spotify.com/track/hana",
        5_000,
        "22.00",
    )
    .standing(Status::Completed, Some(0));
    script.at(script.ago(days(8)), move |s| s.order("hana-plays", &plays));
    script.at(script.ago(days(3)), move |s| {
        s.files(
            "appealed",
            hana,
            Some("hana-plays"),
            "order_cancellation",
            "The plays came much slower than I expected.",
            &[],
            None,
        )
    });
    script.at(script.ago(days(3) - hours(6)), |s| {
        s.rejects("omar", "appealed", "All five thousand plays were delivered, and the policy gives no refund for what was delivered in full.")
    });
    script.at(script.ago(hours(19)), |s| {
        s.appeals(
            "hana",
            "appealed",
            "My statistics show only 3,900 plays. Please look again.",
        )
    });
}

fn questions(script: &mut Script) {
    script.at(script.ago(hours(2)), |s| {
        s.wonders(
            "how-long",
            (CREDITS, "layla"),
            "How long does a refill take?",
            "I would like to know before I order again.",
        )
    });
    script.at(script.ago(days(5)), |s| {
        s.wonders(
            "invoice",
            (CREDITS, "farah"),
            "Invoice with my company's name",
            "Can you put my company on the invoices?",
        )
    });
    script.at(script.ago(days(5) - hours(4)), |s| {
        s.replies(
            "omar",
            "invoice",
            "Yes: enter it under your account, and every invoice from now on will carry it.",
        )
    });
}

/// Those of the past months. Nobody else: a whole balance paid out would take what today's story counts on.
const CUSTOMERS: [&str; 3] = ["abel", "bela", "zoe"];

/// One request of the past months.
pub fn past(script: &mut Script, past: &Past) {
    let customer = past.one_of(&CUSTOMERS);
    let who = (CREDITS, customer);
    let by = if past.by == "lena" { "omar" } else { past.by };
    let (label, order) = (past.label.clone(), format!("{}-order", past.label));
    let charge = past.one_of(&["8.00", "12.50", "21.00", "34.00", "6.40"]);
    // Just before the order: a withdrawal in between would take it.
    script.at(past.at - days(3) - minutes(4), move |s| {
        s.deposit("past", who, charge, ("visa-1881", Usable), None)
    });
    let bought = Bought::units(
        who,
        "Instagram followers",
        "instagram.com/example",
        1_000,
        charge,
    );
    let (bought, ground) = match past.pick {
        0..30 => (
            bought.standing(Status::InProgress, Some(640)),
            "order_cancellation",
        ),
        30..50 => {
            let mut canceled = bought.standing(Status::Canceled, Some(380));
            canceled.progress.canceled_by = Some(CanceledBy::System);
            (canceled, "system_cancellation")
        }
        50..75 => (
            bought
                .standing(Status::Completed, Some(0))
                .shown(refill(30)),
            "delivery_drop",
        ),
        75..85 => (
            bought.standing(Status::Completed, Some(0)),
            "order_cancellation",
        ),
        _ => return balance(script, past, who, by),
    };
    let evidence: &[&str] = if ground == "delivery_drop" {
        &["screenshot"]
    } else {
        &[]
    };
    let named = order.clone();
    script.at(past.at - days(3), move |s| s.order(&named, &bought));
    let (named, filed) = (order.clone(), label.clone());
    let reason = past.one_of(&[
        "I no longer need this.",
        "It stopped and nothing has happened for days.",
        "This is not what I paid for.",
    ]);
    script.at(past.at, move |s| {
        s.files(&filed, who, Some(&named), ground, reason, evidence, None)
    });
    let answered = past.after(5, 30);
    let filed = label.clone();
    match past.pick {
        0..6 => script.at(past.at + hours(2), move |s| s.withdraws(customer, &filed)),
        6..30 => {
            let stopped = label.clone();
            script.at(answered, move |s| s.replies(by, &filed, "We have asked the provider to stop this and will tell you how far it came."));
            script.at(answered + hours(4), move |s| s.establishes(by, &stopped, &[("findings.stop", json!("stopped"))]));
            script.at(answered + hours(5), move |s| {
                s.moves(&order, |progress| {
                    progress.status = Status::Partial;
                    progress.remains = Some("520".to_owned());
                })
            });
            script.at(answered + hours(6), move |s| s.approves(by, &label));
        }
        30..50 => script.at(answered, move |s| s.approves(by, &filed)),
        50..66 => {
            let mended = label.clone();
            script.at(answered, move |s| s.replies(by, &filed, "A refill is on its way."));
            script.at(answered + hours(20), move |s| {
                s.establishes(by, &mended, &[("findings.refill", json!("completed")), ("findings.shortfall", json!(0))])
            });
            script.at(answered + hours(21), move |s| s.approves(by, &label));
        }
        66..75 => {
            let failed = label.clone();
            script.at(answered, move |s| s.replies(by, &filed, "A refill is on its way."));
            script.at(answered + hours(30), move |s| {
                s.establishes(by, &failed, &[("findings.refill", json!("failed")), ("findings.shortfall", json!(250))])
            });
            script.at(answered + hours(31), move |s| s.approves(by, &label));
        }
        _ => script.at(answered, move |s| {
            s.rejects(by, &filed, "Everything was delivered, and the policy gives no refund for what was delivered in full.")
        }),
    }
}

/// The unused balance goes back by the way it came.
fn balance(script: &mut Script, past: &Past, who: (&'static str, &'static str), by: &'static str) {
    let (filed, approved, paid) = (past.label.clone(), past.label.clone(), past.label.clone());
    script.at(past.at, move |s| {
        s.files(&filed, who, None, "unused_balance", "", &[], None)
    });
    let answered = past.after(8, 40);
    script.at(answered, move |s| s.approves(by, &approved));
    script.at(answered + days(2), move |s| s.sends_payouts("priya", &paid));
}
