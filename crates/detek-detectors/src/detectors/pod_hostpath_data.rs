use crate::prelude::*;
use std::path::Path;

/// `pod_hostpath_data`.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PodHostpathData {
    safe: Vec<String>,
}

impl Default for PodHostpathData {
    fn default() -> Self {
        PodHostpathData { safe: ["/dev", "/sys", "/proc", "/lib/modules", "/etc/localtime"].map(String::from).to_vec() }
    }
}

impl Detector for PodHostpathData {
    const META: Meta = Meta {
        id: "pod_hostpath_data",
        level: Level::Warn,
        title: "Pod keeps data in a folder of its node",
        explanation: "The pod writes to a folder of the machine that it happens to run on. When it moves to another node, it finds an empty or an old folder there, and its data stays behind; when the node is replaced, the data is gone.",
        remediation: "Keep the data in a PersistentVolumeClaim and replace `hostPath` in the pod template: `kubectl get storageclass` shows what is on offer. If the container only reads, set `readOnly: true` on the mount. For files that may be lost, use an `emptyDir`.",
        category: Category::Reliability,
        on: true,
        addon: None,
        confidence: Confidence::Medium,
        false_positives: &[
            "Pods that are bound to one node on purpose, and tools that change the node itself: add the folder to `safe`.",
        ],
        parameters: &[("safe", "folders and files that are no data, with everything below")],
        symptom_of: &[],
        references: &[Reference {
            title: "hostPath volumes",
            url: "https://kubernetes.io/docs/concepts/storage/volumes/#hostpath",
        }],
        fires: "
kind: Pod
metadata: {name: database, namespace: shop}
spec:
  volumes: [{name: data, hostPath: {path: /srv/database}}]
  containers: [{name: app, volumeMounts: [{name: data, mountPath: /data}]}]
",
        silent: "
kind: Pod
metadata: {name: reader, namespace: shop}
spec:
  volumes: [{name: data, hostPath: {path: /srv/database}}]
  containers: [{name: app, volumeMounts: [{name: data, mountPath: /data, readOnly: true}]}]
---
kind: Pod
metadata: {name: devices, namespace: shop}
spec:
  volumes: [{name: clock, hostPath: {path: /etc/localtime}}, {name: fuse, hostPath: {path: /dev/fuse}}]
  containers: [{name: app, volumeMounts: [{name: clock, mountPath: /etc/localtime}, {name: fuse, mountPath: /dev/fuse}]}]
---
kind: Pod
metadata: {name: builder, namespace: shop}
spec:
  volumes: [{name: docker, hostPath: {path: /var/run/docker.sock}}, {name: cri, hostPath: {path: /run/cri, type: Socket}}]
  containers: [{name: app, volumeMounts: [{name: docker, mountPath: /docker.sock}, {name: cri, mountPath: /cri}]}]
---
kind: Pod
metadata: {name: agent-x2k, namespace: shop, ownerReferences: [{apiVersion: apps/v1, kind: DaemonSet, name: agent, controller: true}]}
spec:
  volumes: [{name: data, hostPath: {path: /var/lib/agent}}]
  containers: [{name: app, volumeMounts: [{name: data, mountPath: /data}]}]
---
kind: Pod
metadata: {name: static-node-1, namespace: shop, annotations: {kubernetes.io/config.mirror: '0'}}
spec:
  volumes: [{name: data, hostPath: {path: /var/lib/static}}]
  containers: [{name: app, volumeMounts: [{name: data, mountPath: /data}]}]
",
    };
    type Subject = Pods;
    type Reads = ();

    fn check(&self, pod: &Pod<'_>, (): Values<'_, Self::Reads>, found: &mut Findings<'_>) {
        if !pod.is_judged_by_spec() || pod.is_of("DaemonSet") {
            found.out_of_scope();
            return;
        }
        for volume in &pod.spec.volumes {
            let Some(host) = volume.host_path.as_ref().filter(|host| !self.is_safe(host)) else { continue };
            let writes = |container: &&Container<'_>| {
                container.volume_mounts.iter().any(|mount| mount.name == volume.name && !mount.read_only)
            };
            let writers: Vec<&str> = pod.all_containers().filter(writes).map(|container| container.name).collect();
            if writers.is_empty() {
                continue;
            }
            let names = writers.join(", ");
            found
                .add(
                    "hostpath",
                    format!("container {names} may write to {} of the node (volume {})", host.path, volume.name),
                )
                .path("spec.volumes.hostPath")
                .key(host.path)
                .evidence("volume", volume.name)
                .evidence("host_path", host.path)
                .evidence("containers", writers);
        }
    }
}

impl PodHostpathData {
    /// Whether what lies there is no data: devices and sockets, and what is listed, with everything below.
    fn is_safe(&self, host: &HostPath<'_>) -> bool {
        let path = Path::new(host.path);
        matches!(host.kind, "Socket" | "CharDevice" | "BlockDevice")
            || path.extension().is_some_and(|extension| extension == "sock")
            || self.safe.iter().any(|safe| path.starts_with(safe))
    }
}

#[cfg(test)]
mod tests {
    use super::PodHostpathData;
    use crate::testing::check;
    use expect_test::expect;

    #[test]
    fn safe_folders_are_whole_names_and_one_mount_that_writes_is_enough() {
        check::<PodHostpathData>(
            "
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  volumes:
    - {name: a, hostPath: {path: /srv/safe/below/}}
    - {name: b, hostPath: {path: /srv/safely}}
    - {name: c, hostPath: {path: /}}
    - {name: unused, hostPath: {path: /srv/unused}}
    - {name: cache, emptyDir: {}}
  initContainers: [{name: setup, volumeMounts: [{name: b, mountPath: /b}]}]
  containers:
    - name: app
      volumeMounts:
        - {name: a, mountPath: /a}
        - {name: b, mountPath: /b, readOnly: true}
        - {name: c, mountPath: /c, readOnly: true}
        - {name: c, mountPath: /c2}
        - {name: cache, mountPath: /cache}
",
            &[("safe", "/srv/safe")],
            &expect![[r"
                Warn
                Warn Pod/shop/web: container app may write to / of the node (volume c)
                Warn Pod/shop/web: container setup may write to /srv/safely of the node (volume b)"]],
        );
    }
}
