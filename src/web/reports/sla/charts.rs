//! The pictures of the report on promises: over time, promise by promise, why they were broken, how long things took, what is open.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::broken::to_breaches;
use super::{FEW, Figures, PATH, of_kind, percent, said, share};
use crate::db::reports::Period;
use crate::rules::causes::Cause;
use crate::rules::sla::{self, AGES, Cut, Line, percentile};
use crate::web::chart::{self, Bar, Chart, Column, Point, Words};
use crate::web::filters;
use crate::web::reports::period::Asked;
use crate::web::show::clocks::label;

pub(super) fn of(
    figures: &Figures,
    lines: &[Line],
    asked: &Asked,
    period: &Period,
    now: DateTime<Utc>,
) -> Vec<Chart> {
    let mut charts = vec![over_time(figures, asked, period)];
    if lines.iter().any(|line| line.attainment().is_some()) {
        charts.push(by_promise(lines, asked, period));
    }
    charts.extend(by_cause(figures, asked, period));
    for kind in ["decision", "first_response"] {
        charts.extend(paces(figures, period, kind));
    }
    charts.push(ageing(figures, now));
    charts
}

fn over_time(figures: &Figures, asked: &Asked, period: &Period) -> Chart {
    let cut = Cut::fitting(period.from, period.to);
    let of_span = |first: NaiveDate| {
        let days = (first.max(period.from), cut.last(first).min(period.to));
        format!("{}#breaches-list", asked.href(PATH, days, &[]))
    };
    let firm = figures.samples.iter().filter(|sample| sample.is_firm());
    let spans = sla::spans(firm, cut, period.from, period.to);
    let columns: Vec<Column> = spans
        .iter()
        .map(|span| Column {
            label: named(cut, span.first),
            parts: vec![span.kept as u64, span.missed as u64],
            above: share(span.kept, span.missed)
                .map_or_else(String::new, |tenths| format!("{}\u{a0}%", tenths / 10)),
            href: (span.missed > 0).then(|| of_span(span.first)),
            ..Column::default()
        })
        .collect();
    let worst = spans
        .iter()
        .filter(|span| span.missed > 0)
        .max_by_key(|span| span.missed);
    let each = if cut == Cut::Week { "week" } else { "month" };
    let words = Words {
        id: "kept".into(),
        title: format!("Firm promises by the {each} they were made"),
        desc: format!(
            "One column a {each}: promises kept below, not kept above, with the share kept."
        ),
        takeaway: match worst {
            None => "None was broken.".into(),
            Some(span) => format!(
                "Most were broken in the {each} of {}: {}.",
                filters::day(span.first),
                filters::count(span.missed as u64)
            ),
        },
        csv: Some(asked.href(
            "/reports/sla.csv",
            (period.from, period.to),
            &[("table", "spans")],
        )),
    };
    chart::stacked(words, &["Kept", "Not kept"], &columns)
}

fn named(cut: Cut, first: NaiveDate) -> String {
    match cut {
        Cut::Week => first.format("%-d %b").to_string(),
        Cut::Month => first.format("%b %Y").to_string(),
    }
}

fn by_promise(lines: &[Line], asked: &Asked, period: &Period) -> Chart {
    let bar = |line: &Line| {
        let tenths = line.attainment()?;
        Some(Bar {
            label: format!("{}, {}", label(&line.kind), line.clause),
            value: u64::from(tenths),
            said: percent(tenths as usize),
            n: (line.kept + line.missed) as u64,
            few: line.kept + line.missed < FEW,
            href: (line.missed > 0).then(|| {
                let narrow = [("promise", line.kind.as_str()), ("clause", &line.clause)];
                to_breaches(asked, period, &line.seller, &narrow)
            }),
        })
    };
    let bars: Vec<Bar> = lines.iter().filter_map(bar).collect();
    let words = Words {
        id: "promises-kept".into(),
        title: "Share kept, promise by promise".into(),
        desc: "One bar a promise: the share of settled ones that were kept. A full bar is all of them.".into(),
        takeaway: "Hatched bars rest on fewer than ten.".into(),
        csv: None,
    };
    chart::bars(words, "Kept", 1000, &bars)
}

/// Why promises were broken, the most frequent cause first.
fn by_cause(figures: &Figures, asked: &Asked, period: &Period) -> Option<Chart> {
    let all = figures.breaches.len() as u64;
    let count = |cause: Cause| {
        let of_it = figures.breaches.iter().filter(|one| one.cause == cause);
        of_it.count() as u64
    };
    let mut counted: Vec<(Cause, u64)> = Cause::ALL
        .iter()
        .map(|cause| (*cause, count(*cause)))
        .filter(|(_, n)| *n > 0)
        .collect();
    counted.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let (most, n) = *counted.first()?;
    let bars: Vec<Bar> = counted
        .iter()
        .map(|(cause, n)| Bar {
            label: cause.said().to_owned(),
            value: *n,
            said: filters::percent(*n, all),
            n: *n,
            few: false,
            href: Some(to_breaches(asked, period, "", &[("cause", cause.word())])),
        })
        .collect();
    let words = Words {
        id: "causes".into(),
        title: "Why promises were not kept".into(),
        desc:
            "One bar a cause: whose turn it was at the due moment, as a share of all broken ones."
                .into(),
        takeaway: format!(
            "{} of {}: {}.",
            filters::count(n),
            filters::count(all),
            most.said().to_lowercase()
        ),
        csv: None,
    };
    Some(chart::bars(words, "Share", all, &bars))
}

fn paces(figures: &Figures, period: &Period, kind: &str) -> Option<Chart> {
    let cut = Cut::fitting(period.from, period.to);
    let spans = sla::spans(of_kind(&figures.samples, kind), cut, period.from, period.to);
    if spans.iter().all(|span| span.taken.is_empty()) {
        return None;
    }
    let seconds = |taken: &[i64], p| percentile(taken, p).map(i64::unsigned_abs);
    let points: Vec<Point> = spans
        .iter()
        .map(|span| Point {
            label: named(cut, span.first),
            n: span.taken.len() as u64,
            p50: seconds(&span.taken, 50),
            p90: seconds(&span.taken, 90),
            p95: seconds(&span.taken, 95),
        })
        .collect();
    let all = sla::all_taken(of_kind(&figures.samples, kind));
    let words = Words {
        id: format!("pace-{kind}"),
        title: format!("Time to a {}", label(kind).to_lowercase()),
        desc: "The median as a line, up to the 90th percentile a band, the 95th as dots.".into(),
        takeaway: format!(
            "Half took {} or less, nine in ten {}.",
            said(percentile(&all, 50)),
            said(percentile(&all, 90))
        ),
        csv: None,
    };
    Some(chart::percentiles(words, &points))
}

fn ageing(figures: &Figures, now: DateTime<Utc>) -> Chart {
    let mut by_turn: BTreeMap<usize, Vec<DateTime<Utc>>> = BTreeMap::new();
    for (state, at) in &figures.open {
        let turn = match state.as_str() {
            "waiting_customer" => 1,
            "on_hold" => 2,
            _ => 0,
        };
        by_turn.entry(turn).or_default().push(*at);
    }
    let counted: Vec<[usize; 5]> = (0..3)
        .map(|turn| sla::ageing(by_turn.get(&turn).map_or(&[], Vec::as_slice), now))
        .collect();
    let columns: Vec<Column> = AGES
        .iter()
        .enumerate()
        .map(|(place, (label, _))| Column {
            label: (*label).to_owned(),
            parts: counted.iter().map(|counts| counts[place] as u64).collect(),
            ..Column::default()
        })
        .collect();
    let old = counted.iter().map(|counts| counts[4]).sum::<usize>() as u64;
    let words = Words {
        id: "ageing".into(),
        title: "What is open now, by age".into(),
        desc: "One column an age: tickets that wait for the desk, for the customer, or for a dispute to end.".into(),
        takeaway: match old {
            0 => "Nothing has been open for more than two weeks.".into(),
            old => format!("{} been open for more than two weeks.", filters::plural(old, "ticket has", "tickets have")),
        },
        csv: None,
    };
    chart::stacked(
        words,
        &["With the desk", "With the customer", "On hold"],
        &columns,
    )
}
