//! Redress: a support desk that computes the refund from the written policy, and pays it once.
//!
//! The words that this program uses, everywhere in the same sense:
//!
//! - **seller**: a shop with one published refund policy. **order**: what was bought, with a frozen snapshot of what the buyer was
//!   shown; **remains**: the units not delivered or not used; **refill**: delivering again what has dropped.
//! - **ticket**: a conversation; **message**: a line of it for both sides; **note**: a line for the staff alone.
//! - **claim**: a request for money on one **ground**. **fact**: true, false, a value, or unknown. **clause**: a numbered piece of a
//!   **policy**; **finding**: what a clause comes to in one claim. **assessment**: what the rules say; **decision**: what a person
//!   does about it, or the policy where its text says "automatically".
//! - **deposit**: money that came in by a payment method; **bonus**: money that was given; **lot**: what is left of one of them.
//!   **account**, **journal**, **entry**: double-entry bookkeeping; a journal's entries sum to zero. **remedy**: how a claim is put
//!   right; **payout**: money on its way to a payment method; **dispute**: a chargeback at the bank.
//! - **draft** (of a policy): a version that is being written; **proposal**: one text of it before a second person; **trial**: a draft
//!   judged on past claims; **flip**: a claim whose answer would have been another.
//! - **clock**: one promise on one ticket or claim; **deadline**: the instant by which it was promised.
//! - **letter**: one outgoing mail; **outbox**: letters that are not yet sent. **mail**: one that came in; **inbox**: every mail as it
//!   came, with what became of it; **held**: kept apart until somebody vouches for its sender. **event**: one line of the timeline.
//! - **act**: who does something, when, through which door. **verb**: a function of `desk` that does it.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod act;
pub mod address;
pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod db;
pub mod desk;
pub mod error;
pub mod ids;
pub mod incoming;
pub mod letters;
pub mod outside;
pub mod plain;
pub mod rules;
pub mod web;
pub mod worker;
