//! The Services behind which pods stand.

use super::by_hash::{ByHash, hash};
use crate::rows::{Endpoint, EndpointSlices};
use detek_core::{Documents, Fact, Values};
use detek_doc::{Doc, Store};
use std::sync::Arc;

/// The slices of each pod, by its namespace and name. A pod is known by its name, which is unique at any time: after a
/// StatefulSet has made it anew, it stands behind the same Services.
pub(crate) struct ServicesByPod {
    slices: Arc<Store>,
    by_pod: ByHash,
}

impl Fact for ServicesByPod {
    type Reads = (Documents<EndpointSlices>,);

    fn build((slices,): Values<'_, Self::Reads>) -> Self {
        let mut pairs = Vec::new();
        for (number, slice) in slices.rows().filter(|(_, slice)| !slice.service().is_empty()) {
            let pods = slice.endpoints.iter().filter_map(Endpoint::pod);
            pairs.extend(pods.map(|pod| (hash((slice.metadata.namespace, pod)), number)));
        }
        ServicesByPod { slices: slices.store(), by_pod: ByHash::new(pairs) }
    }
}

impl ServicesByPod {
    /// The names of the Services that send requests to this pod, in order.
    pub(crate) fn of(&self, namespace: &str, pod: &str) -> impl ExactSizeIterator<Item = &str> {
        let mut services: Vec<&str> =
            self.by_pod.get(hash((namespace, pod))).filter_map(|number| self.service(number, namespace, pod)).collect();
        services.sort_unstable();
        services.dedup();
        services.into_iter()
    }

    /// The Service of a slice, if this pod is in it.
    fn service(&self, slice: u32, namespace: &str, pod: &str) -> Option<&str> {
        let doc = self.slices.doc(slice);
        let text = |path: &[&str]| doc.at(path).and_then(Doc::as_str);
        let here = text(&["metadata", "namespace"]).unwrap_or_default() == namespace;
        let mut targets = doc.get("endpoints")?.items().filter_map(|endpoint| endpoint.at(&["targetRef", "name"]));
        let holds = here && targets.any(|name| name.as_str() == Some(pod));
        text(&["metadata", "labels", "kubernetes.io/service-name"]).filter(|_| holds)
    }
}
