//! Tests of detectors: the inputs of a test are judged by the real engine, through the real projection, and the report is
//! compared with what is expected. Then each input is taken away in turn, and nothing may be concluded from that.

use crate::{
    engine::PackDetector,
    format::{ExpectedFinding, Given, TestCase},
    problem::{Code, Problem},
};
use detek_core::{
    AnyDetector, Cause, CauseClass, Finding, Input, InputKey, InputState, Inputs, Judging, Level, Plan, Report, Scope,
    Stage, Target, Volume,
};
use detek_doc::{Caps, Projection, StoreBuilder};
use regex::Regex;
use std::{collections::BTreeMap, sync::Arc};

/// How detectors are planned: with the facts that findings roll up by.
pub type MakePlan<'p> = &'p dyn Fn(Vec<Arc<dyn AnyDetector>>) -> Plan;

/// What came of a test.
#[derive(Debug)]
pub struct TestResult {
    /// The name of the test.
    pub name: String,
    /// Why it failed.
    pub failures: Vec<Problem>,
    /// Runs, the one of the test and those with an input less.
    pub runs: usize,
}

/// Runs all tests of a detector.
pub fn run(detector: &PackDetector, plan: MakePlan<'_>) -> Vec<TestResult> {
    detector.file().tests.iter().map(|test| Running { detector, test, plan }.run()).collect()
}

struct Running<'t> {
    detector: &'t PackDetector,
    test: &'t TestCase,
    plan: MakePlan<'t>,
}

/// Ways in which a required input may lack something.
const GAPS: [InputState; 3] = [InputState::Denied, InputState::Partial, InputState::Absent];

impl Running<'_> {
    fn run(&self) -> TestResult {
        let mut result = TestResult { name: self.test.name.value.clone(), failures: Vec::new(), runs: 1 };
        let report = match self.report(None) {
            Ok(report) => report,
            Err(text) => {
                result.failures.push(self.failure(&text));
                return result;
            }
        };
        let differences = self.differences(&report);
        if !differences.is_empty() {
            result.failures.push(self.failure(&differences.join("\n   ")));
            return result;
        }
        for (name, spec) in self.detector.file().spec.inputs.iter().filter(|(_, spec)| !spec.optional) {
            for gap in GAPS {
                let is_empty = gap == InputState::Absent && spec.on_absent == crate::format::OnAbsent::Empty;
                let is_given = self.test.inputs.get(name).is_some_and(|given| given.state == InputState::Complete);
                if is_empty || !is_given {
                    continue;
                }
                result.runs += 1;
                match self.report(Some((name, gap))) {
                    Ok(lacking) => result.failures.extend(self.concluded(&report, &lacking, (name, gap))),
                    Err(text) => result.failures.push(self.failure(&text)),
                }
            }
        }
        result
    }

    fn failure(&self, text: &str) -> Problem {
        let (file, name) = (self.detector.file(), &self.test.name);
        let text = format!("test `{}` failed: {text}", name.value);
        file.problem(Code::TestFailed, name, 0, name.value.chars().count(), &text)
    }

    /// The report on the inputs of the test, of which one may be in another state.
    fn report(&self, gap: Option<(&str, InputState)>) -> Result<Report, String> {
        let mut values = BTreeMap::new();
        for (name, value) in self.test.params.iter() {
            let spec = self
                .detector
                .file()
                .spec
                .params
                .get(name)
                .ok_or_else(|| format!("there is no parameter `{}`", name.value))?;
            values.insert(
                name.value.clone(),
                spec.read(value).map_err(|why| format!("parameter `{}`: {why}", name.value))?,
            );
        }
        let detector = self.detector.with_values(values).map_err(|why| why.to_string())?;
        let plan = (self.plan)(vec![Arc::new(detector)]);
        let mut inputs = Inputs::default();
        for planned in &plan.inputs {
            inputs.insert(self.input(&planned.kind.key, &planned.projection, gap)?);
        }
        let cluster = &self.test.cluster;
        let version = Some(cluster.version.clone()).filter(|version| !version.is_empty());
        let target =
            Target { context: cluster.name.clone(), cluster_id: cluster.id.clone(), version, ..Target::default() };
        let judging = Judging { target, now: self.test.now, threads: 1, not_run: Vec::new(), notes: Vec::new() };
        plan.judge(&inputs, judging).reports.pop().ok_or_else(|| "there is no report".to_owned())
    }

    fn input(&self, key: &InputKey, projection: &Projection, gap: Option<(&str, InputState)>) -> Result<Input, String> {
        let mut specs = self.detector.file().spec.inputs.iter().filter(|(_, spec)| spec.key.value == key.as_str());
        let given = specs.find_map(|(name, _)| Some((name.value.as_str(), &self.test.inputs.get(name)?.value)));
        let Some((name, Given { state, items, .. })) = given else {
            return Ok(Input::failed(key.clone(), Scope::Cluster, cause(InputState::Absent)));
        };
        let state = gap.filter(|(lacking, _)| *lacking == name).map_or(*state, |(_, state)| state);
        let mut builder = StoreBuilder::new(&Caps::default());
        if matches!(state, InputState::Complete | InputState::Partial | InputState::TooLarge) {
            for item in items {
                builder.push_json(item, projection).map_err(|why| format!("input `{name}`: {why}"))?;
            }
        }
        let (key, scope, store) = (key.clone(), Scope::Cluster, builder.finish());
        Ok(match state {
            InputState::Complete => Input::complete(key, scope, store, Volume::default()),
            InputState::Stale => Input::stale(key, scope, cause(state)),
            _ => Input::partial(key, scope, store, cause(state), Volume::default()),
        })
    }

    /// Where a report is not as expected.
    fn differences(&self, report: &Report) -> Vec<String> {
        let expect = &self.test.expect;
        let mut differences = Vec::new();
        if report.level != expect.level.value {
            let why = report.reason.as_ref().map_or_else(String::new, |reason| format!(" ({})", reason.text));
            differences.push(format!("level is {}{why}, expected {}", lower(report.level), lower(expect.level.value)));
        }
        let is_partial = report.level != Level::Unknown && report.reason.is_some();
        if is_partial != expect.partial {
            differences.push(format!("partial is {is_partial}, expected {}", expect.partial));
        }
        let mut left: Vec<&Finding> = report.findings.iter().collect();
        for expected in &expect.findings {
            match left.iter().position(|finding| matches(expected, finding)) {
                Some(place) => {
                    left.remove(place);
                }
                None => differences.push(format!("missing: {}", describe(expected))),
            }
        }
        differences.extend(left.into_iter().map(|finding| format!("not expected: {}", told(finding))));
        for reason in expect.reasons.iter().flatten() {
            if !report.reason.as_ref().is_some_and(|known| known.text.contains(reason.as_str())) {
                differences.push(format!("missing reason: {reason}"));
            }
        }
        differences
    }

    /// What a report says although an input is not complete.
    fn concluded(&self, whole: &Report, lacking: &Report, (name, gap): (&str, InputState)) -> Vec<Problem> {
        let mut failures = Vec::new();
        let gap = format!("with input `{name}` {gap}");
        if lacking.level == Level::Normal {
            failures.push(self.failure(&format!("{gap} the report is still normal")));
        }
        for finding in &lacking.findings {
            if !whole.findings.iter().any(|known| known.fingerprint == finding.fingerprint) {
                failures.push(self.failure(&format!("{gap} there is a new finding: {}", told(finding))));
            }
        }
        failures
    }
}

fn cause(state: InputState) -> Cause {
    let class = match state {
        InputState::Denied => CauseClass::Forbidden,
        InputState::Absent => CauseClass::NotServed,
        InputState::TimedOut => CauseClass::Timeout,
        InputState::TooLarge => CauseClass::TooLarge,
        _ => CauseClass::Unavailable,
    };
    Cause::new(class, Stage::FirstByte, "as the test says")
}

fn matches(expected: &ExpectedFinding, finding: &Finding) -> bool {
    let ExpectedFinding { detect, subject, level, message, message_matches, evidence, count } = expected;
    let pattern = |pattern: &str| Regex::new(pattern).is_ok_and(|regex| regex.is_match(&finding.message));
    detect.as_ref().is_none_or(|detect| detect.value == finding.detect)
        && subject.as_ref().is_none_or(|subject| *subject == finding.subject.to_string())
        && level.is_none_or(|level| level == finding.level)
        && message.as_ref().is_none_or(|message| *message == finding.message)
        && message_matches.as_ref().is_none_or(|text| pattern(text))
        && count.is_none_or(|count| count == finding.count)
        && evidence.iter().flatten().all(|(name, value)| finding.evidence.get(name) == Some(value))
}

fn lower(level: Level) -> String {
    level.name().to_lowercase()
}

/// A finding in one line.
fn told(finding: &Finding) -> String {
    let Finding { detect, level, subject, message, .. } = finding;
    let evidence: Vec<String> = finding.evidence.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{} {detect} {subject}: {message} [{}]", lower(*level), evidence.join(", "))
}

fn describe(expected: &ExpectedFinding) -> String {
    let ExpectedFinding { detect, subject, level, message, message_matches, evidence, count } = expected;
    let mut parts: Vec<String> = Vec::new();
    parts.extend(level.map(lower));
    parts.extend(detect.as_ref().map(|detect| detect.value.clone()));
    parts.extend(subject.clone());
    parts.extend(message.clone());
    parts.extend(message_matches.as_ref().map(|text| format!("matching `{}`", text.value)));
    parts.extend(evidence.as_ref().map(|evidence| serde_json::Value::from(evidence.clone()).to_string()));
    parts.extend(count.map(|count| format!("count {count}")));
    parts.join(" ")
}
