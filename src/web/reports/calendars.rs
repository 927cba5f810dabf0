//! When the sellers work: the calendar in force, its next holidays, its versions, and "try it", which says when so much working time
//! from some instant would be over, opening by opening. Publishing is the command line's (`redress calendar import`).

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{NaiveDate, TimeDelta};
use serde::Deserialize;

use super::scope;
use crate::app::App;
use crate::db::sellers::{self, Seller};
use crate::db::{self, Conn};
use crate::desk::calendars;
use crate::error::{Fields, Result};
use crate::rules::calendar::hours::WEEK;
use crate::rules::calendar::{Calendar, local_day};
use crate::rules::deadline::span;
use crate::web::fields::query;
use crate::web::filters;
use crate::web::gate::Manager;
use crate::web::page::{Choice, Filled, Frame, render_as};
use crate::web::show::Wall;
use crate::web::when;

/// What the address asks to try; all may be missing.
#[derive(Debug, Clone, Default, Deserialize)]
struct Asked {
    seller: Option<String>,
    /// In the seller's own zone, as a browser's input writes it.
    start: Option<String>,
    minutes: Option<String>,
}

#[derive(Template)]
#[template(path = "reports/calendars.html")]
struct Page {
    frame: Frame,
    shops: Vec<Shop>,
    sellers: Vec<Choice>,
    form: Filled,
    tried: Option<Tried>,
}

struct Shop {
    name: String,
    zone: String,
    /// "Mon", "09:00–12:30, 13:30–18:00".
    week: Vec<(String, String)>,
    holidays: Vec<String>,
    versions: Vec<String>,
}

struct Tried {
    sentence: String,
    lines: Vec<String>,
}

const HOLIDAYS: usize = 10;
/// The longest trial, in working minutes: about a year.
const LONGEST: i64 = 200_000;

pub async fn show(app: Data<App>, visit: Manager, request: HttpRequest) -> Result<HttpResponse> {
    let asked: Asked = query(&request)?;
    let (scope, now) = (scope(&visit), visit.now);
    let frame = visit.frame("Working hours");
    let page = app
        .read(move |conn| {
            let sellers = sellers::within(conn, &scope)?;
            let mut shops = Vec::new();
            for seller in &sellers {
                shops.push(shop(conn, seller, now)?);
            }
            let mut problems = Fields::new();
            let tried = tried(conn, &asked, &sellers, now, &mut problems)?;
            let mut frame = frame;
            frame.refused = !problems.is_empty();
            Ok(Page {
                frame,
                shops,
                sellers: sellers
                    .iter()
                    .map(|seller| Choice::new(&seller.slug, &seller.name, ""))
                    .collect(),
                form: form(&asked, &problems),
                tried,
            })
        })
        .await?;
    let status = match page.frame.refused {
        true => StatusCode::UNPROCESSABLE_ENTITY,
        false => StatusCode::OK,
    };
    Ok(render_as(status, &page))
}

fn form(asked: &Asked, problems: &Fields) -> Filled {
    let given = [
        ("seller", &asked.seller),
        ("start", &asked.start),
        ("minutes", &asked.minutes),
    ];
    let given = given
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)));
    Filled::refused(given.collect(), problems)
}

fn shop(conn: &mut Conn, seller: &Seller, now: chrono::DateTime<chrono::Utc>) -> Result<Shop> {
    let calendar = calendars::of_seller(conn, seller, now)?;
    let versions = db::calendars::of_seller(conn, &seller.id)?;
    let mut names = BTreeMap::new();
    for version in versions.iter().rev() {
        names.extend(serde_json::from_str::<BTreeMap<NaiveDate, String>>(
            &version.names_json,
        )?);
    }
    let today = local_day(now, calendar.zone);
    let holidays = calendars::next_holidays(&calendar, &names, today, HOLIDAYS);
    let version = |version: &db::calendars::Version| {
        format!(
            "Version {} from {}, out of {}",
            version.version,
            filters::day(version.valid_from),
            version.source
        )
    };
    Ok(Shop {
        name: seller.name.clone(),
        zone: calendar.zone.name().replace('_', " "),
        week: week(&calendar),
        holidays: holidays
            .into_iter()
            .map(|(day, name)| {
                format!("{} {name}", day.format("%a %-d %B %Y"))
                    .trim_end()
                    .to_owned()
            })
            .collect(),
        versions: versions.iter().map(version).collect(),
    })
}

fn week(calendar: &Calendar) -> Vec<(String, String)> {
    let Some(hours) = &calendar.hours else {
        return Vec::new();
    };
    let line = |(day, name): (chrono::Weekday, &str)| {
        let openings: Vec<String> = hours.of(day).iter().map(ToString::to_string).collect();
        let openings = match openings.is_empty() {
            true => "closed".to_owned(),
            false => openings.join(", ").replace('-', "–"),
        };
        let mut name = name.to_owned();
        name[..1].make_ascii_uppercase();
        (name, openings)
    };
    WEEK.into_iter().map(line).collect()
}

/// Nothing where nothing is asked for.
fn tried(
    conn: &mut Conn,
    asked: &Asked,
    sellers: &[Seller],
    now: chrono::DateTime<chrono::Utc>,
    problems: &mut Fields,
) -> Result<Option<Tried>> {
    if asked.seller.is_none() && asked.start.is_none() && asked.minutes.is_none() {
        return Ok(None);
    }
    let slug = asked.seller.as_deref();
    let Some(seller) = sellers
        .iter()
        .find(|seller| Some(seller.slug.as_str()) == slug)
    else {
        problems.add("seller", "Choose a seller from the list");
        return Ok(None);
    };
    let calendar = calendars::of_seller(conn, seller, now)?;
    let wall = Wall {
        zone: calendar.zone,
        now,
    };
    let start = when::read(
        asked.start.as_deref().unwrap_or_default(),
        "start",
        wall,
        problems,
    );
    let minutes = asked
        .minutes
        .as_deref()
        .and_then(|text| text.trim().parse::<i64>().ok());
    let minutes = minutes.filter(|minutes| (1..=LONGEST).contains(minutes));
    if minutes.is_none() {
        problems.add(
            "minutes",
            format!("Enter a whole number of minutes from 1 to {LONGEST}"),
        );
    }
    let (Some(start), Some(minutes)) = (start, minutes) else {
        return Ok(None);
    };
    let due = calendar.due_at(start, TimeDelta::minutes(minutes));
    let spans = due
        .map(|due| calendar.open_between(start, due))
        .unwrap_or_default();
    let local = |at: chrono::DateTime<chrono::Utc>| {
        at.with_timezone(&calendar.zone)
            .format("%a %-d %b %Y %H:%M %Z")
            .to_string()
    };
    let line = |open: &crate::rules::calendar::Span| {
        let worked = span((open.until - open.from).num_seconds());
        format!("{} to {}: {worked}", local(open.from), local(open.until))
    };
    Ok(Some(Tried {
        sentence: match due {
            Some(due) => format!(
                "{} of working time are over at {}.",
                span(minutes * 60),
                local(due)
            ),
            None => "That is never over: the calendar does not open often enough.".to_owned(),
        },
        lines: spans.iter().take(60).map(line).collect(),
    }))
}
