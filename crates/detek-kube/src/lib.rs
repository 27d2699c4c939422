//! Reads a Kubernetes cluster, and nothing else: every request passes a gate that lets only reads through.
//!
//! [`Cluster::connect`] takes a kubeconfig; [`Cluster::read`] finds out what is served and reads the planned inputs,
//! each of which ends in a state with its cause. The policy of transport (limits of time, retries, classes of failure)
//! lives here alone.

mod access;
mod answer;
mod body;
mod clock;
mod connect;
mod discovery;
mod error;
mod failure;
mod gate;
mod health;
mod kubeconfig;
mod list;
mod login;
mod options;
mod pace;
mod page;
mod plugin;
mod probe;
mod read;
mod request;
mod target;
mod tls;
mod transport;
mod watch;

pub use access::{Access, Permission};
pub use answer::Answer;
pub use connect::{Cluster, contexts};
pub use discovery::{Discovery, Presence, VersionState};
pub use error::{ConnectError, Place};
pub use options::{ConnectOptions, Programs};
pub use read::PlannedRead;
pub use request::Limits;
pub use target::Target;
pub use tokio::time::Instant;
pub use tokio_util::sync::CancellationToken;
pub use watch::{Progress, ReadOptions, Report};
