//! How a cluster is reached, in words for people.

use crate::{
    connect::login::Kind,
    transport::{failure::Route, tls},
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::config::AuthInfo;
use std::path::PathBuf;

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

impl Target {
    /// What a configuration says; files, context and user are those of `named`.
    pub(crate) fn of(config: &kube::Config, named: Target) -> Self {
        Target {
            server: without_credential(&config.cluster_url),
            credential: Kind::of(&config.auth_info).to_string(),
            impersonated: config.auth_info.impersonate.clone(),
            trust: trust(config),
            proxy: config.proxy_url.as_ref().map(without_credential),
            ..named
        }
    }

    /// The same, for the words of failures.
    pub(crate) fn route(&self, config: &kube::Config) -> Route {
        let certificate_ends = own_certificate(&config.auth_info).as_deref().and_then(tls::end_of);
        Route { trust: self.trust.clone(), proxy: self.proxy.clone(), certificate_ends }
    }
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

/// The client certificate in PEM.
#[expect(clippy::disallowed_methods, reason = "a kubeconfig may name the file of a certificate")]
fn own_certificate(auth: &AuthInfo) -> Option<Vec<u8>> {
    match (&auth.client_certificate_data, &auth.client_certificate) {
        (Some(data), _) => STANDARD.decode(data).ok(),
        (None, Some(path)) => std::fs::read(path).ok(),
        (None, None) => None,
    }
}
