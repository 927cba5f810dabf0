//! Ten thousand promises that come due at once: how long until the last of their warnings is queued. A staff of a desk that had an
//! outage, or a sale, must be told within a minute. `cargo bench --bench warn`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Instant;

use chrono::{DateTime, Duration, Utc};
use redress::act::{Act, Door, Person, Role, Who};
use redress::app::App;
use redress::clock::Clock;
use redress::config::{Config, Mail};
use redress::db::Tx;
use redress::db::sellers::{Seller, insert_seller};
use redress::desk::people::{self, Newcomer};
use redress::desk::policies;
use redress::desk::tickets::{Opening, open};
use redress::error::Result;
use redress::ids::SellerId;
use redress::rules::policy::Shelf;
use redress::worker;

const SITE: &str = "https://desk.example";
const TICKETS: usize = 10_000;
/// Tickets of one transaction.
const SLICE: usize = 500;

fn now() -> DateTime<Utc> {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

fn shop() -> Seller {
    let begin = now() - Duration::days(400);
    Seller {
        id: SellerId::new(begin),
        slug: "harbor".to_owned(),
        name: "Harbor".to_owned(),
        mail_address: "desk@harbor.example".to_owned(),
        policy: "panel-credits".to_owned(),
        currency: "USD".to_owned(),
        time_zone: None,
        holidays_json: None,
        fee_schedule_json: None,
        large_refund_threshold_e8: None,
        agent_limit_e8: 10_000_000_000,
        lead_limit_e8: 100_000_000_000,
        created_at: begin.into(),
    }
}

fn person(tx: &mut Tx, name: &str, role: Role) -> Result<Person> {
    let act = Act::operator(now() - Duration::days(30), SITE);
    let newcomer = Newcomer {
        name: name.to_owned(),
        email: format!("{}@desk.example", name.to_lowercase()),
        role,
        sellers: Vec::new(),
    };
    let id = people::add(tx, &act, &newcomer, "nobody signs in here")?;
    Ok(Person {
        id,
        name: newcomer.name,
        email: newcomer.email,
        role,
        sellers: Vec::new(),
    })
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::read(&Default::default()).unwrap();
    config = config.with_data(folder.path().to_owned());
    config.database_url = format!("sqlite://{}", folder.path().join("desk.db").display());
    config.mail = Mail::Memory;
    let app = App::open(config, Clock::fixed(now())).unwrap();
    let (seller, anna) = app
        .pool
        .write(|tx| {
            for document in Shelf::built_in_documents() {
                policies::publish(
                    tx,
                    &Act::operator(now() - Duration::days(400), SITE),
                    document,
                )?;
            }
            let seller = shop();
            insert_seller(tx, &seller)?;
            person(tx, "Lena", Role::Lead)?;
            Ok((seller, person(tx, "Anna", Role::Customer)?))
        })
        .unwrap();
    let act = Act {
        who: Who::Person(anna.clone()),
        at: now(),
        via: Door::Portal,
        request: String::new(),
        site: SITE.to_owned(),
    };
    for _ in 0..TICKETS / SLICE {
        app.pool
            .write(|tx| {
                for _ in 0..SLICE {
                    let opening = Opening {
                        seller: &seller.id,
                        customer: &anna.id,
                        subject: "Where is my order?",
                        body: "It was to be here by now.",
                    };
                    open(tx, &act, &opening, &[])?;
                }
                Ok(())
            })
            .unwrap();
    }
    app.clock.advance(Duration::hours(12));
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    let began = Instant::now();
    let given = runtime.block_on(worker::clocks::warn(&app)).unwrap();
    let took = began.elapsed();
    println!(
        "{given} warnings of {TICKETS} promises in {:.1} s, {:.1} ms each",
        took.as_secs_f64(),
        took.as_secs_f64() * 1000.0 / TICKETS as f64
    );
    let began = Instant::now();
    runtime.block_on(worker::clocks::warn(&app)).unwrap();
    println!(
        "a round with nothing to warn of: {:.2} ms",
        began.elapsed().as_secs_f64() * 1000.0
    );
}
