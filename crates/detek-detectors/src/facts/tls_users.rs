//! Who serves the certificates in Secrets.

use crate::rows::{Gateways, Ingresses};
use detek_core::{Documents, Fact, ObjectRef, Optional, Values};
use std::collections::{BTreeMap, BTreeSet};

/// By namespace and name of the Secret: the Ingresses, and the Gateways if they are known, that serve it.
pub(crate) struct TlsUsers(BTreeMap<(String, String), BTreeSet<ObjectRef>>);

impl Fact for TlsUsers {
    type Reads = (Documents<Ingresses>, Optional<Documents<Gateways>>);

    fn build((ingresses, gateways): Values<'_, Self::Reads>) -> Self {
        let mut users: BTreeMap<(String, String), BTreeSet<ObjectRef>> = BTreeMap::new();
        let mut add = |namespace: &str, name: &str, user: ObjectRef| {
            users.entry((namespace.to_owned(), name.to_owned())).or_default().insert(user);
        };
        for (_, ingress) in ingresses.rows() {
            let (namespace, name) = (ingress.metadata.namespace, ingress.metadata.name);
            for tls in &ingress.spec.tls {
                add(namespace, tls.secret_name, ObjectRef::new("networking.k8s.io", "Ingress", namespace, name));
            }
        }
        for (_, gateway) in gateways.iter().flat_map(|gateways| gateways.rows()) {
            let (namespace, name) = (gateway.metadata.namespace, gateway.metadata.name);
            let references = gateway.spec.listeners.iter().flat_map(|listener| &listener.tls.certificate_refs);
            for secret in
                references.filter(|secret| secret.group.is_empty() && secret.kind.is_none_or(|kind| kind == "Secret"))
            {
                let user = ObjectRef::new("gateway.networking.k8s.io", "Gateway", namespace, name);
                add(secret.namespace.unwrap_or(namespace), secret.name, user);
            }
        }
        TlsUsers(users)
    }
}

impl TlsUsers {
    /// Who serves this Secret.
    pub(crate) fn of(&self, namespace: &str, name: &str) -> impl Iterator<Item = &ObjectRef> {
        self.0.get(&(namespace.to_owned(), name.to_owned())).into_iter().flatten()
    }
}
