//! Redress: a support desk that computes the refund from the written policy, and pays it once.
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
pub mod letters;
pub mod outside;
pub mod plain;
pub mod rules;
pub mod web;
pub mod worker;
