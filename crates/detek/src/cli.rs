//! What can be typed.

use clap::{Args, Parser, Subcommand};
use detek_core::Level;
use jiff::Timestamp;
use std::path::PathBuf;

/// Finds what is wrong with a Kubernetes cluster, says why it matters and how to mend it. Reads only.
#[derive(Parser)]
#[command(name = "detek", version, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Scan a cluster
    Run(RunArguments),
    /// Scan a simulated cluster: the same, without a cluster
    Demo(DemoArguments),
    /// Show what would be read, and by which detectors; contacts nobody
    Plan(Selection),
    /// Explain a detector: what, why, how to fix, what it reads
    Explain {
        /// Id of a detector
        id: String,
    },
    /// List the detectors
    List,
    /// Print the least role for what is read; contacts nobody
    Rbac(RbacArguments),
}

#[derive(Args)]
pub(crate) struct Selection {
    /// Set of detectors: default, health, hygiene, security, upgrade, cost or all
    #[arg(default_value = "default")]
    pub(crate) set: String,
    /// Only these detectors
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Not these detectors
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(crate) skip: Vec<String>,
    /// Set a parameter of a detector
    #[arg(long, value_name = "ID.NAME=VALUE")]
    pub(crate) param: Vec<String>,
}

#[derive(Args)]
pub(crate) struct Reporting {
    /// Output format, or FORMAT=FILE; repeatable
    #[arg(short, long = "output", value_name = "FORMAT[=FILE]")]
    pub(crate) output: Vec<String>,
    /// Exit with 1 if a finding is at or above this level
    #[arg(long, value_name = "LEVEL")]
    pub(crate) fail_on: Option<Level>,
    /// Exit with 0 although a required input or a detector failed
    #[arg(long)]
    pub(crate) allow_partial: bool,
    /// Nothing on standard error unless the run fails
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(Args)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Path of the kubeconfig; else $KUBECONFIG, the in-cluster account, ~/.kube/config
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,
    /// Only these namespaces; detectors that must see the whole cluster are then skipped
    #[arg(short, long, value_name = "NS")]
    pub(crate) namespace: Vec<String>,
    /// Judge by this time instead of the server's: for tests of what depends on a date
    #[arg(long, value_name = "RFC3339", hide = true)]
    pub(crate) now: Option<Timestamp>,
    #[command(flatten)]
    pub(crate) reporting: Reporting,
}

#[derive(Args)]
pub(crate) struct DemoArguments {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Only these namespaces
    #[arg(short, long, value_name = "NS")]
    pub(crate) namespace: Vec<String>,
    /// Seed of the simulated cluster
    #[arg(long, default_value_t = 7)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) reporting: Reporting,
}

#[derive(Args)]
pub(crate) struct RbacArguments {
    /// Set of detectors
    #[arg(default_value = "default")]
    pub(crate) set: String,
    /// Only these resources, or what these detectors read
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Whom to bind: user:NAME, group:NAME or sa:NAMESPACE/NAME
    #[arg(long, default_value = "sa:detek/detek-scanner")]
    pub(crate) to: String,
}

impl RbacArguments {
    /// The detectors whose inputs the role is for; resources are chosen from all of theirs.
    pub(crate) fn selection(&self) -> Selection {
        let set = if self.only.is_empty() { self.set.clone() } else { "all".to_owned() };
        Selection { set, only: Vec::new(), skip: Vec::new(), param: Vec::new() }
    }
}
