//! `name`: detector, tab, `Kind/ns/name`; nothing is cut.

use crate::Render;
use detek_core::clip;

pub(crate) fn render(runs: &[Render<'_>], out: &mut Vec<u8>) {
    for report in runs.iter().flat_map(|render| &render.run.reports) {
        for finding in &report.findings {
            let line = format!("{}\t{}\n", report.id, clip(&finding.subject.to_string(), usize::MAX));
            out.extend_from_slice(line.as_bytes());
        }
    }
}
