//! `redress policy`: what is published, what a document says, whether it can be published, and whether every stored assessment
//! still comes out as it was.

mod trial;

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, bail};
use chrono::NaiveDate;
use clap::Subcommand;

use super::Place;
use crate::act::Act;
use crate::db::policies as rows;
use crate::desk;
use crate::error::Error;
use crate::rules::policy::{Checks, Shelf};

/// List, show, check, publish and replay policies
#[derive(Debug, Subcommand)]
pub enum Policy {
    /// The published versions with the day each began
    List(Place),
    /// One version's document, as it was published
    Show {
        #[command(flatten)]
        place: Place,
        /// The policy's id, or ID@VERSION; the newest version otherwise
        policy: String,
    },
    /// Run the flaws and the cases of the built-in documents, or of the files named
    Check { files: Vec<PathBuf> },
    /// Publish a document; the same document again changes nothing
    Publish {
        #[command(flatten)]
        place: Place,
        file: PathBuf,
    },
    /// Judge past claims by a document as if it had governed them, and say what would have been otherwise; nothing is written
    Try {
        #[command(flatten)]
        place: Place,
        file: PathBuf,
        /// The first day on which the claims came; the first of the last quarter otherwise
        #[arg(long, value_name = "DAY")]
        from: Option<NaiveDate>,
        /// The last day; the last of the last quarter otherwise
        #[arg(long, value_name = "DAY")]
        to: Option<NaiveDate>,
        /// One seller's claims alone, by its short name
        #[arg(long, value_name = "SLUG")]
        seller: Option<String>,
    },
    /// Judge every stored claim again and compare
    Replay(Place),
}

pub fn run(command: Policy, out: &mut impl Write) -> anyhow::Result<i32> {
    match command {
        Policy::List(place) => list(&place, out),
        Policy::Show { place, policy } => show(&place, &policy, out),
        Policy::Check { files } => check(&files, out),
        Policy::Publish { place, file } => publish(&place, &file, out),
        Policy::Try {
            place,
            file,
            from,
            to,
            seller,
        } => trial::run(&place, &file, (from, to), seller.as_deref(), out),
        Policy::Replay(place) => replay(&place, out),
    }
}

fn list(place: &Place, out: &mut impl Write) -> anyhow::Result<i32> {
    let versions = place.find()?.pool.read(|conn| Ok(rows::all(conn)?))?;
    for version in &versions {
        let from = version.valid_from.utc().format("%Y-%m-%dT%H:%MZ");
        writeln!(
            out,
            "{}@{}  from {from}  {}  {}",
            version.policy,
            version.version,
            &version.hash[..12],
            version.title
        )?;
    }
    if versions.is_empty() {
        writeln!(
            out,
            "nothing is published; `redress policy publish FILE` begins"
        )?;
    }
    Ok(0)
}

fn show(place: &Place, wanted: &str, out: &mut impl Write) -> anyhow::Result<i32> {
    let (policy, version) = wanted
        .split_once('@')
        .map_or((wanted, None), |(policy, version)| (policy, Some(version)));
    let mut versions = place
        .find()?
        .pool
        .read(|conn| Ok(rows::versions(conn, policy)?))?;
    versions.retain(|row| version.is_none_or(|version| row.version == version));
    match versions.pop() {
        Some(row) => out.write_all(row.document.as_bytes())?,
        None => bail!("{wanted} is not published; `redress policy list` says what is"),
    }
    Ok(0)
}

/// Prints a line for each flaw, failing case, error and warning, and ends with "N passed, N failed". A warning fails nothing.
fn check(files: &[PathBuf], out: &mut impl Write) -> anyhow::Result<i32> {
    let mut documents: Vec<(String, String)> = Vec::new();
    if files.is_empty() {
        documents.extend(
            Shelf::built_in_documents()
                .iter()
                .map(|document| ("built in".to_owned(), (*document).to_owned())),
        );
    }
    for file in files {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read {}", file.display()))?;
        documents.push((file.display().to_string(), text));
    }
    let (mut passed, mut failed) = (0, 0);
    for (name, document) in &documents {
        let checks = Checks::of(document);
        match &checks.policy {
            Some(policy) => {
                let cases = policy.cases.len();
                writeln!(
                    out,
                    "{}@{} ({name}): {cases} cases",
                    policy.id, policy.version
                )?;
                passed += cases - checks.failing.len();
            }
            None => writeln!(out, "{name}: cannot be used")?,
        }
        let blocks = checks.blocks();
        failed += blocks.len();
        for words in blocks {
            writeln!(out, "  {words}")?;
        }
        for words in checks.warnings() {
            writeln!(out, "  warning: {words}")?;
        }
    }
    writeln!(out, "{passed} passed, {failed} failed")?;
    Ok(i32::from(failed > 0))
}

fn publish(place: &Place, file: &PathBuf, out: &mut impl Write) -> anyhow::Result<i32> {
    let document =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let app = place.open()?;
    let act = Act::operator(app.now(), &app.config.public_url);
    match app
        .pool
        .write(|tx| desk::policies::publish(tx, &act, &document))
    {
        Ok(version) => {
            writeln!(
                out,
                "{}@{} is published; its hash is {}",
                version.policy, version.version, version.hash
            )?;
            Ok(0)
        }
        Err(Error::Refused { words, .. }) => {
            writeln!(out, "not published: {words}")?;
            Ok(1)
        }
        Err(other) => Err(other.into()),
    }
}

fn replay(place: &Place, out: &mut impl Write) -> anyhow::Result<i32> {
    let replayed = place.find()?.pool.read(desk::claims::replay)?;
    for (claim, number, what) in &replayed.differing {
        writeln!(out, "{claim}, assessment {number}: {what}")?;
    }
    writeln!(
        out,
        "{} assessments come out as stored, {} do not",
        replayed.equal,
        replayed.differing.len()
    )?;
    Ok(i32::from(!replayed.differing.is_empty()))
}
