//! The command line: one subcommand for each thing a person does to an installation from a shell.

pub mod assess;

use std::io;

use clap::{Parser, Subcommand};

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
}

/// Runs the command; the exit status of the process.
pub fn run(cli: Cli) -> anyhow::Result<i32> {
    match cli.command {
        Command::Assess(args) => assess::assess(args, &mut io::stdout().lock()),
    }
}
