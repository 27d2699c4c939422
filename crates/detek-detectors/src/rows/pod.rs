//! Pods.

use super::Metadata;
use detek_core::{InputKind, Kind};
use detek_doc::{IntOrString, Present, StrMap};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Pods.
pub(crate) struct Pods;

impl Kind for Pods {
    const INPUT: InputKind = InputKind::new("kubernetes/core/v1/pods", "", "Pod", true);
    type Row<'s> = Pod<'s>;
}

/// Pods, as indexes read them.
pub(crate) struct PodLabelRows;

impl Kind for PodLabelRows {
    const INPUT: InputKind = Pods::INPUT;
    type Row<'s> = PodLabels<'s>;
}

/// The labels of a pod.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct PodLabels<'s> {
    #[serde(borrow)]
    pub(crate) metadata: LabelMetadata<'s>,
}

/// Names and labels.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct LabelMetadata<'s> {
    pub(crate) name: &'s str,
    pub(crate) namespace: &'s str,
    #[serde(borrow)]
    pub(crate) labels: StrMap<'s>,
}

/// A pod.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Pod<'s> {
    #[serde(borrow)]
    pub(crate) metadata: Metadata<'s>,
    #[serde(borrow)]
    pub(crate) spec: PodSpec<'s>,
    #[serde(borrow)]
    pub(crate) status: PodStatus<'s>,
}

/// `spec`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PodSpec<'s> {
    #[serde(borrow)]
    pub(crate) containers: Vec<Container<'s>>,
    #[serde(borrow)]
    pub(crate) init_containers: Vec<Container<'s>>,
    #[serde(borrow)]
    pub(crate) ephemeral_containers: Vec<Container<'s>>,
    #[serde(borrow)]
    pub(crate) resources: Resources<'s>,
}

/// A container of any of the three lists.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Container<'s> {
    pub(crate) name: &'s str,
    pub(crate) image: &'s str,
    pub(crate) image_pull_policy: &'s str,
    pub(crate) restart_policy: Option<&'s str>,
    #[serde(borrow)]
    pub(crate) resources: Resources<'s>,
    pub(crate) liveness_probe: Option<Present>,
    pub(crate) readiness_probe: Option<Present>,
}

/// `resources`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Resources<'s> {
    #[serde(borrow)]
    pub(crate) limits: BTreeMap<&'s str, IntOrString<'s>>,
    #[serde(borrow)]
    pub(crate) requests: BTreeMap<&'s str, IntOrString<'s>>,
}

/// `status`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PodStatus<'s> {
    pub(crate) phase: &'s str,
    pub(crate) reason: &'s str,
    pub(crate) message: &'s str,
    #[serde(borrow)]
    pub(crate) container_statuses: Vec<ContainerStatus<'s>>,
    #[serde(borrow)]
    pub(crate) init_container_statuses: Vec<ContainerStatus<'s>>,
    #[serde(borrow)]
    pub(crate) ephemeral_container_statuses: Vec<ContainerStatus<'s>>,
}

/// The status of a container.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ContainerStatus<'s> {
    pub(crate) name: &'s str,
    pub(crate) restart_count: i64,
    #[serde(borrow)]
    pub(crate) state: State<'s>,
    #[serde(borrow)]
    pub(crate) last_state: State<'s>,
}

/// `state` or `lastState`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct State<'s> {
    #[serde(borrow)]
    pub(crate) waiting: Option<Waiting<'s>>,
    #[serde(borrow)]
    pub(crate) terminated: Option<Terminated<'s>>,
}

/// `waiting`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Waiting<'s> {
    pub(crate) reason: &'s str,
}

/// `terminated`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Terminated<'s> {
    pub(crate) reason: &'s str,
    pub(crate) exit_code: i64,
    pub(crate) signal: i64,
    pub(crate) finished_at: &'s str,
}

impl<'s> Pod<'s> {
    /// Whether detectors of the specification judge it: not finished, not going, not a mirror of a static pod, and not of
    /// the platform (`detectors.md` section 0).
    pub(crate) fn is_judged_by_spec(&self) -> bool {
        !matches!(self.status.phase, "Succeeded" | "Failed")
            && self.metadata.deletion_timestamp.is_none()
            && !self.metadata.annotations.contains_key("kubernetes.io/config.mirror")
            && !self.metadata.in_system_namespace()
    }

    /// Whether its controller is a Job.
    pub(crate) fn is_of_job(&self) -> bool {
        self.metadata.owner_references.iter().any(|owner| owner.controller && owner.kind == "Job")
    }

    /// Containers of all three lists.
    pub(crate) fn all_containers(&self) -> impl Iterator<Item = &Container<'s>> {
        self.spec.containers.iter().chain(&self.spec.init_containers).chain(&self.spec.ephemeral_containers)
    }

    /// Containers that run as long as the pod: those of the application, and sidecars (init containers that restart).
    pub(crate) fn long_running(&self) -> impl Iterator<Item = &Container<'s>> {
        let sidecars = self.spec.init_containers.iter().filter(|container| container.restart_policy == Some("Always"));
        self.spec.containers.iter().chain(sidecars)
    }

    /// Statuses of containers of all three lists, init containers first.
    pub(crate) fn all_statuses(&self) -> impl Iterator<Item = &ContainerStatus<'s>> {
        let status = &self.status;
        status
            .init_container_statuses
            .iter()
            .chain(&status.container_statuses)
            .chain(&status.ephemeral_container_statuses)
    }
}
