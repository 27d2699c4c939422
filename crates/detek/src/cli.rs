//! What can be typed.

use crate::{codes::Code, config::Configuration};
use clap::{ArgAction, ArgMatches, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use detek_core::{Level, Span};
use jiff::Timestamp;
use std::{ffi::OsString, num::NonZeroUsize, path::PathBuf};

/// Finds what is wrong with a Kubernetes cluster, says why it matters and how to fix it. Only reads.
#[derive(Parser)]
#[command(name = "detek", version, propagate_version = true, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Say more on standard error: -v what was read, -vv every page
    #[arg(short, long, global = true, action = ArgAction::Count, display_order = 900)]
    pub(crate) verbose: u8,
    /// As -vv
    #[arg(short, long, global = true, hide = true)]
    pub(crate) debug: bool,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Scan a cluster
    Run(RunArguments),
    /// Scan a simulated cluster, to see what a report looks like
    Demo(DemoArguments),
    /// Show what would be read, for which detectors, and whether the credential may; lists nothing
    Plan(PlanArguments),
    /// Check configuration, credential, connection, clock, discovery and permissions
    Doctor(DoctorArguments),
    /// Explain a detector or an error code: what, why, how to fix
    Explain {
        /// Id of a detector, or a code such as DTK-E301
        #[arg(required = true, value_name = "NAME|CODE")]
        name: Vec<String>,
        /// Also the detectors of this pack: a directory, or a file; repeatable
        #[arg(long, value_name = "PATH")]
        pack: Vec<PathBuf>,
        #[command(flatten)]
        form: Form,
    },
    /// List detectors, sets, contexts, formats, errors, functions, collectors, schemas or waivers
    List {
        /// What to list
        #[arg(default_value = "detectors")]
        kind: ListKind,
        /// Of schemas, the one to print
        name: Option<String>,
        /// Also the detectors of this pack: a directory, or a file; repeatable
        #[arg(long, value_name = "PATH")]
        pack: Vec<PathBuf>,
        #[command(flatten)]
        form: Form,
        /// Kubeconfig, for contexts
        #[arg(long, value_name = "FILE")]
        kubeconfig: Option<PathBuf>,
        /// File of waivers, for waivers; repeatable
        #[arg(long, value_name = "FILE")]
        waivers: Vec<PathBuf>,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Print the least role for what is read; contacts nobody
    Rbac(RbacArguments),
    /// Make, check and test detectors that are written as data
    #[command(subcommand)]
    Pack(PackCommand),
    /// Print completions for a shell, to be saved where it looks for them
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write manual pages into a directory
    Man {
        /// The directory
        #[arg(value_name = "DIR")]
        directory: PathBuf,
    },
}

/// What is done with packs.
#[derive(Subcommand)]
pub(crate) enum PackCommand {
    /// Write a pack with one detector, to begin with
    New {
        /// A directory that does not exist or is empty
        #[arg(value_name = "DIR")]
        directory: PathBuf,
    },
    /// Check packs: every mistake with its place; what they read and cost
    Check {
        /// Directories of packs, or files of detectors
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// Warnings refuse a pack, too
        #[arg(long)]
        strict: bool,
    },
    /// Run the tests of packs, offline; then again with each input denied, partial and absent
    Test {
        /// Directories of packs, or files of detectors
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// Only these detectors, separated by commas
        #[arg(long, value_name = "ID", value_delimiter = ',')]
        only: Vec<String>,
    },
}

/// Kinds of things that `list` lists.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum ListKind {
    /// Every detector
    Detectors,
    /// Sets of detectors
    Sets,
    /// Contexts of the kubeconfig
    Contexts,
    /// Output formats
    Formats,
    /// Error codes
    Errors,
    /// Functions that expressions of packs may use
    Functions,
    /// What inputs of packs may be
    Collectors,
    /// JSON Schemas of files, for editors
    Schemas,
    /// Accepted findings, and which of them have ended
    Waivers,
}

/// Which configuration counts.
#[derive(Args)]
pub(crate) struct ConfigFile {
    /// Configuration file, instead of those of the project and the user; else $DETEK_CONFIG
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// How a small answer is written.
#[derive(Args)]
pub(crate) struct Form {
    /// Output format
    #[arg(id = "form", short = 'o', long = "output", value_name = "FORMAT", default_value = "table")]
    pub(crate) output: FormKind,
}

/// Formats of small answers.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormKind {
    /// For people
    Table,
    /// For programs
    Json,
    /// One name on a line
    Name,
}

#[derive(Args)]
#[command(next_help_heading = "What to judge")]
pub(crate) struct Selection {
    /// Set of detectors: default, health, hygiene, security, upgrade, cost or all
    #[arg(default_value = "default", help_heading = None::<&'static str>)]
    pub(crate) set: String,
    /// Only these detectors, separated by commas
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Not these detectors, separated by commas
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(crate) skip: Vec<String>,
    /// Also the detectors of this pack: a directory, or a file; repeatable
    #[arg(long, value_name = "PATH")]
    pub(crate) pack: Vec<PathBuf>,
    /// Enable detectors that need a permission beyond the default role: secrets
    #[arg(long, value_name = "ADDON", value_delimiter = ',')]
    pub(crate) enable: Vec<String>,
    /// Set a parameter of a detector; repeatable. `detek explain ID` names them and their defaults
    #[arg(long, value_name = "ID.NAME=VALUE")]
    pub(crate) param: Vec<String>,
    /// Release to judge API versions for, such as 1.35; the server's without it
    #[arg(long, value_name = "1.NN")]
    pub(crate) target: Option<String>,
    /// Do not read these kinds, such as events,nodes; what needs them is skipped, which is no failure
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    pub(crate) skip_input: Vec<String>,
    /// Do not report objects of this namespace, such as kube-* (unlike -n, they are read); repeatable
    #[arg(long, value_name = "NS")]
    pub(crate) exclude_namespace: Vec<String>,
    /// Do not report objects with this label; repeatable
    #[arg(long, value_name = "KEY[=VALUE]")]
    pub(crate) exclude_label: Vec<String>,
}

#[derive(Args)]
#[command(next_help_heading = "Cluster")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(crate) struct TargetArguments {
    /// Path of the kubeconfig; else $KUBECONFIG, the in-cluster account, ~/.kube/config
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig, the current one without it; repeatable
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Vec<String>,
    /// Every context of the kubeconfig
    #[arg(long, conflicts_with = "context")]
    pub(crate) all_contexts: bool,
    /// Only this namespace; repeatable. Detectors that must see the whole cluster are then skipped
    #[arg(short, long, value_name = "NS")]
    pub(crate) namespace: Vec<String>,
    /// All namespaces, which is the default
    #[arg(short = 'A', long, conflicts_with = "namespace")]
    pub(crate) all_namespaces: bool,
    /// Act as this user
    #[arg(long = "as", value_name = "USER")]
    pub(crate) as_user: Option<String>,
    /// Act as a member of this group; repeatable
    #[arg(long, value_name = "GROUP", requires = "as_user")]
    pub(crate) as_group: Vec<String>,
    /// Address of the API server
    #[arg(long, value_name = "URL")]
    pub(crate) server: Option<String>,
    /// File with a bearer token
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Trust whatever certificate the server shows
    #[arg(long)]
    pub(crate) insecure_skip_tls_verify: bool,
    /// Send credentials over plain http, too
    #[arg(long)]
    pub(crate) allow_insecure_http: bool,
    /// Programs that a kubeconfig may run to obtain a credential: any, none, or their names
    #[arg(long, value_name = "any|none|NAME", value_delimiter = ',', default_value = "any")]
    pub(crate) exec_policy: Vec<String>,
}

#[derive(Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct Limits {
    /// Stop reading after this time; what was not read by then is reported as such
    #[arg(long, value_name = "TIME", default_value = "5m")]
    pub(crate) deadline: Span,
    /// Inputs read at the same time, for each cluster
    #[arg(long, value_name = "N", default_value = "4")]
    pub(crate) concurrency: NonZeroUsize,
    /// Most objects read of one kind
    #[arg(long, value_name = "N", default_value = "2000000")]
    pub(crate) max_objects: usize,
    /// Most bytes read of one kind; 16 GiB without it
    #[arg(long, value_name = "BYTES", default_value = "17179869184", hide_default_value = true)]
    pub(crate) max_list_bytes: u64,
    /// Objects asked for in one page
    #[arg(long, value_name = "N", default_value = "500", hide = true)]
    pub(crate) page_size: u32,
    /// Threads that judge; as many as there are processors without it
    #[arg(long, value_name = "N", hide = true)]
    pub(crate) threads: Option<NonZeroUsize>,
}

#[derive(Args)]
#[command(next_help_heading = "Report")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(crate) struct Reporting {
    /// Output format, or FORMAT=FILE; repeatable; a table without it. `detek list formats` names them
    #[arg(short, long = "output", value_name = "FORMAT[=FILE]")]
    pub(crate) output: Vec<String>,
    /// As -o; `json` is the document of the original detek
    #[arg(short, long, value_name = "FORMAT", conflicts_with = "output", hide_short_help = true)]
    pub(crate) format: Option<LegacyFormat>,
    /// Indent JSON
    #[arg(long, value_name = "BOOL", default_value_t = true, action = ArgAction::Set, num_args = 0..=1,
        default_missing_value = "true", hide_short_help = true)]
    pub(crate) json_pretty: bool,
    /// Cut lines of tables at this width; that of the terminal without it
    #[arg(long, value_name = "N", hide_short_help = true)]
    pub(crate) table_max_width: Option<usize>,
    /// Show the HTML report in a browser
    #[arg(long)]
    pub(crate) open: bool,
    /// Exit with 1 if a finding is at or above this level: fatal, error, warn, info or none
    #[arg(long, value_name = "LEVEL", default_value = "none")]
    pub(crate) fail_on: FailOn,
    /// Exit with 0 although a required input or a detector failed
    #[arg(long, value_name = "BOOL", default_value_t = false, action = ArgAction::Set, num_args = 0..=1,
        require_equals = true, default_missing_value = "true", hide_default_value = true, hide_possible_values = true)]
    pub(crate) allow_partial: bool,
    /// File of findings that are accepted; repeatable. `-o waivers=FILE` writes one to begin with
    #[arg(long, value_name = "FILE")]
    pub(crate) waivers: Vec<PathBuf>,
    /// Accept nothing
    #[arg(long)]
    pub(crate) no_waivers: bool,
    /// Nothing on standard error unless the run fails
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// How to show how far the run is
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub(crate) progress: ProgressKind,
    /// When to colour
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorKind,
    /// Never start a pager
    #[arg(long)]
    pub(crate) no_pager: bool,
}

/// A level, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FailOn(pub(crate) Option<Level>);

impl std::str::FromStr for FailOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("none") {
            return Ok(FailOn(None));
        }
        text.parse()
            .map(|level| FailOn(Some(level)))
            .map_err(|_| "it is one of fatal, error, warn, info, none".to_owned())
    }
}

/// Formats of the original detek.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum LegacyFormat {
    /// As `-o html`
    Html,
    /// As `-o json-v0`
    Json,
    /// As `-o table`
    Table,
}

/// How progress is shown.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressKind {
    /// Drawn on a terminal, plain otherwise
    Auto,
    /// A line every ten seconds
    Plain,
    /// An event on each line
    Json,
    /// Not at all
    None,
}

/// When to colour.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorKind {
    /// On a terminal that can
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Args)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    #[command(flatten)]
    pub(crate) limits: Limits,
    /// Judge by this time instead of the server's: for tests of what depends on a date
    #[arg(long, value_name = "RFC3339", hide = true)]
    pub(crate) now: Option<Timestamp>,
    #[command(flatten)]
    pub(crate) reporting: Reporting,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}

#[derive(Args)]
pub(crate) struct DemoArguments {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Only this namespace; repeatable
    #[arg(short, long, value_name = "NS")]
    pub(crate) namespace: Vec<String>,
    /// Seed of the simulated cluster
    #[arg(long, default_value_t = 7)]
    pub(crate) seed: u64,
    /// Let reading a kind fail, to see what is said then: denied:nodes, failing:pods; repeatable
    #[arg(long, value_name = "HOW:KIND")]
    pub(crate) fault: Vec<DemoFault>,
    #[command(flatten)]
    pub(crate) limits: Limits,
    #[command(flatten)]
    pub(crate) reporting: Reporting,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}

/// A way in which the simulated cluster fails.
#[derive(Clone, Debug)]
pub(crate) struct DemoFault {
    /// The status that lists of the kind are answered with.
    pub(crate) status: u16,
    /// Plural name, such as `nodes`.
    pub(crate) kind: String,
}

impl std::str::FromStr for DemoFault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (status, kind) = match text.split_once(':') {
            Some(("denied", kind)) => (403, kind),
            Some(("failing", kind)) => (500, kind),
            _ => return Err("it is of the form denied:KIND or failing:KIND".to_owned()),
        };
        Ok(DemoFault { status, kind: kind.to_owned() })
    }
}

/// For commands that look at a cluster without reading it.
#[derive(Args)]
pub(crate) struct LookArguments {
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Args)]
pub(crate) struct PlanArguments {
    #[command(flatten)]
    pub(crate) look: LookArguments,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}

#[derive(Args)]
pub(crate) struct DoctorArguments {
    #[command(flatten)]
    pub(crate) look: LookArguments,
    /// Only print every value of the configuration and who set it; of this file, if one is given
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    #[expect(clippy::option_option, reason = "given, and given with a file")]
    pub(crate) config: Option<Option<PathBuf>>,
}

#[derive(Args)]
pub(crate) struct RbacArguments {
    /// Set of detectors
    #[arg(default_value = "default")]
    pub(crate) set: String,
    /// Only these resources, or what these detectors read
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Also the detectors of this pack: a directory, or a file; repeatable
    #[arg(long, value_name = "PATH")]
    pub(crate) pack: Vec<PathBuf>,
    /// With detectors that need a permission beyond the default role: secrets
    #[arg(long, value_name = "ADDON", value_delimiter = ',')]
    pub(crate) enable: Vec<String>,
    /// Whom to bind: user:NAME, group:NAME or sa:NAMESPACE/NAME
    #[arg(long, default_value = "sa:detek/detek-scanner")]
    pub(crate) to: String,
    /// Say for each rule which detectors need it
    #[arg(long)]
    pub(crate) explain: bool,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}

/// The name by which detek is called: that of a plugin of kubectl, if it is installed as one.
pub(crate) fn program(called: Option<&OsString>) -> &'static str {
    let file = called.and_then(|called| std::path::Path::new(called).file_stem());
    if file.is_some_and(|name| name == "kubectl-detek") { "kubectl detek" } else { "detek" }
}

/// The parser: usage, help, completions and manual pages are made of it.
pub(crate) fn command(program: &'static str) -> clap::Command {
    Arguments::command().bin_name(program)
}

/// What was typed, with what files and variables say where nothing was. Ends the process after help or version.
///
/// # Errors
/// A usage error or a mistake in the configuration, as it is shown.
pub(crate) fn parse(program: &'static str) -> Result<(Arguments, Configuration), String> {
    let matches = command(program).try_get_matches().map_err(|why| usage(&why))?;
    let (mut arguments, mut configuration) = (Arguments::from_arg_matches(&matches), Configuration::default());
    if let Some(typed) = matches.subcommand_matches(subcommand(&matches)).filter(|typed| is_configured(typed)) {
        let named = typed.get_one::<PathBuf>("config").cloned();
        let named = named.or_else(|| crate::env::variable("DETEK_CONFIG").map(PathBuf::from));
        let load = || {
            let configuration = crate::config::load(named.as_deref())?;
            let command = configuration.defaults_of(command(program))?;
            Ok((configuration, command))
        };
        let (loaded, with_defaults) = load().map_err(|why: crate::failure::Failure| why.to_string())?;
        configuration = loaded.settle(command(program), typed);
        arguments = with_defaults.try_get_matches().and_then(|matches| Arguments::from_arg_matches(&matches));
    }
    Ok((arguments.map_err(|why| usage(&why))?, configuration))
}

fn subcommand(matches: &ArgMatches) -> &str {
    matches.subcommand_name().unwrap_or_default()
}

/// Whether a command heeds the configuration. `list` does for few kinds: it is also what helps with a broken one.
fn is_configured(typed: &ArgMatches) -> bool {
    let of_list = |kind: &ListKind| matches!(kind, ListKind::Contexts | ListKind::Waivers);
    let listed = typed.try_get_one::<ListKind>("kind").ok().flatten();
    typed.try_contains_id("config").is_ok() && listed.is_none_or(of_list)
}

/// A usage error as it is shown.
fn usage(why: &clap::Error) -> String {
    if !why.use_stderr() {
        why.exit();
    }
    let code = Code::Usage.page().code;
    let text = why.render().to_string();
    // Without a command it is the whole help, which begins otherwise.
    text.strip_prefix("error:").map_or_else(|| text.clone(), |rest| format!("error[{code}]:{rest}"))
}

impl RbacArguments {
    /// The detectors whose inputs the role is for; resources are chosen from all of theirs.
    pub(crate) fn selection(&self) -> Selection {
        let set = if self.only.is_empty() { self.set.clone() } else { "all".to_owned() };
        Selection {
            set,
            only: Vec::new(),
            skip: Vec::new(),
            pack: self.pack.clone(),
            enable: self.enable.clone(),
            param: Vec::new(),
            target: None,
            skip_input: Vec::new(),
            exclude_namespace: Vec::new(),
            exclude_label: Vec::new(),
        }
    }
}
