//! Lots: every deposit and bonus keeps its own remainder (I14). Bonuses are spent first, the soonest to expire
//! before the others, then deposits oldest first; what an order gives back returns in reverse, cash first.
//! Pure functions for the ledger as well as for claims; `fold` replays an account's history.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::facts::{At, Entry, MethodStatus, Paid};
use super::money::Amount;
use super::words::words;

words! { Source { Deposit = "deposit", Bonus = "bonus" } }

/// One deposit or bonus and what is left of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lot {
    pub id: String,
    pub source: Source,
    pub at: At,
    pub expires_at: Option<At>,
    pub original: Amount,
    pub remaining: Amount,
    /// An open dispute: neither spent nor paid out.
    pub frozen: bool,
    /// Lost to a dispute beyond what remained; later credits to this lot meet it first.
    pub debt: Amount,
}

impl Lot {
    pub fn new(id: &str, source: Source, at: At, amount: Amount) -> Lot {
        Lot {
            id: id.to_owned(),
            source,
            at,
            expires_at: None,
            original: amount,
            remaining: amount,
            frozen: false,
            debt: Amount::ZERO,
        }
    }

    /// A bonus is gone at its very `expires_at`; what is restored to it later is gone too.
    pub fn is_expired(&self, at: At) -> bool {
        self.source == Source::Bonus && self.expires_at.is_some_and(|end| end <= at)
    }

    /// What an order could take from this lot at `at`.
    pub fn spendable(&self, at: At) -> Amount {
        if self.frozen || self.is_expired(at) {
            Amount::ZERO
        } else {
            self.remaining
        }
    }

    /// Adds `amount`, meeting the debt first; returns what met the debt.
    pub fn credit(&mut self, amount: Amount) -> Amount {
        let met = amount.min(self.debt);
        self.debt = self.debt.less(met);
        self.remaining = self.remaining.plus(amount.less(met));
        met
    }

    /// Takes `amount` off for a lost dispute, never below zero; the rest becomes debt.
    pub fn write_down(&mut self, amount: Amount) {
        let taken = amount.min(self.remaining);
        self.remaining = self.remaining.less(taken);
        self.debt = self.debt.plus(amount.less(taken));
    }
}

/// An amount taken from, or given back to, one lot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    pub lot: String,
    pub amount: Amount,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LotError {
    #[error("is more than the {0} that was there")]
    Short(Amount),
    #[error("is more than the {0} of this order that has not come back yet")]
    Excess(Amount),
}

/// Which lots pay for `amount` at `at`, in the order of taking. Sums to `amount`.
pub fn spend(lots: &[Lot], amount: Amount, at: At) -> Result<Vec<Move>, LotError> {
    let mut payers: Vec<&Lot> = lots
        .iter()
        .filter(|lot| lot.spendable(at).is_positive())
        .collect();
    payers.sort_by_key(|lot| match lot.source {
        Source::Bonus => (0, lot.expires_at.is_none(), lot.expires_at, lot.at),
        Source::Deposit => (1, false, None, lot.at),
    });
    let moves = take(
        payers.iter().map(|lot| (&lot.id, lot.spendable(at))),
        amount,
    );
    let taken: Amount = moves.iter().map(|m| m.amount).sum();
    if taken < amount {
        Err(LotError::Short(taken))
    } else {
        Ok(moves)
    }
}

/// Where `amount` of an order goes back to: the lots of its `spent` moves in reverse, cash first, after what
/// `restored` has given back before. Sums to `amount`.
pub fn restore(spent: &[Move], restored: &[Move], amount: Amount) -> Result<Vec<Move>, LotError> {
    let back = |lot: &str| {
        restored
            .iter()
            .filter(|m| m.lot == lot)
            .map(|m| m.amount)
            .sum::<Amount>()
    };
    let open: Vec<(&String, Amount)> = spent
        .iter()
        .rev()
        .map(|m| (&m.lot, m.amount.less(back(&m.lot))))
        .collect();
    let moves = take(open.into_iter(), amount);
    let given: Amount = moves.iter().map(|m| m.amount).sum();
    if given < amount {
        Err(LotError::Excess(given))
    } else {
        Ok(moves)
    }
}

fn take<'a>(lots: impl Iterator<Item = (&'a String, Amount)>, amount: Amount) -> Vec<Move> {
    let mut left = amount;
    let mut moves = Vec::new();
    for (lot, there) in lots {
        let part = there.min(left);
        if part.is_positive() {
            moves.push(Move {
                lot: lot.clone(),
                amount: part,
            });
            left = left.less(part);
        }
    }
    moves
}

/// An entry that cannot have happened; `field` is the entry's own.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("entry {entry}: {field} {message}")]
pub struct HistoryFault {
    pub entry: usize,
    pub field: &'static str,
    pub message: String,
}

/// Checks an account's history: each entry against those before it; amounts only of entries up to `as_of`.
pub fn check(entries: &[Entry], as_of: Option<At>) -> Result<(), HistoryFault> {
    fold_until(entries, as_of).map(|_| ())
}

/// Replays an account's history up to and including `as_of`; the lots in the order of their entries.
pub fn fold(entries: &[Entry], as_of: At) -> Result<Vec<Lot>, HistoryFault> {
    fold_until(entries, Some(as_of))
}

#[derive(Default)]
struct Spending {
    spent: Vec<Move>,
    restored: Vec<Move>,
}

fn fold_until(entries: &[Entry], as_of: Option<At>) -> Result<Vec<Lot>, HistoryFault> {
    let mut lots: Vec<Lot> = Vec::new();
    let mut places: HashMap<&str, Option<usize>> = HashMap::new();
    let mut orders: HashMap<&str, Spending> = HashMap::new();
    let mut latest: Option<At> = None;
    for (index, entry) in entries.iter().enumerate() {
        let fault = |field, message: String| HistoryFault {
            entry: index,
            field,
            message,
        };
        if latest.is_some_and(|latest| entry.at() < latest) {
            return Err(fault(
                "at",
                "lies before the entry above it: entries are oldest first".to_owned(),
            ));
        }
        latest = Some(entry.at());
        let counts = as_of.is_some_and(|as_of| entry.at() <= as_of);
        match entry {
            Entry::Deposit(_) | Entry::Bonus(_) => {
                let lot = opened(entry);
                let id = lot_id(entry);
                if places.insert(id, counts.then_some(lots.len())).is_some() {
                    return Err(fault(
                        "id",
                        "is the id of an earlier deposit or bonus".to_owned(),
                    ));
                }
                if let Some(lot) = lot.filter(|_| counts) {
                    let total = lots
                        .iter()
                        .try_fold(lot.original, |sum, lot| sum.checked_add(lot.original));
                    total.ok_or_else(|| {
                        fault(
                            "amount",
                            "makes the account larger than can be kept".to_owned(),
                        )
                    })?;
                    lots.push(lot);
                }
            }
            Entry::Order { id, at, amount } => {
                let spent = if counts {
                    spend(&lots, *amount, *at).map_err(|why| fault("amount", why.to_string()))?
                } else {
                    Vec::new()
                };
                apply(&mut lots, &places, &spent, |lot, amount| {
                    lot.remaining = lot.remaining.less(amount)
                });
                if orders
                    .insert(
                        id,
                        Spending {
                            spent,
                            restored: Vec::new(),
                        },
                    )
                    .is_some()
                {
                    return Err(fault("id", "is the id of an earlier order".to_owned()));
                }
            }
            Entry::OrderRefund { order, amount, .. } => {
                let Some(spending) = orders.get_mut(order.as_str()) else {
                    return Err(fault(
                        "order",
                        "is not an order that this account paid for before".to_owned(),
                    ));
                };
                if counts {
                    let back = restore(&spending.spent, &spending.restored, *amount)
                        .map_err(|why| fault("amount", why.to_string()))?;
                    apply(&mut lots, &places, &back, |lot, amount| {
                        lot.remaining = lot.remaining.plus(amount)
                    });
                    spending.restored.extend(back);
                }
            }
            Entry::Payout {
                deposit, amount, ..
            } => {
                let place = places.get(deposit.as_str()).copied();
                let is_deposit =
                    |i: usize| lots.get(i).is_some_and(|lot| lot.source == Source::Deposit);
                match place {
                    Some(Some(i)) if is_deposit(i) => {
                        if counts {
                            let left = lots[i]
                                .remaining
                                .checked_sub(*amount)
                                .filter(|left| *left >= Amount::ZERO);
                            let short = LotError::Short(lots[i].remaining).to_string();
                            lots[i].remaining = left.ok_or_else(|| fault("amount", short))?;
                        }
                    }
                    Some(None) => {}
                    _ => {
                        return Err(fault(
                            "deposit",
                            "is not an earlier deposit of this account".to_owned(),
                        ));
                    }
                }
            }
        }
    }
    Ok(lots)
}

fn opened(entry: &Entry) -> Option<Lot> {
    match entry {
        Entry::Deposit(deposit) => Some(Lot::new(
            &deposit.id,
            Source::Deposit,
            deposit.at,
            deposit.amount,
        )),
        Entry::Bonus(bonus) => Some(Lot {
            expires_at: bonus.expires_at,
            ..Lot::new(&bonus.id, Source::Bonus, bonus.at, bonus.amount)
        }),
        _ => None,
    }
}

fn lot_id(entry: &Entry) -> &str {
    match entry {
        Entry::Deposit(deposit) => &deposit.id,
        Entry::Bonus(bonus) => &bonus.id,
        Entry::Order { id, .. } => id,
        Entry::OrderRefund { order, .. } => order,
        Entry::Payout { deposit, .. } => deposit,
    }
}

fn apply(
    lots: &mut [Lot],
    places: &HashMap<&str, Option<usize>>,
    moves: &[Move],
    change: impl Fn(&mut Lot, Amount),
) {
    for one in moves {
        let place = places.get(one.lot.as_str()).copied().flatten();
        if let Some(lot) = place.and_then(|i| lots.get_mut(i)) {
            change(lot, one.amount);
        }
    }
}

/// How a lot's money came in, found again in the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin<'a> {
    pub method: &'a str,
    pub status: Option<MethodStatus>,
    pub paid: Option<Paid>,
}

/// The payment method behind the deposit `id`.
pub fn origin<'a>(entries: &'a [Entry], id: &str) -> Option<Origin<'a>> {
    entries.iter().find_map(|entry| match entry {
        Entry::Deposit(deposit) if deposit.id == id => Some(Origin {
            method: &deposit.method,
            status: deposit.method_status,
            paid: deposit.paid,
        }),
        _ => None,
    })
}
