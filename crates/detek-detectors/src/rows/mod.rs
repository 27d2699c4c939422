//! Rows: what is read of each kind of object. A field that is not here never enters memory.

mod address;
mod controller;
mod deployment;
mod endpointslice;
mod event;
mod gateway;
mod image;
mod ingress;
mod label_selector;
mod lineage;
mod metadata;
mod node;
mod pdb;
mod placement;
mod pod;
mod quantity;
mod secret;
mod server;
mod service;
mod webhook;

pub(crate) use address::{PodAddress, PodAddresses};
pub(crate) use controller::{Jobs, ReplicaSets};
pub(crate) use deployment::{DaemonSets, Deployments, Replicated, StatefulSets};
pub(crate) use endpointslice::{Endpoint, EndpointSlice, EndpointSlices};
pub(crate) use event::Events;
pub(crate) use gateway::Gateways;
pub(crate) use image::Image;
pub(crate) use ingress::{Ingress, Ingresses};
pub(crate) use label_selector::LabelSelector;
pub(crate) use lineage::{Lineage, LineageMetadata, Lineages, Write};
pub(crate) use metadata::{Metadata, Owner, Time, is_young};
pub(crate) use node::{Node, Nodes, Taint};
pub(crate) use pdb::{PodDisruptionBudget, PodDisruptionBudgets};
pub(crate) use placement::{Placement, Placements};
pub(crate) use pod::{Container, HostPath, Pod, PodLabelRows, Pods, Resources, Terminated};
pub(crate) use quantity::quantity;
pub(crate) use secret::{Secret, Secrets};
pub(crate) use server::{
    HealthCheck, HealthChecks, InstanceCheck, ServerInstance, ServerInstances, ServerVersion, ServerVersions,
};
pub(crate) use service::{Service, ServicePort, Services};
pub(crate) use webhook::{
    MutatingWebhookConfigurations, ServiceName, ValidatingWebhookConfigurations, Webhook, WebhookClient,
    WebhookClients, WebhookConfiguration, WebhookConfigurations,
};
