//! `redress migrate`: brings the database to this program's shape. Every command that opens the database does so too.

use super::Place;
use crate::db;

/// Run the migrations that are missing and rebuild the guards.
#[derive(Debug, clap::Args)]
pub struct Migrate {
    #[command(flatten)]
    place: Place,
}

pub fn migrate(args: Migrate) -> anyhow::Result<i32> {
    let config = args.place.config()?;
    super::log_to_stderr(&config);
    std::fs::create_dir_all(&config.data)?;
    let pool = db::Pool::open(&config.database_url)?;
    let ran = db::migrate(&pool)?;
    for name in &ran {
        println!("{name}");
    }
    match ran.len() {
        0 => println!("nothing to do: the database is up to date"),
        ran => println!("{ran} migrations ran"),
    }
    Ok(0)
}
