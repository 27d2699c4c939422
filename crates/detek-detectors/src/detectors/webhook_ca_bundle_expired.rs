use crate::prelude::*;
use jiff::Timestamp;

/// `webhook_ca_bundle_expired`.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct WebhookCaBundleExpired {
    warn: Span,
}

impl Default for WebhookCaBundleExpired {
    fn default() -> Self {
        WebhookCaBundleExpired { warn: Span::days(14) }
    }
}

impl Detector for WebhookCaBundleExpired {
    const META: Meta = Meta {
        id: "webhook_ca_bundle_expired",
        level: Level::Error,
        title: "Webhook is trusted by a CA certificate that has expired",
        explanation: "Before the API server calls a webhook it checks the webhook's certificate against the CA certificates in `caBundle`. With none that is valid the call fails, and changes are refused or, with `failurePolicy: Ignore`, pass unchecked; objects of a CustomResourceDefinition with a conversion webhook cannot be read at all. A rotation keeps the old certificate beside the new one for a while, so what counts is the one that is valid longest.",
        remediation: "Renew the CA and put it into the configuration; most products do it when they are restarted or upgraded: `kubectl rollout restart deployment -n NAMESPACE`. With cert-manager: `cmctl renew --all -n NAMESPACE`, and see that the annotation `cert-manager.io/inject-ca-from` is on the configuration. By hand: `kubectl patch validatingwebhookconfiguration NAME --type=json -p \"[{\\\"op\\\": \\\"replace\\\", \\\"path\\\": \\\"/webhooks/0/clientConfig/caBundle\\\", \\\"value\\\": \\\"$(base64 -w0 ca.crt)\\\"}]\"`.",
        category: Category::Availability,
        on: true,
        addon: None,
        confidence: Confidence::High,
        false_positives: &[
            "A bundle that is empty because the product writes it at its first start, or because the certificate is signed by a CA that the API server's host trusts.",
        ],
        parameters: &[("warn", "how long before the end of the last valid certificate to warn")],
        symptom_of: &[],
        references: &[Reference {
            title: "Contacting the webhook",
            url: "https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#contacting-the-webhook",
        }],
        fires: "
# caBundle in the form that detek keeps: subject and dates of its certificates.
kind: ValidatingWebhookConfiguration
metadata: {name: policy}
webhooks:
  - name: pods.policy.example
    clientConfig:
      service: {namespace: policy, name: hook}
      caBundle: [{subject: CN=policy-ca, notBefore: '2024-06-01T00:00:00Z', notAfter: '2025-06-01T00:00:00Z'}]
",
        silent: "
kind: ValidatingWebhookConfiguration
metadata: {name: rotated}
webhooks:
  - name: pods.rotated.example
    clientConfig:
      service: {namespace: policy, name: hook}
      caBundle:
        - {subject: CN=old-ca, notBefore: '2024-06-01T00:00:00Z', notAfter: '2025-06-01T00:00:00Z'}
        - {subject: CN=new-ca, notBefore: '2025-05-01T00:00:00Z', notAfter: '2035-05-01T00:00:00Z'}
---
# By URL: verified against the certificates of the host.
kind: MutatingWebhookConfiguration
metadata: {name: outside}
webhooks: [{name: things.outside.example, clientConfig: {url: 'https://hook.example.com/check'}}]
---
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec: {conversion: {strategy: None}}
",
    };
    type Subject = WebhookClients;
    type Reads = ();

    fn check(&self, clients: &Vec<(&str, WebhookClient<'_>)>, (): Values<'_, Self::Reads>, found: &mut Findings<'_>) {
        let now = found.now();
        let mut faults: Vec<(&str, Fault)> =
            clients.iter().filter_map(|(name, client)| Some((*name, self.fault(client, now)?))).collect();
        // Mostly all webhooks of a configuration have the same bundle: one finding for each way to be wrong.
        faults.sort_by_key(|(_, fault)| fault.detect);
        for of_one in faults.chunk_by(|a, b| a.1.detect == b.1.detect) {
            let (_, fault) = &of_one[0];
            let names: Vec<&str> = of_one.iter().map(|(name, _)| *name).collect();
            let finding = found.add(fault.detect, format!("caBundle of {} {}", listed(&names), fault.text));
            finding.level(fault.level).path("webhooks.clientConfig.caBundle").evidence("webhooks", names.join(", "));
            if let Some(end) = fault.ends {
                finding.evidence("not_after", end.to_string());
            }
        }
    }
}

/// What is wrong with a bundle.
struct Fault {
    detect: &'static str,
    level: Level,
    text: String,
    /// When its last certificate ends, or has ended.
    ends: Option<Timestamp>,
}

impl WebhookCaBundleExpired {
    fn fault(&self, client: &WebhookClient<'_>, now: Timestamp) -> Option<Fault> {
        let fault = |detect, level, text, ends| Some(Fault { detect, level, text, ends });
        let bundle = &client.ca_bundle;
        if bundle.is_empty() {
            let service = client.service?;
            return fault("missing", Level::Warn, format!("is empty: nobody vouches for Service {service}"), None);
        }
        let readable: Vec<_> = bundle.iter().filter(|one| one.error.is_none()).collect();
        if readable.is_empty() {
            let why = bundle.iter().find_map(|one| one.error).unwrap_or_default();
            return fault("unreadable", Level::Error, format!("cannot be used: {why}"), None);
        }
        let time = |text: &str| text.parse::<Timestamp>().ok();
        let begun = readable.iter().filter(|one| time(one.not_before).is_none_or(|begins| begins <= now));
        match begun.map(|one| time(one.not_after).unwrap_or(Timestamp::MAX)).max() {
            None => fault("not_begun", Level::Error, "has no certificate that is valid yet".to_owned(), None),
            Some(end) if end <= now => {
                fault("expired", Level::Error, format!("has expired: it ended {end}"), Some(end))
            }
            Some(end) if Span::between(now, end) < self.warn => {
                let left = Span::between(now, end);
                fault("expiring", Level::Warn, format!("ends {end}, in {left}"), Some(end))
            }
            Some(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::WebhookCaBundleExpired;
    use crate::testing::check;
    use expect_test::expect;

    #[test]
    fn what_is_wrong_with_a_bundle_decides_the_level() {
        check::<WebhookCaBundleExpired>(
            "
kind: ValidatingWebhookConfiguration
metadata: {name: expired}
webhooks:
  - name: a.example
    clientConfig: {service: {namespace: policy, name: hook}, caBundle: &old [{notAfter: '2025-06-01T00:00:00Z'}, {notAfter: '2024-06-01T00:00:00Z'}]}
  - name: fine.example
    clientConfig: {url: 'https://hook.example.com', caBundle: [{notAfter: '2035-06-01T00:00:00Z'}]}
  - name: b.example
    clientConfig: {url: 'https://hook.example.com', caBundle: *old}
---
kind: MutatingWebhookConfiguration
metadata: {name: expiring}
webhooks: [{name: c.example, clientConfig: {caBundle: [{notAfter: '2026-01-07T03:04:05Z'}]}}]
---
kind: MutatingWebhookConfiguration
metadata: {name: empty}
webhooks: [{name: d.example, clientConfig: {service: {namespace: policy, name: hook}}}]
---
kind: MutatingWebhookConfiguration
metadata: {name: placeholder}
webhooks: [{name: e.example, clientConfig: {service: {namespace: policy, name: hook}, caBundle: Cg==}}]
---
kind: MutatingWebhookConfiguration
metadata: {name: tomorrow}
webhooks: [{name: f.example, clientConfig: {caBundle: [{notBefore: '2026-01-03T00:00:00Z', notAfter: '2027-01-01T00:00:00Z'}]}}]
---
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec: {conversion: {strategy: Webhook, webhook: {clientConfig: {service: {namespace: policy, name: hook}, caBundle: [{notAfter: '2025-06-01T00:00:00Z'}]}}}}
",
            &[],
            &expect![[r"
                Error
                Error CustomResourceDefinition/things.example.com: caBundle of conversion has expired: it ended 2025-06-01T00:00:00Z
                Error MutatingWebhookConfiguration/placeholder: caBundle of e.example cannot be used: the bundle has no certificate
                Error MutatingWebhookConfiguration/tomorrow: caBundle of f.example has no certificate that is valid yet
                Error ValidatingWebhookConfiguration/expired: caBundle of a.example, b.example has expired: it ended 2025-06-01T00:00:00Z
                Warn MutatingWebhookConfiguration/empty: caBundle of d.example is empty: nobody vouches for Service policy/hook
                Warn MutatingWebhookConfiguration/expiring: caBundle of c.example ends 2026-01-07T03:04:05Z, in 5d"]],
        );
    }

    #[test]
    fn how_early_to_warn_can_be_set() {
        let yaml = "
kind: MutatingWebhookConfiguration
metadata: {name: expiring}
webhooks: [{name: c.example, clientConfig: {caBundle: [{notAfter: '2026-01-07T03:04:05Z'}]}}]
";
        check::<WebhookCaBundleExpired>(yaml, &[("warn", "5d")], &expect!["Normal"]);
    }
}
