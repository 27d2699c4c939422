//! One run of the binary under test, and its JSON as far as these tests read it.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// The answer of `detek run -o json`.
pub(crate) struct Scan {
    pub(crate) document: Value,
    pub(crate) stderr: String,
    /// The process's own exit code.
    pub(crate) code: Option<i32>,
}

/// One detector's outcome.
pub(crate) struct Report {
    pub(crate) detector: String,
    pub(crate) level: String,
    /// Class and text of the reason of Unknown; empty if there is none.
    pub(crate) reason: String,
    pub(crate) findings: Vec<Finding>,
}

/// One finding.
pub(crate) struct Finding {
    pub(crate) subject: String,
    /// Subject, owner and samples, as `Kind/namespace/name`.
    pub(crate) names: Vec<String>,
    pub(crate) level: String,
    pub(crate) message: String,
}

/// Runs the binary without any variable of this process that could change what it does.
pub(crate) fn detek<'a>(args: impl IntoIterator<Item = &'a str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_detek"));
    command.env_clear().args(args).output().expect("the binary starts")
}

impl Scan {
    /// Scans with `kubeconfig`.
    ///
    /// # Panics
    /// When there is no report.
    pub(crate) fn run<'a>(kubeconfig: &'a Path, args: impl IntoIterator<Item = &'a str>) -> Self {
        Self::attempt(kubeconfig, args).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The same; without a report, what there is instead.
    pub(crate) fn attempt<'a>(kubeconfig: &'a Path, args: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let kubeconfig = kubeconfig.to_str().expect("the path is text");
        let fixed = ["run", "--kubeconfig", kubeconfig, "-o", "json", "--quiet"];
        let output = detek(fixed.into_iter().chain(args));
        let (code, stderr) = (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned());
        match serde_json::from_slice(&output.stdout) {
            Ok(document) => Ok(Self { document, stderr, code }),
            Err(error) => Err(format!("no JSON ({error}); exit code {code:?}: {stderr}")),
        }
    }

    /// The report called `id`.
    pub(crate) fn report(&self, id: &str) -> Option<Report> {
        self.reports().into_iter().find(|report| report.detector == id)
    }

    /// All reports.
    pub(crate) fn reports(&self) -> Vec<Report> {
        list(&self.document["reports"]).iter().map(Report::read).collect()
    }

    /// Evaluated and applicable detectors.
    pub(crate) fn coverage(&self) -> (Option<u64>, Option<u64>) {
        let coverage = &self.document["coverage"];
        (coverage["evaluated"].as_u64(), coverage["applicable"].as_u64())
    }
}

impl Report {
    fn read(report: &Value) -> Self {
        Self {
            detector: text(&report["detector"]),
            level: text(&report["level"]),
            reason: report
                .get("reason")
                .map_or_else(String::new, |reason| format!("{}: {}", text(&reason["class"]), text(&reason["text"]))),
            findings: list(&report["findings"]).iter().map(Finding::read).collect(),
        }
    }
}

impl Finding {
    fn read(finding: &Value) -> Self {
        let subject = name(&finding["subject"]);
        let samples = list(&finding["samples"]).iter().map(name);
        let names = [subject.clone(), name(&finding["owner"])].into_iter().chain(samples);
        Self {
            names: names.filter(|name| !name.is_empty()).collect(),
            subject,
            level: text(&finding["level"]),
            message: text(&finding["message"]),
        }
    }

    /// Whether it names one of `subjects`; none asked for means any.
    pub(crate) fn is_about(&self, subjects: &[String]) -> bool {
        subjects.is_empty() || subjects.iter().any(|subject| self.names.contains(subject))
    }

    /// Whether its subject lives in `namespace`.
    pub(crate) fn is_in(&self, namespace: &str) -> bool {
        self.subject.split('/').nth(1) == Some(namespace) && self.subject.split('/').count() == 3
    }
}

/// `Kind/namespace/name`, `Kind/name`, or the text that it already is.
fn name(reference: &Value) -> String {
    if reference.is_string() {
        return text(reference);
    }
    let parts = ["kind", "namespace", "name"].map(|field| text(&reference[field]));
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
