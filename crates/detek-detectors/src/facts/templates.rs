//! Workloads by the labels that their pods would have.

use super::ByNamespace;
use crate::rows::{DaemonSets, Deployments, Replicated, Service, StatefulSets};
use detek_core::{Documents, Fact, ObjectRef, Values};

/// The workloads of each namespace. A workload without pods is known by its template.
pub(crate) struct Templates {
    daemon_sets: ByNamespace<DaemonSets>,
    deployments: ByNamespace<Deployments>,
    stateful_sets: ByNamespace<StatefulSets>,
}

impl Fact for Templates {
    type Reads = (Documents<DaemonSets>, Documents<Deployments>, Documents<StatefulSets>);

    fn build((daemon_sets, deployments, stateful_sets): Values<'_, Self::Reads>) -> Self {
        Templates {
            daemon_sets: ByNamespace::build((daemon_sets,)),
            deployments: ByNamespace::build((deployments,)),
            stateful_sets: ByNamespace::build((stateful_sets,)),
        }
    }
}

impl Templates {
    /// The workloads whose pods a Service selects.
    pub(crate) fn behind<'a>(&'a self, service: &'a Service<'_>) -> impl Iterator<Item = (ObjectRef, i64)> + 'a {
        let namespace = service.metadata.namespace;
        let daemon_sets = self.daemon_sets.rows(namespace).map(|workload| ("DaemonSet", workload));
        let deployments = self.deployments.rows(namespace).map(|workload| ("Deployment", workload));
        let stateful_sets = self.stateful_sets.rows(namespace).map(|workload| ("StatefulSet", workload));
        let all = daemon_sets.chain(deployments).chain(stateful_sets);
        all.filter(|(_, workload)| service.selects(workload.pod_labels())).map(
            move |(kind, workload): (_, Replicated<'_>)| {
                (ObjectRef::new("apps", kind, namespace, workload.metadata.name), workload.replicas())
            },
        )
    }
}
