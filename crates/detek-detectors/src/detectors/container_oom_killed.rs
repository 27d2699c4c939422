use crate::prelude::*;

/// `container_oom_killed`.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ContainerOomKilled {
    window: Span,
}

impl Default for ContainerOomKilled {
    fn default() -> Self {
        ContainerOomKilled { window: Span::hours(24) }
    }
}

impl Detector for ContainerOomKilled {
    const META: Meta = Meta {
        id: "container_oom_killed",
        level: Level::Error,
        title: "Container was killed for using too much memory",
        explanation: "The container used more memory than its limit allows, or its node had none left, and the kernel ended it without a chance to finish anything. If nothing changes, it will happen again.",
        remediation: "See what it uses: `kubectl top pod NAME -n NAMESPACE --containers`. If that is what it needs, raise the limit: `kubectl set resources KIND/NAME -n NAMESPACE -c CONTAINER --limits=memory=512Mi`. If it grows without end, it leaks: look at its heap. Runtimes such as Java or Go must be told about the limit (`-XX:MaxRAMPercentage`, `GOMEMLIMIT`).",
        category: Category::Availability,
        on: true,
        addon: None,
        confidence: Confidence::High,
        false_positives: &[],
        parameters: &[("window", "how long ago it may have been killed")],
        symptom_of: &[],
        references: &[Reference {
            title: "Assign memory resources",
            url: "https://kubernetes.io/docs/tasks/configure-pod-container/assign-memory-resource/",
        }],
        fires: "
kind: Pod
metadata: {name: hungry, namespace: shop}
spec: {containers: [{name: app, resources: {limits: {memory: 64Mi}}}]}
status:
  phase: Running
  containerStatuses:
    - name: app
      restartCount: 1
      state: {running: {startedAt: '2026-01-02T02:34:06Z'}}
      lastState: {terminated: {reason: OOMKilled, exitCode: 137, finishedAt: '2026-01-02T02:34:05Z'}}
",
        silent: "
kind: Pod
metadata: {name: long-ago, namespace: shop}
spec: {containers: [{name: app, resources: {limits: {memory: 64Mi}}}]}
status:
  phase: Running
  containerStatuses:
    - {name: app, restartCount: 1, lastState: {terminated: {reason: OOMKilled, exitCode: 137, finishedAt: '2025-12-30T03:04:05Z'}}}
---
kind: Pod
metadata: {name: killed-by-its-probe, namespace: shop}
spec: {containers: [{name: app, livenessProbe: {tcpSocket: {port: 80}}}]}
status:
  phase: Running
  containerStatuses:
    - {name: app, restartCount: 1, lastState: {terminated: {reason: Error, exitCode: 137, finishedAt: '2026-01-02T02:34:05Z'}}}
---
kind: Pod
metadata: {name: done-at-the-second-try, namespace: shop}
status:
  phase: Succeeded
  containerStatuses:
    - {name: job, restartCount: 1, lastState: {terminated: {reason: OOMKilled, exitCode: 137, finishedAt: '2026-01-02T02:34:05Z'}}}
",
    };
    type Subject = Pods;
    type Reads = ();

    fn check(&self, pod: &Pod<'_>, (): Values<'_, Self::Reads>, found: &mut Findings<'_>) {
        if pod.status.phase == "Succeeded" {
            return;
        }
        for status in pod.all_statuses() {
            let states = [&status.state, &status.last_state].into_iter();
            let mut killed =
                states.filter_map(|state| state.terminated.as_ref()).filter(|end| end.reason == "OOMKilled");
            let Some(end) = killed.next() else { continue };
            let Some(at) = end.finished_at.get().filter(|at| found.age(*at) <= self.window) else { continue };
            let limit = pod.container(status.name).and_then(|container| container.resources.limits.get("memory"));
            let limit = limit.or_else(|| pod.spec.resources.limits.get("memory")).map(ToString::to_string);
            let text = match &limit {
                Some(limit) => format!("its limit is {limit}"),
                None => "it has no limit, so its node had none left".to_owned(),
            };
            let (name, ago) = (status.name, found.age(at));
            let finding =
                found.add("oom_killed", format!("container {name} ran out of memory {ago} ago and was killed: {text}"));
            finding.path("status.containerStatuses").key(name).evidence("container", name);
            finding.evidence("memory_limit", limit).evidence("restarts", status.restart_count);
            finding.evidence("exit_code", end.exit_code).evidence("finished_at", end.finished_at.text());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ContainerOomKilled;
    use crate::testing::check;
    use expect_test::expect;

    #[test]
    fn a_container_that_has_not_restarted_counts_and_a_limit_of_the_pod_is_its_limit() {
        check::<ContainerOomKilled>(
            "
kind: Pod
metadata: {name: web, namespace: shop}
spec: {resources: {limits: {memory: 1Gi}}, initContainers: [{name: setup}], containers: [{name: app}]}
status:
  phase: Failed
  initContainerStatuses: [{name: setup, state: {terminated: {reason: OOMKilled, exitCode: 137, finishedAt: '2026-01-02T03:00:00Z'}}}]
---
kind: Pod
metadata: {name: unlimited, namespace: shop}
spec: {containers: [{name: app}]}
status: {containerStatuses: [{name: app, lastState: {terminated: {reason: OOMKilled, finishedAt: '2026-01-02T03:00:00Z'}}}]}
",
            &[("window", "5m")],
            &expect![[r"
                Error
                Error Pod/shop/unlimited: container app ran out of memory 4m5s ago and was killed: it has no limit, so its node had none left
                Error Pod/shop/web: container setup ran out of memory 4m5s ago and was killed: its limit is 1Gi"]],
        );
    }
}
