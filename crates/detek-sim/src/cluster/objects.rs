//! The smaller kinds of a generated cluster.

use std::io::Write as _;

use super::{Generated, Sort, pod};

/// Appends one object that is not a pod.
pub(super) fn write(world: &Generated, sort: Sort, index: usize, out: &mut Vec<u8>) {
    let name = world.name(sort, index);
    let workload = index / world.per_workload(sort);
    let domain = match sort {
        Sort::ReplicaSets => 20,
        Sort::Deployments => 21,
        Sort::Services => 22,
        Sort::Slices => 23,
        Sort::Nodes => 24,
        Sort::Namespaces | Sort::Pods => 25,
    };
    let uid = world.uid(domain, index);
    let created = world.past(&mut world.random(domain + 50, index), 200 * 24 * 60);
    let meta = format!(
        r#""name":"{name}","uid":"{uid}","resourceVersion":"81234567","generation":1,"creationTimestamp":"{created}""#
    );
    let text = match sort {
        Sort::Namespaces | Sort::Pods => format!(
            r#"{{"metadata":{{{meta},"labels":{{"kubernetes.io/metadata.name":"{name}"}}}},"spec":{{"finalizers":["kubernetes"]}},"status":{{"phase":"Active"}}}}"#
        ),
        Sort::Nodes => node(&meta, &name, index),
        Sort::Deployments | Sort::ReplicaSets => controller(world, sort, index, &meta),
        Sort::Services => {
            let (space, app) = (Generated::space_name(world.space_of(workload)), world.app(workload));
            let ip = format!("10.{}.{}.{}", 64 + (workload >> 16), workload >> 8 & 255, workload & 255);
            format!(
                r#"{{"metadata":{{{meta},"namespace":"{space}"}},"spec":{{"type":"ClusterIP","clusterIP":"{ip}","clusterIPs":["{ip}"],"selector":{{"app.kubernetes.io/name":"{app}"}},"ports":[{{"name":"http","port":80,"protocol":"TCP","targetPort":"http"}}],"sessionAffinity":"None"}},"status":{{"loadBalancer":{{}}}}}}"#
            )
        }
        Sort::Slices => return slice(world, workload, &meta, out),
    };
    out.extend_from_slice(text.as_bytes());
}

fn node(meta: &str, name: &str, index: usize) -> String {
    let host = format!("172.{}.{}.{}", 16 + (index >> 16), index >> 8 & 255, index & 255);
    let size = r#"{"cpu":"16","memory":"64Gi","pods":"110","ephemeral-storage":"200Gi"}"#;
    format!(
        r#"{{"metadata":{{{meta},"labels":{{"kubernetes.io/hostname":"{name}","kubernetes.io/os":"linux","topology.kubernetes.io/zone":"zone-{}"}}}},"spec":{{}},"status":{{"capacity":{size},"allocatable":{size},"conditions":[{{"type":"Ready","status":"True","reason":"KubeletReady"}}],"addresses":[{{"type":"InternalIP","address":"{host}"}},{{"type":"Hostname","address":"{name}"}}],"nodeInfo":{{"kubeletVersion":"v1.34.1","kernelVersion":"6.12.48","osImage":"Debian GNU/Linux 13"}}}}}}"#,
        index % 3 + 1
    )
}

/// Pods that a workload really has: the last one may have fewer than the others.
fn pods_of(world: &Generated, workload: usize) -> std::ops::Range<usize> {
    let first = workload * world.size.replicas;
    first..(first + world.size.replicas).min(world.size.pods)
}

fn controller(world: &Generated, sort: Sort, index: usize, meta: &str) -> String {
    let workload = index / world.per_workload(sort);
    let (space, app) = (Generated::space_name(world.space_of(workload)), world.app(workload));
    let revision = index % world.size.revisions;
    let pods = pods_of(world, workload);
    let runs = sort == Sort::Deployments || revision == world.current(workload);
    let wanted = if runs { pods.len() } else { 0 };
    let ready = if runs { pods.filter(|p| pod::Facts::new(world, *p).ready).count() } else { 0 };
    let (owner, hash) = if sort == Sort::ReplicaSets {
        let uid = world.uid(21, workload);
        let owner = format!(
            r#","ownerReferences":[{{"apiVersion":"apps/v1","kind":"Deployment","name":"{app}","uid":"{uid}","controller":true,"blockOwnerDeletion":true}}]"#
        );
        (owner, format!(r#","pod-template-hash":"{}""#, world.hash(workload, revision)))
    } else {
        (String::new(), String::new())
    };
    let labels = format!(r#"{{"app.kubernetes.io/name":"{app}"{hash}}}"#);
    let container = pod::template_container(world, workload);
    let counts = match (wanted, ready) {
        (0, _) => r#"{"replicas":0,"observedGeneration":1}"#.to_owned(),
        _ => format!(
            r#"{{"replicas":{wanted},"readyReplicas":{ready},"availableReplicas":{ready},"updatedReplicas":{wanted},"observedGeneration":1}}"#
        ),
    };
    format!(
        r#"{{"metadata":{{{meta},"namespace":"{space}","labels":{labels}{owner}}},"spec":{{"replicas":{wanted},"selector":{{"matchLabels":{labels}}},"template":{{"metadata":{{"labels":{labels}}},"spec":{{"containers":[{container}],"restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst"}}}}}},"status":{counts}}}"#
    )
}

fn slice(world: &Generated, workload: usize, meta: &str, out: &mut Vec<u8>) {
    let (space, app) = (Generated::space_name(world.space_of(workload)), world.app(workload));
    let service = world.uid(22, workload);
    // Writing to a Vec cannot fail.
    let _ = write!(
        out,
        r#"{{"metadata":{{{meta},"namespace":"{space}","labels":{{"endpointslice.kubernetes.io/managed-by":"endpointslice-controller.k8s.io","kubernetes.io/service-name":"{app}"}},"ownerReferences":[{{"apiVersion":"v1","kind":"Service","name":"{app}","uid":"{service}","controller":true,"blockOwnerDeletion":true}}]}},"addressType":"IPv4","ports":[{{"name":"http","port":8080,"protocol":"TCP"}}],"endpoints":["#
    );
    for (n, index) in pods_of(world, workload).enumerate() {
        let pod::Facts { name, uid, ip, node, ready, .. } = pod::Facts::new(world, index);
        let comma = if n > 0 { "," } else { "" };
        let _ = write!(
            out,
            r#"{comma}{{"addresses":["{ip}"],"conditions":{{"ready":{ready},"serving":{ready},"terminating":false}},"nodeName":"node-{node:05}","targetRef":{{"kind":"Pod","namespace":"{space}","name":"{name}","uid":"{uid}"}}}}"#
        );
    }
    out.extend_from_slice(b"]}");
}
