//! Who may read what: a user without pods, the least role, and a cluster administrator whose power is not used.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::cluster::{self, Cluster};
use crate::scan::{Scan, detek};

/// What `detek rbac` prints, which is YAML.
fn rbac<'a>(args: impl IntoIterator<Item = &'a str>) -> String {
    let output = detek(["rbac"].into_iter().chain(args));
    assert!(output.status.success(), "rbac: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("rbac prints text")
}

fn apply(cluster: &Cluster, yaml: &str) {
    cluster.kubectl(&["apply", "-f", "-"], yaml);
}

/// The documents of a YAML stream.
fn documents(yaml: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(yaml).expect("rbac prints YAML")
}

/// The same role, under another name, without one resource.
fn without(resource: &str, yaml: &str) -> String {
    let mut documents = documents(&yaml.replace("detek-scanner", &format!("detek-scanner-without-{resource}")));
    for rule in documents.iter_mut().filter_map(|document| document["rules"].as_array_mut()).flatten() {
        if let Some(resources) = rule["resources"].as_array_mut() {
            resources.retain(|name| name != resource);
        }
    }
    json!({"apiVersion": "v1", "kind": "List", "items": documents}).to_string()
}

/// The rules of all roles of a stream.
fn rules(yaml: &str) -> Vec<Value> {
    let documents = documents(yaml);
    documents.iter().filter_map(|document| document["rules"].as_array()).flatten().cloned().collect()
}

/// Whether a role lets its holder list `resource`.
fn grants(yaml: &str, resource: &str) -> bool {
    rules(yaml).iter().filter_map(|rule| rule["resources"].as_array()).flatten().any(|name| name == resource)
}

fn assert_full_coverage(scan: &Scan) {
    let (evaluated, applicable) = scan.coverage();
    let unknown = scan.reports().into_iter().filter(|report| report.level == "Unknown");
    let unknown: Vec<String> = unknown.map(|report| format!("{}: {}", report.detector, report.reason)).collect();
    assert_eq!(evaluated, applicable, "{}\n{}", unknown.join("\n"), scan.stderr);
    assert!(applicable.is_some_and(|count| count > 0), "nothing was applicable");
    assert_eq!(scan.document.get("notes"), None, "something was not seen");
    assert_eq!(scan.code, Some(0), "{}", scan.stderr);
}

#[test]
fn who_may_not_list_pods_is_told_so_by_every_detector_that_reads_them() {
    let Some(cluster) = cluster::shared() else { return };
    let user = "case-without-pods";
    let kubeconfig = cluster.kubeconfig_by_certificate(user, "valid");
    apply(cluster, &without("pods", &rbac(["--to", "user:case-without-pods"])));
    let scan = Scan::run(&kubeconfig, []);
    assert_eq!(scan.code, Some(3), "a gap is exit code 3: {}", scan.stderr);
    let mut readers = BTreeSet::new();
    for report in scan.reports() {
        if !grants(&rbac(["--only", &report.detector]), "pods") {
            let judged = report.level != "Unknown" || report.reason.starts_with("not_applicable: ");
            assert!(judged, "{} reads no pods: {}", report.detector, report.reason);
            continue;
        }
        readers.insert(report.detector.clone());
        assert_eq!(report.level, "Unknown", "{}: {} findings", report.detector, report.findings.len());
        let rule = format!(r#"User "{user}" cannot list resource "pods" in API group "" at the cluster scope"#);
        assert!(report.reason.contains(&rule), "{}: {}", report.detector, report.reason);
    }
    assert!(readers.len() > 5, "only {readers:?} read pods");

    // The command is taken from the report as a person would, and applied as it says.
    let table = detek(["run", "--kubeconfig", kubeconfig.to_str().expect("the path is text"), "--quiet"]);
    let table = String::from_utf8_lossy(&table.stdout);
    let fix = table.lines().find_map(|line| line.trim().strip_prefix("fix ")?.trim().strip_prefix("detek rbac "));
    let fix =
        fix.and_then(|fix| fix.strip_suffix(" | kubectl apply -f -")).unwrap_or_else(|| panic!("no fix: {table}"));
    assert_eq!(fix, format!("--only pods --to user:{user}"));
    let missing = rbac(fix.split(' '));
    assert_eq!(rules(&missing), [json!({"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]})]);
    apply(cluster, &missing);
    assert_full_coverage(&Scan::run(&kubeconfig, []));
}

#[test]
fn the_printed_role_is_enough_for_full_coverage() {
    let Some(cluster) = cluster::shared() else { return };
    cluster.create_namespaces(&["detek".to_owned()]);
    apply(cluster, &rbac([]));
    let token = cluster.kubectl(&["-n", "detek", "create", "token", "detek-scanner"], "");
    let scanner = cluster.kubeconfig_by_token("detek-scanner", token.trim());
    assert_full_coverage(&Scan::run(&scanner, []));
}

#[test]
fn an_administrator_only_reads() {
    let Some(cluster) = cluster::shared() else { return };
    Scan::run(&cluster.kubeconfig(), ["all"]);
    let log = cluster.audit_log();
    let requests: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let ours = |request: &&Value| {
        let text = |field: &Value, start: &str| field.as_str().is_some_and(|text| text.starts_with(start));
        text(&request["userAgent"], "detek/") && text(&request["user"]["username"], "admin")
    };
    let mut verbs = BTreeSet::new();
    for request in requests.iter().filter(ours) {
        let (verb, uri) = (request["verb"].as_str().unwrap_or_default(), &request["requestURI"]);
        let review = request["objectRef"]["resource"] == "selfsubjectaccessreviews";
        assert!(matches!(verb, "get" | "list") || (verb == "create" && review), "{verb} {uri}");
        verbs.insert(verb);
    }
    assert!(verbs.contains("get") && verbs.contains("list"), "the audit log holds no scan: {verbs:?}");
}
