//! What no store may hold.
#![expect(clippy::unwrap_used, reason = "tests fail where they unwrap")]
use detek_doc::{Caps, Certificate, Decode, Keep, Projection, SerdeJson, SonicRs, StoreBuilder};
use serde::Deserialize;
use serde_json::{Value, json};

const PODS: &str = "kubernetes/core/v1/pods";
const SECRETS: &str = "kubernetes/core/v1/secrets";

fn kept(input: &str, document: &Value) -> Value {
    let mut p = Projection::new(input);
    p.keep(&[], Keep::All).unwrap();
    let body = json!({ "items": [document] }).to_string();
    let mut out = StoreBuilder::new(&Caps::default());
    SerdeJson.list(body.as_bytes(), &p, &mut out).unwrap();
    SonicRs.list(body.as_bytes(), &p, &mut out).unwrap();
    let (first, second) = (out.doc(0).to_json(), out.doc(1).to_json());
    assert_eq!(first, second);
    // A recording is read again, by the same rules.
    out.push_json(&first, &p).unwrap();
    assert_eq!(out.doc(2).to_json(), first, "reducing twice changes nothing");
    first
}

fn pem() -> String {
    let mut params = rcgen::CertificateParams::new(vec!["svc.example".into(), "10.0.0.1".into()]).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, "admission");
    params.not_before = rcgen::date_time_ymd(2026, 1, 2);
    params.not_after = rcgen::date_time_ymd(2027, 3, 4);
    params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().pem()
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

#[test]
fn canaries_are_nowhere_in_a_store() {
    let jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJDQU5BUlkifQ.CANARYsignatureCANARY";
    let pod = json!({
        "metadata": {
            "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"spec\":\"CANARY\"}",
                "kapp.k14s.io/original": "CANARY, no JSON",
                "note": "see https://user:CANARY@example.com/?a=1&api_key=CANARY",
            },
            "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:spec": {"f:CANARY": "CANARY"}}}],
        },
        "spec": {"containers": [{
            "name": "app",
            "env": [{"name": "A", "value": "CANARY"}, {"name": "B", "value": ["CANARY"]}, {"name": "C", "value": {"x": "CANARY"}}],
            "args": ["--password=CANARY", "-p", "CANARY", "TOKEN=CANARY"],
            "command": ["sh", "-c", "exec app --secret CANARY"],
            "livenessProbe": {"httpGet": {"httpHeaders": [{"name": "X", "value": "CANARY"}]}},
        }]},
        "status": {"message": format!("denied: Bearer {jwt}"), "reason": jwt},
    });
    let text = kept(PODS, &pod).to_string();
    assert!(!text.contains("CANARY"), "{text}");
    for name in [
        "app",
        "--password=",
        "TOKEN=",
        "kubectl",
        "https://[redacted]@example.com/?a=1&api_key=[redacted]",
        "[redacted:jwt]",
    ] {
        assert!(text.contains(name), "{name} is missing in {text}");
    }
    let secret = json!({"type": "Opaque", "data": {"key": "CANARY", "tls.crt": "CANARY", "o": {"p": "CANARY"}},
        "stringData": {"b": ["CANARY"]}});
    let error = json!([{"error": "the bundle is neither PEM nor base64"}]);
    assert_eq!(
        kept(SECRETS, &secret),
        json!({"type": "Opaque", "data": {"key": true, "o": true, "tls.crt": error}, "stringData": {"b": true}})
    );
    for odd in [json!({"data": "CANARY"}), json!({"data": ["CANARY"]}), json!({"stringData": "CANARY"})] {
        assert!(!kept(SECRETS, &odd).to_string().contains("CANARY"));
    }
    let map = json!({"data": {"a.conf": "CANARY"}, "binaryData": {"b": "CANARY"}});
    assert_eq!(
        kept("kubernetes/core/v1/configmaps", &map),
        json!({"data": {"a.conf": true}, "binaryData": {"b": true}})
    );
    let request = json!({"spec": {"request": "CANARY", "usages": ["client auth"]}});
    let kept = kept("kubernetes/certificates.k8s.io/v1/certificatesigningrequests", &request);
    assert_eq!(kept, json!({"spec": {"request": true, "usages": ["client auth"]}}));
}

#[test]
fn keys_that_look_like_credentials_are_replaced_too() {
    let document = json!({"metadata": {"labels": {"a": "1", "ghp_CANARYCANARYCANARYCANARY": "2", "z": "3"}}});
    let labels = kept(PODS, &document)["metadata"]["labels"].clone();
    assert_eq!(labels, json!({"a": "1", "[redacted:git-token]": "2", "z": "3"}));
}

#[test]
fn of_objects_in_annotations_the_kind_is_kept() {
    let object = r#"{"kind":"Deployment","apiVersion":"apps/v1","spec":{"a":1}}"#;
    let document = json!({"metadata": {"annotations": {"objectset.rio.cattle.io/applied": object, "other": object}}});
    let kept = kept(PODS, &document);
    let annotations = &kept["metadata"]["annotations"];
    assert_eq!(annotations["objectset.rio.cattle.io/applied"], r#"{"apiVersion":"apps/v1","kind":"Deployment"}"#);
    assert_eq!(annotations["other"], object);
}

#[test]
fn of_managed_fields_declared_paths_are_seen() {
    let mut p = Projection::new(PODS);
    p.keep(&["metadata", "managedFields"], Keep::All).unwrap();
    let path = ["metadata", "managedFields", "fieldsV1", "f:spec", "f:replicas"];
    p.keep(&path, Keep::Presence).unwrap();
    assert!(p.keep(&path, Keep::All).is_err());
    assert!(p.keep(&path[..3], Keep::All).is_err());
    let document = json!({"metadata": {"managedFields": [
        {"manager": "a", "fieldsV1": {"f:spec": {"f:replicas": {"x": 1}, "f:other": {}}}}, {"manager": "b", "fieldsV1": "CANARY"},
        {"manager": "c", "fieldsV1": {"f:spec": "CANARY"}},
    ]}});
    let mut out = StoreBuilder::new(&Caps::default());
    out.push_json(&document, &p).unwrap();
    let fields = out.doc(0).at(&["metadata", "managedFields"]).unwrap().to_json();
    assert_eq!(
        fields,
        json!([
            {"manager": "a", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
            {"manager": "b", "fieldsV1": true},
            {"manager": "c", "fieldsV1": {"f:spec": true}},
        ])
    );
}

#[test]
fn long_texts_are_cut() {
    let long = "word ".repeat(3000);
    let document = json!({"metadata": {"annotations": {"a": long}}, "status": {"message": long, "other": long}});
    let kept = kept(PODS, &document);
    for (value, size) in [
        (&kept["metadata"]["annotations"]["a"], 4096),
        (&kept["status"]["message"], 1024),
        (&kept["status"]["other"], 8192),
    ] {
        let text = value.as_str().unwrap();
        assert!(text.ends_with("…[cut]") && text.len() == size + "…[cut]".len(), "{}", text.len());
    }
}

#[test]
fn certificates_are_reduced_to_what_can_be_judged() {
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Webhook<'s> {
        #[serde(borrow)]
        ca_bundle: Vec<Certificate<'s>>,
    }
    let mut p = Projection::new("kubernetes/admissionregistration.k8s.io/v1/validatingwebhookconfigurations");
    p.keep_row::<Webhook<'_>>().unwrap();
    let bundle = pem() + &pem();
    for text in [base64(&bundle), bundle.clone(), base64("no certificate"), "%%%".into(), String::new()] {
        let mut out = StoreBuilder::new(&Caps::default());
        out.push_json(&json!({"caBundle": text}), &p).unwrap();
        let row: Webhook<'_> = out.doc(0).read().unwrap();
        if !text.contains("CERT") && !text.starts_with("LS0tLS1CRUdJTi") {
            assert!(row.ca_bundle.len() == 1 && row.ca_bundle[0].error.is_some(), "{row:?}", row = row.ca_bundle);
            continue;
        }
        assert_eq!(row.ca_bundle.len(), 2);
        let first = &row.ca_bundle[0];
        assert_eq!((first.not_before, first.not_after), ("2026-01-02T00:00:00Z", "2027-03-04T00:00:00Z"));
        assert!(first.subject.contains("CN=admission") && first.subject == first.issuer, "{first:?}");
        assert_eq!(first.names, ["svc.example", "10.0.0.1"]);
        assert!(first.fingerprint.len() == 64 && first.error.is_none());
        assert_ne!(first.fingerprint, row.ca_bundle[1].fingerprint);
    }
    let secret = json!({"data": {"tls.crt": base64(&pem()), "tls.key": base64("CANARY")}});
    let kept = kept(SECRETS, &secret);
    assert_eq!(kept["data"]["tls.key"], true);
    assert_eq!(kept["data"]["tls.crt"][0]["names"], json!(["svc.example", "10.0.0.1"]));
}

#[test]
fn a_denied_path_is_kept_in_its_reduced_form_only() {
    let refused = |input: &str, path: &[&str], keep: Keep| Projection::new(input).keep(path, keep).is_err();
    let env = ["spec", "containers", "env", "value"];
    assert!(!refused(PODS, &env, Keep::Presence));
    assert!(refused(PODS, &env, Keep::All) && refused(PODS, &env, Keep::Children));
    assert!(refused(PODS, &["spec", "containers", "env", "value", "x"], Keep::Presence));
    assert!(!refused(SECRETS, &["data"], Keep::All));
    assert!(refused(SECRETS, &["data", "password"], Keep::All));
    assert!(!refused(SECRETS, &["data", "password"], Keep::Presence));
    assert!(!refused(SECRETS, &["data", "tls.crt", "notAfter"], Keep::All));
    assert!(!refused(PODS, &["data", "password"], Keep::All));
    let mut pods = Projection::new(PODS);
    pods.keep(&["data", "password"], Keep::All).unwrap();
    let mut secrets = Projection::new(SECRETS);
    secrets.merge(&pods);
    assert!(secrets.paths().is_empty(), "what is denied here is not merged from elsewhere");
}
