//! One file for each command.

mod completions;
mod doctor;
mod explain;
mod list;
mod man;
mod pack;
mod plan;
mod rbac;
mod run;
mod schema;
mod values;

use crate::{
    cli::{Arguments, Command, FormKind, ListKind},
    config::Configuration,
    failure::{Code, Failure},
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
    /// What files and variables say.
    configuration: Configuration,
}

/// Runs a command; the exit code of success or of what was found.
pub(crate) async fn run(
    arguments: Arguments,
    configuration: Configuration,
    program: &'static str,
) -> Result<u8, Failure> {
    let verbose = if arguments.debug { 2 } else { arguments.verbose };
    let session = Session { program, run_id: format!("{:016x}", fastrand::u64(..)), verbose, configuration };
    perform(arguments.command, &session).await.map_err(|failure| session.configuration.place(failure))
}

async fn perform(command: Command, session: &Session) -> Result<u8, Failure> {
    match command {
        Command::Run(arguments) => run::run(arguments, session).await,
        Command::Demo(arguments) => run::demo(arguments, session).await,
        Command::Plan(arguments) => plan::plan(&arguments.look, session).await,
        Command::Doctor(arguments) if arguments.config.is_some() => values::values(&arguments, session),
        Command::Doctor(arguments) => doctor::doctor(&arguments.look, session).await,
        Command::Explain { name, pack, form } => explain::explain(&name.join(" "), &pack, form.output),
        Command::List { kind: ListKind::Schemas, name: Some(name), .. } => schema::schema(&name),
        Command::List { name: Some(name), .. } => {
            Err(Failure::new(Code::Usage, format!("wrong usage of list: \"{name}\""))
                .line("cause", "only a schema is printed by its name")
                .line("fix", format!("detek explain {name}")))
        }
        Command::List { kind: ListKind::Waivers, form, waivers, pack, .. } => {
            list::waivers(&waivers, &pack, form.output)
        }
        Command::List { kind, pack, form, kubeconfig, .. } => {
            list::list(kind, form.output, (kubeconfig.as_deref(), &pack), session.program)
        }
        Command::Rbac(arguments) => rbac::rbac(&arguments, session),
        Command::Pack(command) => pack::pack(command, session.program),
        Command::Completions { shell } => completions::completions(shell, session.program),
        Command::Man { directory } => man::man(&directory, session.program),
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
