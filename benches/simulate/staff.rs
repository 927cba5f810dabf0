//! What staff do: find out, ask, decide within and beyond their rights, send payouts and take them back.

use redress::act::{Door, Person, Role};
use redress::desk::claims::{self, Decide, Verdict};
use redress::desk::orders::credit_order_refund;
use redress::ids::{ClaimId, OrderId, PayoutId};
use serde_json::{Value, json};

use crate::gateway;
use crate::model::State;
use crate::rows::Payout;
use crate::shop::{CENT, refused};
use crate::world::{Came, Found, World, code};

fn somebody(world: &mut World) -> Person {
    let staff = world.scene.cast.staff();
    let place = world.rng.below(staff.len());
    staff[place].clone()
}

/// What people find out, and what of it is worth knowing here.
fn facts(world: &mut World) -> (String, Value) {
    let remains = world.rng.between(0, 1000);
    let all = [
        ("findings.stop", json!("stopped")),
        ("findings.stop", json!("refused")),
        ("findings.refill", json!("failed")),
        ("findings.shortfall", json!(remains)),
        ("order.remains", json!(remains)),
        ("findings.can_complete", json!(false)),
        ("findings.service_available", json!(false)),
        ("findings.matches_description", json!(false)),
        ("findings.defect.approved", json!(true)),
        ("findings.repaired", json!(false)),
        ("customer.verified", json!(true)),
    ];
    let (name, value) = world.rng.pick(&all).unwrap();
    ((*name).to_owned(), value.clone())
}

pub fn establishes(world: &mut World) -> Found<String> {
    let open = world.rows.open_claims();
    let Some(claim) = world.rng.pick(&open) else {
        return Ok("nothing to find out".to_owned());
    };
    let person = somebody(world);
    let fact = facts(world);
    let act = world.as_person(&person, Door::Queue);
    let key = world.name("form ");
    let (id, seen) = (ClaimId::from(claim.id.as_str()), claim.ticket_seq);
    let told = [fact];
    let came = world.attempt(&act, Some(&key), |tx| {
        claims::establish(tx, &act, &id, seen, &told, "panel").map(|_| String::new())
    })?;
    Ok(format!("{} {:?} {}", claim.number, told[0], ended(&came)))
}

pub fn asks(world: &mut World) -> Found<String> {
    let open = world.rows.open_claims();
    let Some(claim) = world.rng.pick(&open) else {
        return Ok("nobody to ask".to_owned());
    };
    let person = somebody(world);
    let act = world.as_person(&person, Door::Queue);
    let key = world.name("form ");
    let (id, seen) = (ClaimId::from(claim.id.as_str()), claim.ticket_seq);
    let came = world.attempt(&act, Some(&key), |tx| {
        claims::ask(tx, &act, &id, seen, "Which link was it?").map(|claim| claim.state)
    })?;
    Ok(format!("{} is asked {}", claim.number, ended(&came)))
}

/// A decision: as computed, another amount, too much, nothing, on an old page, twice.
pub fn decides(world: &mut World) -> Found<String> {
    let open = world.rows.open_claims();
    let claim = match world.rng.chance(95) {
        true => world.rng.pick(&open).cloned(),
        false => world.rng.pick(&world.rows.claims).cloned(),
    };
    let Some(claim) = claim else {
        return Ok("nothing to decide".to_owned());
    };
    let person = match world.rng.chance(50) {
        true => world.rng.pick(&world.scene.cast.managers).unwrap().clone(),
        false => somebody(world),
    };
    let ceiling = claim
        .order_reference
        .as_ref()
        .map_or(claim.computed_e8.unwrap_or(0), |order| {
            world.model.ceiling(order)
        });
    let computes_nothing = claim.computed_e8.unwrap_or(0) == 0;
    let amount_e8 = match world.rng.below(10) {
        0..=4 if !computes_nothing => None,
        5 => Some(ceiling),
        6 => Some(ceiling + world.rng.between(1, 500)),
        7 => Some(world.rng.between(-2, 0) * CENT),
        _ => Some(world.rng.between(1, (ceiling / CENT / 2).max(1)) * CENT),
    };
    let is_old = world.rng.chance(8);
    let decide = Decide {
        claim: ClaimId::from(claim.id.as_str()),
        seen: claim.ticket_seq - i64::from(is_old),
        verdict: match world.rng.chance(88) {
            true => Verdict::Approve,
            false => Verdict::Reject,
        },
        amount_e8,
        reason: world.rng.chance(80).then(|| "goodwill".to_owned()),
        words: "As we agreed on the phone.".to_owned(),
    };
    let act = world.as_person(&person, Door::Queue);
    let key = world.name("form ");
    let came = world.attempt(&act, Some(&key), |tx| {
        Ok(match claims::decide(tx, &act, &decide)? {
            claims::Decided::Done(standing) => format!("done {}", standing.claim.state),
            claims::Decided::Proposed(row) => format!("proposed {}", row.amount_e8),
            claims::Decided::Dropped => "dropped".to_owned(),
            claims::Decided::Changed(standing) => format!("changed {}", standing.claim.state),
        })
    })?;
    let done = matches!(&came, Came::Done(words) if !words.starts_with("changed"));
    if done && is_old {
        return Err(format!("I6: {} was decided on an old page", claim.number));
    }
    if done && decide.verdict == Verdict::Approve && amount_e8.is_some_and(|e8| e8 > ceiling) {
        return Err(format!("I3: {} was granted {amount_e8:?}", claim.number));
    }
    let words = format!("{} {:?} {amount_e8:?}", claim.number, decide.verdict);
    Ok(format!("{} {words} {}", person.name, ended(&came)))
}

/// A second person grants what was proposed, or declines it; its proposer may take it back and nothing else.
pub fn seconds(world: &mut World) -> Found<String> {
    let open = world.rows.proposals.iter();
    let open: Vec<_> = open.filter(|one| one.state == "open").cloned().collect();
    let Some(proposal) = world.rng.pick(&open).cloned() else {
        return Ok("nothing for a second person".to_owned());
    };
    let mut all = world.rows.claims.iter();
    let claim = all.find(|claim| claim.number == proposal.claim);
    let claim = claim.unwrap().clone();
    let person = match world.rng.chance(60) {
        true => world.rng.pick(&world.scene.cast.managers).unwrap().clone(),
        false => somebody(world),
    };
    let decide = Decide {
        claim: ClaimId::from(claim.id.as_str()),
        seen: claim.ticket_seq,
        verdict: match world.rng.below(10) {
            0 => Verdict::Decline,
            1 => Verdict::Retract,
            _ => Verdict::Endorse,
        },
        amount_e8: None,
        reason: None,
        words: "I see it differently.".to_owned(),
    };
    let act = world.as_person(&person, Door::Queue);
    let key = world.name("form ");
    let came = world.attempt(&act, Some(&key), |tx| {
        Ok(match claims::decide(tx, &act, &decide)? {
            claims::Decided::Done(_) => "granted",
            claims::Decided::Dropped => "dropped",
            claims::Decided::Proposed(_) => "proposed",
            claims::Decided::Changed(_) => "changed",
        }
        .to_owned())
    })?;
    let words = match &came {
        Came::Done(words) => words.as_str(),
        _ => "",
    };
    let own = person.id.as_str() == proposal.proposed_by;
    let wrong = match decide.verdict {
        Verdict::Retract => words == "dropped" && !own,
        _ => ["granted", "dropped"].contains(&words) && own,
    };
    if wrong {
        return Err(format!("I6: {} settles {proposal:?}: {words}", person.name));
    }
    Ok(format!(
        "{} {:?} {} {}",
        person.name,
        decide.verdict,
        claim.number,
        ended(&came)
    ))
}

/// A credit without a claim, as a provider's clean result makes one: within the ceiling or refused.
pub fn credits(world: &mut World) -> Found<String> {
    let Some(order) = world.rng.pick(&world.rows.orders).cloned() else {
        return Ok("no order to credit".to_owned());
    };
    let ceiling = world.model.ceiling(&order.reference);
    let amount = match world.rng.below(4) {
        0 => ceiling,
        1 => ceiling + world.rng.between(1, 500),
        _ => world.rng.between(1, (ceiling / CENT).max(1)) * CENT,
    };
    let (id, key) = (OrderId::from(order.id.as_str()), world.name("credit "));
    let act = world.operator();
    let came = world.attempt(&act, None, |tx| {
        credit_order_refund(tx, &act, &id, amount, &key).map(|_| String::new())
    })?;
    let mut model = world.model.clone();
    let at = world.now().timestamp_micros();
    let followed = model.credit(&order.reference, amount, at);
    match (&came, followed) {
        (Came::Done(_), Ok(())) => world.model = model,
        (Came::GivenUp, _) => {}
        (Came::Refused(error), Err(_)) if code(error) == "over_ceiling" => {}
        (Came::Refused(error), _) if amount <= 0 && code(error) == "invalid amount" => {}
        (_, followed) => {
            return Err(format!(
                "I3: {amount} on {} came to {came:?}, and to {followed:?}",
                order.reference
            ));
        }
    }
    Ok(format!(
        "{} is credited {amount} {}",
        order.reference,
        ended(&came)
    ))
}

/// Somebody with the right sends a payout.
pub fn sends(world: &mut World, number: &str) -> Found<()> {
    let lead = world.scene.cast.leads[0].clone();
    let act = world.as_person(&lead, Door::Queue);
    let Some(payout) = world.rows.payouts.iter().find(|one| one.number == number) else {
        return Ok(());
    };
    let id = PayoutId::from(payout.id.as_str());
    let reference = format!("BANK {number}");
    let sent = world
        .scene
        .app
        .pool
        .write(|tx| claims::settle_payout(tx, &act, &id, &reference));
    sent.map_err(|error| format!("I10: {number} cannot be sent: {error:?}"))?;
    let paid = world.model.pay(number);
    paid.map_err(|no| format!("I4: {number} was sent and should not: {no:?}"))
}

pub fn settles(world: &mut World) -> Found<String> {
    let Some(payout) = any_payout(world) else {
        return Ok("no payout to send".to_owned());
    };
    let person = somebody(world);
    let act = world.as_person(&person, Door::Queue);
    let id = PayoutId::from(payout.id.as_str());
    let reference = format!("BANK {}", payout.number);
    let came = world.attempt(&act, None, |tx| {
        claims::settle_payout(tx, &act, &id, &reference).map(|_| String::new())
    })?;
    let state = world.model.payouts[&payout.number].state;
    let may = person.role > Role::Agent;
    match (&came, state) {
        (Came::Done(_), State::Waiting) if may => {
            let paid = world.model.pay(&payout.number);
            paid.map_err(|no| format!("I4: {} was sent: {no:?}", payout.number))?;
        }
        // Said again under the same reference.
        (Came::Done(_), State::Paid) if may => {}
        (Came::Refused(error), _) if !may && code(error) == "forbidden" => {}
        (Came::Refused(_), State::Failed | State::Returned) => {}
        (Came::GivenUp, _) => {}
        _ => return Err(format!("I5: sending {payout:?} came to {came:?}")),
    }
    Ok(format!("{} is sent {}", payout.number, ended(&came)))
}

pub fn fails(world: &mut World) -> Found<String> {
    let Some(payout) = any_payout(world) else {
        return Ok("no payout to fail".to_owned());
    };
    let person = somebody(world);
    let act = world.as_person(&person, Door::Queue);
    let id = PayoutId::from(payout.id.as_str());
    let at = world.now().timestamp_micros();
    let came = world.attempt(&act, None, |tx| {
        claims::fail_payout(tx, &act, &id, "The card is closed.").map(|_| String::new())
    })?;
    let state = world.model.payouts[&payout.number].state;
    let may = person.role > Role::Agent;
    match (&came, state) {
        (Came::Done(_), State::Waiting) if may => {
            let back = world.model.come_back(&payout.number, State::Failed, at);
            back.map_err(|no| format!("I5: {} failed: {no:?}", payout.number))?;
        }
        (Came::Done(_), State::Failed) if may => {}
        (Came::Refused(error), _) if !may && code(error) == "forbidden" => {}
        (Came::Refused(_), State::Paid | State::Returned) => {}
        (Came::GivenUp, _) => {}
        _ => return Err(format!("I5: failing {payout:?} came to {came:?}")),
    }
    Ok(format!("{} fails {}", payout.number, ended(&came)))
}

/// A payout that failed or came back is asked for again; the model follows the new one.
pub fn repeats(world: &mut World) -> Found<String> {
    let Some(payout) = any_payout(world) else {
        return Ok("no payout to repeat".to_owned());
    };
    let person = somebody(world);
    let act = world.as_person(&person, Door::Queue);
    let key = world.name("form ");
    let id = PayoutId::from(payout.id.as_str());
    let came = world.attempt(&act, Some(&key), |tx| {
        claims::repeat_payout(tx, &act, &id).map(|payout| payout.number)
    })?;
    Ok(format!("{} is repeated {}", payout.number, ended(&came)))
}

/// One that no gateway has, mostly one that waits.
pub fn any_payout(world: &mut World) -> Option<Payout> {
    let all = world.rows.payouts.iter();
    let all: Vec<Payout> = all
        .filter(|one| !gateway::has(world, one))
        .cloned()
        .collect();
    let waiting = all.iter().filter(|one| one.state == "queued");
    let waiting: Vec<Payout> = waiting.cloned().collect();
    if !waiting.is_empty() && world.rng.chance(70) {
        return world.rng.pick(&waiting).cloned();
    }
    world.rng.pick(&all).cloned()
}

fn ended(came: &Came) -> String {
    match came {
        Came::Done(words) => words.clone(),
        Came::Refused(error) => refused(error),
        Came::GivenUp => "given up".to_owned(),
    }
}
