//! B2: sixty conditions on each pod, against the same conditions written in Rust and against skipping the pods.

mod by_hand;

use crate::{
    Outcome,
    figure::{Budget, Figure, median},
    workload::{PODS, Pages, cpu, pods},
};
use bumpalo::Bump;
use by_hand::{CONDITIONS, Fields};
use detek_cel::{Compiler, Frame, Program, Value, Want};
use detek_doc::Store;
use std::{hint::black_box, time::Duration};

/// One a line, in the order of [`CONDITIONS`].
const TEXT: &str = include_str!("../../../detek-cel/tests/conditions.txt");
const ROUNDS: usize = 7;
/// Of the speed of the same in Rust.
const OF_RUST: f64 = 0.25;
/// Of the time of the yardstick. Where the budgets were measured, it skipped 1,400 MB/s, or a pod of 12.5 kB in 8.9 us,
/// and 3 million evaluations a second are 20 us for each pod.
const OF_SKIPPING: f64 = 2.24;
/// Units for each pod; far more than all conditions need.
const FUEL: u64 = 1_000_000;

pub(crate) fn measure() -> Outcome<Vec<Figure>> {
    let mut figures = Vec::new();
    for (alike, replicas) in [("10 alike", 10), ("no two alike", 1)] {
        figures.extend(measure_pods(alike, replicas)?);
    }
    Ok(figures)
}

fn measure_pods(alike: &str, replicas: usize) -> Outcome<Vec<Figure>> {
    let programs = conditions()?;
    let pages = pods(replicas, &programs)?;
    let store = pages.read()?;
    check(&store, &programs)?;
    let rounds = (0..ROUNDS).map(|_| round(&store, &programs, &pages)).collect::<Outcome<Vec<_>>>()?;
    let evaluations = (store.len() * programs.len()) as f64;
    let of = |value: fn(&Round) -> f64| median(rounds.iter().map(value).collect());
    let millions = |time: fn(&Round) -> Duration| {
        median(rounds.iter().map(|round| evaluations / time(round).as_secs_f64() / 1e6).collect())
    };
    let units = evaluate_all(&store, &programs) as f64 / evaluations;
    let name = format!("B2 60 conditions, {PODS} pods, {alike}, speed of Rust");
    Ok(vec![
        Figure::new(name, of(|r| r.rust.div_duration_f64(r.cel)), "", Budget::AtLeast(OF_RUST)),
        Figure::new(
            "   the same, time of `IgnoredAny` on the pods",
            of(|r| r.cel.div_duration_f64(r.skip)),
            "",
            Budget::AtMost(OF_SKIPPING),
        ),
        Figure::new("   evaluations a second and core", millions(|r| r.cel), "M/s", Budget::Told),
        Figure::new("   the same conditions in Rust", millions(|r| r.rust), "M/s", Budget::Told),
        Figure::new("   cost of an evaluation", units, "unit", Budget::Told),
    ])
}

/// The sixty conditions on `object`.
fn conditions() -> Outcome<Vec<Program>> {
    let mut compiler = Compiler::new();
    compiler.document("object", 0);
    let lines = TEXT.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let programs = lines
        .map(|line| compiler.expression(line, Want::Bool).map_err(|problems| format!("{line}: {problems:?}").into()))
        .collect::<Outcome<Vec<_>>>()?;
    if programs.len() == CONDITIONS.len() {
        Ok(programs)
    } else {
        Err(format!("{} conditions in CEL, {} in Rust", programs.len(), CONDITIONS.len()).into())
    }
}

/// Evaluates all programs on each document, object after object, and gives the units that it cost.
fn evaluate_all(store: &Store, programs: &[Program]) -> u64 {
    let slots = slots(programs);
    let (mut scratch, mut units) = (Bump::new(), 0);
    for doc in store.docs() {
        scratch.reset();
        let mut frame = Frame::new(&scratch, slots, &[], &[], FUEL);
        frame.set(0, Value::Stored(doc));
        for program in programs {
            let _ = black_box(program.holds(&mut frame));
        }
        units += FUEL - frame.fuel().unsigned_abs();
    }
    units
}

fn slots(programs: &[Program]) -> usize {
    programs.iter().map(Program::slots).max().unwrap_or(0)
}

/// Both say the same of each condition and pod, failures included.
fn check(store: &Store, programs: &[Program]) -> Outcome<()> {
    let fields = Fields::new();
    let slots = slots(programs);
    for doc in store.docs() {
        let scratch = Bump::new();
        let mut frame = Frame::new(&scratch, slots, &[], &[], FUEL);
        frame.set(0, Value::Stored(doc));
        for (n, (program, condition)) in programs.iter().zip(CONDITIONS).enumerate() {
            let (cel, rust) = (program.holds(&mut frame), condition(&fields, doc));
            if cel.ok() != rust {
                return Err(format!("condition {}: {cel:?} in CEL, {rust:?} in Rust, of {doc:?}", n + 1).into());
            }
        }
    }
    Ok(())
}

struct Round {
    cel: Duration,
    rust: Duration,
    skip: Duration,
}

fn round(store: &Store, programs: &[Program], pages: &Pages) -> Outcome<Round> {
    let fields = Fields::new();
    Ok(Round {
        cel: cpu(|| {
            black_box(evaluate_all(store, programs));
            Ok(())
        })?,
        rust: cpu(|| {
            for doc in store.docs() {
                for condition in CONDITIONS {
                    black_box(condition(&fields, black_box(doc)));
                }
            }
            Ok(())
        })?,
        skip: cpu(|| pages.skip())?,
    })
}
