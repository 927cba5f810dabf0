//! The only writer of the ledger. `post` books a journal once, whoever repeats it; `reverse` corrects a mistake by its opposite;
//! `verify` proves the books (see `verify.rs`).
//!
//! Why one lock a seller: every money verb takes the seller's journal chain first ([`lock`]). Accounts, lots and caps of a seller
//! then move one deed at a time, in an order that the chain records, and two deeds never wait for each other.

mod verify;

pub use verify::{Finding, Proof, Report, verify};

use std::collections::BTreeMap;

use crate::act::Act;
use crate::db::deposits::{self, LotMove};
use crate::db::ledger::{self as rows, Account, Entry};
use crate::db::{Conn, Tx, already, capped, orders};
use crate::error::{Code, Error, Result};
use crate::ids::{AccountId, JournalId, LotId, OrderId, SellerId, fresh};
use crate::rules::ledger::{AccountKind, Flaw, Journal, Movement, Standing};

/// What became of a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    pub id: JournalId,
    /// False where the same journal was posted before: nothing was done again.
    pub fresh: bool,
}

/// Takes the seller's books until the transaction ends. Every verb that moves money begins with it.
pub fn lock(tx: &mut Tx, seller: &SellerId) -> Result<()> {
    Ok(rows::bump_chain(tx, seller)?)
}

/// Books a journal. The same key with the same contents posts nothing and gives the first one's id.
///
/// # Errors
/// `Refused`: `KeyReused` for the key of another movement, `Insufficient` where an account has too little.
pub fn post(tx: &mut Tx, act: &Act, seller: &SellerId, journal: &Journal) -> Result<Posted> {
    book(tx, act, seller, journal, None)
}

fn book(
    tx: &mut Tx,
    act: &Act,
    seller: &SellerId,
    journal: &Journal,
    reverses: Option<&JournalId>,
) -> Result<Posted> {
    journal.balanced().map_err(flawed)?;
    lock(tx, seller)?;
    if let Some(id) = posted(tx, seller, journal)? {
        return Ok(Posted { id, fresh: false });
    }
    let (seq, prev_hash) = rows::bump_place(tx, seller)?;
    let mut row = rows::Journal {
        id: JournalId::new(act.at),
        seller_id: seller.clone(),
        seq,
        kind: journal.kind,
        key: journal.key.clone(),
        reference: journal.reference.clone(),
        reverses_id: reverses.cloned(),
        who: act.who.key().to_owned(),
        at: act.at.into(),
        prev_hash,
        hash: String::new(),
    };
    let entries = move_accounts(tx, act, &row, journal)?;
    row.hash = row.expected_hash(&entries);
    let inserted = rows::insert_journal(tx, &row);
    if already(&inserted) {
        return Err(Error::refused(Code::KeyReused));
    }
    inserted?;
    for (entry, _) in &entries {
        rows::insert_entry(tx, entry)?;
    }
    Ok(Posted {
        id: row.id,
        fresh: true,
    })
}

/// The id of the journal that was posted under this key, where it is the same one.
pub fn posted(conn: &mut Conn, seller: &SellerId, journal: &Journal) -> Result<Option<JournalId>> {
    let Some(row) = rows::by_key(conn, &journal.key)? else {
        return Ok(None);
    };
    if &row.seller_id == seller && &contents(conn, &row)? == journal {
        Ok(Some(row.id))
    } else {
        Err(Error::refused(Code::KeyReused))
    }
}

/// A journal of the database as the pure book writes it.
pub fn contents(conn: &mut Conn, row: &rows::Journal) -> Result<Journal> {
    let mut entries = rows::entries_of(conn, std::slice::from_ref(&row.id))?
        .into_iter()
        .map(|(entry, account)| crate::rules::ledger::Entry {
            account: account.name(),
            amount_e8: entry.amount_e8,
        })
        .collect::<Vec<_>>();
    entries.sort();
    Ok(Journal {
        kind: row.kind,
        key: row.key.clone(),
        reference: row.reference.clone(),
        entries,
    })
}

/// Moves each account by its entry, and gives the entries in the order in which the journal's hash takes them.
fn move_accounts(
    tx: &mut Tx,
    act: &Act,
    row: &rows::Journal,
    journal: &Journal,
) -> Result<Vec<(Entry, Account)>> {
    let mut entries = Vec::new();
    for entry in &journal.entries {
        // Asked before it is done, so that a refusal leaves the transaction usable; the CHECK stands behind it.
        let before = rows::account(tx, &row.seller_id, &entry.account)?;
        before
            .map_or_else(Standing::default, |account| Standing {
                seq: account.seq,
                balance_e8: account.balance_e8,
            })
            .after(entry)
            .map_err(flawed)?;
        let fresh_id = AccountId::new(act.at);
        let bumped = rows::bump_account(
            tx,
            &row.seller_id,
            &entry.account,
            entry.amount_e8,
            fresh_id,
        );
        if capped(&bumped) {
            return Err(Error::refused(Code::Insufficient));
        }
        let account = bumped?;
        let entry = Entry {
            id: fresh(act.at),
            journal_id: row.id.clone(),
            account_id: account.id.clone(),
            seq: account.seq,
            amount_e8: entry.amount_e8,
            currency: entry.account.currency.clone(),
        };
        entries.push((entry, account));
    }
    rows::in_order(&mut entries);
    Ok(entries)
}

/// Undoes a deposit, a bonus or a refund to a balance that should not have been: the opposite journal, the lots, the order's count.
/// Everything else has a verb of its own for being undone.
///
/// # Errors
/// `Refused`: `AlreadyDone` for what was reversed before, `IllegalStep` for a movement that is not undone like this,
/// `Insufficient` where the money has been used meanwhile.
pub fn reverse(
    tx: &mut Tx,
    act: &Act,
    seller: &SellerId,
    id: &JournalId,
    key: &str,
) -> Result<Posted> {
    lock(tx, seller)?;
    let row = rows::find(tx, seller, id)?;
    if let Some(reversal) = rows::reversal_of(tx, id)? {
        return if reversal.key == key {
            Ok(Posted {
                id: reversal.id,
                fresh: false,
            })
        } else {
            Err(Error::refused(Code::AlreadyDone))
        };
    }
    if !matches!(
        row.kind,
        Movement::DepositReceived | Movement::BonusGranted | Movement::RefundToBalance
    ) {
        let words = "Only a deposit, a bonus or a refund to a balance is reversed. Refund an order, return a payout or close a \
                     dispute instead.";
        return Err(Error::refused_because(Code::IllegalStep, words));
    }
    let journal = contents(tx, &row)?;
    let posted = book(
        tx,
        act,
        seller,
        &journal.reversal(key).map_err(flawed)?,
        Some(id),
    )?;
    let moves = deposits::moves_of_journal(tx, id)?;
    undo_moves(tx, act, &posted.id, &moves)?;
    if row.kind == Movement::RefundToBalance {
        let back_e8 = -journal.adds_to(AccountKind::Refunds);
        let order = OrderId::from(row.reference.as_str());
        if !orders::bump_unrefunded(tx, &order, back_e8)? {
            return Err(Error::broken(format!(
                "order {order} counts less than was refunded"
            )));
        }
    }
    Ok(posted)
}

/// Takes back what a journal moved on lots. A move that paid off a debt (out of the lot, for no order) brings the debt back.
fn undo_moves(tx: &mut Tx, act: &Act, journal: &JournalId, moves: &[LotMove]) -> Result<()> {
    let mut nets = BTreeMap::<&LotId, (i64, i64)>::new();
    for one in moves {
        let net = nets.entry(&one.lot_id).or_default();
        net.0 -= one.amount_e8;
        if one.order_id.is_none() && one.amount_e8 < 0 {
            net.1 -= one.amount_e8;
        }
    }
    for (lot, (remaining_e8, debt_e8)) in nets {
        let lot = deposits::lot(tx, lot)?;
        if lot.remaining_e8 + remaining_e8 < 0 {
            return Err(Error::refused(Code::Insufficient));
        }
        deposits::bump_lot(tx, &lot.id, remaining_e8)?;
        deposits::bump_debt(tx, &lot.id, debt_e8)?;
    }
    for one in moves {
        let undone = LotMove {
            id: fresh(act.at),
            lot_id: one.lot_id.clone(),
            journal_id: journal.clone(),
            order_id: one.order_id.clone(),
            amount_e8: -one.amount_e8,
            at: act.at.into(),
        };
        deposits::insert_lot_move(tx, &undone)?;
    }
    Ok(())
}

/// What a flaw of the pure book means to a person.
pub fn flawed(flaw: Flaw) -> Error {
    match flaw {
        Flaw::NotPositive => Error::invalid("amount", "Enter an amount above zero"),
        Flaw::TooLarge => Error::invalid("amount", "That is more than the books can hold"),
        Flaw::Overdrawn { .. } => Error::refused(Code::Insufficient),
        Flaw::OverCeiling(_) => Error::refused(Code::OverCeiling),
        Flaw::KeyReused(_) => Error::refused(Code::KeyReused),
        Flaw::Unbalanced { .. } | Flaw::Empty => Error::broken(flaw),
    }
}
