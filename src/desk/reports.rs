//! Keeps days for the reports and trials, so that nobody counts them again: the worker calls `pack` from time to time. `verify` counts every kept
//! day anew and names those that say something else than their tickets; there must be none, ever.

use chrono::{DateTime, Days, NaiveDate, Utc};

use crate::db::reports::days::{self, Day};
use crate::db::reports::{promises, refunds};
use crate::db::sellers::{self, Seller};
use crate::db::{Conn, Tx, dialect, trials};
use crate::error::Result;

/// What is younger changes all the time and is read from its tickets.
const YOUNG: Days = Days::new(2);

/// Keeps the newest days that are not kept, so many of each seller; gives how many they were.
pub fn pack(tx: &mut Tx, now: DateTime<Utc>, limit: usize) -> Result<usize> {
    let today = now.date_naive();
    let before = today.checked_sub_days(YOUNG).unwrap_or(today);
    dialect::hold_reported(tx)?;
    let mut count = 0;
    for seller in sellers::all(tx)? {
        for day in days::missing(tx, &seller.id, before, limit)? {
            let kept = counted(tx, &seller, day, now)?;
            days::insert_day(tx, &kept)?;
            count += 1;
        }
    }
    Ok(count)
}

/// Whether there is anything to keep.
pub fn is_due(conn: &mut Conn, now: DateTime<Utc>) -> Result<bool> {
    let today = now.date_naive();
    let before = today.checked_sub_days(YOUNG).unwrap_or(today);
    for seller in sellers::all(conn)? {
        if !days::missing(conn, &seller.id, before, 1)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn counted(conn: &mut Conn, seller: &Seller, day: NaiveDate, now: DateTime<Utc>) -> Result<Day> {
    let (promises_json, broken_json) = promises::pack(conn, seller, day, now)?;
    Ok(Day {
        seller_id: seller.id.clone(),
        on_day: day,
        promises_json,
        broken_json,
        requests_json: refunds::pack(conn, seller, day)?,
        judged_json: trials::pack(conn, &seller.id, day)?,
        made_at: now.into(),
    })
}

/// Kept days that do not say what their tickets say: by the seller's short name.
pub fn verify(conn: &mut Conn) -> Result<Vec<(String, NaiveDate)>> {
    let all = sellers::all(conn)?;
    let mut found = Vec::new();
    for kept in days::all(conn)? {
        let seller = all.iter().find(|seller| seller.id == kept.seller_id);
        let Some(seller) = seller else { continue };
        let anew = counted(conn, seller, kept.on_day, kept.made_at.utc())?;
        if anew != kept {
            found.push((seller.slug.clone(), kept.on_day));
        }
    }
    Ok(found)
}
