use crate::prelude::*;

/// `endpoint_address_stale`.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct EndpointAddressStale {
    min_age: Span,
}

impl Default for EndpointAddressStale {
    fn default() -> Self {
        EndpointAddressStale { min_age: Span::minutes(2) }
    }
}

/// How many pods a finding is linked with.
const LINKED: usize = 5;

impl Detector for EndpointAddressStale {
    const META: Meta = Meta {
        id: "endpoint_address_stale",
        level: Level::Error,
        title: "Service sends requests to an address that its pod does not have",
        explanation: "The list of addresses behind the Service (its EndpointSlices) names a pod that is gone, or one that meanwhile has another address. Addresses are given out again, so requests run into the void or, worse, reach a pod that has nothing to do with them.",
        remediation: "Delete the EndpointSlice, its controller makes it anew: `kubectl delete endpointslice SLICE -n NAMESPACE`. If it comes back as it was, the controller does not see the pods: restart the kube-controller-manager, or whoever is named by `kubectl get endpointslice SLICE -n NAMESPACE --show-labels` under `endpointslice.kubernetes.io/managed-by`.",
        category: Category::Availability,
        on: true,
        addon: None,
        confidence: Confidence::High,
        false_positives: &["A pod that was deleted without grace while detek was reading: scan again."],
        parameters: &[("min_age", "how long the slice must have been as it is")],
        symptom_of: &[],
        references: &[Reference {
            title: "EndpointSlices",
            url: "https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/",
        }],
        fires: "
kind: EndpointSlice
metadata:
  name: web-x7k2p
  namespace: shop
  labels: {kubernetes.io/service-name: web, endpointslice.kubernetes.io/managed-by: endpointslice-controller.k8s.io}
  ownerReferences: [{apiVersion: v1, kind: Service, name: web, controller: true}]
addressType: IPv4
endpoints:
  - addresses: [10.42.0.9]
    conditions: {ready: true}
    targetRef: {kind: Pod, namespace: shop, name: web-5d4f8-abcde}
---
kind: Pod
metadata: {name: web-5d4f8-fghij, namespace: shop, labels: {app: web}}
status: {podIP: 10.42.0.9, podIPs: [{ip: 10.42.0.9}]}
",
        silent: "
kind: EndpointSlice
metadata: {name: web-a, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
endpoints:
  - {addresses: [10.42.0.9], conditions: {ready: true}, targetRef: {kind: Pod, name: web-1}}
  # It is about to go, and its pod may be gone already.
  - {addresses: [10.42.0.8], conditions: {ready: false, terminating: true}, targetRef: {kind: Pod, name: web-0}}
---
kind: EndpointSlice
metadata: {name: web-b, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: IPv6
endpoints: [{addresses: ['fd00::9'], targetRef: {kind: Pod, name: web-1}}]
---
kind: Pod
metadata: {name: web-1, namespace: shop}
status: {podIP: 10.42.0.9, podIPs: [{ip: 10.42.0.9}, {ip: 'fd00::9'}]}
---
# Outside of the cluster, kept by hand: it refers to no pod.
kind: EndpointSlice
metadata: {name: by-hand, namespace: shop, labels: {kubernetes.io/service-name: by-hand}}
addressType: IPv4
endpoints: [{addresses: [192.0.2.44], conditions: {ready: true}}]
---
kind: EndpointSlice
metadata: {name: of-a-node, namespace: shop, labels: {kubernetes.io/service-name: agent}}
addressType: IPv4
endpoints: [{addresses: [192.0.2.7], targetRef: {kind: Node, name: node-7}}]
",
    };
    type Subject = EndpointSlices;
    type Reads = (ByNamespace<PodAddresses>,);

    fn check(&self, slice: &EndpointSlice<'_>, (pods,): Values<'_, Self::Reads>, found: &mut Findings<'_>) {
        let (namespace, service) = (slice.metadata.namespace, slice.service());
        if is_young(slice.changed(), self.min_age, found.now()) {
            return;
        }
        let (mut told, mut stale, mut gone) = (Vec::new(), Vec::new(), Vec::new());
        for endpoint in slice.endpoints.iter().filter(|endpoint| !endpoint.is_terminating()) {
            let Some(name) = endpoint.pod() else { continue };
            // Slices by hand may point elsewhere, which no controller does.
            if endpoint.target_ref.as_ref().is_some_and(|target| !["", namespace].contains(&target.namespace)) {
                continue;
            }
            let pod = pods.get(namespace, name);
            let has = pod.as_ref().map(PodAddress::all);
            for address in &endpoint.addresses {
                let why = match &has {
                    Some(has) if address.parse().is_ok_and(|address| has.contains(&address)) => continue,
                    Some(has) if has.is_empty() => "has no address".to_owned(),
                    Some(has) => {
                        format!("has {}", has.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and "))
                    }
                    None => "does not exist".to_owned(),
                };
                told.push(format!("{address} of pod {name}, which {why}"));
                stale.push(format!("{address} (Pod/{namespace}/{name})"));
                gone.push(name);
            }
        }
        if told.is_empty() {
            return;
        }
        let finding = found.add("address", format!("requests go to {}", listed(&told)));
        finding.path("endpoints").evidence("slice", slice.metadata.name).evidence("stale", stale.join(", "));
        for pod in gone.into_iter().take(LINKED) {
            finding.related(ObjectRef::new("", "Pod", namespace, pod));
        }
        if !service.is_empty() {
            finding.evidence("service", service).related(ObjectRef::new("", "Service", namespace, service));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::EndpointAddressStale;
    use crate::testing::check;
    use detek_core::Detector as _;
    use expect_test::expect;

    #[test]
    fn a_slice_of_a_service_is_told_of_the_service() {
        check::<EndpointAddressStale>(
            EndpointAddressStale::META.fires,
            &[],
            &expect![[r"
                Error
                Error Service/shop/web: requests go to 10.42.0.9 of pod web-5d4f8-abcde, which does not exist"]],
        );
    }

    #[test]
    fn a_pod_of_that_name_with_another_address_is_not_the_one() {
        check::<EndpointAddressStale>(
            "
kind: EndpointSlice
metadata: {name: web-moved, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: IPv6
endpoints:
  - {addresses: ['fd00::9'], targetRef: {kind: Pod, name: web-0}}
  - {addresses: ['fd00:0::1'], targetRef: {kind: Pod, name: web-1}}
  - {addresses: ['fd00::3'], targetRef: {kind: Pod, name: web-2}}
---
kind: Pod
metadata: {name: web-0, namespace: shop}
status: {podIP: 'fd00::4', podIPs: [{ip: 'fd00::4'}]}
---
kind: Pod
metadata: {name: web-1, namespace: shop}
status: {podIP: 'fd00::1'}
---
kind: Pod
metadata: {name: web-2, namespace: shop}
---
kind: Pod
metadata: {name: web-0, namespace: other}
status: {podIP: 'fd00::9'}
",
            &[],
            &expect![[r"
                Error
                Error EndpointSlice/shop/web-moved: requests go to fd00::9 of pod web-0, which has fd00::4, fd00::3 of pod web-2, which has no address"]],
        );
    }

    #[test]
    fn a_slice_that_has_just_changed_is_left_to_its_controller() {
        let yaml = "
kind: EndpointSlice
metadata:
  name: web-a
  namespace: shop
  creationTimestamp: '2025-01-01T00:00:00Z'
  annotations: {endpoints.kubernetes.io/last-change-trigger-time: '2026-01-02T03:03:30.123Z'}
endpoints: [{addresses: [10.42.0.9], targetRef: {kind: Pod, name: gone}}]
---
kind: Pod
metadata: {name: other, namespace: shop}
";
        check::<EndpointAddressStale>(yaml, &[], &expect!["Normal"]);
        check::<EndpointAddressStale>(
            yaml,
            &[("min_age", "30s")],
            &expect![[r"
                Error
                Error EndpointSlice/shop/web-a: requests go to 10.42.0.9 of pod gone, which does not exist"]],
        );
    }
}
