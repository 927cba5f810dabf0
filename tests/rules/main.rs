//! The pure room from outside: no database, no clock, no server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod assessments;
mod calendar;
mod cases;
mod check;
mod claims;
mod clocks;
mod command;
mod drafts;
mod ledger;
mod lots;
mod money;
mod policies;
