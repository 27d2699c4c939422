//! The worked examples of the format, judged by the engine.
#![expect(clippy::disallowed_methods, reason = "reads the examples of this crate")]

use detek_core::{AnyDetector, Fact, OwnerRef, Plan, RollUp, Values};
use detek_packs::{compiled, load, testing};
use std::{collections::BTreeMap, fs, sync::Arc};

/// Nobody owns anybody.
struct Nobody;

impl Fact for Nobody {
    type Reads = ();

    fn build((): Values<'_, ()>) -> Self {
        Nobody
    }
}

impl RollUp for Nobody {
    fn root(&self, _: &str, owner: &OwnerRef) -> OwnerRef {
        owner.clone()
    }
}

fn plan(detectors: Vec<Arc<dyn AnyDetector>>) -> Plan {
    Plan::new::<Nobody>(detectors)
}

/// Loads and compiles the detectors of a folder, and runs their tests; gives how often they were judged.
fn passed(folder: &str) -> usize {
    let folder = format!("{}/tests/{folder}", env!("CARGO_MANIFEST_DIR"));
    let files = fs::read_dir(folder).expect("the folder").map(|entry| {
        let path = entry.expect("a file").path();
        (path.file_name().expect("a name").to_string_lossy().into_owned(), fs::read_to_string(&path).expect("text"))
    });
    let mut runs = 0;
    for (detectors, problems) in compiled(load(files, &BTreeMap::new())).expect("a thread") {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(problems.iter().all(|problem| problem.contains("DTK-W420")), "{}", problems.join("\n"));
        for result in detectors.iter().flat_map(|detector| testing::run(detector, &plan)) {
            let failures: Vec<String> = result.failures.iter().map(ToString::to_string).collect();
            assert!(failures.is_empty(), "{}", failures.join("\n"));
            runs += result.runs;
        }
    }
    runs
}

#[test]
fn the_worked_examples_load_and_pass_their_tests() {
    assert_eq!(passed("examples"), 63);
}

#[test]
fn what_the_format_says_of_scope_items_levels_and_subjects_happens() {
    assert_eq!(passed("features"), 4 + 3 * 6 + 3);
}

/// What is refused of the first example, with some text of it replaced.
fn refused(from: &str, to: &str) -> String {
    let text = include_str!("examples/pod_image_mutable_tag.yaml");
    assert!(text.contains(from), "{from}");
    let files = [("pod_image_mutable_tag.yaml".to_owned(), text.replacen(from, to, 1))];
    let packs = compiled(load(files, &BTreeMap::new())).expect("a thread");
    packs.iter().flat_map(|(_, problems)| problems).map(ToString::to_string).collect()
}

#[test]
fn what_is_not_yet_possible_is_refused_instead_of_ignored() {
    let pods = "{key: kubernetes/core/v1/pods}";
    assert_eq!(refused(pods, pods), "");
    for (to, said) in [
        (
            "{key: kubernetes/core/v1/pods, args: {labelSelector: app=web}}",
            "`labelSelector` of kubernetes/core/v1/pods",
        ),
        ("{key: kubernetes/core/v1/pods, maxItems: 5}", "`maxItems` of kubernetes/core/v1/pods"),
        ("{key: cluster/components}", "cluster/components is not yet read"),
    ] {
        let problems = refused(pods, to);
        assert!(problems.contains(said) && problems.contains("error[DTK-E4"), "{problems}");
    }
}
