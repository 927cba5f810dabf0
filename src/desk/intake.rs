//! Services, deposits and orders from the seller's own files: CSV (comma, semicolon or tab, with a header) or JSON Lines (one
//! object a line), UTF-8 or UTF-16 with its mark. Told again, a row changes nothing; a changed status becomes a line of the
//! order's history; changed money is refused. What a file's form gets wrong stops the whole file; what a row gets wrong stops
//! that row alone. Columns marked * must be filled; an empty cell is *unknown*, never 0, and erases nothing
//! that is known.
//!
//! - services: `reference`*, `name`*, and what buyers are shown: `refill` (`none`, `lifetime` or days), `refundable_once_started`,
//!   `returnable`, `limits_disclosed` (`true` or `false`), `compatible_with` (`a|b`).
//! - deposits: `reference`*, `customer`* (e-mail), `customer_name`, `at`*, `amount`*, `currency` (else the seller's), `method`*,
//!   `method_label`, `method_state` (`usable`, `closed`), `paid_amount` with `paid_currency` (what left the method, where that was
//!   another currency; without the `surcharge`).
//! - orders: `reference`*, `customer`*, `customer_name`, `service`, `title` (else the service's name), `target`, `placed_at`,
//!   `status`*, `status_at` (when it was so; else now), `quantity`, `remains`, `charge`, `currency`, `tax_included`, `paid_with`
//!   (`balance`, a method, or `balance=6.00|card-1=4.00`), `items`, `canceled_by`, `period_ends_on`, `confirmed_at`, `sent_at`,
//!   `sms`, `sms_received_at`, `panel_order` (what the seller's panel calls it).
//!
//! Instants are RFC 3339 with an offset, days `2026-03-01`, amounts plain decimals such as `12.50` (as text in JSON).
//! Import deposits before the orders that they paid.

mod fields;
mod keep;
mod table;

use std::fmt;

use serde::Serialize;

use super::deposits::Kept;
use super::events::{Happened, record};
use crate::act::Act;
use crate::db::imports::{Import, insert_import};
use crate::db::sellers::Seller;
use crate::db::{Tx, set_apart};
use crate::error::{Error, Result};
use crate::ids::fresh;
use crate::plain;

pub use table::{Row, Sheet, columns};

/// The largest file, in bytes.
pub const MOST_BYTES: usize = 16 * 1024 * 1024;

/// How many rows one transaction keeps: short enough that nobody waits for an import.
const BATCH: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Services,
    Deposits,
    Orders,
}

/// What could not be taken, where and why. Line 0 is the file itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Refusal {
    pub line: usize,
    /// The column, or "" for the whole line.
    pub field: String,
    pub why: String,
}

/// A file whose form is right: its rows, in the order in which they happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    pub kind: Kind,
    pub file_name: String,
    rows: Vec<Row>,
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub kind: Kind,
    pub file_name: String,
    /// Rows that the file held.
    pub lines: usize,
    pub added: usize,
    pub changed: usize,
    pub same: usize,
    pub refused: Vec<Refusal>,
}

impl Kind {
    pub const ALL: [Kind; 3] = [Kind::Services, Kind::Deposits, Kind::Orders];

    pub fn word(self) -> &'static str {
        match self {
            Kind::Services => "services",
            Kind::Deposits => "deposits",
            Kind::Orders => "orders",
        }
    }

    pub fn from_word(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.field.as_str()) {
            (0, _) => f.write_str(&self.why),
            (line, "") => write!(f, "line {line}: {}", self.why),
            (line, field) => write!(f, "line {line}, {field}: {}", self.why),
        }
    }
}

impl Refusal {
    pub(super) fn new(line: usize, field: &str, why: impl Into<String>) -> Self {
        Refusal {
            line,
            field: field.to_owned(),
            why: why.into(),
        }
    }
}

/// Reads a CSV file of something else than what is imported; `name` is the column that names each row only once.
///
/// # Errors
/// Everything that is wrong with its form, by line.
pub fn sheet(
    sheet: &Sheet,
    name: &str,
    bytes: &[u8],
) -> std::result::Result<Vec<Row>, Vec<Refusal>> {
    let rows = table::read_as(*sheet, "", bytes)?;
    match table::repeated(&rows, name) {
        twice if twice.is_empty() => Ok(rows),
        twice => Err(twice),
    }
}

/// Reads a file. JSON Lines where its name ends in `.jsonl` or `.ndjson` or its text begins with a brace; CSV otherwise.
///
/// # Errors
/// Everything that is wrong with its form, by line: nothing of such a file is imported.
pub fn read(
    kind: Kind,
    file_name: &str,
    bytes: &[u8],
) -> std::result::Result<Reading, Vec<Refusal>> {
    let mut rows = table::read(kind, file_name, bytes)?;
    let (name, when) = match kind {
        Kind::Services => ("reference", None),
        Kind::Deposits => ("reference", Some("at")),
        Kind::Orders => ("reference", Some("placed_at")),
    };
    let twice = table::repeated(&rows, name);
    if !twice.is_empty() {
        return Err(twice);
    }
    if let Some(when) = when {
        // Money is entered in the order in which it moved; a row whose instant does not read is refused when its turn comes.
        rows.sort_by_key(|row| {
            let at = fields::instant(row.text(when).unwrap_or_default()).ok();
            (at.is_none(), at)
        });
    }
    Ok(Reading {
        kind,
        file_name: plain::line(file_name, 200),
        rows,
    })
}

impl Reading {
    /// The rows in portions, each for one transaction: see [`batch`].
    pub fn batches(&self) -> impl Iterator<Item = &[Row]> {
        self.rows.chunks(BATCH)
    }

    /// The report before anything was kept.
    pub fn report(&self) -> Report {
        Report {
            lines: self.rows.len(),
            ..Report::unreadable(self.kind, &self.file_name, Vec::new())
        }
    }
}

/// What became of one row.
pub type Outcome = std::result::Result<Kept, Vec<Refusal>>;

/// Keeps some rows; those that are refused leave nothing behind and do not stop the others.
pub fn batch(
    tx: &mut Tx,
    act: &Act,
    seller: &Seller,
    kind: Kind,
    rows: &[Row],
) -> Result<Vec<Outcome>> {
    let mut outcomes = Vec::with_capacity(rows.len());
    for row in rows {
        let kept = set_apart(tx, |tx| match kind {
            Kind::Services => keep::service(tx, act, seller, row),
            Kind::Deposits => keep::deposit(tx, act, seller, row),
            Kind::Orders => keep::order(tx, act, seller, row),
        });
        outcomes.push(match kept {
            Ok(kept) => Ok(kept),
            Err(error) => Err(refusals(row, error)?),
        });
    }
    Ok(outcomes)
}

/// What an error says about its row; what is nobody's fault in the file goes on as the error it is.
fn refusals(row: &Row, error: Error) -> Result<Vec<Refusal>> {
    match error {
        Error::Invalid(fields) => Ok(fields
            .iter()
            .map(|(field, why)| Refusal::new(row.line, field, why))
            .collect()),
        Error::Refused { words, .. } => Ok(vec![Refusal::new(row.line, "", words)]),
        other => Err(other),
    }
}

impl Report {
    /// The report of a file that could not be read.
    pub fn unreadable(kind: Kind, file_name: &str, refused: Vec<Refusal>) -> Report {
        Report {
            kind,
            file_name: plain::line(file_name, 200),
            lines: 0,
            added: 0,
            changed: 0,
            same: 0,
            refused,
        }
    }

    pub fn take(&mut self, outcomes: Vec<Outcome>) {
        for outcome in outcomes {
            match outcome {
                Ok(Kept::Added) => self.added += 1,
                Ok(Kept::Changed) => self.changed += 1,
                Ok(Kept::Same) => self.same += 1,
                Err(refused) => self.refused.extend(refused),
            }
        }
        self.refused.sort();
    }

    /// Rows that were refused; a row may be refused for several reasons.
    pub fn refused_lines(&self) -> usize {
        let mut lines = self
            .refused
            .iter()
            .map(|refusal| refusal.line)
            .collect::<Vec<_>>();
        lines.dedup();
        lines.len()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for refusal in &self.refused {
            writeln!(f, "{refusal}")?;
        }
        write!(
            f,
            "{} {}: {} added, {} changed, {} same, {} refused",
            self.lines,
            self.kind.word(),
            self.added,
            self.changed,
            self.same,
            self.refused_lines()
        )
    }
}

/// Stores the report, and writes the import into the seller's timeline.
pub fn file(tx: &mut Tx, act: &Act, seller: &Seller, report: &Report) -> Result<Import> {
    let count = |n: usize| {
        i64::try_from(n).map_err(|_| Error::broken("a file of more rows than can be counted"))
    };
    let row = Import {
        id: fresh(act.at),
        seller_id: seller.id.clone(),
        kind: report.kind.word().to_owned(),
        file_name: report.file_name.clone(),
        at: act.at.into(),
        who: act.who.key().to_owned(),
        lines: count(report.lines)?,
        added: count(report.added)?,
        changed: count(report.changed)?,
        same: count(report.same)?,
        refused: count(report.refused_lines())?,
        report_json: serde_json::to_string(&report.refused)?,
    };
    insert_import(tx, &row)?;
    let (added, changed) = (report.added, report.changed);
    let words = format!(
        "{} imported {} from {}: {added} added, {changed} changed.",
        act.who.label(),
        row.kind,
        row.file_name
    );
    record(
        tx,
        act,
        Happened::new(&seller.id, "imported", words).with(&row.id)?,
    )?;
    Ok(row)
}
