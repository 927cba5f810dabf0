//! Batches: what waits goes into one file that somebody takes to the bank, and the same file with the bank's references settles it.
//! A file that was altered is refused whole, line by line with its reason.

use std::io::Read;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use super::Looker;
use super::case::goes_to;
use super::panel::{badge_of, payout_badge};
use crate::app::{App, blocking};
use crate::db::batches::Batch;
use crate::db::payouts::Payout;
use crate::db::{self, Conn};
use crate::desk::batches::{self, MOST, Report, SHEET};
use crate::desk::forms::Done;
use crate::desk::intake::{self, Refusal};
use crate::error::{Code, Error, Result};
use crate::ids::BatchId;
use crate::rules::lifecycle::payout::State;
use crate::web::filters;
use crate::web::form::{Form, Nothing, new_key};
use crate::web::gate::Lead;
use crate::web::page::{Choice, Crumb, Filled, Frame, KeptFile, render};
use crate::web::parts::{Amount, Badge, Moment};
use crate::web::show::Wall;
use crate::web::show::order::Labels;
use crate::web::upload::{Incoming, Upload};

const LISTED: i64 = 100;
const FIELD: &str = "file";

#[derive(Template)]
#[template(path = "queue/batches.html")]
struct Index {
    frame: Frame,
    rows: Vec<Line>,
    /// The sellers for whom a file could be made.
    sellers: Vec<Choice>,
    key: String,
    form: Filled,
    most: i64,
}

struct Line {
    number: String,
    seller: String,
    made: Moment,
    by: String,
    progress: String,
    badge: Badge,
}

pub async fn index(app: Data<App>, visit: Lead) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let frame = visit.frame("Batches");
    let page = app.read(move |conn| listed(conn, frame, &looker)).await?;
    Ok(render(&page))
}

fn listed(conn: &mut Conn, mut frame: Frame, looker: &Looker) -> Result<Index> {
    frame.crumbs = vec![crumb("Payouts", "/queue/payouts")];
    let batches = db::batches::list(conn, &looker.scope, LISTED)?;
    let ids: Vec<BatchId> = batches.iter().map(|batch| batch.id.clone()).collect();
    let tally = db::batches::tally(conn, &ids)?;
    let mut rows = Vec::new();
    for batch in &batches {
        let own = tally.iter().filter(|(id, ..)| *id == batch.id);
        let states: Vec<(State, i64)> = own.map(|(_, state, count)| (*state, *count)).collect();
        rows.push(line(conn, batch, &states, looker.wall)?);
    }
    let mut sellers = Vec::new();
    for (id, count) in db::batches::waiting_by_seller(conn, &looker.scope)? {
        let seller = db::sellers::find(conn, &id)?;
        let waiting = filters::plural(u64::try_from(count).unwrap_or(0), "payout", "payouts");
        let label = format!("{}: {waiting} to be sent", seller.name);
        sellers.push(Choice::new(&seller.slug, &label, ""));
    }
    sellers.sort_by(|one, other| one.label.cmp(&other.label));
    Ok(Index {
        frame,
        rows,
        sellers,
        key: new_key()?,
        form: Filled::default(),
        most: MOST,
    })
}

fn line(conn: &mut Conn, batch: &Batch, states: &[(State, i64)], wall: Wall) -> Result<Line> {
    let count = |wanted: &dyn Fn(State) -> bool| -> i64 {
        let those = states.iter().filter(|(state, _)| wanted(*state));
        those.map(|(_, count)| count).sum()
    };
    let (all, open) = (count(&|_| true), count(&|state| state == State::Reserved));
    let ended = all - open;
    Ok(Line {
        number: batch.number.clone(),
        seller: db::sellers::find(conn, &batch.seller_id)?.name,
        made: Moment::new(batch.made_at.utc(), wall.zone, wall.now),
        by: maker(conn, batch)?,
        progress: match (all, batch.lines - all) {
            (0, _) => "taken back".to_owned(),
            (all, 0) => format!("{ended} of {all} settled"),
            (all, back) => format!("{ended} of {all} settled, {back} taken back"),
        },
        badge: if open > 0 {
            payout_badge(State::Reserved)
        } else {
            Badge::new(crate::web::parts::Tone::Neutral, "Closed")
        },
    })
}

fn crumb(label: &str, href: &str) -> Crumb {
    Crumb {
        label: label.to_owned(),
        href: href.to_owned(),
    }
}

fn maker(conn: &mut Conn, batch: &Batch) -> Result<String> {
    let id = crate::ids::PersonId::from(batch.made_by.as_str());
    let person = db::maybe(db::people::find(conn, &id))?;
    Ok(person.map_or_else(|| batch.made_by.clone(), |person| person.name))
}

#[derive(Debug, Clone, Deserialize)]
pub struct New {
    seller: String,
}

/// Makes a file of what waits.
pub async fn create(app: Data<App>, visit: Lead, form: Form<New>) -> Result<HttpResponse> {
    form.submit(&app, visit.act(&app), move |tx, act, new: &New| {
        let seller = db::sellers::by_slug(tx, &new.seller)?.ok_or(Error::NotFound)?;
        let batch = batches::make(tx, act, &seller.id)?;
        let held = filters::plural(
            u64::try_from(batch.lines).unwrap_or(0),
            "payout is",
            "payouts are",
        );
        Ok(Done::new(
            format!("/queue/payouts/batches/{}", batch.number),
            format!(
                "{held} in {}. Fetch the file, send the money, and bring the file back.",
                batch.number
            ),
        ))
    })
    .await
}

#[derive(Template)]
#[template(path = "queue/batch.html")]
struct Show {
    frame: Frame,
    number: String,
    seller: String,
    made: Moment,
    by: String,
    rows: Vec<Item>,
    /// Whether anything of it waits for its reference.
    open: bool,
    import_key: String,
    release_key: String,
    importing: Filled,
    /// No file of this form stays from one try to the next.
    kept: Vec<KeptFile>,
    /// What was wrong with the file that came back, line by line.
    refused: Vec<String>,
}

struct Item {
    number: String,
    amount: Amount,
    to: String,
    customer: String,
    claim: String,
    badge: Badge,
    reference: String,
}

pub async fn show(app: Data<App>, visit: Lead, number: Path<String>) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let number = number.into_inner();
    let frame = visit.frame(&number);
    let page = app
        .read(move |conn| shown(conn, frame, &looker, &number, Filled::default(), Vec::new()))
        .await?;
    Ok(render(&page))
}

fn shown(
    conn: &mut Conn,
    mut frame: Frame,
    looker: &Looker,
    number: &str,
    importing: Filled,
    refused: Vec<String>,
) -> Result<Show> {
    frame.crumbs = vec![
        crumb("Payouts", "/queue/payouts"),
        crumb("Batches", "/queue/payouts/batches"),
    ];
    let batch = db::batches::for_staff(conn, &looker.scope, number)?;
    let payouts = db::batches::payouts_of(conn, &batch.id)?;
    let open = payouts.iter().any(|payout| payout.state == State::Reserved);
    let mut rows = Vec::new();
    for payout in &payouts {
        rows.push(item(conn, payout)?);
    }
    Ok(Show {
        frame,
        seller: db::sellers::find(conn, &batch.seller_id)?.name,
        made: Moment::new(batch.made_at.utc(), looker.wall.zone, looker.wall.now),
        by: maker(conn, &batch)?,
        number: batch.number,
        rows,
        open,
        import_key: new_key()?,
        release_key: new_key()?,
        importing,
        kept: Vec::new(),
        refused,
    })
}

fn item(conn: &mut Conn, payout: &Payout) -> Result<Item> {
    let methods = db::deposits::methods_of(conn, &payout.seller_id, &payout.customer_id)?;
    let labels: Labels = methods
        .into_iter()
        .map(|method| (method.reference, method.label))
        .collect();
    Ok(Item {
        number: payout.number.clone(),
        amount: Amount::new(payout.pay_e8, &payout.pay_currency),
        to: goes_to(&labels, payout),
        customer: db::people::find(conn, &payout.customer_id)?.name,
        claim: db::claims::find(conn, &payout.claim_id)?.number,
        badge: badge_of(payout),
        reference: payout.reference.clone().unwrap_or_default(),
    })
}

/// The file, byte for byte as it was made.
pub async fn csv(app: Data<App>, visit: Lead, number: Path<String>) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let number = number.into_inner();
    let batch = app
        .read(move |conn| Ok(db::batches::for_staff(conn, &looker.scope, &number)?))
        .await?;
    let name = format!("attachment; filename=\"payouts-{}.csv\"", batch.number);
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((CONTENT_DISPOSITION, name))
        .insert_header((CACHE_CONTROL, "private, no-cache"))
        .body(batch.file))
}

/// The file comes back with the bank's references.
pub async fn import(
    app: Data<App>,
    visit: Lead,
    number: Path<String>,
    upload: Upload<Nothing>,
) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let number = number.into_inner();
    let rows = match read(upload.files).await? {
        Ok(rows) => rows,
        Err(lines) => return again(&app, &visit, looker, number, &upload.form, lines).await,
    };
    let (scope, asked) = (looker.scope.clone(), number.clone());
    let outcome = upload
        .form
        .submit(&app, visit.act(&app), move |tx, act, _: &Nothing| {
            let batch = db::batches::for_staff(tx, &scope, &asked)?;
            let report = batches::import(tx, act, &batch.id, &rows)?;
            let report = report.map_err(|lines| unread(&lines))?;
            Ok(Done::new(
                format!("/queue/payouts/batches/{asked}"),
                said(&report),
            ))
        })
        .await;
    match outcome {
        Err(Error::Invalid(problems)) => {
            let lines = problems.iter().map(|(_, words)| words.to_owned()).collect();
            again(&app, &visit, looker, number, &upload.form, lines).await
        }
        Err(Error::Refused { code, words }) if code != Code::KeyReused => {
            again(&app, &visit, looker, number, &upload.form, vec![words]).await
        }
        other => other,
    }
}

/// The lines of an uploaded file, or what is wrong with its form.
async fn read(files: Vec<Incoming>) -> Result<std::result::Result<Vec<intake::Row>, Vec<String>>> {
    let Some(file) = files.into_iter().find(|file| file.field == FIELD) else {
        return Ok(Err(vec![
            "Choose the file that the bank's references are in".to_owned(),
        ]));
    };
    if !file.is_whole() {
        return Ok(Err(vec![format!("{} is larger than 10 MB", file.name)]));
    }
    blocking(move || {
        let mut bytes = Vec::new();
        file.open()?.read_to_end(&mut bytes)?;
        let read = intake::sheet(&SHEET, "payout", &bytes);
        Ok(read.map_err(|lines| lines.iter().map(Refusal::to_string).collect()))
    })
    .await
}

fn unread(lines: &[Refusal]) -> Error {
    let mut problems = crate::error::Fields::new();
    for line in lines {
        problems.add(FIELD, line.to_string());
    }
    Error::Invalid(problems)
}

fn said(report: &Report) -> String {
    let mut parts = vec![format!("{} paid", report.paid)];
    for (count, word) in [
        (report.failed, "failed"),
        (report.open, "without a reference yet"),
        (report.same, "as they were"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    format!("The file was read: {}.", parts.join(", "))
}

async fn again(
    app: &App,
    visit: &Lead,
    looker: Looker,
    number: String,
    form: &Form<Nothing>,
    lines: Vec<String>,
) -> Result<HttpResponse> {
    let mut frame = visit.frame(&number);
    frame.refused = true;
    let problem = "Nothing of the file was taken. Mend these lines and send it again";
    let filled = form.again(&crate::error::Fields::one(FIELD, problem));
    let page = app
        .read(move |conn| shown(conn, frame, &looker, &number, filled, lines))
        .await?;
    Ok(super::refused(&page))
}

/// The file was never sent: what is not settled goes back into the queue.
pub async fn release(
    app: Data<App>,
    visit: Lead,
    number: Path<String>,
    form: Form<Nothing>,
) -> Result<HttpResponse> {
    let scope = Looker::of(&visit.person, &visit).scope;
    let number = number.into_inner();
    form.submit(&app, visit.act(&app), move |tx, act, _| {
        let batch = db::batches::for_staff(tx, &scope, &number)?;
        let released = batches::release(tx, act, &batch.id)?;
        let back = filters::plural(
            u64::try_from(released).unwrap_or(0),
            "payout waits",
            "payouts wait",
        );
        Ok(Done::new(
            format!("/queue/payouts/batches/{number}"),
            format!("{back} in the queue again."),
        ))
    })
    .await
}
