//! A claim keeps the text that governed it when it was filed (I1): what is published later is for later claims, and no text begins
//! in the past once there are claims.

use super::*;

/// The same words as another version, in force from another day.
fn reissued(version: &str, from: &str) -> String {
    let document = Shelf::built_in_documents()
        .iter()
        .find(|document| document.contains("id = \"panel-credits\""))
        .unwrap();
    // Its cases speak of days before the new one.
    let document = document.split("\n[[cases]]").next().unwrap();
    let line = |key: &str| {
        let line = document.lines().find(|line| line.starts_with(key));
        line.unwrap_or_else(|| panic!("no {key}")).to_owned()
    };
    document
        .replacen(&line("version"), &format!("version = \"{version}\""), 1)
        .replacen(&line("valid_from"), &format!("valid_from = \"{from}\""), 1)
}

impl Shop {
    fn publishes(&self, document: &str, minute: i64) -> Result<()> {
        let act = Act::operator(at(minute), SITE);
        self.db
            .pool
            .write(|tx| policies::publish(tx, &act, document).map(|_| ()))
    }

    /// The version that would judge a claim filed now.
    fn prospect(&self, new: &New, minute: i64) -> String {
        let act = self.act(&self.anna, minute);
        let (_, judged) = self.reads(|conn| claims::preview(conn, &act, new));
        judged.policy.version
    }

    fn judged_by(&self, standing: &Standing) -> String {
        let id = &standing.claim.id;
        let judged = self.reads(|conn| claims::assessed(conn, id));
        judged.policy.version
    }
}

#[test]
fn a_text_cannot_begin_in_the_past_once_there_are_claims() {
    let shop = Shop::of("panel-credits", "UTC");
    let order = shop.order("A-1", "10", "card-1", Status::InProgress, "400");
    shop.publishes(&reissued("early", "2026-02-01"), -10)
        .unwrap();
    let wants = shop.wants(Some(&order), "order_cancellation", "I no longer need it.");
    shop.files(&wants, 0).unwrap();
    let refused = shop.publishes(&reissued("late", "2026-03-02"), 1);
    let words = match refused {
        Err(Error::Refused { words, .. }) => words,
        other => panic!("{other:?}"),
    };
    assert!(words.contains("a day that lies ahead"), "{words}");
    shop.publishes(&reissued("next", "2026-03-03"), 1).unwrap();
}

#[test]
fn an_open_claim_keeps_its_version_when_the_money_it_asks_for_is_newer() {
    const DAY: i64 = 24 * 60;
    let shop = Shop::of("panel-credits", "UTC");
    shop.deposit("D-1", "10", -1_000);
    let wants = shop.wants(None, "unused_balance", "I want it back.");
    let open = shop.files(&wants, -450).unwrap();
    let first = shop.judged_by(&open);
    shop.publishes(&reissued("next", "2026-03-03"), -449)
        .unwrap();
    shop.order("A-1", "10", "balance", Status::InProgress, "400");
    shop.deposit("D-2", "20", 2 * DAY);
    shop.establishes(&open, "customer.verified", true.into(), 2 * DAY + 1);
    assert_eq!(shop.judged_by(&open), first);
    let later = shop.prospect(&shop.wants(None, "unused_balance", "Again."), 2 * DAY + 2);
    assert_eq!(later, "next", "what is filed now is judged by the new text");
    shop.replays();
}
