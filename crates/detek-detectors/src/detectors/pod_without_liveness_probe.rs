use super::probe::{PARAMETERS, Probe, Scope, report_missing};
use crate::prelude::*;

/// `pod_without_liveness_probe`.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PodWithoutLivenessProbe {
    all_pods: bool,
    ignore_sidecars: bool,
}

impl Default for PodWithoutLivenessProbe {
    fn default() -> Self {
        PodWithoutLivenessProbe { all_pods: false, ignore_sidecars: true }
    }
}

impl Detector for PodWithoutLivenessProbe {
    const META: Meta = Meta {
        id: "pod_without_liveness_probe",
        level: Level::Warn,
        title: "Container behind a Service has no liveness probe",
        explanation: "Kubernetes restarts a container that ends. One that hangs, for example in a deadlock, looks alive from outside and stays as it is until somebody notices, unless a liveness probe asks it regularly whether it still works.",
        remediation: "Add a cheap probe to the container in the pod template (`kubectl edit deployment NAME -n NAMESPACE`): `livenessProbe: {httpGet: {path: /healthz, port: 8080}, periodSeconds: 10, failureThreshold: 3}`. It must not ask databases or other services: if they fail, a restart does not help. For a slow start add a `startupProbe` with the same request.",
        category: Category::Reliability,
        on: true,
        addon: None,
        confidence: Confidence::Medium,
        false_positives: &[
            "A program that ends by itself when it cannot go on.",
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
spec: {containers: [{name: app, image: 'registry.example/app:1.0', readinessProbe: {tcpSocket: {port: 80}}}]}
---
kind: EndpointSlice
metadata: {name: web-x7k2p, namespace: shop, labels: {kubernetes.io/service-name: web}}
endpoints: [{addresses: [10.42.0.9], targetRef: {kind: Pod, namespace: shop, name: web-5d4f8-abcde}}]
",
        silent: "
# Ordinary init containers cannot have probes, and sidecars are ignored.
kind: Pod
metadata: {name: probed, namespace: shop}
spec:
  initContainers: [{name: setup}, {name: proxy, restartPolicy: Always}]
  containers: [{name: app, livenessProbe: {tcpSocket: {port: 80}}}]
---
kind: EndpointSlice
metadata: {name: web-a, namespace: shop, labels: {kubernetes.io/service-name: web}}
endpoints:
  - {addresses: [10.42.0.9], targetRef: {kind: Pod, name: probed}}
  - {addresses: [10.42.0.10], targetRef: {kind: Pod, name: of-a-job}}
  - {addresses: [10.42.0.11], targetRef: {kind: Pod, name: static}}
  - {addresses: [10.42.0.12], targetRef: {kind: Pod, name: done}}
---
# No Service sends requests here.
kind: Pod
metadata: {name: worker, namespace: shop}
spec: {containers: [{name: app}]}
---
kind: Pod
metadata: {name: of-a-job, namespace: shop, ownerReferences: [{apiVersion: batch/v1, kind: Job, name: j, controller: true}]}
spec: {containers: [{name: app}]}
---
kind: Pod
metadata: {name: static, namespace: shop, annotations: {kubernetes.io/config.mirror: abc}}
spec: {containers: [{name: app}]}
---
kind: Pod
metadata: {name: done, namespace: shop}
spec: {containers: [{name: app}]}
status: {phase: Succeeded}
",
    };
    type Subject = Pods;
    type Reads = (ServicesByPod,);

    fn check(&self, pod: &Pod<'_>, (services,): Values<'_, Self::Reads>, found: &mut Findings<'_>) {
        let probe = Probe {
            name: "liveness",
            path: "spec.containers.livenessProbe",
            is_in: |container| container.liveness_probe.is_some(),
        };
        let scope = Scope { all_pods: self.all_pods, ignore_sidecars: self.ignore_sidecars };
        report_missing(&probe, &scope, pod, services, found);
    }
}

#[cfg(test)]
mod tests {
    use super::PodWithoutLivenessProbe;
    use crate::testing::check;
    use detek_core::Detector as _;
    use expect_test::expect;

    #[test]
    fn it_names_the_services_that_send_requests_to_the_pod() {
        let second = "---\nkind: EndpointSlice\nmetadata: {name: s, namespace: shop, labels: {kubernetes.io/service-name: all}}\nendpoints: [{targetRef: {kind: Pod, name: web-5d4f8-abcde}}]\n";
        check::<PodWithoutLivenessProbe>(
            &format!("{}{second}", PodWithoutLivenessProbe::META.fires),
            &[],
            &expect![[r"
                Warn
                Warn Pod/shop/web-5d4f8-abcde: container app, behind Service/all, Service/web, has no liveness probe"]],
        );
    }

    #[test]
    fn pods_without_a_service_and_sidecars_can_be_judged_too() {
        check::<PodWithoutLivenessProbe>(
            PodWithoutLivenessProbe::META.silent,
            &[("all_pods", "true"), ("ignore_sidecars", "false")],
            &expect![[r"
                Warn
                Warn Pod/shop/probed: container proxy, behind Service/web, has no liveness probe
                Warn Pod/shop/worker: container app has no liveness probe"]],
        );
    }
}
