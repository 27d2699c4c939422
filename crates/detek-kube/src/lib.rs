//! Reads a Kubernetes cluster, and nothing else: every request passes a gate that lets only reads through.
//!
//! [`Cluster::connect`] takes a kubeconfig; [`Cluster::read`] finds out what is served and reads the planned inputs,
//! each of which ends in a state with its cause. The transport policy (limits of time, retries, classes of failure) is
//! that of `reliability.md` section 3 and lives here alone.

mod answer;
mod clock;
mod connect;
mod discovery;
mod failure;
mod gate;
mod health;
mod list;
mod read;
mod request;

pub use answer::Answer;
pub use connect::{Cluster, ConnectError, ConnectOptions};
pub use discovery::{Discovery, Presence, VersionState};
pub use read::PlannedRead;
pub use request::Limits;
