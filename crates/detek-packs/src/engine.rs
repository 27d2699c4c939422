//! From a file to a detector that the engine runs beside the compiled ones.

mod compile;
mod detector;
mod intern;
mod judge;

pub use detector::PackDetector;

use crate::{
    load,
    load::Draft,
    problem::{Problem, sorted},
    resource,
};
use detek_core::{AnyDetector, InputKey, InputKind};
use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

static BUILT_IN: LazyLock<Vec<Arc<PackDetector>>> = LazyLock::new(|| {
    let files = crate::BUILT_IN.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    let packs = compiled(load(files, &BTreeMap::new())).expect("a process that judges can start a thread");
    packs
        .into_iter()
        .flat_map(|(detectors, problems)| {
            assert!(problems.is_empty(), "tests load the packs of this crate: {problems:?}");
            detectors.into_iter().map(Arc::new)
        })
        .collect()
});

/// Compiles the detectors of packs; of each pack those that can be, and all its problems. `None` if no thread can be had
/// for it.
pub fn compiled(drafts: Vec<Draft>) -> Option<Vec<(Vec<PackDetector>, Vec<Problem>)>> {
    let each = |draft: Draft| {
        let (mut detectors, mut problems) = (Vec::new(), draft.problems);
        for file in draft.detectors {
            match PackDetector::new(Arc::new(file)) {
                Ok((detector, warnings)) => {
                    problems.extend(warnings);
                    detectors.push(detector);
                }
                Err(wrong) => problems.extend(wrong),
            }
        }
        (detectors, sorted(problems))
    };
    // Without it each longer expression takes a thread of its own.
    detek_cel::with_large_stack(|| drafts.into_iter().map(each).collect())
}

/// The detectors of the packs that detek comes with, by pack and id. They are loaded once.
pub fn built_in() -> Vec<Arc<dyn AnyDetector>> {
    BUILT_IN.iter().map(|detector| Arc::clone(detector) as Arc<dyn AnyDetector>).collect()
}

/// What an input of this key holds. The kind of a custom resource is guessed from its plural: `widgets` hold `Widget`s.
fn kind(key: &str) -> InputKind {
    let parts: Vec<&str> = key.split('/').collect();
    let (group, kind, namespaced) = match parts[..] {
        ["kubernetes", group, _, plural] if group != "raw" => {
            let group = if group == "core" { "" } else { group };
            match resource::find(group, plural) {
                Some(resource) => (group, resource.kind.to_owned(), resource.namespaced),
                None => (group, singular(plural), true),
            }
        }
        _ => ("", capital(parts.last().copied().unwrap_or_default()), false),
    };
    InputKind { key: InputKey::from(key.to_owned()), group: group.to_owned().into(), kind: kind.into(), namespaced }
}

fn singular(plural: &str) -> String {
    let two = ["ses", "xes", "ches", "shes"];
    let singular = match plural.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None if two.iter().any(|end| plural.ends_with(end)) => plural[..plural.len() - 2].to_owned(),
        None => plural.strip_suffix('s').unwrap_or(plural).to_owned(),
    };
    capital(&singular)
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::kind;
    use detek_core::InputKind;

    #[test]
    fn what_a_key_holds_is_known_or_guessed() {
        assert_eq!(kind("kubernetes/core/v1/pods"), InputKind::new("kubernetes/core/v1/pods", "", "Pod", true));
        assert_eq!(kind("kubernetes/acme.example/v1/policies").kind, "Policy");
        assert_eq!(kind("kubernetes/acme.example/v1/widgets").kind, "Widget");
        assert_eq!(kind("kubernetes/acme.example/v1/meshes").kind, "Mesh");
        assert_eq!(kind("kubernetes/raw/readyz").kind, "Readyz");
    }
}
