//! Who owns whom: Pod → ReplicaSet → Deployment, Pod → Job → CronJob.

use super::ByNamespace;
use crate::rows::{Jobs, Owner, ReplicaSets};
use detek_core::{Documents, Fact, Optional, OwnerRef, RollUp, Values};

/// How far up owners are followed; a cycle ends there too.
const DEPTH: usize = 5;

/// The controllers of ReplicaSets and Jobs, read when they are asked for: as a map from name to name they would take
/// 60 MB for 150,000 ReplicaSets. Without their lists the direct controller is the answer.
pub(crate) struct Owners {
    replica_sets: Option<ByNamespace<ReplicaSets>>,
    jobs: Option<ByNamespace<Jobs>>,
}

impl Fact for Owners {
    type Reads = (Optional<Documents<ReplicaSets>>, Optional<Documents<Jobs>>);

    fn build((replica_sets, jobs): Values<'_, Self::Reads>) -> Self {
        Owners {
            replica_sets: replica_sets.map(|documents| ByNamespace::build((documents,))),
            jobs: jobs.map(|documents| ByNamespace::build((documents,))),
        }
    }
}

impl RollUp for Owners {
    fn root(&self, namespace: &str, owner: &OwnerRef) -> OwnerRef {
        let mut root = owner.clone();
        for _ in 0..DEPTH {
            match self.above(namespace, &root) {
                Some(above) => root = above,
                None => break,
            }
        }
        root
    }
}

impl Owners {
    fn above(&self, namespace: &str, owned: &OwnerRef) -> Option<OwnerRef> {
        let owners = match (owned.group.as_str(), owned.kind.as_str()) {
            ("apps", "ReplicaSet") => {
                self.replica_sets.as_ref()?.get(namespace, &owned.name)?.metadata.owner_references
            }
            ("batch", "Job") => self.jobs.as_ref()?.get(namespace, &owned.name)?.metadata.owner_references,
            _ => return None,
        };
        owners.iter().find(|owner| owner.controller).map(owner_ref)
    }
}

fn owner_ref(owner: &Owner<'_>) -> OwnerRef {
    let group = owner.api_version.split_once('/').map_or("", |(group, _)| group);
    OwnerRef { group: group.into(), kind: owner.kind.into(), name: owner.name.into() }
}
