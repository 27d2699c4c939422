use crate::prelude::*;

/// `apiserver_instance_unhealthy`.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ApiserverInstanceUnhealthy {}

impl Detector for ApiserverInstanceUnhealthy {
    const META: Meta = Meta {
        id: "apiserver_instance_unhealthy",
        level: Level::Fatal,
        title: "One of the API servers does not work",
        explanation: "Pods reach the API through the Service `kubernetes`, which spreads them over all API servers without asking how these are. One that does not answer makes clients in the cluster fail at random, while `kubectl`, which comes through a load balancer, sees nothing.",
        remediation: "Log in to the machine with the named address and look at its API server: `crictl logs $(crictl ps -a --name kube-apiserver -q | head -1)`, then restart it. If the machine is gone, remove its address: `kubectl get endpointslices -n default -l kubernetes.io/service-name=kubernetes`.",
        category: Category::Availability,
        on: true,
        addon: None,
        confidence: Confidence::High,
        false_positives: &[
            "An instance that is being replaced at the moment of the scan.",
            "A firewall that lets this machine reach some of the instances only.",
        ],
        parameters: &[],
        symptom_of: &[],
        references: &[Reference {
            title: "Kubernetes API health endpoints",
            url: "https://kubernetes.io/docs/reference/using-api/health-checks/",
        }],
        fires: "
kind: ServerInstance
address: 10.0.0.10:6443
judged: true
reached: true
checks: [{path: livez, ok: true, status: 200}, {path: readyz, ok: true, status: 200}]
---
kind: ServerInstance
address: 10.0.0.11:6443
judged: true
reached: false
class: refused
reason: connection refused
",
        silent: "
kind: ServerInstance
address: 10.0.0.10:6443
judged: true
reached: true
checks: [{path: livez, ok: true, status: 200}, {path: readyz, ok: true, status: 200}]
---
kind: ServerInstance
address: 10.0.0.11:6443
judged: false
reached: false
class: timeout
reason: 'not routable from here: no answer within 5 s'
",
    };
    type Subject = ServerInstances;
    type Reads = ();

    fn check(&self, instance: &ServerInstance<'_>, (): Values<'_, Self::Reads>, found: &mut Findings<'_>) {
        if !instance.judged {
            return;
        }
        let address = instance.address;
        let message = if instance.reached {
            let failing: Vec<String> = instance.checks.iter().filter(|check| !check.ok).map(describe).collect();
            if failing.is_empty() {
                return;
            }
            format!("the API server at {address} fails {}", failing.join(", "))
        } else {
            format!("the API server at {address} does not answer, although another one does: {}", instance.reason)
        };
        let finding = found.add("instance", message).subject(ObjectRef::cluster());
        finding.key(address).evidence("address", address).evidence("reached", instance.reached);
    }
}

/// `readyz (500: [-]etcd failed)`.
fn describe(check: &InstanceCheck<'_>) -> String {
    let status = check.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    let reason = if check.reason.is_empty() { String::new() } else { format!(": {}", check.reason) };
    format!("{} ({status}{reason})", check.path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check;
    use expect_test::expect;

    #[test]
    fn an_instance_that_answers_but_is_not_ready_is_named_with_the_failing_check() {
        check::<ApiserverInstanceUnhealthy>(
            "{kind: ServerInstance, address: '10.0.0.11:6443', judged: true, reached: true, checks: [{path: livez, ok: true, status: 200}, {path: readyz, ok: false, status: 500, reason: '[-]etcd failed: reason withheld'}]}",
            &[],
            &expect![[r"
                Fatal
                Fatal Cluster: the API server at 10.0.0.11:6443 fails readyz (500: [-]etcd failed: reason withheld)"]],
        );
    }
}
