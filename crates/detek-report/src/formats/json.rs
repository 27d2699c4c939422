//! `json`: the whole run.

use crate::{Render, Style, document::Json};
use serde::Serialize;

pub(crate) fn render(runs: &[Render<'_>], style: &Style<'_>, out: &mut Vec<u8>) {
    write(&Json::new(runs), style, out);
}

/// A document and a newline.
pub(super) fn write(document: &impl Serialize, style: &Style<'_>, out: &mut Vec<u8>) {
    let written = if style.json_pretty {
        serde_json::to_writer_pretty(&mut *out, document)
    } else {
        serde_json::to_writer(&mut *out, document)
    };
    written.expect("these types have string keys and the sink is memory");
    out.push(b'\n');
}
