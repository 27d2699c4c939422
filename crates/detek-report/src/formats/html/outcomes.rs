//! Detectors without findings, apart by what that means: nothing of this is mixed, and none of it is proof of health.

use super::{cluster::Anchors, detector::ROWS};
use crate::{waived, words::count};
use detek_core::{Finding, Level, NotRunReason, ReasonClass, Report, Run, Waiver, WaiverAudit, clip};
use std::borrow::Cow;

/// Detectors of one outcome.
pub(super) struct SectionView<'a> {
    pub(super) title: &'static str,
    pub(super) text: &'static str,
    /// Heading of the last column.
    pub(super) column: &'static str,
    pub(super) rows: Vec<OutcomeView<'a>>,
}

/// One of them, or a family.
pub(super) struct OutcomeView<'a> {
    pub(super) id: Cow<'a, str>,
    /// Of a family: `policy/v1beta1, batch/v1beta1`.
    pub(super) instances: String,
    pub(super) title: Cow<'a, str>,
    pub(super) text: String,
    pub(super) place: Place,
}

/// Where links to a detector lead.
pub(super) enum Place {
    Here(String),
    Findings(String),
    Nowhere,
}

/// The sections that are not empty, worst first.
pub(super) fn sections<'a>(run: &'a Run, anchors: &Anchors<'_>) -> Vec<SectionView<'a>> {
    let rows = |class| {
        let of_class = |report: &&Report| report.reason.as_ref().is_some_and(|reason| reason.class == class);
        fold(run.reports.iter().filter(of_class), anchors)
    };
    let mut skipped = rows(ReasonClass::Skipped);
    skipped.extend(run.not_run.iter().map(|not_run| OutcomeView {
        id: not_run.id.as_str().into(),
        instances: String::new(),
        title: "".into(),
        text: match &not_run.reason {
            NotRunReason::NeedsAddon(addon) => format!("needs the add-on {}", addon.name()),
            reason @ NotRunReason::Disabled(_) => reason.to_string(),
        },
        place: Place::Nowhere,
    }));
    let normal = fold(run.reports.iter().filter(|report| report.level == Level::Normal), anchors);
    let section = |title, text, column, rows| SectionView { title, text, column, rows };
    let all = [
        section(
            "Not evaluated",
            "An input that these detectors need is not complete. Nothing follows from their silence.",
            "Why",
            rows(ReasonClass::Gap),
        ),
        section(
            "Detector errors",
            "These detectors failed. The others are not affected.",
            "Why",
            rows(ReasonClass::Detector),
        ),
        section("Skipped", "These detectors were left out, or need an add-on that is not enabled.", "Why", skipped),
        section(
            "Not applicable",
            "What these detectors look at is proven not to exist in this cluster.",
            "Why",
            rows(ReasonClass::NotApplicable),
        ),
        section("Normal", "These detectors saw all that they need and found nothing.", "Looked at", normal),
    ];
    let all = all.into_iter().chain([
        section(
            "Waived",
            "Somebody accepts these findings: they count in no total.",
            "Until when, by whom, why",
            accepted(run),
        ),
        section("Waivers", "What became of each waiver in this run.", "What to know", waivers(run)),
    ]);
    all.filter(|section| !section.rows.is_empty()).collect()
}

/// A line for each finding that is waived, as far as a page holds them.
fn accepted(run: &Run) -> Vec<OutcomeView<'_>> {
    let row = |(id, finding, waiver): (&'_ str, &Finding, &Waiver)| {
        let object = clip(&finding.subject.to_string(), 300);
        (id.to_owned(), format!("{object}: {}", clip(&finding.message, 300)), waived::terms(waiver))
    };
    waived::findings(run).take(ROWS).map(row).map(view).collect()
}

fn waivers(run: &Run) -> Vec<OutcomeView<'_>> {
    let row = |audit: &WaiverAudit| {
        let state = format!("{}, {}", audit.state.name(), count(audit.matches, "finding"));
        (clip(&audit.name, 100), state, clip(&audit.text, 300))
    };
    run.waivers.iter().take(ROWS).map(row).map(view).collect()
}

fn view((id, title, text): (String, String, String)) -> OutcomeView<'static> {
    OutcomeView { id: id.into(), instances: String::new(), title: title.into(), text, place: Place::Nowhere }
}

/// A line for each detector. Reports of one family are neighbours and share one, but for those that have findings.
fn fold<'a>(reports: impl Iterator<Item = &'a Report>, anchors: &Anchors<'_>) -> Vec<OutcomeView<'a>> {
    let reports: Vec<&Report> = reports.collect();
    let family = |a: &&Report, b: &&Report| {
        a.detector.meta().id == b.detector.meta().id && a.open().is_empty() && b.open().is_empty()
    };
    reports.chunk_by(family).map(|reports| outcome(reports, anchors)).collect()
}

fn outcome<'a>(reports: &[&'a Report], anchors: &Anchors<'_>) -> OutcomeView<'a> {
    let (first, meta) = (reports[0], reports[0].detector.meta());
    let instances: Vec<&str> =
        reports.iter().filter_map(|report| report.id.strip_prefix(meta.id)?.strip_prefix(" - ")).collect();
    let mut reasons: Vec<String> =
        reports.iter().filter_map(|report| report.reason.as_ref()).map(|reason| clip(&reason.text, 300)).collect();
    reasons.dedup();
    let anchor = anchors.of(first);
    OutcomeView {
        id: meta.id.into(),
        instances: instances.join(", "),
        title: meta.title.into(),
        text: if reasons.is_empty() {
            count(reports.iter().map(|report| report.counts.evaluated).sum(), "object")
        } else {
            reasons.join("; ")
        },
        place: if first.open().is_empty() { Place::Here(anchor) } else { Place::Findings(anchor) },
    }
}
