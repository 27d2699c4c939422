//! The worked examples of the format, judged by the engine.
#![expect(clippy::disallowed_methods, reason = "reads the examples of this crate")]

use detek_core::{AnyDetector, Fact, OwnerRef, Plan, RollUp, Values};
use detek_packs::{PackDetector, load, testing};
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

#[test]
fn the_worked_examples_load_without_a_problem_and_pass_their_tests() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/examples");
    let files = fs::read_dir(folder).expect("the folder of examples").map(|entry| {
        let path = entry.expect("an example").path();
        (path.file_name().expect("a name").to_string_lossy().into_owned(), fs::read_to_string(&path).expect("text"))
    });
    let mut tests = 0;
    for draft in load(files, &BTreeMap::new()) {
        let pack = draft.finish(true).unwrap_or_else(|problems| panic!("{problems:#?}"));
        for file in pack.detectors {
            let (detector, warnings) =
                PackDetector::new(Arc::new(file)).unwrap_or_else(|problems| panic!("{problems:#?}"));
            assert!(warnings.is_empty(), "{warnings:#?}");
            for result in testing::run(&detector, &plan) {
                let failures: Vec<String> = result.failures.iter().map(ToString::to_string).collect();
                assert!(failures.is_empty(), "{}", failures.join("\n"));
                tests += result.runs;
            }
        }
    }
    assert!(tests >= 9, "{tests}");
}
