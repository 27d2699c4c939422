//! What a server holds: objects by kind, sorted by namespace and name as etcd returns them, written when they are asked for.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value;

use crate::kinds::{Kind, Kinds};

/// Objects by kind. An implementation may compute an object from its index, so nothing here hands out a whole list.
pub(crate) trait Content: Send + Sync {
    /// How many objects a kind has.
    fn count(&self, kind: usize) -> usize;
    /// Appends the object's JSON, without `apiVersion` and `kind`.
    fn write(&self, kind: usize, index: usize, out: &mut Vec<u8>);
    /// The objects of one namespace, which are neighbours.
    fn in_namespace(&self, kind: usize, namespace: &str) -> Range<usize>;
    /// One object by name; `namespace` is empty for kinds without one.
    fn find(&self, kind: usize, namespace: &str, name: &str) -> Option<usize>;
}

/// Letters of the names that Kubernetes generates, in the order of their bytes.
pub(crate) const ALPHABET: &[u8; 27] = b"2456789bcdfghjklmnpqrstvwxz";

/// A uid as objects have it.
pub(crate) fn uid(random: u128) -> String {
    let hex = format!("{random:032x}");
    format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
}

/// Objects kept as JSON text: the demo cluster, and what tests hand over.
#[derive(Debug, Default)]
pub(crate) struct Held {
    kinds: BTreeMap<usize, Vec<HeldObject>>,
}

#[derive(Debug)]
struct HeldObject {
    namespace: String,
    name: String,
    json: Vec<u8>,
}

impl Held {
    /// Sorts objects into kinds; a kind that no server has is added to `kinds`.
    pub(crate) fn new(objects: Vec<Value>, kinds: &mut Kinds) -> Self {
        let mut held = Self::default();
        for mut object in objects {
            let text = |key: &str| object[key].as_str().unwrap_or_default().to_owned();
            let (api_version, kind) = (text("apiVersion"), text("kind"));
            let meta = |key: &str| object["metadata"][key].as_str().unwrap_or_default().to_owned();
            let (namespace, name) = (meta("namespace"), meta("name"));
            let index = kinds.of_object(&api_version, &kind).unwrap_or_else(|| {
                kinds.add(Kind::custom(&api_version, &kind, !namespace.is_empty()));
                kinds.len() - 1
            });
            if let Some(map) = object.as_object_mut() {
                map.remove("apiVersion");
                map.remove("kind");
            }
            let json = object.to_string().into_bytes();
            held.kinds.entry(index).or_default().push(HeldObject { namespace, name, json });
        }
        for objects in held.kinds.values_mut() {
            objects.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
        }
        held
    }

    fn list(&self, kind: usize) -> &[HeldObject] {
        self.kinds.get(&kind).map_or(&[], Vec::as_slice)
    }
}

impl Content for Held {
    fn count(&self, kind: usize) -> usize {
        self.list(kind).len()
    }

    fn write(&self, kind: usize, index: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.list(kind)[index].json);
    }

    fn in_namespace(&self, kind: usize, namespace: &str) -> Range<usize> {
        let list = self.list(kind);
        list.partition_point(|o| o.namespace.as_str() < namespace)
            ..list.partition_point(|o| o.namespace.as_str() <= namespace)
    }

    fn find(&self, kind: usize, namespace: &str, name: &str) -> Option<usize> {
        let list = self.list(kind);
        list.binary_search_by(|o| (o.namespace.as_str(), o.name.as_str()).cmp(&(namespace, name))).ok()
    }
}
