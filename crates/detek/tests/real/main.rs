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

#[test]
fn every_broken_object_is_reported_and_no_look_alike_is() {
    let Some(cluster) = cluster::shared() else { return };
    let cases = cases::load();
    assert_eq!(cases.len(), 29, "every detector has its case");
    let objects: Vec<_> = cases.iter().filter(|case| case.server.is_none()).collect();
    cases::apply(cluster, &objects);
    let written = written();
    let mut all = Outcome::default();
    for case in &cases {
        let outcome = if written.contains(&case.detector) {
            case.judge(cluster)
        } else {
            Outcome::fault(&case.detector, "there is no such detector")
        };
        all.rows.extend(outcome.rows);
        all.faults.extend(outcome.faults);
    }
    println!("detector | subject | level | message\n{}", all.rows.join("\n"));
    assert!(all.faults.is_empty(), "{} faults:\n{}", all.faults.len(), all.faults.join("\n"));
}

/// The ids of all detectors; a family counts once.
fn written() -> BTreeSet<String> {
    let ids = detek_detectors::all().into_iter().map(|detector| detector.id());
    ids.map(|id| id.split(" - ").next().unwrap_or_default().to_owned()).collect()
}
