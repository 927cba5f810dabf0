//! The pure room from outside: no database, no clock, no server.

mod assessments;
mod calendar;
mod cases;
mod check;
mod claims;
mod command;
mod ledger;
mod lots;
mod money;
mod policies;
