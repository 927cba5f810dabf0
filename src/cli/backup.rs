//! `redress backup`: a consistent copy of the database while the desk goes on. Files are kept before their rows and never change,
//! so the files folder, copied afterwards, holds everything that the copy names.

use std::path::PathBuf;

use anyhow::{Context, bail};

use super::Place;
use crate::db;

/// Copy the embedded database to a new file.
#[derive(Debug, clap::Args)]
pub struct Backup {
    #[command(flatten)]
    place: Place,
    /// The copy; nothing may be there yet
    file: PathBuf,
}

pub fn backup(args: Backup) -> anyhow::Result<i32> {
    let config = args.place.config()?;
    super::log_to_stderr(&config);
    let Some(to) = args.file.to_str() else {
        bail!("the file's name is not UTF-8");
    };
    if args.file.exists() {
        bail!("{to} exists already; a backup overwrites nothing");
    }
    super::there(&config)?;
    let pool = db::Pool::open(&config.database_url)?;
    pool.raw(|conn| db::dialect::backup(conn, to))
        .with_context(|| format!("cannot write {to}"))?;
    println!("The database is in {to}.");
    println!(
        "Copy the uploads after it: {}",
        config.data.join("files").display()
    );
    Ok(0)
}
