//! `redress payout`: payouts that somebody sends by hand, as a file out and the same file with the bank's references in.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, bail};

use super::Place;
use crate::act::Act;
use crate::db::batches as rows;
use crate::db::sellers;
use crate::db::tickets::Scope;
use crate::desk::batches::{self, SHEET};
use crate::desk::intake;

#[derive(Debug, clap::Subcommand)]
pub enum Payout {
    Export(Export),
    Import(Import),
}

/// Put what waits to be sent into a file (CSV, to the standard output), or print a batch's file again
#[derive(Debug, clap::Args)]
pub struct Export {
    #[command(flatten)]
    place: Place,
    /// The seller whose payouts wait
    #[arg(long, required_unless_present = "batch", conflicts_with = "batch")]
    seller: Option<String>,
    /// A batch that was made before, such as B-1001
    #[arg(long)]
    batch: Option<String>,
}

/// Read a batch's file back: whole or not at all; reading it again changes nothing
#[derive(Debug, clap::Args)]
pub struct Import {
    #[command(flatten)]
    place: Place,
    /// The file with the bank's references
    file: PathBuf,
    /// The batch that it is, such as B-1001
    #[arg(long)]
    batch: String,
}

const EVERYWHERE: Scope = Scope(Vec::new());

/// The exit status: 0 where the file was taken, 1 where it was refused.
pub fn run(command: Payout, out: &mut impl Write) -> anyhow::Result<i32> {
    match command {
        Payout::Export(args) => export(args, out),
        Payout::Import(args) => import(args, out),
    }
}

fn export(args: Export, out: &mut impl Write) -> anyhow::Result<i32> {
    let app = args.place.find()?;
    let act = Act::operator(app.now(), &app.config.public_url);
    let batch = match (&args.batch, &args.seller) {
        (Some(number), _) => app
            .pool
            .read(|conn| crate::db::maybe(rows::for_staff(conn, &EVERYWHERE, number)))?,
        (None, Some(slug)) => {
            let seller = app.pool.read(|conn| Ok(sellers::by_slug(conn, slug)?))?;
            let Some(seller) = seller else {
                bail!("there is no seller `{slug}`");
            };
            Some(app.pool.write(|tx| batches::make(tx, &act, &seller.id))?)
        }
        (None, None) => None,
    };
    let Some(batch) = batch else {
        bail!("there is no batch `{}`", args.batch.unwrap_or_default());
    };
    out.write_all(batch.file.as_bytes())?;
    eprintln!("{}: {} payouts", batch.number, batch.lines);
    Ok(0)
}

fn import(args: Import, out: &mut impl Write) -> anyhow::Result<i32> {
    let bytes =
        fs::read(&args.file).with_context(|| format!("cannot read {}", args.file.display()))?;
    let app = args.place.find()?;
    let act = Act::operator(app.now(), &app.config.public_url);
    let found = app
        .pool
        .read(|conn| crate::db::maybe(rows::for_staff(conn, &EVERYWHERE, &args.batch)))?;
    let Some(batch) = found else {
        bail!("there is no batch `{}`", args.batch);
    };
    let outcome = match intake::sheet(&SHEET, "payout", &bytes) {
        Ok(lines) => app
            .pool
            .write(|tx| batches::import(tx, &act, &batch.id, &lines))?,
        Err(faults) => Err(faults),
    };
    match outcome {
        Ok(report) => {
            writeln!(
                out,
                "{}: {} paid, {} failed, {} open, {} same",
                batch.number, report.paid, report.failed, report.open, report.same
            )?;
            Ok(0)
        }
        Err(lines) => {
            for line in &lines {
                writeln!(out, "{line}")?;
            }
            writeln!(
                out,
                "nothing of the file was taken: {} lines are not right",
                lines.len()
            )?;
            Ok(1)
        }
    }
}
