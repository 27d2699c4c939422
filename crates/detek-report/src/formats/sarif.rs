//! `sarif`: a run for each cluster, a rule for each detector, a result for each finding. What was not evaluated is a
//! notification of the tool.

use super::json::write;
use crate::{
    Render, Style,
    text::{evidence, text},
};
use detek_core::{Finding, Level, ObjectRef, ReasonClass, Report, Waiver};
use serde::Serialize;
use serde_json::{Value, json};
use std::borrow::Cow;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: Vec<SarifRun<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifRun<'a> {
    tool: Value,
    automation_details: Value,
    invocations: [Value; 1],
    results: Vec<SarifResult<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult<'a> {
    rule_id: Cow<'a, str>,
    rule_index: usize,
    kind: &'static str,
    level: &'static str,
    message: Value,
    locations: [Value; 1],
    occurrence_count: u64,
    partial_fingerprints: Value,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Value>,
    properties: Value,
}

pub(crate) fn render(runs: &[Render<'_>], style: &Style<'_>, out: &mut Vec<u8>) {
    write(&Log { schema: SCHEMA, version: "2.1.0", runs: runs.iter().map(run).collect() }, style, out);
}

fn run<'a>(render: &Render<'a>) -> SarifRun<'a> {
    let run = render.run;
    let notifications: Vec<Value> =
        run.reports.iter().enumerate().filter_map(|(index, report)| notification(index, report)).collect();
    let results = run.reports.iter().enumerate();
    SarifRun {
        tool: json!({"driver": {
            "name": "detek",
            "version": render.detek_version,
            "rules": run.reports.iter().map(rule).collect::<Vec<_>>(),
        }}),
        automation_details: json!({"id": format!("detek/{}/{}", segment(&run.target.context), render.run_id)}),
        invocations: [json!({
            "executionSuccessful": !run.incomplete(),
            "exitCode": render.exit_code,
            "startTimeUtc": render.started.to_string(),
            "endTimeUtc": render.finished.to_string(),
            "toolExecutionNotifications": notifications,
        })],
        results: results
            .flat_map(|(index, report)| report.findings.iter().map(move |finding| result(index, report, finding)))
            .collect(),
    }
}

fn rule(report: &Report) -> Value {
    let meta = report.detector.meta();
    let mut rule = json!({
        "id": text(&report.id),
        "shortDescription": {"text": meta.title},
        "fullDescription": {"text": meta.explanation},
        "help": {"text": meta.remediation, "markdown": meta.remediation},
        "defaultConfiguration": {"level": severity(meta.level)},
        "properties": {"tags": [meta.category.name()]},
    });
    if let Some(page) = meta.references.first() {
        rule["helpUri"] = page.url.into();
    }
    rule
}

fn result<'a>(index: usize, report: &'a Report, finding: &'a Finding) -> SarifResult<'a> {
    let name = text(&finding.subject.to_string()).into_owned();
    // What another finding explains is told, and does not count again.
    let (kind, level) = match finding.cause {
        Some(_) => ("informational", "none"),
        None => ("fail", severity(finding.level)),
    };
    let mut properties = json!({"detect": finding.detect, "level": finding.level.name()});
    let list = |objects: &mut dyn Iterator<Item = &ObjectRef>| -> Value {
        objects.map(|object| text(&object.to_string()).into_owned()).collect()
    };
    for (name, value) in [
        ("path", finding.path.as_deref().map_or(Value::Null, |path| text(path).into())),
        ("evidence", Value::Object(evidence(&finding.evidence))),
        ("samples", list(&mut finding.samples.iter())),
        ("related", list(&mut finding.related.iter())),
        ("cause", finding.cause.map_or(Value::Null, |cause| cause.to_string().into())),
    ] {
        let empty = match &value {
            Value::Array(items) => items.is_empty(),
            Value::Object(fields) => fields.is_empty(),
            other => other.is_null(),
        };
        if !empty {
            properties[name] = value;
        }
    }
    SarifResult {
        rule_id: text(&report.id),
        rule_index: index,
        kind,
        level,
        message: json!({"text": unlinked(&finding.message)}),
        locations: [json!({
            "physicalLocation": {"artifactLocation": {"uri": uri(&finding.subject)}},
            "logicalLocations": [{"fullyQualifiedName": name, "kind": "resource"}],
        })],
        occurrence_count: finding.count.max(1),
        partial_fingerprints: json!({"detek/v1": finding.fingerprint.to_string()}),
        suppressions: finding.waiver.as_deref().map(suppression).into_iter().collect(),
        properties,
    }
}

fn suppression(waiver: &Waiver) -> Value {
    let mut properties = json!({"waiver": text(&waiver.name), "owner": text(&waiver.owner), "expires": waiver.expires});
    if let Some(ticket) = &waiver.ticket {
        properties["ticket"] = text(ticket).into();
    }
    json!({
        "kind": "external", "status": "accepted", "justification": unlinked(&waiver.reason), "properties": properties,
    })
}

/// Says that a detector was not evaluated, or not on everything.
fn notification(index: usize, report: &Report) -> Option<Value> {
    let why = report.reason.as_ref()?;
    let level = match why.class {
        ReasonClass::Gap | ReasonClass::Detector => "error",
        ReasonClass::Skipped | ReasonClass::NotApplicable => "note",
    };
    Some(json!({
        "level": level,
        "message": {"text": unlinked(&why.text)},
        "associatedRule": {"id": text(&report.id), "index": index},
        "properties": {"class": why.class.name(), "partial": report.partial()},
    }))
}

fn severity(level: Level) -> &'static str {
    match level {
        Level::Fatal | Level::Error => "error",
        Level::Warn => "warning",
        Level::Info => "note",
        Level::Normal | Level::Unknown => "none",
    }
}

/// A message in which nothing is a link: readers make one of `[text](target)`.
fn unlinked(message: &str) -> String {
    text(message).replace("](", "] (")
}

/// `Deployment/shop/web` as a relative reference: where the subject would be, were the cluster a tree of files.
fn uri(object: &ObjectRef) -> String {
    let parts = [&object.kind, &object.namespace, &object.name];
    parts.into_iter().filter(|part| !part.is_empty()).map(|part| segment(part)).collect::<Vec<_>>().join("/")
}

fn segment(part: &str) -> String {
    let part = text(part);
    if part.chars().all(|c| c == '.') {
        return "_".to_owned();
    }
    part.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{unlinked, uri};
    use detek_core::ObjectRef;

    #[test]
    fn an_object_is_a_relative_reference_that_leads_nowhere_else() {
        assert_eq!(uri(&ObjectRef::new("apps", "Deployment", "shop", "web")), "Deployment/shop/web");
        assert_eq!(uri(&ObjectRef::new("", "Pod", "..", "a/../b c")), "Pod/_/a%2F..%2Fb%20c");
        assert_eq!(uri(&ObjectRef::cluster()), "Cluster");
    }

    #[test]
    fn cluster_text_makes_no_link() {
        assert_eq!(unlinked("see [here](https://evil.example)"), "see [here] (https://evil.example)");
    }
}
