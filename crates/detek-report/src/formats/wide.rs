//! `wide`: the table with every finding, what was seen, and when it was read. Nothing is cut: a terminal wraps it.

use super::table::{INDENT, head, not_evaluated, pages, title};
use crate::{
    Render, Style,
    outline::{Row, nothing_found, rows},
    terminal::{Line, Look},
    text::{evidence, text},
    waived,
    words::{count, thousands},
};
use detek_core::{Finding, Input, Run};
use serde_json::Value;

pub(crate) fn render(runs: &[Render<'_>], style: &Style<'_>, out: &mut Vec<u8>) {
    let style = &Style { width: None, ..*style };
    pages(runs, style, out, |render| {
        let run = render.run;
        let mut lines = head(render, style);
        lines.insert(1, when(render));
        lines.extend(not_evaluated(run, style, usize::MAX));
        let rows = rows(run);
        if rows.is_empty() {
            lines.extend([Line::default().add(Look::Plain, format!("  {}", nothing_found(run))), Line::default()]);
        }
        lines.extend(rows.iter().flat_map(|row| detector(row, style)));
        lines.extend(accepted(run));
        lines.extend(off(run));
        lines.extend(inputs(run));
        lines
    });
}

fn when(render: &Render<'_>) -> Line {
    let times = format!("  {:.0} to {:.0}, judged by {:.0}", render.started, render.finished, render.run.now);
    Line::default().add(Look::Plain, times)
}

/// The detector with each of its findings, and an empty line.
fn detector(row: &Row<'_>, style: &Style<'_>) -> Vec<Line> {
    let mut lines = vec![title(row, style).add(Look::Plain, "  ").add(Look::Faint, row.title)];
    lines.extend(row.findings.iter().flat_map(|finding| objects(finding)));
    if row.dropped > 0 {
        let rest = format!("{} more were found and are not kept", thousands(row.dropped));
        lines.push(Line::default().to(INDENT).add(Look::Plain, rest));
    }
    if row.partial {
        lines.push(Line::default().to(INDENT).add(Look::Plain, "not everything was read: there may be more"));
    }
    lines.push(Line::default());
    lines
}

/// The finding: its subject and message, below it the objects seen and the evidence.
fn objects(finding: &Finding) -> Vec<Line> {
    let subject = Line::default().to(INDENT).add(Look::Level(finding.level), finding.level.sign());
    let subject = subject.add(Look::Plain, " ").add(Look::Strong, text(&finding.subject.to_string()));
    let mut lines = vec![subject.add(Look::Plain, "  ").add(Look::Plain, text(&finding.message))];
    let mut detail = |label: &str, value: String| {
        if !value.is_empty() {
            let line = Line::default().to(INDENT + 4).add(Look::Faint, label).to(INDENT + 14);
            lines.push(line.add(Look::Plain, value));
        }
    };
    let samples: Vec<_> = finding.samples.iter().map(|object| text(&object.short()).into_owned()).collect();
    let rest = match finding.count.saturating_sub(samples.len() as u64) {
        rest if rest > 0 && !samples.is_empty() => format!(", +{}", thousands(rest)),
        _ => String::new(),
    };
    detail("seen on", samples.join(", ") + &rest);
    detail("at", finding.path.as_deref().map_or_else(String::new, |path| text(path).into_owned()));
    detail("evidence", pairs(finding));
    let related: Vec<_> = finding.related.iter().map(|object| text(&object.to_string()).into_owned()).collect();
    detail("related", related.join(", "));
    lines
}

/// `container=app  cpu_limit=false`: text as it is, the rest as JSON.
fn pairs(finding: &Finding) -> String {
    let pair = |(name, value): (&String, &Value)| match value {
        Value::String(value) => format!("{name}={value}"),
        other => format!("{name}={other}"),
    };
    evidence(&finding.evidence).iter().map(pair).collect::<Vec<_>>().join("  ")
}

/// What somebody accepts, and what became of each waiver.
fn accepted(run: &Run) -> Vec<Line> {
    let mut lines = Vec::new();
    for (id, finding, waiver) in waived::findings(run) {
        let line = Line::default()
            .add(Look::Plain, "  ")
            .add(Look::Faint, "waived")
            .add(Look::Plain, format!("  {}  ", text(id)));
        let line = line.add(Look::Strong, text(&finding.subject.to_string())).add(Look::Plain, "  ");
        lines.push(line.add(Look::Plain, text(&finding.message)));
        lines.push(Line::default().to(INDENT + 4).add(Look::Plain, waived::terms(waiver)));
    }
    for audit in &run.waivers {
        let line = Line::default().add(Look::Plain, "  ").add(Look::Faint, "waiver").add(Look::Plain, "  ");
        let line = line.add(Look::Strong, text(&audit.name));
        let what = format!("  {}, {}", audit.state.name(), count(audit.matches, "finding"));
        let why = if audit.text.is_empty() { String::new() } else { format!(": {}", text(&audit.text)) };
        lines.push(line.add(Look::Plain, what + &why));
    }
    if !lines.is_empty() {
        lines.push(Line::default());
    }
    lines
}

/// Detectors that were not asked, and what would switch them on.
fn off(run: &Run) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for not_run in &run.not_run {
        let line = Line::default().add(Look::Plain, "  ").add(Look::Strong, text(&not_run.id));
        lines.push(line.add(Look::Plain, format!("  off: {}", not_run.reason)));
    }
    if !lines.is_empty() {
        lines.push(Line::default());
    }
    lines
}

/// What was read and when, or why not.
fn inputs(run: &Run) -> Vec<Line> {
    let keys = run.inputs.iter().map(|input| text(input.key().as_str()).chars().count()).max().unwrap_or(0).min(60);
    let line = |input: &Input| {
        let volume = input.volume();
        let line = Line::default().add(Look::Plain, "  ").add(Look::Plain, text(input.key().as_str())).to(keys + 4);
        let line = line.add(Look::Plain, input.state().name()).to(keys + 15);
        let line = line.add(Look::Plain, count(volume.items, "item")).to(keys + 30);
        let when = volume.finished.map_or_else(String::new, |at| at.to_string());
        let why = input.cause().map_or_else(String::new, |cause| text(&cause.text).into_owned());
        line.add(Look::Faint, if why.is_empty() { when } else { why })
    };
    let mut lines: Vec<Line> = run.inputs.iter().map(line).collect();
    if !lines.is_empty() {
        lines.insert(0, Line::default().add(Look::Faint, "  read"));
    }
    lines
}
