//! The honesty invariants: cheap, pure, compiled always. Every suite calls them.

use crate::{Input, InputState, Level, Plan, Role, Run};
use std::fmt;

/// A run that says more than it can know: a bug of detek.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The report or input that is not to be trusted.
    pub place: String,
    /// What is wrong with it.
    pub text: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.text)
    }
}

impl std::error::Error for Violation {}

fn violation<T>(place: &str, text: impl Into<String>) -> Result<T, Violation> {
    Err(Violation { place: place.into(), text: text.into() })
}

/// Normal only if every required input is complete; no findings on an incomplete join.
///
/// # Errors
/// The first report that breaks it.
pub fn check_honest(run: &Run, plan: &Plan) -> Result<(), Violation> {
    for report in &run.reports {
        let Some(planned) = plan.detectors.iter().find(|planned| planned.id == report.id) else {
            return violation(&report.id, "was never planned");
        };
        for (key, role) in &planned.roles {
            let state = run.inputs.iter().find(|input| input.key() == key).map_or(InputState::Error, Input::state);
            let incomplete = state != InputState::Complete;
            let absent_sibling = state == InputState::Absent && *role == Role::Subject && planned.subjects.len() > 1;
            if *role != Role::Optional && incomplete && !absent_sibling && report.level == Level::Normal {
                return violation(&report.id, format!("is Normal although {key} is {state}"));
            }
            if *role == Role::Join && incomplete && !report.findings.is_empty() {
                return violation(&report.id, format!("has findings although {key} is {state}"));
            }
        }
        if report.level == Level::Unknown && report.reason.is_none() {
            return violation(&report.id, "is Unknown without a reason");
        }
    }
    Ok(())
}

/// Every incomplete input has a cause with words.
///
/// # Errors
/// The first input that has none.
pub fn check_explained(run: &Run) -> Result<(), Violation> {
    for input in run.inputs.iter().filter(|input| input.state() != InputState::Complete) {
        match input.cause() {
            None => return violation(input.key().as_str(), "is not complete and has no cause"),
            Some(cause) if cause.text.is_empty() => {
                return violation(input.key().as_str(), "has a cause without words");
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// Totals, truncation and coverage agree.
///
/// # Errors
/// The first report that does not add up.
pub fn check_counts(run: &Run) -> Result<(), Violation> {
    for report in &run.reports {
        let kept = report.findings.len() as u64;
        if kept > report.counts.findings || (kept < report.counts.findings) != report.counts.truncated {
            return violation(&report.id, format!("keeps {kept} of {} findings", report.counts.findings));
        }
        if report.waived().len() as u64 > report.counts.waived {
            return violation(&report.id, "has waived findings that it does not count");
        }
        let worst = report.open().iter().map(|finding| finding.level).max();
        if worst.is_some_and(|worst| worst != report.level) {
            return violation(&report.id, "has another level than its worst finding");
        }
    }
    let coverage = run.coverage();
    if coverage.evaluated > coverage.applicable {
        return violation("coverage", format!("{} of {} detectors", coverage.evaluated, coverage.applicable));
    }
    Ok(())
}
