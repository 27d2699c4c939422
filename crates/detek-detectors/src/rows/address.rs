//! Pods as the network sees them.

use detek_core::{InputKind, Kind, ObjectRef};
use detek_doc::Present;
use serde::Deserialize;
use std::{collections::BTreeSet, net::IpAddr};

/// Pods with their addresses.
pub(crate) struct PodAddresses;

impl Kind for PodAddresses {
    const INPUT: InputKind = super::Pods::INPUT;
    type Row<'s> = PodAddress<'s>;
}

/// A pod with its addresses.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct PodAddress<'s> {
    #[serde(borrow)]
    pub(crate) metadata: NameAndEnd<'s>,
    pub(crate) spec: HostNetwork,
    #[serde(borrow)]
    pub(crate) status: AddressStatus<'s>,
}

/// `metadata`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct NameAndEnd<'s> {
    pub(crate) name: &'s str,
    pub(crate) namespace: &'s str,
    pub(crate) deletion_timestamp: Option<Present>,
}

/// `spec`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct HostNetwork {
    pub(crate) host_network: bool,
}

/// `status`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct AddressStatus<'s> {
    pub(crate) phase: &'s str,
    #[serde(rename = "podIP")]
    pub(crate) pod_ip: &'s str,
    #[serde(rename = "podIPs", borrow)]
    pub(crate) pod_ips: Vec<PodIp<'s>>,
}

/// One of `status.podIPs`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct PodIp<'s> {
    pub(crate) ip: &'s str,
}

impl PodAddress<'_> {
    /// The pod, as findings name it.
    pub(crate) fn object(&self) -> ObjectRef {
        ObjectRef::new("", "Pod", self.metadata.namespace, self.metadata.name)
    }

    /// The addresses that its status names, also those of its node.
    pub(crate) fn all(&self) -> BTreeSet<IpAddr> {
        // `podIP` repeats the first of `podIPs`.
        let all = self.status.pod_ips.iter().map(|address| address.ip).chain([self.status.pod_ip]);
        all.filter_map(|ip| ip.parse().ok()).collect()
    }

    /// The addresses that are its own and in use: none of a pod on the network of its node, or one that does not run.
    pub(crate) fn own(&self) -> BTreeSet<IpAddr> {
        if self.status.phase != "Running" || self.spec.host_network || self.metadata.deletion_timestamp.is_some() {
            return BTreeSet::new();
        }
        self.all()
    }
}
