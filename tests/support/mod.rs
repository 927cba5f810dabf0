//! What the tests of several binaries share. Each file is used by some of them only.
#![allow(dead_code)]

pub mod app;
pub mod db;
pub mod gateway;
pub mod imap;
pub mod make;
pub mod page;
pub mod panel;
pub mod pdf;
pub mod post;
pub mod served;
pub mod smtp;
pub mod tls;
