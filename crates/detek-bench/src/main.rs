//! Measures detek against its budgets.
//!
//! Speed is CPU time as a ratio to a yardstick that is measured in turns with it, so that neither the machine nor what
//! else runs on it decides. Memory is the peak of a process of its own. `docs/performance.md` explains the figures.

mod cel;
mod decode;
mod figure;
mod index;
mod load;
mod memory;
mod process;
mod scan;
mod workload;

use clap::{Args, Parser, Subcommand};
use figure::Figure;
use std::{error::Error, io::Write as _, process::ExitCode};

type Outcome<T> = Result<T, Box<dyn Error>>;

#[derive(Parser)]
#[command(name = "detek-bench", about = "Measures detek against its budgets; exits with 1 if one is broken")]
struct Arguments {
    #[command(subcommand)]
    bench: Bench,
    /// Print figures as JSON lines
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Bench {
    /// Every bench, each in a process of its own
    All,
    /// Pages of pods into a store, against skipping them (B1)
    Decode,
    /// Sixty conditions on each of 10,000 pods, against the same in Rust (B2)
    Cel,
    /// Ingresses joined with Services by an index, against reading both (P4)
    Index,
    /// The expressions of 500 detectors, against skipping 10,000 pods (B5)
    Load,
    /// A whole scan over loopback, against skipping the same pages (B3)
    Scan,
    /// Peak memory of scans of up to 150,000 pods (B4)
    Memory,
    /// Serve a generated cluster and print its kubeconfig, until standard input ends
    ServeSim(Size),
}

#[derive(Args, Clone, Copy)]
struct Size {
    /// Pods of the cluster
    #[arg(long, default_value_t = 10_000)]
    pods: usize,
    /// Pods of one Deployment; with 1 every pod is different
    #[arg(long, default_value_t = 10)]
    replicas: usize,
    /// ReplicaSets of one Deployment
    #[arg(long, default_value_t = 10)]
    revisions: usize,
}

impl From<Size> for detek_sim::Size {
    fn from(Size { pods, replicas, revisions }: Size) -> Self {
        Self { pods, replicas, revisions }
    }
}

fn main() -> ExitCode {
    let Arguments { bench, json } = Arguments::parse();
    let outcome = match bench {
        Bench::All => all(json),
        Bench::Decode => decode::measure().and_then(|figures| print(&figures, json)),
        Bench::Cel => cel::measure().and_then(|figures| print(&figures, json)),
        Bench::Index => index::measure().and_then(|figures| print(&figures, json)),
        Bench::Load => load::measure().and_then(|figures| print(&figures, json)),
        Bench::Scan => scan::measure().and_then(|figures| print(&figures, json)),
        Bench::Memory => memory::CLUSTERS
            .into_iter()
            .try_fold(true, |within, cluster| Ok(print(&memory::measure(cluster)?, json)? && within)),
        Bench::ServeSim(size) => process::serve(size.into()).map(|()| true),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(why) => {
            // Nothing is left to do if standard error itself cannot be written.
            let _ = writeln!(std::io::stderr(), "error: {why}");
            ExitCode::from(2)
        }
    }
}

/// Runs every bench in a process of its own, as what one leaves in the allocator changes the next.
fn all(json: bool) -> Outcome<bool> {
    let mut within = true;
    for bench in ["decode", "cel", "index", "load", "scan", "memory"] {
        let mut command = process::bench(bench)?;
        if json {
            command.arg("--json");
        }
        match command.status()?.code() {
            Some(0) => {}
            Some(1) => within = false,
            _ => return Err(format!("the bench {bench} did not end").into()),
        }
    }
    Ok(within)
}

fn print(figures: &[Figure], json: bool) -> Outcome<bool> {
    let mut out = std::io::stdout().lock();
    for figure in figures {
        if json {
            writeln!(out, "{}", serde_json::to_string(figure)?)?;
        } else {
            writeln!(out, "{figure}")?;
        }
    }
    Ok(figures.iter().all(Figure::is_within))
}
