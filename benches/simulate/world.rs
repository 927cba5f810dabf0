//! One seed's story: a desk, its model, and what happens to both. A step is one deed of somebody, possibly dying on the way; after
//! it the rows must show the invariants and say what the model says.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use redress::act::{Act, Door, Person, Who as Doer};
use redress::db::Tx;
use redress::desk::forms::{Done, once};
use redress::desk::{claims, ledger};
use redress::error::{Error, Result};
use redress::outside::smtp::Mailer;
use redress::worker;
use sha2::{Digest, Sha256};
use tokio::runtime::Runtime;

use crate::audit::Audit;
use crate::faults::{self, Fault};
use crate::gateway::{self, Gateway};
use crate::model::{Model, Who};
use crate::rng::Rng;
use crate::rows::{self, Letter, Payout, Rows};
use crate::stage::{SITE, Scene};

/// A finding: which invariant, and what was seen.
pub type Found<T> = std::result::Result<T, String>;

/// What became of a deed: done with some words, refused, or given up after a crash.
#[derive(Debug)]
pub enum Came {
    Done(String),
    Refused(Error),
    GivenUp,
}

pub struct World<'a> {
    pub scene: &'a Scene,
    pub runtime: &'a Runtime,
    pub model: Model,
    pub gateway: Gateway,
    pub rng: Rng,
    pub step: u64,
    seed: u64,
    pub rows: Rows,
    /// What was told before and can be told again.
    pub told: crate::shop::Told,
    audit: Audit,
    decided: BTreeSet<String>,
    is_sqlite: bool,
    fault: Option<Fault>,
    trace: Sha256,
    pub lines: Vec<String>,
    /// Whether somebody set the clock back in this story.
    pub was_set_back: bool,
    /// How often a sender died between handing a letter over and writing that down.
    pub lost_marks: usize,
}

/// A whole proof of the books is made after so many steps, and at the end.
const PROOF_EVERY: u64 = 10;

impl<'a> World<'a> {
    pub fn new(
        scene: &'a Scene,
        runtime: &'a Runtime,
        is_sqlite: bool,
        fault: Option<Fault>,
    ) -> Found<World<'a>> {
        let world = World {
            scene,
            runtime,
            model: Model::default(),
            gateway: Gateway::default(),
            rng: Rng::new(0, 0),
            step: 0,
            seed: 0,
            rows: Rows::default(),
            told: crate::shop::Told::default(),
            audit: Audit::default(),
            decided: BTreeSet::new(),
            is_sqlite,
            fault,
            trace: Sha256::new(),
            lines: Vec::new(),
            was_set_back: false,
            lost_marks: 0,
        };
        if fault.is_some() {
            world.raw(faults::disarm)?;
        }
        if is_sqlite {
            world.raw(faults::lay)?;
        }
        Ok(world)
    }

    /// One deed and everything that must hold after it.
    pub fn go(&mut self, seed: u64, step: u64) -> Found<()> {
        self.step = step;
        self.seed = seed;
        self.rng = Rng::new(seed, step);
        // Time passes between any two deeds, so that ids and lines sort as they were made.
        let pause = self.rng.between(1, 600);
        self.scene.app.clock.advance(Duration::seconds(pause));
        self.plant()?;
        let words = crate::deeds::deed(self)?;
        self.holds(&words)?;
        if step % PROOF_EVERY == PROOF_EVERY - 1 {
            self.proves()?;
        }
        Ok(())
    }

    /// The invariants, after a deed of these words.
    pub fn holds(&mut self, words: &str) -> Found<()> {
        let rows = self.scene.app.pool.snapshot(Rows::read);
        self.rows = rows.map_err(|error| format!("rows: {error}"))?;
        self.follow()?;
        self.audit
            .check(&self.rows, &self.model, &self.scene.cast)?;
        self.gateway.agrees(&self.rows.payouts)?;
        let line = format!("{} {words} | {}", self.step, self.digest());
        self.trace.update(line.as_bytes());
        self.lines.push(line);
        Ok(())
    }

    /// The state of the money in a line: what a replay must come to.
    fn digest(&self) -> String {
        let mut parts = Vec::new();
        for (who, purse) in &self.model.purses {
            let transit = self.model.in_transit(*who);
            parts.push(format!(
                "{}/{}:{}+{}+{transit}-{}",
                who.0,
                who.1,
                purse.sum(false),
                purse.sum(true),
                purse.debt()
            ));
        }
        let states = self.rows.claims.iter().map(|claim| claim.state.as_str());
        parts.extend(states.map(str::to_owned));
        parts.join(" ")
    }

    pub fn hash(&self) -> String {
        let bytes = self.trace.clone().finalize();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The whole proof, as `redress ledger verify` makes it.
    pub fn proves(&self) -> Found<()> {
        let report = self.scene.app.pool.snapshot(ledger::verify);
        let report = report.map_err(|error| format!("ledger verify: {error}"))?;
        match report.findings.first() {
            None => Ok(()),
            Some(found) => Err(format!("I9: ledger verify: {found}")),
        }
    }

    /// What the rules decided or people decided in this step, told to the model: it must be able to follow.
    fn follow(&mut self) -> Found<()> {
        let at = self.now().timestamp_micros();
        let rows = self.rows.clone();
        for payout in &rows.payouts {
            if self.model.payouts.contains_key(&payout.number) {
                continue;
            }
            let who = self.who(&payout.seller_id, &payout.customer_id);
            let reserved = match (&payout.deposit, &payout.order_reference) {
                (Some(lot), _) => {
                    self.model
                        .reserve(&payout.number, who, lot, payout.amount_e8, at)
                }
                (None, Some(order)) => self.model.reserve_order(
                    &payout.number,
                    order,
                    &payout.method,
                    payout.amount_e8,
                ),
                (None, None) => return Err(format!("I3: {} comes from nowhere", payout.number)),
            };
            reserved.map_err(|no| format!("I3: {payout:?} may not be paid: {no:?}"))?;
        }
        for decision in &rows.decisions {
            if !self.decided.insert(decision.id.clone()) || decision.verdict != "approve" {
                continue;
            }
            let own = |payout: &&Payout| {
                payout.decision_id == decision.id && !payout.key.ends_with(" again")
            };
            let sent = rows.payouts.iter().filter(own);
            let sent: i64 = sent.map(|payout| payout.amount_e8).sum();
            let credited = decision.amount_e8 - sent;
            if credited == 0 {
                continue;
            }
            let order = decision.order_reference.as_deref();
            let order = order.ok_or_else(|| format!("I3: {decision:?} credits a balance"))?;
            let followed = self.model.credit(order, credited, at);
            followed.map_err(|no| format!("I3: {decision:?} may not be credited: {no:?}"))?;
        }
        Ok(())
    }

    /// Nothing of what a dead transaction did is there.
    fn weight(&self) -> Found<String> {
        let weight = self.scene.app.pool.snapshot(rows::weight);
        weight.map_err(|error| format!("rows: {error}"))
    }

    fn raw<T>(&self, work: impl FnOnce(&mut redress::db::Conn) -> Result<T>) -> Found<T> {
        let done = self.scene.app.pool.raw(work);
        done.map_err(|error| format!("raw: {error}"))
    }

    /// Does it as a door would, and possibly dies: in the middle, before the commit, or after it and before the answer. A form has
    /// a key and is answered once; what has none is natural to repeat (an import, a bank's message).
    pub fn attempt(
        &mut self,
        act: &Act,
        key: Option<&str>,
        run: impl Fn(&mut Tx) -> Result<String>,
    ) -> Found<Came> {
        let done = |tx: &mut Tx| match key {
            None => run(tx),
            Some(key) => {
                let answer = |tx: &mut Tx| run(tx).map(|words| Done::new(words, ""));
                once(tx, act, key, "the form", answer).map(|done| done.location)
            }
        };
        let pool = self.scene.app.pool.clone();
        let again = self.rng.chance(75);
        match self.rng.below(100) {
            0..=7 => {
                let before = self.weight()?;
                let outcome: Result<String> = pool.write(|tx| {
                    done(tx)?;
                    Err(Error::Busy)
                });
                self.note("dies before the commit");
                self.as_before(&before)?;
                if !matches!(outcome, Err(Error::Busy)) {
                    return came(outcome);
                }
            }
            8..=15 if self.is_sqlite => {
                let point = self.rng.pick(&faults::POINTS).copied().unwrap_or("");
                let before = self.weight()?;
                self.raw(|conn| faults::arm(conn, point))?;
                let outcome = pool.write(done);
                self.raw(faults::disarm_crash)?;
                match outcome {
                    Err(Error::Internal(why)) if format!("{why:#}").contains(faults::CRASH) => {
                        self.note(&format!("dies at {point}"));
                        self.as_before(&before)?;
                    }
                    other => return came(other),
                }
            }
            16..=25 => {
                let first = came(pool.write(done))?;
                let Came::Done(words) = &first else {
                    return Ok(first);
                };
                let before = self.weight()?;
                let second = came(pool.write(done))?;
                self.note("is sent twice");
                let same = match (&second, key) {
                    (Came::Done(again), Some(_)) => again == words,
                    (Came::Done(_), None) => true,
                    _ => false,
                };
                if !same {
                    return Err(format!("I4: {first:?} and, repeated, {second:?}"));
                }
                if key.is_some() {
                    self.as_before(&before)?;
                }
                return Ok(first);
            }
            _ => return came(pool.write(done)),
        }
        if again {
            came(pool.write(done))
        } else {
            Ok(Came::GivenUp)
        }
    }

    fn as_before(&self, before: &str) -> Found<()> {
        let now = self.weight()?;
        if now == before {
            Ok(())
        } else {
            Err(format!("I4: what did not happen left {now} of {before}"))
        }
    }

    pub fn note(&mut self, words: &str) {
        let line = format!("{}   {words}", self.step);
        self.trace.update(line.as_bytes());
        self.lines.push(line);
    }

    fn plant(&mut self) -> Found<()> {
        let Some(fault) = self.fault else {
            return Ok(());
        };
        let planted = match fault {
            Fault::Double => {
                let left =
                    |order: &&rows::Order| order.refunded_e8 > 0 && self.model_ceiling(order) > 0;
                let order = self.rows.orders.iter().find(left).map(|one| one.id.clone());
                let act = self.operator();
                match order {
                    None => false,
                    Some(order) => {
                        let order = redress::ids::OrderId::from(order);
                        let write = self.scene.app.pool.write(|tx| {
                            redress::desk::orders::credit_order_refund(
                                tx, &act, &order, 1, "a rogue",
                            )
                        });
                        write.is_ok()
                    }
                }
            }
            Fault::Mail => match &self.scene.app.mailer {
                Mailer::Memory(sent) => {
                    let mut sent = sent.lock().unwrap();
                    match sent.first().cloned() {
                        None => false,
                        Some(mut rogue) => {
                            rogue.letter.message_id = "rogue@desk.example".to_owned();
                            sent.push(rogue);
                            true
                        }
                    }
                }
                _ => false,
            },
            Fault::Rogue => {
                self.gateway.rogue();
                true
            }
            other => self.raw(|conn| other.plant(conn))?,
        };
        if planted {
            self.fault = None;
            self.holds(&format!("{fault:?} is planted"))?;
        }
        Ok(())
    }

    fn model_ceiling(&self, order: &rows::Order) -> i64 {
        self.model.ceiling(&order.reference)
    }

    /// Whether a fault still waits for something to be put into.
    pub fn is_unspoilt(&self) -> bool {
        self.fault.is_some()
    }

    /// The faults have stopped: letters leave, payouts are sent, and nothing stays on its way. Then the whole proof.
    pub fn end(&mut self) -> Found<()> {
        self.step += 1;
        // Letters and payouts of a day that the clock was set back from are due again.
        self.scene.app.clock.advance(Duration::hours(25));
        gateway::drains(self)?;
        for _ in 0..20 {
            for number in self.waiting() {
                crate::staff::sends(self, &number)?;
            }
            self.scene.app.clock.advance(Duration::minutes(11));
            let round = self.runtime.block_on(worker::round(&self.scene.app));
            round.map_err(|error| format!("worker: {error}"))?;
            self.holds("the worker works")?;
            let has_left = |letter: &Letter| letter.state == "sent";
            if self.rows.letters.iter().all(has_left) && self.waiting().is_empty() {
                break;
            }
        }
        self.mails()?;
        self.gateway.is_drained(&self.rows.payouts)?;
        let stuck =
            self.rows.payouts.iter().find(|payout| {
                !["succeeded", "failed", "returned"].contains(&payout.state.as_str())
            });
        if let Some(payout) = stuck {
            return Err(format!("I10: {payout:?} is still on its way"));
        }
        self.proves()?;
        let replayed = self.scene.app.pool.snapshot(claims::replay);
        let replayed = replayed.map_err(|error| format!("policy replay: {error}"))?;
        match replayed.differing.first() {
            None => Ok(()),
            Some(other) => Err(format!("policy replay: {other:?}")),
        }
    }

    fn waiting(&self) -> Vec<String> {
        let waits = |payout: &&Payout| payout.state == "queued";
        let waiting = self.rows.payouts.iter().filter(waits);
        waiting.map(|payout| payout.number.clone()).collect()
    }

    /// I11: no mail without a committed cause, no cause without its mail, and no more copies than senders died.
    fn mails(&self) -> Found<()> {
        let Mailer::Memory(sent) = &self.scene.app.mailer else {
            return Ok(());
        };
        let sent = sent.lock().unwrap();
        let queued: BTreeSet<&str> = self
            .rows
            .letters
            .iter()
            .map(|letter| letter.message_id.as_str())
            .collect();
        let left: BTreeSet<&str> = sent
            .iter()
            .map(|one| one.letter.message_id.as_str())
            .collect();
        if let Some(rogue) = left.difference(&queued).next() {
            return Err(format!("I11: {rogue} left and was never queued"));
        }
        if let Some(lost) = queued.difference(&left).next() {
            return Err(format!("I11: {lost} was queued and never left"));
        }
        let copies = sent.len() - left.len();
        if copies > self.lost_marks {
            let marks = self.lost_marks;
            return Err(format!("I11: {copies} copies, and {marks} senders died"));
        }
        Ok(())
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.scene.app.now()
    }

    pub fn operator(&self) -> Act {
        Act::operator(self.now(), SITE)
    }

    pub fn as_person(&self, person: &Person, via: Door) -> Act {
        Act {
            who: Doer::Person(person.clone()),
            at: self.now(),
            via,
            request: String::new(),
            site: SITE.to_owned(),
        }
    }

    /// One of the shops that this seed is about: money comes together where few have it.
    pub fn shop(&mut self) -> usize {
        let shops = self.scene.cast.shops.len();
        let own = usize::try_from(self.seed).unwrap() % shops;
        match self.rng.chance(85) {
            true => own,
            false => self.rng.below(shops),
        }
    }

    /// A customer of the cast, mostly one of two.
    pub fn customer(&mut self) -> (usize, Person) {
        let place = match self.rng.chance(90) {
            true => self.rng.below(2),
            false => self.rng.below(self.scene.cast.customers.len()),
        };
        (place, self.scene.cast.customers[place].clone())
    }

    pub fn who(&self, seller: &str, customer: &str) -> Who {
        let cast = &self.scene.cast;
        let shop = cast.shops.iter().position(|row| row.id.as_str() == seller);
        let people = &cast.customers;
        let person = people.iter().position(|row| row.id.as_str() == customer);
        (shop.unwrap(), person.unwrap())
    }

    /// A name that nobody has used in this story.
    pub fn name(&self, what: &str) -> String {
        format!("{what}{}", self.step)
    }

    /// Works a round as the worker does, and possibly dies after a letter was handed over.
    pub fn works(&mut self) -> Found<String> {
        let dies = self.is_sqlite && self.rng.chance(25);
        if dies {
            self.raw(|conn| faults::arm(conn, faults::MARK))?;
        }
        let round = self.runtime.block_on(worker::round(&self.scene.app));
        if dies {
            self.raw(faults::disarm_crash)?;
        }
        match round {
            Ok(round) => Ok(format!("the worker breaks {}", round.breaches)),
            Err(Error::Internal(why)) if dies && format!("{why:#}").contains(faults::CRASH) => {
                self.lost_marks += 1;
                Ok("the worker dies with a letter in its hand".to_owned())
            }
            Err(other) => Err(format!("the worker: {other:?}")),
        }
    }
}

/// Refusals are answers; what breaks is a finding.
fn came(outcome: Result<String>) -> Found<Came> {
    match outcome {
        Ok(words) => Ok(Came::Done(words)),
        Err(Error::Internal(why)) => Err(format!("broken: {why:#}")),
        Err(other) => Ok(Came::Refused(other)),
    }
}

/// The refusal's own word, for traces and expectations.
pub fn code(error: &Error) -> String {
    match error {
        Error::Refused { code, .. } => code.name().to_owned(),
        Error::Invalid(fields) => {
            let first = fields.iter().next().map(|(field, _)| field.to_owned());
            format!("invalid {}", first.unwrap_or_default())
        }
        Error::NotFound => "not_found".to_owned(),
        Error::Forbidden => "forbidden".to_owned(),
        Error::Stale => "stale".to_owned(),
        other => format!("{other:?}"),
    }
}
