//! Rows: what is read of each kind of object. A field that is not here never enters memory.

mod controller;
mod ingress;
mod lineage;
mod metadata;
mod pod;
mod server;
mod service;

pub(crate) use controller::{Jobs, ReplicaSets};
pub(crate) use ingress::{Ingress, Ingresses};
pub(crate) use lineage::{Lineage, LineageMetadata, Write};
pub(crate) use metadata::{Metadata, Owner};
pub(crate) use pod::{Pod, PodLabelRows, PodLabels, Pods, Resources};
pub(crate) use server::{HealthCheck, HealthChecks, ServerVersion, ServerVersions};
pub(crate) use service::{Service, Services};
