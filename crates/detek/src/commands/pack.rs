//! `detek pack`: make, check and test detectors that are written as data.

use crate::{
    cli::PackCommand,
    failure::Failure,
    output::print,
    packs::{self, Checked},
};
use detek_core::AnyDetector as _;
use detek_packs::{
    PackDetector,
    problem::{Problem, Severity},
    testing,
};
use std::{collections::BTreeMap, fmt::Write as _, path::PathBuf, sync::Arc};

/// A pack has a mistake.
const FAULTY: u8 = 2;
/// A test failed.
const FAILED: u8 = 1;

pub(super) fn pack(command: PackCommand, program: &str) -> Result<u8, Failure> {
    match command {
        PackCommand::New { directory } => {
            let mut text = String::new();
            for path in packs::create(&directory)? {
                let _ = writeln!(text, "wrote {}", path.display());
            }
            let directory = directory.display();
            let _ = writeln!(text, "next  {program} pack test {directory}\n      {program} run --pack {directory}");
            print(&text)?;
            Ok(0)
        }
        PackCommand::Check { paths, strict } => check(&paths, strict),
        PackCommand::Test { paths, only } => test(&paths, &only),
    }
}

/// Packs by themselves: ids of built-in ones are not taken.
fn load(paths: &[PathBuf]) -> Result<Checked, Failure> {
    packs::check(paths, &BTreeMap::new())
}

fn check(paths: &[PathBuf], strict: bool) -> Result<u8, Failure> {
    let checked = load(paths)?;
    let mut text = told(&checked.problems);
    let count = |severity| checked.problems.iter().filter(|problem| problem.severity() == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    for detector in &checked.detectors {
        text.push_str(&about(detector));
    }
    let _ = writeln!(
        text,
        "{}, {}, {}",
        counted(checked.detectors.len(), "detector"),
        counted(errors, "error"),
        counted(warnings, "warning")
    );
    print(&text)?;
    Ok(if checked.is_faulty(strict) { FAULTY } else { 0 })
}

/// What a detector reads, and what it may cost.
fn about(detector: &PackDetector) -> String {
    let plan = detek_detectors::plan(vec![Arc::new(detector.clone())]);
    let mut text = format!("{}  about {} units for an object\n", detector.meta().id, detector.cost());
    let Some(planned) = plan.detectors.first() else { return text };
    for input in plan.inputs.iter().filter(|input| planned.roles.contains_key(&input.kind.key)) {
        let role = planned.roles[&input.kind.key].name();
        let paths: Vec<String> = input.projection.paths().into_iter().map(|(path, _)| path).collect();
        let _ = writeln!(text, "  {role:<8} {}\n           {}", input.kind.key, paths.join(" "));
    }
    text
}

fn test(paths: &[PathBuf], only: &[String]) -> Result<u8, Failure> {
    let checked = load(paths)?;
    if checked.is_faulty(false) {
        print(&told(&checked.problems))?;
        return Ok(FAULTY);
    }
    let known: Vec<&str> = checked.detectors.iter().map(|detector| detector.meta().id).collect();
    if let Some(unknown) = only.iter().find(|id| !known.contains(&id.as_str())) {
        return Err(crate::select::unknown("detector", unknown, &known, "detek pack check"));
    }
    let (mut text, mut tests, mut runs, mut failed) = (String::new(), 0, 0, 0);
    let chosen =
        checked.detectors.iter().filter(|detector| only.is_empty() || only.iter().any(|id| id == detector.meta().id));
    for detector in chosen {
        for result in testing::run(detector, &detek_detectors::plan) {
            tests += 1;
            runs += result.runs;
            let sign = if result.failures.is_empty() { "ok    " } else { "FAILED" };
            failed += usize::from(!result.failures.is_empty());
            let _ = writeln!(text, "{sign} {}  {}", detector.meta().id, detek_core::clip(&result.name, 200));
            text.push_str(&told(&result.failures));
        }
    }
    let _ = writeln!(
        text,
        "{}, {failed} failed; {} with an input denied, partial or absent",
        counted(tests, "test"),
        counted(runs - tests, "run")
    );
    print(&text)?;
    Ok(if failed > 0 { FAILED } else { 0 })
}

fn told(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        + if problems.is_empty() { "" } else { "\n" }
}

fn counted(count: usize, of: &str) -> String {
    format!("{count} {of}{}", if count == 1 { "" } else { "s" })
}
