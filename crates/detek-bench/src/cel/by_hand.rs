//! The sixty conditions as somebody would write them in Rust who cares for speed and for what is missing: on documents,
//! with fields that remember where they were found, and `None` where CEL has an error.

use detek_doc::{Doc, Field, Kind};

pub(super) type Condition = fn(&Fields, Doc<'_>) -> Option<bool>;

macro_rules! fields {
    ($($field:ident $key:literal,)*) => {
        /// Each field of an object of its own, as its place is remembered.
        pub(super) struct Fields { $($field: Field,)* }

        impl Fields {
            pub(super) fn new() -> Self {
                Fields { $($field: Field::new($key),)* }
            }
        }
    };
}

fields! {
    metadata "metadata", spec "spec", status "status",
    namespace "namespace", labels "labels", owners "ownerReferences", owner_kind "kind",
    app_name "app.kubernetes.io/name", team "team",
    containers "containers", init_containers "initContainers", volumes "volumes", tolerations "tolerations",
    host_network "hostNetwork", host_pid "hostPID", host_ipc "hostIPC", token "automountServiceAccountToken",
    account "serviceAccountName", priority "priorityClassName", grace "terminationGracePeriodSeconds",
    image "image", pull_policy "imagePullPolicy", liveness "livenessProbe", readiness "readinessProbe",
    timeout "timeoutSeconds", ports "ports", host_port "hostPort", container_port "containerPort",
    resources "resources", limits "limits", requests "requests",
    cpu_limit "cpu", memory_limit "memory", cpu_request "cpu", memory_request "memory",
    security "securityContext", privileged "privileged", non_root "runAsNonRoot", user "runAsUser",
    read_only "readOnlyRootFilesystem", escalation "allowPrivilegeEscalation",
    capabilities "capabilities", dropped "drop", added "add",
    host_path "hostPath", path "path", empty_dir "emptyDir", size_limit "sizeLimit",
    toleration_operator "operator", toleration_key "key",
    phase "phase", reason "reason", qos "qosClass", statuses "containerStatuses", conditions "conditions",
    ready "ready", restarts "restartCount", state "state", last_state "lastState",
    waiting "waiting", waiting_reason "reason",
    terminated "terminated", terminated_reason "reason", exit_code "exitCode",
    condition_type "type", condition_status "status", condition_reason "reason",
}

pub(super) const CONDITIONS: [Condition; 60] = [
    |f, pod| {
        all(f.containers(pod), |c| Some(limits(f, c).is_some_and(|limits| limits.field(&f.memory_limit).is_some())))
    },
    |f, pod| all(f.containers(pod), |c| Some(limits(f, c).is_some_and(|limits| limits.field(&f.cpu_limit).is_some()))),
    |f, pod| all(f.containers(pod), |c| Some(requests(f, c).is_some_and(|of| of.field(&f.memory_request).is_some()))),
    |f, pod| all(f.containers(pod), |c| Some(requests(f, c).is_some_and(|of| of.field(&f.cpu_request).is_some()))),
    |f, pod| all(f.containers(pod), |c| Some(c.field(&f.liveness).is_some())),
    |f, pod| all(f.containers(pod), |c| Some(c.field(&f.readiness).is_some())),
    |f, pod| exists(f.containers(pod), |c| text(c, &f.image).map(|i| i.ends_with(":latest") || !i.contains(':'))),
    |f, pod| exists(f.containers(pod), |c| secured(f, c, &f.privileged)),
    |f, pod| exists(f.containers(pod), |c| Some(secured(f, c, &f.non_root) != Some(true))),
    |f, pod| {
        exists(f.containers(pod), |c| {
            let user = c.field(&f.security).and_then(|security| security.field(&f.user));
            Some(user.and_then(Doc::as_i64) == Some(0))
        })
    },
    |f, pod| all(f.containers(pod), |c| secured(f, c, &f.read_only)),
    |f, pod| {
        all(f.containers(pod), |c| {
            let dropped = capabilities(f, c, &f.dropped);
            Some(dropped.is_some_and(|dropped| dropped.items().any(|name| name.as_str() == Some("ALL"))))
        })
    },
    |f, pod| {
        exists(f.containers(pod), |c| match capabilities(f, c, &f.added) {
            Some(added) => {
                exists(Some(added), |name| Some(matches!(name.as_str(), Some("SYS_ADMIN" | "NET_ADMIN" | "ALL"))))
            }
            None => Some(false),
        })
    },
    |f, pod| exists(f.containers(pod), |c| secured(f, c, &f.escalation)),
    |f, pod| {
        exists(f.containers(pod), |c| match text(c, &f.pull_policy)? {
            "Always" => text(c, &f.image).map(|image| image.contains("@sha256:")),
            _ => Some(false),
        })
    },
    |f, pod| flag(f.spec(pod)?, &f.host_network, false),
    |f, pod| flag(f.spec(pod)?, &f.host_pid, false),
    |f, pod| flag(f.spec(pod)?, &f.host_ipc, false),
    |f, pod| flag(f.spec(pod)?, &f.token, true),
    |f, pod| is(f.spec(pod)?, &f.account, "default"),
    |f, pod| Some(f.spec(pod)?.field(&f.priority).is_none()),
    |f, pod| Some(int(f.spec(pod)?, &f.grace)? < 10),
    |f, pod| Some(int(f.spec(pod)?, &f.grace)? > 300),
    |f, pod| exists(f.volumes(pod), |v| Some(v.field(&f.host_path).is_some())),
    |f, pod| {
        exists(f.volumes(pod), |v| match v.field(&f.host_path) {
            Some(host) => text(host, &f.path).map(|path| path.starts_with("/var/run")),
            None => Some(false),
        })
    },
    |f, pod| {
        exists(f.volumes(pod), |v| Some(v.field(&f.empty_dir).is_some_and(|dir| dir.field(&f.size_limit).is_none())))
    },
    |f, pod| Some(list(f.containers(pod)?)?.len() > 3),
    |f, pod| Some(list(f.volumes(pod)?)?.len() > 10),
    |f, pod| guarded(f.spec(pod)?, &f.init_containers, |c| Some(limits(f, c).is_none())),
    |f, pod| guarded(f.spec(pod)?, &f.init_containers, |c| text(c, &f.image).map(|i| i.starts_with("docker.io/"))),
    |f, pod| is(f.status(pod)?, &f.phase, "Pending"),
    |f, pod| is(f.status(pod)?, &f.phase, "Failed"),
    |f, pod| Some(matches!(f.status(pod)?.field(&f.phase)?.as_str(), Some("Failed" | "Unknown"))),
    |f, pod| Some(f.status(pod)?.field(&f.reason).and_then(Doc::as_str) == Some("Evicted")),
    |f, pod| guarded(f.status(pod)?, &f.statuses, |s| waits(f, s, |reason| reason == "CrashLoopBackOff")),
    |f, pod| {
        guarded(f.status(pod)?, &f.statuses, |s| waits(f, s, |why| matches!(why, "ImagePullBackOff" | "ErrImagePull")))
    },
    |f, pod| guarded(f.status(pod)?, &f.statuses, |s| waits(f, s, |reason| reason == "CreateContainerConfigError")),
    |f, pod| {
        guarded(f.status(pod)?, &f.statuses, |s| match s.field(&f.last_state)?.field(&f.terminated) {
            Some(last) => is(last, &f.terminated_reason, "OOMKilled"),
            None => Some(false),
        })
    },
    |f, pod| {
        guarded(f.status(pod)?, &f.statuses, |s| match s.field(&f.last_state)?.field(&f.terminated) {
            Some(last) => Some(int(last, &f.exit_code)? == 137),
            None => Some(false),
        })
    },
    |f, pod| guarded(f.status(pod)?, &f.statuses, |s| Some(int(s, &f.restarts)? > 10)),
    |f, pod| {
        guarded(f.status(pod)?, &f.statuses, |s| Some(int(s, &f.restarts)? > 50 && !s.field(&f.ready)?.as_bool()?))
    },
    |f, pod| {
        let Some(statuses) = f.status(pod)?.field(&f.statuses) else { return Some(false) };
        let mut waiting = 0;
        for status in list(statuses)? {
            waiting += usize::from(!status.field(&f.ready)?.as_bool()?);
        }
        Some(waiting > 1)
    },
    |f, pod| guarded(f.status(pod)?, &f.statuses, |s| s.field(&f.ready)?.as_bool().map(|ready| !ready)),
    |f, pod| exists(f.conditions(pod), |c| condition(f, c, "Ready", |status| status != "True")),
    |f, pod| {
        exists(f.conditions(pod), |c| match condition(f, c, "PodScheduled", |status| status == "False") {
            Some(true) => is(c, &f.condition_reason, "Unschedulable"),
            other => other,
        })
    },
    |f, pod| exists(f.conditions(pod), |c| condition(f, c, "ContainersReady", |status| status == "False")),
    |f, pod| is(f.status(pod)?, &f.qos, "BestEffort"),
    |f, pod| match f.metadata(pod)?.field(&f.owners) {
        Some(owners) => Some(list(owners)?.len() == 0),
        None => Some(true),
    },
    |f, pod| guarded(f.metadata(pod)?, &f.owners, |owner| is(owner, &f.owner_kind, "Job")),
    |f, pod| is(f.metadata(pod)?, &f.namespace, "default"),
    |f, pod| text(f.metadata(pod)?, &f.namespace).map(|namespace| namespace.starts_with("kube-")),
    |f, pod| {
        if !text(f.metadata(pod)?, &f.namespace)?.ends_with("-prod") {
            return Some(false);
        }
        exists(f.containers(pod), |c| text(c, &f.image).map(|image| image.ends_with(":latest")))
    },
    |f, pod| Some(f.metadata(pod)?.field(&f.labels)?.field(&f.app_name).is_none()),
    |f, pod| match f.metadata(pod)?.field(&f.labels)?.field(&f.team) {
        Some(team) => Some(team.as_str() == Some("")),
        None => Some(true),
    },
    |f, pod| {
        let labels = f.metadata(pod)?.field(&f.labels);
        Some(labels.is_some_and(|labels| labels.entries().any(|(key, _)| key.starts_with("beta.kubernetes.io/"))))
    },
    |f, pod| exists(f.containers(pod), |c| guarded(c, &f.ports, |port| Some(port.field(&f.host_port).is_some()))),
    |f, pod| exists(f.containers(pod), |c| guarded(c, &f.ports, |port| Some(int(port, &f.container_port)? < 1024))),
    |f, pod| {
        exists(f.containers(pod), |c| match (c.field(&f.liveness), c.field(&f.readiness)) {
            (Some(liveness), Some(readiness)) => Some(same(liveness, readiness)),
            _ => Some(false),
        })
    },
    |f, pod| {
        exists(f.containers(pod), |c| {
            let timeout = c.field(&f.liveness).and_then(|probe| probe.field(&f.timeout));
            timeout.map_or(Some(false), |timeout| Some(timeout.as_i64()? <= 1))
        })
    },
    |f, pod| {
        guarded(f.spec(pod)?, &f.tolerations, |t| {
            Some(is(t, &f.toleration_operator, "Exists")? && t.field(&f.toleration_key).is_none())
        })
    },
];

impl Fields {
    fn metadata<'s>(&self, pod: Doc<'s>) -> Option<Doc<'s>> {
        pod.field(&self.metadata)
    }

    fn spec<'s>(&self, pod: Doc<'s>) -> Option<Doc<'s>> {
        pod.field(&self.spec)
    }

    fn status<'s>(&self, pod: Doc<'s>) -> Option<Doc<'s>> {
        pod.field(&self.status)
    }

    fn containers<'s>(&self, pod: Doc<'s>) -> Option<Doc<'s>> {
        self.spec(pod)?.field(&self.containers)
    }

    fn volumes<'s>(&self, pod: Doc<'s>) -> Option<Doc<'s>> {
        self.spec(pod)?.field(&self.volumes)
    }

    fn conditions<'s>(&self, pod: Doc<'s>) -> Option<Doc<'s>> {
        self.status(pod)?.field(&self.conditions)
    }
}

fn list(of: Doc<'_>) -> Option<impl ExactSizeIterator<Item = Doc<'_>>> {
    of.is_list().then(|| of.items())
}

/// Whether one element is so; one that fails makes it unknown, unless another one is so.
fn exists<'s>(of: Option<Doc<'s>>, is: impl Fn(Doc<'s>) -> Option<bool>) -> Option<bool> {
    let mut found = Some(false);
    for element in list(of?)? {
        match is(element) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => found = None,
        }
    }
    found
}

fn all<'s>(of: Option<Doc<'s>>, is: impl Fn(Doc<'s>) -> Option<bool>) -> Option<bool> {
    exists(of, |element| is(element).map(|is| !is)).map(|found| !found)
}

/// As [`exists`] of the list in a field; `false` if there is no such field.
fn guarded<'s>(of: Doc<'s>, field: &Field, is: impl Fn(Doc<'s>) -> Option<bool>) -> Option<bool> {
    of.field(field).map_or(Some(false), |list| exists(Some(list), is))
}

fn text<'s>(of: Doc<'s>, field: &Field) -> Option<&'s str> {
    of.field(field)?.as_str()
}

fn int(of: Doc<'_>, field: &Field) -> Option<i64> {
    of.field(field)?.as_i64()
}

/// Whether a field is this text.
fn is(of: Doc<'_>, field: &Field, value: &str) -> Option<bool> {
    Some(of.field(field)?.as_str() == Some(value))
}

/// The value of a field that may be missing.
fn flag(of: Doc<'_>, field: &Field, missing: bool) -> Option<bool> {
    of.field(field).map_or(Some(missing), Doc::as_bool)
}

fn limits<'s>(f: &Fields, container: Doc<'s>) -> Option<Doc<'s>> {
    container.field(&f.resources)?.field(&f.limits)
}

fn requests<'s>(f: &Fields, container: Doc<'s>) -> Option<Doc<'s>> {
    container.field(&f.resources)?.field(&f.requests)
}

/// A flag of `securityContext`; what is missing is `false`.
fn secured(f: &Fields, container: Doc<'_>, field: &Field) -> Option<bool> {
    container.field(&f.security).map_or(Some(false), |security| flag(security, field, false))
}

fn capabilities<'s>(f: &Fields, container: Doc<'s>, field: &Field) -> Option<Doc<'s>> {
    container.field(&f.security)?.field(&f.capabilities)?.field(field)
}

/// Whether a container waits for such a reason.
fn waits(f: &Fields, status: Doc<'_>, such: impl Fn(&str) -> bool) -> Option<bool> {
    match status.field(&f.state)?.field(&f.waiting) {
        Some(waiting) => text(waiting, &f.waiting_reason).map(such),
        None => Some(false),
    }
}

/// Whether a condition of the pod is of this type and has such a status.
fn condition(f: &Fields, condition: Doc<'_>, of: &str, such: impl Fn(&str) -> bool) -> Option<bool> {
    if is(condition, &f.condition_type, of)? { text(condition, &f.condition_status).map(such) } else { Some(false) }
}

fn same(a: Doc<'_>, b: Doc<'_>) -> bool {
    match (a.kind(), b.kind()) {
        (Kind::List, Kind::List) => {
            a.items().len() == b.items().len() && a.items().zip(b.items()).all(|(a, b)| same(a, b))
        }
        (Kind::Object, Kind::Object) => {
            a.entries().len() == b.entries().len()
                && a.entries().all(|(key, value)| b.get(key).is_some_and(|other| same(value, other)))
        }
        (a, b) => a == b,
    }
}
