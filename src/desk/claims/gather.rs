//! Gathers everything the rules may look at for one claim into `Facts`: the order as it stands, the balance's history, the
//! customer, the seller's settings, evidence, an open dispute, and the facts that people established.
//!
//! It is built as the claim document of `redress assess` and read by the same strict reader, so that what the desk assesses can be
//! put on the command line unchanged.

use chrono::{DateTime, Days, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use crate::db::claims::{self as rows, Claim, Evidence};
use crate::db::columns::At;
use crate::db::history::{self, Entry};
use crate::db::orders::{self, Order};
use crate::db::sellers::{self, Seller};
use crate::db::{Conn, disputes, people};
use crate::desk::calendars;
use crate::desk::disputes::circumstances;
use crate::desk::sanctions::restrains;
use crate::error::{Error, Result};
use crate::rules::facts::{self as reader, Facts};
use crate::rules::money::Amount;

/// The facts of a claim as they are known at `as_of`; `approved_at` starts the clocks of a payout.
pub fn facts(
    conn: &mut Conn,
    claim: &Claim,
    as_of: DateTime<Utc>,
    approved_at: Option<DateTime<Utc>>,
) -> Result<Facts> {
    facts_on(conn, claim, &[], as_of, approved_at)
}

/// The same under further facts, as if they had been established: dotted paths and JSON values.
pub fn facts_on(
    conn: &mut Conn,
    claim: &Claim,
    further: &[(String, Value)],
    as_of: DateTime<Utc>,
    approved_at: Option<DateTime<Utc>>,
) -> Result<Facts> {
    let seller = sellers::find(conn, &claim.seller_id)?;
    let order = match &claim.order_id {
        Some(id) => Some(orders::find(conn, id)?),
        None => None,
    };
    let evidence = rows::evidence(conn, &claim.id)?;
    facts_with(
        conn,
        claim,
        &seller,
        order.as_ref(),
        &evidence,
        further,
        as_of,
        approved_at,
    )
}

#[allow(clippy::too_many_arguments)]
pub fn facts_with(
    conn: &mut Conn,
    claim: &Claim,
    seller: &Seller,
    order: Option<&Order>,
    evidence: &[Evidence],
    further: &[(String, Value)],
    as_of: DateTime<Utc>,
    approved_at: Option<DateTime<Utc>>,
) -> Result<Facts> {
    let customer = people::find(conn, &claim.customer_id)?;
    let received_at = claim.received_at.utc();
    let mut document = json!({
        "id": claim.number,
        "policy": seller.policy,
        "ground": claim.ground,
        "received_at": instant(claim.received_at),
        "as_of": written(as_of.max(received_at)),
        "channel": claim.channel,
        "reason": claim.reason,
        "evidence": evidence.iter().map(|row| json!({"kind": row.kind, "received_at": instant(row.received_at)})).collect::<Vec<_>>(),
        "requested": claim.requested_e8.map(decimal),
        "remedy_choice": claim.remedy_choice,
        "approved_at": approved_at.map(written),
        "seller": settings(conn, seller, as_of)?,
        "customer": {"verified": customer.verified, "suspended": restrains(conn, &claim.seller_id, &claim.customer_id, as_of)?},
        "dispute": dispute(conn, claim)?,
    });
    let mut told_at = None;
    match order {
        Some(order) => {
            document["order"] = bought(order)?;
            told_at = orders::history(conn, &order.id)?.last().map(|line| line.at);
        }
        None => document["account"] = account(conn, claim)?,
    }
    let record = document["order"].clone();
    for fact in rows::facts(conn, &claim.id)? {
        if told_at.is_some_and(|told_at| told_at > fact.at) && knows(&record, &fact.name) {
            continue;
        }
        lay(
            &mut document,
            &fact.name,
            serde_json::from_str(&fact.value_json)?,
        )?;
    }
    for (name, value) in further {
        lay(&mut document, name, value.clone())?;
    }
    let shelf = crate::desk::policies::shelf(conn, &seller.policy)?;
    reader::read_on(&shelf, &document.to_string()).map_err(|refusal| unreadable(refusal, further))
}

/// Whether the seller's own record of the order says this. What a person found out holds until the record speaks again.
fn knows(record: &Value, fact: &str) -> bool {
    let path = fact.strip_prefix("order.");
    path.is_some_and(|path| {
        record
            .pointer(&format!("/{}", path.replace('.', "/")))
            .is_some_and(|value| !value.is_null())
    })
}

/// A fact that a person just typed is theirs to mend; anything else is data of ours that should not be there.
fn unreadable(refusal: reader::Refusal, further: &[(String, Value)]) -> Error {
    if further
        .iter()
        .any(|(name, _)| refusal.field.starts_with(name.as_str()))
    {
        return Error::invalid(refusal.field, refusal.message);
    }
    Error::broken(format!(
        "a claim's facts do not read: {} {}",
        refusal.field, refusal.message
    ))
}

/// Lays a value at a dotted path, making the objects on the way.
fn lay(document: &mut Value, path: &str, value: Value) -> Result<()> {
    let mut place = document;
    for key in path.split('.') {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        place = match place.as_object_mut() {
            Some(object) => object.entry(key).or_insert(Value::Null),
            None => return Err(Error::broken(format!("no place for the fact {path}"))),
        };
    }
    *place = value;
    Ok(())
}

/// What the seller has set beside the text; a calendar of its own goes before single settings of days.
fn settings(conn: &mut Conn, seller: &Seller, as_of: DateTime<Utc>) -> Result<Value> {
    let document = |json: &Option<String>| -> Result<Value> {
        Ok(json
            .as_deref()
            .map(serde_json::from_str)
            .transpose()?
            .unwrap_or(Value::Null))
    };
    let day = as_of.date_naive();
    let own = match calendars::of_its_own(conn, seller, as_of)? {
        Some(calendar) => {
            let (first, last) = (day - Days::new(400), day + Days::new(1_000));
            json!([
                calendar.zone,
                calendar.holidays.between(first, last),
                calendar.hours
            ])
        }
        None => json!([seller.time_zone, document(&seller.holidays_json)?, null]),
    };
    Ok(json!({
        "time_zone": own[0],
        "holidays": own[1],
        "hours": own[2],
        "large_refund_threshold": seller.large_refund_threshold_e8.map(decimal),
        "fee_schedule": document(&seller.fee_schedule_json)?,
    }))
}

fn bought(order: &Order) -> Result<Value> {
    let snapshot: Value = serde_json::from_str(&order.snapshot_json)?;
    let paid_with: Value = order
        .paid_with_json
        .as_deref()
        .map(serde_json::from_str)
        .transpose()?
        .unwrap_or(Value::Null);
    Ok(json!({
        "id": order.reference,
        "placed_at": order.placed_at.map(instant),
        "status": order.status,
        "quantity": order.quantity,
        "remains": order.remains,
        "charge": order.charge_e8.map(decimal),
        "currency": order.currency,
        "tax_included": order.tax_included_e8.map(decimal),
        "refunded": decimal(order.refunded_e8),
        "paid_with": paid_with,
        "canceled_by": order.canceled_by,
        "period_ends_on": order.period_ends_on,
        "confirmed_at": order.confirmed_at.map(instant),
        "sent_at": order.sent_at.map(instant),
        "sms": order.sms,
        "sms_received_at": order.sms_received_at.map(instant),
        "items": order.items,
        "service": snapshot,
    }))
}

fn account(conn: &mut Conn, claim: &Claim) -> Result<Value> {
    let lines = history::of(conn, &claim.customer_id, &claim.seller_id, &claim.currency)?;
    let entries: Vec<Value> = lines
        .iter()
        .map(|line| entry(&line.entry, &instant(line.at)))
        .collect();
    Ok(json!({"currency": claim.currency, "entries": entries}))
}

fn entry(entry: &Entry, at: &str) -> Value {
    match entry {
        Entry::Deposit {
            reference,
            amount_e8,
            method,
            method_state,
            paid,
            surcharge_e8,
        } => json!({
            "kind": "deposit", "id": reference, "at": at, "amount": decimal(*amount_e8), "method": method,
            "method_status": method_state, "surcharge": surcharge_e8.map(decimal),
            "paid": paid.as_ref().map(|(e8, currency)| json!({"amount": decimal(*e8), "currency": currency})),
        }),
        Entry::Bonus {
            reference,
            amount_e8,
            expires_at,
        } => json!({
            "kind": "bonus", "id": reference, "at": at, "amount": decimal(*amount_e8), "expires_at": expires_at.map(instant),
        }),
        Entry::Order {
            reference,
            amount_e8,
        } => {
            json!({"kind": "order", "id": reference, "at": at, "amount": decimal(*amount_e8)})
        }
        Entry::OrderRefund { order, amount_e8 } => {
            json!({"kind": "order_refund", "order": order, "at": at, "amount": decimal(*amount_e8)})
        }
        Entry::Payout { deposit, amount_e8 } => {
            json!({"kind": "payout", "deposit": deposit, "at": at, "amount": decimal(*amount_e8)})
        }
    }
}

/// The dispute on what the claim is about: on the order's payment, or on a deposit of the balance. An open one goes before
/// a settled one.
fn dispute(conn: &mut Conn, claim: &Claim) -> Result<Value> {
    let mut found: Vec<disputes::Dispute> = match &claim.order_id {
        Some(order) => disputes::of_order(conn, order)?,
        None => disputes::of_balance(conn, &claim.customer_id, &claim.seller_id, &claim.currency)?,
    };
    found.sort_by_key(|dispute| {
        (
            dispute.status != "open",
            std::cmp::Reverse(dispute.opened_at),
        )
    });
    let Some(dispute) = found.into_iter().next() else {
        return Ok(Value::Null);
    };
    let deposit = match &dispute.deposit_id {
        Some(id) if claim.order_id.is_none() => Some(orders::deposit(conn, id)?.reference),
        _ => None,
    };
    let known = circumstances(conn, &dispute)?;
    Ok(json!({
        "status": dispute.status,
        "deposit": deposit,
        "amount": decimal(dispute.amount_e8),
        "reason": known.reason.value,
        "contacted_first": known.contacted_first.value,
        "answered_in_time": known.answered_in_time.value,
    }))
}

fn decimal(e8: i64) -> String {
    Amount::from_e8(e8).to_string()
}

fn instant(at: At) -> String {
    written(at.utc())
}

fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
