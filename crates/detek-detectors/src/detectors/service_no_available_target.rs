use crate::prelude::*;

/// `service_no_available_target`.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ServiceNoAvailableTarget {
    min_age: Span,
}

impl Default for ServiceNoAvailableTarget {
    fn default() -> Self {
        ServiceNoAvailableTarget { min_age: Span::minutes(2) }
    }
}

impl Detector for ServiceNoAvailableTarget {
    const META: Meta = Meta {
        id: "service_no_available_target",
        level: Level::Fatal,
        title: "Service has no pod that takes requests",
        explanation: "A Service hands each request to one of the pods behind it that say they are ready. There is none, so whoever calls the Service is refused: it is down for all of its users. Either no running pod has the labels that the Service asks for, or none of those that have them passes its readiness probe.",
        remediation: "Look at the pods behind it: `kubectl get pods -n NAMESPACE -o wide -l \"$(kubectl get service NAME -n NAMESPACE -o jsonpath='{.spec.selector}' | tr -d '{}\"' | tr : =)\"`. If there are none, correct the selector (`kubectl edit service NAME -n NAMESPACE`) or start the workload (`kubectl scale deployment/WORKLOAD -n NAMESPACE --replicas=1`). If they are not ready, `kubectl describe pod POD -n NAMESPACE` says why.",
        category: Category::Availability,
        on: true,
        addon: None,
        confidence: Confidence::High,
        false_positives: &[
            "A ReplicaSet, an Argo Rollout or a custom workload that is scaled to zero on purpose; of Deployments, StatefulSets and DaemonSets it is seen and only remarked.",
            "A Service in front of Jobs that have ended.",
            "Leader election by readiness, where a new leader is being chosen.",
        ],
        parameters: &[("min_age", "how long the Service and its addresses must have been as they are")],
        symptom_of: &["service_selects_nothing"],
        references: &[
            Reference {
                title: "Debug Services",
                url: "https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/",
            },
            Reference {
                title: "EndpointSlices",
                url: "https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/",
            },
        ],
        fires: "
kind: Service
metadata: {name: checkout, namespace: shop, creationTimestamp: '2025-11-01T08:00:00Z'}
spec: {clusterIP: 10.96.12.7, selector: {app: checkout}, ports: [{port: 80, targetPort: 8080}]}
---
kind: EndpointSlice
metadata: {name: checkout-x7k2p, namespace: shop, labels: {kubernetes.io/service-name: checkout}}
addressType: IPv4
endpoints:
  - addresses: [10.42.0.17]
    conditions: {ready: false, serving: false, terminating: false}
    targetRef: {kind: Pod, namespace: shop, name: checkout-5d4f8-abcde}
",
        silent: "
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
# Nobody says that it is not ready.
kind: EndpointSlice
metadata: {name: web-a, namespace: shop, labels: {kubernetes.io/service-name: web}}
endpoints: [{addresses: [10.42.0.20], targetRef: {kind: Pod, name: web-1}}]
---
kind: Service
metadata: {name: split, namespace: shop}
spec: {selector: {app: split}, ports: [{port: 80}]}
---
kind: EndpointSlice
metadata: {name: split-a, namespace: shop, labels: {kubernetes.io/service-name: split}}
endpoints: []
---
kind: EndpointSlice
metadata: {name: split-b, namespace: shop, labels: {kubernetes.io/service-name: split}}
endpoints: [{addresses: [10.42.0.21], conditions: {ready: true}, targetRef: {kind: Pod, name: split-1}}]
---
# Members of a StatefulSet must find each other before they are ready.
kind: Service
metadata: {name: peers, namespace: shop}
spec: {clusterIP: None, publishNotReadyAddresses: true, selector: {app: db}}
---
kind: Service
metadata: {name: outside, namespace: shop}
spec: {type: ExternalName, externalName: db.example.com}
---
kind: Service
metadata: {name: by-hand, namespace: shop}
spec: {ports: [{port: 80}]}
---
kind: Service
metadata: {name: new, namespace: shop, creationTimestamp: '2026-01-02T03:03:30Z'}
spec: {selector: {app: new}}
",
    };
    type Subject = Services;
    type Reads = (ReadyAddresses, Optional<Templates>);

    fn check(&self, service: &Service<'_>, reads: Values<'_, Self::Reads>, found: &mut Findings<'_>) {
        let (addresses, templates) = reads;
        let (namespace, selector) = (service.metadata.namespace, service.selector());
        let addresses = addresses.of(namespace, service.metadata.name);
        if !service.wants_ready_pods() || addresses.ready > 0 || addresses.are_young(service, self.min_age, found.now())
        {
            return;
        }
        let (total, not_ready) = (addresses.total(), &addresses.not_ready);
        let parked = if total == 0 { parked(service, templates) } else { None };
        let finding = match &parked {
            Some(workload) => found
                .add("scaled_to_zero", format!("nobody answers: {workload} is scaled to zero"))
                .level(Level::Info)
                .related(workload.clone()),
            None if total == 0 => {
                found.add("no_address", format!("nobody answers: no pod with an address has the labels {selector}"))
            }
            None => found
                .add("none_ready", format!("nobody answers: 0 of {total} addresses are ready: {}", listed(not_ready))),
        };
        finding.evidence("selector", selector).evidence("ready", 0).evidence("total", total);
        if total > 0 {
            finding.evidence("not_ready", not_ready.join(", "));
        }
    }
}

/// The workload whose pods the Service would select, if all such workloads are scaled to zero. With the workloads unknown
/// there might be another.
fn parked(service: &Service<'_>, templates: Option<&Templates>) -> Option<ObjectRef> {
    let mut behind = templates?.behind(service);
    let (first, replicas) = behind.next()?;
    (replicas == 0 && behind.all(|(_, replicas)| replicas == 0)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::ServiceNoAvailableTarget;
    use crate::testing::check;
    use expect_test::expect;

    const PARKED: &str = "
kind: Service
metadata: {name: parked, namespace: shop}
spec: {selector: {app: parked}}
---
kind: Deployment
metadata: {name: parked, namespace: shop}
spec: {replicas: 0, template: {metadata: {labels: {app: parked}}}}
";

    #[test]
    fn it_says_whether_pods_are_missing_or_not_ready() {
        check::<ServiceNoAvailableTarget>(
            "
kind: Service
metadata: {name: sick, namespace: shop}
spec: {selector: {app: sick}}
---
kind: EndpointSlice
metadata: {name: sick-a, namespace: shop, labels: {kubernetes.io/service-name: sick}}
endpoints: [{addresses: [10.42.0.17], conditions: {ready: false}, targetRef: {kind: Pod, name: sick-0}}]
---
kind: EndpointSlice
metadata: {name: sick-b, namespace: shop, labels: {kubernetes.io/service-name: sick}}
addressType: IPv6
endpoints: [{addresses: ['fd00::17'], conditions: {ready: false}, targetRef: {kind: Pod, name: sick-0}}]
---
kind: Service
metadata: {name: lost, namespace: shop}
spec: {selector: {app: nowhere, tier: front}}
---
kind: EndpointSlice
metadata: {name: lost-of-another-namespace, namespace: other, labels: {kubernetes.io/service-name: lost}}
endpoints: [{addresses: [10.42.0.18]}]
",
            &[],
            &expect![[r"
                Fatal
                Fatal Service/shop/lost: nobody answers: no pod with an address has the labels app=nowhere,tier=front
                Fatal Service/shop/sick: nobody answers: 0 of 1 addresses are ready: 10.42.0.17 (Pod/shop/sick-0)"]],
        );
    }

    #[test]
    fn a_workload_that_is_scaled_to_zero_is_only_remarked() {
        check::<ServiceNoAvailableTarget>(
            PARKED,
            &[],
            &expect![[r"
                Info
                Info Service/shop/parked: nobody answers: Deployment/shop/parked is scaled to zero"]],
        );
    }

    #[test]
    fn another_workload_behind_it_that_wants_pods_makes_it_an_outage() {
        let beside = "---\nkind: StatefulSet\nmetadata: {name: more, namespace: shop}\nspec: {template: {metadata: {labels: {app: parked}}}}\n";
        check::<ServiceNoAvailableTarget>(
            &format!("{PARKED}{beside}"),
            &[],
            &expect![[r"
                Fatal
                Fatal Service/shop/parked: nobody answers: no pod with an address has the labels app=parked"]],
        );
    }

    #[test]
    fn pods_that_are_going_are_no_addresses_and_a_change_makes_it_young_again() {
        let yaml = "
kind: Service
metadata: {name: web, namespace: shop, creationTimestamp: '2025-01-01T00:00:00Z'}
spec: {selector: {app: web}}
---
kind: EndpointSlice
metadata:
  name: web-a
  namespace: shop
  creationTimestamp: '2025-01-01T00:00:00Z'
  labels: {kubernetes.io/service-name: web}
  annotations: {endpoints.kubernetes.io/last-change-trigger-time: '2026-01-02T03:03:30Z'}
endpoints: [{addresses: [10.42.0.17], conditions: {ready: false, terminating: true}, targetRef: {kind: Pod, name: web-0}}]
";
        check::<ServiceNoAvailableTarget>(yaml, &[], &expect!["Normal"]);
        check::<ServiceNoAvailableTarget>(
            yaml,
            &[("min_age", "30s")],
            &expect![[r"
                Fatal
                Fatal Service/shop/web: nobody answers: no pod with an address has the labels app=web"]],
        );
    }
}
