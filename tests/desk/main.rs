//! The verbs and the doors, on a real database: SQLite, and PostgreSQL where REDRESS_TEST_POSTGRES names one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../support/mod.rs"]
mod support;

mod calendars;
mod claims;
mod cli;
mod demo;
mod disputes;
mod gates;
mod inputs;
mod intake;
mod killed;
mod mail;
mod money;
mod panel;
mod people;
mod policy_room;
mod portal;
mod queue;
mod reports;
mod servers;
mod tasks;
mod web;
mod years;
