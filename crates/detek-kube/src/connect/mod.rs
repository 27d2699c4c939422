//! From a kubeconfig to a connection.

pub(crate) mod error;
mod kubeconfig;
pub(crate) mod login;
pub(crate) mod options;
mod plugin;
pub(crate) mod target;

use self::{
    error::ConnectError,
    kubeconfig::{Files, Found, unusable},
    login::{Kind, Login},
    options::{ConnectOptions, address},
    target::Target,
};
use crate::{
    Answer,
    read::{discovery::Discovery, probe::Way},
    transport::{
        Transport,
        request::{Ask, Limits},
    },
};
use detek_core::{Cause, CauseClass, Stage};
use hyper_util::client::proxy::matcher::Matcher;
use jiff::Timestamp;
use kube::config::KubeConfigOptions;
use std::{collections::BTreeSet, fmt, path::Path, sync::Arc, time::Duration};

/// DNS, TCP, proxy and TLS.
const CONNECT: Duration = Duration::from_secs(5);

/// The names of all contexts, of the flag's file, else of those of `$KUBECONFIG` or `~/.kube/config`.
///
/// # Errors
/// If there is no kubeconfig, or one cannot be read.
pub fn contexts(kubeconfig: Option<&Path>) -> Result<Vec<String>, ConnectError> {
    match kubeconfig::find(kubeconfig, true)? {
        Found::Files(files) => Ok(files.contexts()),
        Found::Pod(_) => Ok(Vec::new()),
    }
}

/// A cluster that can be read.
#[derive(Clone)]
pub struct Cluster {
    pub(crate) transport: Arc<Transport>,
    target: Arc<Target>,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("server", &self.target.server).finish_non_exhaustive()
    }
}

impl Cluster {
    /// Prepares to read the cluster that `options` name. Sends nothing yet.
    ///
    /// # Errors
    /// If there is no usable configuration.
    pub async fn connect(options: &ConnectOptions) -> Result<Cluster, ConnectError> {
        let mut config = match kubeconfig::find(options.kubeconfig.as_deref(), options.context.is_some()) {
            Ok(Found::Files(files)) => return Self::of_files(&files, options).await,
            Ok(Found::Pod(config)) => *config,
            Err(ConnectError::NoConfig { places }) => match (&options.server, &options.token_file) {
                (Some(server), Some(_)) => kube::Config::new(address(server)?),
                _ => return Err(ConnectError::NoConfig { places }),
            },
            Err(why) => return Err(why),
        };
        options.apply(&mut config)?;
        Self::with_config(config, options, Target::default())
    }

    /// Prepares to read the cluster of a kubeconfig given as text.
    ///
    /// # Errors
    /// As [`Cluster::connect`].
    pub async fn from_kubeconfig_text(text: &str, context: Option<&str>) -> Result<Cluster, ConnectError> {
        let options = ConnectOptions { context: context.map(str::to_owned), ..ConnectOptions::default() };
        Self::of_files(&Files::of_text(text)?, &options).await
    }

    async fn of_files(files: &Files, options: &ConnectOptions) -> Result<Cluster, ConnectError> {
        let named = files.context(options.context.as_deref())?;
        files.check_user(&named)?;
        let chosen = KubeConfigOptions { context: Some(named.name.clone()), ..KubeConfigOptions::default() };
        let made = kube::Config::from_custom_kubeconfig(files.merged.clone(), &chosen).await;
        let mut config = made.map_err(|why| unusable(why, None))?;
        options.apply(&mut config)?;
        let (cluster, user) = named.context.map_or((String::new(), None), |context| (context.cluster, context.user));
        // What the kubeconfig names is used for every server; what the environment names, not for those of NO_PROXY.
        if !files.names_proxy(&cluster) && Matcher::from_env().intercept(&config.cluster_url).is_none() {
            config.proxy_url = None;
        }
        if let Kind::Plugin(command) = Kind::of(&config.auth_info) {
            files.check_program(user.as_deref().unwrap_or_default(), &command)?;
        }
        let target = Target { files: files.paths(), context: named.name, user, ..Target::default() };
        Self::with_config(config, options, target)
    }

    fn with_config(mut config: kube::Config, options: &ConnectOptions, named: Target) -> Result<Cluster, ConnectError> {
        // Ours is wanted; a provider that was installed before is just as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let target = Target::of(&config, named);
        options.check(&config, &target.server)?;
        config.connect_timeout = Some(CONNECT);
        (config.read_timeout, config.write_timeout) = (None, None);
        config.default_retry = false;
        let (route, way) = (target.route(&config), Arc::new(Way::of(&config)));
        let login = Arc::new(Login::new(config)?);
        let transport = Transport::new(login, route, options.agent()?, Some(way));
        Ok(Cluster { transport: Arc::new(transport), target: Arc::new(target) })
    }

    /// The same cluster, read within other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Cluster { transport: Arc::new(self.transport.with_limits(limits)), ..self }
    }

    /// How the cluster is reached, and with what.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The server's address.
    pub fn server(&self) -> &str {
        &self.target.server
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
