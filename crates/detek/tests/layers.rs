//! The order of the crates, as ARCHITECTURE.md draws it: who may use whom, and who may touch the outside.
#![expect(clippy::disallowed_methods, reason = "reads manifests and sources of this workspace")]

use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Every crate with the crates of this workspace that it may use.
const LAYERS: [(&str, &[&str]); 10] = [
    (
        "detek",
        &["detek-core", "detek-detectors", "detek-doc", "detek-kube", "detek-packs", "detek-report", "detek-sim"],
    ),
    (
        "detek-bench",
        &[
            "detek-cel",
            "detek-core",
            "detek-detectors",
            "detek-doc",
            "detek-kube",
            "detek-packs",
            "detek-report",
            "detek-sim",
        ],
    ),
    ("detek-cel", &["detek-doc"]),
    ("detek-core", &["detek-doc"]),
    ("detek-detectors", &["detek-cel", "detek-core", "detek-doc"]),
    ("detek-doc", &[]),
    ("detek-kube", &["detek-core", "detek-doc"]),
    ("detek-packs", &["detek-cel", "detek-core", "detek-doc"]),
    ("detek-report", &["detek-core", "detek-doc"]),
    ("detek-sim", &[]),
];

/// Dependencies that only these crates may have: `(prefix of their names, crates)`.
const RESERVED: [(&str, &[&str]); 6] = [
    ("kube", &["detek-kube"]),
    ("k8s-openapi", &["detek-kube"]),
    ("hyper", &["detek-kube", "detek-sim"]),
    ("reqwest", &[]),
    ("tokio", &["detek", "detek-kube", "detek-sim"]),
    ("rustls", &["detek-kube", "detek-sim"]),
];

/// Crates that may open sockets, and words without which nobody can.
const SOCKETS: ([&str; 2], [&str; 4]) =
    (["detek-kube", "detek-sim"], ["tokio::net", "TcpStream", "UdpSocket", "UnixStream"]);

struct Member {
    name: String,
    folder: PathBuf,
    /// Without those of tests.
    dependencies: Vec<String>,
}

fn members() -> Vec<Member> {
    let arguments = ["metadata", "--no-deps", "--offline", "--format-version", "1"];
    let output = Command::new(env!("CARGO")).args(arguments).output().expect("cargo starts");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let packages = metadata["packages"].as_array().expect("packages");
    packages
        .iter()
        .map(|package| Member {
            name: text(&package["name"]),
            folder: Path::new(&text(&package["manifest_path"])).parent().expect("a folder").to_owned(),
            dependencies: package["dependencies"]
                .as_array()
                .expect("dependencies")
                .iter()
                .filter(|dependency| dependency["kind"] != "dev")
                .map(|dependency| text(&dependency["name"]))
                .collect(),
        })
        .collect()
}

/// All Rust sources below a folder.
fn sources(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            out.push(path);
        }
    }
}

#[test]
fn crates_use_only_those_below_them() {
    let members = members();
    let mut names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, LAYERS.map(|(name, _)| name), "every crate has its place");
    for Member { name, dependencies, .. } in &members {
        let (_, below) = LAYERS.iter().find(|(crate_name, _)| crate_name == name).expect("compared above");
        for used in dependencies.iter().filter(|used| names.contains(&used.as_str())) {
            assert!(below.contains(&used.as_str()), "{name} must not use {used}");
        }
    }
}

#[test]
fn clients_runtimes_and_tls_stay_at_the_edges() {
    for Member { name, dependencies, .. } in members() {
        for used in &dependencies {
            for (reserved, may) in RESERVED.iter().filter(|(reserved, _)| used.starts_with(reserved)) {
                assert!(may.contains(&name.as_str()), "{name} must not use {used}: {reserved} is for {may:?}");
            }
        }
    }
}

#[test]
fn only_the_collector_and_the_simulator_open_sockets() {
    let (may, words) = SOCKETS;
    for Member { name, folder, .. } in members().iter().filter(|member| !may.contains(&member.name.as_str())) {
        let mut files = Vec::new();
        sources(&folder.join("src"), &mut files);
        for file in files {
            let text = fs::read_to_string(&file).expect("a readable source");
            for word in words {
                assert!(!text.contains(word), "{name} opens a socket: {word} in {}", file.display());
            }
        }
    }
}

#[test]
fn every_crate_takes_the_lints_which_forbid_unsafe_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml");
    let root = fs::read_to_string(root).expect("the manifest of the workspace");
    assert!(root.lines().any(|line| line == r#"unsafe_code = "forbid""#));
    for Member { name, folder, .. } in members() {
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("a manifest");
        assert!(manifest.contains("[lints]\nworkspace = true"), "{name} has lints of its own");
    }
}
