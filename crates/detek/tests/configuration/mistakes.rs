//! What a mistake in a configuration says, and what a project file may not set.

use super::{
    PROJECT, USER,
    saying::{home, ran, said},
    with,
};
use expect_test::{Expect, expect};

/// What a project file is answered with.
#[track_caller]
fn check(text: &str, expected: &Expect) {
    expected.assert_eq(&said(&with(&[(PROJECT, text)]), &[], &["demo", "--quiet"]));
}

#[test]
fn an_unknown_key_is_told_with_the_nearest() {
    check(
        "set: default\nlimts: {deadline: 5m}\n",
        &expect![[r#"
        error[DTK-E105]: unknown key "limts" at detek.yaml:2:1
          | limts: {deadline: 5m}
          | ^
          cause      did you mean limits?
          fix        detek list schemas config
        exit 2"#]],
    );
    check(
        "limits:\n  deadlin: 5m\n",
        &expect![[r#"
        error[DTK-E105]: unknown key "deadlin" at detek.yaml:2:3
          |   deadlin: 5m
          |   ^
          cause      did you mean deadline?
          fix        detek list schemas config
        exit 2"#]],
    );
    check(
        "detectors:\n  failed_pod: {enable: false}\n",
        &expect![[r#"
        error[DTK-E105]: unknown key "enable" at detek.yaml:2:16
          |   failed_pod: {enable: false}
          |                ^
          cause      did you mean enabled?
          fix        detek list schemas config
        exit 2"#]],
    );
    check(
        "detectors:\n  failed_pod: {overrides: [{cluster: [a]}]}\n",
        &expect![[r#"
        error[DTK-E105]: unknown key "cluster" at detek.yaml:2:29
          |   failed_pod: {overrides: [{cluster: [a]}]}
          |                             ^
          cause      did you mean clusters?
          fix        detek list schemas config
        exit 2"#]],
    );
    check(
        "detectors:\n  failed_pd: {level: warn}\n",
        &expect![[r#"
        error[DTK-E105]: unknown detector "failed_pd" at detek.yaml:2:3
          cause      did you mean failed_pod?
          fix        detek list detectors
        exit 2"#]],
    );
    check(
        "detectors:\n  failed_pod: {params: {max: 1}}\n",
        &expect![[r"
        error[DTK-E105]: invalid parameter at detek.yaml:2:25
          cause      parameter `failed_pod.max`: failed_pod has no such parameter; it has exclude_job_pods
          fix        detek explain failed_pod
        exit 2"]],
    );
}

#[test]
fn a_value_that_does_not_fit_is_told_with_what_would() {
    check(
        "version: 2",
        &expect![[r#"
        error[DTK-E105]: invalid value of "version" at detek.yaml:1:10
          | version: 2
          |          ^
          cause      expected 1, the version of the format, found 2
          fix        detek list schemas config
        exit 2"#]],
    );
    check(
        "set: [health]",
        &expect![[r#"
        error[DTK-E105]: invalid value of "set" at detek.yaml:1:6
          | set: [health]
          |      ^
          cause      expected a text, found a list
          fix        detek list schemas config
        exit 2"#]],
    );
    check(
        "set: helth",
        &expect![[r#"
        error[DTK-E104]: unknown set "helth"
          cause      did you mean health?
          fix        detek list sets
          set at     detek.yaml:1:6
        exit 2"#]],
    );
    check(
        "exclude_namespaces: kube-system",
        &expect![[r#"
        error[DTK-E105]: invalid value of "exclude_namespaces" at detek.yaml:1:21
          | exclude_namespaces: kube-system
          |                     ^
          cause      expected a list, such as [a, b], found "kube-system"
          fix        detek list schemas config
        exit 2"#]],
    );
    check(
        "allow_partial: 'yes'",
        &expect![[r#"
        error[DTK-E105]: invalid value of "allow_partial" at detek.yaml:1:16
          | allow_partial: 'yes'
          |                ^
          cause      expected true or false, found "yes"
          fix        detek list schemas config
        exit 2"#]],
    );
    check(
        "fail_on: eror",
        &expect![[r#"
            error[DTK-E105]: invalid value of "fail_on" at detek.yaml:1:10
              | fail_on: eror
              |          ^
              cause      expected one of fatal, error, warn, info, none, found "eror"
              fix        detek list schemas config
            exit 2"#]],
    );
    check(
        "limits: {deadline: soon}",
        &expect![[r#"
        error[DTK-E105]: invalid value of "limits.deadline" at detek.yaml:1:20
          cause      `soon` is not a duration: write `90s`, `5m`, `24h` or `7d`
          fix        detek list schemas config
        exit 2"#]],
    );
    check(
        "limits: {max_objects: -1}",
        &expect![[r#"
            error[DTK-E105]: invalid value of "limits.max_objects" at detek.yaml:1:23
              | limits: {max_objects: -1}
              |                       ^
              cause      expected a whole number from 0 on, found -1
              fix        detek list schemas config
            exit 2"#]],
    );
    check(
        "limits: {concurrency: 0}",
        &expect![[r#"
            error[DTK-E105]: invalid value of "limits.concurrency" at detek.yaml:1:23
              | limits: {concurrency: 0}
              |                       ^
              cause      expected a whole number from 1 on, found 0
              fix        detek list schemas config
            exit 2"#]],
    );
    check(
        "limits: 5m",
        &expect![[r#"
        error[DTK-E105]: invalid value of "limits" at detek.yaml:1:9
          | limits: 5m
          |         ^
          cause      expected a map, found "5m"
          fix        detek list schemas config
        exit 2"#]],
    );
}

#[test]
fn a_name_that_nothing_has_is_told_with_its_place() {
    check(
        "skip_inputs: [pod]",
        &expect![[r#"
        error[DTK-E110]: wrong usage of --skip-input: "pod" is not read
          cause      did you mean pods or podsecuritypolicies or poddisruptionbudgets?
          fix        detek plan
          set at     detek.yaml:1:14
        exit 2"#]],
    );
    check(
        "enable: [secret]",
        &expect![[r#"
        error[DTK-E110]: wrong usage of --enable: "secret"
          cause      did you mean secrets?
          example    --enable secrets
          set at     detek.yaml:1:9
        exit 2"#]],
    );
    check(
        "outputs: [jsn]",
        &expect![[r#"
        error[DTK-E104]: unknown format "jsn"
          cause      did you mean json or csv or jsonl?
          fix        detek list formats
          set at     detek.yaml:1:10
        exit 2"#]],
    );
}

#[test]
fn a_setting_of_a_detector_that_does_not_fit_is_told_with_what_would() {
    check(
        "detectors: {failed_pod: {level: normal}}",
        &expect![[r#"
        error[DTK-E105]: invalid value of "level" at detek.yaml:1:33
          | detectors: {failed_pod: {level: normal}}
          |                                 ^
          cause      expected fatal, error, warn or info, found "normal"
          fix        detek list schemas config
        exit 2"#]],
    );
    check(
        "detectors: {failed_pod: {enabled: false}}",
        &expect![[r#"
        error[DTK-E105]: detector "failed_pod" is disabled without a reason at detek.yaml:1:13
          | detectors: {failed_pod: {enabled: false}}
          |             ^
          cause      whoever misses it wants to know why: add `reason`
          fix        detek list schemas config
        exit 2"#]],
    );
    check(
        "detectors: {failed_pod: {params: {exclude_job_pods: maybe}}}",
        &expect![[r"
        error[DTK-E105]: invalid parameter at detek.yaml:1:35
          cause      parameter `failed_pod.exclude_job_pods`: `maybe` does not fit; its value is now false
          fix        detek explain failed_pod
        exit 2"]],
    );
    check(
        "detectors: {failed_pod: {overrides: [{params: {exclude_job_pods: true}}]}}",
        &expect![[r#"
        error[DTK-E105]: an override for no cluster at detek.yaml:1:38
          | detectors: {failed_pod: {overrides: [{params: {exclude_job_pods: true}}]}}
          |                                      ^
          cause      `clusters` says for which contexts it is, such as ["prod-*"]
          fix        detek list schemas config
        exit 2"#]],
    );
    check(
        "detectors: {failed_pod: {overrides: [{clusters: [a], namespaces: [b], params: {}}]}}",
        &expect![[r#"
        error[DTK-E105]: cannot use the key "namespaces" at detek.yaml:1:54
          | detectors: {failed_pod: {overrides: [{clusters: [a], namespaces: [b], params: {}}]}}
          |                                                      ^
          cause      parameters for some namespaces are not possible yet; those for some clusters are
          fix        detek list schemas config
        exit 2"#]],
    );
}

#[test]
fn what_is_no_configuration_is_told_with_its_place() {
    check(
        "set: [a",
        &expect![[r"
        error[DTK-E105]: no valid YAML at detek.yaml:1:6
          | set: [a
          |      ^
          cause      unclosed bracket '['
          fix        detek list schemas config
        exit 2"]],
    );
    check(
        "set: health\nset: cost\n",
        &expect![[r"
            error[DTK-E105]: no valid YAML at detek.yaml:2:1
              | set: cost
              | ^
              cause      duplicate mapping key: set
              fix        detek list schemas config
            exit 2"]],
    );
    check(
        "- set: health\n",
        &expect![[r#"
        error[DTK-E105]: invalid value of "the configuration" at detek.yaml:1:1
          | - set: health
          | ^
          cause      expected a map, found a list
          fix        detek list schemas config
        exit 2"#]],
    );
    check(
        "set: health\n---\nset: cost\n",
        &expect![[r"
        error[DTK-E105]: a second document at detek.yaml:3:1
          | set: cost
          | ^
          cause      a configuration is one document
          fix        detek list schemas config
        exit 2"]],
    );
}

#[test]
fn a_variable_that_does_not_fit_is_named() {
    let say = |name, value| said(&home(), &[(name, value)], &["demo", "--quiet"]);
    expect![[r#"
        error[DTK-E105]: invalid value of "limits.deadline" at $DETEK_LIMITS_DEADLINE
          cause      `soon` is not a duration: write `90s`, `5m`, `24h` or `7d`
          fix        detek list schemas config
        exit 2"#]]
    .assert_eq(&say("DETEK_LIMITS_DEADLINE", "soon"));
    expect![[r#"
        error[DTK-E110]: wrong usage of --skip-input: "pod" is not read
          cause      did you mean pods or podsecuritypolicies or poddisruptionbudgets?
          fix        detek plan
          set at     $DETEK_SKIP_INPUTS
        exit 2"#]]
    .assert_eq(&say("DETEK_SKIP_INPUTS", "pod"));
    expect![[r#"
        error[DTK-E105]: detector "failed_pod" is disabled without a reason at $DETEK_DETECTORS:1:2
          | {failed_pod: {enabled: false}}
          |  ^
          cause      whoever misses it wants to know why: add `reason`
          fix        detek list schemas config
        exit 2"#]]
    .assert_eq(&say("DETEK_DETECTORS", "{failed_pod: {enabled: false}}"));
    expect![[r"
        error[DTK-E105]: cannot use the variable $DETEK_SOURCES
          cause      not yet possible: systems to read besides the cluster
        exit 2"]]
    .assert_eq(&say("DETEK_SOURCES", "[]"));
}

#[test]
fn a_project_file_names_no_credential_no_cluster_and_no_place_outside() {
    for key in ["kubeconfig: x", "contexts: [x]", "exec_policy: [any]", "push: https://x.example", "sources: []"] {
        let text = said(&with(&[(PROJECT, key)]), &[], &["run"]);
        let name = key.split(':').next().expect("a key");
        assert!(
            text.starts_with(&format!("error[DTK-E105]: cannot use the key \"{name}\" at detek.yaml:1:1")),
            "{text}"
        );
        assert!(text.contains("a project file may not set it: ~/.config/detek/config.yaml may"), "{text}");
    }
    for key in ["server", "insecure_skip_tls_verify", "allow_insecure_http", "token_file", "as"] {
        // Nor does a user file: what is said once is typed each time.
        for file in [PROJECT, USER] {
            let text = said(&with(&[(file, &format!("{key}: x"))]), &[], &["run"]);
            assert!(text.contains(&format!("it is typed each time: --{}", key.replace('_', "-"))), "{text}");
        }
    }
    check(
        "kubeconfig: ../theirs",
        &expect![[r#"
        error[DTK-E105]: cannot use the key "kubeconfig" at detek.yaml:1:1
          | kubeconfig: ../theirs
          | ^
          cause      a project file may not set it: ~/.config/detek/config.yaml may
          fix        detek list schemas config
        exit 2"#]],
    );
    check(
        "server: https://evil.example",
        &expect![[r#"
        error[DTK-E105]: cannot use the key "server" at detek.yaml:1:1
          | server: https://evil.example
          | ^
          cause      it is typed each time: --server
          fix        detek list schemas config
        exit 2"#]],
    );
    check(
        "outputs: [table, html=/etc/passwd]",
        &expect![[r#"
        error[DTK-E105]: refusing a value of "outputs" at detek.yaml:1:10
          | outputs: [table, html=/etc/passwd]
          |          ^
          cause      /etc/passwd is outside the directory of the project: only ~/.config/detek/config.yaml may name it
          fix        detek list schemas config
        exit 2"#]],
    );
    check(
        "outputs: ['html=a/../../x.html']",
        &expect![[r#"
        error[DTK-E105]: refusing a value of "outputs" at detek.yaml:1:10
          | outputs: ['html=a/../../x.html']
          |          ^
          cause      a/../../x.html is outside the directory of the project: only ~/.config/detek/config.yaml may name it
          fix        detek list schemas config
        exit 2"#]],
    );
}

#[test]
fn a_link_does_not_lead_a_report_of_a_project_outside() {
    let outside = home();
    std::fs::write(outside.path().join("precious"), "kept").expect("it can be written");
    let home = with(&[(PROJECT, "outputs: [json=report.json]")]);
    for target in ["precious", "not-there-yet"] {
        let link = home.path().join("report.json");
        let _ = std::fs::remove_file(&link);
        std::os::unix::fs::symlink(outside.path().join(target), &link).expect("a link can be made");
        let text = said(&home, &[], &["demo", "--quiet"]);
        assert!(text.contains("report.json is outside the directory of the project"), "{text}");
    }
    assert_eq!(std::fs::read_to_string(outside.path().join("precious")).expect("it is there"), "kept");
    assert!(!outside.path().join("not-there-yet").exists());
}

#[test]
fn what_is_not_possible_yet_is_refused_and_not_ignored() {
    for key in ["certificates: [a/b]", "push: x", "redaction: {allow_env: [A]}", "sources: []"] {
        let text = said(&with(&[(USER, key)]), &[], &["run"]);
        assert!(text.contains("not yet possible: "), "{text}");
    }
}

#[test]
fn a_broken_configuration_does_not_keep_help_away() {
    let home = with(&[(PROJECT, "limts: 1")]);
    for arguments in [&["explain", "DTK-E105"][..], &["list"], &["list", "schemas", "config"], &["completions", "bash"]]
    {
        assert_eq!(ran(&home, &[], arguments).2, 0, "{arguments:?}");
    }
}
