//! What customers do: ask for money back, answer, withdraw, appeal. What the rules make of it is theirs to say; the model follows
//! what was decided and knows what may be paid at most.

use redress::act::Door;
use redress::desk::claims::{self, New, Supply};
use redress::ids::{ClaimId, OrderId};

use crate::shop::{CENT, refused};
use crate::world::{Came, Found, World, code};

const GROUNDS: [(&str, &[&str], &str); 3] = [
    (
        "panel-credits",
        &["order_cancellation", "system_cancellation", "delivery_drop"],
        "unused_balance",
    ),
    (
        "panel-guarantee",
        &[
            "order_cancellation",
            "partial_delivery",
            "service_unavailable",
        ],
        "balance_withdrawal",
    ),
    (
        "digital-downloads",
        &[
            "non_delivery",
            "major_defect",
            "cancel_before_sending",
            "change_of_mind",
        ],
        "",
    ),
];

fn shown(came: Came, words: String) -> String {
    match came {
        Came::Done(what) => format!("{words}: {what}"),
        Came::Refused(error) => format!("{words}: {}", refused(&error)),
        Came::GivenUp => format!("{words}: given up"),
    }
}

pub fn files(world: &mut World) -> Found<String> {
    let Some(order) = world.rng.pick(&world.rows.orders).cloned() else {
        return Ok("no order to ask about".to_owned());
    };
    let owner = world.model.orders[&order.reference].who;
    let foreign = world.rng.chance(5);
    let customers = &world.scene.cast.customers;
    let place = if foreign {
        (owner.1 + 1) % customers.len()
    } else {
        owner.1
    };
    let (shop, customer) = (
        world.scene.cast.shops[owner.0].clone(),
        customers[place].clone(),
    );
    let grounds = GROUNDS.iter().find(|(policy, ..)| *policy == shop.policy);
    let (_, grounds, _) = grounds.unwrap();
    let ground = *world.rng.pick(grounds).unwrap();
    let evidence = match world.rng.chance(60) {
        true => vec![("screenshot".to_owned(), None)],
        false => Vec::new(),
    };
    let new = New {
        seller: shop.id,
        customer: customer.id.clone(),
        order: Some(OrderId::from(order.id.as_str())),
        ground: ground.to_owned(),
        reason: "It stopped half way.".to_owned(),
        requested_e8: None,
        remedy_choice: None,
        evidence,
        draft: None,
    };
    let act = world.as_person(&customer, Door::Portal);
    let key = world.name("form ");
    let came = world.attempt(&act, Some(&key), |tx| {
        claims::file(tx, &act, &new).map(|standing| standing.claim.number)
    })?;
    match (&came, foreign) {
        (Came::Done(_), true) => Err("I12: a claim on somebody else's order".to_owned()),
        (Came::Refused(error), true) if code(error) != "not_found" => {
            Err(format!("I12: somebody else's order is {}", code(error)))
        }
        _ => Ok(shown(came, format!("{} asks by {ground}", order.reference))),
    }
}

pub fn cancels(world: &mut World) -> Found<String> {
    let Some(order) = world.rng.pick(&world.rows.orders).cloned() else {
        return Ok("no order to cancel".to_owned());
    };
    let owner = world.model.orders[&order.reference].who;
    let customer = world.scene.cast.customers[owner.1].clone();
    let ground = match world.scene.cast.shops[owner.0].policy.as_str() {
        "digital-downloads" => "cancel_before_sending",
        _ => "order_cancellation",
    };
    let act = world.as_person(&customer, Door::Portal);
    let key = world.name("form ");
    let id = OrderId::from(order.id.as_str());
    let came = world.attempt(&act, Some(&key), |tx| {
        claims::cancel(tx, &act, &id, ground).map(|standing| standing.claim.number)
    })?;
    Ok(shown(came, format!("{} is cancelled", order.reference)))
}

pub fn wants_the_balance(world: &mut World) -> Found<String> {
    let (_, customer) = world.customer();
    let shop = world.shop().min(1);
    let shop = world.scene.cast.shops[shop].clone();
    let grounds = GROUNDS.iter().find(|(policy, ..)| *policy == shop.policy);
    let ground = grounds.unwrap().2;
    let requested_e8 = match world.rng.chance(50) {
        true => Some(world.rng.between(1, 6_000) * CENT),
        false => None,
    };
    let new = New {
        seller: shop.id,
        customer: customer.id.clone(),
        order: None,
        ground: ground.to_owned(),
        reason: "I shop elsewhere now.".to_owned(),
        requested_e8,
        remedy_choice: None,
        evidence: Vec::new(),
        draft: None,
    };
    let act = world.as_person(&customer, Door::Portal);
    let key = world.name("form ");
    let came = world.attempt(&act, Some(&key), |tx| {
        claims::file(tx, &act, &new).map(|standing| standing.claim.number)
    })?;
    Ok(shown(
        came,
        format!("{} wants {requested_e8:?} back", customer.name),
    ))
}

pub fn supplies(world: &mut World) -> Found<String> {
    let open = world.rows.open_claims();
    let Some(claim) = world.rng.pick(&open) else {
        return Ok("nothing to answer".to_owned());
    };
    let supply = Supply {
        words: "Here it is.".to_owned(),
        remedy_choice: None,
        evidence: vec![("screenshot".to_owned(), None)],
    };
    by_the_customer(world, claim, "answers", |tx, act, id| {
        claims::supply(tx, act, id, &supply).map(|_| String::new())
    })
}

pub fn withdraws(world: &mut World) -> Found<String> {
    let Some(claim) = world.rng.pick(&world.rows.claims).cloned() else {
        return Ok("nothing to withdraw".to_owned());
    };
    by_the_customer(world, &claim, "withdraws", |tx, act, id| {
        claims::withdraw(tx, act, id).map(|claim| claim.state)
    })
}

pub fn appeals(world: &mut World) -> Found<String> {
    let rejected = world.rows.claims.iter();
    let rejected = rejected.filter(|claim| claim.state == "rejected");
    let rejected: Vec<_> = rejected.cloned().collect();
    let Some(claim) = world.rng.pick(&rejected) else {
        return Ok("nothing to appeal".to_owned());
    };
    by_the_customer(world, claim, "appeals", |tx, act, id| {
        claims::appeal(tx, act, id, "Look at it again, please.").map(|_| String::new())
    })
}

fn by_the_customer(
    world: &mut World,
    claim: &crate::rows::Claim,
    words: &str,
    run: impl Fn(&mut redress::db::Tx, &redress::act::Act, &ClaimId) -> redress::error::Result<String>,
) -> Found<String> {
    let mut customers = world.scene.cast.customers.iter();
    let owner = customers.find(|person| person.id.as_str() == claim.customer_id);
    let foreign = world.rng.chance(5);
    let customer = match foreign {
        true => world.customer().1,
        false => owner.unwrap().clone(),
    };
    let is_theirs = customer.id.as_str() == claim.customer_id;
    let act = world.as_person(&customer, Door::Portal);
    let key = world.name("form ");
    let id = ClaimId::from(claim.id.as_str());
    let came = world.attempt(&act, Some(&key), |tx| run(tx, &act, &id))?;
    if !is_theirs && matches!(came, Came::Done(_)) {
        return Err(format!("I12: {words} {} of somebody else", claim.number));
    }
    Ok(shown(came, format!("{} {words}", claim.number)))
}
