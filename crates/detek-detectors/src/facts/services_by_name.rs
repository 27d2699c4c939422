//! Services by namespace and name, with their ports.

use crate::rows::Services;
use detek_core::{Documents, Fact, Values};
use std::collections::BTreeMap;

/// What a backend may refer to.
pub(crate) struct KnownService {
    pub(crate) external_name: bool,
    /// `(name, number)`; the name is empty for an unnamed port.
    pub(crate) ports: Vec<(String, i64)>,
}

/// Every Service.
pub(crate) struct ServicesByName(BTreeMap<String, BTreeMap<String, KnownService>>);

impl Fact for ServicesByName {
    type Reads = (Documents<Services>,);

    fn build((services,): Values<'_, Self::Reads>) -> Self {
        let mut known: BTreeMap<String, BTreeMap<String, KnownService>> = BTreeMap::new();
        for (_, service) in services.rows() {
            let ports = service.spec.ports.iter().map(|port| (port.name.to_owned(), port.port)).collect();
            let one = KnownService { external_name: service.spec.kind == "ExternalName", ports };
            known.entry(service.metadata.namespace.into()).or_default().insert(service.metadata.name.into(), one);
        }
        ServicesByName(known)
    }
}

impl ServicesByName {
    /// The Service of this name.
    pub(crate) fn get(&self, namespace: &str, name: &str) -> Option<&KnownService> {
        self.0.get(namespace)?.get(name)
    }

    /// The names of a namespace, in order.
    pub(crate) fn names(&self, namespace: &str) -> impl Iterator<Item = &str> {
        self.0.get(namespace).into_iter().flat_map(|services| services.keys().map(String::as_str))
    }
}
