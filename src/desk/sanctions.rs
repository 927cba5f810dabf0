//! What follows for a customer from a chargeback. The rules say what the text allows (`rules::conduct`); whether anything follows,
//! what, and until when, is decided by a person, told to the customer with the clause and the reason, and can be lifted again.
//!
//! A suspension, a closure and a block end what happens without a person: an order cancelled and paid at once. They take no refund
//! away, because no text says so (I19): whoever is sanctioned can still ask, and a person answers. A fee is asked for, never taken.

use chrono::{DateTime, Utc};

use super::disputes::{circumstances, mark, must, paid_at};
use super::events::{Happened, record};
use super::mailroom::{self, Envelope};
use super::{ledger, policies};
use crate::act::Act;
use crate::db::disputes::{self as chargebacks, Dispute};
use crate::db::policies as versions;
use crate::db::sanctions::{self as rows, Kept, Lift, Sanction};
use crate::db::sellers::{self, Seller};
use crate::db::{Conn, Tx, already, bump_counter, people};
use crate::error::{Code, Error, Fields, Result};
use crate::ids::{DisputeId, PersonId, SanctionId, SellerId};
use crate::letters::Letter;
use crate::letters::parts::{Moment, Prose, Signature};
use crate::letters::sanctions::{Lifted, Sanctioned};
use crate::plain;
use crate::rules::clauses::SanctionStep;
use crate::rules::conduct::{Advice, advise};
use crate::rules::policy::Policy;
use crate::rules::rights::Verb;
use crate::rules::{display, facts};

/// What a person decides.
#[derive(Debug, Clone)]
pub struct New {
    pub dispute: DisputeId,
    pub step: SanctionStep,
    pub reason: String,
    /// `None`: at once.
    pub starts_at: Option<DateTime<Utc>>,
    /// `None`: until it is lifted.
    pub ends_at: Option<DateTime<Utc>>,
    /// What a fee asks for, in the dispute's currency.
    pub amount_e8: Option<i64>,
}

/// What the text that governs the payment allows because of this chargeback, and what is suggested.
pub fn advice(conn: &mut Conn, dispute: &Dispute, now: DateTime<Utc>) -> Result<Advice> {
    let policy = governing(conn, dispute)?;
    let known = circumstances(conn, dispute)?;
    let fact = known.as_fact(dispute)?;
    let mut earlier: Vec<facts::Dispute> = Vec::new();
    for other in chargebacks::of_customer(conn, &dispute.customer_id)? {
        if other.seller_id == dispute.seller_id && other.id != dispute.id {
            earlier.push(circumstances(conn, &other)?.as_fact(&other)?);
        }
    }
    let taken: Vec<SanctionStep> = standing(conn, &dispute.seller_id, &dispute.customer_id, now)?
        .iter()
        .filter_map(|kept| SanctionStep::from_word(&kept.sanction.kind))
        .collect();
    Ok(advise(policy.as_ref(), &fact, &earlier, &taken))
}

/// The version that was in force when the payment was made, and no other (I1).
fn governing(conn: &mut Conn, dispute: &Dispute) -> Result<Option<Policy>> {
    let seller = sellers::find(conn, &dispute.seller_id)?;
    let shelf = policies::shelf(conn, &seller.policy)?;
    let Some(at) = paid_at(conn, dispute)? else {
        return Ok(None);
    };
    let found = shelf.in_force_in(&seller.policy, at, seller.own_zone());
    Ok(found.cloned())
}

/// The customer's sanctions at a seller that hold or are still to come, the oldest first.
pub fn standing(
    conn: &mut Conn,
    seller: &SellerId,
    customer: &PersonId,
    now: DateTime<Utc>,
) -> Result<Vec<Kept>> {
    let mut kept = rows::of_customer(conn, customer, Some(seller))?;
    kept.retain(|kept| !kept.is_over(now));
    Ok(kept)
}

/// Whether what happens without a person has ended for the customer at this seller.
pub fn restrains(
    conn: &mut Conn,
    seller: &SellerId,
    customer: &PersonId,
    now: DateTime<Utc>,
) -> Result<bool> {
    let kept = standing(conn, seller, customer, now)?;
    let restraining = |kept: &&Kept| kept.sanction.kind != SanctionStep::Fee.word();
    Ok(kept.iter().filter(restraining).any(|kept| kept.holds(now)))
}

/// Decides a sanction, under the clause that allows it, and tells the customer.
///
/// # Errors
/// `Forbidden` without the right, `Stale` where the dispute is not any more what the page had shown, `Invalid` without a reason, for
/// days that cannot be or a fee without an amount; `Refused`: `AlreadyDone` where such a one holds, `IllegalStep` for what the text
/// does not allow.
pub fn sanction(tx: &mut Tx, act: &Act, seen: &str, new: &New) -> Result<Sanction> {
    let dispute = chargebacks::find(tx, &new.dispute)?;
    let person = act.person().ok_or(Error::Forbidden)?;
    must(act, &dispute.seller_id, Verb::Sanction)?;
    ledger::lock(tx, &dispute.seller_id)?;
    let dispute = chargebacks::find(tx, &new.dispute)?;
    if mark(tx, &dispute)? != seen {
        return Err(Error::Stale);
    }
    let starts_at = sound(act, new)?;
    let standing = standing(tx, &dispute.seller_id, &dispute.customer_id, act.at)?;
    let same = |kept: &&Kept| kept.sanction.kind == new.step.word();
    if let Some(kept) = standing.iter().find(same) {
        let words = format!(
            "{} is of this kind and holds already.",
            kept.sanction.number
        );
        return Err(Error::refused_because(Code::AlreadyDone, words));
    }
    let advice = advice(tx, &dispute, act.at)?;
    let clause = advice.clause.clone().filter(|_| advice.allows(new.step));
    let (Some(clause), Some(policy)) = (clause, governing(tx, &dispute)?) else {
        let words = format!("The policy does not allow this step. {}", advice.because);
        return Err(Error::refused_because(Code::IllegalStep, words));
    };
    let version = versions::versions(tx, &policy.id)?
        .into_iter()
        .find(|row| row.version == policy.version)
        .ok_or_else(|| Error::broken(format!("{} is not published", policy.version)))?;
    let is_fee = new.step == SanctionStep::Fee;
    let sanction = Sanction {
        id: SanctionId::new(act.at),
        number: format!("S-{}", bump_counter(tx, "sanction")?),
        seller_id: dispute.seller_id.clone(),
        customer_id: dispute.customer_id.clone(),
        dispute_id: dispute.id.clone(),
        kind: new.step.word().to_owned(),
        policy_id: version.id,
        clause,
        reason: plain::block(&new.reason),
        starts_at: starts_at.into(),
        ends_at: new.ends_at.map(Into::into),
        currency: is_fee.then(|| dispute.currency.clone()),
        amount_e8: new.amount_e8.filter(|_| is_fee),
        decided_by: person.id.to_string(),
        decided_by_label: person.name.clone(),
        at: act.at.into(),
    };
    rows::insert_sanction(tx, &sanction)?;
    let words = format!(
        "{} decided {}: {}, under {}. {}",
        person.name,
        sanction.number,
        named(new.step),
        sanction.clause,
        plain::line(&sanction.reason, 300),
    );
    let happened = Happened::new(&dispute.seller_id, "sanctioned", words)
        .on_order(dispute.order_id.as_ref())
        .with((&dispute.number, &sanction.number))?;
    record(tx, act, happened)?;
    tell(tx, act, &dispute, &sanction, &policy)?;
    Ok(sanction)
}

/// What cannot be; the instant of its beginning.
fn sound(act: &Act, new: &New) -> Result<DateTime<Utc>> {
    let mut problems = Fields::new();
    if plain::block(&new.reason).is_empty() {
        problems.add("reason", "Say why, in words that the customer will read");
    }
    let starts_at = new.starts_at.unwrap_or(act.at);
    if starts_at < act.at {
        problems.add(
            "starts_at",
            "It cannot begin in the past; leave it empty for at once",
        );
    }
    if new.ends_at.is_some_and(|end| end <= starts_at) {
        problems.add("ends_at", "This must lie after its beginning");
    }
    if new.step == SanctionStep::Fee && new.amount_e8.is_none_or(|amount| amount <= 0) {
        problems.add("amount", "Enter what the processor charged");
    }
    problems.done()?;
    Ok(starts_at)
}

/// Ends a sanction before its time, and tells the customer.
///
/// # Errors
/// `Forbidden` without the right, `Invalid` without a reason, `Refused(AlreadyDone)` for one that is over.
pub fn lift(tx: &mut Tx, act: &Act, kept: &Kept, reason: &str) -> Result<()> {
    let sanction = &kept.sanction;
    let person = act.person().ok_or(Error::Forbidden)?;
    must(act, &sanction.seller_id, Verb::Sanction)?;
    let reason = plain::block(reason);
    if reason.is_empty() {
        return Err(Error::invalid("reason", "Say why it is lifted"));
    }
    let over = || {
        let words = format!("{} is over already; nothing was changed.", sanction.number);
        Error::refused_because(Code::AlreadyDone, words)
    };
    if kept.is_over(act.at) {
        return Err(over());
    }
    let lift = Lift {
        sanction_id: sanction.id.clone(),
        reason,
        lifted_by: person.id.to_string(),
        lifted_by_label: person.name.clone(),
        at: act.at.into(),
    };
    let inserted = rows::insert_lift(tx, &lift);
    if already(&inserted) {
        return Err(over());
    }
    inserted?;
    let dispute = chargebacks::find(tx, &sanction.dispute_id)?;
    let words = format!(
        "{} lifted {}. {}",
        person.name,
        sanction.number,
        plain::line(&lift.reason, 300)
    );
    let happened = Happened::new(&sanction.seller_id, "sanction_lifted", words)
        .on_order(dispute.order_id.as_ref())
        .with((&dispute.number, &sanction.number))?;
    record(tx, act, happened)?;
    tell_lifted(tx, act, sanction, &lift)
}

/// What a step is called.
pub fn named(step: SanctionStep) -> &'static str {
    match step {
        SanctionStep::Suspension => "the account is suspended",
        SanctionStep::Closure => "the account is closed",
        SanctionStep::Block => "the account is blocked",
        SanctionStep::Fee => "the processor's fee is asked for",
    }
}

/// What it comes to for the customer, in a sentence.
pub fn effect(step: SanctionStep) -> &'static str {
    match step {
        SanctionStep::Suspension | SanctionStep::Closure | SanctionStep::Block => {
            "Orders are not cancelled or refunded by themselves meanwhile. You can still ask for a refund: a person answers it."
        }
        SanctionStep::Fee => {
            "The processor charged us this for the chargeback. Nothing is taken from your balance for it."
        }
    }
}

fn tell(
    tx: &mut Tx,
    act: &Act,
    dispute: &Dispute,
    sanction: &Sanction,
    policy: &Policy,
) -> Result<()> {
    let seller = sellers::find(tx, &sanction.seller_id)?;
    let zone = policies::zone(tx, &seller, act.at)?;
    let step = SanctionStep::from_word(&sanction.kind)
        .ok_or_else(|| Error::broken(format!("a sanction of kind {}", sanction.kind)))?;
    let moment = |at: DateTime<Utc>| Moment { at, zone };
    let clause = policy.clause(&sanction.clause);
    let fee = sanction.amount_e8.zip(sanction.currency.as_deref());
    let letter = Sanctioned {
        signature: signature(act, &seller),
        number: sanction.number.clone(),
        what: named(step).to_owned(),
        effect: effect(step).to_owned(),
        from: moment(sanction.starts_at.utc()),
        until: sanction.ends_at.map(|end| moment(end.utc())),
        fee: fee.map(|(e8, currency)| display::money(e8, currency)),
        disputed: display::money(dispute.amount_e8, &dispute.currency),
        opened: moment(dispute.opened_at.utc()),
        policy: policy.id.clone(),
        version: policy.version.clone(),
        clause: sanction.clause.clone(),
        words: clause.map_or(String::new(), |clause| clause.words.clone()),
        reason: Prose::new(&sanction.reason),
    };
    queue(tx, act, &seller, sanction, "sanctioned", letter.letter()?)
}

fn tell_lifted(tx: &mut Tx, act: &Act, sanction: &Sanction, lift: &Lift) -> Result<()> {
    let seller = sellers::find(tx, &sanction.seller_id)?;
    let zone = policies::zone(tx, &seller, act.at)?;
    let step = SanctionStep::from_word(&sanction.kind)
        .ok_or_else(|| Error::broken(format!("a sanction of kind {}", sanction.kind)))?;
    let letter = Lifted {
        signature: signature(act, &seller),
        number: sanction.number.clone(),
        what: named(step).to_owned(),
        at: Moment {
            at: lift.at.utc(),
            zone,
        },
        reason: Prose::new(&lift.reason),
    };
    queue(
        tx,
        act,
        &seller,
        sanction,
        "sanction_lifted",
        letter.letter()?,
    )
}

fn signature(act: &Act, seller: &Seller) -> Signature {
    Signature {
        name: seller.name.clone(),
        site: act.site.clone(),
        is_read: false,
    }
}

fn queue(
    tx: &mut Tx,
    act: &Act,
    seller: &Seller,
    sanction: &Sanction,
    kind: &'static str,
    letter: Letter,
) -> Result<()> {
    let customer = people::find(tx, &sanction.customer_id)?;
    let envelope = Envelope {
        key: format!("{}:{kind}", sanction.number),
        kind,
        seller: Some(&seller.id),
        ticket: None,
        claim: None,
        from_name: &seller.name,
        to: &customer.email,
    };
    mailroom::queue(tx, act, &envelope, letter).map(|_| ())
}
