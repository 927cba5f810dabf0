//! The small model beside the desk: what every customer, lot, order, payout and shop must hold, in plain integers at eight decimals.
//! It is written from the policies' words (I13, I14, I20) and knows neither `rules::ledger` nor `rules::lots`: what both get
//! wrong in the same way, only somebody who reads both can see.

use std::collections::BTreeMap;

/// Instants are microseconds since 1970.
type At = i64;

/// Why the model would not move money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum No {
    Over,
    Short,
    Frozen,
    NotNow,
}

/// Whose balance: the shop's place in the cast, and the customer's.
pub type Who = (usize, usize);

#[derive(Debug, Clone, Default)]
pub struct Model {
    pub purses: BTreeMap<Who, Purse>,
    /// By the shop's own reference.
    pub orders: BTreeMap<String, Order>,
    /// By number.
    pub payouts: BTreeMap<String, Payout>,
    /// By the bank's reference.
    pub disputes: BTreeMap<String, Dispute>,
    pub shops: BTreeMap<usize, Shop>,
}

#[derive(Debug, Clone, Default)]
pub struct Purse {
    pub lots: Vec<Lot>,
    /// When money last moved on it; lots that only open do not count.
    last: Option<At>,
}

#[derive(Debug, Clone)]
pub struct Lot {
    pub name: String,
    pub is_bonus: bool,
    at: At,
    expires: Option<At>,
    pub began: i64,
    pub left: i64,
    pub debt: i64,
    pub is_frozen: bool,
    pub paid_out: i64,
    pub disputed: i64,
}

#[derive(Debug, Clone)]
pub struct Order {
    pub who: Who,
    pub number: String,
    pub charge: i64,
    pub refunded: i64,
    pub disputed: i64,
    /// What each lot paid, and what came back to it.
    lots: Vec<(String, bool, i64, i64)>,
    /// What a payment method paid past the balance, and what went back of it; one method at most. What is disputed is of it.
    pub direct: Vec<(String, i64, i64)>,
    credits: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Waiting,
    Paid,
    Failed,
    Returned,
}

#[derive(Debug, Clone)]
pub struct Payout {
    pub who: Who,
    pub from: From,
    pub amount: i64,
    pub state: State,
}

#[derive(Debug, Clone)]
pub enum From {
    Lot(String),
    Order { order: String, method: String },
}

#[derive(Debug, Clone)]
pub struct Dispute {
    pub who: Who,
    pub of: Disputed,
    pub amount: i64,
    pub is_open: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disputed {
    Lot(String),
    Order(String),
}

/// The shop's own accounts.
#[derive(Debug, Clone, Default)]
pub struct Shop {
    pub clearing: i64,
    pub sales: i64,
    pub refunds: i64,
    pub promotion: i64,
    pub hold: i64,
    pub loss: i64,
}

const SECOND: At = 1_000_000;

impl Purse {
    /// When something is entered: never before what the balance did last.
    fn enter(&self, at: At) -> At {
        self.last.map_or(at, |last| at.max(last + 1))
    }

    fn lot(&mut self, name: &str, is_bonus: bool) -> Option<&mut Lot> {
        self.lots
            .iter_mut()
            .find(|lot| lot.name == name && lot.is_bonus == is_bonus)
    }

    pub fn deposit(&self, name: &str) -> Option<&Lot> {
        self.lots
            .iter()
            .find(|lot| lot.name == name && !lot.is_bonus)
    }

    pub fn sum(&self, is_bonus: bool) -> i64 {
        let own = self.lots.iter().filter(|lot| lot.is_bonus == is_bonus);
        own.map(|lot| lot.left).sum()
    }

    pub fn debt(&self) -> i64 {
        self.lots.iter().map(|lot| lot.debt).sum()
    }

    /// In the order of paying: bonuses first, the soonest to end before the others, then deposits, the oldest first.
    fn in_turn(&self) -> Vec<usize> {
        let mut turns = (0..self.lots.len()).collect::<Vec<_>>();
        turns.sort_by_key(|place| {
            let lot = &self.lots[*place];
            let end = if lot.is_bonus { lot.expires } else { None };
            (!lot.is_bonus, end.is_none(), end, lot.at, *place)
        });
        turns
    }
}

impl Lot {
    fn opened(name: &str, is_bonus: bool, at: At, amount: i64) -> Lot {
        Lot {
            name: name.to_owned(),
            is_bonus,
            at,
            expires: None,
            began: amount,
            left: amount,
            debt: 0,
            is_frozen: false,
            paid_out: 0,
            disputed: 0,
        }
    }

    /// What a lost dispute made of it is met first.
    fn credit(&mut self, amount: i64) {
        let met = amount.min(self.debt);
        self.debt -= met;
        self.left += amount - met;
    }
}

impl Model {
    fn purse(&mut self, who: Who) -> &mut Purse {
        self.purses.entry(who).or_default()
    }

    pub fn shop(&mut self, who: Who) -> &mut Shop {
        self.shops.entry(who.0).or_default()
    }

    pub fn in_transit(&self, who: Who) -> i64 {
        let own = self.payouts.values().filter(|payout| payout.who == who);
        own.filter(|payout| payout.state == State::Waiting)
            .map(|payout| payout.amount)
            .sum()
    }

    pub fn deposit(&mut self, who: Who, name: &str, at: At, amount: i64) {
        let purse = self.purse(who);
        let at = purse.enter(at);
        purse.lots.push(Lot::opened(name, false, at, amount));
        self.shop(who).clearing -= amount;
    }

    pub fn bonus(&mut self, who: Who, name: &str, at: At, expires: Option<At>, amount: i64) {
        let purse = self.purse(who);
        let at = purse.enter(at);
        let lot = Lot::opened(name, true, at, amount);
        purse.lots.push(Lot { expires, ..lot });
        self.shop(who).promotion -= amount;
    }

    /// An order paid from the balance and past it.
    pub fn order(
        &mut self,
        who: Who,
        name: &str,
        number: &str,
        (balance, direct): (i64, &[(String, i64)]),
        at: At,
    ) -> Result<(), No> {
        let past: i64 = direct.iter().map(|(_, amount)| amount).sum();
        let purse = self.purse(who);
        let at = purse.enter(at);
        let mut left = balance;
        let mut taken = Vec::new();
        for place in purse.in_turn() {
            let lot = &purse.lots[place];
            let is_gone = lot.is_bonus
                && lot
                    .expires
                    .is_some_and(|end| end <= at.div_euclid(SECOND) * SECOND);
            if lot.is_frozen || is_gone || lot.at > at {
                continue;
            }
            let part = lot.left.min(left);
            if part > 0 {
                taken.push((place, part));
                left -= part;
            }
        }
        if left > 0 {
            return Err(No::Short);
        }
        let mut lots = Vec::new();
        for (place, part) in taken {
            let lot = &mut purse.lots[place];
            lot.left -= part;
            lots.push((lot.name.clone(), lot.is_bonus, part, 0));
            purse.last = Some(at);
        }
        let order = Order {
            who,
            number: number.to_owned(),
            charge: balance + past,
            refunded: 0,
            disputed: 0,
            lots,
            direct: direct
                .iter()
                .map(|(method, amount)| (method.clone(), *amount, 0))
                .collect(),
            credits: 0,
        };
        self.orders.insert(name.to_owned(), order);
        let shop = self.shop(who);
        shop.clearing -= past;
        shop.sales += balance + past;
        Ok(())
    }

    /// What of an order may still go back, whoever asks.
    pub fn ceiling(&self, order: &str) -> i64 {
        self.orders
            .get(order)
            .map_or(0, |order| order.charge - order.refunded - order.disputed)
    }

    /// Back to the balance: newest lot first, cash before bonuses, what was paid past the balance at the end.
    pub fn credit(&mut self, order: &str, amount: i64, at: At) -> Result<(), No> {
        if amount > self.ceiling(order) {
            return Err(No::Over);
        }
        let mut row = self.orders.remove(order).unwrap();
        let outcome = self.credit_to(&mut row, amount, at);
        self.orders.insert(order.to_owned(), row);
        outcome
    }

    fn credit_to(&mut self, order: &mut Order, amount: i64, at: At) -> Result<(), No> {
        let open = order
            .lots
            .iter()
            .map(|(.., paid, back)| paid - back)
            .sum::<i64>()
            + order
                .direct
                .iter()
                .map(|(_, paid, back)| paid - back)
                .sum::<i64>()
            - order.disputed;
        if amount > open {
            return Err(No::Over);
        }
        order.refunded += amount;
        self.shop(order.who).refunds -= amount;
        let purse = self.purse(order.who);
        let mut left = amount;
        let entered = purse.enter(at);
        for (name, is_bonus, paid, back) in order.lots.iter_mut().rev() {
            let part = left.min(*paid - *back);
            if part > 0 {
                *back += part;
                left -= part;
                purse.lot(name, *is_bonus).unwrap().credit(part);
                purse.last = Some(entered);
            }
        }
        for (method, paid, back) in order.direct.iter_mut().rev() {
            let part = left.min(*paid - *back - order.disputed);
            if part > 0 {
                *back += part;
                left -= part;
                order.credits += 1;
                let name = format!("{} {method} {}", order.number, order.credits);
                let at = purse.enter(at);
                purse.lots.push(Lot::opened(&name, false, at, part));
                purse.last = Some(at);
            }
        }
        Ok(())
    }

    /// Sets money of a deposit aside.
    pub fn reserve(
        &mut self,
        number: &str,
        who: Who,
        lot: &str,
        amount: i64,
        at: At,
    ) -> Result<(), No> {
        let purse = self.purse(who);
        let entered = purse.enter(at);
        let lot = purse.lot(lot, false).ok_or(No::NotNow)?;
        if amount > lot.began - lot.paid_out - lot.disputed {
            return Err(No::Over);
        }
        if lot.is_frozen {
            return Err(No::Frozen);
        }
        if amount > lot.left {
            return Err(No::Short);
        }
        lot.left -= amount;
        lot.paid_out += amount;
        let (from, came) = (From::Lot(lot.name.clone()), lot.at);
        purse.last = Some(entered.max(came));
        self.queue(number, who, from, amount);
        Ok(())
    }

    /// Sets money aside of what an order was paid with past the balance.
    pub fn reserve_order(
        &mut self,
        number: &str,
        order: &str,
        method: &str,
        amount: i64,
    ) -> Result<(), No> {
        if amount > self.ceiling(order) {
            return Err(No::Over);
        }
        let row = self.orders.get_mut(order).ok_or(No::NotNow)?;
        let part = row.direct.iter_mut().find(|(known, ..)| known == method);
        let (_, paid, back) = part.ok_or(No::NotNow)?;
        if *back + row.disputed + amount > *paid {
            return Err(No::Over);
        }
        *back += amount;
        row.refunded += amount;
        let who = row.who;
        self.shop(who).refunds -= amount;
        let from = From::Order {
            order: order.to_owned(),
            method: method.to_owned(),
        };
        self.queue(number, who, from, amount);
        Ok(())
    }

    fn queue(&mut self, number: &str, who: Who, from: From, amount: i64) {
        let payout = Payout {
            who,
            from,
            amount,
            state: State::Waiting,
        };
        self.payouts.insert(number.to_owned(), payout);
    }

    /// The payout arrived; once.
    pub fn pay(&mut self, number: &str) -> Result<(), No> {
        let payout = self.payouts.get_mut(number).ok_or(No::NotNow)?;
        if payout.state != State::Waiting {
            return Err(No::NotNow);
        }
        payout.state = State::Paid;
        let (who, amount) = (payout.who, payout.amount);
        self.shop(who).clearing += amount;
        Ok(())
    }

    /// The payout's money is back where it was taken from: it never left, or it was returned.
    pub fn come_back(&mut self, number: &str, as_state: State, at: At) -> Result<(), No> {
        let from = match as_state {
            State::Failed => State::Waiting,
            _ => State::Paid,
        };
        let payout = self.payouts.get_mut(number).ok_or(No::NotNow)?;
        if payout.state != from {
            return Err(No::NotNow);
        }
        payout.state = as_state;
        let payout = payout.clone();
        if as_state == State::Returned {
            self.shop(payout.who).clearing -= payout.amount;
        }
        match &payout.from {
            From::Lot(name) => {
                let purse = self.purse(payout.who);
                let entered = purse.enter(at);
                let lot = purse.lot(name, false).ok_or(No::NotNow)?;
                lot.paid_out -= payout.amount;
                lot.credit(payout.amount);
                purse.last = Some(entered);
            }
            From::Order { order, method } => {
                let row = self.orders.get_mut(order).ok_or(No::NotNow)?;
                row.refunded -= payout.amount;
                let part = row.direct.iter_mut().find(|(known, ..)| known == method);
                part.ok_or(No::NotNow)?.2 -= payout.amount;
                self.shop(payout.who).refunds += payout.amount;
            }
        }
        Ok(())
    }

    /// What a bank could still take back of a payment.
    pub fn disputable(&self, who: Who, of: &Disputed) -> i64 {
        match of {
            Disputed::Order(order) => self.orders.get(order).map_or(0, |order| {
                let direct = order.direct.iter().map(|(_, paid, back)| paid - back);
                direct.sum::<i64>() - order.disputed
            }),
            Disputed::Lot(name) => self
                .purses
                .get(&who)
                .and_then(|purse| purse.deposit(name))
                .map_or(0, |lot| lot.began - lot.paid_out - lot.disputed),
        }
    }

    pub fn dispute(
        &mut self,
        reference: &str,
        who: Who,
        of: Disputed,
        amount: i64,
    ) -> Result<(), No> {
        if amount > self.disputable(who, &of) {
            return Err(No::Over);
        }
        match &of {
            Disputed::Order(order) => self.orders.get_mut(order).unwrap().disputed += amount,
            Disputed::Lot(name) => {
                let lot = self.purse(who).lot(name, false).unwrap();
                lot.disputed += amount;
                lot.is_frozen = true;
            }
        }
        let shop = self.shop(who);
        shop.clearing += amount;
        shop.hold -= amount;
        let dispute = Dispute {
            who,
            of,
            amount,
            is_open: true,
        };
        self.disputes.insert(reference.to_owned(), dispute);
        Ok(())
    }

    pub fn close(&mut self, reference: &str, is_won: bool, at: At) -> Result<(), No> {
        let dispute = self.disputes.get_mut(reference).ok_or(No::NotNow)?;
        if !dispute.is_open {
            return Err(No::NotNow);
        }
        dispute.is_open = false;
        let Dispute {
            who, of, amount, ..
        } = dispute.clone();
        let still_open = self
            .disputes
            .values()
            .any(|other| other.is_open && other.who == who && other.of == of);
        self.shop(who).hold += amount;
        if is_won {
            self.shop(who).clearing -= amount;
        }
        match &of {
            Disputed::Order(order) if is_won => {
                self.orders.get_mut(order).unwrap().disputed -= amount;
            }
            Disputed::Order(_) => self.shop(who).loss -= amount,
            Disputed::Lot(name) => {
                let purse = self.purse(who);
                let entered = purse.enter(at);
                let lot = purse.lot(name, false).unwrap();
                lot.is_frozen = still_open;
                if is_won {
                    lot.disputed -= amount;
                } else {
                    let taken = lot.left.min(amount);
                    lot.left -= taken;
                    lot.debt += amount - taken;
                    if taken > 0 {
                        let came = lot.at;
                        purse.last = Some(entered.max(came));
                    }
                }
            }
        }
        Ok(())
    }
}
