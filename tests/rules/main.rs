//! The pure room from outside: no database, no clock, no server.

mod ledger;
mod policies;
