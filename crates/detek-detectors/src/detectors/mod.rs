//! Every compiled detector: one file each, two lines here. `probe` is what two of them share.

mod api_lifecycle;
mod apiserver_check_failed;
mod apiserver_instance_unhealthy;
mod container_oom_killed;
mod container_restarted;
mod deployment_without_pdb;
mod endpoint_address_stale;
mod failed_pod;
mod ingress_backend_missing;
mod node_taint_forgotten;
mod pod_crash_loop;
mod pod_hostpath_data;
mod pod_image_mutable_tag;
mod pod_image_unknown_registry;
mod pod_ip_duplicate;
mod pod_pull_policy_stale;
mod pod_without_graceful_shutdown;
mod pod_without_limits;
mod pod_without_liveness_probe;
mod pod_without_readiness_probe;
mod pod_without_requests;
mod probe;
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
    make::<failed_pod::FailedPod>,
    make::<ingress_backend_missing::IngressBackendMissing>,
    make::<node_taint_forgotten::NodeTaintForgotten>,
    make::<pod_crash_loop::PodCrashLoop>,
    make::<pod_hostpath_data::PodHostpathData>,
    make::<pod_image_mutable_tag::PodImageMutableTag>,
    make::<pod_image_unknown_registry::PodImageUnknownRegistry>,
    make::<pod_ip_duplicate::PodIpDuplicate>,
    make::<pod_pull_policy_stale::PodPullPolicyStale>,
    make::<pod_without_graceful_shutdown::PodWithoutGracefulShutdown>,
    make::<pod_without_limits::PodWithoutLimits>,
    make::<pod_without_liveness_probe::PodWithoutLivenessProbe>,
    make::<pod_without_readiness_probe::PodWithoutReadinessProbe>,
    make::<pod_without_requests::PodWithoutRequests>,
    make::<service_no_available_target::ServiceNoAvailableTarget>,
    make::<service_partially_available::ServicePartiallyAvailable>,
    make::<service_selects_nothing::ServiceSelectsNothing>,
    make::<service_target_port_mismatch::ServiceTargetPortMismatch>,
    make::<tls_secret_expired::TlsSecretExpired>,
    make::<version_end_of_life::VersionEndOfLife>,
    make::<webhook_ca_bundle_expired::WebhookCaBundleExpired>,
    make::<webhook_unavailable::WebhookUnavailable>,
];
