//! From a kubeconfig to a connection.

use crate::request::{Ask, Limits, Transport};
use crate::{Answer, discovery::Discovery};
use detek_core::{Cause, CauseClass, Stage};
use jiff::Timestamp;
use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig, KubeconfigError};
use std::{collections::BTreeSet, fmt, path::PathBuf, sync::Arc, time::Duration};

/// DNS, TCP, proxy and TLS.
const CONNECT: Duration = Duration::from_secs(5);

/// Which cluster to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectOptions {
    /// The kubeconfig; without one, the files of `KUBECONFIG` or `~/.kube/config`, else the pod's own account.
    pub kubeconfig: Option<PathBuf>,
    /// The context; without one, the current context.
    pub context: Option<String>,
}

/// Why there is no connection. Nothing was sent to the cluster yet.
#[derive(Debug)]
pub enum ConnectError {
    /// A kubeconfig could not be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// There is no kubeconfig, and this is no pod.
    NoConfig,
    /// A kubeconfig is not YAML of the right shape.
    BadYaml {
        /// The file, if it is one.
        path: Option<PathBuf>,
        /// What is wrong.
        message: String,
        /// Line, counted from 1.
        line: Option<u64>,
    },
    /// The context is not in the kubeconfig.
    NoContext {
        /// The context asked for; `None` if there is no current context.
        context: Option<String>,
        /// The contexts there are.
        known: Vec<String>,
    },
    /// A credential would go over plain http to another machine.
    PlainHttp {
        /// The server's address.
        server: String,
    },
    /// Anything else that is wrong with the configuration.
    Config {
        /// What is wrong.
        message: String,
    },
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, error } => write!(f, "cannot read kubeconfig {}: {error}", path.display()),
            Self::NoConfig => f.write_str("no kubeconfig found, and this is not a pod with an account"),
            Self::BadYaml { path, message, line } => {
                f.write_str("cannot parse kubeconfig")?;
                if let Some(path) = path {
                    write!(f, " {}", path.display())?;
                }
                if let Some(line) = line {
                    write!(f, ", line {line}")?;
                }
                write!(f, ": {message}")
            }
            Self::NoContext { context, known } => {
                match context {
                    Some(context) => write!(f, "no context \"{context}\" in the kubeconfig")?,
                    None => f.write_str("the kubeconfig has no current context")?,
                }
                if known.is_empty() {
                    return f.write_str("; it has no contexts");
                }
                write!(f, "; its contexts are: {}", known.join(", "))
            }
            Self::PlainHttp { server } => {
                write!(f, "the credential for {server} would be sent unencrypted; use https")
            }
            Self::Config { message } => write!(f, "cannot use the kubeconfig: {message}"),
        }
    }
}

impl std::error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable { error, .. } => Some(error),
            _ => None,
        }
    }
}

impl ConnectError {
    fn of(error: KubeconfigError, path: Option<PathBuf>) -> Self {
        match error {
            KubeconfigError::ReadConfig(error, path) => Self::Unreadable { path, error },
            KubeconfigError::FindPath => Self::NoConfig,
            KubeconfigError::Parse(error) => {
                let text = error.to_string();
                let message = detek_core::clip(&unquoted(text.lines().next().unwrap_or_default()), 300);
                Self::BadYaml { path, message, line: error.location().map(|at| at.line()) }
            }
            other => Self::Config { message: detek_core::clip(&other.to_string(), 300) },
        }
    }
}

/// A cluster that can be read.
#[derive(Clone)]
pub struct Cluster {
    pub(crate) transport: Arc<Transport>,
    server: String,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Cluster {
    /// Prepares to read the cluster that `options` name. Sends nothing yet.
    ///
    /// # Errors
    /// If there is no usable configuration.
    pub async fn connect(options: ConnectOptions) -> Result<Cluster, ConnectError> {
        let ConnectOptions { kubeconfig: path, context } = options;
        let read = match &path {
            Some(path) => Kubeconfig::read_from(path),
            None => Kubeconfig::read(),
        };
        match read.map_err(|e| ConnectError::of(e, path.clone())) {
            Ok(config) => Self::from_kubeconfig(config, context).await,
            Err(ConnectError::Unreadable { error, .. })
                if path.is_none() && context.is_none() && error.kind() == std::io::ErrorKind::NotFound =>
            {
                let config = kube::Config::incluster().map_err(|_| ConnectError::NoConfig)?;
                Self::with_config(config)
            }
            Err(error) => Err(error),
        }
    }

    /// Prepares to read the cluster of a kubeconfig given as text.
    ///
    /// # Errors
    /// As [`Cluster::connect`].
    pub async fn from_kubeconfig_text(text: &str, context: Option<&str>) -> Result<Cluster, ConnectError> {
        let config = Kubeconfig::from_yaml(text).map_err(|e| ConnectError::of(e, None))?;
        Self::from_kubeconfig(config, context.map(str::to_owned)).await
    }

    async fn from_kubeconfig(config: Kubeconfig, context: Option<String>) -> Result<Cluster, ConnectError> {
        let known: Vec<String> = config.contexts.iter().map(|c| c.name.clone()).collect();
        let wanted = context.clone().or_else(|| config.current_context.clone()).filter(|name| !name.is_empty());
        if !wanted.as_ref().is_some_and(|name| known.contains(name)) {
            return Err(ConnectError::NoContext { context: wanted, known });
        }
        let options = KubeConfigOptions { context, ..KubeConfigOptions::default() };
        let made = kube::Config::from_custom_kubeconfig(config, &options).await;
        Self::with_config(made.map_err(|e| ConnectError::of(e, None))?)
    }

    fn with_config(mut config: kube::Config) -> Result<Cluster, ConnectError> {
        // Ours is wanted; a provider that was installed before is just as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let server = config.cluster_url.to_string().trim_end_matches('/').to_owned();
        if config.cluster_url.scheme_str() == Some("http")
            && has_credential(&config.auth_info)
            && !is_loopback(config.cluster_url.host().unwrap_or_default())
        {
            return Err(ConnectError::PlainHttp { server });
        }
        config.connect_timeout = Some(CONNECT);
        config.read_timeout = None;
        config.write_timeout = None;
        config.default_retry = false;
        let client = kube::Client::try_from(config)
            .map_err(|e| ConnectError::Config { message: detek_core::clip(&e.to_string(), 300) })?;
        Ok(Cluster { transport: Arc::new(Transport::new(client)), server })
    }

    /// The same cluster, read within other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Cluster { transport: Arc::new(self.transport.with_limits(limits)), ..self }
    }

    /// The server's address.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The time of the server's latest answer, by its own clock; `None` before there is one.
    pub fn now(&self) -> Option<Timestamp> {
        self.transport.date()
    }

    /// Sends one `GET` for JSON and reads the answer to its end.
    ///
    /// # Errors
    /// The cause, for every answer but 200 and for everything that is no answer; nothing is sent for a path that does
    /// more than read.
    pub async fn fetch(&self, path: &str) -> Result<Answer, Cause> {
        self.transport.fetch(Ask::json(path)).await.map_err(|failure| failure.cause)
    }

    /// What the server serves. Of servers without aggregated discovery, only the `needed` (group, version) are asked
    /// for; core is the empty group.
    pub async fn discover(&self, needed: &BTreeSet<(String, String)>) -> Discovery {
        Discovery::read(&self.transport, needed).await
    }

    /// What identifies the cluster: the uid of its namespace `kube-system`.
    ///
    /// # Errors
    /// If that namespace cannot be read.
    pub async fn id(&self) -> Result<String, Cause> {
        let answer = self.fetch("/api/v1/namespaces/kube-system").await?;
        let body: Option<serde_json::Value> = serde_json::from_slice(&answer.body).ok();
        let uid = body.as_ref().and_then(|b| b.pointer("/metadata/uid")).and_then(serde_json::Value::as_str);
        uid.map(|uid| detek_core::clip(uid, 100))
            .ok_or_else(|| Cause::new(CauseClass::BadBody, Stage::Decode, "namespace kube-system has no uid"))
    }
}

/// A parser's message without the values it quotes, which may be credentials.
fn unquoted(message: &str) -> String {
    let message = message.replace("\\\"", "");
    let parts: Vec<&str> = message.split('"').step_by(2).collect();
    parts.join("\"…\"")
}

fn has_credential(auth: &AuthInfo) -> bool {
    auth.token.is_some()
        || auth.token_file.is_some()
        || auth.password.is_some()
        || auth.client_key.is_some()
        || auth.client_key_data.is_some()
        || auth.exec.is_some()
        || auth.auth_provider.is_some()
}

fn is_loopback(host: &str) -> bool {
    host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
