//! A simulated Kubernetes API server: a demo cluster with realistic problems, generated clusters of any size, objects of a test, and a
//! script of faults, served over loopback TCP or TLS.
//!
//! It speaks the protocol of kube-apiserver 1.34 as far as a reader sees it: discovery in both forms, lists with pages, selectors,
//! permissions, health checks, and the exact words of its refusals. Nothing can be changed in it: every method but `GET`, and `POST` to
//! access reviews, is refused and logged.
//!
//! ```no_run
//! # async fn example() -> Result<(), detek_sim::StartError> {
//! use detek_sim::{Sim, on};
//! let server = Sim::demo().seed(7).fault(on("nodes").status(403)).start().await?;
//! std::hint::black_box(server.kubeconfig());
//! # Ok(())
//! # }
//! ```

mod answer;
mod body;
mod bomb;
mod clock;
mod cluster;
mod content;
mod demo;
mod discovery;
mod fault;
mod kinds;
mod list;
mod log;
mod paging;
mod rbac;
mod running;
mod serve;
mod server;
mod sim;
mod tls;
mod wire;

pub use cluster::Size;
pub use fault::{Body, Fault, GroupFault, Match, discovery, group, on, on_path};
pub use kinds::Kind;
pub use log::Request;
pub use rbac::{RoleRules, Rule};
pub use running::Running;
pub use sim::{Sim, StartError};
pub use tls::Tls;
