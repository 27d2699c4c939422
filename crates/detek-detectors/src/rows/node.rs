//! Nodes.

use super::Time;
use detek_core::{InputKind, Kind};
use detek_doc::{IntOrString, Present};
use jiff::Timestamp;
use serde::Deserialize;
use std::{collections::BTreeMap, fmt};

/// Nodes.
pub(crate) struct Nodes;

impl Kind for Nodes {
    const INPUT: InputKind = InputKind::new("kubernetes/core/v1/nodes", "", "Node", false);
    type Row<'s> = Node<'s>;
}

/// A node.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Node<'s> {
    #[serde(borrow)]
    pub(crate) metadata: NodeMetadata<'s>,
    #[serde(borrow)]
    pub(crate) spec: NodeSpec<'s>,
    #[serde(borrow)]
    pub(crate) status: NodeStatus<'s>,
}

/// `metadata`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct NodeMetadata<'s> {
    pub(crate) name: &'s str,
    #[serde(borrow)]
    managed_fields: Vec<Managed<'s>>,
}

/// One of `managedFields`: what somebody wrote, and when they last changed any of it.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Managed<'s> {
    #[serde(borrow)]
    time: Time<'s>,
    #[serde(rename = "fieldsV1")]
    fields: ManagedFields,
}

/// `fieldsV1`.
#[derive(Deserialize, Default)]
#[serde(default)]
struct ManagedFields {
    #[serde(rename = "f:spec")]
    spec: ManagedSpec,
}

/// `f:spec`.
#[derive(Deserialize, Default)]
#[serde(default)]
struct ManagedSpec {
    #[serde(rename = "f:taints")]
    taints: Option<Present>,
}

/// `spec`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct NodeSpec<'s> {
    #[serde(borrow)]
    pub(crate) taints: Vec<Taint<'s>>,
}

/// One of `spec.taints`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Taint<'s> {
    pub(crate) key: &'s str,
    pub(crate) value: &'s str,
    pub(crate) effect: &'s str,
    #[serde(borrow)]
    pub(crate) time_added: Time<'s>,
}

/// `status`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct NodeStatus<'s> {
    #[serde(borrow)]
    pub(crate) capacity: BTreeMap<&'s str, IntOrString<'s>>,
    #[serde(borrow)]
    pub(crate) allocatable: BTreeMap<&'s str, IntOrString<'s>>,
    #[serde(borrow)]
    pub(crate) conditions: Vec<Condition<'s>>,
}

/// One of `status.conditions`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Condition<'s> {
    #[serde(rename = "type")]
    pub(crate) kind: &'s str,
    pub(crate) status: &'s str,
    #[serde(borrow)]
    pub(crate) last_transition_time: Time<'s>,
}

/// As `kubectl taint` writes it: `key=value:effect`, or `key:effect`.
impl fmt::Display for Taint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key)?;
        if !self.value.is_empty() {
            write!(f, "={}", self.value)?;
        }
        write!(f, ":{}", self.effect)
    }
}

impl<'s> Node<'s> {
    /// A time since which the taints are what they are: nobody changed the list later than its owner wrote anything.
    pub(crate) fn taints_unchanged_since(&self) -> Option<Timestamp> {
        let owners = self.metadata.managed_fields.iter().filter(|managed| managed.fields.spec.taints.is_some());
        owners.filter_map(|managed| managed.time.get()).min()
    }

    /// What pods may use of it, by resource.
    pub(crate) fn allocatable(&self) -> &BTreeMap<&'s str, IntOrString<'s>> {
        if self.status.allocatable.is_empty() { &self.status.capacity } else { &self.status.allocatable }
    }
}
