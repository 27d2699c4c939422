//! Runs to render, made by the engine from detectors that say what a script tells them.

use crate::Render;
use detek_core::{
    Addon, AnyDetector, Armed, Category, Cause, CauseClass, Cluster, Confidence, Fact, Facts, Fault, Findings, Input,
    InputKey, Inputs, Judge, Judging, Level, Meta, Needs, NotRun, NotRunReason, ObjectRef, OwnerRef, ParamError,
    Parameter, Plan, Reason, ReasonClass, Reference, Report, RollUp, RowOf, Run, Scope, Stage, Target, Volume, Waiver,
    Waivers,
};
use detek_doc::{Caps, Projection, Store, StoreBuilder};
use jiff::Timestamp;
use std::sync::Arc;

type Script = fn(&mut Findings<'_>);

struct Scripted {
    id: &'static str,
    meta: Meta,
    script: Script,
}

impl AnyDetector for Scripted {
    fn meta(&self) -> &Meta {
        &self.meta
    }
    fn id(&self) -> String {
        self.id.to_owned()
    }
    fn whole_cluster(&self) -> bool {
        false
    }
    fn declare(&self, _: &mut Needs) {}
    fn unset(&self) -> Option<&'static str> {
        None
    }
    fn parameters(&self) -> Vec<Parameter> {
        Vec::new()
    }
    fn with(&self, _: &[(String, String)]) -> Result<Arc<dyn AnyDetector>, ParamError> {
        Err(ParamError { name: self.id.into(), text: "it has none".into() })
    }
    fn arm(self: Arc<Self>, _: &mut Facts<'_>) -> Result<Armed, Fault> {
        Ok(Armed::new(Saying(self.script)))
    }
}

struct Saying(Script);

impl Judge<Cluster> for Saying {
    fn check(&self, _: usize, (): &RowOf<'_, Cluster>, found: &mut Findings<'_>) {
        (self.0)(found);
    }
}

struct NoOwners;

impl Fact for NoOwners {
    type Reads = ();
    fn build((): ()) -> Self {
        NoOwners
    }
}

impl RollUp for NoOwners {
    fn root(&self, _: &str, owner: &OwnerRef) -> OwnerRef {
        owner.clone()
    }
}

fn detector(id: &'static str, level: Level, title: &'static str, script: Script) -> Scripted {
    let meta = Meta {
        id,
        level,
        title,
        explanation: "Why it matters, in <words> & \"quotes\".",
        remediation: "Type `kubectl get pods | less`.\nThen mend it.",
        category: Category::Availability,
        on: true,
        addon: None,
        confidence: Confidence::High,
        false_positives: &[],
        parameters: &[],
        symptom_of: &[],
        references: &[Reference { title: "Pods", url: "https://kubernetes.io/docs/concepts/workloads/pods/" }],
        fires: "",
        silent: "",
    };
    Scripted { id, meta, script }
}

fn nothing(_: &mut Findings<'_>) {}

fn object(kind: &str, namespace: &str, name: &str) -> ObjectRef {
    let group = match kind {
        "Deployment" | "StatefulSet" => "apps",
        "Ingress" => "networking.k8s.io",
        _ => "",
    };
    ObjectRef::new(group, kind, namespace, name)
}

fn failed_pod(found: &mut Findings<'_>) {
    found
        .add("failed", "pod has failed: container import ended with exit code 3 (Error)")
        .subject(object("Pod", "batch", "import-1"))
        .path("status.phase")
        .evidence("reason", "container import ended with exit code 3 (Error)");
}

fn no_liveness_probe(found: &mut Findings<'_>) {
    found
        .add("liveness", "container app has no liveness probe")
        .subject(object("Deployment", "shop", "web"))
        .evidence("container", "app")
        .evidence("services", "Service/web, Service/web-internal");
}

fn no_limits(found: &mut Findings<'_>) {
    for (kind, name, level, cpu) in
        [("Deployment", "web", Level::Warn, false), ("StatefulSet", "cart", Level::Info, true)]
    {
        let memory = level == Level::Info;
        found
            .add("limits", format!("container app has no {} limit", if memory { "CPU" } else { "memory or CPU" }))
            .subject(object(kind, "shop", name))
            .level(level)
            .path("spec.containers.resources.limits")
            .evidence("container", "app")
            .evidence("cpu_limit", cpu && !memory)
            .evidence("memory_limit", memory);
    }
}

fn no_target(found: &mut Findings<'_>) {
    for (namespace, name) in [("payments", "api"), ("payments", "web"), ("payments", "cron"), ("shop", "cart")] {
        found
            .add("none", format!("none of the 2 addresses of {name} is ready"))
            .subject(object("Service", namespace, name))
            .evidence("not_ready", format!("10.2.3.4 (Pod/{namespace}/{name}-0), 10.2.3.5 (Pod/{namespace}/{name}-1)"))
            .related(object("Pod", namespace, &format!("{name}-0")));
    }
}

fn selects_nothing(found: &mut Findings<'_>) {
    found
        .add("selector", "selector app=crt matches no pod; did you mean app=cart?")
        .subject(object("Service", "shop", "cart"))
        .path("spec.selector")
        .evidence("selector", serde_json::json!({"app": "crt"}));
}

fn no_backend(found: &mut Findings<'_>) {
    found
        .add("service_missing", "backend service shop/chekout does not exist; did you mean checkout?")
        .subject(object("Ingress", "shop", "front"));
}

fn tainted(found: &mut Findings<'_>) {
    for name in ["ip-10-2-3-4", "ip-10-2-9-1"] {
        found.add("taint", "taint maintenance has been on the node for 41 days").subject(object("Node", "", name));
    }
}

fn end_of_life(found: &mut Findings<'_>) {
    found.add("version", "version 1.32 gets no fixes after 2026-02-28").subject(ObjectRef::cluster());
}

fn psp(found: &mut Findings<'_>) {
    found.add("served", "PodSecurityPolicy restricted is served by policy/v1beta1 only").subject(ObjectRef::new(
        "policy",
        "PodSecurityPolicy",
        "",
        "restricted",
    ));
}

fn detectors() -> Vec<Scripted> {
    let mut no_target =
        detector("service_no_available_target", Level::Fatal, "Service has no address that is ready", no_target);
    no_target.meta.symptom_of = &["service_selects_nothing"];
    let mut lifecycle = detector("api_lifecycle", Level::Warn, "API version is going to be removed", psp);
    lifecycle.id = "api_lifecycle - policy/v1beta1";
    let mut batch = detector("api_lifecycle", Level::Warn, "API version is going to be removed", nothing);
    batch.id = "api_lifecycle - batch/v1beta1";
    vec![
        batch,
        lifecycle,
        detector("failed_pod", Level::Error, "Pod has failed", failed_pod),
        detector("ingress_backend_missing", Level::Error, "Ingress points to nothing", no_backend),
        detector("node_taint_forgotten", Level::Warn, "Node has a taint that was forgotten", tainted),
        detector("pod_image_mutable_tag", Level::Warn, "Image has a tag that moves", nothing),
        detector("pod_without_limits", Level::Warn, "Container has no memory or CPU limit", no_limits),
        detector("pod_without_liveness_probe", Level::Warn, "Container has no liveness probe", no_liveness_probe),
        no_target,
        detector("service_selects_nothing", Level::Error, "Service selects no pod", selects_nothing),
        detector("version_end_of_life", Level::Info, "Version gets no more fixes", end_of_life),
    ]
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn read(key: &'static str, items: u64) -> Input {
    let volume = Volume {
        items,
        pages: (items / 500 + 1) as u32,
        bytes: items * 2_000,
        started: Some(at("2026-01-02T03:04:05Z")),
        finished: Some(at("2026-01-02T03:04:09Z")),
        ..Volume::default()
    };
    Input::complete(InputKey::new(key), Scope::Cluster, Store::empty(), volume)
}

/// An input that was not read.
pub(crate) fn lost(key: &'static str, class: CauseClass, text: &str) -> Input {
    let mut cause = Cause::new(class, Stage::FirstByte, text);
    if class == CauseClass::Forbidden {
        cause.status = Some(403);
        cause.user = Some("system:serviceaccount:ops:ci".into());
    }
    Input::failed(InputKey::new(key), Scope::Cluster, cause)
}

/// A list that broke off.
pub(crate) fn one_document() -> Store {
    let mut builder = StoreBuilder::new(&Caps::default());
    builder.push_json(&serde_json::json!({}), &Projection::new("")).expect("an empty object fits");
    builder.finish()
}

fn judge(detectors: Vec<Scripted>, inputs: Vec<Input>) -> Run {
    judge_waiving(detectors, inputs, Waivers::default())
}

fn judge_waiving(detectors: Vec<Scripted>, inputs: Vec<Input>, waivers: Waivers) -> Run {
    let detectors = detectors.into_iter().map(|detector| Arc::new(detector) as Arc<dyn AnyDetector>).collect();
    let judging = Judging {
        target: Target {
            context: "prod-eu1".into(),
            server: "https://prod-eu1.example:6443".into(),
            cluster_id: "0b1c6f9e-7a52-4c07-9b0e-2f4f6f1f3a11".into(),
            version: Some("v1.32.4".into()),
            namespaces: Vec::new(),
        },
        now: at("2026-01-02T03:04:05Z"),
        threads: 2,
        not_run: Vec::new(),
        notes: Vec::new(),
    };
    Plan::new::<NoOwners>(detectors).waiving(waivers).judge(&inputs.into_iter().collect::<Inputs>(), judging)
}

/// The report of one detector.
pub(crate) fn report<'r>(run: &'r mut Run, id: &str) -> &'r mut Report {
    run.reports.iter_mut().find(|report| report.id == id).expect("a detector of this test")
}

/// Everything was read; findings of every level, one that another explains, and one with many objects.
pub(crate) fn complete() -> Run {
    let inputs = vec![
        read("kubernetes/core/v1/nodes", 214),
        read("kubernetes/core/v1/pods", 16_021),
        read("kubernetes/core/v1/services", 412),
        read("kubernetes/discovery.k8s.io/v1/endpointslices", 431),
        read("kubernetes/networking.k8s.io/v1/ingresses", 0),
    ];
    let mut run = judge(detectors(), inputs);
    for report in &mut run.reports {
        report.counts.evaluated = 412;
    }
    let limits = &mut report(&mut run, "pod_without_limits").findings[0];
    limits.count = 12;
    limits.samples = (0..5).map(|number| object("Pod", "shop", &format!("web-5f4d-{number}"))).collect();
    run.not_run = vec![NotRun { id: "tls_secret_expired".into(), reason: NotRunReason::NeedsAddon(Addon::Secrets) }];
    run
}

fn unknown(report: &mut Report, class: ReasonClass, text: &str, inputs: Vec<InputKey>) {
    report.level = Level::Unknown;
    report.findings.clear();
    report.counts = detek_core::Counts::default();
    report.reason = Some(Reason { class, text: text.into(), inputs });
}

/// Half of it: inputs that were denied, stale and absent, a list that broke off, a detector that failed, one that was
/// skipped, and one whose findings were too many to keep.
pub(crate) fn gaps() -> Run {
    let mut run = complete();
    let nodes = InputKey::new("kubernetes/core/v1/nodes");
    let metrics = InputKey::new("kubernetes/metrics.k8s.io/v1beta1/pods");
    let policies = InputKey::new("kubernetes/policy/v1beta1/podsecuritypolicies");
    let ingresses = InputKey::new("kubernetes/networking.k8s.io/v1/ingresses");
    run.inputs[0] = lost("kubernetes/core/v1/nodes", CauseClass::Forbidden, "ops:ci may not list nodes");
    let cause = Cause::new(CauseClass::Expired, Stage::Paging, "the list expired while it was read");
    let volume = run.inputs[4].volume().clone();
    run.inputs[4] = Input::partial(ingresses.clone(), Scope::Cluster, one_document(), cause, volume);
    let unavailable = "metrics.k8s.io is unavailable";
    run.inputs.push(lost("kubernetes/metrics.k8s.io/v1beta1/pods", CauseClass::Discovery, unavailable));
    run.inputs.push(lost(
        "kubernetes/policy/v1beta1/podsecuritypolicies",
        CauseClass::NotServed,
        "policy/v1beta1 is not served",
    ));
    let (gap, detector) = (ReasonClass::Gap, ReasonClass::Detector);
    unknown(report(&mut run, "node_taint_forgotten"), gap, "nodes denied: ops:ci may not list nodes", vec![nodes]);
    unknown(report(&mut run, "failed_pod"), gap, "pods error: metrics.k8s.io is unavailable", vec![metrics]);
    unknown(report(&mut run, "pod_image_mutable_tag"), detector, "panicked", Vec::new());
    let narrowed = "it must see the whole cluster, and the scan was narrowed to some namespaces";
    unknown(report(&mut run, "version_end_of_life"), ReasonClass::Skipped, narrowed, Vec::new());
    let not_served = "podsecuritypolicies absent: policy/v1beta1 is not served";
    let psp = report(&mut run, "api_lifecycle - policy/v1beta1");
    unknown(psp, ReasonClass::NotApplicable, not_served, vec![policies]);
    let backend = report(&mut run, "ingress_backend_missing");
    let text = "ingresses partial: the list expired while it was read".into();
    backend.reason = Some(Reason { class: gap, text, inputs: vec![ingresses] });
    let limits = report(&mut run, "pod_without_limits");
    (limits.counts.findings, limits.counts.truncated) = (12_345, true);
    run.target.namespaces = vec!["payments".into(), "shop".into()];
    run.notes = vec![detek_core::Note { text: "the clocks of scanner and server differ by 41 s".into() }];
    run
}

/// Everything was read and nothing was found.
pub(crate) fn silent() -> Run {
    let mut detectors = detectors();
    for detector in &mut detectors {
        detector.script = nothing;
    }
    judge(detectors, vec![read("kubernetes/core/v1/pods", 3)])
}

fn waiver(name: &str, detector: &str, expires: &str) -> Waiver {
    Waiver {
        name: name.into(),
        place: format!("waivers.yaml: {name}"),
        detectors: vec![detector.into()],
        clusters: vec!["prod-*".into()],
        namespaces: Vec::new(),
        kinds: Vec::new(),
        names: Vec::new(),
        condition: None,
        reason: "vendor ships 2.0 <soon>".into(),
        owner: "team-batch".into(),
        expires: expires.parse().expect("a day"),
        ticket: Some("https://tracker.example/ABC-1".into()),
    }
}

/// As [`complete`], with waivers in every state.
pub(crate) fn waived() -> Run {
    let one = |waiver: Waiver| Arc::new(waiver);
    let waivers = Waivers {
        all: vec![
            one(waiver("all_of_failed_pod", "failed_pod", "2026-06-30")),
            one(Waiver {
                names: vec!["ca*".into()],
                ..waiver("one_of_two", "pod_without_limits.limits", "2026-01-05")
            }),
            one(Waiver {
                namespaces: vec!["payments".into()],
                ..waiver("broad", "service_no_available_target", "2026-06-30")
            }),
            one(waiver("ended", "node_taint_forgotten", "2026-01-01")),
            one(waiver("nothing_left", "pod_image_mutable_tag", "2026-06-30")),
            one(waiver("misspelt", "failed_pd", "2026-06-30")),
            one(waiver("too_long", "failed_pod", "2028-01-01")),
            one(Waiver { clusters: vec!["test".into()], ..waiver("elsewhere", "failed_pod", "2026-06-30") }),
        ],
        invalid: vec![("unfinished".into(), "waivers.yaml:9:1".into(), "\"owner\" is missing".into())],
        detectors: ["failed_pod", "node_taint_forgotten", "pod_image_mutable_tag", "pod_without_limits"]
            .into_iter()
            .chain(["service_no_available_target"])
            .map(str::to_owned)
            .collect(),
    };
    judge_waiving(detectors(), vec![read("kubernetes/core/v1/pods", 3)], waivers)
}

/// Nothing could be read, not even the version.
pub(crate) fn unread() -> Run {
    let mut run = silent();
    let pods = InputKey::new("kubernetes/core/v1/pods");
    run.inputs = vec![lost("kubernetes/core/v1/pods", CauseClass::Refused, "connection refused")];
    for report in &mut run.reports {
        unknown(report, ReasonClass::Gap, "pods error: connection refused", vec![pods.clone()]);
    }
    run.target = Target { context: "down".into(), server: "https://down.example".into(), ..Target::default() };
    run
}

/// No detector was chosen.
pub(crate) fn empty() -> Run {
    judge(Vec::new(), Vec::new())
}

/// `run` as its formats get it.
pub(crate) fn render(run: &Run) -> Render<'_> {
    Render {
        run,
        run_id: "5e4a1c0000000001",
        started: at("2026-01-02T03:04:03Z"),
        finished: at("2026-01-02T03:04:10.3Z"),
        exit_code: 0,
        exit_reasons: &[],
        fail_on: None,
        detek_version: "0.1.0",
    }
}
