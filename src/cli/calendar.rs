//! `redress calendar`: a seller's working hours and holidays from a file, and what a clock would make of them.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use chrono::{DateTime, Datelike, Months, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use clap::Subcommand;

use super::Place;
use crate::act::Act;
use crate::app::App;
use crate::clock::Clock;
use crate::db;
use crate::db::sellers::Seller;
use crate::desk::calendars;
use crate::error::Error;
use crate::rules::calendar::document::Document;
use crate::rules::calendar::hours::WEEK;
use crate::rules::calendar::{Calendar, Holidays, ics};
use crate::rules::deadline::span;

/// Keep the sellers' working hours and holidays
#[derive(Debug, Subcommand)]
pub enum Calendars {
    Import(Import),
    Show(Show),
    Check(Check),
}

/// Publish a calendar: holidays from an .ics file, or zone, holidays and hours from a .toml file; clocks that run keep theirs
#[derive(Debug, clap::Args)]
pub struct Import {
    #[command(flatten)]
    place: Place,
    file: PathBuf,
    /// The seller's short name
    #[arg(long, value_name = "SLUG")]
    seller: String,
    /// The day on which it begins; today otherwise
    #[arg(long, value_name = "DAY")]
    from: Option<NaiveDate>,
}

/// The calendar in force, its next ten holidays, and its versions
#[derive(Debug, clap::Args)]
pub struct Show {
    #[command(flatten)]
    place: Place,
    /// The seller's short name
    #[arg(long, value_name = "SLUG")]
    seller: String,
    #[command(flatten)]
    trial: Trial,
}

/// Read a calendar file and say what is in it, or each line that is not understood; nothing is published
#[derive(Debug, clap::Args)]
pub struct Check {
    file: PathBuf,
    /// The zone to count in, where the file names none
    #[arg(long, default_value = "UTC")]
    zone: Tz,
    #[command(flatten)]
    trial: Trial,
}

/// Try it: when would so much working time be over?
#[derive(Debug, clap::Args)]
struct Trial {
    /// An instant such as 2026-03-02T09:00:00Z
    #[arg(long, value_name = "INSTANT", requires = "minutes")]
    start: Option<DateTime<Utc>>,
    /// Working minutes from there
    #[arg(long, value_name = "COUNT", requires = "start", value_parser = clap::value_parser!(i64).range(1..=1_000_000))]
    minutes: Option<i64>,
}

pub fn run(command: Calendars, out: &mut impl Write) -> anyhow::Result<i32> {
    match command {
        Calendars::Import(args) => import(args, out),
        Calendars::Show(args) => show(args, out),
        Calendars::Check(args) => check(args, out),
    }
}

fn import(args: Import, out: &mut impl Write) -> anyhow::Result<i32> {
    let app = args.place.find()?;
    let seller = seller(&app, &args.seller)?;
    let document = match read(&args.file, app.now().date_naive(), out)? {
        Some(document) => document,
        None => return Ok(1),
    };
    let act = Act::operator(app.now(), &app.config.public_url);
    let source = args.file.file_name().unwrap_or_default().to_string_lossy();
    let published = app
        .pool
        .write(|tx| calendars::publish(tx, &act, &seller, &document, &source, args.from));
    match published {
        Ok(version) => {
            writeln!(
                out,
                "calendar {} of {} is in force from {}",
                version.version, seller.slug, version.valid_from
            )?;
            Ok(0)
        }
        Err(why @ (Error::Invalid(_) | Error::Refused { .. })) => {
            writeln!(out, "not published: {why}")?;
            Ok(1)
        }
        Err(other) => Err(other.into()),
    }
}

fn show(args: Show, out: &mut impl Write) -> anyhow::Result<i32> {
    let app = args.place.find()?;
    let seller = seller(&app, &args.seller)?;
    let now = app.now();
    let (calendar, versions) = app.pool.read(|conn| {
        let calendar = calendars::of_seller(conn, &seller, now)?;
        Ok((calendar, db::calendars::of_seller(conn, &seller.id)?))
    })?;
    let mut names = BTreeMap::new();
    for version in versions.iter().rev() {
        names.extend(serde_json::from_str::<BTreeMap<NaiveDate, String>>(
            &version.names_json,
        )?);
    }
    describe(&calendar, &names, now.date_naive(), out)?;
    if versions.is_empty() {
        writeln!(out, "no calendar of its own: as the policy says")?;
    }
    for version in &versions {
        writeln!(
            out,
            "version {} from {}, out of {}",
            version.version, version.valid_from, version.source
        )?;
    }
    trial(&calendar, &args.trial, out)
}

fn check(args: Check, out: &mut impl Write) -> anyhow::Result<i32> {
    let today = Clock::System.now().date_naive();
    let Some(document) = read(&args.file, today, out)? else {
        return Ok(1);
    };
    let calendar = document.over(&Calendar {
        zone: args.zone,
        holidays: Holidays::default(),
        hours: None,
    });
    describe(&calendar, &document.names, today, out)?;
    trial(&calendar, &args.trial, out)
}

fn seller(app: &App, slug: &str) -> anyhow::Result<Seller> {
    let found = app
        .pool
        .read(|conn| Ok(db::sellers::by_slug(conn, slug)?))?;
    match found {
        Some(seller) => Ok(seller),
        None => bail!("there is no seller `{slug}`; `redress seller list` shows them"),
    }
}

/// The holidays of an iCalendar file are taken from last year's first day to ten years ahead. None, and each reason printed, where
/// the file is refused.
fn read(file: &Path, today: NaiveDate, out: &mut impl Write) -> anyhow::Result<Option<Document>> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let length = fs::metadata(file)
        .with_context(|| format!("cannot read {}", file.display()))?
        .len();
    if length > ics::LARGEST as u64 {
        bail!("{} is larger than {} bytes", file.display(), ics::LARGEST);
    }
    let text =
        fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let first = NaiveDate::from_ymd_opt(today.year() - 1, 1, 1).unwrap_or(today);
    let last = today.checked_add_months(Months::new(120)).unwrap_or(today);
    match Document::read(&name, &text, first, last) {
        Ok(document) => Ok(Some(document)),
        Err(refusals) => {
            for refusal in refusals {
                writeln!(out, "{name}: {refusal}")?;
            }
            Ok(None)
        }
    }
}

fn describe(
    calendar: &Calendar,
    names: &BTreeMap<NaiveDate, String>,
    from: NaiveDate,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    writeln!(out, "zone {}", calendar.zone)?;
    match &calendar.hours {
        None => writeln!(
            out,
            "hours: day and night; business days are Monday to Friday"
        )?,
        Some(hours) => {
            for (day, name) in WEEK {
                let openings: Vec<String> = hours.of(day).iter().map(ToString::to_string).collect();
                let openings = if openings.is_empty() {
                    "closed".to_owned()
                } else {
                    openings.join(", ")
                };
                writeln!(out, "{name} {openings}")?;
            }
            for (day, openings) in hours.special.range(from..).take(10) {
                let openings: Vec<String> = openings.iter().map(ToString::to_string).collect();
                writeln!(
                    out,
                    "{day} {}",
                    if openings.is_empty() {
                        "closed".to_owned()
                    } else {
                        openings.join(", ")
                    }
                )?;
            }
        }
    }
    for (day, name) in calendars::next_holidays(calendar, names, from, 10) {
        writeln!(out, "holiday {day} {} {name}", day.format("%a"))?;
    }
    Ok(())
}

fn trial(calendar: &Calendar, trial: &Trial, out: &mut impl Write) -> anyhow::Result<i32> {
    let (Some(start), Some(minutes)) = (trial.start, trial.minutes) else {
        return Ok(0);
    };
    let Some(due) = calendar.due_at(start, TimeDelta::minutes(minutes)) else {
        writeln!(out, "never due: the calendar does not open often enough")?;
        return Ok(1);
    };
    let local = |at: DateTime<Utc>| {
        at.with_timezone(&calendar.zone)
            .format("%a %Y-%m-%d %H:%M:%S %Z")
            .to_string()
    };
    for open in calendar.open_between(start, due) {
        let worked = span((open.until - open.from).num_seconds());
        writeln!(
            out,
            "{} to {}: {worked}",
            local(open.from),
            local(open.until)
        )?;
    }
    writeln!(out, "due {}", local(due))?;
    Ok(0)
}
