//! `jsonl`: one finding as JSON in each line, with its cluster and detector.

use crate::{
    Render, Style,
    document::{FindingPart, finding},
    text::text,
};
use serde::Serialize;
use std::borrow::Cow;

#[derive(Serialize)]
struct Line<'a> {
    cluster: Cow<'a, str>,
    detector: Cow<'a, str>,
    #[serde(flatten)]
    finding: FindingPart<'a>,
}

pub(crate) fn render(runs: &[Render<'_>], _: &Style<'_>, out: &mut Vec<u8>) {
    for run in runs.iter().map(|render| render.run) {
        for report in &run.reports {
            for found in &report.findings {
                let (cluster, detector) = (text(&run.target.context), text(&report.id));
                let line = Line { cluster, detector, finding: finding(found) };
                serde_json::to_writer(&mut *out, &line).expect("these types have string keys and the sink is memory");
                out.push(b'\n');
            }
        }
    }
}
