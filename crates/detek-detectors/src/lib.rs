//! Compiled detectors.
//!
//! `rows/` has one file per kind of object: plain structs with the fields that detek reads, which are also the
//! projection. `facts/` has what detectors share, computed once. `detectors/` has one file per detector with its texts,
//! its examples and its tests; [`all`] makes them. `data/` has the tables that they judge by.

mod data;
mod detectors;
mod facts;
mod rows;
#[cfg(test)]
mod testing;

use detek_core::{AnyDetector, Inputs, Kind as _, Plan};
use std::sync::Arc;

/// Every detector with default parameters, by id. A family gives one for each of its instances.
pub fn all() -> Vec<Arc<dyn AnyDetector>> {
    detectors::ALL.iter().flat_map(|make| make()).collect()
}

/// Plans these detectors; their findings roll up to the owners of what was seen. The server's version is read in any case.
pub fn plan(detectors: Vec<Arc<dyn AnyDetector>>) -> Plan {
    Plan::new::<facts::owners::Owners>(detectors).reading::<rows::ServerVersions>()
}

/// What the server says its version is, if it was read.
pub fn server_version(inputs: &Inputs) -> Option<String> {
    let store = inputs.get(&rows::ServerVersions::INPUT.key)?.whole()?;
    let version = store.doc(0).read::<rows::ServerVersion<'_>>().ok()?;
    Some(detek_core::clip(version.git_version, 40))
}

/// What a detector's file needs.
mod prelude {
    pub(crate) use crate::{facts::*, rows::*};
    pub(crate) use detek_core::{
        Category, Confidence, Detector, Documents, Findings, Level, Meta, ObjectRef, Optional, Reference, Span, Values,
    };
    pub(crate) use serde::{Deserialize, Serialize};

    /// The first three of `items`, and how many there are besides: `a, b, c and 7 more`.
    pub(crate) fn listed<T: AsRef<str>>(items: &[T]) -> String {
        const SHOWN: usize = 3;
        let shown = items.iter().take(SHOWN).map(AsRef::as_ref).collect::<Vec<&str>>().join(", ");
        match items.len().saturating_sub(SHOWN) {
            0 => shown,
            more => format!("{shown} and {more} more"),
        }
    }
}
