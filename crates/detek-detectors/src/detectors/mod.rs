//! Every compiled detector: one file each, two lines here.

mod api_lifecycle;
mod apiserver_check_failed;
mod failed_pod;
mod ingress_backend_missing;
mod pod_crash_loop;
mod pod_image_mutable_tag;
mod pod_without_limits;
mod pod_without_requests;
mod service_selects_nothing;
mod version_end_of_life;

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
    make::<failed_pod::FailedPod>,
    make::<ingress_backend_missing::IngressBackendMissing>,
    make::<pod_crash_loop::PodCrashLoop>,
    make::<pod_image_mutable_tag::PodImageMutableTag>,
    make::<pod_without_limits::PodWithoutLimits>,
    make::<pod_without_requests::PodWithoutRequests>,
    make::<service_selects_nothing::ServiceSelectsNothing>,
    make::<version_end_of_life::VersionEndOfLife>,
];
