//! Since when nodes are ready.

use crate::rows::Nodes;
use detek_core::{Documents, Fact, Values};
use jiff::Timestamp;
use std::collections::HashMap;

/// By name, when each ready node became so.
pub(crate) struct NodesReady(HashMap<String, Timestamp>);

impl Fact for NodesReady {
    type Reads = (Documents<Nodes>,);

    fn build((nodes,): Values<'_, Self::Reads>) -> Self {
        let ready = nodes.rows().filter_map(|(_, node)| {
            let ready = node.status.conditions.iter().find(|condition| condition.kind == "Ready")?;
            let since = ready.last_transition_time.get().filter(|_| ready.status == "True")?;
            Some((node.metadata.name.to_owned(), since))
        });
        NodesReady(ready.collect())
    }
}

impl NodesReady {
    /// When this node became ready, if it is.
    pub(crate) fn since(&self, node: &str) -> Option<Timestamp> {
        self.0.get(node).copied()
    }
}
