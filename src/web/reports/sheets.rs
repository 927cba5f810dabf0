//! The reports as CSV: the same figures as on the page, one table a file, chosen by `table`. Amounts are plain decimals and times
//! whole seconds, so that a spreadsheet can go on counting.

use actix_web::HttpResponse;
use chrono::{DateTime, Utc};

use super::Shops;
use super::period::Asked;
use super::refunds::{self, Figures as Refunds};
use super::sla::Figures as Promises;
use crate::db::reports::Period;
use crate::error::{Error, Result};
use crate::rules::sla::{self, Cut, percentile};
use crate::web::csv::{Cell, Csv};
use crate::web::filters;

/// # Errors
/// `Invalid` on `table` for one that this report has not.
pub fn promises(
    asked: &Asked,
    period: &Period,
    shops: Shops,
    figures: &Promises,
    now: DateTime<Utc>,
) -> Result<HttpResponse> {
    let sheet = match asked.table.as_deref().unwrap_or("promises") {
        "promises" => promise_lines(&shops, figures),
        "spans" => spans(period, figures),
        "breaches" => breaches(figures, now),
        _ => return Err(no_such_table("promises, spans or breaches")),
    };
    Ok(sheet.send(&file_name("promises", period)))
}

/// # Errors
/// `Invalid` on `table` for one that this report has not.
pub fn refunds(
    asked: &Asked,
    period: &Period,
    shops: Shops,
    figures: &Refunds,
) -> Result<HttpResponse> {
    let sheet = match asked.table.as_deref().unwrap_or("grounds") {
        "grounds" => grounds(&shops, figures),
        "overrides" => overrides(figures),
        _ => return Err(no_such_table("grounds or overrides")),
    };
    Ok(sheet.send(&file_name("refunds", period)))
}

fn no_such_table(known: &str) -> Error {
    Error::invalid("table", format!("This report's tables are {known}"))
}

fn file_name(report: &str, period: &Period) -> String {
    format!("{report}-{}-to-{}.csv", period.from, period.to)
}

fn count(number: usize) -> Cell {
    Cell::Figure(number.to_string())
}

fn seconds(value: Option<i64>) -> Cell {
    Cell::maybe(value.map(Cell::count))
}

fn instant(at: DateTime<Utc>) -> Cell {
    Cell::Figure(filters::iso(at))
}

fn promise_lines(shops: &Shops, figures: &Promises) -> Csv {
    let mut sheet = Csv::new(&[
        "seller",
        "seller_name",
        "promise",
        "clause",
        "firmness",
        "kept",
        "not_kept",
        "waiting",
        "kept_percent",
        "median_seconds",
        "p90_seconds",
        "p95_seconds",
    ]);
    for line in sla::lines(&figures.samples) {
        let share = line
            .attainment()
            .map(|tenths| format!("{}.{}", tenths / 10, tenths % 10));
        sheet.row([
            Cell::words(&line.seller),
            Cell::words(shops.name(&line.seller)),
            Cell::words(&line.kind),
            Cell::words(&line.clause),
            Cell::words(&line.firmness),
            count(line.kept),
            count(line.missed),
            count(line.waiting),
            Cell::maybe(share.map(Cell::Figure)),
            seconds(line.median),
            seconds(line.p90),
            seconds(line.p95),
        ]);
    }
    sheet
}

fn spans(period: &Period, figures: &Promises) -> Csv {
    let mut sheet = Csv::new(&[
        "from",
        "kept",
        "not_kept",
        "median_seconds",
        "p90_seconds",
        "p95_seconds",
    ]);
    let cut = Cut::fitting(period.from, period.to);
    let firm = figures
        .samples
        .iter()
        .filter(|sample| matches!(sample.firmness.as_str(), "firm" | "house"));
    for span in sla::spans(firm, cut, period.from, period.to) {
        sheet.row([
            Cell::Figure(span.first.to_string()),
            count(span.kept),
            count(span.missed),
            seconds(percentile(&span.taken, 50)),
            seconds(percentile(&span.taken, 90)),
            seconds(percentile(&span.taken, 95)),
        ]);
    }
    sheet
}

fn breaches(figures: &Promises, now: DateTime<Utc>) -> Csv {
    let mut sheet = Csv::new(&[
        "ticket",
        "claim",
        "subject",
        "seller",
        "promise",
        "clause",
        "firmness",
        "due_at",
        "done_at",
        "late_seconds",
        "assigned_to",
    ]);
    for breach in &figures.breaches {
        let (due, stopped) = (breach.due_at.utc(), breach.stopped_at.map(|at| at.utc()));
        sheet.row([
            Cell::words(&breach.ticket),
            Cell::words(breach.claim.as_deref().unwrap_or_default()),
            Cell::words(&breach.subject),
            Cell::words(&breach.seller),
            Cell::words(&breach.kind),
            Cell::words(&breach.clause),
            Cell::words(&breach.firmness),
            instant(due),
            Cell::maybe(stopped.map(instant)),
            Cell::count((stopped.unwrap_or(now) - due).num_seconds()),
            Cell::words(breach.assignee.as_deref().unwrap_or_default()),
        ]);
    }
    sheet
}

fn grounds(shops: &Shops, figures: &Refunds) -> Csv {
    let mut sheet = Csv::new(&[
        "seller",
        "seller_name",
        "ground",
        "ground_title",
        "currency",
        "requests",
        "approved",
        "rejected",
        "ended_otherwise",
        "open",
        "automatic",
        "overridden",
        "asked",
        "computed",
        "granted",
    ]);
    for line in &figures.grounds {
        let amount = |e8| Cell::amount(e8, &line.currency);
        sheet.row([
            Cell::words(&line.seller),
            Cell::words(shops.name(&line.seller)),
            Cell::words(&line.ground),
            Cell::words(figures.title(&line.seller, &line.ground)),
            Cell::words(&line.currency),
            Cell::count(line.filed),
            Cell::count(line.approved),
            Cell::count(line.rejected),
            Cell::count(line.ended),
            Cell::count(line.open),
            Cell::count(line.automatic),
            Cell::count(line.overridden),
            amount(line.asked_e8),
            amount(line.computed_e8),
            amount(line.granted_e8),
        ]);
    }
    sheet
}

fn overrides(figures: &Refunds) -> Csv {
    let mut sheet = Csv::new(&[
        "claim",
        "seller",
        "decided_at",
        "decided_by",
        "verdict",
        "reason",
        "words",
        "currency",
        "computed",
        "granted",
        "difference",
    ]);
    for row in &figures.overrides {
        let amount = |e8| Cell::amount(e8, &row.currency);
        sheet.row([
            Cell::words(&row.claim),
            Cell::words(&row.seller),
            instant(row.at.utc()),
            Cell::words(&row.decided_by),
            Cell::words(&row.verdict),
            Cell::words(refunds::reason(row)),
            Cell::words(&row.words),
            Cell::words(&row.currency),
            Cell::maybe(row.computed_e8.map(amount)),
            amount(row.amount_e8),
            amount(refunds::difference(row)),
        ]);
    }
    sheet
}
