//! Controllers between pods and what people wrote: read for their owners only.

use detek_core::{InputKind, Kind};
use serde::Deserialize;

/// ReplicaSets.
pub(crate) struct ReplicaSets;

impl Kind for ReplicaSets {
    const INPUT: InputKind = InputKind::new("kubernetes/apps/v1/replicasets", "apps", "ReplicaSet", true);
    type Row<'s> = ReplicaSet<'s>;
}

/// A ReplicaSet.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct ReplicaSet<'s> {
    #[serde(borrow)]
    pub(crate) metadata: Owned<'s>,
}

/// Jobs.
pub(crate) struct Jobs;

impl Kind for Jobs {
    const INPUT: InputKind = InputKind::new("kubernetes/batch/v1/jobs", "batch", "Job", true);
    type Row<'s> = Job<'s>;
}

/// A Job.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Job<'s> {
    #[serde(borrow)]
    pub(crate) metadata: Owned<'s>,
}

/// Who something is and who owns it, and nothing else of its metadata.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Owned<'s> {
    pub(crate) name: &'s str,
    pub(crate) namespace: &'s str,
    #[serde(borrow)]
    pub(crate) owner_references: Vec<super::Owner<'s>>,
}
