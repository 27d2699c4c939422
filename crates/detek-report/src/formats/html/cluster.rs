//! One cluster: what was scanned, how much was evaluated, what was found.

use super::{
    NAME,
    coverage::{self, GapView},
    detector::DetectorView,
    outcomes::{self, SectionView},
};
use crate::{Render, chart::Bar, outline, text::text, waived, words::thousands};
use detek_core::{Coverage, Fingerprint, Input, InputState, Level, Report, Run, clip};
use std::{borrow::Cow, collections::BTreeMap};

/// The section of one run.
pub(super) struct ClusterView<'a> {
    pub(super) number: usize,
    pub(super) anchor: String,
    pub(super) context: String,
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) started: String,
    pub(super) started_utc: String,
    pub(super) totals: [(Level, u64); 5],
    pub(super) waived: Option<String>,
    pub(super) coverage: Coverage,
    pub(super) coverage_text: String,
    pub(super) nothing_found: String,
    pub(super) bar: Bar,
    pub(super) gaps: Vec<GapView<'a>>,
    pub(super) notes: Vec<String>,
    pub(super) found: Vec<DetectorView<'a>>,
    pub(super) sections: Vec<SectionView<'a>>,
    pub(super) inputs: Vec<InputView<'a>>,
}

/// An input, complete or not.
pub(super) struct InputView<'a> {
    pub(super) key: Cow<'a, str>,
    pub(super) state: InputState,
    pub(super) items: String,
    pub(super) pages: String,
    pub(super) bytes: String,
}

/// Names of places in the page. Those of the first cluster are the bare ids of its detectors.
pub(super) struct Anchors<'a> {
    number: usize,
    found_by: BTreeMap<Fingerprint, &'a Report>,
}

impl<'a> ClusterView<'a> {
    pub(super) fn new(number: usize, render: &Render<'a>, program: &str) -> Self {
        let run = render.run;
        let anchors = Anchors::new(number, run);
        let mut found: Vec<&Report> = run.reports.iter().filter(|report| !report.open().is_empty()).collect();
        found.sort_by(|a, b| (b.level, &a.id).cmp(&(a.level, &b.id)));
        ClusterView {
            number,
            anchor: format!("cluster-{}", number + 1),
            context: clip(&run.target.context, NAME),
            facts: facts(render),
            started: render.started.to_string(),
            started_utc: render.started.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
            totals: outline::totals(run),
            waived: waived::number(run),
            coverage: run.coverage(),
            coverage_text: coverage::text(run),
            nothing_found: outline::nothing_found(run),
            bar: coverage::bar(run),
            gaps: coverage::views(run, &anchors, program),
            notes: run.notes.iter().map(|note| clip(&note.text, 1000)).collect(),
            found: found.into_iter().map(|report| DetectorView::new(report, &anchors)).collect(),
            sections: outcomes::sections(run, &anchors),
            inputs: run.inputs.iter().map(InputView::new).collect(),
        }
    }
}

impl<'a> Anchors<'a> {
    fn new(number: usize, run: &'a Run) -> Self {
        let findings = run.reports.iter().flat_map(|report| report.findings.iter().map(move |found| (report, found)));
        let found_by = findings.map(|(report, finding)| (finding.fingerprint, report)).collect();
        Anchors { number, found_by }
    }

    /// The place of a report: its findings, or the line that it shares with other reports of its family.
    pub(super) fn of(&self, report: &Report) -> String {
        let family = report.detector.meta().id;
        let id = match &report.reason {
            Some(reason) if report.open().is_empty() && report.id != family => {
                format!("{family}.{}", reason.class.name())
            }
            // Ids of families hold spaces, which an anchor may not.
            _ => report.id.replace(char::is_whitespace, "-"),
        };
        if self.number == 0 { id } else { format!("{id}.{}", self.number + 1) }
    }

    /// The place and the id of the report that has this finding.
    pub(super) fn of_finding(&self, fingerprint: Fingerprint) -> Option<(String, &'a str)> {
        let report = *self.found_by.get(&fingerprint)?;
        Some((self.of(report), &report.id))
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

impl<'a> InputView<'a> {
    fn new(input: &'a Input) -> Self {
        let volume = input.volume();
        InputView {
            key: text(input.key().as_str()),
            state: input.state(),
            items: thousands(volume.items),
            pages: thousands(volume.pages.into()),
            bytes: thousands(volume.bytes),
        }
    }
}
