//! Pods by namespace and label.

use crate::rows::PodLabelRows;
use detek_core::{Documents, Fact, Values};
use detek_doc::{Store, StrMap};
use std::{collections::HashMap, sync::Arc};

/// An index from `namespace`, `key=value` to the numbers of pods.
pub(crate) struct PodsByLabel {
    store: Arc<Store>,
    by_namespace: HashMap<String, Vec<u32>>,
}

impl Fact for PodsByLabel {
    type Reads = (Documents<PodLabelRows>,);

    fn build((pods,): Values<'_, Self::Reads>) -> Self {
        let mut by_namespace: HashMap<String, Vec<u32>> = HashMap::new();
        for (number, pod) in pods.rows() {
            match by_namespace.get_mut(pod.metadata.namespace) {
                Some(numbers) => numbers.push(number),
                None => {
                    by_namespace.insert(pod.metadata.namespace.into(), vec![number]);
                }
            }
        }
        PodsByLabel { store: pods.store(), by_namespace }
    }
}

impl PodsByLabel {
    fn labels(&self, namespace: &str) -> impl Iterator<Item = (&str, StrMap<'_>)> {
        let numbers = self.by_namespace.get(namespace).map_or(&[][..], Vec::as_slice);
        numbers.iter().filter_map(|number| {
            let row: crate::rows::PodLabels<'_> = self.store.doc(*number).read().ok()?;
            Some((row.metadata.name, row.metadata.labels))
        })
    }

    /// Whether a pod of the namespace has all these labels. An empty selector selects nothing.
    pub(crate) fn any(&self, namespace: &str, selector: &StrMap<'_>) -> bool {
        !selector.is_empty()
            && self
                .labels(namespace)
                .any(|(_, labels)| selector.iter().all(|(key, value)| labels.get(key) == Some(value)))
    }

    /// The pod whose labels differ from the selector in one key only, first by name: `(pod, key, its value if any)`.
    pub(crate) fn nearest(&self, namespace: &str, selector: &StrMap<'_>) -> Option<(String, String, Option<String>)> {
        self.labels(namespace)
            .filter_map(|(name, labels)| {
                let mut differing = selector.iter().filter(|(key, value)| labels.get(key) != Some(*value));
                let (key, _) = differing.next()?;
                let same = selector.len() > 1 || labels.contains_key(key);
                (differing.next().is_none() && same)
                    .then(|| (name.to_owned(), key.to_owned(), labels.get(key).map(str::to_owned)))
            })
            .min()
    }
}
