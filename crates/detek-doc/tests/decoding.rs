//! All decoders keep the same of the same objects: what a small reference over `serde_json::Value` keeps.
#![expect(clippy::unwrap_used, reason = "tests fail where they unwrap")]
use detek_doc::{
    Caps, Decode, DecodeError, Doc, Keep, ListMeta, OwnReader, Projection, SerdeJson, SonicRs, Store, StoreBuilder,
    stream,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

#[derive(Default)]
struct Reference {
    keep: Option<Keep>,
    keys: bool,
    children: BTreeMap<String, Reference>,
}

impl Reference {
    fn keep(&mut self, path: &[&str], keep: Keep) {
        match path {
            [] => {
                self.keep = self.keep.max(Some(keep));
                self.keys |= keep == Keep::Length;
            }
            [key, rest @ ..] => {
                self.keep = self.keep.max(Some(Keep::Children));
                self.children.entry((*key).into()).or_default().keep(rest, keep);
            }
        }
    }

    fn project(&self, value: &Value, keep: Keep) -> Value {
        self.project_at(value, keep, self.keys)
    }

    /// `keys`: whether an object has all its keys here; not inside of a list, of which the number of elements counts.
    fn project_at(&self, value: &Value, keep: Keep, keys: bool) -> Value {
        let empty = keep == Keep::Presence;
        match value {
            Value::Null => Value::Null,
            Value::Bool(b) => json!(*b && !empty),
            Value::String(s) => json!(if empty { "" } else { s }),
            Value::Number(_) if empty => json!(0),
            Value::Number(n) => n.as_i64().map_or_else(|| json!(n.as_f64()), Value::from),
            Value::Array(_) if empty => json!([]),
            Value::Array(list) => {
                let keep = if keep == Keep::Length { Keep::Presence } else { keep };
                list.iter().map(|v| self.project_at(v, keep, false)).collect()
            }
            Value::Object(_) if empty => json!({}),
            Value::Object(fields) => {
                let all = keep == Keep::All;
                let none = Reference::default();
                let kept = fields.iter().filter_map(|(key, v)| {
                    let child = self.children.get(key).or((all || keys).then_some(&none))?;
                    let keep = if all { Keep::All } else { child.keep.unwrap_or(Keep::Presence) };
                    Some((key.clone(), child.project(v, keep))).filter(|(_, v)| !v.is_null())
                });
                kept.collect::<Map<_, _>>().into()
            }
        }
    }
}

fn any_key() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-d]", 1 => "[a-b]{7,20}", 1 => "[a-z\\PC]{0,3}"]
}

fn any_value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-3_i64..600_000_000).prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(|f| json!(f)),
        "\\PC{0,12}".prop_map(Value::from),
        "[a-c\\\\\"\n]{0,4}".prop_map(Value::from),
    ];
    scalar.prop_recursive(4, 60, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((any_key(), inner), 0..8).prop_map(|f| Value::Object(f.into_iter().collect())),
        ]
    })
}

fn any_object() -> impl Strategy<Value = Value> {
    prop::collection::vec((any_key(), any_value()), 0..10).prop_map(|f| Value::Object(f.into_iter().collect()))
}

fn any_path() -> impl Strategy<Value = (Vec<String>, Keep)> {
    let keep = prop::sample::select(vec![Keep::Presence, Keep::Length, Keep::Children, Keep::All]);
    (prop::collection::vec("[a-d]", 1..4), keep)
}

fn bodies(store: &Store) -> Vec<Value> {
    store.docs().map(Doc::to_json).collect()
}

type Read = fn(&[u8], &Projection, &mut StoreBuilder) -> Result<ListMeta, DecodeError>;

const READERS: &[(&str, Read)] = &[
    ("our own", |b, p, out| OwnReader.list(b, p, out)),
    ("serde_json", |b, p, out| SerdeJson.list(b, p, out)),
    ("sonic-rs", |b, p, out| SonicRs.list(b, p, out)),
    ("stream", |b, p, out| stream(b, p, &Caps::default(), out)),
    ("stream in small reads", |b, p, out| stream(Small(b), p, &Caps::default(), out)),
];

/// Gives one to three bytes at a time.
struct Small<'a>(&'a [u8]);

impl std::io::Read for Small<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = (self.0.len() % 3 + 1).min(buffer.len()).min(self.0.len());
        buffer[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
}

fn all(input: &str) -> Projection {
    let mut p = Projection::new(input);
    p.keep(&[], Keep::All).unwrap();
    p
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn all_decoders_keep_what_the_reference_keeps(
        objects in prop::collection::vec(any_object(), 0..4),
        paths in prop::collection::vec(any_path(), 0..6),
        pretty in any::<bool>(),
    ) {
        let mut projection = Projection::new("test/objects");
        let mut reference = Reference::default();
        for (path, keep) in &paths {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            projection.keep(&path, *keep).unwrap();
            reference.keep(&path, *keep);
        }
        let expected: Vec<Value> = objects.iter().map(|o| reference.project(o, Keep::Children)).collect();
        let list = json!({"kind": "List", "items": objects, "metadata": {"resourceVersion": "7", "x": [1, {"y": null}]}});
        let body = if pretty { serde_json::to_vec_pretty(&list) } else { serde_json::to_vec(&list) }.unwrap();
        for (name, read) in READERS {
            let mut out = StoreBuilder::new(&Caps::default());
            let meta = read(&body, &projection, &mut out).unwrap();
            prop_assert_eq!(meta.resource_version.as_deref(), Some("7"));
            prop_assert_eq!(meta.items as usize, objects.len());
            prop_assert_eq!(&bodies(&out.finish()), &expected, "{}", name);
        }
    }

    #[test]
    fn the_order_of_paths_does_not_matter(mut paths in prop::collection::vec(any_path(), 0..8), seed in any::<u64>()) {
        let build = |paths: &[(Vec<String>, Keep)]| {
            let mut p = Projection::new("test/objects");
            for (path, keep) in paths {
                p.keep(&path.iter().map(String::as_str).collect::<Vec<_>>(), *keep).unwrap();
            }
            p
        };
        let forward = build(&paths);
        let half = paths.len() / 2;
        let mut merged = build(&paths[half..]);
        merged.merge(&build(&paths[..half]));
        prop_assert_eq!(merged.paths(), forward.paths());
        let turn = seed as usize % paths.len().max(1);
        paths.rotate_left(turn);
        paths.reverse();
        prop_assert_eq!(build(&paths).paths(), forward.paths());
    }

    #[test]
    fn a_page_that_failed_leaves_nothing_behind(
        first in prop::collection::vec(any_object(), 0..4),
        second in prop::collection::vec(any_object(), 1..4),
        cut in 1_usize..200,
    ) {
        let p = all("test/objects");
        let (first, second) = (json!({"items": first}).to_string(), json!({"items": second}).to_string());
        let broken = &second.as_bytes()[..second.len().saturating_sub(cut)];
        for (name, read) in READERS {
            let mut whole = StoreBuilder::new(&Caps::default());
            read(first.as_bytes(), &p, &mut whole).unwrap();
            let memory = whole.memory().total() - whole.memory().shapes;
            let mut out = StoreBuilder::new(&Caps::default());
            read(first.as_bytes(), &p, &mut out).unwrap();
            prop_assert!(read(broken, &p, &mut out).is_err());
            prop_assert_eq!(out.memory().total() - out.memory().shapes, memory, "{}", name);
            read(second.as_bytes(), &p, &mut out).unwrap();
            read(second.as_bytes(), &p, &mut whole).unwrap();
            prop_assert_eq!(bodies(&out.finish()), bodies(&whole.finish()));
        }
    }
}

#[test]
fn a_list_says_what_it_is_wherever_it_says_it() {
    let body = br#"{"items":[{"a":1},null,[[]],3,{"a":2}],"metadata":{"continue":"next","remainingItemCount":12,
        "resourceVersion":"99","selfLink":{"deep":[]}},"kind":"PodList","apiVersion":"v1","other":[{"items":[]}]}"#;
    for (name, read) in READERS {
        let mut out = StoreBuilder::new(&Caps::default());
        let meta = read(body, &all("x"), &mut out).unwrap();
        let expected = ListMeta {
            api_version: Some("v1".into()),
            kind: Some("PodList".into()),
            resource_version: Some("99".into()),
            continue_token: Some("next".into()),
            remaining: Some(12),
            items: 2,
            skipped: 3,
        };
        assert_eq!(meta, expected, "{name}");
        assert_eq!(out.len(), 2);
    }
}

#[test]
fn an_empty_or_null_list_is_an_empty_list_and_a_last_page_has_no_token() {
    for body in [r#"{"items":null}"#, r#"{"items":[],"metadata":{"continue":""}}"#, r#"{"items":[{}],"items":[]}"#] {
        for (name, read) in READERS {
            let mut out = StoreBuilder::new(&Caps::default());
            let meta = read(body.as_bytes(), &all("x"), &mut out).unwrap();
            assert_eq!((meta.items, meta.continue_token, out.len()), (0, None, 0), "{name} {body}");
        }
    }
}

#[test]
fn of_equal_keys_the_last_wins() {
    for (body, expected) in [
        (r#"{"a":1,"a":2}"#, json!({"a": 2})),
        (r#"{"a":1,"b":0,"a":{"c":3}}"#, json!({"a": {"c": 3}, "b": 0})),
        (r#"{"a":1,"b":2,"a":null,"c":3}"#, json!({"b": 2, "c": 3})),
        (r#"{"a":1,"a":null}"#, json!({})),
        (r#"{"a":null,"a":1}"#, json!({"a": 1})),
        (r#"{"a":1,"a":null,"a":4,"z":[null]}"#, json!({"a": 4, "z": [null]})),
    ] {
        for (name, read) in READERS {
            let mut out = StoreBuilder::new(&Caps::default());
            read(format!(r#"{{"items":[{body}]}}"#).as_bytes(), &all("x"), &mut out).unwrap();
            assert_eq!(out.doc(0).to_json(), expected, "{name} {body}");
        }
    }
}

#[test]
fn numbers_beyond_64_bits_become_doubles() {
    let body = br#"{"items":[{"a":18446744073709551615,"b":9223372036854775808,"c":-9223372036854775808,"d":1e3,"e":536870912}]}"#;
    for (name, read) in READERS {
        let mut out = StoreBuilder::new(&Caps::default());
        read(body, &all("x"), &mut out).unwrap();
        let doc = out.doc(0);
        assert_eq!(doc.get("a").unwrap().as_i64(), None, "{name}");
        assert_eq!(doc.get("a").unwrap().as_f64(), Some(18_446_744_073_709_551_615.0));
        assert_eq!(doc.get("b").unwrap().as_f64(), Some(9_223_372_036_854_775_808.0));
        assert_eq!(doc.get("c").unwrap().as_i64(), Some(i64::MIN));
        assert_eq!(doc.get("d").unwrap().as_f64(), Some(1000.0));
        assert_eq!(doc.get("e").unwrap().as_i64(), Some(1 << 29));
    }
}

#[test]
fn objects_with_many_keys_and_stores_with_many_shapes_read_the_same() {
    let many: Map<String, Value> = (0..1000).map(|n| (format!("key-{n}"), json!(n))).collect();
    let mut objects: Vec<Value> = vec![many.clone().into(), json!({"a": many})];
    objects.extend((0..20_000).map(|n| json!({format!("k{n}"): n, "b": {format!("m{n}"): [n]}})));
    let body = json!({"items": objects}).to_string();
    let mut out = StoreBuilder::new(&Caps::default());
    SonicRs.list(body.as_bytes(), &all("x"), &mut out).unwrap();
    let store = out.finish();
    assert_eq!(bodies(&store), objects);
    assert_eq!(store.doc(0).get("key-77").unwrap().as_i64(), Some(77));
    assert_eq!(store.doc(0).get("key-1000").map(Doc::kind), None);
    assert_eq!(store.doc(19_000).get("k18998").unwrap().as_i64(), Some(18_998));
    let keys: Vec<&str> = store.doc(0).entries().map(|(k, _)| k).collect();
    assert!(keys.is_sorted(), "a dictionary is sorted");
}

#[test]
fn equal_neighbours_are_stored_once() {
    let pod = json!({"spec": {"containers": [{"name": "app", "image": "registry.example.com/app:1"}]}});
    let one = json!({"items": [pod]}).to_string();
    let many = json!({"items": vec![pod; 100]}).to_string();
    let memory = |body: &str| {
        let mut out = StoreBuilder::new(&Caps::default());
        SerdeJson.list(body.as_bytes(), &all("x"), &mut out).unwrap();
        out.finish().memory()
    };
    assert_eq!(memory(&many).text, memory(&one).text);
    assert_eq!(memory(&many).words, memory(&one).words);
}

#[test]
fn the_newest_of_two_readings_of_an_object_stays() {
    let items = json!([
        {"metadata": {"name": "a", "namespace": "x"}, "v": 1}, {"metadata": {"name": "a", "namespace": "y"}, "v": 1},
        {"metadata": {"name": "a"}, "v": 3}, {"v": 0}, {"v": 0}, {"metadata": {"name": "a", "namespace": "x"}, "v": 2},
    ]);
    let mut out = StoreBuilder::new(&Caps::default());
    SerdeJson.list(json!({"items": items}).to_string().as_bytes(), &all("x"), &mut out).unwrap();
    assert_eq!(out.remove_duplicates([&["metadata", "namespace"], &["metadata", "name"]]), 1);
    let versions: Vec<_> = out.finish().docs().map(|d| d.get("v").unwrap().as_i64().unwrap()).collect();
    assert_eq!(versions, [2, 1, 3, 0, 0]);
}

#[test]
fn single_documents_are_projected_and_redacted_alike() {
    let pod = json!({"spec": {"containers": [{"env": [{"name": "A", "value": "secret"}]}]}});
    let mut out = StoreBuilder::new(&Caps::default());
    assert!(out.push_json(&pod, &all("kubernetes/core/v1/pods")).unwrap());
    assert!(!out.push_json(&json!([1]), &all("x")).unwrap());
    assert_eq!(out.doc(0).to_json(), json!({"spec": {"containers": [{"env": [{"name": "A", "value": true}]}]}}));
}

#[test]
fn stores_are_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    fn sent<T: Send>() {}
    shared::<Store>();
    shared::<Doc<'static>>();
    shared::<Projection>();
    sent::<StoreBuilder>();
    assert!(Store::empty().is_empty());
}
