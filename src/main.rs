//! Parses the command line and hands over to `cli`.

use std::process::ExitCode;

use redress::cli;

/// Every page and every judged claim takes memory in small pieces; this one is quicker at it and gives it back after a long report.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match cli::run(cli::parse()) {
        Ok(status) => ExitCode::from(u8::try_from(status).unwrap_or(1)),
        Err(why) => {
            eprintln!("redress: {why:#}");
            ExitCode::FAILURE
        }
    }
}
