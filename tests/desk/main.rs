//! The verbs and the doors, on a real database: SQLite, and PostgreSQL where REDRESS_TEST_POSTGRES names one.

#[path = "../support/mod.rs"]
mod support;

mod claims;
mod money;
