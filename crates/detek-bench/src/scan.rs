//! B3: a whole scan, from the first byte of the process to the last of the report.

use crate::{
    Outcome, Size,
    figure::{Budget, Figure, median},
    process::{Scanner, Simulator},
    workload::{Pages, cpu, pages},
};
use std::time::Duration;

const SIZE: Size = Size { pods: 10_000, replicas: 10, revisions: 10 };
const ROUNDS: usize = 5;
/// Of the floor.
const BUDGET: f64 = 2.0;
/// The floor in units of the yardstick: reading pages in a straight line, with scratch memory, no network, no joins and
/// no report, was measured to take this much of skipping them.
const FLOOR: f64 = 2.6;

pub(crate) fn measure() -> Outcome<Vec<Figure>> {
    let lists = pages(SIZE.into(), |_| true)?;
    let simulator = Simulator::start(SIZE)?;
    let scanner = Scanner::find()?;
    let (mut ratios, mut scans) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let floor = FLOOR * cpu(|| skip_all(&lists))?.as_secs_f64();
        let scan = scanner.scan(&simulator)?.cpu;
        ratios.push(scan.as_secs_f64() / floor);
        scans.push(scan);
    }
    let milliseconds = median(scans.iter().map(Duration::as_secs_f64).collect()) * 1e3;
    let name = format!("B3 scan of {} pods and all else, CPU time in floors", SIZE.pods);
    Ok(vec![
        Figure::new(name, median(ratios), "", Budget::AtMost(BUDGET)),
        Figure::new("   the same", milliseconds, "ms", Budget::Told),
    ])
}

fn skip_all(lists: &[Pages]) -> Outcome<()> {
    lists.iter().try_for_each(Pages::skip)
}
