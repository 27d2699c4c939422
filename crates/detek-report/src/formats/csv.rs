//! `csv`: one finding in each row, under a header. Quoted by RFC 4180; no cell is a formula.

use crate::{
    Render, Style,
    text::{evidence, text},
};
use detek_core::{Finding, ObjectRef, Report};
use std::borrow::Cow;

const HEADER: [&str; 16] = [
    "cluster",
    "detector",
    "level",
    "group",
    "kind",
    "namespace",
    "name",
    "count",
    "samples",
    "message",
    "path",
    "evidence",
    "related",
    "fingerprint",
    "cause",
    "waiver",
];

pub(crate) fn render(runs: &[Render<'_>], style: &Style<'_>, out: &mut Vec<u8>) {
    let mut writer = csv::Writer::from_writer(out);
    let mut write = |cells: [Cow<'_, str>; 16]| {
        let guarded = cells.iter().map(|cell| if style.csv_raw { Cow::Borrowed(&**cell) } else { guard(cell) });
        writer.write_record(guarded.map(Cow::into_owned)).expect("rows are of one length, the sink is memory");
    };
    write(HEADER.map(Cow::Borrowed));
    for run in runs.iter().map(|render| render.run) {
        for report in &run.reports {
            for finding in &report.findings {
                write(row(&run.target.context, report, finding));
            }
        }
    }
    writer.flush().expect("the sink is memory");
}

fn row<'a>(cluster: &'a str, report: &'a Report, finding: &'a Finding) -> [Cow<'a, str>; 16] {
    let subject = &finding.subject;
    [
        text(cluster),
        text(&report.id),
        finding.level.name().into(),
        text(&subject.group),
        text(&subject.kind),
        text(&subject.namespace),
        text(&subject.name),
        finding.count.to_string().into(),
        list(&finding.samples).into(),
        text(&finding.message),
        text(finding.path.as_deref().unwrap_or_default()),
        if finding.evidence.is_empty() {
            "".into()
        } else {
            serde_json::Value::from(evidence(&finding.evidence)).to_string().into()
        },
        list(&finding.related).into(),
        finding.fingerprint.to_string().into(),
        finding.cause.map_or_else(String::new, |cause| cause.to_string()).into(),
        finding.waiver.as_deref().map_or("".into(), |waiver| text(&waiver.name)),
    ]
}

fn list(objects: &[ObjectRef]) -> String {
    objects.iter().map(|object| text(&object.to_string()).into_owned()).collect::<Vec<_>>().join(" ")
}

/// A cell that a spreadsheet would take for a formula, or that begins with the guard itself, gets a leading `'`; dropping
/// one gives the text back.
fn guard(cell: &str) -> Cow<'_, str> {
    // Also the full-width forms of these signs, which some spreadsheets fold.
    let risky = |c: char| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '＝' | '＋' | '－' | '＠');
    if cell.starts_with('\'') || cell.trim_start().starts_with(risky) { format!("'{cell}").into() } else { cell.into() }
}

#[cfg(test)]
mod tests {
    use super::guard;

    #[test]
    fn a_cell_is_never_a_formula_and_one_quote_less_is_the_text() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\u{a0}=1", "＝1", "'=1"] {
            assert_eq!(guard(text), format!("'{text}"));
        }
        for text in ["", "a=1", "10.2.3.4", "web-1"] {
            assert_eq!(guard(text), text);
        }
    }
}
