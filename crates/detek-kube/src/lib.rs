//! Reads a Kubernetes cluster, and nothing else: every request passes a gate that lets only reads through.
//!
//! [`Cluster::connect`] takes a kubeconfig; [`Cluster::read`] finds out what is served and reads the planned inputs,
//! each of which ends in a state with its cause. The policy of transport (limits of time, retries, classes of failure)
//! lives here alone.

mod clock;
mod connect;
mod read;
mod transport;

pub use connect::{
    Cluster, contexts,
    error::{ConnectError, Place},
    options::{ConnectOptions, Programs},
    target::Target,
};
pub use read::{
    PlannedRead,
    access::{Access, Permission},
    discovery::{Discovery, Presence, VersionState},
    progress::{OnProgress, Progress, ReadOptions},
};
pub use tokio::time::Instant;
pub use tokio_util::sync::CancellationToken;
pub use transport::{answer::Answer, request::Limits};
