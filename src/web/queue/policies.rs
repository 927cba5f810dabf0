//! The policy room: every policy with its versions and drafts, one version beside another, and the beginning of the next one.
//! `draft` is the text being written with everything that is checked on it, `clause` and `text` its two forms, `trial` what it would
//! have done to past claims. Staff read; managers write.

pub mod clause;
pub mod draft;
pub mod text;
pub mod trace;
pub mod trial;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{Datelike, NaiveDate};
use serde::Deserialize;

use super::{Looker, refused};
use crate::act::Person;
use crate::app::App;
use crate::db::policy_drafts::PolicyDraft;
use crate::db::sellers::Seller;
use crate::db::{self, Conn};
use crate::desk::forms::Done;
use crate::desk::policies as desk;
use crate::error::{Error, Fields, Result};
use crate::rules::calendar::local_day;
use crate::rules::policy::{self, Kind, Mark, Policy, differences};
use crate::rules::rights::{Verb, may};
use crate::web::form::{Form, new_key};
use crate::web::gate::{Agent, Manager};
use crate::web::page::{Choice, Crumb, Filled, Frame, render};
use crate::web::parts::{Badge, Tone};
use crate::web::policies::in_force;
use crate::web::{fields, filters};

const ROOM: &str = "/queue/policies";

#[derive(Template)]
#[template(path = "queue/policies.html")]
struct Index {
    frame: Frame,
    rows: Vec<Row>,
}

struct Row {
    title: String,
    sellers: String,
    versions: Vec<Line>,
    drafts: Vec<Pen>,
}

struct Line {
    version: String,
    href: String,
    badge: Badge,
    in_force: String,
    claims: String,
}

/// A draft that is not over.
struct Pen {
    number: String,
    href: String,
    /// "fourteen-days, from 1 January 2027"; empty while its text does not read.
    what: String,
    badge: Badge,
}

pub async fn index(app: Data<App>, visit: Agent) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let frame = visit.frame("Policies");
    let page = app.read(move |conn| listed(conn, frame, &looker)).await?;
    Ok(render(&page))
}

fn listed(conn: &mut Conn, frame: Frame, looker: &Looker) -> Result<Index> {
    let judged = db::trials::claims_by_version(conn, &looker.scope)?;
    let published = db::policies::all(conn)?;
    let mut ids: Vec<String> = published.iter().map(|row| row.policy.clone()).collect();
    ids.dedup();
    let mut rows = Vec::new();
    for id in ids {
        let shelf = desk::shelf(conn, &id)?;
        let under = under(conn, &id)?;
        let mut versions = Vec::new();
        for policy in shelf.versions(&id).iter().rev() {
            let is_it =
                |row: &&db::policies::Version| row.policy == id && row.version == policy.version;
            let row = published.iter().find(is_it).map(|row| row.id.clone());
            let count = judged.iter().find(|(id, _)| Some(id) == row.as_ref());
            let count = count
                .and_then(|(_, count)| u64::try_from(*count).ok())
                .unwrap_or(0);
            let (words, tone) = in_force(policy, looker.wall.now);
            let word = match tone {
                Tone::Ok => "In force",
                Tone::Paused => "Scheduled",
                _ => "Past",
            };
            versions.push(Line {
                href: format!("{ROOM}/{id}/{}", policy.version),
                version: policy.version.clone(),
                badge: Badge::new(tone, word),
                in_force: words,
                claims: filters::plural(count, "claim", "claims"),
            });
        }
        let drafts = if serves_one(&looker.person, &under) {
            db::policy_drafts::of_policy(conn, &id)?
        } else {
            Vec::new()
        };
        let mut pens = Vec::new();
        for draft in drafts.iter().filter(|draft| draft.is_alive()) {
            pens.push(pen(conn, draft)?);
        }
        rows.push(Row {
            title: shelf
                .nearest(&id, looker.wall.now, None)
                .map_or(id.clone(), |it| it.title.clone()),
            sellers: under
                .into_iter()
                .map(|seller| seller.name)
                .collect::<Vec<_>>()
                .join(", "),
            versions,
            drafts: pens,
        });
    }
    Ok(Index { frame, rows })
}

fn pen(conn: &mut Conn, draft: &PolicyDraft) -> Result<Pen> {
    let text = db::policy_drafts::newest(conn, draft)?;
    let what = Policy::parse(&text.document).map(|policy| {
        let from = filters::day(policy.valid_from);
        format!("{}, from {from}", policy.version)
    });
    Ok(Pen {
        number: draft.number.clone(),
        href: format!("/queue/drafts/{}", draft.number),
        what: what.unwrap_or_default(),
        badge: state_badge(&draft.state),
    })
}

fn state_badge(state: &str) -> Badge {
    match state {
        "open" => Badge::with_icon(Tone::Neutral, "pencil", "Being written"),
        "proposed" => Badge::with_icon(Tone::Warn, "users", "Waits for a second person"),
        "published" => Badge::new(Tone::Ok, "Published"),
        _ => Badge::new(Tone::Neutral, "Dropped"),
    }
}

/// The sellers whose policy it is.
fn under(conn: &mut Conn, policy: &str) -> Result<Vec<Seller>> {
    let mut sellers = db::sellers::all(conn)?;
    sellers.retain(|seller| seller.policy == policy);
    Ok(sellers)
}

/// Whether somebody may read what is written about these sellers: all of them, where nobody is limited or no seller is there yet.
fn serves_one(person: &Person, under: &[Seller]) -> bool {
    let serves = |seller: &Seller| person.sellers.contains(&seller.id);
    person.sellers.is_empty() || under.iter().any(serves)
}

/// Whether they may write it too.
fn may_write(person: &Person, under: &[Seller]) -> bool {
    let serves = |seller: &Seller| person.sellers.is_empty() || person.sellers.contains(&seller.id);
    may(person.role, Verb::DraftPolicy) && under.iter().all(serves)
}

fn crumb(label: &str, href: String) -> Crumb {
    Crumb {
        label: label.to_owned(),
        href,
    }
}

/// One difference, ready to show.
struct Told {
    clause: String,
    what: String,
    word: &'static str,
    before: String,
    after: String,
}

fn told(old: &Policy, new: &Policy) -> Vec<Told> {
    let words = |kind| match kind {
        Kind::Added => "added",
        Kind::Removed => "removed",
        Kind::Changed => "changed",
    };
    let each = differences(old, new).into_iter();
    each.map(|it| Told {
        clause: it.clause,
        what: it.what,
        word: words(it.kind),
        before: it.before,
        after: it.after,
    })
    .collect()
}

/// One line of two texts beside each other.
struct Hunk {
    class: &'static str,
    /// What the colour says, for those who do not see it.
    said: &'static str,
    text: String,
}

/// The lines that differ, with two around them, and a mark where lines are left out.
fn hunks(old: &str, new: &str) -> Vec<Hunk> {
    const AROUND: usize = 2;
    let all = policy::lines(old, new);
    let near = |at: usize| {
        let from = at.saturating_sub(AROUND);
        let to = (at + AROUND + 1).min(all.len());
        all[from..to].iter().any(|line| line.mark != Mark::Same)
    };
    let mut shown: Vec<Hunk> = Vec::new();
    for (at, line) in all.iter().enumerate() {
        let (class, said) = match line.mark {
            Mark::Gone => ("gone", "Gone:"),
            Mark::New => ("new", "New:"),
            Mark::Same => ("same", ""),
        };
        if near(at) {
            shown.push(Hunk {
                class,
                said,
                text: line.text.to_owned(),
            });
        } else if shown.last().is_some_and(|last| last.class != "gap") {
            shown.push(Hunk {
                class: "gap",
                said: "",
                text: "\u{2026}".to_owned(),
            });
        }
    }
    shown
}

#[derive(Template)]
#[template(path = "queue/policy_version.html")]
struct Show {
    frame: Frame,
    id: String,
    title: String,
    version: String,
    in_force: String,
    badge: Badge,
    /// The versions that it can be compared with.
    others: Vec<Choice>,
    compared: Filled,
    with: String,
    clause_href: String,
    told: Vec<Told>,
    hunks: Vec<Hunk>,
    /// None for those who only read.
    begin: Option<Filled>,
    /// Why it could not begin, where it is no field's fault.
    refusal: Option<String>,
    key: String,
}

#[derive(Debug, Default, Deserialize)]
struct With {
    with: Option<String>,
}

pub async fn show(
    app: Data<App>,
    visit: Agent,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let (frame, asked) = (visit.frame(&path.1), fields::query::<With>(&request)?);
    let (id, version) = path.into_inner();
    let page = app
        .read(move |conn| shown(conn, frame, &looker, (id, version), asked, None))
        .await?;
    Ok(render(&page))
}

fn shown(
    conn: &mut Conn,
    mut frame: Frame,
    looker: &Looker,
    (id, version): (String, String),
    asked: With,
    typed: Option<(Filled, Option<String>)>,
) -> Result<Show> {
    let shelf = desk::shelf(conn, &id)?;
    let versions = shelf.versions(&id);
    let at = versions
        .iter()
        .position(|it| it.version == version)
        .ok_or(Error::NotFound)?;
    let policy = &versions[at];
    let before = at.checked_sub(1).map(|at| versions[at].version.clone());
    let with = asked
        .with
        .filter(|it| !it.is_empty())
        .or(before)
        .unwrap_or_default();
    let other = match with.as_str() {
        "" => None,
        with => Some(shelf.get(&id, with).ok_or(Error::NotFound)?),
    };
    let rows = db::policies::versions(conn, &id)?;
    let document = |version: &str| {
        let row = rows.iter().find(|row| row.version == version);
        row.map_or("", |row| row.document.as_str())
    };
    let (in_force, tone) = in_force(policy, looker.wall.now);
    frame.title = format!("{} {version}", policy.title);
    frame.crumbs = vec![crumb("Policies", ROOM.to_owned())];
    let others = versions.iter().rev().filter(|it| it.version != version);
    let under = under(conn, &id)?;
    let (typed, refusal) = typed.map_or((None, None), |(typed, refusal)| (Some(typed), refusal));
    let begin = may_write(&looker.person, &under).then(|| {
        typed.unwrap_or_else(|| first_of_next_month(local_day(looker.wall.now, policy.time_zone)))
    });
    Ok(Show {
        frame,
        title: policy.title.clone(),
        in_force,
        badge: Badge::new(tone, &version),
        others: others
            .map(|it| Choice::new(&it.version, &it.version, ""))
            .collect(),
        compared: Filled {
            values: vec![("with".to_owned(), with.clone())],
            ..Filled::default()
        },
        told: other.map(|other| told(other, policy)).unwrap_or_default(),
        hunks: other
            .map(|_| hunks(document(&with), document(&version)))
            .unwrap_or_default(),
        clause_href: format!("/policies/{id}/{version}#"),
        with,
        begin,
        refusal,
        key: new_key()?,
        id,
        version,
    })
}

/// What a new version is called and when it begins, unless somebody says otherwise.
fn first_of_next_month(today: NaiveDate) -> Filled {
    let (year, month) = match today.month() {
        12 => (today.year() + 1, 1),
        month => (today.year(), month + 1),
    };
    let day = NaiveDate::from_ymd_opt(year, month, 1)
        .unwrap_or(today)
        .to_string();
    Filled {
        values: vec![
            ("version".to_owned(), day.clone()),
            ("valid_from".to_owned(), day),
        ],
        ..Filled::default()
    }
}

#[derive(Debug, Clone, Deserialize)]
pub struct Begin {
    version: String,
    valid_from: String,
}

/// Begins the next version as a copy of this one.
pub async fn begin(
    app: Data<App>,
    visit: Manager,
    path: Path<(String, String)>,
    form: Form<Begin>,
) -> Result<HttpResponse> {
    let (id, version) = path.into_inner();
    let (policy, base) = (id.clone(), version.clone());
    let outcome = form
        .submit(&app, visit.act(&app), move |tx, act, begin: &Begin| {
            let from = day(&begin.valid_from)?;
            let draft = desk::begin(tx, act, (&policy, &base), &begin.version, from)?;
            Ok(Done::new(
                format!("/queue/drafts/{}", draft.number),
                format!(
                    "{} is a copy of {base}. Change it clause by clause, or as a text.",
                    draft.number
                ),
            ))
        })
        .await;
    let (problems, refusal) = match outcome {
        Err(Error::Invalid(problems)) => (problems, None),
        Err(Error::Refused { words, .. }) => (Fields::new(), Some(words)),
        other => return other,
    };
    let looker = Looker::of(&visit.person, &visit);
    let mut frame = visit.frame(&version);
    frame.refused = true;
    let typed = Some((form.again(&problems), refusal));
    let page = app
        .read(move |conn| shown(conn, frame, &looker, (id, version), With::default(), typed))
        .await?;
    Ok(refused(&page))
}

/// A first day, as typed.
fn day(text: &str) -> Result<NaiveDate> {
    let plain = text.len() == 10 && ("2000-01-01"..="2099-12-31").contains(&text);
    let day = text.parse().ok().filter(|_| plain);
    day.ok_or_else(|| Error::invalid("valid_from", "Enter a day that exists, such as 2027-01-01"))
}
