//! Pods.

use super::{Metadata, Time};
use detek_cel::kubernetes;
use detek_core::{InputKind, Kind};
use detek_doc::{IntOrString, Present, StrMap};
use jiff::Timestamp;
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
    #[serde(borrow)]
    pub(crate) volumes: Vec<Volume<'s>>,
    pub(crate) node_name: &'s str,
    termination_grace_period_seconds: Option<i64>,
}

/// One of `spec.volumes`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Volume<'s> {
    pub(crate) name: &'s str,
    #[serde(borrow)]
    pub(crate) host_path: Option<HostPath<'s>>,
}

/// `hostPath`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct HostPath<'s> {
    pub(crate) path: &'s str,
    #[serde(rename = "type")]
    pub(crate) kind: &'s str,
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
    #[serde(borrow)]
    pub(crate) volume_mounts: Vec<VolumeMount<'s>>,
    pub(crate) liveness_probe: Option<Present>,
    pub(crate) readiness_probe: Option<Present>,
    pub(crate) lifecycle: Lifecycle,
    #[serde(borrow)]
    pub(crate) ports: Vec<ContainerPort<'s>>,
}

/// `lifecycle`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Lifecycle {
    pub(crate) pre_stop: Option<Present>,
}

/// One of `ports`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct ContainerPort<'s> {
    pub(crate) name: &'s str,
    #[serde(rename = "containerPort")]
    pub(crate) number: i64,
    protocol: Option<&'s str>,
}

impl<'s> ContainerPort<'s> {
    /// `TCP`, `UDP` or `SCTP`.
    pub(crate) fn protocol(&self) -> &'s str {
        self.protocol.unwrap_or("TCP")
    }
}

/// One of `volumeMounts`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct VolumeMount<'s> {
    pub(crate) name: &'s str,
    pub(crate) read_only: bool,
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
    pub(crate) running: Option<Running<'s>>,
    #[serde(borrow)]
    pub(crate) terminated: Option<Terminated<'s>>,
}

/// `waiting`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Waiting<'s> {
    pub(crate) reason: &'s str,
}

/// `running`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Running<'s> {
    #[serde(borrow)]
    pub(crate) started_at: Time<'s>,
}

/// `terminated`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Terminated<'s> {
    pub(crate) reason: &'s str,
    pub(crate) exit_code: i64,
    pub(crate) signal: i64,
    #[serde(borrow)]
    pub(crate) finished_at: Time<'s>,
}

impl<'s> Resources<'s> {
    /// What is requested of `resource`; a limit alone is a request too.
    pub(crate) fn request(&self, resource: &str) -> Option<IntOrString<'s>> {
        self.requests.get(resource).or_else(|| self.limits.get(resource)).copied()
    }
}

impl Terminated<'_> {
    /// The signal that ended it: named as such, or by an exit code of 128 and its number.
    pub(crate) fn signal(&self) -> Option<i64> {
        kubernetes::signal(self.exit_code, self.signal)
    }

    /// How it ended: `exit code 17 (Error)`, `exit code 139 (signal 11, SIGSEGV)`, `exit code 137 (OOMKilled)`.
    pub(crate) fn how(&self) -> String {
        kubernetes::how_ended(self.exit_code, self.signal, self.reason)
    }
}

impl ContainerStatus<'_> {
    /// When it ended last; where that is not told, when it started again.
    pub(crate) fn restarted_at(&self) -> Option<Timestamp> {
        let ended = self.last_state.terminated.as_ref().and_then(|ended| ended.finished_at.get());
        ended.or_else(|| self.state.running.as_ref().and_then(|running| running.started_at.get()))
    }
}

impl<'s> Pod<'s> {
    /// Whether nothing of it will run again.
    pub(crate) fn is_finished(&self) -> bool {
        matches!(self.status.phase, "Succeeded" | "Failed")
    }

    /// Whether it is neither finished nor going.
    pub(crate) fn is_live(&self) -> bool {
        !self.is_finished() && self.metadata.deletion_timestamp.is_none()
    }

    /// Whether detectors of the specification judge it: not finished, not going, not a mirror of a static pod, and not of
    /// the platform.
    pub(crate) fn is_judged_by_spec(&self) -> bool {
        self.is_live() && self.metadata.annotations.mirror.is_none() && !self.metadata.in_system_namespace()
    }

    /// Whether its controller is of this kind.
    pub(crate) fn is_of(&self, kind: &str) -> bool {
        self.metadata.owner_references.iter().any(|owner| owner.controller && owner.kind == kind)
    }

    /// Containers of all three lists.
    pub(crate) fn all_containers(&self) -> impl Iterator<Item = &Container<'s>> {
        self.spec.containers.iter().chain(&self.spec.init_containers).chain(&self.spec.ephemeral_containers)
    }

    /// The container of this name.
    pub(crate) fn container(&self, name: &str) -> Option<&Container<'s>> {
        self.all_containers().find(|container| container.name == name)
    }

    /// Containers that run as long as the pod: those of the application, and sidecars (init containers that restart).
    pub(crate) fn long_running(&self) -> impl Iterator<Item = &Container<'s>> {
        self.spec.containers.iter().chain(self.sidecars())
    }

    /// Init containers that restart: they run beside the application.
    pub(crate) fn sidecars(&self) -> impl Iterator<Item = &Container<'s>> {
        self.spec.init_containers.iter().filter(|container| container.restart_policy == Some("Always"))
    }

    /// Ports that its long-running containers declare.
    pub(crate) fn ports(&self) -> impl Iterator<Item = &ContainerPort<'s>> {
        self.long_running().flat_map(|container| &container.ports)
    }

    /// Seconds between the request to end and the end by force.
    pub(crate) fn grace_seconds(&self) -> i64 {
        self.spec.termination_grace_period_seconds.unwrap_or(30)
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
