//! `html`: a report in one file that needs no network, no server and, to be read, no script.
//!
//! Text reaches the page through askama's escaping; the two types that pass it are in [`embed`]. The file carries a
//! policy that allows its own style and script by their hashes and nothing else.

mod cluster;
mod coverage;
mod detector;
mod embed;
mod outcomes;
mod prose;
#[cfg(test)]
mod tests;

use crate::{Render, Style, document::Json, words::thousands};
use askama::Template;
use cluster::ClusterView;
use detek_core::{Level, Totals, clip};
use embed::{Data, Verbatim};
use outcomes::Place;
use prose::Span;

const STYLE: Verbatim = Verbatim(include_str!("../../../templates/report.css"));
const SCRIPT: Verbatim = Verbatim(include_str!("../../../templates/report.js"));

/// Longest name of a cluster, an object or a namespace, in characters. What Kubernetes accepts is shorter.
const NAME: usize = 253;

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    policy: String,
    version: &'a str,
    program: &'a str,
    title: String,
    style: Verbatim,
    script: Verbatim,
    data: Data,
    clusters: Vec<ClusterView<'a>>,
}

pub(crate) fn render(runs: &[Render<'_>], look: &Style<'_>, out: &mut Vec<u8>) {
    let data = serde_json::to_string(&Json::new(runs)).expect("these types have string keys");
    let page = Page {
        policy: policy(),
        version: runs.first().map_or("", |render| render.detek_version),
        program: look.program,
        title: format!("{}: {}", name(runs), summary(runs)),
        style: STYLE,
        script: SCRIPT,
        data: Data(data),
        clusters: runs
            .iter()
            .enumerate()
            .map(|(number, render)| ClusterView::new(number, render, look.program))
            .collect(),
    };
    page.write_into(out).expect("templates only fail with their values or their sink, and neither can");
}

fn policy() -> String {
    format!(
        "default-src 'none'; script-src {}; style-src {}; img-src data:; base-uri 'none'; form-action 'none'",
        SCRIPT.source(),
        STYLE.source()
    )
}

fn name(runs: &[Render<'_>]) -> String {
    match runs {
        [one] => clip(&one.run.target.context, NAME),
        many => format!("{} clusters", many.len()),
    }
}

/// What a tab or a list of files shows: `2 fatal, 5 error, 6 detectors not evaluated`.
fn summary(runs: &[Render<'_>]) -> String {
    let sum = |part: fn(&Totals) -> u64| runs.iter().map(|render| part(&render.run.totals())).sum::<u64>();
    let parts = [
        (sum(|totals| totals.fatal), "fatal"),
        (sum(|totals| totals.error), "error"),
        (sum(|totals| totals.warn), "warn"),
        (sum(|totals| totals.info), "info"),
        (sum(|totals| totals.unknown), "not evaluated"),
    ];
    let said: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, name)| format!("{count} {name}")).collect();
    if said.is_empty() { "nothing found".to_owned() } else { said.join(", ") }
}
