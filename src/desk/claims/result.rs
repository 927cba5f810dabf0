//! What a provider's own end of an order brings by itself (B15): where the policy's text says that such a result is credited
//! automatically, and it is clean, the policy asks on the customer's behalf and decides in the same breath. So there is a claim
//! with its assessment, a decision, a journal and the letters, as if somebody had asked; and a claim is decided once.

use super::{New, Standing, file, pays_at_once, preview};
use crate::act::{Act, Who};
use crate::db::orders::{self, Order};
use crate::db::{Tx, claims as rows, sellers};
use crate::desk::policies;
use crate::error::Result;
use crate::ids::OrderId;

/// Credits what a clean Partial or Canceled leaves undelivered, where the policy says so. Nothing where anything went back of the
/// order before or is disputed, and nothing where a request about it is open: then a person is looking at it already.
pub fn credit_result(tx: &mut Tx, act: &Act, id: &OrderId) -> Result<Option<Standing>> {
    let order = orders::find(tx, id)?;
    let is_open = rows::of_order(tx, id)?.iter().any(rows::Claim::is_open);
    if order.refunded_e8 > 0 || order.disputed_e8 > 0 || is_open {
        return Ok(None);
    }
    let seller = sellers::find(tx, &order.seller_id)?;
    let shelf = policies::shelf(tx, &seller.policy)?;
    let placed = order.placed_at.map_or(act.at, |at| at.utc());
    let Some(policy) = shelf.nearest(&seller.policy, placed, seller.own_zone()) else {
        return Ok(None);
    };
    let act = Act {
        who: Who::Policy,
        ..act.clone()
    };
    for ground in policy.result_grounds() {
        let new = asked_by_policy(&order, &ground.id);
        let (facts, assessment) = preview(tx, &act, &new)?;
        if pays_at_once(&facts, &assessment) {
            return file(tx, &act, &new).map(Some);
        }
    }
    Ok(None)
}

fn asked_by_policy(order: &Order, ground: &str) -> New {
    let left = order.remains.as_deref().unwrap_or("an unknown number");
    let of = order
        .quantity
        .map_or_else(String::new, |quantity| format!(" of {quantity}"));
    New {
        seller: order.seller_id.clone(),
        customer: order.customer_id.clone(),
        order: Some(order.id.clone()),
        ground: ground.to_owned(),
        reason: format!("The provider ended this order with {left}{of} units not delivered."),
        requested_e8: None,
        remedy_choice: None,
        evidence: Vec::new(),
        draft: None,
    }
}
