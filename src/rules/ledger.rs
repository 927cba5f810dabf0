//! The book, without a database: accounts, journals that sum to zero, and one constructor per business movement.
//!
//! Amounts are integers at eight decimals. A positive entry is owed to somebody (a customer's balance, a sale earned), a negative
//! one is held, spent or lost. The chart: per customer `customer_cash` (what deposits left), `customer_bonus` (given, never paid
//! out), `payout_in_transit` (decided, not yet paid), `dispute_debt` (what a lost dispute took beyond the balance, never above
//! zero); per seller `processor_clearing` (money at the payment methods), `sales`, `refunds`, `promotion`, `dispute_hold` (taken by a
//! bank, contested), `dispute_loss`. There is no rounding account: an amount is rounded before it is posted, never while.
//! An expired bonus stays on its account and its lot, and nobody can spend it.

use std::collections::BTreeMap;
use std::fmt;

use super::words::words;

words! { AccountKind {
    CustomerCash = "customer_cash", CustomerBonus = "customer_bonus", PayoutInTransit = "payout_in_transit",
    DisputeDebt = "dispute_debt", ProcessorClearing = "processor_clearing", Sales = "sales", Refunds = "refunds",
    Promotion = "promotion", DisputeHold = "dispute_hold", DisputeLoss = "dispute_loss",
} }

words! {
    /// What happened, in one word: the kind of a journal.
    Movement {
        DepositReceived = "deposit_received", BonusGranted = "bonus_granted",
        OrderPaid = "order_paid", RefundToBalance = "refund_to_balance", PayoutReserved = "payout_reserved",
        DirectRefundReserved = "direct_refund_reserved", PayoutSucceeded = "payout_succeeded",
        PayoutFailed = "payout_failed", PayoutReturned = "payout_returned", DisputeOpened = "dispute_opened",
        DisputeWon = "dispute_won", DisputeLost = "dispute_lost", Reversal = "reversal",
    }
}

/// One account of a seller's book; `owner` is the customer's id, or "" for the seller's own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account {
    pub kind: AccountKind,
    pub owner: String,
    pub currency: String,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub account: Account,
    pub amount_e8: i64,
}

/// A balanced set of entries. `key` is the deed's stable name: the same deed posts once, however often it is repeated (I22).
/// `reference` names the row that it is about: an order, a deposit, a payout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journal {
    pub kind: Movement,
    pub key: String,
    pub reference: String,
    pub entries: Vec<Entry>,
}

/// Why a journal cannot be made or posted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    #[error("an amount must be above zero")]
    NotPositive,
    #[error("an amount is too large for the book")]
    TooLarge,
    #[error("the entries in {currency} sum to {sum_e8} and not to zero")]
    Unbalanced { currency: String, sum_e8: i128 },
    #[error("the journal moves nothing")]
    Empty,
    #[error("{account} would fall below zero")]
    Overdrawn { account: Account },
    #[error("the key {0} was used for another movement")]
    KeyReused(String),
    #[error("more would go back on {0} than was paid for it")]
    OverCeiling(String),
}

/// How an order was paid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Paid {
    pub cash_e8: i64,
    pub bonus_e8: i64,
    /// By a payment method, past the balance.
    pub direct_e8: i64,
}

/// How a refund reaches a balance: deposit lots, bonus lots, and what it pays off of a lost dispute first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Returned {
    pub cash_e8: i64,
    pub bonus_e8: i64,
    pub debt_e8: i64,
}

/// Where a payout's money came from, and goes back to when it does not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A deposit's lot on the balance.
    Balance,
    /// An order that was paid by a method directly.
    Order,
}

/// Whose money moves, and in which currency.
#[derive(Debug, Clone, Copy)]
pub struct Purse<'a> {
    pub owner: &'a str,
    pub currency: &'a str,
}

impl AccountKind {
    /// Whether it belongs to a customer; the others are the seller's own.
    pub fn is_owned(self) -> bool {
        matches!(
            self,
            AccountKind::CustomerCash
                | AccountKind::CustomerBonus
                | AccountKind::PayoutInTransit
                | AccountKind::DisputeDebt
        )
    }

    /// Whether the balance may never fall below zero: what is not there cannot be given.
    pub fn has_floor(self) -> bool {
        self.is_owned() && self != AccountKind::DisputeDebt
    }
}

impl Source {
    /// The account that a payout empties when it is reserved, and fills when the money comes back.
    fn account(self) -> AccountKind {
        match self {
            Source::Balance => AccountKind::CustomerCash,
            Source::Order => AccountKind::Refunds,
        }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.currency)?;
        if !self.owner.is_empty() {
            write!(f, " of {}", self.owner)?;
        }
        Ok(())
    }
}

impl Purse<'_> {
    fn entry(&self, kind: AccountKind, amount_e8: i64) -> Entry {
        let owner = if kind.is_owned() { self.owner } else { "" };
        Entry {
            account: Account {
                kind,
                owner: owner.to_owned(),
                currency: self.currency.to_owned(),
            },
            amount_e8,
        }
    }

    /// The journal that adds each amount to the account beside it, empty parts left out.
    fn journal<const N: usize>(
        &self,
        kind: Movement,
        key: &str,
        reference: &str,
        amounts: [(AccountKind, i64); N],
    ) -> Result<Journal, Flaw> {
        let mut entries = amounts
            .into_iter()
            .filter(|(_, amount_e8)| *amount_e8 != 0)
            .map(|(kind, amount_e8)| self.entry(kind, amount_e8))
            .collect::<Vec<_>>();
        // One order of accounts everywhere: two posts lock them in the same order.
        entries.sort();
        let journal = Journal {
            kind,
            key: key.to_owned(),
            reference: reference.to_owned(),
            entries,
        };
        journal.balanced()?;
        Ok(journal)
    }
}

impl Journal {
    /// # Errors
    /// No entries, or a currency in which they do not sum to zero.
    pub fn balanced(&self) -> Result<(), Flaw> {
        if self.entries.is_empty() {
            return Err(Flaw::Empty);
        }
        let mut sums = BTreeMap::<&str, i128>::new();
        for entry in &self.entries {
            *sums.entry(&entry.account.currency).or_default() += i128::from(entry.amount_e8);
        }
        match sums.into_iter().find(|(_, sum_e8)| *sum_e8 != 0) {
            None => Ok(()),
            Some((currency, sum_e8)) => Err(Flaw::Unbalanced {
                currency: currency.to_owned(),
                sum_e8,
            }),
        }
    }

    /// What it adds to an account kind, whoever owns it; 0 where it does not touch it.
    pub fn adds_to(&self, kind: AccountKind) -> i64 {
        self.entries
            .iter()
            .filter(|entry| entry.account.kind == kind)
            .map(|entry| entry.amount_e8)
            .sum()
    }

    /// The journal that undoes this one.
    ///
    /// # Errors
    /// An amount without an opposite (the smallest integer).
    pub fn reversal(&self, key: &str) -> Result<Journal, Flaw> {
        let entries = self.entries.iter().map(|entry| {
            Ok(Entry {
                account: entry.account.clone(),
                amount_e8: entry.amount_e8.checked_neg().ok_or(Flaw::TooLarge)?,
            })
        });
        let entries = entries.collect::<Result<Vec<_>, Flaw>>()?;
        let journal = Journal {
            kind: Movement::Reversal,
            key: key.to_owned(),
            reference: self.reference.clone(),
            entries,
        };
        journal.balanced()?;
        Ok(journal)
    }
}

/// Money arrives through a payment method and becomes a lot.
pub fn deposit_received(
    key: &str,
    deposit: &str,
    purse: Purse,
    amount_e8: i64,
) -> Result<Journal, Flaw> {
    let amount_e8 = positive(amount_e8)?;
    purse.journal(
        Movement::DepositReceived,
        key,
        deposit,
        [
            (AccountKind::CustomerCash, amount_e8),
            (AccountKind::ProcessorClearing, -amount_e8),
        ],
    )
}

pub fn bonus_granted(key: &str, lot: &str, purse: Purse, amount_e8: i64) -> Result<Journal, Flaw> {
    let amount_e8 = positive(amount_e8)?;
    purse.journal(
        Movement::BonusGranted,
        key,
        lot,
        [
            (AccountKind::CustomerBonus, amount_e8),
            (AccountKind::Promotion, -amount_e8),
        ],
    )
}

pub fn order_paid(key: &str, order: &str, purse: Purse, paid: Paid) -> Result<Journal, Flaw> {
    let total_e8 = positive(total([paid.cash_e8, paid.bonus_e8, paid.direct_e8])?)?;
    purse.journal(
        Movement::OrderPaid,
        key,
        order,
        [
            (AccountKind::CustomerCash, -paid.cash_e8),
            (AccountKind::CustomerBonus, -paid.bonus_e8),
            (AccountKind::ProcessorClearing, -paid.direct_e8),
            (AccountKind::Sales, total_e8),
        ],
    )
}

pub fn refund_to_balance(
    key: &str,
    order: &str,
    purse: Purse,
    back: Returned,
) -> Result<Journal, Flaw> {
    let total_e8 = positive(total([back.cash_e8, back.bonus_e8, back.debt_e8])?)?;
    purse.journal(
        Movement::RefundToBalance,
        key,
        order,
        [
            (AccountKind::CustomerCash, back.cash_e8),
            (AccountKind::CustomerBonus, back.bonus_e8),
            (AccountKind::DisputeDebt, back.debt_e8),
            (AccountKind::Refunds, -total_e8),
        ],
    )
}

/// Sets money of a balance aside for a payout, so that it cannot be spent twice. `reference` is the deposit.
pub fn payout_reserved(
    key: &str,
    deposit: &str,
    purse: Purse,
    amount_e8: i64,
) -> Result<Journal, Flaw> {
    reserve(
        Movement::PayoutReserved,
        Source::Balance,
        key,
        deposit,
        purse,
        amount_e8,
    )
}

/// Sets money aside for an order that was paid past the balance. `reference` is the order.
pub fn direct_refund_reserved(
    key: &str,
    order: &str,
    purse: Purse,
    amount_e8: i64,
) -> Result<Journal, Flaw> {
    reserve(
        Movement::DirectRefundReserved,
        Source::Order,
        key,
        order,
        purse,
        amount_e8,
    )
}

fn reserve(
    kind: Movement,
    source: Source,
    key: &str,
    reference: &str,
    purse: Purse,
    amount_e8: i64,
) -> Result<Journal, Flaw> {
    let amount_e8 = positive(amount_e8)?;
    purse.journal(
        kind,
        key,
        reference,
        [
            (source.account(), -amount_e8),
            (AccountKind::PayoutInTransit, amount_e8),
        ],
    )
}

pub fn payout_succeeded(
    key: &str,
    reference: &str,
    purse: Purse,
    amount_e8: i64,
) -> Result<Journal, Flaw> {
    let amount_e8 = positive(amount_e8)?;
    purse.journal(
        Movement::PayoutSucceeded,
        key,
        reference,
        [
            (AccountKind::PayoutInTransit, -amount_e8),
            (AccountKind::ProcessorClearing, amount_e8),
        ],
    )
}

/// The money never left: it goes back to where it was reserved. What a lost dispute made of the lot meanwhile is met first
/// (`debt_e8`, never more than the amount).
pub fn payout_failed(
    key: &str,
    reference: &str,
    purse: Purse,
    source: Source,
    amount_e8: i64,
    debt_e8: i64,
) -> Result<Journal, Flaw> {
    let amount_e8 = positive(amount_e8)?;
    purse.journal(
        Movement::PayoutFailed,
        key,
        reference,
        [
            (AccountKind::PayoutInTransit, -amount_e8),
            (source.account(), rest(amount_e8, [debt_e8])?),
            (AccountKind::DisputeDebt, debt_e8),
        ],
    )
}

/// The money had left and came back (a closed card, a wrong account); otherwise as [`payout_failed`].
pub fn payout_returned(
    key: &str,
    reference: &str,
    purse: Purse,
    source: Source,
    amount_e8: i64,
    debt_e8: i64,
) -> Result<Journal, Flaw> {
    let amount_e8 = positive(amount_e8)?;
    purse.journal(
        Movement::PayoutReturned,
        key,
        reference,
        [
            (AccountKind::ProcessorClearing, -amount_e8),
            (source.account(), rest(amount_e8, [debt_e8])?),
            (AccountKind::DisputeDebt, debt_e8),
        ],
    )
}

/// The bank took the disputed amount from the payment method; whose it is stays open. No balance moves: its lots are frozen.
pub fn dispute_opened(
    key: &str,
    dispute: &str,
    purse: Purse,
    amount_e8: i64,
) -> Result<Journal, Flaw> {
    let amount_e8 = positive(amount_e8)?;
    purse.journal(
        Movement::DisputeOpened,
        key,
        dispute,
        [
            (AccountKind::ProcessorClearing, amount_e8),
            (AccountKind::DisputeHold, -amount_e8),
        ],
    )
}

pub fn dispute_won(
    key: &str,
    dispute: &str,
    purse: Purse,
    amount_e8: i64,
) -> Result<Journal, Flaw> {
    let amount_e8 = positive(amount_e8)?;
    purse.journal(
        Movement::DisputeWon,
        key,
        dispute,
        [
            (AccountKind::ProcessorClearing, -amount_e8),
            (AccountKind::DisputeHold, amount_e8),
        ],
    )
}

/// The bank keeps the amount: `cash_e8` is written off the lot, `debt_e8` is what the lot no longer had, and the rest (an order
/// paid past the balance has no lot) is the seller's loss.
pub fn dispute_lost(
    key: &str,
    dispute: &str,
    purse: Purse,
    amount_e8: i64,
    cash_e8: i64,
    debt_e8: i64,
) -> Result<Journal, Flaw> {
    let amount_e8 = positive(amount_e8)?;
    let loss_e8 = rest(amount_e8, [cash_e8, debt_e8])?;
    purse.journal(
        Movement::DisputeLost,
        key,
        dispute,
        [
            (AccountKind::DisputeHold, amount_e8),
            (AccountKind::CustomerCash, -cash_e8),
            (AccountKind::DisputeDebt, -debt_e8),
            (AccountKind::DisputeLoss, -loss_e8),
        ],
    )
}

fn positive(amount_e8: i64) -> Result<i64, Flaw> {
    if amount_e8 > 0 {
        Ok(amount_e8)
    } else {
        Err(Flaw::NotPositive)
    }
}

/// The sum of parts none of which is negative.
fn total<const N: usize>(parts: [i64; N]) -> Result<i64, Flaw> {
    let mut sum = 0_i64;
    for part in parts {
        if part < 0 {
            return Err(Flaw::NotPositive);
        }
        sum = sum.checked_add(part).ok_or(Flaw::TooLarge)?;
    }
    Ok(sum)
}

/// What is left of an amount after its parts; parts may not exceed it.
fn rest<const N: usize>(amount_e8: i64, parts: [i64; N]) -> Result<i64, Flaw> {
    let rest_e8 = amount_e8 - total(parts)?;
    if rest_e8 < 0 {
        return Err(Flaw::NotPositive);
    }
    Ok(rest_e8)
}

/// The whole book of a seller in memory: what the database keeps, folded from journals. Properties and proofs compare with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Book {
    accounts: BTreeMap<Account, Standing>,
    posted: BTreeMap<String, Journal>,
    /// By reference: what was paid for an order, less what went back on it (I13).
    earned: BTreeMap<String, i64>,
}

/// How many entries an account has, and what they sum to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    pub seq: i64,
    pub balance_e8: i64,
}

impl Book {
    /// Posts a journal; false where the same one was posted before.
    ///
    /// # Errors
    /// An unbalanced journal, a key used for something else, an account that may not fall below zero, an order of which more
    /// would go back than was paid. The book is then unchanged.
    pub fn post(&mut self, journal: &Journal) -> Result<bool, Flaw> {
        journal.balanced()?;
        if let Some(posted) = self.posted.get(&journal.key) {
            return if posted == journal {
                Ok(false)
            } else {
                Err(Flaw::KeyReused(journal.key.clone()))
            };
        }
        let mut touched = BTreeMap::<&Account, Standing>::new();
        for entry in &journal.entries {
            let before = self.standing(&entry.account);
            let standing = touched.entry(&entry.account).or_insert(before);
            *standing = standing.after(entry)?;
        }
        let touched = touched
            .into_iter()
            .map(|(account, standing)| (account.clone(), standing))
            .collect::<Vec<_>>();
        let earns = journal.adds_to(AccountKind::Sales) + journal.adds_to(AccountKind::Refunds);
        let earned = self.earned(&journal.reference) + earns;
        if earned < 0 {
            return Err(Flaw::OverCeiling(journal.reference.clone()));
        }
        self.earned.insert(journal.reference.clone(), earned);
        self.accounts.extend(touched);
        self.posted.insert(journal.key.clone(), journal.clone());
        Ok(true)
    }

    /// What was paid for an order, less what went back on it; 0 for anything else.
    pub fn earned(&self, reference: &str) -> i64 {
        self.earned.get(reference).copied().unwrap_or_default()
    }

    pub fn standing(&self, account: &Account) -> Standing {
        self.accounts.get(account).copied().unwrap_or_default()
    }

    pub fn accounts(&self) -> impl Iterator<Item = (&Account, Standing)> {
        self.accounts
            .iter()
            .map(|(account, standing)| (account, *standing))
    }
}

impl Standing {
    /// Where an account stands after one more entry.
    ///
    /// # Errors
    /// A floor broken, or a sum that no integer holds.
    pub fn after(self, entry: &Entry) -> Result<Standing, Flaw> {
        let balance_e8 = self
            .balance_e8
            .checked_add(entry.amount_e8)
            .ok_or(Flaw::TooLarge)?;
        if balance_e8 < 0 && entry.account.kind.has_floor() {
            return Err(Flaw::Overdrawn {
                account: entry.account.clone(),
            });
        }
        Ok(Standing {
            seq: self.seq + 1,
            balance_e8,
        })
    }
}
