//! Promises kept and broken in a period: from the days that are kept, and from the clocks of all the others and of those that still
//! stand. Whoever had the conversation is kept by id, so that a name of today is shown.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde::{Deserialize, Serialize};

use super::days::{self, Gap, Part};
use super::holders::Holders;
use super::{Period, causes, sellers_of};
use crate::db::Conn;
use crate::db::columns::At;
use crate::db::people::staff;
use crate::db::schema::{claims, clocks, tickets};
use crate::db::sellers::Seller;
use crate::db::tickets::Scope;
use crate::ids::SellerId;
use crate::rules::causes::Cause;
use crate::rules::priority::Priority;
use crate::rules::sla::{Fate, Sample};

/// Promises alike as a day keeps them: kind, clause, firmness, who had them, how they pressed; kept, not kept; seconds taken, by the
/// wall and within the working hours.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Alike(What, (usize, usize), (Vec<i64>, Vec<i64>));

/// A broken promise with the way to its ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    pub ticket_id: String,
    pub claim_id: Option<String>,
    pub ticket: String,
    pub claim: Option<String>,
    pub subject: String,
    pub seller: String,
    /// Its short name.
    pub shop: String,
    pub policy: String,
    pub kind: String,
    pub clause: String,
    pub firmness: String,
    pub due_at: At,
    pub stopped_at: Option<At>,
}

impl Breach {
    /// When it ended, or came due while it runs: the moment at which whoever had it answers for it.
    pub fn ended_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.stopped_at.map_or(now, At::utc)
    }
}

/// A broken promise, why it was broken, and who had it when its clock ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    pub breach: Breach,
    pub cause: Cause,
    pub holder: Option<String>,
}

/// The same as a day keeps it: the way to its ticket, the promise, the instants in microseconds, cause and holder.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    t: (String, String, String),
    c: Option<(String, String)>,
    p: (String, String, String),
    at: (i64, i64),
    why: Cause,
    who: Option<String>,
}

type ClockRow = (
    (String, SellerId, String, String, String),
    (At, NaiveDate, At, Option<At>),
    (String, Option<At>),
    (Option<i64>, Option<String>, Option<String>),
);

type BreachRow = (Way, SellerId, (String, String, String), (At, Option<At>));

/// Which clocks are read: those that stand, in the whole period, or those that have ended, in one gap.
enum Which<'a> {
    Standing(&'a Period, &'a [SellerId]),
    Ended(&'a Gap),
}

/// Every promise that started in the period, whatever became of it; `now` tells what is late though it still runs.
pub fn samples(
    conn: &mut Conn,
    scope: &Scope,
    period: &Period,
    now: DateTime<Utc>,
) -> QueryResult<Vec<Sample>> {
    let sellers = sellers_of(conn, scope, period)?;
    let ids: Vec<SellerId> = sellers.iter().map(|seller| seller.id.clone()).collect();
    let names = names(conn)?;
    let mut samples = Vec::new();
    let kept = days::each_kept(conn, &ids, period, Part::Promises, |seller, day, json| {
        let shop = slug(&sellers, seller);
        for alike in days::read::<Vec<Alike>>(json)? {
            let Alike(what, (kept, missed), (taken, worked)) = alike;
            let count = Count {
                kept,
                missed,
                waiting: 0,
                taken,
                worked,
            };
            samples.push(sample(what, count, day, shop, &names));
        }
        Ok(())
    })?;
    let gaps = days::gaps(&ids, period, &kept);
    let mut rows = clocks_of(conn, &Which::Standing(period, &ids))?;
    for gap in &gaps {
        rows.extend(clocks_of(conn, &Which::Ended(gap))?);
    }
    let holders = Holders::of(conn, rows.iter().map(|((ticket, ..), ..)| ticket))?;
    let counted = counted(rows, &holders, now);
    for ((seller, on, what), count) in counted {
        samples.push(sample(what, count, on, slug(&sellers, &seller), &names));
    }
    Ok(samples)
}

/// Kind, clause, firmness, who had it, and the ticket's priority: what one sample has in common.
type What = (String, String, String, Option<String>, Priority);

fn sample(
    (kind, clause, firmness, who, priority): What,
    count: Count,
    starts_on: NaiveDate,
    shop: &str,
    names: &HashMap<String, String>,
) -> Sample {
    Sample {
        agent: who.and_then(|who| names.get(&who).cloned()),
        seller: shop.to_owned(),
        kind,
        clause,
        firmness,
        starts_on,
        priority,
        kept: count.kept,
        missed: count.missed,
        waiting: count.waiting,
        taken: count.taken,
        worked: count.worked,
    }
}

type AlikeKey = (SellerId, NaiveDate, What);

#[derive(Default)]
struct Count {
    kept: usize,
    missed: usize,
    waiting: usize,
    taken: Vec<i64>,
    worked: Vec<i64>,
}

fn counted(
    rows: Vec<ClockRow>,
    holders: &Holders,
    now: DateTime<Utc>,
) -> BTreeMap<AlikeKey, Count> {
    let mut counted: BTreeMap<AlikeKey, Count> = BTreeMap::new();
    for row in rows {
        let (fate, taken) = became(&row, now);
        let (whose, (_, on, _, stopped), _, (worked, had, has)) = row;
        let (ticket, seller, kind, clause, firmness) = whose;
        let ended = stopped.map_or(now, At::utc);
        let who = holders.at(&ticket, ended).map(str::to_owned);
        let priority = Priority::of(had.or(has).as_deref());
        let count = counted
            .entry((seller, on, (kind, clause, firmness, who, priority)))
            .or_default();
        match fate {
            Fate::Kept => count.kept += 1,
            Fate::Missed => count.missed += 1,
            Fate::Waiting => count.waiting += 1,
        }
        count.taken.extend(taken);
        count.worked.extend(worked);
    }
    for count in counted.values_mut() {
        count.taken.sort_unstable();
        count.worked.sort_unstable();
    }
    counted
}

/// What became of a clock, and the seconds that it took where it has stopped.
fn became(row: &ClockRow, now: DateTime<Utc>) -> (Fate, Option<i64>) {
    let (_, (starts_at, _, due_at, stopped_at), (state, breached_at), _) = row;
    let late = state == "running" && due_at.utc().timestamp() < now.timestamp();
    let fate = match state.as_str() {
        "met" => Fate::Kept,
        "breached" => Fate::Missed,
        _ if breached_at.is_some() || late => Fate::Missed,
        _ => Fate::Waiting,
    };
    let taken = stopped_at.map(|stopped| (stopped.utc() - starts_at.utc()).num_seconds().max(0));
    (fate, taken)
}

/// In the words of the index over those that stand, or it would not be used.
const STANDS: &str = "clocks.state IN ('running', 'paused')";

fn clocks_of(conn: &mut Conn, which: &Which) -> QueryResult<Vec<ClockRow>> {
    let query = clocks::table
        .inner_join(tickets::table)
        .filter(clocks::firmness.ne("estimate"))
        .select((
            (
                clocks::ticket_id,
                clocks::seller_id,
                clocks::kind,
                clocks::clause,
                clocks::firmness,
            ),
            (
                clocks::starts_at,
                clocks::starts_on,
                clocks::due_at,
                clocks::stopped_at,
            ),
            (clocks::state, clocks::breached_at),
            (clocks::worked_s, clocks::priority, tickets::priority),
        ))
        .into_boxed();
    match which {
        Which::Standing(period, sellers) => query
            .filter(diesel::dsl::sql::<Bool>(STANDS))
            .filter(clocks::starts_on.between(period.from, period.to))
            .filter(clocks::seller_id.eq_any(sellers.to_vec()))
            .load(conn),
        Which::Ended(gap) => query
            .filter(clocks::seller_id.eq(&gap.seller))
            .filter(clocks::starts_on.between(gap.from, gap.to))
            .filter(clocks::state.eq_any(["met", "breached"]))
            .load(conn),
    }
}

/// Firm promises that were broken in the period, the latest due first.
pub fn broken(
    conn: &mut Conn,
    scope: &Scope,
    period: &Period,
    now: DateTime<Utc>,
    limit: usize,
) -> QueryResult<Vec<Missed>> {
    let sellers = sellers_of(conn, scope, period)?;
    let ids: Vec<SellerId> = sellers.iter().map(|seller| seller.id.clone()).collect();
    let names = names(conn)?;
    let mut all = Vec::new();
    let kept = days::each_kept(conn, &ids, period, Part::Broken, |seller, _, json| {
        let seller = sellers.iter().find(|known| known.id == *seller);
        let Some(seller) = seller else { return Ok(()) };
        for one in days::read::<Vec<Kept>>(json)? {
            all.push(Missed {
                cause: one.why,
                holder: one.who.as_ref().and_then(|who| names.get(who).cloned()),
                breach: breach_of(one, seller)?,
            });
        }
        Ok(())
    })?;
    let gaps = days::gaps(&ids, period, &kept);
    let mut rows = breaches_of(conn, &Which::Standing(period, &ids), now)?;
    for gap in &gaps {
        rows.extend(breaches_of(conn, &Which::Ended(gap), now)?);
    }
    let breaches = with_sellers(rows, &sellers);
    let holders = Holders::of(conn, breaches.iter().map(|breach| &breach.ticket_id))?;
    let causes = causes::of(conn, &breaches, &holders)?;
    let live = breaches.into_iter().zip(causes).map(|(breach, cause)| {
        let who = holders.at(&breach.ticket_id, breach.ended_at(now));
        Missed {
            holder: who.and_then(|who| names.get(who).cloned()),
            cause,
            breach,
        }
    });
    all.extend(live);
    all.sort_by(|a, b| {
        let (a, b) = (&a.breach, &b.breach);
        b.due_at
            .cmp(&a.due_at)
            .then_with(|| a.ticket_id.cmp(&b.ticket_id))
    });
    all.truncate(limit);
    Ok(all)
}

fn breach_of(kept: Kept, seller: &Seller) -> QueryResult<Breach> {
    let (ticket_id, ticket, subject) = kept.t;
    let (claim_id, claim) = kept.c.unzip();
    let way = (ticket_id, claim_id, ticket, claim, subject);
    let stopped_at = days::instant(kept.at.1)?.into();
    let instants = (days::instant(kept.at.0)?.into(), Some(stopped_at));
    Ok(breach(way, seller, kept.p, instants))
}

/// The way to its ticket and claim: their ids, their numbers, the subject.
type Way = (String, Option<String>, String, Option<String>, String);

fn breach(
    (ticket_id, claim_id, ticket, claim, subject): Way,
    seller: &Seller,
    (kind, clause, firmness): (String, String, String),
    (due_at, stopped_at): (At, Option<At>),
) -> Breach {
    Breach {
        ticket_id,
        claim_id,
        ticket,
        claim,
        subject,
        seller: seller.name.clone(),
        shop: seller.slug.clone(),
        policy: seller.policy.clone(),
        kind,
        clause,
        firmness,
        due_at,
        stopped_at,
    }
}

fn with_sellers(rows: Vec<BreachRow>, sellers: &[Seller]) -> Vec<Breach> {
    let known = |(way, seller, promise, instants): BreachRow| {
        let seller = sellers.iter().find(|known| known.id == seller)?;
        Some(breach(way, seller, promise, instants))
    };
    rows.into_iter().filter_map(known).collect()
}

fn breaches_of(conn: &mut Conn, which: &Which, now: DateTime<Utc>) -> QueryResult<Vec<BreachRow>> {
    let query = clocks::table
        .inner_join(tickets::table)
        .left_join(claims::table.on(claims::id.nullable().eq(clocks::claim_id)))
        .filter(clocks::firmness.eq_any(["firm", "house"]))
        .order((clocks::due_at.desc(), clocks::id))
        .select((
            (
                clocks::ticket_id,
                clocks::claim_id,
                tickets::number,
                claims::number.nullable(),
                tickets::subject,
            ),
            clocks::seller_id,
            (clocks::kind, clocks::clause, clocks::firmness),
            (clocks::due_at, clocks::stopped_at),
        ))
        .into_boxed();
    match which {
        Which::Standing(period, sellers) => query
            .filter(diesel::dsl::sql::<Bool>(STANDS))
            .filter(clocks::starts_on.between(period.from, period.to))
            .filter(clocks::seller_id.eq_any(sellers.to_vec()))
            .filter(
                clocks::breached_at.is_not_null().or(clocks::state
                    .eq("running")
                    .and(clocks::due_at.lt(At::from(now)))),
            )
            .load(conn),
        Which::Ended(gap) => query
            .filter(clocks::seller_id.eq(&gap.seller))
            .filter(clocks::starts_on.between(gap.from, gap.to))
            .filter(clocks::state.eq_any(["met", "breached"]))
            .filter(
                clocks::state
                    .eq("breached")
                    .or(clocks::breached_at.is_not_null()),
            )
            .load(conn),
    }
}

/// What a day keeps of its ended promises, and of those of them that were broken.
pub fn pack(
    conn: &mut Conn,
    seller: &Seller,
    day: NaiveDate,
    now: DateTime<Utc>,
) -> QueryResult<(String, String)> {
    let gap = Gap {
        seller: seller.id.clone(),
        from: day,
        to: day,
    };
    let rows = clocks_of(conn, &Which::Ended(&gap))?;
    let holders = Holders::of(conn, rows.iter().map(|((ticket, ..), ..)| ticket))?;
    let alike: Vec<Alike> = counted(rows, &holders, now)
        .into_iter()
        .map(|((_, _, alike), count)| {
            Alike(
                alike,
                (count.kept, count.missed),
                (count.taken, count.worked),
            )
        })
        .collect();
    let rows = breaches_of(conn, &Which::Ended(&gap), now)?;
    let breaches = with_sellers(rows, std::slice::from_ref(seller));
    let causes = causes::of(conn, &breaches, &holders)?;
    let kept: Vec<Kept> = breaches
        .into_iter()
        .zip(causes)
        .map(|(breach, why)| Kept {
            who: holders
                .at(&breach.ticket_id, breach.ended_at(now))
                .map(str::to_owned),
            at: (
                breach.due_at.utc().timestamp_micros(),
                breach.ended_at(now).timestamp_micros(),
            ),
            t: (breach.ticket_id, breach.ticket, breach.subject),
            c: breach.claim_id.zip(breach.claim),
            p: (breach.kind, breach.clause, breach.firmness),
            why,
        })
        .collect();
    Ok((written(&alike)?, written(&kept)?))
}

pub(in crate::db) fn written<T: Serialize + ?Sized>(rows: &T) -> QueryResult<String> {
    serde_json::to_string(rows)
        .map_err(|cause| diesel::result::Error::SerializationError(cause.into()))
}

fn slug<'a>(sellers: &'a [Seller], id: &SellerId) -> &'a str {
    let found = sellers.iter().find(|seller| seller.id == *id);
    found.map_or("", |seller| seller.slug.as_str())
}

/// The names of the staff, by id.
pub(super) fn names(conn: &mut Conn) -> QueryResult<HashMap<String, String>> {
    let staff = staff(conn)?.into_iter();
    Ok(staff
        .map(|person| (person.id.to_string(), person.name))
        .collect())
}
