//! Panels: a seller's panel is connected, orders are known to it by its own numbers, and what it says of them is heard. A status
//! becomes a line of the order's history by the same verb as an import; what does not read changes nothing and is kept as the
//! order's problem. Nothing here asks the panel: the worker does, outside of any transaction.

pub mod requests;

use chrono::{DateTime, Duration, Utc};

use super::deposits::Kept;
use super::events::{Happened, record};
use super::{claims, ledger, orders};
use crate::act::Act;
use crate::db::orders::{self as purchases, Order, Progress};
use crate::db::panels::{self as rows, Panel, PanelOrder};
use crate::db::sellers::Seller;
use crate::db::{Tx, already};
use crate::error::{Error, Fields, Result};
use crate::ids::{OrderId, SellerId};
use crate::rules::facts::{CanceledBy, Status};
use crate::rules::lifecycle::request::Action;

/// How far apart a panel is asked about the same order.
const EVERY: Duration = Duration::minutes(5);
/// The longest wait after an answer about an order did not read.
const LONGEST: Duration = Duration::days(1);
/// The longest address and key, in characters.
const LONGEST_TEXT: usize = 500;

/// Connects a seller's panel. The key is stored as it is, and neither logged nor shown again.
///
/// # Errors
/// `Invalid` for an address that is none, or an empty key.
pub fn connect(tx: &mut Tx, act: &Act, seller: &Seller, url: &str, key: &str) -> Result<()> {
    let (url, key) = (url.trim(), key.trim());
    let mut fields = Fields::new();
    let host = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    let is_address = host.is_some_and(|rest| {
        let plain = |byte: u8| byte.is_ascii_graphic();
        !rest.is_empty() && !rest.starts_with('/') && rest.bytes().all(plain)
    });
    if !is_address || url.len() > LONGEST_TEXT {
        fields.add(
            "url",
            "Use the address of the panel's API, such as https://panel.example/api/v2",
        );
    }
    if key.is_empty() || key.len() > LONGEST_TEXT || key.chars().any(char::is_control) {
        fields.add(
            "key",
            "Use the key from the panel's account page, on one line",
        );
    }
    fields.done()?;
    let panel = Panel {
        seller_id: seller.id.clone(),
        url: url.to_owned(),
        api_key: key.to_owned(),
        connected_at: act.at.into(),
        next_at: act.at.into(),
        lease: None,
        failures: 0,
        problem: None,
        answered_at: None,
    };
    rows::set_panel(tx, &panel)?;
    let words = format!("{} connected the panel at {url}.", act.who.label());
    record(tx, act, Happened::new(&seller.id, "panel_connected", words))?;
    Ok(())
}

/// What the seller's panel calls an order.
///
/// # Errors
/// `Invalid` on `panel_order` for a name that no panel gives, or that is another order's.
pub fn name_order(tx: &mut Tx, act: &Act, order: &Order, reference: &str) -> Result<Kept> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !reference.bytes().all(is_name) {
        let words = "must be the panel's own number: letters and digits";
        return Err(Error::invalid("panel_order", words));
    }
    if let Some(other) = rows::by_reference(tx, &order.seller_id, reference)?
        .filter(|known| known.order_id != order.id)
    {
        let other = purchases::find(tx, &other.order_id)?;
        let words = format!("is the number of order {} already", other.reference);
        return Err(Error::invalid("panel_order", words));
    }
    let next = is_running(order.status).then_some(act.at);
    match rows::of_order(tx, &order.id)? {
        Some(known) if known.reference == reference => {
            if known.next_at.is_none() && next.is_some() {
                rows::set_asked(tx, &order.id, next, None)?;
            }
            return Ok(Kept::Same);
        }
        Some(_) => rows::set_reference(tx, &order.id, reference, next)?,
        None => {
            let new = PanelOrder {
                order_id: order.id.clone(),
                seller_id: order.seller_id.clone(),
                reference: reference.to_owned(),
                next_at: next.map(Into::into),
                failures: 0,
                problem: None,
                answered_at: None,
            };
            let inserted = rows::insert_panel_order(tx, &new);
            if already(&inserted) {
                return Err(Error::Stale);
            }
            inserted?;
        }
    }
    Ok(Kept::Changed)
}

fn is_running(status: Status) -> bool {
    matches!(
        status,
        Status::Pending | Status::Processing | Status::InProgress
    )
}

/// The orders that the panel is to be asked about now, with its names for them. Those that have ended meanwhile, by whatever
/// door, are let go.
pub fn slice(
    tx: &mut Tx,
    act: &Act,
    seller: &SellerId,
    most: usize,
) -> Result<Vec<(OrderId, String)>> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    loop {
        let due = rows::due_orders(tx, seller, act.at, most)?;
        let ids: Vec<OrderId> = due.iter().map(|row| row.order_id.clone()).collect();
        let known = purchases::by_ids(tx, &ids)?;
        let (mut asked, mut ended) = (Vec::new(), Vec::new());
        for row in due {
            let mut known = known.iter();
            let runs = known.any(|order| order.id == row.order_id && is_running(order.status));
            if runs || is_awaited(tx, &row)? {
                asked.push(row);
            } else {
                ended.push(row);
            }
        }
        for row in &ended {
            rows::set_asked(tx, &row.order_id, None, None)?;
        }
        if !asked.is_empty() || ended.is_empty() {
            let named = asked.into_iter().map(|row| (row.order_id, row.reference));
            return Ok(named.collect());
        }
    }
}

/// Whether its status is to say what became of a wish to cancel it.
fn is_awaited(tx: &mut Tx, row: &PanelOrder) -> Result<bool> {
    let open = crate::db::requests::open_of_order(tx, &row.order_id)?;
    Ok(open
        .iter()
        .any(|request| request.action == Action::Cancel && request.state.may_have_arrived()))
}

/// What the panel says of an order that runs: its status as the panel spells it, and what remains. A clean end is credited at once
/// where the policy says so. An order that has ended here stays as it ended: the answer was on its way when it did.
pub fn hear(
    tx: &mut Tx,
    act: &Act,
    id: &OrderId,
    status: &str,
    remains: Option<i64>,
) -> Result<Kept> {
    let Some(status) = Status::from_spelling(status) else {
        let words = format!("The panel says {status:?}, which is no status that is known here.");
        unclear(tx, act, id, &words)?;
        return Ok(Kept::Same);
    };
    let order = purchases::find(tx, id)?;
    ledger::lock(tx, &order.seller_id)?;
    let order = purchases::bump_order(tx, id)?;
    rows::mark_order_answered(tx, id, act.at)?;
    let ours = requests::asked_to_cancel(tx, id)?;
    let awaited = requests::follow_status(tx, act, id, status)?;
    let next = (is_running(status) || awaited).then_some(act.at + EVERY);
    if !is_running(order.status) {
        rows::set_asked(tx, id, next.filter(|_| awaited), None)?;
        return Ok(Kept::Same);
    }
    rows::set_asked(tx, id, next, None)?;
    let mut told = beside_the_known(&order.progress(), status, remains);
    if ours && !is_running(status) && status != Status::Completed {
        told.canceled_by = Some(CanceledBy::Customer);
    }
    let kept = orders::record_status(tx, act, id, &told, "panel", act.at)?;
    if matches!(status, Status::Partial | Status::Canceled) {
        claims::credit_result(tx, act, id)?;
    }
    Ok(kept)
}

/// What remained belongs to its status, and is not known beyond it. Nobody here asked for the end of an order that its panel
/// cancels: that is the seller's system.
fn beside_the_known(known: &Progress, status: Status, remains: Option<i64>) -> Progress {
    let same = known.status == status;
    let remains = remains.map(|remains| remains.to_string());
    Progress {
        status,
        remains: remains.or_else(|| known.remains.clone().filter(|_| same)),
        canceled_by: (status == Status::Canceled).then_some(CanceledBy::System),
        ..known.clone()
    }
}

/// The panel's answer about an order does not read, or is a refusal: nothing changes, and it is asked again ever later.
pub fn unclear(tx: &mut Tx, act: &Act, id: &OrderId, why: &str) -> Result<()> {
    let failures = rows::of_order(tx, id)?.map_or(0, |row| row.failures);
    Ok(rows::set_asked(
        tx,
        id,
        Some(later(act.at, EVERY, failures, LONGEST)),
        Some(why),
    )?)
}

/// Twice the wait after each failure, up to the longest.
pub fn later(
    now: DateTime<Utc>,
    first: Duration,
    failures: i64,
    longest: Duration,
) -> DateTime<Utc> {
    let doublings = u32::try_from(failures.clamp(0, 20)).unwrap_or(20);
    let wait = i32::checked_pow(2, doublings).and_then(|times| first.checked_mul(times));
    now + wait.map_or(longest, |wait| wait.min(longest))
}
