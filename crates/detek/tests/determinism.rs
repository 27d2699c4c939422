//! The same cluster gives the same report, whatever the number of threads and the size of pages.
#![expect(clippy::disallowed_methods, reason = "tests write files and read the clock")]

use detek_sim::{Sim, Size};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// The report of one scan without what may differ: when it ran, and how its inputs were read.
fn scan(kubeconfig: &Path, now: &str, threads: &str, page_size: &str) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_detek"))
        .env_clear()
        .args(["run", "all", "-o", "json", "--quiet", "--now", now])
        .args(["--threads", threads, "--page-size", page_size, "--kubeconfig"])
        .arg(kubeconfig)
        .output()
        .expect("the binary starts");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let mut document: Value = serde_json::from_slice(&output.stdout).expect("the report is JSON");
    let parts = document.as_object_mut().expect("the report is an object");
    assert!(parts.remove("run").is_some() && parts.remove("inputs").is_some());
    document
}

/// The first lines in which two documents differ.
fn difference(one: &Value, other: &Value) -> Option<(String, String)> {
    let [one, other] = [one, other].map(|document| format!("{document:#}"));
    let lines = one.lines().zip(other.lines()).find(|(one, other)| one != other);
    lines.map(|(one, other)| (one.to_owned(), other.to_owned())).or((one != other).then_some((one, other)))
}

/// Scans the cluster that `sim` describes with 1 and 8 threads and with pages of each size.
fn assert_same(sim: Sim, page_sizes: &[&str]) {
    let server = sim.start_in_thread().expect("the simulator starts");
    let now = jiff::Timestamp::now().to_string();
    let folder = tempfile::tempdir().expect("a folder can be made");
    let kubeconfig = folder.path().join("kubeconfig");
    std::fs::write(&kubeconfig, server.kubeconfig()).expect("the kubeconfig can be written");
    let first = scan(&kubeconfig, &now, "1", "500");
    let findings =
        first["reports"].as_array().expect("reports").iter().filter_map(|report| report["findings"].as_array());
    assert!(findings.flatten().count() > 0, "nothing was found");
    for threads in ["1", "8"] {
        for page_size in page_sizes {
            let other = scan(&kubeconfig, &now, threads, page_size);
            assert_eq!(difference(&first, &other), None, "{threads} threads, pages of {page_size}");
        }
    }
}

#[test]
fn neither_threads_nor_pages_change_the_report() {
    for seed in [1, 7] {
        assert_same(Sim::demo().seed(seed), &["1", "7", "500"]);
    }
}

#[test]
fn nor_do_they_when_a_worker_sees_only_a_part_of_the_pods() {
    // Blocks of documents are shared out to workers: more than one of them is needed to see an order.
    let size = Size { pods: 1_500, replicas: 30, revisions: 1 };
    assert_same(Sim::cluster(size).seed(3), &["7", "500"]);
}
