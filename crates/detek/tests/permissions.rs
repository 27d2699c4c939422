//! The role that `detek rbac` prints, and what is sent by somebody who may do everything.
#![expect(clippy::disallowed_methods, reason = "tests write files")]

use detek_sim::{RoleRules, Running, Sim};
use serde_json::Value;
use std::process::{Command, Output};

fn detek(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_detek")).args(args).env_clear().output().expect("the binary starts")
}

/// The document of a scan of `server` that ends well.
fn scan(server: &Running) -> Value {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let kubeconfig = folder.path().join("kubeconfig");
    std::fs::write(&kubeconfig, server.kubeconfig()).expect("the kubeconfig can be written");
    let kubeconfig = kubeconfig.to_str().expect("the path is text");
    let allowed = "pod_image_unknown_registry.allowed=registry.example.com";
    let output = detek(&["run", "all", "--kubeconfig", kubeconfig, "-o", "json", "--quiet", "--param", allowed]);
    let document: Value = serde_json::from_slice(&output.stdout).expect("the report is JSON");
    let reasons = document["reports"].as_array().expect("reports").iter().filter_map(|report| report.get("reason"));
    let reasons: Vec<&Value> = reasons.collect();
    assert_eq!(output.status.code(), Some(0), "{reasons:?} {}", String::from_utf8_lossy(&output.stderr));
    document
}

/// What `detek rbac` lets its holder do.
fn role() -> RoleRules {
    let output = detek(&["rbac", "all"]);
    let yaml = String::from_utf8(output.stdout).expect("rbac prints text");
    let documents: Vec<Value> = serde_saphyr::from_multiple(&yaml).expect("rbac prints YAML");
    let role = documents.iter().find(|document| document["kind"] == "ClusterRole").expect("a role is printed");
    RoleRules::from_cluster_role(role).expect("its rules are those of a role")
}

#[test]
fn the_printed_role_is_enough_to_see_everything() {
    let server = Sim::demo().allow_only(role()).start_in_thread().expect("the simulator starts");
    let document = scan(&server);
    assert_eq!(document["coverage"]["evaluated"], document["coverage"]["applicable"], "{}", document["reports"]);
    assert_eq!(document.get("notes"), None, "something was not seen");
    let refused: Vec<_> = server.requests().into_iter().filter(|request| request.status == 403).collect();
    assert!(refused.is_empty(), "{refused:?}");
}

#[test]
fn whoever_may_do_everything_still_only_reads() {
    let server = Sim::demo().start_in_thread().expect("the simulator starts");
    scan(&server);
    let requests = server.requests();
    assert!(!requests.is_empty(), "nothing was asked");
    for request in requests {
        let review = request.path.ends_with("/selfsubjectaccessreviews");
        let (method, path) = (request.method.as_str(), &request.path);
        assert!(method == "GET" || (method == "POST" && review), "{method} {path}");
        assert!(request.user_agent.starts_with("detek/"), "{}", request.user_agent);
    }
}
