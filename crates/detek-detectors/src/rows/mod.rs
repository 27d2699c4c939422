//! Rows: what is read of each kind of object. A field that is not here never enters memory.

mod controller;
mod ingress;
mod metadata;
mod pod;
mod service;

pub(crate) use controller::{Jobs, ReplicaSets};
pub(crate) use ingress::{Ingress, Ingresses};
pub(crate) use metadata::{Metadata, Owner};
pub(crate) use pod::{Pod, PodLabelRows, PodLabels, Pods, Resources};
pub(crate) use service::{Service, Services};
