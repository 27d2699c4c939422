use crate::prelude::*;

/// `service_partially_available`.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ServicePartiallyAvailable {
    min_age: Span,
}

impl Default for ServicePartiallyAvailable {
    fn default() -> Self {
        ServicePartiallyAvailable { min_age: Span::minutes(5) }
    }
}

impl Detector for ServicePartiallyAvailable {
    const META: Meta = Meta {
        id: "service_partially_available",
        level: Level::Error,
        title: "Service has pods that take no requests",
        explanation: "Some of the pods behind this Service are not ready, so they get no requests and the others must carry the load of all. What still works is slower, and the next fault may be the one that ends it.",
        remediation: "Ask one of the pods why it is not ready: `kubectl describe pod POD -n NAMESPACE` (the events name the probe that fails) and `kubectl logs POD -n NAMESPACE --all-containers`. `kubectl get endpointslices -n NAMESPACE -l kubernetes.io/service-name=NAME -o yaml` shows what the Service sees.",
        category: Category::Availability,
        on: true,
        addon: None,
        confidence: Confidence::High,
        false_positives: &[
            "Pods that are not ready on purpose, such as the standby of a leader election.",
            "A rollout that takes longer than `min_age`.",
        ],
        parameters: &[("min_age", "how long the Service and its addresses must have been as they are")],
        symptom_of: &[],
        references: &[Reference {
            title: "Readiness probes",
            url: "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-probes",
        }],
        fires: "
kind: Service
metadata: {name: web, namespace: shop, creationTimestamp: '2025-11-01T08:00:00Z'}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
kind: EndpointSlice
metadata:
  name: web-x7k2p
  namespace: shop
  labels: {kubernetes.io/service-name: web}
  annotations: {endpoints.kubernetes.io/last-change-trigger-time: '2026-01-02T02:00:00Z'}
endpoints:
  - addresses: [10.42.0.17]
    conditions: {ready: true, serving: true, terminating: false}
    targetRef: {kind: Pod, namespace: shop, name: web-5d4f8-abcde}
  - addresses: [10.42.1.9]
    conditions: {ready: false, serving: false, terminating: false}
    targetRef: {kind: Pod, namespace: shop, name: web-5d4f8-fghij}
",
        silent: "
kind: Service
metadata: {name: whole, namespace: shop}
spec: {selector: {app: whole}}
---
# The old pod of a rollout is going, which is no fault.
kind: EndpointSlice
metadata: {name: whole-a, namespace: shop, labels: {kubernetes.io/service-name: whole}}
endpoints:
  - {addresses: [10.42.0.17], conditions: {ready: true}, targetRef: {kind: Pod, name: whole-1}}
  - {addresses: [10.42.0.18], conditions: {ready: false, terminating: true}, targetRef: {kind: Pod, name: whole-0}}
---
# Nobody answers at all: that is service_no_available_target.
kind: Service
metadata: {name: down, namespace: shop}
spec: {selector: {app: down}}
---
kind: EndpointSlice
metadata: {name: down-a, namespace: shop, labels: {kubernetes.io/service-name: down}}
endpoints: [{addresses: [10.42.0.19], conditions: {ready: false}, targetRef: {kind: Pod, name: down-1}}]
---
# A rollout: it has changed a minute ago.
kind: Service
metadata: {name: rollout, namespace: shop}
spec: {selector: {app: rollout}}
---
kind: EndpointSlice
metadata:
  name: rollout-a
  namespace: shop
  labels: {kubernetes.io/service-name: rollout}
  annotations: {endpoints.kubernetes.io/last-change-trigger-time: '2026-01-02T03:03:00Z'}
endpoints:
  - {addresses: [10.42.0.20], conditions: {ready: true}, targetRef: {kind: Pod, name: rollout-1}}
  - {addresses: [10.42.0.21], conditions: {ready: false}, targetRef: {kind: Pod, name: rollout-2}}
---
# Addresses kept by hand.
kind: Service
metadata: {name: by-hand, namespace: shop}
spec: {ports: [{port: 5432}]}
---
kind: EndpointSlice
metadata: {name: by-hand-a, namespace: shop, labels: {kubernetes.io/service-name: by-hand}}
endpoints: [{addresses: [192.0.2.4], conditions: {ready: true}}, {addresses: [192.0.2.5], conditions: {ready: false}}]
",
    };
    type Subject = Services;
    type Reads = (ReadyAddresses,);

    fn check(&self, service: &Service<'_>, (addresses,): Values<'_, Self::Reads>, found: &mut Findings<'_>) {
        let addresses = addresses.of(service.metadata.namespace, service.metadata.name);
        let (ready, not_ready, total) = (addresses.ready, &addresses.not_ready, addresses.total());
        if !service.wants_ready_pods()
            || ready == 0
            || not_ready.is_empty()
            || addresses.are_young(service, self.min_age, found.now())
        {
            return;
        }
        found
            .add("not_ready", format!("{} of {total} addresses are not ready: {}", not_ready.len(), listed(not_ready)))
            .evidence("ready", ready)
            .evidence("total", total)
            .evidence("not_ready", not_ready.join(", "));
    }
}

#[cfg(test)]
mod tests {
    use super::ServicePartiallyAvailable;
    use crate::testing::check;
    use detek_core::Detector as _;
    use expect_test::expect;

    #[test]
    fn it_names_the_pods_that_are_not_ready() {
        check::<ServicePartiallyAvailable>(
            ServicePartiallyAvailable::META.fires,
            &[],
            &expect![[r"
                Error
                Error Service/shop/web: 1 of 2 addresses are not ready: 10.42.1.9 (Pod/shop/web-5d4f8-fghij)"]],
        );
    }

    #[test]
    fn slices_of_one_service_are_taken_together_and_an_address_counts_once() {
        check::<ServicePartiallyAvailable>(
            "
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}}
---
kind: EndpointSlice
metadata: {name: web-a, namespace: shop, labels: {kubernetes.io/service-name: web}}
endpoints:
  - {addresses: [10.42.0.1], conditions: {ready: true}, targetRef: {kind: Pod, name: web-1}}
  - {addresses: [10.42.0.2], conditions: {ready: false}, targetRef: {kind: Pod, name: web-2}}
---
kind: EndpointSlice
metadata: {name: web-b, namespace: shop, labels: {kubernetes.io/service-name: web}}
endpoints:
  - {addresses: [10.42.0.2], conditions: {ready: true}, targetRef: {kind: Pod, name: web-2}}
  - {addresses: [10.42.0.3], conditions: {ready: false}, targetRef: {kind: Pod, name: web-3}}
",
            &[],
            &expect![[r"
                Error
                Error Service/shop/web: 1 of 3 addresses are not ready: 10.42.0.3 (Pod/shop/web-3)"]],
        );
    }

    #[test]
    fn a_young_service_is_judged_once_min_age_allows_it() {
        let yaml = "
kind: Service
metadata: {name: web, namespace: shop, creationTimestamp: '2026-01-02T03:04:06Z'}
spec: {selector: {app: web}}
---
kind: EndpointSlice
metadata: {name: web-a, namespace: shop, labels: {kubernetes.io/service-name: web}}
endpoints: [{addresses: [10.42.0.1]}, {addresses: [10.42.0.2], conditions: {ready: false}}]
";
        check::<ServicePartiallyAvailable>(yaml, &[], &expect!["Normal"]);
        check::<ServicePartiallyAvailable>(
            yaml,
            &[("min_age", "0s")],
            &expect![[r"
                Error
                Error Service/shop/web: 1 of 2 addresses are not ready: 10.42.0.2"]],
        );
    }
}
