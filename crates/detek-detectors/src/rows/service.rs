//! Services.

use super::Time;
use detek_core::{InputKind, Kind};
use detek_doc::{IntOrString, StrMap};
use serde::Deserialize;

/// Services.
pub(crate) struct Services;

impl Kind for Services {
    const INPUT: InputKind = InputKind::new("kubernetes/core/v1/services", "", "Service", true);
    type Row<'s> = Service<'s>;
}

/// A Service.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Service<'s> {
    #[serde(borrow)]
    pub(crate) metadata: ServiceMetadata<'s>,
    #[serde(borrow)]
    pub(crate) spec: ServiceSpec<'s>,
}

/// `metadata`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ServiceMetadata<'s> {
    pub(crate) name: &'s str,
    pub(crate) namespace: &'s str,
    #[serde(borrow)]
    pub(crate) creation_timestamp: Time<'s>,
}

/// `spec`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ServiceSpec<'s> {
    #[serde(rename = "type")]
    pub(crate) kind: &'s str,
    #[serde(rename = "clusterIP")]
    cluster_ip: &'s str,
    publish_not_ready_addresses: bool,
    #[serde(borrow)]
    pub(crate) selector: StrMap<'s>,
    #[serde(borrow)]
    pub(crate) ports: Vec<ServicePort<'s>>,
}

/// One of `spec.ports`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ServicePort<'s> {
    pub(crate) name: &'s str,
    pub(crate) port: i64,
    #[serde(borrow)]
    target_port: Option<IntOrString<'s>>,
    protocol: Option<&'s str>,
}

impl Service<'_> {
    /// Whether it is an alias of a name in the DNS.
    pub(crate) fn is_external(&self) -> bool {
        self.spec.kind == "ExternalName"
    }

    /// Whether it stands for pods: it has a selector, and is no alias. Addresses of others are kept by hand.
    pub(crate) fn selects_pods(&self) -> bool {
        !self.is_external() && !self.spec.selector.is_empty()
    }

    /// Whether pods must be ready before they get requests through it.
    pub(crate) fn wants_ready_pods(&self) -> bool {
        self.selects_pods() && !self.spec.publish_not_ready_addresses
    }

    /// Whether it has no address of its own: clients find the pods in the DNS and choose the port themselves.
    pub(crate) fn is_headless(&self) -> bool {
        self.spec.cluster_ip == "None"
    }

    /// Whether it selects a pod of its namespace with these labels.
    pub(crate) fn selects(&self, labels: &StrMap<'_>) -> bool {
        self.selects_pods() && self.spec.selector.iter().all(|(key, value)| labels.contains(key, value))
    }

    /// What it asks of labels: `app=web,tier=front`.
    pub(crate) fn selector(&self) -> String {
        self.spec.selector.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
    }
}

impl<'s> ServicePort<'s> {
    /// Where in the pods requests go: a number, or the name of a port. If nothing is said, it is the same number.
    pub(crate) fn target(&self) -> IntOrString<'s> {
        match self.target_port {
            None | Some(IntOrString::Int(0) | IntOrString::Text("")) => IntOrString::Int(self.port),
            Some(target) => target,
        }
    }

    /// `TCP`, `UDP` or `SCTP`.
    pub(crate) fn protocol(&self) -> &'s str {
        self.protocol.unwrap_or("TCP")
    }
}
