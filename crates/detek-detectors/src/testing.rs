//! Runs a detector on YAML instead of a cluster, through the real projection and the real engine.

use crate::detectors::ALL;
use detek_core::{
    AnyDetector, Cause, CauseClass, Detector, Input, Inputs, Judging, Level, Plan, Role, Run, Scope, Stage, Target,
    Volume, invariant,
};
use detek_doc::{Caps, StoreBuilder};
use expect_test::Expect;
use serde_json::Value;
use std::sync::Arc;

/// Parameters without which a detector does not judge, as its examples have them.
const NEEDED: &[(&str, &str, &str)] = &[("pod_image_unknown_registry", "allowed", "registry.example/team")];

/// Every family, or detector alone, able to judge its examples.
fn families() -> impl Iterator<Item = Vec<Arc<dyn AnyDetector>>> {
    let able = |detector: Arc<dyn AnyDetector>| match NEEDED.iter().find(|(id, ..)| *id == detector.id()) {
        Some((_, name, value)) => detector.with(&[((*name).into(), (*value).into())]).expect("valid parameters"),
        None => detector,
    };
    ALL.iter().map(move |make| make().into_iter().map(able).collect())
}

fn documents(yaml: &str) -> Vec<Value> {
    yaml.split("\n---\n").map(|part| serde_saphyr::from_str(part).expect("examples are valid YAML")).collect()
}

/// Judges `yaml` with every input complete, but for `lost`, which was refused.
fn judge(detector: Arc<dyn AnyDetector>, yaml: &str, lost: Option<&str>) -> (Run, Plan) {
    let documents = documents(yaml);
    let plan = crate::plan(vec![detector]);
    let input = |planned: &detek_core::PlannedInput| {
        let key = planned.kind.key.clone();
        if lost == Some(key.as_str()) {
            return Input::failed(
                key,
                Scope::Cluster,
                Cause::new(CauseClass::Forbidden, Stage::FirstByte, "not allowed"),
            );
        }
        let mut builder = StoreBuilder::new(&Caps::default());
        for document in documents.iter().filter(|document| document["kind"] == *planned.kind.kind) {
            builder.push_json(document, &planned.projection).expect("examples are small");
        }
        Input::complete(key, Scope::Cluster, builder.finish(), Volume::default())
    };
    let inputs: Inputs = plan.inputs.iter().map(input).collect();
    let judging = Judging {
        target: Target::default(),
        now: "2026-01-02T03:04:05Z".parse().expect("a time"),
        threads: 2,
        not_run: Vec::new(),
        notes: Vec::new(),
    };
    let run = plan.judge(&inputs, judging);
    invariant::check_honest(&run, &plan).expect("the run is honest");
    invariant::check_explained(&run).expect("every gap is explained");
    invariant::check_counts(&run).expect("the numbers add up");
    (run, plan)
}

/// Compares what `D`, with parameters, says about `yaml` with what is expected.
#[track_caller]
pub(crate) fn check<D: Detector>(yaml: &str, parameters: &[(&str, &str)], expect: &Expect) {
    check_detector(&(Arc::new(D::default()) as Arc<dyn AnyDetector>), yaml, parameters, expect);
}

/// [`check`] for a detector in hand.
#[track_caller]
pub(crate) fn check_detector(
    detector: &Arc<dyn AnyDetector>,
    yaml: &str,
    parameters: &[(&str, &str)],
    expect: &Expect,
) {
    let parameters: Vec<(String, String)> = parameters.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
    let detector = detector.with(&parameters).expect("valid parameters");
    compare(&judge(detector, yaml, None).0, expect);
}

/// [`check`] with default parameters when the input `lost` was refused.
#[track_caller]
pub(crate) fn check_without<D: Detector>(lost: &str, yaml: &str, expect: &Expect) {
    compare(&judge(Arc::new(D::default()), yaml, Some(lost)).0, expect);
}

#[track_caller]
fn compare(run: &Run, expect: &Expect) {
    let report = &run.reports[0];
    let mut lines = vec![report.level.to_string()];
    for finding in &report.findings {
        let count = if finding.count > 1 { format!(" x{}", finding.count) } else { String::new() };
        lines.push(format!("{} {}{count}: {}", finding.level, finding.subject, finding.message));
    }
    expect.assert_eq(&lines.join("\n"));
}

#[test]
fn every_detector_fires_on_its_own_example() {
    for family in families() {
        let fires = |detector: &Arc<dyn AnyDetector>| {
            judge(Arc::clone(detector), detector.meta().fires, None).0.reports[0].level > Level::Normal
        };
        assert!(family.iter().any(fires), "{}", family[0].id());
    }
}

#[test]
fn every_detector_is_silent_on_its_look_alikes() {
    for family in families() {
        let mut judged = 0;
        for detector in &family {
            let (run, _) = judge(Arc::clone(detector), detector.meta().silent, None);
            assert_eq!(run.reports[0].level, Level::Normal, "{}: {:?}", detector.id(), run.reports[0].findings);
            judged += run.reports[0].counts.evaluated;
        }
        assert!(judged > 0, "{} has judged nothing", family[0].id());
    }
}

#[test]
fn no_detector_is_normal_or_fires_when_an_input_that_it_requires_is_missing() {
    for detector in families().flatten() {
        let (_, plan) = judge(Arc::clone(&detector), detector.meta().fires, None);
        let planned = &plan.detectors[0];
        for (key, role) in planned.roles.iter().filter(|(_, role)| **role != Role::Optional) {
            for yaml in [detector.meta().fires, detector.meta().silent] {
                let (run, _) = judge(Arc::clone(&detector), yaml, Some(key.as_str()));
                let report = &run.reports[0];
                // Of several kinds of subjects, those that were read speak for themselves.
                let others = *role == Role::Subject && planned.subjects.len() > 1 && report.partial();
                assert!(report.level == Level::Unknown || others, "{} without {key} ({role:?})", detector.id());
                assert!(report.reason.as_ref().is_some_and(|reason| reason.text.contains(key.name())), "{report:?}");
            }
        }
    }
}

#[test]
fn the_list_of_detectors_is_sorted_complete_and_documented() {
    let ids: Vec<String> = crate::all().iter().map(|detector| detector.id()).collect();
    assert!(ids.is_sorted(), "{ids:?}");
    for detector in crate::all() {
        let meta = detector.meta();
        assert!(!meta.references.is_empty(), "{} names no reference", meta.id);
        for parameter in detector.parameters() {
            assert!(!parameter.text.is_empty(), "{}.{} is not described", meta.id, parameter.name);
        }
    }
}
