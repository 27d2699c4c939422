//! Ingresses.

use super::Metadata;
use detek_core::{InputKind, Kind};
use serde::Deserialize;

/// Ingresses.
pub(crate) struct Ingresses;

impl Kind for Ingresses {
    const INPUT: InputKind =
        InputKind::new("kubernetes/networking.k8s.io/v1/ingresses", "networking.k8s.io", "Ingress", true);
    type Row<'s> = Ingress<'s>;
}

/// An Ingress.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Ingress<'s> {
    #[serde(borrow)]
    pub(crate) metadata: Metadata<'s>,
    #[serde(borrow)]
    pub(crate) spec: IngressSpec<'s>,
}

/// `spec`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct IngressSpec<'s> {
    #[serde(borrow)]
    pub(crate) default_backend: Option<IngressBackend<'s>>,
    #[serde(borrow)]
    pub(crate) rules: Vec<Rule<'s>>,
    #[serde(borrow)]
    pub(crate) tls: Vec<IngressTls<'s>>,
}

/// One of `spec.rules`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Rule<'s> {
    pub(crate) host: &'s str,
    #[serde(borrow)]
    pub(crate) http: Http<'s>,
}

/// `http`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Http<'s> {
    #[serde(borrow)]
    pub(crate) paths: Vec<Path<'s>>,
}

/// One of `http.paths`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Path<'s> {
    pub(crate) path: &'s str,
    #[serde(borrow)]
    pub(crate) backend: IngressBackend<'s>,
}

/// One of `spec.tls`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct IngressTls<'s> {
    pub(crate) secret_name: &'s str,
}

/// Where requests go.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct IngressBackend<'s> {
    #[serde(borrow)]
    pub(crate) service: Option<BackendService<'s>>,
}

/// `backend.service`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct BackendService<'s> {
    pub(crate) name: &'s str,
    #[serde(borrow)]
    pub(crate) port: BackendPort<'s>,
}

/// `backend.service.port`: a name or a number.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct BackendPort<'s> {
    pub(crate) name: &'s str,
    pub(crate) number: i64,
}

impl<'s> Ingress<'s> {
    /// Every backend with the host and path that lead to it.
    pub(crate) fn backends(&self) -> impl Iterator<Item = (String, &IngressBackend<'s>)> {
        let default = self.spec.default_backend.iter().map(|backend| ("defaultBackend".to_owned(), backend));
        let paths = self.spec.rules.iter().flat_map(|rule| {
            let host = if rule.host.is_empty() { "*" } else { rule.host };
            rule.http.paths.iter().map(move |path| (format!("{host}{}", path.path), &path.backend))
        });
        default.chain(paths)
    }
}
