//! `prometheus`: gauges in the text exposition format, for the textfile collector of a node exporter or a push gateway.
//!
//! No object is named, so that the number of series depends on the detectors only. A detector that was not evaluated has
//! no number of findings, rather than 0.

use crate::{Render, Style, text::text};
use detek_core::{InputState, Level, Report, Run};
use std::{collections::HashSet, fmt::Write as _};

/// Name, help, and the lines of one run under a cluster's label.
type Gauge = (&'static str, &'static str, fn(&Render<'_>, &mut Samples<'_>));

const GAUGES: [Gauge; 7] = [
    ("detek_detectors_applicable", "Detectors that apply to the cluster.", |render, samples| {
        samples.add(&[], render.run.coverage().applicable as f64);
    }),
    ("detek_detectors_evaluated", "Detectors that were evaluated on complete inputs.", |render, samples| {
        samples.add(&[], render.run.coverage().evaluated as f64);
    }),
    ("detek_findings", "Findings of a detector that was evaluated, without those that another explains.", findings),
    ("detek_findings_waived", "Findings that somebody accepts, in no other number.", |render, samples| {
        samples.add(&[], render.run.totals().waived as f64);
    }),
    ("detek_inputs", "Inputs by the state in which they were read.", inputs),
    (
        "detek_report_level",
        "Outcome of a detector: -2 not applicable, -1 Unknown, 0 Normal, 1 Info, 2 Warn, 3 Error, 4 Fatal.",
        |render, samples| {
            for report in &render.run.reports {
                samples.add(&[("detector", &report.id)], f64::from(number(report)));
            }
        },
    ),
    ("detek_run_finished_timestamp_seconds", "When the run ended.", |render, samples| {
        samples.add(&[], render.finished.as_millisecond() as f64 / 1000.0);
    }),
];

pub(crate) fn render(runs: &[Render<'_>], _: &Style<'_>, out: &mut Vec<u8>) {
    let clusters = clusters(runs.iter().map(|render| render.run));
    let mut all = String::new();
    for (name, help, write) in GAUGES {
        writeln!(all, "# HELP {name} {help}\n# TYPE {name} gauge").expect("a string takes all");
        for (render, cluster) in runs.iter().zip(&clusters) {
            write(render, &mut Samples { name, cluster, out: &mut all });
        }
    }
    out.extend_from_slice(all.as_bytes());
}

/// A label for each run. Two contexts of one name would give the same series twice, which is an error of the format.
fn clusters<'a>(runs: impl Iterator<Item = &'a Run>) -> Vec<String> {
    let mut known = HashSet::new();
    let label = |run: &Run| {
        let name = text(&run.target.context);
        let mut names = std::iter::once(name.clone().into_owned()).chain((2..).map(|n| format!("{name} ({n})")));
        names.find(|name| known.insert(name.clone())).expect("numbers do not end")
    };
    runs.map(label).collect()
}

/// Where the samples of one gauge and cluster go.
struct Samples<'o> {
    name: &'static str,
    cluster: &'o str,
    out: &'o mut String,
}

impl Samples<'_> {
    fn add(&mut self, labels: &[(&str, &str)], value: f64) {
        let escape = |value: &str| value.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n");
        write!(self.out, "{}{{cluster=\"{}\"", self.name, escape(self.cluster)).expect("a string takes all");
        for (name, value) in labels {
            write!(self.out, ",{name}=\"{}\"", escape(&text(value))).expect("a string takes all");
        }
        writeln!(self.out, "}} {value}").expect("a string takes all");
    }
}

fn findings(render: &Render<'_>, samples: &mut Samples<'_>) {
    for report in &render.run.reports {
        for level in Level::OF_FINDINGS {
            let counted = report.findings.iter().filter(|finding| finding.counts() && finding.level == level);
            let number = counted.count();
            // Of a list that was read in part, only what was seen is known.
            if number > 0 || report.evaluated() {
                let level = level.name().to_lowercase();
                samples.add(&[("detector", &report.id), ("level", &level)], number as f64);
            }
        }
    }
}

fn inputs(render: &Render<'_>, samples: &mut Samples<'_>) {
    for &state in InputState::ALL {
        let number = render.run.inputs.iter().filter(|input| input.state() == state).count();
        samples.add(&[("state", state.name())], number as f64);
    }
}

fn number(report: &Report) -> i8 {
    match report.level {
        Level::Unknown if !report.applicable() => -2,
        Level::Unknown => -1,
        Level::Normal => 0,
        Level::Info => 1,
        Level::Warn => 2,
        Level::Error => 3,
        Level::Fatal => 4,
    }
}
