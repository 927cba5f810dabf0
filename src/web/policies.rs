//! The policies as everybody may read them, old versions too: made from the published rows, which are the documents that the
//! rules run on. Every clause has its own number as its anchor, and keeps it.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use askama::Template;
use chrono::{DateTime, Utc};

use super::filters;
use super::gate::Anybody;
use super::page::{Crumb, Frame, render};
use super::parts::{ClauseRef, Tone};
use super::show::{clocks, policy as words};
use crate::app::App;
use crate::db::{self, Conn};
use crate::desk;
use crate::error::{Error, Result};
use crate::rules::policy::{Clause, Ground, Policy, Shelf};

#[derive(Template)]
#[template(path = "portal/policies.html")]
struct Index {
    frame: Frame,
    policies: Vec<Line>,
}

struct Line {
    title: String,
    summary: String,
    href: String,
    in_force: String,
    /// "Brightpanel, Boostworks"; empty while no seller uses it.
    sellers: String,
}

#[derive(Template)]
#[template(path = "portal/policy.html")]
struct Show {
    frame: Frame,
    title: String,
    summary: String,
    version: String,
    in_force: String,
    tone: Tone,
    sellers: String,
    zone: String,
    promises: Vec<Promise>,
    grounds: Vec<Reason>,
    clauses: Vec<Text>,
    versions: Vec<VersionLink>,
    hash: String,
}

struct Promise {
    label: String,
    words: String,
    firmness: String,
    clause: ClauseRef,
}

/// A ground: what a customer can ask for.
struct Reason {
    anchor: String,
    title: String,
    hint: String,
    pays: String,
    asks: String,
    clauses: Vec<ClauseRef>,
}

struct Text {
    id: String,
    heading: String,
    words: String,
    kind: String,
    readings: Vec<Reading>,
}

struct Reading {
    id: String,
    words: String,
}

struct VersionLink {
    label: String,
    href: String,
    current: bool,
}

pub async fn index(app: Data<App>, visit: Anybody) -> Result<HttpResponse> {
    let now = visit.now;
    let policies = app.read(move |conn| lines(conn, now)).await?;
    let frame = visit.frame("Refund policies");
    Ok(render(&Index { frame, policies }))
}

fn lines(conn: &mut Conn, now: DateTime<Utc>) -> Result<Vec<Line>> {
    let mut ids = db::policies::all(conn)?
        .into_iter()
        .map(|version| version.policy)
        .collect::<Vec<_>>();
    ids.dedup();
    let mut lines = Vec::new();
    for id in ids {
        let shelf = desk::policies::shelf(conn, &id)?;
        let Some(policy) = shelf.nearest(&id, now, None) else {
            continue;
        };
        lines.push(Line {
            title: policy.title.clone(),
            summary: policy.summary.clone(),
            href: format!("/policies/{id}"),
            in_force: in_force(policy, now).0,
            sellers: sellers(conn, &id)?,
        });
    }
    Ok(lines)
}

/// The version in force; before the first one begins, the first.
pub async fn show(app: Data<App>, visit: Anybody, id: Path<String>) -> Result<HttpResponse> {
    page(&app, &visit, id.into_inner(), None).await
}

pub async fn version(
    app: Data<App>,
    visit: Anybody,
    path: Path<(String, String)>,
) -> Result<HttpResponse> {
    let (id, version) = path.into_inner();
    page(&app, &visit, id, Some(version)).await
}

async fn page(
    app: &App,
    visit: &Anybody,
    id: String,
    version: Option<String>,
) -> Result<HttpResponse> {
    let name = id.clone();
    let (shelf, sellers) = app
        .read(move |conn| Ok((desk::policies::shelf(conn, &name)?, sellers(conn, &name)?)))
        .await?;
    let asked = match &version {
        Some(version) => shelf.get(&id, version),
        None => shelf.nearest(&id, visit.now, None),
    };
    let policy = asked.ok_or(Error::NotFound)?;
    Ok(render(&laid_out(visit, &shelf, policy, sellers)))
}

fn laid_out(visit: &Anybody, shelf: &Arc<Shelf>, policy: &Policy, sellers: String) -> Show {
    let (in_force, tone) = in_force(policy, visit.now);
    let mut frame = visit.frame(&policy.title);
    frame.crumbs.push(Crumb {
        label: "Refund policies".to_owned(),
        href: "/policies".to_owned(),
    });
    let promises = policy.clocks.iter().map(|clock| Promise {
        label: clocks::label(clock.kind.word()).to_owned(),
        words: words::promise(clock),
        firmness: words::firmness(clock.firmness).to_owned(),
        clause: here(&clock.clause),
    });
    Show {
        frame,
        title: policy.title.clone(),
        summary: policy.summary.clone(),
        version: policy.version.clone(),
        in_force,
        tone,
        sellers,
        zone: policy.time_zone.name().replace('_', " "),
        promises: promises.collect(),
        grounds: policy.grounds.iter().map(reason).collect(),
        clauses: policy.clauses.iter().map(text).collect(),
        versions: versions(shelf, policy),
        hash: policy.hash(),
    }
}

/// A clause of this very page.
fn here(id: &str) -> ClauseRef {
    ClauseRef {
        id: id.to_owned(),
        href: format!("#{id}"),
    }
}

fn reason(ground: &Ground) -> Reason {
    Reason {
        anchor: format!("ground-{}", ground.id),
        title: ground.title.clone(),
        hint: ground.hint.clone(),
        pays: words::pays(ground),
        asks: words::asks(ground),
        clauses: ground.clauses.iter().map(|id| here(id)).collect(),
    }
}

fn text(clause: &Clause) -> Text {
    let readings = clause.interpretations.iter().map(|id| Reading {
        id: id.clone(),
        words: words::reading(id).to_owned(),
    });
    Text {
        id: clause.id.clone(),
        heading: clause.heading.clone(),
        words: clause.words.clone(),
        kind: words::kind(clause.kind).to_owned(),
        readings: readings.collect(),
    }
}

/// Newest first; each keeps its own address for good.
fn versions(shelf: &Shelf, shown: &Policy) -> Vec<VersionLink> {
    let link = |policy: &Policy| VersionLink {
        label: format!(
            "{} – from {}",
            policy.version,
            filters::day(policy.valid_from)
        ),
        href: format!("/policies/{}/{}", policy.id, policy.version),
        current: policy.version == shown.version,
    };
    shelf.versions(&shown.id).iter().rev().map(link).collect()
}

/// "In force since 12 April 2025", and whether that is what counts today.
pub fn in_force(policy: &Policy, now: DateTime<Utc>) -> (String, Tone) {
    let from = filters::day(policy.valid_from);
    let ends = [policy.valid_to, policy.superseded_on];
    let end = ends.into_iter().flatten().min();
    if policy.covers(now, policy.time_zone) {
        return (format!("In force since {from}"), Tone::Ok);
    }
    match end {
        Some(end) if crate::rules::calendar::local_day(now, policy.time_zone) >= end => {
            let last = end.pred_opt().unwrap_or(end);
            let words = format!("In force from {from} to {}", filters::day(last));
            (words, Tone::Warn)
        }
        _ => (format!("Comes into force on {from}"), Tone::Paused),
    }
}

fn sellers(conn: &mut Conn, policy: &str) -> Result<String> {
    let sellers = db::sellers::all(conn)?;
    let those = sellers.into_iter().filter(|seller| seller.policy == policy);
    Ok(those
        .map(|seller| seller.name)
        .collect::<Vec<_>>()
        .join(", "))
}
