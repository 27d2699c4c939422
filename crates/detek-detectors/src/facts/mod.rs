//! Facts: what detectors share, computed once from complete inputs.

pub(crate) mod owners;
mod pods_by_label;
mod server_version;
mod services_by_name;

pub(crate) use pods_by_label::PodsByLabel;
pub(crate) use server_version::ServerMinor;
pub(crate) use services_by_name::ServicesByName;
