//! What banks do: send money back, take it back, and say who was right.

use redress::db::disputes as rows;
use redress::desk::claims::return_payout;
use redress::desk::disputes::{self, NewDispute, Payment};
use redress::ids::{OrderId, PayoutId};
use redress::rules::facts::DisputeStatus;

use crate::model::{Disputed, From, State, Who};
use crate::shop::CENT;
use crate::staff::any_payout;
use crate::world::{Came, Found, World, code};

/// Money that had left comes back.
pub fn returns(world: &mut World) -> Found<String> {
    let Some(payout) = any_payout(world) else {
        return Ok("no payout to return".to_owned());
    };
    let act = world.operator();
    let id = PayoutId::from(payout.id.as_str());
    let at = world.now().timestamp_micros();
    let came = world.attempt(&act, None, |tx| {
        return_payout(tx, &act, &id, "No such account.").map(|_| String::new())
    })?;
    let state = world.model.payouts[&payout.number].state;
    match (&came, state) {
        (Came::Done(_), State::Paid) => {
            let back = world.model.come_back(&payout.number, State::Returned, at);
            back.map_err(|no| format!("I5: {} came back: {no:?}", payout.number))?;
            Ok(format!("{} comes back", payout.number))
        }
        (Came::Done(_), State::Returned) | (Came::GivenUp, _) => {
            Ok(format!("{} came back before", payout.number))
        }
        (Came::Refused(_), State::Waiting | State::Failed) => {
            Ok(format!("{} never left", payout.number))
        }
        _ => Err(format!("I5: returning {payout:?} came to {came:?}")),
    }
}

/// A bank takes a payment back: a deposit, or what an order was paid with past the balance.
pub fn disputes(world: &mut World) -> Found<String> {
    let order = world.rng.chance(50);
    let lots = world.model.purses.iter().flat_map(|(who, purse)| {
        let lots = purse.lots.iter().filter(|lot| !lot.is_bonus);
        lots.map(|lot| (*who, lot.name.clone()))
    });
    let lots: Vec<_> = lots.collect();
    let (who, of, payment) = if order {
        let Some(order) = world.rng.pick(&world.rows.orders).cloned() else {
            return Ok("no order to dispute".to_owned());
        };
        let who = world.model.orders[&order.reference].who;
        let payment = Payment::Order(OrderId::from(order.id.as_str()));
        (who, Disputed::Order(order.reference), payment)
    } else {
        let Some((who, name)) = world.rng.pick(&lots).cloned() else {
            return Ok("no deposit to dispute".to_owned());
        };
        let seller = world.scene.cast.shops[who.0].id.clone();
        let found = world.scene.app.pool.read(|conn| {
            Ok(redress::db::deposits::by_reference(conn, &seller, &name)?.map(|row| row.id))
        });
        let found = found.map_err(|error| format!("rows: {error}"))?;
        let id = found.ok_or_else(|| format!("model: no deposit {name}"))?;
        (who, Disputed::Lot(name), Payment::Deposit(id))
    };
    let stopped = queued(world, who, &of);
    let queued_e8: i64 = stopped
        .iter()
        .map(|number| world.model.payouts[number].amount)
        .sum();
    let left = world.model.disputable(who, &of) + queued_e8;
    let set_back = world.was_set_back;
    let amount_e8 = match world.rng.below(4) {
        0 => Some(left + world.rng.between(1, 500)),
        1 => Some(world.rng.between(1, (left / CENT).max(1)) * CENT),
        _ => None,
    };
    let new = NewDispute {
        payment,
        reference: world.name("CB"),
        reason: None,
        amount_e8,
        contacted_first: None,
        answered_in_time: None,
        opened_at: world.now(),
        evidence_due_at: None,
    };
    let act = world.operator();
    let came = world.attempt(&act, None, |tx| {
        disputes::open(tx, &act, &new).map(|dispute| dispute.number)
    })?;
    let amount = amount_e8.unwrap_or(left);
    let words = format!("the bank takes {amount} of {of:?}");
    match came {
        Came::Done(_) if amount > 0 => {
            let at = world.now().timestamp_micros();
            for number in &stopped {
                let back = world.model.come_back(number, State::Failed, at);
                back.map_err(|no| format!("I5: {number} was stopped: {no:?}"))?;
            }
            let taken = world.model.dispute(&new.reference, who, of, amount);
            taken.map_err(|no| format!("I3: {words}: {no:?}"))?;
        }
        Came::Refused(error) if code(&error) == "over_ceiling" && (amount > left || left == 0) => {}
        // The clock was set back, and the payment lies in the future.
        Came::Refused(error) if code(&error) == "invalid opened_at" && set_back => {}
        Came::Refused(error) if code(&error) == "invalid amount" && amount <= 0 => {}
        Came::GivenUp => {}
        other => return Err(format!("I3: {words} came to {other:?}")),
    }
    Ok(words)
}

/// What waits to be paid out of a payment: a chargeback stops it.
fn queued(world: &World, who: Who, of: &Disputed) -> Vec<String> {
    let waiting = world
        .rows
        .payouts
        .iter()
        .filter(|row| row.state == "queued");
    let of_it = waiting.filter(|row| {
        let own = world.model.payouts.get(&row.number);
        own.is_some_and(|own| match (&own.from, of) {
            (From::Lot(lot), Disputed::Lot(name)) => own.who == who && lot == name,
            (From::Order { order, .. }, Disputed::Order(name)) => order == name,
            _ => false,
        })
    });
    of_it.map(|row| row.number.clone()).collect()
}

/// The bank says who was right; said again nothing happens, said otherwise it is refused.
pub fn closes(world: &mut World) -> Found<String> {
    let known: Vec<_> = world.model.disputes.keys().cloned().collect();
    let Some(reference) = world.rng.pick(&known).cloned() else {
        return Ok("no dispute to close".to_owned());
    };
    let who = world.model.disputes[&reference].who;
    let was_open = world.model.disputes[&reference].is_open;
    let seller = world.scene.cast.shops[who.0].id.clone();
    let found = world
        .scene
        .app
        .pool
        .read(|conn| Ok(rows::by_reference(conn, &seller, &reference)?));
    let found = found.map_err(|error| format!("rows: {error}"))?;
    let dispute = found.ok_or_else(|| format!("model: no dispute {reference}"))?;
    let is_won = world.rng.chance(50);
    let status = match is_won {
        true => DisputeStatus::Won,
        false => DisputeStatus::Lost,
    };
    let act = world.operator();
    let at = world.now().timestamp_micros();
    let came = world.attempt(&act, None, |tx| {
        disputes::close(tx, &act, &dispute.id, status).map(|dispute| dispute.status)
    })?;
    match (&came, was_open) {
        (Came::Done(_), true) => {
            let closed = world.model.close(&reference, is_won, at);
            closed.map_err(|no| format!("I5: {reference} was closed: {no:?}"))?;
        }
        (Came::Done(_), false) if dispute.status == status.word() => {}
        (Came::Refused(error), false) if code(error) == "already_done" => {}
        (Came::GivenUp, _) => {}
        _ => return Err(format!("I5: closing {reference} came to {came:?}")),
    }
    Ok(format!("{reference} is {status:?}"))
}
