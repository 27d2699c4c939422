//! How much was evaluated, and what stood in the way.

use super::cluster::Anchors;
use crate::{
    chart::Bar,
    gaps::{Gap, gaps},
    words::thousands,
};
use detek_core::Run;
use std::collections::BTreeSet;

/// A gap, with links to what it touches.
pub(super) struct GapView<'a> {
    pub(super) gap: Gap<'a>,
    /// Anchors and ids.
    pub(super) detectors: BTreeSet<(String, &'a str)>,
}

/// Detectors that could not be evaluated, and those that were skipped; a family is one, as in the coverage.
fn missing(run: &Run) -> (usize, usize) {
    let coverage = run.coverage();
    let incomplete = run.reports.iter().filter(|report| report.incomplete());
    let failed = incomplete.map(|report| report.detector.meta().id).collect::<BTreeSet<_>>().len();
    (failed, coverage.applicable - coverage.evaluated - failed)
}

/// The same as a drawing.
pub(super) fn bar(run: &Run) -> Bar {
    let (coverage, (failed, skipped)) = (run.coverage(), missing(run));
    Bar::new(
        format!("{} of {} detectors evaluated", coverage.evaluated, coverage.applicable),
        format!("{failed} not evaluated, {skipped} skipped"),
        &[("done", coverage.evaluated), ("missing", failed), ("skipped", skipped)],
    )
}

/// What follows `5 of 10 detectors evaluated.`
pub(super) fn text(run: &Run) -> String {
    let (failed, skipped) = missing(run);
    let (failed_text, skipped_text) = (thousands(failed as u64), thousands(skipped as u64));
    match (failed, skipped) {
        (0, 0) => "Every detector that applies here saw all that it needs.".to_owned(),
        (0, _) => format!("{skipped_text} skipped, as asked."),
        (_, 0) => format!("{failed_text} could not be: what they look for may be there."),
        _ => format!("{failed_text} could not be, {skipped_text} skipped as asked: what they look for may be there."),
    }
}

/// What was not evaluated, by cause. Commands begin with `program`.
pub(super) fn views<'a>(run: &'a Run, anchors: &Anchors<'_>, program: &str) -> Vec<GapView<'a>> {
    let view = |gap: Gap<'a>| {
        let touched = run.reports.iter().filter(|report| gap.detectors.contains(&report.id.as_str()));
        let detectors = touched.map(|report| (anchors.of(report), report.detector.meta().id)).collect();
        GapView { gap, detectors }
    };
    gaps(run, program).into_iter().map(view).collect()
}
