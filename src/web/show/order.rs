//! An order in words: its state, its units, what the buyer was shown, how it was paid.

use std::collections::HashMap;

use serde_json::Value;

use crate::db::orders::{BALANCE, Order, UNKNOWN_METHOD};
use crate::db::payouts::Payout;
use crate::error::Result;
use crate::rules::facts::Status;
use crate::rules::money;
use crate::rules::policy::Policy;
use crate::rules::sum::{Paid, verb};
use crate::web::filters;
use crate::web::parts::{Amount, Badge, Row, Share, Tone};

/// What the customer's payment methods are called, by reference.
pub type Labels = HashMap<String, String>;

pub fn badge(status: Status) -> Badge {
    match status {
        Status::Pending => Badge::with_icon(Tone::Paused, "hourglass", "Not started"),
        Status::Processing => Badge::new(Tone::Accent, "Being started"),
        Status::InProgress => Badge::new(Tone::Accent, "In progress"),
        Status::Partial => Badge::new(Tone::Warn, "Partly delivered"),
        Status::Completed => Badge::new(Tone::Ok, "Completed"),
        Status::Canceled => Badge::with_icon(Tone::Neutral, "ban", "Cancelled"),
    }
}

/// "600 of 1,000 delivered"; what is not known is not said.
pub fn units(order: &Order, policy: &Policy) -> String {
    let Some(quantity) = quantity(order).filter(|quantity| *quantity > 1) else {
        return String::new();
    };
    match remains(order, quantity) {
        Some(remains) => {
            let done = filters::count(quantity - remains);
            format!("{done} of {} {}", filters::count(quantity), verb(policy))
        }
        None => format!("{} ordered", filters::count(quantity)),
    }
}

/// The money and the units as the rows of a sum need them; None where what was paid is not known.
pub fn paid(order: &Order) -> Option<Paid> {
    let quantity = quantity(order);
    Some(Paid {
        charge_e8: order.charge_e8?,
        refunded_e8: order.refunded_e8,
        quantity,
        remains: quantity.and_then(|quantity| remains(order, quantity)),
    })
}

/// What was left at a line of the history: "400 still to come", "400 not delivered"; nothing where it goes without saying.
pub fn left(order: &Order, status: Status, told: Option<&str>) -> String {
    let then = Order {
        remains: told.map(str::to_owned),
        ..order.clone()
    };
    let quantity = quantity(order).filter(|quantity| *quantity > 1);
    let Some(left) = quantity.and_then(|quantity| remains(&then, quantity)) else {
        return String::new();
    };
    match status {
        Status::Pending | Status::Processing => String::new(),
        Status::Completed if left == 0 => String::new(),
        Status::InProgress => format!("{} still to come", filters::count(left)),
        _ => format!("{} not delivered", filters::count(left)),
    }
}

fn quantity(order: &Order) -> Option<u64> {
    u64::try_from(order.quantity?).ok()
}

/// Within what was ordered, whatever was told.
fn remains(order: &Order, quantity: u64) -> Option<u64> {
    let told = order.remains.as_deref()?.trim().parse::<i64>().ok()?;
    Some(u64::try_from(told.max(0)).unwrap_or(0).min(quantity))
}

/// Units and money on one scale, in the words of what was bought, once there is something to divide.
pub fn share(order: &Order, policy: &Policy) -> Option<Share> {
    let quantity = quantity(order).filter(|quantity| *quantity > 1)?;
    let has_begun = order.status != Status::Pending;
    let remains = remains(order, quantity).filter(|_| has_begun)?;
    let mut share = super::claim::share(order)?;
    let verb = verb(policy);
    share.delivered = format!("{} {verb}", filters::count(quantity - remains));
    share.undelivered = format!("{} not {verb}", filters::count(remains));
    Some(share)
}

/// What the buyer was shown at the purchase, frozen since; nothing where nothing was.
pub fn shown_at_purchase(order: &Order) -> Result<Vec<Row>> {
    let shown: Value = serde_json::from_str(&order.snapshot_json)?;
    let mut rows = Vec::new();
    let mut say = |label: &str, words: Option<String>| {
        if let Some(words) = words {
            rows.push(Row::text(label, &words));
        }
    };
    let either = |name: &str, yes: &str, no: &str| {
        let shown = shown[name].as_bool();
        shown.map(|is| if is { yes } else { no }.to_owned())
    };
    say("Refill", refill(&shown["refill"]));
    say(
        "Once it has started",
        either("refundable_once_started", "Can be refunded", "Not refunded"),
    );
    say("Return", either("returnable", "Possible", "Excluded"));
    say(
        "Limits",
        either("limits_disclosed", "Shown before you paid", "Not shown"),
    );
    let works_with = shown["compatible_with"].as_array().map(|list| {
        let names = list.iter().filter_map(Value::as_str);
        names.collect::<Vec<_>>().join(", ")
    });
    say("Works with", works_with.filter(|names| !names.is_empty()));
    Ok(rows)
}

fn refill(shown: &Value) -> Option<String> {
    match (shown.as_str(), shown.as_u64()) {
        (Some("none"), _) => Some("None".to_owned()),
        (Some("lifetime"), _) => Some("For as long as the service is offered".to_owned()),
        (_, Some(days)) => Some(format!("For {}", filters::plural(days, "day", "days"))),
        _ => None,
    }
}

/// How it was paid, a line a part; "not known" where nobody told.
pub fn paid_with(order: &Order, labels: &Labels) -> Result<Vec<String>> {
    let Some(parts) = order.parts()? else {
        return Ok(vec!["Not known".to_owned()]);
    };
    let line = |part: &crate::db::orders::Part| {
        let amount = filters::money(part.amount.e8(), &order.currency);
        format!("{amount} from {}", method(&part.method, labels))
    };
    Ok(parts.iter().map(line).collect())
}

/// A payment method as its owner knows it.
pub fn method(reference: &str, labels: &Labels) -> String {
    match reference {
        BALANCE => "your balance".to_owned(),
        UNKNOWN_METHOD => "a payment method".to_owned(),
        other => labels
            .get(other)
            .cloned()
            .unwrap_or_else(|| other.to_owned()),
    }
}

/// Where a payout goes, as its owner reads it after "to".
pub fn goes_to(payout: &Payout, labels: &Labels) -> String {
    if payout.goes_another_way() {
        return "you another way, agreed with you".to_owned();
    }
    method(&payout.method, labels)
}

/// The charge, where it is known.
pub fn charge(order: &Order) -> Amount {
    Amount::new(order.charge_e8.unwrap_or(0), &order.currency)
}

/// The order as the facts had it: what was left of it, and what had come back.
pub fn as_judged(order: Order, facts_json: &str) -> Result<Order> {
    let facts: Value = serde_json::from_str(facts_json)?;
    let then = &facts["order"];
    let refunded = then["refunded"].as_str();
    let refunded = refunded.and_then(|text| money::Amount::parse(text).ok());
    Ok(Order {
        refunded_e8: refunded.map_or(0, money::Amount::e8),
        remains: match &then["remains"] {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        },
        ..order
    })
}
