//! Days as the reports keep them: what the ended promises and the requests of one seller's day came to, in one row, so that a report
//! over months does not count every ticket again, and what its claims were judged by, so that a trial does not gather that again.
//! A row is a copy and never the truth: it holds only what its tickets say, whatever happens on one of them throws it away
//! ([`delete_days_of`]), and a day without a row is read from the tickets.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, NaiveDate, Utc};
use diesel::prelude::*;

use crate::db::columns::At;
use crate::db::schema::{claims, clocks, report_days};
use crate::db::{Conn, Tx};
use crate::ids::{SellerId, TicketId};

use super::Period;

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = report_days)]
pub struct Day {
    pub seller_id: SellerId,
    pub on_day: NaiveDate,
    pub promises_json: String,
    pub broken_json: String,
    pub requests_json: String,
    pub judged_json: String,
    pub made_at: At,
}

/// Which of its texts is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Promises,
    Broken,
    Requests,
    Judged,
}

/// As many days are read at a time: a report over years would hold all their texts at once otherwise.
const WINDOW: Days = Days::new(13);

/// Hands on the text of each kept day of a period, oldest first, and gives the days that there are.
pub fn each_kept(
    conn: &mut Conn,
    sellers: &[SellerId],
    period: &Period,
    part: Part,
    mut each: impl FnMut(&SellerId, NaiveDate, &str) -> QueryResult<()>,
) -> QueryResult<Vec<(SellerId, NaiveDate)>> {
    let mut there = Vec::new();
    let mut from = period.from;
    while from <= period.to {
        let to = from
            .checked_add_days(WINDOW)
            .unwrap_or(period.to)
            .min(period.to);
        let window = Period {
            from,
            to,
            ..period.clone()
        };
        for (seller, day, json) in kept(conn, sellers, &window, part)? {
            each(&seller, day, &json)?;
            there.push((seller, day));
        }
        let Some(next) = to.succ_opt() else { break };
        from = next;
    }
    Ok(there)
}

/// The kept days of a period for some sellers, oldest first.
pub fn kept(
    conn: &mut Conn,
    sellers: &[SellerId],
    period: &Period,
    part: Part,
) -> QueryResult<Vec<(SellerId, NaiveDate, String)>> {
    let days = report_days::table
        .filter(report_days::seller_id.eq_any(sellers))
        .filter(report_days::on_day.between(period.from, period.to))
        .order((report_days::on_day, report_days::seller_id));
    match part {
        Part::Promises => days
            .select((
                report_days::seller_id,
                report_days::on_day,
                report_days::promises_json,
            ))
            .load(conn),
        Part::Broken => days
            .select((
                report_days::seller_id,
                report_days::on_day,
                report_days::broken_json,
            ))
            .load(conn),
        Part::Requests => days
            .select((
                report_days::seller_id,
                report_days::on_day,
                report_days::requests_json,
            ))
            .load(conn),
        Part::Judged => days
            .select((
                report_days::seller_id,
                report_days::on_day,
                report_days::judged_json,
            ))
            .load(conn),
    }
}

/// Days in a row that are not kept, of one seller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    pub seller: SellerId,
    pub from: NaiveDate,
    pub to: NaiveDate,
}

/// What of a period is not among the kept days.
pub fn gaps(sellers: &[SellerId], period: &Period, kept: &[(SellerId, NaiveDate)]) -> Vec<Gap> {
    let kept: BTreeSet<(&SellerId, NaiveDate)> =
        kept.iter().map(|(seller, day)| (seller, *day)).collect();
    let mut gaps: Vec<Gap> = Vec::new();
    for seller in sellers {
        let mut open: Option<Gap> = None;
        for day in period.from.iter_days().take_while(|day| *day <= period.to) {
            if kept.contains(&(seller, day)) {
                gaps.extend(open.take());
                continue;
            }
            match &mut open {
                Some(gap) => gap.to = day,
                None => {
                    open = Some(Gap {
                        seller: seller.clone(),
                        from: day,
                        to: day,
                    });
                }
            }
        }
        gaps.extend(open);
    }
    gaps
}

/// The newest days before that one that are not kept, from the seller's first on.
pub fn missing(
    conn: &mut Conn,
    seller: &SellerId,
    before: NaiveDate,
    limit: usize,
) -> QueryResult<Vec<NaiveDate>> {
    let clock = clocks::table
        .filter(clocks::seller_id.eq(seller))
        .select(clocks::starts_on)
        .order(clocks::starts_on)
        .first::<NaiveDate>(conn)
        .optional()?;
    let claim = claims::table
        .filter(claims::seller_id.eq(seller))
        .select(claims::received_on)
        .order(claims::received_on)
        .first::<NaiveDate>(conn)
        .optional()?;
    let Some(first) = [clock, claim].into_iter().flatten().min() else {
        return Ok(Vec::new());
    };
    let kept: BTreeSet<NaiveDate> = report_days::table
        .filter(report_days::seller_id.eq(seller))
        .select(report_days::on_day)
        .load::<NaiveDate>(conn)?
        .into_iter()
        .collect();
    let mut missing = Vec::new();
    let mut day = before;
    while missing.len() < limit {
        let Some(earlier) = day.checked_sub_days(Days::new(1)) else {
            break;
        };
        day = earlier;
        if day < first {
            break;
        }
        if !kept.contains(&day) {
            missing.push(day);
        }
    }
    Ok(missing)
}

/// Keeps a day, in the place of what was kept of it.
pub fn insert_day(tx: &mut Tx, day: &Day) -> QueryResult<()> {
    delete_day(tx, &day.seller_id, day.on_day)?;
    diesel::insert_into(report_days::table)
        .values(day)
        .execute(&mut **tx)
        .map(|_| ())
}

pub fn delete_day(tx: &mut Tx, seller: &SellerId, day: NaiveDate) -> QueryResult<()> {
    diesel::delete(report_days::table.find((seller, day)))
        .execute(&mut **tx)
        .map(|_| ())
}

/// Throws away every day that something of this ticket is counted in. The caller has written to the ticket's rows before.
pub fn delete_days_of(tx: &mut Tx, ticket: &TicketId) -> QueryResult<()> {
    let mut days: BTreeSet<(SellerId, NaiveDate)> = clocks::table
        .filter(clocks::ticket_id.eq(ticket))
        .select((clocks::seller_id, clocks::starts_on))
        .load::<(SellerId, NaiveDate)>(&mut **tx)?
        .into_iter()
        .collect();
    days.extend(
        claims::table
            .filter(claims::ticket_id.eq(ticket))
            .select((claims::seller_id, claims::received_on))
            .load::<(SellerId, NaiveDate)>(&mut **tx)?,
    );
    for (seller, day) in days {
        delete_day(tx, &seller, day)?;
    }
    Ok(())
}

/// Every kept day, for the proof that none says anything else than its tickets.
pub fn all(conn: &mut Conn) -> QueryResult<Vec<Day>> {
    report_days::table
        .order((report_days::seller_id, report_days::on_day))
        .load(conn)
}

/// A text that a day was kept in; one that does not read is an error, and no empty day.
pub(in crate::db) fn read<T: serde::de::DeserializeOwned>(json: &str) -> QueryResult<T> {
    serde_json::from_str(json)
        .map_err(|cause| diesel::result::Error::DeserializationError(cause.into()))
}

pub(in crate::db) fn instant(micros: i64) -> QueryResult<DateTime<Utc>> {
    DateTime::from_timestamp_micros(micros).ok_or_else(|| {
        diesel::result::Error::DeserializationError("an instant beyond the calendar".into())
    })
}
