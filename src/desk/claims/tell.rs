//! The letters of a claim, composed from what the rules said: outcome first, then what happens next and by when, then the sum and
//! the clauses. Queued in the deed's transaction; the words themselves are in `letters/`.

use std::collections::HashMap;

use chrono_tz::Tz;

use super::Standing;
use crate::act::{Act, Who};
use crate::db::claims::Claim;
use crate::db::ledger::sums_of_keys;
use crate::db::payouts::Payout;
use crate::db::sellers::Seller;
use crate::db::tickets::Ticket;
use crate::db::{Conn, Tx, orders, people};
use crate::desk::mailroom::{self, Envelope};
use crate::desk::{payouts, policies};
use crate::error::Result;
use crate::letters::Letter;
use crate::letters::claims::{
    AppealReceived, Approved, Arrival, Asked, ClaimReceived, NeedsEvidence, Rejected, Share,
    Withdrawn,
};
use crate::letters::parts::{Case, Line, Moment, Promise, Prose, Signature, Step};
use crate::letters::payouts::{Paid, PayoutFailed, PayoutReturned, PayoutSent};
use crate::rules::assessment::{
    Assessment, ClockKind, Destination, Finding, Met, NextAction, Outcome, Payment,
};
use crate::rules::facts::{Facts, Order as Judged};
use crate::rules::ledger::AccountKind;
use crate::rules::money::Amount;
use crate::rules::policy::{ClauseKind, Policy};
use crate::rules::{display, sum};

/// An amount in the claim's currency, as people write it.
pub fn money(claim: &Claim, amount: Amount) -> String {
    shown(amount, &claim.currency)
}

fn shown(amount: Amount, currency: &str) -> String {
    display::money(amount.e8(), currency)
}

/// The claim arrived: either what is missing, or what happens next.
pub fn received(
    tx: &mut Tx,
    act: &Act,
    seller: &Seller,
    policy: &Policy,
    standing: &Standing,
) -> Result<()> {
    if standing.assessment.outcome == Outcome::NeedsEvidence {
        return missing(tx, act, seller, policy, standing);
    }
    let zone = policies::zone(tx, seller, act.at)?;
    let letter = ClaimReceived {
        case: case(tx, act, seller, &standing.ticket, &standing.claim)?,
        received: moment(zone, standing.claim.received_at.utc()),
        expected: expected(standing),
        first: first(standing.assessment.next_action),
        promises: promises(zone, &standing.assessment),
    }
    .letter()?;
    send(
        tx,
        act,
        seller,
        &standing.ticket,
        &standing.claim,
        "claim_received",
        "received",
        letter,
    )
}

pub fn missing(
    tx: &mut Tx,
    act: &Act,
    seller: &Seller,
    policy: &Policy,
    standing: &Standing,
) -> Result<()> {
    let zone = policies::zone(tx, seller, act.at)?;
    let letter = NeedsEvidence {
        case: case(tx, act, seller, &standing.ticket, &standing.claim)?,
        items: standing
            .assessment
            .missing
            .iter()
            .map(|item| asked_for(item, policy))
            .collect(),
        received: moment(zone, standing.claim.received_at.utc()),
        expected: expected(standing),
    }
    .letter()?;
    let key = format!("missing:{}", standing.ticket.seq);
    send(
        tx,
        act,
        seller,
        &standing.ticket,
        &standing.claim,
        "needs_evidence",
        &key,
        letter,
    )
}

/// What a missing thing is called when a customer is asked for it.
pub fn asked_for(item: &str, _policy: &Policy) -> String {
    let words = match item {
        "order_number" => "the order number",
        "invoice_payment" => "a copy of the invoice's payment: a receipt or a bank statement line",
        "screenshot" => "a screenshot that shows the problem",
        "log" => "the log of what happened",
        "other" => "anything that shows what happened",
        "reason" => "the reason for your request, in your own words",
        "remedy_choice" => "whether you would like a refund or a replacement",
        "channel" => "your request in writing: send it here or by mail",
        "customer.verified" => "a proof of who you are, because the amount is large",
        "findings.defect.access_granted_at" => {
            "access to the place where the defect shows, which our technicians asked for"
        }
        other => return other.replace(['.', '_'], " "),
    };
    words.to_owned()
}

#[allow(clippy::too_many_arguments)]
pub fn approved(
    tx: &mut Tx,
    act: &Act,
    seller: &Seller,
    policy: &Policy,
    facts: &Facts,
    standing: &Standing,
    payments: &[Payment],
    amount: Amount,
    to_balance: bool,
    note: Option<&str>,
) -> Result<()> {
    let claim = &standing.claim;
    let labels = labels(tx, claim)?;
    let asked = claim
        .requested_e8
        .map(Amount::from_e8)
        .filter(|asked| *asked > amount);
    let zone = policies::zone(tx, seller, act.at)?;
    let letter = Approved {
        case: case(tx, act, seller, &standing.ticket, claim)?,
        amount: money(claim, amount),
        asked: asked.map(|asked| money(claim, asked)),
        decided: moment(zone, act.at),
        payments: together(payments)
            .iter()
            .map(|payment| share(zone, standing, payment, &labels))
            .collect(),
        sum: sum(policy, facts, standing, amount),
        lines: lines(policy, &standing.assessment, &[Met::Met]),
        note: note.map(Prose::new),
    }
    .letter()?;
    send(
        tx,
        act,
        seller,
        &standing.ticket,
        claim,
        "claim_approved",
        "approved",
        letter,
    )?;
    if to_balance {
        credited(tx, act, seller, standing, amount)
    } else {
        Ok(())
    }
}

/// B24: the confirmation, with amount and method, once the money is there. On a balance that is at once.
fn credited(
    tx: &mut Tx,
    act: &Act,
    seller: &Seller,
    standing: &Standing,
    amount: Amount,
) -> Result<()> {
    let zone = policies::zone(tx, seller, act.at)?;
    let letter = Paid {
        case: case(tx, act, seller, &standing.ticket, &standing.claim)?,
        amount: money(&standing.claim, amount),
        to: "your balance".to_owned(),
        at: moment(zone, act.at),
        reference: None,
    }
    .letter()?;
    send(
        tx,
        act,
        seller,
        &standing.ticket,
        &standing.claim,
        "paid",
        "paid",
        letter,
    )
}

/// A payout is settled: the confirmation of B24. Somebody who marked it as sent knows that it has left; a gateway, that it is there.
pub fn paid_out(
    tx: &mut Tx,
    act: &Act,
    seller: &Seller,
    ticket: &Ticket,
    claim: &Claim,
    payout: &Payout,
) -> Result<()> {
    let labels = labels(tx, claim)?;
    let zone = policies::zone(tx, seller, act.at)?;
    let case = case(tx, act, seller, ticket, claim)?;
    let amount = shown(Amount::from_e8(payout.pay_e8), &payout.pay_currency);
    let (to, at) = (whereto(&labels, payout), moment(zone, act.at));
    let reference = payout.reference.clone();
    let (kind, letter) = match act.who {
        Who::Worker => {
            let letter = Paid {
                case,
                amount,
                to,
                at,
                reference,
            };
            ("payout_paid", letter.letter()?)
        }
        _ => {
            let letter = PayoutSent {
                case,
                amount,
                to,
                at,
                reference,
                arrival: None,
            };
            ("payout_sent", letter.letter()?)
        }
    };
    send(
        tx,
        act,
        seller,
        ticket,
        claim,
        kind,
        &format!("payout:{}:sent", payout.number),
        letter,
    )
}

pub fn payout_failed(
    tx: &mut Tx,
    act: &Act,
    seller: &Seller,
    ticket: &Ticket,
    claim: &Claim,
    payout: &Payout,
) -> Result<()> {
    let labels = labels(tx, claim)?;
    let letter = PayoutFailed {
        case: case(tx, act, seller, ticket, claim)?,
        amount: shown(Amount::from_e8(payout.pay_e8), &payout.pay_currency),
        to: whereto(&labels, payout),
    }
    .letter()?;
    send(
        tx,
        act,
        seller,
        ticket,
        claim,
        "payout_failed",
        &format!("payout:{}:failed", payout.number),
        letter,
    )
}

/// A payout came back: what of it is on the balance again, where it was taken from one.
pub fn payout_returned(
    tx: &mut Tx,
    act: &Act,
    seller: &Seller,
    ticket: &Ticket,
    claim: &Claim,
    payout: &Payout,
) -> Result<()> {
    let labels = labels(tx, claim)?;
    let key = payouts::undone_key(payout, payout.state);
    let back = sums_of_keys(tx, &[key], AccountKind::CustomerCash)?;
    let back = back.first().map(|(_, e8)| Amount::from_e8(*e8));
    let letter = PayoutReturned {
        case: case(tx, act, seller, ticket, claim)?,
        amount: shown(Amount::from_e8(payout.pay_e8), &payout.pay_currency),
        to: whereto(&labels, payout),
        balance: back.map(|back| shown(back, &payout.currency)),
    }
    .letter()?;
    send(
        tx,
        act,
        seller,
        ticket,
        claim,
        "payout_returned",
        &format!("payout:{}:returned", payout.number),
        letter,
    )
}

pub fn rejected(
    tx: &mut Tx,
    act: &Act,
    seller: &Seller,
    policy: &Policy,
    standing: &Standing,
    words: &str,
) -> Result<()> {
    let against = policy.against(&standing.assessment);
    let deciding: Vec<Line> = against
        .filter_map(|finding| line(policy, finding))
        .collect();
    let would_change = standing
        .assessment
        .clauses
        .iter()
        .filter(|finding| finding.result == Met::Unknown);
    let letter = Rejected {
        case: case(tx, act, seller, &standing.ticket, &standing.claim)?,
        reason: deciding.first().map_or_else(
            || "A person looked at it and decided against it.".to_owned(),
            |line| match line.detail.as_str() {
                "" => sentence(&line.words),
                detail => sentence(detail),
            },
        ),
        by_policy: standing.assessment.outcome == Outcome::Ineligible,
        lines: deciding,
        would_change: would_change
            .map(|finding| sentence(&finding.detail))
            .collect(),
        note: Some(Prose::new(words)),
        appeal_by: None,
    }
    .letter()?;
    let key = format!("rejected:{}", standing.claim.seq);
    send(
        tx,
        act,
        seller,
        &standing.ticket,
        &standing.claim,
        "claim_rejected",
        &key,
        letter,
    )
}

/// Put right without money: the customer hears it as an answer on the ticket.
pub fn remedied(
    tx: &mut Tx,
    act: &Act,
    seller: &Seller,
    policy: &Policy,
    standing: &Standing,
) -> Result<()> {
    let case = case(tx, act, seller, &standing.ticket, &standing.claim)?;
    let met = lines(policy, &standing.assessment, &[Met::Met]);
    let details = met
        .iter()
        .map(|line| sentence(&line.detail))
        .collect::<Vec<_>>()
        .join("\n");
    let letter = crate::letters::tickets::Reply {
        signature: case.signature,
        ticket: standing.ticket.number.clone(),
        about: standing.ticket.subject.clone(),
        from: None,
        message: Prose::new(&format!(
            "This was put right without a refund.\n\n{details}"
        )),
    }
    .letter()?;
    send(
        tx,
        act,
        seller,
        &standing.ticket,
        &standing.claim,
        "claim_remedied",
        "remedied",
        letter,
    )
}

pub fn asked(
    tx: &mut Tx,
    act: &Act,
    seller: &Seller,
    ticket: &Ticket,
    claim: &Claim,
    words: &str,
    event: &str,
) -> Result<()> {
    let zone = policies::zone(tx, seller, act.at)?;
    let letter = Asked {
        case: case(tx, act, seller, ticket, claim)?,
        question: Prose::new(words),
        received: moment(zone, claim.received_at.utc()),
    }
    .letter()?;
    send(
        tx,
        act,
        seller,
        ticket,
        claim,
        "claim_asked",
        &format!("asked:{event}"),
        letter,
    )
}

pub fn withdrawn(
    tx: &mut Tx,
    act: &Act,
    seller: &Seller,
    ticket: &Ticket,
    claim: &Claim,
) -> Result<()> {
    let zone = policies::zone(tx, seller, act.at)?;
    let letter = Withdrawn {
        case: case(tx, act, seller, ticket, claim)?,
        at: moment(zone, act.at),
    }
    .letter()?;
    send(
        tx,
        act,
        seller,
        ticket,
        claim,
        "claim_withdrawn",
        "withdrawn",
        letter,
    )
}

pub fn appealed(
    tx: &mut Tx,
    act: &Act,
    seller: &Seller,
    ticket: &Ticket,
    claim: &Claim,
) -> Result<()> {
    let letter = AppealReceived {
        case: case(tx, act, seller, ticket, claim)?,
        promises: Vec::new(),
    }
    .letter()?;
    send(
        tx,
        act,
        seller,
        ticket,
        claim,
        "claim_appealed",
        "appealed",
        letter,
    )
}

#[allow(clippy::too_many_arguments)]
fn send(
    tx: &mut Tx,
    act: &Act,
    seller: &Seller,
    ticket: &Ticket,
    claim: &Claim,
    kind: &'static str,
    key: &str,
    letter: Letter,
) -> Result<()> {
    let customer = people::find(tx, &claim.customer_id)?;
    let envelope = Envelope {
        key: format!("{}:{key}", claim.number),
        kind,
        seller: Some(&seller.id),
        ticket: Some(&ticket.id),
        claim: Some(&claim.id),
        from_name: &seller.name,
        to: &customer.email,
    };
    mailroom::queue(tx, act, &envelope, letter).map(|_| ())
}

fn case(
    conn: &mut Conn,
    act: &Act,
    seller: &Seller,
    ticket: &Ticket,
    claim: &Claim,
) -> Result<Case> {
    let about = match &claim.order_id {
        Some(order) => format!("order {}", orders::find(conn, order)?.number),
        None => "your balance".to_owned(),
    };
    Ok(Case {
        signature: Signature {
            name: seller.name.clone(),
            site: act.site.clone(),
        },
        claim: claim.number.clone(),
        ticket: ticket.number.clone(),
        about,
        policy: seller.policy.clone(),
    })
}

fn moment(zone: Tz, at: chrono::DateTime<chrono::Utc>) -> Moment {
    Moment { at, zone }
}

fn expected(standing: &Standing) -> Option<String> {
    let assessment = &standing.assessment;
    let amount = assessment.amount.filter(|amount| amount.is_positive())?;
    matches!(
        assessment.outcome,
        Outcome::Eligible | Outcome::NeedsEvidence | Outcome::NeedsReview
    )
    .then(|| money(&standing.claim, amount))
}

fn first(action: NextAction) -> Option<String> {
    let words = match action {
        NextAction::StopOrder => {
            "First we try to stop the order; what was not delivered by then is what a refund is about."
        }
        NextAction::Refill => {
            "First we refill what has dropped; a refund is about what cannot be refilled."
        }
        NextAction::FixDefect => "First our technicians try to fix the defect.",
        NextAction::Resend => "First we send the product to you again.",
        NextAction::None => return None,
    };
    Some(words.to_owned())
}

fn promises(zone: Tz, assessment: &Assessment) -> Vec<Promise> {
    let told = assessment
        .deadlines
        .iter()
        .filter(|deadline| deadline.kind != ClockKind::BankCredit);
    let promise = |deadline: &crate::rules::assessment::Deadline| Promise {
        what: promised(deadline.kind).to_owned(),
        by: moment(zone, deadline.due_at),
        firmness: deadline.firmness,
    };
    told.map(promise).collect()
}

fn promised(kind: ClockKind) -> &'static str {
    match kind {
        ClockKind::FirstResponse => "First answer",
        ClockKind::Decision => "Decision",
        ClockKind::Cure => "Repair",
        ClockKind::Payout => "Payout",
        ClockKind::Completion => "Everything done",
        ClockKind::BankCredit => "On your card",
    }
}

fn share(
    zone: Tz,
    standing: &Standing,
    payment: &Payment,
    labels: &HashMap<String, String>,
) -> Share {
    let currency = payment.currency.map_or_else(
        || standing.claim.currency.clone(),
        |currency| currency.code().to_owned(),
    );
    let amount = shown(payment.amount, &currency);
    match payment.to {
        Destination::AccountBalance => Share {
            amount,
            to: "your balance".to_owned(),
            arrives: Arrival::Now,
        },
        Destination::OriginalPaymentMethod => Share {
            amount,
            to: payment.method.as_deref().map_or_else(
                || "your payment method".to_owned(),
                |method| label(labels, method),
            ),
            arrives: arrival(zone, standing),
        },
        Destination::AlternativeMethod => Share {
            amount,
            to: "the way we agree on with you".to_owned(),
            arrives: Arrival::Unpromised,
        },
    }
}

/// What goes the same way is told as one amount, however many deposits it comes from.
fn together(payments: &[Payment]) -> Vec<Payment> {
    let mut ways: Vec<Payment> = Vec::new();
    for payment in payments {
        let same = |way: &&mut Payment| {
            (way.to, &way.method, way.currency) == (payment.to, &payment.method, payment.currency)
        };
        match ways.iter_mut().find(same) {
            Some(way) => way.amount = way.amount.plus(payment.amount),
            None => ways.push(payment.clone()),
        }
    }
    ways
}

fn arrival(zone: Tz, standing: &Standing) -> Arrival {
    let payout = standing
        .assessment
        .deadlines
        .iter()
        .find(|deadline| deadline.kind == ClockKind::Payout);
    payout.map_or(Arrival::Unpromised, |deadline| {
        Arrival::Promised(Promise {
            what: promised(deadline.kind).to_owned(),
            by: moment(zone, deadline.due_at),
            firmness: deadline.firmness,
        })
    })
}

/// How the amount comes about, as the pages show it, and the total.
fn sum(policy: &Policy, facts: &Facts, standing: &Standing, amount: Amount) -> Vec<Step> {
    let (claim, assessment) = (&standing.claim, &standing.assessment);
    let computed = assessment.amount.map_or(amount.e8(), Amount::e8);
    let paid = facts.order.as_ref().and_then(judged);
    let rows = sum::rows(
        policy,
        &claim.currency,
        paid.as_ref(),
        assessment,
        computed,
        Some(amount.e8()),
    );
    let mut steps: Vec<Step> = rows
        .into_iter()
        .map(|row| Step {
            words: row.label,
            workings: row.workings,
            clauses: row.clauses,
            amount: money(claim, Amount::from_e8(row.e8)),
        })
        .collect();
    steps.push(Step {
        words: "Refund".to_owned(),
        amount: money(claim, amount),
        ..Step::default()
    });
    steps
}

fn judged(order: &Judged) -> Option<sum::Paid> {
    let quantity = u64::try_from(order.quantity?).ok();
    let told = order.remains.map(|told| u64::try_from(told).unwrap_or(0));
    Some(sum::Paid {
        charge_e8: order.charge?.e8(),
        refunded_e8: order.refunded.map_or(0, Amount::e8),
        quantity,
        remains: told
            .zip(quantity)
            .map(|(told, quantity)| told.min(quantity)),
    })
}

/// The clauses with one of these results that say something about this claim, in the policy's own words. One that only repeats its
/// text is on the policy's page, and how a text is read is told with the clause that it helps to read.
fn lines(policy: &Policy, assessment: &Assessment, results: &[Met]) -> Vec<Line> {
    let chosen = assessment
        .clauses
        .iter()
        .filter(|finding| results.contains(&finding.result));
    let lines = chosen.filter_map(|finding| line(policy, finding));
    lines.filter(|line| !line.detail.is_empty()).collect()
}

/// A clause and what it comes to here, which is nothing where it only says its own words again.
fn line(policy: &Policy, finding: &Finding) -> Option<Line> {
    // A finding may name a lettered part of a clause.
    let whole = finding
        .id
        .trim_end_matches(|letter: char| letter.is_ascii_lowercase());
    let clause = policy
        .clause(&finding.id)
        .or_else(|| policy.clause(whole))?;
    let repeats = finding.detail.trim() == clause.words.trim();
    Some(Line {
        clause: clause.id.clone(),
        heading: clause.heading.clone(),
        words: clause.words.clone(),
        detail: if repeats {
            String::new()
        } else {
            finding.detail.clone()
        },
        excludes: clause.kind == ClauseKind::Exclusion,
        result: finding.result,
    })
}

/// A detail as a sentence of its own.
fn sentence(detail: &str) -> String {
    let mut letters = detail.trim().chars();
    let text: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(letters)
        .collect();
    if text.ends_with(['.', '!', '?']) {
        text
    } else {
        format!("{text}.")
    }
}

/// What the customer's payment methods are called, by reference.
fn labels(conn: &mut Conn, claim: &Claim) -> Result<HashMap<String, String>> {
    let methods = crate::db::deposits::methods_of(conn, &claim.seller_id, &claim.customer_id)?;
    Ok(methods
        .into_iter()
        .map(|method| (method.reference, method.label))
        .collect())
}

/// Where a payout goes, after "to".
fn whereto(labels: &HashMap<String, String>, payout: &Payout) -> String {
    if payout.goes_another_way() {
        return "you another way, agreed with you".to_owned();
    }
    label(labels, &payout.method)
}

fn label(labels: &HashMap<String, String>, method: &str) -> String {
    labels
        .get(method)
        .cloned()
        .unwrap_or_else(|| method.to_owned())
}
