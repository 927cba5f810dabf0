//! `redress ledger verify`: proves the books and says so, seller by seller; names every row that is not as it must be.

use super::Place;
use crate::desk::{ledger, reports};

#[derive(Debug, clap::Subcommand)]
pub enum Ledger {
    Verify(Verify),
}

/// Prove the books: every journal zero, every balance its entries and its lots, every cap and every chain intact; and every day that the reports keep.
#[derive(Debug, clap::Args)]
pub struct Verify {
    #[command(flatten)]
    place: Place,
}

/// The exit status: 0 where the books prove, 1 where anything was found.
pub fn verify(args: Verify) -> anyhow::Result<i32> {
    let app = args.place.find()?;
    let report = app.pool.snapshot(ledger::verify)?;
    for proof in &report.proofs {
        println!("{proof}");
    }
    for finding in &report.findings {
        println!("FOUND {finding}");
    }
    let days = app.pool.snapshot(reports::verify)?;
    for (seller, day) in &days {
        println!(
            "FOUND the day {day} of {seller} is kept for the reports as something else than its tickets say"
        );
    }
    match report.findings.len() + days.len() {
        0 => println!("the books prove"),
        1 => println!("the books do not prove: 1 finding"),
        found => println!("the books do not prove: {found} findings"),
    }
    Ok(i32::from(!report.is_sound() || !days.is_empty()))
}
