//! In which API versions an object was written, and by whom.

use detek_core::{Subject, SubjectInput};
use detek_doc::{Doc, RowError};
use serde::Deserialize;

/// Objects of any kind, as far as their lineage goes; who reads it names the inputs.
pub(crate) struct Lineages;

impl Subject for Lineages {
    type Row<'s> = Lineage<'s>;

    fn inputs() -> Vec<SubjectInput> {
        Vec::new()
    }

    fn read(_: usize, doc: Doc<'_>) -> Result<Lineage<'_>, RowError> {
        doc.read()
    }
}

/// Any object.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Lineage<'s> {
    #[serde(borrow)]
    pub(crate) metadata: LineageMetadata<'s>,
}

/// What its metadata says of it.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct LineageMetadata<'s> {
    #[serde(borrow)]
    pub(crate) managed_fields: Vec<Write<'s>>,
    #[serde(borrow)]
    annotations: LastApplied<'s>,
}

/// The last write of one manager to one part of the object.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Write<'s> {
    pub(crate) manager: &'s str,
    pub(crate) operation: &'s str,
    pub(crate) api_version: &'s str,
    pub(crate) time: &'s str,
}

/// The manifest that was applied last, reduced to its version and kind when it was read.
#[derive(Deserialize, Default)]
#[serde(default)]
struct LastApplied<'s> {
    #[serde(rename = "kubectl.kubernetes.io/last-applied-configuration")]
    manifest: &'s str,
}

/// Version and kind of a manifest.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Manifest {
    api_version: String,
    kind: String,
}

impl LineageMetadata<'_> {
    /// Whether the manifest that was applied last is a `kind` of `version`.
    pub(crate) fn was_applied_as(&self, version: &str, kind: &str) -> bool {
        let manifest: Manifest = serde_json::from_str(self.annotations.manifest).unwrap_or_default();
        manifest.api_version == version && manifest.kind == kind
    }
}
