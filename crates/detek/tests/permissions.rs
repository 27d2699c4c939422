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

/// What three commands say to `user`, who may see nothing of a cluster.
fn said_to(user: &str) -> [String; 3] {
    let server = Sim::demo().user(user).allow_only(RoleRules::none()).start_in_thread().expect("the simulator starts");
    let folder = tempfile::tempdir().expect("a folder can be made");
    let kubeconfig = folder.path().join("kubeconfig");
    std::fs::write(&kubeconfig, server.kubeconfig()).expect("the kubeconfig can be written");
    let kubeconfig = kubeconfig.to_str().expect("the path is text");
    [&["run", "-o", "name"][..], &["plan"], &["doctor"]].map(|command| {
        let output = detek(&[command, &["--kubeconfig", kubeconfig]].concat());
        assert_eq!(output.status.code(), Some(3), "{command:?}");
        String::from_utf8([output.stdout, output.stderr].concat()).expect("detek writes text")
    })
}

#[test]
fn the_command_that_grants_what_was_refused_is_whole_and_names_who_was_refused() {
    let said = said_to("system:serviceaccount:ops:ci");
    for text in &said {
        let fix = text.lines().find_map(|line| line.split_once("fix ").map(|(_, fix)| fix.trim())).expect("a fix");
        assert!(fix.starts_with("detek rbac --only "), "{text}");
        assert!(fix.ends_with(" --to sa:ops/ci | kubectl apply -f -"), "{text}");
    }
    let effect = said[0].lines().find_map(|line| line.split_once("effect ")).expect("an effect").1;
    let numbers: Vec<usize> = effect.split(' ').filter_map(|word| word.parse().ok()).collect();
    assert!(numbers[0] <= numbers[1], "{effect}");
}

#[test]
fn what_was_refused_to_nobody_is_not_granted_to_everybody() {
    let said = said_to("system:anonymous");
    for text in &said {
        assert!(!text.contains("--to user:system:anonymous"), "{text}");
    }
    assert!(said[2].contains("warn   credential   the server takes"), "{}", said[2]);
}
