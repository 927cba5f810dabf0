//! What happens at a desk: questions, and per seller the requests that come under its policy, each in its share. Here is chosen who
//! does what and when; what comes of it is for the rules.

use chrono::{DateTime, Duration, Months, Utc};
use serde_json::{Value, json};

use super::super::cast::{CREDITS, DOWNLOADS, GUARANTEE, NUMBERS, PLANS};
use super::dice::Dice;
use super::ink::Ink;
use super::shops::{Customer, Shop};
use super::tale::{Asked, Bought, Otherwise, Paid, Tale, Till, Wanted};
use super::words;
use crate::act::Who;
use crate::db::columns::At;
use crate::db::orders::Progress;
use crate::error::Result;
use crate::rules::assessment::Outcome;
use crate::rules::facts::{CanceledBy, RefillResult, Remedy, Resend, Sms, Status, Stop};

/// A request of one kind: what was bought how long before, what is asked for, and how it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    Stops,
    SystemCanceled,
    Drops,
    DoneAlready,
    Balance,
    Pending,
    Partial,
    Unavailable,
    PlanInTime,
    PlanLate,
    PlanFinal,
    NoMessage,
    NoMessageLate,
    InvalidNumber,
    NumberDefect,
    Incompatible,
    ChangedMind,
    Mistake,
    NotAsShown,
    Faulty,
    NotThere,
    NotSentYet,
}

use Request::*;

/// What comes at a seller, with its share.
fn shares(policy: &str) -> &'static [(Request, u64)] {
    match policy {
        CREDITS => &[
            (Stops, 28),
            (SystemCanceled, 22),
            (Drops, 25),
            (DoneAlready, 15),
            (Balance, 10),
        ],
        GUARANTEE => &[
            (Pending, 22),
            (Stops, 24),
            (Partial, 20),
            (Unavailable, 10),
            (DoneAlready, 12),
            (Balance, 12),
        ],
        PLANS => &[(PlanInTime, 45), (PlanLate, 40), (PlanFinal, 15)],
        NUMBERS => &[
            (NoMessage, 36),
            (NoMessageLate, 18),
            (InvalidNumber, 20),
            (NumberDefect, 18),
            (Incompatible, 8),
        ],
        DOWNLOADS => &[
            (ChangedMind, 25),
            (Mistake, 15),
            (NotAsShown, 16),
            (Faulty, 16),
            (NotThere, 18),
            (NotSentYet, 10),
        ],
        _ => &[(ChangedMind, 1)],
    }
}

pub fn pick(policy: &str, dice: &mut Dice) -> Request {
    let all = shares(policy);
    let weights: Vec<u64> = all.iter().map(|(_, share)| *share).collect();
    all[dice.share(&weights)].0
}

impl Request {
    /// How long before the request it was bought.
    pub fn lead(self, dice: &mut Dice) -> Duration {
        let hours = |dice: &mut Dice, from: i64, to: i64| dice.minutes(from * 60, to * 60);
        match self {
            Pending | NotSentYet => dice.minutes(20, 300),
            Drops => hours(dice, 72, 24 * 38),
            Balance => hours(dice, 24, 24 * 40),
            PlanInTime => hours(dice, 5, 24 * 7),
            PlanLate => hours(dice, 24 * 8, 24 * 34),
            PlanFinal => hours(dice, 5, 24 * 20),
            NoMessage | InvalidNumber | NumberDefect => hours(dice, 2, 24 * 6),
            NoMessageLate => hours(dice, 24 * 7, 24 * 16),
            _ => hours(dice, 10, 24 * 12),
        }
    }

    fn ground(self, policy: &str) -> &'static str {
        match self {
            Stops | Pending => "order_cancellation",
            DoneAlready => "order_cancellation",
            SystemCanceled => "system_cancellation",
            Drops => "delivery_drop",
            Balance if policy == CREDITS => "unused_balance",
            Balance => "balance_withdrawal",
            Partial => "partial_delivery",
            Unavailable => "service_unavailable",
            PlanInTime | PlanLate | PlanFinal => "plan_refund",
            NoMessage | NoMessageLate => "sms_not_received",
            InvalidNumber => "invalid_number",
            NumberDefect | Faulty => "major_defect",
            Incompatible => "incompatible_software",
            ChangedMind => "change_of_mind",
            Mistake => "bought_by_mistake",
            NotAsShown => "not_as_described",
            NotThere => "non_delivery",
            NotSentYet => "cancel_before_sending",
        }
    }
}

fn progress(status: Status, remains: Option<i64>) -> Progress {
    Progress {
        status,
        remains: remains.map(|left| left.to_string()),
        canceled_by: None,
        period_ends_on: None,
        confirmed_at: None,
        sent_at: None,
        sms: None,
        sms_received_at: None,
    }
}

/// Whole amounts with cents where the currency has them.
fn price(dice: &mut Dice, from: i64, to: i64) -> i64 {
    dice.between(from * 20, to * 20) * 5_000_000
}

/// What was bought, as the request needs it.
pub fn buys(
    request: Request,
    shop: &Shop,
    customer: &mut Customer,
    ink: &mut Ink,
    at: DateTime<Utc>,
) -> Result<Option<Bought>> {
    let policy = shop.seller.policy.as_str();
    let wanted = match policy {
        CREDITS | GUARANTEE => units(request, policy, &mut ink.dice),
        PLANS => plan(request, &mut ink.dice, at),
        NUMBERS => number(request, &mut ink.dice, at),
        _ => download(request, &mut ink.dice, at),
    };
    let mut till = Till {
        seller: &shop.seller,
        customer,
        ink,
    };
    if request == Balance {
        // Some of it is spent, the rest is asked back.
        let amount_e8 = price(&mut till.ink.dice, 12, 90);
        till.pays_in(at, amount_e8)?;
        return Ok(None);
    }
    till.buys(at, wanted).map(Some)
}

const SERVICES: [(&str, &str); 6] = [
    ("Instagram followers", "instagram.com/"),
    ("TikTok likes", "tiktok.com/@"),
    ("YouTube views", "youtube.com/@"),
    ("Spotify plays", "open.spotify.com/artist/"),
    ("Telegram members", "t.me/"),
    ("Facebook page likes", "facebook.com/"),
];

fn units(request: Request, policy: &str, dice: &mut Dice) -> Wanted {
    let (title, site) = *dice.one(&SERVICES);
    let quantity = dice.between(2, 100) * 100;
    let left = dice.between(quantity / 10, quantity * 9 / 10);
    let standing = match request {
        Pending => progress(Status::Pending, Some(quantity)),
        Stops => progress(Status::InProgress, Some(left)),
        SystemCanceled => Progress {
            canceled_by: Some(CanceledBy::System),
            ..progress(Status::Canceled, Some(left))
        },
        Partial => progress(Status::Partial, Some(left)),
        Unavailable => progress(Status::Processing, Some(quantity)),
        _ => progress(Status::Completed, Some(0)),
    };
    let shown = match request {
        Drops => json!({"refill": 30, "refundable_once_started": true}),
        _ => json!({"refill": "none", "refundable_once_started": true}),
    };
    // Now and then somebody buys for more than an agent may give back alone.
    let most = if dice.happens(60) { 180 } else { 45 };
    let charge_e8 = price(dice, 3, if policy == GUARANTEE { most + 20 } else { most });
    Wanted {
        title,
        target: format!(
            "{site}{}.{}",
            words::name(dice).0.to_lowercase(),
            dice.below(900)
        ),
        quantity: Some(quantity),
        charge_e8,
        paid: Paid::Balance,
        shown,
        progress: standing,
    }
}

const PLAN_TITLES: [(&str, i64, i64); 5] = [
    ("Geocoding, 10,000 requests", 10_000, 10),
    ("Translation, 20,000 requests", 20_000, 19),
    ("Routing, 50,000 requests", 50_000, 49),
    ("Weather, 10,000 requests", 10_000, 12),
    ("Historical archive, 100,000 requests", 100_000, 99),
];

fn plan(request: Request, dice: &mut Dice, at: DateTime<Utc>) -> Wanted {
    let (title, quota, euros) = *dice.one(&PLAN_TITLES);
    let used = match request {
        PlanInTime => dice.between(0, quota / 4),
        _ => dice.between(quota / 10, quota * 9 / 10),
    };
    let ends = at.date_naive().checked_add_months(Months::new(1));
    Wanted {
        title,
        target: String::new(),
        quantity: Some(quota),
        charge_e8: euros * 100_000_000,
        paid: Paid::Direct,
        shown: json!({"returnable": request != PlanFinal, "limits_disclosed": true}),
        progress: Progress {
            period_ends_on: ends,
            ..progress(Status::InProgress, Some(quota - used))
        },
    }
}

const NUMBER_TITLES: [&str; 5] = [
    "UK number, 30 days",
    "US number with mailbox, 90 days",
    "DE number, 30 days",
    "FR number, 30 days",
    "NL number with mailbox, 90 days",
];

fn number(request: Request, dice: &mut Dice, at: DateTime<Utc>) -> Wanted {
    let sms = match request {
        NoMessage | NoMessageLate => Sms::NotReceived,
        InvalidNumber => Sms::Received,
        _ => Sms::Unavailable,
    };
    let received = (sms == Sms::Received).then(|| At::from(at + dice.minutes(5, 40)));
    Wanted {
        title: dice.one::<&str>(&NUMBER_TITLES),
        target: String::new(),
        quantity: None,
        charge_e8: price(dice, 2, 26),
        paid: Paid::Direct,
        shown: json!({}),
        progress: Progress {
            sms: Some(sms),
            sms_received_at: received,
            ..progress(Status::Completed, None)
        },
    }
}

const DOWNLOAD_TITLES: [&str; 6] = [
    "Sewing pattern, winter coat",
    "Score, string quartet",
    "Photo presets, 60 pieces",
    "3D model, tea house",
    "Lettering set “Harvest”",
    "Brush set for painters",
];

fn download(request: Request, dice: &mut Dice, at: DateTime<Utc>) -> Wanted {
    let sent = (request != NotSentYet).then(|| at + dice.minutes(5, 9));
    let standing = match sent {
        None => progress(Status::Pending, None),
        Some(sent) => Progress {
            confirmed_at: Some(At::from(sent - Duration::seconds(40))),
            sent_at: Some(sent.into()),
            ..progress(Status::Completed, None)
        },
    };
    Wanted {
        title: dice.one::<&str>(&DOWNLOAD_TITLES),
        target: String::new(),
        quantity: None,
        charge_e8: dice.between(8, 68) * 100 * 100_000_000,
        paid: Paid::Direct,
        shown: json!({}),
        progress: standing,
    }
}

/// A conversation without a claim.
pub fn question(
    shop: &Shop,
    customer: &mut Customer,
    ink: &mut Ink,
    at: DateTime<Utc>,
) -> Result<()> {
    let (subject, body) = *ink.dice.one(&words::QUESTIONS);
    let agent = ink.dice.one(&shop.agents).clone();
    let mut tale = Tale::begin(shop, customer, ink, at, subject);
    tale.asks(body)?;
    let mut at = at + tale.ink.dice.wait(12, 44);
    if tale.ink.dice.happens(700) {
        tale.takes(at - Duration::minutes(3), &agent)?;
    }
    if tale.ink.dice.happens(120) {
        let note = *tale.ink.dice.one(&words::NOTES);
        tale.notes(at - Duration::minutes(1), &agent, note);
    }
    let words = *tale.ink.dice.one(&words::ANSWERS);
    tale.answers(at, &agent, words)?;
    while tale.ink.dice.happens(340) {
        at += tale.ink.dice.minutes(20, 30 * 60);
        let more = *tale.ink.dice.one(&words::MORE);
        tale.writes(at, more)?;
        at += tale.ink.dice.wait(14, 50);
        let words = *tale.ink.dice.one(&words::ANSWERS);
        tale.answers(at, &agent, words)?;
    }
    at += tale.ink.dice.minutes(60, 5 * 24 * 60);
    tale.closes(at, &agent)?;
    tale.finish()
}

/// A ticket with a claim, from filing to its end.
pub fn request(
    request: Request,
    shop: &Shop,
    customer: &mut Customer,
    ink: &mut Ink,
    at: DateTime<Utc>,
    bought: Option<Bought>,
) -> Result<()> {
    let agent = ink.dice.one(&shop.agents).clone();
    let reason = *ink.dice.one(&words::REASONS);
    let left = bought.as_ref().and_then(|bought| {
        let left: i64 = bought.order.remains.as_deref()?.parse().ok()?;
        Some((left, bought.order.charge_e8.unwrap_or(0)))
    });
    let charge_e8 = bought
        .as_ref()
        .and_then(|bought| bought.order.charge_e8)
        .unwrap_or(0);
    let complete = !ink.dice.happens(240);
    let evidence: &[&str] = match request {
        Drops | NoMessage | NoMessageLate | InvalidNumber | NotAsShown | Faulty if complete => {
            &["screenshot"]
        }
        NumberDefect | Incompatible if complete => &["log"],
        PlanInTime | PlanLate | PlanFinal if complete => &["order_number", "invoice_payment"],
        PlanInTime | PlanLate | PlanFinal => &["order_number"],
        _ => &[],
    };
    let choice = (request == NumberDefect).then_some(Remedy::Refund);
    let asked = Asked {
        ground: request.ground(&shop.seller.policy),
        reason,
        evidence,
        choice,
    };
    let mut tale = Tale::begin(shop, customer, ink, at, "");
    tale.files(&asked, bought)?;
    if tale.ink.dice.happens(35) {
        let back = at + tale.ink.dice.minutes(20, 9 * 60);
        tale.withdraws(back)?;
    }
    if tale.outcome() == Some(Outcome::NeedsEvidence) {
        let supplied = at + tale.ink.dice.minutes(60, 40 * 60);
        let kinds: &[&str] = match request {
            PlanInTime | PlanLate | PlanFinal => &["invoice_payment"],
            NumberDefect | Incompatible => &["log"],
            _ => &["screenshot"],
        };
        if tale.ink.dice.happens(860) {
            tale.supplies(supplied, "Here is what you asked for.", kinds)?;
        }
    }
    let from = tale.at;
    let (usual, late) = match shop.seller.policy.as_str() {
        PLANS => (60, 90),
        NUMBERS | DOWNLOADS => (40, 96),
        _ => (22, 64),
    };
    let mut at = from + tale.ink.dice.wait(usual, late);
    if tale.is_open() && tale.ink.dice.happens(650) {
        tale.takes(at - Duration::minutes(5), &agent)?;
    }
    work(request, &mut tale, &agent, &mut at, left)?;
    let refusal = *tale.ink.dice.one(&words::REFUSALS);
    if tale.outcome() == Some(Outcome::Ineligible) && tale.ink.dice.happens(45) {
        goodwill(&mut tale, &agent, at, charge_e8)?;
        at = tale.at + Duration::minutes(1);
    }
    tale.decides(at, &agent, refusal)?;
    if tale.ink.dice.happens(90) {
        let appealed = tale.at + tale.ink.dice.minutes(60, 3 * 24 * 60);
        let words = *tale.ink.dice.one(&words::APPEALS);
        tale.appeals(appealed, words)?;
        let again = tale.at + tale.ink.dice.wait(30, 70);
        if tale.ink.dice.happens(300) {
            goodwill(&mut tale, &agent, again, charge_e8)?;
        }
        tale.decides(again + Duration::minutes(2), &agent, refusal)?;
    }
    let sent = tale.at + tale.ink.dice.wait(70, 190);
    tale.sends_payouts(sent)?;
    end_idle(&mut tale, &agent)?;
    tale.finish()
}

/// What nobody answers any more is given up: a claim that has waited for its customer for weeks.
fn end_idle(tale: &mut Tale, agent: &Who) -> Result<()> {
    let at = tale.at + tale.ink.dice.minutes(9 * 24 * 60, 21 * 24 * 60);
    if tale.is_undecided() {
        return tale.withdraws(at);
    }
    if tale.is_open() && !tale.waits_for_money() {
        return tale.closes(at, agent);
    }
    Ok(())
}

/// Half or all of what was paid, though the rules give nothing.
fn goodwill(tale: &mut Tale, agent: &Who, at: DateTime<Utc>, charge_e8: i64) -> Result<()> {
    let amount_e8 = match tale.ink.dice.below(3) {
        0 => charge_e8,
        _ => charge_e8 / 200_000_000 * 100_000_000,
    };
    let (reason, words) = *tale.ink.dice.one(&[
        (
            "goodwill",
            "Customer of many years; once, without a precedent.",
        ),
        ("our_error", "Our own page said otherwise on that day."),
        (
            "late_evidence",
            "The proof came a day late and is convincing.",
        ),
        (
            "unclear_policy",
            "Two clauses can be read against each other here.",
        ),
    ]);
    let other = Otherwise {
        amount_e8,
        reason,
        words,
    };
    if amount_e8 > 0 {
        tale.grants(at, agent, &other)?;
    }
    Ok(())
}

/// What the desk does before it decides.
fn work(
    request: Request,
    tale: &mut Tale,
    agent: &Who,
    at: &mut DateTime<Utc>,
    left: Option<(i64, i64)>,
) -> Result<()> {
    let left = left.map_or(0, |(left, _)| left);
    if !tale.is_undecided() {
        return Ok(());
    }
    match request {
        Stops => {
            tale.answers(
                *at,
                agent,
                "We have asked the provider to stop this and will tell you how far it came.",
            )?;
            *at += tale.ink.dice.minutes(60, 8 * 60);
            let stopped = tale.ink.dice.happens(850);
            let (word, stop) = match stopped {
                true => ("stopped", Stop::Stopped),
                false => ("refused", Stop::Refused),
            };
            tale.establishes(*at, agent, &[("findings.stop", json!(word))], |found| {
                found.stop = Some(stop);
            })?;
            *at += tale.ink.dice.minutes(20, 120);
            let delivered = tale.ink.dice.between(left / 2, left);
            let status = match stopped {
                true => Status::Partial,
                false => Status::Completed,
            };
            let remains = if stopped { delivered } else { 0 };
            tale.moves(*at, |progress| {
                progress.status = status;
                progress.remains = Some(remains.to_string());
            })?;
        }
        Drops => {
            tale.answers(*at, agent, "A refill is on its way.")?;
            *at += tale.ink.dice.minutes(8 * 60, 36 * 60);
            let is_complete = tale.ink.dice.happens(640);
            let short = if is_complete {
                0
            } else {
                tale.ink.dice.between(10, 190)
            };
            let (word, refill) = match is_complete {
                true => ("completed", RefillResult::Completed),
                false => ("failed", RefillResult::Failed),
            };
            let found = [
                ("findings.refill", json!(word)),
                ("findings.shortfall", json!(short)),
            ];
            tale.establishes(*at, agent, &found, |found| {
                found.refill = Some(refill);
                found.shortfall = Some(short);
            })?;
        }
        Unavailable => {
            let is_there = tale.ink.dice.happens(200);
            let found = [("findings.service_available", Value::from(is_there))];
            tale.establishes(*at, agent, &found, |found| {
                found.service_available = Some(is_there);
            })?;
        }
        PlanInTime | PlanLate => {
            let measured = tale.ink.dice.between(left * 9 / 10, left);
            tale.withdraws_access(*at, agent, measured)?;
        }
        NumberDefect => defect(tale, agent, at)?,
        NotAsShown => {
            let found = [("findings.matches_description", Value::from(false))];
            tale.establishes(*at, agent, &found, |found| {
                found.matches_description = Some(false);
            })?;
        }
        Faulty => {
            let works = tale.ink.dice.happens(300);
            let found = [("findings.repaired", Value::from(works))];
            tale.establishes(*at, agent, &found, |found| found.repaired = Some(works))?;
        }
        NotThere => {
            let came = tale.ink.dice.happens(800);
            let (word, resend) = match came {
                true => ("received", Resend::Received),
                false => ("failed", Resend::Failed),
            };
            tale.establishes(*at, agent, &[("findings.resend", json!(word))], |found| {
                found.resend = Some(resend);
            })?;
        }
        _ => return Ok(()),
    }
    *at = tale.at.max(*at) + tale.ink.dice.minutes(5, 90);
    Ok(())
}

/// Admitted; mended in its seventy-two hours, or not.
fn defect(tale: &mut Tale, agent: &Who, at: &mut DateTime<Utc>) -> Result<()> {
    let filed = tale.at;
    *at = filed + tale.ink.dice.minutes(40, 10 * 60);
    let admitted = tale.ink.dice.happens(820);
    let found = [("findings.defect.approved", Value::from(admitted))];
    tale.establishes(*at, agent, &found, |found| {
        found.defect.approved = Some(admitted);
    })?;
    if !admitted {
        return Ok(());
    }
    if tale.ink.dice.happens(600) {
        let fixed = *at + tale.ink.dice.minutes(8 * 60, 44 * 60);
        let told = fixed.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        *at = fixed + Duration::minutes(5);
        let found = [("findings.defect.fixed_at", Value::from(told))];
        tale.establishes(*at, agent, &found, |found| {
            found.defect.fixed_at = Some(fixed);
        })?;
    } else {
        tale.misses_the_repair()?;
        *at = tale.at + Duration::hours(3);
    }
    Ok(())
}
