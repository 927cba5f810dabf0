//! What a year of stories leaves in the books: rows as they become ready, and, in the order of time, everything that has a place in a
//! chain. A story is told when its ticket is opened and reaches weeks ahead; its events, journals and decisions wait here until every
//! story that could still come before them has been told. The chains therefore run forward in time, as a desk's do.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use chrono::{DateTime, Duration, Utc};

use super::dice::Dice;
use crate::db::bulk::{Sheaf, insert_sheaf};
use crate::db::claims::{self, Decision};
use crate::db::deposits::LotMove;
use crate::db::events::{self, Event};
use crate::db::exceptions::Exception;
use crate::db::ledger::{self as books, Account, Entry, FIRST};
use crate::db::payouts::Payout;
use crate::db::sellers::Seller;
use crate::db::{Conn, NUMBERS_FROM, Tx, counted};
use crate::error::{Error, Result};
use crate::ids::{AccountId, JournalId, SellerId};
use crate::rules::ledger::{Account as Name, Journal};

/// How long an account is remembered after its last entry; then it is read again.
const REMEMBERED: Duration = Duration::days(30);

/// Something that gets its place in a chain when its moment has come.
enum Link {
    Event(Event),
    Journal {
        id: JournalId,
        seller: SellerId,
        journal: Journal,
        who: String,
        moves: Vec<LotMove>,
    },
    Decision {
        row: Decision,
        exceptions: Vec<Exception>,
        payouts: Vec<Payout>,
    },
}

struct Waiting {
    at: DateTime<Utc>,
    place: u64,
    link: Box<Link>,
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.place) == (other.at, other.place)
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.place).cmp(&(other.at, other.place))
    }
}

/// The end of a chain: the next number, and the hash before it.
#[derive(Clone)]
struct End {
    next: i64,
    hash: String,
}

struct Chains {
    events: End,
    journals: End,
    decisions: End,
}

/// An account as it stands, and when it was last moved.
struct Kept {
    row: Account,
    is_new: bool,
    is_moved: bool,
    at: DateTime<Utc>,
}

/// How many numbers of each series were given out.
#[derive(Debug, Clone, Copy, Default)]
struct Series {
    tickets: i64,
    claims: i64,
    orders: i64,
    payouts: i64,
}

pub struct Ink {
    pub dice: Dice,
    /// Where the history ends: nothing is told of what comes after.
    pub now: DateTime<Utc>,
    pub sheaf: Sheaf,
    waiting: BinaryHeap<Reverse<Waiting>>,
    placed: u64,
    series: Series,
    references: i64,
    chains: HashMap<SellerId, Chains>,
    accounts: HashMap<(SellerId, Name), Kept>,
}

impl Ink {
    /// Goes on where the books of these sellers end.
    pub fn of(conn: &mut Conn, sellers: &[Seller], now: DateTime<Utc>, seed: u64) -> Result<Ink> {
        let mut chains = HashMap::new();
        for seller in sellers {
            chains.insert(seller.id.clone(), ends(conn, &seller.id)?);
        }
        Ok(Ink {
            dice: Dice::new(seed),
            now,
            sheaf: Sheaf::default(),
            waiting: BinaryHeap::new(),
            placed: 0,
            series: Series {
                tickets: counted(conn, "ticket")?,
                claims: counted(conn, "claim")?,
                orders: counted(conn, "order")?,
                payouts: counted(conn, "payout")?,
            },
            references: 0,
            chains,
            accounts: HashMap::new(),
        })
    }

    pub fn ticket_number(&mut self) -> String {
        numbered("T", &mut self.series.tickets)
    }

    pub fn claim_number(&mut self) -> String {
        numbered("C", &mut self.series.claims)
    }

    pub fn order_number(&mut self) -> String {
        numbered("O", &mut self.series.orders)
    }

    pub fn payout_number(&mut self) -> String {
        numbered("P", &mut self.series.payouts)
    }

    /// The next name in the sellers' own books.
    pub fn reference(&mut self, prefix: &str) -> String {
        self.references += 1;
        format!("{prefix}{}", 100_000 + self.references)
    }

    pub fn event(&mut self, event: Event) {
        self.wait(event.at.utc(), Link::Event(event));
    }

    pub fn journal(
        &mut self,
        at: DateTime<Utc>,
        seller: &SellerId,
        who: &str,
        id: JournalId,
        journal: Journal,
        moves: Vec<LotMove>,
    ) {
        let link = Link::Journal {
            id,
            seller: seller.clone(),
            journal,
            who: who.to_owned(),
            moves,
        };
        self.wait(at, link);
    }

    /// A decision with what refers to it.
    pub fn decision(&mut self, row: Decision, exceptions: Vec<Exception>, payouts: Vec<Payout>) {
        let link = Link::Decision {
            row,
            exceptions,
            payouts,
        };
        let at = match &link {
            Link::Decision { row, .. } => row.at.utc(),
            _ => self.now,
        };
        self.wait(at, link);
    }

    fn wait(&mut self, at: DateTime<Utc>, link: Link) {
        self.placed += 1;
        let place = self.placed;
        self.waiting.push(Reverse(Waiting {
            at,
            place,
            link: Box::new(link),
        }));
    }

    /// Writes what is ready, and gives its place to everything up to that moment.
    pub fn dry(&mut self, tx: &mut Tx, until: DateTime<Utc>) -> Result<()> {
        while self
            .waiting
            .peek()
            .is_some_and(|Reverse(first)| first.at <= until)
        {
            let Some(Reverse(first)) = self.waiting.pop() else {
                break;
            };
            match *first.link {
                Link::Event(row) => self.chain_event(row)?,
                Link::Journal {
                    id,
                    seller,
                    journal,
                    who,
                    moves,
                } => self.chain_journal(tx, first.at, (id, seller), journal, who, moves)?,
                Link::Decision {
                    row,
                    exceptions,
                    payouts,
                } => {
                    self.chain_decision(row)?;
                    self.sheaf.exceptions.extend(exceptions);
                    self.sheaf.payouts.extend(payouts);
                }
            }
        }
        self.settle(until);
        Ok(insert_sheaf(tx, &mut self.sheaf)?)
    }

    fn chain(&mut self, seller: &SellerId) -> Result<&mut Chains> {
        let chains = self.chains.get_mut(seller);
        chains.ok_or_else(|| Error::broken("a story of a seller that there is not"))
    }

    fn chain_event(&mut self, mut row: Event) -> Result<()> {
        let end = &mut self.chain(&row.seller_id)?.events;
        row.seq = end.next;
        row.prev_hash = std::mem::take(&mut end.hash);
        row.hash = row.expected_hash();
        end.next += 1;
        end.hash.clone_from(&row.hash);
        self.sheaf.events.push(row);
        Ok(())
    }

    fn chain_decision(&mut self, mut row: Decision) -> Result<()> {
        let end = &mut self.chain(&row.seller_id)?.decisions;
        row.chain = end.next;
        row.prev_hash = std::mem::take(&mut end.hash);
        row.hash = row.expected_hash();
        end.next += 1;
        end.hash.clone_from(&row.hash);
        self.sheaf.decisions.push(row);
        Ok(())
    }

    fn chain_journal(
        &mut self,
        tx: &mut Tx,
        at: DateTime<Utc>,
        (id, seller): (JournalId, SellerId),
        journal: Journal,
        who: String,
        moves: Vec<LotMove>,
    ) -> Result<()> {
        let mut entries = Vec::with_capacity(journal.entries.len());
        for entry in journal.entries {
            let account = self.moved(tx, &seller, entry.account, entry.amount_e8, at)?;
            let row = Entry {
                id: self.dice.id(at),
                journal_id: id.clone(),
                account_id: account.id.clone(),
                seq: account.seq,
                amount_e8: entry.amount_e8,
                currency: account.currency.clone(),
            };
            entries.push((row, account));
        }
        books::in_order(&mut entries);
        let end = &mut self.chain(&seller)?.journals;
        let mut row = books::Journal {
            id,
            seller_id: seller.clone(),
            seq: end.next,
            kind: journal.kind,
            key: journal.key,
            reference: journal.reference,
            reverses_id: None,
            who,
            at: at.into(),
            prev_hash: std::mem::take(&mut end.hash),
            hash: String::new(),
        };
        row.hash = row.expected_hash(&entries);
        end.next += 1;
        end.hash.clone_from(&row.hash);
        self.sheaf.journals.push(row);
        self.sheaf
            .entries
            .extend(entries.into_iter().map(|(entry, _)| entry));
        self.sheaf.lot_moves.extend(moves);
        Ok(())
    }

    fn moved(
        &mut self,
        tx: &mut Tx,
        seller: &SellerId,
        name: Name,
        amount_e8: i64,
        at: DateTime<Utc>,
    ) -> Result<Account> {
        let key = (seller.clone(), name);
        if !self.accounts.contains_key(&key) {
            let found = books::account(tx, seller, &key.1)?;
            let is_new = found.is_none();
            let row = found.unwrap_or_else(|| Account {
                id: AccountId::from(self.dice.id(at)),
                seller_id: seller.clone(),
                kind: key.1.kind,
                owner_id: key.1.owner.clone(),
                currency: key.1.currency.clone(),
                seq: 0,
                balance_e8: 0,
            });
            let kept = Kept {
                row,
                is_new,
                is_moved: false,
                at,
            };
            self.accounts.insert(key.clone(), kept);
        }
        let kept = self.accounts.get_mut(&key);
        let kept = kept.ok_or_else(|| Error::broken("an account that was just opened"))?;
        kept.row.seq += 1;
        kept.row.balance_e8 += amount_e8;
        kept.is_moved = true;
        kept.at = at;
        Ok(kept.row.clone())
    }

    /// Accounts as they stand now, and how many numbers and links were given out.
    fn settle(&mut self, until: DateTime<Utc>) {
        for kept in self.accounts.values_mut() {
            if kept.is_new {
                self.sheaf.accounts.push(kept.row.clone());
            } else if kept.is_moved {
                let standing = (kept.row.id.clone(), kept.row.seq, kept.row.balance_e8);
                self.sheaf.standings.push(standing);
            }
            (kept.is_new, kept.is_moved) = (false, false);
        }
        // In an order of its own: a map's is another one each time.
        self.sheaf.accounts.sort_by(|a, b| a.id.cmp(&b.id));
        self.sheaf.standings.sort_by(|a, b| a.0.cmp(&b.0));
        self.accounts.retain(|_, kept| kept.at + REMEMBERED > until);
        let series = [
            ("ticket", self.series.tickets),
            ("claim", self.series.claims),
            ("order", self.series.orders),
            ("payout", self.series.payouts),
        ];
        for (name, count) in series {
            self.sheaf.counted.push((name.to_owned(), count));
        }
        for (seller, chains) in &self.chains {
            for (name, end) in [
                ("events", &chains.events),
                ("journals", &chains.journals),
                ("decisions", &chains.decisions),
            ] {
                let count = end.next - FIRST;
                self.sheaf.counted.push((format!("{name}:{seller}"), count));
            }
        }
        self.sheaf.counted.sort();
    }
}

fn numbered(series: &str, count: &mut i64) -> String {
    *count += 1;
    format!("{series}-{}", NUMBERS_FROM + *count)
}

fn ends(conn: &mut Conn, seller: &SellerId) -> Result<Chains> {
    let count = |conn: &mut Conn, chain: &str| counted(conn, &format!("{chain}:{seller}"));
    let events = count(conn, "events")?;
    let journals = count(conn, "journals")?;
    let decisions = count(conn, "decisions")?;
    let last_event = events::chain(conn, seller, NUMBERS_FROM + events - 1, 1)?.pop();
    let last_journal = books::journals_after(conn, seller, NUMBERS_FROM + journals - 1, 1)?.pop();
    let last_decision = claims::decision_chain(conn, seller)?.pop();
    let end = |count: i64, hash: Option<String>| End {
        next: FIRST + count,
        hash: hash.unwrap_or_default(),
    };
    Ok(Chains {
        events: end(events, last_event.map(|row| row.hash)),
        journals: end(journals, last_journal.map(|row| row.hash)),
        decisions: end(decisions, last_decision.map(|row| row.hash)),
    })
}
