//! The policy room: a version is written, tried on the past, put before a second person and published. Ruth and Tom are managers,
//! Omar is an agent; Numero sells virtual numbers to Anna under a text that gives seven days.

mod pages;
mod trials;

use chrono::{DateTime, Duration, Utc};
use redress::act::{Act, Door, Person, Role, Who};
use redress::db;
use redress::db::claims::Claim;
use redress::db::policy_drafts::PolicyDraft;
use redress::desk::claims::{self, New};
use redress::desk::policies;
use redress::error::{Error, Result};
use redress::ids::PersonId;
use redress::rules::facts::{Sms, Status};

use crate::support::app::Desk;
use crate::support::make::{Shop, progress, visa};

const POLICY: &str = "virtual-numbers";
const BASE: &str = "2024-04-02";
const RUTH: &str = "ruth@desk.example";
const TOM: &str = "tom@desk.example";

pub struct Room<'a> {
    desk: &'a Desk,
    shop: Shop<'a>,
    anna: PersonId,
    ruth: PersonId,
    tom: PersonId,
}

impl<'a> Room<'a> {
    fn of(desk: &'a Desk) -> Room<'a> {
        Room {
            desk,
            shop: Shop::of(&desk.app.pool, desk.app.now(), "Numero", POLICY),
            anna: desk.person("Anna Lindqvist", "anna@harbor.example", Role::Customer),
            ruth: desk.person("Ruth Okafor", RUTH, Role::Manager),
            tom: desk.person("Tom Adler", TOM, Role::Manager),
        }
    }

    fn act(&self, who: &PersonId, at: DateTime<Utc>) -> Act {
        let row = self.reads(|conn| Ok(db::people::find(conn, who)?));
        let sellers = self.reads(|conn| Ok(db::people::sellers_of(conn, who)?));
        let person = Person {
            id: row.id,
            name: row.name,
            email: row.email,
            role: row.role,
            sellers,
        };
        Act {
            who: Who::Person(person),
            at,
            via: Door::Queue,
            request: String::new(),
            site: "https://desk.example".to_owned(),
        }
    }

    fn now(&self) -> DateTime<Utc> {
        self.desk.app.now()
    }

    fn reads<T>(&self, work: impl FnOnce(&mut db::Conn) -> Result<T>) -> T {
        self.desk.app.pool.read(work).unwrap()
    }

    fn writes<T>(&self, work: impl FnMut(&mut db::Tx) -> Result<T>) -> Result<T> {
        self.desk.app.pool.write(work)
    }

    /// A number that Anna bought so many days before she claims that no message came; the claim is so many days old.
    fn claim(&self, reference: &str, charge: &str, after: i64, days_ago: i64) -> Claim {
        let filed = self.now() - Duration::days(days_ago);
        let placed = filed - Duration::days(after);
        let order = self.shop.order(&self.anna, reference, charge, |order| {
            order.title = "UK number, 30 days".to_owned();
            order.placed_at = Some(placed);
            order.told_at = placed;
            order.quantity = None;
            order.snapshot_json = "{}".to_owned();
            order.progress = progress(Status::Completed, None);
            order.progress.sms = Some(Sms::NotReceived);
            if let Some(parts) = &mut order.paid_with {
                parts[0].method = visa().reference;
            }
        });
        let new = New {
            seller: self.shop.seller.clone(),
            customer: self.anna.clone(),
            order: Some(order.id),
            ground: "sms_not_received".to_owned(),
            reason: "I asked for the code four times.".to_owned(),
            requested_e8: None,
            remedy_choice: None,
            evidence: vec![("screenshot".to_owned(), None)],
            draft: None,
        };
        let act = self.act(&self.anna, filed);
        self.writes(|tx| claims::file(tx, &act, &new))
            .unwrap()
            .claim
    }

    fn begins(&self, version: &str) -> PolicyDraft {
        let (act, from) = (self.act(&self.ruth, self.now()), self.in_days(30));
        self.writes(|tx| policies::begin(tx, &act, (POLICY, BASE), version, from))
            .unwrap()
    }

    fn in_days(&self, days: i64) -> chrono::NaiveDate {
        (self.now() + Duration::days(days)).date_naive()
    }

    fn text(&self, draft: &PolicyDraft) -> String {
        self.reads(|conn| {
            let draft = db::policy_drafts::find(conn, &draft.id)?;
            Ok(db::policy_drafts::newest(conn, &draft)?.document)
        })
    }

    /// Five claims of February, so many days after the purchase: 5, 9, 12, 14 and 15.
    fn history(&self) {
        for (reference, charge, after) in [
            ("N-1", "2.00", 5),
            ("N-2", "4.00", 9),
            ("N-3", "6.00", 12),
            ("N-4", "8.00", 14),
            ("N-5", "16.00", 15),
        ] {
            self.claim(reference, charge, after, 10);
        }
    }

    /// The newest text of the draft with that number.
    fn newest(&self, number: &str) -> String {
        let draft = self.reads(|conn| Ok(db::policy_drafts::by_number(conn, number)?));
        self.text(&draft)
    }

    fn saves(&self, draft: &PolicyDraft, change: impl Fn(String) -> String) -> PolicyDraft {
        let (act, text) = (self.act(&self.ruth, self.now()), change(self.text(draft)));
        self.writes(|tx| policies::save(tx, &act, &draft.id, draft.seq, &text))
            .unwrap()
    }

    /// Ruth's draft: fourteen days instead of seven where no message came.
    fn fourteen(&self) -> PolicyDraft {
        let draft = self.begins("fourteen");
        self.saves(&draft, fourteen)
    }
}

/// The text with fourteen days for D4 and for the general rule of D8, in figures, words and cases.
fn fourteen(text: String) -> String {
    let window = |text: String, clause: &str| {
        let at = text.find(&format!("id = \"{clause}\"")).unwrap();
        let (before, rest) = text.split_at(at);
        format!("{before}{}", rest.replacen("days = 7", "days = 14", 1))
    };
    window(window(text, "D4"), "D8")
        .replace("Seven days for missing", "Fourteen days for missing")
        .replace(
            "within seven days from the day the number",
            "within fourteen days from the day the number",
        )
        .replace("One week, in writing", "Two weeks, in writing")
        .replace("within one week after", "within two weeks after")
        .replace("2025-05-08T23:59:59Z", "2025-05-15T23:59:59Z")
        .replace(
            "received_at = \"2025-05-09T00:00:00Z\" }\nexpect = { outcome = \"ineligible\"",
            "received_at = \"2025-05-16T00:00:00Z\" }\nexpect = { outcome = \"ineligible\"",
        )
        .replace(
            "{ outcome = \"needs_review\", amount = \"20\", cites = [\"D3c\", \"D8\"] }",
            "{ outcome = \"eligible\", amount = \"20\" }",
        )
}

#[test]
fn every_text_is_kept_and_one_that_does_not_read_too() {
    let desk = Desk::open();
    let room = Room::of(&desk);
    let draft = room.begins("fourteen");
    assert_eq!(draft.number, "V-1001");
    assert!(room.text(&draft).contains("cases_from = \"2024-04-02\""));
    let broken = room.saves(&draft, |text| text.replace("[[grounds]]", "[[grounds]"));
    let (_, checks) = room.reads(|conn| policies::examine(conn, &broken));
    assert!(checks.policy.is_none() && checks.flaws[0].message.contains("line"));
    let mended = room.saves(&broken, |text| {
        text.replace("[[grounds]\n", "[[grounds]]\n")
    });
    let (_, checks) = room.reads(|conn| policies::examine(conn, &mended));
    assert_eq!(checks.blocks(), Vec::<String>::new());
    let kept = room.reads(|conn| Ok(db::policy_drafts::history(conn, &draft.id, 10)?));
    assert_eq!(kept.iter().map(|row| row.0).collect::<Vec<_>>(), [3, 2, 1]);
    let second = room.reads(|conn| Ok(db::policy_drafts::nth(conn, &draft.id, 2)?));
    assert!(second.document.contains("[[grounds]\n"));
    // Somebody who saw an older text overwrites nothing.
    let act = room.act(&room.tom, room.now());
    let stale = room.writes(|tx| policies::save(tx, &act, &draft.id, 2, "mine"));
    assert!(matches!(stale, Err(Error::Stale)));
    assert_eq!(room.text(&mended), room.text(&draft));
}

#[test]
fn a_second_person_publishes_it_and_the_first_never_does() {
    let desk = Desk::open();
    let room = Room::of(&desk);
    let draft = room.fourteen();
    let (ruth, tom) = (
        room.act(&room.ruth, room.now()),
        room.act(&room.tom, room.now()),
    );
    let propose = |accepted| {
        room.writes(|tx| policies::propose(tx, &ruth, &draft.id, draft.seq, ("Fairer.", accepted)))
    };
    // The warnings are read first.
    assert!(matches!(propose(false), Err(Error::Invalid(_))));
    propose(true).unwrap();
    // Whoever may be the second is told, and nobody else.
    let told = |kind: &str| -> Vec<(String, String)> {
        let letters = desk.letters().into_iter().filter(|row| row.kind == kind);
        letters.map(|row| (row.recipient, row.text)).collect()
    };
    let proposed = told("policy_proposed");
    assert_eq!(proposed.len(), 1, "{proposed:?}");
    assert_eq!(proposed[0].0, TOM);
    assert!(proposed[0].1.contains("In their words:\nFairer."));
    assert!(
        proposed[0]
            .1
            .contains(&format!("/queue/drafts/{}", draft.number))
    );
    let own = room.writes(|tx| policies::agree(tx, &ruth, &draft.id, draft.seq));
    assert!(
        matches!(&own, Err(Error::Refused { code, .. }) if code.name() == "own_claim"),
        "{own:?}"
    );
    // A change after the proposal is another text: nobody agrees to it unseen.
    let changed = room.saves(&draft, |text| format!("{text}\n# One more thought.\n"));
    let unseen = room.writes(|tx| policies::agree(tx, &tom, &draft.id, draft.seq));
    assert!(matches!(unseen, Err(Error::Stale)));
    let nowhere = room.writes(|tx| policies::save(tx, &tom, &draft.id, i64::MAX, "a text"));
    assert!(matches!(nowhere, Err(Error::Stale)));
    let none = room.writes(|tx| policies::agree(tx, &tom, &draft.id, changed.seq));
    assert!(matches!(&none, Err(Error::Refused { code, .. }) if code.name() == "already_done"));
    room.writes(|tx| policies::propose(tx, &ruth, &draft.id, changed.seq, ("", true)))
        .unwrap();
    let published = room
        .writes(|tx| policies::agree(tx, &tom, &draft.id, changed.seq))
        .unwrap();
    assert_eq!(published.published_by, room.tom.as_str());
    assert_eq!(published.document, room.text(&changed));
    let states = room.reads(|conn| Ok(db::policy_drafts::proposals(conn, &draft.id)?));
    let states: Vec<&str> = states.iter().map(|row| row.state.as_str()).collect();
    assert_eq!(states, ["approved", "overtaken"]);
    let settled = told("policy_settled");
    assert_eq!(settled.len(), 1, "{settled:?}");
    assert_eq!(settled[0].0, RUTH);
    assert!(settled[0].1.contains("agreed: version"), "{}", settled[0].1);
    let over = room.writes(|tx| policies::save(tx, &ruth, &draft.id, changed.seq, "more"));
    assert!(matches!(over, Err(Error::Refused { .. })));
}

#[test]
fn a_text_with_a_failing_case_or_a_day_that_is_past_is_not_proposed() {
    let desk = Desk::open();
    let room = Room::of(&desk);
    let draft = room.begins("fourteen");
    let ruth = room.act(&room.ruth, room.now());
    let broken = room.saves(&draft, |text| text.replacen("days = 7", "days = 6", 1));
    let proposed = |seq| room.writes(|tx| policies::propose(tx, &ruth, &draft.id, seq, ("", true)));
    match proposed(broken.seq) {
        Err(Error::Refused { words, .. }) => assert!(
            words.contains("cases.") && words.contains("expected"),
            "{words}"
        ),
        other => panic!("{other:?}"),
    }
    let late = room.saves(&broken, |text| {
        text.replacen("days = 6", "days = 7", 1)
            .replace(&room.in_days(30).to_string(), &room.in_days(0).to_string())
    });
    assert!(matches!(proposed(late.seq), Err(Error::Invalid(_))));
}

#[test]
fn what_is_published_governs_later_claims_and_open_ones_keep_their_text() {
    let desk = Desk::open();
    let room = Room::of(&desk);
    let open = room.claim("N-1", "4.00", 9, 0);
    assert_eq!(open.outcome, "ineligible");
    let draft = room.fourteen();
    let (ruth, tom) = (
        room.act(&room.ruth, room.now()),
        room.act(&room.tom, room.now()),
    );
    room.writes(|tx| policies::propose(tx, &ruth, &draft.id, draft.seq, ("", true)))
        .unwrap();
    room.writes(|tx| policies::agree(tx, &tom, &draft.id, draft.seq))
        .unwrap();
    desk.advance(Duration::days(60));
    let later = room.claim("N-2", "4.00", 9, 0);
    assert_eq!(later.outcome, "eligible");
    let act = room.act(&room.ruth, room.now());
    let again = room.writes(|tx| {
        let seen = db::tickets::find(tx, &open.ticket_id)?.seq;
        let facts = [("customer.verified".to_owned(), true.into())];
        claims::establish(tx, &act, &open.id, seen, &facts, "own_check")
    });
    assert_eq!(again.unwrap().unwrap().claim.outcome, "ineligible");
    let replayed = room.reads(claims::replay);
    assert_eq!(replayed.differing, Vec::new());
}

#[test]
fn a_manager_of_some_sellers_leaves_the_texts_of_the_others_alone() {
    let desk = Desk::open();
    let room = Room::of(&desk);
    let other = Shop::of(
        &desk.app.pool,
        desk.app.now(),
        "Other Shop",
        "panel-credits",
    );
    let nina = desk.staff(
        "Nina Weiss",
        "nina@desk.example",
        Role::Manager,
        std::slice::from_ref(&other.seller),
    );
    let (act, from) = (room.act(&nina, room.now()), room.in_days(9));
    let begin = |policy: &str, base: &str| {
        room.writes(|tx| policies::begin(tx, &act, (policy, base), "mine", from))
    };
    assert!(matches!(begin(POLICY, BASE), Err(Error::Forbidden)));
    let base = room.reads(|conn| Ok(db::policies::versions(conn, "panel-credits")?));
    begin("panel-credits", &base[0].version).unwrap();
    let omar = desk.person("Omar Haddad", "omar@desk.example", Role::Agent);
    let (act, from) = (room.act(&omar, room.now()), room.in_days(9));
    let refused = room.writes(|tx| policies::begin(tx, &act, (POLICY, BASE), "mine", from));
    assert!(matches!(refused, Err(Error::Forbidden)));
}

#[test]
fn a_draft_whose_base_was_overtaken_says_so_and_begins_after_it() {
    let desk = Desk::open();
    let room = Room::of(&desk);
    let (first, second) = (room.fourteen(), room.begins("other"));
    let (ruth, tom) = (
        room.act(&room.ruth, room.now()),
        room.act(&room.tom, room.now()),
    );
    let warned = |draft: &PolicyDraft| {
        let (_, checks) = room.reads(|conn| policies::examine(conn, draft));
        let warnings = checks.warnings();
        warnings
            .iter()
            .any(|it| it.contains("fourteen is published since"))
    };
    assert!(!warned(&second));
    room.writes(|tx| policies::propose(tx, &ruth, &first.id, first.seq, ("", true)))
        .unwrap();
    room.writes(|tx| policies::agree(tx, &tom, &first.id, first.seq))
        .unwrap();
    assert!(
        warned(&second)
            && !warned(&room.reads(|conn| Ok(db::policy_drafts::find(conn, &first.id)?)))
    );
    // The same first day is taken; the day after is not.
    let propose = |draft: &PolicyDraft| {
        room.writes(|tx| policies::propose(tx, &ruth, &draft.id, draft.seq, ("", true)))
    };
    assert!(matches!(propose(&second), Err(Error::Invalid(_))));
    let (taken, free) = (room.in_days(30).to_string(), room.in_days(31).to_string());
    let later = room.saves(&second, |text| text.replace(&taken, &free));
    propose(&later).unwrap();
}
