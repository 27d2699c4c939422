//! A server that runs: where it is, how to log in, what it was asked.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLockWriteGuard};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::fault::Fault;
use crate::log::Request;
use crate::rbac::RoleRules;
use crate::serve;
use crate::server::{Live, Server};
use crate::tls::Identity;

/// A running server; dropping it closes its sockets.
pub struct Running {
    address: SocketAddr,
    server: Arc<Server>,
    identity: Option<Arc<Identity>>,
    task: JoinHandle<()>,
    runtime: Option<Runtime>,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").field("url", &self.url()).finish_non_exhaustive()
    }
}

impl Running {
    pub(crate) fn new(
        listener: TcpListener,
        address: SocketAddr,
        server: Arc<Server>,
        identity: Option<Arc<Identity>>,
    ) -> Self {
        let task = tokio::spawn(serve::accept(listener, Arc::clone(&server), identity.clone()));
        Self { address, server, identity, task, runtime: None }
    }

    pub(crate) fn with_runtime(mut self, runtime: Runtime) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`, or `https:` with TLS of any kind.
    pub fn url(&self) -> String {
        format!("{}://{}", if self.identity.is_some() { "https" } else { "http" }, self.address)
    }

    /// The CA's certificate in PEM, with TLS.
    pub fn ca(&self) -> Option<&str> {
        self.identity.as_ref().map(|i| i.ca.as_str())
    }

    /// A kubeconfig with everything inline: one context `sim`, the CA if there is TLS, the token, the client certificate if one is asked for.
    pub fn kubeconfig(&self) -> String {
        let mut out = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: sim\nclusters:\n- name: sim\n  cluster:\n    server: {}\n",
            self.url()
        );
        // Writing to a String cannot fail.
        if let Some(ca) = self.ca() {
            let _ = writeln!(out, "    certificate-authority-data: {}", STANDARD.encode(ca));
        }
        out += "contexts:\n- name: sim\n  context: {cluster: sim, user: sim}\nusers:\n- name: sim\n  user:\n";
        if let Some(client) = self.identity.as_ref().and_then(|i| i.client.as_ref()) {
            let _ = writeln!(out, "    client-certificate-data: {}", STANDARD.encode(&client.certificate));
            let _ = writeln!(out, "    client-key-data: {}", STANDARD.encode(&client.key));
        } else {
            let token = self.server.live().token.clone();
            let _ = writeln!(out, "    token: \"{}\"", token.as_deref().unwrap_or("sim-token"));
        }
        out
    }

    /// All requests so far, in the order of their arrival.
    pub fn requests(&self) -> Vec<Request> {
        self.server.log.requests()
    }

    /// The most requests that were open at the same time.
    pub fn peak_concurrency(&self) -> usize {
        self.server.log.peak()
    }

    fn live(&self) -> RwLockWriteGuard<'_, Live> {
        self.server.live.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on the user may do exactly this.
    pub fn allow_only(&self, role: RoleRules) {
        self.live().role = Some(role);
    }

    /// From now on only this token is accepted.
    pub fn require_token(&self, token: &str) {
        self.live().token = Some(token.into());
    }

    /// From now on this goes wrong as well.
    pub fn add_fault(&self, fault: Fault) {
        self.live().faults.push(Arc::new(fault));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
