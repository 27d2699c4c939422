//! What stands between a user and the first answer of a real server: each is told with its code, its cause and what to
//! type next, within ten seconds.

use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use crate::cluster::{self, Cluster};
use crate::scan::detek;

/// Runs `detek run` with `args` and demands `code`, `exit`, each of `words` on standard error, and a fix.
fn fails(kubeconfig: &Path, args: &[&str], (code, exit): (&str, i32), words: &[&str]) {
    let started = Instant::now();
    let path = kubeconfig.to_str().expect("the path is text");
    let Output { status, stdout, stderr } =
        detek(["run", "--kubeconfig", path].into_iter().chain(args.iter().copied()));
    let text = String::from_utf8_lossy(&stderr);
    assert_eq!(status.code(), Some(exit), "{text}");
    assert!(text.starts_with(&format!("error[{code}]: ")), "{text}");
    assert!(text.contains("\n  fix "), "no fix: {text}");
    for word in words {
        assert!(text.contains(word), "{word:?} is missing: {text}");
    }
    assert!(stdout.is_empty(), "a report of nothing: {}", String::from_utf8_lossy(&stdout));
    assert!(started.elapsed() < Duration::from_secs(10), "took {:?}", started.elapsed());
}

#[test]
fn a_wrong_token_is_a_rejected_credential() {
    let Some(cluster) = cluster::shared() else { return };
    let kubeconfig = cluster.kubeconfig_by_token("wrong-token", "nobody-has-this-token");
    fails(&kubeconfig, &[], ("DTK-E202", 4), &["(401)", &cluster.server()]);
}

#[test]
fn an_expired_client_certificate_is_a_rejected_credential() {
    let Some(cluster) = cluster::shared() else { return };
    let kubeconfig = cluster.kubeconfig_by_certificate("expired", "expired");
    fails(&kubeconfig, &[], ("DTK-E202", 4), &["(401)", "2025-06-01"]);
}

#[test]
fn a_server_of_another_authority_is_not_trusted() {
    let Some(cluster) = cluster::shared() else { return };
    let kubeconfig = cluster.kubeconfig_with("wrong-ca", "front-ca.crt", "token: any");
    fails(&kubeconfig, &[], ("DTK-E203", 4), &[&cluster.server(), "unknown authority"]);
}

#[test]
fn a_stopped_server_cannot_be_reached() {
    if !cluster::enabled() {
        return;
    }
    let cluster = Cluster::start("stopped", 1, &[]);
    let (kubeconfig, server) = (cluster.kubeconfig(), cluster.server());
    drop(cluster);
    fails(&kubeconfig, &[], ("DTK-E201", 4), &[&server, "refused"]);
}

#[test]
fn a_mistyped_namespace_does_not_exist() {
    let Some(cluster) = cluster::shared() else { return };
    fails(
        &cluster.kubeconfig(),
        &["-n", "kube-sistem"],
        ("DTK-E106", 2),
        &["\"kube-sistem\"", "did you mean kube-system?"],
    );
}
