//! The verdict: what follows for a report from the states of its inputs and from its findings. Computed here and nowhere
//! else; no detector sets it.

use crate::{
    CauseClass, Finding, Input, InputKey, InputState, Inputs, Level, Plan, PlannedDetector, Reason, ReasonClass, Role,
    Scope,
};

/// What the inputs of a detector allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Everything it requires is complete.
    Complete,
    /// Its subjects were seen in part: findings count, their absence proves nothing.
    Partial(Reason),
    /// It cannot be judged.
    Unknown(Reason),
}

fn reason(class: ReasonClass, text: String, inputs: Vec<InputKey>) -> Reason {
    Reason { class, text, inputs }
}

/// What the inputs of `detector` allow.
pub(crate) fn standing(plan: &Plan, detector: &PlannedDetector, inputs: &Inputs) -> Standing {
    if let Some(parameter) = detector.detector.unset() {
        let text = format!("parameter `{parameter}` is not set");
        return Standing::Unknown(reason(ReasonClass::Skipped, text, Vec::new()));
    }
    let required: Vec<&InputKey> =
        detector.roles.iter().filter(|(_, role)| **role != Role::Optional).map(|(key, _)| key).collect();
    if let Some(narrowed) = narrowed(plan, detector, &required, inputs) {
        return Standing::Unknown(narrowed);
    }
    let subject_is_seen =
        detector.subjects.iter().any(|key| inputs.get(key).is_some_and(|input| input.seen().is_some()));
    let mut gaps = Vec::new();
    for key in required {
        let state = inputs.get(key).map_or(InputState::Error, Input::state);
        let is_join = detector.roles.get(key) == Some(&Role::Join);
        match state {
            InputState::Complete => {}
            InputState::Absent if detector.empty_if_absent.contains(key) => {}
            // Of several kinds of subjects, one that is not served has no objects.
            InputState::Absent if !is_join && subject_is_seen => {}
            _ => gaps.push((key, state, is_join)),
        }
    }
    if gaps.is_empty() {
        return Standing::Complete;
    }
    let text = gaps.iter().map(|(key, state, _)| explain(key, *state, inputs)).collect::<Vec<_>>().join("; ");
    let keys = gaps.iter().map(|(key, ..)| (*key).clone()).collect();
    let all_absent = gaps.iter().all(|(_, state, _)| *state == InputState::Absent);
    let skipped =
        |key: &InputKey| inputs.get(key).and_then(Input::cause).is_some_and(|cause| cause.class == CauseClass::Skipped);
    let class = if all_absent {
        ReasonClass::NotApplicable
    } else if gaps.iter().all(|(key, state, _)| *state == InputState::Absent || skipped(key)) {
        ReasonClass::Skipped
    } else {
        ReasonClass::Gap
    };
    let why = reason(class, text, keys);
    let judges = detector.detector.judges_gaps();
    let seen = |key: &InputKey| inputs.get(key).is_some_and(|input| input.seen().is_some());
    let subject_is_seen = subject_is_seen || (judges && detector.subjects.is_empty());
    if subject_is_seen && gaps.iter().all(|(key, _, is_join)| !is_join || (judges && seen(key))) {
        Standing::Partial(why)
    } else {
        Standing::Unknown(why)
    }
}

fn narrowed(plan: &Plan, detector: &PlannedDetector, required: &[&InputKey], inputs: &Inputs) -> Option<Reason> {
    if !detector.detector.whole_cluster() {
        return None;
    }
    let narrow: Vec<InputKey> = required
        .iter()
        .filter(|key| plan.kind(key).is_some_and(|kind| kind.namespaced))
        .filter(|key| inputs.get(key).is_some_and(|input| matches!(input.scope(), Scope::Namespaces(_))))
        .map(|key| (*key).clone())
        .collect();
    let text = "it must see the whole cluster, and the scan was narrowed to some namespaces".to_owned();
    (!narrow.is_empty()).then(|| reason(ReasonClass::Skipped, text, narrow))
}

/// `pods denied: ops:ci may not list pods`.
fn explain(key: &InputKey, state: InputState, inputs: &Inputs) -> String {
    match inputs.get(key) {
        None => format!("{} was not read", key.name()),
        Some(input) => match input.cause() {
            Some(cause) if !cause.text.is_empty() => format!("{} {state}: {}", key.name(), cause.text),
            _ => format!("{} {state}", key.name()),
        },
    }
}

/// The level of a report, and the reason that goes with it. What is waived does not count, and proves nothing either.
pub(crate) fn verdict(standing: Standing, errors: Option<Reason>, findings: &[Finding]) -> (Level, Option<Reason>) {
    let worst = findings.iter().filter(|finding| finding.waiver.is_none()).map(|finding| finding.level).max();
    let why = match standing {
        Standing::Unknown(why) => return (Level::Unknown, Some(why)),
        Standing::Partial(why) => Some(why),
        Standing::Complete => errors,
    };
    match (worst, why) {
        (Some(level), why) => (level, why),
        (None, None) => (Level::Normal, None),
        (None, why) => (Level::Unknown, why),
    }
}
