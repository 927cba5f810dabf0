//! Publishes policy versions and hands out the shelf that the rules read. What is published never changes: a correction is a new
//! version from a later day, and a claim keeps the version that governed when its right arose (I1).

mod drafting;
mod told;
pub mod trials;

pub use drafting::{
    LONGEST, agree, allowed, begin, decline, discard, examine, propose, save, take_back,
};

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::act::Act;
use crate::db::claims;
use crate::db::policies::{self as rows, Version};
use crate::db::sellers::Seller;
use crate::db::{Conn, Tx, already};
use crate::error::{Code, Error, Result};
use crate::ids::PolicyId;
use crate::rules::calendar::start_of_day;
use crate::rules::policy::{Checks, Policy, Shelf};

/// Parsed documents by the id of their row. A published row never changes, so what was parsed once stays right.
static SHELVES: LazyLock<Mutex<HashMap<Vec<String>, Arc<Shelf>>>> = LazyLock::new(Mutex::default);

/// Every published version of that policy, ready for the rules.
///
/// # Errors
/// `NotFound` where nothing is published under that name.
pub fn shelf(conn: &mut Conn, policy: &str) -> Result<Arc<Shelf>> {
    let versions = rows::versions(conn, policy)?;
    ready(&versions)
}

/// The versions that were published by then; all of them where none was.
///
/// # Errors
/// As [`shelf`].
pub fn shelf_at(conn: &mut Conn, policy: &str, at: DateTime<Utc>) -> Result<Arc<Shelf>> {
    let versions = rows::versions(conn, policy)?;
    shelf_then(&versions, at)
}

/// The same of versions that are at hand.
fn shelf_then(versions: &[Version], at: DateTime<Utc>) -> Result<Arc<Shelf>> {
    let published = |version: &&Version| version.published_at.utc() <= at;
    let then: Vec<Version> = versions.iter().filter(published).cloned().collect();
    ready(if then.is_empty() { versions } else { &then })
}

fn ready(versions: &[Version]) -> Result<Arc<Shelf>> {
    if versions.is_empty() {
        return Err(Error::NotFound);
    }
    let key: Vec<String> = versions
        .iter()
        .map(|version| version.id.to_string())
        .collect();
    if let Some(shelf) = SHELVES
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get(&key)
    {
        return Ok(shelf.clone());
    }
    let parsed: Result<Vec<Policy>> = versions.iter().map(parse).collect();
    let shelf = Arc::new(Shelf::new(parsed?));
    SHELVES
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(key, shelf.clone());
    Ok(shelf)
}

/// The version that a claim is pinned to, where it is on the shelf.
pub fn of_claim<'a>(
    conn: &mut Conn,
    shelf: &'a Shelf,
    claim: &claims::Claim,
) -> Result<Option<&'a Policy>> {
    let version = rows::find(conn, &claim.policy_id)?;
    Ok(shelf.get(&version.policy, &version.version))
}

/// The zone in which the seller's days are counted: its own, or that of its policy as it stands at `at`.
pub fn zone(conn: &mut Conn, seller: &Seller, at: DateTime<Utc>) -> Result<Tz> {
    if let Some(own) = seller.own_zone() {
        return Ok(own);
    }
    let shelf = shelf(conn, &seller.policy)?;
    let policy = shelf.nearest(&seller.policy, at, None);
    Ok(policy.ok_or(Error::NotFound)?.time_zone)
}

fn parse(version: &Version) -> Result<Policy> {
    Policy::parse(&version.document).map_err(|flaws| {
        let words: Vec<String> = flaws.iter().map(ToString::to_string).collect();
        Error::broken(format!(
            "the published {} {} no longer reads: {}",
            version.policy,
            version.version,
            words.join("; ")
        ))
    })
}

/// Publishes a document; the same document again is the same version and changes nothing.
///
/// # Errors
/// `Refused(BrokenPolicy)` with the flaws and failing cases; `Refused(AlreadyDone)` where that version has another text, or one
/// that is published already begins later; and where its day has passed although claims were filed under that policy (I1).
pub fn publish(tx: &mut Tx, act: &Act, document: &str) -> Result<Version> {
    let checks = Checks::of(document);
    let blocks = checks.blocks();
    let policy = match checks.policy {
        Some(policy) if blocks.is_empty() => policy,
        _ => return Err(broken(blocks)),
    };
    let there = rows::versions(tx, &policy.id)?;
    if let Some(same) = there
        .iter()
        .find(|version| version.version == policy.version)
    {
        if same.hash == policy.hash() {
            return Ok(same.clone());
        }
        let words = format!(
            "Version {} of {} is published with another text. Give the new text a new version.",
            policy.version, policy.id
        );
        return Err(Error::refused_because(Code::AlreadyDone, words));
    }
    let valid_from = start_of_day(policy.valid_from, policy.time_zone);
    if there
        .iter()
        .any(|version| version.valid_from.utc() >= valid_from)
    {
        let words = format!(
            "A version of {} that begins on that day or later is published already.",
            policy.id
        );
        return Err(Error::refused_because(Code::AlreadyDone, words));
    }
    if valid_from < act.at && claims::any_under(tx, &policy.id)? {
        let words = format!(
            "Claims were judged by {} already, and a text cannot begin in the past for them. Let version {} begin on a day that lies ahead.",
            policy.id, policy.version
        );
        return Err(Error::refused_because(Code::AlreadyDone, words));
    }
    let version = Version {
        id: PolicyId::new(act.at),
        policy: policy.id.clone(),
        version: policy.version.clone(),
        title: policy.title.clone(),
        valid_from: valid_from.into(),
        hash: policy.hash(),
        document: document.to_owned(),
        published_by: act.who.key().to_owned(),
        published_at: act.at.into(),
    };
    let outcome = rows::insert_version(tx, &version);
    if already(&outcome) {
        return Err(Error::refused(Code::AlreadyDone));
    }
    outcome?;
    let words = format!(
        "{} published {} {}, in force from {}.",
        act.who.label(),
        version.policy,
        version.version,
        policy.valid_from
    );
    drafting::tell(
        tx,
        act,
        &version.policy,
        "policy_published",
        &words,
        &version.version,
    )?;
    Ok(version)
}

fn broken(flaws: Vec<String>) -> Error {
    Error::refused_because(Code::BrokenPolicy, flaws.join("; "))
}
