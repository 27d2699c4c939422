use crate::prelude::*;

/// `pod_without_limits`.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PodWithoutLimits {
    check_cpu: bool,
    check_memory: bool,
}

impl Default for PodWithoutLimits {
    fn default() -> Self {
        PodWithoutLimits { check_cpu: true, check_memory: true }
    }
}

impl Detector for PodWithoutLimits {
    const META: Meta = Meta {
        id: "pod_without_limits",
        level: Level::Warn,
        title: "Container has no memory or CPU limit",
        explanation: "One container that leaks memory takes its whole node into an out-of-memory state, and innocent neighbours die with it. Without a CPU limit it may take the time of others.",
        remediation: "Set `resources.limits.memory` (and `cpu`, if that is your team's rule) in the pod template: `kubectl set resources KIND/NAME -n NAMESPACE -c CONTAINER --limits=memory=256Mi`.",
        category: Category::Hygiene,
        on: true,
        addon: None,
        confidence: Confidence::High,
        false_positives: &["Teams that leave CPU unlimited on purpose: set `check_cpu` to false."],
        parameters: &[
            ("check_cpu", "report a missing CPU limit (as Info)"),
            ("check_memory", "report a missing memory limit"),
        ],
        symptom_of: &[],
        references: &[Reference {
            title: "Resource management",
            url: "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/",
        }],
        fires: "
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: app, resources: {limits: {cpu: 1}}}]}
",
        silent: "
kind: Pod
metadata: {name: ok, namespace: shop}
spec:
  initContainers: [{name: setup}]
  containers: [{name: app, resources: {limits: {cpu: 500m, memory: 128Mi}}}]
---
kind: Pod
metadata: {name: pod-level, namespace: shop}
spec: {resources: {limits: {cpu: 1, memory: 1Gi}}, containers: [{name: app}]}
---
kind: Pod
metadata: {name: done, namespace: shop}
spec: {containers: [{name: app}]}
status: {phase: Succeeded}
---
kind: Pod
metadata: {name: static, namespace: shop, annotations: {kubernetes.io/config.mirror: abc}}
spec: {containers: [{name: app}]}
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
                container.resources.limits.contains_key(resource) || pod.spec.resources.limits.contains_key(resource)
            };
            let Some(missing) = missing(self.check_cpu, self.check_memory, has) else { continue };
            found
                .add("limits", format!("container {} has no {missing} limit", container.name))
                .level(if missing == CPU { Level::Info } else { Level::Warn })
                .path("spec.containers.resources.limits")
                .key(container.name)
                .evidence("container", container.name)
                .evidence("cpu_limit", has("cpu"))
                .evidence("memory_limit", has("memory"));
        }
    }
}

const CPU: &str = "CPU";

/// Which of the resources that are checked a container does not have.
pub(super) fn missing(check_cpu: bool, check_memory: bool, has: impl Fn(&str) -> bool) -> Option<&'static str> {
    match (check_cpu && !has("cpu"), check_memory && !has("memory")) {
        (true, true) => Some("memory or CPU"),
        (true, false) => Some(CPU),
        (false, true) => Some("memory"),
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::PodWithoutLimits;
    use crate::testing::check;
    use expect_test::expect;

    #[test]
    fn a_missing_cpu_limit_alone_is_info_and_sidecars_count() {
        check::<PodWithoutLimits>(
            "
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  initContainers: [{name: side, restartPolicy: Always}, {name: setup}]
  containers: [{name: app, resources: {limits: {memory: 1Gi}}}]
",
            &[],
            &expect![[r"
                Warn
                Warn Pod/shop/web: container side has no memory or CPU limit
                Info Pod/shop/web: container app has no CPU limit"]],
        );
    }

    #[test]
    fn pods_of_one_deployment_are_one_finding() {
        check::<PodWithoutLimits>(
            "
kind: ReplicaSet
metadata: {name: web-1, namespace: shop, ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, controller: true}]}
---
kind: Pod
metadata: {name: web-1-a, namespace: shop, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-1, controller: true}]}
spec: {containers: [{name: app}]}
---
kind: Pod
metadata: {name: web-1-b, namespace: shop, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-1, controller: true}]}
spec: {containers: [{name: app}]}
",
            &[],
            &expect![[r"
                Warn
                Warn Deployment/shop/web x2: container app has no memory or CPU limit"]],
        );
    }
}
