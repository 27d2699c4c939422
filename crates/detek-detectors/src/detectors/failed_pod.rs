use crate::prelude::*;

/// `failed_pod`.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FailedPod {
    exclude_job_pods: bool,
}

impl Detector for FailedPod {
    const META: Meta = Meta {
        id: "failed_pod",
        level: Level::Error,
        title: "Pod has failed",
        explanation: "A failed pod stopped for good: what it was doing is lost, and the object stays behind until somebody deletes it.",
        remediation: "Read why: `kubectl describe pod NAME -n NAMESPACE` and `kubectl logs NAME -n NAMESPACE --all-containers`. Fix the cause, then `kubectl delete pod NAME -n NAMESPACE`.",
        category: Category::Availability,
        on: true,
        addon: None,
        confidence: Confidence::High,
        false_positives: &["Pods of Jobs that may fail and are tried again: see the parameter `exclude_job_pods`."],
        parameters: &[("exclude_job_pods", "leave out pods that belong to a Job")],
        symptom_of: &["container_oom_killed"],
        references: &[Reference {
            title: "Pod lifecycle",
            url: "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/",
        }],
        fires: "
kind: Pod
metadata: {name: web, namespace: shop}
status: {phase: Failed, containerStatuses: [{name: app, state: {terminated: {reason: Error, exitCode: 3}}}]}
",
        silent: "
kind: Pod
metadata: {name: done, namespace: shop}
status: {phase: Succeeded}
---
kind: Pod
metadata: {name: evicted, namespace: shop}
status: {phase: Failed, reason: Evicted, message: 'The node was low on resource: memory.'}
",
    };
    type Subject = Pods;
    type Reads = ();

    fn check(&self, pod: &Pod<'_>, (): Values<'_, Self::Reads>, found: &mut Findings<'_>) {
        let status = &pod.status;
        if status.phase != "Failed" || status.reason == "Evicted" || (self.exclude_job_pods && pod.is_of("Job")) {
            return;
        }
        let ended = pod.all_statuses().find_map(|container| {
            let ended = container.state.terminated.as_ref()?;
            (ended.exit_code != 0).then(|| (container.name, ended.how()))
        });
        let reason = match (status.message, ended) {
            ("", Some((container, how))) => format!("container {container} ended with {how}"),
            ("", None) if status.reason.is_empty() => "the pod gives no reason".to_owned(),
            ("", None) => status.reason.to_owned(),
            (message, _) => message.to_owned(),
        };
        found.add("failed", format!("pod has failed: {reason}")).path("status.phase").evidence("reason", reason);
    }
}

#[cfg(test)]
mod tests {
    use super::FailedPod;
    use crate::testing::check;
    use expect_test::expect;

    #[test]
    fn the_message_of_the_status_comes_before_exit_codes() {
        check::<FailedPod>(
            "
kind: Pod
metadata: {name: web, namespace: shop}
status: {phase: Failed, message: 'Pod was rejected: node is full', containerStatuses: [{name: app, state: {terminated: {exitCode: 1}}}]}
",
            &[],
            &expect![[r"
                Error
                Error Pod/shop/web: pod has failed: Pod was rejected: node is full"]],
        );
    }

    #[test]
    fn pods_of_jobs_can_be_left_out() {
        check::<FailedPod>(
            "
kind: Pod
metadata: {name: web, namespace: shop, ownerReferences: [{apiVersion: batch/v1, kind: Job, name: j, controller: true}]}
status: {phase: Failed}
",
            &[("exclude_job_pods", "true")],
            &expect!["Normal"],
        );
    }
}
