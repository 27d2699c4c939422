//! Every compiled detector: one file each, two lines here.

mod api_lifecycle;
mod apiserver_check_failed;
mod apiserver_instance_unhealthy;
mod container_oom_killed;
mod container_restarted;
mod deployment_without_pdb;
mod endpoint_address_stale;
mod ingress_backend_missing;
mod node_taint_forgotten;
mod pod_ip_duplicate;
mod service_no_available_target;
mod service_partially_available;
mod service_selects_nothing;
mod service_target_port_mismatch;
mod tls_secret_expired;
mod version_end_of_life;
mod webhook_ca_bundle_expired;
mod webhook_unavailable;

use detek_core::{AnyDetector, Detector};
use std::sync::Arc;

/// Makes a detector with default parameters, or all of a family.
pub(crate) type Make = fn() -> Vec<Arc<dyn AnyDetector>>;

fn make<D: Detector>() -> Vec<Arc<dyn AnyDetector>> {
    vec![Arc::new(D::default())]
}

/// All detectors, by id.
pub(crate) static ALL: &[Make] = &[
    api_lifecycle::family,
    make::<apiserver_check_failed::ApiserverCheckFailed>,
    make::<apiserver_instance_unhealthy::ApiserverInstanceUnhealthy>,
    make::<container_oom_killed::ContainerOomKilled>,
    make::<container_restarted::ContainerRestarted>,
    make::<deployment_without_pdb::DeploymentWithoutPdb>,
    make::<endpoint_address_stale::EndpointAddressStale>,
    make::<ingress_backend_missing::IngressBackendMissing>,
    make::<node_taint_forgotten::NodeTaintForgotten>,
    make::<pod_ip_duplicate::PodIpDuplicate>,
    make::<service_no_available_target::ServiceNoAvailableTarget>,
    make::<service_partially_available::ServicePartiallyAvailable>,
    make::<service_selects_nothing::ServiceSelectsNothing>,
    make::<service_target_port_mismatch::ServiceTargetPortMismatch>,
    make::<tls_secret_expired::TlsSecretExpired>,
    make::<version_end_of_life::VersionEndOfLife>,
    make::<webhook_ca_bundle_expired::WebhookCaBundleExpired>,
    make::<webhook_unavailable::WebhookUnavailable>,
];
