use super::pod_without_limits::missing;
use crate::prelude::*;

/// `pod_without_requests`.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PodWithoutRequests {
    check_cpu: bool,
    check_memory: bool,
}

impl Default for PodWithoutRequests {
    fn default() -> Self {
        PodWithoutRequests { check_cpu: true, check_memory: true }
    }
}

impl Detector for PodWithoutRequests {
    const META: Meta = Meta {
        id: "pod_without_requests",
        level: Level::Warn,
        title: "Container requests no memory or CPU",
        explanation: "The scheduler places pods by what they request. A container that requests nothing is placed anywhere, also on a full node, and is the first to be evicted.",
        remediation: "Set `resources.requests` in the pod template to what it uses: `kubectl set resources KIND/NAME -n NAMESPACE -c CONTAINER --requests=cpu=100m,memory=128Mi`.",
        category: Category::Hygiene,
        on: true,
        addon: None,
        confidence: Confidence::High,
        false_positives: &[],
        parameters: &[
            ("check_cpu", "report a missing CPU request"),
            ("check_memory", "report a missing memory request"),
        ],
        symptom_of: &[],
        references: &[Reference {
            title: "Resource management",
            url: "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/",
        }],
        fires: "
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: app, resources: {requests: {cpu: 1}}}]}
",
        silent: "
kind: Pod
metadata: {name: ok, namespace: shop}
spec: {containers: [{name: app, resources: {requests: {cpu: 100m, memory: 64Mi}}}]}
---
kind: Pod
metadata: {name: limits-are-requests, namespace: shop}
spec: {containers: [{name: app, resources: {limits: {cpu: 100m, memory: 64Mi}}}]}
",
    };
    type Subject = Pods;
    type Reads = ();

    fn check(&self, pod: &Pod<'_>, (): Values<'_, Self::Reads>, found: &mut Findings<'_>) {
        if !pod.is_judged_by_spec() {
            found.out_of_scope();
            return;
        }
        for container in pod.long_running() {
            let has = |resource: &str| {
                [&container.resources, &pod.spec.resources]
                    .iter()
                    .any(|resources| resources.request(resource).is_some())
            };
            let Some(missing) = missing(self.check_cpu, self.check_memory, has) else { continue };
            found
                .add("requests", format!("container {} requests no {missing}", container.name))
                .path("spec.containers.resources.requests")
                .key(container.name)
                .evidence("container", container.name)
                .evidence("cpu_requests", has("cpu"))
                .evidence("memory_requests", has("memory"));
        }
    }
}
