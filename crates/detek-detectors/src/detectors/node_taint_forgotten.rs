use crate::prelude::*;
use jiff::Timestamp;

/// `node_taint_forgotten`.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct NodeTaintForgotten {
    max: Span,
    ignore: Vec<String>,
}

impl Default for NodeTaintForgotten {
    fn default() -> Self {
        NodeTaintForgotten { max: Span::days(7), ignore: vec!["control-plane".into()] }
    }
}

/// Free share of a node above which a taint keeps it from being used.
const MOSTLY_FREE: f64 = 0.5;

/// Taints that Kubernetes, installers and autoscalers set and take away themselves: keys, or what keys begin with.
const MANAGED: [&str; 12] = [
    "DeletionCandidateOfClusterAutoscaler",
    "ToBeDeletedByClusterAutoscaler",
    "cluster-autoscaler.kubernetes.io/",
    "karpenter.sh/",
    "node-role.kubernetes.io/control-plane",
    "node-role.kubernetes.io/controlplane",
    "node-role.kubernetes.io/etcd",
    "node-role.kubernetes.io/master",
    "node.cilium.io/",
    "node.cloudprovider.kubernetes.io/",
    "node.kubernetes.io/",
    "virtual-kubelet.io/",
];

impl Detector for NodeTaintForgotten {
    const META: Meta = Meta {
        id: "node_taint_forgotten",
        level: Level::Warn,
        title: "Node is kept empty by an old taint",
        explanation: "A taint keeps pods away from a node unless they say that they tolerate it. This one has been there for a long time, and hardly anything uses the node: probably somebody set it for maintenance and forgot it. The node costs money, and pods may wait for room that is there.",
        remediation: "Ask who set it, then take it away: `kubectl taint nodes NAME KEY-` (the minus at the end removes it). `kubectl describe node NAME` shows the taints and what runs there. If it is meant to stay, name its key in `ignore`.",
        category: Category::Capacity,
        on: true,
        addon: None,
        confidence: Confidence::Medium,
        false_positives: &["Nodes that are set aside for something that needs little, or is not there yet."],
        parameters: &[
            ("ignore", "keys of taints that are meant to stay, or what follows the slash in them"),
            ("max", "how long a taint may stay"),
        ],
        symptom_of: &[],
        references: &[Reference {
            title: "Taints and tolerations",
            url: "https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/",
        }],
        fires: "
kind: Node
metadata: {name: forgotten}
spec: {taints: [{key: case.example/debug, value: 'yes', effect: NoSchedule, timeAdded: '2025-12-23T03:04:05Z'}]}
status: {allocatable: {cpu: '4', memory: 8Gi, pods: '110'}}
---
kind: Pod
metadata: {name: logs-x2k, namespace: kube-system}
spec: {nodeName: forgotten, tolerations: [{operator: Exists}], containers: [{name: app}]}
",
        silent: "
kind: Node
metadata: {name: recent}
spec: {taints: [{key: case.example/drain, effect: NoSchedule, timeAdded: '2026-01-02T02:04:05Z'}]}
status: {allocatable: {cpu: '4', memory: 8Gi}}
---
kind: Node
metadata: {name: control-plane}
spec: {taints: [{key: node-role.kubernetes.io/control-plane, effect: NoSchedule, timeAdded: '2025-10-01T03:04:05Z'}]}
status: {allocatable: {cpu: '4', memory: 8Gi}}
---
kind: Node
metadata: {name: age-unknown}
spec: {taints: [{key: case.example/debug, effect: NoSchedule}]}
status: {allocatable: {cpu: '4', memory: 8Gi}}
---
kind: Node
metadata: {name: dedicated}
spec: {taints: [{key: case.example/gpu, value: 'yes', effect: NoSchedule, timeAdded: '2025-10-01T03:04:05Z'}]}
status: {allocatable: {cpu: '4', memory: 8Gi}}
---
kind: Pod
metadata: {name: training, namespace: shop}
spec:
  nodeName: dedicated
  tolerations: [{key: case.example/gpu, operator: Equal, value: 'yes', effect: NoSchedule}]
  containers: [{name: app, resources: {requests: {cpu: '3', memory: 6Gi}}}]
",
    };
    const WHOLE_CLUSTER: bool = true;
    type Subject = Nodes;
    type Reads = (PodsByNode,);

    fn check(&self, node: &Node<'_>, (pods,): Values<'_, Self::Reads>, found: &mut Findings<'_>) {
        let old = |taint: &&Taint<'_>| {
            !self.is_meant(taint.key) && added(node, taint).is_some_and(|(at, _)| found.age(at) > self.max)
        };
        let taints: Vec<&Taint<'_>> = node.spec.taints.iter().filter(old).collect();
        if taints.is_empty() {
            return;
        }
        let pods: Vec<Placement<'_>> = pods.on(node.metadata.name).collect();
        let free = free_share(node, &pods);
        for taint in taints {
            let Some((at, exact)) = added(node, taint) else { continue };
            let users = pods.iter().filter(|pod| pod.names(taint)).count();
            let why = match users {
                0 => "no pod on the node tolerates it by name".to_owned(),
                _ if free > MOSTLY_FREE => format!("{:.0} % of the node is free", free * 100.0),
                _ => continue,
            };
            let age = format!("{}{}", if exact { "" } else { "at least " }, found.age(at));
            found
                .add("taint", format!("taint {taint} is {age} old and {why}"))
                .path("spec.taints")
                .key(taint.key)
                .key(taint.effect)
                .evidence("taint", taint.to_string())
                .evidence("unchanged_since", at.to_string())
                .evidence("tolerating_pods", users)
                .evidence("free_percent", (free * 100.0).round() as i64);
        }
    }
}

impl NodeTaintForgotten {
    fn is_meant(&self, key: &str) -> bool {
        let name = key.rsplit('/').next();
        MANAGED.iter().any(|managed| key == *managed || (managed.ends_with('/') && key.starts_with(managed)))
            || self.ignore.iter().any(|ignored| key == ignored || name == Some(ignored))
    }
}

/// When a taint was added, and whether that is exact; otherwise it is older. `kubectl taint` writes no time.
fn added(node: &Node<'_>, taint: &Taint<'_>) -> Option<(Timestamp, bool)> {
    let exact = taint.time_added.get().map(|at| (at, true));
    exact.or_else(|| node.taints_unchanged_since().map(|at| (at, false)))
}

/// The share, from 0 to 1, that is free of the resource of which the least is free.
fn free_share(node: &Node<'_>, pods: &[Placement<'_>]) -> f64 {
    let used = node.allocatable().iter().filter_map(|(resource, amount)| {
        let all = quantity(*amount).filter(|all| *all > 0.0)?;
        Some(pods.iter().map(|pod| pod.request(resource)).sum::<f64>() / all)
    });
    (1.0 - used.fold(0.0, f64::max)).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::NodeTaintForgotten;
    use crate::testing::check;
    use expect_test::expect;

    const NODES: &str = "
kind: Node
metadata: {name: gpu}
spec: {taints: [{key: example/gpu, effect: NoSchedule, timeAdded: '2025-10-01T03:04:05Z'}]}
status: {allocatable: {cpu: '8', example/gpu: '4'}}
---
kind: Node
metadata: {name: idle}
spec: {taints: [{key: example/gpu, effect: NoSchedule, timeAdded: '2025-10-01T03:04:05Z'}]}
status: {allocatable: {cpu: '8', example/gpu: '4'}}
---
kind: Pod
metadata: {name: training, namespace: shop}
spec: {nodeName: gpu, tolerations: [{key: example/gpu, operator: Exists}], containers: [{name: app, resources: {limits: {example/gpu: 3}}}]}
---
kind: Pod
metadata: {name: small, namespace: shop}
spec: {nodeName: idle, tolerations: [{key: example/gpu, operator: Exists}], containers: [{name: app, resources: {limits: {example/gpu: 1}}}]}
---
kind: Pod
metadata: {name: done, namespace: shop}
spec: {nodeName: idle, containers: [{name: app, resources: {limits: {example/gpu: 3}}}]}
status: {phase: Succeeded}
";

    #[test]
    fn a_node_is_used_as_much_as_the_resource_that_is_used_most() {
        check::<NodeTaintForgotten>(
            NODES,
            &[],
            &expect![[r"
            Warn
            Warn Node/idle: taint example/gpu:NoSchedule is 93d old and 75 % of the node is free"]],
        );
    }

    #[test]
    fn taints_that_are_meant_to_stay_can_be_named() {
        check::<NodeTaintForgotten>(NODES, &[("ignore", "gpu")], &expect!["Normal"]);
    }

    #[test]
    fn the_last_change_of_whoever_owns_the_taints_bounds_the_age_of_one_without_a_time() {
        check::<NodeTaintForgotten>(
            "
kind: Node
metadata:
  name: by-kubectl
  managedFields:
    - {manager: kubelet, time: '2026-01-02T03:00:00Z', fieldsV1: {'f:status': {'f:conditions': {}}}}
    - {manager: kubectl-taint, time: '2025-12-20T03:04:05Z', fieldsV1: {'f:spec': {'f:taints': {}}}}
spec: {taints: [{key: example/debug, effect: NoExecute}]}
---
kind: Node
metadata:
  name: changed-lately
  managedFields: [{manager: kubectl-taint, time: '2026-01-01T03:04:05Z', fieldsV1: {'f:spec': {'f:taints': {}}}}]
spec: {taints: [{key: example/debug, effect: NoExecute}]}
",
            &[],
            &expect![[r"
                Warn
                Warn Node/by-kubectl: taint example/debug:NoExecute is at least 13d old and no pod on the node tolerates it by name"]],
        );
    }
}
