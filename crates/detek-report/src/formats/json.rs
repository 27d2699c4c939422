//! `json`: the whole run. Wire types of its own; what is empty is left out.

use crate::Render;
use detek_core::{Cause, Finding, Input, ObjectRef, Report, Scope};
use serde::Serialize;
use serde_json::{Map, Value};

/// Additive changes only within a version.
const SCHEMA_VERSION: u32 = 1;

pub(crate) fn render(runs: &[Render<'_>], out: &mut Vec<u8>) {
    let written = match runs {
        [one] => serde_json::to_writer_pretty(&mut *out, &Document::new(one)),
        many => {
            let runs = many.iter().map(Document::new).collect();
            serde_json::to_writer_pretty(&mut *out, &Several { schema_version: SCHEMA_VERSION, runs })
        }
    };
    written.expect("these types have string keys and the sink is memory");
    out.push(b'\n');
}

#[derive(Serialize)]
struct Several<'a> {
    schema_version: u32,
    runs: Vec<Document<'a>>,
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    run: RunPart<'a>,
    target: TargetPart<'a>,
    coverage: CoveragePart,
    inputs: Vec<InputPart<'a>>,
    reports: Vec<ReportPart<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_run: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<&'a str>,
}

#[derive(Serialize)]
struct RunPart<'a> {
    id: &'a str,
    started: String,
    finished: String,
    now: String,
    exit: ExitPart<'a>,
    detek: &'a str,
}

#[derive(Serialize)]
struct ExitPart<'a> {
    code: u8,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    reasons: &'a [String],
}

#[derive(Serialize)]
struct TargetPart<'a> {
    context: &'a str,
    cluster: &'a str,
    cluster_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    scope: ScopePart<'a>,
}

/// `"cluster"`, or the list of namespaces.
#[derive(Serialize)]
#[serde(untagged)]
enum ScopePart<'a> {
    Cluster(&'static str),
    Namespaces(&'a [String]),
}

impl<'a> ScopePart<'a> {
    fn of(namespaces: &'a [String]) -> Self {
        if namespaces.is_empty() { ScopePart::Cluster("cluster") } else { ScopePart::Namespaces(namespaces) }
    }
}

#[derive(Serialize)]
struct CoveragePart {
    evaluated: usize,
    applicable: usize,
}

#[derive(Serialize)]
struct InputPart<'a> {
    key: &'a str,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<CausePart<'a>>,
    scope: ScopePart<'a>,
    items: u64,
    skipped: u64,
    pages: u32,
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    started: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished: Option<String>,
}

#[derive(Serialize)]
struct CausePart<'a> {
    class: &'static str,
    stage: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    attempts: u8,
    text: &'a str,
}

#[derive(Serialize)]
struct ReportPart<'a> {
    detector: &'a str,
    title: &'a str,
    explanation: &'a str,
    remediation: &'a str,
    references: Vec<ReferencePart>,
    level: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<ReasonPart<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    partial: bool,
    counts: CountsPart,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<FindingPart<'a>>,
}

#[derive(Serialize)]
struct ReferencePart {
    title: &'static str,
    url: &'static str,
}

#[derive(Serialize)]
struct ReasonPart<'a> {
    class: &'static str,
    text: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inputs: Vec<&'a str>,
}

#[derive(Serialize)]
struct CountsPart {
    evaluated: u64,
    findings: u64,
    truncated: bool,
}

#[derive(Serialize)]
struct FindingPart<'a> {
    fingerprint: String,
    detect: &'a str,
    level: &'static str,
    subject: SubjectPart<'a>,
    count: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    samples: Vec<String>,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    evidence: &'a Map<String, Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
}

#[derive(Serialize)]
struct SubjectPart<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    group: &'a str,
    kind: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    namespace: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
}

impl<'a> Document<'a> {
    fn new(render: &Render<'a>) -> Self {
        let (run, coverage) = (render.run, render.run.coverage());
        Document {
            schema_version: SCHEMA_VERSION,
            run: RunPart {
                id: render.run_id,
                started: render.started.to_string(),
                finished: render.finished.to_string(),
                now: run.now.to_string(),
                exit: ExitPart { code: render.exit_code, reasons: render.exit_reasons },
                detek: render.detek_version,
            },
            target: TargetPart {
                context: &run.target.context,
                cluster: &run.target.server,
                cluster_id: &run.target.cluster_id,
                version: run.target.version.as_deref(),
                scope: ScopePart::of(&run.target.namespaces),
            },
            coverage: CoveragePart { evaluated: coverage.evaluated, applicable: coverage.applicable },
            inputs: run.inputs.iter().map(input).collect(),
            reports: run.reports.iter().map(report).collect(),
            not_run: run.not_run.iter().map(|not_run| not_run.id.as_str()).collect(),
            notes: run.notes.iter().map(|note| note.text.as_str()).collect(),
        }
    }
}

fn input(input: &Input) -> InputPart<'_> {
    let volume = input.volume();
    InputPart {
        key: input.key().as_str(),
        state: input.state().name(),
        cause: input.cause().map(cause),
        scope: ScopePart::of(match input.scope() {
            Scope::Cluster => &[],
            Scope::Namespaces(names) => names,
        }),
        items: volume.items,
        skipped: volume.skipped,
        pages: volume.pages,
        bytes: volume.bytes,
        started: volume.started.map(|at| at.to_string()),
        finished: volume.finished.map(|at| at.to_string()),
    }
}

fn cause(cause: &Cause) -> CausePart<'_> {
    CausePart {
        class: cause.class.name(),
        stage: cause.stage.name(),
        status: cause.status,
        attempts: cause.attempts,
        text: &cause.text,
    }
}

fn report(report: &Report) -> ReportPart<'_> {
    let meta = report.detector.meta();
    ReportPart {
        detector: &report.id,
        title: meta.title,
        explanation: meta.explanation,
        remediation: meta.remediation,
        references: meta.references.iter().map(|page| ReferencePart { title: page.title, url: page.url }).collect(),
        level: report.level.name(),
        reason: report.reason.as_ref().map(|why| ReasonPart {
            class: why.class.name(),
            text: &why.text,
            inputs: why.inputs.iter().map(detek_core::InputKey::as_str).collect(),
        }),
        partial: report.partial,
        counts: CountsPart {
            evaluated: report.counts.evaluated,
            findings: report.counts.findings,
            truncated: report.counts.truncated,
        },
        findings: report.findings.iter().map(finding).collect(),
    }
}

fn finding(finding: &Finding) -> FindingPart<'_> {
    FindingPart {
        fingerprint: finding.fingerprint.to_string(),
        detect: finding.detect,
        level: finding.level.name(),
        subject: subject(&finding.subject),
        count: finding.count,
        samples: finding.samples.iter().map(ToString::to_string).collect(),
        message: &finding.message,
        path: finding.path.as_deref(),
        evidence: &finding.evidence,
        related: finding.related.iter().map(ToString::to_string).collect(),
        cause: finding.cause.map(|cause| cause.to_string()),
    }
}

fn subject(object: &ObjectRef) -> SubjectPart<'_> {
    SubjectPart { group: &object.group, kind: &object.kind, namespace: &object.namespace, name: &object.name }
}
