//! What is measured with: generated clusters that are the same on every machine, what detek keeps of them, and the
//! yardstick.

use crate::Outcome;
use detek_cel::Program;
use detek_doc::{Caps, Projection, Store, StoreBuilder, decoder};
use detek_sim::{Sim, Size};
use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};
use serde::de::IgnoredAny;
use std::time::Duration;

/// Pods that every bench but that of memory works with.
pub(crate) const PODS: usize = 10_000;
/// Objects of one page, as detek asks for them.
const PAGE: usize = 500;

/// A cluster of this size: the same bytes whenever and wherever it is made.
pub(crate) fn cluster(size: Size) -> Sim {
    Sim::cluster(size).seed(7).date(Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(24 * 365 * 56))
}

/// The pages of one input of the plan, with what all detectors together keep of it.
pub(crate) struct Pages {
    pub(crate) projection: Projection,
    pub(crate) bodies: Vec<Vec<u8>>,
}

/// What a scan with all detectors reads of a generated cluster, if `wanted`.
pub(crate) fn pages(size: Size, wanted: impl Fn(&str) -> bool) -> Outcome<Vec<Pages>> {
    let detectors = detek_detectors::all().into_iter().chain(detek_packs::built_in());
    let plan = detek_detectors::plan(detectors.collect());
    let mut lists = Vec::new();
    for input in plan.inputs {
        let parts: Vec<&str> = input.kind.key.as_str().split('/').collect();
        let ["kubernetes", group, version, resource] = parts[..] else { continue };
        if wanted(resource) {
            let group = if group == "core" { "" } else { group };
            let bodies = cluster(size).pages(group, version, resource, PAGE)?;
            lists.push(Pages { projection: input.projection, bodies });
        }
    }
    Ok(lists)
}

/// The pages of pods with what these programs read of them.
pub(crate) fn pods(replicas: usize, programs: &[Program]) -> Outcome<Pages> {
    let bodies = cluster(Size { pods: PODS, replicas, revisions: replicas }).pages("", "v1", "pods", PAGE)?;
    Ok(Pages { projection: projection("kubernetes/core/v1/pods", programs, 0)?, bodies })
}

/// The pages of as many Services as there are pods.
pub(crate) fn services() -> Outcome<Vec<Vec<u8>>> {
    Ok(cluster(Size { pods: PODS, replicas: 1, revisions: 1 }).pages("", "v1", "services", PAGE)?)
}

/// What programs read of the input of this key and number.
pub(crate) fn projection<'p>(
    key: &str,
    programs: impl IntoIterator<Item = &'p Program>,
    input: usize,
) -> Outcome<Projection> {
    let mut projection = Projection::new(key);
    for read in programs.into_iter().flat_map(Program::reads).filter(|read| read.path.input == input) {
        let keys: Vec<&str> = read.path.keys.iter().map(String::as_str).collect();
        projection.keep(&keys, read.keep)?;
    }
    Ok(projection)
}

impl Pages {
    /// Reads all pages.
    pub(crate) fn read(&self) -> Outcome<Store> {
        let (mut decoder, mut out) = (decoder(), StoreBuilder::new(&Caps::default()));
        for body in &self.bodies {
            decoder.list(body, &self.projection, &mut out)?;
        }
        Ok(out.finish())
    }

    /// The yardstick over all pages.
    pub(crate) fn skip(&self) -> Outcome<()> {
        self.bodies.iter().try_for_each(|body| skip(body))
    }
}

/// The yardstick of everything that reads pages: serde_json parses one and keeps nothing.
pub(crate) fn skip(body: &[u8]) -> Outcome<()> {
    serde_json::from_slice::<IgnoredAny>(body)?;
    Ok(())
}

/// CPU time that this process takes for `work`.
pub(crate) fn cpu(work: impl FnOnce() -> Outcome<()>) -> Outcome<Duration> {
    let now = || {
        let time = clock_gettime(ClockId::ProcessCPUTime);
        Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
    };
    let start = now();
    work()?;
    Ok(now().saturating_sub(start))
}
