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
    let all: BTreeMap<String, Arc<dyn AnyDetector>> =
        detek_detectors::ALL.iter().map(|make| make()).map(|detector| (detector.id(), detector)).collect();
    let known: Vec<&str> = all.keys().map(String::as_str).collect();
    if !SETS.contains(&selection.set.as_str()) {
        return Err(unknown("set", &selection.set, &SETS));
    }
    for id in selection.only.iter().chain(&selection.skip) {
        if !all.contains_key(id) {
            return Err(unknown("detector", id, &known));
        }
    }
    let mut parameters: BTreeMap<&str, Vec<(String, String)>> = BTreeMap::new();
    for given in &selection.param {
        let (id, name, value) = split(given)?;
        if !all.contains_key(id) {
            return Err(unknown("detector", id, &known));
        }
        parameters.entry(id).or_default().push((name.to_owned(), value.to_owned()));
    }
    let mut chosen = Vec::new();
    let mut not_run = Vec::new();
    for (id, detector) in &all {
        let meta = detector.meta();
        let in_set = match selection.set.as_str() {
            _ if !selection.only.is_empty() => selection.only.contains(id),
            "all" => true,
            "default" => meta.on,
            set => meta.on && meta.category.set() == set,
        };
        if !in_set || selection.skip.contains(id) {
            continue;
        }
        if let Some(addon) = meta.addon {
            not_run.push(NotRun { id: id.clone(), reason: NotRunReason::NeedsAddon(addon) });
            continue;
        }
        let values = parameters.get(id.as_str()).map_or(&[][..], Vec::as_slice);
        let configured = detector.with(values).map_err(|why| {
            Failure::new(Code::Usage, "wrong usage of --param")
                .line("cause", why.to_string())
                .line("fix", format!("detek explain {id}"))
        })?;
        chosen.push(configured);
    }
    Ok((chosen, not_run))
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
