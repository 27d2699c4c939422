//! What a caller may ask for in place of what a kubeconfig says.

use crate::connect::{error::ConnectError, login::Kind};
use http::HeaderValue;
use kube::config::AuthInfo;
use std::path::{Path, PathBuf};

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
    pub(crate) fn allow(&self, command: &str) -> bool {
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

impl ConnectOptions {
    /// Puts what was asked for in the place of what was found.
    pub(crate) fn apply(&self, config: &mut kube::Config) -> Result<(), ConnectError> {
        if let Some(server) = &self.server {
            config.cluster_url = address(server)?;
        }
        if let Some(path) = &self.token_file {
            let found = std::mem::take(&mut config.auth_info);
            config.auth_info = AuthInfo {
                token_file: Some(path.display().to_string()),
                impersonate: found.impersonate,
                impersonate_groups: found.impersonate_groups,
                ..AuthInfo::default()
            };
        }
        if let Some(user) = &self.impersonate_user {
            config.auth_info.impersonate = Some(user.clone());
            config.auth_info.impersonate_groups = None;
        }
        if !self.impersonate_groups.is_empty() {
            config.auth_info.impersonate_groups = Some(self.impersonate_groups.clone());
        }
        config.accept_invalid_certs |= self.insecure_skip_tls_verify;
        Ok(())
    }

    /// Refuses what must not be done with this credential: run a program that is not allowed, or send it in the clear.
    pub(crate) fn check(&self, config: &kube::Config, server: &str) -> Result<(), ConnectError> {
        let kind = Kind::of(&config.auth_info);
        if let Kind::Plugin(command) = &kind
            && !self.programs.allow(command)
        {
            return Err(ConnectError::ProgramNotAllowed { command: detek_core::clip(command, 200) });
        }
        let loopback = |host: &str| {
            host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        };
        if config.cluster_url.scheme_str() == Some("http")
            && kind != Kind::Nothing
            && !self.allow_insecure_http
            && !config.cluster_url.host().is_some_and(loopback)
        {
            return Err(ConnectError::PlainHttp { server: server.to_owned(), credential: kind.to_string() });
        }
        Ok(())
    }

    /// `User-Agent`.
    pub(crate) fn agent(&self) -> Result<HeaderValue, ConnectError> {
        let program = concat!("detek/", env!("CARGO_PKG_VERSION"));
        let text = self.run_id.as_ref().map_or_else(|| program.to_owned(), |id| format!("{program} run/{id}"));
        text.parse().map_err(|_| ConnectError::config("the id of the run cannot be sent in a header"))
    }
}

/// The address of a server as it was typed.
pub(crate) fn address(server: &str) -> Result<http::Uri, ConnectError> {
    let parsed = server.parse::<http::Uri>().ok();
    let usable =
        |address: &http::Uri| matches!(address.scheme_str(), Some("https" | "http")) && address.host().is_some();
    parsed.filter(usable).ok_or_else(|| {
        ConnectError::config(&format!("{server} is not the address of a server, such as https://10.0.0.1:6443"))
    })
}
