//! Pods by namespace and label.

use super::ByNamespace;
use crate::rows::PodLabelRows;
use detek_doc::StrMap;

/// The pods of each namespace, to be searched by label.
pub(crate) type PodsByLabel = ByNamespace<PodLabelRows>;

impl PodsByLabel {
    /// The numbers of the pods in a namespace that have all these labels. An empty selector selects nothing.
    pub(crate) fn selected<'a>(&'a self, namespace: &str, selector: &'a StrMap<'_>) -> impl Iterator<Item = u32> + 'a {
        let has_all = |number: &u32| {
            let labels = self.store.doc(*number).at(&["metadata", "labels"]);
            let get = |key| labels?.get(key)?.as_str();
            selector.iter().all(|(key, value)| get(key) == Some(value))
        };
        let numbers = if selector.is_empty() { &[] } else { self.numbers(namespace) };
        numbers.iter().copied().filter(has_all)
    }

    /// Whether a pod of the namespace has all these labels. An empty selector selects nothing.
    pub(crate) fn any(&self, namespace: &str, selector: &StrMap<'_>) -> bool {
        self.selected(namespace, selector).next().is_some()
    }

    /// The pod whose labels differ from the selector in one key only, first by name: `(pod, key, its value if any)`.
    pub(crate) fn nearest(&self, namespace: &str, selector: &StrMap<'_>) -> Option<(String, String, Option<String>)> {
        self.rows(namespace)
            .filter_map(|pod| {
                let (name, labels) = (pod.metadata.name, pod.metadata.labels);
                let mut differing = selector.iter().filter(|(key, value)| labels.get(key) != Some(*value));
                let (key, _) = differing.next()?;
                let same = selector.len() > 1 || labels.contains_key(key);
                (differing.next().is_none() && same)
                    .then(|| (name.to_owned(), key.to_owned(), labels.get(key).map(str::to_owned)))
            })
            .min()
    }
}
