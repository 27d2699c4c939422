use crate::prelude::*;

/// `ingress_backend_missing`.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct IngressBackendMissing {}

/// How many letters a name may differ in to be suggested.
const TYPO: usize = 2;

impl Detector for IngressBackendMissing {
    const META: Meta = Meta {
        id: "ingress_backend_missing",
        level: Level::Error,
        title: "Ingress points at a Service or port that does not exist",
        explanation: "Every request for this host and path is answered with an error (503): the Ingress sends it to a Service, or to a port of one, that is not there. Often one mistyped letter.",
        remediation: "Correct `backend.service` with `kubectl edit ingress NAME -n NAMESPACE`, or create the Service. `kubectl get services -n NAMESPACE` shows names and ports.",
        category: Category::Availability,
        on: true,
        addon: None,
        confidence: Confidence::High,
        false_positives: &[],
        parameters: &[],
        symptom_of: &[],
        references: &[Reference {
            title: "Ingress",
            url: "https://kubernetes.io/docs/concepts/services-networking/ingress/",
        }],
        fires: "
kind: Ingress
metadata: {name: shop, namespace: shop}
spec:
  rules:
    - host: shop.example
      http: {paths: [{path: /, backend: {service: {name: chekout, port: {number: 80}}}}]}
---
kind: Service
metadata: {name: checkout, namespace: shop}
spec: {ports: [{port: 80}]}
",
        silent: "
# A redirect of the controller of AWS, which is in the annotation.
kind: Ingress
metadata: {name: redirected, namespace: shop, annotations: {alb.ingress.kubernetes.io/actions.ssl-redirect: '{}'}}
spec: {rules: [{http: {paths: [{path: /, backend: {service: {name: ssl-redirect, port: {name: use-annotation}}}}]}}]}
---
kind: Ingress
metadata: {name: shop, namespace: shop}
spec:
  defaultBackend: {service: {name: checkout, port: {name: web}}}
  rules:
    - host: shop.example
      http: {paths: [{path: /, backend: {service: {name: checkout, port: {number: 80}}}}]}
    - {host: no-http.example}
---
kind: Service
metadata: {name: checkout, namespace: shop}
spec: {ports: [{name: web, port: 80}]}
",
    };
    type Subject = Ingresses;
    type Reads = (ByNamespace<Services>,);

    fn check(&self, ingress: &Ingress<'_>, (services,): Values<'_, Self::Reads>, found: &mut Findings<'_>) {
        let namespace = ingress.metadata.namespace;
        for (place, backend) in ingress.backends() {
            let Some(wanted) = &backend.service else { continue };
            let (name, port) = (wanted.name, &wanted.port);
            // What the controller of AWS is to do stands in an annotation; there is no Service.
            if port.name == "use-annotation" {
                continue;
            }
            let Some(service) = services.get(namespace, name) else {
                let known = services.rows(namespace).map(|service| service.metadata.name);
                let near = known.map(|known| (strsim::levenshtein(known, name), known)).min();
                let near = near.filter(|(distance, _)| *distance <= TYPO).map(|(_, known)| known);
                let hint = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
                let finding =
                    found.add("service_missing", format!("{place} goes to Service {name}, which does not exist{hint}"));
                finding.key(name).evidence("service", name).evidence("place", place);
                if let Some(near) = near {
                    finding.evidence("suggestion", near).related(ObjectRef::new("", "Service", namespace, near));
                }
                continue;
            };
            let matches = |known: &ServicePort<'_>| {
                if port.name.is_empty() { known.port == port.number } else { known.name == port.name }
            };
            if service.is_external() || service.spec.ports.iter().any(matches) {
                continue;
            }
            let wanted = if port.name.is_empty() { port.number.to_string() } else { port.name.to_owned() };
            let has = service.spec.ports.iter().map(|known| match known.name {
                "" => known.port.to_string(),
                name => format!("{name} ({})", known.port),
            });
            let has = has.collect::<Vec<_>>().join(", ");
            found
                .add("port_missing", format!("{place} goes to port {wanted} of Service {name}, which has {has}"))
                .key(name)
                .key(&wanted)
                .evidence("service", name)
                .evidence("port", wanted.as_str())
                .evidence("place", place)
                .related(ObjectRef::new("", "Service", namespace, name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::IngressBackendMissing;
    use crate::testing::check;
    use expect_test::expect;

    #[test]
    fn a_typo_is_shown_with_the_name_that_was_meant() {
        check::<IngressBackendMissing>(
            <IngressBackendMissing as detek_core::Detector>::META.fires,
            &[],
            &expect![[r"
                Error
                Error Ingress/shop/shop: shop.example/ goes to Service chekout, which does not exist; did you mean checkout?"]],
        );
    }

    #[test]
    fn a_named_backend_port_never_equals_an_unnamed_port() {
        check::<IngressBackendMissing>(
            "
kind: Ingress
metadata: {name: i, namespace: a}
spec: {defaultBackend: {service: {name: web, port: {name: http}}}}
---
kind: Service
metadata: {name: web, namespace: a}
spec: {ports: [{port: 80}]}
",
            &[],
            &expect![[r"
                Error
                Error Ingress/a/i: defaultBackend goes to port http of Service web, which has 80"]],
        );
    }
}
