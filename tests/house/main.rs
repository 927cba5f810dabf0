//! The house's own rules, held by tests: who imports whom, what may be named where, and that the migrations build what the code
//! believes. A law without a test is a wish.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod architecture;
mod database;
mod guards;
mod migrations;
mod pages;
mod readme;
mod routes;
mod source;
