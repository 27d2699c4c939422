//! Facts: what detectors share, computed once from complete inputs.

mod by_hash;
mod by_namespace;
mod nodes_ready;
pub(crate) mod owners;
mod pods_by_label;
mod pods_by_node;
mod probe_kills;
mod ready_addresses;
mod server_version;
mod services_by_pod;
mod shared_addresses;
mod templates;
mod tls_users;

pub(crate) use by_namespace::ByNamespace;
pub(crate) use nodes_ready::NodesReady;
pub(crate) use pods_by_label::PodsByLabel;
pub(crate) use pods_by_node::PodsByNode;
pub(crate) use probe_kills::ProbeKills;
pub(crate) use ready_addresses::ReadyAddresses;
pub(crate) use server_version::ServerMinor;
pub(crate) use services_by_pod::ServicesByPod;
pub(crate) use shared_addresses::SharedAddresses;
pub(crate) use templates::Templates;
pub(crate) use tls_users::TlsUsers;
