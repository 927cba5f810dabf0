//! The proof of the books, from the rows alone: every journal zero and in its chain, every balance the fold of its entries and the
//! sum of its lots, every cap what the journals and payouts say, every event and decision in its chain. Nothing is repaired:
//! what does not add up is named, row by row.

use std::collections::BTreeMap;
use std::fmt;

use crate::db::deposits::{self, Lot};
use crate::db::ledger::{self as rows, Account, Entry, FIRST, Journal};
use crate::db::orders::{Deposit, Order};
use crate::db::payouts::Payout;
use crate::db::sellers::Seller;
use crate::db::{Conn, claims, counted, disputes, events, orders, payouts, sellers};
use crate::error::Result;
use crate::ids::{AccountId, JournalId, LotId};
use crate::rules::ledger::{AccountKind, Standing};
use crate::rules::lots::Source;

/// How many rows are read at a time.
const SLICE: i64 = 500;

/// A row that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub row: String,
    pub why: String,
}

/// What was looked at for one seller.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proof {
    pub seller: String,
    pub journals: i64,
    pub entries: i64,
    pub accounts: i64,
    pub lots: i64,
    pub orders: i64,
    pub deposits: i64,
    pub payouts: i64,
    pub events: i64,
    pub decisions: i64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    pub proofs: Vec<Proof>,
    pub findings: Vec<Finding>,
}

impl Report {
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.row, self.why)
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} journals, {} entries, {} accounts, {} lots, {} orders, {} deposits, {} payouts, {} events, {} decisions",
            self.seller,
            self.journals,
            self.entries,
            self.accounts,
            self.lots,
            self.orders,
            self.deposits,
            self.payouts,
            self.events,
            self.decisions
        )
    }
}

/// Proves the books of every seller.
pub fn verify(conn: &mut Conn) -> Result<Report> {
    let mut report = Report::default();
    for seller in sellers::all(conn)? {
        let mut audit = Audit {
            seller: &seller,
            proof: Proof {
                seller: seller.slug.clone(),
                ..Proof::default()
            },
            findings: Vec::new(),
            folds: BTreeMap::new(),
            purses: BTreeMap::new(),
        };
        audit.journals(conn)?;
        audit.accounts(conn)?;
        audit.lots(conn)?;
        audit.orders(conn)?;
        audit.deposits(conn)?;
        audit.payouts(conn)?;
        audit.purses(conn)?;
        audit.events(conn)?;
        audit.decisions(conn)?;
        report.proofs.push(audit.proof);
        report.findings.extend(audit.findings);
    }
    Ok(report)
}

/// What a customer's account must hold, by its kind, owner and currency.
type Purses = BTreeMap<(AccountKind, String, String), i128>;

struct Audit<'a> {
    seller: &'a Seller,
    proof: Proof,
    findings: Vec<Finding>,
    folds: BTreeMap<AccountId, Standing>,
    purses: Purses,
}

impl Audit<'_> {
    fn find(&mut self, row: impl fmt::Display, why: impl fmt::Display) {
        self.findings.push(Finding {
            row: format!("{} {row}", self.seller.slug),
            why: why.to_string(),
        });
    }

    /// The chain of journals, each with its entries, folded into accounts.
    fn journals(&mut self, conn: &mut Conn) -> Result<()> {
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

    fn accounts(&mut self, conn: &mut Conn) -> Result<()> {
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
    fn lots(&mut self, conn: &mut Conn) -> Result<()> {
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
            for lot in &slice {
                self.proof.lots += 1;
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

    fn hold(&mut self, kind: AccountKind, owner: &str, currency: &str, amount: i128) {
        let purse = (kind, owner.to_owned(), currency.to_owned());
        *self.purses.entry(purse).or_default() += amount;
    }

    fn orders(&mut self, conn: &mut Conn) -> Result<()> {
        let mut last = None;
        loop {
            let slice = orders::after(conn, &self.seller.id, last.as_ref(), SLICE)?;
            let Some(end) = slice.last() else {
                return Ok(());
            };
            last = Some(end.id.clone());
            let ids = slice
                .iter()
                .map(|order| order.id.as_str().to_owned())
                .collect::<Vec<_>>();
            let about = |conn: &mut Conn, kind| -> Result<BTreeMap<String, i64>> {
                Ok(rows::sums_about(conn, &self.seller.id, &ids, kind)?
                    .into_iter()
                    .collect())
            };
            let sold = about(conn, AccountKind::Sales)?;
            let refunded = about(conn, AccountKind::Refunds)?;
            for order in &slice {
                self.proof.orders += 1;
                let disputed = disputes::of_order(conn, &order.id)?;
                let of = |sums: &BTreeMap<String, i64>| {
                    sums.get(order.id.as_str()).copied().unwrap_or(0)
                };
                self.order(order, of(&sold), -of(&refunded), &disputed);
            }
        }
    }

    fn order(
        &mut self,
        order: &Order,
        sold_e8: i64,
        refunded_e8: i64,
        disputed: &[disputes::Dispute],
    ) {
        let name = format!("order {}", order.number);
        if order.charge_e8.unwrap_or(0) != sold_e8 {
            let why = format!(
                "cost {} and {sold_e8} was booked",
                order.charge_e8.unwrap_or(0)
            );
            self.find(&name, why);
        }
        if order.refunded_e8 != refunded_e8 {
            let why = format!(
                "says {} went back and {refunded_e8} was booked",
                order.refunded_e8
            );
            self.find(&name, why);
        }
        self.counted_disputes(&name, order.disputed_e8, disputed);
    }

    fn deposits(&mut self, conn: &mut Conn) -> Result<()> {
        let mut last = None;
        loop {
            let slice = deposits::after(conn, &self.seller.id, last.as_ref(), SLICE)?;
            let Some(end) = slice.last() else {
                return Ok(());
            };
            last = Some(end.id.clone());
            for deposit in &slice {
                self.proof.deposits += 1;
                let lot = deposits::lot_of_deposit(conn, &deposit.id)?;
                let sent = payouts::of_deposit(conn, &deposit.id)?;
                let disputed = disputes::of_deposit(conn, &deposit.id)?;
                self.deposit(deposit, &lot, &sent, &disputed);
            }
        }
    }

    fn deposit(
        &mut self,
        deposit: &Deposit,
        lot: &Lot,
        sent: &[Payout],
        disputed: &[disputes::Dispute],
    ) {
        let name = format!("deposit {}", deposit.reference);
        if deposit.amount_e8 != lot.original_e8 {
            let why = format!(
                "is {} and its lot began with {}",
                deposit.amount_e8, lot.original_e8
            );
            self.find(&name, why);
        }
        let sent_e8 = sent
            .iter()
            .filter(|payout| payout.state.counts())
            .map(|payout| payout.amount_e8)
            .sum::<i64>();
        if deposit.refunded_e8 != sent_e8 {
            let why = format!(
                "says {} went back and its payouts sum to {sent_e8}",
                deposit.refunded_e8
            );
            self.find(&name, why);
        }
        self.counted_disputes(&name, deposit.disputed_e8, disputed);
    }

    fn counted_disputes(&mut self, name: &str, says_e8: i64, disputed: &[disputes::Dispute]) {
        let standing = disputed.iter().filter(|dispute| dispute.status != "won");
        let sum_e8 = standing.map(|dispute| dispute.amount_e8).sum::<i64>();
        if says_e8 != sum_e8 {
            self.find(
                name,
                format!("says {says_e8} is disputed and its disputes sum to {sum_e8}"),
            );
        }
    }

    /// Payouts against the journals that reserved them, and gathered by customer for [`Audit::purses`].
    fn payouts(&mut self, conn: &mut Conn) -> Result<()> {
        let mut last = None;
        loop {
            let slice = payouts::after(conn, &self.seller.id, last.as_ref(), SLICE)?;
            let Some(end) = slice.last() else {
                return Ok(());
            };
            last = Some(end.id.clone());
            let keys = slice
                .iter()
                .map(|payout| payout.key.clone())
                .collect::<Vec<_>>();
            let reserved = rows::sums_of_keys(conn, &keys, AccountKind::PayoutInTransit)?;
            let reserved = reserved.into_iter().collect::<BTreeMap<_, _>>();
            for payout in &slice {
                self.proof.payouts += 1;
                let reserved_e8 = reserved.get(&payout.key).copied().unwrap_or(0);
                if reserved_e8 != payout.amount_e8 {
                    let why = format!("is {} and {reserved_e8} was reserved", payout.amount_e8);
                    self.find(format!("payout {}", payout.number), why);
                }
                if payout.state.is_in_transit() {
                    let owner = payout.customer_id.as_str();
                    let amount = i128::from(payout.amount_e8);
                    self.hold(
                        AccountKind::PayoutInTransit,
                        owner,
                        &payout.currency,
                        amount,
                    );
                }
            }
        }
    }

    /// Every account of a customer against the lots and payouts it must equal.
    fn purses(&mut self, conn: &mut Conn) -> Result<()> {
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

    fn events(&mut self, conn: &mut Conn) -> Result<()> {
        let mut place = Place::first();
        loop {
            let slice = events::chain(conn, &self.seller.id, place.seq - 1, SLICE)?;
            if slice.is_empty() {
                break;
            }
            for row in &slice {
                self.link(
                    &mut place,
                    "event",
                    row.seq,
                    &row.prev_hash,
                    &row.hash,
                    &row.expected_hash(),
                );
            }
        }
        let counted = counted(conn, &format!("events:{}", self.seller.id))?;
        self.closes("event", &place, counted);
        self.proof.events = place.count;
        Ok(())
    }

    fn decisions(&mut self, conn: &mut Conn) -> Result<()> {
        let mut place = Place::first();
        for row in claims::decision_chain(conn, &self.seller.id)? {
            self.link(
                &mut place,
                "decision",
                row.chain,
                &row.prev_hash,
                &row.hash,
                &row.expected_hash(),
            );
        }
        let counted = counted(conn, &format!("decisions:{}", self.seller.id))?;
        self.closes("decision", &place, counted);
        self.proof.decisions = place.count;
        Ok(())
    }

    /// One link of a chain: its number follows, it names the hash before it, and its own hash is that of its contents.
    fn link(
        &mut self,
        place: &mut Place,
        what: &str,
        seq: i64,
        prev: &str,
        hash: &str,
        expected: &str,
    ) {
        let name = format!("{what} {seq}");
        if seq != place.seq {
            self.find(
                format!("{what} {}", place.seq),
                format!("is missing: {seq} follows"),
            );
        } else if prev != place.hash {
            self.find(&name, "does not name the hash before it");
        }
        if hash != expected {
            self.find(&name, "was changed: its hash is not that of its contents");
        }
        *place = Place {
            seq: seq + 1,
            hash: hash.to_owned(),
            count: place.count + 1,
        };
    }

    /// A chain must be as long as its counter says, or its end was cut off.
    fn closes(&mut self, what: &str, place: &Place, counted: i64) {
        if place.count != counted {
            let why = format!("has {} of the {counted} links that were made", place.count);
            self.find(format!("chain of {what}s"), why);
        }
    }
}

/// Where a chain is read: the number that must come next, and the hash before it.
struct Place {
    seq: i64,
    hash: String,
    count: i64,
}

impl Place {
    fn first() -> Self {
        Place {
            seq: FIRST,
            hash: String::new(),
            count: 0,
        }
    }
}
