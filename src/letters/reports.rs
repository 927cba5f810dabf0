//! The managers' weekly letter: which promises were kept last week, what waits, what was granted, and where to read more.

use super::letter;
use super::parts::Signature;

pub struct Weekly {
    pub signature: Signature,
    /// "16–22 November 2026".
    pub days: String,
    /// "41 of 44 firm promises were kept (93.1 %).", or that none was settled.
    pub outcome: String,
    /// Where promises were broken, the weakest first: "Decision, B22, at Harbour Panel: 7 of 9 kept".
    pub weakest: Vec<String>,
    /// Why they were: "Waiting for a second person: 3".
    pub causes: Vec<String>,
    /// "12 are open; the oldest has waited 4 days."
    pub open: String,
    /// A line a currency: "$120.00 on 14 requests, $8.00 of it beyond the policy".
    pub refunds: Vec<String>,
    /// The reports over these days.
    pub promises_link: String,
    pub refunds_link: String,
}
letter!(
    Weekly,
    "letters/weekly.subject.txt",
    "letters/weekly.txt",
    "letters/weekly.html"
);
