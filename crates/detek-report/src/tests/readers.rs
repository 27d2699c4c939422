//! Programs that others wrote read what we write.

use super::{
    format,
    runs::{complete, empty, gaps, silent, unread},
    shape::xml,
    text,
};
use crate::{Style, formats::junit};
use detek_core::{Level, Run};
use serde_json::Value;
use std::{
    io::Write as _,
    process::{Command, Stdio},
};

fn runs() -> [Run; 5] {
    [complete(), gaps(), silent(), unread(), empty()]
}

fn outputs(name: &str) -> Vec<String> {
    let runs = runs();
    let all: Vec<&Run> = runs.iter().collect();
    let alone = all.iter().map(|run| text(format(name), &[run], &Style::default()));
    alone.chain([text(format(name), &all, &Style::default())]).collect()
}

/// The finding of each line or row: cluster, detector, fingerprint, message.
type Told = Vec<[String; 4]>;

fn told(run: &Run) -> Told {
    let finding = |id: &str, finding: &detek_core::Finding| {
        [run.target.context.clone(), id.to_owned(), finding.fingerprint.to_string(), finding.message.clone()]
    };
    run.reports.iter().flat_map(|report| report.findings.iter().map(|found| finding(&report.id, found))).collect()
}

#[test]
fn csv_and_jsonl_read_back_as_the_same_findings() {
    for run in runs() {
        let csv = text(format("csv"), &[&run], &Style::default());
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let columns = ["cluster", "detector", "fingerprint", "message"];
        let header = reader.headers().expect("a header").clone();
        let place = columns.map(|name| header.iter().position(|cell| cell == name).expect("a column"));
        let rows: Told =
            reader.records().map(|row| place.map(|column| row.as_ref().expect("a row")[column].to_owned())).collect();
        assert_eq!(rows, told(&run));

        let jsonl = text(format("jsonl"), &[&run], &Style::default());
        let value = |line| serde_json::from_str::<Value>(line).expect("valid JSON");
        let lines: Told = jsonl
            .lines()
            .map(value)
            .map(|line| columns.map(|name| line[name].as_str().expect("text").to_owned()))
            .collect();
        assert_eq!(lines, told(&run));
    }
}

#[test]
fn sarif_is_valid_by_its_schema() {
    let schema: Value = serde_json::from_str(include_str!("../../tests/schemas/sarif-2.1.0.json")).expect("a schema");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for output in outputs("sarif") {
        let log: Value = serde_json::from_str(&output).expect("valid JSON");
        let errors: Vec<String> =
            validator.iter_errors(&log).map(|why| format!("{}: {why}", why.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
}

#[test]
fn junit_says_of_each_detector_how_it_ended_and_counts_right() {
    let run = gaps();
    let shape = xml(&text(format("junit"), &[&run], &Style::default()));
    let number = |element: &str| shape.matches(&format!("+{element} ")).count();
    assert_eq!(shape.matches("testcase ").count(), run.reports.len());
    assert_eq!((number("failure"), number("error"), number("skipped")), (5, 3, 2), "{shape}");
    let output = text(format("junit"), &[&run], &Style::default());
    assert!(output.contains(r#"failures="5" errors="3" skipped="2""#), "{output}");
}

#[test]
fn junit_fails_from_the_level_that_fails_the_command() {
    let run = complete();
    let render = crate::Render { fail_on: Some(Level::Fatal), ..super::runs::render(&run) };
    let mut out = Vec::new();
    junit::render(&[render], &Style::default(), &mut out);
    let output = String::from_utf8(out).expect("UTF-8");
    // The Fatal one, and the one that is raised to Fatal by what follows from it.
    assert_eq!(output.matches("<failure").count(), 2, "{output}");
}

#[test]
fn junit_is_valid_by_the_schema_of_its_readers() {
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schemas/junit-10.xsd");
    for output in outputs("junit") {
        check(&["xmllint", "--nonet", "--noout", "--schema", schema, "-"], &output);
    }
}

#[test]
fn prometheus_reads_its_own_format_without_complaint() {
    for output in outputs("prometheus") {
        super::shape::prometheus(&output);
        let series: Vec<&str> =
            output.lines().filter_map(|line| line.rsplit_once(' ')).map(|(series, _)| series).collect();
        let samples: Vec<&&str> = series.iter().filter(|series| series.contains('{')).collect();
        let different: std::collections::HashSet<&&str> = samples.iter().copied().collect();
        assert_eq!(samples.len(), different.len(), "a series is there twice:\n{output}");
        check(&["promtool", "check", "metrics"], &output);
    }
}

/// Pipes `input` into a program that must be content. A program that is not installed is an error in the real tier only.
#[expect(clippy::disallowed_methods, reason = "the real tier is chosen by a variable")]
fn check(command: &[&str], input: &str) {
    let (stdout, stderr) = (Stdio::piped(), Stdio::piped());
    let child =
        Command::new(command[0]).args(&command[1..]).stdin(Stdio::piped()).stdout(stdout).stderr(stderr).spawn();
    let Ok(mut child) = child else {
        let real = std::env::var_os("DETEK_REAL").is_some_and(|value| !value.is_empty());
        assert!(!real, "DETEK_REAL is set and {} is not installed", command[0]);
        eprintln!("SKIPPED: {} is not installed", command[0]);
        return;
    };
    child.stdin.take().expect("it is piped").write_all(input.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}\n{input}", command[0]);
}
