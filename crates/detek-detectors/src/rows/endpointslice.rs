//! EndpointSlices: the addresses behind Services.

use super::Time;
use detek_core::{InputKind, Kind};
use jiff::Timestamp;
use serde::Deserialize;

/// EndpointSlices.
pub(crate) struct EndpointSlices;

impl Kind for EndpointSlices {
    const INPUT: InputKind =
        InputKind::new("kubernetes/discovery.k8s.io/v1/endpointslices", "discovery.k8s.io", "EndpointSlice", true);
    type Row<'s> = EndpointSlice<'s>;
}

/// An EndpointSlice.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct EndpointSlice<'s> {
    #[serde(borrow)]
    pub(crate) metadata: SliceMetadata<'s>,
    pub(crate) address_type: &'s str,
    #[serde(borrow)]
    pub(crate) endpoints: Vec<Endpoint<'s>>,
}

/// `metadata`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct SliceMetadata<'s> {
    pub(crate) name: &'s str,
    pub(crate) namespace: &'s str,
    #[serde(borrow)]
    creation_timestamp: Time<'s>,
    #[serde(borrow)]
    labels: SliceLabels<'s>,
    #[serde(borrow)]
    annotations: SliceAnnotations<'s>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct SliceLabels<'s> {
    #[serde(rename = "kubernetes.io/service-name")]
    service: &'s str,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct SliceAnnotations<'s> {
    #[serde(rename = "endpoints.kubernetes.io/last-change-trigger-time", borrow)]
    changed: Time<'s>,
}

/// One of `endpoints`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Endpoint<'s> {
    #[serde(borrow)]
    pub(crate) addresses: Vec<&'s str>,
    #[serde(borrow)]
    pub(crate) target_ref: Option<Target<'s>>,
    conditions: Conditions,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Conditions {
    ready: Option<bool>,
    terminating: bool,
}

/// `targetRef`: what has the address. It is in the namespace of the slice.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Target<'s> {
    pub(crate) kind: &'s str,
    pub(crate) name: &'s str,
    /// Empty if it is that of the slice.
    pub(crate) namespace: &'s str,
}

impl<'s> EndpointSlice<'s> {
    /// The name of the Service that it belongs to; empty if it belongs to none.
    pub(crate) fn service(&self) -> &'s str {
        self.metadata.labels.service
    }

    /// When a pod or the Service last changed it, else when it was made.
    pub(crate) fn changed(&self) -> Option<Timestamp> {
        self.metadata.annotations.changed.get().max(self.metadata.creation_timestamp.get())
    }
}

impl<'s> Endpoint<'s> {
    /// Whether it takes requests: also when nobody says that it does not.
    pub(crate) fn is_ready(&self) -> bool {
        self.conditions.ready.unwrap_or(true)
    }

    /// Whether it is about to go.
    pub(crate) fn is_terminating(&self) -> bool {
        self.conditions.terminating
    }

    /// The name of the pod that has the address.
    pub(crate) fn pod(&self) -> Option<&'s str> {
        self.target_ref.as_ref().filter(|target| target.kind == "Pod").map(|target| target.name)
    }
}
