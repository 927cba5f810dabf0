//! One claim from end to end through the verbs: filed, assessed, decided, paid, told. Each story asks the books, the letters, the
//! clocks and the replay whether they agree.

use chrono::{DateTime, Duration, Utc};
use redress::act::{Act, Door, Person, Role, Who};
use redress::db::claims as rows;
use redress::db::deposits::Balance;
use redress::db::orders::{Order, Part, Progress};
use redress::db::sellers::{Seller, insert_seller};
use redress::db::{Conn, clocks, deposits, mail, people, tickets};
use redress::desk::claims::{self, Decide, Decided, New, Standing, Supply, Verdict};
use redress::desk::deposits::{NewDeposit, NewMethod, receive};
use redress::desk::orders::{self, NewOrder, place};
use redress::desk::{clocks as desk_clocks, payouts, policies};
use redress::error::{Code, Error, Result};
use redress::ids::{PersonId, SellerId};
use redress::rules::assessment::Outcome;
use redress::rules::facts::Status;
use redress::rules::money::Amount;
use redress::rules::policy::Shelf;

use crate::support::db::{Fresh, fresh_pool};

mod cure;
mod promises;
mod second;
mod versions;

const SITE: &str = "https://desk.example";

struct Shop {
    db: Fresh,
    seller: SellerId,
    anna: PersonId,
    omar: PersonId,
    lena: PersonId,
    ruth: PersonId,
}

fn at(minute: i64) -> DateTime<Utc> {
    "2026-03-02T09:00:00Z".parse::<DateTime<Utc>>().unwrap() + Duration::minutes(minute)
}

fn e8(text: &str) -> i64 {
    Amount::parse(text).unwrap().e8()
}

impl Shop {
    /// A seller that publishes one of the built-in policies, with Anna as its customer and Omar and Lena at the desk.
    fn of(policy: &str, zone: &str) -> Shop {
        let db = fresh_pool();
        let begin = at(-100_000);
        let seller = SellerId::new(begin);
        let [anna, omar, lena, ruth] = [0; 4].map(|_| PersonId::new(begin));
        let row = Seller {
            id: seller.clone(),
            slug: policy.to_owned(),
            name: "Harbour Panel".to_owned(),
            mail_address: "desk@harbour.example".to_owned(),
            policy: policy.to_owned(),
            currency: "USD".to_owned(),
            time_zone: Some(zone.to_owned()),
            holidays_json: None,
            fee_schedule_json: None,
            large_refund_threshold_e8: Some(e8("1000")),
            agent_limit_e8: e8("100"),
            lead_limit_e8: e8("1000"),
            created_at: begin.into(),
        };
        db.pool
            .write(|tx| {
                let act = Act::operator(begin, SITE);
                for document in Shelf::built_in_documents() {
                    policies::publish(tx, &act, document)?;
                }
                insert_seller(tx, &row)?;
                person(tx, &anna, "anna@example.net", "Anna Berg", Role::Customer)?;
                person(tx, &omar, "omar@desk.example", "Omar Haddad", Role::Agent)?;
                person(tx, &lena, "lena@desk.example", "Lena Ito", Role::Lead)?;
                person(tx, &ruth, "ruth@desk.example", "Ruth Adler", Role::Manager)
            })
            .unwrap();
        Shop {
            db,
            seller,
            anna,
            omar,
            lena,
            ruth,
        }
    }

    fn act(&self, who: &PersonId, minute: i64) -> Act {
        let (name, role) = match who {
            id if *id == self.anna => ("Anna Berg", Role::Customer),
            id if *id == self.omar => ("Omar Haddad", Role::Agent),
            id if *id == self.ruth => ("Ruth Adler", Role::Manager),
            _ => ("Lena Ito", Role::Lead),
        };
        let person = Person {
            id: who.clone(),
            name: name.to_owned(),
            email: String::new(),
            role,
            sellers: Vec::new(),
        };
        let via = if role == Role::Customer {
            Door::Portal
        } else {
            Door::Queue
        };
        Act {
            who: Who::Person(person),
            at: at(minute),
            via,
            request: String::new(),
            site: SITE.to_owned(),
        }
    }

    fn deposit(&self, reference: &str, amount: &str, minute: i64) {
        let new = NewDeposit {
            seller: self.seller.clone(),
            customer: self.anna.clone(),
            reference: reference.to_owned(),
            at: at(minute),
            currency: "USD".to_owned(),
            amount_e8: e8(amount),
            method: NewMethod {
                reference: "card-1".to_owned(),
                label: Some("Visa ending 42".to_owned()),
                state: Some(redress::rules::facts::MethodStatus::Usable),
            },
            paid: None,
            surcharge_e8: None,
        };
        self.db
            .pool
            .write(|tx| receive(tx, &Act::operator(at(minute), SITE), &new))
            .unwrap();
    }

    fn order(
        &self,
        reference: &str,
        charge: &str,
        method: &str,
        status: Status,
        remains: &str,
    ) -> Order {
        self.order_in("USD", reference, charge, method, status, remains)
    }

    fn order_in(
        &self,
        currency: &str,
        reference: &str,
        charge: &str,
        method: &str,
        status: Status,
        remains: &str,
    ) -> Order {
        let new = NewOrder {
            seller: self.seller.clone(),
            customer: self.anna.clone(),
            reference: reference.to_owned(),
            service: None,
            title: "Followers".to_owned(),
            target: "https://social.example/anna".to_owned(),
            placed_at: Some(at(-500)),
            currency: currency.to_owned(),
            charge_e8: Some(e8(charge)),
            tax_included_e8: None,
            quantity: Some(1000),
            paid_with: Some(vec![Part {
                method: method.to_owned(),
                amount: Amount::parse(charge).unwrap(),
            }]),
            snapshot_json: r#"{"refill":"none","refundable_once_started":true}"#.to_owned(),
            items: 1,
            progress: progress(status, remains),
            source: "import".to_owned(),
            told_at: at(-400),
        };
        self.db
            .pool
            .write(|tx| place(tx, &Act::operator(at(-400), SITE), &new))
            .unwrap()
            .0
    }

    fn wants(&self, order: Option<&Order>, ground: &str, reason: &str) -> New {
        New {
            seller: self.seller.clone(),
            customer: self.anna.clone(),
            order: order.map(|order| order.id.clone()),
            ground: ground.to_owned(),
            reason: reason.to_owned(),
            requested_e8: None,
            remedy_choice: None,
            evidence: Vec::new(),
            draft: None,
        }
    }

    fn files(&self, new: &New, minute: i64) -> Result<Standing> {
        let act = self.act(&self.anna, minute);
        self.db.pool.write(|tx| claims::file(tx, &act, new))
    }

    fn decides(
        &self,
        who: &PersonId,
        standing: &Standing,
        minute: i64,
        decide: impl Fn(&mut Decide),
    ) -> Result<Decided> {
        let ticket = self.reads(|conn| Ok(tickets::find(conn, &standing.ticket.id)?));
        let mut decision = Decide {
            claim: standing.claim.id.clone(),
            seen: ticket.seq,
            verdict: Verdict::Approve,
            amount_e8: None,
            reason: None,
            words: String::new(),
        };
        decide(&mut decision);
        let act = self.act(who, minute);
        self.db.pool.write(|tx| claims::decide(tx, &act, &decision))
    }

    fn establishes(
        &self,
        standing: &Standing,
        name: &str,
        value: serde_json::Value,
        minute: i64,
    ) -> Standing {
        let ticket = self.reads(|conn| Ok(tickets::find(conn, &standing.ticket.id)?));
        let act = self.act(&self.omar, minute);
        let facts = [(name.to_owned(), value)];
        let write = self.db.pool.write(|tx| {
            claims::establish(
                tx,
                &act,
                &standing.claim.id,
                ticket.seq,
                &facts,
                "the provider",
            )
        });
        write.unwrap().unwrap()
    }

    fn reads<T>(&self, work: impl FnOnce(&mut Conn) -> Result<T>) -> T {
        self.db.pool.read(work).unwrap()
    }

    fn balance(&self) -> i64 {
        let balance = Balance {
            seller: self.seller.clone(),
            customer: self.anna.clone(),
            currency: "USD".to_owned(),
        };
        let lots = self.reads(|conn| Ok(deposits::lots(conn, &balance)?));
        lots.iter().map(|lot| lot.remaining_e8).sum()
    }

    fn letters(&self) -> Vec<String> {
        let mut rows = self.reads(|conn| Ok(mail::list(conn, None, 100)?));
        rows.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
        rows.into_iter().map(|row| row.kind).collect()
    }

    /// The text of the only letter of this kind.
    fn letter(&self, kind: &str) -> String {
        let rows = self.reads(|conn| Ok(mail::list(conn, None, 100)?));
        let mut rows = rows.into_iter().filter(|row| row.kind == kind);
        let text = rows.next().unwrap_or_else(|| panic!("no {kind}")).text;
        assert!(rows.next().is_none(), "a second {kind}");
        text
    }

    fn clock(&self, standing: &Standing, kind: &str) -> clocks::Clock {
        let clocks = self.reads(|conn| Ok(clocks::of_ticket(conn, &standing.ticket.id)?));
        clocks
            .into_iter()
            .find(|clock| clock.kind == kind)
            .unwrap_or_else(|| panic!("no {kind} clock"))
    }

    fn replays(&self) {
        let replayed = self.reads(claims::replay);
        assert!(replayed.equal > 0);
        assert_eq!(replayed.differing, Vec::new());
    }
}

#[test]
fn news_of_the_order_does_not_answer_what_an_agent_asked() {
    let shop = Shop::of("panel-guarantee", "UTC");
    let order = shop.order("A-1", "10", "card-1", Status::InProgress, "400");
    let wants = shop.wants(Some(&order), "order_cancellation", "I no longer need it.");
    let standing = shop.files(&wants, 0).unwrap();
    let act = shop.act(&shop.omar, 5);
    let asked = shop.db.pool.write(|tx| {
        let seen = tickets::find(tx, &standing.ticket.id)?.seq;
        claims::ask(tx, &act, &standing.claim.id, seen, "Which link was it?")
    });
    assert_eq!(asked.unwrap().state, "needs_evidence");
    let night = Act::operator(at(600), SITE);
    let state = |of: &Shop| {
        of.reads(|conn| Ok(rows::find(conn, &standing.claim.id)?))
            .state
    };
    let news = progress(Status::InProgress, "300");
    let told = shop.db.pool.write(|tx| {
        orders::record_status(tx, &night, &order.id, &news, "import", at(600))?;
        claims::follow_order(tx, &night, &order.id)
    });
    told.unwrap();
    assert_eq!(state(&shop), "needs_evidence");
    assert_eq!(shop.clock(&standing, "decision").state, "paused");
    let answer = Supply {
        words: "The second one.".to_owned(),
        ..Supply::default()
    };
    let act = shop.act(&shop.anna, 700);
    let supplied = shop
        .db
        .pool
        .write(|tx| claims::supply(tx, &act, &standing.claim.id, &answer));
    supplied.unwrap();
    assert_eq!(state(&shop), "in_review");
}

fn progress(status: Status, remains: &str) -> Progress {
    Progress {
        status,
        remains: Some(remains.to_owned()),
        canceled_by: None,
        period_ends_on: None,
        confirmed_at: None,
        sent_at: None,
        sms: None,
        sms_received_at: None,
    }
}

fn person(
    tx: &mut redress::db::Tx,
    id: &PersonId,
    email: &str,
    name: &str,
    role: Role,
) -> Result<()> {
    let row = people::Person {
        id: id.clone(),
        email: email.to_owned(),
        name: name.to_owned(),
        role,
        password_hash: None,
        confirmed_at: Some(at(-100_000).into()),
        disabled_at: None,
        verified: None,
        suspended: false,
        time_zone: "UTC".to_owned(),
        created_at: at(-100_000).into(),
    };
    people::insert_person(tx, &row)?;
    Ok(())
}

fn code<T: std::fmt::Debug>(outcome: Result<T>) -> Code {
    match outcome {
        Err(Error::Refused { code, .. }) => code,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[test]
fn a_pending_order_is_cancelled_and_credited_at_once() {
    let shop = Shop::of("panel-guarantee", "America/Los_Angeles");
    shop.deposit("D-1", "50", -1000);
    let order = shop.order("1001", "12.50", "balance", Status::Pending, "1000");
    assert_eq!(shop.balance(), e8("37.50"));
    let standing = shop
        .files(&shop.wants(Some(&order), "order_cancellation", ""), 0)
        .unwrap();
    assert_eq!(standing.claim.state, "approved");
    assert_eq!(standing.claim.granted_e8, Some(e8("12.50")));
    assert_eq!(standing.ticket.state, "closed");
    assert_eq!(shop.balance(), e8("50"));
    assert_eq!(shop.letters(), ["claim_approved", "paid"]);
    assert_eq!(shop.clock(&standing, "decision").state, "met");
    let decisions = shop.reads(|conn| Ok(rows::decisions(conn, &standing.claim.id)?));
    assert_eq!(decisions[0].decided_by, "policy");
    shop.replays();
}

#[test]
fn a_pending_order_that_is_refunded_by_a_claim_is_cancelled_with_it() {
    for (policy, approver) in [("panel-guarantee", None), ("panel-credits", Some(()))] {
        let shop = Shop::of(policy, "UTC");
        shop.deposit("D-1", "50", -1000);
        let order = shop.order("1001", "12.50", "balance", Status::Pending, "1000");
        let wanted = shop.wants(Some(&order), "order_cancellation", "I changed my mind");
        let standing = shop.files(&wanted, 0).unwrap();
        if approver.is_some() {
            assert_eq!(standing.claim.state, "in_review");
            shop.decides(&shop.omar, &standing, 5, |_| {}).unwrap();
        }
        let order = shop.reads(|conn| Ok(redress::db::orders::find(conn, &order.id)?));
        assert_eq!(order.status, Status::Canceled, "{policy}");
        assert_eq!(
            order.canceled_by,
            Some(redress::rules::facts::CanceledBy::Customer)
        );
        assert_eq!(shop.balance(), e8("50"), "{policy}");
    }
}

#[test]
fn two_requests_on_one_order_approved_at_the_same_moment_pay_its_share_once() {
    let shop = Shop::of("panel-credits", "UTC");
    shop.deposit("D-1", "100", -1000);
    for round in 0..8 {
        let reference = format!("10{round:02}");
        let order = shop.order(&reference, "10", "balance", Status::InProgress, "400");
        let act = Act::worker(at(1), SITE);
        let ended = Progress {
            canceled_by: Some(redress::rules::facts::CanceledBy::System),
            ..progress(Status::Canceled, "400")
        };
        shop.db
            .pool
            .write(|tx| orders::record_status(tx, &act, &order.id, &ended, "provider", at(1)))
            .unwrap();
        let filed = ["order_cancellation", "system_cancellation"].map(|ground| {
            let standing = shop
                .files(&shop.wants(Some(&order), ground, "it ended"), 2)
                .unwrap();
            assert_eq!(standing.claim.computed_e8, Some(e8("4")), "{ground}");
            standing
        });
        let gate = std::sync::Barrier::new(2);
        std::thread::scope(|scope| {
            for (standing, who) in filed.iter().zip([&shop.omar, &shop.lena]) {
                let (gate, shop) = (&gate, &shop);
                scope.spawn(move || {
                    gate.wait();
                    drop(shop.decides(who, standing, 3, |_| {}));
                });
            }
        });
        let order = shop.reads(|conn| Ok(redress::db::orders::find(conn, &order.id)?));
        assert_eq!(order.refunded_e8, e8("4"), "round {round}");
    }
}

#[test]
fn what_an_agent_found_out_of_an_order_gives_way_to_the_record_when_that_speaks_again() {
    let shop = Shop::of("panel-guarantee", "UTC");
    shop.deposit("D-1", "50", -1000);
    let order = shop.order("1001", "10", "balance", Status::InProgress, "700");
    let wanted = shop.wants(Some(&order), "order_cancellation", "too slow");
    let standing = shop.files(&wanted, 0).unwrap();
    shop.establishes(&standing, "order.remains", 400.into(), 10);
    let act = Act::worker(at(60), SITE);
    let ended = progress(Status::Partial, "250");
    shop.db
        .pool
        .write(|tx| orders::record_status(tx, &act, &order.id, &ended, "provider", at(60)))
        .unwrap();
    let claim = shop.reads(|conn| Ok(rows::find(conn, &standing.claim.id)?));
    assert_eq!(claim.computed_e8, Some(e8("2.50")));
    shop.replays();
}

#[test]
fn the_same_request_is_open_once() {
    let shop = Shop::of("panel-credits", "UTC");
    let order = shop.order("1001", "10", "card-1", Status::InProgress, "400");
    let wanted = shop.wants(Some(&order), "order_cancellation", "too slow");
    shop.files(&wanted, 0).unwrap();
    assert_eq!(code(shop.files(&wanted, 1)), Code::AlreadyOpen);
}

#[test]
fn an_order_is_stopped_first_and_the_agent_approves_what_was_not_delivered() {
    let shop = Shop::of("panel-credits", "UTC");
    shop.deposit("D-1", "50", -1000);
    let order = shop.order("1001", "10", "balance", Status::InProgress, "400");
    let standing = shop
        .files(
            &shop.wants(Some(&order), "order_cancellation", "too slow"),
            0,
        )
        .unwrap();
    assert_eq!(
        (
            standing.claim.state.as_str(),
            standing.ticket.state.as_str()
        ),
        ("action_first", "new")
    );
    let standing = shop.establishes(&standing, "findings.stop", "stopped".into(), 30);
    assert_eq!(
        (standing.assessment.outcome, standing.claim.computed_e8),
        (Outcome::Eligible, Some(e8("4")))
    );
    let Decided::Done(done) = shop.decides(&shop.omar, &standing, 40, |_| {}).unwrap() else {
        panic!("nothing had changed")
    };
    assert_eq!(done.claim.state, "approved");
    assert_eq!(shop.balance(), e8("44"));
    assert_eq!(shop.letters(), ["claim_received", "claim_approved", "paid"]);
    let stopped = shop.reads(|conn| Ok(redress::db::orders::find(conn, &order.id)?));
    assert_eq!(
        (stopped.status, stopped.remains.as_deref()),
        (Status::Partial, Some("400")),
        "the order ended where it was stopped"
    );
    let history = shop.reads(|conn| Ok(redress::db::orders::history(conn, &order.id)?));
    assert_eq!(
        history.last().map(|line| line.source.as_str()),
        Some("desk")
    );
    assert_eq!(shop.clock(&done, "first_response").state, "met");
    let again = shop.decides(&shop.lena, &standing, 41, |_| {});
    assert_eq!(code(again), Code::AlreadyDone);
    shop.replays();
}

#[test]
fn the_letter_of_an_approval_shows_the_whole_sum_and_only_clauses_that_say_something_here() {
    let shop = Shop::of("panel-credits", "UTC");
    shop.deposit("D-1", "50", -1000);
    let order = shop.order("1001", "10", "balance", Status::InProgress, "400");
    let wanted = shop.wants(Some(&order), "order_cancellation", "too slow");
    let standing = shop.files(&wanted, 0).unwrap();
    let standing = shop.establishes(&standing, "findings.stop", "stopped".into(), 30);
    shop.decides(&shop.omar, &standing, 40, |_| {}).unwrap();
    let text = shop.letter("claim_approved");
    let sum = "  Paid for the order: $10.00
  Not part of the refund (A7, A8): −$6.00
    $10.00 × 600 delivered ÷ 1,000
  Refund: $4.00
";
    assert!(text.contains(sum), "{text}");
    assert!(text.contains("A8 Partly delivered (met): "), "{text}");
    assert!(
        !text.contains("(met): \"\""),
        "a clause without words: {text}"
    );
    let policy = Shelf::built_in();
    let policy = policy.versions("panel-credits").last().unwrap();
    for clause in &policy.clauses {
        let repeated = format!("Here: {}\n", clause.words);
        assert!(!text.contains(&repeated), "{} says nothing here", clause.id);
    }
}

#[test]
fn a_rejection_says_whether_the_text_or_a_person_decided_and_quotes_what_was_not_met() {
    let shop = Shop::of("panel-credits", "UTC");
    shop.deposit("D-1", "50", -1000);
    let done = shop.order("1001", "10", "balance", Status::Completed, "0");
    let wanted = shop.wants(Some(&done), "order_cancellation", "too slow");
    let standing = shop.files(&wanted, 0).unwrap();
    let no = |decide: &mut Decide| {
        decide.verdict = Verdict::Reject;
        decide.words = "Everything that was ordered is there.".to_owned();
    };
    shop.decides(&shop.omar, &standing, 10, no).unwrap();
    let text = shop.letter("claim_rejected");
    assert!(
        text.contains("is not eligible for a refund under our policy"),
        "{text}"
    );
    assert!(
        text.contains("A9 Fully delivered (stands against it): "),
        "{text}"
    );

    let shop = Shop::of("panel-credits", "UTC");
    shop.deposit("D-1", "50", -1000);
    let part = shop.order("1001", "10", "balance", Status::Partial, "400");
    let wanted = shop.wants(Some(&part), "order_cancellation", "too slow");
    let standing = shop.files(&wanted, 0).unwrap();
    let anyway = |decide: &mut Decide| {
        no(decide);
        decide.reason = Some("late_evidence".to_owned());
    };
    shop.decides(&shop.omar, &standing, 10, anyway).unwrap();
    let text = shop.letter("claim_rejected");
    assert!(
        text.contains("We decided against a refund on order"),
        "{text}"
    );
    assert!(!text.contains("not eligible"), "{text}");
}

#[test]
fn what_goes_back_to_one_card_is_one_amount_in_the_letter() {
    let shop = Shop::of("panel-guarantee", "UTC");
    shop.deposit("D-1", "20", -1000);
    shop.deposit("D-2", "5.50", -900);
    let wanted = shop.wants(None, "balance_withdrawal", "closing my account");
    let standing = shop.files(&wanted, 0).unwrap();
    shop.decides(&shop.omar, &standing, 40, |_| {}).unwrap();
    let text = shop.letter("claim_approved");
    assert!(text.contains("\n$25.50 to Visa ending 42: "), "{text}");
    assert!(text.contains("  Left of deposit D-2: $5.50\n"), "{text}");
    assert!(text.contains("  Refund: $25.50\n"), "{text}");
}

#[test]
fn a_provider_that_ends_the_order_reassesses_the_claim_by_itself() {
    let shop = Shop::of("panel-credits", "UTC");
    shop.deposit("D-1", "50", -1000);
    let order = shop.order("1001", "10", "balance", Status::InProgress, "400");
    let standing = shop
        .files(
            &shop.wants(Some(&order), "order_cancellation", "too slow"),
            0,
        )
        .unwrap();
    let act = Act::worker(at(60), SITE);
    let ended = progress(Status::Partial, "250");
    shop.db
        .pool
        .write(|tx| orders::record_status(tx, &act, &order.id, &ended, "provider", at(60)))
        .unwrap();
    let claim = shop.reads(|conn| Ok(rows::find(conn, &standing.claim.id)?));
    assert_eq!(
        (claim.state.as_str(), claim.computed_e8),
        ("in_review", Some(e8("2.50")))
    );
}

#[test]
fn another_amount_needs_a_reason_and_never_passes_the_ceiling() {
    let shop = Shop::of("panel-credits", "UTC");
    shop.deposit("D-1", "50", -1000);
    let order = shop.order("1001", "10", "balance", Status::InProgress, "400");
    let standing = shop
        .files(
            &shop.wants(Some(&order), "order_cancellation", "too slow"),
            0,
        )
        .unwrap();
    let standing = shop.establishes(&standing, "findings.stop", "stopped".into(), 30);
    let bare = shop.decides(&shop.omar, &standing, 31, |decide| {
        decide.amount_e8 = Some(e8("6"))
    });
    let Err(Error::Invalid(fields)) = bare else {
        panic!("a reason is needed")
    };
    assert!(!fields.of("reason").is_empty() && !fields.of("words").is_empty());
    let above = shop.decides(&shop.omar, &standing, 32, |decide| {
        decide.amount_e8 = Some(e8("10.00000001"));
        decide.reason = Some("goodwill".to_owned());
        decide.words = "They waited for a week.".to_owned();
    });
    assert_eq!(code(above), Code::OverCeiling);
    let granted = shop.decides(&shop.omar, &standing, 33, |decide| {
        decide.amount_e8 = Some(e8("3"));
        decide.reason = Some("goodwill".to_owned());
        decide.words = "They waited for a week.".to_owned();
    });
    let Ok(Decided::Done(done)) = granted else {
        panic!("{granted:?}")
    };
    assert_eq!(done.claim.granted_e8, Some(e8("3")));
    assert_eq!(shop.balance(), e8("43"));
}

#[test]
fn a_stale_page_decides_nothing() {
    let shop = Shop::of("panel-credits", "UTC");
    let order = shop.order("1001", "10", "card-1", Status::InProgress, "400");
    let standing = shop
        .files(
            &shop.wants(Some(&order), "order_cancellation", "too slow"),
            0,
        )
        .unwrap();
    let seen = standing.ticket.seq;
    let standing = shop.establishes(&standing, "findings.stop", "stopped".into(), 30);
    let stale = shop.decides(&shop.omar, &standing, 31, |decide| decide.seen = seen);
    assert!(matches!(stale, Err(Error::Stale)), "{stale:?}");
}

#[test]
fn what_is_missing_is_asked_for_at_once_and_the_claim_keeps_its_instant() {
    let shop = Shop::of("virtual-numbers", "UTC");
    let order = shop.order("N-1", "2.50", "card-1", Status::Completed, "0");
    let standing = shop
        .files(
            &shop.wants(Some(&order), "invalid_number", "it does not ring"),
            0,
        )
        .unwrap();
    assert_eq!(standing.claim.state, "needs_evidence");
    assert_eq!(standing.ticket.state, "waiting_customer");
    assert_eq!(shop.letters(), ["needs_evidence"]);
    let act = shop.act(&shop.anna, 600);
    let supply = Supply {
        words: "Here is the screenshot.".to_owned(),
        remedy_choice: None,
        evidence: vec![("screenshot".to_owned(), None)],
    };
    let supplied = shop
        .db
        .pool
        .write(|tx| claims::supply(tx, &act, &standing.claim.id, &supply))
        .unwrap()
        .unwrap();
    assert_ne!(supplied.claim.state, "needs_evidence");
    assert_eq!(supplied.claim.received_at, standing.claim.received_at);
    assert_ne!(supplied.ticket.state, "waiting_customer");
    shop.replays();
}

#[test]
fn after_a_failed_payout_a_balance_is_judged_by_what_its_lots_hold() {
    let shop = Shop::of("panel-guarantee", "UTC");
    shop.deposit("D-1", "100", -1000);
    shop.deposit("D-2", "100", -900);
    let mut wanted = shop.wants(None, "balance_withdrawal", "I need some of it back");
    wanted.requested_e8 = Some(e8("100"));
    let standing = shop.files(&wanted, 0).unwrap();
    shop.decides(&shop.omar, &standing, 10, |_| {}).unwrap();
    // While the first hundred is on its way, the second is spent from.
    shop.order("1001", "60", "balance", Status::Completed, "0");
    let payout =
        shop.reads(|conn| Ok(redress::db::payouts::of_claim(conn, &standing.claim.id)?.remove(0)));
    let act = shop.act(&shop.lena, 30);
    let back = shop
        .db
        .pool
        .write(|tx| redress::desk::claims::fail_payout(tx, &act, &payout.id, "account closed"));
    back.unwrap();
    assert_eq!(shop.balance(), e8("140"));
    let wanted = shop.wants(None, "balance_withdrawal", "all of it, please");
    let again = shop.files(&wanted, 40).unwrap();
    assert_eq!(again.claim.computed_e8, Some(e8("140")));
    let parts: Vec<(Option<&str>, String)> = again
        .assessment
        .payments
        .iter()
        .map(|part| (part.deposit.as_deref(), part.amount.to_string()))
        .collect();
    assert_eq!(
        parts,
        [
            (Some("D-1"), "100".to_owned()),
            (Some("D-2"), "40".to_owned())
        ]
    );
    shop.decides(&shop.lena, &again, 50, |_| {}).unwrap();
    assert_eq!(shop.balance(), 0);
    shop.replays();
}

#[test]
fn a_rejection_says_why_and_is_appealed_once_to_somebody_else() {
    let shop = Shop::of("panel-credits", "UTC");
    let order = shop.order("1001", "10", "card-1", Status::Completed, "0");
    let standing = shop
        .files(
            &shop.wants(Some(&order), "order_cancellation", "I want out"),
            0,
        )
        .unwrap();
    let reject = |decide: &mut Decide| {
        decide.verdict = Verdict::Reject;
        decide.words = "Everything you ordered was delivered.".to_owned();
    };
    shop.decides(&shop.omar, &standing, 10, reject).unwrap();
    let act = shop.act(&shop.anna, 20);
    let appeal = |words: &str| {
        shop.db
            .pool
            .write(|tx| claims::appeal(tx, &act, &standing.claim.id, words))
    };
    let again = appeal("Half of it disappeared.").unwrap().unwrap();
    assert_eq!(
        (again.claim.state.as_str(), again.ticket.state.as_str()),
        ("in_review", "open")
    );
    assert_eq!(
        code(shop.decides(&shop.omar, &again, 30, reject)),
        Code::OwnClaim
    );
    shop.decides(&shop.lena, &again, 31, reject).unwrap();
    assert_eq!(code(appeal("Once more.")), Code::AlreadyDone);
    assert_eq!(
        shop.letters(),
        [
            "claim_received",
            "claim_rejected",
            "claim_appealed",
            "claim_rejected"
        ]
    );
}

#[test]
fn a_rejection_is_not_appealed_while_the_same_is_asked_for_anew() {
    let shop = Shop::of("panel-credits", "UTC");
    let order = shop.order("1001", "10", "card-1", Status::Completed, "0");
    let wanted = shop.wants(Some(&order), "order_cancellation", "I want out");
    let standing = shop.files(&wanted, 0).unwrap();
    shop.decides(&shop.omar, &standing, 10, |decide| {
        decide.verdict = Verdict::Reject;
        decide.words = "Everything you ordered was delivered.".to_owned();
    })
    .unwrap();
    let newer = shop.files(&wanted, 20).unwrap();
    let appeal = |minute| {
        let act = shop.act(&shop.anna, minute);
        shop.db
            .pool
            .write(|tx| claims::appeal(tx, &act, &standing.claim.id, "Half of it is gone."))
    };
    let Err(Error::Refused { code, words }) = appeal(30) else {
        panic!("the same is open twice");
    };
    assert_eq!(code, Code::AlreadyOpen);
    assert!(words.contains(&newer.claim.number), "{words}");
    let act = shop.act(&shop.anna, 40);
    let pool = &shop.db.pool;
    pool.write(|tx| claims::withdraw(tx, &act, &newer.claim.id))
        .unwrap();
    assert!(appeal(50).unwrap().is_some());
}

#[test]
fn money_for_a_card_is_set_aside_and_its_clock_runs_until_a_person_has_sent_it() {
    let shop = Shop::of("panel-guarantee", "America/Los_Angeles");
    shop.deposit("D-1", "25", -1000);
    let standing = shop
        .files(
            &shop.wants(None, "balance_withdrawal", "closing my account"),
            0,
        )
        .unwrap();
    assert_eq!(standing.assessment.outcome, Outcome::Eligible);
    let Decided::Done(done) = shop.decides(&shop.omar, &standing, 60, |_| {}).unwrap() else {
        panic!()
    };
    assert_eq!(shop.balance(), 0);
    assert_ne!(done.ticket.state, "closed");
    assert_eq!(shop.clock(&done, "payout").state, "running");
    let list = shop.reads(|conn| Ok(redress::db::payouts::of_claim(conn, &done.claim.id)?));
    assert_eq!((list.len(), list[0].pay_e8), (1, e8("25")));
    let act = shop.act(&shop.lena, 90);
    let sent = shop
        .db
        .pool
        .write(|tx| payouts::mark_sent(tx, &act, &list[0].id, "BANK-77"))
        .unwrap();
    assert_eq!(sent.reference.as_deref(), Some("BANK-77"));
    shop.replays();
}

#[test]
fn a_withdrawn_claim_promises_nothing_any_more() {
    let shop = Shop::of("panel-credits", "UTC");
    let order = shop.order("1001", "10", "card-1", Status::InProgress, "400");
    let standing = shop
        .files(
            &shop.wants(Some(&order), "order_cancellation", "too slow"),
            0,
        )
        .unwrap();
    let act = shop.act(&shop.anna, 5);
    let claim = shop
        .db
        .pool
        .write(|tx| claims::withdraw(tx, &act, &standing.claim.id))
        .unwrap();
    assert_eq!(claim.state, "withdrawn");
    assert_eq!(shop.clock(&standing, "first_response").state, "void");
    shop.files(
        &shop.wants(Some(&order), "order_cancellation", "on second thoughts"),
        10,
    )
    .unwrap();
}

#[test]
fn a_breach_is_recorded_once() {
    let shop = Shop::of("panel-credits", "UTC");
    let order = shop.order("1001", "10", "card-1", Status::InProgress, "400");
    let standing = shop
        .files(
            &shop.wants(Some(&order), "order_cancellation", "too slow"),
            0,
        )
        .unwrap();
    let sweep = |minute| {
        let act = Act::worker(at(minute), SITE);
        shop.db
            .pool
            .write(|tx| desk_clocks::sweep(tx, &act, 100))
            .unwrap()
            .breaches
    };
    assert_eq!(sweep(24 * 60), 0, "the last second is in time");
    assert_eq!(sweep(24 * 60 + 1), 1);
    assert_eq!(sweep(24 * 60 + 2), 0);
    let ticket = shop.reads(|conn| Ok(tickets::find(conn, &standing.ticket.id)?));
    assert_eq!(ticket.next_due_kind.as_deref(), Some("first_response"));
}

#[test]
fn an_agent_decides_up_to_a_limit_and_never_a_claim_of_their_own() {
    let shop = Shop::of("panel-credits", "UTC");
    shop.deposit("D-1", "500", -1000);
    let order = shop.order("1001", "400", "balance", Status::InProgress, "1000");
    let standing = shop
        .files(
            &shop.wants(Some(&order), "order_cancellation", "too slow"),
            0,
        )
        .unwrap();
    let standing = shop.establishes(&standing, "findings.stop", "stopped".into(), 30);
    let proposed = shop.decides(&shop.omar, &standing, 31, |_| {});
    assert!(matches!(proposed, Ok(Decided::Proposed(_))), "{proposed:?}");
    assert_eq!(shop.balance(), e8("100"));
    shop.decides(&shop.lena, &standing, 32, |_| {}).unwrap();
    assert_eq!(shop.balance(), e8("500"));
}

#[test]
fn a_limit_in_dollars_says_nothing_of_euros() {
    let shop = Shop::of("panel-credits", "UTC");
    let order = shop.order_in("EUR", "1001", "10", "card-1", Status::InProgress, "400");
    let wanted = shop.wants(Some(&order), "order_cancellation", "too slow");
    let standing = shop.files(&wanted, 0).unwrap();
    let standing = shop.establishes(&standing, "findings.stop", "stopped".into(), 30);
    let proposed = shop.decides(&shop.omar, &standing, 31, |decide| {
        decide.amount_e8 = Some(e8("1"));
        decide.reason = Some("goodwill".to_owned());
        decide.words = "They have waited for long.".to_owned();
    });
    assert!(matches!(proposed, Ok(Decided::Proposed(_))), "{proposed:?}");
    let endorse = |decide: &mut Decide| decide.verdict = Verdict::Endorse;
    let refused = shop.decides(&shop.lena, &standing, 32, endorse);
    assert_eq!(code(refused), Code::OverLimit, "dollars let euros through");
    let granted = shop.decides(&shop.ruth, &standing, 33, endorse);
    assert!(matches!(granted, Ok(Decided::Done(_))), "{granted:?}");
}
