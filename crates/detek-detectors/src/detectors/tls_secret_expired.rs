use crate::prelude::*;
use detek_core::Addon;
use jiff::Timestamp;

/// `tls_secret_expired`.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct TlsSecretExpired {}

impl Detector for TlsSecretExpired {
    const META: Meta = Meta {
        id: "tls_secret_expired",
        level: Level::Error,
        title: "TLS certificate has expired",
        explanation: "The certificate in this Secret is past its date. Browsers and clients refuse a connection that shows it; if an Ingress or Gateway serves it, users are cut off now; if a webhook does, changes to the cluster are refused.",
        remediation: "Renew it. With cert-manager: `kubectl get certificate -n NAMESPACE` and `cmctl renew CERTIFICATE -n NAMESPACE`. By hand: `kubectl create secret tls NAME -n NAMESPACE --cert=tls.crt --key=tls.key --dry-run=client -o yaml | kubectl apply -f -`. If nothing uses it any more: `kubectl delete secret NAME -n NAMESPACE`.",
        category: Category::Availability,
        on: true,
        addon: Some(Addon::Secrets),
        confidence: Confidence::High,
        false_positives: &["Secrets that nothing uses any more."],
        parameters: &[],
        symptom_of: &[],
        references: &[Reference {
            title: "TLS Secrets",
            url: "https://kubernetes.io/docs/concepts/configuration/secret/#tls-secrets",
        }],
        fires: "
# tls.crt in the form that detek keeps: names and dates of its certificates.
kind: Secret
metadata: {name: expired, namespace: shop}
type: kubernetes.io/tls
data: {tls.crt: [{subject: CN=shop, names: [shop.example.com], notAfter: '2025-06-01T00:00:00Z'}]}
",
        silent: "
# What follows the first certificate are those of issuers, which clients know themselves.
kind: Secret
metadata: {name: valid, namespace: shop}
type: kubernetes.io/tls
data:
  tls.crt:
    - {subject: CN=shop, names: [shop.example.com], notAfter: '2034-06-01T00:00:00Z'}
    - {subject: CN=old-issuer, notAfter: '2025-06-01T00:00:00Z'}
---
kind: Secret
metadata: {name: without-end, namespace: shop}
type: kubernetes.io/tls
data: {tls.crt: [{subject: CN=shop, notAfter: '9999-12-31T23:59:59Z'}]}
---
# Not for TLS: somebody keeps an old file.
kind: Secret
metadata: {name: archive, namespace: shop}
type: Opaque
data: {tls.crt: [{subject: CN=shop, notAfter: '2025-06-01T00:00:00Z'}]}
",
    };
    type Subject = Secrets;
    type Reads = (Optional<TlsUsers>,);

    fn check(&self, secret: &Secret<'_>, (users,): Values<'_, Self::Reads>, found: &mut Findings<'_>) {
        let Some(certificate) = secret.data.certificates.first().filter(|_| secret.kind == "kubernetes.io/tls") else {
            return;
        };
        // A date beyond what a calendar holds is far ahead.
        let Some(end) = certificate.not_after.parse::<Timestamp>().ok().filter(|end| *end < found.now()) else {
            return;
        };
        let (namespace, name) = (secret.metadata.namespace, secret.metadata.name);
        let used_by = users.into_iter().flat_map(|users| users.of(namespace, name, &certificate.names));
        let used_by: Vec<&ObjectRef> = used_by.collect();
        let used = match used_by.as_slice() {
            [] if users.is_none() => "; whether an Ingress serves it is not known".to_owned(),
            [] => String::new(),
            [user] => format!("; {user} serves it"),
            [user, more @ ..] => format!("; {user} and {} more serve it", more.len()),
        };
        let subject = certificate.names.first().map_or(&*certificate.subject, |name| *name);
        let message =
            format!("certificate of {subject} expired {} ago, on {}{used}", found.age(end), certificate.not_after);
        let finding = found.add("expired", message);
        finding.path("data[\"tls.crt\"]").level(if used_by.is_empty() { Level::Error } else { Level::Fatal });
        finding.evidence("not_after", certificate.not_after).evidence("subject", &*certificate.subject);
        finding.evidence("issuer", &*certificate.issuer).evidence("names", certificate.names.clone());
        for user in used_by {
            finding.related(user.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TlsSecretExpired;
    use crate::testing::{check, check_without};
    use detek_core::Detector;
    use expect_test::expect;

    #[test]
    fn a_certificate_that_is_served_is_fatal() {
        let expired = TlsSecretExpired::META.fires;
        check::<TlsSecretExpired>(
            &format!(
                "{expired}
---
kind: Ingress
metadata: {{name: front, namespace: shop}}
spec: {{tls: [{{hosts: [shop.example.com], secretName: expired}}]}}
"
            ),
            &[],
            &expect![[r"
                Fatal
                Fatal Secret/shop/expired: certificate of shop.example.com expired 215d3h ago, on 2025-06-01T00:00:00Z; Ingress/shop/front serves it"]],
        );
        check::<TlsSecretExpired>(
            &format!(
                "{expired}
---
kind: Ingress
metadata: {{name: front, namespace: other}}
spec: {{tls: [{{secretName: expired}}]}}
---
kind: Gateway
metadata: {{name: edge, namespace: infra}}
spec: {{listeners: [{{tls: {{certificateRefs: [{{name: expired, namespace: shop}}]}}}}, {{protocol: HTTP}}]}}
"
            ),
            &[],
            &expect![[r"
                Fatal
                Fatal Secret/shop/expired: certificate of shop.example.com expired 215d3h ago, on 2025-06-01T00:00:00Z; Gateway/infra/edge serves it"]],
        );
    }

    #[test]
    fn a_webhook_serves_the_certificate_for_the_host_that_it_is_called_by() {
        let secret = |namespace: &str| {
            format!(
                "
kind: Secret
metadata: {{name: hook-cert, namespace: {namespace}}}
type: kubernetes.io/tls
data: {{tls.crt: [{{names: [hook, hook.policy.svc], notAfter: '2025-06-01T00:00:00Z'}}]}}
"
            )
        };
        let webhook = "
kind: ValidatingWebhookConfiguration
metadata: {name: policy}
webhooks: [{name: pods.policy.example, clientConfig: {service: {namespace: policy, name: hook}}}]
";
        check::<TlsSecretExpired>(
            &[secret("policy"), secret("copy-of-policy"), webhook.to_owned()].join("---"),
            &[],
            &expect![[r"
                Fatal
                Fatal Secret/policy/hook-cert: certificate of hook expired 215d3h ago, on 2025-06-01T00:00:00Z; ValidatingWebhookConfiguration/policy serves it
                Error Secret/copy-of-policy/hook-cert: certificate of hook expired 215d3h ago, on 2025-06-01T00:00:00Z"]],
        );
    }

    #[test]
    fn without_the_ingresses_it_is_not_known_who_serves_it() {
        let ingresses = "kubernetes/networking.k8s.io/v1/ingresses";
        check_without::<TlsSecretExpired>(
            ingresses,
            TlsSecretExpired::META.fires,
            &expect![[r"
                Error
                Error Secret/shop/expired: certificate of shop.example.com expired 215d3h ago, on 2025-06-01T00:00:00Z; whether an Ingress serves it is not known"]],
        );
    }

    #[test]
    fn a_certificate_that_cannot_be_read_is_not_judged() {
        check::<TlsSecretExpired>(
            "
kind: Secret
metadata: {name: broken, namespace: shop}
type: kubernetes.io/tls
data: {tls.crt: bm90IGEgY2VydGlmaWNhdGU=}
---
kind: Secret
metadata: {name: empty, namespace: shop}
type: kubernetes.io/tls
data: {tls.crt: '', tls.key: ''}
---
kind: Secret
metadata: {name: without, namespace: shop}
type: kubernetes.io/tls
",
            &[],
            &expect!["Normal"],
        );
    }
}
