//! Every compiled detector: one file each, two lines here.

mod failed_pod;
mod ingress_backend_missing;
mod pod_crash_loop;
mod pod_image_mutable_tag;
mod pod_without_limits;
mod pod_without_requests;
mod service_selects_nothing;

use detek_core::{AnyDetector, Detector};
use std::sync::Arc;

/// Makes a detector with default parameters.
pub type Make = fn() -> Arc<dyn AnyDetector>;

fn make<D: Detector>() -> Arc<dyn AnyDetector> {
    Arc::new(D::default())
}

/// All detectors, by id.
pub static ALL: &[Make] = &[
    make::<failed_pod::FailedPod>,
    make::<ingress_backend_missing::IngressBackendMissing>,
    make::<pod_crash_loop::PodCrashLoop>,
    make::<pod_image_mutable_tag::PodImageMutableTag>,
    make::<pod_without_limits::PodWithoutLimits>,
    make::<pod_without_requests::PodWithoutRequests>,
    make::<service_selects_nothing::ServiceSelectsNothing>,
];
