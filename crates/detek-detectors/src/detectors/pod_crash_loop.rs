use crate::prelude::*;

/// `pod_crash_loop`.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PodCrashLoop {}

impl Detector for PodCrashLoop {
    const META: Meta = Meta {
        id: "pod_crash_loop",
        level: Level::Error,
        title: "Container keeps crashing",
        explanation: "The container ends shortly after each start. Kubernetes waits longer and longer before the next try, up to five minutes: that time is downtime.",
        remediation: "Read the output of the last try: `kubectl logs NAME -n NAMESPACE -c CONTAINER --previous`. Exit code 137 with OOMKilled: it needs more memory. 126 or 127: its command cannot be run, so correct `command` or the image. Any other: the program gave up, and its output says why.",
        category: Category::Availability,
        on: true,
        addon: None,
        confidence: Confidence::High,
        false_positives: &[],
        parameters: &[],
        symptom_of: &["container_oom_killed"],
        references: &[Reference {
            title: "Debug running pods",
            url: "https://kubernetes.io/docs/tasks/debug/debug-application/debug-running-pod/",
        }],
        fires: "
kind: Pod
metadata: {name: web, namespace: shop}
status:
  phase: Running
  containerStatuses:
    - {name: app, restartCount: 7, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {reason: OOMKilled, exitCode: 137}}}
",
        silent: "
kind: Pod
metadata: {name: pulling, namespace: shop}
status: {phase: Pending, containerStatuses: [{name: app, state: {waiting: {reason: ImagePullBackOff}}}]}
---
kind: Pod
metadata: {name: restarted-once, namespace: shop}
status: {phase: Running, containerStatuses: [{name: app, restartCount: 1, lastState: {terminated: {reason: Error, exitCode: 1}}}]}
",
    };
    type Subject = Pods;
    type Reads = ();

    fn check(&self, pod: &Pod<'_>, (): Values<'_, Self::Reads>, found: &mut Findings<'_>) {
        for container in pod.all_statuses() {
            if container.state.waiting.as_ref().is_none_or(|waiting| waiting.reason != "CrashLoopBackOff") {
                continue;
            }
            let (name, restarts) = (container.name, container.restart_count);
            let ended = container.last_state.terminated.as_ref();
            let how =
                ended.map_or_else(|| "how it ended is not known".to_owned(), |ended| format!("last {}", ended.how()));
            let finding = found.add("crash_loop", format!("container {name} has crashed {restarts} times, {how}"));
            finding
                .path("status.containerStatuses")
                .key(name)
                .evidence("container", name)
                .evidence("restarts", restarts);
            if let Some(ended) = ended {
                finding.evidence("exit_code", ended.exit_code).evidence("reason", ended.reason);
                finding.evidence("finished_at", ended.finished_at.text());
            }
        }
    }
}
