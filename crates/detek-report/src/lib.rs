//! A run as bytes: one file for each format, and one list of them.
//!
//! Everything that comes from a cluster is hostile text: each format escapes for its own sink.

mod formats;

use detek_core::Run;
use jiff::Timestamp;

/// A run with what its formats say about it.
pub struct Render<'a> {
    /// The run.
    pub run: &'a Run,
    /// Identifies it.
    pub run_id: &'a str,
    /// When it began, by the scanner's clock.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Timestamp,
    /// The exit code of the command.
    pub exit_code: u8,
    /// Why it is not 0.
    pub exit_reasons: &'a [String],
    /// Version of detek.
    pub detek_version: &'a str,
}

/// An output format.
pub struct Format {
    /// The name as `-o` takes it.
    pub name: &'static str,
    /// One line of help.
    pub help: &'static str,
    render: fn(&[Render<'_>], &mut Vec<u8>),
}

/// Every format, by name.
pub static FORMATS: &[Format] = &[
    Format { name: "json", help: "the whole run, for programs", render: formats::json::render },
    Format {
        name: "name",
        help: "one line for each finding: detector, tab, Kind/ns/name",
        render: formats::name::render,
    },
    Format { name: "table", help: "for people", render: formats::table::render },
];

/// Appends `runs` in a format to `out`.
pub fn render(format: &Format, runs: &[Render<'_>], out: &mut Vec<u8>) {
    (format.render)(runs, out);
}
