//! Who serves the certificates in Secrets.

use crate::rows::{
    Gateways, Ingresses, MutatingWebhookConfigurations, ValidatingWebhookConfigurations, WebhookConfiguration,
};
use detek_core::{Documents, Fact, Kind, ObjectRef, Optional, Values};
use detek_doc::Doc;
use std::collections::{BTreeMap, BTreeSet};

/// Whose connections a Secret is for: Ingresses and Gateways name it; a webhook is found by the host name by which the
/// API server calls it. Gateways and webhooks only where they are known.
#[derive(Default)]
pub(crate) struct TlsUsers {
    by_secret: Users,
    by_host: Users,
}

/// By namespace, and name of the Secret or host name.
type Users = BTreeMap<(String, String), BTreeSet<ObjectRef>>;

fn add(users: &mut Users, namespace: &str, name: &str, user: ObjectRef) {
    users.entry((namespace.to_owned(), name.to_owned())).or_default().insert(user);
}

impl Fact for TlsUsers {
    type Reads = (
        Documents<Ingresses>,
        Optional<Documents<Gateways>>,
        Optional<Documents<ValidatingWebhookConfigurations>>,
        Optional<Documents<MutatingWebhookConfigurations>>,
    );

    fn build((ingresses, gateways, validating, mutating): Values<'_, Self::Reads>) -> Self {
        let mut users = TlsUsers::default();
        for (_, ingress) in ingresses.rows() {
            let (namespace, name) = (ingress.metadata.namespace, ingress.metadata.name);
            for tls in &ingress.spec.tls {
                let user = ObjectRef::new("networking.k8s.io", "Ingress", namespace, name);
                add(&mut users.by_secret, namespace, tls.secret_name, user);
            }
        }
        for (_, gateway) in gateways.iter().flat_map(|gateways| gateways.rows()) {
            let (namespace, name) = (gateway.metadata.namespace, gateway.metadata.name);
            let references = gateway.spec.listeners.iter().flat_map(|listener| &listener.tls.certificate_refs);
            for secret in references.filter(|reference| reference.is_secret()) {
                let user = ObjectRef::new("gateway.networking.k8s.io", "Gateway", namespace, name);
                add(&mut users.by_secret, secret.namespace.unwrap_or(namespace), secret.name, user);
            }
        }
        users.add_webhooks(validating);
        users.add_webhooks(mutating);
        users
    }
}

impl TlsUsers {
    fn add_webhooks<K: for<'s> Kind<Row<'s> = WebhookConfiguration<'s>>>(&mut self, all: Option<&Documents<K>>) {
        for (number, configuration) in all.iter().flat_map(|all| all.rows()) {
            let name = all.and_then(|all| all.doc(number).at(&["metadata", "name"])).and_then(Doc::as_str);
            let user = ObjectRef::new(&K::INPUT.group, &K::INPUT.kind, "", name.unwrap_or_default());
            for service in configuration.webhooks.iter().filter_map(|webhook| webhook.client_config.service) {
                let host = format!("{}.{}.svc", service.name, service.namespace);
                add(&mut self.by_host, service.namespace, &host, user.clone());
            }
        }
    }

    /// Who serves this Secret, whose certificate is for these hosts.
    pub(crate) fn of(&self, namespace: &str, name: &str, hosts: &[&str]) -> BTreeSet<&ObjectRef> {
        let key = |name: &str| (namespace.to_owned(), name.to_owned());
        let by_host = hosts.iter().filter_map(|host| self.by_host.get(&key(host)));
        self.by_secret.get(&key(name)).into_iter().chain(by_host).flatten().collect()
    }
}
