//! `json-v0`: the document of the original detek, frozen.
//!
//! Its eight detectors keep the fields of their `data`; the others write where and what. Info did not exist: such a report
//! is `Normal` with its findings attached. What the original could not say (objects beyond the samples, a list read in
//! part) is attached too.

use super::json::write;
use crate::{Render, Style, text::text};
use detek_core::{Finding, Input, InputState, Level, ObjectRef, Report, Run};
use serde::Serialize;
use serde_json::{Value, json};

#[derive(Serialize)]
struct Document {
    started_at: String,
    finished_at: String,
    reports: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    id: String,
    description: String,
    labels: Vec<&'static str>,
    created_at: String,
    level: &'static str,
    problem: Data,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachment: Vec<Data>,
}

#[derive(Serialize)]
struct Data {
    description: &'static str,
    data: Value,
}

/// What one element of `data` says of a finding and an object that shows it.
type Fields = fn(&Finding, &ObjectRef) -> Value;

/// How the original wrote one of its detectors.
struct Original {
    id: &'static str,
    labels: &'static [&'static str],
    problem: &'static str,
    fields: Fields,
    /// What was counted.
    evaluated: &'static str,
}

const PROBES: &str = "# of evaluated Endpoints";

static ORIGINALS: [Original; 8] = [
    Original {
        id: "api_lifecycle - policy/v1beta1",
        labels: &["kubernetes", "api"],
        problem: "PodSecurityPolicies using policy/v1beta1 API",
        fields: |_, object| json!({"Resource": format!("policy/v1beta1 {}", text(&object.kind)), "Name": text(&object.name)}),
        evaluated: "# of evaluated PodSecurityPolicies",
    },
    Original {
        id: "failed_pod",
        labels: &["kubernetes", "pod"],
        problem: "Failed pod list",
        fields: |finding, object| json!({"Namespace": text(&object.namespace), "Name": text(&object.name), "Reason": reason(finding, object)}),
        evaluated: "# of Pods",
    },
    Original {
        id: "pod_without_limits",
        labels: &["kubernetes", "pod"],
        problem: "list of Pods with no limits",
        fields: |finding, object| {
            json!({
                "Namespace": text(&object.namespace), "Name": text(&object.name), "Container": word(finding, "container"),
                "CPULimit": flag(finding, "cpu_limit"), "MemLimit": flag(finding, "memory_limit"),
            })
        },
        evaluated: "# of evaluated Pods",
    },
    Original {
        id: "pod_without_liveness_probe",
        labels: &["kubernetes", "pod", "probe"],
        problem: "Pods without LivenessProbe",
        fields: probe,
        evaluated: "# of evaluated Pod",
    },
    Original {
        id: "pod_without_readiness_probe",
        labels: &["kubernetes", "pod", "probe"],
        problem: "Pods without ReadinessProbe",
        fields: probe,
        evaluated: "# of evaluated Pod",
    },
    Original {
        id: "pod_without_requests",
        labels: &["kubernetes", "pod"],
        problem: "list of Pods with no requests",
        fields: |finding, object| {
            json!({
                "Namespace": text(&object.namespace), "Name": text(&object.name), "Container": word(finding, "container"),
                "CPURequests": flag(finding, "cpu_requests"), "MemRequests": flag(finding, "memory_requests"),
            })
        },
        evaluated: "# of evaluated Pods",
    },
    Original {
        id: "service_no_available_target",
        labels: &["kubernetes", "service"],
        problem: "Unavailable Service List",
        fields: endpoints,
        evaluated: "# of evaluated Endpoints",
    },
    Original {
        id: "service_partially_available",
        labels: &["kubernetes", "service"],
        problem: "Unavailable Service List",
        fields: endpoints,
        evaluated: "# of evaluated Endpoints",
    },
];

/// How the detectors are written that the original did not have.
static OTHER: Original = Original {
    id: "",
    labels: &["kubernetes"],
    problem: "findings",
    fields: |finding, object| {
        json!({
            "Namespace": text(&object.namespace), "Name": text(&object.name), "Kind": text(&object.kind),
            "Message": text(&finding.message),
        })
    },
    evaluated: "# of evaluated objects",
};

/// Writes the first run: the original knew one cluster.
pub(crate) fn render(runs: &[Render<'_>], style: &Style<'_>, out: &mut Vec<u8>) {
    let Some(render) = runs.first() else { return };
    let created_at = render.finished.to_string();
    let mut reports = Vec::new();
    reports.extend(collectors(render.run, &created_at));
    reports.extend(render.run.reports.iter().map(|report| entry(report, render.run, &created_at)));
    write(&Document { started_at: render.started.to_string(), finished_at: created_at, reports }, style, out);
}

/// The first entry, if an input is not complete.
fn collectors(run: &Run, created_at: &str) -> Option<Entry> {
    let fault = |input: &Input| {
        let why = input.cause().map_or_else(String::new, |cause| format!("{}: {}", cause.class, text(&cause.text)));
        json!({"collector_id": text(input.key().as_str()), "fail_reason": why})
    };
    let incomplete = run.inputs.iter().filter(|input| input.state() != InputState::Complete);
    let data: Vec<Value> = incomplete.map(fault).collect();
    (!data.is_empty()).then(|| Entry {
        id: "collector_reports".into(),
        description: "failed Collectors will represented in here".into(),
        labels: vec!["detek", "collector", "data"],
        created_at: created_at.into(),
        level: Level::Unknown.name(),
        problem: Data { description: "list of failed collectors", data: data.into() },
        attachment: Vec::new(),
    })
}

fn entry(report: &Report, run: &Run, created_at: &str) -> Entry {
    let original = ORIGINALS.iter().find(|original| original.id == report.id).unwrap_or(&OTHER);
    let elements: Vec<Value> = report.open().iter().flat_map(|finding| elements(finding, original.fields)).collect();
    let mut attachment = counted(report, original, run);
    let (level, problem) = match report.level {
        Level::Unknown => {
            let why = report.reason.as_ref().map_or_else(String::new, |why| text(&why.text).into_owned());
            attachment.clear();
            (Level::Unknown, Data { description: "reason", data: why.into() })
        }
        Level::Info => {
            attachment.push(Data { description: "findings of level Info", data: elements.into() });
            (Level::Normal, Data { description: original.problem, data: json!([]) })
        }
        level => (level, Data { description: original.problem, data: elements.into() }),
    };
    Entry {
        id: text(&report.id).into_owned(),
        description: report.detector.meta().title.into(),
        labels: original.labels.to_vec(),
        created_at: created_at.into(),
        level: level.name(),
        problem,
        attachment,
    }
}

/// An element for each object that shows the finding.
fn elements(finding: &Finding, fields: Fields) -> Vec<Value> {
    if finding.samples.is_empty() {
        return vec![fields(finding, &finding.subject)];
    }
    finding.samples.iter().map(|sample| fields(finding, sample)).collect()
}

fn counted(report: &Report, original: &Original, run: &Run) -> Vec<Data> {
    let mut attachment = vec![Data { description: original.evaluated, data: report.counts.evaluated.into() }];
    if original.labels.contains(&"probe") {
        let slices = run.inputs.iter().find(|input| input.key().name() == "endpointslices");
        attachment.push(Data { description: PROBES, data: slices.map_or(0, |input| input.volume().items).into() });
    }
    let unlisted = |finding: &Finding| finding.count.saturating_sub(finding.samples.len().max(1) as u64);
    let rest: u64 = report.open().iter().map(unlisted).sum::<u64>()
        + report.counts.findings.saturating_sub(report.findings.len() as u64);
    if rest > 0 {
        attachment.push(Data { description: "# of objects that are not listed", data: rest.into() });
    }
    if report.counts.waived > 0 {
        attachment.push(Data { description: "# of findings that are waived", data: report.counts.waived.into() });
    }
    if let Some(why) = report.reason.as_ref().filter(|_| report.partial()) {
        attachment.push(Data { description: "not everything was read", data: text(&why.text).into() });
    }
    attachment
}

fn probe(finding: &Finding, object: &ObjectRef) -> Value {
    let owner =
        if finding.samples.is_empty() { "" } else { &*format!("{}/{}", finding.subject.kind, finding.subject.name) };
    json!({
        "Namespace": text(&object.namespace), "Name": text(&object.name), "Container": word(finding, "container"),
        "Owner": text(owner), "ReferencedBy": word(finding, "services"),
    })
}

fn endpoints(finding: &Finding, object: &ObjectRef) -> Value {
    json!({
        "Name": text(&object.name), "Namespace": text(&object.namespace),
        "NotReadyEndpoints": list(finding, "not_ready"),
    })
}

/// The reason is that of the first object by name; the others were only counted with it.
fn reason(finding: &Finding, object: &ObjectRef) -> String {
    match finding.samples.first() {
        Some(first) if first != object => format!("detek: not kept, see {}", text(&first.to_string())),
        _ => word(finding, "reason"),
    }
}

fn word(finding: &Finding, name: &str) -> String {
    finding.evidence.get(name).and_then(Value::as_str).map_or_else(String::new, |value| text(value).into_owned())
}

fn flag(finding: &Finding, name: &str) -> bool {
    finding.evidence.get(name).and_then(Value::as_bool).unwrap_or(false)
}

/// Evidence that is a list, or text with commas between.
fn list(finding: &Finding, name: &str) -> Vec<String> {
    let clean = |value: &str| text(value.trim()).into_owned();
    match finding.evidence.get(name) {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(clean).collect(),
        Some(Value::String(items)) if !items.is_empty() => items.split(',').map(clean).collect(),
        _ => Vec::new(),
    }
}
