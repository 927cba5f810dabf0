//! The decision region: what the rules say and why, what was decided, and the ways to decide. Nothing here moves money: every way
//! leads to a page that shows first what would happen (`decision`).

use super::case::{Case, goes_to};
use super::facts::Established;
use super::second::{self, Second};
use super::todo::Todo;
use super::{Looker, Typed};
use crate::db::claims::Decision;
use crate::db::payouts::Payout;
use crate::desk::claims::limits;
use crate::desk::claims::{OVERRIDES, asked_for};
use crate::error::Result;
use crate::rules::assessment::{Met, NextAction, Outcome};
use crate::rules::lifecycle::payout::State;
use crate::rules::money::Amount as E8;
use crate::rules::policy::Policy;
use crate::web::filters;
use crate::web::form::new_key;
use crate::web::page::{Choice, Filled};
use crate::web::parts::{
    Amount, Answer, Badge, ClauseRef, Deadlines, Findings, Moment, Sum, Tone, Verdict,
};
use crate::web::session::role_label;
use crate::web::show::{Wall, claim as words, clocks};

/// See `templates/queue/claim.html`.
pub struct Panel {
    pub path: String,
    pub decided: Vec<Decided>,
    pub payouts: Vec<Paying>,
    pub verdict: Verdict,
    /// "It was $4.00, eligible": what the rules said before time or facts moved on.
    pub moved: Option<String>,
    pub moved_key: String,
    /// What has to be done before money is decided.
    pub action: Option<String>,
    /// What the customer was asked for and has not sent.
    pub missing: Vec<String>,
    /// What somebody must find out and cannot tell on this page.
    pub unsettled: Vec<String>,
    /// Why nobody, or not this person, decides now.
    pub blocked: Option<String>,
    pub deciding: Option<Deciding>,
    pub second: Option<Second>,
    /// What second persons declined, and why.
    pub declined: Vec<String>,
    pub sum: Option<Sum>,
    pub findings: Findings,
    pub alternatives: Vec<Reading>,
    pub deadlines: Deadlines,
    pub facts: Established,
    pub todo: Todo,
    pub engine: String,
}

/// A decision that was made.
pub struct Decided {
    pub heading: String,
    pub tone: Tone,
    pub amount: Option<Amount>,
    /// Why it differs from what the policy computed; empty where it does not.
    pub differs: String,
    pub words: String,
    pub by: String,
    pub at: Moment,
}

/// Money of this claim on its way to a payment method.
pub struct Paying {
    pub number: String,
    pub amount: Amount,
    pub to: String,
    pub badge: Badge,
    pub note: String,
}

/// Another reading of the text, which fills the amount when it is chosen.
pub struct Reading {
    pub amount: Amount,
    pub clauses: Vec<ClauseRef>,
    pub because: String,
    pub href: Option<String>,
}

/// The ways to decide. See `templates/parts/deciding.html`.
pub struct Deciding {
    /// "Approve $4.00".
    pub approve: Option<String>,
    /// None where no other amount can be granted.
    pub other: Option<Other>,
    pub ask: Ask,
    pub reject: Reject,
    /// "You may grant up to $50.00 alone. Above that: Lena Fox (lead)."
    pub limit: Option<String>,
    /// What the rules computed is more than that.
    pub is_above: bool,
}

pub struct Other {
    pub form: Filled,
    pub prefix: String,
    pub reasons: Vec<Choice>,
    pub hint: String,
}

pub struct Ask {
    pub form: Filled,
    pub items: Vec<Item>,
    pub key: String,
}

/// Something that can be asked for: its box is ticked.
pub struct Item {
    pub name: String,
    pub label: String,
}

pub struct Reject {
    pub form: Filled,
    /// The clauses that the letter quotes.
    pub quotes: Vec<ClauseRef>,
    /// Asked for only where the rules would pay.
    pub reasons: Vec<Choice>,
}

impl Panel {
    pub fn of(case: &Case, looker: &Looker, typed: &Typed) -> Result<Panel> {
        let (wall, policy) = (looker.wall, case.policy()?);
        let labels = |reference: &str| case.method(reference);
        let blocked = blocked(case, looker);
        let mut findings = words::findings(policy, &case.now, wall);
        findings.list.sort_by_key(|finding| turn(finding.answer));
        let pays = case.now.amount.is_some_and(E8::is_positive);
        let shown = case
            .now
            .amount
            .map(|amount| Amount::new(amount.e8(), &case.claim.currency));
        let open = case.claim.is_open();
        Ok(Panel {
            path: case.path(),
            decided: case
                .decisions
                .iter()
                .rev()
                .map(|decision| decided(case, decision, wall))
                .collect(),
            payouts: case
                .payouts
                .iter()
                .map(|payout| paying(case, payout, wall))
                .collect(),
            verdict: Verdict {
                sentence: in_short(policy, case),
                amount: shown.filter(|_| pays),
                ..words::verdict(&case.claim, case.order(), &case.now, &labels)
            },
            moved: case
                .has_moved()
                .then(|| said(case, case.stored.outcome, case.stored.amount)),
            moved_key: new_key()?,
            action: action(case.now.next_action).filter(|_| open),
            missing: missing(case),
            unsettled: unsettled(case),
            deciding: if open && blocked.is_none() {
                Some(deciding(case, looker, typed)?)
            } else {
                None
            },
            second: Second::of(case, looker, typed)?,
            declined: second::declined(case),
            blocked,
            sum: words::sum(policy, &case.claim, case.as_judged().as_ref(), &case.now),
            findings,
            alternatives: readings(case, open)?,
            deadlines: clocks::deadlines(
                &case.story.clocks,
                &case.story.courses,
                Some(policy),
                clocks::Reader::Staff,
                wall,
            ),
            facts: Established::of(case, looker, typed)?,
            todo: Todo::of(case, looker, typed)?,
            engine: engine(case),
        })
    }
}

/// What is open first, then what stands against it, then what is in order.
fn turn(answer: Answer) -> u8 {
    match answer {
        Answer::Unknown => 0,
        Answer::NotMet | Answer::Excludes => 1,
        Answer::Met => 2,
        Answer::FallsAway | Answer::NotApplicable => 3,
    }
}

/// The outcome for the one who decides, and the clauses that it hangs on.
fn in_short(policy: &Policy, case: &Case) -> String {
    let now = &case.now;
    let first = match now.outcome {
        Outcome::Eligible if now.flagged => {
            "The policy pays this by the reading we adopted; another reading would not."
        }
        Outcome::Eligible if now.discretionary => "The text says that the seller may pay this.",
        Outcome::Eligible => "The policy pays this, and nothing stands against it.",
        Outcome::Ineligible => "The policy does not pay on this ground.",
        Outcome::NeedsEvidence => {
            "The customer has to send something first. The request keeps its time of arrival."
        }
        Outcome::NeedsReview => "A person has to find something out, or to decide.",
        Outcome::ActionFirst => "Something has to be done before money is decided.",
        Outcome::Remedied => "It was put right, so no money is due.",
        Outcome::OnHold => "A dispute is open on the payment: no money moves until it is settled.",
    };
    let unknown = now
        .clauses
        .iter()
        .filter(|finding| finding.result == Met::Unknown);
    let reasons = match now.outcome {
        Outcome::Ineligible => policy.against(now).take(2).collect::<Vec<_>>(),
        Outcome::NeedsReview | Outcome::ActionFirst => unknown.take(2).collect(),
        _ => Vec::new(),
    };
    let reasons = reasons
        .into_iter()
        .map(|finding| format!("{}: {}", finding.id, finding.detail));
    std::iter::once(first.to_owned())
        .chain(reasons)
        .collect::<Vec<_>>()
        .join(" ")
}

/// "$4.00, eligible".
pub fn said(case: &Case, outcome: Outcome, amount: Option<E8>) -> String {
    let amount = amount.map_or("no amount".to_owned(), |amount| {
        filters::money(amount.e8(), &case.claim.currency)
    });
    format!(
        "{amount}, {}",
        words::outcome_badge(outcome).word.to_lowercase()
    )
}

fn engine(case: &Case) -> String {
    let reference = &case.now.policy;
    let hash: String = reference.hash.chars().take(12).collect();
    format!(
        "Judged by rules {} under {} {} ({hash}…)",
        crate::rules::ENGINE,
        reference.id,
        reference.version
    )
}

fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(letters)
        .collect()
}

fn action(action: NextAction) -> Option<String> {
    let words = match action {
        NextAction::StopOrder => {
            "Try to stop the order first, and record below whether it stopped."
        }
        NextAction::Refill => "Try a refill first, and record below how it went.",
        NextAction::FixDefect => "Have the defect fixed first, and record below when it was.",
        NextAction::Resend => "Send the product again first, and record below whether it arrived.",
        NextAction::None => return None,
    };
    Some(words.to_owned())
}

/// What only the customer can supply.
fn missing(case: &Case) -> Vec<String> {
    if case.now.outcome != Outcome::NeedsEvidence {
        return Vec::new();
    }
    let items = case.now.missing.iter();
    items.map(|item| sentence(&asked_for(item))).collect()
}

fn unsettled(case: &Case) -> Vec<String> {
    if case.now.outcome != Outcome::NeedsReview {
        return Vec::new();
    }
    let asked = |path: &str| {
        case.questions
            .iter()
            .any(|question| question.fact.path == path)
    };
    let items = case.now.missing.iter().filter(|item| !asked(item));
    items.map(|item| sentence(&asked_for(item))).collect()
}

pub fn blocked(case: &Case, looker: &Looker) -> Option<String> {
    if !case.claim.is_open() {
        return None;
    }
    if case.claim.customer_id == looker.person.id {
        return Some("This request is your own. A colleague decides it.".to_owned());
    }
    let mine = |decision: &Decision| decision.decided_by == looker.person.id.as_str();
    if case.claim.appealed_at.is_some() && case.decisions.iter().any(mine) {
        return Some("You decided this before. An appeal is decided by somebody else: give it to a colleague.".to_owned());
    }
    None
}

fn decided(case: &Case, decision: &Decision, wall: Wall) -> Decided {
    let money = |e8: i64| filters::money(e8, &decision.currency);
    let (heading, tone) = match (decision.verdict.as_str(), decision.amount_e8) {
        ("approve", 0) => ("Put right without money", Tone::Ok),
        ("approve", _) => ("Approved", Tone::Ok),
        _ => ("Rejected", Tone::Danger),
    };
    let reason = decision.override_reason.as_deref().map(spoken);
    let computed = decision.computed_e8.map_or("no amount".to_owned(), money);
    Decided {
        heading: heading.to_owned(),
        tone,
        amount: (decision.amount_e8 > 0)
            .then(|| Amount::new(decision.amount_e8, &decision.currency)),
        differs: reason.map_or(String::new(), |reason| {
            format!("{reason}. The policy computed {computed}.")
        }),
        words: decision.words.clone(),
        by: second::deciders(case, decision),
        at: Moment::new(decision.at.utc(), wall.zone, wall.now),
    }
}

fn paying(case: &Case, payout: &Payout, wall: Wall) -> Paying {
    let when = payout
        .settled_at
        .or(payout.sent_at)
        .unwrap_or(payout.requested_at);
    let reference = payout
        .reference
        .as_deref()
        .map(|reference| format!(", reference {reference}"));
    Paying {
        number: payout.number.clone(),
        amount: Amount::new(payout.pay_e8, &payout.pay_currency),
        to: goes_to(&case.labels, payout),
        badge: badge_of(payout),
        note: format!(
            "{}{}",
            filters::moment(when.utc(), wall.zone, wall.now),
            reference.unwrap_or_default()
        ),
    }
}

pub fn badge_of(payout: &Payout) -> Badge {
    if payout.is_with_gateway() {
        return Badge::new(Tone::Accent, "With the gateway");
    }
    payout_badge(payout.state)
}

pub fn payout_badge(state: State) -> Badge {
    match state {
        State::Queued => Badge::with_icon(Tone::Warn, "hourglass", "To be sent"),
        State::Reserved => Badge::new(Tone::Accent, "In a batch"),
        State::Sent => Badge::new(Tone::Accent, "Sent"),
        State::Unknown => Badge::new(Tone::Warn, "Not known"),
        State::Succeeded => Badge::new(Tone::Ok, "Paid"),
        State::Failed => Badge::new(Tone::Danger, "Failed"),
        State::Returned => Badge::new(Tone::Danger, "Came back"),
    }
}

fn readings(case: &Case, open: bool) -> Result<Vec<Reading>> {
    let shown = words::alternatives(case.policy()?, &case.claim, &case.now);
    let amounts = case.now.alternatives.iter().map(|other| other.amount);
    let reading = |(shown, amount): (crate::web::parts::Alternative, E8)| Reading {
        amount: shown.amount,
        clauses: shown.clauses,
        because: sentence(&shown.because),
        href: open.then(|| format!("{}?amount={amount}#deciding", case.path())),
    };
    Ok(shown.into_iter().zip(amounts).map(reading).collect())
}

fn deciding(case: &Case, looker: &Looker, typed: &Typed) -> Result<Deciding> {
    let computed_e8 = case.now.amount.map_or(0, E8::e8);
    let is_above = own_limit(case, looker).is_some_and(|limit| computed_e8 > limit);
    let on_hold = case.now.outcome == Outcome::OnHold;
    let waits = case.waiting.is_some();
    Ok(Deciding {
        approve: approve(case, is_above).filter(|_| !on_hold && !waits),
        other: other(case, typed).filter(|_| !on_hold && !waits),
        ask: ask(case, typed)?,
        reject: reject(case, typed)?,
        limit: limit_of(case, looker),
        is_above,
    })
}

/// What the looker may grant alone; none for those without a limit.
fn own_limit(case: &Case, looker: &Looker) -> Option<i64> {
    limits(&case.story.seller, &case.claim).of(looker.person.role)
}

/// The same, in words with the names of those who may more; none for those without a limit.
pub fn limit_of(case: &Case, looker: &Looker) -> Option<String> {
    own_limit(case, looker).map(|limit| above(case, looker, limit))
}

/// Who may grant what the looker may not.
fn above(case: &Case, looker: &Looker, limit: i64) -> String {
    let seller = &case.story.seller;
    let theirs = limits(seller, &case.claim);
    let more = |role| theirs.of(role).is_none_or(|most| most > limit);
    let able = case
        .story
        .staff
        .iter()
        .filter(|person| person.id != looker.person.id && more(person.role));
    let names: Vec<String> = able
        .take(4)
        .map(|person| {
            format!(
                "{} ({})",
                person.name,
                role_label(person.role).to_lowercase()
            )
        })
        .collect();
    if case.claim.currency != seller.currency {
        let words = format!(
            "Limits are in {}, and this is in {}: a manager decides it.",
            seller.currency, case.claim.currency
        );
        return match names.as_slice() {
            [] => words,
            names => format!("{words} That is {}.", names.join(", ")),
        };
    }
    let yours = filters::money(limit, &seller.currency);
    match names.as_slice() {
        [] => format!("You may grant up to {yours} alone."),
        names => format!(
            "You may grant up to {yours} alone. Above that: {}.",
            names.join(", ")
        ),
    }
}

/// The words of a reason to differ.
pub fn spoken(code: &str) -> &str {
    let known = OVERRIDES.iter().find(|(known, _)| *known == code);
    known.map_or(code, |(_, words)| *words)
}

/// `proposes`: it is above what the looker grants alone.
fn approve(case: &Case, proposes: bool) -> Option<String> {
    if case.now.outcome == Outcome::Remedied {
        return Some("Close as put right".to_owned());
    }
    let recommended = matches!(case.now.outcome, Outcome::Eligible | Outcome::NeedsReview);
    let amount = case
        .now
        .amount
        .filter(|amount| recommended && amount.is_positive())?;
    let verb = if proposes { "Propose" } else { "Approve" };
    let money = filters::money(amount.e8(), &case.claim.currency);
    Some(format!("{verb} {money}"))
}

fn other(case: &Case, typed: &Typed) -> Option<Other> {
    let ceiling = case.ceiling.filter(|most| most.is_positive())?;
    let most = filters::money(ceiling.e8(), &case.claim.currency);
    let hint = match case.order() {
        Some(order) => format!(
            "At most {most}: {} paid, less {} refunded and {} disputed. Nobody can go above it.",
            filters::money(order.charge_e8.unwrap_or(0), &order.currency),
            filters::money(order.refunded_e8, &order.currency),
            filters::money(order.disputed_e8, &order.currency),
        ),
        None => format!(
            "At most {most}: what the policy pays out of this balance. The rest can be spent."
        ),
    };
    Some(Other {
        form: typed.other.clone().unwrap_or_default().under("other"),
        prefix: sign(&case.claim.currency),
        reasons: reasons(),
        hint,
    })
}

/// What stands before an amount that is typed.
pub fn sign(currency: &str) -> String {
    filters::money(0, currency)
        .trim_end_matches(['0', '.', '\u{a0}'])
        .to_owned()
}

pub fn reasons() -> Vec<Choice> {
    let first = Choice::new("", "Choose a reason", "");
    let known = OVERRIDES
        .iter()
        .map(|(code, words)| Choice::new(code, words, ""));
    std::iter::once(first).chain(known).collect()
}

/// What usually helps, after what the rules miss.
const ASKABLE: [&str; 6] = [
    "reason",
    "order_number",
    "invoice_payment",
    "screenshot",
    "log",
    "other",
];

fn ask(case: &Case, typed: &Typed) -> Result<Ask> {
    let missing = askable(case);
    let usual = ASKABLE.into_iter().filter(|kind| !missing.contains(kind));
    let item = |kind: &str| Item {
        name: format!("item.{kind}"),
        label: sentence(&asked_for(kind)),
    };
    Ok(Ask {
        items: missing.iter().copied().chain(usual).map(item).collect(),
        form: typed
            .ask
            .clone()
            .unwrap_or_else(|| ticked(&missing))
            .under("ask"),
        key: new_key()?,
    })
}

/// What the rules miss and the customer can send.
fn askable(case: &Case) -> Vec<&str> {
    let is_theirs = case.now.outcome == Outcome::NeedsEvidence;
    let missing = case.now.missing.iter().map(String::as_str);
    missing.filter(|_| is_theirs).collect()
}

/// Before anybody typed: what the rules miss is ticked.
fn ticked(missing: &[&str]) -> Filled {
    let ticked = missing
        .iter()
        .map(|item| (format!("item.{item}"), "yes".to_owned()));
    Filled {
        values: ticked.collect(),
        ..Filled::default()
    }
}

fn reject(case: &Case, typed: &Typed) -> Result<Reject> {
    let policy = case.policy()?;
    let against = policy.against(&case.now);
    Ok(Reject {
        form: typed.reject.clone().unwrap_or_default().under("reject"),
        quotes: against
            .map(|finding| words::clause(policy, &finding.id))
            .collect(),
        reasons: if case.now.outcome == Outcome::Eligible {
            reasons()
        } else {
            Vec::new()
        },
    })
}
