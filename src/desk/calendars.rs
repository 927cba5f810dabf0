//! Publishes a seller's calendars and says which one is in force. Clocks that run keep the calendar they began with: a new version is
//! for those that begin from its day on.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::events::{Happened, record};
use crate::act::Act;
use crate::db::calendars::{self as rows, Version};
use crate::db::sellers::Seller;
use crate::db::{Conn, Tx, already};
use crate::desk::policies;
use crate::error::{Code, Error, Result};
use crate::ids::fresh;
use crate::rules::calendar::document::Document;
use crate::rules::calendar::{Calendar, Holidays, local_day};
use crate::rules::policy::Policy;
use crate::rules::rights::{Verb, may};

/// The calendar by which a seller's clocks begin at `at`: its own version in force, else what its settings and its policy say.
pub fn in_force(
    conn: &mut Conn,
    seller: &Seller,
    policy: &Policy,
    at: DateTime<Utc>,
) -> Result<Calendar> {
    if let Some(calendar) = of_its_own(conn, seller, at)? {
        return Ok(calendar);
    }
    let own = seller.holidays_json.as_deref();
    let own: Option<Vec<NaiveDate>> = own.map(serde_json::from_str).transpose()?;
    Ok(Calendar {
        zone: seller.own_zone().unwrap_or(policy.time_zone),
        holidays: own.map_or_else(|| policy.holidays.clone(), Holidays::Dates),
        hours: policy.hours.clone(),
    })
}

/// The version of its own that is in force at `at`, where it has published one.
pub fn of_its_own(conn: &mut Conn, seller: &Seller, at: DateTime<Utc>) -> Result<Option<Calendar>> {
    // Its versions all count in one zone, so any of them says which day it is.
    let Some(any) = rows::of_seller(conn, &seller.id)?.pop() else {
        return Ok(None);
    };
    let any: Calendar = serde_json::from_str(&any.calendar_json)?;
    let day = local_day(at, any.zone);
    let version = rows::in_force(conn, &seller.id, day, at)?;
    Ok(version
        .map(|version| serde_json::from_str(&version.calendar_json))
        .transpose()?)
}

/// The same by the seller's policy as it stands then.
pub fn of_seller(conn: &mut Conn, seller: &Seller, at: DateTime<Utc>) -> Result<Calendar> {
    let shelf = policies::shelf(conn, &seller.policy)?;
    let policy = shelf.nearest(&seller.policy, at, seller.own_zone());
    in_force(conn, seller, policy.ok_or(Error::NotFound)?, at)
}

/// Publishes what a document makes of the calendar in force, from a day on.
///
/// # Errors
/// `Forbidden` without the right; `Invalid` for a day that is over, that comes before a version already published, or for another
/// time zone than the seller's; `Stale` where somebody published at the same moment.
pub fn publish(
    tx: &mut Tx,
    act: &Act,
    seller: &Seller,
    document: &Document,
    source: &str,
    from: Option<NaiveDate>,
) -> Result<Version> {
    if let Some(person) = act.person() {
        if !person.sellers.is_empty() && !person.sellers.contains(&seller.id) {
            return Err(Error::NotFound);
        }
        if !may(person.role, Verb::SetLimits) {
            return Err(Error::Forbidden);
        }
    }
    let before = of_seller(tx, seller, act.at)?;
    let calendar = document.over(&before);
    let today = local_day(act.at, before.zone);
    let valid_from = from.unwrap_or(today);
    let there = rows::of_seller(tx, &seller.id)?;
    if valid_from < today {
        let words = format!(
            "It can begin today ({today}) or later: clocks that began before keep what was promised"
        );
        return Err(Error::invalid("from", words));
    }
    if let Some(later) = there.iter().find(|version| version.valid_from > valid_from) {
        let words = format!(
            "Version {} begins on {}: begin on that day or later",
            later.version, later.valid_from
        );
        return Err(Error::invalid("from", words));
    }
    if calendar.zone != before.zone {
        let words = format!(
            "The seller's days are counted in {}; a calendar in another zone would cut them elsewhere",
            before.zone
        );
        return Err(Error::invalid("time_zone", words));
    }
    let json = serde_json::to_string(&calendar)?;
    if let Some(same) = there
        .first()
        .filter(|version| version.calendar_json == json)
    {
        let words = format!("Version {} says the same already.", same.version);
        return Err(Error::refused_because(Code::AlreadyDone, words));
    }
    let version = Version {
        id: fresh(act.at),
        seller_id: seller.id.clone(),
        version: there.first().map_or(1, |version| version.version + 1),
        valid_from,
        calendar_json: json,
        names_json: serde_json::to_string(&document.names)?,
        source: crate::plain::line(source, 200),
        published_at: act.at.into(),
        published_by: act.who.key().to_owned(),
    };
    let inserted = rows::insert_version(tx, &version);
    if already(&inserted) {
        return Err(Error::Stale);
    }
    inserted?;
    let words = format!(
        "{} published calendar {}, from {valid_from}.",
        act.who.label(),
        version.version
    );
    let happened = Happened::new(&seller.id, "calendar_published", words);
    record(
        tx,
        act,
        happened.with((version.version, valid_from, source))?,
    )?;
    Ok(version)
}

/// The next holidays from a day on, with what they are called where that is known.
pub fn next_holidays(
    calendar: &Calendar,
    names: &BTreeMap<NaiveDate, String>,
    from: NaiveDate,
    most: usize,
) -> Vec<(NaiveDate, String)> {
    // Ten years ahead is as far as anybody plans.
    let days = from.iter_days().take(3_660);
    let named = |day: NaiveDate| names.get(&day).cloned().unwrap_or_default();
    days.filter(|day| calendar.holidays.holds(*day))
        .take(most)
        .map(|day| (day, named(day)))
        .collect()
}
