//! Gateways.

use super::controller::Owned;
use detek_core::{InputKind, Kind};
use serde::Deserialize;

/// Gateways.
pub(crate) struct Gateways;

impl Kind for Gateways {
    const INPUT: InputKind = InputKind::new(
        "kubernetes/gateway.networking.k8s.io/v1/gateways",
        "gateway.networking.k8s.io",
        "Gateway",
        true,
    );
    type Row<'s> = Gateway<'s>;
}

/// A Gateway.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Gateway<'s> {
    #[serde(borrow)]
    pub(crate) metadata: Owned<'s>,
    #[serde(borrow)]
    pub(crate) spec: GatewaySpec<'s>,
}

/// `spec`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct GatewaySpec<'s> {
    #[serde(borrow)]
    pub(crate) listeners: Vec<Listener<'s>>,
}

/// One of `spec.listeners`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Listener<'s> {
    #[serde(borrow)]
    pub(crate) tls: ListenerTls<'s>,
}

/// `tls`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ListenerTls<'s> {
    #[serde(borrow)]
    pub(crate) certificate_refs: Vec<CertificateRef<'s>>,
}

/// One of `certificateRefs`: a Secret, unless it says otherwise, in the namespace of the Gateway, unless it says
/// otherwise.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct CertificateRef<'s> {
    group: &'s str,
    kind: Option<&'s str>,
    pub(crate) name: &'s str,
    pub(crate) namespace: Option<&'s str>,
}

impl CertificateRef<'_> {
    /// Whether it is a Secret.
    pub(crate) fn is_secret(&self) -> bool {
        self.group.is_empty() && self.kind.is_none_or(|kind| kind == "Secret")
    }
}
