//! Lots: every deposit and bonus keeps its own remainder (I14). Bonuses are spent first, the soonest to expire
//! before the others, then deposits oldest first; what an order gives back returns in reverse, cash first.
//! Pure functions for the ledger as well as for claims; `fold` replays an account's history.

use std::collections::{BTreeSet, HashMap};

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

/// A lot's turn in paying: bonuses before deposits, the soonest to expire first, then the oldest.
type Turn = (bool, bool, Option<At>, At, usize);

fn turn(lot: &Lot, place: usize) -> Turn {
    match lot.source {
        Source::Bonus => (
            false,
            lot.expires_at.is_none(),
            lot.expires_at,
            lot.at,
            place,
        ),
        Source::Deposit => (true, false, None, lot.at, place),
    }
}

/// Which lots pay for `amount` at `at`, in the order of taking. Sums to `amount`.
pub fn spend(lots: &[Lot], amount: Amount, at: At) -> Result<Vec<Move>, LotError> {
    let mut payers: Vec<usize> = (0..lots.len())
        .filter(|place| lots[*place].spendable(at).is_positive())
        .collect();
    payers.sort_by_key(|place| turn(&lots[*place], *place));
    let moves = take(
        payers
            .into_iter()
            .map(|place| (&lots[place].id, lots[place].spendable(at))),
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

fn fold_until(entries: &[Entry], as_of: Option<At>) -> Result<Vec<Lot>, HistoryFault> {
    let mut book = Book::default();
    for (index, entry) in entries.iter().enumerate() {
        let counts = as_of.is_some_and(|as_of| entry.at() <= as_of);
        let wrong = book.enter(entry, counts).err();
        if let Some((field, message)) = wrong {
            return Err(HistoryFault {
                entry: index,
                field,
                message,
            });
        }
    }
    Ok(book.lots)
}

/// The field of an entry that is wrong, and why.
type Wrong = (&'static str, String);

/// An account's history as far as it has been replayed.
#[derive(Default)]
struct Book<'a> {
    lots: Vec<Lot>,
    /// The lots that hold money, in the order in which they pay.
    live: BTreeSet<Turn>,
    /// Where each lot is; None for one that comes after the end of the replay.
    places: HashMap<&'a str, Option<usize>>,
    orders: HashMap<&'a str, Spending>,
    latest: Option<At>,
    opened: Amount,
}

#[derive(Default)]
struct Spending {
    spent: Vec<Move>,
    restored: Vec<Move>,
}

impl<'a> Book<'a> {
    /// Replays one entry; where it does not count, only what it refers to is checked.
    fn enter(&mut self, entry: &'a Entry, counts: bool) -> Result<(), Wrong> {
        if self.latest.is_some_and(|latest| entry.at() < latest) {
            return Err((
                "at",
                "lies before the entry above it: entries are oldest first".to_owned(),
            ));
        }
        self.latest = Some(entry.at());
        match entry {
            Entry::Deposit(deposit) => {
                let lot = Lot::new(&deposit.id, Source::Deposit, deposit.at, deposit.amount);
                self.open(&deposit.id, lot, counts)
            }
            Entry::Bonus(bonus) => {
                let lot = Lot::new(&bonus.id, Source::Bonus, bonus.at, bonus.amount);
                self.open(
                    &bonus.id,
                    Lot {
                        expires_at: bonus.expires_at,
                        ..lot
                    },
                    counts,
                )
            }
            Entry::Order { id, at, amount } => {
                self.order(id, *at, if counts { *amount } else { Amount::ZERO })
            }
            Entry::OrderRefund { order, amount, .. } => {
                self.refund(order, if counts { *amount } else { Amount::ZERO })
            }
            Entry::Payout {
                deposit, amount, ..
            } => self.pay_out(deposit, if counts { *amount } else { Amount::ZERO }),
        }
    }

    fn open(&mut self, id: &'a str, lot: Lot, counts: bool) -> Result<(), Wrong> {
        let place = self.lots.len();
        if self.places.insert(id, counts.then_some(place)).is_some() {
            return Err(("id", "is the id of an earlier deposit or bonus".to_owned()));
        }
        if counts {
            let opened = self.opened.checked_add(lot.original);
            self.opened = opened.ok_or_else(|| {
                (
                    "amount",
                    "makes the account larger than can be kept".to_owned(),
                )
            })?;
            self.lots.push(lot);
            self.set_live(place);
        }
        Ok(())
    }

    fn order(&mut self, id: &'a str, at: At, amount: Amount) -> Result<(), Wrong> {
        while let Some(first) = self
            .live
            .first()
            .copied()
            .filter(|first| self.lots[first.4].is_expired(at))
        {
            self.live.remove(&first);
        }
        let payers = self.live.iter().map(|turn| &self.lots[turn.4]);
        let spent = take(payers.map(|lot| (&lot.id, lot.spendable(at))), amount);
        let taken: Amount = spent.iter().map(|m| m.amount).sum();
        if taken < amount {
            return Err(("amount", LotError::Short(taken).to_string()));
        }
        self.apply(&spent, |lot, amount| {
            lot.remaining = lot.remaining.less(amount)
        });
        match self.orders.insert(
            id,
            Spending {
                spent,
                restored: Vec::new(),
            },
        ) {
            Some(_) => Err(("id", "is the id of an earlier order".to_owned())),
            None => Ok(()),
        }
    }

    fn refund(&mut self, order: &str, amount: Amount) -> Result<(), Wrong> {
        let Some(spending) = self.orders.get_mut(order) else {
            return Err((
                "order",
                "is not an order that this account paid for before".to_owned(),
            ));
        };
        let back = restore(&spending.spent, &spending.restored, amount)
            .map_err(|why| ("amount", why.to_string()))?;
        spending.restored.extend(back.iter().cloned());
        self.apply(&back, |lot, amount| {
            lot.remaining = lot.remaining.plus(amount)
        });
        Ok(())
    }

    fn pay_out(&mut self, deposit: &str, amount: Amount) -> Result<(), Wrong> {
        let Some(place) = self.places.get(deposit).copied() else {
            return Err((
                "deposit",
                "is not an earlier deposit of this account".to_owned(),
            ));
        };
        let Some(place) = place else { return Ok(()) };
        let lot = &mut self.lots[place];
        if lot.source != Source::Deposit {
            return Err(("deposit", "is a bonus, which is not paid out".to_owned()));
        }
        if lot.remaining < amount {
            return Err(("amount", LotError::Short(lot.remaining).to_string()));
        }
        lot.remaining = lot.remaining.less(amount);
        self.set_live(place);
        Ok(())
    }

    fn apply(&mut self, moves: &[Move], change: impl Fn(&mut Lot, Amount)) {
        for one in moves {
            if let Some(place) = self.places.get(one.lot.as_str()).copied().flatten() {
                change(&mut self.lots[place], one.amount);
                self.set_live(place);
            }
        }
    }

    fn set_live(&mut self, place: usize) {
        let key = turn(&self.lots[place], place);
        if self.lots[place].remaining.is_positive() {
            self.live.insert(key);
        } else {
            self.live.remove(&key);
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

/// The payment method behind each deposit.
pub fn origins(entries: &[Entry]) -> HashMap<&str, Origin<'_>> {
    let deposits = entries.iter().filter_map(|entry| match entry {
        Entry::Deposit(deposit) => {
            let origin = Origin {
                method: &deposit.method,
                status: deposit.method_status,
                paid: deposit.paid,
            };
            Some((deposit.id.as_str(), origin))
        }
        _ => None,
    });
    deposits.collect()
}
