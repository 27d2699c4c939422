use crate::prelude::*;
use std::collections::BTreeMap;

/// `webhook_unavailable`.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct WebhookUnavailable {}

impl Detector for WebhookUnavailable {
    const META: Meta = Meta {
        id: "webhook_unavailable",
        level: Level::Error,
        title: "Admission webhook has nobody to answer it",
        explanation: "The API server asks webhooks before it accepts a change. This one is a Service inside the cluster that has no ready pod, or does not exist at all. With `failurePolicy: Fail` every change that it is asked about is refused; if that includes pods or nodes, nothing can be started or repaired any more, often not even the webhook itself. With `Ignore` the check is skipped, and what it should have prevented gets in.",
        remediation: "Start the backend: `kubectl get pods,endpointslices -n SERVICE_NAMESPACE` and `kubectl rollout restart deployment -n SERVICE_NAMESPACE`. If its product was removed, remove the configuration as well: `kubectl delete validatingwebhookconfiguration NAME` or `kubectl delete mutatingwebhookconfiguration NAME`. To get out of a deadlock, let requests pass for a while: `kubectl patch validatingwebhookconfiguration NAME --type=json -p '[{\"op\": \"replace\", \"path\": \"/webhooks/0/failurePolicy\", \"value\": \"Ignore\"}]'`.",
        category: Category::Availability,
        on: true,
        addon: None,
        confidence: Confidence::High,
        false_positives: &["Selectors that match nothing at present: they are not considered."],
        parameters: &[],
        symptom_of: &[],
        references: &[Reference {
            title: "Dynamic admission control",
            url: "https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/",
        }],
        fires: "
kind: ValidatingWebhookConfiguration
metadata: {name: policy}
webhooks:
  - name: pods.policy.example
    failurePolicy: Fail
    rules: [{apiGroups: [''], apiVersions: [v1], resources: [pods], operations: [CREATE]}]
    clientConfig: {service: {namespace: policy, name: hook}}
---
kind: Service
metadata: {name: hook, namespace: policy}
spec: {selector: {app: hook}, ports: [{port: 443}]}
---
kind: EndpointSlice
metadata: {name: hook-x7k2p, namespace: policy, labels: {kubernetes.io/service-name: hook}}
endpoints: [{addresses: [10.42.0.9], conditions: {ready: false}, targetRef: {kind: Pod, name: hook-5d4f8-abcde}}]
",
        silent: "
kind: MutatingWebhookConfiguration
metadata: {name: up}
webhooks:
  - name: pods.up.example
    rules: [{apiGroups: [''], resources: [pods]}]
    clientConfig: {service: {namespace: policy, name: hook}}
---
kind: Service
metadata: {name: hook, namespace: policy}
spec: {selector: {app: hook}, ports: [{port: 443}]}
---
kind: EndpointSlice
metadata: {name: hook-a, namespace: policy, labels: {kubernetes.io/service-name: hook}}
endpoints:
  - {addresses: [10.42.0.9], conditions: {ready: false}, targetRef: {kind: Pod, name: hook-1}}
  - {addresses: [10.42.0.10], conditions: {ready: true}, targetRef: {kind: Pod, name: hook-2}}
---
# Outside of the cluster: nothing here can say whether it answers.
kind: ValidatingWebhookConfiguration
metadata: {name: outside}
webhooks: [{name: things.outside.example, clientConfig: {url: 'https://hook.example.com/check'}}]
---
kind: ValidatingWebhookConfiguration
metadata: {name: empty}
",
    };
    /// The Services of webhooks may be in any namespace.
    const WHOLE_CLUSTER: bool = true;
    type Subject = WebhookConfigurations;
    type Reads = (ReadyAddresses, ByNamespace<Services>);

    fn check(
        &self,
        configuration: &WebhookConfiguration<'_>,
        reads: Values<'_, Self::Reads>,
        found: &mut Findings<'_>,
    ) {
        let (addresses, services) = reads;
        let mut by_service: BTreeMap<ServiceName<'_>, Vec<&Webhook<'_>>> = BTreeMap::new();
        for webhook in &configuration.webhooks {
            if let Some(service) = webhook.client_config.service {
                by_service.entry(service).or_default().push(webhook);
            }
        }
        for (service, webhooks) in by_service {
            let (detect, state) = match services.get(service.namespace, service.name) {
                None => ("service_missing", "does not exist".to_owned()),
                Some(known) if known.is_external() => continue,
                Some(_) => match addresses.of(service.namespace, service.name) {
                    addresses if addresses.ready > 0 => continue,
                    addresses => ("no_address", format!("has no ready address (0 of {})", addresses.total())),
                },
            };
            let closed = webhooks.iter().any(|webhook| webhook.fails_closed());
            let fatal = webhooks.iter().any(|webhook| webhook.fails_closed() && webhook.covers_pods_or_nodes());
            let effect = match (fatal, closed) {
                (true, _) => "changes of pods or nodes are refused",
                (_, true) => "what they are asked about is refused",
                _ => "their checks are skipped",
            };
            let names: Vec<&str> = webhooks.iter().map(|webhook| webhook.name).collect();
            found
                .add(detect, format!("Service {service} {state}, so {effect}: {}", listed(&names)))
                .level(if fatal { Level::Fatal } else { Level::Error })
                .path("webhooks.clientConfig.service")
                .key(service)
                .evidence("service", service.to_string())
                .evidence("webhooks", names.join(", "))
                .evidence("failure_policy", if closed { "Fail" } else { "Ignore" })
                .related(ObjectRef::new("", "Service", service.namespace, service.name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::WebhookUnavailable;
    use crate::testing::check;
    use expect_test::expect;

    #[test]
    fn it_is_fatal_if_pods_or_nodes_are_refused_and_says_what_is_missing() {
        check::<WebhookUnavailable>(
            "
kind: ValidatingWebhookConfiguration
metadata: {name: blocks}
webhooks:
  - {name: a.example, rules: [{apiGroups: ['*'], resources: ['*']}], clientConfig: {service: {namespace: policy, name: down}}}
  - {name: b.example, failurePolicy: Ignore, clientConfig: {service: {namespace: policy, name: down}}}
---
kind: MutatingWebhookConfiguration
metadata: {name: refuses}
webhooks:
  - {name: c.example, rules: [{apiGroups: [apps], resources: ['*']}, {apiGroups: [''], resources: [pods/status]}], clientConfig: {service: {namespace: policy, name: gone}}}
---
kind: MutatingWebhookConfiguration
metadata: {name: skipped}
webhooks:
  - {name: d.example, failurePolicy: Ignore, rules: [{apiGroups: [''], resources: [pods]}], clientConfig: {service: {namespace: policy, name: down}}}
  - {name: e.example, clientConfig: {service: {namespace: policy, name: alias}}}
---
kind: Service
metadata: {name: down, namespace: policy}
spec: {selector: {app: down}}
---
kind: Service
metadata: {name: alias, namespace: policy}
spec: {type: ExternalName, externalName: hook.example.com}
",
            &[],
            &expect![[r"
                Fatal
                Fatal ValidatingWebhookConfiguration/blocks: Service policy/down has no ready address (0 of 0), so changes of pods or nodes are refused: a.example, b.example
                Error MutatingWebhookConfiguration/refuses: Service policy/gone does not exist, so what they are asked about is refused: c.example
                Error MutatingWebhookConfiguration/skipped: Service policy/down has no ready address (0 of 0), so their checks are skipped: d.example"]],
        );
    }
}
