//! The pure room from outside: no database, no clock, no server.

mod cases;
mod check;
mod ledger;
mod policies;
