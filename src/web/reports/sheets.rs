//! The reports for a spreadsheet: the same figures as on the page, as CSV one table a file, chosen by `table`, or all of them as one
//! workbook. Amounts are plain decimals and times
//! whole seconds, so that a spreadsheet can go on counting.

use actix_web::HttpResponse;
use chrono::{DateTime, Utc};

use super::Shops;
use super::period::Asked;
use super::refunds::{self, Figures as Refunds};
use super::sla::Figures as Promises;
use crate::db::reports::Period;
use crate::error::{Error, Result};
use crate::rules::sla::{self, Cut, Pace, percentile};
use crate::web::sheet::{Cell, Sheet, send_workbook};

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
        "agents" => agents(figures),
        "priorities" => priorities(figures),
        "breaches" => breaches(figures, now),
        _ => {
            return Err(no_such_table(
                "promises, spans, agents, priorities or breaches",
            ));
        }
    };
    Ok(sheet.send(&file_name("promises", period, "csv")))
}

/// All of its tables in one file.
pub fn promises_workbook(
    period: &Period,
    shops: Shops,
    figures: &Promises,
    now: DateTime<Utc>,
) -> Result<HttpResponse> {
    let sheets = [
        promise_lines(&shops, figures),
        spans(period, figures),
        agents(figures),
        priorities(figures),
        breaches(figures, now),
    ];
    send_workbook(&sheets, &file_name("promises", period, "xlsx"))
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
        "clauses" => clauses(&shops, figures),
        "people" => deciders(figures),
        "overrides" => overrides(figures),
        _ => return Err(no_such_table("grounds, clauses, people or overrides")),
    };
    Ok(sheet.send(&file_name("refunds", period, "csv")))
}

/// All of its tables in one file.
pub fn refunds_workbook(period: &Period, shops: Shops, figures: &Refunds) -> Result<HttpResponse> {
    let sheets = [
        grounds(&shops, figures),
        clauses(&shops, figures),
        deciders(figures),
        overrides(figures),
    ];
    send_workbook(&sheets, &file_name("refunds", period, "xlsx"))
}

fn no_such_table(known: &str) -> Error {
    Error::invalid("table", format!("This report's tables are {known}"))
}

fn file_name(report: &str, period: &Period, kind: &str) -> String {
    format!("{report}-{}-to-{}.{kind}", period.from, period.to)
}

fn count(number: usize) -> Cell {
    Cell::Figure(number.to_string())
}

fn seconds(value: Option<i64>) -> Cell {
    Cell::maybe(value.map(Cell::count))
}

fn pace(pace: &Pace) -> [Cell; 3] {
    [pace.median, pace.p90, pace.p95].map(seconds)
}

fn instant(at: DateTime<Utc>) -> Cell {
    Cell::Instant(at)
}

fn promise_lines(shops: &Shops, figures: &Promises) -> Sheet {
    let mut sheet = Sheet::new(
        "Promises",
        &[
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
            "median_working_seconds",
            "p90_working_seconds",
            "p95_working_seconds",
        ],
    );
    for line in sla::lines(&figures.samples) {
        let share = line
            .attainment()
            .map(|tenths| format!("{}.{}", tenths / 10, tenths % 10));
        let row = [
            Cell::words(&line.seller),
            Cell::words(shops.name(&line.seller)),
            Cell::words(&line.kind),
            Cell::words(&line.clause),
            Cell::words(&line.firmness),
            count(line.kept),
            count(line.missed),
            count(line.waiting),
            Cell::maybe(share.map(Cell::Figure)),
        ];
        sheet.row(
            row.into_iter()
                .chain(pace(&line.wall))
                .chain(pace(&line.working)),
        );
    }
    sheet
}

fn spans(period: &Period, figures: &Promises) -> Sheet {
    let mut sheet = Sheet::new(
        "Over time",
        &[
            "from",
            "kept",
            "not_kept",
            "median_seconds",
            "p90_seconds",
            "p95_seconds",
        ],
    );
    let cut = Cut::fitting(period.from, period.to);
    let firm = figures.samples.iter().filter(|sample| sample.is_firm());
    for span in sla::spans(firm, cut, period.from, period.to) {
        sheet.row([
            Cell::Day(span.first),
            count(span.kept),
            count(span.missed),
            seconds(percentile(&span.taken, 50)),
            seconds(percentile(&span.taken, 90)),
            seconds(percentile(&span.taken, 95)),
        ]);
    }
    sheet
}

fn agents(figures: &Promises) -> Sheet {
    let columns = ["agent", "kept", "not_kept", "waiting"];
    let mut sheet = Sheet::new("People", &columns);
    let firm = figures.samples.iter().filter(|sample| sample.is_firm());
    for share in sla::by_agent(firm) {
        sheet.row([
            Cell::words(share.agent.unwrap_or_default()),
            count(share.kept),
            count(share.missed),
            count(share.waiting),
        ]);
    }
    sheet
}

fn priorities(figures: &Promises) -> Sheet {
    let columns = [
        "priority",
        "kept",
        "not_kept",
        "waiting",
        "median_seconds",
        "p90_seconds",
        "p95_seconds",
        "median_working_seconds",
        "p90_working_seconds",
        "p95_working_seconds",
    ];
    let mut sheet = Sheet::new("Priorities", &columns);
    let firm = figures.samples.iter().filter(|sample| sample.is_firm());
    for pressed in sla::by_priority(firm) {
        let row = [
            Cell::words(pressed.priority.word()),
            count(pressed.kept),
            count(pressed.missed),
            count(pressed.waiting),
        ];
        sheet.row(
            row.into_iter()
                .chain(pace(&pressed.wall))
                .chain(pace(&pressed.working)),
        );
    }
    sheet
}

fn breaches(figures: &Promises, now: DateTime<Utc>) -> Sheet {
    let mut sheet = Sheet::new(
        "Not kept",
        &[
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
            "cause",
        ],
    );
    for missed in &figures.breaches {
        let breach = &missed.breach;
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
            Cell::words(missed.holder.as_deref().unwrap_or_default()),
            Cell::words(missed.cause.word()),
        ]);
    }
    sheet
}

fn grounds(shops: &Shops, figures: &Refunds) -> Sheet {
    let mut sheet = Sheet::new(
        "Grounds",
        &[
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
        ],
    );
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

fn clauses(shops: &Shops, figures: &Refunds) -> Sheet {
    let columns = [
        "seller",
        "seller_name",
        "clause",
        "currency",
        "requests",
        "approved",
        "rejected",
        "asked",
        "computed",
        "granted",
    ];
    let mut sheet = Sheet::new("Clauses", &columns);
    for line in &figures.clauses {
        let amount = |e8| Cell::amount(e8, &line.currency);
        sheet.row([
            Cell::words(&line.seller),
            Cell::words(shops.name(&line.seller)),
            Cell::words(&line.clause),
            Cell::words(&line.currency),
            Cell::count(line.filed),
            Cell::count(line.approved),
            Cell::count(line.rejected),
            amount(line.asked_e8),
            amount(line.computed_e8),
            amount(line.granted_e8),
        ]);
    }
    sheet
}

fn deciders(figures: &Refunds) -> Sheet {
    let columns = [
        "person",
        "currency",
        "decided",
        "overridden",
        "above",
        "below",
    ];
    let mut sheet = Sheet::new("People", &columns);
    for one in &figures.people {
        let amount = |e8| Cell::amount(e8, &one.currency);
        sheet.row([
            Cell::words(&one.name),
            Cell::words(&one.currency),
            Cell::count(one.decided),
            Cell::count(one.overridden),
            amount(one.above_e8),
            amount(one.below_e8),
        ]);
    }
    sheet
}

fn overrides(figures: &Refunds) -> Sheet {
    let mut sheet = Sheet::new(
        "Overrides",
        &[
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
        ],
    );
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
