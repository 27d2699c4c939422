//! The table of cases in `tests/cases/`: what is put into the cluster and what detek must say about it. Its README
//! explains the format.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use jiff::{SignedDuration, Timestamp};
use regex::{Captures, Regex};
use serde::Deserialize;

use crate::certificates;
use crate::cluster::{self, Cluster};
use crate::scan::{Finding, Scan};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) detector: String,
    report: Option<String>,
    #[serde(default)]
    namespaces: Vec<String>,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    manifests: String,
    #[serde(default)]
    patches: Vec<Patch>,
    #[serde(default)]
    wait: Vec<Wait>,
    #[serde(default)]
    expect: Vec<Expectation>,
    #[serde(default)]
    silent: Vec<String>,
    server: Option<Server>,
    #[serde(default)]
    moments: Vec<Moment>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patch {
    object: String,
    merge: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wait {
    object: String,
    labels: Option<String>,
    service: Option<String>,
    r#for: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expectation {
    #[serde(default)]
    subject: Option<OneOf>,
    level: String,
    message: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOf {
    One(String),
    Any(Vec<String>),
}

/// A case that is a state of the server, and so needs one of its own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Server {
    flags: Vec<String>,
    stop: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Moment {
    now: String,
    #[serde(default)]
    expect: Vec<Expectation>,
}

/// What a case showed: lines of the table, and what was wrong.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) rows: Vec<String>,
    pub(crate) faults: Vec<String>,
}

/// All cases, by detector.
pub(crate) fn load() -> Vec<Case> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/cases"));
    let mut cases = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("the cases are in the repository") {
        let path = entry.expect("the folder can be read").path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            let text = fs::read_to_string(&path).expect("a case can be read");
            let case: Case =
                serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            assert_eq!(stem, Some(case.detector.as_str()), "a case is named like its detector");
            cases.insert(case.detector.clone(), case);
        }
    }
    cases.into_values().collect()
}

/// Puts the objects of all cases that need no cluster of their own into `cluster` and waits for their statuses.
pub(crate) fn apply(cluster: &Cluster, cases: &[Case]) {
    let cases: Vec<&Case> = cases.iter().filter(|case| case.server.is_none()).collect();
    let namespaces: Vec<String> = cases.iter().flat_map(|case| case.namespaces.clone()).collect();
    if !namespaces.is_empty() {
        cluster.create_namespaces(&namespaces);
    }
    let fill = Placeholders::new(cluster);
    for case in cases.iter().filter(|case| !case.manifests.is_empty()) {
        cluster.kubectl(&["create", "--validate=strict", "-f", "-"], &fill.fill(&case.manifests));
        for Patch { object, merge } in &case.patches {
            cluster.kubectl(&["-n", case.namespace(), "patch", object, "--type=merge", "--patch", merge], "");
        }
    }
    for case in cases {
        case.wait.iter().for_each(|wait| wait.until(cluster, case.namespace()));
    }
}

impl Wait {
    fn until(&self, cluster: &Cluster, namespace: &str) {
        let condition = format!("--for={}", self.r#for);
        let labels = match (&self.labels, &self.service) {
            (Some(labels), _) => labels.clone(),
            (None, Some(service)) => format!(
                "kubernetes.io/service-name={service},endpointslice.kubernetes.io/managed-by=endpointslice-controller.k8s.io"
            ),
            (None, None) => String::new(),
        };
        let mut args = vec!["-n", namespace, "wait", "--timeout=60s", &condition, &self.object];
        if !labels.is_empty() {
            args.extend(["-l", &labels]);
        }
        cluster.kubectl(&args, "");
    }
}

impl Case {
    fn namespace(&self) -> &str {
        self.namespaces.first().map_or("default", String::as_str)
    }

    /// Scans `cluster`, to which the case was applied, or the one that the case needs for itself, and compares.
    pub(crate) fn judge(&self, cluster: &Cluster) -> Outcome {
        if let Some(server) = &self.server {
            return self.judge_server(server, cluster);
        }
        let mut outcome = Outcome::default();
        let fill = Placeholders::new(cluster);
        if self.moments.is_empty() {
            let findings = self.scan(cluster, None, &mut outcome);
            self.compare(&findings, &self.expect, &fill, &mut outcome);
        }
        for moment in &self.moments {
            let findings = self.scan(cluster, Some(&moment.now), &mut outcome);
            self.compare(&findings, &moment.expect, &fill, &mut outcome);
            if moment.expect.is_empty() && !findings.is_empty() {
                outcome.faults.push(format!("{} at {}: fires too early", self.detector, moment.now));
            }
        }
        outcome
    }

    /// The case of a server state: in a cluster of its own, and silent on the healthy one.
    fn judge_server(&self, server: &Server, healthy: &Cluster) -> Outcome {
        let mut outcome = Outcome::default();
        for finding in self.scan(healthy, None, &mut outcome) {
            outcome.faults.push(format!("{} on a healthy server: {}", self.detector, finding.message));
        }
        let flags: Vec<&str> = server.flags.iter().flat_map(|flag| ["-x", flag.as_str()]).collect();
        let sick = Cluster::start(&self.detector, 1, &flags);
        let fill = Placeholders::new(&sick);
        if !self.manifests.is_empty() {
            sick.kubectl(&["create", "-f", "-"], &fill.fill(&self.manifests));
        }
        if let Some(component) = &server.stop {
            sick.terminate(component);
        }
        let findings = self.scan(&sick, None, &mut outcome);
        self.compare(&findings, &self.expect, &fill, &mut outcome);
        outcome
    }

    fn scan(&self, cluster: &Cluster, now: Option<&str>, outcome: &mut Outcome) -> Vec<Finding> {
        let args = self.args.iter().map(String::as_str);
        let args = ["--only", self.detector.as_str()].into_iter().chain(args);
        let scan =
            match Scan::attempt(&cluster.kubeconfig(), args.chain(now.into_iter().flat_map(|now| ["--now", now]))) {
                Ok(scan) => scan,
                Err(error) => {
                    outcome.faults.push(format!("{}: {error}", self.detector));
                    return Vec::new();
                }
            };
        let id = self.report.as_deref().unwrap_or(&self.detector);
        let Some(report) = scan.report(id) else {
            outcome.faults.push(format!("{id}: no report; {}", scan.stderr));
            return Vec::new();
        };
        // Of a server that is well, it may be said that nothing can be judged from here; but never that it is well.
        let silent = self.server.is_some() && report.reason.starts_with("not_applicable: ");
        if report.level == "Unknown" && !silent {
            outcome.faults.push(format!("{id}: Unknown, {}", report.reason));
        }
        report.findings
    }

    fn compare(&self, findings: &[Finding], expected: &[Expectation], fill: &Placeholders, outcome: &mut Outcome) {
        let mut explained = vec![false; findings.len()];
        for want in expected {
            let subjects = want.subjects();
            let pattern = fill.fill_pattern(&want.message);
            let pattern = Regex::new(&pattern).unwrap_or_else(|error| panic!("{}: {error}", self.detector));
            let mut hit = false;
            let mut seen = Vec::new();
            for (index, finding) in findings.iter().enumerate().filter(|(_, finding)| finding.is_about(subjects)) {
                explained[index] = true;
                hit |= finding.level == want.level && pattern.is_match(&finding.message);
                let row = format!("{} | {} | {} | {}", self.detector, finding.subject, finding.level, finding.message);
                if !outcome.rows.contains(&row) {
                    outcome.rows.push(row);
                }
                seen.push(format!("{} {}", finding.level, finding.message));
            }
            if !hit {
                let fault =
                    format!("{}: want {} /{pattern}/ about {subjects:?}, got {seen:?}", self.detector, want.level);
                outcome.faults.push(fault);
            }
        }
        for (finding, explained) in findings.iter().zip(explained) {
            let named = self.silent.iter().any(|name| finding.names.contains(name));
            let inside = self.namespaces.iter().any(|namespace| finding.is_in(namespace));
            if named || (inside && !explained) {
                let fault = format!("{}: accuses the healthy {:?}: {}", self.detector, finding.names, finding.message);
                outcome.faults.push(fault);
            }
        }
    }
}

impl Expectation {
    /// Names of which one is enough; empty for any subject.
    fn subjects(&self) -> &[String] {
        match &self.subject {
            None => &[],
            Some(OneOf::One(name)) => std::slice::from_ref(name),
            Some(OneOf::Any(names)) => names,
        }
    }
}

/// The values that stand for `{{...}}` in a case.
struct Placeholders {
    now: Timestamp,
    port: String,
    closed_port: &'static str,
}

impl Placeholders {
    fn new(cluster: &Cluster) -> Self {
        static CLOSED_PORT: std::sync::OnceLock<String> = std::sync::OnceLock::new();
        let closed_port = CLOSED_PORT.get_or_init(cluster::closed_port);
        Self { now: Timestamp::now(), port: cluster.port(), closed_port }
    }

    fn fill(&self, text: &str) -> String {
        let placeholder = Regex::new(r"\{\{([^{}]+)\}\}").expect("the expression is valid");
        placeholder.replace_all(text, |found: &Captures<'_>| self.value(&found[1])).into_owned()
    }

    /// As [`fill`](Self::fill), for a regular expression: values are taken literally.
    fn fill_pattern(&self, text: &str) -> String {
        let placeholder = Regex::new(r"\{\{([^{}]+)\}\}").expect("the expression is valid");
        placeholder.replace_all(text, |found: &Captures<'_>| regex::escape(&self.value(&found[1]))).into_owned()
    }

    fn value(&self, name: &str) -> String {
        match name {
            "key" => base64(b"not a key: nobody may read it"),
            "host" => cluster::host_address(),
            "port" => self.port.clone(),
            "closed port" => self.closed_port.to_owned(),
            _ => {
                if let Some(age) = name.strip_prefix("now-") {
                    return (self.now - duration(age)).strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
                }
                let kinds = name.strip_prefix("certificate ").unwrap_or_else(|| panic!("unknown placeholder {name:?}"));
                let chain: String = kinds.split(' ').map(|kind| certificates::self_signed(kind, self.now)).collect();
                base64(chain.as_bytes())
            }
        }
    }
}

/// `90s`, `10m`, `3h`, `7d`.
fn duration(text: &str) -> SignedDuration {
    let (number, unit) = text.split_at(text.len() - 1);
    let number: i64 = number.parse().unwrap_or_else(|_| panic!("not an age: {text:?}"));
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => panic!("not an age: {text:?}"),
    };
    SignedDuration::from_secs(number * unit)
}

fn base64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}
