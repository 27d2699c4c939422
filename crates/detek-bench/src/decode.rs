//! B1: pages of pods into a store.

use crate::{
    Outcome,
    figure::{Budget, Figure, median},
    workload::{Pages, cpu, pages, skip},
};
use detek_doc::{Caps, Decode, SonicRs, StoreBuilder, decoder};
use detek_sim::Size;
use std::time::Duration;

const PODS: usize = 10_000;
const ROUNDS: usize = 7;
/// Of the speed of the yardstick.
const BUDGET: f64 = 0.40;

pub(crate) fn measure() -> Outcome<Vec<Figure>> {
    let lists = pages(Size::pods(PODS), |resource| resource == "pods")?;
    let pods = lists.first().ok_or("no detector reads pods")?;
    let bytes: usize = pods.bodies.iter().map(Vec::len).sum();
    let mut rounds = (0..ROUNDS).map(|_| round(pods)).collect::<Outcome<Vec<_>>>()?;
    let ratio = |of: fn(&Round) -> Duration| {
        median(rounds.iter().map(|round| round.skip.as_secs_f64() / of(round).as_secs_f64()).collect())
    };
    let (ours, sonic) = (ratio(|round| round.decoder), ratio(|round| round.sonic));
    let skip = median(rounds.iter_mut().map(|round| round.skip.as_secs_f64()).collect());
    let name = format!("B1 decode {PODS} pods, speed of `IgnoredAny`");
    Ok(vec![
        Figure::new(name, ours, "", Budget::AtLeast(BUDGET)),
        Figure::new("   the same, sonic-rs with a bounded skip", sonic, "", Budget::Told),
        Figure::new("   `IgnoredAny` itself", bytes as f64 / skip / 1e6, "MB/s", Budget::Told),
    ])
}

#[derive(Default)]
struct Round {
    skip: Duration,
    decoder: Duration,
    sonic: Duration,
}

/// All pages once, each by everyone, and nobody always first.
fn round(pods: &Pages) -> Outcome<Round> {
    let mut round = Round::default();
    let mut stores = [StoreBuilder::new(&Caps::default()), StoreBuilder::new(&Caps::default())];
    for (n, body) in pods.bodies.iter().enumerate() {
        for turn in n..n + 3 {
            match turn % 3 {
                0 => round.skip += cpu(|| skip(body))?,
                1 => round.decoder += decode(decoder().as_mut(), body, pods, &mut stores[0])?,
                _ => round.sonic += decode(&mut SonicRs, body, pods, &mut stores[1])?,
            }
        }
    }
    Ok(round)
}

fn decode(decoder: &mut dyn Decode, body: &[u8], pods: &Pages, out: &mut StoreBuilder) -> Outcome<Duration> {
    cpu(|| {
        decoder.list(body, &pods.projection, out)?;
        Ok(())
    })
}
