use crate::prelude::*;
use detek_doc::IntOrString;
use std::collections::BTreeSet;

/// `service_target_port_mismatch`.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ServiceTargetPortMismatch {}

impl Detector for ServiceTargetPortMismatch {
    const META: Meta = Meta {
        id: "service_target_port_mismatch",
        level: Level::Error,
        title: "Service sends requests to a port that its pods do not have",
        explanation: "A Service may name the port of its pods instead of giving a number. A pod that declares no port of that name gets no requests through it, and if no pod does, every request is refused. A number, in contrast, need not be declared; one that no pod declares although they declare others is only remarked.",
        remediation: "Compare `kubectl get service NAME -n NAMESPACE -o jsonpath='{.spec.ports}'` with the ports of the pods, `kubectl get pods -n NAMESPACE -l LABEL=VALUE -o jsonpath='{range .items[*]}{.metadata.name}{\" \"}{.spec.containers[*].ports}{\"\\n\"}{end}'`, and correct `targetPort` (`kubectl edit service NAME -n NAMESPACE`) or the `name` of the container's port in the workload.",
        category: Category::Availability,
        on: true,
        addon: None,
        confidence: Confidence::Medium,
        false_positives: &[
            "A Service that selects pods of several workloads on purpose, of which only some have the port.",
            "A container that listens on a port without declaring it.",
        ],
        parameters: &[],
        symptom_of: &[],
        references: &[Reference {
            title: "Port definitions of Services",
            url: "https://kubernetes.io/docs/concepts/services-networking/service/#field-spec-ports",
        }],
        fires: "
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
---
kind: Pod
metadata: {name: web-2, namespace: shop, labels: {app: web}}
spec: {containers: [{name: app, image: 'registry.example/app:1.0', ports: [{name: http, containerPort: 8080}]}]}
---
# Only this pod lacks the name: who looks at one pod misses it.
kind: Pod
metadata: {name: web-1, namespace: shop, labels: {app: web}}
spec: {containers: [{name: app, image: 'registry.example/app:0.9', ports: [{name: web, containerPort: 8080}]}]}
",
        silent: "
kind: Service
metadata: {name: named, namespace: shop}
spec: {selector: {app: named}, ports: [{port: 80, targetPort: http}]}
---
# The name has another number in each pod, and once belongs to a sidecar.
kind: Pod
metadata: {name: named-a, namespace: shop, labels: {app: named}}
spec: {containers: [{name: app, ports: [{name: http, containerPort: 8080}]}]}
---
kind: Pod
metadata: {name: named-b, namespace: shop, labels: {app: named}}
spec:
  initContainers: [{name: proxy, restartPolicy: Always, ports: [{name: http, containerPort: 3000}]}]
  containers: [{name: app}]
---
# It has finished: it is no target.
kind: Pod
metadata: {name: named-c, namespace: shop, labels: {app: named}}
spec: {containers: [{name: migrate}]}
status: {phase: Succeeded}
---
# A container need not declare what it listens on.
kind: Service
metadata: {name: undeclared, namespace: shop}
spec: {selector: {app: undeclared}, ports: [{port: 80, targetPort: 8080}]}
---
kind: Pod
metadata: {name: undeclared, namespace: shop, labels: {app: undeclared}}
spec: {containers: [{name: app}]}
---
# No targetPort: it is the same number.
kind: Service
metadata: {name: same, namespace: shop}
spec: {selector: {app: same}, ports: [{port: 8080}]}
---
kind: Pod
metadata: {name: same, namespace: shop, labels: {app: same}}
spec: {containers: [{name: app, ports: [{containerPort: 8080}]}]}
---
# Clients of a headless Service find the pods themselves: its numbers are for nobody.
kind: Service
metadata: {name: peers, namespace: shop}
spec: {clusterIP: None, selector: {app: same}, ports: [{port: 7000}]}
",
    };
    type Subject = Services;
    type Reads = (PodsByLabel, Documents<Pods>);

    fn check(&self, service: &Service<'_>, (index, pods): Values<'_, Self::Reads>, found: &mut Findings<'_>) {
        if !service.selects_pods() {
            return;
        }
        let selected = index.selected(service.metadata.namespace, &service.spec.selector);
        let targets: Vec<Pod<'_>> = selected.filter_map(|number| pods.row(number)).filter(Pod::is_live).collect();
        for port in &service.spec.ports {
            match port.target() {
                IntOrString::Text(name) => named(name, port, &targets, found),
                IntOrString::Int(number) if !service.is_headless() => numbered(number, port, &targets, found),
                _ => {}
            }
        }
    }
}

fn named(name: &str, port: &ServicePort<'_>, targets: &[Pod<'_>], found: &mut Findings<'_>) {
    let protocol = port.protocol();
    let has = |pod: &Pod<'_>| pod.ports().any(|known| known.name == name && known.protocol() == protocol);
    let lacking: Vec<&Pod<'_>> = targets.iter().filter(|pod| !has(pod)).collect();
    let Some(first) = lacking.first() else { return };
    let (of, all) = (lacking.len(), targets.len());
    let names: Vec<&str> = lacking.iter().map(|pod| pod.metadata.name).collect();
    let declared = declared(&lacking[..1]);
    let has = if declared.is_empty() { "no port at all".to_owned() } else { declared.join(", ") };
    let message = format!(
        "port {} goes to the {protocol} port named {name}, which {of} of {all} pods lack ({}); {} declares {has}",
        port.port,
        listed(&names),
        first.metadata.name,
    );
    found
        .add("name", message)
        .path("spec.ports.targetPort")
        .key(port.port)
        .key(protocol)
        .evidence("port", port.port)
        .evidence("target_port", name)
        .evidence("protocol", protocol)
        .evidence("lacking", names.join(", "))
        .evidence("declared", declared);
}

fn numbered(number: i64, port: &ServicePort<'_>, targets: &[Pod<'_>], found: &mut Findings<'_>) {
    let protocol = port.protocol();
    let mut ports = targets.iter().flat_map(Pod::ports).peekable();
    if ports.peek().is_none() || ports.any(|known| known.number == number && known.protocol() == protocol) {
        return;
    }
    let declared = declared(&targets.iter().collect::<Vec<_>>());
    let message =
        format!("port {} goes to {number}/{protocol}, which no pod declares: {}", port.port, listed(&declared));
    found
        .add("number", message)
        .level(Level::Info)
        .path("spec.ports.targetPort")
        .key(port.port)
        .key(protocol)
        .evidence("port", port.port)
        .evidence("target_port", number)
        .evidence("protocol", protocol)
        .evidence("declared", declared);
}

/// What these pods declare, without repetition: `8080/TCP (http)`.
fn declared(pods: &[&Pod<'_>]) -> Vec<String> {
    let ports: BTreeSet<_> =
        pods.iter().flat_map(|pod| pod.ports()).map(|port| (port.number, port.protocol(), port.name)).collect();
    let show = |(number, protocol, name): (i64, &str, &str)| match name {
        "" => format!("{number}/{protocol}"),
        name => format!("{number}/{protocol} ({name})"),
    };
    ports.into_iter().map(show).collect()
}

#[cfg(test)]
mod tests {
    use super::ServiceTargetPortMismatch;
    use crate::testing::check;
    use detek_core::Detector as _;
    use expect_test::expect;

    #[test]
    fn a_name_must_be_in_every_pod() {
        check::<ServiceTargetPortMismatch>(
            ServiceTargetPortMismatch::META.fires,
            &[],
            &expect![[r"
                Error
                Error Service/shop/web: port 80 goes to the TCP port named http, which 1 of 2 pods lack (web-1); web-1 declares 8080/TCP (web)"]],
        );
    }

    #[test]
    fn a_number_that_nobody_declares_beside_others_is_only_remarked() {
        check::<ServiceTargetPortMismatch>(
            "
kind: Service
metadata: {name: odd, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 9999}, {port: 53, protocol: UDP}]}
---
kind: Pod
metadata: {name: web-1, namespace: shop, labels: {app: web}}
spec: {containers: [{name: app, ports: [{name: http, containerPort: 8080}, {containerPort: 53}]}]}
---
kind: Pod
metadata: {name: web-2, namespace: shop, labels: {app: web}}
spec: {containers: [{name: app}]}
",
            &[],
            &expect![[r"
                Info
                Info Service/shop/odd: port 80 goes to 9999/TCP, which no pod declares: 53/TCP, 8080/TCP (http)
                Info Service/shop/odd: port 53 goes to 53/UDP, which no pod declares: 53/TCP, 8080/TCP (http)"]],
        );
    }

    #[test]
    fn a_name_belongs_to_a_protocol_and_counts_for_headless_services_too() {
        check::<ServiceTargetPortMismatch>(
            "
kind: Service
metadata: {name: dns, namespace: shop}
spec:
  clusterIP: None
  selector: {app: dns}
  ports: [{name: tcp, port: 53, targetPort: dns}, {name: udp, port: 53, targetPort: dns, protocol: UDP}]
---
kind: Pod
metadata: {name: dns-1, namespace: shop, labels: {app: dns}}
spec:
  initContainers: [{name: setup, ports: [{name: dns, containerPort: 53}]}]
  containers: [{name: app, ports: [{name: dns, containerPort: 53, protocol: UDP}]}]
",
            &[],
            &expect![[r"
                Error
                Error Service/shop/dns: port 53 goes to the TCP port named dns, which 1 of 1 pods lack (dns-1); dns-1 declares 53/UDP (dns)"]],
        );
    }
}
