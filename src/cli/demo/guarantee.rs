//! Pacific Growth, under `panel-guarantee`: cancellations that the policy pays by itself, balances around the five-dollar minimum and
//! the large refund, and a decision that is due within twenty minutes.

use chrono_tz::America::Los_Angeles;
use serde_json::json;

use super::cast::GUARANTEE;
use super::history::Past;
use super::script::{Bought, Script, days, hours, minutes};
use crate::rules::facts::MethodStatus::{Closed, Usable};
use crate::rules::facts::Status;
use crate::rules::policy::Shelf;
use crate::rules::priority::Priority;

const ANNA: (&str, &str) = (GUARANTEE, "anna");

/// The text before today's, with a higher minimum. Nothing in the story is old enough to be judged by it.
pub fn earlier_text() -> String {
    let mine = format!("id = \"{GUARANTEE}\"");
    let today = Shelf::built_in_documents()
        .iter()
        .find(|document| document.contains(&mine));
    let rules = today.and_then(|document| document.split_once("[samples."));
    let changes = [
        ("2025-04-12", "2023-09-01"),
        ("12 April 2025", "1 September 2023"),
        ("\"5.00\"", "\"10.00\""),
        ("$5.00", "$10.00"),
        ("five US dollars", "ten US dollars"),
    ];
    let rules = rules.map_or_else(String::new, |(rules, _)| rules.to_owned());
    changes
        .into_iter()
        .fold(rules, |text, (today, then)| text.replace(today, then))
}

pub fn today(script: &mut Script) {
    anna(script);
    due_soon(script);
    balances(script);
    above_the_limit(script);
    disclosed(script);
    charged_back(script);
    by_the_panel(script);
}

/// A chargeback without a word to the shop: suspended for a month, explained, lifted, and won at the bank in the end.
fn charged_back(script: &mut Script) {
    let quinn = (GUARANTEE, "quinn");
    script.at(script.ago(days(47)), move |s| {
        s.deposit("quinn-back", quinn, "60.00", ("visa-6611", Usable), None)
    });
    let listeners = Bought::units(
        quinn,
        "Podcast listeners",
        "podcasts.example/quinn-at-sea",
        3_000,
        "36.00",
    );
    let listeners = listeners.standing(Status::InProgress, Some(3_000));
    script.at(script.ago(days(46)), move |s| {
        s.order("quinn-podcast", &listeners)
    });
    script.at(script.ago(days(43)), |s| {
        s.moves("quinn-podcast", |progress| {
            progress.status = Status::Completed;
            progress.remains = Some("0".to_owned());
        })
    });
    let due = script.ago(days(2));
    script.at(script.ago(days(16)), move |s| s.disputes("quinn-back", due));
    let until = script.now + days(15);
    script.at(script.ago(days(15)), move |s| {
        let why = "Your bank took back $60.00 for listeners that were delivered, and nobody wrote to us before.";
        s.suspends("priya", "quinn-back", why, until)
    });
    script.at(script.ago(days(13)), move |s| {
        s.wonders("quinn-objects", quinn, "About S-1001", "My partner did not know the name on the statement and called the bank. I am sorry, and I have told them that the payment was mine.")
    });
    script.at(script.ago(days(12)), |s| {
        s.replies(
            "priya",
            "quinn-objects",
            "Thank you for telling us. I have lifted it, and your account is as it was.",
        )
    });
    script.at(script.ago(days(12)), |s| {
        s.lifts(
            "priya",
            "quinn-back",
            "You explained how it came about, and told your bank.",
        )
    });
    script.at(script.ago(days(12) - hours(1)), |s| {
        s.closes("priya", "quinn-objects")
    });
    script.at(script.ago(days(4)), |s| s.wins("priya", "quinn-back"));
}

/// The panel ended an order half way, and the policy credited the rest by itself: nobody had asked.
fn by_the_panel(script: &mut Script) {
    let bought = Bought::units(
        ANNA,
        "Facebook page likes",
        "facebook.com/anna.sails",
        800,
        "8.00",
    )
    .standing(Status::InProgress, Some(800));
    script.at(script.ago(days(1) + hours(5)), move |s| {
        s.order("anna-panel", &bought)
    });
    script.at(script.ago(hours(23)), |s| {
        s.panel_says("anna-panel", "23501", "In progress", 560)
    });
    script.at(script.ago(hours(9)), |s| {
        s.panel_says("anna-panel", "23501", "Partial", 320)
    });
}

/// Somebody to sign in as: three payment methods, an order to cancel, one stopped half way, one under way.
fn anna(script: &mut Script) {
    let deposits = [
        (90, "15.00", "visa-0007", Closed, None),
        (58, "50.00", "visa-4242", Usable, None),
        (33, "30.00", "paypal-anna", Usable, None),
        (12, "21.80", "iban-9931", Usable, Some(("20.00", "EUR"))),
    ];
    for (back, amount, method, state, paid) in deposits {
        let at = script.on(Los_Angeles, back, (10, 5));
        script.at(at, move |s| {
            s.deposit("anna", ANNA, amount, (method, state), paid)
        });
    }
    let followers = |quantity, charge| {
        Bought::units(
            ANNA,
            "Instagram followers",
            "instagram.com/anna.sails",
            quantity,
            charge,
        )
    };
    let views = |quantity, charge| {
        Bought::units(
            ANNA,
            "YouTube views",
            "youtube.com/watch?v=annasails",
            quantity,
            charge,
        )
    };
    let orders = [
        (
            "anna-pending",
            script.ago(minutes(25)),
            followers(900, "9.00"),
        ),
        (
            "anna-partial",
            script.ago(days(2)),
            followers(1_000, "10.00").standing(Status::InProgress, Some(400)),
        ),
        (
            "anna-waiting",
            script.ago(hours(20)),
            views(5_000, "14.00").standing(Status::InProgress, Some(5_000)),
        ),
        (
            "anna-done",
            script.ago(days(9)),
            views(2_000, "6.00").standing(Status::Completed, Some(0)),
        ),
        (
            "anna-processing",
            script.ago(hours(2)),
            followers(400, "4.00").standing(Status::Processing, None),
        ),
    ];
    for (label, at, bought) in orders {
        script.at(at, move |s| s.order(label, &bought));
    }
    let stopped = script.ago(hours(6));
    script.at(stopped, |s| {
        s.moves("anna-partial", |progress| progress.status = Status::Partial)
    });
    script.at(script.ago(days(8)), |s| {
        s.wonders(
            "anna-card",
            ANNA,
            "My old card is closed",
            "I paid fifteen dollars with a card that I no longer have. Is that money lost?",
        )
    });
    script.at(script.ago(days(8) - hours(2)), |s| {
        s.replies(
            "omar",
            "anna-card",
            "It is not lost: you can spend it here as before, and a person looks for another way when you ask to have it paid out.",
        )
    });
    script.at(script.ago(days(3)), |s| s.closes("omar", "anna-card"));
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
            (GUARANTEE, customer),
            amount,
            ("visa-7304", Usable),
            None,
        )
    });
}

/// Answered yesterday, to be decided within the forty-eight hours: twenty minutes are left.
fn due_soon(script: &mut Script) {
    let ines = (GUARANTEE, "ines");
    paid_up(script, "ines", script.ago(days(20)), "60.00");
    let bought = Bought::units(ines, "Telegram members", "t.me/saudade_fm", 1_500, "27.00")
        .standing(Status::InProgress, Some(900));
    script.at(script.ago(days(4)), move |s| {
        s.order("ines-members", &bought)
    });
    script.at(script.ago(hours(47) + minutes(40)), move |s| {
        s.files(
            "decide-soon",
            ines,
            Some("ines-members"),
            "target_unavailable",
            "The channel was closed by the platform, so nobody can join it any more.",
            &[],
            None,
        )
    });
    script.at(script.ago(hours(40)), |s| s.takes("omar", "decide-soon"));
    script.at(script.ago(hours(40) - minutes(3)), |s| {
        s.replies("omar", "decide-soon", "I am checking with the provider whether the channel is gone and how many had joined by then.")
    });
    script.at(script.ago(hours(3)), |s| {
        s.notes(
            "omar",
            "decide-soon",
            "The provider answers slowly today; I opened the channel myself and it is gone.",
        )
    });
}

/// A cent below the minimum, at the minimum, above what needs a proof of who somebody is, and one on its way.
fn balances(script: &mut Script) {
    for (customer, label, amount, back) in [
        ("kofi", "at-minimum", "5.00", 26),
        ("quinn", "below-minimum", "4.99", 9),
    ] {
        let who = (GUARANTEE, customer);
        script.at(script.ago(days(25)), move |s| {
            s.deposit(customer, who, amount, ("visa-7304", Usable), None)
        });
        script.at(script.ago(hours(back)), move |s| {
            s.files(
                label,
                who,
                None,
                "balance_withdrawal",
                "I have stopped posting and would like the rest back.",
                &[],
                None,
            )
        });
    }
    script.at(script.ago(hours(22)), |s| {
        s.replies("omar", "at-minimum", "Thank you, your balance is being checked. You will hear from us before tomorrow evening.")
    });
    let rosa = (GUARANTEE, "rosa");
    script.at(script.ago(days(44)), move |s| {
        s.deposit("rosa", rosa, "310.00", ("iban-2207", Usable), None)
    });
    script.at(script.ago(hours(15)), move |s| {
        s.files(
            "large",
            rosa,
            None,
            "balance_withdrawal",
            "Our campaign ended early. Please pay the balance back.",
            &[],
            None,
        )
    });
    let georg = (GUARANTEE, "georg");
    script.at(script.ago(days(40)), move |s| {
        s.deposit("georg", georg, "64.00", ("paypal-georg", Usable), None)
    });
    // Two methods, one of them in another currency: each gets back what came by it.
    script.at(script.ago(days(36)), move |s| {
        let paid = Some(("24.00", "EUR"));
        s.deposit("georg-iban", georg, "26.00", ("iban-7741", Usable), paid)
    });
    script.at(script.ago(days(4)), move |s| {
        s.files(
            "to-send",
            georg,
            None,
            "balance_withdrawal",
            "I am closing my shop.",
            &[],
            None,
        )
    });
    script.at(script.ago(days(3)), |s| s.approves("omar", "to-send"));
    came_back(script);
}

/// Sent in a file to a bank, and returned ten days later: the card was closed meanwhile.
fn came_back(script: &mut Script) {
    let hilde = (GUARANTEE, "hilde");
    script.at(script.ago(days(40)), move |s| {
        s.deposit("hilde", hilde, "46.00", ("visa-5150", Usable), None)
    });
    script.at(script.ago(days(14)), move |s| {
        s.files(
            "returned",
            hilde,
            None,
            "balance_withdrawal",
            "I am done with my project. Please pay me back what is left.",
            &[],
            None,
        )
    });
    script.at(script.ago(days(13)), |s| s.approves("omar", "returned"));
    script.at(script.ago(days(12)), |s| s.sends_file("priya", GUARANTEE));
    script.at(script.ago(hours(29)), |s| {
        s.bank_returns("priya", "returned", "The card was closed.")
    });
}

/// Clear, but more than an agent may grant alone.
fn above_the_limit(script: &mut Script) {
    let rosa = (GUARANTEE, "rosa");
    paid_up(script, "rosa", script.ago(days(19)), "180.00");
    let bought = Bought::units(
        rosa,
        "Spotify plays",
        "open.spotify.com/album/rosa",
        60_000,
        "180.00",
    )
    .standing(Status::InProgress, Some(48_000));
    script.at(script.ago(days(6)), move |s| s.order("rosa-plays", &bought));
    script.at(script.ago(hours(18)), move |s| {
        s.files(
            "above-limit",
            rosa,
            Some("rosa-plays"),
            "service_discontinued",
            "Your page says that this service has ended, and my order stands still.",
            &[],
            None,
        )
    });
    script.at(script.ago(hours(16)), |s| s.takes("omar", "above-limit"));
    script.at(script.ago(hours(16)) + minutes(1), |s| {
        s.presses("omar", "above-limit", Priority::High)
    });
    script.at(script.ago(hours(16) - minutes(5)), |s| {
        s.establishes(
            "omar",
            "above-limit",
            &[
                ("findings.service_discontinued", json!(true)),
                ("findings.can_complete", json!(false)),
            ],
        )
    });
    script.at(script.ago(hours(16) - minutes(9)), |s| {
        s.notes(
            "omar",
            "above-limit",
            "Discontinued since Monday. Above my limit: for Priya.",
        )
    });
    script.at(script.ago(hours(16) - minutes(12)), |s| {
        s.proposes("omar", "above-limit")
    });
}

/// The buyer was told before the order that this service is not refunded once started.
fn disclosed(script: &mut Script) {
    let kofi = (GUARANTEE, "kofi");
    paid_up(script, "kofi", script.ago(days(7)), "20.00");
    let bought = Bought::units(
        kofi,
        "Live stream viewers",
        "twitch.tv/kofi_plays",
        300,
        "20.00",
    )
    .standing(Status::InProgress, Some(120))
    .shown(json!({"refill": "none", "refundable_once_started": false}));
    script.at(script.ago(days(2)), move |s| {
        s.order("kofi-viewers", &bought)
    });
    script.at(script.ago(hours(7)), move |s| {
        s.files(
            "disclosed",
            kofi,
            Some("kofi-viewers"),
            "order_cancellation",
            "The stream is over, please stop the viewers.",
            &[],
            None,
        )
    });
}

/// Those of the past months. Nobody else: a whole balance paid out would take what today's story counts on.
const CUSTOMERS: [&str; 5] = ["ulla", "viktor", "wanda", "ximena", "yusuf"];

/// One request of the past months.
pub fn past(script: &mut Script, past: &Past) {
    let customer = past.one_of(&CUSTOMERS);
    let who = (GUARANTEE, customer);
    let by = if past.by == "lena" { "omar" } else { past.by };
    let charge = past.one_of(&["11.00", "24.00", "7.20", "52.00", "16.50"]);
    if past.pick >= 86 {
        return withdrawal(script, past, who);
    }
    let order = format!("{}-order", past.label);
    let bought = Bought::units(who, "TikTok likes", "tiktok.com/@example", 2_000, charge);
    let bought = match past.pick {
        0..20 => bought.standing(Status::Partial, Some(700)),
        20..36 => bought,
        _ => bought.standing(Status::InProgress, Some(1_300)),
    };
    let named = order.clone();
    let placed = if past.pick < 36 {
        past.at - hours(3)
    } else {
        past.at - days(3)
    };
    // Just before the order: a withdrawal in between would take it.
    script.at(placed - minutes(4), move |s| {
        s.deposit("past", who, charge, ("visa-7304", Usable), None)
    });
    script.at(placed, move |s| s.order(&named, &bought));
    if (20..36).contains(&past.pick) {
        return script.at(past.at, move |s| {
            s.cancel(customer, &order, "order_cancellation")
        });
    }
    let (ground, facts): (&str, Vec<(&'static str, serde_json::Value)>) = match past.pick {
        0..20 => ("partial_delivery", Vec::new()),
        36..50 => (
            "target_unavailable",
            vec![("findings.target_available", json!(false))],
        ),
        50..60 => (
            "service_unavailable",
            vec![
                ("findings.service_available", json!(false)),
                ("findings.can_complete", json!(false)),
            ],
        ),
        60..66 => ("system_error", vec![("findings.system_error", json!(true))]),
        _ => ("order_cancellation", Vec::new()),
    };
    let filed = past.label.clone();
    let reason = past.one_of(&[
        "My profile is gone and this cannot finish.",
        "It says partial. Where is the rest of my money?",
        "I did not mean to order this twice.",
    ]);
    script.at(past.at, move |s| {
        s.files(
            &filed,
            who,
            Some(&order),
            ground,
            reason,
            &["screenshot"],
            None,
        )
    });
    if past.pick < 20 {
        return;
    }
    decided(script, past, by, facts);
}

/// A person establishes what there is to establish and decides, within two days or after them.
fn decided(
    script: &mut Script,
    past: &Past,
    by: &'static str,
    facts: Vec<(&'static str, serde_json::Value)>,
) {
    let at = past.after(9 + (past.turn % 5) as i64 * 6, 54);
    let (established, label) = (past.label.clone(), past.label.clone());
    if !facts.is_empty() {
        script.at(at - hours(1), move |s| {
            s.establishes(by, &established, &facts)
        });
        return script.at(at, move |s| s.approves(by, &label));
    }
    if past.pick < 78 {
        let words = "The order had started and your policy gives no refund for a change of mind after that.";
        return script.at(at, move |s| s.rejects(by, &label, words));
    }
    let words =
        "First complaint in a year, and the provider was slow: half of what was not delivered.";
    script.at(at, move |s| {
        s.grants("priya", &label, "3.00", "goodwill", words)
    });
}

fn withdrawal(script: &mut Script, past: &Past, who: (&'static str, &'static str)) {
    let [filed, known, decided, paid] = [0; 4].map(|_| past.label.clone());
    let amount = past.one_of(&["18.00", "36.00", "9.50"]);
    script.at(past.at - hours(5), move |s| {
        s.deposit("past", who, amount, ("visa-7304", Usable), None)
    });
    let reason = "I will not order again and would like my balance back.";
    script.at(past.at, move |s| {
        s.files(&filed, who, None, "balance_withdrawal", reason, &[], None)
    });
    let at = past.after(20, 51);
    // A whole balance may be more than an agent grants alone, and than is paid to somebody unknown.
    script.at(at - minutes(2), move |s| s.identifies("priya", &known));
    script.at(at, move |s| s.approves("priya", &decided));
    script.at(
        at + days(if past.turn.is_multiple_of(7) { 9 } else { 4 }),
        move |s| s.sends_payouts("priya", &paid),
    );
}
