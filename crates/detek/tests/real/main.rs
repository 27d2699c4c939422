//! detek against a real Kubernetes 1.34 control plane: what only the real programs can show. Needs Go; runs when
//! `DETEK_REAL` is set and fails then if anything is missing.
#![expect(clippy::disallowed_methods, reason = "tests read files, the environment and the clock")]

mod access;
mod cases;
mod certificates;
mod cluster;
mod failures;
mod scan;

use std::collections::BTreeSet;

use cases::Outcome;

/// Needs no cluster, so that a detector without a case is seen at once.
#[test]
fn every_detector_has_its_case() {
    let cases = cases::load();
    let cases: BTreeSet<&str> = cases.iter().map(|case| case.detector.as_str()).collect();
    let detectors = detek_detectors::all().into_iter().chain(detek_packs::built_in());
    let detectors: BTreeSet<&str> = detectors.map(|detector| detector.meta().id).collect();
    assert_eq!(cases, detectors);
}

#[test]
fn every_broken_object_is_reported_and_no_look_alike_is() {
    let Some(cluster) = cluster::shared() else { return };
    let cases = cases::load();
    cases::apply(cluster, &cases);
    let mut all = Outcome::default();
    for outcome in cases.iter().map(|case| case.judge(cluster)) {
        all.rows.extend(outcome.rows);
        all.faults.extend(outcome.faults);
    }
    println!("detector | subject | level | message\n{}", all.rows.join("\n"));
    assert!(all.faults.is_empty(), "{} faults:\n{}", all.faults.len(), all.faults.join("\n"));
}
