//! A run as bytes: one file for each format, and one list of them.
//!
//! Everything that comes from a cluster is hostile text: [`text`] cleans and clips it, each format escapes it for its own
//! sink. [`document`] turns a run into the types of the JSON schema.

mod chart;
mod document;
mod formats;
mod gaps;
mod outline;
mod terminal;
mod text;
mod waived;
mod words;

pub use gaps::{Gap, gaps, grant};

use detek_core::{Level, Run};
use jiff::Timestamp;

/// A run with what its formats say about it.
#[derive(Clone, Copy, Debug)]
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
    /// The level from which findings fail the command, if any.
    pub fail_on: Option<Level>,
    /// Version of detek.
    pub detek_version: &'a str,
}

/// How a report looks, whatever it says. The default suits a file or a pipe.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub struct Style<'a> {
    /// Whether to colour (`table`, `wide`).
    pub color: bool,
    /// Whether shapes beyond ASCII may be used (`table`, `wide`).
    pub unicode: bool,
    /// Columns that a line may fill before it is cut; `None` cuts nothing (`table`, `wide`).
    pub width: Option<usize>,
    /// Whether documents are indented (`json`, `json-v0`).
    pub json_pretty: bool,
    /// Whether cells that a spreadsheet would take for a formula are left as they are (`csv`).
    pub csv_raw: bool,
    /// The name that commands in hints begin with: `detek`, `kubectl detek`.
    pub program: &'a str,
    /// The command that shows everything: `detek run -o html=report.html`.
    pub see_all: &'a str,
}

impl Default for Style<'_> {
    fn default() -> Self {
        Style {
            color: false,
            unicode: false,
            width: None,
            json_pretty: true,
            csv_raw: false,
            program: "detek",
            see_all: "detek run -o html=report.html",
        }
    }
}

/// An output format.
#[derive(Debug)]
pub struct Format {
    /// The name as `-o` takes it.
    pub name: &'static str,
    /// One line of help.
    pub help: &'static str,
    /// How names of its files end, without a dot: `-o report.html` is meant as `-o html=report.html`.
    pub extension: &'static str,
    /// Whether people read it on a terminal: colour, width and a pager are for it.
    pub for_terminal: bool,
    /// Whether it can hold several runs.
    pub several: bool,
    render: fn(&[Render<'_>], &Style<'_>, &mut Vec<u8>),
}

impl Format {
    /// A format for programs, of any number of runs.
    const fn new(
        (name, extension): (&'static str, &'static str),
        help: &'static str,
        render: fn(&[Render<'_>], &Style<'_>, &mut Vec<u8>),
    ) -> Self {
        Format { name, help, extension, for_terminal: false, several: true, render }
    }
}

/// Every format, by name.
pub static FORMATS: &[Format] = &[
    Format::new(("csv", "csv"), "findings as cells under a header", formats::csv::render),
    Format::new(("html", "html"), "a report for people, in one file", formats::html::render),
    Format::new(("json", "json"), "the whole run, for programs", formats::json::render),
    Format {
        several: false,
        ..Format::new(("json-v0", "json"), "the document of the original detek, frozen", formats::json_v0::render)
    },
    Format::new(
        ("json-v1", "json"),
        "`json` in its first version, also when there is a newer one",
        formats::json::render,
    ),
    Format::new(("jsonl", "jsonl"), "findings as JSON, one in each line", formats::jsonl::render),
    Format::new(("junit", "xml"), "a test case for each detector, for CI servers", formats::junit::render),
    Format::new(("markdown", "md"), "a comment for a pull request", formats::markdown::render),
    Format::new(("name", "txt"), "one line for each finding: detector, tab, Kind/ns/name", formats::name::render),
    Format::new(("prometheus", "prom"), "numbers of findings as metrics", formats::prometheus::render),
    Format::new(("sarif", "sarif"), "findings for code scanning services", formats::sarif::render),
    Format { for_terminal: true, ..Format::new(("table", "txt"), "for people", formats::table::render) },
    Format::new(
        ("waivers", "yaml"),
        "a file of waivers for what is found now, to begin with",
        formats::waivers::render,
    ),
    Format {
        for_terminal: true,
        ..Format::new(("wide", "txt"), "the table with every finding, what was seen, and when", formats::wide::render)
    },
];

/// Appends `runs` in a format to `out`. A format that is not for `several` writes the first.
pub fn render(format: &Format, runs: &[Render<'_>], style: &Style<'_>, out: &mut Vec<u8>) {
    (format.render)(runs, style, out);
}

#[cfg(test)]
mod tests;
