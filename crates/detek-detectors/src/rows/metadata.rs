//! What is read of the metadata of any object.

use detek_cel::kubernetes;
use detek_core::Span;
use detek_doc::{Present, StrMap};
use jiff::Timestamp;
use serde::Deserialize;

/// `metadata`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Metadata<'s> {
    pub(crate) name: &'s str,
    pub(crate) namespace: &'s str,
    pub(crate) uid: &'s str,
    pub(crate) deletion_timestamp: Option<&'s str>,
    #[serde(borrow)]
    pub(crate) labels: StrMap<'s>,
    pub(crate) annotations: Annotations,
    #[serde(borrow)]
    pub(crate) owner_references: Vec<Owner<'s>>,
}

/// Those of `metadata.annotations` that detectors ask for; the others, often long, are never kept.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Annotations {
    /// The pod mirrors one that a node runs by itself.
    #[serde(rename = "kubernetes.io/config.mirror")]
    pub(crate) mirror: Option<Present>,
}

/// One of `metadata.ownerReferences`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Owner<'s> {
    pub(crate) api_version: &'s str,
    pub(crate) kind: &'s str,
    pub(crate) name: &'s str,
    pub(crate) controller: bool,
}

/// A point in time as the API writes it; empty if it is not set.
#[derive(Clone, Copy, Deserialize, Default)]
#[serde(default)]
pub(crate) struct Time<'s>(#[serde(borrow)] &'s str);

impl<'s> Time<'s> {
    /// As it was written.
    pub(crate) fn text(self) -> &'s str {
        self.0
    }

    /// The time, unless it is not set or beyond what a calendar holds.
    pub(crate) fn get(self) -> Option<Timestamp> {
        self.0.parse().ok()
    }
}

/// Whether `time` lies less than `min_age` before `now`. What has no time is old; with a `min_age` of zero everything is,
/// however the clocks go.
pub(crate) fn is_young(time: Option<Timestamp>, min_age: Span, now: Timestamp) -> bool {
    min_age > Span::seconds(0) && time.is_some_and(|time| Span::between(time, now) < min_age)
}

impl Metadata<'_> {
    /// Whether hygiene detectors leave it alone.
    pub(crate) fn in_system_namespace(&self) -> bool {
        kubernetes::is_system_namespace(self.namespace)
    }
}
