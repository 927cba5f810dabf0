//! Trying a draft on history: counted by hand, a slice at a time, and without a trace in anything but the trial itself.

use chrono::Duration;
use redress::db;
use redress::db::trials::Trial;
use redress::desk::policies::trials::{self, Wanted};
use redress::desk::reports;
use redress::error::{Error, Result};
use redress::rules::policy::Policy;
use redress::rules::trial::{Change, Tally};
use redress::worker;

use super::{PolicyDraft, Room};
use crate::support::app::Desk;
use crate::support::make::e8;

/// Where a trial is written down, and nothing else.
const TRIALS: [&str; 2] = ["policy_trials", "policy_flips"];

impl Room<'_> {
    fn tries(&self, draft: &PolicyDraft) -> Result<Trial> {
        let wanted = Wanted {
            draft: draft.id.clone(),
            from: self.in_days(-30),
            to: self.in_days(0),
            seller: None,
        };
        let act = self.act(&self.ruth, self.now());
        self.writes(|tx| trials::begin(tx, &act, &wanted))
    }

    fn trial(&self, trial: &Trial) -> (Trial, Tally) {
        let trial = self.reads(|conn| Ok(db::trials::find(conn, &trial.id)?));
        let tally = serde_json::from_str(&trial.tally_json).unwrap();
        (trial, tally)
    }
}

#[tokio::test]
async fn fourteen_days_instead_of_seven_counted_by_hand() {
    let desk = Desk::open();
    let room = Room::of(&desk);
    room.history();
    let draft = room.fourteen();
    let trial = room.tries(&draft).unwrap();
    assert_eq!((trial.total, trial.judged), (5, 0));
    worker::trials::tick(&desk.app).await.unwrap();
    let (trial, tally) = room.trial(&trial);
    assert_eq!((trial.state.as_str(), trial.judged), ("done", 5));
    // Days 9, 12 and 14 are in time now; 5 was before, 15 is still late.
    assert_eq!((tally.of(Change::Granted), tally.of(Change::Same)), (3, 2));
    let sum = tally.money["USD"];
    assert_eq!((sum.granted_before, sum.granted_after), (e8("2"), e8("20")));
    assert_eq!((sum.granted(), sum.open()), (e8("18"), 0));
    let share = &tally.clauses["D4 D8"];
    assert_eq!((tally.clauses.len(), share.claims), (1, 3));
    assert_eq!(share.money["USD"].granted(), e8("18"));
    let flips = room.reads(|conn| Ok(db::trials::flips(conn, &trial.id, "", 10)?));
    let told: Vec<_> = flips
        .iter()
        .map(|(flip, number, _)| (number.as_str(), flip.old_e8, flip.new_e8))
        .collect();
    assert_eq!(
        told,
        [
            ("C-1002", Some(0), Some(e8("4"))),
            ("C-1003", Some(0), Some(e8("6"))),
            ("C-1004", Some(0), Some(e8("8"))),
        ]
    );
}

#[tokio::test]
async fn where_the_general_rule_stays_at_a_week_a_person_decides() {
    let desk = Desk::open();
    let room = Room::of(&desk);
    room.history();
    let draft = room.begins("half");
    let draft = room.saves(&draft, |text| {
        let at = text.find("id = \"D4\"").unwrap();
        format!(
            "{}{}",
            &text[..at],
            text[at..].replacen("days = 7", "days = 14", 1)
        )
    });
    let trial = room.tries(&draft).unwrap();
    worker::trials::tick(&desk.app).await.unwrap();
    let (_, tally) = room.trial(&trial);
    assert_eq!((tally.of(Change::ToPerson), tally.of(Change::Same)), (3, 2));
    let sum = tally.money["USD"];
    assert_eq!((sum.granted(), sum.open()), (0, e8("18")));
    assert_eq!(tally.clauses.keys().collect::<Vec<_>>(), ["D4"]);
}

#[tokio::test]
async fn a_trial_writes_nothing_but_itself() {
    let desk = Desk::open();
    let room = Room::of(&desk);
    room.history();
    let draft = room.fourteen();
    let before = desk.db.rows_but(&TRIALS);
    assert!(before["claims"].len() == 5 && before["events"].len() > 5);
    let trial = room.tries(&draft).unwrap();
    worker::trials::tick(&desk.app).await.unwrap();
    assert_eq!(room.trial(&trial).0.state, "done");
    assert_eq!(desk.db.rows_but(&TRIALS), before);
    // At the command line not even that.
    let all = desk.db.rows_but(&[]);
    let text = Policy::parse(&room.text(&draft)).unwrap();
    let days = (room.in_days(-30), room.in_days(0));
    let tally = trials::try_all(&desk.app.pool, text, days, None, |_, _| Ok(())).unwrap();
    assert_eq!(tally, room.trial(&trial).1);
    assert_eq!(desk.db.rows_but(&[]), all);
}

#[tokio::test]
async fn days_that_are_kept_are_judged_as_their_claims_are() {
    let desk = Desk::open();
    let room = Room::of(&desk);
    room.history();
    let draft = room.fourteen();
    let text = Policy::parse(&room.text(&draft)).unwrap();
    let days = (room.in_days(-30), room.in_days(0));
    let tries = || {
        let mut told = Vec::new();
        let tally = trials::try_all(&desk.app.pool, text.clone(), days, None, |claim, found| {
            told.push((claim.clone(), found.clone()));
            Ok(())
        });
        (tally.unwrap(), told)
    };
    let gathered = tries();
    assert_eq!(gathered.1.len(), 3);
    let kept = room.writes(|tx| reports::pack(tx, room.now(), 100));
    assert!(kept.unwrap() > 0);
    assert_eq!(tries(), gathered);
    // It is the kept day that is read: without its claims there is nothing to judge.
    room.writes(|tx| {
        for mut day in db::reports::days::all(tx)? {
            day.judged_json = "{}".to_owned();
            db::reports::days::insert_day(tx, &day)?;
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(tries().0, Tally::default());
    room.writes(|tx| {
        for day in db::reports::days::all(tx)? {
            db::reports::days::delete_day(tx, &day.seller_id, day.on_day)?;
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(tries(), gathered);
}

#[tokio::test]
async fn one_runs_at_a_time_and_can_be_stopped() {
    let desk = Desk::open();
    let room = Room::of(&desk);
    room.history();
    let draft = room.fourteen();
    let trial = room.tries(&draft).unwrap();
    assert!(matches!(room.tries(&draft), Err(Error::Refused { .. })));
    let act = room.act(&room.ruth, room.now());
    room.writes(|tx| trials::stop(tx, &act, &trial.id)).unwrap();
    worker::trials::tick(&desk.app).await.unwrap();
    let (stopped, tally) = room.trial(&trial);
    assert_eq!((stopped.state.as_str(), stopped.judged), ("stopped", 0));
    assert_eq!(tally, Tally::default());
    room.tries(&draft).unwrap();
}

#[tokio::test]
async fn a_text_that_is_the_old_one_changes_nothing_and_days_without_claims_none() {
    let desk = Desk::open();
    let room = Room::of(&desk);
    room.history();
    let draft = room.begins("same");
    let trial = room.tries(&draft).unwrap();
    worker::trials::tick(&desk.app).await.unwrap();
    let (_, tally) = room.trial(&trial);
    assert_eq!((tally.judged(), tally.changed()), (5, 0));
    let wanted = Wanted {
        draft: draft.id.clone(),
        from: (room.now() - Duration::days(900)).date_naive(),
        to: (room.now() - Duration::days(800)).date_naive(),
        seller: Some(room.shop.seller.clone()),
    };
    let act = room.act(&room.ruth, room.now());
    let trial = room.writes(|tx| trials::begin(tx, &act, &wanted)).unwrap();
    worker::trials::tick(&desk.app).await.unwrap();
    assert_eq!(room.trial(&trial).0.state, "done");
    assert_eq!(room.trial(&trial).1, Tally::default());
}
