//! Events.

use super::Time;
use detek_core::{InputKind, Kind};
use serde::Deserialize;

/// Events.
pub(crate) struct Events;

impl Kind for Events {
    const INPUT: InputKind = InputKind::new("kubernetes/core/v1/events", "", "Event", true);
    type Row<'s> = Event<'s>;
}

/// An event.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Event<'s> {
    pub(crate) reason: &'s str,
    pub(crate) message: &'s str,
    #[serde(borrow)]
    pub(crate) involved_object: Involved<'s>,
    #[serde(borrow)]
    pub(crate) last_timestamp: Time<'s>,
}

/// `involvedObject`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Involved<'s> {
    pub(crate) uid: &'s str,
    /// `spec.containers{app}`.
    pub(crate) field_path: &'s str,
}
