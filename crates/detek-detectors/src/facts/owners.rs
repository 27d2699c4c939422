//! Who owns whom: Pod → ReplicaSet → Deployment, Pod → Job → CronJob.

use crate::rows::{Jobs, Owner, ReplicaSets};
use detek_core::{Documents, Fact, Optional, OwnerRef, RollUp, Values};
use std::collections::HashMap;

/// How far up owners are followed; a cycle ends there too.
const DEPTH: usize = 5;

/// The controllers of ReplicaSets and Jobs. Without their lists the direct controller is the answer.
pub(crate) struct Owners(HashMap<(String, OwnerRef), OwnerRef>);

fn owner_ref(owner: &Owner<'_>) -> OwnerRef {
    let group = owner.api_version.split_once('/').map_or("", |(group, _)| group);
    OwnerRef { group: group.into(), kind: owner.kind.into(), name: owner.name.into() }
}

impl Fact for Owners {
    type Reads = (Optional<Documents<ReplicaSets>>, Optional<Documents<Jobs>>);

    fn build((replica_sets, jobs): Values<'_, Self::Reads>) -> Self {
        let mut owners = HashMap::new();
        let mut add = |kind: (&str, &str), namespace: &str, name: &str, references: &[Owner<'_>]| {
            if let Some(owner) = references.iter().find(|owner| owner.controller) {
                let owned = OwnerRef { group: kind.0.into(), kind: kind.1.into(), name: name.into() };
                owners.insert((namespace.to_owned(), owned), owner_ref(owner));
            }
        };
        for (_, row) in replica_sets.iter().flat_map(|documents| documents.rows()) {
            add(("apps", "ReplicaSet"), row.metadata.namespace, row.metadata.name, &row.metadata.owner_references);
        }
        for (_, row) in jobs.iter().flat_map(|documents| documents.rows()) {
            add(("batch", "Job"), row.metadata.namespace, row.metadata.name, &row.metadata.owner_references);
        }
        Owners(owners)
    }
}

impl RollUp for Owners {
    fn root(&self, namespace: &str, owner: &OwnerRef) -> OwnerRef {
        let mut root = owner.clone();
        for _ in 0..DEPTH {
            match self.0.get(&(namespace.to_owned(), root.clone())) {
                Some(above) => root = above.clone(),
                None => break,
            }
        }
        root
    }
}
