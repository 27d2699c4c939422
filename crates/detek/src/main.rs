//! The `detek` command: arguments, orchestration, errors and exit codes.

mod cli;
mod commands;
mod failure;
mod output;
mod scan;
mod select;

use clap::Parser as _;
use std::{io::Write as _, process::ExitCode};

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(commands::run(arguments)),
        Err(why) => Err(failure::Failure::new(failure::Code::Usage, format!("cannot start the runtime: {why}"))),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            // Nothing is left to do if standard error itself cannot be written.
            let _ = write!(std::io::stderr(), "{failure}");
            ExitCode::from(failure.exit())
        }
    }
}
