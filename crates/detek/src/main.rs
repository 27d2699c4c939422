//! The `detek` command: arguments, orchestration, errors and exit codes.

mod catalogue;
mod cli;
mod codes;
mod commands;
mod config;
mod connect;
mod env;
mod failure;
mod gaps;
mod hints;
mod interrupt;
mod output;
mod packs;
mod progress;
mod scan;
mod schemas;
mod select;
mod waivers;

use failure::{Code, Failure};
use std::{io::Write as _, process::ExitCode};

/// A panic is a fault of detek. Its message may hold text of a cluster, so only the place is told.
fn tell_panics_apart() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
        let code = Code::Detector.page().code;
        // Nothing is left to do if standard error itself cannot be written.
        let _ = writeln!(std::io::stderr(), "error[{code}]: a fault of detek{place}; please report it");
        if env::variable("DETEK_BACKTRACE").is_some_and(|wanted| wanted == "1") {
            let _ = writeln!(std::io::stderr(), "{}", std::backtrace::Backtrace::force_capture());
        }
    }));
}

fn main() -> ExitCode {
    tell_panics_apart();
    let program = cli::program(std::env::args_os().next().as_ref());
    let (arguments, configuration) = match cli::parse(program) {
        Ok(parsed) => parsed,
        Err(usage) => {
            let _ = write!(std::io::stderr(), "{usage}");
            return ExitCode::from(Code::Usage.page().exit);
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(commands::run(arguments, configuration, program)),
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
