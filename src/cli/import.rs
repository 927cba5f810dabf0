//! `redress import`: the seller's own files into the desk. What was refused is printed by line, stored, and told by the exit
//! status, so that a nightly job notices.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, bail};

use super::Place;
use crate::act::Act;
use crate::app::App;
use crate::db::sellers::{self, Seller};
use crate::desk::intake::{self, Kind, MOST_BYTES, Report};
use crate::error::Result;

/// Take services, deposits or orders from a CSV or JSON Lines file; importing it again changes nothing.
#[derive(Debug, clap::Args)]
pub struct Import {
    #[command(flatten)]
    place: Place,
    /// services, deposits or orders; deposits before the orders that they paid
    #[arg(value_parser = kind)]
    kind: Kind,
    /// A .csv or .jsonl file; the columns are in the README
    file: PathBuf,
    /// The seller's short name
    #[arg(long)]
    seller: String,
}

fn kind(word: &str) -> std::result::Result<Kind, String> {
    Kind::from_word(word)
        .ok_or_else(|| "what is imported is services, deposits or orders".to_owned())
}

/// The exit status: 0 where every row was taken, 1 where any was refused.
pub fn import(args: Import) -> anyhow::Result<i32> {
    let length = fs::metadata(&args.file)
        .with_context(|| format!("cannot read {}", args.file.display()))?
        .len();
    if length > MOST_BYTES as u64 {
        let most = MOST_BYTES / 1024 / 1024;
        bail!("{} is larger than {most} MB: split it", args.file.display());
    }
    let bytes =
        fs::read(&args.file).with_context(|| format!("cannot read {}", args.file.display()))?;
    let app = args.place.find()?;
    let Some(seller) = app
        .pool
        .read(|conn| Ok(sellers::by_slug(conn, &args.seller)?))?
    else {
        bail!("there is no seller `{}`", args.seller);
    };
    let name = args.file.file_name().unwrap_or_default().to_string_lossy();
    let report = take(&app, &seller, args.kind, &name, &bytes)?;
    println!("{report}");
    Ok(i32::from(!report.refused.is_empty()))
}

fn take(app: &App, seller: &Seller, kind: Kind, name: &str, bytes: &[u8]) -> Result<Report> {
    let act = Act::operator(app.now(), &app.config.public_url);
    let report = match intake::read(kind, name, bytes) {
        Err(faults) => Report::unreadable(kind, name, faults),
        Ok(reading) => {
            let mut report = reading.report();
            for rows in reading.batches() {
                let outcomes = app
                    .pool
                    .write(|tx| intake::batch(tx, &act, seller, kind, rows))?;
                report.take(outcomes);
            }
            report
        }
    };
    app.pool
        .write(|tx| intake::file(tx, &act, seller, &report))?;
    Ok(report)
}
