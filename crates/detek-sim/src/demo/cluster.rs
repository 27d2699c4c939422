//! Namespaces, nodes, and the Service of the API server itself.

use std::net::SocketAddr;

use serde_json::json;

use super::{Maker, NODES};

/// Age of the cluster in minutes.
const AGE: i64 = 400 * 24 * 60;

pub(super) fn add(maker: &mut Maker, own: Option<SocketAddr>) {
    for name in
        ["default", "internal", "kube-node-lease", "kube-public", "kube-system", "monitoring", "payments", "shop"]
    {
        let mut meta = maker.meta("", name, AGE);
        meta["labels"] = json!({"kubernetes.io/metadata.name": name});
        maker.add(
            "v1",
            "Namespace",
            meta,
            json!({"spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}),
        );
        let meta = maker.meta(name, "default", AGE);
        maker.add("v1", "ServiceAccount", meta, json!({}));
    }
    for (index, name) in NODES.into_iter().enumerate() {
        node(maker, index, name);
    }
    let meta = maker.meta("default", "kubernetes", AGE);
    let port = own.map_or(6443, |a| a.port());
    let spec = json!({"type": "ClusterIP", "clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1"], "sessionAffinity": "None",
        "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": port}]});
    maker.add("v1", "Service", meta, json!({"spec": spec, "status": {"loadBalancer": {}}}));
    if let Some(own) = own {
        let mut meta = maker.meta("default", "kubernetes", AGE);
        meta["labels"] = json!({"kubernetes.io/service-name": "kubernetes"});
        let slice = json!({"addressType": "IPv4", "endpoints": [{"addresses": [own.ip().to_string()], "conditions": {"ready": true}}],
            "ports": [{"name": "https", "port": port, "protocol": "TCP"}]});
        maker.add("discovery.k8s.io/v1", "EndpointSlice", meta, slice);
    }
}

fn node(maker: &mut Maker, index: usize, name: &str) {
    let mut meta = maker.meta("", name, AGE);
    meta["labels"] = json!({"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
        "topology.kubernetes.io/zone": format!("zone-{}", index + 1), "node.kubernetes.io/instance-type": "m6.large"});
    let host = format!("192.168.10.{}", index + 11);
    let mut spec =
        json!({"podCIDR": format!("10.244.{}.0/24", index + 1), "podCIDRs": [format!("10.244.{}.0/24", index + 1)]});
    if index == 2 {
        // Someone kept pods away for an afternoon, six weeks ago.
        spec["taints"] = json!([{"key": "maintenance", "value": "disk-swap", "effect": "NoSchedule", "timeAdded": maker.ago(43 * 24 * 60)}]);
    }
    let condition = |kind: &str, status: &str, reason: &str| {
        json!({"type": kind, "status": status, "reason": reason, "message": "",
        "lastHeartbeatTime": maker.ago(1), "lastTransitionTime": maker.ago(AGE)})
    };
    let size = json!({"cpu": "8", "memory": "32Gi", "pods": "110", "ephemeral-storage": "100Gi"});
    let status = json!({"capacity": size, "allocatable": size, "addresses": [{"type": "InternalIP", "address": host}, {"type": "Hostname", "address": name}],
        "conditions": [condition("MemoryPressure", "False", "KubeletHasSufficientMemory"), condition("DiskPressure", "False", "KubeletHasNoDiskPressure"),
            condition("PIDPressure", "False", "KubeletHasSufficientPID"), condition("Ready", "True", "KubeletReady")],
        "nodeInfo": {"kubeletVersion": "v1.34.1", "kernelVersion": "6.12.48", "osImage": "Debian GNU/Linux 13", "operatingSystem": "linux",
            "architecture": "amd64", "containerRuntimeVersion": "containerd://2.1.4"}});
    maker.add("v1", "Node", meta, json!({"spec": spec, "status": status}));
}
