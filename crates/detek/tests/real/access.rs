//! Who may read what: a user without pods, the least role, and a cluster administrator whose power is not used.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;

use crate::cluster::{self, Cluster};
use crate::scan::{Scan, detek};

/// A service account with a kubeconfig of its own.
struct Account {
    kubeconfig: PathBuf,
    /// As `--to` takes it.
    subject: String,
    /// As the API server names it.
    user: String,
}

impl Account {
    /// Makes the account `scanner` in a namespace of its own, without rights.
    fn create(cluster: &Cluster, namespace: &str) -> Self {
        cluster.create_namespaces(&[namespace.to_owned()]);
        cluster.kubectl(&["-n", namespace, "create", "serviceaccount", "scanner"], "");
        let token = cluster.kubectl(&["-n", namespace, "create", "token", "scanner"], "");
        Self {
            kubeconfig: cluster.kubeconfig_for(namespace, token.trim()),
            subject: format!("sa:{namespace}/scanner"),
            user: format!("system:serviceaccount:{namespace}:scanner"),
        }
    }

    /// What `detek rbac` prints for this account.
    fn role(&self, args: &[&str]) -> String {
        rbac(args.iter().copied().chain(["--to", &self.subject]))
    }
}

fn rbac<'a>(args: impl IntoIterator<Item = &'a str>) -> String {
    let output = detek(["rbac"].into_iter().chain(args));
    assert!(output.status.success(), "rbac: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("rbac prints text")
}

/// The documents of a YAML stream.
fn documents(yaml: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(yaml).expect("rbac prints YAML")
}

/// The same role without one resource.
fn without(resource: &str, yaml: &str) -> String {
    let mut documents = documents(yaml);
    for rule in documents.iter_mut().filter_map(|document| document["rules"].as_array_mut()).flatten() {
        if let Some(resources) = rule["resources"].as_array_mut() {
            resources.retain(|name| name != resource);
        }
    }
    let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": documents});
    list.to_string()
}

/// Whether a role lets its holder list `resource`.
fn grants(yaml: &str, resource: &str) -> bool {
    let documents = documents(yaml);
    let mut rules = documents.iter().filter_map(|document| document["rules"].as_array()).flatten();
    rules.any(|rule| rule["resources"].as_array().is_some_and(|names| names.iter().any(|name| name == resource)))
}

/// The resources of all rules of a stream, with their verbs.
fn rules(yaml: &str) -> BTreeSet<String> {
    let documents = documents(yaml);
    let rules = documents.iter().filter_map(|document| document["rules"].as_array()).flatten();
    rules.map(|rule| format!("{} {} {}", rule["apiGroups"], rule["resources"], rule["verbs"])).collect()
}

fn assert_full_coverage(scan: &Scan) {
    let (evaluated, applicable) = scan.coverage();
    assert_eq!(evaluated, applicable, "{}\n{}", unknown(scan).join("\n"), scan.stderr);
    assert!(applicable.is_some_and(|count| count > 0), "nothing was applicable");
    assert_eq!(scan.code, Some(0), "{}", scan.stderr);
}

fn unknown(scan: &Scan) -> Vec<String> {
    let reports = scan.reports().into_iter().filter(|report| report.level == "Unknown");
    reports.map(|report| format!("{}: {}", report.detector, report.reason)).collect()
}

#[test]
fn who_may_not_list_pods_is_told_so_by_every_detector_that_reads_them() {
    let Some(cluster) = cluster::shared() else { return };
    let account = Account::create(cluster, "access-no-pods");
    cluster.kubectl(&["apply", "-f", "-"], &without("pods", &account.role(&[])));
    let scan = Scan::run(&account.kubeconfig, [], None);
    assert_eq!(scan.code, Some(3), "a gap is exit code 3: {}", scan.stderr);
    let text = scan.document.to_string();
    assert!(text.contains(&account.user), "the user is not named");
    assert!(text.contains("detek rbac --only pods"), "the next command is not named");
    let mut readers = 0;
    for report in scan.reports() {
        let id = report.detector.split(" - ").next().unwrap_or_default();
        if grants(&rbac(["--only", id]), "pods") {
            readers += 1;
            assert_eq!(report.level, "Unknown", "{}: {} findings", report.detector, report.findings.len());
            assert!(report.reason.contains("pods"), "{}: {}", report.detector, report.reason);
        } else {
            assert_ne!(report.level, "Unknown", "{} reads no pods: {}", report.detector, report.reason);
        }
    }
    assert!(readers > 10, "only {readers} detectors read pods");

    let missing = account.role(&["--only", "pods"]);
    let expected = BTreeSet::from([r#"[""] ["pods"] ["get","list"]"#.to_owned()]);
    assert_eq!(rules(&missing), expected, "exactly the missing rule is printed");
    cluster.kubectl(&["apply", "-f", "-"], &missing);
    assert_full_coverage(&Scan::run(&account.kubeconfig, [], None));
}

#[test]
fn the_printed_role_is_enough_for_full_coverage() {
    let Some(cluster) = cluster::shared() else { return };
    let account = Account::create(cluster, "access-least");
    cluster.kubectl(&["apply", "-f", "-"], &account.role(&[]));
    assert_full_coverage(&Scan::run(&account.kubeconfig, [], None));
}

#[test]
fn an_administrator_only_reads() {
    let Some(cluster) = cluster::shared() else { return };
    Scan::run(&cluster.kubeconfig(), [], None);
    let log = cluster.audit_log();
    let requests: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let ours = |request: &&Value| request["userAgent"].as_str().is_some_and(|agent| agent.starts_with("detek/"));
    let mut reads = 0;
    for request in requests.iter().filter(ours) {
        let (verb, uri) = (request["verb"].as_str().unwrap_or_default(), &request["requestURI"]);
        let review = matches!(
            request["objectRef"]["resource"].as_str(),
            Some("selfsubjectaccessreviews" | "selfsubjectrulesreviews")
        );
        assert!(matches!(verb, "get" | "list") || (verb == "create" && review), "{verb} {uri}");
        reads += 1;
    }
    assert!(reads > 0, "no request by detek is in the audit log");
}
