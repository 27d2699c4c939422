//! The `detek` command: arguments, orchestration, errors and exit codes.

mod cli;
mod codes;
mod commands;
mod connect;
mod env;
mod failure;
mod interrupt;
mod output;
mod progress;
mod scan;
mod select;

use failure::{Code, Failure};
use std::{io::Write as _, process::ExitCode};

fn main() -> ExitCode {
    let program = cli::program(std::env::args_os().next().as_ref());
    let arguments = cli::parse(program);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(commands::run(arguments, program)),
        Err(why) => Err(Failure::new(Code::Usage, format!("cannot start the runtime: {why}"))),
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
