//! A run as the types of the `json` schema: what `json`, `jsonl` and the report's embedded data are written from.
//!
//! Core types are not serialised; these are. What is empty is left out. Text of a cluster passes [`text`] on its way in,
//! so that no string moves the terminal that shows a document, or makes it grow without end.

use crate::{
    Render,
    text::{evidence, text},
};
use detek_core::{Cause, Finding, Input, NotRun, NotRunReason, ObjectRef, Report, Scope, Waiver, WaiverAudit};
use serde::Serialize;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Additive changes only within a version.
const SCHEMA_VERSION: u32 = 1;

/// What `-o json` writes: one run is its document, several are a list of them.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Json<'a> {
    One(Box<Document<'a>>),
    Several { schema_version: u32, runs: Vec<Document<'a>> },
}

impl<'a> Json<'a> {
    pub(crate) fn new(runs: &[Render<'a>]) -> Self {
        match runs {
            [one] => Json::One(Box::new(Document::new(one))),
            many => Json::Several { schema_version: SCHEMA_VERSION, runs: many.iter().map(Document::new).collect() },
        }
    }
}

#[derive(Serialize)]
pub(crate) struct Document<'a> {
    schema_version: u32,
    run: RunPart<'a>,
    target: TargetPart<'a>,
    coverage: CoveragePart,
    inputs: Vec<InputPart<'a>>,
    reports: Vec<ReportPart<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_run: Vec<NotRunPart<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<Cow<'a, str>>,
    #[serde(skip_serializing_if = "is_zero")]
    left_out: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    waivers: Vec<AuditPart<'a>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
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
    context: Cow<'a, str>,
    cluster: Cow<'a, str>,
    cluster_id: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<Cow<'a, str>>,
    scope: ScopePart<'a>,
}

/// `"cluster"`, or the list of namespaces.
#[derive(Serialize)]
#[serde(untagged)]
enum ScopePart<'a> {
    Cluster(&'static str),
    Namespaces(Vec<Cow<'a, str>>),
}

impl<'a> ScopePart<'a> {
    fn of(namespaces: &'a [String]) -> Self {
        match namespaces {
            [] => ScopePart::Cluster("cluster"),
            some => ScopePart::Namespaces(some.iter().map(|name| text(name)).collect()),
        }
    }
}

#[derive(Serialize)]
struct CoveragePart {
    evaluated: usize,
    applicable: usize,
}

#[derive(Serialize)]
struct InputPart<'a> {
    key: Cow<'a, str>,
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
    text: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<Cow<'a, str>>,
}

#[derive(Serialize)]
struct ReportPart<'a> {
    detector: Cow<'a, str>,
    title: &'a str,
    explanation: &'a str,
    remediation: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
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
    text: Cow<'a, str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inputs: Vec<Cow<'a, str>>,
}

#[derive(Serialize)]
struct CountsPart {
    evaluated: u64,
    findings: u64,
    #[serde(skip_serializing_if = "is_zero")]
    waived: u64,
    truncated: bool,
}

/// A finding, without the detector that it is listed under.
#[derive(Serialize)]
pub(crate) struct FindingPart<'a> {
    fingerprint: String,
    detect: &'a str,
    level: &'static str,
    subject: SubjectPart<'a>,
    count: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    samples: Vec<String>,
    message: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    evidence: Map<String, Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waiver: Option<WaiverPart<'a>>,
}

#[derive(Serialize)]
struct WaiverPart<'a> {
    name: Cow<'a, str>,
    owner: Cow<'a, str>,
    reason: Cow<'a, str>,
    expires: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<Cow<'a, str>>,
}

#[derive(Serialize)]
struct AuditPart<'a> {
    name: Cow<'a, str>,
    place: Cow<'a, str>,
    state: &'static str,
    matches: u64,
    #[serde(skip_serializing_if = "str::is_empty")]
    text: Cow<'a, str>,
}

#[derive(Serialize)]
struct SubjectPart<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    group: Cow<'a, str>,
    kind: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    namespace: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    name: Cow<'a, str>,
}

#[derive(Serialize)]
struct NotRunPart<'a> {
    detector: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    needs_addon: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled: Option<Cow<'a, str>>,
}

impl<'a> Document<'a> {
    pub(crate) fn new(render: &Render<'a>) -> Self {
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
                context: text(&run.target.context),
                cluster: text(&run.target.server),
                cluster_id: text(&run.target.cluster_id),
                version: run.target.version.as_deref().map(text),
                scope: ScopePart::of(&run.target.namespaces),
            },
            coverage: CoveragePart { evaluated: coverage.evaluated, applicable: coverage.applicable },
            inputs: run.inputs.iter().map(input).collect(),
            reports: run.reports.iter().map(report).collect(),
            not_run: run.not_run.iter().map(not_run).collect(),
            notes: run.notes.iter().map(|note| text(&note.text)).collect(),
            left_out: run.left_out,
            waivers: run.waivers.iter().map(audit).collect(),
        }
    }
}

fn input(input: &Input) -> InputPart<'_> {
    let volume = input.volume();
    InputPart {
        key: text(input.key().as_str()),
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
        text: text(&cause.text),
        user: cause.user.as_deref().map(text),
    }
}

fn report(report: &Report) -> ReportPart<'_> {
    let meta = report.detector.meta();
    ReportPart {
        detector: text(&report.id),
        title: meta.title,
        explanation: meta.explanation,
        remediation: meta.remediation,
        references: meta.references.iter().map(|page| ReferencePart { title: page.title, url: page.url }).collect(),
        level: report.level.name(),
        reason: report.reason.as_ref().map(|why| ReasonPart {
            class: why.class.name(),
            text: text(&why.text),
            inputs: why.inputs.iter().map(|key| text(key.as_str())).collect(),
        }),
        partial: report.partial(),
        counts: CountsPart {
            evaluated: report.counts.evaluated,
            findings: report.counts.findings,
            waived: report.counts.waived,
            truncated: report.counts.truncated,
        },
        findings: report.findings.iter().map(finding).collect(),
    }
}

/// A finding as `json` and `jsonl` write it.
pub(crate) fn finding(finding: &Finding) -> FindingPart<'_> {
    FindingPart {
        fingerprint: finding.fingerprint.to_string(),
        detect: finding.detect,
        level: finding.level.name(),
        subject: subject(&finding.subject),
        count: finding.count,
        samples: objects(&finding.samples),
        message: text(&finding.message),
        path: finding.path.as_deref().map(text),
        evidence: evidence(&finding.evidence),
        related: objects(&finding.related),
        cause: finding.cause.map(|cause| cause.to_string()),
        waiver: finding.waiver.as_deref().map(waiver),
    }
}

fn waiver(waiver: &Waiver) -> WaiverPart<'_> {
    WaiverPart {
        name: text(&waiver.name),
        owner: text(&waiver.owner),
        reason: text(&waiver.reason),
        expires: waiver.expires.to_string(),
        ticket: waiver.ticket.as_deref().map(text),
    }
}

fn audit(audit: &WaiverAudit) -> AuditPart<'_> {
    AuditPart {
        name: text(&audit.name),
        place: text(&audit.place),
        state: audit.state.name(),
        matches: audit.matches,
        text: text(&audit.text),
    }
}

fn objects(objects: &[ObjectRef]) -> Vec<String> {
    objects.iter().map(|object| text(&object.to_string()).into_owned()).collect()
}

fn subject(object: &ObjectRef) -> SubjectPart<'_> {
    SubjectPart {
        group: text(&object.group),
        kind: text(&object.kind),
        namespace: text(&object.namespace),
        name: text(&object.name),
    }
}

fn not_run(not_run: &NotRun) -> NotRunPart<'_> {
    let (needs_addon, disabled) = match &not_run.reason {
        NotRunReason::NeedsAddon(addon) => (Some(addon.name()), None),
        NotRunReason::Disabled(why) => (None, Some(text(why))),
    };
    NotRunPart { detector: text(&not_run.id), needs_addon, disabled }
}
