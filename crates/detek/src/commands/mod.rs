//! One file for each command.

mod explain;
mod list;
mod plan;
mod rbac;
mod run;

use crate::{
    cli::{Arguments, Command},
    failure::Failure,
};

/// Runs a command; the exit code of success or of what was found.
pub(crate) async fn run(arguments: Arguments) -> Result<u8, Failure> {
    match arguments.command {
        Command::Run(arguments) => run::run(arguments).await,
        Command::Demo(arguments) => run::demo(arguments).await,
        Command::Plan(selection) => plan::plan(&selection),
        Command::Explain { id } => explain::explain(&id),
        Command::List => list::list(),
        Command::Rbac(arguments) => rbac::rbac(&arguments),
    }
}
