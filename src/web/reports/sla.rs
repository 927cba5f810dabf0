//! `/reports/sla`: which promises were kept, how long things took, what was late and what is open. Everything on the page is made
//! from the same clocks, and each chart has its figures beside it.

use std::collections::BTreeMap;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{DateTime, NaiveDate, Utc};

use super::period::{self, Asked, Preset};
use super::{Shops, clause_of, scope, sheets};
use crate::app::App;
use crate::db::reports::holders::Holders;
use crate::db::reports::{self, Breach, Period, causes};
use crate::db::sellers::{self, Seller};
use crate::db::tickets::Scope;
use crate::db::{Conn, columns::At};
use crate::error::Result;
use crate::rules::causes::Cause;
use crate::rules::sla::{self, AGES, Cut, Fate, Line, Sample, percentile};
use crate::web::chart::{self, Bar, Chart, Column, Point, Words};
use crate::web::gate::Manager;
use crate::web::page::{Choice, Filled, Frame, render};
use crate::web::parts::{ClauseRef, Moment, Tile, Tiles, Tone};
use crate::web::show::clocks::{firmness, label};
use crate::web::{filters, reports as room};

const PATH: &str = "/reports/sla";
const HEADING: &str = "Promises kept";
/// Broken promises on the page; the CSV has all of them.
const SHOWN: usize = 50;
const ALL: i64 = 100_000;
/// Below this, a share says little.
const FEW: usize = 10;

#[derive(Template)]
#[template(path = "reports/sla.html")]
struct Page {
    frame: Frame,
    presets: Vec<Preset>,
    form: Filled,
    sellers: Vec<Choice>,
    action: &'static str,
    as_of: String,
    csv_href: String,
    xlsx_href: String,
    takeaway: String,
    tiles: Tiles,
    charts: Vec<Chart>,
    promises: Vec<Promise>,
    agents: Vec<AgentLine>,
    breaches: Vec<Broken>,
    more_breaches: Option<String>,
    /// Which of them are listed, where it is not all, and the way back to all.
    narrowed: Option<(String, String)>,
    method: Vec<&'static str>,
}

struct Promise {
    label: &'static str,
    seller: String,
    clause: Option<ClauseRef>,
    firmness: &'static str,
    n: String,
    met: String,
    median: String,
    p90: String,
    p95: String,
    few: bool,
}

struct AgentLine {
    name: String,
    met: String,
    n: String,
    waiting: String,
    missed: String,
    href: Option<String>,
    few: bool,
}

struct Broken {
    number: String,
    href: String,
    what: String,
    seller: String,
    promise: &'static str,
    clause: Option<ClauseRef>,
    due: Moment,
    late: String,
    assignee: String,
    cause: &'static str,
    since: String,
}

/// A broken promise, why it was broken, and who had it when its clock ended.
pub(super) struct Missed {
    pub(super) breach: Breach,
    pub(super) cause: Cause,
    pub(super) holder: Option<String>,
}

/// What the page and its CSV are made of.
pub(super) struct Figures {
    pub(super) samples: Vec<Sample>,
    before: Vec<Sample>,
    pub(super) breaches: Vec<Missed>,
    open: Vec<(String, DateTime<Utc>)>,
}

pub async fn show(app: Data<App>, visit: Manager, request: HttpRequest) -> Result<HttpResponse> {
    let asked = Asked::read_narrowed(request.query_string())?;
    let (sellers, outcome) = gather(&app, &visit, &asked).await?;
    let (period, figures) = match outcome {
        Ok(found) => found,
        Err(error) => {
            let problems = period::problems(error)?;
            let page = room::refused(&visit, (HEADING, PATH), &asked, &sellers, &problems);
            return Ok(page);
        }
    };
    Ok(render(&page(&visit, &asked, &period, sellers, &figures)))
}

pub async fn csv(app: Data<App>, visit: Manager, request: HttpRequest) -> Result<HttpResponse> {
    let asked = Asked::read(request.query_string())?;
    let (sellers, outcome) = gather(&app, &visit, &asked).await?;
    let (period, figures) = outcome?;
    sheets::promises(&asked, &period, Shops::new(sellers), &figures, visit.now)
}

pub async fn workbook(
    app: Data<App>,
    visit: Manager,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let asked = Asked::read(request.query_string())?;
    let (sellers, outcome) = gather(&app, &visit, &asked).await?;
    let (period, figures) = outcome?;
    sheets::promises_workbook(&period, Shops::new(sellers), &figures, visit.now)
}

/// The sellers to choose from, and the figures unless the filters are wrong.
async fn gather(
    app: &App,
    visit: &Manager,
    asked: &Asked,
) -> Result<(Vec<Seller>, Result<(Period, Figures)>)> {
    let scope = scope(visit);
    let (now, today) = (visit.now, visit.now.with_timezone(&visit.zone).date_naive());
    let asked = asked.clone();
    app.read(move |conn| {
        let sellers = sellers::within(conn, &scope)?;
        let found = match asked.period(&sellers, today) {
            Ok(period) => Ok((period.clone(), figures(conn, &scope, &period, now)?)),
            Err(error) => Err(error),
        };
        Ok((sellers, found))
    })
    .await
}

fn figures(conn: &mut Conn, scope: &Scope, period: &Period, now: DateTime<Utc>) -> Result<Figures> {
    let holders = Holders::of(conn, period)?;
    let breaches = reports::breaches(conn, scope, period, now, ALL)?;
    let causes = causes::of(conn, &breaches, &holders)?;
    let before = period::previous(period);
    Ok(Figures {
        samples: reports::samples(conn, scope, period, &holders, now)?,
        before: reports::samples(conn, scope, &before, &Holders::default(), now)?,
        breaches: breaches
            .into_iter()
            .zip(causes)
            .map(|(breach, cause)| Missed {
                holder: holders
                    .at(&breach.ticket_id, breach.ended_at(now))
                    .map(str::to_owned),
                cause,
                breach,
            })
            .collect(),
        open: reports::open_now(conn, scope, period.seller.as_ref())?,
    })
}

fn page(
    visit: &Manager,
    asked: &Asked,
    period: &Period,
    sellers: Vec<Seller>,
    figures: &Figures,
) -> Page {
    let today = visit.now.with_timezone(&visit.zone).date_naive();
    let days = (period.from, period.to);
    let csv = |table: &str| asked.href("/reports/sla.csv", days, &[("table", table)]);
    let narrow = Narrow::of(asked);
    let choices = period::choices(&sellers);
    let shops = Shops::new(sellers);
    let lines = sla::lines(&figures.samples);
    let listed: Vec<_> = figures
        .breaches
        .iter()
        .filter(|missed| narrow.holds(missed))
        .collect();
    let more = listed.len() > SHOWN;
    Page {
        frame: visit.frame(HEADING),
        presets: asked.presets(PATH, period, today),
        form: asked.filled(period),
        sellers: choices,
        action: PATH,
        as_of: format!(
            "{}, by each seller's own calendar days · as of {}",
            period::spoken(period),
            filters::moment_in_full(visit.now, visit.zone)
        ),
        csv_href: csv("promises"),
        xlsx_href: asked.href("/reports/sla.xlsx", days, &[]),
        takeaway: takeaway(&figures.samples, &lines, &shops),
        tiles: tiles(figures, visit.now),
        charts: charts(figures, &lines, asked, period, visit.now),
        promises: lines.iter().map(|line| promise(line, &shops)).collect(),
        agents: agents(figures, asked, period),
        narrowed: narrow.said(&shops, listed.len()).map(|said| {
            let back = asked.href(PATH, days, &[]);
            (said, format!("{back}#breaches-list"))
        }),
        breaches: listed
            .into_iter()
            .take(SHOWN)
            .map(|missed| broken(missed, visit))
            .collect(),
        more_breaches: more.then(|| csv("breaches")),
        method: METHOD.to_vec(),
    }
}

const METHOD: [&str; 8] = [
    "A promise belongs to the day on which its clock started, on the seller's own wall, so a past period gives the same figures for ever, but for clocks that were still running.",
    "Kept: the clock stopped at or before its due second. Not kept: it stopped later, or its due second has passed while it runs. Still running in time, or paused: counted as waiting, in no share.",
    "Shares are of kept and not kept together, rounded down.",
    "Percentiles are of the clocks that have stopped, by nearest rank: the value shown occurred. Times are elapsed time, nights and weekends included.",
    "A pause (the customer had the turn) moves the due second by its length; the time taken counts it.",
    "By person: whoever had the conversation when the clock ended, or has it while it runs, as the timeline says; a later change of hands changes no past report.",
    "The cause is whose turn it was at the due moment: a payout's way, then a proposal that waited for a second person, then work to be done first, then whoever had it.",
    "Only firm promises and house targets count as not kept in the figures above the table; typical times and aims are shown in their own rows. A bank's estimate is no promise and is left out.",
];

/// Kept and not kept among the firm ones.
fn settled(samples: &[Sample]) -> (usize, usize) {
    let count = |fate| {
        let firm = samples.iter().filter(|sample| sample.is_firm());
        firm.filter(|sample| sample.fate == fate).count()
    };
    (count(Fate::Kept), count(Fate::Missed))
}

/// In tenths of a percent, rounded down.
fn share(kept: usize, missed: usize) -> Option<usize> {
    (kept * 1000).checked_div(kept + missed)
}

fn percent(tenths: usize) -> String {
    format!("{}.{}\u{a0}%", tenths / 10, tenths % 10)
}

fn takeaway(samples: &[Sample], lines: &[Line], shops: &Shops) -> String {
    let (kept, missed) = settled(samples);
    let Some(kept_share) = share(kept, missed) else {
        return "No firm promise was settled in this period.".to_owned();
    };
    let firm = lines.iter().filter(|line| line.is_firm());
    let weakest = firm
        .filter(|line| line.missed > 0 && line.kept + line.missed >= FEW)
        .min_by_key(|line| line.attainment());
    let of = format!(
        "{} of {} firm promises were kept ({}).",
        filters::count(kept as u64),
        filters::count((kept + missed) as u64),
        percent(kept_share)
    );
    match weakest {
        None => of,
        Some(line) => format!(
            "{of} The weakest is {}'s {} ({}): {}.",
            shops.name(&line.seller),
            label(&line.kind).to_lowercase(),
            line.clause,
            attained(line)
        ),
    }
}

fn attained(line: &Line) -> String {
    line.attainment()
        .map_or_else(|| "–".to_owned(), |tenths| percent(tenths as usize))
}

fn tiles(figures: &Figures, now: DateTime<Utc>) -> Tiles {
    let (kept, missed) = settled(&figures.samples);
    let waiting = figures
        .samples
        .iter()
        .filter(|sample| sample.is_firm() && sample.fate == Fate::Waiting)
        .count();
    let mut list = vec![Tile {
        label: "Firm promises kept".into(),
        figure: share(kept, missed).map_or_else(|| "–".into(), percent),
        delta: String::new(),
        tone: Tone::Neutral,
        note: format!(
            "{} of {}; {} still running in time",
            filters::count(kept as u64),
            filters::count((kept + missed) as u64),
            filters::count(waiting as u64)
        ),
        href: None,
    }];
    (list[0].delta, list[0].tone) = since_before(figures);
    for kind in ["first_response", "decision"] {
        list.push(pace(figures, kind));
    }
    list.push(Tile {
        label: "Not kept".into(),
        figure: filters::count(missed as u64),
        delta: String::new(),
        tone: Tone::Neutral,
        note: "firm promises and house targets".into(),
        href: Some("#breaches-list".into()),
    });
    let oldest = figures.open.iter().map(|(_, at)| *at).min();
    list.push(Tile {
        label: "Open now".into(),
        figure: filters::count(figures.open.len() as u64),
        delta: String::new(),
        tone: Tone::Neutral,
        note: oldest.map_or_else(
            || "nothing waits".into(),
            |at| format!("the oldest was opened {}", filters::ago(at, now)),
        ),
        href: Some("/queue".into()),
    });
    Tiles { list }
}

fn since_before(figures: &Figures) -> (String, Tone) {
    let of = |samples: &[Sample]| {
        let (kept, missed) = settled(samples);
        share(kept, missed)
    };
    let (Some(now), Some(before)) = (of(&figures.samples), of(&figures.before)) else {
        return (String::new(), Tone::Neutral);
    };
    let points = now.abs_diff(before);
    let points = format!("{}.{} points", points / 10, points % 10);
    match now.cmp(&before) {
        std::cmp::Ordering::Equal => ("as in the period before".into(), Tone::Neutral),
        std::cmp::Ordering::Greater => (format!("{points} better than before"), Tone::Ok),
        std::cmp::Ordering::Less => (format!("{points} worse than before"), Tone::Warn),
    }
}

fn pace(figures: &Figures, kind: &str) -> Tile {
    let taken = sla::all_taken(of_kind(&figures.samples, kind));
    Tile {
        label: format!("{}, median", label(kind)),
        figure: said(percentile(&taken, 50)),
        delta: String::new(),
        tone: Tone::Neutral,
        note: format!(
            "90th {}, 95th {}; n {}",
            said(percentile(&taken, 90)),
            said(percentile(&taken, 95)),
            filters::count(taken.len() as u64)
        ),
        href: None,
    }
}

fn of_kind<'a>(samples: &'a [Sample], kind: &'a str) -> impl Iterator<Item = &'a Sample> {
    samples.iter().filter(move |sample| sample.kind == kind)
}

fn said(seconds: Option<i64>) -> String {
    seconds.map_or_else(
        || "–".to_owned(),
        |seconds| filters::duration(seconds.unsigned_abs()),
    )
}

fn charts(
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

/// The list of broken promises, narrowed.
fn to_breaches(asked: &Asked, period: &Period, shop: &str, narrow: &[(&str, &str)]) -> String {
    let of_shop = Asked {
        seller: match shop {
            "" => asked.seller.clone(),
            shop => Some(shop.to_owned()),
        },
        ..asked.clone()
    };
    let href = of_shop.href(PATH, (period.from, period.to), narrow);
    format!("{href}#breaches-list")
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

fn agents(figures: &Figures, asked: &Asked, period: &Period) -> Vec<AgentLine> {
    let firm = figures.samples.iter().filter(|sample| sample.is_firm());
    let shares = sla::by_agent(firm).into_iter().map(|share| {
        let settled = share.kept + share.missed;
        let narrow = share.agent.clone().unwrap_or_else(|| NOBODY.to_owned());
        AgentLine {
            name: share.agent.unwrap_or_else(|| "Nobody".to_owned()),
            met: self::share(share.kept, share.missed).map_or_else(|| "–".to_owned(), percent),
            n: filters::count(settled as u64),
            waiting: filters::count(share.waiting as u64),
            missed: filters::count(share.missed as u64),
            href: (share.missed > 0)
                .then(|| to_breaches(asked, period, "", &[("agent", narrow.as_str())])),
            few: settled < FEW,
        }
    });
    shares.collect()
}

/// How an address names that nobody had it: no name that a person can have.
const NOBODY: &str = "-";

/// Which of the broken promises an address asks for.
struct Narrow<'a>(&'a Asked);

impl<'a> Narrow<'a> {
    fn of(asked: &'a Asked) -> Narrow<'a> {
        Narrow(asked)
    }

    fn holds(&self, missed: &Missed) -> bool {
        let Missed {
            breach,
            cause,
            holder,
        } = missed;
        let is =
            |asked: &Option<String>, own: &str| asked.as_deref().is_none_or(|asked| asked == own);
        is(&self.0.promise, &breach.kind)
            && is(&self.0.clause, &breach.clause)
            && is(&self.0.cause, cause.word())
            && is(&self.0.agent, holder.as_deref().unwrap_or(NOBODY))
    }

    /// "3 of the decision, B22": none where all are asked for.
    fn said(&self, shops: &Shops, listed: usize) -> Option<String> {
        let Asked {
            promise,
            clause,
            agent,
            cause,
            seller,
            ..
        } = self.0;
        let mut parts = Vec::new();
        if promise.is_some() || clause.is_some() {
            let kind = promise.as_deref().map_or("promise", label);
            let clause = clause.as_deref().unwrap_or_default();
            parts.push(format!("{kind} {clause}").trim_end().to_owned());
        }
        match agent.as_deref() {
            Some(NOBODY) => parts.push("nobody's".to_owned()),
            Some(agent) => parts.push(format!("with {agent}")),
            None => {}
        }
        if let Some(cause) = cause.as_deref().and_then(Cause::from_word) {
            parts.push(cause.said().to_lowercase());
        }
        if parts.is_empty() {
            return None;
        }
        if let Some(slug) = seller {
            parts.push(shops.name(slug).to_owned());
        }
        Some(format!(
            "{} listed: {}.",
            filters::count(listed as u64),
            parts.join(", ")
        ))
    }
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

fn promise(line: &Line, shops: &Shops) -> Promise {
    let settled = line.kept + line.missed;
    Promise {
        label: label(&line.kind),
        seller: shops.name(&line.seller).to_owned(),
        clause: shops.clause(&line.seller, &line.clause),
        firmness: firmness(&line.firmness),
        n: if line.waiting == 0 {
            filters::count(settled as u64)
        } else {
            format!(
                "{} + {} waiting",
                filters::count(settled as u64),
                filters::count(line.waiting as u64)
            )
        },
        met: attained(line),
        median: said(line.median),
        p90: said(line.p90),
        p95: said(line.p95),
        few: settled < FEW,
    }
}

fn broken(missed: &Missed, visit: &Manager) -> Broken {
    let breach = &missed.breach;
    let due = breach.due_at.utc();
    let until = breach.stopped_at.map_or(visit.now, At::utc);
    let since = match breach.stopped_at {
        None => "Not done yet".to_owned(),
        Some(at) => format!("Done {}", filters::moment(at.utc(), visit.zone, visit.now)),
    };
    Broken {
        number: breach
            .claim
            .clone()
            .unwrap_or_else(|| breach.ticket.clone()),
        href: match &breach.claim {
            Some(claim) => format!("/queue/claims/{claim}"),
            None => format!("/queue/tickets/{}", breach.ticket),
        },
        what: breach.subject.clone(),
        seller: breach.seller.clone(),
        promise: label(&breach.kind),
        clause: clause_of(&breach.policy, &breach.clause),
        due: Moment::new(due, visit.zone, visit.now),
        late: filters::duration((until - due).num_seconds().unsigned_abs()),
        assignee: missed.holder.clone().unwrap_or_else(|| "Nobody".to_owned()),
        cause: missed.cause.said(),
        since,
    }
}
