//! The files of a new pack.

/// The files of `pack new DIR`, as path below the directory and text: a pack with one detector that passes `check` and
/// `test`. `name` is that of the pack.
pub fn template(name: &str) -> Vec<(&'static str, String)> {
    vec![
        ("pack.yaml", include_str!("new/pack.yaml").replace("NAME", name)),
        ("pod_without_owner_label.yaml", include_str!("new/pod_without_owner_label.yaml").into()),
    ]
}
