//! The weekly letter to managers: on Monday morning of their own wall, about the seven days before, for the sellers that they answer
//! for. Once a person and week, however often it is asked for.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use chrono_tz::Tz;

use super::mailroom::{Envelope, queue};
use crate::act::Act;
use crate::db::people::{self, Person};
use crate::db::reports::refunds::{self, Request};
use crate::db::reports::{self, Period};
use crate::db::sellers;
use crate::db::tickets::Scope;
use crate::db::{Conn, Tx, mail};
use crate::error::Result;
use crate::ids::PersonId;
use crate::letters::parts::Signature;
use crate::letters::reports::Weekly;
use crate::rules::calendar::at_local;
use crate::rules::causes::Cause;
use crate::rules::display;
use crate::rules::rights::{Verb, may};
use crate::rules::sla::{self, Line, Sample};

/// When the week is told, on the reader's wall.
const HOUR: u32 = 8;
/// Lines of a list.
const MOST: usize = 5;
const ALL: usize = 10_000;

/// Whose letter of the week is due and not written yet, with the Monday on which it is.
pub fn due(conn: &mut Conn, now: DateTime<Utc>) -> Result<Vec<(PersonId, NaiveDate)>> {
    let mut due = Vec::new();
    for person in people::staff(conn)? {
        let Some(monday) = monday(&person, now) else {
            continue;
        };
        if !mail::is_queued(conn, &key(&person, monday))? {
            due.push((person.id, monday));
        }
    }
    Ok(due)
}

/// The Monday of this week, once its morning has come; none for somebody who reads no reports, or was not here by then.
fn monday(person: &Person, now: DateTime<Utc>) -> Option<NaiveDate> {
    if !may(person.role, Verb::ReadReports) || !person.is_usable() {
        return None;
    }
    let zone = zone(person);
    let today = now.with_timezone(&zone).date_naive();
    let monday = today - Days::new(u64::from(today.weekday().num_days_from_monday()));
    let morning = at_local(monday.and_hms_opt(HOUR, 0, 0)?, zone);
    (morning <= now && person.created_at.utc() < morning).then_some(monday)
}

fn zone(person: &Person) -> Tz {
    person.time_zone.parse().unwrap_or(Tz::UTC)
}

fn key(person: &Person, monday: NaiveDate) -> String {
    format!("weekly:{}:{monday}", person.id)
}

/// Queues one person's letter about the week before that Monday; says whether it is new.
pub fn write(tx: &mut Tx, act: &Act, id: &PersonId, monday: NaiveDate) -> Result<bool> {
    let person = people::find(tx, id)?;
    let scope = Scope(people::sellers_of(tx, id)?);
    let period = Period {
        from: monday - Days::new(7),
        to: monday - Days::new(1),
        seller: None,
    };
    let letter = weekly(tx, act, &scope, &period)?.letter()?;
    let envelope = Envelope {
        key: key(&person, monday),
        kind: "weekly",
        seller: None,
        ticket: None,
        claim: None,
        from_name: "Redress",
        to: &person.email,
    };
    queue(tx, act, &envelope, letter)
}

fn weekly(conn: &mut Conn, act: &Act, scope: &Scope, period: &Period) -> Result<Weekly> {
    let samples = reports::samples(conn, scope, period, act.at)?;
    let firm: Vec<Sample> = samples.into_iter().filter(Sample::is_firm).collect();
    let lines = sla::lines(&firm);
    let names: BTreeMap<String, String> = sellers::within(conn, scope)?
        .into_iter()
        .map(|seller| (seller.slug, seller.name))
        .collect();
    let missed = reports::broken(conn, scope, period, act.at, ALL)?;
    let causes: Vec<Cause> = missed.iter().map(|missed| missed.cause).collect();
    let open = reports::open_now(conn, scope, None)?;
    let link = |path: &str| {
        let (from, to) = (period.from, period.to);
        format!("{}{path}?from={from}&to={to}", act.site)
    };
    Ok(Weekly {
        signature: Signature {
            name: "Redress".to_owned(),
            site: act.site.clone(),
            is_read: false,
        },
        days: display::days(period.from, period.to),
        outcome: outcome(&firm),
        weakest: weakest(&lines, &names),
        causes: told(&causes),
        open: waiting(&open, act.at),
        refunds: granted(&refunds::requests(conn, scope, period)?),
        promises_link: link("/reports/sla"),
        refunds_link: link("/reports/refunds"),
    })
}

fn outcome(firm: &[Sample]) -> String {
    let count = |of: fn(&Sample) -> usize| firm.iter().map(of).sum::<usize>();
    let (kept, missed) = (count(|it| it.kept), count(|it| it.missed));
    let settled = kept + missed;
    match (kept * 1000).checked_div(settled) {
        None => "no firm promise was settled.".to_owned(),
        Some(tenths) => format!(
            "{} of {} firm promises were kept ({}.{}\u{a0}%).",
            display::count(kept as u64),
            display::count(settled as u64),
            tenths / 10,
            tenths % 10
        ),
    }
}

/// Where promises were broken, the smallest share first.
fn weakest(lines: &[Line], names: &BTreeMap<String, String>) -> Vec<String> {
    let mut broken: Vec<&Line> = lines.iter().filter(|line| line.missed > 0).collect();
    broken.sort_by_key(|line| line.attainment());
    let said = broken.into_iter().take(MOST).map(|line| {
        let what = super::clocks::spoken(&line.kind);
        let shop = names.get(&line.seller).unwrap_or(&line.seller);
        let settled = line.kept + line.missed;
        let clause = match line.clause.as_str() {
            super::clocks::HOUSE => "house target",
            clause => clause,
        };
        format!("{shop}, {what} ({clause}): {} of {settled} kept", line.kept)
    });
    said.collect()
}

fn told(causes: &[Cause]) -> Vec<String> {
    let mut counted: Vec<(Cause, usize)> = Cause::ALL
        .iter()
        .map(|cause| {
            (
                *cause,
                causes.iter().filter(|known| *known == cause).count(),
            )
        })
        .filter(|(_, n)| *n > 0)
        .collect();
    counted.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let said = counted
        .into_iter()
        .map(|(cause, n)| format!("{}: {n}", cause.said()));
    said.collect()
}

fn waiting(open: &[(String, DateTime<Utc>)], now: DateTime<Utc>) -> String {
    let Some(oldest) = open.iter().map(|(_, at)| *at).min() else {
        return "Nothing is open now.".to_owned();
    };
    let days = (now - oldest).num_days();
    let oldest = match days {
        0 => "the oldest came in less than a day ago".to_owned(),
        1 => "the oldest came in a day ago".to_owned(),
        days => format!("the oldest came in {days} days ago"),
    };
    format!("{} open now; {oldest}.", display::count(open.len() as u64))
}

fn granted(requests: &[Request]) -> Vec<String> {
    let mut sums: BTreeMap<&str, (u64, i64, i64)> = BTreeMap::new();
    for request in requests {
        let Some(granted_e8) = request.granted_e8.filter(|e8| *e8 > 0) else {
            continue;
        };
        let sum = sums.entry(&request.currency).or_default();
        let beyond_e8 = granted_e8.saturating_sub(request.computed_e8.unwrap_or(0));
        sum.0 += 1;
        sum.1 = sum.1.saturating_add(granted_e8);
        sum.2 = sum.2.saturating_add(beyond_e8.max(0));
    }
    let said = sums.into_iter().map(|(currency, (n, granted, beyond))| {
        let requests = if n == 1 { "request" } else { "requests" };
        format!(
            "{} on {n} {requests}, {} of it beyond the policy",
            display::money(granted, currency),
            display::money(beyond, currency)
        )
    });
    said.collect()
}
