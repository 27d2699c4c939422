//! What holds for every format.

pub(crate) mod dom;
mod golden;
mod hostile;
mod readers;
pub(crate) mod runs;
mod shape;

use crate::{FORMATS, Format, Style};
use detek_core::Run;

fn format(name: &str) -> &'static Format {
    FORMATS.iter().find(|format| format.name == name).expect("a format")
}

/// `runs` in a format; the first of them if it takes one only.
fn text(format: &Format, runs: &[&Run], style: &Style<'_>) -> String {
    let runs = if format.several { runs } else { &runs[..1] };
    let renders: Vec<_> = runs.iter().map(|run| runs::render(run)).collect();
    let mut out = Vec::new();
    crate::render(format, &renders, style, &mut out);
    String::from_utf8(out).expect("every format is UTF-8")
}

#[test]
fn the_list_of_formats_is_sorted() {
    assert!(FORMATS.is_sorted_by_key(|format| format.name));
}
