//! Containers that kubelet ended because a probe failed, as events tell for about an hour.

use crate::rows::Events;
use detek_core::{Documents, Fact, Values};
use jiff::Timestamp;
use std::collections::HashMap;

/// `liveness` or `startup`.
pub(crate) type Probe = &'static str;

/// By uid of the pod and name of the container: which probe failed, and when the container was last ended for it.
pub(crate) struct ProbeKills(HashMap<(String, String), (Probe, Timestamp)>);

impl Fact for ProbeKills {
    type Reads = (Documents<Events>,);

    fn build((events,): Values<'_, Self::Reads>) -> Self {
        let mut kills: HashMap<(String, String), (Probe, Timestamp)> = HashMap::new();
        for (_, event) in events.rows().filter(|(_, event)| event.reason == "Killing") {
            // `Container app failed liveness probe, will be restarted`, about `spec.containers{app}`.
            let probe = ["liveness", "startup"]
                .into_iter()
                .find(|probe| event.message.contains(&format!("failed {probe} probe")));
            let path = event.involved_object.field_path;
            let container = path.split_once('{').and_then(|(_, rest)| rest.strip_suffix('}'));
            let (Some(probe), Some(container), Some(at)) = (probe, container, event.last_timestamp.get()) else {
                continue;
            };
            let kill = kills.entry((event.involved_object.uid.into(), container.into())).or_insert((probe, at));
            if kill.1 < at {
                *kill = (probe, at);
            }
        }
        ProbeKills(kills)
    }
}

impl ProbeKills {
    /// The last time that this container was ended because a probe failed, and which.
    pub(crate) fn last(&self, uid: &str, container: &str) -> Option<(Probe, Timestamp)> {
        self.0.get(&(uid.to_owned(), container.to_owned())).copied()
    }
}
