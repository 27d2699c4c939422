use super::probe::{PARAMETERS, Probe, Scope, report_missing};
use crate::prelude::*;

/// `pod_without_readiness_probe`.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PodWithoutReadinessProbe {
    all_pods: bool,
    ignore_sidecars: bool,
}

impl Default for PodWithoutReadinessProbe {
    fn default() -> Self {
        PodWithoutReadinessProbe { all_pods: false, ignore_sidecars: true }
    }
}

impl Detector for PodWithoutReadinessProbe {
    const META: Meta = Meta {
        id: "pod_without_readiness_probe",
        level: Level::Warn,
        title: "Container behind a Service has no readiness probe",
        explanation: "A Service sends requests to a pod as soon as its containers have started. Most programs need a while longer until they can answer; a readiness probe says when. Without one, users see errors at every rollout and every restart, and a pod that cannot serve for a while keeps getting requests.",
        remediation: "Add a probe to the container in the pod template (`kubectl edit deployment NAME -n NAMESPACE`): `readinessProbe: {httpGet: {path: /ready, port: 8080}, periodSeconds: 5, failureThreshold: 3}`. It should succeed when the program can serve, and fail (a status of 400 or more) while it cannot.",
        category: Category::Reliability,
        on: true,
        addon: None,
        confidence: Confidence::Medium,
        false_positives: &[
            "Containers beside the application that serve no requests, such as those that forward logs.",
        ],
        parameters: PARAMETERS,
        symptom_of: &[],
        references: &[Reference {
            title: "Configure liveness, readiness and startup probes",
            url: "https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/",
        }],
        fires: "
# It has the other probe: they must not be mixed up.
kind: Pod
metadata: {name: web-5d4f8-abcde, namespace: shop, labels: {app: web}}
spec: {containers: [{name: app, image: 'registry.example/app:1.0', livenessProbe: {tcpSocket: {port: 80}}}]}
---
kind: EndpointSlice
metadata: {name: web-x7k2p, namespace: shop, labels: {kubernetes.io/service-name: web}}
endpoints: [{addresses: [10.42.0.9], targetRef: {kind: Pod, namespace: shop, name: web-5d4f8-abcde}}]
",
        silent: "
kind: Pod
metadata: {name: probed, namespace: shop}
spec:
  initContainers: [{name: setup}, {name: proxy, restartPolicy: Always}]
  containers: [{name: app, readinessProbe: {tcpSocket: {port: 80}}}]
---
kind: EndpointSlice
metadata: {name: web-a, namespace: shop, labels: {kubernetes.io/service-name: web}}
endpoints:
  - {addresses: [10.42.0.9], targetRef: {kind: Pod, name: probed}}
  - {addresses: [10.42.0.10], targetRef: {kind: Pod, name: going}}
---
# The Service of another namespace has a pod of this name.
kind: EndpointSlice
metadata: {name: web-b, namespace: other, labels: {kubernetes.io/service-name: web}}
endpoints: [{addresses: [10.42.0.11], targetRef: {kind: Pod, name: worker}}]
---
kind: Pod
metadata: {name: worker, namespace: shop}
spec: {containers: [{name: app}]}
---
kind: Pod
metadata: {name: going, namespace: shop, deletionTimestamp: '2026-01-02T03:04:00Z'}
spec: {containers: [{name: app}]}
",
    };
    type Subject = Pods;
    type Reads = (ServicesByPod,);

    fn check(&self, pod: &Pod<'_>, (services,): Values<'_, Self::Reads>, found: &mut Findings<'_>) {
        let probe = Probe {
            name: "readiness",
            path: "spec.containers.readinessProbe",
            is_in: |container| container.readiness_probe.is_some(),
        };
        let scope = Scope { all_pods: self.all_pods, ignore_sidecars: self.ignore_sidecars };
        report_missing(&probe, &scope, pod, services, found);
    }
}

#[cfg(test)]
mod tests {
    use super::PodWithoutReadinessProbe;
    use crate::testing::check;
    use detek_core::Detector as _;
    use expect_test::expect;

    #[test]
    fn all_pods_can_be_judged() {
        check::<PodWithoutReadinessProbe>(
            PodWithoutReadinessProbe::META.silent,
            &[("all_pods", "true")],
            &expect![[r"
            Warn
            Warn Pod/shop/worker: container app has no readiness probe"]],
        );
    }
}
