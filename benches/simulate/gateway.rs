//! The payment gateway of the story. It pays a key once; between it and the desk everything goes wrong: a request that never arrives,
//! an answer that is lost, a sender that dies before or after it told, words that come late, twice and out of order. Whatever
//! happened, what it paid is what the books say (I10).

use std::cell::RefCell;
use std::collections::BTreeMap;

use chrono::Duration;
use redress::act::Act;
use redress::db::gateway as rows;
use redress::desk::gateway::{self as desk, Outcome, Taken, Word};
use redress::ids::PayoutId;
use redress::rules::lifecycle::payout::Told;

use crate::model::State;
use crate::rows::Payout;
use crate::stage::SITE;
use crate::world::{Came, Found, World};

/// How many payouts a round of the worker looks at.
const ROUND: i64 = 3;

#[derive(Debug, Clone, Default)]
pub struct Gateway {
    orders: BTreeMap<String, Order>,
    /// Everything that it ever said, to be said again.
    said: Vec<Word>,
}

#[derive(Debug, Clone)]
struct Order {
    amount: String,
    currency: String,
    state: Told,
}

impl Gateway {
    pub fn knows(&self, key: &str) -> bool {
        self.orders.contains_key(key)
    }

    /// Told of a payment: the first time it takes it, after that it says what became of it.
    fn receive(&mut self, taken: &Taken, state: Told) -> Found<Word> {
        let order = self.orders.entry(taken.key.clone()).or_insert(Order {
            amount: taken.amount.clone(),
            currency: taken.currency.clone(),
            state,
        });
        if order.amount != taken.amount || order.currency != taken.currency {
            return Err(format!("I10: {taken:?} was {order:?} before"));
        }
        Ok(self.word(&taken.key))
    }

    fn word(&mut self, key: &str) -> Word {
        let order = self.orders.get(key);
        let word = Word {
            key: key.to_owned(),
            state: order
                .map_or(Told::Absent, |order| order.state)
                .word()
                .to_owned(),
            amount: order.map(|order| order.amount.clone()),
            currency: order.map(|order| order.currency.clone()),
            reference: order.map(|_| format!("GW {key}")),
            reason: None,
            body: String::new(),
        };
        if order.is_some() {
            self.said.push(word.clone());
        }
        word
    }

    /// Pays something that nobody asked for.
    pub fn rogue(&mut self) {
        let order = Order {
            amount: "1.00".to_owned(),
            currency: "USD".to_owned(),
            state: Told::Succeeded,
        };
        self.orders.insert("a rogue".to_owned(), order);
    }

    /// I10: what it paid, or sent back, and what the books say of it. While nobody knows, both may be ahead of the other.
    pub fn agrees(&self, payouts: &[Payout]) -> Found<()> {
        for payout in payouts {
            let theirs = self.orders.get(&payout.key).map(|order| order.state);
            let holds = match (payout.state.as_str(), theirs) {
                ("queued", theirs) => theirs.is_none(),
                ("failed", theirs) => matches!(theirs, None | Some(Told::Failed)),
                ("returned", Some(theirs)) => theirs == Told::Returned,
                ("succeeded", Some(theirs)) => matches!(theirs, Told::Succeeded | Told::Returned),
                ("sent", theirs) => theirs.is_some(),
                _ => true,
            };
            if !holds {
                return Err(format!("I10: {payout:?}, and the gateway says {theirs:?}"));
            }
        }
        let ours = |key: &&String| payouts.iter().any(|payout| payout.key == **key);
        match self.orders.keys().find(|key| !ours(key)) {
            Some(key) => Err(format!("I10: the gateway paid {key}, which is nobody's")),
            None => Ok(()),
        }
    }

    /// I10 at the end, when every word has arrived.
    pub fn is_drained(&self, payouts: &[Payout]) -> Found<()> {
        self.agrees(payouts)?;
        for payout in payouts {
            let Some(order) = self.orders.get(&payout.key) else {
                continue;
            };
            if order.state.word() != payout.state {
                return Err(format!("I10: {payout:?} ended, and {order:?} too"));
            }
        }
        Ok(())
    }
}

/// In the gateway's hands: no person says what became of it.
pub fn has(world: &World, payout: &Payout) -> bool {
    ["reserved", "sent", "unknown"].contains(&payout.state.as_str())
        || world.gateway.knows(&payout.key)
}

/// A round of the worker: what a dead sender left, what is asked about, what is sent.
pub fn works(world: &mut World) -> Found<String> {
    let lapsed = lapses(world)?;
    let asked = asks(world, true)?;
    let now = world.now();
    let due = read(world, |conn| rows::to_send(conn, &[], now, ROUND))?;
    for id in &due {
        sends(world, id)?;
    }
    let sent = due.len();
    Ok(format!(
        "the gateway's worker: {lapsed} lapsed, {asked} asked, {sent} sent"
    ))
}

/// The gateway goes on with something, and calls back; or an old word comes once more.
pub fn speaks(world: &mut World) -> Found<String> {
    if world.rng.chance(35)
        && let Some(word) = world.rng.pick(&world.gateway.said).cloned()
    {
        hears(world, &word)?;
        return Ok(format!("an old word of the gateway: {}", word.state));
    }
    let keys: Vec<String> = world.gateway.orders.keys().cloned().collect();
    let Some(key) = world.rng.pick(&keys).cloned() else {
        return Ok("the gateway has nothing to say".to_owned());
    };
    let chance = world.rng.below(100);
    let order = world.gateway.orders.get_mut(&key).unwrap();
    order.state = match (order.state, chance) {
        (Told::Pending, 0..=69) => Told::Succeeded,
        (Told::Pending, _) => Told::Failed,
        (Told::Succeeded, 0..=14) => Told::Returned,
        (same, _) => same,
    };
    let word = world.gateway.word(&key);
    if world.rng.chance(60) {
        hears(world, &word)?;
    }
    Ok(format!("the gateway: {key} is {}", word.state))
}

/// Everything arrives from now on, until nothing is in the gateway's hands.
pub fn drains(world: &mut World) -> Found<()> {
    for order in world.gateway.orders.values_mut() {
        if order.state == Told::Pending {
            order.state = Told::Succeeded;
        }
    }
    for _ in 0..48 {
        let busy =
            |payout: &Payout| ["reserved", "sent", "unknown"].contains(&payout.state.as_str());
        if !world.rows.payouts.iter().any(busy) {
            break;
        }
        world.scene.app.clock.advance(Duration::minutes(61));
        lapses(world)?;
        while asks(world, false)? > 0 {}
        world.holds("the gateway is asked")?;
    }
    // What it paid and the books have heard of may have gone back since.
    let keys: Vec<String> = world.gateway.orders.keys().cloned().collect();
    for key in keys {
        let word = world.gateway.word(&key);
        hears(world, &word)?;
    }
    world.holds("the gateway has said everything")
}

fn act(world: &World) -> Act {
    Act::worker(world.now(), SITE)
}

fn read<T>(
    world: &World,
    work: impl Fn(&mut redress::db::Conn) -> diesel::QueryResult<T>,
) -> Found<T> {
    let done = world.scene.app.pool.read(|conn| Ok(work(conn)?));
    done.map_err(|error| format!("rows: {error}"))
}

fn lapses(world: &mut World) -> Found<usize> {
    let now = world.now();
    let due = read(world, |conn| rows::lapsed(conn, now, ROUND))?;
    let act = act(world);
    for id in &due {
        done(world.attempt(&act, None, |tx| {
            desk::lapse(tx, &act, id).map(|()| String::new())
        })?)?;
    }
    Ok(due.len())
}

fn asks(world: &mut World, may_be_lost: bool) -> Found<usize> {
    let now = world.now();
    let due = read(world, |conn| rows::to_ask(conn, now, ROUND))?;
    for id in &due {
        let Some(taken) = takes(world, |tx, act| desk::ask(tx, act, id))? else {
            continue;
        };
        if may_be_lost && world.rng.chance(25) {
            world.note("the gateway's answer is lost");
            continue;
        }
        let word = world.gateway.word(&taken.key);
        hears(world, &word)?;
    }
    Ok(due.len())
}

fn sends(world: &mut World, id: &PayoutId) -> Found<()> {
    let Some(taken) = takes(world, |tx, act| desk::take(tx, act, id))? else {
        return Ok(());
    };
    let state = match world.rng.below(10) {
        0..=3 => Told::Pending,
        4..=7 => Told::Succeeded,
        _ => Told::Failed,
    };
    let act = act(world);
    let unclear = |world: &mut World, words: &str| {
        world.note(words);
        done(world.attempt(&act, None, |tx| {
            desk::unclear(tx, &act, &taken.id, taken.tries, words).map(|()| String::new())
        })?)
    };
    match world.rng.below(10) {
        0 => world.note("the sender dies before it tells the gateway"),
        1 => {
            world.gateway.receive(&taken, state)?;
            world.note("the sender dies when it has told the gateway");
        }
        2 => unclear(world, "the request is lost")?,
        3 => {
            world.gateway.receive(&taken, state)?;
            unclear(world, "the answer is lost")?;
        }
        4 => {
            world.note("nobody answers the door");
            done(world.attempt(&act, None, |tx| {
                desk::not_sent(tx, &act, &taken).map(|()| String::new())
            })?)?;
        }
        _ => {
            let word = world.gateway.receive(&taken, state)?;
            hears(world, &word)?;
        }
    }
    Ok(())
}

/// What a transaction that was committed took, if it took anything.
fn takes(
    world: &mut World,
    take: impl Fn(&mut redress::db::Tx, &Act) -> redress::error::Result<Option<Taken>>,
) -> Found<Option<Taken>> {
    let act = act(world);
    let taken = RefCell::new(None);
    let came = world.attempt(&act, None, |tx| {
        if let Some(one) = take(tx, &act)? {
            taken.replace(Some(one));
        }
        Ok(String::new())
    })?;
    match came {
        Came::Done(_) => Ok(taken.into_inner()),
        Came::GivenUp => Ok(None),
        Came::Refused(error) => Err(format!("I5: the worker is refused: {error:?}")),
    }
}

fn done(came: Came) -> Found<()> {
    match came {
        Came::Refused(error) => Err(format!("I5: the worker is refused: {error:?}")),
        Came::Done(_) | Came::GivenUp => Ok(()),
    }
}

/// The desk hears a word, and the model follows what the books made of it.
fn hears(world: &mut World, word: &Word) -> Found<()> {
    let act = act(world);
    let parked = RefCell::new(None);
    done(world.attempt(&act, None, |tx| {
        if let Outcome::Parked(why) = desk::hear(tx, &act, word)? {
            parked.replace(Some(why));
        }
        Ok(String::new())
    })?)?;
    if let Some(why) = parked.into_inner() {
        return Err(format!("I10: {word:?} was set aside: {why}"));
    }
    let found = read(world, |conn| redress::db::payouts::by_key(conn, &word.key))?;
    let payout = found.ok_or_else(|| format!("I10: {word:?} is about nothing"))?;
    let at = world.now().timestamp_micros();
    let model = &mut world.model;
    let number = &payout.number;
    let before = model.payouts[number].state;
    let followed = match (before, payout.state.word()) {
        (State::Waiting, "succeeded") => model.pay(number),
        (State::Waiting, "failed") => model.come_back(number, State::Failed, at),
        (State::Waiting, "returned") => model
            .pay(number)
            .and_then(|()| model.come_back(number, State::Returned, at)),
        (State::Paid, "returned") => model.come_back(number, State::Returned, at),
        _ => Ok(()),
    };
    followed.map_err(|no| format!("I4: {number} after {word:?}: {no:?}"))
}
