//! Which detectors run, and with which parameters.

use crate::{
    cli::Selection,
    failure::{Code, Failure},
};
use detek_core::{AnyDetector, NotRun, NotRunReason};
use std::{collections::BTreeMap, sync::Arc};

const SETS: [&str; 7] = ["default", "health", "hygiene", "security", "upgrade", "cost", "all"];

/// Detectors without their types.
type Detectors = Vec<Arc<dyn AnyDetector>>;

/// The chosen detectors, and those of the set that need a permission which is not enabled.
pub(crate) fn select(selection: &Selection) -> Result<(Detectors, Vec<NotRun>), Failure> {
    let all = detek_detectors::all();
    let known = names(&all);
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    if !SETS.contains(&selection.set.as_str()) {
        return Err(unknown("set", &selection.set, &SETS));
    }
    for id in selection.only.iter().chain(&selection.skip) {
        if !known.contains(&id.as_str()) {
            return Err(unknown("detector", id, &known));
        }
    }
    let mut parameters: BTreeMap<&str, Vec<(String, String)>> = BTreeMap::new();
    for given in &selection.param {
        let (id, name, value) = split(given)?;
        if !known.contains(&id) {
            return Err(unknown("detector", id, &known));
        }
        parameters.entry(id).or_default().push((name.to_owned(), value.to_owned()));
    }
    let mut chosen = Vec::new();
    let mut not_run = Vec::new();
    for detector in &all {
        let (id, meta) = (detector.id(), detector.meta());
        let named = |names: &[String]| names.iter().any(|name| *name == id || name == meta.id);
        let in_set = match selection.set.as_str() {
            _ if !selection.only.is_empty() => named(&selection.only),
            "all" => true,
            "default" => meta.on,
            set => meta.on && meta.category.set() == set,
        };
        if !in_set || named(&selection.skip) {
            continue;
        }
        if let Some(addon) = meta.addon {
            not_run.push(NotRun { id, reason: NotRunReason::NeedsAddon(addon) });
            continue;
        }
        let values: Vec<(String, String)> =
            [meta.id, &id].iter().filter_map(|name| parameters.get(name)).flatten().cloned().collect();
        let configured = detector.with(&values).map_err(|why| {
            Failure::new(Code::Usage, "wrong usage of --param")
                .line("cause", why.to_string())
                .line("fix", format!("detek explain {id}"))
        })?;
        chosen.push(configured);
    }
    Ok((chosen, not_run))
}

/// Names of detectors: ids, and those of families.
pub(crate) fn names(detectors: &[Arc<dyn AnyDetector>]) -> Vec<String> {
    let mut names: Vec<String> =
        detectors.iter().flat_map(|detector| [detector.meta().id.to_owned(), detector.id()]).collect();
    names.dedup();
    names
}

fn split(given: &str) -> Result<(&str, &str, &str), Failure> {
    given
        .split_once('=')
        .and_then(|(place, value)| place.rsplit_once('.').map(|(id, name)| (id, name, value)))
        .ok_or_else(|| {
            Failure::new(Code::Usage, format!("wrong usage of --param: `{given}`"))
                .line("cause", "it is not of the form ID.NAME=VALUE")
                .line("example", "--param failed_pod.exclude_job_pods=true")
        })
}

/// A name that is not known, with the nearest one that is.
pub(crate) fn unknown(what: &str, name: &str, known: &[&str]) -> Failure {
    let failure = Failure::new(Code::UnknownDetector, format!("unknown {what} \"{name}\""));
    let near = known.iter().map(|known| (strsim::levenshtein(known, name), *known)).min();
    let failure = match near {
        Some((distance, near)) if distance <= 1 + name.len() / 3 => {
            failure.line("cause", format!("did you mean {near}?"))
        }
        _ => failure.line("cause", format!("known: {}", known.join(", "))),
    };
    failure.line("fix", "detek list")
}
