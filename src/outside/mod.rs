//! The world beyond the process: mail out and in, calls out, files on disk. Knows nothing of tickets or refunds, asks no clock and decides
//! nothing; whoever calls brings the words, the moment and the limits.
//!
//! Read first: `smtp.rs` for a letter's last step, `store.rs` for where uploads live.

pub mod gateway;
pub mod html;
pub mod http;
pub mod imap;
pub mod kind;
pub mod mail;
pub mod mime;
pub mod names;
pub mod panel;
mod reach;
pub mod relay;
pub mod smtp;
pub mod store;

// The servers that tests play, of which the unit tests here use a part.
#[cfg(test)]
#[allow(dead_code)]
#[path = "../../tests/support/imap.rs"]
mod postbox;
#[cfg(test)]
#[allow(dead_code)]
#[path = "../../tests/support/smtp.rs"]
mod sink;
#[cfg(test)]
#[path = "../../tests/support/tls.rs"]
mod tls;
