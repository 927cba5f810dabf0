//! `redress mail`: the door that a mail server's pipe opens. It ends with a status of `sysexits.h`, by which the mail server knows
//! whether to keep the mail and come again: anything that is our trouble, a wrong command line included, is worth another try.

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};

use clap::Subcommand;

use super::{Place, log_to_stderr};
use crate::app::App;
use crate::app::mail::LARGEST_MAIL;
use crate::clock::Clock;
use crate::db::{self, dialect};
use crate::desk::mailroom::Way;
use crate::error::Error;
use crate::worker;

/// `EX_DATAERR`, `EX_NOUSER` and `EX_TEMPFAIL` of `sysexits.h`.
const TOO_LARGE: i32 = 65;
const NOBODY: i32 = 67;
pub const LATER: i32 = 75;

/// Take in mail
#[derive(Debug, Subcommand)]
pub enum Mail {
    Receive(Receive),
}

/// Keep one mail, read from the standard input; the worker reads it within seconds
#[derive(Debug, clap::Args)]
pub struct Receive {
    #[command(flatten)]
    place: Place,
    /// Whom the mail server says it is for (Postfix: ${recipient}); found out from the mail where it is not told
    #[arg(long, value_name = "ADDRESS")]
    recipient: Option<String>,
    /// The envelope's sender (Postfix: ${sender}); empty for a bounce
    #[arg(long, value_name = "ADDRESS")]
    sender: Option<String>,
}

/// The exit status; never an error, because any other status would send the customer's mail back.
pub fn run(command: Mail) -> i32 {
    let Mail::Receive(args) = command;
    let kept = catch_unwind(AssertUnwindSafe(|| {
        receive(args, &mut std::io::stdin().lock())
    }));
    match kept {
        Ok(Ok(status)) => status,
        Ok(Err(why)) => {
            eprintln!("redress: the mail was not kept, try again: {why:#}");
            LATER
        }
        Err(_) => LATER,
    }
}

fn receive(args: Receive, from: &mut impl Read) -> anyhow::Result<i32> {
    let config = args.place.config()?;
    log_to_stderr(&config);
    super::there(&config)?;
    let app = App::open_unmigrated(config, Clock::System)?;
    if !app.pool.read(dialect::is_current)? {
        anyhow::bail!("the database is of another version; `redress migrate` brings it up to date");
    }
    let mut raw = Vec::new();
    from.take(LARGEST_MAIL as u64 + 1).read_to_end(&mut raw)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let kept = runtime.block_on(worker::mail::keep(
        &app,
        raw,
        Way::pipe(args.sender, args.recipient),
    ));
    match kept {
        Ok(Some(id)) => {
            let mail = app.pool.read(|conn| Ok(db::inbox::find(conn, &id)?))?;
            tracing::info!(mail = %mail.number, "kept a mail");
            Ok(0)
        }
        Ok(None) => {
            eprintln!("no such address here");
            Ok(NOBODY)
        }
        Err(Error::TooLarge(_)) => {
            eprintln!("message too large: 25 MB at most");
            Ok(TOO_LARGE)
        }
        Err(other) => Err(other.into()),
    }
}
