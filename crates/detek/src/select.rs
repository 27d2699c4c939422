//! Which detectors run, and with which parameters.

use crate::{
    cli::Selection,
    config::{Setting, Settings},
    failure::{Code, Failure, did_you_mean},
};
use detek_core::{Addon, AnyDetector, Exclusions, Level, Meta, NotRun, NotRunReason, Plan, Waivers};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// A set of detectors.
pub(crate) struct Set {
    /// The name as it is typed.
    pub(crate) name: &'static str,
    /// One line.
    pub(crate) help: &'static str,
}

/// Every set: all detectors, those that are on by default, and of these the ones of a purpose.
pub(crate) static SETS: &[Set] = &[
    Set { name: "default", help: "everything that is on by default" },
    Set { name: "health", help: "what is broken now" },
    Set { name: "hygiene", help: "what will break sooner or later" },
    Set { name: "security", help: "what an attacker could use" },
    Set { name: "upgrade", help: "what stands in the way of an upgrade" },
    Set { name: "cost", help: "what costs money for nothing" },
    Set { name: "all", help: "also what is off by default; with `--enable secrets` really all" },
];

impl Set {
    fn holds(&self, meta: &Meta) -> bool {
        match self.name {
            "all" => true,
            "default" => meta.on,
            purpose => meta.on && meta.category.set() == purpose,
        }
    }
}

/// What was chosen.
pub(crate) struct Selected {
    /// What will be read, and who will judge it.
    pub(crate) plan: Plan,
    /// Detectors of the set that need a permission which is not enabled.
    pub(crate) not_run: Vec<NotRun>,
    /// Names of inputs that are not read.
    pub(crate) skipped: BTreeSet<String>,
}

impl Selected {
    /// The same, whose findings some waivers are about.
    pub(crate) fn waiving(self, waivers: Waivers) -> Self {
        Selected { plan: self.plan.waiving(waivers), ..self }
    }
}

/// The plan for a selection out of `all` detectors, with what is set of them, on `cluster` (the name of its context). Without one, what is set
/// for some clusters is only tried.
///
/// # Errors
/// If a name is not known, or a parameter does not fit.
pub(crate) fn select(
    all: &[Arc<dyn AnyDetector>],
    selection: &Selection,
    settings: &Settings,
    cluster: Option<&str>,
) -> Result<Selected, Failure> {
    let names = names(all);
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    let set = find_set(&selection.set, &known)?;
    for id in selection.only.iter().chain(&selection.skip) {
        check_known(id, &known)?;
    }
    check_settings(settings, &known)?;
    let enabled = addons(&selection.enable)?;
    let parameters = parameters(selection, &known)?;
    let (mut chosen, mut not_run) = (Vec::new(), Vec::new());
    let mut levels: BTreeMap<String, Level> = BTreeMap::new();
    for detector in all {
        let (id, meta) = (detector.id(), detector.meta());
        // What is said of a family comes before what is said of one of its reports.
        let names = BTreeSet::from([meta.id, &id]);
        let said: Vec<&Setting> = names.iter().filter_map(|name| settings.get(*name)).collect();
        if !wanted(detector.as_ref(), selection, (set, &said)) {
            continue;
        }
        let disabled = disabled(&said).filter(|_| selection.only.is_empty());
        let lacking = meta.addon.filter(|addon| !enabled.contains(addon)).map(NotRunReason::NeedsAddon);
        if let Some(reason) = disabled.or(lacking) {
            not_run.push(NotRun { id, reason });
            continue;
        }
        levels.extend(said.iter().filter_map(|setting| setting.level).map(|level| (id.clone(), level)));
        let configured = said.iter().try_fold(Arc::clone(detector), |known, setting| setting.apply(&known, cluster))?;
        let values: Vec<(String, String)> =
            names.iter().filter_map(|name| parameters.get(*name)).flatten().cloned().collect();
        let configured = configured.with(&values).map_err(|why| {
            Failure::new(Code::Usage, "wrong usage of --param")
                .line("cause", why.to_string())
                .line("fix", format!("detek explain {id}"))
        })?;
        chosen.push(configured);
    }
    let exclusions = Exclusions::new(&selection.exclude_namespace, &selection.exclude_label);
    let mut plan = detek_detectors::plan(chosen).excluding(exclusions);
    for planned in &mut plan.detectors {
        planned.level = levels.get(&planned.id).copied();
    }
    let skipped = skipped(&plan, &selection.skip_input)?;
    Ok(Selected { plan, not_run, skipped })
}

/// Whether a detector is chosen, be it disabled or not.
fn wanted(detector: &dyn AnyDetector, selection: &Selection, (set, said): (&Set, &[&Setting])) -> bool {
    let (id, meta) = (detector.id(), detector.meta());
    let named = |names: &[String]| names.iter().any(|name| *name == id || name == meta.id);
    let on = set.holds(meta) || last_word(said).is_some_and(|setting| setting.enabled == Some(true));
    let chosen = if selection.only.is_empty() { on } else { named(&selection.only) };
    chosen && !named(&selection.skip)
}

/// The setting that decides whether a detector runs.
fn last_word<'s>(said: &[&'s Setting]) -> Option<&'s Setting> {
    said.iter().rev().find(|setting| setting.enabled.is_some()).copied()
}

fn disabled(said: &[&Setting]) -> Option<NotRunReason> {
    let setting = last_word(said).filter(|setting| setting.enabled == Some(false))?;
    Some(NotRunReason::Disabled(setting.reason.clone().unwrap_or_default()))
}

/// Settings are for detectors that there are.
fn check_settings(settings: &Settings, known: &[&str]) -> Result<(), Failure> {
    match settings.iter().find(|(id, _)| !known.contains(&id.as_str())) {
        None => Ok(()),
        Some((id, setting)) => {
            let what = format!("unknown detector \"{id}\" at {}", setting.place);
            let failure = Failure::new(Code::Configuration, what).line("cause", did_you_mean(id, known));
            Err(failure.line("fix", "detek list detectors"))
        }
    }
}

/// Names of detectors: ids, and those of families.
pub(crate) fn names(detectors: &[Arc<dyn AnyDetector>]) -> Vec<String> {
    let mut names: Vec<String> =
        detectors.iter().flat_map(|detector| [detector.meta().id.to_owned(), detector.id()]).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn find_set(name: &str, detectors: &[&str]) -> Result<&'static Set, Failure> {
    if let Some(set) = SETS.iter().find(|set| set.name == name) {
        return Ok(set);
    }
    let sets: Vec<&str> = SETS.iter().map(|set| set.name).collect();
    let failure = unknown("set", name, &sets, "detek list sets").of("set");
    // People who name a detector where a set is expected mean it.
    Err(if detectors.contains(&name) { failure.line("or", format!("detek run --only {name}")) } else { failure })
}

fn check_known(id: &str, known: &[&str]) -> Result<(), Failure> {
    if known.contains(&id) { Ok(()) } else { Err(unknown("detector", id, known, "detek list detectors")) }
}

fn addons(names: &[String]) -> Result<BTreeSet<Addon>, Failure> {
    let find = |name: &String| {
        let known: Vec<&str> = Addon::ALL.iter().map(|addon| addon.name()).collect();
        Addon::ALL.into_iter().find(|addon| addon.name() == name).ok_or_else(|| {
            Failure::new(Code::Usage, format!("wrong usage of --enable: \"{name}\""))
                .line("cause", did_you_mean(name, &known))
                .line("example", "--enable secrets")
                .of("enable")
        })
    };
    names.iter().map(find).collect()
}

/// Values by the name of their detector, in the order given.
fn parameters(selection: &Selection, known: &[&str]) -> Result<BTreeMap<String, Vec<(String, String)>>, Failure> {
    let mut parameters: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    if let Some(target) = &selection.target {
        let target = ("target".to_owned(), target.clone());
        parameters.entry("api_lifecycle".to_owned()).or_default().push(target);
    }
    for given in &selection.param {
        let place = given.split_once('=').and_then(|(place, value)| Some((place.rsplit_once('.')?, value)));
        let Some(((id, name), value)) = place else {
            return Err(Failure::new(Code::Usage, format!("wrong usage of --param: `{given}`"))
                .line("cause", "it is not of the form ID.NAME=VALUE")
                .line("example", "--param failed_pod.exclude_job_pods=true"));
        };
        check_known(id, known)?;
        parameters.entry(id.to_owned()).or_default().push((name.to_owned(), value.to_owned()));
    }
    Ok(parameters)
}

fn skipped(plan: &Plan, names: &[String]) -> Result<BTreeSet<String>, Failure> {
    let mut skipped = BTreeSet::new();
    let keys = || plan.inputs.iter().map(|input| &input.kind.key);
    for name in names {
        let before = skipped.len();
        skipped.extend(keys().filter(|key| key.name() == name || key.as_str() == name).map(ToString::to_string));
        if skipped.len() == before {
            let known: Vec<&str> = keys().map(detek_core::InputKey::name).collect();
            return Err(Failure::new(Code::Usage, format!("wrong usage of --skip-input: \"{name}\" is not read"))
                .line("cause", did_you_mean(name, &known))
                .line("fix", "detek plan")
                .of("skip_input"));
        }
    }
    Ok(skipped)
}

/// A name that is not known, with the nearest ones that are.
pub(crate) fn unknown(what: &str, name: &str, known: &[&str], fix: &str) -> Failure {
    let failure = Failure::new(Code::UnknownDetector, format!("unknown {what} \"{name}\""));
    failure.line("cause", did_you_mean(name, known)).line("fix", fix)
}
