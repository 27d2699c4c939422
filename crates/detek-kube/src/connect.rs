//! From a kubeconfig to a connection.

use crate::{
    Answer,
    discovery::Discovery,
    error::ConnectError,
    failure::Route,
    kubeconfig::{self, Files, Found, unusable},
    login::Login,
    probe::Way,
    request::{Ask, Limits},
    tls,
    transport::Transport,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use detek_core::{Cause, CauseClass, Stage};
use http::HeaderValue;
use hyper_util::client::proxy::matcher::Matcher;
use jiff::Timestamp;
use kube::config::{AuthInfo, KubeConfigOptions};
use std::{
    collections::BTreeSet,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// DNS, TCP, proxy and TLS.
const CONNECT: Duration = Duration::from_secs(5);

/// Which cluster to read, and as whom. Looked at, in this order: `kubeconfig`, the files of `$KUBECONFIG`, the account
/// of the pod, `~/.kube/config`. What is set below overrides what is found there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectOptions {
    /// The kubeconfig.
    pub kubeconfig: Option<PathBuf>,
    /// The context; without one, the current context.
    pub context: Option<String>,
    /// The server's address, such as `https://10.0.0.1:6443`.
    pub server: Option<String>,
    /// A file with a bearer token, in place of the credential that was found.
    pub token_file: Option<PathBuf>,
    /// Act as this user.
    pub impersonate_user: Option<String>,
    /// Act as a member of these groups.
    pub impersonate_groups: Vec<String>,
    /// Trust whatever certificate the server shows.
    pub insecure_skip_tls_verify: bool,
    /// Send credentials over plain http, too.
    pub allow_insecure_http: bool,
    /// Which programs a kubeconfig may name to obtain a credential.
    pub programs: Programs,
    /// Sent with every request, so that administrators find the run in their logs.
    pub run_id: Option<String>,
}

/// Which programs may be run to obtain a credential.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Programs {
    /// Any, as kubectl does.
    #[default]
    Any,
    /// None.
    None,
    /// Those of these names: as the kubeconfig writes them, or without their directory.
    Only(Vec<String>),
}

impl Programs {
    fn allow(&self, command: &str) -> bool {
        match self {
            Programs::Any => true,
            Programs::None => false,
            Programs::Only(names) => {
                let short = Path::new(command).file_name().and_then(|name| name.to_str());
                names.iter().any(|name| name == command || Some(name.as_str()) == short)
            }
        }
    }
}

/// How a cluster is reached, and with what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The kubeconfigs; none for the account of a pod.
    pub files: Vec<PathBuf>,
    /// The context; empty if there is none.
    pub context: String,
    /// The user of the context, as the kubeconfig names it.
    pub user: Option<String>,
    /// The server's address.
    pub server: String,
    /// What identifies the user: `bearer token`, `client certificate`, `program aws`, `nothing`.
    pub credential: String,
    /// Who is impersonated.
    pub impersonated: Option<String>,
    /// What the server's certificate is checked against.
    pub trust: String,
    /// The proxy on the way, without its credential.
    pub proxy: Option<String>,
}

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
        match kubeconfig::find(options.kubeconfig.as_deref(), options.context.is_some()) {
            Ok(Found::Files(files)) => Self::of_files(&files, options).await,
            Ok(Found::Pod(config)) => Self::with_config(*config, options, Target::default()),
            Err(ConnectError::NoConfig { places }) => match (&options.server, &options.token_file) {
                (Some(server), Some(_)) => {
                    let address = server.parse().map_err(|_| bad_address(server))?;
                    Self::with_config(kube::Config::new(address), options, Target::default())
                }
                _ => Err(ConnectError::NoConfig { places }),
            },
            Err(why) => Err(why),
        }
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
        let chosen = KubeConfigOptions { context: Some(named.name.clone()), ..KubeConfigOptions::default() };
        let made = kube::Config::from_custom_kubeconfig(files.merged.clone(), &chosen).await;
        let mut config = made.map_err(|why| unusable(why, None))?;
        let named_proxy = files.merged.clusters.iter().any(|cluster| {
            named.context.as_ref().is_some_and(|context| context.cluster == cluster.name)
                && cluster.cluster.as_ref().is_some_and(|cluster| cluster.proxy_url.is_some())
        });
        // What the kubeconfig names is used for every server; what the environment names, not for those of NO_PROXY.
        if !named_proxy && Matcher::from_env().intercept(&config.cluster_url).is_none() {
            config.proxy_url = None;
        }
        let user = named.context.and_then(|context| context.user);
        if let Some(command) = config.auth_info.exec.as_ref().and_then(|exec| exec.command.as_deref())
            && options.token_file.is_none()
        {
            if !options.programs.allow(command) {
                return Err(ConnectError::ProgramNotAllowed { command: detek_core::clip(command, 200) });
            }
            files.check_program(user.as_deref().unwrap_or_default(), &config.auth_info)?;
        }
        let target = Target { files: files.paths(), context: named.name, user, ..Target::default() };
        Self::with_config(config, options, target)
    }

    fn with_config(
        mut config: kube::Config,
        options: &ConnectOptions,
        target: Target,
    ) -> Result<Cluster, ConnectError> {
        // Ours is wanted; a provider that was installed before is just as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        apply(&mut config, options)?;
        let server = without_credential(&config.cluster_url);
        let credential = credential(&config.auth_info);
        if config.cluster_url.scheme_str() == Some("http")
            && credential != NOTHING
            && !options.allow_insecure_http
            && !is_loopback(config.cluster_url.host().unwrap_or_default())
        {
            return Err(ConnectError::PlainHttp { server, credential });
        }
        let target = Target {
            server,
            credential,
            impersonated: config.auth_info.impersonate.clone(),
            trust: trust(&config),
            proxy: config.proxy_url.as_ref().map(without_credential),
            ..target
        };
        config.connect_timeout = Some(CONNECT);
        config.read_timeout = None;
        config.write_timeout = None;
        config.default_retry = false;
        let route = Route {
            trust: target.trust.clone(),
            proxy: target.proxy.clone(),
            certificate_ends: own_certificate(&config.auth_info).as_deref().and_then(tls::end_of),
        };
        let way = Arc::new(Way::of(&config));
        let login = Arc::new(Login::new(config)?);
        let transport = Transport::new(login, route, agent(options.run_id.as_deref())?, Some(way));
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

/// Puts what was asked for in the place of what was found.
fn apply(config: &mut kube::Config, options: &ConnectOptions) -> Result<(), ConnectError> {
    if let Some(server) = &options.server {
        let address: http::Uri = server.parse().map_err(|_| bad_address(server))?;
        if !matches!(address.scheme_str(), Some("https" | "http")) || address.host().is_none() {
            return Err(bad_address(server));
        }
        config.cluster_url = address;
    }
    if let Some(path) = &options.token_file {
        let (impersonate, groups) = (config.auth_info.impersonate.take(), config.auth_info.impersonate_groups.take());
        config.auth_info = AuthInfo {
            token_file: Some(path.display().to_string()),
            impersonate,
            impersonate_groups: groups,
            ..AuthInfo::default()
        };
    }
    if let Some(user) = &options.impersonate_user {
        config.auth_info.impersonate = Some(user.clone());
        config.auth_info.impersonate_groups = None;
    }
    if !options.impersonate_groups.is_empty() {
        config.auth_info.impersonate_groups = Some(options.impersonate_groups.clone());
    }
    config.accept_invalid_certs |= options.insecure_skip_tls_verify;
    Ok(())
}

fn bad_address(server: &str) -> ConnectError {
    ConnectError::config(&format!("{server} is not the address of a server, such as https://10.0.0.1:6443"))
}

/// `User-Agent`.
fn agent(run_id: Option<&str>) -> Result<HeaderValue, ConnectError> {
    let program = concat!("detek/", env!("CARGO_PKG_VERSION"));
    let text = run_id.map_or_else(|| program.to_owned(), |id| format!("{program} run/{id}"));
    text.parse().map_err(|_| ConnectError::config("the id of the run cannot be sent in a header"))
}

/// The client certificate in PEM.
#[expect(clippy::disallowed_methods, reason = "a kubeconfig may name the file of a certificate")]
fn own_certificate(auth: &AuthInfo) -> Option<Vec<u8>> {
    match (&auth.client_certificate_data, &auth.client_certificate) {
        (Some(data), _) => STANDARD.decode(data).ok(),
        (None, Some(path)) => std::fs::read(path).ok(),
        (None, None) => None,
    }
}

const NOTHING: &str = "nothing";

/// What a configuration identifies its user with.
fn credential(auth: &AuthInfo) -> String {
    if let Some(exec) = &auth.exec {
        return format!("program {}", detek_core::clip(exec.command.as_deref().unwrap_or_default(), 200));
    }
    let kind = match auth {
        AuthInfo { token: Some(_), .. } => "bearer token",
        AuthInfo { token_file: Some(file), .. } => return format!("token file {}", detek_core::clip(file, 200)),
        AuthInfo { auth_provider: Some(_), .. } => "auth provider",
        AuthInfo { client_key: Some(_), .. } | AuthInfo { client_key_data: Some(_), .. } => "client certificate",
        AuthInfo { password: Some(_), .. } => "password",
        _ => NOTHING,
    };
    kind.to_owned()
}

fn trust(config: &kube::Config) -> String {
    let trust = match config {
        kube::Config { accept_invalid_certs: true, .. } => "any certificate (verification is off)",
        kube::Config { root_cert_file: Some(file), .. } => return file.display().to_string(),
        kube::Config { root_cert: Some(_), .. } => "the certificate authority of the kubeconfig",
        _ => "the certificate authorities of this machine",
    };
    trust.to_owned()
}

/// An address as it may be shown: no user, no password, no query.
fn without_credential(address: &http::Uri) -> String {
    let host = address.authority().map_or("", |authority| authority.as_str());
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{}://{host}{}", address.scheme_str().unwrap_or("http"), address.path().trim_end_matches('/'))
}

fn is_loopback(host: &str) -> bool {
    host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
