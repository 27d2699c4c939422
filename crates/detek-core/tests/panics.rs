//! A panic harms the report of the detector that raised it, wherever it was raised.

use detek_core::{
    AnyDetector, Category, Confidence, Detector, Fact, Findings, Input, InputKind, Inputs, Judging, Kind, Level, Meta,
    OwnerRef, Plan, ReasonClass, RollUp, RowOf, Run, Scope, Target, Values, Volume,
};
use detek_doc::{Caps, Projection, StoreBuilder};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

struct Things;

impl Kind for Things {
    const INPUT: InputKind = InputKind::new("test/things", "", "Thing", false);
    type Row<'s> = Thing;
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Thing {}

struct Broken;

impl Fact for Broken {
    type Reads = ();

    fn build((): ()) -> Self {
        panic!("a fault of the fact")
    }
}

impl RollUp for Broken {
    fn root(&self, _: &str, owner: &OwnerRef) -> OwnerRef {
        owner.clone()
    }
}

const fn meta(id: &'static str) -> Meta {
    Meta {
        id,
        level: Level::Warn,
        title: "",
        explanation: "",
        remediation: "",
        category: Category::Hygiene,
        on: true,
        addon: None,
        confidence: Confidence::High,
        false_positives: &[],
        parameters: &[],
        symptom_of: &[],
        references: &[],
        fires: "",
        silent: "",
    }
}

macro_rules! detector {
    ($name:ident, $reads:ty, $check:expr) => {
        #[derive(Default, Serialize, Deserialize)]
        struct $name {}

        impl Detector for $name {
            const META: Meta = meta(stringify!($name));
            type Subject = Things;
            type Reads = $reads;

            fn check(&self, _: &RowOf<'_, Things>, _: Values<'_, $reads>, found: &mut Findings<'_>) {
                $check(found);
            }
        }
    };
}

detector!(PanicsItself, (), |_: &mut Findings<'_>| panic!("a fault of the detector"));
detector!(ReadsWhatPanics, (Broken,), |_: &mut Findings<'_>| {});
detector!(Finds, (), |found: &mut Findings<'_>| {
    found.add("thing", "it is there");
});

fn run() -> Run {
    let detectors: [Arc<dyn AnyDetector>; 3] =
        [Arc::new(PanicsItself {}), Arc::new(ReadsWhatPanics {}), Arc::new(Finds {})];
    let plan = Plan::new::<Broken>(detectors.to_vec());
    let mut out = StoreBuilder::new(&Caps::default());
    for name in ["a", "b"] {
        let thing = serde_json::json!({"metadata": {"name": name}});
        out.push_json(&thing, &Projection::new("test/things")).expect("a small document");
    }
    let input = Input::complete(Things::INPUT.key, Scope::Cluster, out.finish(), Volume::default());
    let judging = Judging {
        target: Target::default(),
        now: "2026-01-02T03:04:05Z".parse().expect("a time"),
        threads: 2,
        not_run: Vec::new(),
        notes: Vec::new(),
    };
    plan.judge(&Inputs::from_iter([input]), judging)
}

#[test]
fn a_panic_harms_the_report_of_its_detector_alone() {
    let found: Vec<_> = run()
        .reports
        .iter()
        .map(|report| (report.id.clone(), report.level, report.reason.as_ref().map(|reason| reason.class)))
        .collect();
    let expected = [
        ("Finds", Level::Warn, None),
        ("PanicsItself", Level::Unknown, Some(ReasonClass::Detector)),
        ("ReadsWhatPanics", Level::Unknown, Some(ReasonClass::Detector)),
    ];
    assert_eq!(found, expected.map(|(id, level, reason)| (id.to_owned(), level, reason)));
}
