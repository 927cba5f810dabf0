//! Accounts, journals and entries. Written by `desk::ledger` alone, which holds the seller's journal chain while it does:
//! accounts belong to one seller, so whoever has the chain has them all.

use diesel::prelude::*;

use super::columns::At;
use super::deposits::Balance;
use super::schema::{accounts, entries, journals, lot_moves};
use super::{Conn, NUMBERS_FROM, Tx, bump_counter, bump_lock, counted};
use crate::ids::{AccountId, JournalId, PersonId, SellerId, digest};
use crate::rules::ledger::{self, AccountKind, Movement};

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = accounts, treat_none_as_default_value = false)]
pub struct Account {
    pub id: AccountId,
    pub seller_id: SellerId,
    pub kind: AccountKind,
    /// The customer's id, or "" for the seller's own.
    pub owner_id: String,
    pub currency: String,
    pub seq: i64,
    pub balance_e8: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = journals, treat_none_as_default_value = false)]
pub struct Journal {
    pub id: JournalId,
    pub seller_id: SellerId,
    pub seq: i64,
    pub kind: Movement,
    pub key: String,
    pub reference: String,
    pub reverses_id: Option<JournalId>,
    pub who: String,
    pub at: At,
    pub prev_hash: String,
    pub hash: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = entries, treat_none_as_default_value = false)]
pub struct Entry {
    pub id: String,
    pub journal_id: JournalId,
    pub account_id: AccountId,
    pub seq: i64,
    pub amount_e8: i64,
    pub currency: String,
}

impl Account {
    /// Its name in the pure book.
    pub fn name(&self) -> ledger::Account {
        ledger::Account {
            kind: self.kind,
            owner: self.owner_id.clone(),
            currency: self.currency.clone(),
        }
    }
}

impl Journal {
    /// The text that the chain's hash is taken over, behind the previous hash: the journal and its entries, each with the name
    /// of its account and its place there. `entries` in the order of [`entries_of`].
    pub fn content(&self, entries: &[(Entry, Account)]) -> String {
        let entries = entries
            .iter()
            .map(|(entry, account)| {
                serde_json::json!([
                    entry.id,
                    account.id.as_str(),
                    account.kind.word(),
                    account.owner_id,
                    account.currency,
                    entry.seq,
                    entry.amount_e8,
                    entry.currency,
                ])
            })
            .collect::<Vec<_>>();
        serde_json::json!([
            self.id.as_str(),
            self.seller_id.as_str(),
            self.seq,
            self.kind.word(),
            self.key,
            self.reference,
            self.reverses_id.as_ref().map(JournalId::as_str),
            self.who,
            self.at.utc().to_rfc3339(),
            entries,
        ])
        .to_string()
    }

    pub fn expected_hash(&self, entries: &[(Entry, Account)]) -> String {
        digest(&format!("{}\n{}", self.prev_hash, self.content(entries)))
    }
}

fn chain(seller: &SellerId) -> String {
    format!("journals:{seller}")
}

/// Takes the seller's journal chain, and with it all of the seller's accounts, until the transaction ends: whoever comes second
/// waits, and then sees what the first one posted.
pub fn bump_chain(tx: &mut Tx, seller: &SellerId) -> QueryResult<()> {
    bump_lock(tx, &chain(seller))
}

/// How many journals the seller's chain has given numbers to.
pub fn chained(conn: &mut Conn, seller: &SellerId) -> QueryResult<i64> {
    counted(conn, &chain(seller))
}

/// A journal by its stable key, whichever seller posted it.
pub fn by_key(conn: &mut Conn, key: &str) -> QueryResult<Option<Journal>> {
    journals::table
        .filter(journals::key.eq(key))
        .first(conn)
        .optional()
}

pub fn find(conn: &mut Conn, seller: &SellerId, id: &JournalId) -> QueryResult<Journal> {
    journals::table
        .filter(journals::id.eq(id).and(journals::seller_id.eq(seller)))
        .first(conn)
}

/// Whether a journal was reversed.
pub fn reversal_of(conn: &mut Conn, id: &JournalId) -> QueryResult<Option<Journal>> {
    journals::table
        .filter(journals::reverses_id.eq(id))
        .first(conn)
        .optional()
}

/// The journals of a seller after `seq`, in the order of their chain.
pub fn journals_after(
    conn: &mut Conn,
    seller: &SellerId,
    seq: i64,
    limit: i64,
) -> QueryResult<Vec<Journal>> {
    journals::table
        .filter(journals::seller_id.eq(seller).and(journals::seq.gt(seq)))
        .order(journals::seq)
        .limit(limit)
        .load(conn)
}

/// The newest journals of a seller first, for the ledger page.
pub fn journals_before(
    conn: &mut Conn,
    seller: &SellerId,
    seq: i64,
    limit: i64,
) -> QueryResult<Vec<Journal>> {
    journals::table
        .filter(journals::seller_id.eq(seller).and(journals::seq.lt(seq)))
        .order(journals::seq.desc())
        .limit(limit)
        .load(conn)
}

/// The entries of some journals with their accounts, in the order of [`in_order`].
pub fn entries_of(
    conn: &mut Conn,
    journal_ids: &[JournalId],
) -> QueryResult<Vec<(Entry, Account)>> {
    let mut rows = entries::table
        .inner_join(accounts::table)
        .filter(entries::journal_id.eq_any(journal_ids))
        .load::<(Entry, Account)>(conn)?;
    in_order(&mut rows);
    Ok(rows)
}

/// By journal, and within one by the words of the account. Hashes are taken in this order, so it must never change.
pub fn in_order(rows: &mut [(Entry, Account)]) {
    rows.sort_by_cached_key(|(entry, account)| {
        (
            entry.journal_id.clone(),
            account.kind.word(),
            account.owner_id.clone(),
            account.currency.clone(),
            entry.seq,
        )
    });
}

/// Every account of a seller, in a stable order.
pub fn accounts_of(conn: &mut Conn, seller: &SellerId) -> QueryResult<Vec<Account>> {
    accounts::table
        .filter(accounts::seller_id.eq(seller))
        .order((accounts::kind, accounts::currency, accounts::owner_id))
        .load(conn)
}

/// One account, where anything was ever posted to it.
pub fn account(
    conn: &mut Conn,
    seller: &SellerId,
    name: &ledger::Account,
) -> QueryResult<Option<Account>> {
    accounts::table
        .filter(
            accounts::seller_id
                .eq(seller)
                .and(accounts::kind.eq(name.kind))
                .and(accounts::owner_id.eq(&name.owner))
                .and(accounts::currency.eq(&name.currency)),
        )
        .first(conn)
        .optional()
}

/// A customer's accounts at a seller.
pub fn accounts_for_customer(
    conn: &mut Conn,
    seller: &SellerId,
    customer: &PersonId,
) -> QueryResult<Vec<Account>> {
    accounts::table
        .filter(
            accounts::seller_id
                .eq(seller)
                .and(accounts::owner_id.eq(customer.as_str())),
        )
        .order((accounts::currency, accounts::kind))
        .load(conn)
}

/// One movement of a customer's balance: what a statement has a line for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    pub journal: Journal,
    /// Its place in the balance's history, which an import may tell long after.
    pub at: At,
    /// On cash and bonuses together; negative where it went out.
    pub amount_e8: i64,
}

/// The customer's cash and bonuses, whose sum is the balance.
const SPENDABLE: [AccountKind; 2] = [AccountKind::CustomerCash, AccountKind::CustomerBonus];

/// The movements of a balance before a place in the chain (none: from the newest), newest first.
pub fn statement(
    conn: &mut Conn,
    balance: &Balance,
    before: Option<i64>,
    limit: usize,
) -> QueryResult<Vec<Moved>> {
    let mut query = entries::table
        .inner_join(accounts::table)
        .inner_join(journals::table)
        .filter(
            accounts::seller_id
                .eq(&balance.seller)
                .and(accounts::owner_id.eq(balance.customer.as_str()))
                .and(accounts::currency.eq(&balance.currency))
                .and(accounts::kind.eq_any(SPENDABLE)),
        )
        .order((journals::seq.desc(), accounts::kind))
        .select((journals::all_columns, entries::amount_e8))
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(journals::seq.lt(before));
    }
    // A journal has at most one entry on each account.
    let most = i64::try_from(limit.saturating_mul(SPENDABLE.len())).unwrap_or(i64::MAX);
    let rows: Vec<(Journal, i64)> = query.limit(most).load(conn)?;
    let mut moved: Vec<Moved> = Vec::new();
    for (journal, amount_e8) in rows {
        match moved.last_mut() {
            Some(last) if last.journal.id == journal.id => last.amount_e8 += amount_e8,
            _ => moved.push(Moved {
                at: journal.at,
                journal,
                amount_e8,
            }),
        }
    }
    moved.truncate(limit);
    let ids = moved.iter().map(|one| &one.journal.id);
    let booked: Vec<(JournalId, At)> = lot_moves::table
        .filter(lot_moves::journal_id.eq_any(ids.cloned().collect::<Vec<_>>()))
        .select((lot_moves::journal_id, lot_moves::at))
        .load(conn)?;
    for one in &mut moved {
        let own = booked.iter().filter(|(id, _)| *id == one.journal.id);
        one.at = own.map(|(_, at)| *at).min().unwrap_or(one.at);
    }
    Ok(moved)
}

/// What the movements of a balance from a place in the chain on sum to.
pub fn moved_since(conn: &mut Conn, balance: &Balance, seq: i64) -> QueryResult<i64> {
    entries::table
        .inner_join(accounts::table)
        .inner_join(journals::table)
        .filter(
            accounts::seller_id
                .eq(&balance.seller)
                .and(accounts::owner_id.eq(balance.customer.as_str()))
                .and(accounts::currency.eq(&balance.currency))
                .and(accounts::kind.eq_any(SPENDABLE))
                .and(journals::seq.ge(seq)),
        )
        .select(super::dialect::total("entries.amount_e8"))
        .first(conn)
}

/// The journals about one row (an order, a deposit, a payout), oldest first.
pub fn journals_about(
    conn: &mut Conn,
    seller: &SellerId,
    reference: &str,
) -> QueryResult<Vec<Journal>> {
    journals::table
        .filter(
            journals::seller_id
                .eq(seller)
                .and(journals::reference.eq(reference)),
        )
        .order(journals::seq)
        .load(conn)
}

/// How many entries stand on a seller's accounts.
pub fn entries_count(conn: &mut Conn, seller: &SellerId) -> QueryResult<i64> {
    entries::table
        .inner_join(accounts::table)
        .filter(accounts::seller_id.eq(seller))
        .count()
        .get_result(conn)
}

/// What the journals about some rows (orders, deposits) sum to on the seller's accounts of a kind, by reference.
pub fn sums_about(
    conn: &mut Conn,
    seller: &SellerId,
    references: &[String],
    kind: AccountKind,
) -> QueryResult<Vec<(String, i64)>> {
    entries::table
        .inner_join(journals::table)
        .inner_join(accounts::table)
        .filter(
            journals::seller_id
                .eq(seller)
                .and(journals::reference.eq_any(references))
                .and(accounts::kind.eq(kind)),
        )
        .group_by(journals::reference)
        .select((
            journals::reference,
            super::dialect::total("entries.amount_e8"),
        ))
        .load(conn)
}

/// What the journals of some keys put on accounts of a kind, by key.
pub fn sums_of_keys(
    conn: &mut Conn,
    keys: &[String],
    kind: AccountKind,
) -> QueryResult<Vec<(String, i64)>> {
    entries::table
        .inner_join(journals::table)
        .inner_join(accounts::table)
        .filter(journals::key.eq_any(keys).and(accounts::kind.eq(kind)))
        .group_by(journals::key)
        .select((journals::key, super::dialect::total("entries.amount_e8")))
        .load(conn)
}

/// Adds an amount to an account and gives it as it stands after; the first entry opens the account. A floor that would be
/// broken is a CHECK violation ([`super::capped`]).
pub fn bump_account(
    tx: &mut Tx,
    seller: &SellerId,
    name: &ledger::Account,
    amount_e8: i64,
    fresh_id: AccountId,
) -> QueryResult<Account> {
    let bumped = diesel::update(
        accounts::table.filter(
            accounts::seller_id
                .eq(seller)
                .and(accounts::kind.eq(name.kind))
                .and(accounts::owner_id.eq(&name.owner))
                .and(accounts::currency.eq(&name.currency)),
        ),
    )
    .set((
        accounts::seq.eq(accounts::seq + 1),
        accounts::balance_e8.eq(accounts::balance_e8 + amount_e8),
    ))
    .execute(&mut **tx)?;
    if bumped == 0 {
        let opened = Account {
            id: fresh_id,
            seller_id: seller.clone(),
            kind: name.kind,
            owner_id: name.owner.clone(),
            currency: name.currency.clone(),
            seq: 1,
            balance_e8: amount_e8,
        };
        diesel::insert_into(accounts::table)
            .values(&opened)
            .execute(&mut **tx)?;
        return Ok(opened);
    }
    account(tx, seller, name)?.ok_or(diesel::result::Error::NotFound)
}

/// Claims the next place in the seller's chain: the number and the hash before it. The journal must follow in this transaction.
pub fn bump_place(tx: &mut Tx, seller: &SellerId) -> QueryResult<(i64, String)> {
    let seq = bump_counter(tx, &chain(seller))?;
    let prev_hash = journals::table
        .filter(
            journals::seller_id
                .eq(seller)
                .and(journals::seq.eq(seq - 1)),
        )
        .select(journals::hash)
        .first::<String>(&mut **tx)
        .optional()?;
    Ok((seq, prev_hash.unwrap_or_default()))
}

/// The first number of every chain.
pub const FIRST: i64 = NUMBERS_FROM + 1;

/// A key that is taken is a unique violation ([`super::already`]), and leaves the transaction usable.
pub fn insert_journal(tx: &mut Tx, journal: &Journal) -> QueryResult<()> {
    super::dialect::savepoint(tx, |conn| {
        diesel::insert_into(journals::table)
            .values(journal)
            .execute(conn)
            .map(|_| ())
    })
}

pub fn insert_entry(tx: &mut Tx, entry: &Entry) -> QueryResult<()> {
    diesel::insert_into(entries::table)
        .values(entry)
        .execute(&mut **tx)
        .map(|_| ())
}
