//! Every message of a command that cannot do what was asked, as people read it: code, cause, and what to type next.
#![expect(clippy::disallowed_methods, reason = "tests write files")]

mod saying;

use detek_sim::{Body, Running, Sim, Tls, on_path};
use expect_test::{Expect, expect};
use saying::{home, said};
use std::{os::unix::fs::PermissionsExt as _, path::Path, process::Command};
use tempfile::TempDir;

#[track_caller]
fn check(home: &TempDir, arguments: &[&str], expected: &Expect) {
    expected.assert_eq(&said(home, &[], arguments));
}

/// What `detek run` says of a kubeconfig.
#[track_caller]
fn check_kubeconfig(text: &str, arguments: &[&str], expected: &Expect) {
    let home = home();
    std::fs::write(home.path().join("config"), text).expect("it can be written");
    check(&home, &[&["run", "--kubeconfig", "config"], arguments].concat(), expected);
}

/// What `detek run` says of a simulated cluster.
#[track_caller]
fn check_cluster(sim: Sim, arguments: &[&str], expected: &Expect) {
    let server: Running = sim.start_in_thread().expect("the simulator starts");
    check_kubeconfig(&server.kubeconfig(), arguments, expected);
}

const KUBECONFIG: &str = "
apiVersion: v1
kind: Config
current-context: prod
clusters: [{name: prod, cluster: {server: 'https://127.0.0.1:1'}}]
users: [{name: ops, user: {token: secret}}]
contexts:
- {name: prod, context: {cluster: prod, user: ops}}
- {name: staging, context: {cluster: prod, user: ops}}
";

#[test]
fn nothing_to_scan() {
    check(
        &home(),
        &["run"],
        &expect![[r"
        error[DTK-E101]: no cluster to scan
          looked at  $KUBECONFIG: not set
                     in-cluster account: not running in a pod
                     ~/.kube/config: not found
          try it     detek demo --open
          or         detek run --kubeconfig FILE
        exit 2"]],
    );
}

#[test]
fn a_mistyped_context_is_told_with_the_nearest_name() {
    check_kubeconfig(
        KUBECONFIG,
        &["--context", "stagin"],
        &expect![[r#"
            error[DTK-E102]: context "stagin" not found in config
              cause      did you mean staging?
              fix        detek run --kubeconfig config --context staging
            exit 2"#]],
    );
    check_kubeconfig(
        &KUBECONFIG.replace("current-context: prod", ""),
        &[],
        &expect![[r"
            error[DTK-E102]: no current context in config
              cause      its contexts: prod, staging
              fix        detek list contexts --kubeconfig config
            exit 2"]],
    );
}

#[test]
fn a_kubeconfig_that_cannot_be_used() {
    check(
        &home(),
        &["run", "--kubeconfig", "nowhere"],
        &expect![[r"
        error[DTK-E103]: cannot read nowhere
          cause      No such file or directory (os error 2)
          fix        ls -l nowhere
        exit 2"]],
    );
    check_kubeconfig(
        "clusters: [{name: {a",
        &[],
        &expect![[r"
        error[DTK-E103]: cannot read kubeconfig config:1:19
          cause      error: line 1 column 19: unclosed bracket '{'
          fix        kubectl config view --kubeconfig config
        exit 2"]],
    );
    check_kubeconfig(
        &KUBECONFIG.replace("clusters: [{name: prod", "clusters: [{name: other"),
        &[],
        &expect![[r"
            error[DTK-E103]: cannot use the kubeconfig
              cause      failed to load the cluster of context: prod
              fix        kubectl config view --kubeconfig config
            exit 2"]],
    );
    check_kubeconfig(
        &KUBECONFIG.replace("users: [{name: ops", "users: [{name: other"),
        &[],
        &expect![[r"
        error[DTK-E103]: cannot use the kubeconfig
          cause      context prod has the user ops, which is not there
          fix        kubectl config view --kubeconfig config
        exit 2"]],
    );
}

#[test]
fn a_mistyped_detector_set_format_or_parameter() {
    check(
        &home(),
        &["demo", "--only", "pod_crash_lop"],
        &expect![[r#"
        error[DTK-E104]: unknown detector "pod_crash_lop"
          cause      did you mean pod_crash_loop?
          fix        detek list detectors
        exit 2"#]],
    );
    check(
        &home(),
        &["demo", "helth"],
        &expect![[r#"
        error[DTK-E104]: unknown set "helth"
          cause      did you mean health?
          fix        detek list sets
        exit 2"#]],
    );
    check(
        &home(),
        &["demo", "-o", "jsn"],
        &expect![[r#"
            error[DTK-E104]: unknown format "jsn"
              cause      did you mean json or csv or jsonl?
              fix        detek list formats
            exit 2"#]],
    );
    check(
        &home(),
        &["demo", "-o", "report.html"],
        &expect![[r#"
        error[DTK-E110]: wrong usage of -o: "report.html" is a file, not a format
          fix        -o html=report.html
        exit 2"#]],
    );
    check(
        &home(),
        &["demo", "--param", "failed_pod.exclude=true"],
        &expect![[r"
        error[DTK-E110]: wrong usage of --param
          cause      parameter `failed_pod.exclude`: failed_pod has no such parameter; it has exclude_job_pods
          fix        detek explain failed_pod
        exit 2"]],
    );
    check(
        &home(),
        &["demo", "--enable", "secret"],
        &expect![[r#"
        error[DTK-E110]: wrong usage of --enable: "secret"
          cause      did you mean secrets?
          example    --enable secrets
        exit 2"#]],
    );
    check(
        &home(),
        &["demo", "--skip-input", "pod"],
        &expect![[r#"
        error[DTK-E110]: wrong usage of --skip-input: "pod" is not read
          cause      did you mean pods or podsecuritypolicies or poddisruptionbudgets?
          fix        detek plan
        exit 2"#]],
    );
    check(
        &home(),
        &["explain", "DTK-E999"],
        &expect![[r#"
            error[DTK-E104]: unknown detector or code "DTK-E999"
              cause      did you mean DTK-E419 or DTK-E439 or DTK-E101?
              fix        detek list errors
            exit 2"#]],
    );
}

#[test]
fn a_flag_that_does_not_exist() {
    check(
        &home(),
        &["demo", "--only-this"],
        &expect![[r"
            error[DTK-E110]: unexpected argument '--only-this' found

              tip: a similar argument exists: '--only'

            Usage: detek demo --only <ID> [SET]

            For more information, try '--help'.
            exit 2"]],
    );
    check(
        &home(),
        &["demo", "--fail-on", "eror"],
        &expect![[r"
            error[DTK-E110]: invalid value 'eror' for '--fail-on <LEVEL>': it is one of fatal, error, warn, info, none

            For more information, try '--help'.
            exit 2"]],
    );
}

#[test]
fn two_formats_cannot_share_standard_output_and_the_first_document_holds_one_context() {
    check(
        &home(),
        &["demo", "-o", "json", "-o", "table"],
        &expect![[r"
        error[DTK-E110]: wrong usage of -o: two formats go to standard output
          fix        -o table=FILE
        exit 2"]],
    );
    check(
        &home(),
        &["demo", "-o", "html="],
        &expect![[r"
        error[DTK-E110]: wrong usage of -o: `html=` names no file
          fix        -o html=FILE, or -o html for standard output
        exit 2"]],
    );
    check_kubeconfig(
        KUBECONFIG,
        &["--all-contexts", "-o", "json-v0"],
        &expect![[r"
            error[DTK-E110]: wrong usage of -o: json-v0 holds one context only
              cause      2 contexts are scanned
              fix        choose one with --context NAME, or another format
            exit 2"]],
    );
}

#[test]
fn a_mistyped_namespace() {
    check_cluster(
        Sim::demo(),
        &["-n", "paymets"],
        &expect![[r#"
            error[DTK-E106]: namespace "paymets" does not exist in http://SERVER
              cause      did you mean payments?
              fix        detek run --kubeconfig config -n payments
            exit 2"#]],
    );
}

#[test]
fn a_credential_over_plain_http() {
    let text = KUBECONFIG.replace("https://127.0.0.1:1", "http://10.1.2.3:8080");
    check_kubeconfig(
        &text,
        &[],
        &expect![[r"
            error[DTK-E107]: refusing to send credentials over plain http
              cause      http://10.1.2.3:8080 would get the bearer token unencrypted
              fix        use the https:// address of the server, or detek run --kubeconfig config --allow-insecure-http
            exit 2"]],
    );
}

/// A kubeconfig whose credential comes from `plugin`, a shell script in its own folder.
fn with_plugin(script: &str) -> TempDir {
    let home = home();
    let user = "{exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plugin, interactiveMode: Never}}";
    let text = KUBECONFIG.replace("{token: secret}", user);
    std::fs::write(home.path().join("config"), text).expect("it can be written");
    let plugin = home.path().join("plugin");
    std::fs::write(&plugin, script).expect("it can be written");
    set_mode(&plugin, 0o755);
    home
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("the mode can be set");
}

#[test]
fn a_credential_plugin_that_fails_is_told_with_its_last_line() {
    let home = with_plugin("#!/bin/sh\necho starting >&2\necho 'token has expired' >&2\nexit 255\n");
    check(
        &home,
        &["run", "--kubeconfig", "config"],
        &expect![[r#"
            error[DTK-E204]: credential plugin "./plugin" failed
              cause      exit status: 255: token has expired
              fix        ./plugin # by hand: log in again, or install it
              or         detek run --kubeconfig config --context NAME
            exit 4"#]],
    );
    std::fs::remove_file(home.path().join("plugin")).expect("it is there");
    check(
        &home,
        &["run", "--kubeconfig", "config"],
        &expect![[r#"
            error[DTK-E204]: credential plugin "./plugin" failed
              cause      it is not installed
              fix        ./plugin # by hand: log in again, or install it
              or         detek run --kubeconfig config --context NAME
            exit 4"#]],
    );
    check(
        &home,
        &["run", "--kubeconfig", "config", "--exec-policy", "none"],
        &expect![[r"
            error[DTK-E110]: the kubeconfig names a program that --exec-policy does not allow
              cause      the credential comes from ./plugin
              fix        detek run --kubeconfig config --exec-policy ./plugin
            exit 2"]],
    );
}

#[test]
fn a_program_is_not_run_from_a_kubeconfig_that_others_can_change() {
    let home = with_plugin("#!/bin/sh\ntouch was-run\n");
    set_mode(&home.path().join("config"), 0o666);
    let text = said(&home, &[], &["run", "--kubeconfig", "config"]);
    let owner = regex::Regex::new(r"owner \d+").expect("a valid pattern");
    expect![[r"
        error[DTK-E108]: refusing to run a program from a kubeconfig others can change
          cause      ~/config (mode 0666, owner UID) names ./plugin
          fix        chmod go-w ~/config
        exit 2"]]
    .assert_eq(&owner.replace(&text, "owner UID"));
    assert!(!home.path().join("was-run").exists());
}

#[test]
fn a_server_that_cannot_be_reached() {
    check_kubeconfig(
        KUBECONFIG,
        &[],
        &expect![[r"
            error[DTK-E201]: cannot reach https://SERVER
              cause      refused: Connection refused (os error 111)
              fix        detek doctor --kubeconfig config --context prod
            exit 4"]],
    );
    check_kubeconfig(
        &KUBECONFIG.replace("127.0.0.1:1", "no-such-host.invalid"),
        &[],
        &expect![[r"
            error[DTK-E201]: cannot reach https://no-such-host.invalid
              cause      dns: failed to lookup address information: Name or service not known
              fix        detek doctor --kubeconfig config --context prod
            exit 4"]],
    );
    check_cluster(
        Sim::demo().fault(on_path("/").status(503)),
        &[],
        &expect![[r"
            error[DTK-E201]: cannot reach http://SERVER
              cause      unavailable: the server is currently unable to handle the request
              fix        detek doctor --kubeconfig config --context sim
            exit 4"]],
    );
}

#[test]
fn a_credential_that_is_rejected() {
    let server = Sim::demo().token("good").start_in_thread().expect("the simulator starts");
    let text = server.kubeconfig().replace("good", "stolen");
    check_kubeconfig(
        &text,
        &[],
        &expect![[r"
            error[DTK-E202]: credential rejected by http://SERVER (401)
              cause      bearer token of sim: Unauthorized
              fix        kubectl auth whoami --context sim --kubeconfig config # log in again if that fails, too
              or         detek run --kubeconfig config --context NAME
            exit 4"]],
    );
}

#[test]
fn certificates_that_are_not_to_be_trusted() {
    check_cluster(
        Sim::demo().tls(Tls::Expired),
        &[],
        &expect![[r"
            error[DTK-E203]: TLS to https://SERVER failed
              cause      the server's certificate expired at TIME; this machine's clock says TIME
              fix        kubectl config view --minify --context sim --kubeconfig config # server, certificate authority
            exit 4"]],
    );
    check_cluster(
        Sim::demo().tls(Tls::NotYetValid),
        &[],
        &expect![[r"
            error[DTK-E203]: TLS to https://SERVER failed
              cause      the server's certificate is not valid before TIME; this machine's clock says TIME, check it
              fix        kubectl config view --minify --context sim --kubeconfig config # server, certificate authority
            exit 4"]],
    );
    check_cluster(
        Sim::demo().tls(Tls::UnknownIssuer),
        &[],
        &expect![[r"
            error[DTK-E203]: TLS to https://SERVER failed
              cause      the server's certificate is signed by an unknown authority; it was checked against the certificate authority of the kubeconfig
              fix        kubectl config view --minify --context sim --kubeconfig config # server, certificate authority
            exit 4"]],
    );
    check_cluster(
        Sim::demo().tls(Tls::WrongName),
        &[],
        &expect![[r#"
            error[DTK-E203]: TLS to https://SERVER failed
              cause      the server's certificate is for DnsName("other.example.com") and not for 127.0.0.1; `tls-server-name` in the kubeconfig names another
              fix        kubectl config view --minify --context sim --kubeconfig config # server, certificate authority
            exit 4"#]],
    );
    check_cluster(
        Sim::demo().tls(Tls::NotTls),
        &[],
        &expect![[r"
            error[DTK-E203]: TLS to https://SERVER failed
              cause      the server answered in plain text: http:// instead of https://, or a wrong port?
              fix        kubectl config view --minify --context sim --kubeconfig config # server, certificate authority
            exit 4"]],
    );
}

#[test]
fn a_login_page_or_a_redirect_is_no_kubernetes_api() {
    check_cluster(
        Sim::demo().fault(on_path("/").body(Body::Html)),
        &[],
        &expect![[r"
            error[DTK-E205]: http://SERVER did not answer like a Kubernetes API
              cause      the answer is not one of a Kubernetes API: status 200, content type text/html; charset=utf-8, server none; a proxy or login page?
              fix        kubectl config view --minify --context sim --kubeconfig config # is `server:` right?
              or         detek run --kubeconfig config --context NAME
            exit 4"]],
    );
    check_cluster(
        Sim::demo().fault(on_path("/").redirect("https://login.example/")),
        &[],
        &expect![[r"
            error[DTK-E205]: http://SERVER did not answer like a Kubernetes API
              cause      the server answered 302; a proxy or login page?
              fix        kubectl config view --minify --context sim --kubeconfig config # is `server:` right?
              or         detek run --kubeconfig config --context NAME
            exit 4"]],
    );
}

#[test]
fn a_report_that_cannot_be_written_leaves_the_old_one() {
    let home = home();
    check(
        &home,
        &["demo", "--quiet", "-o", "json=missing/report.json"],
        &expect![[r"
            error[DTK-E501]: cannot write missing/report.json
              cause      No such file or directory (os error 2)
              kept       what was there before is untouched
              fix        choose another place with -o FORMAT=FILE
            exit 5"]],
    );
    std::fs::write(home.path().join("report.json"), "old").expect("it can be written");
    // A file that cannot grow: to the program the disk is full.
    let limited = "ulimit -f 1; trap '' XFSZ; exec \"$0\" demo --quiet -o json=report.json";
    let output = Command::new("sh")
        .args(["-c", limited, env!("CARGO_BIN_EXE_detek")])
        .env_clear()
        .env("HOME", home.path())
        .current_dir(home.path())
        .output()
        .expect("sh starts");
    assert_eq!(output.status.code(), Some(5));
    expect![[r"
        error[DTK-E501]: cannot write report.json
          cause      File too large (os error 27)
          kept       what was there before is untouched
          fix        choose another place with -o FORMAT=FILE
    "]]
    .assert_eq(&String::from_utf8_lossy(&output.stderr));
    let left: Vec<String> = std::fs::read_dir(home.path())
        .expect("it can be read")
        .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(left, ["report.json"]);
    assert_eq!(std::fs::read_to_string(home.path().join("report.json")).expect("it can be read"), "old");
}
