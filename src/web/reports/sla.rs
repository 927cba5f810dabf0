//! `/reports/sla`: which promises were kept, how long things took, what was late and what is open. Everything on the page is made
//! from the same clocks, and each chart has its figures beside it.

mod broken;
mod charts;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{DateTime, Utc};

use super::period::{self, Asked, Preset};
use super::{Shops, scope, sheets};
use crate::app::App;
use crate::db::Conn;
use crate::db::reports::{self, Missed, Period};
use crate::db::sellers::{self, Seller};
use crate::db::tickets::Scope;
use crate::error::Result;
use crate::rules::sla::{self, Line, Pace, Sample, percentile};
use crate::web::chart::Chart;
use crate::web::gate::Manager;
use crate::web::page::{Choice, Filled, Frame, render};
use crate::web::parts::{ClauseRef, Tile, Tiles, Tone};
use crate::web::show::clocks::{firmness, label};
use crate::web::show::priority;
use crate::web::{filters, reports as room};

use broken::{Broken, NOBODY, Narrow, to_breaches};

const PATH: &str = "/reports/sla";
const HEADING: &str = "Promises kept";
/// Broken promises on the page; the CSV has all of them.
const SHOWN: usize = 50;
const ALL: usize = 100_000;
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
    priorities: Vec<PriorityLine>,
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
    wall: [String; 3],
    /// The same within the working hours; none where all are equal to the wall's.
    working: Option<[String; 3]>,
    few: bool,
}

struct PriorityLine {
    label: &'static str,
    met: String,
    n: String,
    missed: String,
    waiting: String,
    wall: [String; 3],
    working: Option<[String; 3]>,
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
    let before = period::previous(period);
    Ok(Figures {
        samples: reports::samples(conn, scope, period, now)?,
        before: reports::samples(conn, scope, &before, now)?,
        breaches: reports::broken(conn, scope, period, now, ALL)?,
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
        charts: charts::of(figures, &lines, asked, period, visit.now),
        promises: lines.iter().map(|line| promise(line, &shops)).collect(),
        agents: agents(figures, asked, period),
        priorities: priorities(figures),
        narrowed: narrow.said(&shops, listed.len()).map(|said| {
            let back = asked.href(PATH, days, &[]);
            (said, format!("{back}#breaches-list"))
        }),
        breaches: listed
            .into_iter()
            .take(SHOWN)
            .map(|missed| broken::line(missed, visit))
            .collect(),
        more_breaches: more.then(|| csv("breaches")),
        method: METHOD.to_vec(),
    }
}

const METHOD: [&str; 10] = [
    "A promise belongs to the day on which its clock started, on the seller's own wall, so a past period gives the same figures for ever, but for clocks that were still running.",
    "Kept: the clock stopped at or before its due second. Not kept: it stopped later, or its due second has passed while it runs. Still running in time, or paused: counted as waiting, in no share.",
    "Shares are of kept and not kept together, rounded down.",
    "Percentiles are of the clocks that have stopped, by nearest rank: the value shown occurred.",
    "Elapsed time counts every hour from start to end, nights, weekends and pauses included. Working time counts the seller's opening hours alone, pauses left out; a seller who told no hours works day and night, or every business day where the promise is one of business days.",
    "By priority: what the ticket had when its clock ended, or has while it runs.",
    "A pause (the customer had the turn) moves the due second by its length; the time taken counts it.",
    "By person: whoever had the conversation when the clock ended, or has it while it runs, as the timeline says; a later change of hands changes no past report.",
    "The cause is whose turn it was at the due moment: a payout's way, then a proposal that waited for a second person, then work to be done first, then whoever had it.",
    "Only firm promises and house targets count as not kept in the figures above the table; typical times and aims are shown in their own rows. A bank's estimate is no promise and is left out.",
];

/// Kept and not kept among the firm ones.
fn settled(samples: &[Sample]) -> (usize, usize) {
    let count = |of: fn(&Sample) -> usize| {
        let firm = samples.iter().filter(|sample| sample.is_firm());
        firm.map(of).sum()
    };
    (count(|it| it.kept), count(|it| it.missed))
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
    let firm = figures.samples.iter().filter(|sample| sample.is_firm());
    let waiting: usize = firm.map(|sample| sample.waiting).sum();
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

fn priorities(figures: &Figures) -> Vec<PriorityLine> {
    let firm = figures.samples.iter().filter(|sample| sample.is_firm());
    let lines = sla::by_priority(firm).into_iter().map(|own| {
        let settled = own.kept + own.missed;
        PriorityLine {
            label: priority::label(own.priority),
            met: share(own.kept, own.missed).map_or_else(|| "–".to_owned(), percent),
            n: filters::count(settled as u64),
            missed: filters::count(own.missed as u64),
            waiting: filters::count(own.waiting as u64),
            wall: pace_said(&own.wall),
            working: beside(&own.wall, &own.working),
            few: settled < FEW,
        }
    });
    lines.collect()
}

/// The working time, where it reads otherwise than the wall's.
fn beside(wall: &Pace, working: &Pace) -> Option<[String; 3]> {
    let said = pace_said(working);
    (said != pace_said(wall)).then_some(said)
}

fn pace_said(pace: &Pace) -> [String; 3] {
    [pace.median, pace.p90, pace.p95].map(said)
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
        wall: pace_said(&line.wall),
        working: beside(&line.wall, &line.working),
        few: settled < FEW,
    }
}
