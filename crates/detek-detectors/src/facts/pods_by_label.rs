//! Pods by namespace and label.

use super::{
    ByNamespace,
    by_hash::{ByHash, hash},
};
use crate::rows::PodLabelRows;
use detek_core::{Documents, Fact, Values};
use detek_doc::{Doc, StrMap};

/// The pods of each namespace, to be found by their labels.
pub(crate) struct PodsByLabel {
    pods: ByNamespace<PodLabelRows>,
    /// Pods by namespace, key and value of each label. Without it each Service would read all pods of its namespace.
    labels: ByHash,
}

impl Fact for PodsByLabel {
    type Reads = (Documents<PodLabelRows>,);

    fn build((pods,): Values<'_, Self::Reads>) -> Self {
        let mut labels = Vec::new();
        for (number, pod) in pods.rows() {
            let metadata = &pod.metadata;
            labels.extend(metadata.labels.iter().map(|label| (hash((metadata.namespace, label)), number)));
        }
        PodsByLabel { pods: ByNamespace::build((pods,)), labels: ByHash::new(labels) }
    }
}

impl PodsByLabel {
    /// The numbers of the pods in a namespace that have all these labels, in order of names. An empty selector selects
    /// nothing.
    pub(crate) fn selected(&self, namespace: &str, selector: &StrMap<'_>) -> impl Iterator<Item = u32> + use<> {
        let mut selected: Vec<(&str, u32)> = self.having(namespace, selector).collect();
        selected.sort_unstable();
        selected.into_iter().map(|(_, number)| number).collect::<Vec<_>>().into_iter()
    }

    /// Whether a pod of the namespace has all these labels. An empty selector selects nothing.
    pub(crate) fn any(&self, namespace: &str, selector: &StrMap<'_>) -> bool {
        self.having(namespace, selector).next().is_some()
    }

    /// Names and numbers of the pods that have all labels: of those that have the rarest, the ones that have the others.
    fn having<'a>(&'a self, namespace: &'a str, selector: &'a StrMap<'_>) -> impl Iterator<Item = (&'a str, u32)> + 'a {
        let labelled = selector.iter().map(|label| self.labels.get(hash((namespace, label))));
        let rarest = labelled.min_by_key(ExactSizeIterator::len);
        rarest.into_iter().flatten().filter_map(move |number| {
            let metadata = self.pods.store.doc(number).at(&["metadata"])?;
            let labels = metadata.get("labels")?;
            let is = |key: &str, value: &str| labels.get(key).and_then(Doc::as_str) == Some(value);
            let here = metadata.get("namespace").and_then(Doc::as_str) == Some(namespace);
            let name = metadata.get("name").and_then(Doc::as_str).unwrap_or_default();
            (here && selector.iter().all(|(key, value)| is(key, value))).then_some((name, number))
        })
    }

    /// The pod whose labels differ from the selector in one key only, first by name: `(pod, key, its value if any)`.
    pub(crate) fn nearest(&self, namespace: &str, selector: &StrMap<'_>) -> Option<(String, String, Option<String>)> {
        self.pods.rows(namespace).find_map(|pod| {
            let (name, labels) = (pod.metadata.name, pod.metadata.labels);
            let mut differing = selector.iter().filter(|(key, value)| labels.get(key) != Some(*value));
            let (key, _) = differing.next()?;
            let same = selector.len() > 1 || labels.contains_key(key);
            (differing.next().is_none() && same)
                .then(|| (name.to_owned(), key.to_owned(), labels.get(key).map(str::to_owned)))
        })
    }
}
