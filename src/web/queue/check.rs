//! Check before deciding: a rehearsal of the decision, and the page that shows what it would do. The button repeats the amount and
//! where it goes.

use askama::Template;

use super::Looker;
use super::case::{Case, goes_to};
use super::decision::{Proposal, Wanted};
use crate::act::Act;
use crate::db::claims::Claim;
use crate::db::exceptions::Exception;
use crate::db::mail::Row as Letter;
use crate::db::orders::Order;
use crate::db::payouts::Payout;
use crate::db::{self, Tx};
use crate::desk::claims::{self, Decide, Decided, OVERRIDES};
use crate::desk::tickets::first_name;
use crate::error::Result;
use crate::web::filters;
use crate::web::form::new_key;
use crate::web::page::{Crumb, Frame};
use crate::web::parts::{Row, Summary, Tone};
use crate::web::session::Visit;
use crate::web::show::clocks::label;

/// What a decision would do.
pub struct Effects {
    granted_e8: i64,
    computed_e8: Option<i64>,
    state: String,
    payouts: Vec<Payout>,
    order: Option<Order>,
    letters: Vec<Letter>,
    /// Promises that would be kept, or are broken already.
    kept: Vec<String>,
    late: Vec<String>,
    closes: bool,
}

impl Effects {
    /// Nothing happens yet but that it waits.
    fn proposed(row: &Exception) -> Effects {
        Effects {
            granted_e8: row.amount_e8,
            computed_e8: row.computed_e8,
            state: PROPOSED.to_owned(),
            payouts: Vec::new(),
            order: None,
            letters: Vec::new(),
            kept: Vec::new(),
            late: Vec::new(),
            closes: false,
        }
    }
}

/// The state of a claim whose refund waits for a second person.
const PROPOSED: &str = "proposed";

/// Runs the verb and reads what it did, inside a transaction that is undone. `None`: what the rules say has changed.
pub fn rehearse(tx: &mut Tx, act: &Act, claim: &Claim, decide: &Decide) -> Result<Option<Effects>> {
    let letters_before = db::mail::of_ticket(tx, &claim.ticket_id)?.len();
    let payouts_before = db::payouts::of_claim(tx, &claim.id)?.len();
    let clocks_before = db::clocks::of_ticket(tx, &claim.ticket_id)?;
    let standing = match claims::decide(tx, act, decide)? {
        Decided::Done(standing) => standing,
        Decided::Proposed(row) => return Ok(Some(Effects::proposed(&row))),
        Decided::Changed(_) | Decided::Dropped => return Ok(None),
    };
    let order = match &claim.order_id {
        Some(id) => Some(db::orders::find(tx, id)?),
        None => None,
    };
    let ran = |kind: &str| {
        clocks_before
            .iter()
            .any(|clock| clock.kind == kind && matches!(clock.state.as_str(), "running" | "paused"))
    };
    let ended = |clocks: &[db::clocks::Clock], state: &str| {
        let ended = clocks
            .iter()
            .filter(|clock| clock.state == state && ran(&clock.kind));
        ended
            .map(|clock| label(&clock.kind).to_owned())
            .collect::<Vec<_>>()
    };
    let clocks = db::clocks::of_ticket(tx, &claim.ticket_id)?;
    Ok(Some(Effects {
        granted_e8: standing.claim.granted_e8.unwrap_or(0),
        computed_e8: standing.assessment.amount.map(|amount| amount.e8()),
        state: standing.claim.state.clone(),
        payouts: db::payouts::of_claim(tx, &claim.id)?.split_off(payouts_before),
        order,
        letters: db::mail::of_ticket(tx, &claim.ticket_id)?.split_off(letters_before),
        kept: ended(&clocks, "met"),
        late: ended(&clocks, "breached"),
        closes: standing.ticket.state == "closed",
    }))
}

/// A letter as it would go out.
struct Preview {
    subject: String,
    text: String,
}

#[derive(Template)]
#[template(path = "queue/check.html")]
pub struct Check {
    frame: Frame,
    heading: String,
    tone: Tone,
    /// "$6.00 more than the policy computes ($4.00): goodwill"; empty where it is the computed amount.
    difference: String,
    rows: Summary,
    effects: Vec<String>,
    letters: Vec<Preview>,
    recipient: String,
    action: String,
    hidden: Vec<(String, String)>,
    key: String,
    seen: String,
    button: String,
    /// How the button looks: a rejection is told apart.
    look: String,
    back_href: String,
}

pub fn page(
    case: &Case,
    visit: &Visit,
    looker: &Looker,
    proposal: &Proposal,
    effects: &Effects,
) -> Result<Check> {
    let heading = heading(case, effects);
    let mut frame = visit.frame(&format!("{}: {heading}", case.claim.number));
    frame.crumbs.push(Crumb {
        label: format!("{} {}", case.claim.number, case.story.ticket.subject),
        href: case.path(),
    });
    let rejects = effects.state == "rejected";
    Ok(Check {
        frame,
        tone: if rejects { Tone::Danger } else { Tone::Ok },
        difference: difference(case, proposal, effects),
        rows: Summary {
            rows: rows(case, proposal, looker, effects),
        },
        effects: consequences(case, effects),
        letters: effects.letters.iter().map(preview).collect(),
        recipient: case.story.customer.email.clone(),
        action: format!("{}/decision", case.path()),
        hidden: proposal.hidden(),
        key: new_key()?,
        seen: proposal.seen.to_string(),
        button: button(case, effects),
        look: if rejects { "danger" } else { "" }.to_owned(),
        back_href: format!("{}#deciding", case.path()),
        heading,
    })
}

pub fn verdict_words(wanted: Wanted) -> &'static str {
    match wanted {
        Wanted::Approve => "Approve what the policy computes",
        Wanted::Override => "Grant another amount",
        Wanted::Reject => "Reject",
        Wanted::Endorse => "Approve what was proposed",
        Wanted::Decline => "Decline what was proposed",
        Wanted::Retract => "Take the proposal back",
    }
}

fn heading(case: &Case, effects: &Effects) -> String {
    let money = filters::money(effects.granted_e8, &case.claim.currency);
    let name = first_name(&case.story.customer.name);
    match effects.state.as_str() {
        "rejected" => format!("Reject {name}'s request?"),
        "remedied" => "Close this as put right?".to_owned(),
        PROPOSED => format!("Propose to refund {money} to {name}?"),
        _ => format!("Refund {money} to {name}?"),
    }
}

/// Where each part goes: payouts by their method, the rest to the balance.
fn destinations(case: &Case, effects: &Effects) -> Vec<(String, String)> {
    let away: i64 = effects.payouts.iter().map(|payout| payout.amount_e8).sum();
    let mut parts: Vec<(String, String)> = effects
        .payouts
        .iter()
        .map(|payout| {
            (
                filters::money(payout.pay_e8, &payout.pay_currency),
                goes_to(&case.labels, payout),
            )
        })
        .collect();
    if effects.granted_e8 > away {
        let rest = filters::money(effects.granted_e8 - away, &case.claim.currency);
        parts.insert(0, (rest, "the account balance".to_owned()));
    }
    parts
}

fn button(case: &Case, effects: &Effects) -> String {
    let name = first_name(&case.story.customer.name);
    let parts = destinations(case, effects);
    match (effects.state.as_str(), parts.as_slice()) {
        ("rejected", _) => format!("Reject and tell {name}"),
        ("remedied", _) => format!("Close as put right and tell {name}"),
        (PROPOSED, _) => {
            let money = filters::money(effects.granted_e8, &case.claim.currency);
            format!("Propose {money}")
        }
        (_, [(amount, to)]) => format!("Refund {amount} to {to}"),
        (_, parts) => {
            let each: Vec<String> = parts
                .iter()
                .map(|(amount, to)| format!("{amount} to {to}"))
                .collect();
            format!("Refund {}", each.join(" and "))
        }
    }
}

fn difference(case: &Case, proposal: &Proposal, effects: &Effects) -> String {
    let money = |e8: i64| filters::money(e8, &case.claim.currency);
    let waiting = case.waiting.as_ref();
    let proposed = waiting.filter(|_| proposal.verdict == Wanted::Endorse);
    let reason = proposed
        .map_or(proposal.reason.as_deref(), |row| {
            row.override_reason.as_deref()
        })
        .and_then(|code| OVERRIDES.iter().find(|(known, _)| *known == code));
    let because = reason.map_or(String::new(), |(_, words)| {
        format!(" Reason: {}.", words.to_lowercase())
    });
    match effects.computed_e8 {
        _ if effects.state == "remedied" => String::new(),
        None => format!("The rules could not compute an amount.{because}"),
        Some(computed) if effects.granted_e8 > computed => {
            format!(
                "{} more than the policy computes ({}).{because}",
                money(effects.granted_e8 - computed),
                money(computed)
            )
        }
        Some(computed) if effects.granted_e8 < computed => {
            format!(
                "{} less than the policy computes ({}).{because}",
                money(computed - effects.granted_e8),
                money(computed)
            )
        }
        Some(_) if reason.is_some() => format!("The rules do not recommend it yet.{because}"),
        Some(_) => String::new(),
    }
}

fn rows(case: &Case, proposal: &Proposal, looker: &Looker, effects: &Effects) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let parts = destinations(case, effects)
        .into_iter()
        .filter(|_| effects.state != PROPOSED)
        .map(|(amount, to)| format!("{amount} to {to}"));
    let parts: Vec<String> = parts.collect();
    if !parts.is_empty() {
        rows.push(Row::lines("Money", parts));
    }
    if let Some(order) = &effects.order {
        let money = |e8: i64| filters::money(e8, &order.currency);
        let words = format!(
            "{} of {} refunded afterwards, {} left",
            money(order.refunded_e8),
            money(order.charge_e8.unwrap_or(0)),
            money(order.refundable_e8())
        );
        rows.push(Row::text(&format!("Order {}", order.number), &words));
    }
    if let Some(words) = proposal
        .words
        .as_deref()
        .filter(|words| !words.trim().is_empty())
    {
        rows.push(Row::text("Your words", words));
    }
    let by = match &case.waiting {
        Some(row) if proposal.verdict == Wanted::Endorse => {
            rows.push(Row::text(
                "Proposed by",
                &case.doer(row.proposed_by.as_str()),
            ));
            if !row.words.is_empty() {
                rows.push(Row::text("Their words", &row.words));
            }
            "Approved by"
        }
        _ if effects.state == PROPOSED => "Proposed by",
        _ => "Decided by",
    };
    rows.push(Row::text(by, &looker.person.name));
    rows
}

fn consequences(case: &Case, effects: &Effects) -> Vec<String> {
    if effects.state == PROPOSED {
        return vec![
            "Nothing is paid yet: a second person looks at it, and it is paid when they approve."
                .to_owned(),
            "The promises of this request run on meanwhile.".to_owned(),
            format!(
                "{name} is told nothing before that.",
                name = first_name(&case.story.customer.name)
            ),
        ];
    }
    let mut lines = Vec::new();
    let away: i64 = effects.payouts.iter().map(|payout| payout.amount_e8).sum();
    if effects.granted_e8 > away {
        lines.push("The balance has it at once.".to_owned());
    }
    if !effects.payouts.is_empty() {
        lines.push(
            "What goes to a payment method waits under Payouts until a lead marks it as sent."
                .to_owned(),
        );
    }
    if !effects.kept.is_empty() {
        lines.push(format!(
            "Promises kept: {}.",
            effects.kept.join(", ").to_lowercase()
        ));
    }
    if !effects.late.is_empty() {
        lines.push(format!(
            "Promises missed, and counted so: {}.",
            effects.late.join(", ").to_lowercase()
        ));
    }
    if effects.closes {
        lines.push("The ticket closes.".to_owned());
    }
    lines.push(format!(
        "{} gets the mail below, and sees it on the request's page.",
        first_name(&case.story.customer.name)
    ));
    lines
}

fn preview(letter: &Letter) -> Preview {
    Preview {
        subject: letter.subject.clone(),
        text: letter.text.clone(),
    }
}
