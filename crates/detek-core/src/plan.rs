//! The plan: detectors → inputs, with one projection for each input.

use crate::{
    Addon, AnyDetector, Exclusions, Fact, Facts, InputKey, InputKind, Kind, Level, Needs, Role, RollUp, Waivers, clip,
    detector::keep_row, fact::Read, object::IdentityRow,
};
use detek_doc::Projection;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

/// Why a detector is not part of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotRunReason {
    /// It needs a permission that was not enabled.
    NeedsAddon(Addon),
    /// The configuration disables it, for this reason.
    Disabled(String),
}

impl fmt::Display for NotRunReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotRunReason::NeedsAddon(addon) => write!(f, "needs --enable {}", addon.name()),
            NotRunReason::Disabled(why) => write!(f, "disabled: {}", clip(why, 300)),
        }
    }
}

/// A detector that was chosen but not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotRun {
    /// Its id.
    pub id: String,
    /// Why.
    pub reason: NotRunReason,
}

/// A detector with the inputs it uses.
#[derive(Clone, Debug)]
pub struct PlannedDetector {
    /// The detector.
    pub detector: Arc<dyn AnyDetector>,
    /// Its id.
    pub id: String,
    /// The inputs whose documents it judges, in its own order; empty for the cluster as a whole.
    pub subjects: Vec<InputKey>,
    /// Every input it uses, in its strongest role.
    pub roles: BTreeMap<InputKey, Role>,
    /// Inputs that are as good as empty if they are not served.
    pub empty_if_absent: BTreeSet<InputKey>,
    /// The level of all its findings, if it is not left to the detector.
    pub level: Option<Level>,
}

/// An input to read, once, for all detectors.
#[derive(Clone, Debug)]
pub struct PlannedInput {
    /// What it is.
    pub kind: InputKind,
    /// What is kept of its documents.
    pub projection: Projection,
}

type Owners = fn(&mut Facts<'_>) -> Option<Arc<dyn RollUp>>;

/// What will be read, and who will judge it.
pub struct Plan {
    /// In the order of ids.
    pub detectors: Vec<PlannedDetector>,
    /// In the order of keys.
    pub inputs: Vec<PlannedInput>,
    pub(crate) owners: Owners,
    pub(crate) exclusions: Exclusions,
    pub(crate) waivers: Waivers,
}

impl Plan {
    /// Plans `detectors`; findings are rolled up by the fact `O`, whose inputs are optional.
    pub fn new<O: Fact + RollUp>(detectors: Vec<Arc<dyn AnyDetector>>) -> Self {
        let mut inputs: BTreeMap<InputKey, PlannedInput> = BTreeMap::new();
        let mut planned = Vec::new();
        let mut any_subject = false;
        for detector in detectors {
            let mut needs = Needs::default();
            detector.declare(&mut needs);
            any_subject |= !needs.subjects.is_empty();
            add(&mut inputs, needs.inputs);
            planned.push(PlannedDetector {
                id: detector.id(),
                detector,
                subjects: needs.subjects,
                roles: needs.roles,
                empty_if_absent: needs.empty_if_absent,
                level: None,
            });
        }
        if any_subject {
            let mut needs = Needs::default();
            <O as Read>::declare(&mut needs, Role::Optional);
            add(&mut inputs, needs.inputs);
        }
        planned.sort_by(|a, b| a.id.cmp(&b.id));
        Plan {
            detectors: planned,
            inputs: inputs.into_values().collect(),
            owners: |facts| <O as Read>::fetch(facts).ok().map(|owners| owners as Arc<dyn RollUp>),
            exclusions: Exclusions::default(),
            waivers: Waivers::default(),
        }
    }

    /// The same plan, whose findings some waivers are about.
    #[must_use]
    pub fn waiving(self, waivers: Waivers) -> Self {
        Plan { waivers, ..self }
    }

    /// The same plan, which leaves findings out.
    #[must_use]
    pub fn excluding(mut self, exclusions: Exclusions) -> Self {
        self.inputs.iter_mut().for_each(|input| exclusions.keep(&mut input.projection));
        self.exclusions = exclusions;
        self
    }

    /// The same plan, which reads `K` too, whatever its detectors need.
    #[must_use]
    pub fn reading<K: Kind>(mut self) -> Self {
        let mut needs = Needs::default();
        needs.add(&K::INPUT, Role::Optional, keep_row::<K>);
        let mut inputs = self.inputs.into_iter().map(|input| (input.kind.key.clone(), input)).collect();
        add(&mut inputs, needs.inputs);
        self.inputs = inputs.into_values().collect();
        self
    }

    /// What is known of an input of this plan.
    pub fn kind(&self, key: &InputKey) -> Option<&InputKind> {
        self.inputs.iter().map(|input| &input.kind).find(|kind| kind.key == *key)
    }

    /// Ids of the detectors for which `key` decides the level.
    pub fn dependants(&self, key: &InputKey) -> Vec<&str> {
        let requires =
            |detector: &&PlannedDetector| detector.roles.get(key).is_some_and(|role| *role != Role::Optional);
        self.detectors.iter().filter(requires).map(|detector| detector.id.as_str()).collect()
    }
}

fn add(inputs: &mut BTreeMap<InputKey, PlannedInput>, needed: BTreeMap<InputKey, (InputKind, Projection)>) {
    for (key, (kind, mut projection)) in needed {
        projection.keep_row::<IdentityRow<'static>>().expect("no part of an identity is redacted");
        match inputs.get_mut(&key) {
            Some(known) => known.projection.merge(&projection),
            None => {
                inputs.insert(key, PlannedInput { kind, projection });
            }
        }
    }
}
