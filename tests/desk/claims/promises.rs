//! Clocks through the desk's verbs: who is warned of them and how often, replies that are owed, and, over random stories, that what
//! is kept is what would be counted anew.

use std::thread;

use chrono_tz::Tz;
use diesel::RunQueryDsl;
use proptest::prelude::*;
use redress::db::{events, mail};
use redress::desk::calendars;
use redress::desk::policies as texts;
use redress::desk::tickets::{self as talk, Opening};
use redress::ids::TicketId;
use redress::rules::calendar::document::Document;
use redress::worker;

use super::*;
use crate::support::app::{Desk, monday};

const HOUR: i64 = 60;

impl Shop {
    /// Anna asks something that is no claim.
    fn asks(&self, minute: i64) -> TicketId {
        let act = self.act(&self.anna, minute);
        let opening = Opening {
            seller: &self.seller,
            customer: &self.anna,
            subject: "My account",
            body: "How do I change my address?",
        };
        let opened = self.db.pool.write(|tx| talk::open(tx, &act, &opening, &[]));
        opened.unwrap().id
    }

    fn talks(&self, who: &PersonId, ticket: &TicketId, minute: i64) -> Result<()> {
        let act = self.act(who, minute);
        self.db.pool.write(|tx| {
            let seen = tickets::find(tx, ticket)?.seq;
            let seen = (*who != self.anna).then_some(seen);
            talk::reply(tx, &act, ticket, seen, "Here is more of it.", &[]).map(|_| ())
        })
    }

    fn closes(&self, ticket: &TicketId, minute: i64) {
        let act = self.act(&self.omar, minute);
        let closed = self.db.pool.write(|tx| talk::close(tx, &act, ticket, None));
        closed.unwrap();
    }

    fn takes(&self, ticket: &TicketId, minute: i64) {
        let act = self.act(&self.omar, minute);
        let taken = self.db.pool.write(|tx| {
            let seen = tickets::find(tx, ticket)?.seq;
            talk::assign(tx, &act, ticket, Some(seen), Some(&self.omar))
        });
        taken.unwrap();
    }

    /// The worker looks at that minute; how many warnings it gives.
    fn warns(&self, minute: i64) -> usize {
        let act = Act::worker(at(minute), SITE);
        let warned = self.db.pool.write(|tx| desk_clocks::warn(tx, &act, 100));
        warned.unwrap().warnings
    }

    /// To whom warnings went, in their order.
    fn warned(&self) -> Vec<String> {
        let mut rows = self.reads(|conn| Ok(mail::list(conn, None, 1_000)?));
        rows.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
        let warnings = rows.into_iter().filter(|row| row.kind == "clock_warning");
        warnings.map(|row| row.recipient).collect()
    }

    fn of_kind(&self, ticket: &TicketId, kind: &str) -> Vec<clocks::Clock> {
        let rows = self.reads(|conn| Ok(clocks::of_ticket(conn, ticket)?));
        rows.into_iter().filter(|row| row.kind == kind).collect()
    }

    fn states(&self, ticket: &TicketId, kind: &str) -> Vec<String> {
        let rows = self.of_kind(ticket, kind).into_iter();
        rows.map(|row| row.state).collect()
    }
}

#[test]
fn half_is_the_assignees_four_fifths_the_leads_and_the_whole_the_managers_once_each() {
    let shop = Shop::of("panel-guarantee", "UTC");
    let ticket = shop.asks(0);
    shop.takes(&ticket, 5);
    let due = shop.of_kind(&ticket, "first_response")[0].due_at;
    assert_eq!(due, at(24 * HOUR).into());
    assert_eq!(shop.warns(12 * HOUR - 1), 0);
    let mut told = Vec::new();
    for (minute, reader) in [
        (12 * HOUR, "omar@desk.example"),
        (19 * HOUR + 12, "lena@desk.example"),
        (24 * HOUR, "ruth@desk.example"),
    ] {
        assert_eq!(shop.warns(minute), 1, "{reader}");
        told.push(reader.to_owned());
        assert_eq!(shop.warned(), told);
        assert_eq!(shop.warns(minute + 1), 0, "once");
    }
    assert_eq!(shop.warns(1000 * HOUR), 0);
}

#[test]
fn a_ticket_that_nobody_has_is_the_leads_and_what_is_answered_is_nobodys() {
    let shop = Shop::of("panel-guarantee", "UTC");
    let ticket = shop.asks(0);
    assert_eq!(shop.warns(12 * HOUR), 1);
    assert_eq!(shop.warned(), ["lena@desk.example"]);
    shop.talks(&shop.omar, &ticket, 13 * HOUR).unwrap();
    assert_eq!(shop.warns(100 * HOUR), 0);
}

#[test]
fn a_worker_that_slept_gives_every_warning_that_it_missed() {
    let shop = Shop::of("panel-guarantee", "UTC");
    shop.asks(0);
    assert_eq!(shop.warns(30 * HOUR), 3);
    assert_eq!(
        shop.warned(),
        [
            "lena@desk.example",
            "lena@desk.example",
            "ruth@desk.example"
        ]
    );
}

#[test]
fn a_clock_that_cannot_be_counted_holds_up_no_other() {
    let shop = Shop::of("panel-guarantee", "UTC");
    let (broken, sound) = (shop.asks(0), shop.asks(1));
    let clock = shop.of_kind(&broken, "first_response").remove(0);
    let keeps = |json: &str| {
        let sql = format!(
            "UPDATE clocks SET calendar_json = '{json}' WHERE id = '{}'",
            clock.id
        );
        let write = |conn: &mut redress::db::Conn| Ok(diesel::sql_query(sql).execute(conn)?);
        assert_eq!(shop.db.pool.raw(write).unwrap(), 1);
    };
    keeps("{");
    let act = Act::worker(at(13 * HOUR), SITE);
    let warned = shop.db.pool.write(|tx| desk_clocks::warn(tx, &act, 100));
    let warned = warned.unwrap();
    assert_eq!(warned.warnings, 1);
    assert_eq!(warned.failed.len(), 1);
    assert_eq!(warned.failed[0].0, clock.id);
    assert_eq!(shop.warns(13 * HOUR + 1), 0, "and is not tried for ever");
    keeps(&clock.calendar_json);
    for ticket in [&broken, &sound] {
        shop.closes(ticket, 14 * HOUR);
    }
}

#[test]
fn the_customer_sees_no_warning() {
    let shop = Shop::of("panel-guarantee", "UTC");
    let ticket = shop.asks(0);
    shop.warns(30 * HOUR);
    let told = shop.reads(|conn| Ok(events::of_ticket(conn, &ticket)?));
    let warnings: Vec<_> = told
        .iter()
        .filter(|event| event.kind == "clock_warned")
        .collect();
    assert_eq!(warnings.len(), 3);
    assert!(warnings.iter().all(|event| event.public_words.is_none()));
    assert!(
        warnings[0].words.contains("Lena Ito was told"),
        "{}",
        warnings[0].words
    );
    let messages = shop.reads(|conn| Ok(tickets::messages(conn, &ticket)?));
    assert_eq!(messages.len(), 1);
}

#[test]
fn while_the_customer_has_the_turn_nobody_is_warned() {
    let shop = Shop::of("panel-guarantee", "UTC");
    let order = shop.order("A-1", "10", "card-1", Status::InProgress, "400");
    let wants = shop.wants(Some(&order), "order_cancellation", "I no longer need it.");
    let standing = shop.files(&wants, 0).unwrap();
    let act = shop.act(&shop.omar, HOUR);
    let asked = shop.db.pool.write(|tx| {
        let seen = tickets::find(tx, &standing.ticket.id)?.seq;
        claims::ask(tx, &act, &standing.claim.id, seen, "Which link was it?")
    });
    asked.unwrap();
    assert_eq!(shop.clock(&standing, "decision").warn_at, None);
    assert_eq!(shop.warns(500 * HOUR), 0);
    let answer = Supply {
        words: "The second one.".to_owned(),
        ..Supply::default()
    };
    let act = shop.act(&shop.anna, 500 * HOUR);
    let supplied = shop
        .db
        .pool
        .write(|tx| claims::supply(tx, &act, &standing.claim.id, &answer));
    supplied.unwrap();
    let decision = shop.clock(&standing, "decision");
    assert_eq!(decision.due_at, at(547 * HOUR).into());
    assert_eq!(decision.warn_at, Some(at(523 * HOUR).into()));
}

#[test]
fn two_workers_never_double_a_warning() {
    let shop = Shop::of("panel-guarantee", "UTC");
    for minute in 0..30 {
        shop.asks(minute);
    }
    let counts: Vec<usize> = thread::scope(|scope| {
        let warn = || shop.warns(31 * HOUR);
        let workers: Vec<_> = (0..3).map(|_| scope.spawn(warn)).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap())
            .collect()
    });
    assert_eq!(counts.iter().sum::<usize>(), 90);
    assert_eq!(shop.warned().len(), 90);
}

#[tokio::test]
async fn the_worker_empties_whatever_is_due_in_batches() {
    let desk = Desk::open();
    let anna = desk.person("Anna Lindqvist", "anna@harbor.example", Role::Customer);
    desk.person("Lena Fox", "lena@desk.example", Role::Lead);
    let shop = crate::support::make::Shop::of(
        &desk.app.pool,
        monday(),
        "Harbour Panel",
        "panel-guarantee",
    );
    let act = desk.operator();
    desk.app
        .pool
        .write(|tx| {
            for _ in 0..250 {
                let opening = Opening {
                    seller: &shop.seller,
                    customer: &anna,
                    subject: "My account",
                    body: "How do I change my address?",
                };
                talk::open(tx, &act, &opening, &[])?;
            }
            Ok(())
        })
        .unwrap();
    desk.advance(Duration::hours(12));
    let round = worker::round(&desk.app).await.unwrap();
    assert_eq!((round.warnings, round.breaches), (250, 0));
    assert_eq!(worker::round(&desk.app).await.unwrap().warnings, 0);
}

#[test]
fn a_reply_is_owed_for_each_message_until_the_next_public_answer() {
    let shop = Shop::of("panel-guarantee", "UTC");
    let ticket = shop.asks(0);
    shop.talks(&shop.anna, &ticket, 10).unwrap();
    assert_eq!(
        shop.states(&ticket, "next_reply"),
        [""; 0],
        "the first answer is owed, and no second one"
    );
    shop.talks(&shop.omar, &ticket, 20).unwrap();
    assert_eq!(shop.states(&ticket, "next_reply"), [""; 0]);
    shop.talks(&shop.anna, &ticket, 30).unwrap();
    shop.talks(&shop.anna, &ticket, 40).unwrap();
    let owed = shop.of_kind(&ticket, "next_reply");
    assert_eq!(owed.len(), 1);
    let owed = &owed[0];
    assert_eq!(
        (owed.starts_at, owed.due_at),
        (at(30).into(), at(30 + 24 * HOUR).into())
    );
    assert_eq!(
        (owed.clause.as_str(), owed.firmness.as_str()),
        ("house", "house")
    );
    let note = shop.act(&shop.omar, 50);
    let noted = shop
        .db
        .pool
        .write(|tx| talk::note(tx, &note, &ticket, None, "Ask the panel."));
    noted.unwrap();
    assert_eq!(
        shop.states(&ticket, "next_reply"),
        ["running"],
        "a note answers nobody"
    );
    shop.talks(&shop.omar, &ticket, 60).unwrap();
    assert_eq!(shop.states(&ticket, "next_reply"), ["met"]);
    shop.talks(&shop.anna, &ticket, 70).unwrap();
    shop.closes(&ticket, 80);
    assert_eq!(
        shop.states(&ticket, "next_reply"),
        ["met", "met"],
        "a thank you keeps nothing running"
    );
    let now = shop.reads(|conn| Ok(tickets::find(conn, &ticket)?));
    assert_eq!(now.next_due_at, None);
}

impl Shop {
    /// A text that promises each reply within four working hours; the shop is open on Mondays and on Tuesday mornings.
    fn promises_replies(&self) {
        let text = include_str!("../../../policies/panel-guarantee.toml");
        let text = text
            .replacen("\"panel-guarantee\"", "\"panel-hours\"", 1)
            .replacen(
                "[[clocks]]",
                "[hours]\nmon = [\"09:00-12:00\", \"13:00-18:00\"]\ntue = [\"09:00-12:00\"]\n\n[[clocks]]\nkind = \"next_reply\"\nclause = \"B30\"\nstarts = \"customer_wrote\"\nlength = { working_minutes = 240 }\nfirmness = \"firm\"\n\n[[clocks]]",
                1,
            );
        let act = Act::operator(at(-1000), SITE);
        let published = self.db.pool.write(|tx| texts::publish(tx, &act, &text));
        published.unwrap();
    }
}

fn berlin(at: redress::db::columns::At) -> String {
    let local = at.utc().with_timezone(&Tz::Europe__Berlin);
    local.format("%a %H:%M").to_string()
}

#[test]
fn a_policy_may_promise_each_reply_in_working_time() {
    let shop = Shop::of("panel-hours", "Europe/Berlin");
    shop.promises_replies();
    // Monday 2 March, nine in London, ten in Berlin.
    let ticket = shop.asks(0);
    shop.talks(&shop.omar, &ticket, 10).unwrap();
    // A quarter past four: an hour and three quarters are left of Monday, two and a quarter are Tuesday's.
    shop.talks(&shop.anna, &ticket, 375).unwrap();
    let owed = &shop.of_kind(&ticket, "next_reply")[0];
    assert_eq!(owed.clause, "B30");
    assert_eq!(berlin(owed.due_at), "Tue 11:15");
    assert_eq!(
        berlin(owed.warn_at.unwrap()),
        "Tue 09:15",
        "not in the night"
    );
}

#[test]
fn a_calendar_is_for_the_clocks_that_begin_by_it_and_moves_no_other() {
    let shop = Shop::of("panel-hours", "Europe/Berlin");
    shop.promises_replies();
    let [first, second] = [0, 1].map(|minute| shop.asks(minute));
    for ticket in [&first, &second] {
        shop.talks(&shop.omar, ticket, 10).unwrap();
    }
    shop.talks(&shop.anna, &first, 375).unwrap();
    let due = |ticket: &TicketId| berlin(shop.of_kind(ticket, "next_reply")[0].due_at);
    assert_eq!(due(&first), "Tue 11:15");
    let act = Act::operator(at(376), SITE);
    let closed = Document::read(
        "new.toml",
        "holidays = [\"2026-03-03\"]",
        at(0).date_naive(),
        at(0).date_naive(),
    )
    .unwrap();
    let published = shop.db.pool.write(|tx| {
        let seller = redress::db::sellers::find(tx, &shop.seller)?;
        calendars::publish(tx, &act, &seller, &closed, "new.toml", None)
    });
    assert_eq!(published.unwrap().version, 1);
    shop.talks(&shop.anna, &second, 377).unwrap();
    assert_eq!(due(&second), "Mon 11:17", "Tuesday is closed now");
    shop.talks(&shop.anna, &first, 378).unwrap();
    assert_eq!(due(&first), "Tue 11:15", "what was promised stays");
}

/// What may happen next in a random story.
#[derive(Debug, Clone, Copy)]
enum Turn {
    AnnaWrites,
    OmarAnswers,
    OmarNotes,
    OmarAsks,
    AnnaSupplies,
    AnnaWithdraws,
    AnnaAppeals,
    LenaApproves,
    LenaRejects,
    Closes,
    Reopens,
    Found(&'static str, Found),
    Judged,
    Works,
}

#[derive(Debug, Clone, Copy)]
enum Found {
    True,
    False,
    HoursAgo(i64),
}

fn turn() -> impl Strategy<Value = Turn> {
    use Turn::*;
    prop_oneof![
        4 => Just(AnnaWrites),
        4 => Just(OmarAnswers),
        1 => Just(OmarNotes),
        3 => Just(OmarAsks),
        3 => Just(AnnaSupplies),
        1 => Just(AnnaWithdraws),
        2 => Just(AnnaAppeals),
        1 => Just(LenaApproves),
        1 => Just(LenaRejects),
        1 => Just(Closes),
        1 => Just(Reopens),
        2 => Just(Judged),
        3 => Just(Works),
        1 => Just(Found("approved", self::Found::True)),
        1 => Just(Found("approved", self::Found::False)),
        1 => Just(Found("access_refused", self::Found::False)),
        2 => (0i64..40).prop_map(|ago| Found("access_requested_at", self::Found::HoursAgo(ago))),
        2 => (0i64..40).prop_map(|ago| Found("access_granted_at", self::Found::HoursAgo(ago))),
        1 => (0i64..40).prop_map(|ago| Found("fixed_at", self::Found::HoursAgo(ago))),
    ]
}

impl Shop {
    /// One turn of a story; what the desk refuses does not happen.
    fn plays(&self, standing: &Standing, turn: Turn, minute: i64) {
        let (claim, ticket) = (&standing.claim.id, &standing.ticket.id);
        let seen = self.reads(|conn| Ok(tickets::find(conn, ticket)?)).seq;
        let [anna, omar] = [&self.anna, &self.omar].map(|who| self.act(who, minute));
        let worker = Act::worker(at(minute), SITE);
        let pool = &self.db.pool;
        let decides = |verdict: Verdict| {
            self.decides(&self.lena, standing, minute, |decide| {
                decide.verdict = verdict;
                decide.reason = Some("goodwill".to_owned());
                decide.words = "As it was found, and no other way.".to_owned();
            })
            .map(|_| ())
        };
        let done = match turn {
            Turn::AnnaWrites => self.talks(&self.anna, ticket, minute),
            Turn::OmarAnswers => self.talks(&self.omar, ticket, minute),
            Turn::OmarNotes => {
                pool.write(|tx| talk::note(tx, &omar, ticket, None, "Look.").map(|_| ()))
            }
            Turn::OmarAsks => {
                pool.write(|tx| claims::ask(tx, &omar, claim, seen, "Which one?").map(|_| ()))
            }
            Turn::AnnaSupplies => {
                let supply = Supply {
                    words: "This one.".to_owned(),
                    ..Supply::default()
                };
                pool.write(|tx| claims::supply(tx, &anna, claim, &supply).map(|_| ()))
            }
            Turn::AnnaWithdraws => pool.write(|tx| claims::withdraw(tx, &anna, claim).map(|_| ())),
            Turn::AnnaAppeals => {
                pool.write(|tx| claims::appeal(tx, &anna, claim, "Look again.").map(|_| ()))
            }
            Turn::LenaApproves => decides(Verdict::Approve),
            Turn::LenaRejects => decides(Verdict::Reject),
            Turn::Closes => pool.write(|tx| talk::close(tx, &omar, ticket, None)),
            Turn::Reopens => pool.write(|tx| talk::reopen(tx, &omar, ticket, None)),
            Turn::Found(name, found) => {
                let value = match found {
                    Found::True => true.into(),
                    Found::False => false.into(),
                    Found::HoursAgo(ago) => at(minute - ago * HOUR).to_rfc3339().into(),
                };
                let facts = [(format!("findings.defect.{name}"), value)];
                pool.write(|tx| claims::establish(tx, &omar, claim, seen, &facts, "us").map(|_| ()))
            }
            Turn::Judged => pool.write(|tx| claims::reassess(tx, &worker, claim).map(|_| ())),
            Turn::Works => pool.write(|tx| {
                for claim in desk_clocks::sweep(tx, &worker, 100)?.cures {
                    claims::reassess(tx, &worker, &claim)?;
                }
                desk_clocks::warn(tx, &worker, 100).map(|_| ())
            }),
        };
        if let Err(error) = done {
            assert!(!matches!(error, Error::Internal(_)), "{turn:?}: {error:?}");
        }
    }

    fn differences(&self, ticket: &TicketId, minute: i64) -> Vec<String> {
        self.reads(|conn| desk_clocks::differences(conn, ticket, at(minute)))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_kept_is_what_would_be_counted_anew(turns in prop::collection::vec((0i64..30 * HOUR, turn()), 1..16)) {
        let shop = Shop::of("virtual-numbers", "Europe/Berlin");
        let order = shop.order("VN-1", "20", "card-1", Status::Completed, "0");
        let mut new = shop.wants(Some(&order), "major_defect", "It fails with error 12 on every call.");
        new.remedy_choice = Some("refund".to_owned());
        let standing = shop.files(&new, 0).unwrap();
        let ticket = &standing.ticket.id;
        let mut minute = 1;
        for (wait, turn) in turns {
            minute += wait;
            shop.plays(&standing, turn, minute);
            prop_assert_eq!(shop.differences(ticket, minute), Vec::<String>::new(), "after {:?} at {}", turn, minute);
            let owed = [shop.states(ticket, "first_response"), shop.states(ticket, "next_reply")].concat();
            prop_assert!(owed.iter().filter(|state| *state == "running").count() <= 1, "{:?}", owed);
        }
    }
}
