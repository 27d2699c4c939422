//! `table`: what people see first. Says how much was evaluated beside every total.

use crate::{Render, Style};
use detek_core::{Input, InputState, Level, ObjectRef, Report, Run, clip};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

/// Subjects named in one line.
const NAMED: usize = 2;

pub(crate) fn render(runs: &[Render<'_>], _: &Style<'_>, out: &mut Vec<u8>) {
    for (number, render) in runs.iter().enumerate() {
        if number > 0 {
            out.push(b'\n');
        }
        out.extend_from_slice(text(render).as_bytes());
    }
}

fn text(render: &Render<'_>) -> String {
    let run = render.run;
    let mut lines = vec![head(render), totals(run), String::new()];
    let mut found: Vec<&Report> = run.reports.iter().filter(|report| !report.findings.is_empty()).collect();
    found.sort_by(|a, b| (b.level, &a.id).cmp(&(a.level, &b.id)));
    let wide = found.iter().map(|report| report.id.len()).max().unwrap_or(0);
    for report in &found {
        lines.push(line(report, wide));
        let first = &report.findings[0];
        lines.push(format!("     {}", first.message));
    }
    let coverage = run.coverage();
    if found.is_empty() && coverage.evaluated > 0 {
        lines.push(format!("  Nothing found by {} of {} detectors.", coverage.evaluated, coverage.applicable));
    }
    gaps(run, &mut lines);
    lines.extend(run.notes.iter().map(|note| format!("  note         {}", clip(&note.text, 300))));
    if let Some(report) = found.first() {
        lines.push(format!("\n  why and fix  detek explain {}", report.id));
        lines.push("  everything   -o json".to_owned());
    }
    lines.iter().fold(String::new(), |mut text, line| {
        writeln!(text, "{line}").expect("writing to a string cannot fail");
        text
    })
}

fn head(render: &Render<'_>) -> String {
    let target = &render.run.target;
    let seconds = render.finished.duration_since(render.started).as_millis() as f64 / 1000.0;
    let version = target.version.as_deref().unwrap_or("version unknown");
    let scope = match target.namespaces.as_slice() {
        [] => String::new(),
        some => format!("  namespaces {}", some.join(", ")),
    };
    format!("{}  {version}  {}{scope}  {seconds:.1} s", clip(&target.context, 100), clip(&target.server, 200))
}

fn totals(run: &Run) -> String {
    let (totals, coverage) = (run.totals(), run.coverage());
    let missing = coverage.applicable - coverage.evaluated;
    let missing = if missing > 0 { format!(", {missing} not") } else { String::new() };
    format!(
        "  F {}   E {}   W {}   I {}   ? {}          {} of {} detectors evaluated{missing}",
        totals.fatal, totals.error, totals.warn, totals.info, totals.unknown, coverage.evaluated, coverage.applicable
    )
}

fn line(report: &Report, wide: usize) -> String {
    let subjects: BTreeSet<&ObjectRef> = report.findings.iter().map(|finding| &finding.subject).collect();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for subject in &subjects {
        *kinds.entry(&subject.kind).or_default() += 1;
    }
    let names: Vec<String> = subjects.iter().take(NAMED).map(|subject| clip(&subject.short(), 80)).collect();
    let counts: Vec<String> = kinds.iter().map(|(kind, count)| plural(*count, kind)).collect();
    let rest = if subjects.len() > NAMED { format!(", +{}", subjects.len() - NAMED) } else { String::new() };
    let partial = if report.partial { "  (partial: there may be more)" } else { "" };
    format!(
        "  {}  {:<wide$}  {}  {}{rest}{partial}",
        report.level.sign(),
        report.id,
        counts.join(", "),
        names.join(", ")
    )
}

fn plural(count: usize, kind: &str) -> String {
    let kind = clip(kind, 40).to_lowercase();
    let ending = match kind.as_str() {
        _ if count == 1 => "",
        kind if kind.ends_with('s') => "es",
        _ => "s",
    };
    format!("{count} {kind}{ending}")
}

/// What was not evaluated, by input, with the reason; then detectors that failed for another reason.
fn gaps(run: &Run, lines: &mut Vec<String>) {
    let mut title = Some("\n  not evaluated");
    for input in run.inputs.iter().filter(|input| input.state() != InputState::Complete) {
        let touched =
            |report: &&Report| report.reason.as_ref().is_some_and(|reason| reason.inputs.contains(input.key()));
        let detectors = run.reports.iter().filter(touched).count();
        if detectors == 0 {
            continue;
        }
        lines.extend(title.take().map(str::to_owned));
        let text = input.cause().map_or("", |cause| cause.text.as_str());
        let count = plural(detectors, "detector");
        lines.push(format!("  {:<20} {:<9}  {count:<13}  {text}", clip(input.key().name(), 40), input.state()));
    }
    if let Some(fix) = permission(run) {
        lines.push(format!("  fix          {fix}"));
    }
    for report in run.reports.iter().filter(|report| report.level == Level::Unknown && report.applicable()) {
        if let Some(reason) = report.reason.as_ref().filter(|reason| reason.inputs.is_empty()) {
            lines.extend(title.take().map(str::to_owned));
            lines.push(format!("  {:<20} {:<9}  {}", report.id, reason.class.name(), clip(&reason.text, 300)));
        }
    }
}

/// The command that grants what was refused, for the user that the server named.
fn permission(run: &Run) -> Option<String> {
    let denied: Vec<&Input> = run.inputs.iter().filter(|input| input.state() == InputState::Denied).collect();
    let names = denied.iter().map(|input| input.key().name()).collect::<Vec<_>>().join(",");
    let user = denied.iter().find_map(|input| input.cause()?.user.as_deref())?;
    // The name goes into a command that is pasted into a shell: what is not plainly a name is left for people to write.
    let plain = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:@".contains(c));
    let to = match user.strip_prefix("system:serviceaccount:").and_then(|account| account.split_once(':')) {
        _ if !plain(user) => "user:NAME".to_owned(),
        Some((namespace, name)) => format!("sa:{namespace}/{name}"),
        None => format!("user:{user}"),
    };
    Some(format!("detek rbac --only {names} --to {to} | kubectl apply -f -"))
}
