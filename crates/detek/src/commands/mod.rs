//! One file for each command.

mod completions;
mod doctor;
mod explain;
mod list;
mod man;
mod plan;
mod rbac;
mod run;

use crate::{
    cli::{Arguments, Command, FormKind},
    failure::Failure,
    output::print,
};
use serde_json::Value;

/// What all commands share.
struct Session {
    /// As detek is called, for commands to type.
    program: &'static str,
    /// Identifies the run in reports and in the logs of servers.
    run_id: String,
    /// 0, 1 or 2.
    verbose: u8,
}

/// Runs a command; the exit code of success or of what was found.
pub(crate) async fn run(arguments: Arguments, program: &'static str) -> Result<u8, Failure> {
    let verbose = if arguments.debug { 2 } else { arguments.verbose };
    let session = Session { program, run_id: format!("{:016x}", fastrand::u64(..)), verbose };
    match arguments.command {
        Command::Run(arguments) => run::run(arguments, &session).await,
        Command::Demo(arguments) => run::demo(arguments, &session).await,
        Command::Plan(arguments) => plan::plan(&arguments, &session).await,
        Command::Doctor(arguments) => doctor::doctor(&arguments, &session).await,
        Command::Explain { name, form } => explain::explain(&name.join(" "), form.output),
        Command::List { kind, form, kubeconfig } => list::list(kind, form.output, kubeconfig.as_deref(), program),
        Command::Rbac(arguments) => rbac::rbac(&arguments),
        Command::Completions { shell } => completions::completions(shell, program),
        Command::Man { directory } => man::man(&directory, program),
    }
}

/// A small answer in the form that was asked for.
struct Answer {
    /// For people.
    text: String,
    /// For programs.
    json: Value,
    /// One on a line.
    names: Vec<String>,
}

impl Answer {
    fn print(&self, form: FormKind) -> Result<(), Failure> {
        match form {
            FormKind::Table => print(&self.text),
            FormKind::Json => print(&format!("{:#}\n", self.json)),
            FormKind::Name => print(&(self.names.join("\n") + "\n")),
        }
    }
}
