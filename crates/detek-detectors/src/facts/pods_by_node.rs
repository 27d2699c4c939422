//! Pods by the node that they are on.

use crate::rows::{Placement, Placements};
use detek_core::{Documents, Fact, Values};
use detek_doc::Store;
use std::{collections::HashMap, sync::Arc};

/// The numbers of pods that hold a place on each node: placed there and not finished.
pub(crate) struct PodsByNode {
    store: Arc<Store>,
    by_node: HashMap<String, Vec<u32>>,
}

impl Fact for PodsByNode {
    type Reads = (Documents<Placements>,);

    fn build((pods,): Values<'_, Self::Reads>) -> Self {
        let mut by_node: HashMap<String, Vec<u32>> = HashMap::new();
        for (number, pod) in pods.rows() {
            let node = pod.spec.node_name;
            if node.is_empty() || matches!(pod.status.phase, "Succeeded" | "Failed") {
                continue;
            }
            match by_node.get_mut(node) {
                Some(numbers) => numbers.push(number),
                None => {
                    by_node.insert(node.into(), vec![number]);
                }
            }
        }
        PodsByNode { store: pods.store(), by_node }
    }
}

impl PodsByNode {
    /// The pods on a node.
    pub(crate) fn on(&self, node: &str) -> impl Iterator<Item = Placement<'_>> {
        let numbers = self.by_node.get(node).map_or(&[][..], Vec::as_slice);
        numbers.iter().filter_map(|number| self.store.doc(*number).read().ok())
    }
}
