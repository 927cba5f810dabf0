//! A draft tried on past claims: begun here, carried out by the worker, watched on a page that refreshes itself, and read as what
//! would have come out otherwise, what that would have cost, and by which clauses, down to each claim.

use std::fmt::Write as _;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::draft::{again, find, spoken};
use super::{ROOM, crumb};
use crate::act::Act;
use crate::app::App;
use crate::db::trials::{self as rows, Flip};
use crate::db::{self, Conn};
use crate::desk::forms::Done;
use crate::desk::policies::{self as desk, trials::Wanted};
use crate::error::{Error, Fields, Result};
use crate::ids::TrialId;
use crate::rules::assessment::Outcome;
use crate::rules::calendar::local_day;
use crate::rules::period::last_quarter;
use crate::rules::policy::Policy;
use crate::rules::rights::Verb;
use crate::rules::trial::{Change, Money, Tally};
use crate::web::chart::Chart;
use crate::web::form::{Form, Nothing, new_key};
use crate::web::gate::Manager;
use crate::web::page::{Frame, render};
use crate::web::parts::{Amount, Badge, Moment, Pager, Tiles, Tone};
use crate::web::queue::Looker;
use crate::web::reports::period::{Asked, last_month};
use crate::web::sheet::{Cell, Sheet};
use crate::web::show::claim::outcome_badge;
use crate::web::show::trial as words;
use crate::web::{fields, filters};

/// Claims on one page.
const SHOWN: i64 = 50;

pub(super) fn badge(state: &str) -> Badge {
    match state {
        "running" => Badge::with_icon(Tone::Paused, "hourglass", "Running"),
        "done" => Badge::new(Tone::Ok, "Done"),
        "stopped" => Badge::new(Tone::Neutral, "Stopped"),
        _ => Badge::new(Tone::Danger, "Failed"),
    }
}

#[derive(Debug, Clone, Deserialize)]
pub struct Try {
    from: Option<String>,
    to: Option<String>,
    seller: Option<String>,
    /// `quarter`, `month`, or the days above.
    days: Option<String>,
}

/// Notes what is to be tried; the worker does it.
pub async fn begin(
    app: Data<App>,
    visit: Manager,
    number: Path<String>,
    form: Form<Try>,
) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let number = number.into_inner();
    let asked = number.clone();
    let outcome = form
        .submit(&app, visit.act(&app), move |tx, act, sent: &Try| {
            let draft = find(tx, &looker, &asked)?;
            let shelf = desk::shelf(tx, &draft.policy)?;
            let zone = shelf
                .nearest(&draft.policy, act.at, None)
                .map(|policy| policy.time_zone);
            let today = local_day(act.at, zone.unwrap_or(chrono_tz::UTC));
            let mut wanted = Asked {
                from: sent.from.clone(),
                to: sent.to.clone(),
                seller: sent.seller.clone(),
                ..Asked::default()
            };
            let preset = match sent.days.as_deref() {
                Some("quarter") => Some(last_quarter(today)),
                Some("month") => Some(last_month(today)),
                _ => None,
            };
            if let Some((from, to)) = preset {
                (wanted.from, wanted.to) = (Some(from.to_string()), Some(to.to_string()));
            }
            let period = wanted.period(&super::under(tx, &draft.policy)?, today)?;
            let trial = desk::trials::begin(
                tx,
                act,
                &Wanted {
                    draft: draft.id,
                    from: period.from,
                    to: period.to,
                    seller: period.seller,
                },
            )?;
            Ok(Done::new(format!("/queue/trials/{}", trial.id), ""))
        })
        .await;
    let put = |typed: &mut super::draft::Typed, fields: &Fields| {
        typed.trial = Some(form.again(fields));
    };
    again(&app, &visit, number, outcome, put).await
}

#[derive(Template)]
#[template(path = "queue/trial.html")]
struct Show {
    frame: Frame,
    id: String,
    draft: String,
    policy: String,
    version: String,
    days: String,
    seller: String,
    state: Badge,
    running: bool,
    judged: u64,
    total: u64,
    started: Moment,
    by: String,
    takeaway: String,
    tiles: Tiles,
    money: Vec<Sum>,
    moves: Vec<Chart>,
    clauses: Vec<Share>,
    flips: Vec<Line>,
    pager: Pager,
    unread: u64,
    key: String,
}

struct Sum {
    currency: String,
    before: Amount,
    after: Amount,
    granted: String,
    open_before: Amount,
    open_after: Amount,
    open: String,
}

struct Share {
    clauses: Vec<String>,
    claims: u64,
    granted: Vec<String>,
    open: Vec<String>,
}

struct Line {
    claim: String,
    change: Badge,
    before: Badge,
    before_amount: String,
    after: Badge,
    after_amount: String,
    delta: String,
    clauses: Vec<String>,
    day: String,
}

#[derive(Debug, Default, Deserialize)]
struct From {
    after: Option<String>,
}

/// The trial, for those who may draft its policy.
pub(super) fn opened(
    conn: &mut Conn,
    act: &Act,
    id: &str,
) -> Result<(rows::Trial, db::policy_drafts::PolicyDraft)> {
    let trial = rows::find(conn, &TrialId::from(id))?;
    let draft = db::policy_drafts::find(conn, &trial.draft_id)?;
    match desk::allowed(conn, act, Verb::DraftPolicy, &draft.policy) {
        Err(Error::Forbidden) => Err(Error::NotFound),
        Err(other) => Err(other),
        Ok(_) => Ok((trial, draft)),
    }
}

pub async fn show(
    app: Data<App>,
    visit: Manager,
    id: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let (frame, act) = (visit.frame("Tried on history"), visit.act(&app));
    let after = fields::query::<From>(&request)?.after.unwrap_or_default();
    let id = id.into_inner();
    let page = app
        .read(move |conn| shown(conn, frame, &looker, &act, (&id, &after)))
        .await?;
    Ok(render(&page))
}

fn shown(
    conn: &mut Conn,
    mut frame: Frame,
    looker: &Looker,
    act: &Act,
    (id, after): (&str, &str),
) -> Result<Show> {
    let (trial, draft) = opened(conn, act, id)?;
    let tally: Tally = serde_json::from_str(&trial.tally_json)?;
    let text = db::policy_drafts::text(conn, &trial.text_id)?;
    let policy = Policy::parse(&text.document)
        .map_err(|_| Error::broken("a text that was tried no longer reads"))?;
    let seller = match &trial.seller_id {
        Some(id) => db::sellers::find(conn, id)?.name,
        None => String::new(),
    };
    let mut flips = rows::flips(conn, &trial.id, after, SHOWN + 1)?;
    let more = flips.len() > usize::try_from(SHOWN).unwrap_or(0);
    flips.truncate(usize::try_from(SHOWN).unwrap_or(0));
    let last = flips.last().map(|(flip, ..)| flip.claim_id.clone());
    frame.crumbs = vec![
        crumb("Policies", ROOM.to_owned()),
        crumb(&draft.number, format!("/queue/drafts/{}", draft.number)),
    ];
    let names = db::people::names(conn, std::slice::from_ref(&trial.person_id))?;
    let days = spoken(trial.from_on, trial.to_on);
    let count = |number: i64| u64::try_from(number).unwrap_or(0);
    Ok(Show {
        id: id.to_owned(),
        policy: policy.title.clone(),
        version: policy.version.clone(),
        seller,
        state: badge(&trial.state),
        running: trial.state == "running",
        judged: count(trial.judged),
        total: count(trial.total),
        started: Moment::new(trial.started_at.utc(), looker.wall.zone, looker.wall.now),
        by: names.into_values().next().unwrap_or_default(),
        takeaway: words::takeaway(&tally, &days),
        tiles: words::tiles(&tally),
        money: tally
            .money
            .iter()
            .map(|(currency, sum)| in_currency(currency, *sum))
            .collect(),
        moves: words::moves(&tally),
        clauses: tally
            .clauses
            .iter()
            .map(|(ids, share)| by_clause(ids, share))
            .collect(),
        flips: flips.iter().map(line).collect(),
        pager: Pager {
            shown: String::new(),
            previous: (!after.is_empty()).then(|| format!("/queue/trials/{id}")),
            next: last
                .filter(|_| more)
                .map(|last| format!("/queue/trials/{id}?after={last}")),
        },
        unread: tally.unread,
        key: new_key()?,
        draft: draft.number,
        days,
        frame,
    })
}

fn in_currency(currency: &str, sum: Money) -> Sum {
    Sum {
        currency: currency.to_owned(),
        before: Amount::new(sum.granted_before, currency),
        after: Amount::new(sum.granted_after, currency),
        granted: words::signed(sum.granted(), currency),
        open_before: Amount::new(sum.open_before, currency),
        open_after: Amount::new(sum.open_after, currency),
        open: words::signed(sum.open(), currency),
    }
}

fn named(ids: &str) -> Vec<String> {
    ids.split(' ')
        .filter(|id| !id.is_empty())
        .map(str::to_owned)
        .collect()
}

fn by_clause(ids: &str, share: &crate::rules::trial::Share) -> Share {
    let each = |of: &dyn Fn(&Money) -> i64| -> Vec<String> {
        let sums = share.money.iter();
        sums.map(|(currency, sum)| words::signed(of(sum), currency))
            .collect()
    };
    Share {
        clauses: named(ids),
        claims: share.claims,
        granted: each(&|sum| sum.granted()),
        open: each(&|sum| sum.open()),
    }
}

fn line((flip, number, day): &(Flip, String, chrono::NaiveDate)) -> Line {
    let side = |word: &str| outcome_badge(Outcome::from_word(word).unwrap_or(Outcome::NeedsReview));
    let amount = |e8: Option<i64>| {
        e8.map(|e8| filters::money(e8, &flip.currency))
            .unwrap_or_default()
    };
    let delta = flip
        .new_e8
        .unwrap_or(0)
        .saturating_sub(flip.old_e8.unwrap_or(0));
    Line {
        claim: number.clone(),
        change: words::change(Change::from_word(&flip.change).unwrap_or(Change::Other)),
        before: side(&flip.old_outcome),
        before_amount: amount(flip.old_e8),
        after: side(&flip.new_outcome),
        after_amount: amount(flip.new_e8),
        delta: words::signed(delta, &flip.currency),
        clauses: named(&flip.clauses),
        day: filters::day(*day),
    }
}

/// Every claim that would have come out otherwise.
pub async fn csv(app: Data<App>, visit: Manager, id: Path<String>) -> Result<HttpResponse> {
    let (act, id) = (visit.act(&app), id.into_inner());
    let file = id.clone();
    let csv = app
        .read(move |conn| {
            let (trial, _) = opened(conn, &act, &id)?;
            let mut csv = Sheet::new(
                "Trial",
                &[
                    "claim",
                    "received",
                    "change",
                    "before",
                    "before_amount",
                    "after",
                    "after_amount",
                    "granted_in_fact",
                    "currency",
                    "clauses",
                ],
            );
            let mut after = String::new();
            loop {
                let flips = rows::flips(conn, &trial.id, &after, 500)?;
                let Some((last, ..)) = flips.last() else {
                    break;
                };
                after = last.claim_id.to_string();
                for (flip, number, day) in &flips {
                    let amount = |e8: Option<i64>| {
                        Cell::maybe(e8.map(|e8| Cell::amount(e8, &flip.currency)))
                    };
                    csv.row([
                        Cell::words(number),
                        Cell::Day(*day),
                        Cell::words(&flip.change),
                        Cell::words(&flip.old_outcome),
                        amount(flip.old_e8),
                        Cell::words(&flip.new_outcome),
                        amount(flip.new_e8),
                        amount(flip.granted_e8),
                        Cell::words(&flip.currency),
                        Cell::words(&flip.clauses),
                    ]);
                }
            }
            Ok(csv)
        })
        .await?;
    let mut name = String::new();
    let _ = write!(
        name,
        "trial-{}.csv",
        file.chars()
            .filter(char::is_ascii_alphanumeric)
            .collect::<String>()
    );
    Ok(csv.send(&name))
}

/// Ends it before it is done.
pub async fn stop(
    app: Data<App>,
    visit: Manager,
    id: Path<String>,
    form: Form<Nothing>,
) -> Result<HttpResponse> {
    let id = id.into_inner();
    form.submit(&app, visit.act(&app), move |tx, act, _| {
        let (trial, _) = opened(tx, act, &id)?;
        desk::trials::stop(tx, act, &trial.id)?;
        Ok(Done::new(
            format!("/queue/trials/{id}"),
            "Stopped. What was judged until then is below.",
        ))
    })
    .await
}
