//! Certificates: webhooks with a good and an expired CA, and TLS secrets with a good and an expired certificate.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::Maker;
use crate::tls::{Authority, Problem, days};

pub(super) fn add(maker: &mut Maker) -> Result<(), Problem> {
    let good = Authority::new("platform-ca", days(maker.now, -30, 700))?;
    let old = Authority::new("policy-ca", days(maker.now, -400, -35))?;
    // The Service of the first has ready pods, that of the second does not exist.
    for (name, namespace, service, ca) in
        [("ledger-defaults", "payments", "api", &good), ("image-policy", "internal", "image-policy", &old)]
    {
        let meta = maker.meta("", name, 350 * 24 * 60);
        let client = json!({"caBundle": STANDARD.encode(&ca.pem), "service": {"namespace": namespace, "name": service, "path": "/validate", "port": 443}});
        let rules = json!([{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"], "scope": "Namespaced"}]);
        let webhook = json!({"name": format!("{name}.example.com"), "clientConfig": client, "rules": rules, "failurePolicy": "Fail",
            "matchPolicy": "Equivalent", "sideEffects": "None", "timeoutSeconds": 10, "admissionReviewVersions": ["v1"],
            "namespaceSelector": {}, "objectSelector": {}});
        maker.add(
            "admissionregistration.k8s.io/v1",
            "ValidatingWebhookConfiguration",
            meta,
            json!({"webhooks": [webhook]}),
        );
    }
    for (namespace, name, host, until) in
        [("shop", "storefront-tls", "shop.example.com", -6), ("payments", "api-tls", "pay.example.com", 200)]
    {
        let certified = good.sign(host, &[host], days(maker.now, -96, until))?;
        let meta = maker.meta(namespace, name, 96 * 24 * 60);
        let data =
            json!({"tls.crt": STANDARD.encode(certified.certificate), "tls.key": STANDARD.encode(certified.key)});
        maker.add("v1", "Secret", meta, json!({"type": "kubernetes.io/tls", "data": data}));
    }
    Ok(())
}
