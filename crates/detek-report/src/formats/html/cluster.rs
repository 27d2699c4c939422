//! One cluster: what was scanned, how much was evaluated, what was found.

use super::{NAME, detector::DetectorView, number};
use crate::{Render, chart::Bar};
use detek_core::{
    Coverage, Fingerprint, Input, InputState, Level, NotRunReason, ReasonClass, Report, Run, Totals, clip,
};
use std::collections::BTreeMap;

/// The section of one run.
pub(super) struct ClusterView<'a> {
    pub(super) number: usize,
    pub(super) anchor: String,
    pub(super) context: String,
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) started: String,
    pub(super) started_utc: String,
    pub(super) totals: Vec<(Level, u64)>,
    pub(super) coverage: Coverage,
    pub(super) coverage_text: String,
    pub(super) bar: Bar,
    pub(super) gaps: Vec<GapView<'a>>,
    pub(super) notes: Vec<String>,
    pub(super) found: Vec<DetectorView<'a>>,
    pub(super) sections: Vec<SectionView<'a>>,
    pub(super) inputs: Vec<InputView<'a>>,
}

/// An input that is not complete.
pub(super) struct GapView<'a> {
    pub(super) name: &'a str,
    pub(super) state: InputState,
    pub(super) cause: &'a str,
    pub(super) fix: Option<String>,
    /// Anchors and ids.
    pub(super) detectors: Vec<(String, &'a str)>,
}

/// Detectors that found nothing, apart by what that means.
pub(super) struct SectionView<'a> {
    pub(super) title: &'static str,
    pub(super) text: &'static str,
    pub(super) column: &'static str,
    pub(super) rows: Vec<OutcomeView<'a>>,
}

/// One of them.
pub(super) struct OutcomeView<'a> {
    pub(super) id: &'a str,
    pub(super) title: &'a str,
    pub(super) text: String,
    /// Its own anchor, or that of its findings further up.
    pub(super) anchor: Place,
}

/// Where links to a detector lead.
pub(super) enum Place {
    Here(String),
    Findings(String),
    Nowhere,
}

/// An input, complete or not.
pub(super) struct InputView<'a> {
    pub(super) key: &'a str,
    pub(super) state: InputState,
    pub(super) items: u64,
    pub(super) pages: u32,
    pub(super) bytes: u64,
}

/// Names of places in the page. Those of the first cluster are the bare ids of its detectors.
pub(super) struct Anchors<'a> {
    number: usize,
    found_by: BTreeMap<Fingerprint, &'a str>,
}

impl<'a> ClusterView<'a> {
    pub(super) fn new(number: usize, render: &Render<'a>) -> Self {
        let run = render.run;
        let anchors = Anchors::new(number, run);
        let mut found: Vec<&Report> = run.reports.iter().filter(|report| !report.findings.is_empty()).collect();
        found.sort_by(|a, b| (b.level, &a.id).cmp(&(a.level, &b.id)));
        ClusterView {
            number,
            anchor: format!("cluster-{}", number + 1),
            context: clip(&run.target.context, NAME),
            facts: facts(render),
            started: render.started.to_string(),
            started_utc: render.started.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
            totals: totals(&run.totals()),
            coverage: run.coverage(),
            coverage_text: coverage_text(run),
            bar: bar(run),
            gaps: gaps(run, &anchors),
            notes: run.notes.iter().map(|note| clip(&note.text, 1000)).collect(),
            found: found.into_iter().map(|report| DetectorView::new(report, &anchors)).collect(),
            sections: sections(run, &anchors),
            inputs: run.inputs.iter().map(InputView::new).collect(),
        }
    }
}

impl<'a> Anchors<'a> {
    fn new(number: usize, run: &'a Run) -> Self {
        let findings = run.reports.iter().flat_map(|report| report.findings.iter().map(move |found| (report, found)));
        let found_by = findings.map(|(report, finding)| (finding.fingerprint, report.id.as_str())).collect();
        Anchors { number, found_by }
    }

    /// The place of a detector. Ids of families hold spaces, which an anchor may not.
    pub(super) fn of(&self, id: &str) -> String {
        let id = id.replace(char::is_whitespace, "-");
        if self.number == 0 { id } else { format!("{id}.{}", self.number + 1) }
    }

    /// The place and the id of the detector that has this finding.
    pub(super) fn of_finding(&self, fingerprint: Fingerprint) -> Option<(String, String)> {
        let id = self.found_by.get(&fingerprint)?;
        Some((self.of(id), (*id).to_owned()))
    }
}

fn facts(render: &Render<'_>) -> Vec<(&'static str, String)> {
    let target = &render.run.target;
    let seconds = render.finished.duration_since(render.started).as_millis() as f64 / 1000.0;
    let scope = match target.namespaces.as_slice() {
        [] => "whole cluster".to_owned(),
        some => format!("namespaces {}", some.iter().map(|name| clip(name, NAME)).collect::<Vec<_>>().join(", ")),
    };
    let exit = match render.exit_reasons {
        [] => render.exit_code.to_string(),
        some => format!("{}: {}", render.exit_code, some.join("; ")),
    };
    vec![
        ("Server", clip(&target.server, NAME)),
        ("Kubernetes", target.version.as_deref().map_or_else(|| "version unknown".to_owned(), |v| clip(v, NAME))),
        ("Scope", scope),
        ("Took", format!("{seconds:.1} s")),
        ("detek", render.detek_version.to_owned()),
        ("Exit code", exit),
    ]
}

fn totals(totals: &Totals) -> Vec<(Level, u64)> {
    vec![
        (Level::Fatal, totals.fatal),
        (Level::Error, totals.error),
        (Level::Warn, totals.warn),
        (Level::Info, totals.info),
        (Level::Unknown, totals.unknown),
    ]
}

fn of_class(run: &Run, class: ReasonClass) -> impl Iterator<Item = &Report> {
    run.reports.iter().filter(move |report| report.reason.as_ref().is_some_and(|reason| reason.class == class))
}

fn bar(run: &Run) -> Bar {
    let coverage = run.coverage();
    let failed = run.reports.iter().filter(|report| report.incomplete()).count();
    let skipped = of_class(run, ReasonClass::Skipped).count();
    Bar::new(
        format!("{} of {} detectors evaluated", coverage.evaluated, coverage.applicable),
        format!("{failed} not evaluated, {skipped} skipped"),
        &[("done", coverage.evaluated), ("missing", failed), ("skipped", skipped)],
    )
}

fn coverage_text(run: &Run) -> String {
    let failed = run.reports.iter().filter(|report| report.incomplete()).count();
    let skipped = of_class(run, ReasonClass::Skipped).count();
    match (failed, skipped) {
        (0, 0) => "Every detector that applies here saw all that it needs.".to_owned(),
        (0, skipped) => format!("{} skipped, as asked.", number(skipped)),
        (failed, 0) => format!("{} could not be: what they look for may be there.", number(failed)),
        (failed, skipped) => format!(
            "{} could not be, and {} were skipped, as asked: what they look for may be there.",
            number(failed),
            number(skipped)
        ),
    }
}

fn gaps<'a>(run: &'a Run, anchors: &Anchors<'_>) -> Vec<GapView<'a>> {
    let open = |input: &&Input| !matches!(input.state(), InputState::Complete | InputState::Absent);
    let gap = |input: &'a Input| GapView {
        name: input.key().as_str(),
        state: input.state(),
        cause: input.cause().map_or("", |cause| cause.text.as_str()),
        fix: None,
        detectors: run
            .reports
            .iter()
            .filter(|report| report.reason.as_ref().is_some_and(|reason| reason.inputs.contains(input.key())))
            .map(|report| (anchors.of(&report.id), report.id.as_str()))
            .collect(),
    };
    run.inputs.iter().filter(open).map(gap).collect()
}

fn sections<'a>(run: &'a Run, anchors: &Anchors<'_>) -> Vec<SectionView<'a>> {
    let outcomes = |class| of_class(run, class).map(|report| OutcomeView::new(report, anchors)).collect();
    let mut skipped: Vec<OutcomeView<'_>> = outcomes(ReasonClass::Skipped);
    skipped.extend(run.not_run.iter().map(|not_run| OutcomeView {
        id: &not_run.id,
        title: "",
        text: match not_run.reason {
            NotRunReason::NeedsAddon(addon) => format!("needs the add-on {}", addon.name()),
        },
        anchor: Place::Nowhere,
    }));
    let normal = run.reports.iter().filter(|report| report.level == Level::Normal);
    let section = |title, text, column, rows| SectionView { title, text, column, rows };
    let all = [
        section(
            "Not evaluated",
            "An input that these detectors need is not complete. Nothing follows from their silence.",
            "Why",
            outcomes(ReasonClass::Gap),
        ),
        section(
            "Detector errors",
            "These detectors failed. The others are not affected.",
            "Why",
            outcomes(ReasonClass::Detector),
        ),
        section("Skipped", "These detectors were left out, or need an add-on that is not enabled.", "Why", skipped),
        section(
            "Not applicable",
            "What these detectors look at is proven not to exist in this cluster.",
            "Why",
            outcomes(ReasonClass::NotApplicable),
        ),
        section(
            "Normal",
            "These detectors saw all that they need and found nothing.",
            "Objects looked at",
            normal.map(|report| OutcomeView::normal(report, anchors)).collect(),
        ),
    ];
    all.into_iter().filter(|section| !section.rows.is_empty()).collect()
}

impl<'a> OutcomeView<'a> {
    fn new(report: &'a Report, anchors: &Anchors<'_>) -> Self {
        let anchor = anchors.of(&report.id);
        OutcomeView {
            id: &report.id,
            title: report.detector.meta().title,
            text: report.reason.as_ref().map(|reason| clip(&reason.text, 1000)).unwrap_or_default(),
            anchor: if report.findings.is_empty() { Place::Here(anchor) } else { Place::Findings(anchor) },
        }
    }

    fn normal(report: &'a Report, anchors: &Anchors<'_>) -> Self {
        OutcomeView { text: number(report.counts.evaluated), ..OutcomeView::new(report, anchors) }
    }
}

impl<'a> InputView<'a> {
    fn new(input: &'a Input) -> Self {
        let volume = input.volume();
        InputView {
            key: input.key().as_str(),
            state: input.state(),
            items: volume.items,
            pages: volume.pages,
            bytes: volume.bytes,
        }
    }
}
