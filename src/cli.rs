//! The command line: one subcommand for each thing a person does to an installation from a shell. Settings come from the
//! environment (`config.rs`); a wrong one ends with status 2 and every reason at once.

pub mod assess;
mod backup;
mod calendar;
pub mod demo;
mod import;
mod ledger;
mod mail;
mod migrate;
mod payout;
mod person;
mod policy;
mod routes;
mod seller;
mod serve;
mod work;

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;

/// A support desk that computes the refund from the written policy, and pays it once.
#[derive(Debug, Parser)]
#[command(name = "redress", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Assess(assess::Assess),
    Demo(demo::Demo),
    Serve(serve::Serve),
    Migrate(migrate::Migrate),
    /// Give people accounts
    #[command(subcommand)]
    Person(person::Person),
    #[command(subcommand)]
    Policy(policy::Policy),
    #[command(subcommand)]
    Seller(seller::Seller),
    #[command(subcommand)]
    Calendar(calendar::Calendars),
    Import(import::Import),
    /// Prove the books
    #[command(subcommand)]
    Ledger(ledger::Ledger),
    /// Send payouts by hand, in one file
    #[command(subcommand)]
    Payout(payout::Payout),
    /// Take in mail from a mail server
    #[command(subcommand)]
    Mail(mail::Mail),
    Routes(routes::Routes),
    Work(work::Work),
    Backup(backup::Backup),
}

/// Reads the command line. One that is wrong ends the process, with the status that a mail server takes for "later" where it comes from
/// its pipe: nobody's mail is sent back because of a mistyped option.
pub fn parse() -> Cli {
    Cli::try_parse().unwrap_or_else(|wrong| {
        let is_pipe = std::env::args().nth(1).is_some_and(|word| word == "mail");
        if is_pipe && wrong.use_stderr() {
            let _ = wrong.print();
            std::process::exit(mail::LATER);
        }
        wrong.exit()
    })
}

/// Runs the command; the exit status of the process.
pub fn run(cli: Cli) -> anyhow::Result<i32> {
    let outcome = match cli.command {
        Command::Assess(args) => assess::assess(args, &mut io::stdout().lock()),
        Command::Demo(args) => demo::demo(args),
        Command::Serve(args) => serve::serve(args),
        Command::Migrate(args) => migrate::migrate(args),
        Command::Person(person::Person::Add(args)) => person::add(args),
        Command::Policy(args) => policy::run(args, &mut io::stdout().lock()),
        Command::Seller(args) => seller::run(args),
        Command::Calendar(args) => calendar::run(args, &mut io::stdout().lock()),
        Command::Work(args) => work::work(args),
        Command::Import(args) => import::import(args),
        Command::Ledger(ledger::Ledger::Verify(args)) => ledger::verify(args),
        Command::Payout(args) => payout::run(args, &mut io::stdout().lock()),
        Command::Mail(args) => Ok(mail::run(args)),
        Command::Routes(args) => routes::print(args),
        Command::Backup(args) => backup::backup(args),
    };
    match outcome {
        Err(why) if why.is::<Misconfigured>() => {
            eprintln!("{why}");
            Ok(2)
        }
        outcome => outcome,
    }
}

/// Where the installation's data is; for every command that needs it.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// The folder with the database, uploads and mails, in place of REDRESS_DATA
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

impl Place {
    /// The settings of the environment, moved to the folder that was named.
    pub fn config(&self) -> anyhow::Result<Config> {
        let config = Config::from_env().map_err(Misconfigured)?;
        Ok(match &self.data {
            Some(data) => config.with_data(data.clone()),
            None => config,
        })
    }

    /// As `open`, for commands that read what is there: a folder named by mistake must not prove an empty set of books.
    pub fn find(&self) -> anyhow::Result<App> {
        there(&self.config()?)?;
        self.open()
    }

    pub fn open(&self) -> anyhow::Result<App> {
        let config = self.config()?;
        log_to_stderr(&config);
        Ok(App::open(config, Clock::System)?)
    }
}

/// An embedded database must be there already.
fn there(config: &Config) -> anyhow::Result<()> {
    match config.database_url.strip_prefix("sqlite://") {
        Some(file) if !Path::new(file).exists() => anyhow::bail!(
            "there is no database at {file}; name its folder with --data, or make one with `redress migrate`"
        ),
        _ => Ok(()),
    }
}

/// Settings that nobody should start with, each with what to do.
#[derive(Debug, thiserror::Error)]
#[error("redress: cannot start with these settings\n{}", .0.iter().map(|flaw| format!("  - {flaw}")).collect::<Vec<_>>().join("\n"))]
pub struct Misconfigured(pub Vec<String>);

/// Log lines go to the standard error stream; what a command answers, to the standard output.
pub fn log_to_stderr(config: &Config) {
    // The framework tells of each worker that starts; that is noise unless it was asked for.
    // The IMAP library's tells passwords and mails, whatever is asked for.
    let quiet = format!("actix_server=warn,{},async_imap=off", config.log);
    let filter = EnvFilter::try_new(quiet).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    let set = if config.log_json {
        lines.json().try_init()
    } else {
        lines.try_init()
    };
    if set.is_err() {
        tracing::debug!("logging is set up already");
    }
}
