//! The Services behind which pods stand.

use crate::rows::{Endpoint, EndpointSlices};
use detek_core::{Documents, Fact, Values};
use std::{collections::HashMap, sync::Arc};

/// For each namespace its pairs, in order. A pod is known by its name, which is unique at any time: after a StatefulSet
/// has made it anew, it stands behind the same Services.
pub(crate) struct ServicesByPod(HashMap<String, Vec<Pair>>);

/// A pod and a Service.
type Pair = (Box<str>, Arc<str>);

impl Fact for ServicesByPod {
    type Reads = (Documents<EndpointSlices>,);

    fn build((slices,): Values<'_, Self::Reads>) -> Self {
        let mut pairs: HashMap<String, Vec<Pair>> = HashMap::new();
        for (_, slice) in slices.rows().filter(|(_, slice)| !slice.service().is_empty()) {
            let known = pairs.entry(slice.metadata.namespace.into()).or_default();
            let service: Arc<str> = slice.service().into();
            let pods = slice.endpoints.iter().filter_map(Endpoint::pod);
            known.extend(pods.map(|pod| (pod.into(), Arc::clone(&service))));
        }
        for known in pairs.values_mut() {
            known.sort_unstable();
            known.dedup();
            known.shrink_to_fit();
        }
        ServicesByPod(pairs)
    }
}

impl ServicesByPod {
    /// The names of the Services that send requests to this pod, in order.
    pub(crate) fn of(&self, namespace: &str, pod: &str) -> impl ExactSizeIterator<Item = &str> {
        let all = self.0.get(namespace).map_or(&[][..], Vec::as_slice);
        let first = all.partition_point(|(known, _)| **known < *pod);
        let count = all[first..].partition_point(|(known, _)| **known == *pod);
        all[first..first + count].iter().map(|(_, service)| &**service)
    }
}
