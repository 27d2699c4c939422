//! One detector that found something.

use super::{
    NAME,
    cluster::Anchors,
    prose::{Span, spans},
};
use crate::words::{count as counted, thousands};
use detek_core::{Finding, Level, ObjectRef, Reference, Report, clip};
use std::collections::BTreeSet;

/// Objects of a detector in the markup; the script shows the rest from the embedded data.
pub(super) const ROWS: usize = 200;
/// Subjects named beside the title.
const NAMED: usize = 3;

/// What the page says about one detector.
pub(super) struct DetectorView<'a> {
    pub(super) anchor: String,
    pub(super) id: &'a str,
    pub(super) level: Level,
    pub(super) title: &'a str,
    pub(super) explanation: Vec<Span<'a>>,
    pub(super) remediation: Vec<Span<'a>>,
    pub(super) references: Vec<&'a Reference>,
    pub(super) partial: bool,
    pub(super) reason: Option<String>,
    pub(super) count: String,
    pub(super) preview: String,
    pub(super) rows: Vec<RowView<'a>>,
    pub(super) rest: Option<String>,
    pub(super) cut: Option<String>,
}

/// One finding.
pub(super) struct RowView<'a> {
    pub(super) namespace: String,
    pub(super) kind: String,
    pub(super) name: String,
    /// If it is not that of the report.
    pub(super) level: Option<Level>,
    pub(super) message: String,
    pub(super) samples: String,
    /// Anchor and id of the detector whose finding explains it.
    pub(super) cause: Option<(String, &'a str)>,
    pub(super) count: String,
}

impl<'a> DetectorView<'a> {
    pub(super) fn new(report: &'a Report, anchors: &Anchors<'a>) -> Self {
        let meta = report.detector.meta();
        DetectorView {
            anchor: anchors.of(report),
            id: &report.id,
            level: report.level,
            title: meta.title,
            explanation: spans(meta.explanation),
            remediation: spans(meta.remediation),
            references: meta.references.iter().filter(|page| page.url.starts_with("https://")).collect(),
            partial: report.partial(),
            reason: report.reason.as_ref().map(|reason| clip(&reason.text, 1000)),
            count: count(report),
            preview: preview(report),
            rows: report.open().iter().take(ROWS).map(|finding| row(finding, report.level, anchors)).collect(),
            rest: rest(report),
            cut: cut(report),
        }
    }
}

/// Findings that another explains are not counted again.
fn count(report: &Report) -> String {
    let explained = report.open().iter().filter(|finding| finding.cause.is_some()).count() as u64;
    let own = report.counts.findings - report.counts.waived - explained;
    let text = counted(own, "finding");
    let more =
        |number: u64, what: &str| if number == 0 { String::new() } else { format!(", {} {what}", thousands(number)) };
    format!("{text}{}{}", more(explained, "that follow from others"), more(report.counts.waived, "waived"))
}

fn preview(report: &Report) -> String {
    let subjects: BTreeSet<&ObjectRef> = report.open().iter().map(|finding| &finding.subject).collect();
    let names: Vec<String> = subjects.iter().take(NAMED).map(|subject| clip(&subject.short(), 80)).collect();
    match subjects.len().saturating_sub(NAMED) {
        0 => names.join(", "),
        more => format!("{}, +{}", names.join(", "), thousands(more as u64)),
    }
}

fn row<'a>(finding: &Finding, level: Level, anchors: &Anchors<'a>) -> RowView<'a> {
    let names: Vec<String> = finding.samples.iter().map(|sample| clip(&sample.name, 80)).collect();
    let more = if finding.count > names.len() as u64 { ", ..." } else { "" };
    RowView {
        namespace: clip(&finding.subject.namespace, NAME),
        kind: clip(&finding.subject.kind, NAME),
        name: clip(&finding.subject.name, NAME),
        level: (finding.level != level).then_some(finding.level),
        message: clip(&finding.message, 300),
        samples: if names.is_empty() { String::new() } else { format!("{}{more}", names.join(", ")) },
        cause: finding.cause.and_then(|cause| anchors.of_finding(cause)),
        count: thousands(finding.count),
    }
}

/// What the markup does not hold and the embedded data does.
fn rest(report: &Report) -> Option<String> {
    let kept = report.open().len();
    (kept > ROWS).then(|| {
        format!("The first {ROWS} of {} findings. The rest needs the script of this page.", thousands(kept as u64))
    })
}

/// What the run itself did not keep.
fn cut(report: &Report) -> Option<String> {
    let (kept, all) = (thousands(report.findings.len() as u64), thousands(report.counts.findings));
    report.counts.truncated.then(|| format!("Of {all} findings, {kept} were kept."))
}
