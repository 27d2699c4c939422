//! Configuration: which of several values counts, and what a run does with it; `mistakes` has what wrong ones are told.
#![expect(clippy::disallowed_methods, reason = "tests write files")]

mod mistakes;
#[path = "../saying/mod.rs"]
mod saying;

use expect_test::expect;
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
