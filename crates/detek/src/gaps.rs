//! What was not evaluated, as messages: one for each kind of cause, with its code.

use crate::failure::{Code, Failure};
use detek_core::{CauseClass, Run};
use detek_report::{Gap, gaps};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

/// Names that a line holds.
const NAMED: usize = 5;

/// The messages about a run that is not complete.
pub(crate) fn messages(run: &Run, program: &str) -> Vec<Failure> {
    let gaps = gaps(run, program);
    let mut by_code: BTreeMap<&str, (Code, Vec<&Gap<'_>>)> = BTreeMap::new();
    for gap in &gaps {
        if let Some(code) = code(gap) {
            by_code.entry(code.page().code).or_insert((code, Vec::new())).1.push(gap);
        }
    }
    let total = run.coverage().applicable;
    by_code.into_values().map(|(code, gaps)| message(code, &gaps, (&run.target.context, total), program)).collect()
}

/// The code of a gap; none for what the user asked for, or what does not apply.
fn code(gap: &Gap<'_>) -> Option<Code> {
    Some(match gap.class {
        None if gap.state == "detector" => Code::Detector,
        Some(CauseClass::Forbidden | CauseClass::Auth) => Code::Denied,
        Some(CauseClass::Timeout | CauseClass::Cancelled) => Code::TimedOut,
        Some(CauseClass::TooLarge) => Code::TooLarge,
        Some(CauseClass::Discovery) => Code::Discovery,
        None | Some(CauseClass::Skipped | CauseClass::NotConfigured | CauseClass::NotServed) => return None,
        Some(_) => Code::Unusable,
    })
}

fn message(code: Code, gaps: &[&Gap<'_>], (context, total): (&str, usize), program: &str) -> Failure {
    let all: Vec<&str> = gaps.iter().flat_map(|gap| &gap.names).map(String::as_str).collect();
    let names = listed(all.iter().copied());
    let what = match code {
        Code::Denied => format!("cannot list {names} in cluster \"{context}\" (403 Forbidden)"),
        Code::TimedOut => format!("{names} timed out in cluster \"{context}\""),
        Code::TooLarge => format!("too large in cluster \"{context}\": {names}"),
        Code::Discovery => format!("API discovery of cluster \"{context}\" is incomplete: {names}"),
        Code::Detector => format!("detectors failed on cluster \"{context}\": {names}"),
        _ => format!("the answer of cluster \"{context}\" was unusable: {names}"),
    };
    let detectors: BTreeSet<&str> = gaps.iter().flat_map(|gap| gap.families.iter().copied()).collect();
    let effect = format!(
        "{} of {total} detectors were not fully evaluated: {}",
        detectors.len(),
        listed(detectors.iter().copied())
    );
    let mut failure = Failure::new(code, what).line("cause", &gaps[0].text).line("effect", effect);
    if let Some(fix) = &gaps[0].fix {
        failure = failure.line("fix", fix);
    }
    if code != Code::Detector {
        let skip = format!("{program} run --skip-input {}  # records the gap as accepted", all.join(","));
        failure = failure.line("or", skip);
    }
    failure.line("more", format!("{program} explain {}", code.page().code))
}

/// The first names, and how many more there are.
fn listed<'n>(names: impl ExactSizeIterator<Item = &'n str>) -> String {
    let more = names.len().saturating_sub(NAMED);
    let mut text = names.take(NAMED).collect::<Vec<_>>().join(", ");
    if more > 0 {
        write!(text, " and {more} more").expect("writing to a string cannot fail");
    }
    text
}
