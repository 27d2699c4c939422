//! B1: pages of pods into a store.

use crate::{
    Outcome,
    figure::{Budget, Figure, median},
    workload::{PODS, Pages, cpu, pages, skip},
};
use detek_doc::{Caps, Decode, SerdeJson, SonicRs, StoreBuilder, decoder};
use detek_sim::Size;
use std::time::Duration;

const ROUNDS: usize = 7;
/// Of the speed of the yardstick.
const BUDGET: f64 = 0.40;

pub(crate) fn measure() -> Outcome<Vec<Figure>> {
    let lists = pages(Size::pods(PODS), |resource| resource == "pods")?;
    let pods = lists.first().ok_or("no detector reads pods")?;
    let bytes: usize = pods.bodies.iter().map(Vec::len).sum();
    let rounds = (0..ROUNDS).map(|_| round(pods)).collect::<Outcome<Vec<_>>>()?;
    let speed = |of: usize| median(rounds.iter().map(|round| round[0].div_duration_f64(round[of])).collect());
    let skipped = median(rounds.iter().map(|round| bytes as f64 / round[0].as_secs_f64() / 1e6).collect());
    Ok(vec![
        Figure::new(format!("B1 decode {PODS} pods, speed of `IgnoredAny`"), speed(1), "", Budget::AtLeast(BUDGET)),
        Figure::new("   the same with serde_json", speed(2), "", Budget::Told),
        Figure::new("   the same with sonic-rs, its skipping bounded", speed(3), "", Budget::Told),
        Figure::new("   `IgnoredAny` itself", skipped, "MB/s", Budget::Told),
    ])
}

/// All pages once, each skipped and read by every decoder, and nobody always first.
fn round(pods: &Pages) -> Outcome<[Duration; 4]> {
    let mut decoders = [decoder(), Box::new(SerdeJson), Box::new(SonicRs)]
        .map(|decoder| (decoder, StoreBuilder::new(&Caps::default())));
    let mut times = [Duration::ZERO; 4];
    for (n, body) in pods.bodies.iter().enumerate() {
        for turn in n..n + times.len() {
            let turn = turn % times.len();
            times[turn] += match turn.checked_sub(1) {
                None => cpu(|| skip(body))?,
                Some(of) => {
                    let (decoder, out) = &mut decoders[of];
                    cpu(|| decode(decoder.as_mut(), body, pods, out))?
                }
            };
        }
    }
    Ok(times)
}

fn decode(decoder: &mut dyn Decode, body: &[u8], pods: &Pages, out: &mut StoreBuilder) -> Outcome<()> {
    decoder.list(body, &pods.projection, out)?;
    Ok(())
}
