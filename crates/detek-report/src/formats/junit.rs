//! `junit`: a suite for each cluster, a case for each detector. A detector that was not evaluated is an error, never a
//! case that passed.

use crate::{Render, Style, text::legal, words::thousands};
use detek_core::{Finding, Level, ReasonClass, Report};
use quick_xml::{
    Writer,
    events::{BytesDecl, BytesText, Event},
};
use std::{fmt::Write as _, io};

/// Findings written out in a failure.
const LISTED: usize = 100;

pub(crate) fn render(runs: &[Render<'_>], _: &Style<'_>, out: &mut Vec<u8>) {
    let mut writer = Writer::new_with_indent(&mut *out, b' ', 2);
    let written = writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None))).and_then(|()| {
        let suites = writer.create_element("testsuites").with_attribute(("name", "detek"));
        suites.write_inner_content(|writer| runs.iter().try_for_each(|render| suite(render, writer))).map(|_| ())
    });
    written.expect("the sink is memory");
    out.push(b'\n');
}

/// The outcome of a case.
enum Outcome {
    Passed,
    Failure(String),
    Error(String),
    Skipped(String),
}

impl Outcome {
    fn element(&self) -> Option<(&'static str, &str)> {
        match self {
            Outcome::Passed => None,
            Outcome::Failure(text) => Some(("failure", text)),
            Outcome::Error(text) => Some(("error", text)),
            Outcome::Skipped(text) => Some(("skipped", text)),
        }
    }
}

fn suite(render: &Render<'_>, writer: &mut Writer<&mut Vec<u8>>) -> io::Result<()> {
    let cases: Vec<(&Report, Outcome)> =
        render.run.reports.iter().map(|report| (report, outcome(report, render.fail_on))).collect();
    let number = |name| {
        let like = |(_, outcome): &&(&Report, Outcome)| outcome.element().is_some_and(|(element, _)| element == name);
        cases.iter().filter(like).count().to_string()
    };
    let cluster = legal(&render.run.target.context);
    let seconds = render.finished.duration_since(render.started).as_millis().max(0) as f64 / 1000.0;
    let suite = writer.create_element("testsuite").with_attributes([
        ("name", cluster.as_str()),
        ("tests", &cases.len().to_string()),
        ("failures", &number("failure")),
        ("errors", &number("error")),
        ("skipped", &number("skipped")),
        ("time", &format!("{seconds:.3}")),
        ("timestamp", &render.started.to_string()),
    ]);
    // Readers take what stands before the last dot for a package.
    let class = format!("detek.{}", cluster.replace('.', "_"));
    suite.write_inner_content(|writer| {
        cases.iter().try_for_each(|(report, outcome)| case(&class, report, outcome, writer))
    })?;
    Ok(())
}

fn case(class: &str, report: &Report, outcome: &Outcome, writer: &mut Writer<&mut Vec<u8>>) -> io::Result<()> {
    let name = legal(&report.id);
    let case = writer.create_element("testcase").with_attributes([("classname", class), ("name", name.as_str())]);
    let Some((element, text)) = outcome.element() else { return case.write_empty().map(|_| ()) };
    let message = text.lines().next().unwrap_or_default();
    case.write_inner_content(|writer| {
        let element =
            writer.create_element(element).with_attributes([("message", message), ("type", report.level.name())]);
        element.write_text_content(BytesText::new(text)).map(|_| ())
    })?;
    Ok(())
}

fn outcome(report: &Report, fail_on: Option<Level>) -> Outcome {
    let counted = report.findings.iter().filter(|finding| finding.counts());
    let failing: Vec<&Finding> = counted.filter(|finding| finding.level >= fail_on.unwrap_or(Level::Warn)).collect();
    match &report.reason {
        _ if !failing.is_empty() => Outcome::Failure(failure(report, &failing)),
        None => Outcome::Passed,
        Some(why) => match why.class {
            ReasonClass::Gap | ReasonClass::Detector => Outcome::Error(legal(&why.text)),
            ReasonClass::Skipped | ReasonClass::NotApplicable => Outcome::Skipped(legal(&why.text)),
        },
    }
}

/// The title, a line for each finding, and how to mend it.
fn failure(report: &Report, findings: &[&Finding]) -> String {
    let meta = report.detector.meta();
    let mut lines = format!("{}: {}\n", meta.title, thousands(findings.len() as u64));
    for finding in findings.iter().take(LISTED) {
        let (subject, message) = (legal(&finding.subject.to_string()), legal(&finding.message));
        let times = if finding.count > 1 { format!(" x{}", finding.count) } else { String::new() };
        writeln!(lines, "{} {subject}{times}: {message}", finding.level).expect("writing to a string cannot fail");
    }
    let dropped = report.counts.findings.saturating_sub(report.findings.len() as u64);
    let rest = findings.len().saturating_sub(LISTED) as u64 + dropped;
    if rest > 0 {
        writeln!(lines, "{} more", thousands(rest)).expect("writing to a string cannot fail");
    }
    if let Some(why) = &report.reason {
        writeln!(lines, "Not everything was read: {}", legal(&why.text)).expect("writing to a string cannot fail");
    }
    lines + meta.remediation
}
