//! A handful of walks through the real program in a real browser. They know pages as people do: by labels, roles and words.
//! Left out of plain `cargo test`, because it needs Chromium and its driver: `cargo test --test browser`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod agent;
mod axe;
mod browser;
mod chromedriver;
mod claim;
mod customer;
mod demo;
mod eyes;
mod manager;
mod plain;
mod tools;
mod walk;
