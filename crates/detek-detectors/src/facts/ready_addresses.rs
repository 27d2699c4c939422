//! The addresses behind Services: how many are ready, and which are not.

use super::by_hash::{ByHash, hash};
use crate::rows::{EndpointSlice, EndpointSlices, Service, is_young};
use detek_core::{Documents, Fact, Span, Values};
use detek_doc::Store;
use jiff::Timestamp;
use std::{collections::BTreeMap, sync::Arc};

/// The slices of each Service, by its namespace and name; its addresses are counted when they are asked for.
pub(crate) struct ReadyAddresses {
    slices: Arc<Store>,
    by_service: ByHash,
}

/// The addresses of one Service. What is about to go is not counted; what stands in several slices, as with two families
/// of addresses, is counted once.
#[derive(Default)]
pub(crate) struct Addresses {
    /// How many take requests.
    pub(crate) ready: usize,
    /// Those that do not, as `10.0.0.7 (Pod/shop/web-1)`, in order of names.
    pub(crate) not_ready: Vec<String>,
    /// When one of its slices last changed; `None` if there is no slice, or it does not say.
    pub(crate) changed: Option<Timestamp>,
}

impl Fact for ReadyAddresses {
    type Reads = (Documents<EndpointSlices>,);

    fn build((slices,): Values<'_, Self::Reads>) -> Self {
        let of_services = slices.rows().filter(|(_, slice)| !slice.service().is_empty());
        let pairs = of_services.map(|(number, slice)| (hash((slice.metadata.namespace, slice.service())), number));
        ReadyAddresses { by_service: ByHash::new(pairs.collect()), slices: slices.store() }
    }
}

impl ReadyAddresses {
    /// The addresses of a Service; one without slices has none.
    pub(crate) fn of(&self, namespace: &str, service: &str) -> Addresses {
        // Building has read every row: one that cannot be read has made the fact a fault.
        let rows =
            self.by_service.get(hash((namespace, service))).filter_map(|number| self.slices.doc(number).read().ok());
        let of_it = |slice: &EndpointSlice<'_>| (slice.metadata.namespace, slice.service()) == (namespace, service);
        Addresses::of(&rows.filter(of_it).collect::<Vec<_>>())
    }
}

impl Addresses {
    fn of(slices: &[EndpointSlice<'_>]) -> Self {
        // By what has the address, or by the address of something outside of the cluster.
        let mut endpoints: BTreeMap<(&str, &str), (&str, bool)> = BTreeMap::new();
        for slice in slices {
            for endpoint in slice.endpoints.iter().filter(|endpoint| !endpoint.is_terminating()) {
                let address = endpoint.addresses.first().copied().unwrap_or_default();
                let target = endpoint.target_ref.as_ref().map_or(("", address), |target| (target.kind, target.name));
                endpoints.entry(target).or_insert((address, false)).1 |= endpoint.is_ready();
            }
        }
        let namespace = slices.first().map_or("", |slice| slice.metadata.namespace);
        let name = |((kind, name), (address, _)): (&(&str, &str), &(&str, bool))| match *kind {
            "" => (*address).to_owned(),
            kind => format!("{address} ({kind}/{namespace}/{name})"),
        };
        let not_ready: Vec<String> = endpoints.iter().filter(|(_, (_, ready))| !ready).map(name).collect();
        Addresses {
            ready: endpoints.len() - not_ready.len(),
            not_ready,
            changed: slices.iter().filter_map(EndpointSlice::changed).max(),
        }
    }

    /// Whether the Service is new, or its addresses have changed, less than `min_age` before `now`.
    pub(crate) fn are_young(&self, service: &Service<'_>, min_age: Span, now: Timestamp) -> bool {
        is_young(self.changed.max(service.metadata.creation_timestamp.get()), min_age, now)
    }

    /// All that there are.
    pub(crate) fn total(&self) -> usize {
        self.ready + self.not_ready.len()
    }
}
