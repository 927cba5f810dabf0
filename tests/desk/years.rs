//! Two years made by the pure rules hold like a history that was lived: the books prove, the judgements replay, every clock counts anew
//! to where it stands, and what the desk would gather of an open request is what it was judged by.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use redress::cli::demo::build_with;
use redress::cli::demo::years::Years;
use redress::clock::Clock;
use redress::config::Config;
use redress::db::reports::refunds::{self, Request};
use redress::db::reports::{self, Period, days};
use redress::db::tickets::Scope;
use redress::db::{self, Conn, Tx};
use redress::desk::{claims, clocks, ledger, reports as desk_reports, tickets};
use redress::error::Result;
use redress::rules::{facts, sla};

use crate::support::app::Desk;

fn grown(tickets: u64, claims_at: Option<&str>) -> Desk {
    let now: DateTime<Utc> = "2026-03-11T15:20:30Z".parse().unwrap();
    let demo = |config: Config| Config {
        demo: true,
        ..config
    };
    let desk = Desk::built(demo, |mut app| {
        app.clock = Clock::fixed(now);
        app
    });
    let years = Years {
        tickets,
        seed: 7,
        claims_at: claims_at.map(str::to_owned),
    };
    if let Err(why) = build_with(&desk.app, Some(&years), |_| {}) {
        panic!("no years: {why}");
    }
    desk
}

fn period(from: &str, to: &str) -> Period {
    Period {
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
        seller: None,
    }
}

fn requests(conn: &mut Conn) -> Result<Vec<Request>> {
    let all = period("2023-01-01", "2026-12-31");
    Ok(refunds::requests(conn, &Scope(Vec::new()), &all)?)
}

#[test]
fn the_years_prove_replay_and_count_anew() {
    let desk = grown(600, None);
    let pool = &desk.app.pool;
    let report = pool.snapshot(ledger::verify).unwrap();
    assert_eq!(report.findings, Vec::new());
    let replayed = pool.read(claims::replay).unwrap();
    assert_eq!(replayed.differing, Vec::new());
    assert!(replayed.equal > 700, "{}", replayed.equal);
    let differing = pool.read(clocks::verify).unwrap();
    assert_eq!(differing, Vec::<String>::new());
}

/// A report of the whole history, as its pages are made from it.
#[derive(Debug, PartialEq)]
struct Report {
    lines: Vec<sla::Line>,
    people: Vec<sla::Share>,
    missed: Vec<reports::Missed>,
    requests: Vec<Request>,
}

fn report(conn: &mut Conn, now: DateTime<Utc>, period: &Period) -> Result<Report> {
    let everywhere = Scope(Vec::new());
    let samples = reports::samples(conn, &everywhere, period, now)?;
    Ok(Report {
        lines: sla::lines(&samples),
        people: sla::by_agent(&samples),
        missed: reports::broken(conn, &everywhere, period, now, 100_000)?,
        requests: refunds::requests(conn, &everywhere, period)?,
    })
}

#[test]
fn kept_days_say_what_their_tickets_say_and_go_when_something_happens_on_one() {
    let desk = grown(500, None);
    let (pool, now) = (&desk.app.pool, desk.app.now());
    let read = || {
        let of = |conn: &mut Conn| {
            let all = (
                period("2023-01-01", "2026-12-31"),
                period("2025-11-03", "2026-03-09"),
            );
            Ok((report(conn, now, &all.0)?, report(conn, now, &all.1)?))
        };
        pool.read(of).unwrap()
    };
    let kept = || pool.read(|conn| Ok(days::all(conn)?.len())).unwrap();
    let counted = read();
    assert_eq!(kept(), 0);
    assert!(counted.0.missed.len() > 30 && counted.0.requests.len() > 200);
    let mut made = 0;
    loop {
        let count = pool.write(|tx| desk_reports::pack(tx, now, 300)).unwrap();
        made += count;
        if count == 0 {
            break;
        }
    }
    assert!(made > 3_000 && kept() == made, "{made}");
    assert_eq!(read(), counted);
    // Somebody writes on an old ticket: its days are counted again, and the others stay.
    let old = pool
        .read(|conn| {
            let all = refunds::requests(
                conn,
                &Scope(Vec::new()),
                &period("2024-06-01", "2024-12-31"),
            )?;
            let claim = db::claims::for_staff(conn, &Scope(Vec::new()), &all[0].number)?;
            Ok(claim.ticket_id)
        })
        .unwrap();
    let act = desk.operator();
    let note = |tx: &mut Tx| tickets::note(tx, &act, &old, None, "Looked at again.");
    pool.write(note).unwrap();
    let left = kept();
    assert!(left < made && left > made - 20, "{left} of {made}");
    assert_eq!(read(), counted);
    pool.write(|tx| desk_reports::pack(tx, now, 300)).unwrap();
    assert_eq!(kept(), made);
    let verified = pool.read(desk_reports::verify).unwrap();
    assert_eq!(verified, Vec::new());
}

#[test]
fn an_open_request_was_judged_by_what_the_desk_gathers_of_it() {
    let desk = grown(1_500, None);
    let now = desk.app.now();
    let unlike = |conn: &mut Conn| {
        let (mut open, mut unlike) = (0, Vec::new());
        let mut after = String::new();
        loop {
            let slice = db::claims::assessments_after(conn, &after, 500)?;
            let Some(last) = slice.last() else { break };
            after = last.id.to_string();
            for row in slice {
                let claim = db::claims::find(conn, &row.claim_id)?;
                let newest = db::claims::latest_assessment(conn, &claim.id)?;
                if !claim.is_open() || newest.id != row.id {
                    continue;
                }
                open += 1;
                let gathered = claims::facts(conn, &claim, row.at.utc(), None)?;
                let kept = facts::read(&row.facts_json);
                if kept.as_ref() != Ok(&gathered) {
                    unlike.push(format!("{}: {kept:?} and {gathered:?}", claim.number));
                }
            }
        }
        Ok((open, unlike))
    };
    let (open, unlike) = desk.app.pool.read(unlike).unwrap();
    assert_eq!(unlike, Vec::<String>::new());
    assert!(open > 20, "only {open} requests are open at {now}");
}

#[test]
fn all_that_a_desk_knows_happens_in_the_years_and_the_same_seed_tells_the_same() {
    let told = |tickets: u64| {
        let desk = grown(tickets, None);
        let all = desk.app.pool.read(requests).unwrap();
        let mut states = BTreeMap::new();
        for one in &all {
            let sort = (one.seller.clone(), one.ground.clone(), one.state.clone());
            *states.entry(sort).or_insert(0) += 1;
        }
        let money = |of: fn(&Request) -> i64| all.iter().map(of).sum::<i64>();
        let sums = (
            money(|one| one.asked_e8),
            money(|one| one.granted_e8.unwrap_or(0)),
        );
        let kinds = (
            all.iter().filter(|one| one.automatic).count(),
            all.iter().filter(|one| one.overridden).count(),
        );
        (states, sums, kinds)
    };
    let first = told(1_200);
    assert_eq!(first, told(1_200));
    let (states, _, (automatic, overridden)) = first;
    assert!(automatic > 10 && overridden > 5, "{automatic} {overridden}");
    for state in ["approved", "rejected", "remedied", "withdrawn", "in_review"] {
        let there: usize = states
            .iter()
            .filter(|((.., known), _)| known == state)
            .map(|(_, count)| count)
            .sum();
        assert!(there > 0, "no request is {state}: {states:?}");
    }
}

#[test]
fn the_years_can_be_one_sellers_requests_alone() {
    let desk = grown(150, Some("virtual-numbers"));
    let all = desk.app.pool.read(requests).unwrap();
    let own = all.iter().filter(|one| one.seller == "virtual-numbers");
    assert!(own.count() >= 150);
    let report = desk.app.pool.snapshot(ledger::verify).unwrap();
    assert_eq!(report.findings, Vec::new());
}
