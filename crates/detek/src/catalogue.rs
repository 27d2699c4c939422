//! Every detector there is: compiled ones, those of the built-in packs, and those of the packs that the user names.

use crate::{failure::Failure, packs};
use detek_core::AnyDetector;
use std::{path::PathBuf, sync::Arc};

/// All that detek comes with, by id.
pub(crate) fn built_in() -> Vec<Arc<dyn AnyDetector>> {
    let mut all = detek_detectors::all();
    all.extend(detek_packs::built_in());
    all.sort_by_key(|detector| detector.id());
    all
}

/// All of them with those of the packs at `paths`, by id.
///
/// # Errors
/// The first mistake of a pack.
pub(crate) fn with(paths: &[PathBuf]) -> Result<Vec<Arc<dyn AnyDetector>>, Failure> {
    let mut all = built_in();
    all.extend(packs::detectors(paths, &all)?);
    all.sort_by_key(|detector| detector.id());
    Ok(all)
}
