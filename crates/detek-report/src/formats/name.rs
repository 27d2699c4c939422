//! `name`: detector, tab, `Kind/ns/name`; without what is waived, as nothing there could say so.

use crate::{Render, Style, text::text};

pub(crate) fn render(runs: &[Render<'_>], _: &Style<'_>, out: &mut Vec<u8>) {
    for report in runs.iter().flat_map(|render| &render.run.reports) {
        for finding in report.open() {
            let line = format!("{}\t{}\n", text(&report.id), text(&finding.subject.to_string()));
            out.extend_from_slice(line.as_bytes());
        }
    }
}
