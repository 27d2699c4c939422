//! What somebody sees in the first minute, with the real binary.

use std::process::{Command, Output};

fn detek(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_detek")).args(arguments).env_clear().output().expect("the binary starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("output is UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("output is UTF-8")
}

#[test]
fn the_demo_finds_a_mistyped_backend_and_says_what_was_meant() {
    let output = detek(&["demo", "-o", "wide"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(text.contains("? 0 ") && text.contains("detectors evaluated\n"), "nothing is left out: {text}");
    assert!(text.contains("did you mean checkout?"), "{text}");
}

#[test]
fn json_holds_the_same_findings_as_the_lines_of_names() {
    let json: serde_json::Value = serde_json::from_str(&stdout(&detek(&["demo", "-o", "json"]))).expect("valid JSON");
    let reports = json["reports"].as_array().expect("reports");
    let findings: usize = reports.iter().filter_map(|report| report["findings"].as_array()).map(Vec::len).sum();
    assert!(findings > 0);
    assert_eq!(stdout(&detek(&["demo", "-o", "name"])).lines().count(), findings);
    assert_eq!(json["coverage"]["evaluated"], json["coverage"]["applicable"]);
}

#[test]
fn findings_at_the_level_of_fail_on_give_exit_code_1() {
    let errors = ["demo", "--only", "ingress_backend_missing", "--fail-on"];
    assert_eq!(detek(&[&errors[..], &["error"]].concat()).status.code(), Some(1));
    assert_eq!(detek(&[&errors[..], &["fatal"]].concat()).status.code(), Some(0));
}

#[test]
fn a_mistyped_detector_is_an_error_that_names_the_nearest() {
    let output = detek(&["demo", "--only", "failed_pods"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("did you mean failed_pod?"), "{}", stderr(&output));
}

#[test]
fn without_a_cluster_the_way_out_is_shown() {
    let output = detek(&["run"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("detek demo"), "{}", stderr(&output));
}

#[test]
fn a_report_that_cannot_be_written_is_exit_code_5() {
    let output = detek(&["demo", "-o", "json=/nonexistent/folder/report.json"]);
    assert_eq!(output.status.code(), Some(5));
    assert!(stderr(&output).contains("DTK-E501"), "{}", stderr(&output));
}

#[test]
fn the_role_for_pods_holds_nothing_but_pods() {
    let text = stdout(&detek(&["rbac", "--only", "pods", "--to", "sa:ops/ci"]));
    let rules: Vec<&str> = text.lines().filter(|line| line.contains("apiGroups")).collect();
    assert_eq!(rules, [r#"- {apiGroups: [""], resources: [pods], verbs: [get, list]}"#]);
    assert!(text.contains("{kind: ServiceAccount, name: ci, namespace: ops}"), "{text}");
}

#[test]
fn a_role_brings_along_the_namespace_of_its_own_account_and_no_other() {
    assert!(stdout(&detek(&["rbac"])).contains("kind: Namespace\nmetadata: {name: detek}\n---\n"));
    assert!(!stdout(&detek(&["rbac", "--to", "sa:ops/ci"])).contains("kind: Namespace"));
}

#[test]
fn detek_alone_shows_its_help() {
    let output = detek(&[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("Usage: detek") && !stderr(&output).contains("DTK-"), "{}", stderr(&output));
}

#[test]
fn a_binding_cannot_be_used_to_smuggle_yaml() {
    let output = detek(&["rbac", "--to", "user:a\nkind: Secret"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_mistyped_namespace_is_an_error_and_never_nothing_found() {
    for name in ["paymnts", "../secrets", ""] {
        let output = detek(&["demo", "-n", name]);
        assert_eq!(output.status.code(), Some(2), "{name}: {}", stdout(&output));
        assert!(stderr(&output).contains("DTK-E106"), "{name}: {}", stderr(&output));
    }
    let text = stdout(&detek(&["demo", "-n", "payments", "-o", "name"]));
    assert!(text.contains("payments/fraud-check") && !text.contains("shop/"), "{text}");
}

#[test]
fn the_flags_of_the_original_still_work() {
    let of = |arguments: &[&str]| stdout(&detek(&[&["demo", "--only", "failed_pod"], arguments].concat()));
    let json: serde_json::Value = serde_json::from_str(&of(&["-f", "json"])).expect("valid JSON");
    assert!(json["reports"][0]["problem"]["data"].is_array() && json["started_at"].is_string(), "{json}");
    assert!(of(&["--format", "html"]).starts_with("<!doctype html>"));
    assert!(of(&["-f", "table"]).starts_with("demo"));
    assert!(of(&["-f", "json"]).lines().count() > 1);
    assert_eq!(of(&["-f", "json", "--json-pretty=false"]).lines().count(), 1);
    assert_eq!(of(&["-o", "json", "--json-pretty", "false"]).lines().count(), 1);
    let narrow = stdout(&detek(&["demo", "--table-max-width", "60"]));
    assert!(narrow.lines().all(|line| line.chars().count() <= 60), "{narrow}");
    assert_eq!(detek(&["demo", "-f", "json", "-o", "table"]).status.code(), Some(2));
}

#[test]
fn what_may_not_be_read_is_said_with_its_fix_and_fails_the_run() {
    let output = detek(&["demo", "--fault", "denied:pods"]);
    assert_eq!(output.status.code(), Some(3));
    let text = stdout(&output);
    assert!(text.contains("not evaluated") && text.contains("denied"), "{text}");
    assert!(text.contains("detek rbac --only pods --to user:demo | kubectl apply -f -"), "{text}");
    assert_eq!(detek(&["demo", "--fault", "denied:pods", "--allow-partial"]).status.code(), Some(0));
    // Where no table is read, standard error says it.
    let output = detek(&["demo", "--fault", "denied:pods", "-o", "json"]);
    assert!(stderr(&output).contains("error[DTK-E301]: cannot list pods in cluster"), "{}", stderr(&output));
    assert!(stderr(&detek(&["demo", "--fault", "denied:pods", "-o", "json", "--quiet"])).is_empty());
}
