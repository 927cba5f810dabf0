//! `/reports/refunds`: what was asked for, what the policy computed, what was granted, by ground, seller and currency; how much the
//! policy decided by itself; and what decisions that were not the rules' own cost. Currencies are never added up.

use std::collections::BTreeMap;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono_tz::Tz;

use super::period::{self, Asked, Preset};
use super::{Shops, scope, sheets};
use crate::app::App;
use crate::db::Conn;
use crate::db::people;
use crate::db::reports::Period;
use crate::db::reports::refunds::{
    self, ByClause, Claimant, Decider, Disputed, Ground, Overridden, Request,
};
use crate::db::sellers::{self, Seller};
use crate::db::tickets::Scope;
use crate::desk::claims::OVERRIDES;
use crate::desk::policies;
use crate::error::{Error, Result};
use crate::rules::calendar::start_of_day;
use crate::rules::sla::{Cut, percentile};
use crate::web::chart::{self, Bar, Chart, Column, Words};
use crate::web::gate::Manager;
use crate::web::page::{Choice, Filled, Frame, render};
use crate::web::parts::{Amount, ClauseRef, Moment, Tile, Tiles, Tone};
use crate::web::queue::record::everything_of;
use crate::web::{filters, reports as room};

const PATH: &str = "/reports/refunds";
const HEADING: &str = "Refunds";
/// Overrides on the page; the CSV has all of them.
const SHOWN: usize = 50;
/// Bars of a chart, and lines of a short list.
const BARS: usize = 8;
/// So many requests of one customer are worth a look.
const OFTEN: usize = 3;

#[derive(Template)]
#[template(path = "reports/refunds.html")]
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
    currencies: Vec<InCurrency>,
    clauses: Vec<ClauseLine>,
    deciders: Vec<DeciderLine>,
    claimants: Vec<ClaimantLine>,
    disputes: Vec<DisputeLine>,
    overrides: Vec<Override>,
    more_overrides: Option<String>,
    method: Vec<&'static str>,
}

struct InCurrency {
    currency: String,
    grounds: Vec<Line>,
    n: i64,
    asked: Amount,
    computed: Amount,
    granted: Amount,
}

struct Line {
    label: String,
    seller: String,
    n: i64,
    outcomes: String,
    asked: Amount,
    computed: Amount,
    granted: Amount,
    share: String,
}

struct ClauseLine {
    clause: Option<ClauseRef>,
    seller: String,
    n: i64,
    outcomes: String,
    asked: Amount,
    computed: Amount,
    granted: Amount,
}

struct DeciderLine {
    name: String,
    decided: i64,
    overridden: i64,
    above: Amount,
    below: Amount,
}

struct ClaimantLine {
    name: String,
    href: String,
    filed: usize,
    granted: Vec<Amount>,
}

struct DisputeLine {
    currency: String,
    open: (i64, Amount),
    won: (i64, Amount),
    lost: (i64, Amount),
}

struct Override {
    number: String,
    href: String,
    seller: String,
    who: String,
    reason: String,
    words: String,
    computed: Option<Amount>,
    granted: Amount,
    difference: Amount,
    at: Moment,
}

/// What the page and its CSV are made of.
pub(super) struct Figures {
    pub(super) requests: Vec<Request>,
    pub(super) grounds: Vec<Ground>,
    pub(super) overrides: Vec<Overridden>,
    pub(super) clauses: Vec<ByClause>,
    pub(super) people: Vec<Decider>,
    /// With name and address.
    pub(super) claimants: Vec<(Claimant, String, String)>,
    pub(super) disputes: Vec<Disputed>,
    titles: Titles,
}

/// What a ground is called in its policy, by seller and ground.
type Titles = BTreeMap<(String, String), String>;

impl Figures {
    pub(super) fn title(&self, seller: &str, ground: &str) -> String {
        let key = (seller.to_owned(), ground.to_owned());
        let title = self.titles.get(&key).cloned();
        title.unwrap_or_else(|| ground.replace('_', " "))
    }
}

pub async fn show(app: Data<App>, visit: Manager, request: HttpRequest) -> Result<HttpResponse> {
    let asked = Asked::read(request.query_string())?;
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
    sheets::refunds(&asked, &period, Shops::new(sellers), &figures)
}

pub async fn workbook(
    app: Data<App>,
    visit: Manager,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let asked = Asked::read(request.query_string())?;
    let (sellers, outcome) = gather(&app, &visit, &asked).await?;
    let (period, figures) = outcome?;
    sheets::refunds_workbook(&period, Shops::new(sellers), &figures)
}

async fn gather(
    app: &App,
    visit: &Manager,
    asked: &Asked,
) -> Result<(Vec<Seller>, Result<(Period, Figures)>)> {
    let scope = scope(visit);
    let zone = visit.zone;
    let today = visit.now.with_timezone(&zone).date_naive();
    let asked = asked.clone();
    app.read(move |conn| {
        let sellers = sellers::within(conn, &scope)?;
        let found = match asked.period(&sellers, today) {
            Ok(period) => Ok((
                period.clone(),
                figures(conn, &scope, &period, &sellers, zone)?,
            )),
            Err(error) => Err(error),
        };
        Ok((sellers, found))
    })
    .await
}

fn figures(
    conn: &mut Conn,
    scope: &Scope,
    period: &Period,
    sellers: &[Seller],
    zone: Tz,
) -> Result<Figures> {
    let requests = refunds::requests(conn, scope, period)?;
    let named = |seller: &Seller| (seller.slug.clone(), seller.name.clone());
    let shops: BTreeMap<String, String> = sellers.iter().map(named).collect();
    let mut titles = Titles::new();
    for seller in sellers {
        let shelf = match policies::shelf(conn, &seller.policy) {
            Ok(shelf) => shelf,
            Err(Error::NotFound) => continue,
            Err(other) => return Err(other),
        };
        for ground in shelf
            .versions(&seller.policy)
            .iter()
            .flat_map(|version| &version.grounds)
        {
            titles.insert(
                (seller.slug.clone(), ground.id.clone()),
                ground.title.clone(),
            );
        }
    }
    let mut claimants = Vec::new();
    for one in refunds::claimants(&requests, OFTEN).into_iter().take(BARS) {
        let person = people::find(conn, &one.customer.as_str().into())?;
        claimants.push((one, person.name, person.email));
    }
    let after = period.to.succ_opt().unwrap_or(period.to);
    let instants = (start_of_day(period.from, zone), start_of_day(after, zone));
    Ok(Figures {
        clauses: refunds::by_clause(&requests),
        people: refunds::people(conn, &requests)?,
        claimants,
        disputes: refunds::disputed(conn, scope, period.seller.as_ref(), instants)?,
        grounds: refunds::grounds(&requests),
        overrides: refunds::overrides(conn, &requests, &shops)?,
        requests,
        titles,
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
    let csv = |table: &str| asked.href("/reports/refunds.csv", days, &[("table", table)]);
    let choices = period::choices(&sellers);
    let shops = Shops::new(sellers);
    let more = figures.overrides.len() > SHOWN;
    Page {
        frame: visit.frame(HEADING),
        presets: asked.presets(PATH, period, today),
        form: asked.filled(period),
        sellers: choices,
        action: PATH,
        as_of: format!(
            "Requests received {}, by each seller's own calendar days · as of {}",
            period::spoken(period),
            filters::moment_in_full(visit.now, visit.zone)
        ),
        csv_href: csv("grounds"),
        xlsx_href: asked.href("/reports/refunds.xlsx", days, &[]),
        takeaway: takeaway(figures),
        tiles: tiles(figures),
        charts: charts(figures, &shops, period),
        currencies: currencies(figures, &shops),
        clauses: clauses(figures, &shops),
        deciders: deciders(figures),
        claimants: claimants(figures),
        disputes: disputes(figures),
        overrides: figures
            .overrides
            .iter()
            .take(SHOWN)
            .map(|row| overridden(row, visit))
            .collect(),
        more_overrides: more.then(|| csv("overrides")),
        method: METHOD.to_vec(),
    }
}

const METHOD: [&str; 9] = [
    "A request belongs to the day on which it was received, on the seller's own wall.",
    "Asked: the amount named; where everything was asked for, what the order cost; for a whole balance, what the policy pays of it.",
    "By the policy: the amount that the rules computed when the request was last assessed. Granted: what was decided, whether or not it has been paid out yet.",
    "Automatic: decided by the policy itself, as a share of all that were decided.",
    "By clause: the one that the last answer rests on, which is the first that stands against the request, or else the one that gives the amount.",
    "By person: whoever decided, which is the second person where two were needed; each currency apart.",
    "Asked again: three requests or more in the period. It says nothing of whether they were right.",
    "A chargeback belongs to the moment at which its bank opened it, on the reader's wall.",
    "The difference of an override is granted less computed: above zero it was paid beyond the policy, below zero it was kept back.",
];

fn decided(requests: &[Request]) -> usize {
    let decided = requests.iter().filter(|request| request.is_decided());
    decided.count()
}

fn takeaway(figures: &Figures) -> String {
    let all = figures.requests.len();
    if all == 0 {
        return "No request was received in this period.".to_owned();
    }
    let automatic = figures
        .requests
        .iter()
        .filter(|request| request.automatic)
        .count();
    let overridden = figures
        .requests
        .iter()
        .filter(|request| request.overridden)
        .count();
    format!(
        "{}: {} decided, {} of them by the policy alone, {} otherwise than the policy computed.",
        filters::plural(all as u64, "request", "requests"),
        filters::count(decided(&figures.requests) as u64),
        filters::count(automatic as u64),
        filters::count(overridden as u64)
    )
}

fn tiles(figures: &Figures) -> Tiles {
    let requests = &figures.requests;
    let count = |state: &str| {
        requests
            .iter()
            .filter(|request| request.state == state)
            .count()
    };
    let (approved, settled) = (count("approved"), decided(requests));
    let automatic = requests.iter().filter(|request| request.automatic).count();
    let tile = |label: &str, figure: String, note: String| Tile {
        label: label.into(),
        figure,
        delta: String::new(),
        tone: Tone::Neutral,
        note,
        href: None,
    };
    let to_decision = waits(requests, |request| request.decided_at);
    let to_money = waits(requests, |request| request.paid_at);
    let mut list = vec![
        tile(
            "Requests",
            filters::count(requests.len() as u64),
            format!("{} decided", filters::count(settled as u64)),
        ),
        tile(
            "Approved",
            filters::percent(approved as u64, settled as u64),
            format!(
                "{} of {} decided",
                filters::count(approved as u64),
                filters::count(settled as u64)
            ),
        ),
        tile(
            "Automatic",
            filters::percent(automatic as u64, settled as u64),
            format!(
                "{} decided by the policy itself",
                filters::count(automatic as u64)
            ),
        ),
        tile(
            "To a decision, median",
            said(&to_decision, 50),
            pace(&to_decision),
        ),
        tile("To the money, median", said(&to_money, 50), pace(&to_money)),
    ];
    for (currency, beyond) in beyond(figures) {
        list.push(tile(
            &format!("Beyond the policy, {currency}"),
            filters::money(beyond, &currency),
            "granted less computed, over all overrides".into(),
        ));
    }
    Tiles { list }
}

/// Granted less computed over all overrides, by currency.
fn beyond(figures: &Figures) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    for row in &figures.overrides {
        let sum: &mut i64 = sums.entry(row.currency.clone()).or_default();
        *sum = sum.saturating_add(difference(row));
    }
    sums
}

/// What the override cost, at 8 decimals; below zero where it kept something back.
pub(super) fn difference(row: &Overridden) -> i64 {
    row.amount_e8.saturating_sub(row.computed_e8.unwrap_or(0))
}

/// Seconds from receipt, ascending.
fn waits(
    requests: &[Request],
    until: impl Fn(&Request) -> Option<chrono::DateTime<chrono::Utc>>,
) -> Vec<i64> {
    let mut waits: Vec<i64> = requests
        .iter()
        .filter_map(|request| Some((until(request)? - request.received_at).num_seconds().max(0)))
        .collect();
    waits.sort_unstable();
    waits
}

fn said(waits: &[i64], p: usize) -> String {
    let value = percentile(waits, p).map(i64::unsigned_abs);
    value.map_or_else(|| "–".to_owned(), filters::duration)
}

fn pace(waits: &[i64]) -> String {
    format!(
        "90th {}; n {}",
        said(waits, 90),
        filters::count(waits.len() as u64)
    )
}

fn charts(figures: &Figures, shops: &Shops, period: &Period) -> Vec<Chart> {
    let mut charts = vec![over_time(figures, period)];
    let mut by_currency: BTreeMap<&str, Vec<&Ground>> = BTreeMap::new();
    for ground in figures
        .grounds
        .iter()
        .filter(|ground| ground.granted_e8 > 0)
    {
        by_currency
            .entry(&ground.currency)
            .or_default()
            .push(ground);
    }
    for (currency, grounds) in by_currency {
        charts.push(by_ground(figures, shops, currency, grounds));
    }
    charts
}

fn over_time(figures: &Figures, period: &Period) -> Chart {
    let cut = Cut::fitting(period.from, period.to);
    let mut counted: BTreeMap<_, [u64; 4]> = cut
        .firsts(period.from, period.to)
        .into_iter()
        .map(|first| (first, [0; 4]))
        .collect();
    for request in &figures.requests {
        let place = match request.state.as_str() {
            "approved" => 0,
            "rejected" => 1,
            "withdrawn" | "remedied" => 2,
            _ => 3,
        };
        if let Some(counts) = counted.get_mut(&cut.first(request.received_on)) {
            counts[place] += 1;
        }
    }
    let columns: Vec<Column> = counted
        .iter()
        .map(|(first, counts)| Column {
            label: first
                .format(if cut == Cut::Week { "%-d %b" } else { "%b %Y" })
                .to_string(),
            parts: counts.to_vec(),
            ..Column::default()
        })
        .collect();
    let each = if cut == Cut::Week { "week" } else { "month" };
    let words = Words {
        id: "requests".into(),
        title: format!("Requests by the {each} they came in"),
        desc: format!(
            "One column a {each}: approved, rejected, put right or withdrawn, and still open."
        ),
        takeaway: format!(
            "{} in all.",
            filters::plural(figures.requests.len() as u64, "request", "requests")
        ),
        csv: None,
    };
    chart::stacked(
        words,
        &["Approved", "Rejected", "Put right or withdrawn", "Open"],
        &columns,
    )
}

fn by_ground(figures: &Figures, shops: &Shops, currency: &str, mut grounds: Vec<&Ground>) -> Chart {
    grounds.sort_by_key(|ground| std::cmp::Reverse(ground.granted_e8));
    grounds.truncate(BARS);
    let bar = |ground: &&Ground| Bar {
        label: format!(
            "{}, {}",
            figures.title(&ground.seller, &ground.ground),
            shops.name(&ground.seller)
        ),
        value: ground.granted_e8.unsigned_abs(),
        said: filters::money(ground.granted_e8, currency),
        n: ground.filed.unsigned_abs(),
        few: false,
        href: None,
    };
    let bars: Vec<Bar> = grounds.iter().map(bar).collect();
    let most = bars.first().map_or(1, |bar| bar.value);
    let words = Words {
        id: format!("granted-{}", currency.to_lowercase()),
        title: format!("Granted by ground, {currency}"),
        desc: "One bar a ground and seller, the largest first; n is the number of requests.".into(),
        takeaway: bars.first().map_or_else(String::new, |bar| {
            format!("Most went to “{}”: {}.", bar.label, bar.said)
        }),
        csv: None,
    };
    chart::bars(words, "Granted", most, &bars)
}

fn currencies(figures: &Figures, shops: &Shops) -> Vec<InCurrency> {
    let mut by_currency: BTreeMap<&str, Vec<&Ground>> = BTreeMap::new();
    for ground in &figures.grounds {
        by_currency
            .entry(&ground.currency)
            .or_default()
            .push(ground);
    }
    let block = |(currency, grounds): (&str, Vec<&Ground>)| {
        let sum = |of: fn(&Ground) -> i64| {
            let sum = grounds
                .iter()
                .fold(0_i64, |sum, ground| sum.saturating_add(of(ground)));
            Amount::new(sum, currency)
        };
        InCurrency {
            currency: currency.to_owned(),
            n: grounds.iter().map(|ground| ground.filed).sum(),
            asked: sum(|ground| ground.asked_e8),
            computed: sum(|ground| ground.computed_e8),
            granted: sum(|ground| ground.granted_e8),
            grounds: grounds
                .iter()
                .map(|ground| line(ground, figures, shops))
                .collect(),
        }
    };
    by_currency.into_iter().map(block).collect()
}

fn line(ground: &Ground, figures: &Figures, shops: &Shops) -> Line {
    Line {
        label: figures.title(&ground.seller, &ground.ground),
        seller: shops.name(&ground.seller).to_owned(),
        n: ground.filed,
        outcomes: format!(
            "{} approved, {} rejected, {} ended otherwise, {} open",
            ground.approved, ground.rejected, ground.ended, ground.open
        ),
        asked: Amount::new(ground.asked_e8, &ground.currency),
        computed: Amount::new(ground.computed_e8, &ground.currency),
        granted: Amount::new(ground.granted_e8, &ground.currency),
        share: filters::percent(
            ground.automatic.unsigned_abs(),
            ground.decided.unsigned_abs(),
        ),
    }
}

fn clauses(figures: &Figures, shops: &Shops) -> Vec<ClauseLine> {
    let lines = figures.clauses.iter().map(|line| {
        let amount = |e8| Amount::new(e8, &line.currency);
        ClauseLine {
            clause: shops.clause(&line.seller, &line.clause),
            seller: shops.name(&line.seller).to_owned(),
            n: line.filed,
            outcomes: format!("{} approved, {} rejected", line.approved, line.rejected),
            asked: amount(line.asked_e8),
            computed: amount(line.computed_e8),
            granted: amount(line.granted_e8),
        }
    });
    lines.collect()
}

fn deciders(figures: &Figures) -> Vec<DeciderLine> {
    let lines = figures.people.iter().map(|one| DeciderLine {
        name: one.name.clone(),
        decided: one.decided,
        overridden: one.overridden,
        above: Amount::new(one.above_e8, &one.currency),
        below: Amount::new(one.below_e8, &one.currency),
    });
    lines.collect()
}

fn claimants(figures: &Figures) -> Vec<ClaimantLine> {
    let lines = figures.claimants.iter().map(|(one, name, email)| {
        let granted = one.granted.iter();
        ClaimantLine {
            name: name.clone(),
            href: everything_of(email),
            filed: one.filed,
            granted: granted
                .map(|(currency, e8)| Amount::new(*e8, currency))
                .collect(),
        }
    });
    lines.collect()
}

fn disputes(figures: &Figures) -> Vec<DisputeLine> {
    let lines = figures.disputes.iter().map(|line| {
        let of = |(n, e8): (i64, i64)| (n, Amount::new(e8, &line.currency));
        DisputeLine {
            currency: line.currency.clone(),
            open: of(line.open),
            won: of(line.won),
            lost: of(line.lost),
        }
    });
    lines.collect()
}

fn overridden(row: &Overridden, visit: &Manager) -> Override {
    let amount = |e8| Amount::new(e8, &row.currency);
    Override {
        number: row.claim.clone(),
        href: format!("/queue/claims/{}", row.claim),
        seller: row.seller.clone(),
        who: row.decided_by.clone(),
        reason: reason(row),
        words: row.words.clone(),
        computed: row.computed_e8.map(amount),
        granted: amount(row.amount_e8),
        difference: amount(difference(row)),
        at: Moment::new(row.at.utc(), visit.zone, visit.now),
    }
}

/// Why it was decided otherwise, in the words of the list it was chosen from.
pub(super) fn reason(row: &Overridden) -> String {
    let code = row.reason.as_deref().unwrap_or_default();
    let known = OVERRIDES.iter().find(|(known, _)| *known == code);
    known.map_or_else(|| code.replace('_', " "), |(_, words)| (*words).to_owned())
}
