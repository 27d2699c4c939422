//! The packs that detek comes with. Written by a test from `/packs`: `UPDATE_EXPECT=1 cargo test -p detek-packs built_in`.

/// Every file, as path below `/packs` and text, by path.
#[rustfmt::skip]
pub static FILES: &[(&str, &str)] = &[
    ("kubernetes/pack.yaml", include_str!("../../../packs/kubernetes/pack.yaml")),
];
