//! The proof of the books, from the rows alone: every journal zero and in its chain, every balance the fold of its entries and the
//! sum of its lots, every cap what the journals and payouts say, every event and decision in its chain, every decision on an
//! assessment that its stored facts give again. Nothing is repaired: what does not add up is named, row by row.

mod book;
mod caps;

use std::collections::BTreeMap;
use std::fmt;

use crate::db::claims::{Assessment, Decision};
use crate::db::ledger::FIRST;
use crate::db::sellers::Seller;
use crate::db::{Conn, claims, counted, events, sellers};
use crate::desk::claims::difference;
use crate::error::Result;
use crate::ids::AccountId;
use crate::rules::ledger::{AccountKind, Standing};

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

/// Proves the books of every seller, as they stand at one moment: read them in a `Pool::snapshot`.
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
            disputed: BTreeMap::new(),
        };
        audit.journals(conn)?;
        audit.accounts(conn)?;
        audit.lots(conn)?;
        audit.disputes(conn)?;
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
    disputed: BTreeMap<String, i64>,
}

impl Audit<'_> {
    fn find(&mut self, row: impl fmt::Display, why: impl fmt::Display) {
        self.findings.push(Finding {
            row: format!("{} {row}", self.seller.slug),
            why: why.to_string(),
        });
    }

    fn hold(&mut self, kind: AccountKind, owner: &str, currency: &str, amount: i128) {
        let purse = (kind, owner.to_owned(), currency.to_owned());
        *self.purses.entry(purse).or_default() += amount;
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
        for slice in claims::decision_chain(conn, &self.seller.id)?.chunks(SLICE as usize) {
            let ids = slice.iter().map(|row| row.assessment_id.clone());
            let assessed = claims::assessments_by_ids(conn, &ids.collect::<Vec<_>>())?;
            for row in slice {
                self.link(
                    &mut place,
                    "decision",
                    row.chain,
                    &row.prev_hash,
                    &row.hash,
                    &row.expected_hash(),
                );
                let assessment = assessed.iter().find(|one| one.id == row.assessment_id);
                self.judged(conn, row, assessment)?;
            }
        }
        let counted = counted(conn, &format!("decisions:{}", self.seller.id))?;
        self.closes("decision", &place, counted);
        self.proof.decisions = place.count;
        Ok(())
    }

    /// What a decision rests on: an assessment of the same claim and amount, which its stored facts give again.
    fn judged(
        &mut self,
        conn: &mut Conn,
        row: &Decision,
        assessment: Option<&Assessment>,
    ) -> Result<()> {
        let name = format!("decision {}", row.chain);
        let Some(assessment) = assessment else {
            self.find(&name, "rests on an assessment that is missing");
            return Ok(());
        };
        if assessment.claim_id != row.claim_id || assessment.amount_e8 != row.computed_e8 {
            self.find(&name, "does not say what its assessment says");
        }
        if let Some(what) = difference(conn, assessment)? {
            self.find(
                &name,
                format!("its stored facts do not give its assessment: {what}"),
            );
        }
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
