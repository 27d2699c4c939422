//! Configuration: which of several values counts, what a mistake in a file says, and what a project file may not set.
#![expect(clippy::disallowed_methods, reason = "tests write files")]

mod saying;

use expect_test::{Expect, expect};
use saying::{home, ran, said};
use serde_json::Value;
use tempfile::TempDir;

const USER: &str = ".config/detek/config.yaml";
const PROJECT: &str = "detek.yaml";

/// A home with these files.
fn with(files: &[(&str, &str)]) -> TempDir {
    let home = home();
    for (name, text) in files {
        let path = home.path().join(name);
        std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder can be made");
        std::fs::write(path, text).expect("it can be written");
    }
    home
}

/// What a project file is answered with.
#[track_caller]
fn check(text: &str, expected: &Expect) {
    expected.assert_eq(&said(&with(&[(PROJECT, text)]), &[], &["demo", "--quiet"]));
}

/// The value of a key and who set it, as `doctor --config` says.
fn value(home: &TempDir, variables: &[(&str, &str)], flags: &[&str], key: &str) -> (String, String) {
    let arguments = [&["doctor", "--config", "-o", "json"], flags].concat();
    let (output, text, _) = ran(home, variables, &arguments);
    let json: Value = serde_json::from_str(&output).unwrap_or_else(|_| panic!("{text}"));
    let values = json["values"].as_array().expect("a list");
    let found = values.iter().find(|value| value["key"] == key).expect("the key is listed");
    let words: Vec<&str> = found["value"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    (words.join(","), found["origin"].as_str().expect("a text").to_owned())
}

#[test]
fn a_flag_counts_before_a_variable_before_the_project_before_the_user_before_the_default() {
    // Key, flags (if doctor takes them), variable, project, user, default: a key of each type.
    let table: [(&str, &[&str], [&str; 4]); 7] = [
        ("set", &["health"], ["security", "upgrade", "cost", "default"]),
        ("enable", &["--enable", "secrets"], ["secrets", "[]", "[secrets]", ""]),
        ("skip_inputs", &["--skip-input", "pods"], ["nodes", "[events, nodes]", "[services]", ""]),
        ("fail_on", &[], ["info", "warn", "error", "none"]),
        ("allow_partial", &[], ["true", "false", "true", "false"]),
        ("limits.deadline", &[], ["1m", "2m", "3m", "5m"]),
        ("limits.max_objects", &[], ["1", "2", "3", "2000000"]),
    ];
    for (key, flags, [variable, project, user, default]) in table {
        let yaml = |value: &str| match key.split_once('.') {
            Some((group, key)) => format!("{group}: {{{key}: {value}}}"),
            None => format!("{key}: {value}"),
        };
        let name = format!("DETEK_{}", key.replace('.', "_").to_uppercase());
        let variables = [(name.as_str(), variable)];
        let (both, only_user) = (with(&[(PROJECT, &yaml(project)), (USER, &yaml(user))]), with(&[(USER, &yaml(user))]));
        let plain = |yaml: &str| yaml.trim_matches(['[', ']']).replace(", ", ",");
        let expect = |home: &TempDir, variables, flags, want: &str, origin: &str| {
            assert_eq!(value(home, variables, flags, key), (plain(want), origin.to_owned()), "{key}");
        };
        if let Some(last) = flags.last() {
            expect(&both, &variables, flags, last, "flag");
        }
        expect(&both, &variables, &[], variable, "variable");
        expect(&both, &[], &[], project, "file");
        expect(&only_user, &[], &[], user, "file");
        expect(&home(), &[], &[], default, "default");
    }
}

#[test]
fn what_a_run_does_follows_the_values_and_a_flag_still_wins() {
    let code = |text: &str, arguments: &[&str]| {
        let home = with(&[(PROJECT, text)]);
        ran(&home, &[], &[&["demo", "--quiet"], arguments].concat()).2
    };
    assert_eq!(code("fail_on: fatal", &[]), 1);
    assert_eq!(code("fail_on: fatal", &["--fail-on", "none"]), 0);
    let denied = ["--fault", "denied:nodes"];
    assert_eq!(code("", &denied), 3);
    assert_eq!(code("allow_partial: true", &denied), 0);
    assert_eq!(code("allow_partial: true", &[&denied[..], &["--allow-partial=false"]].concat()), 3);
    assert_eq!(code("skip_inputs: [nodes]", &denied), 0);
    assert_eq!(code("outputs: [json=a.json]", &[]), 0);
}

#[test]
fn the_first_project_file_counts_and_a_named_file_stands_for_all() {
    let home =
        with(&[(".detek/detek.yaml", "set: health"), (PROJECT, "set: cost"), ("other.yaml", "limits: {deadline: 1m}")]);
    assert_eq!(value(&home, &[], &[], "set").0, "health");
    assert_eq!(value(&home, &[("DETEK_CONFIG", "other.yaml")], &[], "set").0, "default");
    let (output, ..) = ran(&home, &[], &["doctor", "--config=other.yaml"]);
    assert!(output.contains("1m           other.yaml:1:20"), "{output}");
    expect![[r"
        error[DTK-E105]: cannot read nowhere.yaml
          cause      No such file or directory (os error 2)
          fix        ls -l nowhere.yaml
        exit 2"]]
    .assert_eq(&said(&home, &[], &["demo", "--config", "nowhere.yaml"]));
    let xdg = home.path().join("xdg");
    let xdg = xdg.to_str().expect("a path");
    let moved = with(&[(USER, "set: cost")]);
    assert_eq!(value(&moved, &[("XDG_CONFIG_HOME", xdg)], &[], "set").0, "default");
}

#[test]
fn files_that_a_user_file_names_lie_beside_it() {
    let home = with(&[("conf/detek.yaml", "kubeconfig: kube/config")]);
    let text = said(&home, &[("DETEK_CONFIG", "conf/detek.yaml")], &["run"]);
    assert!(text.contains("cannot read conf/kube/config"), "{text}");
}

#[test]
fn every_value_is_printed_with_who_set_it() {
    let project = "
detectors:
  pod_without_limits: {level: info, params: {check_cpu: false}}
  failed_pod: {enabled: false, reason: covered by alerting}
  node_taint_forgotten: {overrides: [{clusters: ['prod-*'], params: {max: 30d}}]}
exclude_namespaces: [kube-*]
limits: {deadline: 7m}
";
    let home = with(&[(PROJECT, project), (USER, "exec_policy: [none]")]);
    let (output, ..) = ran(&home, &[("DETEK_FAIL_ON", "error")], &["doctor", "--config", "security"]);
    expect![[r"
        user file     ~/.config/detek/config.yaml
        project file  detek.yaml

        allow_partial                                                    false                default
        contexts                                                         -                    default
        detectors.failed_pod.enabled                                     false                detek.yaml:4:3
        detectors.failed_pod.reason                                      covered by alerting  detek.yaml:4:3
        detectors.node_taint_forgotten.overrides[0].params.max (prod-*)  30d                  detek.yaml:5:70
        detectors.pod_without_limits.level                               info                 detek.yaml:3:3
        detectors.pod_without_limits.params.check_cpu                    false                detek.yaml:3:46
        enable                                                           -                    default
        exclude_labels                                                   -                    default
        exclude_namespaces                                               kube-*               detek.yaml:6:21
        exec_policy                                                      none                 ~/.config/detek/config.yaml:1:14
        fail_on                                                          error                $DETEK_FAIL_ON
        kubeconfig                                                       -                    default
        limits.concurrency                                               4                    default
        limits.deadline                                                  7m                   detek.yaml:7:20
        limits.max_list_bytes                                            17179869184          default
        limits.max_objects                                               2000000              default
        outputs                                                          -                    default
        packs                                                            -                    default
        set                                                              security             [SET]
        skip_inputs                                                      -                    default
        version                                                          1                    default
        waivers                                                          -                    default
    "]].assert_eq(&output.replace(&home.path().display().to_string(), "~"));
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

/// The report of a detector in a run of `demo`.
fn report(project: &str, arguments: &[&str], id: &str) -> (Value, Value) {
    let home = with(&[(PROJECT, project)]);
    let (output, text, _) = ran(&home, &[], &[&["demo", "--quiet", "-o", "json"], arguments].concat());
    let run: Value = serde_json::from_str(&output).unwrap_or_else(|_| panic!("{text}"));
    let found = run["reports"].as_array().expect("a list").iter().find(|report| report["detector"] == id).cloned();
    (found.unwrap_or_default(), run)
}

#[test]
fn a_detector_is_disabled_with_its_reason_unless_it_is_named() {
    let disabled = "detectors: {pod_crash_loop: {enabled: false, reason: we know}}";
    let (found, run) = report(disabled, &[], "pod_crash_loop");
    assert_eq!(found, Value::Null);
    assert!(run["not_run"].to_string().contains(r#"{"detector":"pod_crash_loop","disabled":"we know"}"#));
    let (found, _) = report(disabled, &["--only", "pod_crash_loop"], "pod_crash_loop");
    assert_eq!(found["level"], "Error");
    let off = "pod_image_unknown_registry";
    assert_eq!(report("", &[], off).0, Value::Null);
    assert_ne!(report(&format!("detectors: {{{off}: {{enabled: true}}}}"), &[], off).0, Value::Null);
}

#[test]
fn the_level_of_all_findings_of_a_detector_is_set() {
    let (found, _) = report("detectors: {version_end_of_life: {level: error}}", &[], "version_end_of_life");
    assert_eq!((&found["level"], &found["findings"][0]["level"]), (&"Error".into(), &"Error".into()));
}

#[test]
fn parameters_hold_for_the_clusters_that_they_are_for_and_the_last_match_wins() {
    let id = "node_taint_forgotten";
    let level = |project: &str, arguments: &[&str]| report(project, arguments, id).0["level"].clone();
    assert_eq!(level("", &[]), "Warn");
    assert_eq!(level("detectors: {node_taint_forgotten: {params: {max: 2000d}}}", &[]), "Normal");
    let one = |clusters: &str| {
        format!(
            "detectors: {{{id}: {{params: {{max: 2000d}}, overrides: [{{clusters: {clusters}, params: {{max: 1d}}}}]}}}}"
        )
    };
    assert_eq!(level(&one("[prod-*]"), &[]), "Normal");
    assert_eq!(level(&one("[prod-*, de*]"), &[]), "Warn");
    let last = "detectors: {node_taint_forgotten: {overrides: [\
        {clusters: ['*'], params: {max: 2000d}}, {clusters: [demo], params: {max: 1d}}]}}";
    assert_eq!(level(last, &[]), "Warn");
    assert_eq!(level(last, &["--param", "node_taint_forgotten.max=2000d"]), "Normal");
}

#[test]
fn excluded_objects_are_not_reported_and_their_number_is_told() {
    let (found, run) = report("exclude_namespaces: [pay*]", &[], "pod_crash_loop");
    assert_eq!(found["level"], "Normal");
    assert!(run["left_out"].as_u64().is_some_and(|number| number > 0));
    assert!(!run["reports"].to_string().contains("\"namespace\":\"payments\""));
    let (found, run) = report("exclude_labels: [app=fraud-check]", &["--only", "pod_crash_loop"], "pod_crash_loop");
    assert_eq!((&found["level"], &run["left_out"]), (&"Normal".into(), &1.into()));
    let (found, _) = report("exclude_labels: [app=other]", &["--only", "pod_crash_loop"], "pod_crash_loop");
    assert_eq!(found["level"], "Error");
}

#[test]
fn the_schema_describes_every_key() {
    let (output, ..) = ran(&home(), &[], &["list", "schemas", "config"]);
    let schema: Value = serde_json::from_str(&output).expect("valid JSON");
    assert_eq!(schema["properties"]["limits"]["properties"]["deadline"]["type"], "string");
    assert_eq!(schema["properties"]["detectors"]["additionalProperties"]["additionalProperties"], false);
    expect![[r#"
        error[DTK-E104]: unknown schema "confg"
          cause      did you mean config?
          fix        detek list schemas
        exit 2"#]]
    .assert_eq(&said(&home(), &[], &["list", "schemas", "confg"]));
    expect![[r#"
        error[DTK-E110]: wrong usage of list: "failed_pod"
          cause      only a schema is printed by its name
          fix        detek explain failed_pod
        exit 2"#]]
    .assert_eq(&said(&home(), &[], &["list", "detectors", "failed_pod"]));
}
