//! Redress: a support desk that computes the refund from the written policy and pays it once.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod rules;
