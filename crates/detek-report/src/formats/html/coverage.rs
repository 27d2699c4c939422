//! How much was evaluated, and what stood in the way.

use super::{cluster::Anchors, number};
use crate::{chart::Bar, text::text as clean};
use detek_core::{Input, InputState, Run};
use std::{borrow::Cow, collections::BTreeSet};

/// An input that is not complete.
pub(super) struct GapView<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) state: InputState,
    pub(super) cause: Cow<'a, str>,
    pub(super) fix: Option<String>,
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
    let (failed_text, skipped_text) = (number(failed), number(skipped));
    match (failed, skipped) {
        (0, 0) => "Every detector that applies here saw all that it needs.".to_owned(),
        (0, _) => format!("{skipped_text} skipped, as asked."),
        (_, 0) => format!("{failed_text} could not be: what they look for may be there."),
        _ => format!("{failed_text} could not be, {skipped_text} skipped as asked: what they look for may be there."),
    }
}

/// Every input that is not complete and could be.
pub(super) fn gaps<'a>(run: &'a Run, anchors: &Anchors<'_>) -> Vec<GapView<'a>> {
    let open = |input: &&Input| !matches!(input.state(), InputState::Complete | InputState::Absent);
    let gap = |input: &'a Input| GapView {
        name: clean(input.key().as_str()),
        state: input.state(),
        cause: input.cause().map_or(Cow::Borrowed(""), |cause| clean(&cause.text)),
        fix: None,
        detectors: run
            .reports
            .iter()
            .filter(|report| report.reason.as_ref().is_some_and(|reason| reason.inputs.contains(input.key())))
            .map(|report| (anchors.of(report), report.detector.meta().id))
            .collect(),
    };
    run.inputs.iter().filter(open).map(gap).collect()
}
