//! Kumo Downloads, under `digital-downloads`: no refunds but for faults, on both sides of fourteen days to the second. Amounts in
//! yen, which has no smaller unit.

use chrono_tz::Asia::Tokyo;
use serde_json::json;

use super::cast::DOWNLOADS;
use super::history::Past;
use super::script::{Bought, Script, days, hours, minutes};

pub fn today(script: &mut Script) {
    elif(script);
    not_there(script);
    not_as_shown(script);
    minds_changed(script);
    faulty(script);
    came_back(script);
}

/// Somebody to sign in as: not sent yet, just sent, two hours before the fourteen days are over and an hour after.
fn elif(script: &mut Script) {
    let last = script.ago(days(14) - hours(2));
    let over = script.ago(days(14) + hours(1));
    let downloads = [
        (
            "elif-unsent",
            script.ago(minutes(35)),
            None,
            "Lettering set “Harvest”",
            "1800",
        ),
        (
            "elif-sent",
            script.ago(days(2)),
            Some(script.ago(days(2) - minutes(2))),
            "Score, string quartet",
            "2400",
        ),
        (
            "elif-last",
            last,
            Some(last + minutes(2)),
            "Sewing pattern, winter coat",
            "1500",
        ),
        (
            "elif-over",
            over,
            Some(over + minutes(2)),
            "Sewing pattern, summer dress",
            "1200",
        ),
    ];
    for (label, at, sent, title, price) in downloads {
        let bought = Bought::download("elif", title, ("visa-5566", price), sent);
        script.at(at, move |s| s.order(label, &bought));
    }
}

/// The mail never came: the product is owed, so it is sent again first.
fn not_there(script: &mut Script) {
    let oskar = (DOWNLOADS, "oskar");
    let sent = script.ago(days(3));
    let bought = Bought::download(
        "oskar",
        "Photo presets, 60 pieces",
        ("visa-2020", "3200"),
        Some(sent + minutes(1)),
    );
    script.at(sent, move |s| s.order("oskar-presets", &bought));
    script.at(script.ago(hours(26)), move |s| {
        s.files(
            "not-there",
            oskar,
            Some("oskar-presets"),
            "non_delivery",
            "No mail with a link has arrived, also not among the junk.",
            &[],
            None,
        )
    });
    script.at(script.ago(hours(24)), |s| {
        s.replies("lena", "not-there", "I have sent the link once more, from another address. Please tell me whether it arrived.")
    });
}

/// The picture that would show it is missing.
fn not_as_shown(script: &mut Script) {
    let tomoko = (DOWNLOADS, "tomoko");
    let sent = script.on(Tokyo, 5, (18, 30));
    let bought = Bought::download(
        "tomoko",
        "3D model, tea house",
        ("visa-8118", "6800"),
        Some(sent + minutes(1)),
    );
    script.at(sent, move |s| s.order("tomoko-model", &bought));
    script.at(script.ago(hours(11)), move |s| {
        s.files(
            "not-as-shown",
            tomoko,
            Some("tomoko-model"),
            "not_as_described",
            "The page shows textures, the file has none.",
            &[],
            None,
        )
    });
    script.at(script.ago(hours(8)), |s| {
        s.asks(
            "lena",
            "not-as-shown",
            "Could you send us a picture of the model as your program opens it?",
        )
    });
}

/// A change of mind, for which the text gives nothing; and one on the last day, where its two counts of time disagree.
fn minds_changed(script: &mut Script) {
    let hana = (DOWNLOADS, "hana");
    let sent = script.ago(days(1));
    let bought = Bought::download(
        "hana",
        "Score, piano trio",
        ("visa-3131", "2100"),
        Some(sent + minutes(1)),
    );
    script.at(sent, move |s| s.order("hana-score", &bought));
    script.at(script.ago(hours(4)), move |s| {
        s.files(
            "minds-changed",
            hana,
            Some("hana-score"),
            "change_of_mind",
            "It is too difficult for our group after all.",
            &[],
            None,
        )
    });
}

/// Support could not mend it, so the exception can be made: the seller *may*.
fn faulty(script: &mut Script) {
    let quinn = (DOWNLOADS, "quinn");
    let sent = script.ago(days(6));
    let bought = Bought::download(
        "quinn",
        "Brush set for painters",
        ("paypal-quinn", "4500"),
        Some(sent + minutes(1)),
    );
    script.at(sent, move |s| s.order("quinn-brushes", &bought));
    script.at(script.ago(hours(33)), move |s| {
        s.files(
            "faulty",
            quinn,
            Some("quinn-brushes"),
            "major_defect",
            "The archive breaks off at two thirds.",
            &["screenshot+"],
            None,
        )
    });
    script.at(script.ago(hours(29)), |s| s.takes("lena", "faulty"));
    script.at(script.ago(hours(29) - minutes(3)), |s| {
        s.replies(
            "lena",
            "faulty",
            "Could you try the second link? We have packed it anew.",
        )
    });
    script.at(script.ago(hours(5)), |s| {
        s.establishes("lena", "faulty", &[("findings.repaired", json!(false))])
    });
}

/// The card had been closed meanwhile: the money came back, and another way has to be found.
fn came_back(script: &mut Script) {
    let tomoko = (DOWNLOADS, "tomoko");
    let sent = script.on(Tokyo, 11, (20, 10));
    let bought = Bought::download(
        "tomoko",
        "3D model, garden gate",
        ("visa-0411", "3900"),
        Some(sent + minutes(1)),
    );
    script.at(sent, move |s| s.order("tomoko-gate", &bought));
    script.at(script.ago(days(8)), move |s| {
        s.files(
            "came-back",
            tomoko,
            Some("tomoko-gate"),
            "major_defect",
            "The file ends in the middle.",
            &["screenshot"],
            None,
        )
    });
    script.at(script.ago(days(7) + hours(12)), |s| {
        s.establishes("lena", "came-back", &[("findings.repaired", json!(false))])
    });
    script.at(script.ago(days(7) + hours(11)), |s| {
        s.approves("lena", "came-back")
    });
    script.at(script.ago(days(3)), |s| {
        s.bank_refuses("priya", "came-back", "The card was closed")
    });
}

const CUSTOMERS: [&str; 5] = ["elif", "hana", "oskar", "quinn", "tomoko"];

/// One request of the past months.
pub fn past(script: &mut Script, past: &Past) {
    let customer = past.one_of(&CUSTOMERS);
    let who = (DOWNLOADS, customer);
    let price = past.one_of(&["1200", "2800", "5400"]);
    let placed = past.at - days(3);
    let sent = (past.pick < 90).then(|| placed + minutes(2));
    let bought = Bought::download(
        customer,
        "Sewing pattern, apron",
        ("visa-2020", price),
        sent,
    );
    let order = format!("{}-order", past.label);
    let named = order.clone();
    script.at(placed, move |s| s.order(&named, &bought));
    let (ground, evidence, facts): (&str, &[&str], Vec<(&'static str, serde_json::Value)>) =
        match past.pick {
            0..25 => ("change_of_mind", &[], Vec::new()),
            25..45 => ("bought_by_mistake", &[], Vec::new()),
            45..60 => (
                "not_as_described",
                &["screenshot"],
                vec![("findings.matches_description", json!(false))],
            ),
            60..75 => (
                "major_defect",
                &["screenshot"],
                vec![("findings.repaired", json!(false))],
            ),
            75..90 => (
                "non_delivery",
                &[],
                vec![("findings.resend", json!("received"))],
            ),
            _ => ("cancel_before_sending", &[], Vec::new()),
        };
    let (filed, established, label, paid) = (
        past.label.clone(),
        past.label.clone(),
        past.label.clone(),
        past.label.clone(),
    );
    let reason = past.one_of(&[
        "I would like my money back.",
        "This is not what I expected.",
        "It cannot be opened.",
    ]);
    script.at(past.at, move |s| {
        s.files(&filed, who, Some(&order), ground, reason, evidence, None)
    });
    let at = past.after(10, 70);
    if past.pick < 45 {
        let words = "A change of mind and a purchase by mistake are not among the reasons for which this shop refunds.";
        let refused = label.clone();
        script.at(at, move |s| s.rejects("lena", &refused, words));
        if past.pick >= 38 {
            let appealed = label.clone();
            script.at(at + hours(6), move |s| {
                s.appeals(
                    customer,
                    &appealed,
                    "I bought it twice within a minute, please look at both orders.",
                )
            });
            let words = "Bought twice within a minute; the second link was never opened.";
            script.at(at + hours(20), move |s| {
                s.grants("priya", &label, price, "goodwill", words)
            });
            script.at(at + days(3), move |s| s.sends_payouts("priya", &paid));
        }
        return;
    }
    if !facts.is_empty() {
        script.at(at - hours(1), move |s| {
            s.establishes("lena", &established, &facts)
        });
    }
    script.at(at, move |s| s.approves("lena", &label));
    script.at(at + days(3), move |s| s.sends_payouts("priya", &paid));
}
