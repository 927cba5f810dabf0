//! Journals, accounts and lots: every journal zero, every balance the fold of its entries and the sum of its lots.

use std::collections::BTreeMap;

use super::{Audit, Place, SLICE};
use crate::db::deposits::{self, Lot};
use crate::db::ledger::{self as rows, Account, Entry, Journal};
use crate::db::{Conn, disputes, orders, payouts};
use crate::error::Result;
use crate::ids::{JournalId, LotId};
use crate::rules::ledger::{AccountKind, Movement};
use crate::rules::lots::Source;

impl Audit<'_> {
    /// The chain of journals, each with its entries, folded into accounts.
    pub(super) fn journals(&mut self, conn: &mut Conn) -> Result<()> {
        let mut place = Place::first();
        loop {
            let slice = rows::journals_after(conn, &self.seller.id, place.seq - 1, SLICE)?;
            if slice.is_empty() {
                break;
            }
            let ids = slice.iter().map(|row| row.id.clone()).collect::<Vec<_>>();
            let mut entries = BTreeMap::<JournalId, Vec<(Entry, Account)>>::new();
            for (entry, account) in rows::entries_of(conn, &ids)? {
                entries
                    .entry(entry.journal_id.clone())
                    .or_default()
                    .push((entry, account));
            }
            let mut moved = BTreeMap::<JournalId, Vec<(Source, i64)>>::new();
            for (journal, source, sum_e8) in deposits::moved_by(conn, &ids)? {
                moved.entry(journal).or_default().push((source, sum_e8));
            }
            self.speaks_of_rows(conn, &slice)?;
            for row in &slice {
                let entries = entries.remove(&row.id).unwrap_or_default();
                let moved = moved.remove(&row.id).unwrap_or_default();
                let hash = row.expected_hash(&entries);
                self.link(
                    &mut place,
                    "journal",
                    row.seq,
                    &row.prev_hash,
                    &row.hash,
                    &hash,
                );
                self.journal(row, &entries, &moved);
            }
        }
        let chained = rows::chained(conn, &self.seller.id)?;
        self.closes("journal", &place, chained);
        self.proof.journals = place.count;
        let there = rows::entries_count(conn, &self.seller.id)?;
        if there != self.proof.entries {
            let strays = there - self.proof.entries;
            self.find(
                "entries",
                format!("{strays} stand on accounts without a journal"),
            );
        }
        Ok(())
    }

    /// What journals speak of must be there: an order that was paid, a payout that was reserved, a dispute that was opened.
    fn speaks_of_rows(&mut self, conn: &mut Conn, slice: &[Journal]) -> Result<()> {
        let of = |kinds: &[Movement], name: fn(&Journal) -> &str| {
            let rows = slice.iter().filter(|row| kinds.contains(&row.kind));
            rows.map(|row| name(row).to_owned()).collect::<Vec<_>>()
        };
        let reserving = [Movement::PayoutReserved, Movement::DirectRefundReserved];
        let sold = of(&[Movement::OrderPaid], |row| &row.reference);
        let reserved = of(&reserving, |row| &row.key);
        let disputed = of(&[Movement::DisputeOpened], |row| &row.reference);
        let gone = [
            ("order", orders::missing(conn, sold)?),
            ("payout", payouts::missing(conn, reserved)?),
            ("dispute", disputes::missing(conn, disputed)?),
        ];
        for (what, missing) in gone {
            for name in missing {
                self.find(
                    format!("{what} {name}"),
                    "is missing, and a journal speaks of it",
                );
            }
        }
        Ok(())
    }

    fn journal(&mut self, row: &Journal, entries: &[(Entry, Account)], moved: &[(Source, i64)]) {
        let name = format!("journal {} ({})", row.seq, row.key);
        let mut sums = BTreeMap::<&str, i128>::new();
        for (entry, account) in entries {
            self.proof.entries += 1;
            *sums.entry(&entry.currency).or_default() += i128::from(entry.amount_e8);
            if account.seller_id != self.seller.id || account.currency != entry.currency {
                self.find(
                    &name,
                    format!("entry {} stands on a foreign account", entry.id),
                );
            }
            let fold = self.folds.entry(account.id.clone()).or_default();
            fold.seq += 1;
            fold.balance_e8 = fold.balance_e8.wrapping_add(entry.amount_e8);
            let seq = fold.seq;
            if entry.seq != seq {
                let why = format!(
                    "entry {} has number {} of its account, not {seq}",
                    entry.id, entry.seq
                );
                self.find(&name, why);
            }
        }
        if entries.is_empty() {
            self.find(&name, "has no entries");
        }
        for (currency, sum) in sums.into_iter().filter(|(_, sum)| *sum != 0) {
            self.find(
                &name,
                format!("its entries in {currency} sum to {sum} and not to zero"),
            );
        }
        for (source, kind) in [
            (Source::Deposit, AccountKind::CustomerCash),
            (Source::Bonus, AccountKind::CustomerBonus),
        ] {
            let lots = moved
                .iter()
                .filter(|(of, _)| *of == source)
                .map(|(_, e8)| i128::from(*e8))
                .sum::<i128>();
            let booked = entries.iter().filter(|(_, account)| account.kind == kind);
            let booked = booked
                .map(|(entry, _)| i128::from(entry.amount_e8))
                .sum::<i128>();
            if lots != booked {
                self.find(
                    &name,
                    format!("moves {lots} on {source} lots and {booked} on {kind}"),
                );
            }
        }
    }

    pub(super) fn accounts(&mut self, conn: &mut Conn) -> Result<()> {
        for account in rows::accounts_of(conn, &self.seller.id)? {
            self.proof.accounts += 1;
            let name = format!("account {}", account.name());
            let fold = self.folds.remove(&account.id).unwrap_or_default();
            if account.seq != fold.seq {
                self.find(
                    &name,
                    format!("counts {} entries and has {}", account.seq, fold.seq),
                );
            }
            if account.balance_e8 != fold.balance_e8 {
                let why = format!(
                    "says {} and its entries sum to {}",
                    account.balance_e8, fold.balance_e8
                );
                self.find(&name, why);
            }
            if account.kind.has_floor() && account.balance_e8 < 0 {
                self.find(&name, "is below zero");
            }
        }
        Ok(())
    }

    /// Lots against their moves, and gathered by customer for [`Audit::purses`].
    pub(super) fn lots(&mut self, conn: &mut Conn) -> Result<()> {
        let mut last: Option<LotId> = None;
        loop {
            let slice = deposits::lots_after(conn, &self.seller.id, last.as_ref(), SLICE)?;
            let Some(end) = slice.last() else {
                return Ok(());
            };
            last = Some(end.id.clone());
            let ids = slice.iter().map(|lot| lot.id.clone()).collect::<Vec<_>>();
            let mut moves = BTreeMap::<LotId, Vec<i64>>::new();
            for (lot, amount_e8) in deposits::moves_of(conn, &ids)? {
                moves.entry(lot).or_default().push(amount_e8);
            }
            let funded = slice.iter().filter_map(|lot| lot.deposit_id.clone());
            let known = deposits::known(conn, &funded.collect::<Vec<_>>())?;
            for lot in &slice {
                self.proof.lots += 1;
                if lot
                    .deposit_id
                    .as_ref()
                    .is_some_and(|id| !known.contains(id))
                {
                    self.find(format!("lot {}", lot.reference), "has no deposit behind it");
                }
                self.lot(lot, &moves.remove(&lot.id).unwrap_or_default());
            }
        }
    }

    fn lot(&mut self, lot: &Lot, moves: &[i64]) {
        let name = format!("lot {} {}", lot.source, lot.reference);
        let sum = moves.iter().map(|e8| i128::from(*e8)).sum::<i128>();
        if sum != i128::from(lot.remaining_e8) {
            self.find(
                &name,
                format!("has {} left and its moves sum to {sum}", lot.remaining_e8),
            );
        }
        if moves.first() != Some(&lot.original_e8) {
            self.find(
                &name,
                format!("did not begin with the {} it says", lot.original_e8),
            );
        }
        let kind = match lot.source {
            Source::Deposit => AccountKind::CustomerCash,
            Source::Bonus => AccountKind::CustomerBonus,
        };
        let owner = lot.customer_id.as_str();
        self.hold(kind, owner, &lot.currency, i128::from(lot.remaining_e8));
        self.hold(
            AccountKind::DisputeDebt,
            owner,
            &lot.currency,
            -i128::from(lot.debt_e8),
        );
    }

    /// Every account of a customer against the lots and payouts it must equal.
    pub(super) fn purses(&mut self, conn: &mut Conn) -> Result<()> {
        let mut purses = std::mem::take(&mut self.purses);
        for account in rows::accounts_of(conn, &self.seller.id)? {
            if !account.kind.is_owned() {
                continue;
            }
            let purse = (
                account.kind,
                account.owner_id.clone(),
                account.currency.clone(),
            );
            let held = purses.remove(&purse).unwrap_or(0);
            if held != i128::from(account.balance_e8) {
                let why = format!(
                    "says {} and its lots or payouts sum to {held}",
                    account.balance_e8
                );
                self.find(format!("account {}", account.name()), why);
            }
        }
        for ((kind, owner, currency), held) in purses.into_iter().filter(|(_, held)| *held != 0) {
            self.find(
                format!("account {kind} {currency} of {owner}"),
                format!("is missing and should hold {held}"),
            );
        }
        Ok(())
    }
}
