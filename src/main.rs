//! Parses the command line and hands over to `cli`.

use std::process::ExitCode;

use redress::cli;

fn main() -> ExitCode {
    match cli::run(cli::parse()) {
        Ok(status) => ExitCode::from(u8::try_from(status).unwrap_or(1)),
        Err(why) => {
            eprintln!("redress: {why:#}");
            ExitCode::FAILURE
        }
    }
}
