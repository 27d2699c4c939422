use crate::prelude::*;

/// `service_selects_nothing`.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ServiceSelectsNothing {}

impl Detector for ServiceSelectsNothing {
    const META: Meta = Meta {
        id: "service_selects_nothing",
        level: Level::Error,
        title: "Service selects no pod",
        explanation: "The labels that the Service asks for are on no pod, so whoever calls it is refused. Usually a typo, or a label that was renamed on one side.",
        remediation: "Compare `kubectl get service NAME -n NAMESPACE -o jsonpath='{.spec.selector}'` with `kubectl get pods -n NAMESPACE --show-labels` and make them equal: `kubectl edit service NAME -n NAMESPACE`, or the labels in the pod template of the workload.",
        category: Category::Availability,
        on: true,
        addon: None,
        confidence: Confidence::Medium,
        false_positives: &["A ReplicaSet, a Job or a custom workload that has no pods at present."],
        parameters: &[],
        symptom_of: &[],
        references: &[Reference {
            title: "Debug Services",
            url: "https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/",
        }],
        fires: "
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web, tier: front}}
---
kind: Pod
metadata: {name: web-1, namespace: shop, labels: {app: web, tier: frontend}}
---
kind: Pod
metadata: {name: same-labels-elsewhere, namespace: other, labels: {app: web, tier: front}}
",
        silent: "
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}}
---
kind: Pod
metadata: {name: web-1, namespace: shop, labels: {app: web, tier: front}}
---
kind: Service
metadata: {name: by-hand, namespace: shop}
spec: {}
---
kind: Service
metadata: {name: outside, namespace: shop}
spec: {type: ExternalName, selector: {app: none}}
---
kind: Service
metadata: {name: parked, namespace: shop}
spec: {selector: {app: parked}}
---
kind: Deployment
metadata: {name: parked, namespace: shop}
spec: {replicas: 0, template: {metadata: {labels: {app: parked}}}}
",
    };
    type Subject = Services;
    type Reads = (PodsByLabel, Optional<Templates>);

    fn check(&self, service: &Service<'_>, (pods, templates): Values<'_, Self::Reads>, found: &mut Findings<'_>) {
        let (selector, namespace) = (&service.spec.selector, service.metadata.namespace);
        if !service.selects_pods() || pods.any(namespace, selector) {
            return;
        }
        // A workload without pods is judged by its template: nothing is wrong with the labels.
        if templates.is_some_and(|templates| templates.behind(service).next().is_some()) {
            return;
        }
        let wanted = service.selector();
        let nearest = pods.nearest(namespace, selector);
        let hint = nearest.as_ref().map_or_else(String::new, |(pod, key, value)| match value {
            Some(value) => format!("; pod {pod} has {key}={value}"),
            None => format!("; pod {pod} lacks {key}"),
        });
        let finding = found.add("selector", format!("no pod in {namespace} has the labels {wanted}{hint}"));
        finding.path("spec.selector").evidence("selector", wanted);
        if let Some((pod, ..)) = nearest {
            finding.related(ObjectRef::new("", "Pod", namespace, &pod));
        }
    }
}
