//! Objects of one kind by namespace and name.

use detek_core::{Documents, Fact, Kind, Values};
use detek_doc::{Doc, Store};
use std::{collections::HashMap, marker::PhantomData, sync::Arc};

/// The numbers of documents by namespace, in order of names; rows are read when they are asked for.
pub(crate) struct ByNamespace<K> {
    pub(super) store: Arc<Store>,
    numbers: HashMap<String, Vec<u32>>,
    kind: PhantomData<fn() -> K>,
}

impl<K: Kind> Fact for ByNamespace<K> {
    type Reads = (Documents<K>,);

    fn build((documents,): Values<'_, Self::Reads>) -> Self {
        let mut numbers: HashMap<String, Vec<u32>> = HashMap::new();
        for (number, _) in documents.rows() {
            let namespace = of_metadata(documents.doc(number), "namespace");
            match numbers.get_mut(namespace) {
                Some(numbers) => numbers.push(number),
                None => {
                    numbers.insert(namespace.into(), vec![number]);
                }
            }
        }
        let name = |number: &u32| of_metadata(documents.doc(*number), "name");
        for numbers in numbers.values_mut() {
            numbers.sort_unstable_by(|a, b| name(a).cmp(name(b)));
        }
        ByNamespace { store: documents.store(), numbers, kind: PhantomData }
    }
}

fn of_metadata<'s>(doc: Doc<'s>, key: &str) -> &'s str {
    doc.at(&["metadata", key]).and_then(Doc::as_str).unwrap_or_default()
}

impl<K: Kind> ByNamespace<K> {
    /// The numbers of the documents of a namespace.
    pub(super) fn numbers(&self, namespace: &str) -> &[u32] {
        self.numbers.get(namespace).map_or(&[], Vec::as_slice)
    }

    /// The objects of a namespace.
    pub(crate) fn rows(&self, namespace: &str) -> impl Iterator<Item = K::Row<'_>> {
        // Building has read every row: one that cannot be read has made the fact a fault.
        self.numbers(namespace).iter().filter_map(|number| self.store.doc(*number).read().ok())
    }

    /// The object of this name.
    pub(crate) fn get(&self, namespace: &str, name: &str) -> Option<K::Row<'_>> {
        let numbers = self.numbers(namespace);
        let name_of = |number: &u32| of_metadata(self.store.doc(*number), "name");
        let at = numbers.binary_search_by(|number| name_of(number).cmp(name)).ok()?;
        self.store.doc(numbers[at]).read().ok()
    }
}
