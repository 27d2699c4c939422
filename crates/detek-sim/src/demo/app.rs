//! One application: Deployment, ReplicaSet, pods, Service, EndpointSlice and disruption budget, consistent with each other.

use serde_json::{Value, json};

use super::{Maker, NODES, owner};

/// What an application is like; the default is a healthy one.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one independent fault of an application")]
pub(super) struct App {
    pub(super) namespace: &'static str,
    pub(super) name: &'static str,
    pub(super) image: &'static str,
    pub(super) replicas: usize,
    pub(super) limits: bool,
    pub(super) requests: bool,
    pub(super) liveness: bool,
    pub(super) readiness: bool,
    pub(super) budget: bool,
    pub(super) pull: &'static str,
    /// Seconds for a graceful end; 0 also drops the preStop hook.
    pub(super) grace: u32,
    pub(super) host_path: Option<&'static str>,
    /// How many pods are not ready.
    pub(super) unready: usize,
    pub(super) crash: bool,
    pub(super) oom: bool,
    pub(super) restarted: bool,
    /// The Service selects this label value instead of the application's name.
    pub(super) service_label: Option<&'static str>,
    pub(super) target_port: &'static str,
}

impl Default for App {
    fn default() -> Self {
        Self {
            namespace: "default",
            name: "app",
            image: "registry.example.com/app:1.0.0",
            replicas: 2,
            limits: true,
            requests: true,
            liveness: true,
            readiness: true,
            budget: true,
            pull: "IfNotPresent",
            grace: 30,
            host_path: None,
            unready: 0,
            crash: false,
            oom: false,
            restarted: false,
            service_label: None,
            target_port: "http",
        }
    }
}

/// A pod as the EndpointSlice sees it.
struct Endpoint {
    name: String,
    uid: Value,
    ip: String,
    node: &'static str,
    ready: bool,
}

/// Age of what has been there for a while, in minutes.
const OLD: i64 = 20 * 24 * 60;

pub(super) fn add(maker: &mut Maker, app: &App) {
    let labels = json!({"app": app.name});
    let ready = if app.crash { 0 } else { app.replicas.saturating_sub(app.unready) };
    let hash = maker.letters(10);
    let template_labels = json!({"app": app.name, "pod-template-hash": hash});
    let mut deployment = maker.meta(app.namespace, app.name, OLD);
    deployment["labels"] = labels.clone();
    deployment["annotations"] = json!({"deployment.kubernetes.io/revision": "4"});
    let mut set = maker.meta(app.namespace, &format!("{}-{hash}", app.name), OLD / 2);
    set["labels"] = template_labels.clone();
    set["ownerReferences"] = owner("apps/v1", "Deployment", &deployment);
    let template = json!({"metadata": {"labels": labels}, "spec": pod_spec(app)});
    let counts = json!({"observedGeneration": 1, "replicas": app.replicas, "updatedReplicas": app.replicas, "readyReplicas": ready,
        "availableReplicas": ready, "unavailableReplicas": app.replicas - ready,
        "conditions": [{"type": "Available", "status": if ready == app.replicas { "True" } else { "False" }, "reason": "MinimumReplicas",
            "lastTransitionTime": maker.ago(600), "lastUpdateTime": maker.ago(600)}]});
    let spec = |template: &Value, labels: &Value| json!({"replicas": app.replicas, "selector": {"matchLabels": labels}, "template": template});
    let mut deployment_spec = spec(&template, &labels);
    deployment_spec["strategy"] =
        json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}});
    maker.add("apps/v1", "Deployment", deployment, json!({"spec": deployment_spec, "status": counts}));
    let set_status =
        json!({"observedGeneration": 1, "replicas": app.replicas, "readyReplicas": ready, "availableReplicas": ready});
    maker.add(
        "apps/v1",
        "ReplicaSet",
        set.clone(),
        json!({"spec": spec(&template, &template_labels), "status": set_status}),
    );
    let pods: Vec<Endpoint> =
        (0..app.replicas).map(|i| pod(maker, app, &set, &template_labels, (i, i < ready))).collect();
    service(maker, app, &pods);
    if app.budget && app.replicas > 1 {
        let meta = maker.meta(app.namespace, app.name, OLD);
        let budget = json!({"spec": {"maxUnavailable": 1, "selector": {"matchLabels": {"app": app.name}}}, "status": {
            "observedGeneration": 1, "disruptionsAllowed": ready.saturating_sub(app.replicas - 1), "currentHealthy": ready,
            "desiredHealthy": app.replicas - 1, "expectedPods": app.replicas}});
        maker.add("policy/v1", "PodDisruptionBudget", meta, budget);
    }
}

fn pod_spec(app: &App) -> Value {
    let mut resources = json!({});
    if app.limits {
        resources["limits"] = json!({"cpu": "1", "memory": "512Mi"});
    }
    if app.requests {
        resources["requests"] = json!({"cpu": "100m", "memory": "256Mi"});
    }
    let probe = |path: &str| {
        json!({"httpGet": {"path": path, "port": "http", "scheme": "HTTP"}, "timeoutSeconds": 1, "periodSeconds": 10,
        "successThreshold": 1, "failureThreshold": 3})
    };
    let mut container = json!({"name": app.name, "image": app.image, "imagePullPolicy": app.pull, "resources": resources,
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
        "env": [{"name": "LOG_LEVEL", "value": "info"}], "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"});
    if app.liveness {
        container["livenessProbe"] = probe("/healthz");
    }
    if app.readiness {
        container["readinessProbe"] = probe("/ready");
    }
    if app.grace > 0 {
        container["lifecycle"] = json!({"preStop": {"sleep": {"seconds": 5}}});
    }
    let mut spec = json!({"containers": [container], "restartPolicy": "Always", "terminationGracePeriodSeconds": app.grace,
        "dnsPolicy": "ClusterFirst", "serviceAccountName": "default", "securityContext": {}, "schedulerName": "default-scheduler",
        "enableServiceLinks": true});
    if let Some(path) = app.host_path {
        spec["volumes"] = json!([{"name": "host", "hostPath": {"path": path, "type": ""}}]);
        let read_only = path == "/etc/localtime";
        spec["containers"][0]["volumeMounts"] = json!([{"name": "host", "mountPath": path, "readOnly": read_only}]);
    }
    spec
}

fn pod(maker: &mut Maker, app: &App, set: &Value, labels: &Value, (index, ready): (usize, bool)) -> Endpoint {
    let node = NODES[index % NODES.len()];
    let set_name = set["name"].as_str().unwrap_or_default();
    let name = format!("{set_name}-{}", maker.letters(5));
    let mut meta = maker.meta(app.namespace, &name, OLD / 2);
    meta["generateName"] = format!("{set_name}-").into();
    meta["labels"] = labels.clone();
    meta["ownerReferences"] = owner("apps/v1", "ReplicaSet", set);
    let uid = meta["uid"].clone();
    maker.pods += 1;
    let ip = format!("10.244.{}.{}", index % NODES.len() + 1, maker.pods);
    let mut spec = pod_spec(app);
    spec["nodeName"] = node.into();
    spec["tolerations"] = json!([{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}]);
    let host = format!("192.168.10.{}", index % NODES.len() + 11);
    let mut status = json!({"phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}], "hostIP": host, "hostIPs": [{"ip": host}],
        "startTime": meta["creationTimestamp"], "qosClass": "Burstable"});
    let condition = |kind: &str, ok: bool, since: String| {
        let mut c = json!({"type": kind, "status": if ok { "True" } else { "False" }, "lastProbeTime": null, "lastTransitionTime": since});
        if !ok {
            c["reason"] = "ContainersNotReady".into();
            c["message"] = format!("containers with unready status: [{}]", app.name).into();
        }
        c
    };
    let (start, since) = (maker.ago(OLD / 2), maker.ago(90));
    status["conditions"] = json!([
        condition("PodReadyToStartContainers", true, start.clone()),
        condition("Initialized", true, start.clone()),
        condition("Ready", ready, since.clone()),
        condition("ContainersReady", ready, since),
        condition("PodScheduled", true, start)
    ]);
    status["containerStatuses"] = json!([container_status(maker, app, index, ready)]);
    maker.add("v1", "Pod", meta, json!({"spec": spec, "status": status}));
    Endpoint { name, uid, ip, node, ready }
}

fn container_status(maker: &Maker, app: &App, index: usize, ready: bool) -> Value {
    let troubled = index == 0 && (app.crash || app.oom || app.restarted);
    let running = json!({"running": {"startedAt": maker.ago(if troubled { 38 } else { OLD / 2 })}});
    let waiting = json!({"waiting": {"reason": "CrashLoopBackOff",
        "message": format!("back-off 5m0s restarting failed container={} in namespace {}", app.name, app.namespace)}});
    let (code, reason) = if app.oom { (137, "OOMKilled") } else { (1, "Error") };
    let last = json!({"terminated": {"exitCode": code, "reason": reason, "startedAt": maker.ago(95), "finishedAt": maker.ago(39),
        "containerID": "containerd://3f1c0d4be7"}});
    let restarts = if app.crash { 41 } else { i32::from(troubled) * 3 };
    let repository = app.image.rsplit_once(':').map_or(app.image, |(repository, _)| repository);
    json!({"name": app.name, "image": app.image, "imageID": format!("{repository}@sha256:6f1c{:060x}", app.name.len()),
        "containerID": format!("containerd://{:064x}", index + 7), "ready": ready, "started": ready, "restartCount": restarts,
        "state": if app.crash { waiting } else { running }, "lastState": if troubled { last } else { json!({}) }})
}

fn service(maker: &mut Maker, app: &App, pods: &[Endpoint]) {
    let meta = maker.meta(app.namespace, app.name, OLD);
    let label = app.service_label.unwrap_or(app.name);
    let ip = format!("10.96.12.{}", maker.random.u8(2..250));
    let spec = json!({"type": "ClusterIP", "clusterIP": ip, "clusterIPs": [ip], "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack",
        "selector": {"app": label}, "sessionAffinity": "None", "internalTrafficPolicy": "Cluster",
        "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": app.target_port}]});
    maker.add("v1", "Service", meta.clone(), json!({"spec": spec, "status": {"loadBalancer": {}}}));
    let suffix = maker.letters(5);
    let mut slice = maker.meta(app.namespace, &format!("{}-{suffix}", app.name), OLD);
    slice["generateName"] = format!("{}-", app.name).into();
    slice["labels"] = json!({"endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io", "kubernetes.io/service-name": app.name});
    slice["ownerReferences"] = owner("v1", "Service", &meta);
    // As the controller does: a pod without the named port is listed, without a port.
    let unresolved = app.service_label.is_some() || app.target_port != "http";
    let endpoints: Vec<Value> = pods
        .iter()
        .filter(|_| app.service_label.is_none())
        .map(|p| json!({"addresses": [p.ip], "conditions": {"ready": p.ready, "serving": p.ready, "terminating": false}, "nodeName": p.node,
            "targetRef": {"kind": "Pod", "namespace": app.namespace, "name": p.name, "uid": p.uid}}))
        .collect();
    let ports = if unresolved { json!([]) } else { json!([{"name": "http", "port": 8080, "protocol": "TCP"}]) };
    maker.add(
        "discovery.k8s.io/v1",
        "EndpointSlice",
        slice,
        json!({"addressType": "IPv4", "endpoints": endpoints, "ports": ports}),
    );
}
