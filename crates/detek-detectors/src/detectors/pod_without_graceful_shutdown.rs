use crate::prelude::*;

/// `pod_without_graceful_shutdown`.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PodWithoutGracefulShutdown {
    min_grace: i64,
}

impl Default for PodWithoutGracefulShutdown {
    fn default() -> Self {
        PodWithoutGracefulShutdown { min_grace: 5 }
    }
}

impl Detector for PodWithoutGracefulShutdown {
    const META: Meta = Meta {
        id: "pod_without_graceful_shutdown",
        level: Level::Warn,
        title: "Pod behind a Service drops requests when it is stopped",
        explanation: "When a pod is stopped, as in every rollout, the program is told to end at the same moment at which proxies all over the cluster begin to learn that the pod is gone. For some seconds they still send requests. A pod that is killed before that is over, or a program that ends at once, loses them: users see errors at every rollout. A short sleep before the end (`preStop`) lets the proxies catch up.",
        remediation: "Add to the container in the pod template (`kubectl edit deployment NAME -n NAMESPACE`): `lifecycle: {preStop: {sleep: {seconds: 10}}}` (before Kubernetes 1.30: `exec: {command: [sleep, \"10\"]}`), give the pod time for it with `terminationGracePeriodSeconds: 30`, and let the program finish open requests when it gets SIGTERM.",
        category: Category::Reliability,
        on: true,
        addon: None,
        confidence: Confidence::Medium,
        false_positives: &[
            "A program that goes on serving for some seconds after SIGTERM needs no `preStop`.",
            "Clients that try again by themselves.",
        ],
        parameters: &[("min_grace", "shortest time between the request to end and the kill, in seconds")],
        symptom_of: &[],
        references: &[
            Reference {
                title: "Termination of pods",
                url: "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination",
            },
            Reference {
                title: "Container lifecycle hooks",
                url: "https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/",
            },
        ],
        fires: "
kind: Pod
metadata: {name: abrupt, namespace: shop}
spec:
  terminationGracePeriodSeconds: 2
  containers: [{name: app, image: 'registry.example/app:1.0', lifecycle: {preStop: {sleep: {seconds: 1}}}}]
---
kind: EndpointSlice
metadata: {name: web-x7k2p, namespace: shop, labels: {kubernetes.io/service-name: web}}
endpoints: [{addresses: [10.42.0.9], targetRef: {kind: Pod, namespace: shop, name: abrupt}}]
",
        silent: "
kind: Pod
metadata: {name: graceful, namespace: shop}
spec: {containers: [{name: app, lifecycle: {preStop: {sleep: {seconds: 10}}}}, {name: logs}]}
---
kind: EndpointSlice
metadata: {name: web-a, namespace: shop, labels: {kubernetes.io/service-name: web}}
endpoints: [{addresses: [10.42.0.9], targetRef: {kind: Pod, name: graceful}}]
---
# Nobody sends it requests.
kind: Pod
metadata: {name: worker, namespace: shop}
spec: {terminationGracePeriodSeconds: 0, containers: [{name: app}]}
",
    };
    type Subject = Pods;
    type Reads = (ServicesByPod,);

    fn check(&self, pod: &Pod<'_>, (services,): Values<'_, Self::Reads>, found: &mut Findings<'_>) {
        let services = services.of(pod.metadata.namespace, pod.metadata.name);
        if !pod.is_judged_by_spec() || pod.is_of("Job") {
            found.out_of_scope();
            return;
        }
        if services.len() == 0 {
            return;
        }
        let services: Vec<String> = services.map(|service| format!("Service/{service}")).collect();
        let (grace, behind) = (pod.grace_seconds(), listed(&services));
        let waits = pod.long_running().any(|container| container.lifecycle.pre_stop.is_some());
        let finding = if grace < self.min_grace {
            found
                .add(
                    "grace",
                    format!("it is killed {grace} s after the request to end, while {behind} still sends requests"),
                )
                .path("spec.terminationGracePeriodSeconds")
        } else if !waits {
            found
                .add(
                    "pre_stop",
                    format!("no container waits before its end (preStop), while {behind} still sends requests"),
                )
                .level(Level::Info)
                .path("spec.containers.lifecycle.preStop")
        } else {
            return;
        };
        finding.evidence("grace_seconds", grace).evidence("pre_stop", waits).evidence("services", services.join(", "));
    }
}

#[cfg(test)]
mod tests {
    use super::PodWithoutGracefulShutdown;
    use crate::testing::check;
    use expect_test::expect;

    const PODS: &str = "
kind: Pod
metadata: {name: abrupt, namespace: shop}
spec: {terminationGracePeriodSeconds: 2, containers: [{name: app}]}
---
kind: Pod
metadata: {name: by-default, namespace: shop}
spec: {containers: [{name: app}], initContainers: [{name: setup, lifecycle: {preStop: {sleep: {seconds: 1}}}}]}
---
kind: Pod
metadata: {name: by-sidecar, namespace: shop}
spec: {containers: [{name: app}], initContainers: [{name: mesh, restartPolicy: Always, lifecycle: {preStop: {exec: {command: [sleep, '10']}}}}]}
---
kind: EndpointSlice
metadata: {name: web-a, namespace: shop, labels: {kubernetes.io/service-name: web}}
endpoints: [{targetRef: {kind: Pod, name: abrupt}}, {targetRef: {kind: Pod, name: by-default}}, {targetRef: {kind: Pod, name: by-sidecar}}]
";

    #[test]
    fn too_little_time_is_worse_than_no_hook() {
        check::<PodWithoutGracefulShutdown>(
            PODS,
            &[],
            &expect![[r"
            Warn
            Warn Pod/shop/abrupt: it is killed 2 s after the request to end, while Service/web still sends requests
            Info Pod/shop/by-default: no container waits before its end (preStop), while Service/web still sends requests"]],
        );
    }

    #[test]
    fn how_much_time_is_enough_can_be_set() {
        check::<PodWithoutGracefulShutdown>(
            PODS,
            &[("min_grace", "31")],
            &expect![[r"
            Warn
            Warn Pod/shop/abrupt: it is killed 2 s after the request to end, while Service/web still sends requests
            Warn Pod/shop/by-default: it is killed 30 s after the request to end, while Service/web still sends requests
            Warn Pod/shop/by-sidecar: it is killed 30 s after the request to end, while Service/web still sends requests"]],
        );
    }
}
