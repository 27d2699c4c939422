//! Services.

use super::Metadata;
use detek_core::{InputKind, Kind};
use detek_doc::StrMap;
use serde::Deserialize;

/// Services.
pub(crate) struct Services;

impl Kind for Services {
    const INPUT: InputKind = InputKind::new("kubernetes/core/v1/services", "", "Service", true);
    type Row<'s> = Service<'s>;
}

/// A Service.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Service<'s> {
    #[serde(borrow)]
    pub(crate) metadata: Metadata<'s>,
    #[serde(borrow)]
    pub(crate) spec: ServiceSpec<'s>,
}

/// `spec`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct ServiceSpec<'s> {
    #[serde(rename = "type")]
    pub(crate) kind: &'s str,
    #[serde(borrow)]
    pub(crate) selector: StrMap<'s>,
    #[serde(borrow)]
    pub(crate) ports: Vec<ServicePort<'s>>,
}

/// One of `spec.ports`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct ServicePort<'s> {
    pub(crate) name: &'s str,
    pub(crate) port: i64,
}
