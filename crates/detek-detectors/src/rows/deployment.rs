//! Deployments and StatefulSets: how many pods they want, and with which labels.

use detek_cel::kubernetes;
use detek_core::{InputKind, Kind};
use detek_doc::{Present, StrMap};
use serde::Deserialize;

/// Deployments.
pub(crate) struct Deployments;

impl Kind for Deployments {
    const INPUT: InputKind = InputKind::new("kubernetes/apps/v1/deployments", "apps", "Deployment", true);
    type Row<'s> = Replicated<'s>;
}

/// StatefulSets.
pub(crate) struct StatefulSets;

impl Kind for StatefulSets {
    const INPUT: InputKind = InputKind::new("kubernetes/apps/v1/statefulsets", "apps", "StatefulSet", true);
    type Row<'s> = Replicated<'s>;
}

/// DaemonSets.
pub(crate) struct DaemonSets;

impl Kind for DaemonSets {
    const INPUT: InputKind = InputKind::new("kubernetes/apps/v1/daemonsets", "apps", "DaemonSet", true);
    type Row<'s> = Replicated<'s>;
}

/// A workload with a number of equal pods.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Replicated<'s> {
    #[serde(borrow)]
    pub(crate) metadata: ReplicatedMetadata<'s>,
    #[serde(borrow)]
    spec: ReplicatedSpec<'s>,
    status: ReplicatedStatus,
}

/// `metadata`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ReplicatedMetadata<'s> {
    pub(crate) name: &'s str,
    pub(crate) namespace: &'s str,
    deletion_timestamp: Option<Present>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ReplicatedSpec<'s> {
    replicas: Option<i64>,
    #[serde(borrow)]
    template: Template<'s>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ReplicatedStatus {
    desired_number_scheduled: Option<i64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Template<'s> {
    #[serde(borrow)]
    metadata: TemplateMetadata<'s>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct TemplateMetadata<'s> {
    #[serde(borrow)]
    labels: StrMap<'s>,
}

impl<'s> Replicated<'s> {
    /// Whether detectors of the specification judge it: not going, and not of the platform.
    pub(crate) fn is_judged_by_spec(&self) -> bool {
        self.metadata.deletion_timestamp.is_none() && !kubernetes::is_system_namespace(self.metadata.namespace)
    }

    /// How many pods it wants; a DaemonSet as many as there are nodes for it.
    pub(crate) fn replicas(&self) -> i64 {
        self.spec.replicas.or(self.status.desired_number_scheduled).unwrap_or(1)
    }

    /// The labels of its pods.
    pub(crate) fn pod_labels(&self) -> &StrMap<'s> {
        &self.spec.template.metadata.labels
    }
}
