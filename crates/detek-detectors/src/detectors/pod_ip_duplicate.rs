use crate::prelude::*;

/// `pod_ip_duplicate`.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PodIpDuplicate {}

impl Detector for PodIpDuplicate {
    const META: Meta = Meta {
        id: "pod_ip_duplicate",
        level: Level::Error,
        title: "Pods have the same IP address",
        explanation: "Each running pod must have an address of its own. With two of the same, requests reach now one and now the other, whoever they were meant for: wrong answers, broken connections, data in the wrong hands. The part of the network plugin that hands out addresses has gone wrong.",
        remediation: "Recreate one of them, so that it gets another address: `kubectl delete pod NAME -n NAMESPACE`. Then let the network plugin compare what it has handed out with what is used (Calico: `calicoctl ipam check`; Cilium: `kubectl get ciliumnodes -o yaml`), and look for nodes with the same range: `kubectl get nodes -o custom-columns=NAME:.metadata.name,CIDR:.spec.podCIDRs`.",
        category: Category::Availability,
        on: true,
        addon: None,
        confidence: Confidence::High,
        false_positives: &["Network plugins with several separate networks whose ranges overlap on purpose."],
        parameters: &[],
        symptom_of: &[],
        references: &[Reference {
            title: "The Kubernetes network model",
            url: "https://kubernetes.io/docs/concepts/services-networking/#the-kubernetes-network-model",
        }],
        fires: "
kind: Pod
metadata: {name: twin-a, namespace: shop}
status: {phase: Running, podIP: 10.201.0.7, podIPs: [{ip: 10.201.0.7}]}
---
kind: Pod
metadata: {name: twin-b, namespace: shop}
status: {phase: Running, podIP: 10.201.0.7, podIPs: [{ip: 10.201.0.7}]}
",
        silent: "
kind: Pod
metadata: {name: host-a, namespace: shop}
spec: {hostNetwork: true}
status: {phase: Running, podIP: 192.168.0.1, podIPs: [{ip: 192.168.0.1}]}
---
kind: Pod
metadata: {name: host-b, namespace: shop}
spec: {hostNetwork: true}
status: {phase: Running, podIP: 192.168.0.1, podIPs: [{ip: 192.168.0.1}]}
---
kind: Pod
metadata: {name: finished, namespace: shop}
status: {phase: Succeeded, podIP: 10.201.0.8, podIPs: [{ip: 10.201.0.8}]}
---
kind: Pod
metadata: {name: successor, namespace: shop}
status: {phase: Running, podIP: 10.201.0.8, podIPs: [{ip: 10.201.0.8}]}
---
kind: Pod
metadata: {name: going, namespace: shop, deletionTimestamp: '2026-01-02T03:04:00Z'}
status: {phase: Running, podIP: 10.201.0.8, podIPs: [{ip: 10.201.0.8}]}
---
kind: Pod
metadata: {name: starting, namespace: shop}
status: {phase: Pending}
",
    };
    const WHOLE_CLUSTER: bool = true;
    type Subject = PodAddresses;
    type Reads = (SharedAddresses,);

    fn check(&self, pod: &PodAddress<'_>, (shared,): Values<'_, Self::Reads>, found: &mut Findings<'_>) {
        let this = pod.object();
        for address in pod.own() {
            let Some(holders) = shared.holders(address) else { continue };
            let others = || holders.named.iter().filter(|holder| **holder != this);
            let Some(other) = others().next() else { continue };
            let more = match holders.count {
                2 => String::new(),
                count => format!(" and of {} more", count - 2),
            };
            let finding = found.add("ip", format!("address {address} is also that of pod {}{more}", other.short()));
            finding.path("status.podIPs").key(address).evidence("ip", address.to_string());
            finding.evidence("pods", holders.count);
            for other in others() {
                finding.related(other.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PodIpDuplicate;
    use crate::testing::check;
    use expect_test::expect;

    #[test]
    fn each_pod_names_the_others_also_for_its_second_address_however_it_is_written() {
        check::<PodIpDuplicate>(
            "
kind: Pod
metadata: {name: a, namespace: one}
status: {phase: Running, podIP: 10.0.0.1, podIPs: [{ip: 10.0.0.1}, {ip: 'fd00::1'}]}
---
kind: Pod
metadata: {name: b, namespace: two}
status: {phase: Running, podIP: 10.0.0.2, podIPs: [{ip: 10.0.0.2}, {ip: 'fd00:0:0::0001'}]}
---
kind: Pod
metadata: {name: c, namespace: two}
status: {phase: Running, podIP: 'fd00::1'}
",
            &[],
            &expect![[r"
                Error
                Error Pod/one/a: address fd00::1 is also that of pod two/b and of 1 more
                Error Pod/two/b: address fd00::1 is also that of pod one/a and of 1 more
                Error Pod/two/c: address fd00::1 is also that of pod one/a and of 1 more"]],
        );
    }
}
