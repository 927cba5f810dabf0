//! `redress demo --tickets N`: two years of a busy desk, up to the present. No verb could be called a million times over in minutes, so
//! the stories are told by the pure rules and their rows written many at a time (`db::bulk`). What comes out is what the verbs would
//! have left: `redress ledger verify` and `redress policy replay` prove it, and every clock counts anew to the same instant.
//!
//! Left out: letters and files of the past, chargebacks, and payouts that came back. `tale` is a ticket's life, `tales` what happens
//! at a desk, `ink` the order in which it enters the books.

mod dice;
mod ink;
mod shops;
mod tale;
mod tales;
mod words;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use chrono::{DateTime, Datelike, Duration, Utc, Weekday};

use self::dice::Dice;
use self::ink::Ink;
use self::shops::{Customer, Shop};
use self::tale::Bought;
use self::tales::Request;
use crate::db::{Pool, sellers};
use crate::error::Result;

/// How far the years go back, and when the desk opens for them.
const DAYS: i64 = 730;
pub const OPENED: Duration = Duration::days(DAYS + 60);
/// Nobody writes about what they bought longer ago than this.
const AHEAD: i64 = 42;
/// Tickets of one transaction.
const AT_ONCE: usize = 1_500;
/// Of every ten tickets, whose they are: the order in which the sellers were opened.
const SHARES: [(&str, u64); 5] = [
    ("panel-credits", 30),
    ("panel-guarantee", 30),
    ("api-plans", 10),
    ("virtual-numbers", 20),
    ("digital-downloads", 10),
];
const CLAIMS_OF_A_THOUSAND: u64 = 450;

/// How large a history is wanted.
#[derive(Debug, Clone)]
pub struct Years {
    pub tickets: u64,
    /// The same seed tells the same history.
    pub seed: u64,
    /// One seller alone, by its short name, and nothing but requests: for trying a policy on.
    pub claims_at: Option<String>,
}

/// Something that is to be told, once its moment has come.
struct Plan {
    at: DateTime<Utc>,
    place: u64,
    shop: usize,
    scene: Scene,
}

enum Scene {
    Asks,
    Buys(Request, DateTime<Utc>),
    Claims(Request, Box<(Customer, Option<Bought>)>),
}

impl PartialEq for Plan {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.place) == (other.at, other.place)
    }
}

impl Eq for Plan {}

impl PartialOrd for Plan {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Plan {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.place).cmp(&(other.at, other.place))
    }
}

struct Calendar {
    plans: BinaryHeap<Reverse<Plan>>,
    placed: u64,
}

impl Calendar {
    fn note(&mut self, at: DateTime<Utc>, shop: usize, scene: Scene) {
        self.placed += 1;
        let place = self.placed;
        self.plans.push(Reverse(Plan {
            at,
            place,
            shop,
            scene,
        }));
    }
}

/// Writes the years up to `now` into a company that has its sellers and its staff. `told` hears how many tickets are written.
pub fn write(pool: &Pool, now: DateTime<Utc>, years: &Years, told: impl Fn(u64)) -> Result<u64> {
    let now = now - Duration::nanoseconds(i64::from(now.timestamp_subsec_nanos()));
    let (mut shops, mut ink) = pool.write(|tx| {
        let all = sellers::all(tx)?;
        let ink = Ink::of(tx, &all, now, years.seed)?;
        let room = usize::try_from(years.tickets / 70).unwrap_or(0);
        let mut shops = Vec::new();
        for (slug, _) in SHARES {
            let seller = all.iter().find(|seller| seller.slug == slug);
            let wanted = years.claims_at.as_deref().is_none_or(|only| only == slug);
            if let Some(seller) = seller.filter(|_| wanted) {
                shops.push(Shop::of(tx, seller.clone(), room.clamp(12, 4_000))?);
            }
        }
        Ok((shops, ink))
    })?;
    let midnight = midnight(now);
    let mut calendar = Calendar {
        plans: BinaryHeap::new(),
        placed: 0,
    };
    let weights: Vec<u64> = (0..=DAYS).map(|day| weight(midnight, day)).collect();
    let whole: u64 = weights.iter().sum();
    let (mut passed, mut planned, mut written) = (0, 0, 0);
    for day in 0..=DAYS + AHEAD {
        if let Some(weight) = usize::try_from(day).ok().and_then(|day| weights.get(day)) {
            passed += weight;
            let until = u128::from(years.tickets) * u128::from(passed) / u128::from(whole.max(1));
            let until = u64::try_from(until).unwrap_or(u64::MAX);
            let opens = midnight - Duration::days(DAYS - day);
            for _ in planned..until {
                let days = (opens, now);
                plan(&mut calendar, &mut ink.dice, years, shops.len(), days);
            }
            planned = until;
        }
        // What lies behind this is told; what is bought for later days is known.
        let until = midnight - Duration::days(DAYS + AHEAD - day) + Duration::days(1);
        written = tell(
            pool,
            &mut calendar,
            &mut shops,
            &mut ink,
            until,
            written,
            &told,
        )?;
    }
    let end = now;
    pool.write(|tx| ink.dry(tx, end))?;
    told(written);
    Ok(written)
}

fn midnight(now: DateTime<Utc>) -> DateTime<Utc> {
    let day = now.date_naive().and_hms_opt(0, 0, 0);
    day.map_or(now, |day| day.and_utc())
}

/// How busy a day is: the shops grow, and weekends are quiet.
fn weight(midnight: DateTime<Utc>, day: i64) -> u64 {
    let date = midnight - Duration::days(DAYS - day);
    let growing = 600 + 800 * day / DAYS;
    let share = match date.weekday() {
        Weekday::Sat | Weekday::Sun => 45,
        Weekday::Mon => 115,
        _ => 100,
    };
    u64::try_from(growing * share).unwrap_or(1)
}

fn plan(
    calendar: &mut Calendar,
    dice: &mut Dice,
    years: &Years,
    shops: usize,
    (day, now): (DateTime<Utc>, DateTime<Utc>),
) {
    let (from, to) = match dice.below(10) {
        0 => (0, 24 * 60 - 1),
        1..4 => (6 * 60, 22 * 60),
        _ => (8 * 60, 18 * 60),
    };
    let mut opens = day + dice.minutes(from, to);
    if opens > now {
        opens = now - dice.minutes(1, 9 * 60);
    }
    let shop = match years.claims_at {
        Some(_) => 0,
        None => dice.share(&SHARES.map(|(_, share)| share)),
    };
    let claims = years.claims_at.is_some() || dice.happens(CLAIMS_OF_A_THOUSAND);
    if shop >= shops {
        return;
    }
    if !claims {
        return calendar.note(opens, shop, Scene::Asks);
    }
    let slug = years.claims_at.as_deref().unwrap_or(SHARES[shop].0);
    let request = tales::pick(slug, dice);
    let lead = request.lead(dice);
    calendar.note(opens - lead, shop, Scene::Buys(request, opens));
}

#[allow(clippy::too_many_arguments)]
fn tell(
    pool: &Pool,
    calendar: &mut Calendar,
    shops: &mut [Shop],
    ink: &mut Ink,
    until: DateTime<Utc>,
    mut written: u64,
    told: &impl Fn(u64),
) -> Result<u64> {
    while calendar
        .plans
        .peek()
        .is_some_and(|Reverse(first)| first.at < until)
    {
        let Some(Reverse(Plan {
            at, shop, scene, ..
        })) = calendar.plans.pop()
        else {
            break;
        };
        if at > ink.now {
            // What was bought stays; nobody has written about it yet.
            continue;
        }
        match scene {
            Scene::Asks => {
                let mut customer = shops[shop].somebody(ink, at);
                tales::question(&shops[shop], &mut customer, ink, at)?;
                shops[shop].goes(customer, &mut ink.dice);
                written += 1;
            }
            Scene::Buys(request, opens) => {
                let mut customer = shops[shop].somebody(ink, at);
                let bought = tales::buys(request, &shops[shop], &mut customer, ink, at)?;
                let scene = Scene::Claims(request, Box::new((customer, bought)));
                calendar.note(opens, shop, scene);
            }
            Scene::Claims(request, with) => {
                let (mut customer, bought) = *with;
                tales::request(request, &shops[shop], &mut customer, ink, at, bought)?;
                shops[shop].goes(customer, &mut ink.dice);
                written += 1;
            }
        }
        if ink.sheaf.tickets.len() >= AT_ONCE {
            pool.write(|tx| ink.dry(tx, at))?;
            told(written);
        }
    }
    Ok(written)
}
