//! What happens next, by chance: each kind of deed as often as its weight says.

use chrono::Duration;

use crate::world::{Found, World};
use crate::{bank, customers, gateway, shop, staff};

type Deed = fn(&mut World) -> Found<String>;

/// Weights and deeds; shops and customers first bring the money that the others move.
const DEEDS: [(usize, Deed); 27] = [
    (6, shop::deposit),
    (3, shop::tells_a_deposit_again),
    (3, shop::bonus),
    (12, shop::order),
    (8, shop::moves_on),
    (3, shop::imports),
    (14, customers::files),
    (5, customers::cancels),
    (8, customers::wants_the_balance),
    (3, customers::supplies),
    (1, customers::withdraws),
    (4, customers::appeals),
    (8, staff::establishes),
    (1, staff::asks),
    (22, staff::decides),
    (10, staff::seconds),
    (6, staff::credits),
    (8, staff::settles),
    (4, staff::fails),
    (3, staff::repeats),
    (3, bank::returns),
    (4, bank::disputes),
    (4, bank::closes),
    (8, gateway::works),
    (6, gateway::speaks),
    (4, works),
    (6, time_passes),
];

/// How many steps bring nothing but money and orders.
const BEGINNING: u64 = 8;

pub fn deed(world: &mut World) -> Found<String> {
    if world.step < BEGINNING {
        return match world.step % 2 {
            0 => shop::deposit(world),
            _ => shop::order(world),
        };
    }
    let all = DEEDS.iter().map(|(weight, _)| weight).sum();
    let mut left = world.rng.below(all);
    for (weight, deed) in DEEDS {
        if left < weight {
            return deed(world);
        }
        left -= weight;
    }
    Ok(String::new())
}

fn works(world: &mut World) -> Found<String> {
    world.works()
}

/// The clock moves on by a minute or by months; sometimes somebody sets it back.
fn time_passes(world: &mut World) -> Found<String> {
    let hours = [1, 5, 24, 25, 73, 8 * 24, 31 * 24, 184 * 24];
    let hours = world.rng.pick(&hours).copied().unwrap_or(1);
    let by = if world.rng.chance(10) {
        world.was_set_back = true;
        Duration::hours(-hours.min(24))
    } else {
        Duration::hours(hours)
    };
    world.scene.app.clock.advance(by);
    Ok(format!("{} hours pass", by.num_hours()))
}
