//! The verbs of the business: one file a noun, one function for each thing that people do. Every door calls these same functions.
//! A verb takes the transaction and the act (who, when, through which door), and does all of it or nothing: rows, ledger, clocks,
//! the event and its letters. Read `claims.rs` first: it is what Redress is for.

pub mod batches;
pub mod calendars;
pub mod claims;
pub mod clocks;
pub mod deposits;
pub mod disputes;
pub mod drafts;
pub mod events;
pub mod files;
pub mod forms;
pub mod gateway;
pub mod intake;
pub mod ledger;
pub mod mailroom;
pub mod orders;
pub mod panels;
pub mod passwords;
pub mod payouts;
pub mod people;
pub mod policies;
pub mod reports;
pub mod sanctions;
pub mod sellers;
pub mod tasks;
pub mod throttle;
pub mod tickets;
pub mod weekly;
