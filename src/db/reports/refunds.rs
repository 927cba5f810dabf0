//! What was asked, computed and granted on the claims received in a period, and where people decided otherwise than the rules.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::days::{self, Gap, Part};
use super::promises::{names, written};
use super::{Period, sellers_of};
use crate::db::Conn;
use crate::db::columns::At;
use crate::db::schema::{claims, decisions, disputes, orders, payouts};
use crate::db::sellers::Seller;
use crate::db::tickets::Scope;
use crate::ids::SellerId;
use crate::rules::lifecycle::payout::State;

/// One claim as the report sees it. Amounts at 8 decimals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub number: String,
    /// The seller's short name.
    pub seller: String,
    pub customer: String,
    pub ground: String,
    /// What its last answer rests on; none of claims from before that was kept.
    pub clause: Option<String>,
    pub currency: String,
    pub state: String,
    pub received_on: NaiveDate,
    pub received_at: DateTime<Utc>,
    pub decided_at: Option<DateTime<Utc>>,
    /// When the last of the money had arrived or was sent; none where nothing was paid, or not all of it yet.
    pub paid_at: Option<DateTime<Utc>>,
    /// The amount named; where everything was asked for, what the order cost; for a whole balance, what the policy computed.
    pub asked_e8: i64,
    pub computed_e8: Option<i64>,
    pub granted_e8: Option<i64>,
    /// Decided by the policy itself, where its text says "automatically".
    pub automatic: bool,
    pub overridden: bool,
    /// In their order.
    pub decided: Vec<Decided>,
}

/// One decision on a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// A person's id, or "policy".
    pub by: String,
    pub computed_e8: Option<i64>,
    pub amount_e8: i64,
    /// Of one that was not the rules' own.
    pub otherwise: Option<Otherwise>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Otherwise {
    pub verdict: String,
    pub reason: String,
    pub words: String,
    /// In microseconds.
    pub at: i64,
}

impl Request {
    pub fn is_decided(&self) -> bool {
        matches!(self.state.as_str(), "approved" | "rejected" | "remedied")
    }
}

/// A claim as a day keeps it: number, customer, ground, clause, currency, state; when it was received, decided, paid, in
/// microseconds; asked, computed, granted; the decisions.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept(
    (String, String, String, Option<String>, String, String),
    (i64, Option<i64>, Option<i64>),
    (i64, Option<i64>, Option<i64>),
    Vec<Decided>,
);

type Row = (
    (String, String),
    (String, String, Option<String>, String, String),
    (NaiveDate, At, Option<At>),
    (Option<i64>, Option<i64>, Option<i64>),
    Option<i64>,
);

/// The claims received in the period, oldest first.
pub fn requests(conn: &mut Conn, scope: &Scope, period: &Period) -> QueryResult<Vec<Request>> {
    let sellers = sellers_of(conn, scope, period)?;
    let ids: Vec<SellerId> = sellers.iter().map(|seller| seller.id.clone()).collect();
    let of = |id: &SellerId| sellers.iter().find(|seller| seller.id == *id);
    let mut requests = Vec::new();
    let kept = days::each_kept(conn, &ids, period, Part::Requests, |seller, day, json| {
        let Some(seller) = of(seller) else {
            return Ok(());
        };
        for one in days::read::<Vec<Kept>>(json)? {
            requests.push(unpacked(one, seller, day)?);
        }
        Ok(())
    })?;
    for gap in days::gaps(&ids, period, &kept) {
        if let Some(seller) = of(&gap.seller) {
            requests.extend(read(conn, seller, &gap)?);
        }
    }
    requests.sort_by(|a, b| (a.received_at, &a.number).cmp(&(b.received_at, &b.number)));
    Ok(requests)
}

fn unpacked(kept: Kept, seller: &Seller, day: NaiveDate) -> QueryResult<Request> {
    let Kept(words, instants, amounts, decided) = kept;
    let (number, customer, ground, clause, currency, state) = words;
    let maybe = |micros: Option<i64>| micros.map(days::instant).transpose();
    let last = decided.last();
    Ok(Request {
        automatic: last.is_some_and(|last| last.by == "policy"),
        overridden: last.is_some_and(|last| last.otherwise.is_some()),
        number,
        seller: seller.slug.clone(),
        customer,
        ground,
        clause,
        currency,
        state,
        received_on: day,
        received_at: days::instant(instants.0)?,
        decided_at: maybe(instants.1)?,
        paid_at: maybe(instants.2)?,
        asked_e8: amounts.0,
        computed_e8: amounts.1,
        granted_e8: amounts.2,
        decided,
    })
}

/// What a day keeps of its requests.
pub fn pack(conn: &mut Conn, seller: &Seller, day: NaiveDate) -> QueryResult<String> {
    let gap = Gap {
        seller: seller.id.clone(),
        from: day,
        to: day,
    };
    let micros = |at: DateTime<Utc>| at.timestamp_micros();
    let kept: Vec<Kept> = read(conn, seller, &gap)?
        .into_iter()
        .map(|one| {
            Kept(
                (
                    one.number,
                    one.customer,
                    one.ground,
                    one.clause,
                    one.currency,
                    one.state,
                ),
                (
                    micros(one.received_at),
                    one.decided_at.map(micros),
                    one.paid_at.map(micros),
                ),
                (one.asked_e8, one.computed_e8, one.granted_e8),
                one.decided,
            )
        })
        .collect();
    written(&kept)
}

/// From the claims themselves.
fn read(conn: &mut Conn, seller: &Seller, gap: &Gap) -> QueryResult<Vec<Request>> {
    let rows: Vec<Row> = claims::table
        .left_join(orders::table.on(orders::id.nullable().eq(claims::order_id)))
        .filter(claims::seller_id.eq(&gap.seller))
        .filter(claims::received_on.between(gap.from, gap.to))
        .order((claims::received_at, claims::id))
        .select((
            (claims::id, claims::number),
            (
                claims::customer_id,
                claims::ground,
                claims::clause,
                claims::currency,
                claims::state,
            ),
            (claims::received_on, claims::received_at, claims::decided_at),
            (
                claims::requested_e8,
                claims::computed_e8,
                claims::granted_e8,
            ),
            orders::charge_e8.nullable(),
        ))
        .load(conn)?;
    let mut decided = decisions_of(conn, gap)?;
    let paid_out = payouts_of(conn, gap)?;
    let request = |row| request(row, seller, &mut decided, &paid_out);
    Ok(rows.into_iter().map(request).collect())
}

fn request(
    row: Row,
    seller: &Seller,
    decided: &mut HashMap<String, Vec<Decided>>,
    paid_out: &HashMap<String, Option<DateTime<Utc>>>,
) -> Request {
    let (
        (id, number),
        (customer, ground, clause, currency, state),
        (received_on, received_at, decided_at),
        (requested_e8, computed_e8, granted_e8),
        charge_e8,
    ) = row;
    let decided_at = decided_at.map(At::utc);
    let decided = decided.remove(&id).unwrap_or_default();
    let last = decided.last();
    let paid_at = match paid_out.get(&id) {
        Some(settled) => *settled,
        None if granted_e8.unwrap_or(0) > 0 => decided_at,
        None => None,
    };
    Request {
        asked_e8: requested_e8.or(charge_e8).or(computed_e8).unwrap_or(0),
        automatic: last.is_some_and(|last| last.by == "policy"),
        overridden: last.is_some_and(|last| last.otherwise.is_some()),
        received_at: received_at.utc(),
        number,
        seller: seller.slug.clone(),
        customer,
        ground,
        clause,
        currency,
        state,
        received_on,
        decided_at,
        paid_at,
        computed_e8,
        granted_e8,
        decided,
    }
}

type DecisionRow = (
    (String, String, String),
    (Option<i64>, i64),
    (Option<String>, String, At),
);

/// By claim, in their order.
fn decisions_of(conn: &mut Conn, gap: &Gap) -> QueryResult<HashMap<String, Vec<Decided>>> {
    let rows: Vec<DecisionRow> = decisions::table
        .inner_join(claims::table)
        .filter(claims::seller_id.eq(&gap.seller))
        .filter(claims::received_on.between(gap.from, gap.to))
        .order(decisions::seq)
        .select((
            (
                decisions::claim_id,
                decisions::decided_by,
                decisions::verdict,
            ),
            (decisions::computed_e8, decisions::amount_e8),
            (decisions::override_reason, decisions::words, decisions::at),
        ))
        .load(conn)?;
    let mut decided: HashMap<String, Vec<Decided>> = HashMap::new();
    for ((claim, by, verdict), (computed_e8, amount_e8), (reason, words, at)) in rows {
        let otherwise = reason.map(|reason| Otherwise {
            verdict,
            reason,
            words,
            at: at.utc().timestamp_micros(),
        });
        decided.entry(claim).or_default().push(Decided {
            by,
            computed_e8,
            amount_e8,
            otherwise,
        });
    }
    Ok(decided)
}

/// By claim: when the last of its payouts was settled, none while one of them is not. One that failed and was queued again counts
/// as the one in its place.
fn payouts_of(conn: &mut Conn, gap: &Gap) -> QueryResult<HashMap<String, Option<DateTime<Utc>>>> {
    let rows: Vec<(String, String, State, Option<At>)> = payouts::table
        .inner_join(claims::table.on(claims::id.eq(payouts::claim_id)))
        .filter(claims::seller_id.eq(&gap.seller))
        .filter(claims::received_on.between(gap.from, gap.to))
        .select((
            payouts::claim_id,
            payouts::key,
            payouts::state,
            payouts::settled_at,
        ))
        .load(conn)?;
    let keys: HashSet<String> = rows.iter().map(|(_, key, ..)| key.clone()).collect();
    let mut paid = HashMap::new();
    for (claim, key, state, settled) in rows {
        if !state.counts() && keys.contains(&format!("{key} again")) {
            continue;
        }
        let settled = settled.filter(|_| state.counts()).map(At::utc);
        paid.entry(claim)
            .and_modify(|known: &mut Option<DateTime<Utc>>| {
                *known = known.zip(settled).map(|(a, b)| a.max(b));
            })
            .or_insert(settled);
    }
    Ok(paid)
}

/// One ground of one seller in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ground {
    pub seller: String,
    pub ground: String,
    pub currency: String,
    pub filed: i64,
    pub approved: i64,
    pub rejected: i64,
    /// Put right without money, or taken back by the customer.
    pub ended: i64,
    /// Approved, rejected, or decided to be put right.
    pub decided: i64,
    pub open: i64,
    pub automatic: i64,
    pub overridden: i64,
    pub asked_e8: i64,
    pub computed_e8: i64,
    pub granted_e8: i64,
}

/// The same requests by seller, ground and currency, in that order.
pub fn grounds(requests: &[Request]) -> Vec<Ground> {
    let mut grounds: BTreeMap<(&str, &str, &str), Ground> = BTreeMap::new();
    for request in requests {
        let key = (
            request.seller.as_str(),
            request.ground.as_str(),
            request.currency.as_str(),
        );
        let line = grounds.entry(key).or_insert_with(|| Ground {
            seller: request.seller.clone(),
            ground: request.ground.clone(),
            currency: request.currency.clone(),
            ..Ground::default()
        });
        line.filed += 1;
        match request.state.as_str() {
            "approved" => line.approved += 1,
            "rejected" => line.rejected += 1,
            "withdrawn" | "remedied" => line.ended += 1,
            _ => line.open += 1,
        }
        line.decided += i64::from(request.is_decided());
        line.automatic += i64::from(request.automatic);
        line.overridden += i64::from(request.overridden);
        line.asked_e8 = line.asked_e8.saturating_add(request.asked_e8);
        line.computed_e8 = line
            .computed_e8
            .saturating_add(request.computed_e8.unwrap_or(0));
        line.granted_e8 = line
            .granted_e8
            .saturating_add(request.granted_e8.unwrap_or(0));
    }
    grounds.into_values().collect()
}

/// One clause of one seller in one currency: the claims whose last answer rests on it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ByClause {
    pub seller: String,
    pub clause: String,
    pub currency: String,
    pub filed: i64,
    pub approved: i64,
    pub rejected: i64,
    pub asked_e8: i64,
    pub computed_e8: i64,
    pub granted_e8: i64,
}

/// The same requests by seller, clause and currency, in that order.
pub fn by_clause(requests: &[Request]) -> Vec<ByClause> {
    let mut clauses: BTreeMap<(&str, &str, &str), ByClause> = BTreeMap::new();
    for request in requests {
        let Some(clause) = &request.clause else {
            continue;
        };
        let key = (
            request.seller.as_str(),
            clause.as_str(),
            request.currency.as_str(),
        );
        let line = clauses.entry(key).or_insert_with(|| ByClause {
            seller: request.seller.clone(),
            clause: clause.clone(),
            currency: request.currency.clone(),
            ..ByClause::default()
        });
        line.filed += 1;
        line.approved += i64::from(request.state == "approved");
        line.rejected += i64::from(request.state == "rejected");
        line.asked_e8 = line.asked_e8.saturating_add(request.asked_e8);
        let (computed, granted) = (request.computed_e8, request.granted_e8);
        line.computed_e8 = line.computed_e8.saturating_add(computed.unwrap_or(0));
        line.granted_e8 = line.granted_e8.saturating_add(granted.unwrap_or(0));
    }
    clauses.into_values().collect()
}

/// Somebody who asked again and again: their requests in the period, and what they were granted, by currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimant {
    pub customer: String,
    pub filed: usize,
    pub granted: BTreeMap<String, i64>,
}

/// Those with at least so many requests, the most first; the same number in the order of their ids.
pub fn claimants(requests: &[Request], least: usize) -> Vec<Claimant> {
    let mut by_customer: BTreeMap<&str, Claimant> = BTreeMap::new();
    for request in requests {
        let one = by_customer
            .entry(&request.customer)
            .or_insert_with(|| Claimant {
                customer: request.customer.clone(),
                filed: 0,
                granted: BTreeMap::new(),
            });
        one.filed += 1;
        let granted = request.granted_e8.filter(|e8| *e8 > 0);
        if let Some(granted) = granted {
            let sum = one.granted.entry(request.currency.clone()).or_default();
            *sum = sum.saturating_add(granted);
        }
    }
    let often = by_customer.into_values().filter(|one| one.filed >= least);
    let mut often: Vec<Claimant> = often.collect();
    often.sort_by(|a, b| b.filed.cmp(&a.filed).then(a.customer.cmp(&b.customer)));
    often
}

/// One person in one currency: what they decided, and where it was not what the rules computed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decider {
    pub name: String,
    pub currency: String,
    pub decided: i64,
    pub overridden: i64,
    /// Granted above what was computed, and kept back below it.
    pub above_e8: i64,
    pub below_e8: i64,
}

/// By name and currency; the policy's own decisions are nobody's.
pub fn people(conn: &mut Conn, requests: &[Request]) -> QueryResult<Vec<Decider>> {
    let names = names(conn)?;
    let mut by_name: BTreeMap<(&str, &str), Decider> = BTreeMap::new();
    let all = requests
        .iter()
        .flat_map(|request| request.decided.iter().map(move |one| (request, one)));
    for (request, one) in all {
        let Some(name) = names.get(&one.by) else {
            continue;
        };
        let key = (name.as_str(), request.currency.as_str());
        let line = by_name.entry(key).or_insert_with(|| Decider {
            name: name.clone(),
            currency: request.currency.clone(),
            ..Decider::default()
        });
        line.decided += 1;
        if one.otherwise.is_some() {
            line.overridden += 1;
            let difference = one.amount_e8.saturating_sub(one.computed_e8.unwrap_or(0));
            line.above_e8 = line.above_e8.saturating_add(difference.max(0));
            line.below_e8 = line.below_e8.saturating_add(-difference.min(0));
        }
    }
    Ok(by_name.into_values().collect())
}

/// Chargebacks that were opened in the period, by currency and how they stand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Disputed {
    pub currency: String,
    /// Count and sum of those that are open, won, lost.
    pub open: (i64, i64),
    pub won: (i64, i64),
    pub lost: (i64, i64),
}

/// Opened within these two instants, the second left out.
pub fn disputed(
    conn: &mut Conn,
    scope: &Scope,
    seller: Option<&SellerId>,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
) -> QueryResult<Vec<Disputed>> {
    let mut query = disputes::table
        .filter(
            disputes::opened_at
                .ge(At::from(from))
                .and(disputes::opened_at.lt(At::from(until))),
        )
        .select((disputes::currency, disputes::status, disputes::amount_e8))
        .into_boxed();
    if !scope.0.is_empty() {
        query = query.filter(disputes::seller_id.eq_any(scope.0.clone()));
    }
    if let Some(seller) = seller {
        query = query.filter(disputes::seller_id.eq(seller.clone()));
    }
    let rows: Vec<(String, String, i64)> = query.load(conn)?;
    let mut by_currency: BTreeMap<String, Disputed> = BTreeMap::new();
    for (currency, status, amount_e8) in rows {
        let key = currency.clone();
        let line = by_currency.entry(key).or_insert_with(|| Disputed {
            currency,
            ..Disputed::default()
        });
        let place = match status.as_str() {
            "won" => &mut line.won,
            "lost" => &mut line.lost,
            _ => &mut line.open,
        };
        place.0 += 1;
        place.1 = place.1.saturating_add(amount_e8);
    }
    Ok(by_currency.into_values().collect())
}

/// A decision that was not the rules' own, with both amounts.
#[derive(Debug, Clone)]
pub struct Overridden {
    pub claim: String,
    pub seller: String,
    pub decided_by: String,
    pub verdict: String,
    pub reason: Option<String>,
    pub words: String,
    pub currency: String,
    pub computed_e8: Option<i64>,
    pub amount_e8: i64,
    pub at: At,
}

/// Decisions on these claims that were not the rules' own, newest first.
pub fn overrides(
    conn: &mut Conn,
    requests: &[Request],
    shops: &BTreeMap<String, String>,
) -> QueryResult<Vec<Overridden>> {
    let names = names(conn)?;
    let mut found = Vec::new();
    for request in requests {
        for one in &request.decided {
            let Some(otherwise) = &one.otherwise else {
                continue;
            };
            found.push(Overridden {
                claim: request.number.clone(),
                seller: shops.get(&request.seller).cloned().unwrap_or_default(),
                decided_by: names.get(&one.by).unwrap_or(&one.by).clone(),
                verdict: otherwise.verdict.clone(),
                reason: Some(otherwise.reason.clone()),
                words: otherwise.words.clone(),
                currency: request.currency.clone(),
                computed_e8: one.computed_e8,
                amount_e8: one.amount_e8,
                at: days::instant(otherwise.at)?.into(),
            });
        }
    }
    found.sort_by(|a, b| (b.at, &a.claim).cmp(&(a.at, &b.claim)));
    Ok(found)
}
