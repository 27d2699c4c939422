use crate::prelude::*;
use jiff::{SignedDuration, Timestamp};

/// `container_restarted`.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ContainerRestarted {
    window: Span,
}

impl Default for ContainerRestarted {
    fn default() -> Self {
        ContainerRestarted { window: Span::hours(24) }
    }
}

impl Detector for ContainerRestarted {
    const META: Meta = Meta {
        id: "container_restarted",
        level: Level::Warn,
        title: "Container has restarted",
        explanation: "A container ended and Kubernetes started it again. Requests in flight and everything in its memory were lost, and the cause may come back. The finding says how it ended and, as far as the cluster still knows, why.",
        remediation: "Read what it wrote before it ended: `kubectl logs NAME -n NAMESPACE -c CONTAINER --previous`, and what Kubernetes did: `kubectl describe pod NAME -n NAMESPACE`. If a probe failed, the program must answer faster or the probe be more patient. Signal 9 without OOMKilled: the program did not stop when told to. Exit code 126 or 127: its command cannot be run, so correct `command` or the image. Any other exit code: the program gave up, and its output says why.",
        category: Category::Availability,
        on: true,
        addon: None,
        confidence: Confidence::High,
        false_positives: &[
            "Containers that end on purpose, for example to read a changed configuration.",
            "A node that was restarted for maintenance.",
        ],
        parameters: &[("window", "how long ago the restart may be")],
        symptom_of: &["container_oom_killed", "pod_crash_loop"],
        references: &[
            Reference {
                title: "Container restarts",
                url: "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy",
            },
            Reference {
                title: "Determine the reason for pod failure",
                url: "https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/",
            },
        ],
        fires: "
kind: Pod
metadata: {name: crashed, namespace: shop}
status:
  phase: Running
  containerStatuses:
    - name: app
      restartCount: 2
      state: {running: {startedAt: '2026-01-02T02:54:06Z'}}
      lastState: {terminated: {reason: Error, exitCode: 17, finishedAt: '2026-01-02T02:54:05Z'}}
",
        silent: "
kind: Pod
metadata: {name: stable, namespace: shop}
status:
  phase: Running
  containerStatuses:
    - name: app
      restartCount: 40
      state: {running: {startedAt: '2025-12-30T03:04:06Z'}}
      lastState: {terminated: {reason: Error, exitCode: 1, finishedAt: '2025-12-30T03:04:05Z'}}
---
kind: Pod
metadata: {name: fresh, namespace: shop}
status:
  phase: Running
  initContainerStatuses:
    - {name: setup, restartCount: 0, state: {terminated: {reason: Completed, exitCode: 0, finishedAt: '2026-01-02T03:00:00Z'}}}
  containerStatuses:
    - {name: app, restartCount: 0, state: {running: {startedAt: '2026-01-02T03:00:01Z'}}}
---
kind: Pod
metadata: {name: done-at-the-second-try, namespace: shop}
status:
  phase: Succeeded
  containerStatuses:
    - name: job
      restartCount: 1
      state: {terminated: {reason: Completed, exitCode: 0, finishedAt: '2026-01-02T03:00:00Z'}}
      lastState: {terminated: {reason: Error, exitCode: 1, finishedAt: '2026-01-02T02:59:00Z'}}
",
    };
    type Subject = Pods;
    type Reads = (Optional<ProbeKills>, Optional<NodesReady>);

    fn check(&self, pod: &Pod<'_>, (kills, nodes): Values<'_, Self::Reads>, found: &mut Findings<'_>) {
        if pod.is_finished() {
            return;
        }
        for status in pod.all_statuses().filter(|status| status.restart_count > 0) {
            let Some(at) = status.restarted_at().filter(|at| found.age(*at) <= self.window) else { continue };
            let (name, restarts) = (status.name, status.restart_count);
            let times = if restarts == 1 { "once".to_owned() } else { format!("{restarts} times, last") };
            let ago = found.age(at);
            let ended = status.last_state.terminated.as_ref();
            let how = ended.map_or_else(String::new, |ended| format!(", after {}", ended.how()));
            let seen = Seen {
                probe: kills.and_then(|kills| kills.last(pod.metadata.uid, name)),
                node: pod.spec.node_name,
                node_ready: nodes.and_then(|nodes| nodes.since(pod.spec.node_name)),
                liveness: pod.container(name).is_some_and(|container| container.liveness_probe.is_some()),
            };
            let unknown = || ("unknown", "how it ended is not known".to_owned());
            let (cause, why) = ended.map_or_else(unknown, |ended| seen.cause(ended, at));
            let finding = found.add("restarted", format!("container {name} restarted {times} {ago} ago{how}: {why}"));
            finding.path("status.containerStatuses").key(name).key(cause);
            finding.evidence("container", name).evidence("restarts", restarts).evidence("cause", cause);
            if let Some(ended) = ended {
                finding.evidence("exit_code", ended.exit_code).evidence("reason", ended.reason);
                finding.evidence("finished_at", ended.finished_at.text());
            }
            if cause == "node" {
                finding.related(ObjectRef::new("", "Node", "", pod.spec.node_name));
            }
        }
    }
}

/// What the cluster still knows beside the status of the container.
struct Seen<'s> {
    /// Which probe ended it last, and when.
    probe: Option<(&'static str, Timestamp)>,
    node: &'s str,
    /// When the node became ready.
    node_ready: Option<Timestamp>,
    /// Whether it has a liveness probe.
    liveness: bool,
}

/// Between a probe that fails and the end of the container, and between that and a node which is ready again.
const SOON: SignedDuration = SignedDuration::from_mins(10);
/// How far clocks of nodes and of the server may differ.
const SKEW: SignedDuration = SignedDuration::from_mins(1);

impl Seen<'_> {
    /// Why a container ended: in a word, and in a sentence.
    fn cause(&self, ended: &Terminated<'_>, at: Timestamp) -> (&'static str, String) {
        let follows = |earlier: Timestamp, later: Timestamp| {
            let between = later.duration_since(earlier);
            -SKEW <= between && between <= SOON
        };
        if ended.reason == "OOMKilled" {
            return ("out_of_memory", "it used more memory than it may".into());
        }
        if let Some((probe, _)) = self.probe.filter(|(_, killed)| follows(*killed, at)) {
            return ("probe", format!("its {probe} probe failed"));
        }
        // 255 is what container runtimes give when they were not there.
        let lost = matches!(ended.reason, "Unknown" | "ContainerStatusUnknown") || ended.exit_code == 255;
        let stopped = matches!(ended.signal(), Some(9 | 15));
        if (lost || stopped) && self.node_ready.is_some_and(|ready| follows(at, ready)) {
            return ("node", format!("node {} became ready again then, as after a restart", self.node));
        }
        let (cause, why) = match (ended.signal(), ended.exit_code) {
            _ if lost => ("lost", "its node lost track of it, as after a restart of the node"),
            _ if stopped && self.liveness => {
                ("killed", "it was stopped from outside, often for a failed liveness probe")
            }
            _ if stopped => ("killed", "it was stopped from outside"),
            (Some(_), _) => ("crashed", "the program crashed"),
            (None, 0) => ("completed", "the program ended by itself, and its restart policy starts it again"),
            (None, 126) => ("command", "its command cannot be executed"),
            (None, 127) => ("command", "its command was not found"),
            _ => ("error", "the program gave up, see its log"),
        };
        (cause, why.into())
    }
}

#[cfg(test)]
mod tests {
    use super::ContainerRestarted;
    use crate::testing::check;
    use expect_test::expect;

    fn pod(name: &str, terminated: &str) -> String {
        format!(
            "
kind: Pod
metadata: {{name: {name}, namespace: shop, uid: uid-{name}}}
spec: {{nodeName: n1, containers: [{{name: app, livenessProbe: {{tcpSocket: {{port: 80}}}}}}]}}
status: {{containerStatuses: [{{name: app, restartCount: 1, lastState: {{terminated: {{{terminated}}}}}}}]}}
"
        )
    }

    #[test]
    fn the_finding_says_why_as_far_as_it_is_known() {
        let at = "finishedAt: '2026-01-02T02:04:05Z'";
        let pods = [
            pod("a-oom", &format!("reason: OOMKilled, exitCode: 137, {at}")),
            pod("b-probe", &format!("reason: Error, exitCode: 137, {at}")),
            pod("c-killed", &format!("reason: Error, exitCode: 143, {at}")),
            pod("d-segfault", &format!("reason: Error, exitCode: 139, {at}")),
            pod("e-ended", &format!("reason: Completed, exitCode: 0, {at}")),
            pod("f-typo", &format!("reason: Error, exitCode: 127, {at}")),
            pod("g-error", &format!("reason: Error, exitCode: 1, {at}")),
            pod("h-lost", &format!("reason: Unknown, exitCode: 255, {at}")),
            "
kind: Event
metadata: {name: e, namespace: shop}
reason: Killing
message: Container app failed liveness probe, will be restarted
involvedObject: {uid: uid-b-probe, fieldPath: 'spec.containers{app}'}
lastTimestamp: '2026-01-02T02:03:35Z'
"
            .to_owned(),
        ];
        check::<ContainerRestarted>(
            &pods.join("---"),
            &[],
            &expect![[r"
            Warn
            Warn Pod/shop/a-oom: container app restarted once 1h ago, after exit code 137 (OOMKilled): it used more memory than it may
            Warn Pod/shop/b-probe: container app restarted once 1h ago, after exit code 137 (signal 9, SIGKILL): its liveness probe failed
            Warn Pod/shop/c-killed: container app restarted once 1h ago, after exit code 143 (signal 15, SIGTERM): it was stopped from outside, often for a failed liveness probe
            Warn Pod/shop/d-segfault: container app restarted once 1h ago, after exit code 139 (signal 11, SIGSEGV): the program crashed
            Warn Pod/shop/e-ended: container app restarted once 1h ago, after exit code 0 (Completed): the program ended by itself, and its restart policy starts it again
            Warn Pod/shop/f-typo: container app restarted once 1h ago, after exit code 127 (Error): its command was not found
            Warn Pod/shop/g-error: container app restarted once 1h ago, after exit code 1 (Error): the program gave up, see its log
            Warn Pod/shop/h-lost: container app restarted once 1h ago, after exit code 255 (Unknown): its node lost track of it, as after a restart of the node"]],
        );
    }

    #[test]
    fn a_node_that_came_back_explains_what_was_stopped_on_it_and_nothing_else() {
        let pods = [
            pod("crashed", "reason: Error, exitCode: 1, finishedAt: '2026-01-02T02:04:05Z'"),
            pod("earlier", "reason: Error, exitCode: 137, finishedAt: '2026-01-02T01:04:05Z'"),
            pod("lost", "reason: Unknown, exitCode: 255, finishedAt: '2026-01-02T02:04:05Z'"),
            "
kind: Node
metadata: {name: n1}
status: {conditions: [{type: Ready, status: 'True', lastTransitionTime: '2026-01-02T02:06:00Z'}]}
"
            .to_owned(),
        ];
        check::<ContainerRestarted>(
            &pods.join("---"),
            &[],
            &expect![[r"
            Warn
            Warn Pod/shop/crashed: container app restarted once 1h ago, after exit code 1 (Error): the program gave up, see its log
            Warn Pod/shop/earlier: container app restarted once 2h ago, after exit code 137 (signal 9, SIGKILL): it was stopped from outside, often for a failed liveness probe
            Warn Pod/shop/lost: container app restarted once 1h ago, after exit code 255 (Unknown): node n1 became ready again then, as after a restart"]],
        );
    }

    #[test]
    fn without_the_time_of_the_end_the_new_start_counts() {
        let yaml = "
kind: Pod
metadata: {name: web, namespace: shop}
status:
  containerStatuses:
    - {name: recent, restartCount: 3, state: {running: {startedAt: '2026-01-02T03:00:00Z'}}, lastState: {}}
    - {name: old, restartCount: 3, state: {running: {startedAt: '2025-01-02T03:00:00Z'}}, lastState: {}}
";
        check::<ContainerRestarted>(
            yaml,
            &[],
            &expect![[r"
            Warn
            Warn Pod/shop/web: container recent restarted 3 times, last 4m5s ago: how it ended is not known"]],
        );
        check::<ContainerRestarted>(yaml, &[("window", "1m")], &expect!["Normal"]);
    }
}
