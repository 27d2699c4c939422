//! The addresses behind Services: how many are ready, and which are not.

use crate::rows::{EndpointSlice, EndpointSlices, Service, is_young};
use detek_core::{Documents, Fact, Span, Values};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};

/// The addresses of each Service, over all of its slices.
pub(crate) struct ReadyAddresses(HashMap<String, HashMap<String, Addresses>>);

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
        let mut numbers: Vec<(&str, &str, u32)> = slices
            .rows()
            .filter(|(_, slice)| !slice.service().is_empty())
            .map(|(number, slice)| (slice.metadata.namespace, slice.service(), number))
            .collect();
        numbers.sort_unstable();
        let mut known: HashMap<String, HashMap<String, Addresses>> = HashMap::new();
        for of_one in numbers.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let (namespace, service, _) = of_one[0];
            let rows = of_one.iter().filter_map(|(.., number)| slices.row(*number)).collect::<Vec<_>>();
            known.entry(namespace.into()).or_default().insert(service.into(), Addresses::of(&rows));
        }
        ReadyAddresses(known)
    }
}

impl ReadyAddresses {
    /// The addresses of a Service; one without slices has none.
    pub(crate) fn of(&self, namespace: &str, service: &str) -> &Addresses {
        static NONE: Addresses = Addresses { ready: 0, not_ready: Vec::new(), changed: None };
        self.0.get(namespace).and_then(|services| services.get(service)).unwrap_or(&NONE)
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
