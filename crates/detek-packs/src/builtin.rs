//! The packs that detek comes with. Written by a test from `/packs`: `UPDATE_EXPECT=1 cargo test -p detek-packs built_in`.

/// Every file, as path below `/packs` and text, by path.
#[rustfmt::skip]
pub static FILES: &[(&str, &str)] = &[
    ("kubernetes/failed_pod.yaml", include_str!("../../../packs/kubernetes/failed_pod.yaml")),
    ("kubernetes/pack.yaml", include_str!("../../../packs/kubernetes/pack.yaml")),
    ("kubernetes/pod_crash_loop.yaml", include_str!("../../../packs/kubernetes/pod_crash_loop.yaml")),
    ("kubernetes/pod_hostpath_data.yaml", include_str!("../../../packs/kubernetes/pod_hostpath_data.yaml")),
    ("kubernetes/pod_image_mutable_tag.yaml", include_str!("../../../packs/kubernetes/pod_image_mutable_tag.yaml")),
    ("kubernetes/pod_image_unknown_registry.yaml", include_str!("../../../packs/kubernetes/pod_image_unknown_registry.yaml")),
    ("kubernetes/pod_pull_policy_stale.yaml", include_str!("../../../packs/kubernetes/pod_pull_policy_stale.yaml")),
    ("kubernetes/pod_without_graceful_shutdown.yaml", include_str!("../../../packs/kubernetes/pod_without_graceful_shutdown.yaml")),
    ("kubernetes/pod_without_limits.yaml", include_str!("../../../packs/kubernetes/pod_without_limits.yaml")),
    ("kubernetes/pod_without_liveness_probe.yaml", include_str!("../../../packs/kubernetes/pod_without_liveness_probe.yaml")),
    ("kubernetes/pod_without_readiness_probe.yaml", include_str!("../../../packs/kubernetes/pod_without_readiness_probe.yaml")),
    ("kubernetes/pod_without_requests.yaml", include_str!("../../../packs/kubernetes/pod_without_requests.yaml")),
];
