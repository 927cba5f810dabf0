//! The pure room: facts and a policy go in, an assessment comes out. Nothing here reads a clock, a file, a
//! database or the environment, and nothing here is ours but this room; the same input gives the same bytes.
//! Read `facts`, then `policy`, then `adjudicate`, which asks every clause (`clauses`) and settles what is
//! owed (`owed`) and how it goes back (`remedy`).

pub mod adjudicate;
pub mod assessment;
pub mod calendar;
pub mod causes;
pub mod clauses;
pub mod clock;
pub mod conduct;
pub mod deadline;
pub mod display;
mod explain;
pub mod facts;
pub mod granted;
mod hearing;
pub mod ledger;
pub mod lifecycle;
pub mod lots;
pub mod mail;
pub mod matters;
pub mod money;
pub mod owed;
pub mod period;
pub mod policy;
pub mod priority;
mod purse;
pub mod remedy;
pub mod rights;
pub mod sla;
pub mod sum;
pub mod tasks;
pub mod trial;
mod units;
mod words;
mod written;

/// The version of these rules, kept beside each assessment that they made.
pub const ENGINE: &str = "1";
