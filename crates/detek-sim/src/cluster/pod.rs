//! One pod as text, some 12 kB: a third has a sidecar, all have probes, environment, projected volumes, statuses and managed fields.

use super::Generated;

/// What other objects need to know of a pod.
pub(super) struct Facts {
    pub(super) workload: usize,
    pub(super) name: String,
    pub(super) uid: String,
    pub(super) ip: String,
    pub(super) node: usize,
    pub(super) ready: bool,
}

impl Facts {
    pub(super) fn new(world: &Generated, index: usize) -> Self {
        let (workload, place) = (index / world.size.replicas, index % world.size.replicas);
        let mut rng = world.random(10, index);
        let owner = format!("{}-{}", world.app(workload), world.hash(workload, world.current(workload)));
        // An odd factor is a permutation of the 2^23 addresses of 10.128.0.0/9.
        let address = index.wrapping_mul(5_000_011) & 0x7f_ffff;
        Self {
            workload,
            name: format!("{owner}-{}", world.growing(11, index, (place, world.size.replicas), 5)),
            uid: world.uid(12, index),
            ip: format!("10.{}.{}.{}", 128 + (address >> 16), address >> 8 & 255, address & 255),
            node: rng.usize(..world.nodes()),
            ready: rng.u32(..1000) >= 3,
        }
    }
}

/// Appends texts.
fn put(out: &mut Vec<u8>, parts: &[&str]) {
    for part in parts {
        out.extend_from_slice(part.as_bytes());
    }
}

const PROBE_TAIL: &str = r#","scheme":"HTTP"},"initialDelaySeconds":10,"timeoutSeconds":2,"periodSeconds":10,"successThreshold":1,"failureThreshold":3}"#;
const ENV: &str = r#""env":[{"name":"POD_NAME","valueFrom":{"fieldRef":{"apiVersion":"v1","fieldPath":"metadata.name"}}},{"name":"POD_IP","valueFrom":{"fieldRef":{"apiVersion":"v1","fieldPath":"status.podIP"}}},{"name":"ENVIRONMENT","value":"production"},{"name":"JAVA_TOOL_OPTIONS","value":"-XX:MaxRAMPercentage=75.0 -XX:+ExitOnOutOfMemoryError -Dfile.encoding=UTF-8"},{"name":"LOG_FORMAT","value":"{\"level\":\"info\",\"fmt\":\"json\"}"},{"name":"FEATURE_FLAGS_ENDPOINT","value":"http://flags.platform-prod.svc:8080/v2/evaluate"},{"name":"OTEL_EXPORTER_OTLP_ENDPOINT","value":"http://otel-collector.platform-prod.svc:4317"},{"name":"DATABASE_URL","valueFrom":{"secretKeyRef":{"name":"database","key":"url"}}}],"#;
const MOUNTS: &str = r#""volumeMounts":[{"name":"config","readOnly":true,"mountPath":"/etc/config"},{"name":"tmp","mountPath":"/tmp"},{"name":"kube-api-access","readOnly":true,"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}],"#;
const VOLUMES: &str = r#""volumes":[{"name":"config","configMap":{"name":"config","defaultMode":420}},{"name":"tmp","emptyDir":{}},{"name":"kube-api-access","projected":{"sources":[{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}},{"configMap":{"name":"kube-root-ca.crt","items":[{"key":"ca.crt","path":"ca.crt"}]}},{"downwardAPI":{"items":[{"path":"namespace","fieldRef":{"apiVersion":"v1","fieldPath":"metadata.namespace"}}]}}],"defaultMode":420}}],"#;
const SECURITY: &str = r#""terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","securityContext":{"capabilities":{"drop":["ALL"]},"privileged":false,"runAsUser":65532,"runAsNonRoot":true,"readOnlyRootFilesystem":true,"allowPrivilegeEscalation":false},"#;
const SPEC_TAIL: &str = r#""securityContext":{"seccompProfile":{"type":"RuntimeDefault"},"runAsNonRoot":true,"fsGroup":2000},"schedulerName":"default-scheduler","tolerations":[{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300},{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}],"priority":0,"enableServiceLinks":true,"preemptionPolicy":"PreemptLowerPriority","#;
const FIELDS_CONTAINER: &str = r#"{".":{},"f:env":{".":{},"k:{\"name\":\"DATABASE_URL\"}":{".":{},"f:name":{},"f:valueFrom":{".":{},"f:secretKeyRef":{}}},"k:{\"name\":\"ENVIRONMENT\"}":{".":{},"f:name":{},"f:value":{}},"k:{\"name\":\"FEATURE_FLAGS_ENDPOINT\"}":{".":{},"f:name":{},"f:value":{}},"k:{\"name\":\"JAVA_TOOL_OPTIONS\"}":{".":{},"f:name":{},"f:value":{}},"k:{\"name\":\"LOG_FORMAT\"}":{".":{},"f:name":{},"f:value":{}},"k:{\"name\":\"POD_IP\"}":{".":{},"f:name":{},"f:valueFrom":{".":{},"f:fieldRef":{}}},"k:{\"name\":\"POD_NAME\"}":{".":{},"f:name":{},"f:valueFrom":{".":{},"f:fieldRef":{}}}},"f:image":{},"f:imagePullPolicy":{},"f:livenessProbe":{".":{},"f:failureThreshold":{},"f:httpGet":{".":{},"f:path":{},"f:port":{},"f:scheme":{}},"f:initialDelaySeconds":{},"f:periodSeconds":{},"f:successThreshold":{},"f:timeoutSeconds":{}},"f:name":{},"f:ports":{".":{},"k:{\"containerPort\":8080,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{},"f:name":{},"f:protocol":{}},"k:{\"containerPort\":9090,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{},"f:name":{},"f:protocol":{}}},"f:readinessProbe":{".":{},"f:failureThreshold":{},"f:httpGet":{".":{},"f:path":{},"f:port":{},"f:scheme":{}},"f:initialDelaySeconds":{},"f:periodSeconds":{},"f:successThreshold":{},"f:timeoutSeconds":{}},"f:resources":{".":{},"f:limits":{".":{},"f:cpu":{},"f:memory":{}},"f:requests":{".":{},"f:cpu":{},"f:memory":{}}},"f:securityContext":{".":{},"f:allowPrivilegeEscalation":{},"f:capabilities":{".":{},"f:drop":{}},"f:privileged":{},"f:readOnlyRootFilesystem":{},"f:runAsNonRoot":{},"f:runAsUser":{}},"f:terminationMessagePath":{},"f:terminationMessagePolicy":{},"f:volumeMounts":{".":{},"k:{\"mountPath\":\"/etc/config\"}":{".":{},"f:mountPath":{},"f:name":{},"f:readOnly":{}},"k:{\"mountPath\":\"/tmp\"}":{".":{},"f:mountPath":{},"f:name":{}}}}"#;
const FIELDS_META: &str = r#""f:metadata":{"f:annotations":{".":{},"f:checksum/config":{},"f:prometheus.io/port":{},"f:prometheus.io/scrape":{}},"f:generateName":{},"f:labels":{".":{},"f:app.kubernetes.io/instance":{},"f:app.kubernetes.io/managed-by":{},"f:app.kubernetes.io/name":{},"f:helm.sh/chart":{},"f:pod-template-hash":{},"f:team":{}},"f:ownerReferences":{".":{}}},"#;
const FIELDS_SPEC: &str = r#""f:affinity":{".":{},"f:podAntiAffinity":{".":{},"f:preferredDuringSchedulingIgnoredDuringExecution":{}}},"f:dnsPolicy":{},"f:enableServiceLinks":{},"f:restartPolicy":{},"f:schedulerName":{},"f:securityContext":{".":{},"f:fsGroup":{},"f:runAsNonRoot":{},"f:seccompProfile":{".":{},"f:type":{}}},"f:serviceAccountName":{},"f:terminationGracePeriodSeconds":{},"f:volumes":{".":{},"k:{\"name\":\"config\"}":{".":{},"f:configMap":{".":{},"f:defaultMode":{},"f:name":{}},"f:name":{}},"k:{\"name\":\"tmp\"}":{".":{},"f:emptyDir":{},"f:name":{}}}}}"#;
const FIELDS_STATUS: &str = r#"{"f:status":{"f:conditions":{"k:{\"type\":\"ContainersReady\"}":{".":{},"f:lastProbeTime":{},"f:lastTransitionTime":{},"f:status":{},"f:type":{}},"k:{\"type\":\"Initialized\"}":{".":{},"f:lastProbeTime":{},"f:lastTransitionTime":{},"f:status":{},"f:type":{}},"k:{\"type\":\"PodReadyToStartContainers\"}":{".":{},"f:lastProbeTime":{},"f:lastTransitionTime":{},"f:status":{},"f:type":{}},"k:{\"type\":\"Ready\"}":{".":{},"f:lastProbeTime":{},"f:lastTransitionTime":{},"f:status":{},"f:type":{}}},"f:containerStatuses":{},"f:hostIP":{},"f:hostIPs":{},"f:phase":{},"f:podIP":{},"f:podIPs":{".":{}},"f:startTime":{}}}"#;

/// What all containers of one workload share.
struct Template {
    app: String,
    space: String,
    hash: String,
    image: String,
    sidecar: bool,
    limits: bool,
    liveness: bool,
}

impl Template {
    fn new(world: &Generated, workload: usize) -> Self {
        let mut rng = world.random(13, workload);
        let (app, space) = (world.app(workload), Generated::space_name(world.space_of(workload)));
        let team = space.split('-').next().unwrap_or_default();
        let tag = if rng.u8(..100) < 2 { "latest".into() } else { format!("v1.{}.{}", rng.u8(..90), rng.u8(..20)) };
        Self {
            image: format!("registry.internal.eu-west-1.example-corp.com/{team}/{app}:{tag}"),
            hash: world.hash(workload, world.current(workload)),
            sidecar: rng.u8(..3) == 0,
            limits: rng.u8(..100) >= 2,
            liveness: rng.u8(..100) >= 4,
            app,
            space,
        }
    }

    fn containers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let sidecar = self.sidecar.then_some(("istio-proxy", "docker.io/istio/proxyv2:1.24.3"));
        std::iter::once(("app", self.image.as_str())).chain(sidecar)
    }

    fn container(&self, (name, image): (&str, &str), out: &mut Vec<u8>) {
        put(
            out,
            &[
                r#"{"name":""#,
                name,
                r#"","image":""#,
                image,
                r#"","args":["--config=/etc/config/app.yaml","--listen=0.0.0.0:8080","--log-level=info","--cluster="#,
                &self.space,
                r#""],"#,
            ],
        );
        put(
            out,
            &[
                r#""ports":[{"name":"http","containerPort":8080,"protocol":"TCP"},{"name":"metrics","containerPort":9090,"protocol":"TCP"}],"#,
                ENV,
            ],
        );
        let limits = if self.limits { r#""limits":{"cpu":"1","memory":"512Mi"},"# } else { "" };
        put(out, &[r#""resources":{"#, limits, r#""requests":{"cpu":"100m","memory":"256Mi"}},"#, MOUNTS]);
        if self.liveness {
            put(out, &[r#""livenessProbe":{"httpGet":{"path":"/healthz","port":8080"#, PROBE_TAIL, ","]);
        }
        put(out, &[r#""readinessProbe":{"httpGet":{"path":"/ready","port":"http""#, PROBE_TAIL, ",", SECURITY]);
        put(out, &[r#""lifecycle":{"preStop":{"sleep":{"seconds":5}}},"imagePullPolicy":"IfNotPresent"}"#]);
    }
}

/// Appends the pod.
pub(super) fn write(world: &Generated, index: usize, out: &mut Vec<u8>) {
    let facts = Facts::new(world, index);
    let template = Template::new(world, facts.workload);
    let mut rng = world.random(14, index);
    let created = world.past(&mut rng, 30 * 24 * 60);
    metadata(world, &facts, &template, &created, out);
    put(out, &[r#""spec":{"#, VOLUMES, r#""containers":["#]);
    for (n, container) in template.containers().enumerate() {
        if n > 0 {
            out.push(b',');
        }
        template.container(container, out);
    }
    let node = format!("node-{:05}", facts.node);
    put(
        out,
        &[
            r#"],"restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst","serviceAccountName":"default","serviceAccount":"default","nodeName":""#,
            &node,
            r#"","#,
        ],
    );
    put(
        out,
        &[
            r#""affinity":{"podAntiAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":100,"podAffinityTerm":{"labelSelector":{"matchLabels":{"app.kubernetes.io/name":""#,
            &template.app,
            r#""}},"topologyKey":"kubernetes.io/hostname"}}]}},"#,
        ],
    );
    out.extend_from_slice(SPEC_TAIL.as_bytes());
    // The tail ends with a comma for the fields above; the last field of the spec closes it.
    put(out, &[r#""hostNetwork":false},"#]);
    status(&facts, &template, &created, &mut rng, out);
}

fn metadata(world: &Generated, facts: &Facts, template: &Template, created: &str, out: &mut Vec<u8>) {
    let Template { app, space, hash, .. } = template;
    let set = facts.workload * world.size.revisions + world.current(facts.workload);
    let owner = world.uid(20, set);
    let team = space.split('-').next().unwrap_or_default();
    put(
        out,
        &[
            r#"{"metadata":{"name":""#,
            &facts.name,
            r#"","generateName":""#,
            app,
            "-",
            hash,
            r#"-","namespace":""#,
            space,
            r#"","uid":""#,
            &facts.uid,
            r#"","resourceVersion":"81234567","generation":1,"creationTimestamp":""#,
            created,
            r#"","#,
        ],
    );
    put(
        out,
        &[
            r#""labels":{"app.kubernetes.io/instance":""#,
            app,
            r#"","app.kubernetes.io/managed-by":"Helm","app.kubernetes.io/name":""#,
            app,
            r#"","helm.sh/chart":""#,
            app,
            r#"-1.4.2","pod-template-hash":""#,
            hash,
            r#"","team":""#,
            team,
            r#""},"#,
        ],
    );
    put(
        out,
        &[
            r#""annotations":{"checksum/config":""#,
            &owner,
            r#"","prometheus.io/port":"9090","prometheus.io/scrape":"true"},"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":""#,
            app,
            "-",
            hash,
            r#"","uid":""#,
            &owner,
            r#"","controller":true,"blockOwnerDeletion":true}],"#,
        ],
    );
    put(
        out,
        &[
            r#""managedFields":[{"manager":"kube-controller-manager","operation":"Update","apiVersion":"v1","time":""#,
            created,
            r#"","fieldsType":"FieldsV1","fieldsV1":{"#,
            FIELDS_META,
            r#""f:spec":{"f:containers":{"#,
        ],
    );
    for (n, (name, _)) in template.containers().enumerate() {
        put(out, &[if n > 0 { "," } else { "" }, r#""k:{\"name\":\""#, name, r#"\"}":"#, FIELDS_CONTAINER]);
    }
    put(
        out,
        &[
            "},",
            FIELDS_SPEC,
            r#"},{"manager":"kubelet","operation":"Update","apiVersion":"v1","time":""#,
            created,
            r#"","fieldsType":"FieldsV1","fieldsV1":"#,
            FIELDS_STATUS,
            r#","subresource":"status"}]},"#,
        ],
    );
    // FIELDS_SPEC closes `f:spec` and `fieldsV1`.
}

fn status(facts: &Facts, template: &Template, created: &str, rng: &mut fastrand::Rng, out: &mut Vec<u8>) {
    let host = format!("172.{}.{}.{}", 16 + (facts.node >> 16), facts.node >> 8 & 255, facts.node & 255);
    put(out, &[r#""status":{"phase":"Running","conditions":["#]);
    for (n, kind) in
        ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"].into_iter().enumerate()
    {
        let ok = facts.ready || !kind.ends_with("Ready");
        let why =
            if ok { "" } else { r#","reason":"ContainersNotReady","message":"containers with unready status: [app]""# };
        put(
            out,
            &[
                if n > 0 { "," } else { "" },
                r#"{"type":""#,
                kind,
                r#"","status":""#,
                if ok { "True" } else { "False" },
                r#"","lastProbeTime":null,"lastTransitionTime":""#,
                created,
                r#"""#,
                why,
                "}",
            ],
        );
    }
    put(
        out,
        &[
            r#"],"hostIP":""#,
            &host,
            r#"","hostIPs":[{"ip":""#,
            &host,
            r#""}],"podIP":""#,
            &facts.ip,
            r#"","podIPs":[{"ip":""#,
            &facts.ip,
            r#""}],"startTime":""#,
            created,
            r#"","containerStatuses":["#,
        ],
    );
    for (n, (name, image)) in template.containers().enumerate() {
        let ready = facts.ready || n > 0;
        let id = format!("{:032x}{:032x}", rng.u128(..), rng.u128(..));
        let restarts = if rng.u8(..100) < 5 { rng.u8(1..6) } else { 0 }.to_string();
        let flag = if ready { "true" } else { "false" };
        put(
            out,
            &[
                if n > 0 { "," } else { "" },
                r#"{"name":""#,
                name,
                r#"","state":{"running":{"startedAt":""#,
                created,
                r#""}},"lastState":{},"ready":"#,
                flag,
                r#","restartCount":"#,
                &restarts,
                r#","image":""#,
                image,
                r#"","imageID":""#,
                image,
                "@sha256:",
                &id,
                r#"","containerID":"containerd://"#,
                &id,
                r#"","started":true,"volumeMounts":[{"name":"config","mountPath":"/etc/config","readOnly":true,"recursiveReadOnly":"Disabled"},{"name":"tmp","mountPath":"/tmp"}]}"#,
            ],
        );
    }
    put(out, &[r#"],"qosClass":"Burstable"}}"#]);
}

/// The container of a workload's template, as text.
pub(super) fn template_container(world: &Generated, workload: usize) -> String {
    let template = Template::new(world, workload);
    let mut out = Vec::with_capacity(3000);
    template.container(("app", &template.image), &mut out);
    String::from_utf8(out).expect("a template is made of texts")
}
