//! What the detectors of missing probes share: which pods and containers must have one.

use crate::prelude::*;

/// One of the probes that a container may have.
pub(super) struct Probe {
    /// `liveness`, `readiness`.
    pub(super) name: &'static str,
    /// Where it is in a pod.
    pub(super) path: &'static str,
    /// Whether a container has it.
    pub(super) is_in: fn(&Container<'_>) -> bool,
}

/// Which pods and containers are looked at.
pub(super) struct Scope {
    /// Also those that no Service sends requests to.
    pub(super) all_pods: bool,
    /// Leave out init containers that run beside the application.
    pub(super) ignore_sidecars: bool,
}

/// The parameters of both detectors.
pub(super) const PARAMETERS: &[(&str, &str)] = &[
    ("all_pods", "judge pods that no Service sends requests to as well"),
    ("ignore_sidecars", "leave out sidecars, which are init containers that run beside the application"),
];

/// Reports every container that runs as long as its pod and has no such probe. Pods of Jobs end by themselves and need
/// none.
pub(super) fn report_missing(
    probe: &Probe,
    scope: &Scope,
    pod: &Pod<'_>,
    services: &ServicesByPod,
    found: &mut Findings<'_>,
) {
    let services = services.of(pod.metadata.namespace, pod.metadata.name);
    if !pod.is_judged_by_spec() || pod.is_of("Job") {
        found.out_of_scope();
        return;
    }
    if services.len() == 0 && !scope.all_pods {
        return;
    }
    let services: Vec<String> = services.map(|service| format!("Service/{service}")).collect();
    let behind = if services.is_empty() { String::new() } else { format!(", behind {},", listed(&services)) };
    let sidecars = pod.sidecars().filter(|_| !scope.ignore_sidecars);
    for container in pod.spec.containers.iter().chain(sidecars).filter(|container| !(probe.is_in)(container)) {
        found
            .add("probe", format!("container {}{behind} has no {} probe", container.name, probe.name))
            .path(probe.path)
            .key(container.name)
            .evidence("container", container.name)
            .evidence("services", services.join(", "));
    }
}
