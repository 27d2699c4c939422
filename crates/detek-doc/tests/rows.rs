//! Rows: what they trace, what they read, and what they say when they cannot.
#![expect(clippy::unwrap_used, reason = "tests fail where they unwrap")]
use detek_doc::{Caps, Doc, IntOrString, Keep, Present, Projection, SerdeJson, StoreBuilder, StrMap};
use detek_doc::{Decode, Store};
use serde::Deserialize;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Workload<'s> {
    #[serde(borrow)]
    metadata: Metadata<'s>,
    spec: Spec<'s>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Metadata<'s> {
    name: &'s str,
    #[serde(borrow)]
    labels: StrMap<'s>,
    owner_references: Vec<Present>,
    deletion_timestamp: Option<Present>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec<'s> {
    replicas: Option<i64>,
    ratio: f64,
    paused: bool,
    #[serde(borrow)]
    title: Cow<'s, str>,
    restart_policy: Restart,
    strategy: Option<Box<Strategy<'s>>>,
    #[serde(borrow)]
    ports: Vec<Port<'s>>,
    limits: BTreeMap<String, IntOrString<'s>>,
    points: Vec<(f64, &'s str)>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Strategy<'s> {
    #[serde(borrow)]
    max_surge: Option<IntOrString<'s>>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Port<'s> {
    port: u16,
    name: Option<&'s str>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
enum Restart {
    #[default]
    Always,
    OnFailure,
    Never,
}

fn store(documents: &[Value], p: &Projection) -> Store {
    let mut out = StoreBuilder::new(&Caps::default());
    SerdeJson.list(json!({"items": documents}).to_string().as_bytes(), p, &mut out).unwrap();
    out.finish()
}

fn projection() -> Projection {
    let mut p = Projection::new("test/workloads");
    p.keep_row::<Workload<'_>>().unwrap();
    p
}

fn workload() -> Value {
    json!({
        "metadata": {"name": "web", "labels": {"app": "web", "tier": "front"}, "ownerReferences": [{"uid": "1"}, {"uid": "2"}],
            "deletionTimestamp": "2026-01-01T00:00:00Z", "annotations": {"a": "b"}},
        "spec": {"replicas": 3, "ratio": 1, "paused": true, "title": "näme", "restartPolicy": "OnFailure",
            "strategy": {"maxSurge": "25%", "other": 1}, "ports": [{"port": 80}, {"port": 443, "name": "https", "x": 1}],
            "limits": {"cpu": 2, "memory": "1Gi", "share": 0.5}, "points": [[1.5, "a"], [2, "b"]]},
        "status": {"replicas": 3},
    })
}

#[test]
fn the_struct_is_the_projection() {
    let paths: Vec<String> = projection().paths().into_iter().map(|(p, k)| format!("{p} {k:?}")).collect();
    assert_eq!(
        paths,
        [
            "metadata.deletionTimestamp Presence",
            "metadata.labels All",
            "metadata.name All",
            "metadata.ownerReferences Length",
            "spec.limits All",
            "spec.paused All",
            "spec.points All",
            "spec.ports.name All",
            "spec.ports.port All",
            "spec.ratio All",
            "spec.replicas All",
            "spec.restartPolicy All",
            "spec.strategy.maxSurge All",
            "spec.title All",
        ]
    );
}

#[test]
fn a_row_reads_what_serde_json_reads() {
    let documents = [workload(), json!({}), json!({"spec": {"replicas": null, "ports": [{}]}})];
    let store = store(&documents, &projection());
    for (document, doc) in documents.iter().zip(store.docs()) {
        let text = without_nulls(document).to_string();
        let expected: Workload<'_> = serde_json::from_str(&text).unwrap();
        assert_eq!(doc.read::<Workload<'_>>().unwrap(), expected);
    }
    let row: Workload<'_> = store.doc(0).read().unwrap();
    assert!(matches!(row.spec.title, Cow::Borrowed("näme")));
    assert!(row.metadata.labels.contains("app", "web") && row.metadata.labels.get("x").is_none());
    assert_eq!(row.metadata.owner_references.len(), 2);
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(o) => {
            o.iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.clone(), without_nulls(v))).collect()
        }
        other => other.clone(),
    }
}

#[test]
fn only_presence_and_length_are_kept_of_what_is_only_counted() {
    let store = store(&[workload()], &projection());
    let metadata = store.doc(0).get("metadata").unwrap().to_json();
    assert_eq!(metadata["deletionTimestamp"], "");
    assert_eq!(metadata["ownerReferences"], json!([{}, {}]));
    assert_eq!(metadata.get("annotations"), None);
}

#[test]
fn an_error_says_where_and_not_what() {
    let wrong = |spec: Value| {
        let store = store(&[json!({ "spec": spec })], &projection());
        store.doc(0).read::<Workload<'_>>().unwrap_err().to_string()
    };
    assert_eq!(wrong(json!({"replicas": "CANARY"})), "spec.replicas: invalid type: string, expected i64");
    assert_eq!(
        wrong(json!({"ports": [{}, {"port": 70_000}]})),
        "spec.ports[1].port: invalid value: integer, expected u16"
    );
    assert_eq!(wrong(json!({"ports": "x"})), "spec.ports: invalid type: string, expected a sequence");
    assert_eq!(wrong(json!({"strategy": 1})), "spec.strategy: invalid type: integer, expected struct Strategy");
    let labels = store(&[json!({"metadata": {"labels": {"a": 1}}})], &projection());
    let error = labels.doc(0).read::<Workload<'_>>().unwrap_err().to_string();
    assert!(error.starts_with("metadata.labels"), "{error}");
}

#[test]
#[should_panic(expected = "flatten")]
fn flattened_structs_are_refused() {
    #[derive(Deserialize)]
    struct Flat {
        #[serde(flatten)]
        _spec: BTreeMap<String, String>,
    }
    let _ = Projection::new("x").keep_row::<Flat>();
}

#[test]
fn a_row_cannot_read_what_is_redacted() {
    #[derive(Deserialize)]
    #[serde(default)]
    #[derive(Default)]
    struct Pod<'s> {
        #[serde(borrow)]
        env: Vec<Env<'s>>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Env<'s> {
        _name: &'s str,
        #[serde(rename = "value")]
        _value: Option<&'s str>,
    }
    let error = Projection::new("x").keep_row::<Pod<'_>>().unwrap_err();
    assert_eq!(error.to_string(), "env.value cannot be read: detek keeps of environment values only that they are set");
}

#[test]
fn documents_are_read_without_rows_too() {
    let mut p = Projection::new("x");
    p.keep(&[], Keep::All).unwrap();
    let store = store(&[workload()], &p);
    let doc = store.doc(0);
    assert_eq!(doc.at(&["spec", "replicas"]).and_then(Doc::as_i64), Some(3));
    assert_eq!(doc.at(&["spec", "paused"]).and_then(Doc::as_bool), Some(true));
    assert_eq!(doc.at(&["metadata", "name"]).and_then(Doc::as_str), Some("web"));
    assert_eq!(doc.at(&["spec", "ports"]).unwrap().items().len(), 2);
    assert_eq!(doc.at(&["spec", "ports", "port"]).map(Doc::kind), None);
    assert_eq!(doc.get("spec").unwrap().items().len(), 0);
    assert_eq!(doc.to_json(), workload());
}
